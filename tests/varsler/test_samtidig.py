"""Stopping and reading many notices at the same moment, and what a connection that hangs may hold."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Barrier, Thread

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.db import TOM_TRANSAKSJON_MS, db, skrivetransaksjon, transactional
from portal.varsler import steps
from portal.varsler.models import Kanal, Utsending, Varsel
from portal.varsler.service import bjelle, kanaler, levering
from tests.bygg import Scene, revisjon
from tests.conftest import DB
from tests.vakthjelp import lag_kanal
from tests.varsler.varselhjelp import avblaas, fortell

bare_postgres = pytest.mark.skipif(DB != "postgresql", reason="On SQLite there is one writer at a time.")


def samtidig(app: Flask, *gjoer: Callable[[], object]) -> None:
    """Everything at once; any error fails the test."""
    start, feil = Barrier(len(gjoer)), list[BaseException]()

    def kjoer(en: Callable[[], object]) -> None:
        try:
            with app.app_context():
                start.wait()
                en()
        except BaseException as e:
            feil.append(e)

    traader = [Thread(target=kjoer, args=(g,), daemon=True) for g in gjoer]
    for t in traader:
        t.start()
    for t in traader:
        t.join(30)
    assert feil == [] and not any(t.is_alive() for t in traader)


def test_stopp_mot_les_alle(app: Flask, scene: Scene) -> None:
    """Each of them takes many rows; whatever order the rows are found in, none waits for the other crosswise."""
    for runde in range(6):
        ting = [f"henvendelse:{runde}:{n}" for n in range(3)]
        for n in range(30):
            fortell(scene.spesialist, gjelder=ting[n % 3], bare={Kanal.EPOST})

        @transactional
        def flere(navn: tuple[str, ...]) -> None:
            for gjelder in navn:
                steps.stopp(gjelder)

        samtidig(
            app,
            lambda: bjelle.les_alle(scene.spesialist),
            lambda: flere(tuple(ting)),  # noqa: B023 - run before the next round
            lambda: levering.utsett_resten(Kanal.EPOST),
            lambda: bjelle.les_alle(scene.spesialist),
            lambda: avblaas(ting[1]),  # noqa: B023
        )
        db.session.rollback()
        igjen = sa.select(sa.func.count()).select_from(Varsel)
        assert db.session.scalar(igjen.where(Varsel.stoppet.is_(None))) == 0
        ute = sa.select(sa.func.count()).select_from(Utsending)
        assert db.session.scalar(ute.where(Utsending.stoppet.is_(None))) == 0


@bare_postgres
def test_raden_laases_i_rekkefoelge(app: Flask, scene: Scene) -> None:
    """The first by its id is held: the stop holds none of those behind it while it waits."""
    ider = sorted(fortell(scene.spesialist, gjelder="en ting") for _ in range(5))
    motor = db.engine
    with skrivetransaksjon(motor) as c:
        c.execute(sa.select(Varsel.id).where(Varsel.id == ider[0]).with_for_update())
        traad = Thread(target=lambda: _i(app, lambda: avblaas("en ting")), daemon=True)
        traad.start()
        time.sleep(0.5)
        with skrivetransaksjon(motor) as annen:
            ledige = annen.scalars(
                sa.select(Varsel.id).where(Varsel.id.in_(ider)).with_for_update(skip_locked=True)
            ).all()
        assert set(ledige) == set(ider[1:])
        # Whoever reads everything waits for nobody.
        foer = time.monotonic()
        assert bjelle.les_alle(scene.spesialist) == 4
        assert time.monotonic() - foer < 3
    traad.join(20)
    assert not traad.is_alive()


def _i(app: Flask, gjoer: Callable[[], object]) -> None:
    with app.app_context():
        gjoer()


@bare_postgres
def test_den_som_henger_midt_i_en_transaksjon_blir_kastet_ut(app: Flask) -> None:
    db.session.remove()
    with db.engine.connect() as c:
        assert c.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar() == "1min"
    assert TOM_TRANSAKSJON_MS == 60_000


def test_et_nytt_navn_paa_en_kanal_staar_i_loggen(scene: Scene) -> None:
    kanal = lag_kanal(scene.spesialist, Kanal.SMS, "+4790000010")
    kanaler.navngi(scene.spesialist, kanal.id, "Vakttelefonen")
    kanaler.navngi(scene.spesialist, kanal.id, "Vakttelefonen")
    (rad,) = revisjon("varsler.kanal_endret", objekt=kanal.id)
    assert rad.person_id == scene.spesialist.person_id and "Vakttelefonen" not in str(rad.detaljer)
