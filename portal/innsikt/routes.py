"""The status page: how the portal runs, for everybody who is logged in; and what waits for who is here."""

from __future__ import annotations

from flask import Blueprint, render_template

from portal.core.errors import IkkeTilgang
from portal.core.web import aktor, er_bakgrunn
from portal.innsikt import service, venter

blp = Blueprint("innsikt", __name__)


@blp.app_template_global()
def varslingsstans() -> service.Stans | None:
    """For the strip of every page: as it was at the last tick."""
    return service.varslingsstans()


@blp.get("/status")
def driftsstatus() -> str:
    """The page; asked for by itself only what changes in it."""
    mal = "innsikt/_status.html" if er_bakgrunn() else "innsikt/status.html"
    return render_template(mal, status=service.hent_driftsstatus(aktor()))


@blp.get("/venter")
def venter_paa_meg() -> str:
    """A coordinator's first page, and anybody's who wants it."""
    a = aktor()
    if a.rolle is None:
        raise IkkeTilgang()
    return render_template("innsikt/venter.html", v=venter.hent(a), hoeyst=venter.HOEYST)
