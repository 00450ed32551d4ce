"""Oslo's wall clock and the days of a roster. Pure rules, without a database.

A shift is an interval in UTC; a rule («from 15:30 to 08:00») is the wall clock. In the night that the clocks go
forward a night is an hour shorter, and an hour longer when they go back: since the end of one shift and the beginning
of the next are the same wall clock moment, they are the same UTC moment too, and no minute is left without cover.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import NamedTuple

import holidays

from portal.core.clock import oslo_til_utc
from portal.vakt.models import Dagtype

#: No shift is longer (`skriving.krev_tid`): what is on call now is found among those that began since.
LENGSTE_VAKT = timedelta(days=14)
_DAG = timedelta(days=1)


def les_klokke(tekst: str) -> time:
    """«15:30» as a time. Raises ValueError."""
    if len(tekst) != 5 or tekst[2] != ":":
        raise ValueError(f"«{tekst}» is no time of day")
    return time.fromisoformat(tekst)


def skift(dag: date, klokke_fra: str, klokke_til: str) -> tuple[datetime, datetime]:
    """The shift that begins on a day, to the next time the clock shows `klokke_til`. The same hour is a day later."""
    fra, til = les_klokke(klokke_fra), les_klokke(klokke_til)
    siste = dag if til > fra else dag + _DAG
    return oslo_til_utc(dag, fra), oslo_til_utc(siste, til)


# --- the days --------------------------------------------------------------------------------------------


@cache
def _helligdager(aar: int) -> dict[date, str]:
    # Sundays are weekends here; 24 and 31 December are no public holidays (lov om helligdager og helligdagsfred).
    return dict(holidays.country_holidays("NO", years=aar, language="no").items())


def helligdag(dag: date) -> str | None:
    """The Norwegian name of a public holiday, else None. Where two fall together, the first of them."""
    navn = _helligdager(dag.year).get(dag)
    return navn.split(";")[0] if navn else None


def dagtype(dag: date) -> Dagtype:
    """What kind of day it is. A public holiday is one also on a weekend."""
    if helligdag(dag):
        return Dagtype.HELLIGDAG
    return Dagtype.HELG if dag.weekday() >= 5 else Dagtype.HVERDAG


# --- rotations -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Regel:
    """A rotation's rule: the hours, the kinds of days on which a shift begins, how long a turn is, among how many."""

    klokke_fra: str
    klokke_til: str
    dagtyper: frozenset[str]
    dager_per_tur: int
    antall: int

    @property
    def hele_doegn(self) -> bool:
        """A shift ends where the next day's begins."""
        return self.klokke_fra == self.klokke_til


class Turvakt(NamedTuple):
    """A shift of a rotation: whose place in the order, in which turn of all (from 0), and when."""

    plass: int
    tur: int
    fra: datetime
    til: datetime


class Utlegg(NamedTuple):
    """What a rule gives for some days, and where it goes on: the first day that is left, and how many came before."""

    vakter: list[Turvakt]
    laget_til: date
    dager_laget: int


def rotasjonsvakter(
    regel: Regel, fra_dag: date, til_dag: date, dager_laget: int = 0, *, slutt: date | None = None
) -> Utlegg:
    """The shifts of the days [fra_dag, til_dag), when `dager_laget` of its days came before.

    Whole days in a row within one turn are one shift, as long as the longest allowed. Such a row is not broken at
    `til_dag`: it goes on to its end, though never to `slutt`, the day from which the rule no longer holds.
    """
    vakter: list[Turvakt] = []
    dag, laget = fra_dag, dager_laget
    while slutt is None or dag < slutt:
        gjelder = dagtype(dag) in regel.dagtyper
        if dag >= til_dag and not (gjelder and _fortsetter(regel, vakter, dag, laget)):
            break
        if gjelder:
            tur = laget // regel.dager_per_tur
            fra, til = skift(dag, regel.klokke_fra, regel.klokke_til)
            forrige = vakter[-1] if vakter else None
            if (
                forrige
                and forrige.tur == tur
                and forrige.til == fra
                and regel.hele_doegn
                and til - forrige.fra <= LENGSTE_VAKT
            ):
                vakter[-1] = forrige._replace(til=til)
            elif til > fra:
                vakter.append(Turvakt(tur % regel.antall, tur, fra, til))
            laget += 1
        dag += _DAG
    return Utlegg(vakter, dag, laget)


def _fortsetter(regel: Regel, vakter: list[Turvakt], dag: date, laget: int) -> bool:
    """Whether a day joins the last shift: the same turn goes on without a pause."""
    return (
        regel.hele_doegn
        and bool(vakter)
        and vakter[-1].tur == laget // regel.dager_per_tur
        and vakter[-1].til == oslo_til_utc(dag, les_klokke(regel.klokke_fra))
    )


def ledige_deler(
    fra: datetime, til: datetime, opptatt: Iterable[tuple[datetime, datetime]]
) -> list[tuple[datetime, datetime]]:
    """What of [fra, til) none of the others covers, in order."""
    deler = []
    for start, slutt in sorted(opptatt):
        if start > fra:
            deler.append((fra, min(start, til)))
        fra = max(fra, slutt)
        if fra >= til:
            return deler
    return [*deler, (fra, til)]
