"""Searching in the agreements that one may see."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import render_template, request

from portal.avtaler.forloep import Art
from portal.avtaler.routes.felles import bp
from portal.avtaler.schemas import SoekInn
from portal.avtaler.service import soek as tjeneste
from portal.avtaler.soek import merkede
from portal.core.web import aktor, etikett, les


@bp.get("/soek")
def soek() -> str:
    inn = les(SoekInn, {k: v for k, v in request.args.items() if v})
    funnet = tjeneste.finn(aktor(), inn["q"], inn["side"], inn["art"])
    sporring = {"q": inn["q"], **({"art": inn["art"]} if inn["art"] else {})}
    return render_template(
        "avtaler/soek.html",
        s=funnet,
        arter=[(str(a), etikett("bestemmelsesart", a)) for a in Art],
        verdier={"q": inn["q"], "art": inn["art"] or ""},
        merkede=merkede,
        adresse=f"/avtaler/soek?{urlencode(sporring)}&side=",
    )
