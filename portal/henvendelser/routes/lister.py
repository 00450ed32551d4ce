"""The first page, the lists, the queue and the figures."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.core.aktor import KLINIKERE
from portal.core.errors import IkkeTilgang
from portal.core.web import aktor, les
from portal.henvendelser import access
from portal.henvendelser.routes.felles import blp
from portal.henvendelser.schemas import ListeInn
from portal.henvendelser.service import lesing
from portal.identitet.fagomraader import ALLE_OMRAADER


@blp.get("/")
def hjem() -> Response:
    """Everybody's first page: what waits for this role."""
    a = aktor()
    if a.har_koe:
        return redirect(url_for("henvendelser.koe"))
    if a.rolle in KLINIKERE:
        return redirect(url_for("henvendelser.liste"))
    return redirect(url_for("henvendelser.tall") if a.rolle else url_for("identitet.organisasjoner"))


@blp.get("/henvendelser/")
def liste() -> str:
    """The cases of mine and my unit, the open ones first."""
    a = aktor()
    access.krev_kliniker(a, "liste")
    valg = les(ListeInn, request.args)
    saker, sider = lesing.synlige_saker(a, valg["filter"], valg["side"])
    return render_template(
        "henvendelser/liste.html",
        saker=saker,
        filter=valg["filter"],
        side=valg["side"],
        antall_sider=sider,
        uleste=lesing.antall_uleste(a, saker),
        sett_av=lesing.sett_av_mottaker(saker),
        numre=lesing.numre_aa_ringe(a, saker),
    )


@blp.get("/koe")
def koe() -> str:
    """What waits for me."""
    return render_template("henvendelser/koe.html", **_koe())


@blp.get("/koe/liste")
def koe_liste() -> str:
    """The changing part of the queue, for the live client."""
    return render_template("henvendelser/_koe_liste.html", **_koe())


def _koe() -> dict[str, Any]:
    a = aktor()
    access.krev_koe(a)
    visning = lesing.hent_koe(a)
    koer = [
        {"noekkel": n, "fagomraade": f, "navn": str(ALLE_OMRAADER.get(f, f)), "versjon": visning.versjoner[n]}
        for m, f in lesing.koer_for(a)
        for n in [lesing.koenoekkel(m, f)]
    ]
    alle = [*visning.ventende, *visning.mine, *visning.andres]
    return {
        "ventende": visning.ventende,
        "mine": visning.mine,
        "andres": visning.andres,
        "koeer": koer,
        "uleste": lesing.antall_uleste(a, alle),
    }


@blp.get("/tall")
def tall() -> str:
    """Figures for those who steer, without any case."""
    a = aktor()
    if a.rolle is None:
        raise IkkeTilgang()
    return render_template("henvendelser/tall.html", tall=lesing.hent_tall(a), periode=90)
