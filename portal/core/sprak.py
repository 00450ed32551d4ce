"""Translation for rooms that must not know Flask: bokmål is the source text of every sentence."""

from __future__ import annotations

from datetime import datetime

from flask_babel import force_locale as paa_spraak
from flask_babel import format_date, format_datetime, get_locale, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.core.clock import now, oslo

#: Locale code → the language's own name. Bokmål is the source; the others are complete translations.
SPRAAK = {"nb": "Bokmål", "nn": "Nynorsk", "en": "English"}

__all__ = ["SPRAAK", "_", "_l", "klokkeslett", "kortdag", "ngettext", "paa_spraak", "tusen"]


def tusen(tall: float) -> str:
    """A whole number with its thousands apart by a space at which no line breaks: «1 338»."""
    return f"{round(tall):,}".replace(",", "\u00a0")


def kortdag(tidspunkt: datetime) -> str:
    """The day in Oslo as short as it can be read: «14.12.», in English «14 Dec»; with the year when it is another."""
    lokal = oslo(tidspunkt)
    annet = lokal.year != oslo(now()).year
    if str(get_locale()) == "en":
        return str(format_date(lokal.date(), "d MMM y" if annet else "d MMM", rebase=False))
    return f"{lokal.day}.{lokal.month}.{lokal.year if annet else ''}"


def klokkeslett(tidspunkt: datetime, *, ukedag: bool = False) -> str:
    """The moment on the wall clock in Oslo: «21. nov. kl. 20:05», in English «21 Nov 20:05»; with the year when it is
    another, and with the weekday first where it is asked for («lør. 21. nov. …»)."""
    lokal = oslo(tidspunkt)
    foran = "EEE " if ukedag else ""
    aar = "" if lokal.year == oslo(now()).year else " y"
    moenster = f"d MMM{aar} HH:mm" if str(get_locale()) == "en" else f"d. MMM{aar} 'kl'. HH:mm"
    return str(format_datetime(lokal.replace(tzinfo=None), foran + moenster, rebase=False))
