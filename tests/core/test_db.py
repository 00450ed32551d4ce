"""One transaction a use case: what is committed, what is rolled back, and what a rollback must not erase."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core import db as kjerne
from portal.core.aktor import Aktor
from portal.core.clock import now, oslo, som_om
from portal.core.db import (
    abonner,
    database_klar,
    db,
    i_transaksjon,
    meld,
    samlet,
    skrivetransaksjon,
    transactional,
    transaksjon,
    uavhengig,
)
from portal.core.errors import Utdatert
from portal.identitet.models import Organisasjon, Person
from portal.revisjon.steps import logg
from tests.bygg import Opptak, alle_rader, lag_kommune, lag_person, revisjon, uten_spor

SYSTEM = Aktor.system("test")


def _person(epost: str = "") -> Person:
    return Person(id=uuid4(), navn="Ole", epost=epost or f"{uuid4()}@eksempel.example", opprettet=now())


def _antall() -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(Person)) or 0


# --- use cases -------------------------------------------------------------------------------------------


def test_et_brukstilfelle_lagrer_alt(app: Flask, opptak: Opptak) -> None:
    steder: list[bool] = []

    @transactional
    def lag() -> str:
        db.session.add(_person())
        logg(SYSTEM, "proeve", "person", "1")
        meld("proeve.laget", nummer=1)
        steder.append(i_transaksjon())
        return "ferdig"

    assert lag() == "ferdig"
    assert (_antall(), len(revisjon("proeve")), opptak.hendelser) == (1, 1, [("proeve.laget", {"nummer": 1})])
    assert steder == [True] and not i_transaksjon()
    assert lag.__name__ == "lag" and lag.__transactional__  # type: ignore[attr-defined]


def test_en_feil_ruller_alt_tilbake(app: Flask, opptak: Opptak) -> None:
    @transactional
    def feiler() -> None:
        db.session.add(_person())
        db.session.flush()
        logg(SYSTEM, "proeve", "person", "1")
        meld("proeve.laget")
        raise KeyError("nei")

    with uten_spor(opptak), pytest.raises(KeyError):
        feiler()
    assert not i_transaksjon()


def test_en_feil_i_siste_steg_ruller_alt_tilbake(app: Flask, opptak: Opptak) -> None:
    @transactional
    def feiler() -> None:
        db.session.add(_person())
        meld("proeve.laget")
        transaksjon().foer_commit.append(lambda: 1 / 0)  # type: ignore[arg-type,return-value]

    with uten_spor(opptak), pytest.raises(ZeroDivisionError):
        feiler()


def test_brukstilfeller_nestes_ikke(app: Flask, opptak: Opptak) -> None:
    @transactional
    def indre() -> None:
        db.session.add(_person())

    @transactional
    def ytre() -> None:
        db.session.add(_person())
        db.session.flush()
        indre()

    with uten_spor(opptak), pytest.raises(RuntimeError, match="indre: a use case must not call another"):
        ytre()


def test_samlet_er_merket_uten_egen_transaksjon() -> None:
    @samlet
    def melding() -> bool:
        return i_transaksjon()

    assert melding.__transactional__ and not melding()  # type: ignore[attr-defined]


def test_det_som_ble_lest_foer_blir_lest_paa_nytt(app: Flask) -> None:
    """A use case begins afresh: it judges what is there now, not what the page read a moment ago."""
    person = lag_person("Før")
    assert db.session.get_one(Person, person.id).navn == "Før"
    with skrivetransaksjon(db.engine) as c:
        c.execute(sa.update(Person).values(navn="Etter"))
    sett: list[str] = []

    @transactional
    def les() -> None:
        sett.append(db.session.get_one(Person, person.id).navn)

    les()
    assert sett == ["Etter"]


def test_foreldet_rad_er_en_utdatert_side(app: Flask, opptak: Opptak) -> None:
    kommune = lag_kommune("Alta")

    @transactional
    def endre() -> None:
        rad = db.session.get_one(Organisasjon, kommune.id)
        db.session.execute(
            sa.update(Organisasjon).values(versjon=7).execution_options(synchronize_session=False)
        )
        rad.navn = "Noe annet"

    with uten_spor(opptak), pytest.raises(Utdatert):
        endre()


# --- outside a use case ----------------------------------------------------------------------------------


def test_skriving_utenfor_et_brukstilfelle_nektes(app: Flask, opptak: Opptak) -> None:
    person = lag_person()
    for gjoer in (
        lambda: db.session.add(_person()),
        lambda: setattr(db.session.get_one(Person, person.id), "navn", "Ny"),
        lambda: db.session.delete(db.session.get_one(Person, person.id)),
    ):
        with uten_spor(opptak):
            gjoer()  # type: ignore[no-untyped-call]
            with pytest.raises(RuntimeError, match="outside a use case"):
                db.session.commit()
            db.session.rollback()


@pytest.mark.parametrize("gjoer", [lambda: meld("noe"), transaksjon])
def test_hendelser_bare_i_et_brukstilfelle(gjoer: object, app: Flask) -> None:
    with pytest.raises(RuntimeError, match="Only a use case"):
        gjoer()  # type: ignore[operator]


# --- what a rollback must not erase ----------------------------------------------------------------------


def test_uavhengig_overlever_tilbakerullingen(app: Flask, opptak: Opptak) -> None:
    @transactional
    def nektes() -> None:
        db.session.add(_person())
        db.session.flush()
        uavhengig(lambda: _avslag("nektet"))
        assert revisjon_i_oekta() == 0  # written when the use case is over
        raise PermissionError

    with pytest.raises(PermissionError):
        nektes()
    assert _antall() == 0
    assert [r.handling for r in revisjon()] == ["nektet"]
    assert opptak.navn() == ["avslag.skrevet"]


def revisjon_i_oekta() -> int:
    from portal.revisjon.models import Revisjon

    return db.session.scalar(sa.select(sa.func.count()).select_from(Revisjon)) or 0


def _avslag(handling: str) -> None:
    logg(SYSTEM, handling, "ting", "1", utfall="avslag")
    meld("avslag.skrevet")


def test_uavhengig_etter_et_vellykket_brukstilfelle_og_alene(app: Flask) -> None:
    @transactional
    def gaar_bra() -> None:
        uavhengig(lambda: _avslag("inne"))
        logg(SYSTEM, "ble.gjort", "ting", "1")

    gaar_bra()
    uavhengig(lambda: _avslag("alene"))
    assert [r.handling for r in revisjon()] == ["ble.gjort", "inne", "alene"]


def test_uavhengig_som_feiler_skjuler_ikke_avslaget(app: Flask, opptak: Opptak) -> None:
    """The refusal must reach the user whatever happens to its entry."""

    def brist() -> None:
        db.session.add(_person())
        db.session.flush()
        raise OSError("full disk")

    @transactional
    def nektes() -> None:
        uavhengig(brist)
        raise PermissionError

    with uten_spor(opptak), pytest.raises(PermissionError):
        nektes()
    with uten_spor(opptak):
        uavhengig(brist)
    assert not i_transaksjon()


# --- events ----------------------------------------------------------------------------------------------


def test_hendelser_kommer_etter_commit(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever hears of it can read it, from another connection."""
    sett: list[int] = []

    def hoer(**_: object) -> None:
        with db.engine.connect() as c:
            sett.append(c.execute(sa.select(sa.func.count()).select_from(Person)).scalar_one())

    monkeypatch.setattr(kjerne, "_abonnenter", {})
    abonner("proeve.laget", hoer)
    abonner("proeve.laget", hoer)  # twice is once

    @transactional
    def lag() -> None:
        db.session.add(_person())
        meld("proeve.laget")
        assert sett == []

    lag()
    assert sett == [1]


def test_en_lytter_som_feiler_merkes_ikke(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    hoert: list[int] = []

    def brist(**_: object) -> None:
        raise OSError("redis is gone")

    monkeypatch.setattr(kjerne, "_abonnenter", {})
    abonner("proeve.laget", brist)
    abonner("proeve.laget", lambda nummer: hoert.append(nummer))

    @transactional
    def lag() -> str:
        db.session.add(_person())
        meld("proeve.laget", nummer=1)
        meld("ingen.lytter", nummer=2)
        meld("proeve.laget", nummer=3)
        return "ferdig"

    assert lag() == "ferdig"
    assert hoert == [1, 3] and _antall() == 1


# --- the database ----------------------------------------------------------------------------------------


def test_mange_traader_skriver_uten_laast_database(app: Flask) -> None:
    """On SQLite a deferred BEGIN gave «database is locked» in most tries; IMMEDIATE under one lock none.

    Each reads first and writes then, the order that a deferred transaction cannot be upgraded in.
    """
    person = lag_person("0")
    sammen = threading.Barrier(4)

    @transactional
    def tell_opp() -> None:
        rad = db.session.get_one(Person, person.id, with_for_update=True)
        time.sleep(0.001)
        rad.navn = str(int(rad.navn) + 1)

    def mange() -> None:
        with app.app_context():
            sammen.wait()
            for _ in range(15):
                tell_opp()

    with ThreadPoolExecutor(4) as traader:
        for f in [traader.submit(mange) for _ in range(4)]:
            f.result()
    db.session.rollback()
    assert db.session.get_one(Person, person.id, populate_existing=True).navn == "60"


def test_sqlite_er_satt_opp_som_lovet(app: Flask) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("SQLite's own settings")
    with db.engine.connect() as c:
        verdier = {
            p: c.exec_driver_sql(f"PRAGMA {p}").scalar()
            for p in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert verdier == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10000}
    setninger: list[str] = []

    @sa.event.listens_for(db.engine, "before_cursor_execute")
    def husk(_c: object, _cur: object, setning: str, *_: object) -> None:
        setninger.append(setning)

    try:
        lag_person()
        _antall()
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", husk)
    assert [s for s in setninger if s.startswith("BEGIN")] == ["BEGIN IMMEDIATE", "BEGIN"]


def test_postgresql_leser_uten_aa_kunne_skrive_og_glemmer_ingen_plan(app: Flask) -> None:
    """What is no use case cannot change a row, past the session either; and its statements are still prepared after
    the reading has ended."""
    if db.engine.dialect.name != "postgresql":
        pytest.skip("PostgreSQL's READ ONLY")
    navn = lag_person().navn
    db.session.rollback()
    with pytest.raises(sa.exc.DBAPIError, match="read-only"):
        db.session.execute(sa.update(Person).values(navn="Endret"))
    db.session.rollback()
    db.session.remove()
    with db.engine.connect() as c:
        for _ in range(8):
            c.execute(sa.select(Person.navn)).all()
            c.rollback()
        forberedt = c.exec_driver_sql("SELECT statement FROM pg_prepared_statements").scalars().all()
    assert any("person.navn" in s for s in forberedt)
    assert set(db.session.scalars(sa.select(Person.navn))) == {navn}


def test_fremmednoekler_holder(app: Flask, opptak: Opptak) -> None:
    @transactional
    def peker_paa_ingenting() -> None:
        db.session.add(
            Organisasjon(
                id=uuid4(),
                type="kommune",
                navn="X",
                kortnavn="X",
                organisasjonsnummer=None,
                overordnet_id=uuid4(),
            )
        )

    with uten_spor(opptak), pytest.raises(sa.exc.IntegrityError):
        peker_paa_ingenting()


def test_tider_er_utc_eller_en_feil(app: Flask, opptak: Opptak) -> None:
    i_tokyo = datetime(2026, 1, 1, 9, 0, tzinfo=timezone(timedelta(hours=9)))
    with som_om(i_tokyo):
        person = lag_person()
    db.session.rollback()
    db.session.expire_all()
    lest = db.session.get_one(Person, person.id).opprettet
    assert lest == i_tokyo and lest.utcoffset() == timedelta(0)

    @transactional
    def naiv() -> None:
        db.session.add(Person(id=uuid4(), navn="X", epost="x@y.example", opprettet=datetime(2026, 1, 1)))  # noqa: DTZ001

    with uten_spor(opptak), pytest.raises(sa.exc.StatementError, match="naive"):
        naiv()


def test_databasen_er_klar(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    assert database_klar()

    def borte(*_: object, **__: object) -> None:
        raise sa.exc.OperationalError("SELECT 1", {}, OSError("gone"))

    monkeypatch.setattr(db.session, "execute", borte)
    assert not database_klar()


def test_den_ene_klokka() -> None:
    fast = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
    with som_om(fast):
        assert now() == fast
        assert oslo(now()).hour == 14
        assert ThreadPoolExecutor(1).submit(now).result() != fast  # in this context alone
    assert abs((now() - datetime.now(UTC)).total_seconds()) < 5


def test_alle_rader_ser_alt(app: Flask) -> None:
    """The tests' own eye: a row anywhere shows, so that «nothing is left» means something."""
    foer = alle_rader()
    lag_person()
    etter = alle_rader()
    assert [t for t in etter if etter[t] != foer[t]] == ["person"]
