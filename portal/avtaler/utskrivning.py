"""The steps of the utskrivningsforskrift (FOR-2011-11-18-1115) that clauses on discharge settle, and its day rates."""

from __future__ import annotations

from datetime import date
from typing import Any

from portal.core.sprak import _l

#: {step: (paragraph, what it demands, in our own words)}, in the order in which they come.
TRINN: dict[str, tuple[str, Any]] = {
    "varsel": ("§ 8", _l("Varsel til kommunen innen 24 timer etter innleggelsen; «usikker» er lov")),
    "vurdering": ("§ 9", _l("Vurdering før pasienten er utskrivningsklar, bokstav a til e")),
    "melding": ("§ 10", _l("Melding til kommunen straks pasienten er utskrivningsklar")),
    "svar": ("§ 11", _l("Kommunen svarer straks om den kan ta imot")),
    "betaling": ("§ 13", _l("Kommunen betaler per døgn fra den har sagt nei eller ikke svart")),
}
#: {year: kroner per day} as the state has set them. Later ones are entered by the coordinators (`Doegnsats`).
KJENTE_SATSER = {2022: 5306, 2023: 5508, 2024: 5745}
KILDE = "Helsedirektoratet"


def sats(dag: date, innlagte: dict[int, int]) -> tuple[int, int] | None:
    """(kroner per day, the year it is from) on a day: the newest that is not later than the day's year.

    `innlagte`: {year: kroner} as entered; of a year that the portal knows itself, its own counts. None: nothing is
    known so early. The year tells whether it is the day's own: an old rate must not pass for a new one.
    """
    alle = {**innlagte, **KJENTE_SATSER}
    aar = max((a for a in alle if a <= dag.year), default=None)
    return None if aar is None else (alle[aar], aar)
