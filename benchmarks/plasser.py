"""Emergency beds in a whole country, ten times today's: the board, the search, a unit's page and the history, with ten
years behind them and with none; how soon a change is on 2,000 open boards; holds a second; and one bed that 32 people
grab at the same moment.

The two portals of the pages stand at once and take turns, so that whatever else the machine does hits both. On
PostgreSQL; the race on SQLite too.
"""

from __future__ import annotations

import http.client
import os
import re
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import orjson

from benchmarks.idle import raise_limit
from benchmarks.lists import Browser
from benchmarks.load import percentile
from benchmarks.servers import ROOT, BenchError, Portal, finish
from tests.postgres import new_database

UNITS, YEARS, BOARDS = 2_000, 10, 2_000
ROUNDS, WARM_UP = 60, 8
#: Changes a second while all boards are open, and for how long; seconds of holds at full load, and on how many
#: connections.
RATE, SECONDS, HOLD_SECONDS, HOLDERS = 5, 20, 10, 8
#: Rounds of the race on each database, where `--runder` says no other number, and in a short run; who runs in it.
RACE, SHORT_RACE, ACTORS = 10_000, 50, 32
#: A page, and one of the history, in ms at the 95th percentile; how much slower the board may be for the history; a
#: change on the boards, at the 99th.
PAGE_MS, HISTORY_MS, OLDER, BOARD_MS = 50.0, 100.0, 1.2, 1_000.0

#: What is asked for, and by whom.
PAGES = {
    ("board, as data", "specialist"): "/api/v1/plasser",
    ("board, as data, what has changed", "specialist"): "/api/v1/plasser?etter={version}",
    ("board, the page", "specialist"): "/plasser/",
    ("search with isolation and oxygen, 90 km", "physician"): "/plasser/?sok=1&evner=1&evner=2&km=90",
    ("search, as data", "physician"): "/api/v1/plasser/sok?evner=3&innen_km=90",
    ("unit", "unit"): "/plasser/{unit}",
    ("unit", "physician"): "/plasser/{unit}",
    ("history, the country, a year", "specialist"): "/plasser/historikk?omraade=land&periode=365",
    ("history, the country, ten years", "specialist"): "/plasser/historikk?omraade=land&periode=3650",
    ("history, a unit, a month", "unit"): "/plasser/{unit}/historikk?periode=30",
}
#: The first of these are the national board.
BOARD = ("board, as data", "board, the page")


class Times(NamedTuple):
    """What one page took, in ms."""

    p50: float
    p95: float
    max: float


class Spread(NamedTuple):
    """From the click until the boards have it, in ms; the click itself; holds and releases a second."""

    boards: int
    changes: int
    p50: float
    p95: float
    p99: float
    max: float
    click_p50: float
    holds: float


class Race(NamedTuple):
    """{winners of a round: rounds}, those told who has it, and how long it took."""

    database: str
    rounds: int
    winners: dict[str, int]
    told: int
    seconds: float


class Beds(NamedTuple):
    """{(page, person): (with history, without)}, changes on open boards, the races; rows of the country, both."""

    pages: dict[tuple[str, str], tuple[Times, Times]]
    spread: Spread
    races: list[Race]
    rows: tuple[dict[str, int], dict[str, int]]
    seconds: float
    short: bool


class BedServer(Portal):
    """The portal on a database with units, see `benchmarks.beds`. No worker: it would remind two thousand units."""

    def __init__(self, folder: Path, database_url: str, units: int, years: int, boards: int) -> None:
        super().__init__(
            folder, database_url, "benchmarks.beds", str(units), str(years), str(boards), worker=False
        )


def measure(
    folder: Path, postgres_url: str, *, short: bool, say: Callable[[str], None], race: int | None = None
) -> Beds:
    """Make both countries, measure them in turns, then the boards, the holds and the race."""
    units, years, boards, rounds = (400, 1, 200, 15) if short else (UNITS, YEARS, BOARDS, ROUNDS)
    raise_limit()
    with ExitStack() as stack:
        servers = []
        for age, listeners in ((years, boards), (0, 0)):
            say(f"beds: making {units:,} units with {age} years of history")
            place = folder / f"plasser-{age}"
            place.mkdir()
            url = new_database(postgres_url, f"plasser_{age}")
            servers.append(server := BedServer(place, url, units, age, listeners))
            stack.callback(server.stop)
        clicks = [Clicker(s.port, s.seeded["own"][1]) for s in servers]
        pages = {}
        for (what, person), path in PAGES.items():
            say(f"beds: {what}, {person}")
            pages[what, person] = _page(servers, clicks, person, path, rounds)
        say(f"beds: {RATE} changes a second on {boards:,} open boards")
        spread = _spread(servers[0], 3 if short else SECONDS, 2 if short else HOLD_SECONDS)
        rows_ = servers[0].seeded["rows"], servers[1].seeded["rows"]
        seconds = servers[0].seeded["seconds"]
    races = race_on_both(folder, postgres_url, race or (SHORT_RACE if short else RACE), say)
    return Beds(pages, spread, races, rows_, seconds, short)


def _page(
    servers: list[BedServer], clicks: list[Clicker], person: str, path: str, rounds: int
) -> tuple[Times, Times]:
    browsers = [Browser(s.port, s.seeded["people"][person]) for s in servers]
    paths = [path.format(unit=s.seeded["own"][0]["unit"], version=s.seeded["version"] - 1) for s in servers]
    both: tuple[list[float], list[float]] = ([], [])
    for number in range(WARM_UP + rounds):
        for side in (0, 1) if number % 2 else (1, 0):
            # The board has changed since the last time: what is kept of it must be brought up to date.
            clicks[side].click()
            taken, _body = browsers[side].get(paths[side])
            if number >= WARM_UP:
                both[side].append(taken)
    return _times(both[0]), _times(both[1])


def _times(taken: list[float]) -> Times:
    ordered = sorted(taken)
    return Times(percentile(ordered, 50), percentile(ordered, 95), ordered[-1])


class Clicker:
    """One of a unit's own people: holds a bed of it, gives it back, and so on; each of them changes the board."""

    def __init__(self, port: int, own: dict[str, Any]) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers, self._unit = dict(own["headers"]), own["unit"]
        self._held: str | None = None
        page = self._ask("GET", f"/plasser/{self._unit}", None)
        found = re.search(r'name="csrf-token" content="([^"]+)"', page.decode())
        if found is None:
            raise BenchError("a unit's page has no token")
        self._headers |= {"X-CSRFToken": found[1], "Content-Type": "application/json"}

    def _ask(self, method: str, path: str, body: Any) -> bytes:
        self._connection.request(
            method, path, None if body is None else orjson.dumps(body), headers=self._headers
        )
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status not in (200, 201):
            raise BenchError(f"{method} {path} gave {answer.status}: {text[:300]!r}")
        if cookie := answer.getheader("Set-Cookie"):
            self._headers["Cookie"] = cookie.split(";")[0]
        return text

    def click(self) -> None:
        if self._held is None:
            path = f"/api/v1/plasser/{self._unit}/reservasjoner"
            self._held = orjson.loads(
                self._ask("POST", path, {"klient_id": str(uuid4()), "over_kvote": True})
            )["id"]
        else:
            held, self._held = self._held, None
            self._ask("POST", f"/api/v1/plasser/reservasjoner/{held}/frigi", {})


def _spread(server: BedServer, seconds: int, hold_seconds: int) -> Spread:
    people = server.seeded["boards"]
    clickers = [Clicker(server.port, own) for own in server.seeded["own"]]
    version = _version(server)
    crowd = _Boards(server, version)
    try:
        crowd.ask({"port": server.port, "people": people, "version": version}, patience=240)
        changes, clicks = [], []
        start = time.perf_counter() + 0.2
        for number in range(RATE * seconds):
            due = start + number / RATE
            time.sleep(max(0.0, due - time.perf_counter()))
            clickers[number % len(clickers)].click()
            clicks.append((time.perf_counter() - due) * 1000)
            changes.append((version + number + 1, due))
        answer = crowd.ask(changes, patience=60)
        if answer["missing"] or answer["standing"] != len(people):
            raise BenchError(f"open boards: {answer}\n{server.tail()}")
    finally:
        crowd.stop()
    holds = _holds(clickers[:HOLDERS], hold_seconds)
    four = (answer[k] for k in ("p50", "p95", "p99", "max"))
    return Spread(len(people), len(changes), *four, percentile(sorted(clicks), 50), holds)


def _version(server: BedServer) -> int:
    browser = Browser(server.port, server.seeded["people"]["specialist"])
    return int(orjson.loads(browser.get("/api/v1/plasser?etter=0")[1])["versjon"])


class _Boards:
    """The process of the open boards."""

    def __init__(self, server: BedServer, version: int) -> None:
        self._server = server
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.boards"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def ask(self, question: Any, patience: float) -> dict[str, Any]:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(orjson.dumps(question, option=orjson.OPT_APPEND_NEWLINE))
        self.process.stdin.flush()
        if not select.select([self.process.stdout], [], [], patience)[0]:
            raise BenchError(f"no answer from the open boards\n{self._server.tail()}")
        answer: dict[str, Any] = orjson.loads(self.process.stdout.readline() or b'{"error": "it ended"}')
        if "error" in answer:
            raise BenchError(f"open boards: {answer}\n{self._server.tail()}")
        return answer

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()


def _holds(clickers: list[Clicker], seconds: int) -> float:
    """Holds and releases a second, at full load, each on a unit of its own."""
    until, done = time.perf_counter() + seconds, [0] * len(clickers)

    def run(number: int) -> None:
        while time.perf_counter() < until:
            clickers[number].click()
            done[number] += 1

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(clickers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / seconds


def race_on_both(folder: Path, postgres_url: str, rounds: int, say: Callable[[str], None]) -> list[Race]:
    """The race on both databases at once: it is who wins that counts and not how fast."""
    databases = {
        "PostgreSQL": new_database(postgres_url, "kapploep"),
        "SQLite": f"sqlite:///{folder}/kapploep.db",
    }
    say(f"beds: {ACTORS} grab one bed, {rounds:,} times, on both databases at once")
    with ThreadPoolExecutor(len(databases)) as lanes:
        return list(lanes.map(lambda d: _race(folder, d[0], d[1], rounds), databases.items()))


def _race(folder: Path, name: str, url: str, rounds: int) -> Race:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PORTAL_", "FLASK_"))} | {
        "PORTAL_MODUS": "demo",
        "PORTAL_INSTANS": str(folder / f"kapploep-{name}"),
        "PORTAL_DATABASE_URL": url,
    }
    (folder / f"kapploep-{name}").mkdir()
    finish("-m", "flask", "--app", "portal.factory:create_app", "portal", "start-data", env=environment)
    words = ("-m", "benchmarks.race", str(rounds), str(ACTORS))
    # A round takes a tenth of a second; ten times that is a machine that stands still.
    answer = orjson.loads(finish(*words, env=environment, patience=60 + rounds))
    if answer["strange"]:
        raise BenchError(f"the race, {name}: {answer['strange']}")
    return Race(name, rounds, answer["winners"], answer["told"], answer["seconds"])


# --- what is told of it ----------------------------------------------------------------------------------

HEAD = ("page", "who", "p50 ms", "p95 ms", "max ms", "no history: p50 ms", "p95 ms", "ratio of p50")


def rows(b: Beds) -> list[tuple[str, ...]]:
    """The table of pages."""
    return [
        (
            *(what, person),
            *(f"{old.p50:.1f}", f"{old.p95:.1f}", f"{old.max:.1f}"),
            *(f"{new.p50:.1f}", f"{new.p95:.1f}", f"{old.p50 / new.p50:.2f} ×"),
        )
        for (what, person), (old, new) in b.pages.items()
    ]


RACE_HEAD = ("database", "rounds", "winners: rounds", "told who", "seconds", "tries/s")


def race_rows(races: list[Race]) -> list[tuple[str, ...]]:
    """The table of the race."""
    return [
        (
            *(r.database, f"{r.rounds:,}", ", ".join(f"{k}: {v:,}" for k, v in r.winners.items())),
            *(f"{r.told:,} of {r.rounds * (ACTORS - 1):,}", f"{r.seconds:.0f}"),
            f"{r.rounds * ACTORS / r.seconds:,.0f}",
        )
        for r in races
    ]


def race_aims(races: list[Race]) -> list[tuple[str, str, bool]]:
    """That one has won in each round, and the others were told who."""
    found = []
    for r in races:
        alone = r.winners == {"1": r.rounds} and r.told == r.rounds * (ACTORS - 1)
        text = (
            f"{ACTORS} grab one bed, {r.rounds:,} rounds on {r.database}: one wins, the others are told who"
        )
        found.append((text, ", ".join(f"{v:,} with {k}" for k, v in r.winners.items()), alone))
    return found


SPREAD_HEAD = ("open boards", "changes", "p50 ms", "p95 ms", "p99 ms", "max ms", "click p50 ms", "holds/s")


def spread_rows(b: Beds) -> list[tuple[str, ...]]:
    """The table of open boards and of holds."""
    s = b.spread
    times = tuple(f"{t:.0f}" for t in (s.p50, s.p95, s.p99, s.max))
    return [(f"{s.boards:,}", f"{s.changes:,}", *times, f"{s.click_p50:.1f}", f"{s.holds:,.0f}")]


def aims(b: Beds | None) -> list[tuple[str, str, bool]]:
    """The aims, each with what was measured and whether it is met."""
    if b is None:
        return []
    found = []
    beds, changes = b.rows[0]["plass"], b.rows[0]["plassendring"]
    national = [both for (what, _who), both in b.pages.items() if what in BOARD]
    for side, name in ((0, f"{changes:,} changes behind it"), (1, "no history")):
        worst = max(both[side].p95 for both in national)
        text = f"p95 of the national board of {beds:,} beds with {name} within {PAGE_MS:.0f} ms"
        found.append((text, f"{worst:.1f} ms", worst <= PAGE_MS))
    ratio = max(old.p50 / new.p50 for old, new in national)
    found.append((f"p50 with the history within {OLDER} × that without", f"{ratio:.2f} ×", ratio <= OLDER))
    others = {what: old.p95 for (what, _who), (old, _new) in b.pages.items() if what not in BOARD}
    for text, limit, history in (("search and unit", PAGE_MS, False), ("history", HISTORY_MS, True)):
        worst = max(p95 for what, p95 in others.items() if what.startswith("history") == history)
        found.append((f"p95 of {text} within {limit:.0f} ms", f"{worst:.1f} ms", worst <= limit))
    s = b.spread
    text = f"a change on {s.boards:,} open boards within {BOARD_MS:,.0f} ms at p99, {RATE} changes a second"
    found.append((text, f"{s.p99:.0f} ms", s.p99 <= BOARD_MS))
    return found + race_aims(b.races)


NOTE = (
    f"\n- **Emergency beds**: {UNITS:,} units; in the one country each bed has changed every fifth day for {YEARS} "
    "years. One browser on a connection that is kept; before each page somebody holds or releases a bed, so that what "
    "is kept of the board is never the latest. *Open boards* are websockets of as many people, in a process of their "
    f"own; {RATE} times a second a bed is held or released through the API, and the time runs from when it should have "
    f"been until each board has the version. *Holds* are {HOLDERS} connections that hold and release as fast as they "
    f"can. In the race {ACTORS} threads on connections of their own call the use case at the same moment, on both "
    "databases at once."
)
