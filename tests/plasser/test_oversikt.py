"""The overview: figures, order, the unknown and the stale, the search, the map and its table."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import transactional
from portal.identitet.models import Organisasjon
from portal.plasser import kartutsnitt
from portal.plasser.avstand import kart
from portal.plasser.forloep import Evne, Laan
from portal.plasser.fritekst import Oenske, tolk
from portal.plasser.sammendrag import Sum, alder, er_kjent, i_grupper, legg_sammen, legg_sammen_sted
from portal.plasser.service import reservasjoner
from tests.bygg import Scene, lag_aktor, lag_enhet, lag_kommune, om
from tests.plasser.hjelp import lag_plassenhet, ny_plass
from tests.plasser.test_laan import laan

ISO, O2 = int(Evne.ISOLASJON), int(Evne.OKSYGEN)


def tekst(html: str) -> str:
    """What a page says, in one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


@transactional
def enhet(kommune: Organisasjon, navn: str, telefon: str = "") -> Any:
    return lag_enhet(kommune, "oehd_enhet", navn, telefon=telefon)


@transactional
def kommune(navn: str, **felter: Any) -> Organisasjon:
    ny = lag_kommune(navn, **{k: v for k, v in felter.items() if k != "kode"})
    ny.kode = felter.get("kode", ny.kode)
    return ny


def rad(**felter: Any) -> dict[str, Any]:
    """A row of the board with three free beds, said two hours ago and good for ten more."""
    naa = now()
    return {
        "antall": 3,
        "bemannet": 3,
        "ledig": 3,
        **dict.fromkeys(("holdt", "belagt", "rengjoeres", "stengt", "ubemannet", "ukjent"), 0),
        "bekreftet": (naa - timedelta(hours=2)).isoformat(),
        "ferskt_til": (naa + timedelta(hours=10)).isoformat(),
        "fylke": "Finnmark",
        "laan": [],
        **felter,
    }


UVISST = {"antall": 2, "bemannet": 2, "ledig": 0, "ukjent": 2, "bekreftet": None, "ferskt_til": None}


# --- sums ------------------------------------------------------------------------------------------------


def test_ukjent_er_aldri_null() -> None:
    naa = now()
    s = legg_sammen([rad(ledig=2, belagt=1), rad(**UVISST), rad(antall=None, ledig=None, ukjent=None)], naa)
    assert (s.enheter, s.ukjente, s.tall["ledig"], s.usikker, s.grad) == (3, 2, 2, True, "faa")
    assert not er_kjent(rad(**UVISST)) and not er_kjent(rad(antall=0))
    assert legg_sammen([rad(**UVISST)], naa).grad == "ukjent"
    assert legg_sammen([rad(ledig=0, belagt=3)], naa).grad == "ingen"
    assert legg_sammen([rad()], naa).grad == "flere" and Sum().grad == "uten"
    # One bed that nobody has said anything of: the others count, and the sum is what there is at least.
    delvis = legg_sammen([rad(ledig=2, ukjent=1)], naa)
    assert delvis.usikker and not delvis.ukjente and delvis.grad == "faa"


def test_tall_blir_gamle_i_det_oeyeblikket_fristen_er_ute() -> None:
    naa = now()
    r = rad(ferskt_til=naa.isoformat())
    assert alder(r, (naa - timedelta(microseconds=1)).isoformat()) == "fersk"
    assert alder(r, naa.isoformat()) == "gammel"
    assert alder(rad(**UVISST), naa.isoformat()) == "ukjent"
    s = legg_sammen([r, rad(), rad(**UVISST)], naa)
    assert s.gamle == 1 and s.eldst == min(r["bekreftet"], rad()["bekreftet"])


def test_andelen_regnes_av_sengene() -> None:
    assert legg_sammen([rad(bemannet=1), rad(**UVISST)], now()).andel == 3 / 5
    assert Sum().andel is None


def test_grupper_i_norsk_rekkefoelge() -> None:
    fylker = ("Østfold", "Åland", "Agder", "Ærland", "")
    grupper = i_grupper([rad(fylke=f) for f in fylker], "fylke", "fylke", now())
    assert [g.navn for g in grupper] == ["Agder", "Ærland", "Østfold", "Åland", ""]
    assert grupper[-1].noekkel == "-"


# --- words -----------------------------------------------------------------------------------------------

KOMMUNER = {
    **{"alta": "5601", "kárášjohka": "5610", "karasjok": "5610", "time": "1121", "ås": "3218"},
    **{"nord-aurdal": "3451", "aurdal": "x", "nes": "3228", "nesodden": "3212"},
}


@pytest.mark.parametrize(
    ("skrevet", "oensket"),
    [
        ("ledig plass med isolasjon og oksygen innen 90 km", Oenske(evner=ISO + O2, km=90)),
        ("Isolasjonsrom, O2 og drypp", Oenske(evner=ISO + O2 + Evne.INTRAVENOES)),
        ("trenger iv og lindring", Oenske(evner=Evne.INTRAVENOES + Evne.PALLIASJON)),
        ("i.v.-behandling nå", Oenske(evner=int(Evne.INTRAVENOES))),
        ("isolat til barnet", Oenske(evner=ISO + Evne.BARN)),
        ("palliativ pasient som ruser seg", Oenske(evner=int(Evne.PALLIASJON), uforstaatt=("ruser", "seg"))),
        ("rus og psykisk helse", Oenske(evner=Evne.RUS + Evne.PSYKISK_HELSE)),
        ("plass for pasient i rullestol med fedme", Oenske(evner=Evne.RULLESTOL + Evne.BARIATRISK)),
        ("kraftig overvekt", Oenske(evner=int(Evne.BARIATRISK))),
        # nynorsk
        ("ledig seng med oksygenet innan 9 mil frå Alta", Oenske(evner=O2, km=90, fra="5601")),
        ("overvaking, psykisk liding, heile landet", Oenske(80, hele_landet=True)),
        ("der me har plass", Oenske(bare_mine=True)),
        # English
        (
            "free bed with oxygen and isolation within 90 km of Alta",
            Oenske(evner=ISO + O2, km=90, fra="5601"),
        ),
        ("wheelchair within 50 miles", Oenske(evner=int(Evne.RULLESTOL), km=80)),
        ("the whole country, our units", Oenske(hele_landet=True, bare_mine=True)),
        # places
        ("plass i Nord-Aurdal kommune", Oenske(fra="3451")),
        ("nær Kárášjohka", Oenske(fra="5610")),
        ("nesodden", Oenske(fra="3212")),
        ("fra Ås, 12,5 mil", Oenske(fra="3218", km=125)),
        ("fra Time", Oenske(fra="1121")),
        ("en time", Oenske(uforstaatt=("time",))),
        # what is not wished, and what is not understood
        ("uten oksygen, med isolasjon", Oenske(evner=ISO)),
        ("ikke behov for oksygen", Oenske()),
        ("isolasjon og respirator", Oenske(evner=ISO, uforstaatt=("respirator",))),
        ("", Oenske()),
    ],
)
def test_ordene_blir_valg(skrevet: str, oensket: Oenske) -> None:
    assert tolk(skrevet, KOMMUNER) == oensket


def test_lange_og_rare_ord_gaar_fort() -> None:
    for stygt in ("i" * 200, "isolasjon " * 20, "(" * 200, "1" * 200, "uten " * 40):
        tolk(stygt, KOMMUNER)


# --- the page --------------------------------------------------------------------------------------------


def test_mine_foerst_og_saa_landet(scene: Scene, app: Flask, som: Any) -> None:
    nabo = kommune("Nabokommunen", helseforetak_id=scene.hf.id)
    lag_plassenhet(scene, ["ledig", "ledig", "belagt"], enhet=enhet(scene.kommune, "Heime"))
    felles = lag_plassenhet(
        scene,
        ["ledig"],
        vert=nabo,
        enhet=enhet(nabo, "Felles"),
        kvoter={nabo.id: 1, scene.kommune.id: 1},
    )
    annen = lag_plassenhet(scene, ["holdt", "stengt"], vert=nabo, enhet=enhet(nabo, "Bare naboens"))
    html = som(scene.lege).get("/plasser/").text
    egne = html[html.index("egne-tittel") : html.index('id="tavle"')]
    assert "Heime" in egne and "Felles" in egne and "Bare naboens" not in egne
    assert egne.count("Hold plass") == 2 and f"/plasser/{felles}/hold" in egne
    # The country: 2 + 1 free, 1 held, 1 occupied, 1 closed; no uncertainty.
    landet = tekst(html[html.index("landet-tittel") : html.index('id="tavle"')])
    assert "Ledig 3 Holdt 1 Belagt 1" in landet and "Stengt 1" in landet and "ukjent" not in landet
    # The others are there when their group is opened.
    assert str(annen) not in html and scene.hf.kortnavn in html
    gruppe = som(scene.lege).get(f"/plasser/gruppe?grupper=foretak&gruppe={scene.hf.id}")
    assert str(annen) in gruppe.text and "Hold plass" not in gruppe.text
    igjen = som(scene.lege).get(
        f"/plasser/gruppe?grupper=foretak&gruppe={scene.hf.id}",
        headers={"If-None-Match": gruppe.headers["ETag"]},
    )
    assert igjen.status_code == 304 and not igjen.data


def test_bare_klinikere_i_kommunen_faar_holde(scene: Scene, app: Flask, som: Any) -> None:
    lag_plassenhet(scene, 1, enhet=enhet(scene.kommune, "Heime", "78 00 00 01"))
    for hvem in (scene.koordinator, scene.spesialist):
        html = som(hvem).get("/plasser/?sok=1").text
        assert "Heime" in html and "/hold" not in html and "tel:78000001" in html


def test_brukt_kvote_tilbyr_ingen_plass(scene: Scene, app: Flask, som: Any) -> None:
    """On the board and in the search; the drawn rows of others are their own."""
    nabo = kommune("Nabokommunen", helseforetak_id=scene.hf.id)
    delt = lag_plassenhet(
        scene,
        3,
        vert=nabo,
        enhet=enhet(nabo, "Delt", "78 00 00 04"),
        kvoter={nabo.id: 2, scene.kommune.id: 1},
    )
    klient: FlaskClient = som(scene.lege)
    assert klient.get("/plasser/?sok=1").text.count(f"/plasser/{delt}/hold") == 2
    reservasjoner.reserver(scene.lege, delt, klient_id=uuid4())
    html = klient.get("/plasser/?sok=1").text
    assert f"/plasser/{delt}/hold" not in html and html.count("Kvoten er brukt (1 av 1): ring") == 2
    assert "tel:78000004" in html
    med = som(_lege(nabo)).get("/plasser/?sok=1").text
    assert med.count(f"/plasser/{delt}/hold") == 2 and "Kvoten er brukt" not in med


def test_ukjent_og_gammelt_staar_med_ord(scene: Scene, app: Flask, som: Any) -> None:
    lag_plassenhet(scene, ["ukjent", "ukjent"], enhet=enhet(scene.kommune, "Den tause"), bekreftet=None)
    lag_plassenhet(
        scene,
        ["ledig"],
        enhet=enhet(scene.kommune, "Den gamle"),
        siden=now() - timedelta(hours=13),
    )
    html = som(scene.lege).get("/plasser/").text
    taus = tekst(re.search(r"<tr[^>]*>(?:(?!</tr>).)*Den tause.*?</tr>", html, re.S)[0])  # type: ignore[index]
    assert taus.count("ukjent –") == 6 and taus.endswith("ukjent") and " 0 " not in taus
    gammel = tekst(re.search(r"<tr[^>]*>(?:(?!</tr>).)*Den gamle.*?</tr>", html, re.S)[0])  # type: ignore[index]
    assert "Gamle tall: for 13 t siden" in gammel
    ord_ = tekst(html)
    assert "minst 1" in ord_ and "1 enhet ukjent" in ord_ and "1 enhet med gamle tall" in ord_


def test_filter_og_gruppering(scene: Scene, app: Flask, som: Any) -> None:
    lag_plassenhet(scene, ["belagt"], enhet=enhet(scene.kommune, "Full enhet"))
    lag_plassenhet(scene, ["ledig"], enhet=enhet(scene.kommune, "Ledig enhet"))
    klient: FlaskClient = som(scene.spesialist)
    flat = klient.get("/plasser/?grupper=enhet").text
    assert flat.index("Full enhet") < flat.index("Ledig enhet")
    ledige = klient.get("/plasser/?grupper=enhet&ledig=1").text
    assert "Ledig enhet" in ledige and "Full enhet" not in ledige
    # What is narrowed down is shown unfolded.
    assert "Full enhet" in klient.get("/plasser/?navn=full").text
    assert "Ingen enheter passer" in klient.get("/plasser/?navn=finnes+ikke").text
    assert klient.get("/plasser/?grupper=annet").status_code == 422
    assert klient.get("/plasser/?km=x&sok=1").status_code == 422
    assert klient.get("/plasser/gruppe?grupper=foretak&gruppe=finnes-ikke").status_code == 404
    assert klient.get("/plasser/gruppe?grupper=enhet&gruppe=-").status_code == 404


def test_uten_rolle_ingen_tavle(scene: Scene, app: Flask, som: Any) -> None:
    for sti in ("/plasser/", "/plasser/kart", "/plasser/tabell", "/plasser/gruppe?gruppe=-"):
        assert app.test_client().get(sti).status_code in (302, 303, 401), sti


# --- the search ------------------------------------------------------------------------------------------


@pytest.fixture
def tre_steder(scene: Scene, app: Flask) -> dict[str, Any]:
    """Units in Alta, Hammerfest (69 km away) and Bergen, the middle one with isolation and oxygen in one bed."""
    alta = kommune("Alta", kode="5601", helseforetak_id=scene.hf.id)
    hammerfest = kommune("Hammerfest", kode="5603", helseforetak_id=scene.hf.id)
    bergen = kommune("Bergen", kode="4601", helseforetak_id=scene.annet_hf.id)
    return {
        "alta": lag_plassenhet(scene, 1, vert=alta, enhet=enhet(alta, "Altaenheten"), evner=O2),
        "hammerfest": lag_plassenhet(
            scene,
            1,
            vert=hammerfest,
            enhet=enhet(hammerfest, "Hammerfestenheten", "78 00 00 02"),
            evner=ISO + O2,
        ),
        "bergen": lag_plassenhet(
            scene, 2, vert=bergen, enhet=enhet(bergen, "Bergensenheten"), evner=ISO + O2
        ),
        "taus": lag_plassenhet(
            scene,
            ["ukjent"],
            vert=hammerfest,
            enhet=enhet(hammerfest, "Den tause", "78 00 00 03"),
            evner=ISO + O2,
            bekreftet=None,
        ),
        "lege": _lege(alta),
    }


@transactional
def _lege(alta: Organisasjon) -> Aktor:
    return lag_aktor(Rolle.LEGE_KOMMUNE, alta)


def treff(html: str) -> list[str]:
    return re.findall(r'class="treffrad__navn"><a[^>]*>([^<]+)', html)


def test_naermest_foerst_og_innen_avstanden(scene: Scene, tre_steder: dict[str, Any], som: Any) -> None:
    klient: FlaskClient = som(tre_steder["lege"])
    html = klient.get("/plasser/?sok=1").text
    assert treff(html) == ["Altaenheten", "Hammerfestenheten", "Bergensenheten"]
    assert "luftlinje mellom kommunesentrene" in html and re.search(r"Hammerfest · 6\d km", tekst(html))
    naer = klient.get("/plasser/?q=ledig+plass+med+isolasjon+og+oksygen+innen+90+km").text
    assert treff(naer) == ["Hammerfestenheten"]
    # Alta has no place there: one rings.
    assert (
        "/hold" not in naer[naer.index("treff-tittel") : naer.index("egne-tittel")] and "tel:78000002" in naer
    )
    # Nothing is known of this one: it is not said to be full.
    assert "Den tause" in naer and "tel:78000003" in naer
    # What was found comes first: the choices are filled in, and folded away.
    assert '<details class="plassoek__mer">' in naer and 'action="/plasser/#treff"' in naer
    for bit in (ISO, O2):
        assert re.search(rf'name="evner" value="{bit}" checked', naer)
    assert 'value="5601" selected' in naer and re.search(r'name="km"\s+value="90"', naer)


def test_valgene_er_de_samme_som_ordene(scene: Scene, tre_steder: dict[str, Any], som: Any) -> None:
    klient: FlaskClient = som(tre_steder["lege"])
    valg = klient.get(f"/plasser/?sok=1&evner={ISO}&evner={O2}&fra=5601&km=90").text
    assert treff(valg) == ["Hammerfestenheten"]
    assert treff(klient.get("/plasser/?sok=1&fra=4601&km=10").text) == ["Bergensenheten"]
    mine = klient.get("/plasser/?sok=1&bare_mine=1").text
    assert treff(mine) == ["Altaenheten"] and f"/plasser/{tre_steder['alta']}/hold" in mine
    ingen = klient.get(f"/plasser/?sok=1&evner={int(Evne.BARIATRISK)}").text
    assert treff(ingen) == [] and "Ingen ledig plass passer" in ingen and "Den tause" not in ingen


def test_siden_og_apiet_er_ett_soek(scene: Scene, tre_steder: dict[str, Any], som: Any) -> None:
    """The same units in the same order, by the same rules; a bed whose hold is over is free on both."""
    reservasjoner.reserver(tre_steder["lege"], tre_steder["alta"], klient_id=uuid4())
    for timer, navn in ((0, ["Hammerfestenheten", "Bergensenheten"]), (3, ["Altaenheten"])):
        with om(hours=timer):
            klient: FlaskClient = som(tre_steder["lege"])
            api = [r["navn"] for r in klient.get("/api/v1/plasser/sok").get_json()["enheter"]]
            assert treff(klient.get("/plasser/?sok=1").text) == api
            assert api[: len(navn)] == navn
    klient = som(tre_steder["lege"])
    # From Bergen the nearest comes first, also before where the kommune itself has a place.
    fra = klient.get("/api/v1/plasser/sok?fra=4601").get_json()["enheter"]
    assert [(r["navn"], r["medlem"]) for r in fra] == [
        ("Bergensenheten", False),
        ("Hammerfestenheten", False),
    ]
    assert treff(klient.get("/plasser/?sok=1&fra=4601").text) == [r["navn"] for r in fra]
    for sti in ("/plasser/?sok=1&km=50", "/api/v1/plasser/sok?innen_km=50"):
        assert som(scene.spesialist).get(sti).status_code == 422


def test_avstand_trenger_et_sted(scene: Scene, tre_steder: dict[str, Any], som: Any) -> None:
    svar = som(scene.spesialist).get("/plasser/?sok=1&km=50")
    assert svar.status_code == 422 and "Velg hvilken kommune avstanden skal måles fra." in svar.text
    assert som(scene.spesialist).get("/plasser/?sok=1&fra=9999").status_code == 422
    assert treff(som(scene.spesialist).get("/plasser/?q=innen+50+km+fra+Alta").text) == ["Altaenheten"]


def test_uforstaatte_ord_sies(scene: Scene, tre_steder: dict[str, Any], som: Any) -> None:
    html = som(tre_steder["lege"]).get("/plasser/?q=oksygen+og+<b>respirator").text
    assert "ikke forstått" in html and "&lt;b&gt;respirator" in html and "<b>respirator" not in html


# --- the map and its table -------------------------------------------------------------------------------


def test_kartet_sier_tallene(scene: Scene, tre_steder: dict[str, Any], som: Any) -> None:
    html = som(tre_steder["lege"]).get("/plasser/kart").text
    navn = dict(re.findall(r'data-kommune="(\d{4})".*?aria-label="([^"]+)"', html))
    assert unescape(navn["4601"]) == "Bergen: ledig 2, holdt 0, belagt 0, stengt 0, bemannet 2 av 2"
    # Two units, one unknown: what there is at least, and «ukjent» where it may be anything.
    assert navn["5603"].startswith("Hammerfest: ledig minst 1, holdt ukjent, belagt ukjent")
    assert re.search(r'data-kommunetall="5603">1\+<', html) and re.search(r'data-kommunetall="4601">2<', html)
    assert html.count('<path d="M') >= len(navn) - 1 and "CC BY 4.0" in html
    assert html.count('tabindex="-1" aria-label') == len(navn)
    valgt = som(tre_steder["lege"]).get("/plasser/kart?kommune=5603").text
    assert str(tre_steder["hammerfest"]) in valgt
    bit = som(tre_steder["lege"]).get("/plasser/kommuner/5603")
    assert str(tre_steder["taus"]) in bit.text and bit.headers["ETag"]
    assert som(tre_steder["lege"]).get("/plasser/kommuner/9999").status_code == 404


def test_aalesund_og_haram_deler(scene: Scene, app: Flask, som: Any) -> None:
    assert kartutsnitt.delt() == {"1580": "1508"}
    kommune("Ålesund", kode="1508")
    kommune("Haram", kode="1580")
    html = som(scene.lege).get("/plasser/kart").text
    assert "Haram og Ålesund deler område på kartet" in html
    assert re.search(r'data-kommune="1580"[^>]*><circle', html)
    assert re.search(r'data-kommune="1508"[^>]*><path', html)


def test_utsnittene_holder_kommunene_sine() -> None:
    bredde, hoeyde = kart()["boks"]
    for del_ in ("norge", "nord", "soer"):
        x, y, b, h = kartutsnitt.landet(del_)
        assert b > 0 and h > 0 and x >= -30 and y >= -30 and x + b <= bredde + 30 and y + h <= hoeyde + 30
    # The middle of a kommune lies within its outline: the path was read right.
    for nr, sted in kart()["kommuner"].items():
        boks = kartutsnitt.omriss(nr)
        assert boks is not None and boks[0] <= sted["x"] <= boks[2] and boks[1] <= sted["y"] <= boks[3], nr
    assert kartutsnitt.omriss("9999") is None and kartutsnitt.utsnitt([]) == (0, 0, bredde, hoeyde)


def rekke(html: str) -> list[str]:
    return re.findall(r'data-kommunerad="\d+"[^>]*><th scope="row" data-v="([^"]+)"', html)


def test_tabellen_sorteres_og_det_ukjente_kommer_sist(
    scene: Scene, tre_steder: dict[str, Any], som: Any
) -> None:
    klient: FlaskClient = som(tre_steder["lege"])
    stigende = rekke(klient.get("/plasser/tabell?sorter=ledig").text)
    synkende = rekke(klient.get("/plasser/tabell?sorter=-ledig").text)
    # 2 in Bergen, at least 1 in Hammerfest, 1 in Alta; then those without a unit, whichever way.
    assert synkende[0] == "Bergen" and set(synkende[1:3]) == {"Alta", "Hammerfest"}
    assert stigende[2] == "Bergen" and set(stigende[:2]) == {"Alta", "Hammerfest"}
    assert set(stigende[3:]) == set(synkende[3:]) and scene.kommune.kortnavn in stigende[3:]
    html = klient.get("/plasser/tabell?sorter=-ledig").text
    assert html.count('aria-sort="descending"') == 1 and 'href="/plasser/tabell?sorter=ledig"' in html
    navn = rekke(klient.get("/plasser/tabell?sorter=navn").text)
    assert navn.index("Alta") < navn.index("Bergen") < navn.index("Hammerfest")


def test_tabellen_begynner_med_det_som_er_naerest(scene: Scene, tre_steder: dict[str, Any], som: Any) -> None:
    """The own kommune, its trust's area, the others with a unit, and then the rest; by name within each."""
    lag_plassenhet(scene, 1, vert=kommune("Aurland", helseforetak_id=scene.annet_hf.id))
    kommune("Aa uten enhet", helseforetak_id=scene.hf.id)
    klient: FlaskClient = som(tre_steder["lege"])
    for adresse in ("/plasser/tabell", "/plasser/tabell?sorter=finnes-ikke"):
        html = klient.get(adresse).text
        rader = rekke(html)
        assert rader[:4] == ["Alta", "Hammerfest", "Aurland", "Bergen"]
        assert rader[4] == "Aa uten enhet" and scene.kommune.kortnavn in rader[5:]
        assert "aria-sort" not in html
    # Whose own kommune has no unit sees it first all the same; a trust its own area.
    assert rekke(som(scene.lege).get("/plasser/tabell").text)[0] == scene.kommune.kortnavn
    assert rekke(som(scene.koordinator).get("/plasser/tabell").text)[:2] == ["Alta", "Hammerfest"]
    html = klient.get("/plasser/tabell?bare=1").text
    assert rekke(html) == ["Alta", "Hammerfest", "Aurland", "Bergen"]
    # The order is kept when the few are chosen, and the few when the order is.
    html = unescape(klient.get("/plasser/tabell?bare=1&sorter=-ledig").text)
    assert rekke(html)[0] == "Bergen"
    assert (
        'href="/plasser/tabell?sorter=-ledig"' in html
        and 'href="/plasser/tabell?bare=1&sorter=ledig"' in html
    )


def test_tabellen_har_hver_tilstand_som_kartet_har(scene: Scene, app: Flask, som: Any) -> None:
    alta = kommune("Alta", kode="5601", helseforetak_id=scene.hf.id)
    tilstander = ["ledig"] * 3 + ["holdt", "belagt", "belagt", "rengjoeres"] + ["stengt"] * 4
    enhet_id = lag_plassenhet(scene, tilstander, vert=alta)
    ny_plass(enhet_id, bemannet=False)
    html = som(_lege(alta)).get("/plasser/tabell").text
    hode = re.findall(r'data-sorter="(\w+)"', html)
    rad_ = html.split('data-kommunerad="5601"')[1].split("</tr>")[0]
    celler = re.findall(r'data-tall="(\w+)"[^>]*>([^<]*)<', rad_)
    ventet = {"ledig": "3", "holdt": "1", "belagt": "2", "rengjoeres": "1", "stengt": "4", "ubemannet": "1"}
    assert {k: v for k, v in celler if k in ventet} == ventet
    # Each cell stands under its heading.
    assert [k for k in hode if k in ventet] == [k for k, _v in celler if k in ventet] == list(ventet)
    assert "Rengjøres 1 Stengt 4 Uten bemanning 1" in tekst(html)


def test_laant_personell_staar_i_tabellen_og_i_summen() -> None:
    rader = [
        rad(laan=[{"retning": "inn", "antall": 3}, {"retning": "ut", "antall": 1}]),
        rad(laan=[{"retning": "inn", "antall": 2}]),
        rad(ledig=0, ukjent=3, laan=[{"retning": "ut", "antall": 4}]),
    ]
    sum_ = legg_sammen(rader, now())
    assert (sum_.tall["laant_inn"], sum_.tall["laant_ut"]) == (5, 5)
    sted = legg_sammen_sted(rader)
    ut = Sum()
    ut.ta_med_sted(sted, now().isoformat())
    ut.ta_med_sted(sted, now().isoformat())
    assert (ut.tall["laant_inn"], ut.tall["laant_ut"]) == (10, 10)
    assert ut.verdier() != sum_.verdier()


def test_laant_personell_er_kjent_selv_om_resten_ikke_er_det(
    scene: Scene, tre_steder: dict[str, Any], som: Any
) -> None:
    """One unit of the two in Hammerfest has never said anything; a loan is an agreement, and is known."""
    laan(tre_steder["hammerfest"], Laan.UT, 1, scene.hf)
    klient: FlaskClient = som(tre_steder["lege"])
    html = klient.get("/plasser/tabell?sorter=-laant_ut").text
    assert rekke(html)[0] == "Hammerfest"
    rad_ = html.split('data-kommunerad="5603"')[1].split("</tr>")[0]
    tall = dict(re.findall(r'data-tall="(\w+)"[^>]*>([^<]*)<', rad_))
    assert (tall["laant_inn"], tall["laant_ut"], tall["holdt"]) == ("0", "1", "ukjent")
    assert "Åpnet med lånt personell 0 Personellet er lånt ut 1" in tekst(html)


def test_endring_vises_straks_selv_om_rader_er_tegnet_foer(
    scene: Scene, tre_steder: dict[str, Any], som: Any
) -> None:
    klient: FlaskClient = som(tre_steder["lege"])
    assert re.search(r'data-kommunetall="5601">1<', klient.get("/plasser/kart").text)
    reservasjoner.reserver(tre_steder["lege"], tre_steder["alta"], klient_id=uuid4())
    assert re.search(r'data-kommunetall="5601">0<', klient.get("/plasser/kart").text)
    assert "Altaenheten" not in "".join(treff(klient.get("/plasser/?sok=1").text))
