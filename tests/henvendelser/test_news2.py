"""NEWS2 against the chart, value by value; the vectors are shared with frontend/lib/news2.test.js."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, asdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from portal.henvendelser.news2 import (
    ALDERSGRUPPER,
    LIMITS,
    PARAMETERE,
    Maalinger,
    UgyldigMaaling,
    beregn,
    rimelig,
)

VEKTORER: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parents[1] / "data" / "news2.json").read_text("ascii")
)
FRISK: dict[str, Any] = {
    "respirasjon": 16,
    "spo2": 97,
    "oksygen": False,
    "systolisk": 125,
    "puls": 70,
    "bevissthet": "A",
    "temperatur": 37.0,
}


@pytest.mark.parametrize(
    "kart", VEKTORER["kart"], ids=lambda k: f"{k['felt']}-{k.get('skala')}-{k.get('oksygen')}"
)
def test_hver_verdi_paa_kartet(kart: dict[str, Any]) -> None:
    """Every value that can be entered, as a number of the chart and, for temperatur, as float and Decimal."""
    valg = {navn: kart[navn] for navn in ("skala", "oksygen") if navn in kart}
    felt = kart["felt"]
    for fra, til, poeng in kart["rader"]:
        for heltall in range(fra, til + 1):
            verdier: list[Any] = [heltall]
            if felt == "temperatur":
                verdier = [heltall / 10, Decimal(heltall) / 10]
            for verdi in verdier:
                maalinger = Maalinger(**valg, **{felt: verdi})
                assert beregn(maalinger, aldersgruppe=None, gravid=False).poeng[felt] == poeng, verdi


def test_kartet_dekker_alt_som_kan_foeres() -> None:
    for felt, (laveste, hoeyeste) in LIMITS.items():
        enhet = 10 if felt == "temperatur" else 1
        for kart in VEKTORER["kart"]:
            if kart["felt"] == felt:
                assert kart["rader"][0][0] == laveste * enhet
                assert kart["rader"][-1][1] == hoeyeste * enhet


@pytest.mark.parametrize("rad", VEKTORER["tilfeller"])
def test_felles_vektorer(rad: dict[str, Any]) -> None:
    resultat = beregn(Maalinger(**rad["maalinger"]), aldersgruppe=rad["aldersgruppe"], gravid=rad["gravid"])
    assert asdict(resultat) == rad["ventet"]
    assert tuple(resultat.poeng) == PARAMETERE


def test_vektorene_dekker_alle_utfall() -> None:
    ventet = [rad["ventet"] for rad in VEKTORER["tilfeller"]]
    assert {v["status"] for v in ventet} == {"fullstendig", "ufullstendig", "ikke_aktuelt"}
    assert {v["risiko"] for v in ventet} == {None, "lav", "lav_middels", "middels", "hoy"}
    assert {(v["status"], v["varsel"]) for v in ventet} >= {
        (status, varsel) for status in ("fullstendig", "ufullstendig") for varsel in (None, "haster", "akutt")
    }
    assert {v["sum"] for v in ventet} >= set(range(0, 9))


@pytest.mark.parametrize("felt", PARAMETERE)
def test_manglende_verdi_er_aldri_null_poeng(felt: str) -> None:
    resultat = beregn(Maalinger(**{**FRISK, felt: None}), aldersgruppe="67_79", gravid=False)
    assert resultat.status == "ufullstendig"
    assert resultat.poeng[felt] is None
    assert (resultat.sum, resultat.risiko) == (None, None)


@pytest.mark.parametrize("rad", VEKTORER["ugyldige"], ids=lambda r: f"{r['felt']}={r['verdi']!r}")
def test_umulig_verdi_avvises(rad: dict[str, Any]) -> None:
    with pytest.raises(UgyldigMaaling) as feil:
        Maalinger(**{**FRISK, rad["felt"]: rad["verdi"]})
    assert feil.value.felt == rad["felt"]
    if rad["felt"] in LIMITS:
        assert not rimelig(rad["felt"], rad["verdi"])


@pytest.mark.parametrize(
    "verdi",
    [
        float("nan"),
        float("inf"),
        Decimal("NaN"),
        Decimal("sNaN"),
        Decimal("38.00000000000000000000000000000000001"),
        36.6 + 1e-14,
        10**5000,
        None,
    ],
    ids=lambda v: type(v).__name__,
)
def test_temperatur_er_et_endelig_tall_med_en_desimal(verdi: object) -> None:
    assert not rimelig("temperatur", verdi)


@pytest.mark.parametrize(
    "verdi", [37, 37.0, 36.6, Decimal("36.6"), Decimal("36.60"), 20.0, 45, Decimal("3.7E+1")]
)
def test_temperatur_med_en_desimal_godtas(verdi: object) -> None:
    assert rimelig("temperatur", verdi)


def test_hele_tall_i_de_andre_feltene() -> None:
    assert rimelig("puls", 70)
    assert not rimelig("puls", 70.0)
    assert not rimelig("puls", Decimal(70))
    assert not rimelig("puls", 10**5000)
    with pytest.raises(KeyError):
        rimelig("bevissthet", 1)


def test_ukjent_aldersgruppe_avvises() -> None:
    with pytest.raises(ValueError, match="Ukjent aldersgruppe"):
        beregn(Maalinger(), aldersgruppe="ung", gravid=False)


def test_bare_under_16_er_for_ung() -> None:
    statuser = {
        gruppe: beregn(Maalinger(**FRISK), aldersgruppe=gruppe, gravid=False).status
        for gruppe in ALDERSGRUPPER
    }
    assert [gruppe for gruppe, status in statuser.items() if status == "ikke_aktuelt"] == ["under_16"]


def test_maalinger_kan_ikke_endres() -> None:
    maalinger = Maalinger(**FRISK)
    with pytest.raises(FrozenInstanceError):
        maalinger.puls = 200  # type: ignore[misc]
