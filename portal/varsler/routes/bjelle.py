"""The bell and its history: seeing, opening, marking as read."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.core.errors import UgyldigData
from portal.core.web import aktor, feltfeil, les, skjemadata, vil_ha_json
from portal.varsler.routes.felles import blp, trygg_lenke
from portal.varsler.schemas import HistorikkInn, TomtInn, sted_ut
from portal.varsler.service import bjelle


@blp.get("/varsler")
def alle() -> Any:
    """Everything that one was told."""
    a, feil = aktor(), None
    try:
        valg = les(HistorikkInn, request.args)
    except UgyldigData as e:
        valg, feil = les(HistorikkInn, {}), e
    side = bjelle.hent_side(a, **valg)
    filter_ = {k: valg[k] for k in ("utvalg", "hastegrad") if valg[k]}
    neste = {**filter_, "etter": sted_ut(side.neste)} if side.neste else None
    html = render_template(
        "varsler/varsler.html",
        side=side,
        valg=valg,
        videre=valg["etter"] is not None,
        neste=f"{url_for('varsler.alle')}?{urlencode(neste)}" if neste else "",
        uleste=[v for v in side.varsler if bjelle.er_ulest(v)],
        leste=[v for v in side.varsler if not bjelle.er_ulest(v)],
        **feltfeil(feil),
    )
    return html, 422 if feil else 200


@blp.get("/varsler/bjelle")
def panel() -> str:
    """The panel of the bell: a part of a page, fetched by frontend/lib/varsler.js."""
    return render_template("varsler/_bjelle.html", b=bjelle.hent_bjelle(aktor()), er_ulest=bjelle.er_ulest)


@blp.post("/varsler/<uuid:varsel_id>/aapne")
def aapne(varsel_id: UUID) -> Response:
    """Reads one, and goes to what it is about."""
    les(TomtInn, skjemadata())
    lenke = bjelle.les(aktor(), varsel_id)
    return redirect(trygg_lenke(lenke) or url_for("varsler.alle"), 303)


@blp.post("/varsler/les-alle")
def les_alle() -> Any:
    """Marks everything as read."""
    les(TomtInn, skjemadata())
    bjelle.les_alle(aktor())
    return ("", 204) if vil_ha_json() else redirect(url_for("varsler.alle"), 303)
