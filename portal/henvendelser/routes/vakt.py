"""Vaktmodus: the locked screen of somebody for whom requests can wait tells that they do, and never what they are."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request

from portal.core.web import aktor, er_bakgrunn, er_laast, les
from portal.henvendelser.routes.felles import blp
from portal.henvendelser.service.vaktmodus import hent_vaktbilde
from portal.identitet.innlogging import gjeldende_bruk
from portal.identitet.routes.felles import trygg_adresse
from portal.identitet.schemas import LaasInn


@blp.get("/vaktmodus")
def vaktmodus() -> Any:
    """The counts, for the lock over the page; asked for as a page it is the lock with the counts in it."""
    a = aktor()
    vakt = hent_vaktbilde(a)
    if er_bakgrunn():
        return render_template("henvendelser/_vaktmodus.html", vakt=vakt)
    neste = trygg_adresse(les(LaasInn, request.args)["neste"])
    if not er_laast():
        return redirect(neste)
    return render_template(
        "henvendelser/vaktmodus.html",
        aktor=None,
        hvem=a,
        bruk=gjeldende_bruk(),
        vakt=vakt,
        neste=neste,
        tapt=False,
        utkast="",
        verdier={},
        feil={},
    )
