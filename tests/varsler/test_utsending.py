"""The outbox: rows with the change they tell of, sent once by a real SMTP conversation, or kept until they are."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from threading import Barrier, Thread
from uuid import uuid4

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from portal.core.clock import now
from portal.core.config import Oppsettsfeil, innstillinger, les_innstillinger
from portal.core.db import db, skrivetransaksjon, transactional
from portal.varsler import post
from portal.varsler.models import Kanal, Utsending
from portal.varsler.service import levering
from portal.varsler.steps import en_linje, send_epost
from tests.conftest import DB
from tests.varsler.tjenere import Posttjener, ledig_port, oppsett, posttjener


@transactional
def legg(
    noekkel: str = "", til: str = "aase@eksempel.example", emne: str = "Hei", tekst: str = "Tekst."
) -> None:
    send_epost(noekkel or str(uuid4()), til, emne, tekst)


def rader() -> list[Utsending]:
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(sa.select(Utsending).order_by(Utsending.opprettet, Utsending.til)))


@pytest.fixture
def klokke(app: Flask) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime.now(UTC), tick=False) as reise:
        yield reise


# --- the row ---------------------------------------------------------------------------------------------


def test_raden_foelger_transaksjonen(app: Flask) -> None:
    @transactional
    def avbrutt() -> None:
        send_epost("a", "x@y.example", "E", "T")
        raise ValueError

    with pytest.raises(ValueError):
        avbrutt()
    assert rader() == []
    with pytest.raises(RuntimeError):
        send_epost("a", "x@y.example", "E", "T")


def test_samme_noekkel_er_samme_brev(app: Flask) -> None:
    legg("en", tekst="Først.")
    legg("en", tekst="Siden.")

    @transactional
    def to_i_ett() -> None:
        send_epost("to", "x@y.example", "E", "T")
        send_epost("to", "x@y.example", "E", "T")

    to_i_ett()
    assert [(r.noekkel, r.tekst) for r in rader()] == [("en", "Først."), ("to", "T")]


# --- over SMTP -------------------------------------------------------------------------------------------


def test_brevet_kommer_fram_som_det_ble_skrevet(app: Flask) -> None:
    tekst = "Kjære Áŋŋel Čuđđe, ŋ š ŧ ž æøå – «ja».\n\n.\n" + "lang " * 400
    legg(til="aase@blåbær.example", emne="Følg opp – Guovdageaidnu/Ǩ", tekst=tekst)
    with posttjener() as t:
        assert levering.lever() == 1
        assert levering.lever() == 0
    (brev,) = t.mottatt
    assert brev["Subject"] == "Følg opp – Guovdageaidnu/Ǩ"
    assert brev["To"] == "aase@xn--blbr-roah.example"
    assert brev["From"].addresses[0].addr_spec == "portal@eksempel.example"
    assert brev.get_content().replace("\r\n", "\n").strip() == tekst.strip()
    (rad,) = rader()
    assert brev["Message-ID"] == f"<{rad.id}@eksempel.example>"
    assert rad.sendt is not None and rad.forsoek == 1
    assert rad.tekst == "", "what was sent may hold a link, and is not kept"


@pytest.mark.parametrize(
    ("til", "emne"),
    [
        ("a@b.example", "Hei\r\nBcc: offer@eksempel.example\r\n\r\nInnhold"),
        ("a@b.example", "Hei\x00\u2028Bcc: offer@eksempel.example"),
        ("a@b.example", "x" * 900),
    ],
)
def test_ingen_kommer_ut_av_en_overskrift(app: Flask, til: str, emne: str) -> None:
    legg(til=til, emne=emne)
    with posttjener() as t:
        assert levering.lever() == 1
    (brev,) = t.mottatt
    assert brev["Bcc"] is None and brev["Cc"] is None
    assert brev.get_content().strip() == "Tekst."
    assert brev["Subject"] == en_linje(emne)[:200]


@pytest.mark.parametrize(
    "til",
    ["a@b.example\r\nBcc: c@d.example", "a@b.example, c@d.example", "ingen", "@", "a@" + "b" * 80 + ".no"],
)
def test_en_adresse_som_ikke_er_en_oppgis_med_en_gang(app: Flask, til: str) -> None:
    legg(til=til)
    legg(til="god@eksempel.example")
    with posttjener() as t:
        levering.lever()
    assert [b["To"] for b in t.mottatt] == ["god@eksempel.example"]
    feilet = next(r for r in rader() if r.til == til)
    assert feilet.oppgitt is not None and feilet.sendt is None and feilet.feil


def test_passordet_i_adressen(app: Flask) -> None:
    legg()
    with pytest.warns(UserWarning, match="AUTH"), posttjener(passord=True) as t:
        assert levering.lever() == 1
    assert t.innlogginger == [(b"portal", b"p@ss/ord")] and len(t.mottatt) == 1


def test_et_passord_gaar_aldri_aapent_ut_av_huset(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    legg()
    with pytest.warns(UserWarning, match="AUTH"), posttjener(passord=True) as t:
        monkeypatch.setattr(post, "_HER", frozenset())
        assert levering.lever() == 0
    assert t.innlogginger == [] and t.mottatt == []
    assert "kryptering" in rader()[0].feil


def test_starttls_kreves_der_det_er_sagt(app: Flask) -> None:
    legg()
    with posttjener(), oppsett(smtp_url=innstillinger().smtp_url.replace("smtp:", "smtp+starttls:")):
        assert levering.lever() == 0
    (rad,) = rader()
    assert rad.sendt is None and rad.oppgitt is None and rad.feil


def test_en_uhoeflig_avskjed_sender_ikke_brevet_en_gang_til(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def handle_QUIT(*_: object) -> str:
        return "421 Ut med deg"

    monkeypatch.setattr(Posttjener, "handle_QUIT", handle_QUIT, raising=False)
    legg()
    with posttjener() as t:
        assert levering.lever() == 1
    assert len(t.mottatt) == 1 and rader()[0].sendt is not None


def test_bokstaver_foer_alfakroellen(app: Flask) -> None:
    legg(til="åse@eksempel.example")
    with posttjener(enable_SMTPUTF8=True) as t:
        assert levering.lever() == 1
    assert t.mottatt[0]["To"] == "åse@eksempel.example"
    legg(til="øse@eksempel.example")
    with posttjener(enable_SMTPUTF8=False):
        assert levering.lever() == 0
    assert [r.til for r in rader() if r.oppgitt] == ["øse@eksempel.example"]


# --- what goes wrong -------------------------------------------------------------------------------------


def test_tjeneren_er_nede_og_kommer_opp(klokke: time_machine.Traveller) -> None:
    port = ledig_port()
    for n in range(3):
        legg(til=f"p{n}@eksempel.example")
    with oppsett(smtp_url=f"smtp://127.0.0.1:{port}"):
        assert levering.lever() == 0
    foerste, *andre = sorted(rader(), key=lambda r: -r.forsoek)
    assert foerste.forsoek == 1 and "Connection" in foerste.feil
    # The others wait with it, and have not used a try.
    assert [(r.forsoek, r.neste) for r in andre] == [(0, now() + levering.TJENER_BORTE)] * 2
    with posttjener(port) as t:
        assert levering.lever() == 0, "not before its time"
        klokke.shift(31)
        assert levering.lever() == 3
    assert sorted(b["To"] for b in t.mottatt) == [f"p{n}@eksempel.example" for n in range(3)]
    assert all(r.feil == "" and r.sendt for r in rader())


def test_ventetiden_vokser_og_brevet_oppgis(klokke: time_machine.Traveller) -> None:
    legg()
    ventet = []
    with posttjener() as t:
        t.svar["aase@eksempel.example"] = "451 Kom igjen senere"
        while (rad := rader()[0]).oppgitt is None:
            klokke.move_to(max(rad.neste, now()))
            foer = now()
            assert levering.lever() == 0
            ventet.append((rader()[0].neste - foer).total_seconds())
        assert levering.lever() == 0
    assert ventet[:4] == [30, 60, 120, 240] and max(ventet[:-1]) == 7200
    assert timedelta(hours=44) < rad.oppgitt - rad.opprettet <= timedelta(days=2)
    assert rad.sendt is None and rad.feil == "451 Kom igjen senere" and rad.tekst == ""
    assert t.mottatt == []


def test_en_ukjent_mottaker_stopper_ingen_andre(app: Flask) -> None:
    for navn in ("borte", "full", "god"):
        legg(til=f"{navn}@eksempel.example")
    with posttjener() as t:
        t.svar = {"borte@eksempel.example": "550 Ukjent", "full@eksempel.example": "452 Full"}
        assert levering.lever() == 1
    tilstand = {r.til.split("@")[0]: (r.sendt is not None, r.oppgitt is not None) for r in rader()}
    assert tilstand == {"borte": (False, True), "full": (False, False), "god": (True, False)}


def test_en_drept_arbeider_mister_ikke_brevet(klokke: time_machine.Traveller) -> None:
    """Taken and never noted: nobody else takes it before the lease is over, and then somebody does."""
    legg()
    assert levering.ta_neste(Kanal.EPOST) is not None  # and here the worker is killed
    with posttjener() as t:
        assert levering.lever() == 0
        klokke.shift(levering.LEIE)
        assert levering.lever() == 1
    assert len(t.mottatt) == 1


def test_en_som_brukte_for_lang_tid_noterer_ikke_over_den_neste(klokke: time_machine.Traveller) -> None:
    legg()
    sen = levering.ta_neste(Kanal.EPOST)
    assert sen is not None
    klokke.shift(levering.LEIE)
    ny = levering.ta_neste(Kanal.EPOST)
    assert ny is not None and ny.brev.id == sen.brev.id
    levering.noter_feil(sen, "for sent", oppgi=True)
    assert rader()[0].oppgitt is None and rader()[0].feil == ""
    levering.noter_sendt(sen)  # it did leave
    levering.noter_feil(ny, "nei", oppgi=True)
    assert rader()[0].sendt is not None and rader()[0].oppgitt is None


def test_to_arbeidere_sender_aldri_det_samme(app: Flask) -> None:
    for n in range(30):
        legg(til=f"p{n:02}@eksempel.example")
    start = Barrier(2)
    antall: list[int] = []

    def arbeid() -> None:
        with app.app_context():
            start.wait()
            antall.append(levering.lever())

    with posttjener() as t:
        traader = [Thread(target=arbeid) for _ in range(2)]
        for traad in traader:
            traad.start()
        for traad in traader:
            traad.join(30)
    assert sorted(b["To"] for b in t.mottatt) == [f"p{n:02}@eksempel.example" for n in range(30)]
    assert sum(antall) == 30 and len(antall) == 2


@pytest.mark.skipif(
    DB != "postgresql", reason="SQLite has one writer: nobody can hold a row while another looks"
)
def test_en_laast_rad_hoppes_over(app: Flask) -> None:
    legg(til="a@eksempel.example")
    legg(til="b@eksempel.example")
    foerste = rader()[0]
    with skrivetransaksjon(db.engine) as annen:
        annen.execute(sa.select(Utsending).where(Utsending.id == foerste.id).with_for_update())
        tatt = levering.ta_neste(Kanal.EPOST)
    assert tatt is not None and tatt.brev.id != foerste.id


def test_det_sendes_utenfor_en_transaksjon(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    from portal.core.db import i_transaksjon

    sett: list[bool] = []
    monkeypatch.setattr(post, "send", lambda *_, **__: sett.append(i_transaksjon()))
    legg()
    levering.lever()
    assert sett == [False]


# --- as files --------------------------------------------------------------------------------------------


def test_uten_tjener_blir_brevene_filer(app: Flask, tmp_path: Path) -> None:
    legg(emne="Blåbær", tekst="På fjellet.")
    with oppsett(instans=tmp_path):
        assert levering.lever() == 1
    (fil,) = (tmp_path / "utboks").iterdir()
    assert fil.suffix == ".eml" and fil.stat().st_mode & 0o077 == 0
    brev = email.message_from_bytes(fil.read_bytes(), policy=email.policy.default)
    assert isinstance(brev, EmailMessage)
    assert (brev["Subject"], brev.get_content().strip()) == ("Blåbær", "På fjellet.")


def test_en_full_disk_mister_ikke_brevet(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "utboks").write_text("en fil der mappa skulle være")
    legg()
    with oppsett(instans=tmp_path):
        assert levering.lever() == 0
    assert rader()[0].sendt is None and rader()[0].oppgitt is None and rader()[0].tekst == "Tekst."


# --- settings --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "miljoe",
    [
        {"PORTAL_SMTP_URL": "http://h"},
        {"PORTAL_SMTP_URL": "smtp://"},
        {"PORTAL_SMTP_URL": "smtp://hemmelig:passord@vert:99999"},
        {"PORTAL_EPOST_FRA": "ingen adresse"},
        {"PORTAL_EPOST_FRA": "a@b\nBcc: c@d"},
        {"PORTAL_TOFAKTOR": "kanskje"},
    ],
)
def test_gale_innstillinger_sier_hva_som_er_galt(
    miljoe: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PORTAL_INSTANS", str(tmp_path))
    for navn, verdi in miljoe.items():
        monkeypatch.setenv(navn, verdi)
    with pytest.raises(Oppsettsfeil) as feil:
        les_innstillinger()
    assert next(iter(miljoe)) in str(feil.value) and "passord" not in str(feil.value).replace("password", "")


def test_lenker_begynner_med_den_foerste_adressen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PORTAL_INSTANS", str(tmp_path))
    assert les_innstillinger().adresse == "http://127.0.0.1:5000"
    assert les_innstillinger().tofaktor == "frivillig"
    monkeypatch.setenv("PORTAL_OPPHAV", "https://portal.example, https://annen.example/")
    i = les_innstillinger()
    assert (i.adresse, i.epost_fra) == ("https://portal.example", "portalen@portal.example")
    assert i.opphav == {"https://portal.example", "https://annen.example"}
    monkeypatch.setenv("PORTAL_MODUS", "produksjon")
    monkeypatch.setenv("PORTAL_HEMMELIGHET", "x" * 40)
    assert les_innstillinger().tofaktor == "krev"
    monkeypatch.setenv("PORTAL_TOFAKTOR", "av")
    assert les_innstillinger().tofaktor == "av"
