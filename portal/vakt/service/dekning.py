"""Coverage: which levels have nobody when, how much of the time is covered, and how evenly the burden is shared.

A level is covered where somebody is on call who can open what comes: absence, a membership that has ended and a lost
fagområde are gaps (the rule of `steps.paa_vakt`, over a long time). Asked of are the *levels in use*: the vakthavende
always, and those with a shift in the last 90 days or ahead. A level that was never rostered is no gap. Nor is what a
rotation without an end has not come to yet: it makes its shifts a year ahead, and a little more every day.

The database joins the shifts that meet and gives the ends alone, so that a whole house costs a few statements and its
gaps, and not its tens of thousands of shifts.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.core.aktor import Aktor
from portal.core.clock import now, oslo_til_utc
from portal.core.db import UtcTid, db
from portal.core.traader import i_traadpool
from portal.identitet.models import Medlemskap, Person
from portal.vakt import access, dobbelt
from portal.vakt.access import Handling
from portal.vakt.dekningsregler import (
    Periode,
    Rettferdighet,
    andel,
    klipp,
    rettferdighet,
    sum_av,
    trekk_fra,
)
from portal.vakt.dobbelt import Dobbelt
from portal.vakt.models import Fravaer, Nivaa, Rotasjon, Vakt, Vaktplan
from portal.vakt.steps import LENGSTE_VAKT, rett_til_vakt
from portal.vakt.turnus import les_klokke

UKER = 52
#: A level with a shift since then is in use.
I_BRUK = timedelta(days=90)

#: (plan, level)
Sted = tuple[UUID, str]


@dataclass(frozen=True, slots=True)
class Hull:
    """A time without anybody at a level. `folk`: who stands there and does not count, for those who may know."""

    nivaa: str
    fra: datetime
    til: datetime
    folk: tuple[str, ...] = ()

    @property
    def varighet(self) -> timedelta:
        return self.til - self.fra


@dataclass(frozen=True, slots=True)
class Nivaadekning:
    nivaa: str
    hull: tuple[Hull, ...]
    #: Share of the time that is covered, 0–1.
    andel: float
    #: It is judged until then: a rotation has made no shifts further ahead yet.
    til: datetime


@dataclass(frozen=True, slots=True)
class Plandekning:
    """The coverage of one plan over [fra, til)."""

    plan: Vaktplan
    fra: datetime
    til: datetime
    nivaaer: tuple[Nivaadekning, ...]

    @property
    def hull(self) -> tuple[Hull, ...]:
        """All gaps, the first one first."""
        rekke = list(Nivaa)
        alle = [h for n in self.nivaaer for h in n.hull]
        return tuple(sorted(alle, key=lambda h: (h.fra, rekke.index(Nivaa(h.nivaa)))))

    @property
    def andel(self) -> float:
        """The share of the time of all levels in use that is covered."""
        return sum(n.andel for n in self.nivaaer) / len(self.nivaaer)


@dataclass(frozen=True, slots=True)
class Dekning:
    """A plan's coverage, and how the burden of each level is shared: a night at home is not a night in the ward."""

    plan: Plandekning
    #: Of the levels that somebody has shifts at, in their order.
    rettferdighet: dict[str, Rettferdighet]
    kan_redigere: bool
    #: Who has two levels at once, and when.
    doble: tuple[Dobbelt, ...]

    @property
    def hull(self) -> tuple[Hull, ...]:
        return self.plan.hull

    @property
    def andel(self) -> float:
        return self.plan.andel


def hent_dekning(aktor: Aktor, plan_id: UUID, uker: int = UKER) -> Dekning:
    """The coverage of a plan for the coming weeks, with the burden of each person. Raises IkkeFunnet."""
    plan = access.hent_plan(aktor, Handling.SE, plan_id)
    fra = now()
    til = fra + timedelta(weeks=uker)
    dekning = finn_dekning([plan], fra, til)[0]
    vakter = _les_vakter(plan, fra, til)
    borte = _les_fravaer({v.person_id for v in vakter}, plan.organisasjon_id, fra, til)
    biter: dict[str, dict[UUID, list[list[Periode]]]] = {str(n): defaultdict(list) for n in Nivaa}
    for v in vakter:
        if v.teller:
            rest = trekk_fra(klipp([Periode(v.start, v.slutt)], fra, til), borte.get(v.person_id, ()))
            biter[v.nivaa][v.person_id].append(rest)
    navn = {v.person_id: v.navn for v in vakter}
    fordeling = {n: i_traadpool(rettferdighet, dict(b), navn) for n, b in biter.items() if b}
    kan_redigere = access.kan_redigere(aktor, plan.organisasjon_id)
    if kan_redigere:
        dekning = _med_folk(dekning, vakter)
    return Dekning(
        dekning,
        {n: r for n, r in fordeling.items() if r.personer},
        kan_redigere,
        tuple(dobbelt.hent(plan.id, fra, til)),
    )


def hent_oversikt(aktor: Aktor, uker: int = UKER) -> list[Plandekning]:
    """The coverage of all plans that the organisation keeps, by fagområde.

    One plan at a time, with a breath between: a big organisation's take some half a second on SQLite, and the hub
    serves the others meanwhile.
    """
    planer = list(
        db.session.scalars(
            access.synlige_planer(aktor)
            .where(Vaktplan.avsluttet.is_(None))
            .options(joinedload(Vaktplan.organisasjon))
            .order_by(Vaktplan.fagomraade)
        )
    )
    fra = now()
    til = fra + timedelta(weeks=uker)
    ut: list[Plandekning] = []
    for plan in planer:
        ut += finn_dekning([plan], fra, til)
        time.sleep(0)
    return ut


def finn_dekning(planer: Sequence[Vaktplan], fra: datetime, til: datetime) -> list[Plandekning]:
    """The coverage of these plans over [fra, til), for this room's own use. Four statements for all of them."""
    if not planer:
        return []
    ider = [p.id for p in planer]
    brukt, dekket = _nivaaer_i_bruk(ider, now()), _les_dekket(ider, fra, til)
    rullende = _les_rullende(ider)
    ut = []
    for plan in planer:
        nivaaer = []
        for nivaa in Nivaa:
            if (plan.id, nivaa) not in brukt:
                continue
            slutt = max(fra, min(til, rullende.get((plan.id, nivaa), til)))
            perioder = klipp(dekket.get((plan.id, nivaa), []), fra, slutt)
            hull = trekk_fra([Periode(fra, slutt)], perioder)
            nivaaer.append(
                Nivaadekning(
                    nivaa,
                    tuple(Hull(nivaa, *h) for h in hull),
                    andel(sum_av(perioder), slutt - fra),
                    slutt,
                )
            )
        ut.append(Plandekning(plan, fra, til, tuple(nivaaer)))
    return ut


# --- reading ---------------------------------------------------------------------------------------------


def _nivaaer_i_bruk(ider: Collection[UUID], naa: datetime) -> set[Sted]:
    rader = db.session.execute(
        sa.select(Vakt.vaktplan_id, Vakt.nivaa)
        .where(
            Vakt.vaktplan_id.in_(ider),
            Vakt.nivaa.in_(list(Nivaa)),
            Vakt.avlyst.is_(None),
            Vakt.fra > naa - I_BRUK - LENGSTE_VAKT,
            Vakt.til > naa - I_BRUK,
        )
        .distinct()
    )
    return {(r.vaktplan_id, r.nivaa) for r in rader} | {(i, Nivaa.VAKTHAVENDE) for i in ider}


def _les_rullende(ider: Collection[UUID]) -> dict[Sted, datetime]:
    """Until when the rotations that go on have made the shifts of a level; levels without such are not there."""
    ut: dict[Sted, datetime] = {}
    for r in db.session.execute(
        sa.select(Rotasjon.vaktplan_id, Rotasjon.nivaa, Rotasjon.laget_til, Rotasjon.klokke_fra).where(
            Rotasjon.vaktplan_id.in_(ider),
            Rotasjon.avsluttet.is_(None),
            sa.or_(Rotasjon.gjelder_til.is_(None), Rotasjon.laget_til < Rotasjon.gjelder_til),
        )
    ):
        neste = oslo_til_utc(r.laget_til, les_klokke(r.klokke_fra))
        her = r.vaktplan_id, r.nivaa
        ut[her] = min(neste, ut.get(her, neste))
    return ut


def _gyldig_del() -> tuple[sa.ColumnElement[datetime], sa.ColumnElement[datetime]]:
    """A shift's beginning and end, cut to the membership's days."""
    return (
        sa.case((Medlemskap.gyldig_fra > Vakt.fra, Medlemskap.gyldig_fra), else_=Vakt.fra).label("start"),
        sa.case((Medlemskap.gyldig_til < Vakt.til, Medlemskap.gyldig_til), else_=Vakt.til).label("slutt"),
    )


def _i_tidsrommet(ider: Collection[UUID], fra: datetime, til: datetime) -> list[sa.ColumnElement[bool]]:
    return [
        Vakt.vaktplan_id.in_(ider),
        Vakt.nivaa.in_(list(Nivaa)),
        Vakt.avlyst.is_(None),
        Vakt.fra > fra - LENGSTE_VAKT,
        Vakt.fra < til,
        Vakt.til > fra,
    ]


def _les_dekket(ider: Collection[UUID], fra: datetime, til: datetime) -> dict[Sted, list[Periode]]:
    """Where each level has somebody, within [fra, til)."""
    start, slutt = _gyldig_del()
    gyldige = (
        sa.select(Vakt.vaktplan_id, Vakt.nivaa, start, slutt)
        .join(Vaktplan, Vaktplan.id == Vakt.vaktplan_id)
        .join(Medlemskap, Medlemskap.id == Vakt.medlemskap_id)
        .join(Person, Person.id == Vakt.person_id)
        .where(*_i_tidsrommet(ider, fra, til), rett_til_vakt())
        .subquery()
    )
    g = gyldige.c
    sted = [g.vaktplan_id, g.nivaa]
    ender = (
        sa.select(
            g.vaktplan_id,
            g.nivaa,
            g.start,
            g.slutt,
            sa.func.lag(g.slutt, type_=UtcTid()).over(partition_by=sted, order_by=g.start).label("forrige"),
            sa.func.lead(g.start, type_=UtcTid()).over(partition_by=sted, order_by=g.start).label("neste"),
        )
        .where(g.slutt > g.start)
        .subquery()
    )
    e = ender.c
    rader = db.session.execute(
        sa.select(ender)
        .where(sa.or_(e.forrige.is_(None), e.forrige != e.start, e.neste.is_(None), e.neste != e.slutt))
        .order_by(e.vaktplan_id, e.nivaa, e.start)
    )
    dekket: dict[Sted, list[Periode]] = defaultdict(list)
    begynt: datetime | None = None
    for r in rader:
        if r.forrige is None or r.forrige != r.start:
            begynt = r.start
        if r.neste is None or r.neste != r.slutt:
            assert begynt is not None
            dekket[r.vaktplan_id, r.nivaa].append(Periode(begynt, r.slutt))
    borte = _les_bortfall(ider, fra, til)
    return {her: klipp(trekk_fra(perioder, borte.get(her, ())), fra, til) for her, perioder in dekket.items()}


def _les_bortfall(ider: Collection[UUID], fra: datetime, til: datetime) -> dict[Sted, list[Periode]]:
    """The parts of shifts whose person is away."""
    rader = db.session.execute(
        sa.select(Vakt.vaktplan_id, Vakt.nivaa, Vakt.fra, Vakt.til, Fravaer.fra, Fravaer.til)
        .join(Vaktplan, Vaktplan.id == Vakt.vaktplan_id)
        .join(
            Fravaer,
            sa.and_(
                Fravaer.organisasjon_id == Vaktplan.organisasjon_id,
                Fravaer.person_id == Vakt.person_id,
                Fravaer.avlyst.is_(None),
                Fravaer.fra < Vakt.til,
                Fravaer.til > Vakt.fra,
            ),
        )
        .where(*_i_tidsrommet(ider, fra, til), Fravaer.fra < til, Fravaer.til > fra)
    )
    bort: dict[Sted, list[Periode]] = defaultdict(list)
    for plan_id, nivaa, vakt_fra, vakt_til, borte_fra, borte_til in rader:
        bort[plan_id, nivaa].append(Periode(max(vakt_fra, borte_fra), min(vakt_til, borte_til)))
    return bort


def _les_vakter(plan: Vaktplan, fra: datetime, til: datetime) -> list[sa.Row[Any]]:
    """The plan's shifts with whose they are, cut to the membership's days, and whether they count at all."""
    start, slutt = _gyldig_del()
    return list(
        db.session.execute(
            sa.select(
                Vakt.nivaa,
                Vakt.person_id,
                Person.navn,
                Vakt.fra,
                Vakt.til,
                start,
                slutt,
                rett_til_vakt().label("teller"),
            )
            .join(Vaktplan, Vaktplan.id == Vakt.vaktplan_id)
            .join(Medlemskap, Medlemskap.id == Vakt.medlemskap_id)
            .join(Person, Person.id == Vakt.person_id)
            .where(*_i_tidsrommet([plan.id], fra, til))
            .order_by(Vakt.fra)
        )
    )


def _les_fravaer(
    personer: Collection[UUID], organisasjon_id: UUID, fra: datetime, til: datetime
) -> Mapping[UUID, list[Periode]]:
    rader = db.session.execute(
        sa.select(Fravaer.person_id, Fravaer.fra, Fravaer.til).where(
            Fravaer.organisasjon_id == organisasjon_id,
            Fravaer.avlyst.is_(None),
            Fravaer.fra < til,
            Fravaer.til > fra,
        )
    )
    borte: dict[UUID, list[Periode]] = defaultdict(list)
    for person_id, borte_fra, borte_til in rader:
        if person_id in personer:
            borte[person_id].append(Periode(borte_fra, borte_til))
    return borte


def _med_folk(dekning: Plandekning, vakter: Iterable[sa.Row[Any]]) -> Plandekning:
    """With the names of those who stand on the roster in a gap: away, or without the right any more."""
    per_nivaa: dict[str, list[sa.Row[Any]]] = defaultdict(list)
    for v in vakter:
        per_nivaa[v.nivaa].append(v)
    nivaaer = []
    for n in dekning.nivaaer:
        hull = []
        for h in n.hull:
            folk = {v.navn: None for v in per_nivaa[n.nivaa] if v.fra < h.til and v.til > h.fra}
            hull.append(Hull(h.nivaa, h.fra, h.til, tuple(folk)))
        nivaaer.append(Nivaadekning(n.nivaa, tuple(hull), n.andel, n.til))
    return Plandekning(dekning.plan, dekning.fra, dekning.til, tuple(nivaaer))
