"""The figures of a yearly report from its stays, refusals and holds. Pure: rows in, figures out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from statistics import fmean, median
from uuid import UUID

from portal.core.clock import oslo
from portal.plasser.forloep import OVER_67
from portal.plasser.historikkregler import DOEGN


@dataclass(frozen=True, slots=True)
class Oppholdsrad:
    """What is asked of a stay. `ut` None: still there. What was not said is None."""

    plassenhet_id: UUID
    kommune_id: UUID
    inn: datetime
    ut: datetime | None
    aldersgruppe: str | None
    aarsaksgruppe: str | None
    fra_hvor: str | None
    til_hvor: str | None


@dataclass(slots=True)
class Oppholdstall:
    """Counts over a period [fra, til). In the counters "" is what nobody said («ikke oppgitt»)."""

    #: Who came within the period.
    innleggelser: int = 0
    #: Who lay there at some time within it.
    opphold: int = 0
    #: How long they lay there within it, in days.
    liggedoegn: float = 0
    #: Of those who left within it, over their whole stays, in hours; None: nobody left.
    snitt_timer: float | None = None
    median_timer: float | None = None
    utskrevet: int = 0
    over_67: int = 0
    alder_oppgitt: int = 0
    alder: Counter[str] = field(default_factory=Counter)
    aarsak: Counter[str] = field(default_factory=Counter)
    fra_hvor: Counter[str] = field(default_factory=Counter)
    til_hvor: Counter[str] = field(default_factory=Counter)
    timer: Counter[int] = field(default_factory=Counter)
    ukedager: Counter[int] = field(default_factory=Counter)
    #: {first day of the month: admissions}, {first day: days in bed}.
    maaneder: Counter[date] = field(default_factory=Counter)
    enheter: Counter[UUID] = field(default_factory=Counter)
    kommuner: Counter[UUID] = field(default_factory=Counter)

    @property
    def andel_over_67(self) -> float | None:
        """Of the admissions whose age band is known."""
        return self.over_67 / self.alder_oppgitt if self.alder_oppgitt else None


def tell_opphold(rader: Iterable[Oppholdsrad], fra: datetime, til: datetime) -> Oppholdstall:
    """`til`: the end of the period, or now in one that runs."""
    t = Oppholdstall()
    varigheter: list[float] = []
    i_seng = timedelta()
    for r in rader:
        slutt = min(r.ut or til, til)
        if r.inn < til and (slutt > fra or r.inn >= fra):
            t.opphold += 1
            i_seng += max(slutt - max(r.inn, fra), timedelta())
        if r.ut is not None and fra <= r.ut < til:
            varigheter.append((r.ut - r.inn).total_seconds() / 3600)
            t.til_hvor[r.til_hvor or ""] += 1
        if not fra <= r.inn < til:
            continue
        t.innleggelser += 1
        t.alder[r.aldersgruppe or ""] += 1
        t.aarsak[r.aarsaksgruppe or ""] += 1
        t.fra_hvor[r.fra_hvor or ""] += 1
        da = oslo(r.inn)
        t.timer[da.hour] += 1
        t.ukedager[da.weekday()] += 1
        t.maaneder[da.date().replace(day=1)] += 1
        t.enheter[r.plassenhet_id] += 1
        t.kommuner[r.kommune_id] += 1
    t.liggedoegn = i_seng.total_seconds() / DOEGN
    t.utskrevet = len(varigheter)
    t.snitt_timer = fmean(varigheter) if varigheter else None
    t.median_timer = median(varigheter) if varigheter else None
    t.over_67 = sum(n for band, n in t.alder.items() if band in OVER_67)
    t.alder_oppgitt = sum(n for band, n in t.alder.items() if band)
    return t


def forskjell(naa: float | None, foer: float | None) -> float | None:
    """The change from the year before, as a share; None where one of them is not known or there was nothing."""
    return None if naa is None or not foer else naa / foer - 1
