"""A hold by its id, for programs. Reads alone."""

from __future__ import annotations

from uuid import UUID

from portal.core.aktor import Aktor
from portal.plasser import access
from portal.plasser.models import Plassenhet, Reservasjon


def hent_reservasjon(aktor: Aktor, reservasjon_id: UUID) -> tuple[Reservasjon, Plassenhet]:
    """A hold and its unit, for the unit's people and for the clinicians of who holds it. Raises IkkeFunnet."""
    return access.hent_reservasjon(aktor, reservasjon_id)
