"""What the history and the yearly report are counted by: occupancy, periods, small numbers. Pure.

Occupancy (belegg): bed-seconds in which somebody lay there, of those in which a bed was operable: staffed and not
closed, so free, held, occupied or being cleaned. What nobody has said anything about is in neither; where that is more
than half of the time, the occupancy is not known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from portal.plasser.historikk import SUMMER

#: The parts of a unit's time in which a bed can be used.
OPERATIVE = ("ledig", "holdt", "belagt", "rengjoeres")
DOEGN = 86400
#: Fewer than so many are shown to who may not see the stays as «<5».
MINSTE = 5
#: What stands in place of a small number, and of the one that would give it away.
SKJULT = "skjult"
FAA = "faa"
#: The steps, in parts of a whole, that outsiders are shown an occupancy in: the finest that is a bed's day or more.
TRINN = (100, 50, 20, 10, 5, 2, 1)


class Opploesning(StrEnum):
    DAG = "dag"
    UKE = "uke"
    MAANED = "maaned"
    AAR = "aar"


#: The longest period, in days, that is shown by the day and by the week: a chart of more is a blot, and the sums of
#: months are what ten years of the whole country are read from.
LENGSTE = {Opploesning.DAG: 366, Opploesning.UKE: 2 * 366}


def operativ(summer: Mapping[str, int]) -> int:
    return sum(summer[k] for k in OPERATIVE)


def kjent(summer: Mapping[str, int]) -> bool:
    """Whether enough is known of the time to tell an occupancy."""
    return operativ(summer) > 0 and summer["ukjent"] <= operativ(summer)


def belegg(summer: Mapping[str, int]) -> float | None:
    """The occupancy; None where it is not known."""
    return summer["belagt"] / operativ(summer) if kjent(summer) else None


def belegg_normert(summer: Mapping[str, int]) -> float | None:
    """Of the normed beds' time. Above 1 where beds beyond the normed are in use."""
    return summer["belagt"] / summer["normert"] if summer["normert"] and kjent(summer) else None


def liggetid(summer: Mapping[str, int]) -> float | None:
    """The mean stay of those who left, in hours; None where nobody did."""
    return summer["liggetid"] / summer["utskrevet"] / 3600 if summer["utskrevet"] else None


def begynnelse(dag: date, opploesning: Opploesning) -> date:
    """The first day of the week, month or year that a day is in."""
    if opploesning == Opploesning.UKE:
        return dag - timedelta(days=dag.weekday())
    if opploesning == Opploesning.MAANED:
        return dag.replace(day=1)
    if opploesning == Opploesning.AAR:
        return dag.replace(month=1, day=1)
    return dag


def neste(start: date, opploesning: Opploesning) -> date:
    """The first day of the one after it."""
    if opploesning == Opploesning.UKE:
        return start + timedelta(days=7)
    if opploesning == Opploesning.MAANED:
        return (start + timedelta(days=31)).replace(day=1)
    if opploesning == Opploesning.AAR:
        return start.replace(year=start.year + 1)
    return start + timedelta(days=1)


def velg(fra: date, til: date, oensket: Opploesning | None) -> Opploesning:
    """How fine a period is shown: as wished, or the coarser one that it takes."""
    dager = (til - fra).days + 1
    if oensket is None:
        oensket = Opploesning.DAG if dager <= 92 else Opploesning.UKE if dager <= 400 else Opploesning.MAANED
    if oensket == Opploesning.DAG and dager > LENGSTE[Opploesning.DAG]:
        oensket = Opploesning.UKE
    if oensket == Opploesning.UKE and dager > LENGSTE[Opploesning.UKE]:
        oensket = Opploesning.MAANED
    return oensket


@dataclass(frozen=True, slots=True)
class Bolk:
    """A day, week, month or year of the period. `summer` None: nothing was added up, or nobody knew anything."""

    start: date
    #: Its last day, or the period's.
    slutt: date
    summer: dict[str, int] | None


def legg_til(sum_: dict[str, int], mer: Mapping[str, Any]) -> None:
    for k in SUMMER:
        sum_[k] += int(mer[k] or 0)


def tomme() -> dict[str, int]:
    return dict.fromkeys(SUMMER, 0)


def bolker(
    dager: Iterable[tuple[date, Mapping[str, Any]]], fra: date, til: date, opploesning: Opploesning
) -> list[Bolk]:
    """The period cut into its days, weeks, months or years; one without a day that was added up is a gap."""
    summer: dict[date, dict[str, int]] = {}
    for dag, verdier in dager:
        legg_til(summer.setdefault(begynnelse(dag, opploesning), tomme()), verdier)
    ut = []
    start = begynnelse(fra, opploesning)
    while start <= til:
        etter = neste(start, opploesning)
        ut.append(Bolk(max(start, fra), min(etter - timedelta(days=1), til), summer.get(start)))
        start = etter
    return ut


def del_opp(fra: date, til: date, unntatt: Iterable[tuple[date, date]]) -> list[tuple[date, date, bool]]:
    """The period in pieces that follow each other: (first day, last day, True for one without an excepted day)."""
    ut: list[tuple[date, date, bool]] = []
    dag, en = fra, timedelta(days=1)
    for a, b in sorted(unntatt):
        a, b = max(a, dag), min(b, til)
        if a > b:
            continue
        if dag < a:
            ut.append((dag, a - en, True))
        if ut and not ut[-1][2]:
            a = ut.pop()[0]
        ut.append((a, b, False))
        dag = b + en
    if dag <= til:
        ut.append((dag, til, True))
    return ut


def trygt(tall: Collection[int]) -> bool:
    """Whether counts that are hidden together stay hidden from who knows their sum, and which of them are 1–4."""
    smaa = sum(v < MINSTE for v in tall)
    store = len(tall) - smaa
    sum_ = sum(tall)
    return (
        len(tall) > 1
        and sum_ >= MINSTE
        and sum_ > smaa + store * MINSTE
        and (store > 0 or sum_ < smaa * (MINSTE - 1))
    )


def skjul(tall: Mapping[str, int]) -> dict[str, int | str]:
    """The counts as outsiders may see them, who know what they are all together: 1–4 become «faa», and the smallest of
    the others are hidden too until the sum gives none of them away. Where that is not to be had, all are hidden, and
    with them the zeros, also of what is not named here (`helt_skjult`)."""
    borte = [k for k, v in tall.items() if 0 < v < MINSTE]
    if borte and sum(tall.values()) < MINSTE:
        return dict.fromkeys(tall, SKJULT)
    andre = sorted((k for k, v in tall.items() if v >= MINSTE), key=lambda k: (-tall[k], k))
    while borte and not trygt([tall[k] for k in borte]):
        if not andre:
            return dict.fromkeys(tall, SKJULT)
        borte.append(andre.pop())
    return {k: v if k not in borte else FAA if v < MINSTE else SKJULT for k, v in tall.items()}


def helt_skjult(vist: Mapping[str, int | str]) -> bool:
    return bool(vist) and all(v == SKJULT for v in vist.values())


def kan_deles(tall: Mapping[str, int], ene: Collection[str]) -> bool:
    """Whether outsiders, who are shown the counts as `skjul` has them, may know what these and the others come to."""
    vist = skjul(tall)
    if helt_skjult(vist):
        return False
    for del_ in ([k for k in tall if k in ene], [k for k in tall if k not in ene]):
        borte = [tall[k] for k in del_ if isinstance(vist[k], str)]
        if borte and not trygt(borte):
            return False
    return True


def enkelt(antall: int) -> int | str:
    """A count that stands alone, as outsiders may see it."""
    return FAA if 0 < antall < MINSTE else antall


def skjul_varme(varme: Mapping[tuple[int, int], int]) -> dict[tuple[int, int], int]:
    """The cells of the heat table that outsiders may see: the large ones. That a cell is empty is hidden too, and never
    a single one: all of them together are known."""
    ut = {k: v for k, v in varme.items() if v >= MINSTE}
    if len(ut) == 7 * 24 - 1:
        del ut[min(ut, key=lambda k: (ut[k], k))]
    return ut


def vist_liggetid(summer: Mapping[str, int], skjuler: bool) -> float | str | None:
    """The mean stay in hours. For outsiders in whole ones, and of a few not at all: with decimals the difference of two
    periods would be one person's stay."""
    snitt = liggetid(summer)
    if snitt is None or not skjuler:
        return snitt
    return SKJULT if summer["utskrevet"] < MINSTE else round(snitt)


def vist_belegg(summer: Mapping[str, int], skjuler: bool, av: str = "operativ") -> float | str | None:
    """The occupancy, of the operable time or (`av="normert"`) of the normed beds'; None where it is not known.

    Outsiders are not shown that of fewer than `MINSTE` stays, of which a unit's single day consists: it would be how
    long one person lay there. Else they are shown it in steps, so that what one day adds to a period is not either. How
    many lay there is at least how many came, and how many went. That nobody did is no small number.
    """
    andel = belegg(summer) if av == "operativ" else belegg_normert(summer)
    if andel is None or not skjuler or not summer["belagt"]:
        return andel
    if max(summer["innlagt"], summer["utskrevet"]) < MINSTE:
        return SKJULT
    tid = operativ(summer) if av == "operativ" else summer["normert"]
    deler = next((n for n in TRINN if tid >= n * DOEGN), None)
    return SKJULT if deler is None else round(andel * deler) / deler


def hele_maaneder(fra: date, til: date, foer: date) -> tuple[date, date]:
    """The whole calendar months of a period that are over before the day `foer`; without one, the last that is before
    its end. Outsiders are shown the occupancy of a few units of these alone: of two periods that may begin and end on
    any day the difference would be a single one."""
    slutt = min(til + timedelta(days=1), foer).replace(day=1) - timedelta(days=1)
    start = fra if fra.day == 1 else neste(fra.replace(day=1), Opploesning.MAANED)
    return min(start, slutt.replace(day=1)), slutt
