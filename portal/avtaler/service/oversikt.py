"""What the pages of agreements read beside the agreement itself: the tree of a list, who can be asked, the draft."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.avtaler import access, steps
from portal.avtaler.access import Handling
from portal.avtaler.forloep import FORETAK, I_ARBEID, OVER, Avtaletype, Partstatus
from portal.avtaler.models import Avtale, Avtalepart, Avtaleversjon
from portal.avtaler.service.lesing import Avtalerad, Avtaleside, hent_avtale
from portal.core.aktor import Aktor
from portal.core.clock import i_dag
from portal.core.db import db
from portal.core.errors import UgyldigOvergang
from portal.core.sprak import _l
from portal.identitet.models import Organisasjon, Organisasjonstype

#: The organisations whose people see the agreements of many.
_SER_MANGE = (Organisasjonstype.RHF, Organisasjonstype.MYNDIGHET)


@dataclass(slots=True)
class Gren:
    """An agreement of the list with those of the same page that hang on it."""

    rad: Avtalerad
    grener: list[Gren] = field(default_factory=list)
    #: What it hangs on, where that is on another page (or another search) and the actor sees it.
    under: Avtale | None = None


def som_tre(aktor: Aktor, rader: Sequence[Avtalerad]) -> list[Gren]:
    """The rows of a page as a tree, in their order: each below the nearest agreement it hangs on that is here too."""
    gren = {r.avtale.id: Gren(r) for r in rader}
    borte = {o for r in rader if (o := r.avtale.overordnet_id) is not None and o not in gren}
    over = {
        a.id: a
        for a in (
            db.session.scalars(sa.select(Avtale).where(Avtale.id.in_(borte), access.synlige(aktor)))
            if borte
            else ()
        )
    }
    topp = []
    for g in gren.values():
        overordnet_id = g.rad.avtale.overordnet_id
        if overordnet_id in gren:
            gren[overordnet_id].grener.append(g)
        else:
            g.under = over.get(overordnet_id) if overordnet_id else None
            topp.append(g)
    return topp


def parter_i_lista(aktor: Aktor) -> Sequence[tuple[UUID, str]]:
    """The organisations that take part in an agreement that the actor sees, by name: what a list is narrowed by.

    Who looks over a region or the country gets all that could: nearly every one of them does, and asking each of
    thousands of agreements who its parties are takes longer than the list itself.
    """
    sporring = sa.select(Organisasjon.id, Organisasjon.kortnavn).order_by(Organisasjon.kortnavn)
    if aktor.organisasjon_type in _SER_MANGE:
        sporring = sporring.where(
            Organisasjon.type.in_([Organisasjonstype.KOMMUNE, *FORETAK]), Organisasjon.nedlagt.is_(None)
        )
    else:
        deltar = (
            sa.select(Avtalepart.organisasjon_id)
            .join(Avtale, Avtale.id == Avtalepart.avtale_id)
            .where(
                access.synlige(aktor),
                sa.or_(Avtalepart.fra.is_not(None), Avtalepart.status == Partstatus.DELTAR),
            )
        )
        sporring = sporring.where(Organisasjon.id.in_(deltar))
    return [(r.id, r.kortnavn) for r in db.session.execute(sporring)]


def kan_ligge_under(aktor: Aktor) -> Sequence[Avtale]:
    """The agreements that a new one of the actor's could hang on, by type and title: the own and the RHF's."""
    eier_id = access.krev_opprette(aktor)
    rhf = sa.select(Organisasjon.overordnet_id).where(Organisasjon.id == eier_id).scalar_subquery()
    bar = {t for over in OVER.values() for t in over}
    avtaler = db.session.scalars(
        sa.select(Avtale)
        .where(access.synlige(aktor), Avtale.type.in_(bar), Avtale.eier_id.in_([eier_id, rhf]))
        .where(_lever())
        .order_by(Avtale.tittel, Avtale.id)
        .options(joinedload(Avtale.eier))
    ).all()
    rekke = list(Avtaletype)
    return sorted(avtaler, key=lambda a: rekke.index(Avtaletype(a.type)))


def kan_kopieres(aktor: Aktor) -> Sequence[Avtale]:
    """The own agreements, whose clauses a new one can begin with, by title."""
    eier_id = access.krev_opprette(aktor)
    return db.session.scalars(
        sa.select(Avtale).where(Avtale.eier_id == eier_id).order_by(Avtale.tittel, Avtale.id)
    ).all()


def _lever() -> sa.ColumnElement[bool]:
    """It holds today, or is being worked on."""
    return sa.exists().where(
        Avtaleversjon.avtale_id == Avtale.id,
        sa.or_(Avtaleversjon.status.in_(I_ARBEID), steps.i_kraft(i_dag())),
    )


def hent_arbeid(aktor: Aktor, avtale_id: UUID) -> Avtaleside:
    """The version that is worked on, for who writes it: the owner's coordinators.

    Raises IkkeFunnet or IkkeTilgang for others, UgyldigOvergang when nothing is worked on.
    """
    avtale = access.hent(aktor, Handling.REDIGERE, avtale_id)
    versjon = steps.i_arbeid(avtale)
    if versjon is None:
        raise UgyldigOvergang(_l("Avtalen har ikke noe utkast nå. Begynn en ny versjon for å endre den."))
    return hent_avtale(aktor, avtale_id, versjon.nummer)


def nummer_i_arbeid(aktor: Aktor, avtale_id: UUID) -> int | None:
    """The number of the version that is worked on; None where there is none (any more)."""
    arbeid = steps.i_arbeid(access.hent(aktor, Handling.SE, avtale_id))
    return (
        arbeid.nummer if arbeid is not None and access.kan_se_versjon(aktor, arbeid.avtale, arbeid) else None
    )
