"""Telling the people at the parties what has happened to an agreement: whom, and in one statement however many."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.avtaler.access import FORHANDLERE
from portal.avtaler.models import Avtale
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db
from portal.identitet.access import medlemskap_gyldig
from portal.identitet.models import Medlemskap, Person
from portal.identitet.mottakere import mottakerfelt
from portal.varsler.models import Varsel
from portal.varsler.steps import Mottaker, stopp, varsle_alle

#: So long is nobody told again of what is told of together.
_SAMLES = timedelta(days=1)
#: «There are proposals to answer.»
FORSLAG = "avtale.forslag"


def hos(organisasjoner: Collection[UUID], roller: Collection[Rolle] = FORHANDLERE) -> list[Mottaker]:
    """Everybody with one of the roles at one of the organisations now; each person once for each organisation."""
    rader = db.session.execute(
        sa.select(*mottakerfelt(), Medlemskap.organisasjon_id)
        .join(Medlemskap, Medlemskap.person_id == Person.id)
        .where(
            Medlemskap.organisasjon_id.in_(list(organisasjoner)),
            Medlemskap.rolle.in_(list(roller)),
            medlemskap_gyldig(now()),
            Person.aktiv,
        )
        .distinct()
        .order_by(Person.navn, Person.id)
    )
    return [Mottaker(r.person_id, r.navn, r.epost, r.spraak, r.organisasjon_id) for r in rader]


def uten_koordinator(organisasjoner: Collection[UUID]) -> set[UUID]:
    """Those of the organisations in which nobody could answer an invitation."""
    return set(organisasjoner) - {m.organisasjon_id for m in hos(organisasjoner, [Rolle.KOORDINATOR])}


def si(
    aktor: Aktor,
    avtale: Avtale,
    organisasjoner: Collection[UUID],
    kode: str,
    noekkel: str,
    tittel: Any,
    tekst: Any = "",
    *,
    sti: str | None = "",
    roller: Collection[Rolle] = FORHANDLERE,
) -> None:
    """Tells the coordinators and kommuneoverleger of the organisations (or those of `roller`), but not who did it.

    `noekkel` (at most 100 signs) is what happened, once; `sti` is where on the agreement's pages it is seen,
    None where they are closed to who is told.
    """
    varsle_alle(
        [m for m in hos(organisasjoner, roller) if m.person_id != aktor.person_id],
        noekkel=noekkel,
        kode=kode,
        tittel=tittel,
        tekst=tekst,
        lenke=f"/avtaler/{avtale.id}{sti}" if sti is not None else "/avtaler",
        gjelder=gjelder(avtale.id),
    )


def si_samlet(
    aktor: Aktor,
    avtale: Avtale,
    organisasjoner: Collection[UUID],
    kode: str,
    noekkel: str,
    tittel: Any,
    tekst: Any,
) -> None:
    """As `si`, of what comes often in a negotiation: who has been told that kind of it and has not looked, is not told
    again the same day. The notice leads to the page that shows all of it."""
    uleste = set(
        db.session.scalars(
            sa.select(Varsel.person_id).where(
                Varsel.gjelder == gjelder(avtale.id),
                Varsel.kode == kode,
                Varsel.lest.is_(None),
                Varsel.stoppet.is_(None),
                Varsel.opprettet > now() - _SAMLES,
            )
        )
    )
    varsle_alle(
        [m for m in hos(organisasjoner) if m.person_id != aktor.person_id and m.person_id not in uleste],
        noekkel=noekkel,
        kode=kode,
        tittel=tittel,
        tekst=tekst,
        lenke=f"/avtaler/{avtale.id}/forhandling",
        gjelder=gjelder(avtale.id),
    )


def gjelder(avtale_id: UUID) -> str:
    """What the notices about an agreement are about."""
    return f"avtale:{avtale_id}"


def ti_om(avtale_id: UUID, koder: Collection[str]) -> None:
    """What was told of those kinds, and nobody has read yet, is not so any more."""
    stopp(gjelder(avtale_id), koder=koder)
