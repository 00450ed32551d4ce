"""The template library: what one can begin from, and each template as it reads. Open to all who are logged in."""

from __future__ import annotations

from flask import render_template, request

from portal.avtaler import access, maler
from portal.avtaler.routes.avtaler import malspraak
from portal.avtaler.routes.felles import bp
from portal.avtaler.schemas import MalvisningInn
from portal.core.errors import IkkeFunnet
from portal.core.web import aktor, les


@bp.get("/maler", endpoint="maler")
def malliste() -> str:
    return render_template(
        "avtaler/maler.html", maler=maler.alle(), m=malspraak(), kan_opprette=access.kan_opprette(aktor())
    )


@bp.get("/maler/<string:kode>")
def mal(kode: str) -> str:
    """One template in one of its languages, with what of § 6-2 it answers."""
    funnet = maler.hent(kode)
    if funnet is None:
        raise IkkeFunnet()
    valgt = les(MalvisningInn, request.args)["maalform"] or malspraak()
    return render_template(
        "avtaler/maler_vis.html",
        mal=funnet,
        m=valgt,
        bestemmelser=funnet.klausuler(valgt),
        kan_opprette=access.kan_opprette(aktor()),
    )
