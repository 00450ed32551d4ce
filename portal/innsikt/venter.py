"""What waits for who logs in, across the rooms: units with old figures first, reallocations, then tasks and agreements.

Reads alone, and nothing that the actor could not read in the room itself. A room that the actor has no part in is left
out; nobody is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa

from portal.avtaler import access as avtaletilgang
from portal.avtaler.models import Avtale
from portal.avtaler.service import avtaler
from portal.avtaler.service.naa import Naa, hva_skjer
from portal.core.aktor import Aktor, Rolle
from portal.core.db import db
from portal.identitet.models import Enhet
from portal.omdisponering import access as omdtilgang
from portal.omdisponering.forloep import Behovsstatus
from portal.omdisponering.service import oversikt as omdoversikt
from portal.omdisponering.service.oversikt import Behovsrad, Omdrad
from portal.oppgaver import access as oppgavetilgang
from portal.oppgaver import service as oppgaver
from portal.plasser.models import Plassenhet
from portal.plasser.service import ferskhet
from portal.plasser.service.ferskhet import Gammel

#: So many of each are shown; the rest is in the room.
HOEYST = 5
#: So many agreements that are worked on are asked whose turn it is.
AVTALER_HOEYST = 40


@dataclass(frozen=True, slots=True)
class Plassenheten:
    """A unit of the kommune that the actor coordinates. `gammel`: its figures are too old, or nobody ever gave any."""

    id: UUID
    navn: str
    bekreftet: datetime | None
    gammel: Gammel | None


@dataclass(slots=True)
class Venter:
    """None: the actor has no part in such things."""

    enheter: list[Plassenheten] = field(default_factory=list)
    oppgaver: oppgaver.Liste | None = None
    avtaler: list[tuple[Avtale, Naa]] | None = None
    #: More agreements are worked on than were asked whose turn it is.
    flere_avtaler: bool = False
    omdisponeringer: list[Omdrad] | None = None
    #: The own needs that somebody has offered something to.
    tilbud: list[Behovsrad] = field(default_factory=list)


def hent(aktor: Aktor) -> Venter:
    """What waits for the actor now."""
    ut = Venter(_enheter(aktor))
    if oppgavetilgang.ser(aktor):
        ut.oppgaver = oppgaver.hent_oppgaver(aktor)
    if aktor.medlemskap_id is not None and aktor.rolle in avtaletilgang.INNSIDE:
        ut.avtaler, ut.flere_avtaler = _avtaler(aktor)
    if omdtilgang.kan_noe(aktor, omdtilgang.Handling.SE):
        oversikt = omdoversikt.hent(aktor)
        ut.omdisponeringer = oversikt.venter
        ut.tilbud = [r for r in oversikt.egne if r.tilbud and r.behov.status == Behovsstatus.AAPENT]
    return ut


def _enheter(aktor: Aktor) -> list[Plassenheten]:
    """The units whose figures are too old first, then by name."""
    if aktor.rolle != Rolle.KOORDINATOR or not aktor.er_kommunal:
        return []
    gamle = {g.id: g for g in ferskhet.hent_gamle(aktor)}
    rader = db.session.execute(
        sa.select(Plassenhet.id, Enhet.navn, Plassenhet.bekreftet)
        .join(Enhet, Enhet.id == Plassenhet.enhet_id)
        .where(Plassenhet.vertskommune_id == aktor.organisasjon_id, Plassenhet.nedlagt.is_(None))
        .order_by(Enhet.navn)
    )
    enheter = [Plassenheten(r.id, r.navn, r.bekreftet, gamle.get(r.id)) for r in rader]
    return sorted(enheter, key=lambda e: e.gammel is None)


def _avtaler(aktor: Aktor) -> tuple[list[tuple[Avtale, Naa]], bool]:
    """Those worked on where it is the own organisation's turn, the earliest day first, and whether there are more than
    were asked. What is due of one in force is a task."""
    under: dict[UUID, Avtale] = {}
    flere = False
    for tilstand in ("invitert", "arbeid"):
        liste = avtaler.synlige_avtaler(aktor, {"tilstand": tilstand})
        under |= {r.avtale.id: r.avtale for r in liste.rader}
        flere = flere or liste.sider > 1
    alle = [(a, hva_skjer(aktor, a)) for a in list(under.values())[:AVTALER_HOEYST]]
    mine = [(a, naa) for a, naa in alle if naa.min_tur]
    ordnet = sorted(mine, key=lambda p: (p[1].frist or date.max, p[0].tittel))
    return ordnet, flere or len(under) > AVTALER_HOEYST
