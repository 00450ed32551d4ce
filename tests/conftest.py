"""Few fixtures: a migrated database of either kind, the app on it, and an empty house after every test."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade

from portal.core.config import Innstillinger
from portal.core.db import Base, db
from tests.bygg import Scene

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


@pytest.fixture(scope="session")
def mappe() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="portal-test-") as navn:
        yield Path(navn)


@pytest.fixture(scope="session")
def database_url(mappe: Path) -> Iterator[str]:
    """The address of an empty database of the kind that PORTAL_TEST_DB names."""
    if DB == "sqlite":
        yield f"sqlite:///{mappe / 'test.db'}"
        return
    from tests import postgres

    url = postgres.start_postgres(mappe / "pg", fsync=False)
    try:
        yield url
    finally:
        postgres.stop_postgres(mappe / "pg")


@pytest.fixture(scope="session")
def _app(database_url: str, mappe: Path) -> Flask:
    from portal.factory import create_app

    app = create_app(innstillinger(database_url, mappe))
    app.config["TESTING"] = True
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        upgrade()
    return app


@pytest.fixture
def app(_app: Flask) -> Iterator[Flask]:
    """The app, in its context; every table is empty again afterwards."""
    with _app.app_context():
        yield _app
        db.session.rollback()
        db.session.remove()
        toem(db.engine)


@pytest.fixture
def klient(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def scene(app: Flask) -> Scene:
    """A kommune, its hospital and their people (`tests/bygg.py`)."""
    return Scene()


def toem(engine: sa.Engine) -> None:
    """Empties every table. The owner lifts the triggers that guard the logs, which no user of the portal can."""
    tabeller = [t.name for t in reversed(Base.metadata.sorted_tables)]
    with engine.connect() as c:
        if engine.dialect.name == "postgresql":
            c.exec_driver_sql("SET session_replication_role = replica")
            c.exec_driver_sql(f"TRUNCATE {', '.join(tabeller)} CASCADE")
            c.exec_driver_sql("SET session_replication_role = DEFAULT")
        else:
            c.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
            utloesere = list(c.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
            for navn, _ in utloesere:
                c.exec_driver_sql(f"DROP TRIGGER {navn}")
            for tabell in tabeller:
                c.exec_driver_sql(f"DELETE FROM {tabell}")  # noqa: S608 - our own table names
            for _, sql in utloesere:
                c.exec_driver_sql(sql)
        c.commit()
