"""What the benchmark says of idle connections, lists, escalations, agreements, beds and loans: aims, tables, notes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from benchmarks import avtaler, eskalering, omdisponering, plasser, timeline
from benchmarks.avtaler import Agreements
from benchmarks.eskalering import Escalations
from benchmarks.idle import Step
from benchmarks.lists import Lists, Times
from benchmarks.omdisponering import Loans
from benchmarks.plasser import Beds

#: An idle connection's memory, and how much slower a message may be for them.
KB_EACH, SLOWER = 70.0, 1.3
#: A page that is a list, and how much slower it may be for the size of the country.
PAGE_MS, LARGER = 60.0, 1.2

NOTES = (
    "- **Idle connections** are websockets of as many people, each logged in, with nothing open but a page; half of "
    "them hear of their queue. The memory is what the server process has grown by, divided by their number, six "
    "seconds after the last came. The messages are those of 16 conversations at 50/s in the same process.\n"
    "- **Lists**: one browser on a connection that is kept, from asking until the whole page is there: login, rights, "
    "queries and HTML. The large country has all kommuner and hospitals, ten years and ten rows of log in each case; "
    "the small one is a pilot of one kommune and its hospital. Each is asked in turn. The people are the busiest of "
    "their kind; *cases* is how many theirs are. The queue is that of a vaktleder of one hospital."
    + eskalering.NOTE
    + avtaler.NOTE
    + plasser.NOTE
    + omdisponering.NOTE
)


class Aim(NamedTuple):
    text: str
    measured: str
    met: bool


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]], left: int) -> str:
    lines = [head, tuple("---" if i < left else "---:" for i in range(len(head))), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def idle_aims(steps: list[Step]) -> list[Aim]:
    if not steps:
        return []
    without, most = steps[0], steps[-1]
    kb = max(s.kb_each for s in steps[1:])
    ratio = max(s.p50 for s in steps[1:]) / without.p50
    return [
        Aim(f"an idle connection takes at most {KB_EACH:.0f} KB", f"{kb:.0f} KB", kb <= KB_EACH),
        Aim(
            f"p50 with {most.connections:,} idle connections within {SLOWER} × that without",
            f"{ratio:.2f} ×",
            ratio <= SLOWER,
        ),
    ]


def list_aims(lists: Lists | None) -> list[Aim]:
    if lists is None:
        return []
    worst = max(large.p95 for large, _ in lists.pages.values())
    ratio = lists.large.p95 / lists.small.p95
    cases = f"{lists.cases[0]:,} cases"
    return [
        Aim(
            f"p95 of a page of the list with {cases} within {PAGE_MS:.0f} ms",
            f"{worst:.1f} ms",
            worst <= PAGE_MS,
        ),
        Aim(
            f"p95 of the list with {cases} within {LARGER} × that with {lists.cases[1]:,}",
            f"{ratio:.2f} ×",
            ratio <= LARGER,
        ),
        Aim(
            f"p95 of the queue with {lists.queue.cards:.0f} waiting within {PAGE_MS:.0f} ms",
            f"{lists.queue.p95:.1f} ms",
            lists.queue.p95 <= PAGE_MS,
        ),
    ]


IDLE_HEAD = ("idle connections", "KB each", "p50 ms", "p95 ms", "connected in s")
LIST_HEAD = (
    "page",
    "who",
    "cases",
    "p50 ms",
    "p95 ms",
    "max ms",
    "small country: cases",
    "p50 ms",
    "p95 ms",
    "ratio",
)


def _idle_rows(steps: list[Step]) -> list[tuple[str, ...]]:
    return [
        (
            f"{s.connections:,}",
            f"{s.kb_each:.0f}" if s.connections else "",
            f"{s.p50:.2f}",
            f"{s.p95:.2f}",
            f"{s.seconds:.0f}" if s.connections else "",
        )
        for s in steps
    ]


def _list_rows(lists: Lists) -> list[tuple[str, ...]]:
    rows = []
    for (view, person), (large, small) in lists.pages.items():
        less = (f"{small.cases:,}", f"{small.p50:.1f}", f"{small.p95:.1f}", f"{large.p95 / small.p95:.2f} ×")
        rows.append((view, person, f"{large.cases:,}", *_three(large), *less))
    for name, times in lists.searches.items():
        rows.append((f"search {name}", "vaktleder", "", *_three(times), "", "", "", ""))
    rows.append(
        (f"queue, {lists.queue.cards:.0f} waiting", "vaktleder", "", *_three(lists.queue), "", "", "", "")
    )
    return rows


def _three(times: Times) -> tuple[str, str, str]:
    return f"{times.p50:.1f}", f"{times.p95:.1f}", f"{times.max:.1f}"


def _text(head: tuple[str, ...], rows: list[tuple[str, ...]], aims: list[Aim]) -> str:
    every = [head, *rows]
    widths = [max(len(row[i]) for row in every) for i in range(len(head))]
    lines = ["  ".join(c.rjust(w) for c, w in zip(row, widths, strict=True)) for row in every]
    return "\n".join(
        [*lines, "", *(f"{'met    ' if a.met else 'NOT MET'}  {a.text}: {a.measured}" for a in aims)]
    )


def idle_text(steps: list[Step]) -> str:
    return _text(IDLE_HEAD, _idle_rows(steps), idle_aims(steps)) if steps else ""


def lists_text(lists: Lists | None) -> str:
    return "" if lists is None else _text(LIST_HEAD, _list_rows(lists), list_aims(lists))


def escalation_aims(escalations: Escalations | None) -> list[Aim]:
    return [Aim(*aim) for aim in eskalering.aims(escalations)]


def escalations_text(escalations: Escalations | None) -> str:
    if escalations is None:
        return ""
    return _text(eskalering.HEAD, eskalering.rows(escalations), escalation_aims(escalations))


def agreement_aims(agreements: Agreements | None) -> list[Aim]:
    return [Aim(*aim) for aim in avtaler.aims(agreements)]


def agreements_text(agreements: Agreements | None) -> str:
    if agreements is None:
        return ""
    return _text(avtaler.HEAD, avtaler.rows(agreements), agreement_aims(agreements))


def bed_aims(beds: Beds | None) -> list[Aim]:
    return [Aim(*aim) for aim in plasser.aims(beds)]


def _bed_tables(beds: Beds) -> list[tuple[tuple[str, ...], list[tuple[str, ...]]]]:
    return [
        (plasser.HEAD, plasser.rows(beds)),
        (plasser.SPREAD_HEAD, plasser.spread_rows(beds)),
        (plasser.RACE_HEAD, plasser.race_rows(beds.races)),
    ]


def _bed_title(beds: Beds) -> str:
    counted = beds.rows[0]
    size = f"{counted['plassenhet']:,} units, {counted['plass']:,} beds, {counted['plassendring']:,} changes"
    short = "; a short run, far smaller than the aims say" if beds.short else ""
    return f"{size}, {counted['plassdoegn']:,} days, made in {beds.seconds:.0f} s{short}"


def beds_text(beds: Beds | None) -> str:
    if beds is None:
        return ""
    tables = _bed_tables(beds)
    last = len(tables) - 1
    parts = [
        _text(head, found, bed_aims(beds) if n == last else []) for n, (head, found) in enumerate(tables)
    ]
    return "\n".join([_bed_title(beds), *parts])


def race_text(races: list[plasser.Race]) -> str:
    """The race alone."""
    return _text(plasser.RACE_HEAD, plasser.race_rows(races), [Aim(*aim) for aim in plasser.race_aims(races)])


def loan_aims(loans: Loans | None) -> list[Aim]:
    return [Aim(*aim) for aim in omdisponering.aims(loans)]


def _loan_tables(loans: Loans) -> list[tuple[tuple[str, ...], list[tuple[str, ...]]]]:
    return [
        (omdisponering.HEAD, omdisponering.rows(loans)),
        (omdisponering.PEER_HEAD, omdisponering.peer_rows(loans)),
        (omdisponering.CLASH_HEAD, omdisponering.clash_rows(loans)),
        *([(timeline.HEAD, timeline.rows(loans.timeline))] if loans.timeline else []),
    ]


def loans_text(loans: Loans | None) -> str:
    if loans is None:
        return ""
    tables = _loan_tables(loans)
    last = len(tables) - 1
    parts = [
        _text(head, found, loan_aims(loans) if n == last else []) for n, (head, found) in enumerate(tables)
    ]
    return "\n".join([omdisponering.title(loans), *parts])


def as_markdown(
    steps: list[Step],
    lists: Lists | None,
    escalations: Escalations | None,
    agreements: Agreements | None,
    beds: Beds | None,
    loans: Loans | None,
) -> list[str]:
    """The sections of the page."""
    parts = []
    if steps:
        parts += ["## Idle connections", table(IDLE_HEAD, _idle_rows(steps), 0)]
    if lists is not None:
        parts += [f"## Lists, with {lists.cases[0]:,} cases", table(LIST_HEAD, _list_rows(lists), 2)]
    if escalations is not None:
        parts += ["## Escalations", table(eskalering.HEAD, eskalering.rows(escalations), 2)]
    if agreements is not None:
        title = f"## Agreements: {agreements.agreements:,}, and {agreements.clauses[0]:,} wordings of their clauses"
        parts += [title, table(avtaler.HEAD, avtaler.rows(agreements), 2)]
    if beds is not None:
        parts += ["## Emergency beds", _bed_title(beds)]
        parts += [table(head, found, 2) for head, found in _bed_tables(beds)]
    if loans is not None:
        parts += ["## Reallocation", omdisponering.title(loans)]
        parts += [table(head, found, 1) for head, found in _loan_tables(loans)]
    return parts
