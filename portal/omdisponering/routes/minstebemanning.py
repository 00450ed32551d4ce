"""How few of each profession must be left at the organisation's units: one page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for

from portal.core.errors import Konflikt, PortalError, UgyldigData
from portal.core.sprak import _
from portal.core.web import aktor, feltfeil, les, skjemadata
from portal.omdisponering.forloep import Stilling
from portal.omdisponering.routes.felles import blp
from portal.omdisponering.schemas import GulvInn
from portal.omdisponering.service import minstebemanning as tjeneste
from portal.plasser.schemas import TomtInn


@blp.route("/minstebemanning", methods=["GET", "POST"])
def minstebemanning() -> Any:
    """All the units' floors, each with its own form, and one for a new one."""
    if request.method == "GET":
        return _vis()
    verdier = skjemadata()
    try:
        tjeneste.sett(aktor(), **les(GulvInn, verdier))
    except (UgyldigData, Konflikt) as feil:
        return _vis(verdier, feil), feil.status
    flash(_("Minstebemanningen er lagret. Den gjelder for det som ikke er godkjent ennå."), "success")
    return redirect(url_for("omdisponering.minstebemanning"), 303)


def _vis(verdier: Mapping[str, str] | None = None, feil: PortalError | None = None) -> str:
    """Which form was refused follows from what was sent: its fields keep what was typed."""
    v = verdier or {}
    oversikt = tjeneste.hent(aktor())
    typet = next(
        (
            str(r.gulv.id)
            for e in oversikt.enheter
            for r in e.rader
            if (str(r.gulv.enhet_id), r.gulv.stilling) == (v.get("enhet_id"), v.get("stilling"))
        ),
        "ny" if verdier else "",
    )
    feltene = feltfeil(feil)
    if typet not in ("", "ny"):
        # Each row has its own fields.
        feltene = {"feil": {f"{f}-{typet}" if f else f: m for f, m in feltene["feil"].items()}}
    return render_template(
        "omdisponering/minstebemanning.html",
        o=oversikt,
        typet=typet,
        verdier=v,
        stillinger=[str(s) for s in Stilling],
        enheter=[(str(i), navn) for i, navn in oversikt.valg],
        **feltene,
    )


@blp.post("/minstebemanning/<uuid:gulv_id>/fjern")
def fjern_gulv(gulv_id: UUID) -> Any:
    les(TomtInn, skjemadata())
    tjeneste.fjern(aktor(), gulv_id)
    flash(_("Minstebemanningen er tatt bort. Ingenting hindrer lenger at alle avgis."), "warning")
    return redirect(url_for("omdisponering.minstebemanning"), 303)
