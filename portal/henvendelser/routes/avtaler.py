"""«Hva gjelder her nå»: the agreements beside a case, as a page and as the part that the case's page fetches."""

from __future__ import annotations

from uuid import UUID

from flask import render_template, request

from portal.beredskap.routes.felles import oevelse_id
from portal.core.web import aktor
from portal.henvendelser.routes.felles import blp
from portal.henvendelser.service import avtaler


@blp.get("/henvendelser/<uuid:henvendelse_id>/avtaler")
def avtaler_i_saken(henvendelse_id: UUID) -> str:
    """With `?del=1` what is put into the open case; else a page of its own, to print and for who has no JavaScript."""
    mal = "henvendelser/_avtaler.html" if request.args.get("del") == "1" else "henvendelser/avtaler.html"
    return render_template(mal, v=avtaler.hent(aktor(), henvendelse_id, oevelse_id()))
