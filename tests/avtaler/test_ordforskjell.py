"""The words that differ between two texts, and the rows between two lists: rules, without a database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.avtaler import ordforskjell
from portal.avtaler.ordforskjell import Del, Op, flyttet, forskjell, radforskjell, ulike_felt, utdrag

#: A machine that is busy with something else fails no test.
uten_frist = settings(deadline=None)
#: Few words, so that two texts share some, with what is hard: accents of their own, Sámi letters, breaks, brackets.
_BITER = st.sampled_from(
    [
        "og",
        "Guovdageainnu",
        "Kárášjohka",
        "e\u0301n",
        "24",
        "5 306,50",
        " ",
        "  ",
        "\n",
        "\r\n",
        "\n\n",
        ".",
        "<b>",
        "👩‍⚕️",
        "å",
    ]
)
TEKST = st.one_of(st.lists(_BITER, max_size=60).map("".join), st.text(max_size=40))


def _slik(a: str, b: str) -> str:
    """As a reader would write it: [-out-] and [+in+]."""
    merke = {Op.LIKE: "{}", Op.UT: "[-{}-]", Op.INN: "[+{}+]"}
    return "".join(merke[d.op].format(d.tekst) for d in forskjell(a, b))


def _holder(a: str, b: str) -> list[Del]:
    """What is always so, however the texts are."""
    deler = forskjell(a, b)
    assert "".join(d.tekst for d in deler if d.op != Op.INN) == a
    assert "".join(d.tekst for d in deler if d.op != Op.UT) == b
    assert all(d.tekst for d in deler)
    for foer, etter in pairwise(deler):
        assert foer.op != etter.op
        assert (foer.op, etter.op) != (Op.INN, Op.UT)
    return deler


@uten_frist
@given(TEKST, TEKST)
def test_delene_gir_begge_tekstene_igjen(a: str, b: str) -> None:
    _holder(a, b)


@uten_frist
@given(TEKST)
def test_samme_tekst_har_ingen_merker(a: str) -> None:
    assert forskjell(a, a) == ([Del(Op.LIKE, a)] if a else [])


@uten_frist
@given(TEKST, TEKST, TEKST)
def test_der_noe_bare_er_satt_inn_er_ingenting_stroeket(foran: str, nytt: str, bak: str) -> None:
    uten, med = f"{foran}|{bak}", f"{foran}|{nytt}|{bak}"
    assert not [d for d in _holder(uten, med) if d.op == Op.UT]
    assert not [d for d in _holder(med, uten) if d.op == Op.INN]


@uten_frist
@given(st.lists(st.sampled_from("abcdef"), max_size=12), st.lists(st.sampled_from("abcdef"), max_size=12))
def test_like_ord_er_minst_saa_mange_som_de_lengste_felles(a: list[str], b: list[str]) -> None:
    """Within the budget nothing that the two share in order is lost (before phrases are put together again)."""
    felles = sum(n for _i, _j, n in ordforskjell._Sammenligner(a, b).felles())
    assert felles == _lengste_felles(a, b)


def _lengste_felles(a: Sequence[str], b: Sequence[str]) -> int:
    rad = [0] * (len(b) + 1)
    for x in a:
        forrige = rad
        rad = [0]
        for n, y in enumerate(b):
            rad.append(forrige[n] + 1 if x == y else max(forrige[n + 1], rad[n]))
    return rad[-1]


@settings(deadline=None, max_examples=25)
@given(st.data())
def test_lange_tekster_som_er_helt_ulike_gaar_opp(data: st.DataObject) -> None:
    """Beyond what the words alone can bear: the lines, the words that stand once, and at last the whole."""
    ordene = data.draw(st.sampled_from([list("abc"), [f"ord{n}" for n in range(900)], ["æ", "\n", "å b\n"]]))
    # Drawn as one number: texts of thousands of words are more than Hypothesis draws word by word.
    slump = Random(data.draw(st.integers(0, 2**32)))
    a, b = (" ".join(slump.choice(ordene) for _n in range(slump.randint(600, 2500))) for _side in "ab")
    _holder(a, b)
    linjer = a.split(" ")
    slump.shuffle(linjer)
    _holder(a.replace(" ", "\n"), "\n".join(linjer))


def test_budsjettet_blir_aldri_overskredet_med_mer_enn_ett_steg(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it may cost is counted, and when it is spent the rest is marked whole: the parts are still right."""
    for budsjett in (0, 10, 1_000):
        monkeypatch.setattr(ordforskjell, "_BUDSJETT", budsjett)
        ordforskjell._forskjell.cache_clear()
        _holder("en to tre\nfire fem\nseks " * 40, "en tre to\nfire seks\nfem " * 40)
    ordforskjell._forskjell.cache_clear()


@pytest.mark.parametrize(
    ("a", "b", "ventet"),
    [
        ("Svar innen 24 timer.", "Svar innen 12 timer.", "Svar innen [-24-][+12+] timer."),
        ("Legen ringer.", "Legen på vakt ringer.", "Legen [+på vakt +]ringer."),
        ("Guovdageainnu suohkan", "Kárášjoga gielda", "[-Guovdageainnu suohkan-][+Kárášjoga gielda+]"),
        ("5306,50 kr", "5306,75 kr", "[-5306,50-][+5306,75+] kr"),
        ("Ett\n\nTo", "Ett\nTo", "Ett\n[-\n-]To"),
        ("", "Ny", "[+Ny+]"),
        ("Gammel", "", "[-Gammel-]"),
        # Two words that are exchanged one after the other are one phrase, not confetti.
        ("den gamle lege", "en nye vakt", "[-den gamle lege-][+en nye vakt+]"),
        # A line that stays keeps two changes apart.
        ("en\nfelles\nto", "tre\nfelles\nfire", "[-en-][+tre+]\nfelles\n[-to-][+fire+]"),
        # Words that come again with other space before them are still only put in.
        ("| å", "|å| å", "|[+å|+] å"),
        # A letter with an accent as a sign of its own is not cut in two.
        ("e\u0301n", "en", "[-e\u0301n-][+en+]"),
    ],
)
def test_merkene_staar_der_leseren_venter_dem(a: str, b: str, ventet: str) -> None:
    assert _slik(a, b) == ventet


def test_et_avsnitt_som_flyttes_inn_er_ett_merke() -> None:
    foer = "Første avsnitt om vakt.\n\nTredje avsnitt om vakt."
    etter = "Første avsnitt om vakt.\n\nAndre avsnitt om vakt.\n\nTredje avsnitt om vakt."
    assert [d.op for d in forskjell(foer, etter)].count(Op.INN) == 1


# --- long texts ------------------------------------------------------------------------------------------


@uten_frist
@given(st.lists(st.tuples(st.sampled_from([Op.LIKE, Op.UT, Op.INN]), TEKST), max_size=6))
def test_det_som_brettes_bort_er_like_fullt_der(biter: list[tuple[Op, str]]) -> None:
    deler = [Del(op, tekst * 30) for op, tekst in biter if tekst]
    stykker = utdrag(deler)
    assert "".join(d.tekst for d, _s in stykker) == "".join(d.tekst for d in deler)
    assert all(d.op == Op.LIKE for d, skjult in stykker if skjult)


def test_linjene_ved_en_endring_blir_staaende() -> None:
    linjer = [f"Linje {n} om det som ikke er endret i det hele tatt.\n" for n in range(60)]
    stykker = utdrag([Del(Op.INN, "Ny.\n"), Del(Op.LIKE, "".join(linjer)), Del(Op.UT, "Slutt.")])
    assert [skjult for _d, skjult in stykker] == [False, False, True, False, False]
    assert stykker[1][0].tekst == "".join(linjer[:2]) and stykker[3][0].tekst == "".join(linjer[-2:])
    kort = [Del(Op.INN, "Ny.\n"), Del(Op.LIKE, "".join(linjer[:6]))]
    assert utdrag(kort) == [(d, False) for d in kort]
    # Without a change there is nothing to stand beside.
    assert utdrag([Del(Op.LIKE, "".join(linjer))]) == [(Del(Op.LIKE, "".join(linjer)), False)]


# --- rows ------------------------------------------------------------------------------------------------

RAD = st.fixed_dictionaries(
    {"kriterium": st.sampled_from(["a b c", "a b", "x", ""]), "hvem": st.sampled_from(["lege", "vakt", ""])}
)


@uten_frist
@given(st.lists(RAD, max_size=8), st.lists(RAD, max_size=8))
def test_radene_gir_begge_listene_igjen(a: list[dict[str, str]], b: list[dict[str, str]]) -> None:
    rader = radforskjell(a, b)
    assert [r.foer for r in rader if r.op != Op.INN] == a
    assert [r.etter for r in rader if r.op != Op.UT] == b
    for r in rader:
        assert (r.foer is None) == (r.op == Op.INN) and (r.etter is None) == (r.op == Op.UT)
        if r.op == Op.LIKE:
            assert {k: v for k, v in r.foer.items() if v} == {k: v for k, v in r.etter.items() if v}


def test_en_rad_med_nytt_innhold_er_endret_og_ikke_byttet() -> None:
    foer = [
        {"kriterium": "NEWS2 over 5", "hvem": "Vakthavende", "frist": ""},
        {"kriterium": "Fall", "hvem": ""},
    ]
    etter = [{"kriterium": "NEWS2 over 5", "hvem": "Fastlegen"}, {"kriterium": "Transport", "hvem": "AMK"}]
    assert [r.op for r in radforskjell(foer, etter)] == [Op.ENDRET, Op.INN, Op.UT]
    assert [
        r.op
        for r in radforskjell([{"tekst": "Møte hvert år om vakt"}], [{"tekst": "Møte hvert halvår om vakt"}])
    ] == [Op.ENDRET]
    # What is not said is as if it were empty.
    assert [r.op for r in radforskjell([{"kriterium": "Fall"}], [{"kriterium": "Fall", "frist": ""}])] == [
        Op.LIKE
    ]


#: With the field that names a row first, as the forms have it.
RADER = st.lists(RAD.map(lambda r: {"kriterium": r["kriterium"], "hvem": r["hvem"]}), max_size=8)


def _som_i_boka(ut: list[dict[str, str]], inn: list[dict[str, str]]) -> list[tuple[Op, object, object]]:
    """The rule as it is written: a row is the first old one left with the same first field, or half of its words."""
    svar: list[tuple[Op, object, object]] = []
    for ny in inn:

        def er(gammel: dict[str, str], ny: dict[str, str] = ny) -> bool:
            a, b = (Counter(" ".join(r.values()).split()) for r in (gammel, ny))
            samme = bool(gammel["kriterium"]) and gammel["kriterium"] == ny["kriterium"]
            return samme or 2 * (a & b).total() >= max(a.total(), b.total()) > 0

        sted = next((n for n, gammel in enumerate(ut) if er(gammel)), None)
        if sted is None:
            svar.append((Op.INN, None, ny))
            continue
        svar += [(Op.UT, gammel, None) for gammel in ut[:sted]]
        svar.append((Op.ENDRET, ut[sted], ny))
        ut = ut[sted + 1 :]
    return [*svar, *((Op.UT, gammel, None) for gammel in ut)]


@uten_frist
@given(RADER, RADER)
def test_radene_pares_etter_regelen(a: list[dict[str, str]], b: list[dict[str, str]]) -> None:
    assert ordforskjell._parret(a, b, [10_000]) == _som_i_boka(a, b)


@uten_frist
@given(RADER, RADER, st.integers(0, 10))
def test_uten_flere_ord_igjen_er_radene_ut_og_inn(
    a: list[dict[str, str]], b: list[dict[str, str]], igjen: int
) -> None:
    rader = ordforskjell._parret(a, b, [igjen])
    assert [r.foer for r in rader if r.op != Op.INN] == a and [r.etter for r in rader if r.op != Op.UT] == b
    # With none at all, what names a row is still looked at.
    for r in ordforskjell._parret(a, b, [0]):
        assert r.op != Op.ENDRET or r.foer["kriterium"] == r.etter["kriterium"] != ""


def test_ordene_i_en_rad_telles_en_gang(monkeypatch: pytest.MonkeyPatch) -> None:
    talt: list[str] = []
    ekte = ordforskjell._ordene
    monkeypatch.setattr(ordforskjell, "_ordene", lambda rad: talt.append(rad["tekst"]) or ekte(rad))
    bokstaver = "abcdefghijklmnopqrst"
    foer, etter = ([{"tekst": f"{m}{a} {m}{b}"} for a, b in pairwise(bokstaver)] for m in "xy")
    assert [r.op for r in radforskjell(foer, etter)] == [Op.INN] * 19 + [Op.UT] * 19
    assert len(talt) == len(set(talt)) == 38


def test_for_mange_tegn_merkes_helt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordforskjell, "_FLEST_TEGN", 10)
    par = [("en lang setning her", "en lang setning der"), ("lik", "lik"), ("a b", "a c"), ("", "")]
    assert ordforskjell.forskjeller(par) == [
        forskjell(*par[0]),
        [Del(Op.LIKE, "lik")],
        [Del(Op.UT, "a b"), Del(Op.INN, "a c")],
        [],
    ]


def test_koder_er_med_eller_ikke() -> None:
    assert [(r.op, r.foer or r.etter) for r in radforskjell(["a", "b"], ["b", "c"])] == [
        (Op.UT, "a"),
        (Op.LIKE, "b"),
        (Op.INN, "c"),
    ]


def test_felt_som_ikke_er_skrevet_er_tomme() -> None:
    assert ulike_felt({"tekst": "a", "punkt": None}, {"tekst": "a"}, ("tekst", "punkt")) == []
    assert ulike_felt(None, {"tekst": "a", "punkt": 3}, ("punkt", "tekst")) == ["punkt", "tekst"]
    assert ulike_felt({"faser": 62}, {"faser": 16}, ("faser",)) == ["faser"]


# --- the order -------------------------------------------------------------------------------------------


@uten_frist
@given(st.permutations(range(7)))
def test_de_som_er_flyttet_er_saa_faa_som_mulig(rekke: list[int]) -> None:
    borte = flyttet(range(7), rekke)
    igjen = [n for n in rekke if n not in borte]
    assert igjen == sorted(igjen)
    assert len(igjen) == _lengste_felles("0123456", [str(n) for n in rekke])


def test_nye_og_stroekne_er_ikke_flyttet() -> None:
    assert flyttet(["a", "b", "c"], ["x", "a", "c"]) == set()
    assert flyttet(["a", "b", "c", "d"], ["d", "a", "b", "c"]) == {"d"}
