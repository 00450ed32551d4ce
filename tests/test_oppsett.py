"""The settings: what production refuses, what only the demo allows, and whether the house is well."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from portal import cli
from portal.core import config
from portal.core.config import ROT, STANDARD_HEMMELIGHET, Innstillinger, Oppsettsfeil, les_innstillinger
from portal.core.db import db
from portal.core.errors import IkkeTilgang, PortalError
from portal.henvendelser import demo as sakdemo
from portal.henvendelser.models import Henvendelse
from portal.identitet import demo
from portal.identitet.models import Organisasjon, Person
from portal.identitet.service import oekter, register
from portal.identitet.steps import aktor_fra_token
from tests.bygg import Scene, lag_medlemskap, lag_person, ny_sesjon, som_aktor

HEMMELIGHET = "x" * 48
TRYGT = {
    "PORTAL_MODUS": "produksjon",
    "PORTAL_HEMMELIGHET": HEMMELIGHET,
    "PORTAL_OPPHAV": "https://portal.example.no",
}


@pytest.fixture
def miljoe(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Innstillinger]:
    """Reads the settings from an environment with exactly these names in it."""

    def les(**verdier: str) -> Innstillinger:
        for navn in [n for n in os.environ if n.startswith(("PORTAL_", "FLASK_"))]:
            monkeypatch.delenv(navn)
        for navn, verdi in {"PORTAL_INSTANS": str(tmp_path), **verdier}.items():
            monkeypatch.setenv(navn, verdi)
        return les_innstillinger()

    return les


@pytest.fixture
def modus(app: Flask) -> Iterator[Callable[[str], None]]:
    """Another mode of the process, until the test is over."""
    foer = config.innstillinger()
    yield lambda navn: config.sett_innstillinger(replace(foer, modus=navn))
    config.sett_innstillinger(foer)


# --- what production refuses -----------------------------------------------------------------------------


def test_trygg_produksjon(miljoe: Callable[..., Innstillinger]) -> None:
    i = miljoe(**TRYGT)
    assert (i.modus, i.demo, i.sikker_kapsel, i.debug) == ("produksjon", False, True, False)
    assert i.opphav == {"https://portal.example.no"}
    assert (i.arbeider_i_web, i.loggformat) == (False, "json")
    # The seals are signed with a key of their own, never with the one of the cookies.
    assert i.revisjonsnoekkel not in ("", HEMMELIGHET)
    assert miljoe(**TRYGT, PORTAL_REVISJONSNOEKKEL="egen").revisjonsnoekkel == "egen"


@pytest.mark.parametrize(
    ("endret", "nevner"),
    [
        ({"PORTAL_HEMMELIGHET": ""}, "PORTAL_HEMMELIGHET"),
        ({"PORTAL_HEMMELIGHET": STANDARD_HEMMELIGHET}, "PORTAL_HEMMELIGHET"),
        ({"PORTAL_HEMMELIGHET": "x" * 31}, "PORTAL_HEMMELIGHET"),
        ({"PORTAL_DEBUG": "true"}, "PORTAL_DEBUG"),
        ({"FLASK_DEBUG": "1"}, "FLASK_DEBUG"),
        ({"PORTAL_OPPHAV": ""}, "PORTAL_OPPHAV"),
        ({"PORTAL_OPPHAV": " , "}, "PORTAL_OPPHAV"),
        ({"PORTAL_OPPHAV": "http://portal.example.no"}, "https"),
        ({"PORTAL_OPPHAV": "https://portal.example.no,http://portal.example.no"}, "https"),
    ],
)
def test_utrygg_produksjon(endret: dict[str, str], nevner: str, miljoe: Callable[..., Innstillinger]) -> None:
    with pytest.raises(Oppsettsfeil) as info:
        miljoe(**{**TRYGT, **endret})
    # The sentence names the setting and the mend, and not the secret.
    assert nevner in info.value.message and info.value.message.endswith(".")
    assert "x" * 31 not in info.value.message


def test_ukjent_modus(miljoe: Callable[..., Innstillinger]) -> None:
    with pytest.raises(Oppsettsfeil, match="demo, test or produksjon"):
        miljoe(PORTAL_MODUS="prod")


def test_demo_er_standard(miljoe: Callable[..., Innstillinger], tmp_path: Path) -> None:
    i = miljoe()
    assert (i.modus, i.demo, i.sikker_kapsel, i.host, i.port) == ("demo", True, False, "127.0.0.1", 5000)
    assert i.database_url == f"sqlite:///{tmp_path / 'portal.db'}"
    assert (i.sesjon_timer, i.regel_2032, i.tikk_sekunder, i.arbeider_i_web) == (12, False, 15.0, True)
    # The local secret is random, kept for the next start, and for nobody else's eyes.
    fil = tmp_path / "hemmelighet"
    assert i.hemmelighet == fil.read_text() and len(i.hemmelighet) >= 48
    assert fil.stat().st_mode & 0o077 == 0
    assert miljoe().hemmelighet == i.hemmelighet
    fil.unlink()
    assert miljoe().hemmelighet != i.hemmelighet


def test_opphav_leses_som_liste(miljoe: Callable[..., Innstillinger]) -> None:
    i = miljoe(PORTAL_OPPHAV=" https://a.example/ , https://b.example:8443,")
    assert i.opphav == {"https://a.example", "https://b.example:8443"}


@pytest.mark.parametrize(
    "ugyldig",
    [
        {"PORTAL_PORT": "fem"},
        {"PORTAL_PORT": "70000"},
        {"PORTAL_SESJON_TIMER": "lenge"},
        {"PORTAL_SESJON_TIMER": "0"},
        {"PORTAL_TIKK_SEKUNDER": "0"},
        {"PORTAL_TIKK_SEKUNDER": "nan"},
        {"PORTAL_BAK_PROXY": "-1"},
        {"PORTAL_DEBUG": "kanskje"},
        {"PORTAL_LOGGFORMAT": "xml"},
    ],
    ids=str,
)
def test_ugyldig_verdi_er_ingen_stille_standard(
    ugyldig: dict[str, str], miljoe: Callable[..., Innstillinger]
) -> None:
    (navn,) = ugyldig
    with pytest.raises(Oppsettsfeil, match=navn):
        miljoe(**ugyldig)


def test_mappe_uten_skriverett(miljoe: Callable[..., Innstillinger], tmp_path: Path) -> None:
    (tmp_path / "fil").write_text("")
    with pytest.raises(Oppsettsfeil, match="cannot be written to"):
        miljoe(PORTAL_INSTANS=str(tmp_path / "fil" / "under"))


# --- the programs say it in one sentence -----------------------------------------------------------------


def _kjoer(*ord_: str, **miljoe: str) -> subprocess.CompletedProcess[str]:
    rent = {k: v for k, v in os.environ.items() if not k.startswith(("PORTAL_", "FLASK_"))}
    return subprocess.run(
        [sys.executable, *ord_], cwd=ROT, env={**rent, **miljoe}, capture_output=True, text=True, timeout=60
    )


def test_programmene_nekter_med_en_setning(tmp_path: Path) -> None:
    utrygt = {**TRYGT, "PORTAL_OPPHAV": "", "PORTAL_INSTANS": str(tmp_path)}
    for ord_ in (("app.py",), ("-m", "flask", "--app", "portal.factory:create_app", "portal", "start-data")):
        svar = _kjoer(*ord_, **utrygt)
        assert svar.returncode == 1, svar
        assert "PORTAL_OPPHAV is missing" in svar.stderr
        assert "Traceback" not in svar.stderr
    assert list(tmp_path.iterdir()) == []


I_PRODUKSJON = """
from portal.factory import create_app
from portal.core.db import db
app = create_app()
assert app.config["RATELIMIT_ENABLED"] and app.config["SESSION_COOKIE_SECURE"] and not app.debug
with app.app_context():
    db.create_all()
svar = app.test_client().get("/innlogging", base_url="https://portal.example.no")
print(svar.status_code, svar.headers.get("Strict-Transport-Security"), svar.headers.get("Set-Cookie"))
svar = app.test_client().get("/koe", base_url="https://portal.example.no", headers={"X-Forwarded-Host": "evil.example"})
print(svar.headers["Location"])
"""


def test_produksjonens_kapsler_krever_https(tmp_path: Path) -> None:
    svar = _kjoer("-c", I_PRODUKSJON, **TRYGT, PORTAL_INSTANS=str(tmp_path), PORTAL_BAK_PROXY="1")
    assert svar.returncode == 0, svar.stderr
    foerste, andre = svar.stdout.splitlines()
    assert foerste.startswith("200 max-age=31536000")
    assert "Secure" in foerste and "HttpOnly" in foerste and "SameSite=Lax" in foerste
    assert andre == "/innlogging?neste=/koe"


def test_serve_er_ikke_for_produksjon(app: Flask, modus: Callable[[str], None]) -> None:
    modus("produksjon")
    with pytest.raises(SystemExit, match="gunicorn"):
        cli.serve(app)


def test_opptatt_port() -> None:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        with pytest.raises(SystemExit, match="is taken by another program") as info:
            cli._krev_ledig_port("127.0.0.1", s.getsockname()[1])
        assert "PORTAL_PORT" in str(info.value)


def test_uten_tabeller_sies_det_hva_som_skal_gjoeres(tmp_path: Path, app: Flask) -> None:
    tom = Flask("tom")
    tom.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{tmp_path / 'tom.db'}"
    db.init_app(tom)
    with pytest.raises(SystemExit, match="The database is not ready") as info:
        cli.krev_trygg_database(tom)
    assert "make run" in str(info.value)


# --- the demo stays in the demo --------------------------------------------------------------------------


def test_demodata_i_produksjon(app: Flask, modus: Callable[[str], None]) -> None:
    cli.krev_trygg_database(app)
    person = lag_person(demo=True)
    cli.krev_trygg_database(app)  # in test mode they may be there
    modus("produksjon")
    with pytest.raises(SystemExit, match="demo people") as info:
        cli.krev_trygg_database(app)
    assert "PORTAL_DATABASE_URL" in str(info.value)
    assert person.demo


def test_demofolk_slipper_bare_inn_i_demo(scene: Scene, app: Flask, modus: Callable[[str], None]) -> None:
    from portal.identitet.passord import lag_hash

    person = lag_person(demo=True, passord_hash=lag_hash(demo.DEMO_PASSORD).verdi)
    medlemskap = lag_medlemskap(person, scene.spesialist.rolle, scene.hf, fag=("indremedisin",))  # type: ignore[arg-type]
    _, token = ny_sesjon(som_aktor(person, medlemskap, scene.hf))
    epost = person.epost
    for navn, inne in (("test", False), ("produksjon", False), ("demo", True)):
        modus(navn)
        db.session.rollback()
        assert (aktor_fra_token(token) is not None) == inne, navn
        if inne:
            assert oekter.logg_inn(epost, demo.DEMO_PASSORD, kilde="192.0.2.1").aktor.navn == person.navn
        else:
            with pytest.raises(PortalError) as info:
                oekter.logg_inn(epost, demo.DEMO_PASSORD, kilde="192.0.2.1")
            assert info.value.kode == "feil_passord"


def test_demoen_saas_bare_i_demo(app: Flask, modus: Callable[[str], None]) -> None:
    for navn in ("test", "produksjon"):
        modus(navn)
        with pytest.raises(IkkeTilgang):
            demo.saa_demo()
        with pytest.raises(IkkeTilgang):
            sakdemo.saa_saker()
        assert demo.demo_innlogginger() == []
        assert demo.DEMO_PASSORD not in app.test_client().get("/innlogging").text
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Person)) == 0


def test_start_fyller_en_tom_base_en_gang(app: Flask, modus: Callable[[str], None]) -> None:
    """`make run`'s step: the register, and in the demo people and cases; the second time nothing."""
    kjoer = app.test_cli_runner()
    svar = kjoer.invoke(args=["portal", "start-data"])
    assert svar.exit_code == 0, svar.output
    assert "register" in svar.output and "demo" not in svar.output
    antall = db.session.scalar(sa.select(sa.func.count()).select_from(Organisasjon))
    assert antall == 399 and not register.er_tomt()
    modus("demo")
    svar = kjoer.invoke(args=["portal", "start-data"])
    assert svar.exit_code == 0 and "demo people" in svar.output and "demo cases" in svar.output
    db.session.rollback()
    saker = db.session.scalar(sa.select(sa.func.count()).select_from(Henvendelse)) or 0
    assert saker > 3
    svar = kjoer.invoke(args=["portal", "start-data"])
    assert [linje.strip() for linje in svar.output.splitlines()] == [
        "migrating the database …",
        "the register is loaded already",
    ]
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Henvendelse)) == saker
    assert demo.DEMO_PASSORD in app.test_client().get("/innlogging").text


def test_kommandoen_nekter_med_grunnen(app: Flask, tmp_path: Path) -> None:
    fil = tmp_path / "register.csv"
    fil.write_text("ikke;et;register\n")
    svar = app.test_cli_runner().invoke(args=["portal", "register", "oppdater", str(fil)])
    assert svar.exit_code == 1 and svar.stderr and "Traceback" not in svar.output
    svar = app.test_cli_runner().invoke(
        args=[
            *("portal", "person", "ny", "--navn", "Ny", "--epost", "ny@eksempel.example"),
            *("--organisasjon", "000000000", "--rolle", "koordinator", "--passord", "kort"),
        ]
    )
    assert svar.exit_code == 1 and "000000000" in svar.stderr


# --- health ----------------------------------------------------------------------------------------------


def test_helse(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    klient = app.test_client()
    for sti in ("/helse", "/helse/klar"):
        svar = klient.get(sti)
        assert (svar.status_code, svar.json) == (200, {"status": "ok"})
    monkeypatch.setattr("portal.core.helse.database_klar", lambda: False)
    assert klient.get("/helse").status_code == 200
    svar = klient.get("/helse/klar")
    assert (svar.status_code, svar.json) == (503, {"status": "database"})
