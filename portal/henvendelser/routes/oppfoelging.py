"""«Hva skjedde?»: the answer of one press, from the case, from a list, or after the link in a letter."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, url_for

from portal.core.aktor import Aktor
from portal.core.sprak import _
from portal.core.web import aktor
from portal.henvendelser.models import Oppfoelging
from portal.henvendelser.routes.felles import blp, handling, skjemadata_rent
from portal.henvendelser.schemas import OppfoelgingInn
from portal.henvendelser.service import oppfoelging

#: The field `fra` of an answer, and the page it was given on.
_LISTER = {"liste": "henvendelser.liste", "koe": "henvendelser.koe"}


@blp.app_template_global()
def oppfoelginger_som_venter() -> list[Oppfoelging]:
    """The questions that wait for an answer, on top of any list."""
    return oppfoelging.venter_paa(aktor())


@blp.post("/henvendelser/<uuid:henvendelse_id>/oppfoelging")
def svar_oppfoelging(henvendelse_id: UUID) -> Any:
    """Saves the answer, and goes back to where it was given: the case, or the list with the next question."""
    verdier = skjemadata_rent()
    liste = _LISTER.get(verdier.get("fra", ""))

    def gjoer(a: Aktor, inn: dict[str, Any]) -> None:
        del inn["fra"]
        oppfoelging.svar(a, henvendelse_id, **inn)
        if liste:
            flash(_("Takk. Svaret er lagret."), "success")

    svar = handling(
        henvendelse_id, f"oppfoelging-{verdier.get('dag', '')}", OppfoelgingInn, gjoer, verdier=verdier
    )
    return redirect(url_for(liste), 303) if liste and svar.status_code == 303 else svar
