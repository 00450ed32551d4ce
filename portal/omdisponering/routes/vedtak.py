"""The pages of the decisions that people can be ordered by: the list, a new one, and lifting one early."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for

from portal.core.clock import i_dag
from portal.core.errors import Konflikt, PortalError, UgyldigData
from portal.core.sprak import _, ngettext
from portal.core.web import aktor, feltfeil, les, skjema_med_lister
from portal.omdisponering.routes.felles import blp
from portal.omdisponering.schemas import LestInn, VedtakInn
from portal.omdisponering.service import vedtak as tjeneste


@blp.get("/vedtak")
def vedtak() -> str:
    return _vis_liste()


def _vis_liste(feil: PortalError | None = None) -> str:
    return render_template("omdisponering/vedtak.html", rader=tjeneste.hent_liste(aktor()), **feltfeil(feil))


@blp.route("/vedtak/ny", methods=["GET", "POST"])
def nytt_vedtak() -> Any:
    if request.method == "GET":
        tjeneste.krev(aktor())
        dag = i_dag().isoformat()
        return _vis_nytt({"hjemmel": _("helseberedskapsloven § 4-1"), "vedtatt": dag, "fra": dag})
    verdier, _lister = skjema_med_lister()
    try:
        tjeneste.registrer(aktor(), **les(VedtakInn, verdier))
    except (UgyldigData, Konflikt) as feil:
        return _vis_nytt(verdier, feil), feil.status
    flash(_("Vedtaket er registrert. Det kan velges når noen beordres."), "success")
    return redirect(url_for("omdisponering.vedtak"), 303)


def _vis_nytt(verdier: Mapping[str, str], feil: PortalError | None = None) -> str:
    return render_template(
        "omdisponering/vedtak_nytt.html",
        verdier=verdier,
        fnr_treff=feil.detaljer.get("treff", {}) if feil else {},
        **feltfeil(feil),
    )


@blp.post("/vedtak/<uuid:vedtak_id>/opphev")
def opphev_vedtak(vedtak_id: UUID) -> Any:
    verdier, _lister = skjema_med_lister()
    try:
        antall = tjeneste.opphev(aktor(), vedtak_id, **les(LestInn, verdier))
    except Konflikt as feil:
        return _vis_liste(feil), feil.status
    flash(_("Vedtaket er opphevet. Ingen kan beordres etter det lenger."), "success")
    if antall:
        flash(
            ngettext(
                "%(num)s omdisponering har noen som var beordret. Begge sider har fått beskjed.",
                "%(num)s omdisponeringer har noen som var beordret. Sidene har fått beskjed.",
                antall,
            ),
            "warning",
        )
    return redirect(url_for("omdisponering.vedtak"), 303)
