"""Oslo's wall clock and the days of a roster. Pure rules, without a database.

A shift is an interval in UTC; a rule («from 15:30 to 08:00») is the wall clock. In the night that the clocks go
forward a night is an hour shorter, and an hour longer when they go back: since the end of one shift and the beginning
of the next are the same wall clock moment, they are the same UTC moment too, and no minute is left without cover.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from portal.core.clock import OSLO


def oslo_til_utc(dag: date, klokke: time) -> datetime:
    """The moment at which Oslo's clocks show this.

    A time that the clocks jump over (02:30 in March) is the moment they would have shown it had they not: an hour on.
    Of one that they show twice (02:30 in October), it is the first.
    """
    return datetime.combine(dag, klokke, tzinfo=OSLO).astimezone(UTC)


def les_klokke(tekst: str) -> time:
    """«15:30» as a time. Raises ValueError."""
    return time.fromisoformat(tekst) if len(tekst) == 5 else _feil(tekst)


def _feil(tekst: str) -> time:
    raise ValueError(f"«{tekst}» is no time of day")


def skift(dag: date, klokke_fra: str, klokke_til: str) -> tuple[datetime, datetime]:
    """The shift that begins on a day, to the next time the clock shows `klokke_til`. The same hour is a day later."""
    fra, til = les_klokke(klokke_fra), les_klokke(klokke_til)
    siste = dag if til > fra else dag + timedelta(days=1)
    return oslo_til_utc(dag, fra), oslo_til_utc(siste, til)
