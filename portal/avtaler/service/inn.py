"""Clauses that come from elsewhere (a document, a pasted text, a file of the portal's) into a draft."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.avtaler import access, steps, vern
from portal.avtaler.access import Handling
from portal.avtaler.forloep import Status
from portal.avtaler.models import Avtale, Avtaleversjon
from portal.core.aktor import Aktor
from portal.core.db import db, meld, transactional
from portal.core.errors import UgyldigData, UgyldigOvergang
from portal.core.sprak import _l
from portal.revisjon.steps import logg


def egne_utkast(aktor: Aktor) -> Sequence[Avtale]:
    """The drafts that the actor writes, by title: what clauses can be added to. Raises IkkeTilgang for all others."""
    eier_id = access.krev_opprette(aktor)
    utkast = sa.select(Avtaleversjon.avtale_id).where(Avtaleversjon.status == Status.UTKAST)
    return db.session.scalars(
        sa.select(Avtale)
        .where(Avtale.eier_id == eier_id, Avtale.id.in_(utkast))
        .order_by(Avtale.tittel, Avtale.id)
    ).all()


@transactional
def legg_til(
    aktor: Aktor, avtale_id: UUID, klausuler: Sequence[dict[str, Any]], *, ikke_fnr: bool = False
) -> int:
    """Adds clauses after those that the draft has. Gives how many.

    Raises IkkeFunnet, IkkeTilgang, UgyldigOvergang when it is no draft (any more), and UgyldigData: by field
    («bestemmelser.<number from 1>.<field>»), also for a national identity number (`vern`), or as a whole when there are
    none, or more than a version can hold.
    """
    avtale = access.hent(aktor, Handling.REDIGERE, avtale_id, laas=True)
    versjon = steps.i_arbeid(avtale)
    if versjon is None or versjon.status != Status.UTKAST:
        raise UgyldigOvergang(
            _l("Avtalen er ikke et utkast lenger. Velg et annet utkast, eller lag et nytt av bestemmelsene."),
            kode="ikke_utkast",
        )
    if not klausuler:
        raise UgyldigData(_l("Velg minst én bestemmelse som skal være med."), kode="ingen_bestemmelser")
    sluppet = vern.stopp_i_klausuler(klausuler, ikke_fnr=ikke_fnr)
    noekler = steps.skriv_flere(aktor, versjon, klausuler)
    logg(
        aktor,
        "avtale.bestemmelser_hentet",
        "avtale",
        avtale.id,
        nummer=versjon.nummer,
        bestemmelser=len(noekler),
        sluppet_tall=sluppet,
    )
    meld("avtale.endret", avtale_id=avtale.id)
    return len(noekler)
