"""Organisasjonsnummer, HPR-nummer and national identity numbers.

No number of a real person stands here: the literal ones are synthetic (month +65 or +80), future ones from
Skatteetaten's own examples, or computed here.
"""

from __future__ import annotations

import json
import random
import re
import runpy
import sys
import time
import unicodedata
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from portal.core import identifiers
from portal.core.identifiers import (
    SKILLETEGN,
    Personnummertype,
    Treff,
    UgyldigOrganisasjonsnummer,
    finn_personnumre,
    gyldig_hpr,
    gyldig_orgnr,
    klassifiser,
    normaliser_orgnr,
)

DATA = Path(__file__).parents[1] / "data"
VEKTORER: dict[str, list[dict[str, Any]]] = json.loads((DATA / "personnumre.json").read_text("ascii"))
VEKTER = ((3, 7, 6, 1, 8, 9, 4, 5, 2, 1, 0), (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1))


def med_kontrollsifre(stamme: str, rest: int = 0) -> str | None:
    """Nine digits with their control digits, tried out from the definition; None where none fit."""
    for k1, k2 in product(range(10), repeat=2):
        kandidat = f"{stamme}{k1}{k2}"
        rester = [sum(v * int(s) for v, s in zip(vekter, kandidat, strict=True)) % 11 for vekter in VEKTER]
        if rester == [rest, 0]:
            return kandidat
    return None


def utvid(tekst: str) -> str:
    """«{311239500}» → the stem with its control digits."""
    return re.sub(r"\{([0-9]{9})\}", lambda m: str(med_kontrollsifre(m[1])), tekst)


# --- Organisasjonsnummer ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tekst", "nummer"),
    [
        ("974760673", "974760673"),  # Brønnøysundregistrene
        (" 974 760 673 ", "974760673"),
        ("974\u00a0760\u00a0673", "974760673"),
        ("310202398", "310202398"),  # a number of the test register
    ],
)
def test_orgnr_normaliseres(tekst: str, nummer: str) -> None:
    assert normaliser_orgnr(tekst) == nummer
    assert gyldig_orgnr(tekst)


@pytest.mark.parametrize(
    "tekst",
    ["", "974760674", "97476067", "9747606730", "974-760-673", "NO974760673MVA", "abcdefghi", "000000000"],
)
def test_ugyldig_orgnr_avvises_paa_norsk(tekst: str) -> None:
    assert not gyldig_orgnr(tekst)
    with pytest.raises(UgyldigOrganisasjonsnummer, match="Skriv de ni sifrene") as feil:
        normaliser_orgnr(tekst)
    assert isinstance(feil.value, ValueError)


def test_hvert_siffer_i_orgnr_er_kontrollert() -> None:
    for plass in range(9):
        for annet in range(1, 10):
            siffer = (int("974760673"[plass]) + annet) % 10
            assert not gyldig_orgnr("974760673"[:plass] + str(siffer) + "974760673"[plass + 1 :])


# --- HPR-nummer -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tekst", ["1234567", "12345678", "222200016"])
def test_hpr_paa_sju_til_ni_sifre(tekst: str) -> None:
    assert gyldig_hpr(tekst)


@pytest.mark.parametrize(
    "tekst",
    ["", "123456", "1234567890", "0123456", "001234567", "12 345 67", "1234567\n", "١٢٣٤٥٦٧", "123456a"],
)
def test_hpr_av_annen_form_avvises(tekst: str) -> None:
    assert not gyldig_hpr(tekst)


# --- The type of one number -------------------------------------------------------------------------------


@pytest.mark.parametrize("rad", VEKTORER["klassifiser"], ids=lambda rad: rad["nummer"])
def test_felles_vektorer_klassifiser(rad: dict[str, Any]) -> None:
    nummer = utvid(rad["nummer"])
    assert klassifiser(nummer) == rad["type"]
    assert klassifiser(nummer, regel_2032=True) == rad["type_2032"]


def test_vektorene_er_de_som_skriptet_lager() -> None:
    """A vector changed by hand, or a script changed without being run, is found here."""
    for navn, innhold in runpy.run_path(str(DATA / "lag_vektorer.py"))["vektorer"]().items():
        assert (DATA / navn).read_text("ascii") == innhold, navn


def test_vektorene_dekker_alle_typer() -> None:
    assert {rad["type"] for rad in VEKTORER["klassifiser"]} == {None, *Personnummertype}
    assert {treff["type"] for rad in VEKTORER["finn"] for treff in rad["treff"]} == {*Personnummertype}


@pytest.mark.parametrize("nummer", ["02013299997", "02013299903", "02013299806"])
def test_skatteetatens_eksempler_paa_2032(nummer: str) -> None:
    """From «Nytt fødselsnummer fra 2032»; the date has not come, so they belong to nobody yet."""
    assert klassifiser(nummer, regel_2032=True) == Personnummertype.FOEDSELSNUMMER


def test_2032_regelen_tar_bare_imot_flere() -> None:
    terning = random.Random(1)
    for _ in range(20_000):
        nummer = f"{terning.randrange(10**11):011}"
        gammel = klassifiser(nummer)
        if gammel is not None:
            assert klassifiser(nummer, regel_2032=True) == gammel


# --- Numbers in a text ------------------------------------------------------------------------------------


@pytest.mark.parametrize("rad", VEKTORER["finn"], ids=lambda rad: rad["navn"])
def test_felles_vektorer_finn(rad: dict[str, Any]) -> None:
    ventet = [
        Treff(start, slutt, Personnummertype(treff["type"]))
        for treff in rad["treff"]
        for start, slutt in [treff["tegn"]]
    ]
    assert finn_personnumre(utvid(rad["tekst"]), regel_2032=rad["regel_2032"]) == ventet


def test_alle_mellomrom_og_streker_i_unicode_er_skilletegn() -> None:
    tegn = map(chr, range(sys.maxunicode + 1))
    assert [t for t in tegn if unicodedata.category(t) in {"Zs", "Pd"} and t not in SKILLETEGN] == []
    assert not any(t.isalnum() for t in SKILLETEGN)


def test_treff_kan_ikke_endres_og_roeper_ikke_nummeret() -> None:
    nummer = str(med_kontrollsifre("018190123"))
    (treff,) = finn_personnumre(f"nr {nummer}")
    assert nummer not in repr(treff)
    with pytest.raises(FrozenInstanceError):
        treff.start = 0  # type: ignore[misc]


@st.composite
def gyldige_numre(draw: st.DrawFn) -> str:
    """A synthetic number, or an FH-nummer with made-up digits, computed here."""
    if draw(st.booleans()):
        dag = draw(st.integers(1, 28)) + draw(st.sampled_from((0, 40)))
        maaned = draw(st.integers(1, 12)) + draw(st.sampled_from((65, 80)))
        stamme = f"{dag:02}{maaned:02}{draw(st.integers(0, 39)):02}{draw(st.integers(500, 999)):03}"
    else:
        stamme = str(draw(st.integers(800_000_000, 999_999_999)))
    nummer = med_kontrollsifre(stamme)
    assume(nummer is not None)
    return str(nummer)


mellomrom = st.one_of(
    st.just(""),
    st.text(SKILLETEGN, max_size=4),
    st.tuples(
        st.text(SKILLETEGN, max_size=2),
        st.sampled_from(("\n", "\r\n", "\r", "\u2028")),
        st.text(SKILLETEGN, max_size=2),
    ).map("".join),
)
sifferskrift = st.sampled_from((0x30, 0xFF10, 0x0660, 0x0966, 0x1D7CE))
# No digits here: a digit beside the number may rightly change what is found.
omgivelser = st.text(st.characters(exclude_categories=("Nd", "Cs")), max_size=12)


@given(gyldige_numre(), st.lists(mellomrom, min_size=10, max_size=10), sifferskrift, omgivelser, omgivelser)
def test_gyldig_nummer_finnes_hvordan_det_enn_er_skrevet(
    nummer: str, mellom: list[str], null: int, foran: str, bak: str
) -> None:
    skrevet = "".join(chr(null + int(s)) + m for s, m in zip(nummer, [*mellom, ""], strict=True))
    (treff,) = finn_personnumre(foran + skrevet + bak)
    assert (treff.start, treff.slutt) == (len(foran), len(foran) + len(skrevet))
    assert treff.type == klassifiser(nummer)


@given(
    gyldige_numre(),
    st.sampled_from((9, 10)),
    st.integers(1, 9),
    st.lists(mellomrom, min_size=10, max_size=10),
)
def test_feil_kontrollsiffer_finnes_ikke(nummer: str, plass: int, feil: int, mellom: list[str]) -> None:
    galt = nummer[:plass] + str((int(nummer[plass]) + feil) % 10) + nummer[plass + 1 :]
    assert finn_personnumre("".join(s + m for s, m in zip(galt, [*mellom, ""], strict=True))) == []


@given(st.lists(st.one_of(gyldige_numre(), st.text("0123456789 .-/\n:x٣", max_size=15)), max_size=8))
def test_hvert_treff_er_et_nummer_paa_gruppegrenser(deler: list[str]) -> None:
    """Against the definition, tried at every place of the text: what is found is all there is."""
    tekst = "".join(deler)
    ventet = []
    for start in range(len(tekst)):
        for slutt in range(start + 11, len(tekst) + 1):
            bit = tekst[start:slutt]
            if not bit[0].isdecimal() or not bit[-1].isdecimal():
                continue
            if tekst[start - 1 : start].isdecimal() or tekst[slutt : slutt + 1].isdecimal():
                continue
            if re.fullmatch(r"\d(?:[ ./-]*\n?[ ./-]*\d){10}", bit):
                nummer = "".join(str(int(t)) for t in bit if t.isdecimal())
                slag = klassifiser(nummer)
                if slag is not None:
                    ventet.append(Treff(start, slutt, slag))
    assert finn_personnumre(tekst) == ventet


# --- Cost and false hits ----------------------------------------------------------------------------------

VERST = {
    "digits": "1" * 16_384,
    "single digits": "0 1 " * 4_096,
    "valid dates": "01 819012345 " * 1_260,
    "separators": "1" + " " * 16_381 + "x1",
    "separators without end": "1" + " -" * 8_191,
    "line breaks": "1" + "\n" * 16_382 + "1",
    "digits far apart": ("1" + " " * 63) * 256,
    "foreign digits": "\u0661\u00a0" * 8_192,
    "digits and letters": "1x" * 8_192,
}


@pytest.mark.parametrize("tekst", VERST.values(), ids=VERST.keys())
def test_arbeidet_er_lineaert(tekst: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """At most one look at a number per digit, and nothing that hangs; usually it takes some 20 ms."""
    talt = 0

    def tell(nummer: str, *, regel_2032: bool = False, ekte: Callable[..., Any] = klassifiser) -> Any:
        nonlocal talt
        talt += 1
        return ekte(nummer, regel_2032=regel_2032)

    monkeypatch.setattr(identifiers, "klassifiser", tell)
    start = time.process_time()
    finn_personnumre(tekst, regel_2032=True)
    assert talt <= sum(tegn.isdecimal() for tegn in tekst)
    assert time.process_time() - start < 1


def test_faa_tilfeldige_tall_slaar_ut() -> None:
    """Of 1000 random eleven-digit numbers 4 pass, 12 by the rule of 2032: what the control digits allow."""
    terning = random.Random(11)
    numre = [f"{terning.randrange(10**11):011}" for _ in range(30_000)]
    andel = sum(klassifiser(n) is not None for n in numre) / len(numre)
    andel_2032 = sum(klassifiser(n, regel_2032=True) is not None for n in numre) / len(numre)
    assert 0.002 < andel < 0.006
    assert andel < andel_2032 < 0.016


def test_lange_tall_slaar_ikke_ut() -> None:
    """EAN-13, telephone numbers with 0047 and DUF-numre of twelve digits are never cut up."""
    terning = random.Random(13)
    for lengde in (8, 10, 12, 13, 16):
        tekst = ", ".join(f"{terning.randrange(10**lengde):0{lengde}}" for _ in range(2_000))
        assert finn_personnumre(tekst) == []


def test_tette_kliniske_notater_slaar_sjelden_ut() -> None:
    """Dates, times, telephone numbers and vital signs side by side: below 1.5 % of the notes."""
    terning = random.Random(17)
    antall, slo_ut = 3_000, 0
    for _ in range(antall):
        mellom = terning.randint
        deler = [
            f"{mellom(1, 31):02}.{mellom(1, 12):02}.{terning.choice((2024, 24, 1950, 50))}",
            f"kl {mellom(0, 23):02}.{mellom(0, 59):02}",
            f"BT {mellom(80, 220)}/{mellom(40, 120)} {mellom(40, 140)} {mellom(350, 410) / 10}",
            f"{mellom(900, 999)} {mellom(10, 99)} {mellom(100, 999)}",
            f"CRP {mellom(1, 300)}-{mellom(1, 300)}, Na {mellom(120, 150)}",
        ]
        terning.shuffle(deler)
        slo_ut += bool(finn_personnumre(terning.choice((" ", ", ", ". ", "\n")).join(deler)))
    assert slo_ut / antall < 0.015
