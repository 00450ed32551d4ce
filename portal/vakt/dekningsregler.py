"""Whether a level is covered, and how evenly the burden is shared. Pure rules, without a database.

An interval is [fra, til) in UTC. What counts as a night, a weekend or a holiday is told by Oslo's clocks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from statistics import fmean, pstdev
from typing import NamedTuple
from uuid import UUID

from portal.core.clock import oslo, oslo_til_utc
from portal.vakt.turnus import helligdag

#: A night runs from 23 to 07 in Oslo; so long must somebody be on call in it, or on a day, for it to count.
NATT_FRA, NATT_TIL = time(23), time(7)
MINST = timedelta(hours=4)
_DAG = timedelta(days=1)
_INGEN = timedelta()


class Periode(NamedTuple):
    fra: datetime
    til: datetime

    @property
    def varighet(self) -> timedelta:
        return self.til - self.fra


# --- intervals -------------------------------------------------------------------------------------------


def slaa_sammen(perioder: Iterable[Periode]) -> list[Periode]:
    """In order, without overlap; those that meet become one. Empty ones disappear."""
    ut: list[Periode] = []
    for p in sorted(perioder):
        if p.til <= p.fra:
            continue
        if ut and p.fra <= ut[-1].til:
            ut[-1] = Periode(ut[-1].fra, max(ut[-1].til, p.til))
        else:
            ut.append(p)
    return ut


def trekk_fra(perioder: Iterable[Periode], bort: Iterable[Periode]) -> list[Periode]:
    """What is left of the first when the second is taken away."""
    ut: list[Periode] = []
    fjern = slaa_sammen(bort)
    i = 0
    for fra, til in slaa_sammen(perioder):
        while i < len(fjern) and fjern[i].til <= fra:
            i += 1
        j = i
        while j < len(fjern) and fjern[j].fra < til:
            if fjern[j].fra > fra:
                ut.append(Periode(fra, fjern[j].fra))
            fra = max(fra, fjern[j].til)
            j += 1
        if fra < til:
            ut.append(Periode(fra, til))
    return ut


def klipp(perioder: Iterable[Periode], fra: datetime, til: datetime) -> list[Periode]:
    """What lies within [fra, til)."""
    return [Periode(max(p.fra, fra), min(p.til, til)) for p in perioder if p.fra < til and p.til > fra]


def sum_av(perioder: Iterable[Periode]) -> timedelta:
    return sum((p.varighet for p in perioder), _INGEN)


def andel(dekket: timedelta, hele: timedelta) -> float:
    """The share of the time that is covered, from 0 to 1. A gap never disappears in the rounding."""
    return dekket / hele if hele else 1.0


# --- the burden ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Byrde:
    """What somebody carries: shifts, hours, and the nights, weekends and public holidays among them.

    A night counts when at least four hours of 23–07 are on call, a public holiday when four hours of the day are, and
    a weekend once, when four hours of its Saturday or its Sunday are. Shifts that meet or overlap are one stretch.
    """

    vakter: float = 0
    timer: float = 0
    netter: float = 0
    helger: float = 0
    helligdager: float = 0


MAAL = tuple(f.name for f in fields(Byrde))


@dataclass(frozen=True, slots=True)
class Personbyrde:
    person_id: UUID
    navn: str
    byrde: Byrde


@dataclass(frozen=True, slots=True)
class Rettferdighet:
    """The burden of each, the mean, and the standard deviation from it."""

    personer: tuple[Personbyrde, ...]
    snitt: Byrde
    avvik: Byrde

    @property
    def flest_timer(self) -> float:
        return max((p.byrde.timer for p in self.personer), default=0)


@lru_cache(maxsize=2048)
def _doegn(dag: date) -> tuple[datetime, datetime, datetime, datetime]:
    """A day of Oslo: its midnight, when the night that begins on it begins and ends, and the next midnight."""
    neste = dag + _DAG
    return (
        oslo_til_utc(dag, time()),
        oslo_til_utc(dag, NATT_FRA),
        oslo_til_utc(neste, NATT_TIL),
        oslo_til_utc(neste, time()),
    )


def _felles(a: Periode, fra: datetime, til: datetime) -> timedelta:
    return max(min(a.til, til) - max(a.fra, fra), _INGEN)


def byrde(vakter: Sequence[Sequence[Periode]]) -> Byrde:
    """The burden of one person's shifts. Each is given as what is left of it after absence."""
    netter: dict[date, timedelta] = defaultdict(timedelta)
    dager: dict[date, timedelta] = defaultdict(timedelta)
    strekk = slaa_sammen(p for v in vakter for p in v)
    for p in strekk:
        # The night of the day before may still be going on.
        dag = oslo(p.fra).date() - _DAG
        while True:
            midnatt, natt, morgen, neste = _doegn(dag)
            if midnatt >= p.til:
                break
            netter[dag] += _felles(p, natt, morgen)
            dager[dag] += _felles(p, midnatt, neste)
            dag += _DAG
    lange = [dag for dag, tid in dager.items() if tid >= MINST]
    return Byrde(
        vakter=sum(1 for v in vakter if any(p.til > p.fra for p in v)),
        timer=sum_av(strekk) / timedelta(hours=1),
        netter=sum(1 for tid in netter.values() if tid >= MINST),
        # Saturday and Sunday of one week are one weekend.
        helger=len({dag.isocalendar()[:2] for dag in lange if dag.weekday() >= 5}),
        helligdager=sum(1 for dag in lange if helligdag(dag)),
    )


def rettferdighet(
    vakter: Mapping[UUID, Sequence[Sequence[Periode]]], navn: Mapping[UUID, str]
) -> Rettferdighet:
    """The burden of each person, those with the most hours first, with the mean and the deviation."""
    alle = [Personbyrde(p, navn[p], byrde(v)) for p, v in vakter.items()]
    personer = tuple(sorted((p for p in alle if p.byrde.vakter), key=lambda p: (-p.byrde.timer, p.navn)))
    if not personer:
        return Rettferdighet((), Byrde(), Byrde())
    kolonner = {m: [float(getattr(p.byrde, m)) for p in personer] for m in MAAL}
    return Rettferdighet(
        personer,
        snitt=Byrde(**{m: fmean(v) for m, v in kolonner.items()}),
        avvik=Byrde(**{m: pstdev(v) for m, v in kolonner.items()}),
    )
