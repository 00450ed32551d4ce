"""The exact solution of the assignment (`tilordning`): every offer against every need, and the cheapest way to give
each row a column. Pure; numpy and scipy are loaded when it is called. Heavy: call it on a thread.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from portal.omdisponering.forloep import ALL_KOMPETANSE, Slag
from portal.omdisponering.tilordning import (
    KORTEST,
    MINST_VERDI,
    OENSKET_VERDI,
    RETTFERD,
    SLOESING,
    TRINN,
    UKJENT_KM,
    Behovsrad,
    Grunnlag,
    Kobling,
    Tilbudsrad,
    poeng,
    rader,
    sjeldenhet,
    vurder,
)

if TYPE_CHECKING:
    import numpy as np

#: The dearest that a place can be.
_DYREST = MINST_VERDI * 10 * TRINN[0][1]


class _Kanter(NamedTuple):
    """Which offers can be used for which needs, as numbers of the two lists, and how well: parallel arrays."""

    behov: np.ndarray
    tilbud: np.ndarray
    dekning: np.ndarray
    poeng: np.ndarray


def foreslaa(g: Grunnlag) -> list[Kobling]:
    """The best assignment: each offer, and each place of a need, at most once; in the order of the needs."""
    behov = sorted((b for b in g.behov if b.antall > 0), key=lambda b: b.id)
    tilbud = sorted(g.tilbud, key=lambda t: t.id)
    kanter = finn_kanter(behov, tilbud)
    if not len(kanter.behov):
        return []
    ut = [
        Kobling(behov[b].id, tilbud[t].id, minimum, vurder(behov[b], tilbud[t]))
        for b, t, minimum in _loes(behov, tilbud, kanter, g)
    ]
    plass = {b.id: nr for nr, b in enumerate(g.behov)}
    return sorted(ut, key=lambda k: (plass[k.behov], not k.minimum, k.tilbud))


# --- every offer against every need ----------------------------------------------------------------------


def finn_kanter(behov: Sequence[Behovsrad], tilbud: Sequence[Tilbudsrad]) -> _Kanter:
    """What `vurder` and `poeng` say of each pair that can be used, a whole profession at a time."""
    import numpy as np

    pris = sjeldenhet(tilbud)
    numre = {b.id: nr for nr, b in enumerate(behov)}
    egne: dict[tuple[str, str], list[int]] = defaultdict(list)
    for nr, t in enumerate(tilbud):
        egne[t.slag, t.hva].append(nr)
    grupper = {n: _Gruppe(np, liste, tilbud, numre, pris) for n, liste in egne.items()}
    deler = [
        (nr, *grupper[b.slag, b.hva].mot(nr, b, tilbud, pris))
        for nr, b in enumerate(behov)
        if (b.slag, b.hva) in grupper
    ]
    if not deler:
        return _Kanter(*(np.zeros(0, np.int64) for _ in range(4)))
    return _Kanter(
        np.concatenate([np.full(len(t), nr, np.int64) for nr, t, _d, _p in deler]),
        *(np.concatenate([del_[n] for del_ in deler]) for n in (1, 2, 3)),
    )


class _Gruppe:
    """The offers of one profession, or of one kind of premises, as arrays."""

    def __init__(
        self,
        np: Any,
        numre: list[int],
        tilbud: Sequence[Tilbudsrad],
        behov: dict[Any, int],
        pris: dict[tuple[str, str, int], int],
    ) -> None:
        egne = [tilbud[n] for n in numre]
        slag, hva = egne[0].slag, egne[0].hva

        def tall(verdier: Any) -> Any:
            return np.fromiter(verdier, np.int64, len(egne))

        self.np, self.numre = np, np.array(numre, np.int64)
        self.avgiver = np.array([t.avgiver.hex for t in egne])
        self.rettet = tall(-1 if t.rettet is None else behov.get(t.rettet, -2) for t in egne)
        self.kompetanse = tall(t.kompetanse for t in egne)
        self.hpr, self.vaksinert, self.smittevern = (
            np.array(v, bool)
            for v in zip(*((t.hpr_sett, bool(t.vaksinert), t.smittevern) for t in egne), strict=True)
        )
        self.fra = tall(int(t.fra.timestamp()) for t in egne)
        self.til = tall(int(t.til.timestamp()) for t in egne)
        self.andel = tall(min(t.andel, t.prosent) for t in egne)
        self.maal = {
            "plasser": tall(-1 if t.plasser is None else t.plasser for t in egne),
            "kvm": tall(-1 if t.kvm is None else t.kvm for t in egne),
        }
        self.kjent = np.array([t.sted is not None for t in egne])
        self.x, self.y = (np.array([(t.sted or (0.0, 0.0))[i] for t in egne]) for i in (0, 1))
        self.reise = tall(-1 if t.reise_km is None else t.reise_km for t in egne)
        #: Looked at one by one: away or taken for a part of the time.
        self.saerskilt = np.array([bool(t.borte or t.tatt or t.alt_i) for t in egne])
        biter = [1 << n for n in range(ALL_KOMPETANSE.bit_length())]
        priser = np.array([pris.get((slag, hva, bit), 0) for bit in biter], np.int64)
        self.biter = np.array(biter, np.int64)
        #: [offer, competence]: what having it costs where it is not asked for.
        self.pris = ((self.kompetanse[:, None] & self.biter) != 0) * priser

    def mot(
        self, nr: int, b: Behovsrad, tilbud: Sequence[Tilbudsrad], pris: dict[tuple[str, str, int], int]
    ) -> tuple[Any, Any, Any]:
        """Those that can be used for a need: their numbers, how much they cover, their points."""
        np = self.np
        fra = np.maximum(self.fra, int(b.fra.timestamp()))
        til = np.minimum(self.til, int(b.til.timestamp()))
        kjent = self.kjent & (b.sted is not None)
        x, y = b.sted or (0.0, 0.0)
        km = np.rint(np.sqrt((self.x - x) ** 2 + (self.y - y) ** 2)).astype(np.int64)
        km = np.where(kjent, km, UKJENT_KM)
        hele_tiden = max(1, int(b.til.timestamp()) - int(b.fra.timestamp()))
        kan = (
            (til - fra >= min(KORTEST, hele_tiden))
            & ((b.kompetanse & ~self.kompetanse) == 0)
            & (self.avgiver != b.organisasjon.hex)
            & ((self.rettet == -1) | (self.rettet == nr))
            & ((self.reise < 0) | (kjent & (km <= self.reise)))
        )
        if b.slag == Slag.PERSONELL:
            kan &= self.hpr | (not b.autorisasjon)
            kan &= self.vaksinert | (not b.vaksine)
            kan &= self.smittevern | (not b.smittevern)
        har, hele = self._deler(b)
        grad = (til - fra) * har * 1000 // (hele_tiden * hele)
        sum_ = km + 1000 - grad + self._sloesing(b)
        valgt = np.flatnonzero(kan)
        grad, sum_ = grad[valgt], sum_[valgt]
        fri = np.ones(len(valgt), bool)
        for sted in np.flatnonzero(self.saerskilt[valgt]):
            t = tilbud[self.numre[valgt[sted]]]
            v = vurder(b, t)
            fri[sted] = not v.feil
            grad[sted], sum_[sted] = v.dekning, poeng(b, t, v, pris)
        return self.numre[valgt[fri]], grad[fri], sum_[fri]

    def _deler(self, b: Behovsrad) -> tuple[Any, Any]:
        np = self.np
        if b.slag == Slag.PERSONELL:
            return np.minimum(self.andel, b.andel), b.andel
        if not b.stoerrelse:
            return 1, 1
        har = self.maal[b.maal]
        ukjent = har < 0
        return (
            np.where(ukjent, 1, np.minimum(har, b.stoerrelse)),
            np.where(ukjent, 2, b.stoerrelse),
        )

    def _sloesing(self, b: Behovsrad) -> Any:
        np = self.np
        sum_ = self.pris @ ((self.biter & b.kompetanse) == 0)
        if b.stoerrelse and b.slag == Slag.LOKALE:
            sum_ = sum_ + np.maximum(0, self.maal[b.maal] - b.stoerrelse) * 100 // b.stoerrelse
        return np.minimum(SLOESING, sum_)


# --- the cheapest way to give every row a column ---------------------------------------------------------


def _verdier(np: Any, behov: Sequence[Behovsrad], kanter: _Kanter) -> Any:
    """What filling a place of each pair's need is worth, in units of MINST_VERDI or OENSKET_VERDI."""
    fase = np.array([b.fase for b in behov], np.int64)[kanter.behov]
    trinn = np.select([kanter.dekning >= grense for grense, _t in TRINN], [t for _g, t in TRINN])
    return (5 + fase) * trinn


def _loes(
    behov: Sequence[Behovsrad], tilbud: Sequence[Tilbudsrad], kanter: _Kanter, g: Grunnlag
) -> list[tuple[int, int, bool]]:
    """(need, offer, whether it fills the minimum) of the best assignment."""
    import numpy as np

    enheter = _verdier(np, behov, kanter)
    rad_av = np.zeros(len(tilbud), np.int64)
    for nr, medlemmer in enumerate(rader(tilbud)):
        rad_av[medlemmer] = nr
    rad = rad_av[kanter.tilbud]
    # Of several offers of one person for the same need the best, and of two as good the first.
    best = np.lexsort((kanter.tilbud, kanter.poeng - enheter * OENSKET_VERDI, rad, kanter.behov))
    foerst = np.ones(len(best), bool)
    foerst[1:] = (np.diff(kanter.behov[best]) != 0) | (np.diff(rad[best]) != 0)
    valgt = np.sort(best[foerst])
    rad = np.unique(rad[valgt], return_inverse=True)[1]
    kanter, enheter = _Kanter(*(a[valgt] for a in kanter)), enheter[valgt]

    plasser, hvem, minimum = _plasser(np, behov, kanter)
    kol_rad = [rad[plasser]]
    kol = [hvem]
    kost = [kanter.poeng[plasser] - enheter[plasser] * np.where(minimum[hvem], MINST_VERDI, OENSKET_VERDI)]
    hjemme = _hjemme(np, [tilbud[t] for t in _en_av_hver(np, rad, kanter.tilbud)], g)
    kol_rad.append(hjemme[0])
    kol.append(hjemme[1] + len(minimum))
    kost.append(hjemme[2])
    funnet = _billigst(np, np.concatenate(kol_rad), np.concatenate(kol), np.concatenate(kost))

    par = {
        (r, b): (b, t)
        for r, b, t in zip(rad.tolist(), kanter.behov.tolist(), kanter.tilbud.tolist(), strict=True)
    }
    eier = np.zeros(len(minimum), np.int64)
    eier[hvem] = kanter.behov[plasser]
    return [
        (*par[r, int(eier[k])], bool(minimum[k])) for r, k in enumerate(funnet.tolist()) if k < len(minimum)
    ]


def _plasser(np: Any, behov: Sequence[Behovsrad], kanter: _Kanter) -> tuple[Any, Any, Any]:
    """The places that the needs want filled, no more of one need than can be: for each pair and each place of its need
    the pair's number and the place's; and of each place whether it is of the minimum."""
    antall = np.bincount(kanter.behov, minlength=len(behov))
    antall = np.minimum(antall, [b.antall for b in behov])
    foerste = np.concatenate([[0], np.cumsum(antall)[:-1]])
    minst = np.array([b.minst for b in behov], np.int64)
    minimum = np.arange(antall.sum()) - np.repeat(foerste, antall) < np.repeat(minst, antall)
    ganger = antall[kanter.behov]
    plasser = np.repeat(np.arange(len(kanter.behov)), ganger)
    innenfor = np.arange(len(plasser)) - np.repeat(np.cumsum(ganger) - ganger, ganger)
    return plasser, foerste[kanter.behov[plasser]] + innenfor, minimum


def _en_av_hver(np: Any, rad: Any, tilbud: Any) -> list[int]:
    """An offer of each row, in the rows' order: all of one row are of one person or room."""
    return [int(t) for t in tilbud[np.unique(rad, return_index=True)[1]]]


def _hjemme(np: Any, radene: Sequence[Tilbudsrad], g: Grunnlag) -> tuple[Any, Any, Any]:
    """The places of those who stay at home: (row, place, cost), of each row with each place that it may take.

    Of a group as many as its floor keeps have places that pay more than any need does: they are always taken. The other
    places of the lender pay what lending one more would cost, so that n lent cost the sum of n ever dearer ones.
    """
    flest = max(g.laant.values(), default=0) + len(radene)
    maa = 2 * _DYREST + RETTFERD * flest
    hos: dict[Any, list[int]] = defaultdict(list)
    grupper: dict[Any, list[int]] = defaultdict(list)
    for nr, t in enumerate(radene):
        hos[t.avgiver].append(nr)
        if t.gruppe in g.ledige:
            grupper[t.gruppe].append(nr)
    blir: Counter[Any] = Counter()
    deler: list[tuple[list[int], Any]] = []
    for gruppe, medlemmer in grupper.items():
        antall = max(0, len(medlemmer) - g.ledige[gruppe])
        blir[radene[medlemmer[0]].avgiver] += antall
        deler.append((medlemmer, np.full(antall, -maa, np.int64)))
    for avgiver, medlemmer in hos.items():
        kan = len(medlemmer) - blir[avgiver]
        deler.append((medlemmer, -RETTFERD * (g.laant.get(avgiver, 0) + np.arange(kan))))
    neste, ut = 0, []
    for medlemmer, priser in deler:
        n = len(priser)
        ut.append(
            (
                np.repeat(medlemmer, n),
                np.tile(neste + np.arange(n), len(medlemmer)),
                np.tile(priser, len(medlemmer)),
            )
        )
        neste += n
    return tuple(np.concatenate([d[i] for d in ut]).astype(np.int64) for i in range(3))


def _billigst(np: Any, rad: Any, kol: Any, kost: Any) -> Any:
    """The column of each row in the cheapest way to give every row its own, part by part of what hangs together."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components, min_weight_full_bipartite_matching

    n, m = int(rad.max()) + 1, int(kol.max()) + 1
    graf = csr_array((np.ones(len(rad)), (rad, kol + n)), shape=(n + m, n + m))
    antall, del_av = connected_components(graf, directed=False)
    # No weight may be 0, and the same added to all of them changes nothing: each row has exactly one.
    vekt = (kost - kost.min() + 1).astype(float)
    ut = np.zeros(n, np.int64)
    orden = np.argsort(del_av[rad], kind="stable")
    skiller = np.searchsorted(del_av[rad][orden], np.arange(antall + 1))
    for fra, til in pairwise(skiller):
        utvalg = orden[fra:til]
        rader_, r = np.unique(rad[utvalg], return_inverse=True)
        kolonner, k = np.unique(kol[utvalg], return_inverse=True)
        if len(rader_):
            matrise = csr_array((vekt[utvalg], (r, k)), shape=(len(rader_), len(kolonner)))
            ut[rader_] = kolonner[min_weight_full_bipartite_matching(matrise)[1]]
    return ut
