"""Times and words of this room's notices and errors, put into the reader's language when they are read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import format_datetime, get_locale

from portal.core.clock import now, oslo


@dataclass(frozen=True, slots=True)
class Naar:
    """A moment on the wall clock in Oslo, inside a sentence that is translated later: «man. 2. mars kl. 08:00»."""

    tidspunkt: datetime

    def __str__(self) -> str:
        lokal = oslo(self.tidspunkt)
        aar = "" if lokal.year == oslo(now()).year else " y"
        moenster = f"EEE d MMM{aar} HH:mm" if str(get_locale()) == "en" else f"EEE d. MMM{aar} 'kl'. HH:mm"
        return str(format_datetime(lokal.replace(tzinfo=None), moenster, rebase=False))
