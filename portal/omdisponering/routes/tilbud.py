"""What is offered: the list, and the form in which several people or rooms are picked at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for

from portal.beredskap.routes.felles import feltverdi
from portal.core.clock import now
from portal.core.errors import Konflikt, PortalError, UgyldigData
from portal.core.sprak import _, ngettext
from portal.core.web import aktor, feltfeil, les, skjema_med_lister
from portal.omdisponering.forloep import Slag
from portal.omdisponering.routes.felles import blp
from portal.omdisponering.schemas import BehovslestInn, TilbudInn, TilbudsvalgInn
from portal.omdisponering.service import tilbud as tjeneste


@blp.get("/tilbud")
def tilbudsliste() -> str:
    return _vis()


def _vis(feil: PortalError | None = None) -> str:
    return render_template("omdisponering/tilbud.html", s=tjeneste.hent_liste(aktor()), **feltfeil(feil))


@blp.route("/tilbud/ny", methods=["GET", "POST"])
def nytt_tilbud() -> Any:
    if request.method == "GET":
        return _blankt()
    verdier, lister = skjema_med_lister("personer", "lokaler")
    if verdier.pop("gjoer", "") == "se":
        return _skjema({**verdier, **lister})
    try:
        inn = les(TilbudInn, {**verdier, **lister})
        slag = inn.pop("slag")
        nye = tjeneste.tilby(aktor(), **inn)
    except (Konflikt, UgyldigData) as feil:
        return _skjema({**verdier, **lister}, feil), feil.status
    if inn["behov_id"]:
        flash(_("Tilbudet er sendt. De som har behovet, har fått beskjed."), "success")
        return redirect(url_for("omdisponering.behov", behov_id=inn["behov_id"]), 303)
    flash(
        ngettext("%(num)s er tilbudt.", "%(num)s er tilbudt.", len(nye))
        + (" " + _("Lokalene ligger ute til alle som trenger dem.") if slag == Slag.LOKALE else ""),
        "success",
    )
    return redirect(url_for("omdisponering.tilbudsliste"), 303)


def _blankt() -> Any:
    valgt = les(TilbudsvalgInn, request.args)
    verdier: dict[str, Any] = {
        "slag": valgt["slag"] or Slag.PERSONELL,
        "behov_id": str(valgt["behov"] or ""),
        "andel": "100",
        "personer": request.args.getlist("person"),
        "lokaler": request.args.getlist("lokale"),
    }
    fra = valgt["fra"] or now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=12)
    verdier |= {"fra": feltverdi(fra), "til": feltverdi(valgt["til"] or fra + timedelta(days=14))}
    return _skjema(verdier, valgt=valgt)


def _skjema(
    verdier: Mapping[str, Any], feil: PortalError | None = None, valgt: Mapping[str, Any] | None = None
) -> str:
    """The form. What was typed of the period is what people's availability is shown for."""
    if valgt is None:
        valgt = _periode(verdier)
    s = tjeneste.hent_valg(
        aktor(),
        slag=valgt["slag"] or Slag.PERSONELL,
        behov_id=valgt["behov"],
        fra=valgt["fra"],
        til=valgt["til"],
    )
    vist = dict(verdier)
    if s.behov is not None and request.method == "GET":
        vist |= {
            "fra": feltverdi(valgt["fra"] or max(s.behov.fra, now())),
            "til": feltverdi(valgt["til"] or s.behov.til),
            "andel": str(s.behov.andel),
        }
    return render_template(
        "omdisponering/tilbud_skjema.html",
        s=s,
        verdier=vist,
        fnr_treff=feil.detaljer.get("treff", {}) if feil else {},
        **feltfeil(feil),
    )


def _periode(verdier: Mapping[str, Any]) -> dict[str, Any]:
    """What of a refused form says whom to choose from; what is not readable in it counts as not said."""
    ut: dict[str, Any] = {}
    navn = {"behov": "behov_id", "slag": "slag", "fra": "fra", "til": "til"}
    for felt, sendt in navn.items():
        try:
            ut[felt] = les(TilbudsvalgInn, {felt: verdier.get(sendt, "")})[felt]
        except UgyldigData:
            ut[felt] = None
    return ut


@blp.post("/tilbud/<uuid:tilbud_id>/trekk")
def trekk_tilbud(tilbud_id: UUID) -> Any:
    verdier, _lister = skjema_med_lister()
    try:
        tjeneste.trekk(aktor(), tilbud_id, **les(BehovslestInn, verdier))
    except (Konflikt, UgyldigData) as feil:
        return _vis(feil), feil.status
    flash(_("Tilbudet er trukket. Forslag som alt er laget av det, svarer dere på hver for seg."), "success")
    return redirect(url_for("omdisponering.tilbudsliste"), 303)
