"""The timeline of a trust with 5,000 assignments, and who is where now, with 50,000 ended ones behind and with none.

The two portals stand at once and take turns, so that whatever else the machine does hits both. On PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from benchmarks.lists import Browser
from benchmarks.load import percentile
from benchmarks.servers import BenchError, Portal
from tests.postgres import new_database

STANDING, ENDED = 5_000, 50_000
ROUNDS, WARM_UP = 60, 8
#: A page, in ms at the 95th percentile; how much slower it may be for the ended ones.
PAGE_MS, OLDER = 200.0, 1.2

#: What is asked for, by whom, and what must stand on it. {area}: the trust, in whose area all of it is.
PAGES = {
    ("four weeks, added up", "coordinator"): ("/omdisponering/tidslinje", "tidslinje__tett"),
    ("four weeks, one by one", "coordinator"): (
        "/omdisponering/tidslinje?vis=enkeltvis",
        "tidslinje__stolpe",
    ),
    ("the same, its last page", "coordinator"): (
        "/omdisponering/tidslinje?vis=enkeltvis&side=100",
        "tidslinje__stolpe",
    ),
    ("three months, added up", "specialist"): (
        "/omdisponering/tidslinje?vindu=tre_maaneder",
        "tidslinje__tett",
    ),
    ("four weeks, the nurses", "coordinator"): (
        "/omdisponering/tidslinje?stilling=sykepleier",
        "tidslinje__tett",
    ),
    ("an area, four weeks", "coordinator"): (
        "/omdisponering/tidslinje?vis_omraade={area}",
        "tidslinje__tett",
    ),
    ("who is where now", "coordinator"): ("/omdisponering/naa", "naarad"),
}


class Times(NamedTuple):
    """What one page took, in ms."""

    p50: float
    p95: float
    max: float


class Timeline(NamedTuple):
    """{(page, person): (with ended ones, with none)}; lines of both."""

    pages: dict[tuple[str, str], tuple[Times, Times]]
    lines: tuple[int, int]
    short: bool


def measure(folder: Path, postgres_url: str, *, short: bool, say: Callable[[str], None]) -> Timeline:
    """Make both houses and measure them in turns."""
    standing, ended, rounds = (1_000, 10_000, 10) if short else (STANDING, ENDED, ROUNDS)
    with ExitStack() as stack:
        servers = []
        for number in (ended, 0):
            say(f"timeline: making {standing:,} assignments, and {number:,} that have ended")
            place = folder / f"tidslinje-{number}"
            place.mkdir()
            url = new_database(postgres_url, f"tidslinje_{number}")
            # No worker: it would begin and end what was made past the use cases.
            words = ("benchmarks.assignments", str(standing), str(number))
            servers.append(server := Portal(place, url, *words, worker=False))
            stack.callback(server.stop)
        pages = {}
        for (what, person), (path, mark) in PAGES.items():
            say(f"timeline: {what}, {person}")
            pages[what, person] = _page(servers, person, path, mark, rounds)
        lines = servers[0].seeded["lines"], servers[1].seeded["lines"]
    return Timeline(pages, lines, short)


def _page(servers: list[Portal], person: str, path: str, mark: str, rounds: int) -> tuple[Times, Times]:
    browsers = [Browser(s.port, s.seeded["people"][person]) for s in servers]
    both: tuple[list[float], list[float]] = ([], [])
    for number in range(WARM_UP + rounds):
        for side in (0, 1) if number % 2 else (1, 0):
            taken, page = browsers[side].get(path.format(area=servers[side].seeded["area"]))
            if mark not in page:
                raise BenchError(f"{path} shows nothing")
            if number >= WARM_UP:
                both[side].append(taken)
    return _times(both[0]), _times(both[1])


def _times(taken: list[float]) -> Times:
    ordered = sorted(taken)
    return Times(percentile(ordered, 50), percentile(ordered, 95), ordered[-1])


# --- what is told of it ----------------------------------------------------------------------------------

HEAD = ("page", "who", "p50 ms", "p95 ms", "max ms", "none ended: p50 ms", "p95 ms", "ratio of p50")


def rows(t: Timeline) -> list[tuple[str, ...]]:
    """The table of pages."""
    return [
        (
            *(what, person),
            *(f"{old.p50:.1f}", f"{old.p95:.1f}", f"{old.max:.1f}"),
            *(f"{new.p50:.1f}", f"{new.p95:.1f}", f"{old.p50 / new.p50:.2f} ×"),
        )
        for (what, person), (old, new) in t.pages.items()
    ]


def aims(t: Timeline | None) -> list[tuple[str, str, bool]]:
    """The aims, each with what was measured and whether it is met."""
    if t is None:
        return []
    worst = max(side.p95 for both in t.pages.values() for side in both)
    ratio = max(old.p50 / new.p50 for old, new in t.pages.values())
    return [
        (
            f"p95 of the timeline of {t.lines[1]:,} assignments within {PAGE_MS:.0f} ms",
            f"{worst:.1f} ms",
            worst <= PAGE_MS,
        ),
        (
            f"its p50 with {t.lines[0] - t.lines[1]:,} ended ones within {OLDER} × that with none",
            f"{ratio:.2f} ×",
            ratio <= OLDER,
        ),
    ]


NOTE = (
    f"\n- **The timeline**: {STANDING:,} people lent and borrowed by one trust in the month around today, with "
    f"kommuner of the whole country; in the one house {ENDED:,} more have ended. One browser on a connection that is "
    "kept, from asking until the whole page is there."
)
