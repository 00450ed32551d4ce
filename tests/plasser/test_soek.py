"""A search that finds no bed helps on: what lies farther away, what is full and until when, what nobody knows; and
words that are misspelt are asked about. On the page and in the API alike."""

from __future__ import annotations

import csv
import re
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.config import ROT
from portal.core.db import transactional
from portal.identitet.models import Organisasjon
from portal.plasser.forloep import Evne
from portal.plasser.fritekst import STAVET, Oenske, rettet, tolk
from portal.plasser.service import reservasjoner, tavle
from tests.bygg import Scene, lag_aktor, om
from tests.plasser.hjelp import lag_plassenhet, ny_plass
from tests.plasser.test_oversikt import enhet, kommune, tekst, treff

ISO, O2 = int(Evne.ISOLASJON), int(Evne.OKSYGEN)
NATTA = "/plasser/?q=ledig+plass+med+isolasjon+og+oksygen+innen+90+km"
API = f"/api/v1/plasser/sok?evner={ISO + O2}&innen_km=90"


@transactional
def lege_i(kommune: Organisasjon) -> Aktor:
    return lag_aktor(Rolle.LEGE_KOMMUNE, kommune)


@pytest.fixture
def steder(app: Flask, scene: Scene) -> dict[str, Organisasjon]:
    """Hammerfest is 69 km from Alta, Kárášjohka 132, Vadsø 302, Tromsø 186 and Bergen 1,500."""
    numre = {
        **{"Alta": "5601", "Hammerfest": "5603", "Karasjok": "5610", "Vadsø": "5607", "Tromsø": "5501"},
        "Bergen": "4601",
    }
    return {navn: kommune(navn, kode=kode, helseforetak_id=scene.hf.id) for navn, kode in numre.items()}


def lag(
    scene: Scene, vert: Organisasjon, navn: str, tilstander: Any, telefon: str = "", **felter: Any
) -> UUID:
    felter = {"evner": ISO + O2, **felter}
    return lag_plassenhet(scene, tilstander, vert=vert, enhet=enhet(vert, navn, telefon), **felter)


def lista(html: str, navn: str) -> list[str]:
    """The units of one of the answer's lists, each in its words."""
    funnet = re.search(rf'<(ol|ul)[^>]*data-soekliste="{navn}".*?</\1>', html, re.S)
    return [tekst(li) for li in re.findall(r"<li.*?</li>", funnet[0], re.S)] if funnet else []


# --- without a hit ---------------------------------------------------------------------------------------


def test_de_naermeste_utenfor_grensen_vises_for_seg(
    scene: Scene, steder: dict[str, Organisasjon], som: Any
) -> None:
    lag(scene, steder["Alta"], "Bare oksygen", 2, evner=O2)
    for navn in ("Bergen", "Vadsø", "Karasjok", "Tromsø"):
        lag(scene, steder[navn], f"{navn}enheten", 1, telefon="78 00 00 01")
    klient: FlaskClient = som(lege_i(steder["Alta"]))
    html = klient.get(NATTA).text
    ord_ = tekst(html)
    assert "0 enheter har ledig plass" in ord_ and "Ingen ledig plass passer" in ord_
    assert "Ledig plass lenger unna enn 90 km" in ord_
    utenfor = lista(html, "utenfor")
    assert [li.split(" ", 1)[0] for li in utenfor] == ["Karasjokenheten", "Tromsøenheten", "Vadsøenheten"]
    assert re.search(r"Karasjok · 1\d\d km", utenfor[0]) and "1 ledig som passer" in utenfor[0]
    assert lista(html, "treff") == [] and "tel:78000001" in html
    # The same search without a limit is a link away, and has them all.
    (videre,) = re.findall(r'href="([^"]+)">Vis alle i hele landet', html)
    assert [li.split(" ", 1)[0] for li in lista(klient.get(unescape(videre)).text, "treff")] == [
        *("Karasjokenheten", "Tromsøenheten", "Vadsøenheten", "Bergenenheten")
    ]
    svar = klient.get(API).get_json()
    assert [(r["kommune"], r["passer"], r["km"] > 90) for r in svar["utenfor"]] == [
        *(("Karasjok", 1, True), ("Tromsø", 1, True), ("Vadsø", 1, True))
    ]
    assert svar["enheter"] == svar["fulle"] == svar["ukjente"] == []


def test_den_som_er_full_sier_naar_neste_reservasjon_gaar_ut(
    scene: Scene, steder: dict[str, Organisasjon], som: Any
) -> None:
    alta = steder["Alta"]
    holdt = lag(scene, alta, "Med reservasjon", 2, "78 00 00 02")
    lag(scene, steder["Hammerfest"], "Uten reservasjon", ["belagt", "stengt"], "78 00 00 03")
    lag(scene, steder["Hammerfest"], "Kan ikke", ["belagt"], evner=O2)
    lege = lege_i(alta)
    reservasjoner.reserver(lege, holdt, klient_id=uuid4())
    with om(minutes=30):
        reservasjoner.reserver(lege, holdt, klient_id=uuid4())
        klient: FlaskClient = som(lege)
        html = klient.get(NATTA).text
        svar = klient.get(API).get_json()
        naa = now()
    assert "Kan ta imot, men har ingen ledig plass nå" in tekst(html)
    med, uten = lista(html, "full")
    assert med.startswith("Med reservasjon Alta") and "Neste reservasjon går ut" in med
    assert "2 holdt" in med and "78 00 00 02" in med
    assert uten.startswith("Uten reservasjon Hammerfest") and "Ingen ledig · 1 belagt · 1 stengt" in uten
    assert [r["navn"] for r in svar["fulle"]] == ["Med reservasjon", "Uten reservasjon"]
    # The first of the two that were taken, half an hour ago for two hours.
    neste = (naa + timedelta(minutes=90)).isoformat()[:16]
    assert [(r["neste_utloep"] or "")[:16] for r in svar["fulle"]] == [neste, ""]
    # Whoever holds no beds sees that one is held, not when somebody's time is out.
    klient = som(lag_aktor(Rolle.KOORDINATOR, alta))
    med = lista(klient.get(NATTA).text, "full")[0]
    assert med.startswith("Med reservasjon") and "Ingen ledig" in med and "Neste reservasjon" not in med
    assert {r["neste_utloep"] for r in klient.get(API).get_json()["fulle"]} == {None}
    # When it is over the bed is a hit, and nothing else is told.
    with om(hours=2, minutes=1):
        html = som(lege).get(NATTA).text
        assert treff(html) == ["Med reservasjon"] and lista(html, "full") == []


def test_bare_senger_som_kan_ta_imot_sier_naar_de_blir_ledige(
    scene: Scene, steder: dict[str, Organisasjon], som: Any
) -> None:
    """One isolation room in a unit without: it counts for the unit, another bed's hold does not."""
    alta = steder["Alta"]
    enhet_id = lag(scene, alta, "Ett isolat", 1, evner=O2, kvoter={alta.id: 3})
    lege = lege_i(alta)
    ny_plass(enhet_id, "belagt", evner=ISO)
    assert [r["navn"] for r in tavle.soek(lege, evner=ISO + O2)["fulle"]] == ["Ett isolat"]
    reservasjoner.reserver(lege, enhet_id, klient_id=uuid4(), evner=O2)
    (full,) = tavle.soek(lege, evner=ISO + O2)["fulle"]
    assert full["neste_utloep"] is None
    (full,) = tavle.soek(lege, evner=O2)["fulle"]
    assert full["neste_utloep"] is not None
    assert tavle.soek(lege, evner=int(Evne.BARN))["fulle"] == []


def test_ukjent_og_gammelt_er_ikke_fullt(scene: Scene, steder: dict[str, Organisasjon], som: Any) -> None:
    alta, hammerfest = steder["Alta"], steder["Hammerfest"]
    lag(scene, hammerfest, "Den tause", ["ukjent"], "78 00 00 04", bekreftet=None)
    lag(scene, alta, "Den gamle", ["belagt"], "78 00 00 05", siden=now() - timedelta(hours=13))
    lag(scene, alta, "Den halve", ["belagt", "ukjent"], "78 00 00 06")
    delvis = lag(scene, hammerfest, "Ukjent isolat", ["belagt"], "", evner=O2)
    ny_plass(delvis, "ukjent", evner=ISO)
    lag(scene, hammerfest, "Ukjent, men kan ikke", ["ukjent"], evner=O2)
    klient: FlaskClient = som(lege_i(alta))
    html = klient.get(NATTA).text
    assert "Ukjente eller gamle tall – ring og spør" in tekst(html) and lista(html, "full") == []
    gammel, halv, taus, isolat = lista(html, "ukjent")
    assert (
        gammel.startswith("Den gamle Alta")
        and "Gamle tall: for 13 t siden" in gammel
        and "78 00 00 05" in gammel
    )
    assert halv.startswith("Den halve") and "1 plass er ukjent" in halv
    assert taus.startswith("Den tause") and "Ingen har sagt hvordan plassene står" in taus
    assert "78 00 00 04" in taus and " 0 " not in taus
    assert isolat.startswith("Ukjent isolat") and "Telefonnummer mangler" in isolat
    svar = klient.get(API).get_json()
    assert [r["navn"] for r in svar["ukjente"]] == ["Den gamle", "Den halve", "Den tause", "Ukjent isolat"]
    # With a hit, only the unknown are told of beside it.
    lag(scene, alta, "Ledig", 1)
    assert [r["navn"] for r in klient.get(API).get_json()["ukjente"]] == [
        "Den halve",
        "Den tause",
        "Ukjent isolat",
    ]
    html = klient.get(NATTA).text
    assert treff(html) == ["Ledig"] and "Ukjente tall – ring og spør" in tekst(html)


def test_aatte_av_hvert_slag_og_hvor_mange_det_er(
    scene: Scene, steder: dict[str, Organisasjon], som: Any
) -> None:
    for n in range(9):
        lag(scene, steder["Alta"], f"Full {n}", ["belagt"])
    klient: FlaskClient = som(lege_i(steder["Alta"]))
    html = klient.get(NATTA).text
    assert len(lista(html, "full")) == 8 and "De 8 nærmeste av 9 er vist." in tekst(html)
    assert len(klient.get(API).get_json()["fulle"]) == 8


def test_bare_mine_gjelder_ogsaa_det_nest_beste(
    scene: Scene, steder: dict[str, Organisasjon], som: Any
) -> None:
    alta, karasjok = steder["Alta"], steder["Karasjok"]
    lag(scene, karasjok, "Vår", 1, kvoter={karasjok.id: 1, alta.id: 1})
    lag(scene, karasjok, "Ikke vår", 1)
    klient: FlaskClient = som(lege_i(alta))
    html = klient.get(f"{NATTA}+der+vi+har+plass").text
    (var,) = lista(html, "utenfor")
    assert var.startswith("Vår") and "Hold plass" in var
    assert [r["navn"] for r in klient.get(f"{API}&bare_mine=true").get_json()["utenfor"]] == ["Vår"]


def test_ingen_kan_ta_imot(scene: Scene, steder: dict[str, Organisasjon], som: Any) -> None:
    lag(scene, steder["Alta"], "Alta", 2)
    klient: FlaskClient = som(lege_i(steder["Alta"]))
    ord_ = tekst(klient.get("/plasser/?q=barn+innen+90+km").text)
    assert "Ingen enhet kan ta imot dette. Prøv færre krav." in ord_
    assert "Ingen enhet kan ta imot dette. Prøv færre krav." in tekst(klient.get("/plasser/?q=barn").text)
    # Where what was found changes while the page is open, that is said here.
    assert 'role="status" data-soeknytt></p>' in klient.get("/plasser/?q=barn").text


# --- misspelt words --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("skrevet", "mente"),
    [
        ("isolasjn", "isolasjon"),
        ("oksygn", "oksygen"),
        ("paliasjon", "palliasjon"),
        ("rulestol", "rullestol"),
        ("telemtri", "telemetri"),
        ("bariatrsk", "bariatrisk"),
        # nynorsk and English
        ("intravnøst", "intravenøst"),
        ("ovrvaking", "overvaking"),
        ("oxigen", "oxygen"),
        ("wheelchar", "wheelchair"),
    ],
)
def test_et_behov_som_er_feilstavet_blir_spurt_om(skrevet: str, mente: str) -> None:
    lest = tolk(f"plass med {skrevet} innen 90 km", {})
    assert (lest.evner, lest.uforstaatt, lest.forslag) == (0, (skrevet,), ((skrevet, mente),))
    rett = rettet(f"Plass med {skrevet.capitalize()}, innen 90 km", lest.forslag)
    assert rett == f"Plass med {mente}, innen 90 km"
    assert tolk(rett, {}).evner and not tolk(rett, {}).uforstaatt


def test_hvert_forslag_blir_forstaatt() -> None:
    for ord_ in STAVET:
        assert tolk(ord_, {}).evner and tolk(ord_, {}).uforstaatt == (), ord_


@pytest.mark.parametrize(
    "ord_",
    [
        "respirator",
        "dialyse",
        "hjerte",
        "lunge",
        "kateter",
        "sonde",
        "antibiotika",
        "nattevakt",
        "tid",
        "xyz",
    ],
)
def test_andre_ord_blir_ikke_gjettet_paa(ord_: str) -> None:
    assert tolk(ord_, {}) == Oenske(uforstaatt=(ord_,))


def _alle_kommuner() -> dict[str, str]:
    """The names of the country's kommuner, as the search is given them."""
    with (ROT / "portal/identitet/register/organisasjoner.csv").open(encoding="utf-8") as fil:
        return {r["kortnavn"].casefold(): r["kode"] for r in csv.DictReader(fil) if r["type"] == "kommune"}


@pytest.mark.parametrize(
    ("skrevet", "mente"),
    [
        ("oksygen nær kautokino", "Kautokeino"),
        ("oksygen hammerfst", "Hammerfest"),
        ("isolasjon fra trømso", "Tromsø"),
        ("fra berum", "Bærum"),
        ("nær nord-audal", "Nord-Aurdal"),
    ],
)
def test_en_kommune_som_er_feilstavet_blir_spurt_om(skrevet: str, mente: str) -> None:
    kommuner = _alle_kommuner()
    lest = tolk(skrevet, kommuner)
    feil = skrevet.split()[-1]
    assert (lest.fra, lest.uforstaatt, lest.forslag) == (None, (feil,), ((feil, mente),))
    rett = tolk(rettet(skrevet, lest.forslag), kommuner)
    assert (rett.fra, rett.uforstaatt, rett.evner) == (kommuner[mente.casefold()], (), lest.evner)


@pytest.mark.parametrize(
    "tekst",
    [
        "respirator hjerte kateter sonde sykepleier gammel dame hofte brudd nord smerte vakt stor sand tvang",
        "oksygen i nordland",
        "fra hordaland",
        "nær lofoten",
        "ved fosen",
        "oksygen til kvinne ved kvalme",
        "hjelp fra pleier",
        "over hele troms",
        # One place is named: what is left is none.
        "oksygen fra alta hammerfst",
    ],
)
def test_andre_ord_er_ingen_kommune(tekst: str) -> None:
    assert tolk(tekst, _alle_kommuner()).forslag == ()


def test_den_som_spoer_om_ingenting_faar_det_naermeste_som_er_ledig(
    scene: Scene, steder: dict[str, Organisasjon], som: Any
) -> None:
    lag(scene, steder["Karasjok"], "Der borte", 1)
    lag(scene, steder["Alta"], "Her", 1)
    html = som(lege_i(steder["Alta"])).get("/plasser/?q=").text
    assert treff(html) == ["Her", "Der borte"] and "2 enheter har ledig plass" in tekst(html)
    assert treff(som(lege_i(steder["Alta"])).get("/plasser/").text) == []


def test_siden_spoer_og_endrer_ingenting_selv(
    scene: Scene, steder: dict[str, Organisasjon], som: Any
) -> None:
    lag(scene, steder["Alta"], "Med alt", 1)
    lag(scene, steder["Alta"], "Med oksygen", 1, evner=O2)
    klient: FlaskClient = som(lege_i(steder["Alta"]))
    html = klient.get("/plasser/?q=Isolasjn+og+oksygn+innen+90+km").text
    assert "ikke med i søket: isolasjn, oksygn" in tekst(html)
    # What was found is not taken for what was asked for.
    assert "2 enheter har ledig plass, uten hensyn til «isolasjn oksygn»" in tekst(html)
    # Nothing was asked for that was understood: both are found, and the words stand as they were typed.
    assert (
        sorted(treff(html)) == ["Med alt", "Med oksygen"] and 'value="Isolasjn og oksygn innen 90 km"' in html
    )
    ((adresse, lenke),) = re.findall(
        r'<p class="plassoek__mente"><a class="ds-link" href="([^"]+)">(.*?)</a>', html
    )
    assert tekst(lenke) == "Mente du isolasjon, oksygen?"
    assert parse_qs(urlsplit(unescape(adresse)).query) == {"q": ["isolasjon og oksygen innen 90 km"]}
    igjen = klient.get(unescape(adresse)).text
    assert treff(igjen) == ["Med alt"] and "Mente du" not in igjen and "uten hensyn til" not in igjen
    assert "Mente du" not in klient.get("/plasser/?q=respirator").text


def test_forslaget_rettes_bare_der_ordet_staar_for_seg() -> None:
    assert rettet("oksygn-oksygn oksygnet", [("oksygn", "oksygen")]) == "oksygen-oksygen oksygnet"
    farlig = tolk("<script>isolasjn</script>", {})
    assert rettet("a(b", farlig.forslag) == "a(b"
