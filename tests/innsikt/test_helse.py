"""What monitors ask, and the beat that they wait for: counts alone, without a login, and red with the database gone."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from uuid import uuid4

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from portal.cli import arbeider
from portal.core import nett, puls
from portal.core.aktor import Aktor
from portal.core.arbeider import Spor, pulsnavn
from portal.core.config import Oppsettsfeil, les_innstillinger
from portal.core.db import db, transactional
from portal.core.helse import Hjerteslag
from portal.henvendelser.eskalering import service as eskalering
from portal.innsikt import service
from portal.plasser.service import reservasjoner
from portal.varsler.service import levering
from portal.varsler.steps import send_epost
from tests.bygg import Scene
from tests.plasser.hjelp import lag_plassenhet
from tests.varsler.tjenere import ledig_port, oppsett

ONSDAG = datetime.fromisoformat("2026-10-14T09:00:00+00:00")


@pytest.fixture
def klokke(app: Flask) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(ONSDAG, tick=False) as reisende:
        yield reisende


def slaa(*spor: Spor) -> None:
    for s in spor or tuple(Spor):
        puls.slaa(pulsnavn(s))


def helse(klient: FlaskClient) -> tuple[int, list[str]]:
    svar = klient.get("/helse/eskalering")
    data = svar.get_json()
    assert data["status"] == ("ok" if svar.status_code == 200 else "roed")
    return svar.status_code, data.get("roede", [])


def legg(noekkel: str) -> None:
    transactional(lambda: send_epost(noekkel, "a@eksempel.example", "Emne", "Tekst"))()


# --- asked -----------------------------------------------------------------------------------------------


def test_arbeideren(klokke: time_machine.Traveller, klient: FlaskClient) -> None:
    assert helse(klient) == (503, ["spor.frist", "spor.post"]), "one that was never started wakes nobody"
    slaa()
    assert helse(klient) == (200, [])
    klokke.shift(21)
    assert helse(klient) == (503, ["spor.frist", "spor.post"])
    slaa(Spor.FRIST)
    assert helse(klient) == (200, [])
    klokke.shift(100)
    slaa(Spor.FRIST)
    assert helse(klient) == (503, ["spor.post"])


def test_forsinkede_trinn(klokke: time_machine.Traveller, klient: FlaskClient, scene: Scene) -> None:
    scene.send(hastegrad="akutt")
    levering.lever()
    klokke.shift(timedelta(hours=5))
    slaa()
    assert helse(klient) == (503, ["eskalering"])
    svar = klient.get("/helse/eskalering").get_json()
    assert svar["eskalering_forfalt"] == 1 and svar["eskalering_loeper"] == 1
    eskalering.kjoer_forfalte()
    assert helse(klient) == (200, [])


def test_hold_som_blir_staaende(
    klokke: time_machine.Traveller, klient: FlaskClient, som: Callable[[Aktor], FlaskClient], scene: Scene
) -> None:
    """A minute after its time a held bed is somebody's to look at; it stops no way to a human."""
    reservasjoner.reserver(scene.lege, lag_plassenhet(scene), klient_id=uuid4())
    for sekunder, forfalt in ((0, 0), (120 * 60 + 60, 0), (1, 1)):
        klokke.shift(sekunder)
        slaa()
        assert helse(klient) == (200, [])
        svar = klient.get("/helse/eskalering").get_json()
        assert (svar["plasser_holdt"], svar["plasser_forfalt"]) == (1, forfalt)
        assert f"portal_plasser_forfalt {forfalt}.0" in klient.get("/helse/tall").text
        side = som(scene.lege).get("/status").text
        assert ("Plasser står som holdt etter at tiden er ute" in side) == bool(forfalt)
    assert reservasjoner.loes_ut_forfalte() == 1
    assert klient.get("/helse/eskalering").get_json()["plasser_holdt"] == 0


def test_varsler_som_blir_liggende(klokke: time_machine.Traveller, klient: FlaskClient) -> None:
    legg("et")
    klokke.shift(299)
    slaa()
    assert helse(klient) == (200, [])
    klokke.shift(2)
    assert helse(klient) == (503, ["utsending"])


def test_en_kanal_som_nekter_lenge(klokke: time_machine.Traveller, klient: FlaskClient) -> None:
    """A moment without the mail server wakes nobody; five minutes without it do."""
    with oppsett(smtp_url=f"smtp://127.0.0.1:{ledig_port()}"):
        legg("et")
        levering.lever()
        slaa()
        assert helse(klient) == (200, [])
        for _ in range(31):
            klokke.shift(10)
            levering.lever()
        slaa()
        assert helse(klient) == (503, ["kanal.epost"])


def test_uten_database(app: Flask, klient: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    slaa()

    def borte(*_: object, **__: object) -> None:
        raise sa.exc.OperationalError("SELECT 1", {}, Exception("borte"))

    monkeypatch.setattr(db.engine.pool, "connect", borte)
    db.session.remove()
    assert helse(klient) == (503, ["database"])
    assert klient.get("/helse").status_code == 200
    assert 'portal_del_roed{del="database"} 1.0' in klient.get("/helse/tall").text
    monkeypatch.undo()
    assert helse(klient) == (200, [])


def test_tall_for_prometheus(klokke: time_machine.Traveller, klient: FlaskClient, scene: Scene) -> None:
    slaa()
    scene.send(hastegrad="akutt")
    klokke.shift(7)
    svar = klient.get("/helse/tall")
    assert svar.status_code == 200 and svar.content_type.startswith("text/plain; version=0.0.4")
    linjer = svar.text.splitlines()
    assert 'portal_arbeider_puls_sekunder{spor="frist"} 7.0' in linjer
    assert "portal_eskalering_loeper 1.0" in linjer and "portal_eskalering_forfalt 0.0" in linjer
    assert 'portal_del_roed{del="spor.frist"} 0.0' in linjer
    assert "portal_kanari 0.0" in linjer
    assert scene.hf.navn not in svar.text


# --- the beat out ----------------------------------------------------------------------------------------


class Monitor:
    """A dead man's switch of somebody else's: it counts the beats."""

    def __init__(self) -> None:
        self.slag: list[str] = []
        self.status = 200
        self.adresse = ""


@contextmanager
def monitoren() -> Iterator[Monitor]:
    m = Monitor()

    class Behandler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            m.slag.append(self.path)
            self.send_response(m.status)
            self.send_header("Location", "/annet")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Behandler)
    m.adresse = f"http://127.0.0.1:{http.server_address[1]}/slag/hemmelig"
    traad = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    traad.start()
    try:
        yield m
    finally:
        http.shutdown()
        http.server_close()
        traad.join(5)


def test_hjerteslaget_gaar_bare_naar_alt_er_vel(klokke: time_machine.Traveller, scene: Scene) -> None:
    with monitoren() as m:
        slag = Hjerteslag(m.adresse, service.ikke_vel)
        slag()
        assert m.slag == [], "the worker has not told that it lives"
        slaa()
        slag()
        assert m.slag == ["/slag/hemmelig"]
        scene.send(hastegrad="akutt")
        levering.lever()
        klokke.shift(timedelta(hours=5))
        slaa()
        slag()
        assert len(m.slag) == 1, "steps are overdue"
        eskalering.kjoer_forfalte()
        slag()
        assert len(m.slag) == 2
        klokke.shift(121)
        slaa(Spor.FRIST, Spor.POST)
        slag()
        assert len(m.slag) == 2, "a lane stands"


@pytest.mark.parametrize("status", [301, 404, 500])
def test_en_monitor_som_ikke_vil_feller_ingenting(
    klokke: time_machine.Traveller, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    slaa()
    with monitoren() as m:
        m.status = status
        slag = Hjerteslag(m.adresse, service.ikke_vel)
        slag()
        slag()
        assert m.slag == ["/slag/hemmelig"] * 2, "and follows it nowhere"
    slag()
    logg = capsys.readouterr().err
    assert "hemmelig" not in logg
    assert logg.count("hjerteslag_stanset") == (2 if status >= 400 else 1)


def test_en_monitor_som_henger_holder_opp_ingen_andre(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The heartbeat has a lane of its own, gives up within its time, and asks outside every transaction."""
    monkeypatch.setattr(nett, "FRIST", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as stum:
        # Takes the connection, and never answers.
        slag = Hjerteslag(f"http://127.0.0.1:{stum.getsockname()[1]}/x", list)
        foer = time.monotonic()
        slag()
        assert 0.5 < time.monotonic() - foer < 6
        assert not db.session().in_transaction()
    with oppsett(hjerteslag_url="https://monitor.example/x"):
        spor = {j.navn: j.spor for j in arbeider(app)._jobber}
    assert [n for n, s in spor.items() if s == Spor.HJERTE] == ["innsikt.hjerteslag"]


def test_livstegnet_staar_paa_statussiden_bare_naar_det_er_satt_opp(klokke: time_machine.Traveller) -> None:
    slaa()
    assert "spor.hjerte" not in service.les_drift().deler
    with oppsett(hjerteslag_url="https://monitor.example/x"):
        assert service.les_drift().deler["spor.hjerte"].tilstand == service.Tilstand.OK
        klokke.shift(61)
        assert service.les_drift().deler["spor.hjerte"].tilstand == service.Tilstand.ROED


def test_arbeideren_har_hjerteslaget_bare_naar_det_er_satt_opp(app: Flask) -> None:
    assert "innsikt.hjerteslag" not in {j.navn for j in arbeider(app)._jobber}
    with oppsett(hjerteslag_url="https://monitor.example/x", hjerteslag_sekunder=30.0):
        jobb = {j.navn: j for j in arbeider(app)._jobber}["innsikt.hjerteslag"]
    assert (jobb.hver, jobb.spor) == (30.0, Spor.HJERTE)


@pytest.mark.parametrize(
    "adresse", ["monitor.example/x", "ftp://monitor.example", "https://:443/x", "https://a b.example"]
)
def test_en_adresse_som_ingen_er(adresse: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_MODUS", "test")
    monkeypatch.setenv("PORTAL_HJERTESLAG_URL", adresse)
    with pytest.raises(Oppsettsfeil) as feil:
        les_innstillinger()
    assert "PORTAL_HJERTESLAG_URL" in feil.value.message and adresse not in feil.value.message
