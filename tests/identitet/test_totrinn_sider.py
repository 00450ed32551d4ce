"""The login in two steps over HTTP: its pages, what they say, and every way around them that must be shut."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from urllib.parse import unquote

import pyotp
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from portal.core.aktor import Rolle
from portal.core.clock import now
from portal.identitet.models import Person
from portal.identitet.service import oekter
from portal.identitet.service.oekter import FeilPassord
from tests.bygg import PASSORD, lag_hf, lag_medlemskap, lag_person
from tests.identitet.hjelp import gi_passord
from tests.identitet.totrinnhjelp import antall_sesjoner, gi_app, kode, krav


@pytest.fixture
def klokke() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime(2026, 11, 21, 20, 0, 5, tzinfo=UTC), tick=False) as reise:
        yield reise


@pytest.fixture
def person(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Person:
    """Elle, whose password is compared without argon2: the hash is tested elsewhere."""
    monkeypatch.setattr(
        "portal.identitet.passord.stemmer", lambda lagret, p: lagret is not None and p == PASSORD
    )
    monkeypatch.setattr("portal.identitet.passord.boer_fornyes", lambda lagret: False)
    person = lag_person("Elle Máret Buljo", epost="elle@eksempel.example")
    gi_passord(person.id)
    lag_medlemskap(person, Rolle.KOORDINATOR, lag_hf())
    return person


def skjema(**felt: str) -> dict[str, str]:
    return {"epost": "elle@eksempel.example", "passord": PASSORD, **felt}


def test_innlogging_i_to_trinn(klient: FlaskClient, person: Person, klokke: object) -> None:
    koder = gi_app(person)
    svar = klient.post("/innlogging", data=skjema(neste="/organisasjoner?sok=alta"))
    assert (svar.status_code, svar.location) == (303, "/innlogging/kode")
    assert "kjent_enhet" not in str(svar.headers.getlist("Set-Cookie"))
    assert klient.get("/sesjon").status_code == 401
    assert klient.get("/organisasjoner").location.startswith("/innlogging?")
    assert klient.get("/innlogging/oppsett").location == "/innlogging/kode"
    side = klient.get("/innlogging/kode")
    assert (
        side.status_code == 200
        and "one-time-code" in side.text
        and side.headers["Cache-Control"] == "no-store"
    )
    assert klient.post("/innlogging/kode", data={}).status_code == 422
    feil = klient.post("/innlogging/kode", data={"kode": "000 000"})
    assert feil.status_code == 401 and 'id="kode-feil"' in feil.text and "000 000" not in feil.text
    feil = klient.post("/innlogging/kode", data={"gjenoppretting": "aaaa-bbbb"})
    assert feil.status_code == 401 and 'id="gjenoppretting-feil"' in feil.text and " open>" in feil.text
    assert klient.post("/innlogging/kode", data={"kode": "1", "ekstra": "1"}).status_code == 422
    inne = klient.post("/innlogging/kode", data={"kode": kode()})
    assert (inne.status_code, inne.location) == (303, "/organisasjoner?sok=alta")
    assert "kjent_enhet" in str(inne.headers.getlist("Set-Cookie"))
    assert klient.get("/sesjon").status_code == 204
    with klient.session_transaction() as s:
        assert "andre_trinn" not in s
    assert klient.get("/innlogging/kode").location == "/"
    klient.post("/utlogging")
    klient.post("/innlogging", data=skjema())
    assert klient.post("/innlogging/kode", data={"gjenoppretting": koder[0]}).status_code == 303
    klient.post("/utlogging")
    klient.post("/innlogging", data=skjema())
    brukt = klient.post("/innlogging/kode", data={"gjenoppretting": koder[0]})
    assert brukt.status_code == 401 and "er brukt" in brukt.text


def test_for_mange_koder_sier_hvor_lenge(klient: FlaskClient, person: Person, klokke: object) -> None:
    gi_app(person)
    klient.post("/innlogging", data=skjema())
    for _ in range(5):
        assert klient.post("/innlogging/kode", data={"kode": "000000"}).status_code == 401
    svar = klient.post("/innlogging/kode", data={"kode": kode()})
    assert (svar.status_code, svar.headers["Retry-After"]) == (429, "30")
    assert "Vent litt" in svar.text


@pytest.mark.parametrize("sti", ["/innlogging/kode", "/innlogging/oppsett"])
def test_uten_passord_foerst_gaar_det_ikke(klient: FlaskClient, person: Person, sti: str) -> None:
    gi_app(person)
    for svar in (klient.get(sti), klient.post(sti, data={"kode": "000000"})):
        assert svar.status_code == 303 and svar.location.startswith("/innlogging")
    with klient.session_transaction() as s:
        s["andre_trinn"] = {"bevis": "x" * 100, "neste": "https://ond.example/"}
    assert klient.get(sti).location == "/innlogging?neste=/"


def test_et_gammelt_bevis_sender_til_passordet(
    klient: FlaskClient, person: Person, klokke: time_machine.Traveller
) -> None:
    gi_app(person)
    klient.post("/innlogging", data=skjema(neste="/tall"))
    klokke.shift(301)
    svar = klient.post("/innlogging/kode", data={"kode": kode()})
    assert svar.location == "/innlogging?neste=/tall"
    assert "Logg inn på nytt" in klient.get(svar.location).text


def test_oppsett_ved_foerste_innlogging(klient: FlaskClient, person: Person, klokke: object) -> None:
    with krav("krev"):
        svar = klient.post("/innlogging", data=skjema(neste="/tall"))
        assert svar.location == "/innlogging/oppsett"
        assert klient.get("/tall").location.startswith("/innlogging")
        assert klient.get("/innlogging/kode").location == "/innlogging/oppsett"
        side = klient.get("/innlogging/oppsett").text
        noekkel = re.search(r'class="konto-noekkel">([A-Z2-7 ]+)<', side)[1].replace(" ", "")  # type: ignore[index]
        bilde = unescape(re.search(r'class="qr" src="([^"]+)"', side)[1])  # type: ignore[index]
        assert bilde.startswith("data:image/svg+xml") and "<script" not in unquote(bilde)
        pakke = re.search(r'name="oppsett" value="([^"]+)"', side)[1]  # type: ignore[index]
        feil = klient.post("/innlogging/oppsett", data={"oppsett": pakke, "kode": "000000"})
        assert feil.status_code == 422 and pakke in feil.text and noekkel not in pakke
        assert antall_sesjoner() == 0
        riktig = pyotp.TOTP(noekkel).at(now())
        ferdig = klient.post("/innlogging/oppsett", data={"oppsett": pakke, "kode": riktig})
        koder = re.findall(r"<code>([2-9a-z-]{19})</code>", ferdig.text)
        assert ferdig.status_code == 200 and len(koder) == 10 and 'href="/tall"' in ferdig.text
        assert "Elle Máret Buljo" in ferdig.text and klient.get("/sesjon").status_code == 204
        klient.post("/utlogging")
        assert klient.post("/innlogging", data=skjema()).location == "/innlogging/kode"
        assert klient.post("/innlogging/kode", data={"gjenoppretting": koder[9]}).status_code == 303


def test_csrf_paa_begge_trinn(app: Flask, klient: FlaskClient, person: Person, klokke: object) -> None:
    gi_app(person)
    klient.post("/innlogging", data=skjema())
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        assert klient.post("/innlogging/kode", data={"kode": kode()}).status_code == 403
    finally:
        app.config["WTF_CSRF_ENABLED"] = False


def test_feil_passord_roeper_ikke_om_det_er_to_trinn(klient: FlaskClient, person: Person) -> None:
    uten = klient.post("/innlogging", data=skjema(passord="galt")).text
    gi_app(person)
    med = klient.post("/innlogging", data=skjema(passord="galt")).text
    tegn = re.compile(r'(csrf[-_]token" (?:value|content)=|servertid" content=)"[^"]+')
    assert tegn.sub("", uten) == tegn.sub("", med)
    with pytest.raises(FeilPassord):
        oekter.logg_inn(person.epost, "galt", kilde="198.51.100.9")
