"""A roster as a calendar: day by day, level by level, who has it, and where nobody does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import now, oslo, oslo_til_utc
from portal.core.db import db
from portal.vakt import access
from portal.vakt.access import Handling
from portal.vakt.models import Nivaa, Rotasjon, Vakt, Vaktplan
from portal.vakt.service.dekning import Nivaadekning, finn_dekning
from portal.vakt.service.gyldighet import Bortfall, finn_bortfall
from portal.vakt.service.vakter import hent_vakter
from portal.vakt.turnus import helligdag, ledige_deler

_DAG = timedelta(days=1)
FARGER = 3


@dataclass(frozen=True, slots=True)
class Bit:
    """What of a shift, or of a time that nobody has, lies in one day. `fra` and `til` are of the whole."""

    fra: datetime
    til: datetime
    #: Within the day.
    starter: bool
    slutter: bool
    #: Where in the day, in minutes since it began, and how many minutes the day has: for the strip.
    minutt_fra: int
    minutt_til: int
    vakt: Vakt | None = None
    #: The shift's person is away, or may not have it (any longer): nobody answers.
    uten_dekning: bool = False
    #: Which of the colours of the strip: whose turn it is changes with it, and nothing more.
    farge: int = 0

    @property
    def hull(self) -> bool:
        return self.vakt is None

    @property
    def hele_dagen(self) -> bool:
        return not self.starter and not self.slutter


@dataclass(frozen=True, slots=True)
class Dag:
    dato: date
    helligdag: str | None
    #: 23 and 25 on the days that the clocks change, else 24.
    timer: int
    i_dag: bool
    #: Beside the month that is shown.
    utenfor: bool
    nivaaer: list[tuple[str, list[Bit]]]

    @property
    def minutter(self) -> int:
        return self.timer * 60

    @property
    def forbi(self) -> bool:
        return self.dato < oslo(now()).date()

    @property
    def har_hull(self) -> bool:
        return any(b.hull or b.uten_dekning for _nivaa, biter in self.nivaaer for b in biter)


@dataclass(frozen=True, slots=True)
class Kalender:
    plan: Vaktplan
    dager: list[Dag]
    nivaaer: list[str]
    #: How many times nobody answers.
    hull: int
    #: A rotation has not come to all of this yet: it makes its shifts a year ahead.
    ulagt: bool
    #: Why shifts that are shown do not count, by their ids.
    teller_ikke: Mapping[UUID, tuple[Bortfall, ...]]
    kan_redigere: bool


def hent_kalender(
    aktor: Aktor, plan_id: UUID, fra_dag: date, til_dag: date, *, maaned: tuple[int, int] | None = None
) -> Kalender:
    """The days [fra_dag, til_dag) of a plan. Raises IkkeFunnet."""
    plan = access.hent_plan(aktor, Handling.SE, plan_id)
    fra, til = oslo_til_utc(fra_dag, time()), oslo_til_utc(til_dag, time())
    redigerer = access.kan_redigere(aktor, plan.organisasjon_id)
    vakter = hent_vakter(aktor, plan_id, fra, til)
    dekning = _dekning(plan, fra, til)
    hull = {n.nivaa: n.hull for n in dekning}
    rekker = []
    for nivaa in _nivaaer(plan, {v.nivaa for v in vakter} | set(hull)):
        i_nivaaet = [v for v in vakter if v.nivaa == nivaa]
        uten = {v.id for v in i_nivaaet for h in hull.get(nivaa, ()) if v.fra < h.til and v.til > h.fra}
        # That somebody is away is theirs to tell: to colleagues it is a gap, without a name.
        vises = [v for v in i_nivaaet if v.id not in uten or redigerer or v.person_id == aktor.person_id]
        tomme = [
            del_
            for h in hull.get(nivaa, ())
            for del_ in ledige_deler(h.fra, h.til, [(v.fra, v.til) for v in vises])
            if del_[1] > del_[0]
        ]
        rekker.append(_Rekke(nivaa, vises, uten, tomme))
    return Kalender(
        plan,
        [_dag(fra_dag + nummer * _DAG, rekker, maaned) for nummer in range((til_dag - fra_dag).days)],
        [r.nivaa for r in rekker],
        hull=sum(len(h) for h in hull.values()),
        ulagt=any(n.til < til for n in dekning),
        teller_ikke=finn_bortfall(aktor, [v for r in rekker for v in r.vakter if v.id in r.uten]),
        kan_redigere=redigerer and plan.avsluttet is None,
    )


@dataclass(frozen=True, slots=True)
class _Rekke:
    """A level: the shifts that are shown, those of them in which nobody answers, and the times without any."""

    nivaa: str
    vakter: list[Vakt]
    uten: set[UUID]
    tomme: list[tuple[datetime, datetime]]


def _dekning(plan: Vaktplan, fra: datetime, til: datetime) -> tuple[Nivaadekning, ...]:
    """The gaps of the levels in use. What is past cannot be mended, and an ended plan has none."""
    fra = max(fra, now())
    if plan.avsluttet is not None or til <= fra:
        return ()
    return finn_dekning([plan], fra, til)[0].nivaaer


def _nivaaer(plan: Vaktplan, i_bruk: set[str]) -> list[str]:
    """The levels that the plan keeps: the first always, others that have a telephone, a rotation or shifts."""
    i_bruk = {str(Nivaa.VAKTHAVENDE), *i_bruk, *(t.nivaa for t in plan.telefoner)}
    i_bruk |= set(
        db.session.scalars(
            sa.select(Rotasjon.nivaa).where(Rotasjon.vaktplan_id == plan.id, Rotasjon.avsluttet.is_(None))
        )
    )
    return [str(n) for n in Nivaa if n in i_bruk]


def _dag(dag: date, rekker: Iterable[_Rekke], maaned: tuple[int, int] | None) -> Dag:
    start, slutt = oslo_til_utc(dag, time()), oslo_til_utc(dag + _DAG, time())
    farger: dict[UUID, int] = {}

    def bit(fra: datetime, til: datetime, vakt: Vakt | None = None, *, uten: bool = False) -> Bit:
        return Bit(
            fra,
            til,
            starter=fra >= start,
            slutter=til <= slutt,
            minutt_fra=int((max(fra, start) - start).total_seconds() // 60),
            minutt_til=int((min(til, slutt) - start).total_seconds() // 60),
            vakt=vakt,
            uten_dekning=uten,
            farge=farger.get(vakt.person_id, 0) if vakt else 0,
        )

    nivaaer = []
    for r in rekker:
        farger = {p: nummer % FARGER for nummer, p in enumerate(dict.fromkeys(v.person_id for v in r.vakter))}
        biter = [
            bit(v.fra, v.til, v, uten=v.id in r.uten) for v in r.vakter if v.fra < slutt and v.til > start
        ]
        biter += [bit(a, b) for a, b in r.tomme if a < slutt and b > start]
        nivaaer.append((r.nivaa, sorted(biter, key=lambda b: b.minutt_fra)))
    return Dag(
        dag,
        helligdag(dag),
        timer=int((slutt - start).total_seconds() // 3600),
        i_dag=dag == oslo(now()).date(),
        utenfor=maaned is not None and (dag.year, dag.month) != maaned,
        nivaaer=nivaaer,
    )
