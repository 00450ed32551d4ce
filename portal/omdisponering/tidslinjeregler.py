"""The timeline's arithmetic: windows of whole days in Oslo, where a moment stands on the line, how many there are at
once. Pure: no database, no clock.

Everything is placed by real time, in per cent of the window: the day in March of 23 hours is shorter than the others,
and the one in October longer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from portal.core.clock import oslo_til_utc

#: The longest window of one's own, in days.
LENGSTE = 366
#: A filter of the professions that is none.
LOKALER = "lokaler"
#: So much of the line a name takes on a telephone, in per cent.
_ROM = 20.0


class Vinduslengde(StrEnum):
    """How much of time the line shows."""

    UKE = "uke"
    FIRE_UKER = "fire_uker"
    TRE_MAANEDER = "tre_maaneder"
    EGET = "eget"


class Retning(StrEnum):
    """Seen from the reader's organisation: whom it gets, and whom it lends."""

    INN = "inn"
    UT = "ut"


class Vei(StrEnum):
    """Seen from an area: between two who lie in it, from outside to one who does, and the other way."""

    INNENFOR = "innenfor"
    INN = "inn"
    UT = "ut"


class Periode(NamedTuple):
    """[fra, til), and how many have just that."""

    fra: datetime
    til: datetime
    antall: int = 1


def midnatt(dag: date) -> datetime:
    """When a day begins in Oslo, in UTC."""
    return oslo_til_utc(dag, time())


def foerste(dag: date) -> date:
    """The first day of a month."""
    return dag.replace(day=1)


def neste_maaned(dag: date, antall: int = 1) -> date:
    """The first day of the month so many after a day's."""
    maaneder = dag.year * 12 + dag.month - 1 + antall
    return date(maaneder // 12, maaneder % 12 + 1, 1)


@dataclass(frozen=True, slots=True)
class Vindu:
    """The days [fra, slutt) of the line."""

    lengde: Vinduslengde
    fra: date
    slutt: date

    @property
    def siste(self) -> date:
        """The last day that is shown."""
        return self.slutt - timedelta(days=1)

    @property
    def start(self) -> datetime:
        return midnatt(self.fra)

    @property
    def ende(self) -> datetime:
        return midnatt(self.slutt)

    @property
    def forrige(self) -> date:
        """The first day of the window before this one."""
        if self.lengde == Vinduslengde.TRE_MAANEDER:
            return neste_maaned(self.fra, -3)
        return self.fra - (self.slutt - self.fra)

    @property
    def neste(self) -> date:
        """The first day of the window after this one."""
        return self.slutt


def vindu(lengde: Vinduslengde, dag: date, siste: date | None = None) -> Vindu:
    """The window that a day is in: from its Monday, or from the first of its month; one of one's own from the day
    itself to `siste`."""
    if lengde == Vinduslengde.EGET:
        return Vindu(lengde, dag, (siste or dag) + timedelta(days=1))
    if lengde == Vinduslengde.TRE_MAANEDER:
        return Vindu(lengde, foerste(dag), neste_maaned(dag, 3))
    mandag = dag - timedelta(days=dag.weekday())
    return Vindu(lengde, mandag, mandag + timedelta(weeks=1 if lengde == Vinduslengde.UKE else 4))


# --- where things stand on the line ----------------------------------------------------------------------


def plass(tid: datetime, start: datetime, ende: datetime) -> float:
    """Where a moment stands, in per cent of [start, ende], two decimals; what is outside stands at the edge."""
    andel = (tid - start) / (ende - start)
    return round(min(max(andel, 0.0), 1.0) * 100, 2)


def naaplass(naa: datetime, v: Vindu) -> float | None:
    """Where today's line stands; None where today is not in the window."""
    return plass(naa, v.start, v.ende) if v.start <= naa < v.ende else None


class Stolpe(NamedTuple):
    """A period on the line: where it begins and how long it is, in per cent; whether it began before the window, and
    goes on after it."""

    x: float
    bredde: float
    foer: bool
    etter: bool


def stolpe(p: Periode, v: Vindu) -> Stolpe:
    """A period that meets the window."""
    start, ende = v.start, v.ende
    x, slutt = plass(p.fra, start, ende), plass(p.til, start, ende)
    return Stolpe(x, round(slutt - x, 2), p.fra < start, p.til > ende)


class Merke(NamedTuple):
    """A line of the grid: where, and of which day; `navn`: it has its day, or its month, written on it."""

    x: float
    dag: date
    navn: bool


def merker(v: Vindu) -> list[Merke]:
    """The grid: each day of a fortnight, each Monday of some months, each month of a year. As many have names as a
    telephone has room for; the first one too, where the next name is far off."""
    dager = (v.slutt - v.fra).days
    alle = [v.fra + timedelta(days=n) for n in range(dager)]
    if dager <= 14:
        valgt = [(d, dager <= 7 or n % 2 == 0) for n, d in enumerate(alle)]
    elif dager <= 45:
        valgt = [(d, d.weekday() == 0) for d in alle]
    elif dager <= 124:
        valgt = [(d, d.day == 1) for d in alle if d.day == 1 or d.weekday() == 0 or d == v.fra]
    else:
        valgt = [(d, d.day == 1 and d.month % 3 == 1) for d in alle if d.day == 1 or d == v.fra]
    ut = [Merke(plass(midnatt(d), v.start, v.ende), d, navn) for d, navn in valgt]
    if next((m.x for m in ut if m.navn), 100.0) > _ROM:
        ut[0] = ut[0]._replace(navn=True)
    return ut


# --- how many at once ------------------------------------------------------------------------------------


def bolker(v: Vindu) -> list[date]:
    """The days that the sums are of, each from its midnight to the next one's: every day, or every week where there
    are many; the end of the last one comes last."""
    steg = 1 if (v.slutt - v.fra).days <= 45 else 7
    ut = []
    dag = v.fra
    while dag < v.slutt:
        ut.append(dag)
        dag += timedelta(days=steg)
    return [*ut, v.slutt]


def tetthet(perioder: Iterable[Periode], grenser: Sequence[datetime]) -> list[int]:
    """The most at once in each [grenser[n], grenser[n + 1]). Of what ends and what begins at the same moment the end
    comes first."""
    endringer: list[tuple[datetime, int]] = []
    for p in perioder:
        if p.fra < p.til:
            endringer += [(p.fra, p.antall), (p.til, -p.antall)]
    endringer.sort()
    ut = []
    antall = neste = 0
    for start, slutt in pairwise(grenser):
        while neste < len(endringer) and endringer[neste][0] <= start:
            antall += endringer[neste][1]
            neste += 1
        flest = antall
        while neste < len(endringer) and endringer[neste][0] < slutt:
            antall += endringer[neste][1]
            flest = max(flest, antall)
            neste += 1
        ut.append(flest)
    return ut


def trapp(flest: Sequence[int], plasser: Sequence[float]) -> str:
    """The sums as the outline of a stair (an SVG path), in per cent of both sides: `plasser` are where the parts begin,
    and where the last one ends. Ten in all reach higher than one, and one is always seen."""
    hoyest = max([*flest, 1])
    ut = [f"M{plasser[0]:g} 100"]
    for antall, (_fra, til) in zip(flest, pairwise(plasser), strict=True):
        hoeyde = max(round(85 * antall / hoyest), 5) if antall else 0
        ut.append(f"V{100 - hoeyde}H{til:g}")
    return "".join(ut) + "V100Z"
