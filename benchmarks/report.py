"""What the benchmark says: a table for the terminal, a page for docs/."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sqlite3
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import psutil
import psycopg

from benchmarks import pages
from benchmarks.avtaler import Agreements
from benchmarks.eskalering import Escalations
from benchmarks.idle import Step
from benchmarks.lists import Lists
from benchmarks.load import Phase
from benchmarks.omdisponering import Loans
from benchmarks.pages import Aim, table
from benchmarks.plasser import Beds

#: The aims on PostgreSQL, with access checks and audit on: median latency against the limit's, the 99th
#: percentile in ms, and messages a second from one process.
RATIO, P99_MS, PER_SECOND = 2.5, 20.0, 1500.0
#: Above this share of the machine taken by other programs, the figures say little.
QUIET = 0.10


class Figures(NamedTuple):
    """One side in one phase. Times in ms, from the intended sending until the receiver has the message.

    ``cpu_ms`` is the server process's processor time a message, ``others`` the share of the machine's processors
    that programs outside the benchmark took.
    """

    per_second: float
    p50: float
    p95: float
    p99: float
    max: float
    cpu_ms: float
    others: float
    rss_mb: float


class Run(NamedTuple):
    database: str
    phase: str
    limit: Figures
    portal: Figures


@dataclass
class Result:
    facts: dict[str, str]
    phases: tuple[Phase, ...]
    repeats: int
    conversations: int
    runs: list[Run]
    idle: list[Step] = field(default_factory=list)
    lists: Lists | None = None
    escalations: Escalations | None = None
    agreements: Agreements | None = None
    beds: Beds | None = None
    loans: Loans | None = None

    def run(self, database: str, phase: str) -> Run:
        return next(r for r in self.runs if (r.database, r.phase) == (database, phase))

    @property
    def others(self) -> float:
        return max(figures.others for r in self.runs for figures in (r.limit, r.portal))


def facts(postgres_url: str) -> dict[str, str]:
    """What the figures depend on: machine, versions, date."""
    with psycopg.connect(postgres_url.replace("postgresql+psycopg://", "postgresql://")) as connection:
        query = "SELECT version(), current_setting('fsync'), current_setting('synchronous_commit')"
        version, fsync, synchronous = connection.execute(query).fetchone() or ("", "", "")
    version = version.split(" on ")[0].removeprefix("PostgreSQL ")
    packages = ("gevent", "python-socketio", "psycopg", "SQLAlchemy", "websockets", "asyncpg", "uvloop")
    return {
        "Date": f"{datetime.now(UTC):%Y-%m-%d}",
        "Processor": f"{_processor()}, {os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GB",
        "System": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        "PostgreSQL": f"{version}, fsync {fsync}, synchronous_commit {synchronous}",
        "SQLite": f"{sqlite3.sqlite_version}, WAL, synchronous FULL",
        "Packages": ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages),
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def aims(result: Result) -> list[Aim]:
    """The aims, each with what was measured and whether it is met."""
    found = []
    for phase in ("50/s", "300/s"):
        run = result.run("PostgreSQL", phase)
        ratio, p99 = run.portal.p50 / run.limit.p50, run.portal.p99
        found.append(Aim(f"p50 within {RATIO} × the limit at {phase}", f"{ratio:.2f} ×", ratio <= RATIO))
        found.append(Aim(f"p99 under {P99_MS:.0f} ms at {phase}", f"{p99:.1f} ms", p99 < P99_MS))
    full = result.run("PostgreSQL", "full").portal.per_second
    text = f"at least {PER_SECOND:,.0f} committed and delivered messages a second from one process"
    found.append(Aim(text, f"{full:,.0f}/s", full >= PER_SECOND))
    found += [*pages.idle_aims(result.idle), *pages.list_aims(result.lists)]
    found += pages.escalation_aims(result.escalations)
    found += [*pages.agreement_aims(result.agreements), *pages.bed_aims(result.beds)]
    return [*found, *pages.loan_aims(result.loans)]


HEAD = ("database", "load", "side", "msg/s", "p50 ms", "p95 ms", "p99 ms", "max ms", "CPU ms/msg")


def _rows(result: Result) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for run in result.runs:
        for side, f in (("limit", run.limit), ("portal", run.portal)):
            times = (f"{f.p50:.2f}", f"{f.p95:.2f}", f"{f.p99:.2f}", f"{f.max:.1f}", f"{f.cpu_ms:.2f}")
            rows.append((run.database, run.phase, side, f"{f.per_second:,.0f}", *times))
        a, b = run.portal, run.limit
        pairs = ((a.per_second, b.per_second), (a.p50, b.p50), (a.p95, b.p95), (a.p99, b.p99))
        rows.append((run.database, run.phase, "ratio", *(f"{x / y:.2f} ×" for x, y in pairs), "", ""))
    return rows


def _warning(result: Result) -> list[str]:
    if result.others <= QUIET:
        return []
    return [
        f"Other programs took up to {result.others:.0%} of the processors during a phase: "
        "the figures are worse than the machine can do, and the ratios uncertain."
    ]


def as_text(result: Result) -> str:
    rows = [HEAD, *_rows(result)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    lines = []
    for number, row in enumerate(rows):
        cells = [
            c.ljust(w) if i < 3 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
        if number % 3 == 0:  # the head, then three lines for each load
            lines.append("")
    lines += [f"{'met    ' if aim.met else 'NOT MET'}  {aim.text}: {aim.measured}" for aim in aims(result)]
    more = [pages.idle_text(result.idle), pages.lists_text(result.lists)]
    more += [pages.escalations_text(result.escalations), pages.agreements_text(result.agreements)]
    more += [pages.beds_text(result.beds), pages.loans_text(result.loans)]
    return "\n".join([*lines, "", *(m + "\n" for m in more if m), *_warning(result)])


def as_markdown(result: Result) -> str:
    seconds = ", ".join(f"{p['name']} {p['seconds']:g} s" for p in result.phases)
    rss = max(run.portal.rss_mb for run in result.runs)
    verdicts = [(a.text, a.measured, "met" if a.met else "**not met**") for a in aims(result)]
    return (
        "\n\n".join(
            [
                "# Benchmarks",
                "Written by `make bench`; run it to get the figures of your own machine.",
                table(("", ""), list(result.facts.items()), 2),
                "## The aims",
                "On PostgreSQL, through the whole portal: session and rights read anew for every message, schema, "
                "identity check, sequence under lock, audit chain, commit, ack, delivery.",
                table(("aim", "measured", ""), verdicts, 3),
                *(f"**{text}**" for text in _warning(result)),
                "## The figures",
                table(HEAD, _rows(result), 3),
                *pages.as_markdown(
                    result.idle,
                    result.lists,
                    result.escalations,
                    result.agreements,
                    result.beds,
                    result.loans,
                ),
                "## What is measured",
                f"- {result.conversations} open conversations, each with a physician and a specialist of its own on "
                "one websocket each. The sender sends a message of about 150 characters; the time runs until the "
                "receiver's websocket has it. Receipts and typing are left out.\n"
                "- **50/s** and **300/s** are open loops: messages leave by the clock, and the time runs from when a "
                "message *should* have left. **full** is a closed loop: each conversation sends its next message when "
                "the last is acknowledged; what counts is committed, acknowledged and delivered within the window, "
                "and the times are mostly waiting in line.\n"
                "- **limit**: a bare websocket and one committed insert (uvloop, websockets, and asyncpg or the "
                "sqlite3 module in a thread; `benchmarks/limit.py`). It commits each message by itself, the portal "
                "commits together what waits at the same moment; so at full load the portal may come nearer to it "
                "than its work would suggest.\n"
                "- **portal**: `python app.py` in demo mode, one process with its worker inside; "
                f"{rss:.0f} MB of memory with {2 * result.conversations} sockets open.\n"
                "- Server, database and load generator share the machine, on loopback. Limit and portal take turns, "
                f"phase by phase; every figure is the median of {result.repeats} ({seconds} each, after a warm-up). "
                "No message was lost, doubled or out of order: one would have stopped the run.\n"
                "- **CPU ms/msg** is the server process alone, without the database. Other programs took at most "
                f"{result.others:.0%} of the processors during a phase.\n" + pages.NOTES,
            ]
        )
        + "\n"
    )
