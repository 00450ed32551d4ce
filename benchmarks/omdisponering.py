"""Reallocation: proposals in a country with 500 needs and 2,000 offers, beside a greedy helper and a dense matrix, and
the check for clashes with and without 200,000 lines behind it. On PostgreSQL, in a process of their own
(`benchmarks.loans`)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from benchmarks import timeline
from benchmarks.servers import finish
from tests.postgres import new_database

NEEDS, OFFERS, ENDED = 500, 2_000, 200_000
#: The whole use case, in ms; how much slower the check may be for the history.
PROPOSALS_MS, OLDER = 2_000.0, 1.2


class Loans(NamedTuple):
    """What `benchmarks.loans` tells of proposals, and of clashes by how many lines are over."""

    proposals: dict[str, Any]
    clashes: dict[str, Any]
    short: bool
    timeline: timeline.Timeline | None = None


def measure(folder: Path, postgres_url: str, *, short: bool, say: Callable[[str], None]) -> Loans:
    needs, offers, ended = (100, 400, 20_000) if short else (NEEDS, OFFERS, ENDED)
    place = folder / "omdisponering"
    place.mkdir()
    say(f"reallocation: {needs:,} needs and {offers:,} offers")
    answer = in_a_country(place, new_database(postgres_url, "laan"), needs, offers, ended)
    lines = timeline.measure(folder, postgres_url, short=short, say=say)
    return Loans(answer["proposals"], answer["clashes"], short, lines)


def in_a_country(place: Path, url: str, *numbers: int) -> dict[str, Any]:
    """Run `benchmarks.loans` on a new house's database; what it printed."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PORTAL_", "FLASK_"))} | {
        "PORTAL_MODUS": "demo",
        "PORTAL_INSTANS": str(place),
        "PORTAL_DATABASE_URL": url,
    }
    finish("-m", "flask", "--app", "portal.factory:create_app", "portal", "start-data", env=environment)
    answer: dict[str, Any] = orjson.loads(
        finish("-m", "benchmarks.loans", *map(str, numbers), env=environment, patience=600)
    )
    return answer


# --- what is told of it ----------------------------------------------------------------------------------


def title(found: Loans) -> str:
    """The line above the tables."""
    p = found.proposals
    short = "; a short run, far smaller than the aims say" if found.short else ""
    return (
        f"{p['needs']:,} needs, {p['offers']:,} offers, {p['pairs']:,} pairs that can be used; the first time "
        f"{p['first']:.0f} ms, and for {p['still']:.0f} ms at most no other thread got a turn{short}"
    )


HEAD = ("proposals", "p50 ms", "p95 ms", "max ms")


def rows(found: Loans) -> list[tuple[str, ...]]:
    """The table of times."""
    p = found.proposals
    times = {**p["whole"], "of it: reading": p["reading"], "of it: the assignment": p["found"]["portal"]}
    return [(name, f"{t['p50']:.0f}", f"{t['p95']:.0f}", f"{t['max']:.0f}") for name, t in times.items()]


PEER_HEAD = ("found by", "p50 ms", "minimum filled", "all places", "worth, of the best")
_PEERS = {
    "portal": "the portal",
    "dense": "the same, a dense matrix",
    "greedy": "greedy, the best that is left",
}


def peer_rows(found: Loans) -> list[tuple[str, ...]]:
    """The table of who finds what."""
    peers = found.proposals["found"]
    best = peers["portal"]["worth"]
    return [
        (
            *(_PEERS[n], f"{peers[n]['p50']:.0f}", f"{peers[n]['minimum']:,}", f"{peers[n]['places']:,}"),
            f"{peers[n]['worth'] / best:.2%}",
        )
        for n in _PEERS
    ]


CLASH_HEAD = ("lines that are over", "check p10 ms", "p50 ms", "p95 ms", "proposals p50 ms")


def clash_rows(found: Loans) -> list[tuple[str, ...]]:
    """The table of the history."""
    return [
        (
            f"{int(lines):,}",
            *(f"{t['check'][k]:.1f}" for k in ("p10", "p50", "p95")),
            f"{t['proposals']['p50']:.0f}",
        )
        for lines, t in found.clashes.items()
    ]


def aims(found: Loans | None) -> list[tuple[str, str, bool]]:
    """The aims, each with what was measured and whether it is met."""
    if found is None:
        return []
    p, peers = found.proposals, found.proposals["found"]
    worst = max(t["max"] for t in (*p["whole"].values(), {"max": p["first"]}))
    size = f"{p['needs']:,} needs × {p['offers']:,} offers"
    new, old = (t["check"]["p50"] for t in found.clashes.values())
    lines = max(int(n) for n in found.clashes)
    equal = peers["portal"]["worth"] == peers["dense"]["worth"]
    better = peers["portal"]["worth"] >= peers["greedy"]["worth"]
    return [
        (
            f"{size} proposed within {PROPOSALS_MS / 1000:.0f} s, reading and the first time included",
            f"{worst / 1000:.2f} s",
            worst <= PROPOSALS_MS,
        ),
        (
            "the proposal is worth as much as the dense matrix's, and no less than the greedy one",
            f"greedy {peers['greedy']['worth'] / peers['portal']['worth']:.2%}",
            equal and better,
        ),
        (
            f"the check for clashes with {lines:,} lines that are over within {OLDER} × that with none",
            f"{old / new:.2f} ×",
            old / new <= OLDER,
        ),
        *timeline.aims(found.timeline),
    ]


NOTE = (
    f"\n- **Reallocation**: {NEEDS} open needs and {OFFERS:,} offers of people in seven professions, from the trusts "
    "and fifty kommuner, with floors, absences and travel limits. The times are of the use cases, called in one "
    "process: reading, assigning and putting the reasons together, the first time with scipy's loading. The greedy "
    "helper fills all minimums first, the highest phase first, each place with the best that is left. The check is "
    "that of a reallocation of ten people before it is approved." + timeline.NOTE
)
