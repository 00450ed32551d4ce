"""The pages that are lists, as one browser waits for them: the cases in a large country and in a small one, and the
queue. The two portals stand at once and take turns, so that whatever else the machine does hits both."""

from __future__ import annotations

import http.client
import re
import time
from collections.abc import Callable
from contextlib import ExitStack
from html import unescape
from pathlib import Path
from typing import NamedTuple

import psutil

from benchmarks.load import percentile
from benchmarks.servers import BenchError, WorldServer
from tests.postgres import new_database

#: Cases of the large country and of the small one, and how many wait in the queue.
LARGE, SMALL, WAITING = 500_000, 1_000, 500
ROUNDS, WARM_UP = 40, 5
#: Who looks, and at which pages of the list. The last two are pages one turns to.
PEOPLE = ("vaktleder", "specialist", "physician")
VIEWS = {
    "open": "/henvendelser/",
    "all": "/henvendelser/?filter=alle",
    "closed, page 2": "/henvendelser/?filter=lukkede",
}
SEARCHES = {
    "by number": "/henvendelser/?sok=200417",
    "by name": "/henvendelser/?sok=M%C3%A5leperson+7&filter=alle",
}


class Times(NamedTuple):
    """What one kind of page took, in ms, of one person in one country."""

    cases: int
    cards: float
    p50: float
    p95: float
    max: float


class Lists(NamedTuple):
    """{(page, person): (large, small)}; the two countries as wholes; the searches in the large one; the queue."""

    pages: dict[tuple[str, str], tuple[Times, Times]]
    large: Times
    small: Times
    searches: dict[str, Times]
    queue: Times
    cases: tuple[int, int]
    rss_mb: float


class Browser:
    """One person's connection, kept open as a browser does."""

    def __init__(self, port: int, headers: dict[str, str]) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {**headers, "Accept": "text/html"}

    def get(self, path: str) -> tuple[float, str]:
        """Milliseconds until the whole page was there, and the page."""
        start = time.perf_counter()
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        taken = (time.perf_counter() - start) * 1000
        if answer.status != 200:
            raise BenchError(f"GET {path} gave {answer.status}")
        return taken, body.decode()


def measure(folder: Path, postgres_url: str, *, short: bool, say: Callable[[str], None]) -> Lists:
    """Make both countries and measure them in turns."""
    large, rounds = (20_000, 10) if short else (LARGE, ROUNDS)
    with ExitStack() as stack:
        servers = []
        for name, cases, waiting in (("small", SMALL, 0), ("large", large, WAITING)):
            say(f"lists: making {cases:,} cases")
            place = folder / f"lists-{name}"
            place.mkdir()
            server = WorldServer(place, new_database(postgres_url, f"lists_{name}"), cases, waiting)
            stack.callback(server.stop)
            servers.append(server)
        small, big = servers
        pages: dict[tuple[str, str], tuple[Times, Times]] = {}
        whole: tuple[list[float], list[float]] = ([], [])
        for person in PEOPLE:
            say(f"lists: the pages of a {person}")
            for view, first in VIEWS.items():
                both: tuple[list[float], list[float]] = ([], [])
                cards = [0.0, 0.0]
                browsers = [Browser(s.port, s.people[person]["headers"]) for s in (big, small)]
                paths = [_path(b, first, second="page 2" in view) for b in browsers]
                for number in range(WARM_UP + rounds):
                    for side in (0, 1) if number % 2 else (1, 0):
                        taken, page = browsers[side].get(paths[side])
                        cards[side] = page.count('<article class="sakkort')
                        if number >= WARM_UP:
                            both[side].append(taken)
                counted = [s.people[person]["cases"] for s in (big, small)]
                pages[view, person] = (
                    _times(both[0], counted[0], cards[0]),
                    _times(both[1], counted[1], cards[1]),
                )
                whole[0].extend(both[0])
                whole[1].extend(both[1])
        say("lists: searches and the queue")
        leader = Browser(big.port, big.people["vaktleder"]["headers"])
        searches = {name: _repeat(leader, path, rounds) for name, path in SEARCHES.items()}
        queue = _repeat(Browser(big.port, big.people["queue"]["headers"]), "/koe/liste", rounds)
        rss = psutil.Process(big.process.pid).memory_info().rss / 2**20
        return Lists(
            pages,
            _times(whole[0], large, 0),
            _times(whole[1], SMALL, 0),
            searches,
            queue,
            (large, SMALL),
            rss,
        )


def _path(browser: Browser, first: str, *, second: bool) -> str:
    """The address of the first page, or of the one after it."""
    if not second:
        return first
    link = re.search(r'rel="next" href="([^"]+)"', browser.get(first)[1])
    if link is None:
        raise BenchError(f"{first} has no second page")
    return unescape(link[1])


def _repeat(browser: Browser, path: str, rounds: int) -> Times:
    taken, cards = [], 0
    for number in range(WARM_UP + rounds):
        ms, page = browser.get(path)
        cards = page.count('<article class="sakkort')
        if number >= WARM_UP:
            taken.append(ms)
    return _times(taken, 0, cards)


def _times(taken: list[float], cases: int, cards: float) -> Times:
    ordered = sorted(taken)
    return Times(cases, cards, percentile(ordered, 50), percentile(ordered, 95), ordered[-1])
