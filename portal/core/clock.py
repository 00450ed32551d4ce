"""The only clock. Everything inside the portal is aware UTC; Oslo time exists in templates alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

OSLO = ZoneInfo("Europe/Oslo")


_som_om: ContextVar[datetime | None] = ContextVar("portal_klokke", default=None)


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return _som_om.get() or datetime.now(UTC)


def hele_sekunder(tid: datetime) -> datetime:
    """The second that a moment is in. What people write and calendars carry knows nothing smaller."""
    return tid.replace(microsecond=0)


@contextmanager
def som_om(tidspunkt: datetime) -> Iterator[None]:
    """Lets the demo seed write history: inside, `now()` is `tidspunkt`, in this context alone."""
    merke = _som_om.set(tidspunkt)
    try:
        yield
    finally:
        _som_om.reset(merke)


def oslo(tid: datetime) -> datetime:
    """The same moment on the wall clock in Oslo (for display only)."""
    return tid.astimezone(OSLO)


def oslo_til_utc(dag: date, klokke: time) -> datetime:
    """The first moment at which Oslo's clocks show this or later.

    Of a time that they show twice (02:30 in October) it is the first. A time that they jump over (02:30 in March) is
    the moment of the jump, so that what begins earlier by the clock never begins later. The clocks change at
    01:00 UTC (directive 2000/84/EC) by a whole hour.
    """
    lokal = datetime.combine(dag, klokke, tzinfo=OSLO)
    utc = lokal.astimezone(UTC)
    if utc.astimezone(OSLO).replace(tzinfo=None) != lokal.replace(tzinfo=None):
        return utc.replace(minute=0, second=0, microsecond=0)
    return utc


def i_dag() -> date:
    """Today on the calendar of Oslo: the day that agreements, deadlines and people mean."""
    return oslo(now()).date()
