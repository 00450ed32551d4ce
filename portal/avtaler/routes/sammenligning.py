"""«Versjoner og forskjeller»: all versions of an agreement that one may see, and two of them word by word."""

from __future__ import annotations

from uuid import UUID

from flask import render_template, request

from portal.avtaler.routes.felles import bp
from portal.avtaler.schemas import SammenligningInn
from portal.avtaler.service import sammenligning
from portal.core.web import aktor, les


@bp.get("/<uuid:avtale_id>/sammenlign")
def sammenlign(avtale_id: UUID) -> str:
    valg = les(SammenligningInn, {k: v for k, v in request.args.items() if v})
    s = sammenligning.sammenlign(aktor(), avtale_id, valg["fra"], valg["til"])
    return render_template("avtaler/sammenlign.html", s=s, avtale=s.avtale, versjon=None, fane="sammenlign")
