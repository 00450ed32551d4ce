"""The timeline of a discharge: one form a step, all through one door."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from portal.core.aktor import Aktor
from portal.henvendelser.routes.felles import blp, handling, skjemadata_rent
from portal.henvendelser.schemas import UtskrivningSteg
from portal.henvendelser.service import utskrivning


@blp.post("/henvendelser/<uuid:henvendelse_id>/utskrivning")
def oppdater_utskrivning(henvendelse_id: UUID) -> Any:
    verdier = skjemadata_rent()

    def gjoer(a: Aktor, inn: dict[str, Any]) -> None:
        utskrivning.oppdater(a, henvendelse_id, **inn)

    return handling(
        henvendelse_id, f"utskrivning_{verdier.get('steg', '')}", UtskrivningSteg, gjoer, verdier=verdier
    )
