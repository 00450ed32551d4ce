"""The bell: what a person has been told, live and whole, for that person and nobody else."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from flask_socketio import SocketIOTestClient

from portal.core import realtime
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db
from portal.core.errors import IkkeFunnet
from portal.varsler.models import Kanal
from portal.varsler.routes.felles import trygg_lenke
from portal.varsler.service import bjelle
from tests.bygg import Opptak, Scene, lag_aktor, om, revisjon, setninger, uten_spor
from tests.varsler.varselhjelp import avblaas, fortell, les_varsel, utsendinger

Som = Callable[[Aktor], FlaskClient]
Koble = Callable[[FlaskClient], SocketIOTestClient]
JSON = {"Accept": "application/json"}


def titler(html: str) -> list[str]:
    """The titles of the notices on a page, in order."""
    return [t.strip() for t in re.findall(r"data-varseltittel>([^<]*)<", html)]


def antall(html: str) -> int:
    funnet = re.search(r'data-bjelle data-antall="(\d+)"', html)
    assert funnet
    return int(funnet[1])


def hint(s: SocketIOTestClient) -> list[dict[str, Any]]:
    return [m["args"][0] for m in s.get_received() if m["name"] == "varsel"]


# --- seeing ----------------------------------------------------------------------------------------------


def test_bjella_teller_det_uleste_paa_hver_side_for_hver_rolle(scene: Scene, som: Som) -> None:
    for aktor in (scene.lege, scene.koordinator, scene.innsyn, scene.systemadministrator):
        fortell(aktor)
        fortell(aktor, "Vakten din begynner kl. 15:00", hastegrad=None)
        html = som(aktor).get("/organisasjoner").text
        assert antall(html) == 2
        assert "Varsler: 2 uleste" in html
        assert f'href="{"/varsler"}"' in html
    assert antall(som(scene.kollega).get("/organisasjoner").text) == 0


def test_uleste_foerst_og_det_akutte_oeverst_av_dem(scene: Scene, som: Som) -> None:
    lest = fortell(scene.lege, "Lest")
    with om(minutes=1):
        fortell(scene.lege, "Akutt", hastegrad="akutt")
    with om(minutes=2):
        fortell(scene.lege, "Haster")
    with om(minutes=3):
        fortell(scene.lege, "Vanlig", hastegrad="vanlig")
    with om(minutes=4):
        bjelle.les(scene.lege, lest)
        html = som(scene.lege).get("/varsler/bjelle").text
    assert titler(html) == ["Akutt", "Vanlig", "Haster", "Lest"]
    assert html.count("data-ulest") == 3
    # The urgency stands in a word, not in a colour alone.
    assert html.index("hastegrad--akutt") < html.index(">Akutt</span>") and "for 3 min siden" in html


def test_panelet_er_kort_og_sier_hvem_det_er_for(scene: Scene, som: Som) -> None:
    for nummer in range(bjelle.I_PANELET + 3):
        fortell(scene.lege, f"Nr. {nummer}")
    html = som(scene.lege).get("/varsler/bjelle").text
    assert len(titler(html)) == bjelle.I_PANELET
    assert f'data-antall="{bjelle.I_PANELET + 3}"' in html
    assert f'data-person="{scene.lege.person_id}"' in html


def test_det_som_er_stoppet_forsvinner_og_staar_som_ikke_aktuelt_i_historikken(
    scene: Scene, som: Som
) -> None:
    fortell(scene.lege, "Ny henvendelse", gjelder="henvendelse:1")
    klient = som(scene.lege)
    assert antall(klient.get("/varsler").text) == 1
    assert avblaas("henvendelse:1") == 1
    assert titler(klient.get("/varsler/bjelle").text) == []
    html = klient.get("/varsler").text
    assert (antall(html), titler(html)) == (0, ["Ny henvendelse"])
    assert "Ikke aktuelt lenger" in html
    assert titler(klient.get("/varsler?utvalg=uleste").text) == []


def test_hele_historikken_i_sider_uleste_foerst(scene: Scene, som: Som) -> None:
    """Every notice once, whatever the boundary of the page: also between the unread and the read, and among those of
    the same moment."""
    with time_machine.travel(now(), tick=False):
        for nummer in range(2 * bjelle.PAA_SIDEN + 3):
            fortell(scene.lege, f"Nr. {nummer:02}")
    for id_ in [v.id for v in bjelle.hent_side(scene.lege).varsler][:10]:
        bjelle.les(scene.lege, id_)
    klient, adresse = som(scene.lege), "/varsler"
    sett: list[tuple[bool, str]] = []
    sider = 0
    while adresse:
        html = klient.get(adresse).text
        sider += 1
        for rad in re.findall(r"<li class=\"varselrad.*?</li>", html, re.S):
            sett.append(("data-ulest" in rad, titler(rad)[0]))
        neste = re.search(r'rel="next" href="([^"]+)"', html)
        adresse = neste[1].replace("&amp;", "&") if neste else ""
    assert sider == 3
    assert [u for u, _ in sett] == [True] * (2 * bjelle.PAA_SIDEN - 7) + [False] * 10
    assert sorted(t for _, t in sett) == [f"Nr. {n:02}" for n in range(2 * bjelle.PAA_SIDEN + 3)]


def test_utvalg_paa_hastegrad(scene: Scene, som: Som) -> None:
    fortell(scene.lege, "Akutt sak", hastegrad="akutt")
    fortell(scene.lege, "Vakt", hastegrad=None)
    assert titler(som(scene.lege).get("/varsler?hastegrad=akutt").text) == ["Akutt sak"]


@pytest.mark.parametrize(
    "spoerring", ["etter=tull", "etter=2_2026-11-22T00:00:00Z_x", "utvalg=alt", "x=1", "hastegrad=roed"]
)
def test_en_adresse_som_er_feil_sier_hva_som_er_feil(scene: Scene, som: Som, spoerring: str) -> None:
    svar = som(scene.lege).get(f"/varsler?{spoerring}")
    assert svar.status_code == 422 and "feiloppsummering" in svar.text


# --- reading ---------------------------------------------------------------------------------------------


def test_aa_aapne_er_aa_lese_aa_kvittere_og_aa_gaa_dit(scene: Scene, som: Som, opptak: Opptak) -> None:
    id_ = fortell(scene.lege, lenke="/organisasjoner?sok=x", bare={Kanal.EPOST})
    opptak.hendelser.clear()
    svar = som(scene.lege).post(f"/varsler/{id_}/aapne")
    assert (svar.status_code, svar.headers["Location"]) == (303, "/organisasjoner?sok=x")
    v = les_varsel(id_)
    assert v.lest and v.kvittert and v.kvittert_kanal == "portal"
    # Whoever has seen it in the portal is not written to any more.
    (brev,) = utsendinger(id_)
    assert brev.stoppet is not None and brev.sendt is None
    assert ("varsler.endret", {"person_id": scene.lege.person_id}) in opptak.hendelser
    # Again it changes nothing, and still leads there.
    opptak.hendelser.clear()
    assert som(scene.lege).post(f"/varsler/{id_}/aapne").status_code == 303
    assert les_varsel(id_).lest == v.lest and opptak.hendelser == []


@pytest.mark.parametrize(
    "lenke", ["", "//ond.example", "https://ond.example", "/\\ond.example", "javascript:1", "/a\nb"]
)
def test_bare_adresser_i_portalen(scene: Scene, som: Som, lenke: str) -> None:
    assert trygg_lenke(lenke) == ""
    id_ = fortell(scene.lege, lenke=lenke)
    assert som(scene.lege).post(f"/varsler/{id_}/aapne").headers["Location"] == "/varsler"


def test_merk_alle_som_lest_er_bare_ens_egne(scene: Scene, som: Som) -> None:
    mine = [fortell(scene.lege), fortell(scene.lege)]
    stoppet = fortell(scene.lege, gjelder="x")
    avblaas("x")
    andres = fortell(scene.kollega)
    klient = som(scene.lege)
    svar = klient.post("/varsler/les-alle")
    assert (svar.status_code, svar.headers["Location"]) == (303, "/varsler")
    assert all(les_varsel(i).lest and les_varsel(i).kvittert for i in mine)
    assert les_varsel(andres).lest is None and les_varsel(stoppet).lest is None
    assert klient.post("/varsler/les-alle", headers=JSON).status_code == 204


def test_alle_leses_med_like_mange_setninger_hvor_mange_de_er(scene: Scene, opptak: Opptak) -> None:
    """Everybody waits for it: what is unread since last week is not read one by one."""
    brukt = []
    for antall_ in (3, 30):
        ider = [fortell(scene.lege, bare={Kanal.EPOST}) for _ in range(antall_)]
        opptak.hendelser.clear()
        brukt.append(setninger(lambda: bjelle.les_alle(scene.lege)))
        assert all((v := les_varsel(i)).lest and v.kvittert_kanal == "portal" for i in ider)
        assert all(u.stoppet is not None and u.tekst == "" for i in ider for u in utsendinger(i))
        assert opptak.navn().count("varsler.kvittert") == 1
    assert brukt[0] == brukt[1] <= 8


def test_andres_varsler_finnes_ikke_og_forsoeket_er_logget(scene: Scene, som: Som, opptak: Opptak) -> None:
    id_ = fortell(scene.lege, "Hemmelig tittel")
    opptak.hendelser.clear()
    for aktor in (scene.kollega, scene.systemadministrator, scene.administrator):
        klient = som(aktor)
        with uten_spor(opptak, avslag=1):
            assert klient.post(f"/varsler/{id_}/aapne").status_code == 404
        with uten_spor(opptak, avslag=1):
            assert klient.post(f"/api/v1/varsler/{id_}/les", json={}).status_code == 404
        for sti in ("/varsler", "/varsler/bjelle", "/api/v1/varsler"):
            assert "Hemmelig tittel" not in klient.get(sti).text
    assert {r.handling for r in revisjon(objekt=id_)} == {"varsler.se"}
    with uten_spor(opptak), pytest.raises(IkkeFunnet):
        bjelle.les(scene.lege, uuid4())


def test_ukjente_felt_avvises(scene: Scene, som: Som) -> None:
    id_ = fortell(scene.lege)
    for sti in (f"/varsler/{id_}/aapne", "/varsler/les-alle"):
        assert som(scene.lege).post(sti, data={"x": "1"}).status_code == 422
    assert les_varsel(id_).lest is None


# --- the API ---------------------------------------------------------------------------------------------


def test_api_gir_det_samme_i_sider(scene: Scene, som: Som) -> None:
    for nummer in range(bjelle.PAA_SIDEN + 1):
        fortell(scene.lege, f"Nr. {nummer}", hastegrad="akutt")
    klient = som(scene.lege)
    foerste = klient.get("/api/v1/varsler").json
    assert (foerste["uleste"], len(foerste["varsler"])) == (bjelle.PAA_SIDEN + 1, bjelle.PAA_SIDEN)
    v = foerste["varsler"][0]
    assert (v["tittel"], v["hastegrad"], v["lest"], v["lenke"]) == (
        f"Nr. {bjelle.PAA_SIDEN}",
        "akutt",
        None,
        "/organisasjoner",
    )
    assert v["opprettet"].endswith("Z")
    resten = klient.get("/api/v1/varsler", query_string={"etter": foerste["neste"]}).json
    assert [r["tittel"] for r in resten["varsler"]] == ["Nr. 0"] and resten["neste"] is None
    svar = klient.post(f"/api/v1/varsler/{v['id']}/les", json={})
    assert svar.json == {"lenke": "/organisasjoner"}
    assert les_varsel(UUID(v["id"])).lest is not None
    assert klient.post(f"/api/v1/varsler/{v['id']}/les", json={"x": 1}).status_code == 422


# --- live ------------------------------------------------------------------------------------------------


def test_hver_rolle_hoerer_at_noe_er_nytt_og_ingen_hoerer_andres(
    scene: Scene, som: Som, sokkel: Koble
) -> None:
    """A hint alone: what it is about is fetched by whoever may."""
    for rolle in Rolle:
        huset = scene.hf if rolle in (Rolle.SPESIALIST, Rolle.VAKTLEDER) else scene.kommune
        aktor = lag_aktor(rolle, huset)
        mitt, annet = sokkel(som(aktor)), sokkel(som(scene.kollega))
        hint(mitt), hint(annet)
        id_ = fortell(aktor, "Ny henvendelse")
        assert hint(mitt) == [{"type": "bjelle"}]
        bjelle.les(aktor, id_)
        assert {"type": "bjelle"} in hint(mitt)
        fortell(aktor, gjelder=f"x:{rolle}")
        hint(mitt)
        avblaas(f"x:{rolle}")
        assert hint(mitt) == [{"type": "bjelle"}]
        assert hint(annet) == []


def test_en_laast_skjerm_hoerer_hintet_men_faar_ikke_vite_hva(scene: Scene, som: Som, sokkel: Koble) -> None:
    klient = som(scene.spesialist)
    s = sokkel(klient)
    assert klient.post("/laas/skjermen", headers=JSON).status_code == 200
    realtime.sjekk_sesjoner()
    hint(s)
    fortell(scene.spesialist, "Skal ikke sees", hastegrad="akutt")
    assert hint(s) == [{"type": "bjelle"}]
    assert klient.get("/varsler/bjelle", headers={"X-Bakgrunn": "1"}).status_code == 423
    assert klient.get("/api/v1/varsler").status_code == 423
    laas = klient.get("/laas").text
    assert "Skal ikke sees" not in laas and "data-bjelle " not in laas


def test_hodet_forteller_bjellas_versjon_saa_et_tapt_hint_leges(
    scene: Scene, som: Som, sokkel: Koble, app: Flask
) -> None:
    s, annet = sokkel(som(scene.koordinator)), sokkel(som(scene.lege))

    def hode(sokkelen: SocketIOTestClient) -> str:
        realtime.tikk_en_gang()
        return str([m["args"][0]["bjelle"] for m in sokkelen.get_received() if m["name"] == "hode"][-1])

    versjoner = [hode(s)]
    assert versjoner == [bjelle.TOM]
    foerste = fortell(scene.koordinator, gjelder="a")
    versjoner.append(hode(s))
    with om(minutes=1):
        andre = fortell(scene.koordinator, gjelder="b")
    versjoner.append(hode(s))
    bjelle.les(scene.koordinator, foerste)
    versjoner.append(hode(s))
    avblaas("b")
    assert hode(s) == bjelle.TOM
    assert len(set(versjoner)) == 4 and versjoner[-1].startswith("1:")
    # The page knows the same version, or it would fetch for nothing.
    with om(minutes=2):
        fortell(scene.koordinator)
    assert (
        f'data-versjon="{hode(s).replace("+", "&#43;")}"'
        in (html := som(scene.koordinator).get("/organisasjoner").text)
        or f'data-versjon="{hode(s)}"' in html
    )
    assert les_varsel(andre).stoppet and hode(annet) == bjelle.TOM


def test_tikket_er_en_sporring_for_alle_bjeller(scene: Scene, som: Som, sokkel: Koble) -> None:
    """However many sockets and notices there are."""
    for aktor in (scene.lege, scene.kollega, scene.spesialist, scene.koordinator, scene.innsyn):
        sokkel(som(aktor))
        for _ in range(3):
            fortell(aktor)
    sporringer: list[str] = []

    def tell(_c: Any, _m: Any, uttrykk: str, *_: object) -> None:
        if re.search(r"FROM varsel\b", uttrykk):
            sporringer.append(uttrykk)

    sa.event.listen(db.engine, "before_cursor_execute", tell)
    try:
        realtime.tikk_en_gang()
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", tell)
    assert len(sporringer) == 1
