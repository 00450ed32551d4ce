"""The assignment of offers to needs: what must hold, what is weighed, and that what is found is the best there is.

Brute force tries every way to place a few offers, floors and fairness included; the solution must be worth as much.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.omdisponering.loesning import finn_kanter, foreslaa
from portal.omdisponering.regler import Periode
from portal.omdisponering.tilordning import (
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
    verdi,
    vurder,
)

T0 = datetime(2026, 11, 23, 7, tzinfo=UTC)
DAG = timedelta(days=1)


def _id(nr: int) -> UUID:
    return UUID(int=nr)


def _behov(nr: int = 1, **felt: Any) -> Behovsrad:
    """A need for one nurse for a week, in the kommune 1000."""
    return Behovsrad(
        **{
            "id": _id(nr),
            "organisasjon": _id(1000),
            "slag": "personell",
            "hva": "sykepleier",
            "antall": 1,
            "minst": 1,
            "fra": T0,
            "til": T0 + 7 * DAG,
            "fase": 3,
            "sted": (0.0, 0.0),
            **felt,
        }
    )


def _tilbud(nr: int = 1, **felt: Any) -> Tilbudsrad:
    """A nurse of the lender 2000, in just that week and that place."""
    return Tilbudsrad(
        **{
            "id": _id(100 + nr),
            "ressurs": _id(500 + nr),
            "avgiver": _id(2000),
            "slag": "personell",
            "hva": "sykepleier",
            "fra": T0,
            "til": T0 + 7 * DAG,
            "sted": (0.0, 0.0),
            **felt,
        }
    )


def _par(koblinger: list[Kobling]) -> dict[int, int]:
    """{offer: need}, by the numbers they were made with."""
    return {k.tilbud.int - 100: k.behov.int for k in koblinger}


# --- brute force -----------------------------------------------------------------------------------------


def _verdt(g: Grunnlag, valg: dict[UUID, UUID]) -> int | None:
    """What an assignment {offer: need} is worth. None: it breaks something."""
    behov = {b.id: b for b in g.behov}
    tilbud = {t.id: t for t in g.tilbud}
    pris = sjeldenhet(g.tilbud)
    like = [{g.tilbud[nr].id for nr in rad} for rad in rader(g.tilbud)]
    brukt: list[Tilbudsrad] = []
    fylt: dict[UUID, list[int]] = defaultdict(list)
    sum_ = 0
    for t_id, b_id in valg.items():
        t, b = tilbud[t_id], behov[b_id]
        v = vurder(b, t)
        if v.feil or any(t_id in rad and a.id in rad for rad in like for a in brukt):
            return None
        brukt.append(t)
        fylt[b_id].append(v.dekning)
        sum_ -= poeng(b, t, v, pris)
    for b_id, grader in fylt.items():
        if len(grader) > behov[b_id].antall:
            return None
        # The best are counted towards the minimum.
        for nr, grad in enumerate(sorted(grader, reverse=True)):
            sum_ += verdi(behov[b_id].fase, grad, minimum=nr < behov[b_id].minst)
    for gruppe, antall in Counter(t.gruppe for t in brukt).items():
        if gruppe in g.ledige and antall > g.ledige[gruppe]:
            return None
    for avgiver, antall in Counter(t.avgiver for t in brukt).items():
        sum_ -= sum(RETTFERD * (g.laant.get(avgiver, 0) + nr) for nr in range(antall))
    return sum_


def _beste(g: Grunnlag) -> int:
    """What the best of all assignments is worth: every offer at home, or at any need that it can be used for."""
    valgene = [[None, *(b.id for b in g.behov if not vurder(b, t).feil)] for t in g.tilbud]
    verdier = (
        _verdt(g, {t.id: b for t, b in zip(g.tilbud, forsoek, strict=True) if b is not None})
        for forsoek in product(*valgene)
    )
    return max(v for v in verdier if v is not None)


@st.composite
def _grunnlag(draw: Any) -> Grunnlag:
    """A few needs and offers that get in each other's way: two lenders, who also have needs, three units with floors,
    people with two offers, who are away or taken."""
    dager = st.integers(0, 6)

    def periode(lengst: int) -> tuple[datetime, datetime]:
        fra = T0 + draw(dager) * DAG
        return fra, fra + draw(st.integers(1, lengst)) * DAG

    sted = st.none() | st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda p: (p[0] / 1, p[1] / 1))
    slagene = st.sampled_from(
        [
            ("personell", "sykepleier"),
            ("personell", "sykepleier"),
            ("personell", "lege"),
            ("lokale", "isolat"),
        ]
    )
    behov, tilbud = [], []
    for nr in range(draw(st.integers(1, 4))):
        slag, hva = draw(slagene)
        antall = draw(st.integers(1, 3))
        fra, til = periode(8)
        maal = draw(st.sampled_from(["", "plasser", "kvm"])) if slag == "lokale" else ""
        behov.append(
            Behovsrad(
                id=_id(nr + 1),
                organisasjon=_id(draw(st.sampled_from([1000, 1001, 2000]))),
                slag=slag,
                hva=hva,
                antall=antall,
                minst=draw(st.integers(0, antall)),
                fra=fra,
                til=til,
                fase=draw(st.integers(1, 5)),
                kompetanse=draw(st.integers(0, 3)),
                autorisasjon=draw(st.booleans()),
                vaksine=draw(st.booleans()),
                smittevern=draw(st.booleans()),
                andel=draw(st.sampled_from([100, 50])),
                maal=maal,
                stoerrelse=draw(st.integers(1, 20)) if maal else 0,
                sted=draw(sted),
            )
        )
    for nr in range(draw(st.integers(1, 5))):
        slag, hva = draw(slagene)
        fra, til = periode(10)
        avgiver = draw(st.sampled_from([2000, 2001]))
        ressurs = draw(st.sampled_from([nr, nr, max(0, nr - 1)]))
        if ressurs != nr:
            # The same person once more: only the time and the share differ.
            forrige = tilbud[ressurs]
            tilbud.append(
                replace(forrige, id=_id(101 + nr), fra=fra, til=til, andel=draw(st.sampled_from([100, 40])))
            )
            continue
        gruppe = draw(st.sampled_from([None, (_id(avgiver + 10), hva), (_id(avgiver + 20), hva)]))
        person = slag == "personell"
        opptatt = st.lists(
            st.builds(
                lambda d, n, andel: Periode(T0 + d * DAG, T0 + (d + n) * DAG, andel),
                dager,
                st.integers(1, 4),
                st.sampled_from([100, 50] if person else [100]),
            ),
            max_size=1,
        )
        tilbud.append(
            Tilbudsrad(
                id=_id(101 + nr),
                ressurs=_id(501 + nr),
                avgiver=_id(avgiver),
                slag=slag,
                hva=hva,
                fra=fra,
                til=til,
                kompetanse=draw(st.integers(0, 7)),
                hpr_sett=draw(st.booleans()),
                vaksinert=draw(st.sampled_from([None, False, True])),
                smittevern=draw(st.booleans()),
                andel=draw(st.sampled_from([100, 50, 20])) if person else 100,
                prosent=draw(st.sampled_from([100, 80])) if person else 100,
                plasser=None if person else draw(st.none() | st.integers(1, 30)),
                kvm=None if person else draw(st.none() | st.integers(1, 30)),
                sted=draw(sted),
                reise_km=draw(st.none() | st.integers(0, 60)) if person else None,
                rettet=draw(st.none() | st.sampled_from([b.id for b in behov])),
                gruppe=gruppe if person else None,
                alt_i=frozenset(draw(st.sets(st.sampled_from([b.id for b in behov]), max_size=1))),
                borte=tuple(draw(opptatt)),
                tatt=tuple(draw(opptatt)),
            )
        )
    grupper = sorted({t.gruppe for t in tilbud if t.gruppe})
    ledige = {g: draw(st.integers(0, 2)) for g in grupper if draw(st.booleans())}
    laant = {_id(a): draw(st.integers(0, 3)) for a in (2000, 2001)}
    return Grunnlag(behov, tilbud, ledige, laant)


@settings(max_examples=300, deadline=None)
@given(_grunnlag())
def test_ingen_tilordning_er_bedre_enn_den_som_foreslaas(g: Grunnlag) -> None:
    valg = {k.tilbud: k.behov for k in foreslaa(g)}
    assert _verdt(g, valg) == _beste(g)


@settings(max_examples=150, deadline=None)
@given(_grunnlag())
def test_alle_mot_alle_sier_det_samme_som_en_mot_en(g: Grunnlag) -> None:
    """Every pair by the arrays, against the rule that people can read."""
    pris = sjeldenhet(g.tilbud)
    ventet = {
        (nb, nt): (v.dekning, poeng(b, t, v, pris))
        for nb, b in enumerate(g.behov)
        for nt, t in enumerate(g.tilbud)
        if not (v := vurder(b, t)).feil
    }
    k = finn_kanter(g.behov, g.tilbud)
    assert {
        (int(b), int(t)): (int(d), int(p))
        for b, t, d, p in zip(k.behov, k.tilbud, k.dekning, k.poeng, strict=True)
    } == ventet


@settings(max_examples=60, deadline=None)
@given(_grunnlag(), st.randoms(use_true_random=False))
def test_rekkefoelgen_betyr_ingenting(g: Grunnlag, tilfeldig: random.Random) -> None:
    behov, tilbud = list(g.behov), list(g.tilbud)
    tilfeldig.shuffle(behov)
    tilfeldig.shuffle(tilbud)
    stokket = replace(g, behov=behov, tilbud=tilbud)
    assert {(k.tilbud, k.behov, k.minimum) for k in foreslaa(stokket)} == {
        (k.tilbud, k.behov, k.minimum) for k in foreslaa(g)
    }


# --- what is weighed, one thing at a time ----------------------------------------------------------------


def test_minimum_foerst_saa_fase_saa_oensker() -> None:
    """One nurse: to the phase 1 need that has none, not to the third place of the one in phase 5; and of two with none
    to the one in the higher phase."""
    oensket = _behov(1, fase=5, minst=0)
    lav = _behov(2, fase=1)
    hoey = _behov(3, fase=4)
    en = [_tilbud()]
    assert _par(foreslaa(Grunnlag([oensket, lav], en))) == {1: 2}
    assert _par(foreslaa(Grunnlag([oensket, lav, hoey], en))) == {1: 3}
    assert _par(foreslaa(Grunnlag([oensket, lav, hoey], [_tilbud(n) for n in (1, 2, 3)]))).keys() == {1, 2, 3}


def test_verdiene_kan_ikke_spise_hverandre() -> None:
    """The poorest cover of a minimum before the best of a wish; the poorest wish before all that is weighed beside."""
    daarligst, best = TRINN[-1][1], TRINN[0][1]
    assert MINST_VERDI * 6 * daarligst > OENSKET_VERDI * 10 * best
    assert OENSKET_VERDI * 6 * daarligst > 3000 + 1000 + SLOESING + RETTFERD * 20_000
    assert verdi(1, 0, minimum=True) > verdi(5, 1000, minimum=False)


def test_den_som_dekker_hele_perioden_gaar_foran_den_som_er_naermere() -> None:
    naer = _tilbud(1, til=T0 + 3 * DAG)
    fjern = _tilbud(2, sted=(300.0, 0.0))
    assert _par(foreslaa(Grunnlag([_behov()], [naer, fjern]))) == {2: 1}
    # Nearly all of it is as good: then the way there counts.
    assert _par(foreslaa(Grunnlag([_behov()], [_tilbud(1, til=T0 + 6.5 * DAG), fjern]))) == {1: 1}


def test_sjelden_kompetanse_spares() -> None:
    """Somebody with dialysis, which nobody asks for, stays; where it is asked for, the same one goes."""
    dialyse = _tilbud(1, kompetanse=4096)
    andre = [_tilbud(n, sted=(20.0, 0.0)) for n in (2, 3, 4)]
    assert _par(foreslaa(Grunnlag([_behov()], [dialyse, *andre]))).keys() != {1}
    assert _par(foreslaa(Grunnlag([_behov(kompetanse=4096)], [dialyse, *andre]))) == {1: 1}


def test_rettferd_mellom_avgivere() -> None:
    """Two lenders with two each, one of them 40 km away: one from each. The one that has three out already is left in
    peace until it is needed."""
    naer = [_tilbud(n) for n in (1, 2)]
    fjern = [_tilbud(n, avgiver=_id(2001), sted=(40.0, 0.0)) for n in (3, 4)]
    to = _behov(antall=2, minst=2)
    valgt = _par(foreslaa(Grunnlag([to], [*naer, *fjern])))
    assert len(valgt.keys() & {1, 2}) == len(valgt.keys() & {3, 4}) == 1
    assert _par(foreslaa(Grunnlag([to], [*naer, *fjern], {}, {_id(2000): 3}))).keys() == {3, 4}
    alle = _behov(antall=4, minst=0)
    assert _par(foreslaa(Grunnlag([alle], [*naer, *fjern], {}, {_id(2000): 3}))).keys() == {1, 2, 3, 4}


def test_minstebemanningen_kan_ikke_brytes() -> None:
    gruppe = (_id(10), "sykepleier")
    tre = [_tilbud(n, gruppe=gruppe) for n in (1, 2, 3)]
    trenger = _behov(antall=3, minst=3, fase=5)
    for ledige in range(4):
        assert len(foreslaa(Grunnlag([trenger], tre, {gruppe: ledige}))) == ledige
    assert len(foreslaa(Grunnlag([trenger], tre))) == 3


def test_en_person_med_to_tilbud_brukes_en_gang_om_gangen() -> None:
    samme = [_tilbud(n, ressurs=_id(501)) for n in (1, 2)]
    to = [_behov(1), _behov(2)]
    assert len(foreslaa(Grunnlag(to, samme))) == 1
    senere = [_behov(1), _behov(2, fra=T0 + 7 * DAG, til=T0 + 14 * DAG)]
    etter = replace(samme[1], fra=T0 + 7 * DAG, til=T0 + 14 * DAG)
    assert _par(foreslaa(Grunnlag(senere, [samme[0], etter]))) == {1: 1, 2: 2}
    assert rader([samme[0], etter]) == [[0], [1]] and rader(samme) == [[0, 1]]


# --- what must hold --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("behov", "tilbud", "feil"),
    [
        ({}, {}, ()),
        ({}, {"slag": "lokale", "hva": "isolat"}, ("slag",)),
        ({"hva": "lege"}, {}, ("stilling",)),
        ({"kompetanse": 3}, {"kompetanse": 1}, ("kompetanse",)),
        ({"autorisasjon": True}, {}, ("autorisasjon",)),
        ({"autorisasjon": True}, {"hpr_sett": True}, ()),
        ({"vaksine": True}, {"vaksinert": None}, ("vaksine",)),
        ({"vaksine": True}, {"vaksinert": False}, ("vaksine",)),
        ({"smittevern": True}, {}, ("smittevern",)),
        ({"slag": "lokale", "hva": "isolat"}, {"slag": "lokale", "hva": "lager"}, ("lokaleslag",)),
        (
            {"slag": "lokale", "hva": "isolat", "kompetanse": 2},
            {"slag": "lokale", "hva": "isolat"},
            ("lokalkrav",),
        ),
        ({}, {"avgiver": _id(1000)}, ("egen",)),
        ({}, {"rettet": _id(7)}, ("rettet",)),
        ({}, {"rettet": _id(1)}, ()),
        ({}, {"alt_i": frozenset({_id(1)})}, ("alt_i",)),
        ({}, {"alt_i": frozenset({_id(7)})}, ()),
        ({}, {"sted": (50.0, 0.0), "reise_km": 49}, ("avstand",)),
        ({}, {"sted": (50.0, 0.0), "reise_km": 50}, ()),
        ({}, {"sted": None, "reise_km": 50}, ("ukjent_avstand",)),
        ({}, {"sted": None}, ()),
        ({}, {"fra": T0 + 7 * DAG, "til": T0 + 9 * DAG}, ("periode",)),
        ({}, {"fra": T0 + 7 * DAG - timedelta(hours=5)}, ("periode",)),
        ({}, {"fra": T0 + 7 * DAG - timedelta(hours=6)}, ()),
        ({"til": T0 + timedelta(hours=2)}, {}, ()),
        ({}, {"tatt": (Periode(T0 + timedelta(hours=5), T0 + 8 * DAG, 100),)}, ("opptatt",)),
        ({}, {"borte": (Periode(T0, T0 + 7 * DAG),)}, ("borte",)),
        ({}, {"tatt": (Periode(T0 - DAG, T0 + 8 * DAG, 100),)}, ("opptatt",)),
    ],
)
def test_hva_som_maa_stemme(behov: dict[str, Any], tilbud: dict[str, Any], feil: tuple[str, ...]) -> None:
    b, t = _behov(**behov), _tilbud(**tilbud)
    assert vurder(b, t).feil == feil
    assert bool(foreslaa(Grunnlag([b], [t]))) == (not feil)


def test_bare_det_som_er_ledig_foreslaas() -> None:
    """Away the first two days, and half taken for the rest: the free time at the share that is left, or as much as is
    wanted in what is wholly free, whichever covers more."""
    borte = Periode(T0 - DAG, T0 + 2 * DAG)
    v = vurder(_behov(), _tilbud(borte=(borte,)))
    assert (v.fra, v.til, v.andel, v.feil) == (T0 + 2 * DAG, T0 + 7 * DAG, 100, ())
    halv = Periode(T0, T0 + 7 * DAG, 60)
    v = vurder(_behov(), _tilbud(tatt=(halv,)))
    assert (v.fra, v.til, v.andel) == (T0, T0 + 7 * DAG, 40)
    en_dag = Periode(T0, T0 + DAG, 60)
    v = vurder(_behov(), _tilbud(tatt=(en_dag,)))
    assert (v.fra, v.til, v.andel) == (T0 + DAG, T0 + 7 * DAG, 100)
    assert vurder(_behov(), _tilbud(prosent=80, andel=100)).andel == 80


def test_hvor_mye_som_dekkes_og_hvor_langt_det_er() -> None:
    v = vurder(_behov(), _tilbud(andel=50, sted=(30.0, 40.0)))
    assert (v.dekning, v.km) == (500, 50)
    v = vurder(_behov(), _tilbud(til=T0 + 3.5 * DAG, sted=None))
    assert (v.dekning, v.km) == (500, None)
    b = _behov(slag="lokale", hva="isolat", maal="plasser", stoerrelse=10)
    for plasser, grad in ((5, 500), (10, 1000), (40, 1000), (None, 500)):
        t = _tilbud(slag="lokale", hva="isolat", plasser=plasser)
        assert vurder(b, t).dekning == grad
    stor = _tilbud(slag="lokale", hva="isolat", plasser=40, sted=None)
    assert poeng(b, stor, vurder(b, stor), {}) == UKJENT_KM + SLOESING


def test_uten_noe_aa_fordele() -> None:
    assert foreslaa(Grunnlag([], [])) == foreslaa(Grunnlag([_behov()], [])) == []
    assert foreslaa(Grunnlag([_behov(antall=0, minst=0)], [_tilbud()])) == []
    assert foreslaa(Grunnlag([_behov(hva="lege")], [_tilbud()])) == []
