"""What is asked for before other work: figures that have gone stale, with the answer one click away on every page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, request, url_for

from portal.core.errors import Konflikt
from portal.core.sprak import _
from portal.core.web import aktor, aktor_eller_ingen, er_bakgrunn, er_laast, les, skjema_med_lister
from portal.identitet.routes.felles import trygg_adresse
from portal.plasser.routes.felles import blp
from portal.plasser.schemas import FerskInn
from portal.plasser.service import drift, ferskhet


@blp.app_context_processor
def _i_rammen() -> dict[str, Any]:
    """`gamle_plassenheter()`: asked for only where it is shown."""
    return {"gamle_plassenheter": _gamle}


def _gamle() -> list[ferskhet.Gammel]:
    """None for what a page fetches by itself, for a locked screen, and beside a form that was sent back: whoever has
    written something is not led away from it. The unit's own pages ask by themselves."""
    hvem = aktor_eller_ingen()
    if hvem is None or request.method != "GET" or er_bakgrunn() or er_laast():
        return []
    her = (request.view_args or {}).get("plassenhet_id")
    return [g for g in ferskhet.hent_gamle(hvem) if g.id != her]


@blp.post("/<uuid:plassenhet_id>/fersk")
def bekreft_fersk(plassenhet_id: UUID) -> Any:
    """«Ingen endring» from any page, and back to it; to the unit where it must be told more."""
    neste = trygg_adresse(les(FerskInn, skjema_med_lister()[0])["neste"])
    try:
        drift.ingen_endring(aktor(), plassenhet_id)
    except Konflikt as feil:
        flash(feil.melding, "warning")
        return redirect(url_for("plasser.enhet", plassenhet_id=plassenhet_id), 303)
    flash(_("Takk. Tallene står som ferske nå."), "success")
    return redirect(neste, 303)
