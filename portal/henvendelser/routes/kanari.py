"""The canaries of the own organisation: how often each fagområde is tested, a test now, and what was found."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, url_for

from portal.core.errors import Konflikt, UgyldigData
from portal.core.sprak import _
from portal.core.web import aktor, er_bakgrunn, les
from portal.henvendelser.eskalering import kanari, kanarilesing
from portal.henvendelser.routes.felles import blp, feil_til_skjema, skjemadata_rent
from portal.henvendelser.schemas import KanariInn


@blp.get("/vakt/kanari")
def kanarier() -> str:
    return _vis({})


def _vis(verdier: dict[str, str], feil: UgyldigData | None = None) -> str:
    """The page; asked for by itself only the canaries as they are now."""
    a = aktor()
    kanari.krev_kan_sette(a)
    egne = kanarilesing.synlige_kanarier(a, egne_alene=True)
    if er_bakgrunn():
        return render_template("henvendelser/_kanarier.html", kanarier=egne)
    return render_template(
        "henvendelser/kanarier.html",
        kanarier=egne,
        fagomraader=kanari.fagomraader_med_plan(a),
        intervaller=kanari.INTERVALLER,
        verdier=verdier,
        **feil_til_skjema(feil),
    )


@blp.post("/vakt/kanari")
def sett_kanari() -> Any:
    a = aktor()
    # The role first: whoever may set none is told so, whatever was sent.
    kanari.krev_kan_sette(a)
    verdier = skjemadata_rent()
    try:
        kanari.sett(a, **les(KanariInn, verdier))
    except UgyldigData as feil:
        return _vis(verdier, feil), feil.status
    flash(_("Prøven er lagret."), "success")
    return redirect(url_for("henvendelser.kanarier"), 303)


@blp.get("/vakt/kanari/<uuid:kanari_id>")
def kanarihistorikk(kanari_id: UUID) -> str:
    a = aktor()
    historikk = kanarilesing.hent_historikk(a, kanari_id)
    mal = "henvendelser/_kanari.html" if er_bakgrunn() else "henvendelser/kanari.html"
    return render_template(mal, k=historikk.kanari, kjoeringer=historikk.kjoeringer)


@blp.post("/vakt/kanari/<uuid:kanari_id>/kjoer")
def kjoer_kanari(kanari_id: UUID) -> Any:
    try:
        kanari.kjoer_naa(aktor(), kanari_id)
    except Konflikt as feil:
        flash(feil.melding, "warning")
    else:
        flash(_("Prøven starter nå. Svaret kommer om noen sekunder."), "success")
    return redirect(url_for("henvendelser.kanarihistorikk", kanari_id=kanari_id), 303)
