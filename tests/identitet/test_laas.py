"""The locked screen: when it locks, what still answers, and how it is opened."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from flask_socketio import SocketIOTestClient

from portal.core import realtime, web
from portal.core.clock import now, som_om
from portal.core.config import ROT, innstillinger, sett_innstillinger
from portal.core.db import db
from portal.core.errors import ForMange, Laast
from portal.henvendelser.service.meldinger import send_melding
from portal.identitet.models import Person, Sesjon
from portal.identitet.service import laas, oekter, totrinn
from tests.bygg import PASSORD, Opptak, Scene, logg_over, ny_sesjon, revisjon, skriv
from tests.identitet.laashjelp import MINUTT, Inne, bruk, rad
from tests.identitet.totrinnhjelp import gi_app, kode

BAKGRUNN = {web.BAKGRUNN: "1"}
Koble = Callable[[FlaskClient], SocketIOTestClient]


# --- when it locks ---------------------------------------------------------------------------------------


def _skrevet(sak: UUID) -> list[str]:
    """What has been written in a case since it was sent and somebody was told of it."""
    return [h.type for h in logg_over(sak) if h.type not in ("sendt", "eskalert")]


def test_skjermen_laaser_seg_etter_en_halv_time_uten_bruk(scene: Scene, inne: Inne) -> None:
    a, klient = inne(scene.spesialist)
    start = now()
    with som_om(start + 29 * MINUTT):
        assert klient.get("/henvendelser/", headers=BAKGRUNN).status_code == 200
        assert not bruk(a).laast
    with som_om(start + 30 * MINUTT):
        assert bruk(a).laast
        svar = klient.get("/henvendelser/?filter=alle")
        assert (svar.status_code, svar.location) == (302, "/laas?neste=/henvendelser/?filter%3Dalle")
        # The login holds: it is locked, not ended.
        assert klient.get("/sesjon").status_code == 423


def test_bruk_holder_den_aapen_og_bakgrunnen_gjoer_ikke_det(scene: Scene, inne: Inne) -> None:
    a, klient = inne(scene.spesialist)
    start = now()
    for minutt in range(5, 30, 5):
        with som_om(start + minutt * MINUTT):
            for adresse in ("/henvendelser/", "/sesjon"):
                klient.get(adresse, headers=BAKGRUNN)
    assert rad(a).sist_brukt <= start + MINUTT
    with som_om(start + 20 * MINUTT):
        svar = klient.post("/sesjon/aktiv", headers={"Accept": "application/json", web.BAKGRUNN: "0"})
        assert svar.status_code == 200
        assert svar.get_json()["laases_om"] == pytest.approx(1800, abs=1)
    with som_om(start + 45 * MINUTT):
        assert klient.get("/henvendelser/").status_code == 200
    with som_om(start + 74 * MINUTT):
        assert not bruk(a).laast
    with som_om(start + 75 * MINUTT):
        assert bruk(a).laast


def test_ingenting_vekker_en_laast_skjerm(scene: Scene, inne: Inne) -> None:
    a, klient = inne(scene.spesialist)
    senere = now() + 31 * MINUTT
    with som_om(senere):
        for svar in (klient.get("/henvendelser/"), klient.post("/sesjon/aktiv"), klient.get("/laas")):
            assert svar.status_code in (200, 302, 303)
        oekter.roer_sesjon(a)
        laas.noter_bruk({UUID(str(a.sesjon_id)): senere})
        assert bruk(a).laast


def test_tiden_er_en_innstilling(scene: Scene) -> None:
    a, _ = ny_sesjon(scene.spesialist)
    foer = innstillinger()
    sett_innstillinger(replace(foer, laases_etter_minutter=5.0))
    try:
        with som_om(now() + 5 * MINUTT):
            assert bruk(a).laast
        tilstand = laas.tilstand(bruk(a))
        assert tilstand.laases_om == pytest.approx(300, abs=2) and tilstand.varsles_foer == 120
    finally:
        sett_innstillinger(foer)


# --- what answers while it is locked ---------------------------------------------------------------------


def test_bare_de_navngitte_rutene_svarer_en_laast_skjerm(_app: Flask, scene: Scene, inne: Inne) -> None:
    """Default deny again: every endpoint that exists sends a locked screen to the lock, but those on the short list."""
    a, klient = inne(scene.spesialist)
    laas.laas(a)
    endepunkter = {r.endpoint for r in _app.url_map.iter_rules()}
    assert endepunkter >= web.LAAST_TILLATT
    assert len(web.LAAST_TILLATT - web.UTEN_INNLOGGING) <= 7
    sett = 0
    for regel in _app.url_map.iter_rules():
        if regel.endpoint in web.LAAST_TILLATT:
            continue
        for metode in (regel.methods or set()) - {"HEAD", "OPTIONS"}:
            adresse = re.sub(r"<uuid:\w+>", str(UUID(int=1)), regel.rule)
            adresse = re.sub(r"<[^>]+>", "x", adresse)
            som_side = klient.open(adresse, method=metode)
            hentet = klient.open(adresse, method=metode, headers=BAKGRUNN)
            if not regel.rule.startswith("/api/") or regel.endpoint == "api_dokumentasjon":
                assert som_side.status_code in (302, 303, 307), f"{metode} {adresse}: {som_side.status_code}"
                assert som_side.location.startswith("/laas"), f"{metode} {adresse}: {som_side.location}"
            assert (hentet.status_code, hentet.get_json()["kode"]) == (423, "laast"), f"{metode} {adresse}"
            sett += 1
    assert sett > 30
    assert klient.get("/finnes-ikke").location.startswith("/laas")
    assert klient.get("/api/v1/henvendelser/x", headers={"Accept": "application/json"}).status_code == 423


def test_laassiden_viser_hvem_og_ingen_meny(scene: Scene, inne: Inne) -> None:
    sak = scene.send(situasjon="Kanarifugl")
    a, klient = inne(scene.spesialist)
    assert klient.get("/laas?neste=/koe").location == "/koe"
    laas.laas(a)
    side = klient.get("/laas?neste=/koe").get_data(as_text=True)
    assert "Siri Spesialist" in side and "Skjermen er låst" in side
    for ord_ in ("hovedmeny", "Kanarifugl", str(sak), scene.les(sak).saksnummer, "Ingrid", "Bytt rolle"):
        assert ord_ not in side
    assert klient.get("/laas?neste=https://ond.example/").status_code == 200
    assert 'data-laasside="/"' in klient.get("/laas?neste=https://ond.example/").get_data(as_text=True)
    # What is asked for is judged again when the screen opens.
    assert klient.post("/laas/opp", data={"bevis": PASSORD, "neste": "https://ond.example/"}).location == "/"


def test_laas_og_laas_opp(scene: Scene, inne: Inne, opptak: Opptak) -> None:
    a, klient = inne(scene.spesialist)
    svar = klient.post("/laas/skjermen", headers={"Referer": "http://localhost/henvendelser/?filter=alle"})
    assert (svar.status_code, svar.location) == (303, "/laas?neste=/henvendelser/?filter%3Dalle")
    assert rad(a).laast is not None
    assert ("identitet.sesjon_endret", {"sesjon_id": a.sesjon_id}) in opptak.hendelser
    # Twice is once.
    assert klient.post("/laas/skjermen").status_code == 303
    assert len(revisjon("innlogging.laast")) == 1

    feil = klient.post("/laas/opp", data={"bevis": "feil", "neste": "/koe"})
    assert feil.status_code == 422 and "Passordet stemmer ikke." in feil.get_data(as_text=True)
    assert rad(a).laast is not None and len(revisjon("innlogging.feilet")) == 1

    svar = klient.post("/laas/opp", data={"bevis": PASSORD, "neste": "/koe"})
    assert (svar.status_code, svar.location) == (303, "/koe")
    assert rad(a).laast is None and len(revisjon("innlogging.laast_opp")) == 1
    assert klient.get("/koe").status_code == 200


def test_laas_opp_er_ny_bruk(scene: Scene, inne: Inne) -> None:
    a, klient = inne(scene.spesialist)
    senere = now() + timedelta(hours=3)
    with som_om(senere):
        assert klient.get("/koe").status_code == 302
        svar = klient.post("/laas/opp", data={"bevis": PASSORD}, headers={"Accept": "application/json"})
        assert svar.status_code == 200
        tilstand = svar.get_json()
        assert (tilstand["laast"], tilstand["person"]) == (False, str(a.person_id))
        assert tilstand["laases_om"] == pytest.approx(1800, abs=2)
        assert klient.get("/koe").status_code == 200
    assert rad(a).sist_brukt >= senere


def test_mange_feil_er_mange_feilede_innlogginger(scene: Scene, inne: Inne) -> None:
    a, klient = inne(scene.spesialist)
    laas.laas(a)
    koder = [
        klient.post(
            "/laas/opp", data={"bevis": f"feil{n}"}, headers={"Accept": "application/json"}
        ).status_code
        for n in range(12)
    ]
    assert koder[0] == 422 and koder[-1] == 429
    with pytest.raises(ForMange):
        laas.laas_opp(a, PASSORD, kilde="127.0.0.1")
    assert rad(a).laast is not None


def test_andres_feil_holder_ingen_ute_fra_sin_egen_skjerm(scene: Scene, inne: Inne) -> None:
    """A stranger who tries the account from everywhere must not keep the queue locked."""
    a, klient = inne(scene.spesialist)
    person = db.session.get_one(Person, a.person_id)
    epost = person.epost
    laas.laas(a)
    for n in range(30):
        oekter.begynn_forsoek(epost, f"192.0.2.{n}", "")
        oekter.begynn_forsoek(epost, f"192.0.2.{n}", "", totrinn.KODER)
    with pytest.raises(ForMange):
        oekter.begynn_forsoek(epost, "198.51.100.1", "")
    assert klient.post("/laas/opp", data={"bevis": PASSORD}).status_code == 303
    assert rad(a).laast is None
    gi_app(person)
    laas.laas(a)
    assert klient.post("/laas/opp", data={"bevis": kode()}).status_code == 303
    assert rad(a).laast is None
    annen, _ = ny_sesjon(scene.spesialist)
    for _n in range(5):
        oekter.begynn_forsoek(epost, "", "", sesjon_id=annen.sesjon_id)
    with pytest.raises(ForMange):  # each login has a count of its own, and it ends
        oekter.begynn_forsoek(epost, "", "", sesjon_id=annen.sesjon_id)


def test_en_aapen_skjerm_krever_ogsaa_beviset(scene: Scene, inne: Inne) -> None:
    """A page that covered itself without contact is not opened by anybody's word for it."""
    _, klient = inne(scene.spesialist)
    svar = klient.post("/laas/opp", data={"bevis": "feil"}, headers={"Accept": "application/json"})
    assert (svar.status_code, svar.get_json()["felter"]["bevis"]) == (422, ["Passordet stemmer ikke."])


def test_en_avsluttet_oekt_laases_ikke_opp(scene: Scene, inne: Inne) -> None:
    a, klient = inne(scene.spesialist)
    laas.laas(a)
    assert klient.post("/utlogging").status_code == 303
    svar = klient.post("/laas/opp", data={"bevis": PASSORD}, headers={"Accept": "application/json"})
    assert svar.status_code == 401
    assert klient.get("/sesjon/laas", headers={"Accept": "application/json"}).status_code == 401


# --- a form that comes while it is locked ----------------------------------------------------------------


def test_et_skjema_som_kom_for_sent_er_tatt_vare_paa_og_kan_ikke_leses(scene: Scene, inne: Inne) -> None:
    sak = scene.sak()
    _, klient = inne(scene.spesialist)
    adresse, tekst = f"/henvendelser/{sak}/meldinger", "Kanarifugl <b>æøå</b>\nlinje to"
    with som_om(now() + 31 * MINUTT):
        svar = klient.post(adresse, data={"tekst": tekst, "klient_id": str(uuid4())})
        assert svar.status_code == 307 and svar.location.startswith("/laas/utkast?neste=/henvendelser/")
        landet = klient.post(svar.location, data={"tekst": tekst, "klient_id": str(uuid4())})
        side = landet.get_data(as_text=True)
        assert landet.status_code == 423 and "Det er tatt vare på" in side and "Kanarifugl" not in side
        forseglet = re.search(r'name="utkast" value="([^"]+)"', side)
        assert forseglet
        # A wrong password keeps it.
        igjen = klient.post("/laas/opp", data={"bevis": "feil", "utkast": forseglet[1]}).get_data(
            as_text=True
        )
        assert forseglet[1] in igjen and "Kanarifugl" not in igjen
        aapnet = klient.post("/laas/opp", data={"bevis": PASSORD, "utkast": forseglet[1]}).get_data(
            as_text=True
        )
        assert f'action="{adresse}"' in aapnet and "Kanarifugl &lt;b&gt;æøå&lt;/b&gt;\nlinje to" in aapnet
        # Another session cannot read it.
        _, annen = inne(scene.spesialist2)
        hos_en_annen = annen.post(
            "/laas/opp", data={"bevis": PASSORD, "utkast": forseglet[1], "neste": "/koe"}
        )
        assert (hos_en_annen.status_code, hos_en_annen.location) == (303, "/koe")
    assert _skrevet(sak) == []


def test_et_skjema_som_kommer_naar_skjermen_er_aapnet_i_et_annet_vindu_tilbys_igjen(
    inne: Inne, scene: Scene
) -> None:
    sak = scene.sak()
    _, klient = inne(scene.spesialist)
    svar = klient.post(f"/laas/utkast?neste=/henvendelser/{sak}/meldinger", data={"tekst": "Kanarifugl"})
    side = svar.get_data(as_text=True)
    assert (
        svar.status_code == 200 and "Kanarifugl" in side and f'action="/henvendelser/{sak}/meldinger"' in side
    )
    assert _skrevet(sak) == []
    hemmelig = klient.post("/laas/utkast?neste=/passord", data={"passord": "hemmelig-ord"})
    assert hemmelig.status_code == 303 and "hemmelig-ord" not in hemmelig.get_data(as_text=True)


def test_et_passord_tas_aldri_vare_paa(scene: Scene, inne: Inne) -> None:
    a, klient = inne(scene.spesialist)
    laas.laas(a)
    svar = klient.post("/laas/utkast?neste=/passord", data={"naavaerende": "x", "passord": "hemmelig-ord"})
    side = svar.get_data(as_text=True)
    assert 'name="utkast"' not in side and "hemmelig-ord" not in side and "er ikke lagret" in side


def test_et_stort_skjema_er_ikke_lagret_og_det_sies(scene: Scene, inne: Inne) -> None:
    sak = scene.sak()
    a, klient = inne(scene.spesialist)
    laas.laas(a)
    svar = klient.post(f"/henvendelser/{sak}/meldinger", data={"tekst": "x" * (web.STOERSTE_UTKAST + 1)})
    assert (svar.status_code, svar.location) == (303, "/laas?tapt=1")
    assert "er ikke lagret" in klient.get(svar.location).get_data(as_text=True)


# --- sockets ---------------------------------------------------------------------------------------------


def hoert(s: SocketIOTestClient, navn: str) -> list[dict[str, object]]:
    return [m["args"][0] for m in s.get_received() if m["name"] == navn]


def kall(s: SocketIOTestClient, hendelse: str, **data: object) -> dict[str, object]:
    svar = s.emit(f"henvendelse.{hendelse}", data, callback=True)
    assert isinstance(svar, dict)
    return svar


def test_en_laast_sokkel_er_ute_av_sakene_og_blir_i_koen(scene: Scene, inne: Inne, sokkel: Koble) -> None:
    sak = scene.send()
    a, klient = inne(scene.spesialist)
    s = sokkel(klient)
    assert kall(s, "abonner", id=str(sak), etter=0)["ok"]
    s.get_received()
    laas.laas(a)
    assert hoert(s, "varsel") == [{"type": "laast"}]
    send_melding(scene.lege, sak, uuid4(), "Kanarifugl")
    ny = scene.send(hastegrad="akutt")
    mottatt = s.get_received()
    assert [m["name"] for m in mottatt] == ["koe"]
    assert "Kanarifugl" not in str(mottatt) and str(ny) not in str(mottatt)
    realtime.tikk_en_gang()
    (hode,) = hoert(s, "hode")
    assert hode["henvendelse"] == {} and hode["koe"] and hode["laast"] is True
    assert s.is_connected()

    laas.laas_opp(a, PASSORD, kilde="127.0.0.1")
    assert hoert(s, "varsel") == [{"type": "laast_opp"}]
    svar = kall(s, "abonner", id=str(sak), etter=1)
    assert svar["ok"] and "Kanarifugl" in str(svar["hendelser"])
    send_melding(scene.lege, sak, uuid4(), "Tilbake")
    assert [h["tekst"] for h in hoert(s, "hendelse")] == ["Tilbake"]


HENDELSER = ["abonner", "forlat", "mottatt", "les", "meld"]


@pytest.mark.parametrize("hendelse", HENDELSER)
@pytest.mark.parametrize("hvordan", ["av seg selv", "av eieren"])
def test_hver_hendelse_fra_en_laast_sokkel_avvises(
    scene: Scene, inne: Inne, sokkel: Koble, hendelse: str, hvordan: str
) -> None:
    """No event told the process that the screen is locked: each asks the rows."""
    assert {f"henvendelse.{h}" for h in HENDELSER} | {"connect", "disconnect", "henvendelse.skriver"} <= set(
        realtime.socketio.server.handlers["/"]
    )
    sak = scene.sak()
    a, klient = inne(scene.lege)
    s = sokkel(klient)
    assert kall(s, "abonner", id=str(sak), etter=0)["ok"]
    if hvordan == "av eieren":
        skriv(sa.update(Sesjon).where(Sesjon.id == a.sesjon_id).values(laast=now()))
    data = {
        "abonner": {"etter": 0},
        "mottatt": {"sekvens": 1},
        "les": {"sekvens": 1},
        "meld": {"klient_id": str(uuid4()), "tekst": "Fra en låst skjerm."},
    }.get(hendelse, {})
    with som_om(now() + (31 * MINUTT if hvordan == "av seg selv" else timedelta(0))):
        svar = kall(s, hendelse, id=str(sak), **data)
    assert (svar["ok"], svar["kode"]) == (False, "laast")
    assert s.is_connected() and _skrevet(sak) == []


def test_en_tapt_beskjed_leges_ved_tikket(scene: Scene, inne: Inne, sokkel: Koble) -> None:
    sak = scene.send()
    a, klient = inne(scene.spesialist)
    s = sokkel(klient)
    kall(s, "abonner", id=str(sak), etter=0)
    s.get_received()
    (t,) = realtime.tilkoblinger.values()
    with som_om(now() + 31 * MINUTT):
        realtime.tikk_en_gang()
        assert t.laast and not t.saker
        # Somebody slipped in between the question and the room.
        t.saker.add(sak)
        realtime.gaa_inn(t.sid, f"sak:{sak}")
        realtime.tikk_en_gang()
        assert not t.saker
        # Whoever connects while locked is let in to the queue alone.
        annen = sokkel(klient)
        annen.get_received()
        send_melding(scene.lege, sak, uuid4(), "Kanarifugl")
        assert hoert(annen, "hendelse") == []
    skriv(sa.update(Sesjon).where(Sesjon.id == a.sesjon_id).values(sist_brukt=now()))
    realtime.tikk_en_gang()
    assert not t.laast


def test_aa_skrive_er_bruk_og_aa_lese_er_det_ikke(scene: Scene, inne: Inne, sokkel: Koble) -> None:
    sak = scene.send()
    a, klient = inne(scene.lege)
    s = sokkel(klient)
    start = now()
    with som_om(start + 20 * MINUTT):
        kall(s, "abonner", id=str(sak), etter=0)
        kall(s, "les", id=str(sak), sekvens=1)
        realtime.tikk_en_gang()
        assert rad(a).sist_brukt <= start
        assert kall(s, "meld", id=str(sak), klient_id=str(uuid4()), tekst="Hei.")["ok"]
        realtime.tikk_en_gang()
        assert rad(a).sist_brukt == start + 20 * MINUTT
    with som_om(start + 20 * MINUTT + timedelta(seconds=30)):
        # Within the minute it is not written again.
        kall(s, "meld", id=str(sak), klient_id=str(uuid4()), tekst="Igjen.")
        realtime.tikk_en_gang()
        assert rad(a).sist_brukt == start + 20 * MINUTT


def test_en_melding_i_bunken_fra_en_laast_skjerm(scene: Scene) -> None:
    sak = scene.sak()
    laast, _ = ny_sesjon(scene.lege, laast=now())
    with pytest.raises(Laast):
        send_melding(laast, sak, uuid4(), "Nei.")
    assert _skrevet(sak) == []


# --- the rules of the whole house ------------------------------------------------------------------------


def test_hver_henting_sier_om_noen_gjorde_noe() -> None:
    """What a page fetches by itself must keep no screen open: every fetch of the front end says which it is."""
    sett = 0
    for fil in sorted((ROT / "frontend").rglob("*.js")):
        if ".test." in fil.name:
            continue
        kode = fil.read_text()
        for treff in re.finditer(r"\bfetch\(|new XMLHttpRequest\(", kode):
            sett += 1
            lengde = 2_000 if "XML" in treff[0] else 400
            assert re.search(r"BAKGRUNN|X-Bakgrunn", kode[treff.start() : treff.start() + lengde]), fil.name
        assert "sendBeacon" not in kode and "EventSource" not in kode, fil.name
    assert sett >= 5


def test_ett_sted_vet_om_en_oekt_holder() -> None:
    """The absolute limit is judged by `steps.sesjon_holder` alone, which knows of the shift."""
    for fil in sorted((ROT / "portal").rglob("*.py")):
        if fil.name != "steps.py" or fil.parent.name != "identitet":
            assert not re.search(r"\bSesjon\.utloeper\b", fil.read_text()), fil
