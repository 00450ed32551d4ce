"""«Hva skjedde?»: the answer of one press, from the case, from a list, or after the link in a letter."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from portal.core.web import aktor
from portal.henvendelser.models import Oppfoelging
from portal.henvendelser.routes.felles import blp, handling, skjemadata_rent
from portal.henvendelser.schemas import OppfoelgingInn
from portal.henvendelser.service import oppfoelging


@blp.app_template_global()
def oppfoelginger_som_venter() -> list[Oppfoelging]:
    """The questions that wait for an answer, on top of any list."""
    return oppfoelging.venter_paa(aktor())


@blp.post("/henvendelser/<uuid:henvendelse_id>/oppfoelging")
def svar_oppfoelging(henvendelse_id: UUID) -> Any:
    verdier = skjemadata_rent()
    return handling(
        henvendelse_id,
        f"oppfoelging-{verdier.get('dag', '')}",
        OppfoelgingInn,
        lambda a, inn: oppfoelging.svar(a, henvendelse_id, **inn),
        verdier=verdier,
    )
