"""What Oslo's clock shows, found by looking at it: the model that the rules of the wall clock are tested against."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from portal.core.clock import OSLO


def foerste_visning(dag: date, klokke: time) -> datetime:
    """By looking at the clock every minute from the evening before: the first moment that shows this or later."""
    maal = datetime.combine(dag, klokke)
    naa = datetime.combine(dag - timedelta(days=1), time(12), tzinfo=UTC)
    while naa.astimezone(OSLO).replace(tzinfo=None) < maal:
        naa += timedelta(minutes=1)
    return naa
