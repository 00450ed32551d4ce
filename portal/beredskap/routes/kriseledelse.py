"""Who sits in the kriseledelse: seen by the organisation's insiders, kept by its administrator."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, url_for

from portal.beredskap.routes.felles import blp
from portal.beredskap.schemas import OppnevnInn, TomtInn
from portal.beredskap.service import kriseledelse as tjeneste
from portal.beredskap.service import oversikt
from portal.core.errors import PortalError, UgyldigData
from portal.core.sprak import _
from portal.core.web import aktor, feltfeil, les, skjema_med_lister


def _vis(feil: PortalError | None = None) -> str:
    a = aktor()
    return render_template(
        "beredskap/kriseledelse.html",
        medlemmer=tjeneste.hent_kriseledelse(a),
        kandidater=tjeneste.kandidater(a),
        kan=oversikt.rettigheter(a, a.organisasjon_id),
        verdier={},
        **feltfeil(feil),
    )


@blp.get("/beredskap/kriseledelse")
def kriseledelse() -> str:
    return _vis()


@blp.post("/beredskap/kriseledelse")
def oppnevn() -> Any:
    try:
        tjeneste.oppnevn(aktor(), les(OppnevnInn, skjema_med_lister()[0])["medlemskap_id"])
    except UgyldigData as feil:
        return _vis(feil), feil.status
    flash(_("Personen sitter nå i kriseledelsen, og kan sette og bekrefte fase."), "success")
    return redirect(url_for("beredskap.kriseledelse"), 303)


@blp.post("/beredskap/kriseledelse/<uuid:medlemskap_id>/fjern")
def fjern(medlemskap_id: UUID) -> Any:
    les(TomtInn, skjema_med_lister()[0])
    tjeneste.fjern(aktor(), medlemskap_id)
    flash(_("Personen sitter ikke lenger i kriseledelsen."), "success")
    return redirect(url_for("beredskap.kriseledelse"), 303)
