"""What the timelines of an organisation and of an area share: which lines a window has, how they are added up, and how
many stand on a page."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from portal.omdisponering import tidslinjeregler
from portal.omdisponering.forloep import Status
from portal.omdisponering.models import Omdisponering, Omdisponeringslinje
from portal.omdisponering.tidslinjeregler import Periode, Vindu

#: So many rows of a page.
PR_SIDE = 50


@dataclass(frozen=True, slots=True)
class Sum:
    """How many lines in all, how many now, the most at once in each part of the window."""

    antall: int
    naa: int
    flest: Sequence[int]


class Blad(NamedTuple):
    """Which page of how many this is, and how many stand on those before."""

    side: int
    sider: int
    foerste: int


def blad(antall: int, side: int) -> Blad:
    """The page of so many; one past the last one is the last one."""
    sider = max(1, -(-antall // PR_SIDE))
    denne = min(max(side, 1), sider)
    return Blad(denne, sider, (denne - 1) * PR_SIDE)


def antall_i(perioder: Collection[Periode]) -> int:
    """How many lines there are."""
    return sum(p.antall for p in perioder)


def antall_naa(perioder: Collection[Periode], naa: datetime) -> int:
    """How many of them are at a moment."""
    return sum(p.antall for p in perioder if p.fra <= naa < p.til)


def summer(perioder: Collection[Periode], naa: datetime, grenser: Sequence[datetime]) -> Sum:
    """All of it in one; `grenser`: the midnights where the parts begin, and where the last one ends."""
    flest = tidslinjeregler.tetthet(perioder, grenser)
    return Sum(antall_i(perioder), antall_naa(perioder, naa), flest)


# --- lines of the database -------------------------------------------------------------------------------


def slutt(til: datetime, status: str, avsluttet: datetime | None) -> datetime:
    """When a line ends: earlier than agreed where the whole was ended before its time."""
    return min(til, avsluttet) if status == Status.AVSLUTTET and avsluttet else til


def slutter() -> sa.ColumnElement[datetime]:
    """Over a line and its reallocation: `slutt`."""
    return sa.case(
        (
            sa.and_(
                Omdisponering.status == Status.AVSLUTTET, Omdisponering.avsluttet < Omdisponeringslinje.til
            ),
            Omdisponering.avsluttet,
        ),
        else_=Omdisponeringslinje.til,
    )


def i_vinduet(vindu: Vindu) -> list[sa.ColumnElement[bool]]:
    """Over a line and its reallocation: those that are for some time in the window, and were not taken out."""
    start, ende = vindu.start, vindu.ende
    return [
        Omdisponering.til > start,
        Omdisponering.fra < ende,
        Omdisponeringslinje.fra < ende,
        slutter() > start,
        slutter() > Omdisponeringslinje.fra,
        Omdisponeringslinje.stroeket.is_(None),
    ]
