"""The only clock. Everything inside the portal is aware UTC; Oslo time exists in templates alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

OSLO = ZoneInfo("Europe/Oslo")


_som_om: ContextVar[datetime | None] = ContextVar("portal_klokke", default=None)


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return _som_om.get() or datetime.now(UTC)


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


def i_dag() -> date:
    """Today on the calendar of Oslo: the day that agreements, deadlines and people mean."""
    return oslo(now()).date()
