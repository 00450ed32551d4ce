"""Few fixtures: a migrated database of either kind, the app on it, and an empty house after every test."""

from __future__ import annotations

import gc
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from flask_socketio import SocketIOTestClient
from werkzeug.test import TestResponse

from portal.core import db as kjerne
from portal.core import realtime
from portal.core.aktor import Aktor
from portal.core.config import Innstillinger, sett_innstillinger
from portal.core.db import db
from tests.bygg import Opptak, Scene, for_seg, koble_til, ny_sesjon, toem

DB = os.environ.get("PORTAL_TEST_DB", "sqlite")


def innstillinger(url: str, mappe: Path, **endret: object) -> Innstillinger:
    """Settings of a test process; production's are tested through the environment instead."""
    grunn: dict[str, object] = {
        "modus": "test",
        "database_url": url,
        "redis_url": "",
        "hemmelighet": "hemmelighet-bare-for-testene-her",
        "revisjonsnoekkel": "noekkel-bare-for-testene",
        "host": "127.0.0.1",
        "port": 0,
        "debug": False,
        "opphav": frozenset(),
        "bak_proxy": 0,
        "instans": mappe,
        "sesjon_timer": 12,
        "regel_2032": False,
        "tikk_sekunder": 3600.0,
        "arbeider_i_web": False,
        "loggformat": "tekst",
    }
    return Innstillinger(**{**grunn, **endret})  # type: ignore[arg-type]


def pytest_collection_finish() -> None:
    """Thousands of requests in one process: what is imported is not looked through for garbage again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


@pytest.fixture(scope="session")
def mappe() -> Iterator[Path]:
    # In memory where the system offers it: hundreds of commits, each with an fsync, would wait for the disk.
    minne = "/dev/shm" if os.access("/dev/shm", os.W_OK | os.X_OK) else None
    with tempfile.TemporaryDirectory(prefix="portal-test-", dir=minne) as navn:
        yield Path(navn)


@pytest.fixture(scope="session")
def postgres_url(mappe: Path) -> Iterator[str]:
    """A PostgreSQL server with an empty database."""
    from tests import postgres

    url = postgres.start_postgres(mappe / "pg", fsync=False)
    try:
        yield url
    finally:
        postgres.stop_postgres(mappe / "pg")


@pytest.fixture(scope="session")
def database_url(mappe: Path, request: pytest.FixtureRequest) -> str:
    """The address of an empty database of the kind that PORTAL_TEST_DB names."""
    return (
        str(request.getfixturevalue("postgres_url"))
        if DB == "postgresql"
        else f"sqlite:///{mappe / 'test.db'}"
    )


class Klient(FlaskClient):
    """A browser. Each of its requests runs in a context of its own, as in a server."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        return for_seg(super().open, *args, **kwargs)


@pytest.fixture(scope="session")
def _app(database_url: str, mappe: Path) -> Iterator[Flask]:
    from portal.factory import create_app
    from portal.henvendelser import sockets

    app = create_app(innstillinger(database_url, mappe))
    app.config["TESTING"] = True
    app.config["WTF_CSRF_ENABLED"] = False
    app.test_client_class = Klient
    with app.app_context():
        upgrade()
    yield app
    # The hints to the lists wait half a second: let the last of them find its database.
    slutt = time.monotonic() + 5
    while sockets._varsler_gaar and time.monotonic() < slutt:
        time.sleep(0.05)


@pytest.fixture
def app(_app: Flask) -> Iterator[Flask]:
    """The app, in its context; every table is empty again afterwards."""
    sett_innstillinger(_app.config["INNSTILLINGER"])
    with _app.app_context():
        yield _app
        db.session.rollback()
        db.session.remove()
        toem(db.engine)


@pytest.fixture
def _push_request_context() -> None:
    """In place of pytest-flask's, which puts every test inside a request: a use case must do without one."""


@pytest.fixture
def klient(app: Flask) -> FlaskClient:
    """A browser that nobody has logged in with."""
    return app.test_client()


@pytest.fixture
def som(app: Flask) -> Callable[[Aktor], FlaskClient]:
    """A browser in which that actor is logged in, on a session of its own."""

    def logg_inn(aktor: Aktor) -> FlaskClient:
        klient = app.test_client()
        _, token = ny_sesjon(aktor)
        with klient.session_transaction() as kapsel:
            kapsel["_user_id"] = token
        return klient

    return logg_inn


@pytest.fixture
def sokkel(app: Flask) -> Iterator[Callable[[FlaskClient], SocketIOTestClient]]:
    """A socket of a browser: the same handlers as the server's, without the network."""
    aapne: list[SocketIOTestClient] = []

    def koble(klient: FlaskClient) -> SocketIOTestClient:
        forbindelse = koble_til(app, klient)
        aapne.append(forbindelse)
        return forbindelse

    yield koble
    for forbindelse in aapne:
        if forbindelse.is_connected():
            forbindelse.disconnect()
    realtime.tilkoblinger.clear()


@pytest.fixture
def opptak(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Opptak:
    """Hears every event that is published, beside those who listen anyway."""
    opptak = Opptak(kjerne._abonnenter)
    monkeypatch.setattr(kjerne, "_abonnenter", opptak)
    return opptak


@pytest.fixture
def scene(app: Flask) -> Scene:
    """A kommune, its hospital and their people (`tests/bygg.py`)."""
    return Scene()
