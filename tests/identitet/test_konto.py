"""«Min konto»: where one is logged in, logging out there, and the second factor by its pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pyotp
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from portal.core.clock import now
from portal.core.db import db
from portal.core.errors import IkkeFunnet
from portal.identitet import steps
from portal.identitet.models import Person
from portal.identitet.ord import nettleser_i_ord
from portal.identitet.service import oekter, totrinn
from tests.bygg import PASSORD, Scene, ny_sesjon, uten_spor
from tests.identitet.hjelp import gi_passord, revisjon
from tests.identitet.totrinnhjelp import NOEKKEL, gi_app, krav

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
EDGE = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 (KHTML, like Gecko) "
    "Version/18.0 Mobile/15E148 Safari/604.1"
)


@pytest.fixture
def klokke() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime(2026, 11, 21, 20, 0, 5, tzinfo=UTC), tick=False) as reise:
        yield reise


@pytest.fixture
def lege(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Person:
    monkeypatch.setattr(
        "portal.identitet.passord.stemmer", lambda lagret, p: lagret is not None and p == PASSORD
    )
    assert scene.lege.person_id is not None
    gi_passord(scene.lege.person_id)
    return db.session.get_one(Person, scene.lege.person_id)


@pytest.mark.parametrize(
    ("agent", "ventet"),
    [
        (FIREFOX, "Firefox på Linux"),
        (EDGE, "Edge på Windows"),
        (IPHONE, "Safari på iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36", "Chrome på Android"),
        ("curl/8", "Ukjent nettleser"),
        ("", "Ukjent nettleser"),
        ("<script>Firefox/1", "Firefox"),
    ],
)
def test_nettleseren_i_ord(app: Flask, agent: str, ventet: str) -> None:
    assert nettleser_i_ord(agent) == ventet


def test_lista_viser_hvor_jeg_er_logget_inn(
    app: Flask, scene: Scene, klient: FlaskClient, klokke: time_machine.Traveller
) -> None:
    ny_sesjon(scene.lege, nettleser=IPHONE, sist_brukt=now() - timedelta(minutes=7))
    ny_sesjon(scene.lege, nettleser=EDGE, avsluttet=now())
    ny_sesjon(scene.lege, nettleser=EDGE, utloeper=now() - timedelta(seconds=1))
    ny_sesjon(scene.kollega, nettleser=EDGE)
    token = ny_sesjon(scene.lege, nettleser=FIREFOX, sist_brukt=now() - timedelta(minutes=9))[1]
    with klient.session_transaction() as s:
        s["_user_id"] = token
    side = klient.get("/konto")
    assert side.status_code == 200
    steder = re.findall(
        r'<h3 class="oekt__navn"[^>]*>([^<]+?) ?(<span.*?Denne nettleseren.*?)?</h3>', side.text
    )
    assert [(navn.strip(), bool(denne)) for navn, denne in steder] == [
        ("Firefox på Linux", True),
        ("Safari på iPhone", False),
    ]
    assert side.text.count("/avslutt") == 1, "none for this place: that is «Logg ut»"
    assert 'href="/konto"' in klient.get("/").text or 'href="/konto"' in klient.get("/organisasjoner").text


def test_logg_ut_ett_annet_sted(scene: Scene, som: Callable[..., FlaskClient], opptak: object) -> None:
    annen, token = ny_sesjon(scene.lege)
    fremmed, fremmed_token = ny_sesjon(scene.kollega)
    klient = som(scene.lege)
    svar = klient.post(f"/konto/oekter/{annen.sesjon_id}/avslutt")
    assert (svar.status_code, svar.location) == (303, "/konto")
    assert steps.aktor_fra_token(token) is None and klient.get("/sesjon").status_code == 204
    assert ("identitet.sesjon_avsluttet", {"sesjon_id": annen.sesjon_id}) in opptak.hendelser  # type: ignore[attr-defined]
    for borte in (annen.sesjon_id, fremmed.sesjon_id, uuid4()):
        assert klient.post(f"/konto/oekter/{borte}/avslutt").status_code == 404
    assert steps.aktor_fra_token(fremmed_token) is not None
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeFunnet):  # type: ignore[arg-type]
        oekter.avslutt_egen_sesjon(scene.lege, fremmed.sesjon_id or uuid4())


def test_logg_ut_overalt(scene: Scene, som: Callable[..., FlaskClient], opptak: object) -> None:
    her, der = som(scene.lege), som(scene.lege)
    kollega = som(scene.kollega)
    assert her.post("/konto/logg-ut-overalt").location == "/innlogging"
    assert [k.get("/sesjon").status_code for k in (her, der, kollega)] == [401, 401, 204]
    assert len([h for h in opptak.hendelser if h[0] == "identitet.sesjon_avsluttet"]) == 2  # type: ignore[attr-defined]
    assert [r.detaljer for r in revisjon("innlogging.avsluttet")] == ['{"antall":2}']


def _felt(side: str, navn: str) -> str:
    treff = re.search(rf'name="{navn}" value="([^"]+)"', side)
    assert treff
    return treff[1]


def test_hele_veien_paa_og_av(
    lege: Person, scene: Scene, som: Callable[..., FlaskClient], klokke: time_machine.Traveller
) -> None:
    klient = som(scene.lege)
    assert "Av: passordet alene" in klient.get("/konto").text
    for sti in ("/konto/tofaktor/koder", "/konto/tofaktor/av"):
        assert klient.get(sti).location == "/konto"
        assert klient.post(sti, data={"bevis": PASSORD}).location == "/konto"
    side = klient.get("/konto/tofaktor").text
    pakke = _felt(side, "oppsett")
    noekkel = re.search(r'class="konto-noekkel">([A-Z2-7 ]+)<', side)[1].replace(" ", "")  # type: ignore[index]
    kode = pyotp.TOTP(noekkel).at(now())
    galt = klient.post("/konto/tofaktor", data={"oppsett": pakke, "kode": "1", "bevis": "galt"})
    assert galt.status_code == 422 and _felt(galt.text, "oppsett") == pakke, "the picture stays the same"
    assert (
        klient.post("/konto/tofaktor", data={"oppsett": "tull", "kode": kode, "bevis": PASSORD}).status_code
        == 303
    )
    assert klient.post("/konto/tofaktor", data={"kode": kode, "bevis": PASSORD}).status_code == 422
    paa = klient.post("/konto/tofaktor", data={"oppsett": pakke, "kode": kode, "bevis": PASSORD})
    koder = re.findall(r"<code>([2-9a-z-]{19})</code>", paa.text)
    assert paa.status_code == 200 and len(koder) == 10 and "vises bare nå" in paa.text
    konto = klient.get("/konto").text
    assert "Gjenopprettingskoder igjen: 10" in konto and not any(k in konto for k in koder)

    assert klient.post("/konto/tofaktor/koder", data={"bevis": PASSORD}).status_code == 422
    nye = klient.post("/konto/tofaktor/koder", data={"bevis": koder[0]})
    nye_koder = re.findall(r"<code>([2-9a-z-]{19})</code>", nye.text)
    assert len(nye_koder) == 10 and not set(nye_koder) & set(koder)
    for k in nye_koder[:7]:
        totrinn.bekreft(_aktor(scene), k, kilde="192.0.2.9")
    assert "Få gjenopprettingskoder igjen" in klient.get("/konto").text

    with krav("krev"):
        assert "/konto/tofaktor/av" not in klient.get("/konto").text
        assert klient.post("/konto/tofaktor/av", data={"bevis": nye_koder[7]}).status_code == 403
    assert klient.post("/konto/tofaktor/av", data={"bevis": "feil"}).status_code == 422
    av = klient.post("/konto/tofaktor/av", data={"bevis": nye_koder[7]})
    assert (av.status_code, av.location) == (303, "/konto")
    assert "Av: passordet alene" in klient.get("/konto").text
    with krav("av"):
        assert "bruker ikke totrinnsinnlogging" in klient.get("/konto").text
        assert klient.get("/konto/tofaktor").status_code == 403


def _aktor(scene: Scene) -> object:
    return ny_sesjon(scene.lege)[0]


def test_for_mange_gale_koder_paa_kontosiden(
    lege: Person, scene: Scene, som: Callable[..., FlaskClient], klokke: object
) -> None:
    gi_app(lege)
    klient = som(scene.lege)
    for _ in range(5):
        assert klient.post("/konto/tofaktor/koder", data={"bevis": "000000"}).status_code == 422
    svar = klient.post("/konto/tofaktor/koder", data={"bevis": pyotp.TOTP(NOEKKEL).at(now())})
    assert svar.status_code == 429 and "Prøv igjen" in svar.text


def test_en_fremmed_ser_ikke_kontoen(klient: FlaskClient, app: Flask) -> None:
    for sti in ("/konto", "/konto/tofaktor", "/konto/tofaktor/koder", "/konto/tofaktor/av"):
        assert klient.get(sti).location == f"/innlogging?neste={sti}"
