"""One portal and one Chromium for all the browser tests. The server is a process of its own: Playwright's sync API
and gevent do not share one.

Every window is watched: an error in the console, an exception, a violation of the content security policy, or
anything written to the browser's storage fails its test.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.levende.klient import Person
from tests.levende.tjener import ROT, Hus, Tjener
from tests.nettleser.vindu import Nettleser


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever lies in this folder needs the browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("nettleser")


@pytest.fixture(scope="session")
def hus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hus]:
    assert (ROT / "static/dist/manifest.json").exists(), "The front end is not built: node frontend/bygg.mjs"
    mappe = tmp_path_factory.mktemp("nettleser")
    hus = Hus(mappe, f"sqlite:///{mappe / 'portal.db'}")
    yield hus
    hus.riv()


@pytest.fixture(scope="session")
def tjener(hus: Hus) -> Iterator[Tjener]:
    tjener = Tjener(hus, "web", tikk=2.0)
    yield tjener
    tjener.stopp()
    feil = tjener.feil_i_loggen()
    assert not feil, "\n\n".join(feil)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    program = os.environ.get("PORTAL_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    assert program, "No Chromium on this machine: make test installs it, or set PORTAL_CHROMIUM"
    with sync_playwright() as playwright:
        nettleser = playwright.chromium.launch(
            executable_path=program,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield nettleser
        nettleser.close()


@pytest.fixture(scope="session")
def folk(tjener: Tjener) -> Callable[[str], Person]:
    """The demo people by their keys, each logged in once over HTTP; windows are opened with their cookies."""
    innlogget: dict[str, Person] = {}

    def finn(hvem: str) -> Person:
        if hvem not in innlogget:
            innlogget[hvem] = Person.logg_inn(tjener, hvem)
        return innlogget[hvem]

    return finn


@pytest.fixture
def nettleser(
    chromium: Browser, tjener: Tjener, folk: Callable[[str], Person], tmp_path: Path
) -> Iterator[Nettleser]:
    """Opens windows (`nettleser.vindu("lege")`); checks them all and closes them when the test is over."""
    nettleser = Nettleser(chromium, tjener.adresse, folk)
    try:
        yield nettleser
        nettleser.kontroller()
    finally:
        nettleser.lukk()
