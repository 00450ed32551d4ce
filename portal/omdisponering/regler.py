"""When somebody, or some room, can be lent for a need: pure rules on plain values, and sums of overlapping shares."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import NamedTuple

from portal.omdisponering.forloep import FULL


class Periode(NamedTuple):
    """[fra, til), and how much of a person is taken in it, in per cent."""

    fra: datetime
    til: datetime
    andel: int = FULL


def overlapper(a: Periode, b: Periode) -> bool:
    return a.fra < b.til and b.fra < a.til


def hoeyeste(perioder: Iterable[Periode], fra: datetime, til: datetime) -> int:
    """The highest sum of shares at any moment of [fra, til), in per cent."""
    punkter: list[tuple[datetime, int]] = []
    for p in perioder:
        if p.fra < til and fra < p.til:
            punkter += [(max(p.fra, fra), p.andel), (min(p.til, til), -p.andel)]
    sum_ = hoeyest = 0
    # Of what ends and what begins at the same moment the end comes first.
    for _tid, andel in sorted(punkter):
        sum_ += andel
        hoeyest = max(hoeyest, sum_)
    return hoeyest


def mest_ledig(grenser: Sequence[tuple[Sequence[Periode], int]], fra: datetime, til: datetime) -> int:
    """The most that is free at any moment of [fra, til), in per cent: at each the least of what is left under the
    limits, (what is taken, how much there is). Below 0 where it is over-promised all the time."""
    alle = [p for perioder, _tak in grenser for p in perioder if p.fra < til and fra < p.til]
    skifter = {fra, *(p.fra for p in alle if p.fra > fra), *(p.til for p in alle if p.til < til)}
    return max(
        min(tak - sum(p.andel for p in perioder if p.fra <= tid < p.til) for perioder, tak in grenser)
        for tid in skifter
    )


@dataclass(frozen=True, slots=True)
class Krav:
    """What a need for people asks of each of them."""

    stilling: str
    kompetanse: int
    autorisasjon: bool
    vaksine: bool
    smittevern: bool


@dataclass(frozen=True, slots=True)
class Har:
    """What a person has of it. `hpr_sett`: the authorisation has been looked up."""

    stilling: str
    kompetanse: int
    hpr_sett: bool
    vaksinert: bool | None
    smittevern: bool


def mangler(krav: Krav, har: Har) -> list[str]:
    """What the person lacks, as words of the group «mangel»: empty when the person can be used."""
    ut = []
    if har.stilling != krav.stilling:
        ut.append("stilling")
    if krav.kompetanse & ~har.kompetanse:
        ut.append("kompetanse")
    if krav.autorisasjon and not har.hpr_sett:
        ut.append("autorisasjon")
    if krav.vaksine and not har.vaksinert:
        ut.append("vaksine")
    if krav.smittevern and not har.smittevern:
        ut.append("smittevern")
    return ut


class Rom(NamedTuple):
    """Premises: what a need asks for, or what there is."""

    slag: str | None
    krav: int
    plasser: int | None
    kvm: int | None


def mangler_lokale(krav: Rom, har: Rom) -> list[str]:
    """What the premises lack, as words of the group «lokalmangel»: empty when they can be used."""
    ut = []
    if har.slag != krav.slag:
        ut.append("slag")
    if krav.krav & ~har.krav:
        ut.append("krav")
    if krav.plasser and (har.plasser or 0) < krav.plasser:
        ut.append("plasser")
    if krav.kvm and (har.kvm or 0) < krav.kvm:
        ut.append("kvm")
    return ut


def del_av(har: Periode, trengs: Periode) -> float:
    """How much of one of those that are needed somebody is, from 0 to 1: by the share of a post, and by the time."""
    felles = min(har.til, trengs.til) - max(har.fra, trengs.fra)
    if felles.total_seconds() <= 0:
        return 0.0
    return min(1.0, har.andel / trengs.andel) * (felles / (trengs.til - trengs.fra))


#: So little may lack where shares and times are summed.
_SLINGRING = 0.99


def naar(sum_: float, antall: int) -> bool:
    """Whether a sum of `del_av` is as many as `antall`."""
    return sum_ >= antall * _SLINGRING


def gjenstaar(antall: int, sum_: float) -> int:
    """How many more it takes until a sum of `del_av` is as many as `antall`."""
    return 0 if naar(sum_, antall) else ceil(antall * _SLINGRING - sum_)


def i_tall(sum_: float) -> float:
    """A sum of `del_av` to be shown, to a tenth: never as more than it is held to be."""
    neste = ceil(sum_)
    return neste if naar(sum_, neste) else int(sum_ * 10 + 1e-6) / 10


def under_gulvet(antall: int, gulv: int, avgitt: Sequence[Periode], nye: Sequence[Periode]) -> int:
    """By how many the unit falls below its floor at the worst moment of the new ones, rounded up. 0: it does not.

    `antall` are the people that it has, `avgitt` those that are lent already; two half posts count as one.
    """
    verst = 0
    for ny in nye:
        borte = hoeyeste([*avgitt, *nye], ny.fra, ny.til)
        verst = max(verst, gulv * FULL - (antall * FULL - borte))
    return -(-verst // FULL)
