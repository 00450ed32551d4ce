"""One installation and two web processes for all these tests, on the database that PORTAL_TEST_DB names.

`tjener` ticks once an hour, so that only events reach an open socket; `tikkende` serves the same database, hears
no event of the other process and ticks often, so that only the tick does.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
import sqlalchemy as sa

from portal.identitet.demo import FINNMARKSSYKEHUSET, HELSE_STAVANGER
from portal.identitet.models import Organisasjon
from tests.levende.klient import Person
from tests.levende.tjener import Hus, Tjener

DB = os.environ.get("PORTAL_TEST_DB", "sqlite")
Folk = Callable[[str], Person]


@pytest.fixture(scope="session")
def hus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hus]:
    mappe = tmp_path_factory.mktemp("levende")
    if DB == "sqlite":
        hus = Hus(mappe, f"sqlite:///{mappe / 'portal.db'}")
        yield hus
        hus.riv()
        return
    from tests import postgres

    # No test here pulls the plug of the database: what PostgreSQL has committed survives the web process.
    hus = Hus(mappe, postgres.start_postgres(mappe / "pg", fsync=False))
    try:
        yield hus
    finally:
        hus.riv()
        postgres.stop_postgres(mappe / "pg")


@pytest.fixture(scope="session")
def tjener(hus: Hus) -> Iterator[Tjener]:
    tjener = Tjener(hus, "web")
    yield tjener
    tjener.stopp()


@pytest.fixture(scope="session")
def tikkende(hus: Hus) -> Iterator[Tjener]:
    tjener = Tjener(hus, "tikkende", tikk=0.3)
    yield tjener
    tjener.stopp()


@pytest.fixture(autouse=True)
def ren_logg(request: pytest.FixtureRequest) -> Iterator[None]:
    """No test may leave an error or a traceback in the log of a server."""
    tjenere = [
        request.getfixturevalue(navn) for navn in ("tjener", "tikkende") if navn in request.fixturenames
    ]
    fra = [t.loggens_lengde for t in tjenere]
    yield
    feil = [f for t, n in zip(tjenere, fra, strict=True) for f in t.feil_i_loggen(n)]
    assert not feil, "\n\n".join(feil)


@pytest.fixture(scope="session")
def folk(tjener: Tjener) -> Folk:
    """The demo people by their keys, each logged in once. Who is to be logged out logs in by herself."""
    innlogget: dict[str, Person] = {}

    def finn(hvem: str) -> Person:
        if hvem not in innlogget:
            innlogget[hvem] = Person.logg_inn(tjener, hvem)
        return innlogget[hvem]

    return finn


def _sykehus(hus: Hus, nummer: str) -> UUID:
    finn = sa.select(Organisasjon.id).where(Organisasjon.organisasjonsnummer == nummer)
    return UUID(str(hus.verdi(finn)))


@pytest.fixture(scope="session")
def finnmark(hus: Hus) -> UUID:
    return _sykehus(hus, FINNMARKSSYKEHUSET)


@pytest.fixture(scope="session")
def stavanger(hus: Hus) -> UUID:
    return _sykehus(hus, HELSE_STAVANGER)


@pytest.fixture
def sak(folk: Folk, finnmark: UUID) -> str:
    """A new case from the sykehjemslege to Finnmarkssykehuset, indremedisin, accepted by the specialist."""
    sak = folk("sykehjemslege").send_henvendelse(finnmark)
    assert folk("spesialist").gjoer(sak, "aksepter").status == 200
    return sak
