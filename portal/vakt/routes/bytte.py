"""Swaps: asked for, and answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for

from portal.core.errors import Konflikt, PortalError, UgyldigData
from portal.core.sprak import _
from portal.core.web import feltfeil, les, skjema_med_lister
from portal.identitet.innlogging import gjeldende_aktor
from portal.vakt import access
from portal.vakt.routes.felles import blp
from portal.vakt.schemas import BekreftInn, BytteForslag, BytteInn
from portal.vakt.service import bytte


@blp.get("/vakt/bytter")
def bytter() -> str:
    return _vis_bytter()


def _vis_bytter(feil: PortalError | None = None) -> str:
    aktor = gjeldende_aktor()
    assert aktor.organisasjon_id is not None
    access.krev_se(aktor, aktor.organisasjon_id)
    # Of the card and not of a field: there may be many cards.
    meldinger = [m for ms in feltfeil(feil)["feil"].values() for m in ms]
    return render_template(
        "vakt/bytter.html", rader=bytte.hent_bytter(aktor), feil={"": meldinger} if meldinger else {}
    )


@blp.route("/vakt/vakter/<uuid:vakt_id>/bytt", methods=["GET", "POST"])
def bytt_vakt(vakt_id: UUID) -> Any:
    """With whom first: then that colleague's shifts are offered. Without JavaScript it takes one more press."""
    aktor = gjeldende_aktor()
    if request.method == "GET":
        valg = les(BytteForslag, request.args)
        return _vis_bytt(vakt_id, {"til_medlemskap_id": str(valg["til_medlemskap_id"] or "")})
    verdier, _lister = skjema_med_lister()
    try:
        inn = les(BytteInn, verdier)
        bytte.foreslaa(
            aktor, vakt_id, inn["til_medlemskap_id"], inn["motvakt_id"], bekreftet=inn["bekreftet"]
        )
    except (UgyldigData, Konflikt) as feil:
        return _vis_bytt(vakt_id, verdier, feil), feil.status
    flash(_("Forslaget er sendt. Vakten er din til kollegaen har godtatt."), "success")
    return redirect(url_for("vakt.bytter"), 303)


def _vis_bytt(vakt_id: UUID, verdier: Mapping[str, str], feil: PortalError | None = None) -> str:
    aktor = gjeldende_aktor()
    vakt = access.hent_egen_vakt(aktor, vakt_id)
    kolleger = bytte.mulige_kolleger(aktor, vakt_id)
    valgt = next((m for m in kolleger if str(m.id) == verdier.get("til_medlemskap_id")), None)
    return render_template(
        "vakt/bytt.html",
        vakt=vakt,
        plan=vakt.vaktplan,
        kolleger=kolleger,
        valgt=valgt,
        motvakter=bytte.mulige_motvakter(aktor, vakt_id, valgt.id) if valgt else [],
        verdier=verdier,
        **feltfeil(feil),
    )


@blp.post("/vakt/bytter/<uuid:bytte_id>/godta")
def godta_bytte(bytte_id: UUID) -> Any:
    verdier, _lister = skjema_med_lister()
    try:
        bekreftet = les(BekreftInn, verdier)["bekreftet"]
        advarsler = bytte.godta(gjeldende_aktor(), bytte_id, bekreftet=bekreftet)
    except (UgyldigData, Konflikt) as feil:
        return _vis_bytter(feil), feil.status
    flash(_("Byttet er gjort. Vakten er din, og den andre har fått beskjed."), "success")
    for advarsel in advarsler:
        flash(advarsel, "warning")
    return redirect(url_for("vakt.mine"), 303)


@blp.post("/vakt/bytter/<uuid:bytte_id>/avslaa")
def avslaa_bytte(bytte_id: UUID) -> Any:
    skjema_med_lister()
    try:
        bytte.avslaa(gjeldende_aktor(), bytte_id)
    except Konflikt as feil:
        return _vis_bytter(feil), feil.status
    flash(_("Du har takket nei. Den andre har fått beskjed."), "success")
    return redirect(url_for("vakt.bytter"), 303)


@blp.post("/vakt/bytter/<uuid:bytte_id>/trekk")
def trekk_bytte(bytte_id: UUID) -> Any:
    skjema_med_lister()
    try:
        bytte.trekk(gjeldende_aktor(), bytte_id)
    except Konflikt as feil:
        return _vis_bytter(feil), feil.status
    flash(_("Forslaget er trukket. Vakten er fortsatt din."), "success")
    return redirect(url_for("vakt.bytter"), 303)
