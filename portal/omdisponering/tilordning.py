"""What the best assignment of offers to needs is: what must hold, and what is weighed. It proposes; people decide.

What must hold (`vurder`), what is weighed (`poeng`) and why the weights are as they are: docs/omdisponering.md. Each
offered person or room is a row and each place that a need wants filled a column; beside them stand, for each lender,
the places of those who stay at home. Those give back what lending one more would have cost, dearest first, and as many
of a floor's group as must stay have places that have to be taken. The cheapest way to give every row a column of its
own is then the best proposal there is, floors and fairness included: `loesning.py` finds it.

No database, no clock. The numbers are whole and far below 2**53, so that the sums are exact.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import sqrt
from typing import NamedTuple
from uuid import UUID

from portal.omdisponering.forloep import FULL, Slag
from portal.omdisponering.regler import Har, Krav, Periode, hoeyeste, mangler

#: What filling a place is worth: so much times (5 + the phase) times the step of `TRINN`. The poorest cover of a
#: minimum in phase 1 (12 million) is worth more than the best of a place above it in phase 5 (10 million), and the
#: poorest of those (1.2 million) more than all that is weighed below against one offer.
MINST_VERDI, OENSKET_VERDI = 2_000_000, 200_000
#: How much of the need's time and share is covered, in thousandths, and the step that counts for.
TRINN = ((900, 5), (500, 3), (0, 1))
#: Less than a duty, in seconds, is not worth a journey (unless the need is shorter than that).
KORTEST = 6 * 3600
#: Points: 1 for a kilometre and for a thousandth that is not covered.
UKJENT_KM = 500
#: For a competence that everybody else of the profession lacks and the need does not ask for; at most, in all.
SJELDEN, SLOESING = 100, 300
#: For each that the lender lends already, or would by the same proposal: the second is dearer than the first.
RETTFERD = 50


@dataclass(frozen=True, slots=True)
class Behovsrad:
    """A need: `antall` places that are not filled yet, of which `minst` are its minimum. `hva`: the profession, or the
    kind of premises. `kompetanse`: what is asked for beside it. `sted`: where it is, in km on the map."""

    id: UUID
    organisasjon: UUID
    slag: str
    hva: str
    antall: int
    minst: int
    fra: datetime
    til: datetime
    fase: int
    kompetanse: int = 0
    autorisasjon: bool = False
    vaksine: bool = False
    smittevern: bool = False
    andel: int = FULL
    #: Beds (`plasser`) or square metres (`kvm`) that premises should have.
    maal: str = ""
    stoerrelse: int = 0
    sted: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Tilbudsrad:
    """An offer of a person or of premises (`ressurs`). `gruppe`: the unit and profession that a floor counts."""

    id: UUID
    ressurs: UUID
    avgiver: UUID
    slag: str
    hva: str
    fra: datetime
    til: datetime
    kompetanse: int = 0
    hpr_sett: bool = False
    vaksinert: bool | None = None
    smittevern: bool = False
    #: How much is offered, and how much of the person can be lent in all.
    andel: int = FULL
    prosent: int = FULL
    plasser: int | None = None
    kvm: int | None = None
    sted: tuple[float, float] | None = None
    reise_km: int | None = None
    #: The need that it is meant for alone.
    rettet: UUID | None = None
    gruppe: tuple[UUID, str] | None = None
    borte: tuple[Periode, ...] = ()
    tatt: tuple[Periode, ...] = ()
    #: The needs that the person or the room is lent for already, or stands in a proposal for: not once more.
    alt_i: frozenset[UUID] = frozenset()


class Vurdering(NamedTuple):
    """An offer held against a need: what is wrong (words of the group «tilordningsfeil»), or when and how much."""

    feil: tuple[str, ...]
    fra: datetime
    til: datetime
    andel: int
    #: As the crow flies; None: not known.
    km: int | None
    #: How much of the need it covers, in thousandths.
    dekning: int


@dataclass(frozen=True, slots=True)
class Kobling:
    """An offer proposed for a need. `minimum`: it fills a place of the need's minimum."""

    behov: UUID
    tilbud: UUID
    minimum: bool
    vurdering: Vurdering


@dataclass(frozen=True, slots=True)
class Grunnlag:
    """All that the assignment is made from. `ledige`: how many of a group may go before its floor is reached; groups
    that are not there have none. `laant`: how many each lender has out already."""

    behov: Sequence[Behovsrad]
    tilbud: Sequence[Tilbudsrad]
    ledige: Mapping[tuple[UUID, str], int] = field(default_factory=dict)
    laant: Mapping[UUID, int] = field(default_factory=dict)


# --- one offer and one need ------------------------------------------------------------------------------


def km(a: tuple[float, float] | None, b: tuple[float, float] | None) -> int | None:
    """Whole kilometres between two points of the map. None: one of them is not known."""
    if a is None or b is None:
        return None
    return round(sqrt((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2))


def vurder(b: Behovsrad, t: Tilbudsrad) -> Vurdering:
    """What must hold between an offer and a need, all of it, and what the offer would cover."""
    feil = list(_feil_i_hva(b, t))
    if t.avgiver == b.organisasjon:
        feil.append("egen")
    if t.rettet not in (None, b.id):
        feil.append("rettet")
    if b.id in t.alt_i:
        feil.append("alt_i")
    avstand = km(b.sted, t.sted)
    if t.reise_km is not None and (avstand is None or avstand > t.reise_km):
        feil.append("ukjent_avstand" if avstand is None else "avstand")
    fra, til = max(b.fra, t.fra), min(b.til, t.til)
    andel = min(b.andel, t.andel, t.prosent) if b.slag == Slag.PERSONELL else FULL
    if _for_kort(b, fra, til):
        return Vurdering((*feil, "periode"), fra, til, andel, avstand, 0)
    if t.borte or t.tatt:
        valgt = _ledig(b, t, fra, til, andel)
        if valgt is None or _for_kort(b, *valgt[:2]):
            borte = hoeyeste(t.borte, fra, til) > 0
            return Vurdering((*feil, "borte" if borte else "opptatt"), fra, til, andel, avstand, 0)
        fra, til, andel = valgt
    return Vurdering(tuple(feil), fra, til, andel, avstand, dekning(b, t, fra, til, andel))


def _for_kort(b: Behovsrad, fra: datetime, til: datetime) -> bool:
    return fra >= til or _sekunder(fra, til) < min(KORTEST, _sekunder(b.fra, b.til))


def _feil_i_hva(b: Behovsrad, t: Tilbudsrad) -> Iterator[str]:
    if t.slag != b.slag:
        yield "slag"
    elif b.slag == Slag.PERSONELL:
        krav = Krav(b.hva, b.kompetanse, b.autorisasjon, b.vaksine, b.smittevern)
        yield from mangler(krav, Har(t.hva, t.kompetanse, t.hpr_sett, t.vaksinert, t.smittevern))
    else:
        if t.hva != b.hva:
            yield "lokaleslag"
        if b.kompetanse & ~t.kompetanse:
            yield "lokalkrav"


def dekning(b: Behovsrad, t: Tilbudsrad, fra: datetime, til: datetime, andel: int) -> int:
    """How much of the need's time, and of its share or its size, is covered, in thousandths."""
    del_, hele = _deler(b, t, andel)
    return _sekunder(fra, til) * del_ * 1000 // (_sekunder(b.fra, b.til) * hele)


def _deler(b: Behovsrad, t: Tilbudsrad, andel: int) -> tuple[int, int]:
    """What is had of what is wanted, but for the time: of a post, or of beds or square metres; half where premises do
    not say how large they are."""
    if b.slag == Slag.PERSONELL:
        return min(andel, b.andel), b.andel
    if not b.stoerrelse:
        return 1, 1
    har = t.plasser if b.maal == "plasser" else t.kvm
    return (1, 2) if har is None else (min(har, b.stoerrelse), b.stoerrelse)


def _sekunder(fra: datetime, til: datetime) -> int:
    return max(1, int(til.timestamp()) - int(fra.timestamp()))


def _ledig(
    b: Behovsrad, t: Tilbudsrad, fra: datetime, til: datetime, andel: int
) -> tuple[datetime, datetime, int] | None:
    """The best part of [fra, til) in which the person or the room is neither away nor taken: as much as is wanted in
    the longest free time, or what is left of the person in all of it, whichever covers more."""
    helt = t.slag != Slag.PERSONELL
    valg = []
    rest = t.prosent - (0 if helt else hoeyeste(t.tatt, fra, til))
    for onsket in {andel} if helt else {andel, min(andel, rest)} - {0}:
        opptatt = [*t.borte, *(_fulle(t.tatt, t.prosent - onsket) if not helt else t.tatt)]
        if onsket > 0 and (hull := _lengste_hull(opptatt, fra, til)):
            valg.append((dekning(b, t, *hull, onsket), onsket, *hull))
    if not valg:
        return None
    _d, onsket, a, z = max(valg, key=lambda v: (v[0], v[1]))
    return a, z, onsket


def _fulle(tatt: Sequence[Periode], plass_til: int) -> list[Periode]:
    """When more than `plass_til` per cent of a person is taken."""
    ut, sum_, begynte = [], 0, None
    for tid, andel in sorted(punkt for p in tatt for punkt in ((p.fra, p.andel), (p.til, -p.andel))):
        sum_ += andel
        if sum_ > plass_til and begynte is None:
            begynte = tid
        elif sum_ <= plass_til and begynte is not None:
            if begynte < tid:
                ut.append(Periode(begynte, tid))
            begynte = None
    return ut


def _lengste_hull(
    opptatt: Iterable[Periode], fra: datetime, til: datetime
) -> tuple[datetime, datetime] | None:
    """The longest part of [fra, til) that none of these touches; the first of two as long. None: there is none."""
    best, begynner = None, fra
    for p in sorted([*opptatt, Periode(til, til)]):
        slutter = min(p.fra, til)
        if slutter > begynner and (best is None or slutter - begynner > best[1] - best[0]):
            best = begynner, slutter
        begynner = max(begynner, p.til)
    return best


# --- what is weighed -------------------------------------------------------------------------------------


def verdi(fase: int, grad: int, *, minimum: bool) -> int:
    """What it is worth to fill a place so well."""
    trinn = next(t for grense, t in TRINN if grad >= grense)
    return (MINST_VERDI if minimum else OENSKET_VERDI) * (5 + fase) * trinn


def sjeldenhet(tilbud: Iterable[Tilbudsrad]) -> dict[tuple[str, str, int], int]:
    """{(kind, profession, competence): points for having it where nobody asks}: the more, the fewer of those who are
    offered have it."""
    alle: Counter[tuple[str, str]] = Counter()
    har: Counter[tuple[str, str, int]] = Counter()
    for t in tilbud:
        alle[t.slag, t.hva] += 1
        har.update((t.slag, t.hva, bit) for bit in _biter(t.kompetanse))
    return {n: SJELDEN * (alle[n[:2]] - antall) // alle[n[:2]] for n, antall in har.items()}


def _biter(sum_: int) -> Iterator[int]:
    while sum_:
        yield sum_ & -sum_
        sum_ &= sum_ - 1


def sloesing(b: Behovsrad, t: Tilbudsrad, pris: Mapping[tuple[str, str, int], int]) -> int:
    """Points for rare competence, and for beds or square metres, that the need has no use for."""
    poeng = sum(pris[t.slag, t.hva, bit] for bit in _biter(t.kompetanse & ~b.kompetanse))
    if b.stoerrelse and t.slag == Slag.LOKALE:
        har = t.plasser if b.maal == "plasser" else t.kvm
        poeng += max(0, (har or 0) - b.stoerrelse) * 100 // b.stoerrelse
    return min(SLOESING, poeng)


def poeng(b: Behovsrad, t: Tilbudsrad, v: Vurdering, pris: Mapping[tuple[str, str, int], int]) -> int:
    """How poorly an offer that can be used fits: kilometres, what is not covered, what is wasted."""
    return (UKJENT_KM if v.km is None else v.km) + 1000 - v.dekning + sloesing(b, t, pris)


# --- all at once -----------------------------------------------------------------------------------------


def rader(tilbud: Sequence[Tilbudsrad]) -> list[list[int]]:
    """The offers in rows, by their places in the list: those of one person, or one room, whose times overlap are one
    row, for one of them at most can be used."""
    egne: dict[UUID, list[int]] = defaultdict(list)
    for nr, t in enumerate(tilbud):
        egne[t.ressurs].append(nr)
    ut: list[list[int]] = []
    for liste in egne.values():
        slutt: datetime | None = None
        for nr in sorted(liste, key=lambda n: (tilbud[n].fra, tilbud[n].til, tilbud[n].id)):
            if slutt is not None and tilbud[nr].fra < slutt:
                ut[-1].append(nr)
                slutt = max(slutt, tilbud[nr].til)
            else:
                ut.append([nr])
                slutt = tilbud[nr].til
    return ut
