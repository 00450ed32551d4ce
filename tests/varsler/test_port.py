"""The gateway's settings and proof: what the portal refuses to start with, and the two sides' signatures."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask

from portal.core import nett
from portal.core.clock import now
from portal.core.config import Oppsettsfeil, les_innstillinger
from portal.varsler import port
from portal.varsler.models import Kanal
from portal.varsler.post import IngenTjener, Ubrukelig
from tests.varsler.tjenere import NOEKKEL, ledig_port, oppsett, porten

OPPDRAG = port.Oppdrag(uuid4(), Kanal.SMS, "+4790000010", "Åpne portalen", "nn")


@pytest.fixture
def miljoe(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    monkeypatch.setenv("PORTAL_INSTANS", str(tmp_path))
    return monkeypatch


@pytest.mark.parametrize("navn", ["PORTAL_SMS_URL", "PORTAL_TALE_URL"])
@pytest.mark.parametrize(
    "adresse",
    [
        "port.example",
        "ftp://port.example",
        "https://",
        "https://b:hemmelig@port.example/",
        "https://h:99999",
        "https://h/a b",
    ],
)
def test_en_adresse_som_ikke_er_en_port(miljoe: pytest.MonkeyPatch, navn: str, adresse: str) -> None:
    miljoe.setenv(navn, adresse)
    miljoe.setenv("PORTAL_VARSELNOEKKEL", NOEKKEL)
    with pytest.raises(Oppsettsfeil) as feil:
        les_innstillinger()
    assert navn in str(feil.value) and "hemmelig" not in str(feil.value)


@pytest.mark.parametrize("noekkel", ["", "for kort", "å" * 40])
def test_en_port_krever_en_noekkel(miljoe: pytest.MonkeyPatch, noekkel: str) -> None:
    miljoe.setenv("PORTAL_TALE_URL", "https://port.example/tale")
    miljoe.setenv("PORTAL_VARSELNOEKKEL", noekkel)
    with pytest.raises(Oppsettsfeil, match="PORTAL_VARSELNOEKKEL"):
        les_innstillinger()


def test_uten_port_trengs_ingen_noekkel(miljoe: pytest.MonkeyPatch) -> None:
    i = les_innstillinger()
    assert (i.sms_url, i.tale_url, i.varselnoekkel) == ("", "", "")


def test_i_produksjon_gaar_numrene_over_https(miljoe: pytest.MonkeyPatch) -> None:
    miljoe.setenv("PORTAL_SMS_URL", "http://port.example/sms")
    miljoe.setenv("PORTAL_VARSELNOEKKEL", NOEKKEL)
    assert les_innstillinger().sms_url == "http://port.example/sms"
    miljoe.setenv("PORTAL_MODUS", "produksjon")
    miljoe.setenv("PORTAL_HEMMELIGHET", "x" * 40)
    miljoe.setenv("PORTAL_OPPHAV", "https://portal.example")
    with pytest.raises(Oppsettsfeil, match="PORTAL_SMS_URL must be an https"):
        les_innstillinger()
    miljoe.setenv("PORTAL_SMS_URL", "https://port.example/sms")
    assert les_innstillinger().varselnoekkel == NOEKKEL


def test_signaturen_er_den_som_staar_i_dokumentasjonen(app: Flask) -> None:
    with oppsett(varselnoekkel=NOEKKEL):
        tid = str(int(now().timestamp()))
        riktig = hmac.new(NOEKKEL.encode(), f"{tid}.".encode() + b"{}", hashlib.sha256).hexdigest()
        assert port.signer(tid, b"{}") == riktig
        assert port.stemmer(tid, b"{}", riktig)
        for t, kropp, signatur in (
            (tid, b"{} ", riktig),
            (tid, b"{}", riktig.upper()),
            (tid, b"{}", ""),
            (tid, b"{}", "æ" * 64),
            (str(int(tid) + 1), b"{}", riktig),
            ("", b"{}", port.signer("", b"{}")),
            ("-1", b"{}", port.signer("-1", b"{}")),
            ("1_0", b"{}", port.signer("1_0", b"{}")),
            ("٣", b"{}", port.signer("٣", b"{}")),
        ):
            assert not port.stemmer(t, kropp, signatur), t
        for sekunder, godtas in ((-300, True), (300, True), (-302, False), (302, False)):
            t = str(int(now().timestamp()) + sekunder)
            assert port.stemmer(t, b"{}", port.signer(t, b"{}")) is godtas, sekunder
    with oppsett(varselnoekkel=""):
        assert not port.stemmer(tid, b"{}", port.signer(tid, b"{}"))


def test_meldingen_er_den_som_staar_i_dokumentasjonen(app: Flask) -> None:
    with porten() as telenett, oppsett(adresse="https://portal.example"):
        port.send(OPPDRAG)
        (kall,) = telenett.kall
    assert kall.data == {
        "id": str(OPPDRAG.id),
        "kanal": "sms",
        "til": "+4790000010",
        "tekst": "Åpne portalen",
        "spraak": "nn",
        "svar_url": "https://portal.example/varsler/svar",
    }
    assert kall.hoder["content-type"] == "application/json"
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    for navn in (*kall.data, port.HODE_TID, port.HODE_SIGNATUR, "svar_id", "/varsler/svar"):
        assert navn in readme


def test_uten_port_sendes_ingenting(app: Flask) -> None:
    with pytest.raises(Ubrukelig):
        port.send(OPPDRAG)


def test_ingen_hjemme(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        oppsett(sms_url=f"http://127.0.0.1:{ledig_port()}/sms", varselnoekkel=NOEKKEL),
        pytest.raises(IngenTjener),
    ):
        port.send(OPPDRAG)

    def finnes_ikke(*_: object) -> list[str]:
        raise OSError("Name or service not known")

    monkeypatch.setattr(nett, "_slaa_opp", finnes_ikke)
    with (
        oppsett(sms_url="http://finnes.ikke.example/sms", varselnoekkel=NOEKKEL),
        pytest.raises(IngenTjener, match="not known"),
    ):
        port.send(OPPDRAG)


def test_tls_godtar_bare_et_sertifikat_som_holder(app: Flask) -> None:
    """A server that speaks no TLS on an https address, as a stranger in between would."""
    with porten() as telenett, oppsett(sms_url=telenett.adresse.replace("http:", "https:") + "/sms"):
        with pytest.raises(IngenTjener, match="SSL"):
            port.send(OPPDRAG)
        assert telenett.kall == []
