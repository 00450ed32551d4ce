"""Moments and intervals as people read them here: one style for the room's pages, answers and notices.

In words that wait for the reader's language: a notice is in its receiver's, whoever caused it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import LazyString

from portal.core import sprak
from portal.core.clock import oslo


def naar(tid: datetime) -> str:
    """«tir. 24. nov. kl. 15:30», in English «Tue 24 Nov 15:30»; with the year when it is another. Oslo's clock."""
    return sprak.klokkeslett(tid, ukedag=True)


def rom(fra: datetime, til: datetime) -> str:
    """«tir. 24. nov. kl. 08:00–15:30»; the other day is named whenever it is another."""
    if oslo(fra).date() == oslo(til).date():
        return f"{naar(fra)}–{oslo(til):%H:%M}"
    return f"{naar(fra)} – {naar(til)}"


def tidsrom(fra: datetime, til: datetime) -> Any:
    """`rom`, put into words when it is read."""
    return LazyString(rom, fra, til)


def klokkeslett(tid: datetime) -> Any:
    """`naar`, put into words when it is read."""
    return LazyString(naar, tid)
