"""What a bed must be able to take, as far as the case says so itself. Pure; a suggestion, and never a demand."""

from __future__ import annotations

import re
from collections.abc import Iterable

from portal.henvendelser.forloep import Aldersgruppe
from portal.plasser.forloep import Evne

_FAGOMRAADER = {
    "palliasjon": Evne.PALLIASJON,
    "psykiatri": Evne.PSYKISK_HELSE,
    "alderspsykiatri": Evne.PSYKISK_HELSE,
    "rus": Evne.RUS,
    "psykisk_helse_og_rus": Evne.PSYKISK_HELSE | Evne.RUS,
}
_ISOLASJON = re.compile(
    r"\b(?:(?:kontakt|dråpe|luft)smitte\w*|\w*isolasjon\w*|\w*isolat\b|isoler\w+)", re.IGNORECASE
)
_NEKTET = re.compile(r"\b(?:ikke|ikkje|ingen|uten|utan)\s+(?:\w+\s+){0,3}$", re.IGNORECASE)


def foreslaa(
    *, oksygen: bool | None, aldersgruppe: str | None, fagomraade: str, tekster: Iterable[str]
) -> int:
    """The sum of abilities (`Evne`) that the case asks for: oxygen given at the last measurement, a child, what the
    fagområde says, and isolation where a text names it and no «ikke» or «uten» stands close before."""
    evner = _FAGOMRAADER.get(fagomraade, Evne(0))
    if oksygen:
        evner |= Evne.OKSYGEN
    if aldersgruppe == Aldersgruppe.UNDER_16:
        evner |= Evne.BARN
    if any(_ber_om_isolasjon(t) for t in tekster):
        evner |= Evne.ISOLASJON
    return int(evner)


def _ber_om_isolasjon(tekst: str) -> bool:
    return any(
        not _NEKTET.search(tekst[max(0, t.start() - 60) : t.start()]) for t in _ISOLASJON.finditer(tekst)
    )
