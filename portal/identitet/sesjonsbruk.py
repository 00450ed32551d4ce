"""What is read of a session for each request: who it is, in which role, and how the session stands. Pure: of rows.

A row is what `steps.py` asks for: a membership that is valid, with one of its specialties.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.core.aktor import Aktor, Rolle


def bygg(rader: Sequence[Any], sesjon_id: UUID | None = None) -> Aktor | None:
    """The actor of the first membership in the rows."""
    if not rader:
        return None
    rad = rader[0]
    return Aktor(
        navn=rad.person_navn,
        person_id=rad.person_id,
        medlemskap_id=rad.medlemskap_id,
        rolle=Rolle(rad.rolle),
        organisasjon_id=rad.organisasjon_id,
        organisasjon_navn=rad.kortnavn,
        organisasjon_type=rad.type,
        enhet_id=rad.enhet_id,
        enhet_navn=rad.enhet_navn or "",
        fagomraader=frozenset(
            r.fagomraade for r in rader if r.medlemskap_id == rad.medlemskap_id and r.fagomraade is not None
        ),
        sesjon_id=sesjon_id,
    )


def roller_av(rader: Sequence[Any]) -> list[Aktor]:
    """Every role in the rows, in their order."""
    per_medlemskap: dict[UUID, list[Any]] = {}
    for rad in rader:
        per_medlemskap.setdefault(rad.medlemskap_id, []).append(rad)
    return [aktor for r in per_medlemskap.values() if (aktor := bygg(r)) is not None]


@dataclass(frozen=True, slots=True)
class Sesjonsbruk:
    """The actor of a session, and what the door needs beside it."""

    aktor: Aktor
    spraak: str
    sist_brukt: datetime
    #: The absolute end: of the login, or of the shift where that is later.
    slutter: datetime
    vakt_til: datetime | None
    laast: bool
    #: The person has set up a second factor, and opens the screen with it.
    totrinn: bool
    #: More than a minute since the session was last noted as used; less where the screen soon locks itself.
    gammel: bool
    #: The chosen membership has ended, and the person acts in another one.
    byttet: bool
    #: What was read: `roller` is made of it.
    rader: Sequence[Any]

    @property
    def roller(self) -> list[Aktor]:
        """As `gyldige_medlemskap` gives them: every page shows them, and asks for nothing more."""
        return roller_av(sorted(self.rader, key=lambda r: (r.gyldig_fra, r.medlemskap_id)))

    @property
    def skal_roeres(self) -> bool:
        return self.gammel or self.byttet
