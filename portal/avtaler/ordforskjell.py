"""What is different between two texts, word by word, and between two lists, row by row. Pure rules.

Myers' algorithm over words, with a budget of steps instead of a clock: the same two texts always give the same marks.
Where texts are too different for it, what they share once each (lines, then words) divides them, and what cannot be
compared within the budget is marked whole.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple


class Op(StrEnum):
    """What became of a part: it stands in both, in the first alone, in the second alone."""

    LIKE = "like"
    UT = "ut"
    INN = "inn"
    #: A row (never a part of a text) that stands in both, with other words in it.
    ENDRET = "endret"


class Del(NamedTuple):
    """A part of two texts. All that is `like` or `ut` is the first text, all that is `like` or `inn` the second."""

    op: Op
    tekst: str


class Rad(NamedTuple):
    """A row of two lists: before and after (None: it is not there)."""

    op: Op
    foer: Any
    etter: Any


#: A number with its decimals, a word with any accents that stand as signs of their own, a line break, or one sign; and
#: the space before it, which is compared when all else is. Every sign belongs to exactly one.
_TEGN = re.compile(r"([^\S\r\n]*)(\d+(?:[.,]\d+)*|(?:[^\W\d_][\u0300-\u036f]*)+|\r?\n|.|\Z)", re.DOTALL)
#: Steps that two texts may cost, and the differences that are looked for at once before they are divided.
_BUDSJETT = 400_000
_FLEST_ULIKE = 400
#: Words of rows that are held against each other, to see which old row a new one was. 40 rows with 20 words each, all
#: of them new, are 32,000.
_FLEST_RADORD = 200_000
#: Signs of texts that differ, of all those that are compared at once.
_FLEST_TEGN = 150_000
#: How often what lies between is divided again.
_DYPEST = 6
#: Pairs of texts that are kept compared: a page that is loaded again, or by the other party.
_HUSKES = 64

#: (place in the first, place in the second, how many are alike from there on).
_Blokk = tuple[int, int, int]


def forskjell(a: str, b: str) -> list[Del]:
    """The parts of two texts in the order of reading; for each change, what went out before what came in."""
    return list(_forskjell(a, b))


def forskjeller(par: Iterable[tuple[str, str]]) -> list[list[Del]]:
    """The same for many pairs of texts. Past `_FLEST_TEGN` signs of them, the rest is marked whole."""
    ut: list[list[Del]] = []
    tegn = 0
    for a, b in par:
        tegn += len(a) + len(b) if a != b else 0
        ut.append(_hele(a, b) if a == b or (tegn > _FLEST_TEGN and ut) else forskjell(a, b))
    return ut


def _hele(a: str, b: str) -> list[Del]:
    if a == b:
        return [Del(Op.LIKE, a)] if a else []
    return [Del(op, tekst) for op, tekst in ((Op.UT, a), (Op.INN, b)) if tekst]


@lru_cache(maxsize=_HUSKES)
def _forskjell(a: str, b: str) -> tuple[Del, ...]:
    ord_a, ord_b = _TEGN.findall(a), _TEGN.findall(b)
    endringer: list[tuple[str, str, str]] = [("", "", "")]
    i = j = 0
    # The end of a text is a word without signs, which both have: all is passed on the way to it.
    for x, y, n in _felles_ord(ord_a, ord_b):
        for k in range(n):
            # Between two words that are alike lies what went out and what came in, with the space before the second.
            ut = "".join(rom + o for rom, o in ord_a[i : x + k]) + ord_a[x + k][0]
            inn = "".join(rom + o for rom, o in ord_b[j : y + k]) + ord_b[y + k][0]
            foran, ut, inn, bak = _uten_felles_rom(ut, inn)
            endringer[-1] = (*endringer[-1][:2], endringer[-1][2] + foran)
            endringer.append((ut, inn, bak + ord_a[x + k][1]))
            i, j = x + k + 1, y + k + 1
    return tuple(_som_deler(_lesbar(endringer)))


def _felles_ord(a: list[tuple[str, str]], b: list[tuple[str, str]]) -> list[_Blokk]:
    """The words that both texts have: first those with the same space before them from either end, so that what was
    only put in is never seen as an exchange; then, between those, whatever the space."""
    kortest = min(len(a), len(b))
    hode = 0
    while hode < kortest and a[hode] == b[hode]:
        hode += 1
    hale = 0
    while hale < kortest - hode and a[-1 - hale] == b[-1 - hale]:
        hale += 1
    midt_a, midt_b = a[hode : len(a) - hale], b[hode : len(b) - hale]
    midt = _Sammenligner([o for _rom, o in midt_a], [o for _rom, o in midt_b]).felles()
    return [
        (0, 0, hode),
        *((x + hode, y + hode, n) for x, y, n in midt),
        (len(a) - hale, len(b) - hale, hale),
    ]


def _uten_felles_rom(ut: str, inn: str) -> tuple[str, str, str, str]:
    """(the space that both begin with, what went out, what came in, the space that both end with)."""
    foran = 0
    while foran < min(len(ut), len(inn)) and ut[foran] == inn[foran] and ut[foran].isspace():
        foran += 1
    felles, ut, inn = ut[:foran], ut[foran:], inn[foran:]
    bak = 0
    while bak < min(len(ut), len(inn)) and ut[-1 - bak] == inn[-1 - bak] and ut[-1 - bak].isspace():
        bak += 1
    return felles, ut[: len(ut) - bak], inn[: len(inn) - bak], ut[len(ut) - bak :]


def _som_deler(endringer: Iterable[tuple[str, str, str]]) -> Iterable[Del]:
    """(what went out, what came in, what is alike after it) as parts, without empty ones."""
    for ut, inn, likt in endringer:
        for op, tekst in ((Op.UT, ut), (Op.INN, inn), (Op.LIKE, likt)):
            if tekst:
                yield Del(op, tekst)


def _lesbar(endringer: Iterable[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """The changes with what little is alike between two of them taken into both: whole phrases, not confetti.

    What is alike stays when it breaks the line, or says more than what was exchanged on one side of it.
    """
    ferdig: list[tuple[str, str, str]] = []
    for ut, inn, likt in endringer:
        if not ut and not inn:
            if ferdig:
                ferdig[-1] = (*ferdig[-1][:2], ferdig[-1][2] + likt)
            elif likt:
                ferdig.append(("", "", likt))
            continue
        while ferdig and _er_konfetti(ferdig[-1], ut, inn):
            foer_ut, foer_inn, oey = ferdig.pop()
            ut, inn = foer_ut + oey + ut, foer_inn + oey + inn
        ferdig.append((ut, inn, likt))
    return ferdig


def _er_konfetti(forrige: tuple[str, str, str], ut: str, inn: str) -> bool:
    """Whether what is alike between the last change and this one says so little that they are one."""
    foer_ut, foer_inn, oey = forrige
    if "\n" in oey or not (foer_ut or foer_inn):
        return False
    # Where words only came in, or only went out, none that stayed is marked.
    if not (foer_ut or ut) or not (foer_inn or inn):
        return False
    return len(oey) <= min(map(len, (foer_ut, foer_inn, ut, inn))) or not any(tegn.isalnum() for tegn in oey)


class _Sammenligner:
    """What two sequences share, found within a budget of steps."""

    def __init__(self, a: Sequence[Hashable], b: Sequence[Hashable]) -> None:
        numre: dict[Hashable, int] = {}
        self.a = [numre.setdefault(x, len(numre)) for x in a]
        self.b = [numre.setdefault(x, len(numre)) for x in b]
        self.linjeslutt = {n for x, n in numre.items() if isinstance(x, str) and x.endswith("\n")}
        self.igjen = _BUDSJETT

    def felles(self) -> list[_Blokk]:
        """The blocks that are alike, in order, none of them overlapping."""
        return [b for b in self._felles(0, len(self.a), 0, len(self.b), 0) if b[2]]

    def _felles(self, i: int, x: int, j: int, y: int, dybde: int) -> list[_Blokk]:
        """Of a[i:x] and b[j:y]."""
        a, b = self.a, self.b
        hode = 0
        while i + hode < x and j + hode < y and a[i + hode] == b[j + hode]:
            hode += 1
        foran = (i, j, hode)
        i, j = i + hode, j + hode
        hale = 0
        while i < x - hale and j < y - hale and a[x - hale - 1] == b[y - hale - 1]:
            hale += 1
        bak = (x - hale, y - hale, hale)
        x, y = x - hale, y - hale
        if i == x or j == y:
            return [foran, bak]
        midt = self._myers(i, x, j, y)
        if midt is None:
            midt = self._delt(i, x, j, y, dybde + 1)
        return [foran, *midt, bak]

    def _delt(self, i: int, x: int, j: int, y: int, dybde: int) -> list[_Blokk]:
        """The same, divided where both have a line, or at least a word, that neither has twice."""
        self.igjen -= x - i + y - j
        if dybde > _DYPEST or self.igjen < 0:
            return []
        ankre = self._linjeankre(i, x, j, y) or self._ordankre(i, x, j, y)
        if not ankre:
            return []
        ut: list[_Blokk] = []
        for p, q, n in ankre:
            ut += [*self._felles(i, p, j, q, dybde), (p, q, n)]
            i, j = p + n, q + n
        return [*ut, *self._felles(i, x, j, y, dybde)]

    def _linjer(self, tall: list[int], fra: int, til: int) -> list[tuple[tuple[int, ...], int]]:
        """The lines of a part, each with its place."""
        ut = []
        start = fra
        for n in range(fra, til):
            if tall[n] in self.linjeslutt or n == til - 1:
                ut.append((tuple(tall[start : n + 1]), start))
                start = n + 1
        return ut

    def _linjeankre(self, i: int, x: int, j: int, y: int) -> list[_Blokk]:
        return _stigende(self._linjer(self.a, i, x), self._linjer(self.b, j, y))

    def _ordankre(self, i: int, x: int, j: int, y: int) -> list[_Blokk]:
        return _stigende(
            [((self.a[n],), n) for n in range(i, x)],
            [((self.b[n],), n) for n in range(j, y)],
        )

    def _myers(self, i: int, x: int, j: int, y: int) -> list[_Blokk] | None:
        """The longest that a[i:x] and b[j:y] share; None: they differ too much for what is left of the budget.

        E. Myers, An O(ND) Difference Algorithm and Its Variations (1986): `naadd[k]` is how far into a one comes on
        the diagonal k with `d` differences.
        """
        a, b = self.a[i:x], self.b[j:y]
        n, m = len(a), len(b)
        if abs(n - m) > _FLEST_ULIKE:
            return None
        naadd = {1: 0}
        spor: list[dict[int, int]] = []
        for d in range(min(n + m, _FLEST_ULIKE) + 1):
            if self.igjen < 0:
                return None
            steg = d + 1
            for k in range(-d, d + 1, 2):
                if k == -d or (k != d and naadd[k - 1] < naadd[k + 1]):
                    start = p = naadd[k + 1]
                else:
                    start = p = naadd[k - 1] + 1
                q = p - k
                while p < n and q < m and a[p] == b[q]:
                    p += 1
                    q += 1
                naadd[k] = p
                steg += p - start
                if p >= n and q >= m:
                    break
            else:
                self.igjen -= steg
                spor.append(naadd.copy())
                continue
            self.igjen -= steg
            return _veien(spor, d, n, m, i, j)
        return None


def _veien(spor: list[dict[int, int]], d: int, n: int, m: int, i: int, j: int) -> list[_Blokk]:
    """The way back from the end to the beginning, as blocks that are alike."""
    ut: list[_Blokk] = []
    p, q = n, m
    for steg in range(d, 0, -1):
        naadd, k = spor[steg - 1], p - q
        ned = k == -steg or (k != steg and naadd[k - 1] < naadd[k + 1])
        forrige_k = k + 1 if ned else k - 1
        forrige_p = naadd[forrige_k]
        start = forrige_p if ned else forrige_p + 1
        ut.append((i + start, j + start - k, p - start))
        p, q = forrige_p, forrige_p - forrige_k
    ut.append((i, j, p))
    return ut[::-1]


def _stigende(a: list[tuple[tuple[int, ...], int]], b: list[tuple[tuple[int, ...], int]]) -> list[_Blokk]:
    """What stands once in each, as many as come in the same order in both (the longest rising row of places)."""
    ganger_a, ganger_b = Counter(v for v, _n in a), Counter(v for v, _n in b)
    sted_b = {v: n for v, n in b if ganger_b[v] == 1}
    par = [(n, sted_b[v], len(v)) for v, n in a if ganger_a[v] == 1 and v in sted_b]
    slutter: list[int] = []
    siste: list[int] = []
    foran: list[int] = []
    for nr, (_p, q, _n) in enumerate(par):
        plass = bisect_left(slutter, q)
        foran.append(siste[plass - 1] if plass else -1)
        slutter[plass : plass + 1] = [q]
        siste[plass : plass + 1] = [nr]
    ut: list[_Blokk] = []
    nr = siste[-1] if siste else -1
    while nr >= 0:
        ut.append(par[nr])
        nr = foran[nr]
    return ut[::-1]


# --- rows ------------------------------------------------------------------------------------------------


def radforskjell(foer: Sequence[Any], etter: Sequence[Any]) -> list[Rad]:
    """The rows of two lists (of mappings, or of codes) in order: alike, changed, out, in.

    A row is changed rather than out and in when it says the same in its first field, or keeps most of its words.
    """
    ut: list[Rad] = []
    i = j = 0
    igjen = [_FLEST_RADORD]
    felles = _Sammenligner([_fast(r) for r in foer], [_fast(r) for r in etter]).felles()
    for x, y, n in [*felles, (len(foer), len(etter), 0)]:
        ut += _parret(foer[i:x], etter[j:y], igjen)
        ut += [Rad(Op.LIKE, foer[x + k], etter[y + k]) for k in range(n)]
        i, j = x + n, y + n
    return ut


def radforskjeller(par: Iterable[tuple[Sequence[Any], Sequence[Any]]]) -> list[list[Rad]]:
    """The same for many pairs of lists."""
    return [radforskjell(foer, etter) for foer, etter in par]


def _parret(ut_rader: Sequence[Any], inn_rader: Sequence[Any], igjen: list[int]) -> list[Rad]:
    """Rows between two that are alike: each new one with the old one that it came from, in order. See `_Radord.er`."""
    if not ut_rader or not inn_rader:
        return [*(Rad(Op.INN, None, r) for r in inn_rader), *(Rad(Op.UT, r, None) for r in ut_rader)]
    ut: list[Rad] = []
    gamle = [_Radord(r) for r in ut_rader]
    fra = 0
    for rad in map(_Radord, inn_rader):
        sted = next((n for n in range(fra, len(gamle)) if gamle[n].er(rad, igjen)), None)
        if sted is None:
            ut.append(Rad(Op.INN, None, rad.rad))
            continue
        ut += [Rad(Op.UT, gammel.rad, None) for gammel in gamle[fra:sted]]
        ut.append(Rad(Op.ENDRET, gamle[sted].rad, rad.rad))
        fra = sted + 1
    return [*ut, *(Rad(Op.UT, gammel.rad, None) for gammel in gamle[fra:])]


def _fast(verdi: Any) -> Hashable:
    """A row as something that can be compared; what is not said is as if it were empty."""
    if isinstance(verdi, Mapping):
        return tuple(sorted((str(k), _fast(v)) for k, v in verdi.items() if v))
    if isinstance(verdi, (list, tuple)):
        return tuple(_fast(v) for v in verdi)
    return str(verdi or "")


class _Radord:
    """A row and its words, counted once, when first they are asked for."""

    def __init__(self, rad: Any) -> None:
        self.rad = rad
        self._ord: Counter[str] | None = None
        self._antall = 0

    def ordene(self) -> tuple[Counter[str], int]:
        if self._ord is None:
            self._ord = _ordene(self.rad)
            self._antall = self._ord.total()
        return self._ord, self._antall

    def er(self, ny: _Radord, igjen: list[int]) -> bool:
        """Whether the new row is this one with other words in it. `igjen[0]`: words that may still be looked at; when
        there are none, rows are the same by their first field alone."""
        a, b = self.rad, ny.rad
        if not isinstance(a, Mapping) or not isinstance(b, Mapping):
            return False
        foerste = next(iter(a), None)
        if foerste is not None and a[foerste] and a[foerste] == b.get(foerste):
            return True
        if igjen[0] <= 0:
            return False
        (ord_a, antall_a), (ord_b, antall_b) = self.ordene(), ny.ordene()
        trengs = (max(antall_a, antall_b) + 1) // 2
        if not 0 < trengs <= min(antall_a, antall_b):
            return False
        faerrest, flest = sorted((ord_a, ord_b), key=len)
        igjen[0] -= len(faerrest)
        return sum(min(n, flest[o]) for o, n in faerrest.items() if o in flest) >= trengs


def _ordene(rad: Mapping[str, Any]) -> Counter[str]:
    return Counter(
        o.casefold()
        for v in rad.values()
        if isinstance(v, str)
        for _rom, o in _TEGN.findall(v)
        if o.isalnum()
    )


# --- clauses ---------------------------------------------------------------------------------------------


def ulike_felt(
    foer: Mapping[str, Any] | None, etter: Mapping[str, Any] | None, felter: Iterable[str]
) -> list[str]:
    """The fields in which two clauses differ, in the order given. None is a clause without anything in it."""
    return [f for f in felter if _fast((foer or {}).get(f)) != _fast((etter or {}).get(f))]


def flyttet(foer: Sequence[Hashable], etter: Sequence[Hashable]) -> set[Hashable]:
    """What stands in both and has moved: as few as explain the new order. Each stands once in either."""
    numre: dict[Hashable, tuple[int, ...]] = {x: (n,) for n, x in enumerate({*foer, *etter})}
    a, b = ([(numre[x], n) for n, x in enumerate(liste)] for liste in (foer, etter))
    i_ro = {foer[p] for p, _q, _n in _stigende(a, b)}
    return (set(foer) & set(etter)) - i_ro


def utdrag(deler: Sequence[Del]) -> list[tuple[Del, bool]]:
    """The parts of a long text with what lies far from any change set apart, to be folded: (part, folded).

    Whole lines are folded, and only where that saves the reader some; the lines next to a change stay.
    """
    if len(deler) < 2:
        return [(d, False) for d in deler]
    ut: list[tuple[Del, bool]] = []
    for nr, d in enumerate(deler):
        linjer = d.tekst.splitlines(keepends=True)
        foran = _NAER if nr else 0
        bak = _NAER if nr + 1 < len(deler) else 0
        midt = "".join(linjer[foran : len(linjer) - bak])
        if d.op != Op.LIKE or len(linjer) <= foran + bak or len(midt) < _MINST_SKJULT:
            ut.append((d, False))
            continue
        biter = ("".join(linjer[:foran]), midt, "".join(linjer[len(linjer) - bak :]) if bak else "")
        ut += [
            (Del(Op.LIKE, tekst), skjult)
            for tekst, skjult in zip(biter, (False, True, False), strict=True)
            if tekst
        ]
    return ut


#: Lines that stay beside a change (its own, and the one next to it), and the signs that are worth a fold.
_NAER = 2
_MINST_SKJULT = 500
