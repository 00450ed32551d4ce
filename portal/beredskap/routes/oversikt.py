"""The organisation's phase: now, planned and before, what waits for an answer, and a trust's kommuner."""

from __future__ import annotations

from uuid import UUID

from flask import render_template, request

from portal.beredskap.routes.felles import blp, oevelse_id
from portal.beredskap.schemas import SideInn
from portal.beredskap.service import forslag, oevelser, oversikt
from portal.core.web import aktor, les

#: Of the history, on the room's first page; the rest is behind a link.
NYESTE = 5


@blp.get("/beredskap")
def forside() -> str:
    a = aktor()
    status = (
        oversikt.hent_status(a, a.organisasjon_id, pr_side=NYESTE, oevelse_id=oevelse_id())
        if oversikt.har_fase(a) and a.organisasjon_id is not None
        else None
    )
    return render_template(
        "beredskap/forside.html",
        status=status,
        venter=forslag.som_venter(a),
        sendte=forslag.sendte(a, pr_side=NYESTE)[0],
        kommuner=oversikt.synlige_kommuner(a, oevelse_id()),
        oevelser=oevelser.synlige(a, bare_naa=True),
    )


@blp.get("/beredskap/organisasjoner/<uuid:organisasjon_id>")
def organisasjon(organisasjon_id: UUID) -> str:
    side = les(SideInn, request.args)["side"]
    status = oversikt.hent_status(aktor(), organisasjon_id, side=side, oevelse_id=oevelse_id())
    return render_template(
        "beredskap/organisasjon.html",
        status=status,
        side=side,
        antall_sider=-(-status.antall // oversikt.PR_SIDE),
    )
