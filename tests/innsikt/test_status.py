"""The status page: what it says is what the rows and the pulses say now, and it is red when something stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from portal.core import puls
from portal.core.aktor import Aktor, Rolle
from portal.core.arbeider import Spor, pulsnavn, sviktnavn
from portal.core.clock import now, oslo
from portal.core.db import db, transactional
from portal.henvendelser.eskalering import kanari
from portal.henvendelser.eskalering import service as eskalering
from portal.innsikt import service
from portal.varsler.models import Kanal, Varselro
from portal.varsler.service import levering
from portal.varsler.steps import Mottaker, send_epost, varsle
from tests.bygg import Scene, lag_aktor, lagre
from tests.vakthjelp import lag_kanal, lag_vakt, lag_vaktplan
from tests.valkey import start_valkey, stop_valkey
from tests.varsler.tjenere import ledig_port, oppsett, porten, posttjener

ONSDAG = datetime.fromisoformat("2026-10-14T09:00:00+00:00")


@pytest.fixture
def klokke(app: Flask) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(ONSDAG, tick=False) as reisende:
        yield reisende


def slaa(*spor: Spor) -> None:
    for s in spor or tuple(Spor):
        puls.slaa(pulsnavn(s))


def tilstand(kode: str) -> tuple[str, str]:
    db.session.rollback()
    d = service.les_drift().deler[kode]
    return str(d.tilstand), d.hvorfor


def legg(noekkel: str, til: str = "a@eksempel.example") -> None:
    transactional(lambda: send_epost(noekkel, til, "Emne", "Tekst"))()


def merker(side: str) -> dict[str, str]:
    """What the page says of each part: its word, which does not hang on a colour."""
    deler = re.split(r'<li class="driftsrad" data-(?:del|kanari)="([^"]+)"', side)[1:]
    ut = {}
    for kode, html in zip(deler[::2], deler[1::2], strict=True):
        treff = re.search(r'<span class="ds-tag driftsmerke"[^>]*><svg.*?</svg>([^<]+)</span>', html, re.S)
        assert treff, kode
        ut[kode] = treff[1]
    return ut


# --- the worker ------------------------------------------------------------------------------------------


def test_sporene_etter_pulsen(klokke: time_machine.Traveller) -> None:
    assert tilstand("spor.frist") == ("ukjent", "aldri")
    slaa()
    for spor in (Spor.FRIST, Spor.POST, Spor.VANLIG):
        assert tilstand(f"spor.{spor}") == ("ok", "")
    klokke.shift(20)
    assert tilstand("spor.frist") == ("ok", "")
    klokke.shift(1)
    # Within half a minute, with the ten seconds until the page has read itself anew.
    assert tilstand("spor.frist") == ("roed", "staar")
    assert tilstand("spor.post") == ("roed", "staar"), "the whole worker is silent"
    slaa(Spor.FRIST)
    assert tilstand("spor.frist") == tilstand("spor.post") == ("ok", ""), "one long delivery is no dead lane"
    klokke.shift(100)
    slaa(Spor.FRIST)
    assert tilstand("spor.post") == tilstand("spor.vanlig") == ("roed", "staar")


def test_et_spor_der_noe_feiler_skal_noen_se_paa(
    klokke: time_machine.Traveller, klient: FlaskClient, scene: Scene, som: Callable[[Aktor], FlaskClient]
) -> None:
    """It lives: no monitor is alarmed, and nobody is told that it has stopped. Nor that all is well."""
    slaa()
    puls.slaa(sviktnavn(Spor.VANLIG))
    assert tilstand("spor.vanlig") == ("obs", "svikter") and tilstand("spor.frist") == ("ok", "")
    assert service.ikke_vel() == []
    assert klient.get("/helse/eskalering").status_code == 200
    linjer = klient.get("/helse/tall").text.splitlines()
    assert 'portal_arbeider_svikter{spor="vanlig"} 1.0' in linjer
    assert 'portal_arbeider_svikter{spor="frist"} 0.0' in linjer
    side = som(scene.vaktleder).get("/status").text
    assert merker(side)["spor.vanlig"] == "Følg med" and "noe av det den skal gjøre, feiler" in side
    assert "Alt virker" not in side and "Noe virker ikke" not in side
    klokke.shift(121)
    slaa()
    assert tilstand("spor.vanlig") == ("ok", "")
    puls.slaa(sviktnavn(Spor.VANLIG))
    klokke.shift(121)
    slaa(Spor.FRIST)
    assert tilstand("spor.vanlig") == ("roed", "staar")
    # A clock was wrong for a while: what it said is not believed until that time has come.
    klokke.shift(3600)
    puls.slaa(sviktnavn(Spor.VANLIG))
    klokke.shift(-3600)
    slaa()
    assert tilstand("spor.vanlig") == ("ok", "")


# --- escalation ------------------------------------------------------------------------------------------


def test_eskaleringen(klokke: time_machine.Traveller, scene: Scene) -> None:
    assert tilstand("eskalering") == ("ok", "")
    scene.send(hastegrad="akutt")
    db.session.rollback()
    tall = service.les_drift().deler["eskalering"].tall
    assert (tall["loeper"], tall["forfalt"]) == (1, 0) and tall["fyrt"] >= 1
    neste = service.les_drift().deler["eskalering"].tid
    assert neste is not None
    klokke.move_to(neste + timedelta(seconds=60))
    assert tilstand("eskalering") == ("ok", "")
    klokke.shift(1)
    assert tilstand("eskalering") == ("roed", "forfalt")
    eskalering.kjoer_forfalte()
    assert tilstand("eskalering") == ("ok", "")


# --- the outbox and its channels -------------------------------------------------------------------------


def test_koen_som_ingen_tar(klokke: time_machine.Traveller) -> None:
    legg("et")
    klokke.shift(299)
    assert tilstand("utsending") == ("ok", "")
    klokke.shift(2)
    assert tilstand("utsending") == ("roed", "forfalt")
    with posttjener():
        levering.lever()
        assert tilstand("utsending") == ("ok", "")


def test_eposten(klokke: time_machine.Traveller) -> None:
    assert tilstand("kanal.epost") == ("av", "filer")
    port = ledig_port()
    with oppsett(smtp_url=f"smtp://127.0.0.1:{port}"):
        assert tilstand("kanal.epost") == ("ukjent", "aldri_brukt")
        legg("et")
        levering.lever()
        assert tilstand("kanal.epost") == ("roed", "feiler")
        assert service.les_drift().deler["kanal.epost"].detalj
    with posttjener(port):
        klokke.shift(31)
        levering.lever()
        assert tilstand("kanal.epost") == ("ok", "")
        klokke.shift(60)
    with oppsett(smtp_url=f"smtp://127.0.0.1:{port}"):
        legg("to")
        levering.lever()
        assert tilstand("kanal.epost") == ("roed", "feiler")
        klokke.shift(timedelta(days=1, seconds=1))
        assert tilstand("kanal.epost")[0] != "roed", "nobody knows of a day ago"


def test_en_adresse_som_ikke_finnes_gjoer_ikke_kanalen_roed(klokke: time_machine.Traveller) -> None:
    with posttjener() as t:
        t.svar["borte@eksempel.example"] = "550 5.1.1 <borte@eksempel.example> finnes ikke"
        legg("et", "borte@eksempel.example")
        levering.lever()
        assert tilstand("kanal.epost") == ("obs", "oppgitt")
        # One that the server will not have now does not hide that others get theirs.
        t.svar["full@eksempel.example"] = "452 4.2.2 <full@eksempel.example> er full"
        legg("to", "full@eksempel.example")
        levering.lever()
        assert tilstand("kanal.epost") == ("roed", "feiler")
        assert "@" not in service.les_drift().deler["kanal.epost"].detalj
        klokke.shift(1)
        legg("tre", "god@eksempel.example")
        levering.lever()
        assert tilstand("kanal.epost") == ("obs", "oppgitt")


def test_porten(klokke: time_machine.Traveller, scene: Scene) -> None:
    assert tilstand("kanal.sms") == ("av", "ikke_satt_opp")
    lag_kanal(scene.spesialist, Kanal.SMS)
    assert scene.spesialist.person_id is not None
    til = Mottaker(scene.spesialist.person_id, "Siri", "siri@eksempel.example", "nb")

    def varsel(noekkel: str) -> None:
        transactional(
            lambda: varsle(
                til, noekkel=noekkel, kode="kanari", tittel="Prøve", bare=[Kanal.SMS], hastegrad="akutt"
            )
        )()

    with porten() as t:
        assert tilstand("kanal.sms") == ("ukjent", "aldri_brukt")
        t.svar[""] = 503
        varsel("en")
        levering.lever()
        assert tilstand("kanal.sms") == ("roed", "feiler")
        assert tilstand("kanal.tale") == ("ukjent", "aldri_brukt")
        t.svar.clear()
        klokke.shift(10)
        levering.lever()
        assert tilstand("kanal.sms") == ("ok", "")


def test_det_som_ventet_paa_ro_viser_at_porten_er_borte(klokke: time_machine.Traveller, scene: Scene) -> None:
    """Made before the last that left, first tried after it, and refused: the gateway is gone, and has been so since."""
    lag_kanal(scene.spesialist, Kanal.SMS)
    lag_kanal(scene.kirurg, Kanal.SMS)
    her = oslo(now())
    til = f"{(her + timedelta(hours=3)):%H:%M}"
    lagre(Varselro(person_id=scene.spesialist.person_id, fra=f"{her:%H:%M}", til=til, akutt_bryter=False))

    @transactional
    def varsel(aktor: Aktor) -> None:
        assert aktor.person_id is not None
        mottaker = Mottaker(aktor.person_id, "Siri", "siri@eksempel.example", "nb")
        varsle(mottaker, noekkel=aktor.navn, kode="x", tittel="Ny", bare=[Kanal.SMS], hastegrad="haster")

    with porten() as t:
        varsel(scene.spesialist)
        klokke.shift(60)
        varsel(scene.kirurg)
        levering.lever()
        assert tilstand("kanal.sms") == ("ok", "")
        klokke.shift(timedelta(hours=3, minutes=1))
        t.svar[""] = 503
        levering.lever()
        assert tilstand("kanal.sms") == ("roed", "feiler")
        siden = service.les_drift().deler["kanal.sms"].siden
        assert siden is not None and now() - siden < timedelta(minutes=5)


# --- Redis -----------------------------------------------------------------------------------------------


def test_redis_som_ikke_svarer(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "redis" not in service.les_drift().deler
    monkeypatch.setattr(service, "_redis_sist", (0.0, "", True))
    with oppsett(redis_url=f"redis://127.0.0.1:{ledig_port()}/0"):
        assert tilstand("redis") == ("roed", "svarer_ikke")


def test_redis_som_svarer(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "_redis_sist", (0.0, "", False))
    try:
        with oppsett(redis_url=start_valkey(tmp_path)):
            assert tilstand("redis") == ("ok", "")
    finally:
        stop_valkey(tmp_path)


# --- the page --------------------------------------------------------------------------------------------


@pytest.fixture
def hus(klokke: time_machine.Traveller, scene: Scene) -> Scene:
    lag_vakt(lag_vaktplan(scene.hf.id), scene.spesialist, til=now() + timedelta(days=10))
    kanari.sett(scene.koordinator, "indremedisin", 60, aktiv=True)
    return scene


def arbeid() -> None:
    kanari.kjoer_planlagte()
    eskalering.kjoer_forfalte()
    levering.lever()
    kanari.fullfoer()
    slaa()


def test_siden_er_groenn_naar_alt_gaar_og_roed_naar_noe_staar(
    hus: Scene, klokke: time_machine.Traveller, som: Callable[[Aktor], FlaskClient]
) -> None:
    klient = som(hus.vaktleder)
    lag_kanal(hus.spesialist, Kanal.PUSH, "https://push.example/x")
    port = ledig_port()
    with posttjener(port):
        arbeid()
        side = klient.get("/status").text
    assert merker(side)["vekking"] == "Virker"
    assert "Alt virker" in side and "Noe virker ikke" not in side
    m = merker(side)
    assert m["spor.frist"] == m["eskalering"] == m["utsending"] == m["kanal.epost"] == "Virker"
    assert m["indremedisin"] == "Virker" and m["kanal.sms"] == "Ikke satt opp"
    assert "for 0 s siden" in side

    klokke.shift(30)
    with oppsett(smtp_url=f"smtp://127.0.0.1:{port}"):
        side = klient.get("/status").text
    assert "Noe virker ikke" in side and merker(side)["spor.frist"] == "Virker ikke"
    assert "Ring mottakeren" in side and "for 30 s siden" in side

    # The worker is back, but the mail server is not: another part is red, and then the canary.
    with oppsett(smtp_url=f"smtp://127.0.0.1:{port}"):
        kanari.kjoer_naa(hus.vaktleder, kanari_id(klient))
        for _ in range(20):
            klokke.shift(10)
            arbeid()
        m = merker(klient.get("/status").text)
        assert m["spor.frist"] == "Virker"
        assert m["kanal.epost"] == m["indremedisin"] == "Virker ikke"
    with posttjener(port):
        kanari.kjoer_naa(hus.vaktleder, kanari_id(klient))
        arbeid()
        klokke.shift(31)
        arbeid()
        side = klient.get("/status").text
        m = merker(side)
        assert m["kanal.epost"] == m["indremedisin"] == "Virker", m
        assert "Alt virker" in side


def test_uten_en_vei_som_vekker_er_siden_ikke_groenn(hus: Scene, som: Callable[[Aktor], FlaskClient]) -> None:
    """One truth on three pages: would an alarm now wake the one on call?"""
    klient, ord_ = som(hus.vaktleder), "varslene vekker kanskje ikke den som har vakt"
    with posttjener():
        arbeid()
        side = klient.get("/status").text
        assert "Alt virker" not in side and ord_ in side and 'data-tilstand="obs"' in side
        assert merker(side)["vekking"] == "Følg med" and "0 av 1 som har vakt nå" in side
        assert "Ingen vei ut som vekker" in side
        assert merker(side)["indremedisin"] != "Virker"
        assert "Varslene er ikke prøvd" in klient.get("/vakt").text
        assert "Varslene er ikke prøvd" in klient.get("/vakt/dekning").text
        # Another on call with what wakes is not the one who has none.
        lag_vakt(lag_vaktplan(hus.hf.id, "geriatri"), hus.spesialist2)
        lag_kanal(hus.spesialist2, Kanal.PUSH, "https://push.example/y")
        side = klient.get("/status").text
        assert ord_ in side and "1 av 2 som har vakt nå" in side and "De andre kan sove" in side
        lag_kanal(hus.spesialist, Kanal.PUSH, "https://push.example/x")
        side = klient.get("/status").text
        assert "Alt virker" in side and "2 av 2 som har vakt nå" in side
        assert merker(side)["indremedisin"] == merker(side)["vekking"] == "Virker"
        for adresse in ("/vakt", "/vakt/dekning"):
            assert "Varslene er ikke prøvd" not in klient.get(adresse).text, adresse


def test_uten_noen_paa_vakt_sies_det(scene: Scene, som: Callable[[Aktor], FlaskClient]) -> None:
    slaa()
    lag_vakt(lag_vaktplan(scene.kommune.id), scene.lege)
    lag_kanal(scene.lege, Kanal.PUSH, "https://push.example/x")
    side = som(scene.vaktleder).get("/status").text
    assert merker(side)["vekking"] == "Følg med", "the other organisation's people are no help here"
    assert "som har vakt nå" not in side


def kanari_id(klient: FlaskClient) -> Any:
    treff = re.search(r"/vakt/kanari/([0-9a-f-]{36})", klient.get("/vakt/kanari").text)
    assert treff
    return UUID(treff[1])


def test_hentet_av_seg_selv_er_det_bare_det_som_endrer_seg(
    scene: Scene, som: Callable[[Aktor], FlaskClient]
) -> None:
    klient = som(scene.lege)
    hel = klient.get("/status").text
    bit = klient.get("/status", headers={"X-Bakgrunn": "1"}).text
    assert "<html" in hel and "data-driftsstatus" in hel and 'href="/status"' in hel
    assert "<html" not in bit and "data-drift-sum" in bit
    assert set(merker(bit)) == set(merker(hel))


@pytest.mark.parametrize(
    "hvem", ["lege", "sykepleier", "spesialist", "vaktleder", "koordinator", "administrator", "innsyn"]
)
def test_alle_ser_siden_men_bare_egne_kanarier(
    hus: Scene, som: Callable[[Aktor], FlaskClient], hvem: str
) -> None:
    aktor = getattr(hus, hvem)
    svar = som(aktor).get("/status")
    assert svar.status_code == 200
    assert ("indremedisin" in merker(svar.text)) == (aktor.organisasjon_id == hus.hf.id)
    assert ('id="sett-kanarier"' in svar.text) == (hvem in ("vaktleder", "koordinator", "administrator"))


def test_systemadministratoren_ser_alle(hus: Scene, som: Callable[[Aktor], FlaskClient]) -> None:
    lag_vaktplan(hus.annet_hf.id, "kirurgi")
    kanari.sett(lag_aktor(Rolle.KOORDINATOR, hus.annet_hf), "kirurgi", 60, aktiv=True)
    side = som(hus.systemadministrator).get("/status").text
    assert {"indremedisin", "kirurgi"} <= set(merker(side)) and hus.annet_hf.kortnavn in side
    assert "kirurgi" not in merker(som(hus.vaktleder).get("/status").text)


def test_lenka_staar_paa_hver_side(
    scene: Scene, som: Callable[[Aktor], FlaskClient], klient: FlaskClient
) -> None:
    """In the footer, in the menu of those who see to it, and in the strip of clinicians, which is hidden while all is
    well."""
    assert som(scene.koordinator).get("/konto").text.count('href="/status"') == 2
    assert som(scene.lege).get("/konto").text.count('href="/status"') == 2
    assert som(scene.vaktleder).get("/konto").text.count('href="/status"') == 3
    assert "/status" not in klient.get("/innlogging").text
    assert klient.get("/status").status_code == 302
