"""The portal's delivery against the limit, on PostgreSQL and SQLite, in one run on one machine (`make bench`).

    python -m benchmarks [--kort] [--bare PART] [--ut FILE] [--runder N]

For each database the limit and the portal stand ready at once, each with a generator connected, and take turns,
phase by phase: whatever else the machine does hits both. Every figure is the median of the repeats. Then, on
PostgreSQL, the portal with thousands of idle connections (`benchmarks.idle`), its lists in a large country and a small
one (`benchmarks.lists`), its escalations (`benchmarks.eskalering`), its agreements (`benchmarks.avtaler`), its
emergency beds (`benchmarks.plasser`), and its reallocations (`benchmarks.omdisponering`). It prints the tables and
writes docs/benchmarks.md; ``--kort`` is a quick look of a few minutes, one round of each, that writes only to a named
--ut; ``--bare`` is one of those parts alone. ``--runder`` is how often one bed is grabbed; the 10,000 that are
promised take longer than all the rest.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from benchmarks import avtaler, eskalering, idle, lists, omdisponering, plasser
from benchmarks.load import Phase
from benchmarks.pages import (
    agreements_text,
    beds_text,
    escalations_text,
    idle_text,
    lists_text,
    loans_text,
    race_text,
)
from benchmarks.report import Figures, Result, Run, as_markdown, as_text, facts
from benchmarks.servers import ROOT, BenchError, Generator, LimitServer, PortalServer
from tests.postgres import new_database, start_postgres, stop_postgres

#: Conversations open at once, each with its own physician and specialist. The portal lets one socket send 50
#: messages a second for long, so full load needs more of them than one would think.
CONVERSATIONS = 128
REPEATS = 3
PHASES = (
    Phase(name="50/s", rate=50, warmup=1, seconds=8),
    Phase(name="300/s", rate=300, warmup=1, seconds=6),
    Phase(name="full", rate=None, warmup=1.5, seconds=5),
)
SHORT = tuple(Phase(name=p["name"], rate=p["rate"], warmup=0.5, seconds=2.5) for p in PHASES)
#: The whole must be over by then, in seconds, and so much later for each round of the race.
TIME_LIMIT, ROUND_LIMIT = 45 * 60, 0.5


def main() -> None:
    arguments = argparse.ArgumentParser(prog="benchmarks", description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--kort", action="store_true", help="a minute's run; writes only to a named --ut")
    arguments.add_argument("--ut", type=Path, help="the file to write; docs/benchmarks.md for a full run")
    arguments.add_argument(
        "--bare",
        choices=("idle", "lists", "eskalering", "avtaler", "plasser", "race", "omdisponering"),
        help="only this part; writes nothing",
    )
    arguments.add_argument("--runder", type=int, help="rounds of the race for one bed, on each database")
    chosen = arguments.parse_args()
    signal.signal(signal.SIGALRM, _too_long)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    rounds = chosen.runder or (plasser.SHORT_RACE if chosen.kort else plasser.RACE)
    signal.alarm(TIME_LIMIT + round(rounds * ROUND_LIMIT))
    folder = Path(tempfile.mkdtemp(prefix="portal-bench-"))
    try:
        if chosen.bare:
            _only(chosen.bare, folder, short=chosen.kort, race=chosen.runder)
            return
        result = measure(folder, short=chosen.kort, race=chosen.runder)
    except BenchError as error:
        sys.exit(f"\nThe benchmark stopped: {error}")
    finally:
        signal.alarm(0)
        stop_postgres(folder / "postgres")
        shutil.rmtree(folder, ignore_errors=True)
    print("\n" + as_text(result))
    target = chosen.ut or (None if chosen.kort else ROOT / "docs" / "benchmarks.md")
    if target is None:
        print("A short run: docs/benchmarks.md is left as it was.")
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(as_markdown(result), encoding="utf-8")
        print(f"Written to {target}")


def _only(part: str, folder: Path, *, short: bool, race: int | None) -> None:
    """One part alone, for who works on it."""
    url = start_postgres(folder / "postgres")
    if part == "idle":
        print("\n" + idle_text(idle.measure(folder, url, short=short, say=_say)))
    elif part == "eskalering":
        print("\n" + escalations_text(eskalering.measure(folder, url, short=short, say=_say)))
    elif part == "avtaler":
        print("\n" + agreements_text(avtaler.measure(folder, url, short=short, say=_say)))
    elif part == "plasser":
        print("\n" + beds_text(plasser.measure(folder, url, short=short, say=_say, race=race)))
    elif part == "race":
        print("\n" + race_text(plasser.race_on_both(folder, url, race or plasser.RACE, _say)))
    elif part == "omdisponering":
        print("\n" + loans_text(omdisponering.measure(folder, url, short=short, say=_say)))
    else:
        print("\n" + lists_text(lists.measure(folder, url, short=short, say=_say)))


def _too_long(*_: object) -> None:
    raise BenchError("not done in time")


def measure(folder: Path, *, short: bool, race: int | None = None) -> Result:
    """Run everything and gather the medians."""
    phases, repeats = (SHORT, 1) if short else (PHASES, REPEATS)
    _say("starting PostgreSQL")
    url = start_postgres(folder / "postgres")
    result = Result(facts=facts(url), phases=phases, repeats=repeats, conversations=CONVERSATIONS, runs=[])
    for name in ("PostgreSQL", "SQLite"):
        place = folder / name
        place.mkdir()
        urls = (f"sqlite:///{place}/grense.db", f"sqlite:///{place}/portal.db")
        if name == "PostgreSQL":
            urls = (new_database(url, "grense"), url)
        result.runs += _measure_database(name, place, *urls, phases=phases, repeats=repeats)
    result.idle = idle.measure(folder, url, short=short, say=_say)
    result.lists = lists.measure(folder, url, short=short, say=_say)
    result.escalations = eskalering.measure(folder, url, short=short, say=_say)
    result.agreements = avtaler.measure(folder, url, short=short, say=_say)
    result.beds = plasser.measure(folder, url, short=short, say=_say, race=race)
    result.loans = omdisponering.measure(folder, url, short=short, say=_say)
    return result


def _measure_database(
    name: str, folder: Path, limit_url: str, portal_url: str, *, phases: tuple[Phase, ...], repeats: int
) -> Iterator[Run]:
    with ExitStack() as stack:
        _say(f"{name}: starting the limit and the portal, with {CONVERSATIONS} open conversations")
        limit = LimitServer(folder, limit_url, CONVERSATIONS)
        stack.callback(limit.stop)
        portal = PortalServer(folder, portal_url, CONVERSATIONS)
        stack.callback(portal.stop)
        sides: dict[str, tuple[LimitServer | PortalServer, Generator]] = {}
        for server in (limit, portal):
            generator = Generator(server)
            stack.callback(generator.stop)
            sides["limit" if server is limit else "portal"] = (server, generator)
        for phase in phases:
            taken: dict[str, list[Figures]] = {side: [] for side in sides}
            for repeat in range(repeats):
                for side in sorted(taken, reverse=bool(repeat % 2)):  # each goes first in its turn
                    _say(f"{name}: {phase['name']}, {side}, {repeat + 1} of {repeats}")
                    taken[side].append(_one(*sides[side], phase))
            yield Run(name, phase["name"], _medians(taken["limit"]), _medians(taken["portal"]))


def _one(server: LimitServer | PortalServer, generator: Generator, phase: Phase) -> Figures:
    process = psutil.Process(server.process.pid)
    before, own, busy, start = process.cpu_times(), _own_cpu(), _busy_cpu(), time.monotonic()
    answer = generator.run(phase)
    after, elapsed = process.cpu_times(), time.monotonic() - start
    others = (_busy_cpu() - busy) - (_own_cpu() - own)
    if answer["lost"]:
        lost = f"{answer['lost']} of {answer['sent']} messages were lost"
        raise BenchError(f"{server.name}: {lost}\n{server.tail()}")
    spent = after.user + after.system - before.user - before.system
    return Figures(
        per_second=answer["per_second"],
        p50=answer["p50"],
        p95=answer["p95"],
        p99=answer["p99"],
        max=answer["max"],
        cpu_ms=spent / answer["sent"] * 1000,
        others=max(0.0, others / elapsed / (os.cpu_count() or 1)),
        rss_mb=process.memory_info().rss / 2**20,
    )


def _own_cpu() -> float:
    """Processor seconds of this process and of all that it started."""
    total = 0.0
    me = psutil.Process()
    for process in (me, *me.children(recursive=True)):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total


def _busy_cpu() -> float:
    """Processor seconds that the machine has worked, and that a host took from a virtual one."""
    times: Any = psutil.cpu_times()
    return sum(float(getattr(times, kind, 0.0)) for kind in ("user", "nice", "system", "steal"))


def _medians(taken: list[Figures]) -> Figures:
    return Figures(*(median(values) for values in zip(*taken, strict=True)))


def _say(text: str) -> None:
    print(f"  {text} …", flush=True)


if __name__ == "__main__":
    main()
