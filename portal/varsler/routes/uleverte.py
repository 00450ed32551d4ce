"""What could not be delivered: the administrator's list."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for

from portal.core.errors import Konflikt, UgyldigData
from portal.core.sprak import _, ngettext
from portal.core.web import aktor, les, skjemadata
from portal.varsler.routes.felles import blp
from portal.varsler.schemas import SideInn, TomtInn, ValgteInn
from portal.varsler.service import uleverte as tjeneste


@blp.get("/varsler/uleverte")
def uleverte() -> str:
    liste = tjeneste.synlige_uleverte(aktor(), les(SideInn, request.args)["side"])
    return render_template("varsler/uleverte.html", liste=liste)


def _tilbake() -> Any:
    return redirect(url_for("varsler.uleverte"), 303)


@blp.post("/varsler/uleverte/<uuid:utsending_id>/send")
def send_igjen(utsending_id: UUID) -> Any:
    les(TomtInn, skjemadata())
    try:
        tjeneste.send_igjen(aktor(), utsending_id)
    except Konflikt as feil:
        flash(feil.melding, "warning")
    else:
        flash(_("Varselet sendes på nytt."), "success")
    return _tilbake()


@blp.post("/varsler/uleverte/<uuid:utsending_id>/forkast")
def forkast(utsending_id: UUID) -> Any:
    les(TomtInn, skjemadata())
    tjeneste.forkast(aktor(), [utsending_id])
    flash(_("Varselet er tatt bort fra lista."), "success")
    return _tilbake()


@blp.post("/varsler/uleverte/send")
def send_valgte() -> Any:
    """Sends the chosen again, as far as they can be sent."""
    a = aktor()
    try:
        ider = _valgte()
    except UgyldigData:
        flash(_("Velg minst ett varsel i lista."), "warning")
        return _tilbake()
    utfall = tjeneste.send_flere_igjen(a, ider)
    if utfall.sendt:
        flash(
            ngettext("%(num)s varsel sendes på nytt.", "%(num)s varsler sendes på nytt.", utfall.sendt),
            "success",
        )
    for hinder in sorted(set(utfall.nektet)):
        antall = utfall.nektet.count(hinder)
        flash(
            ngettext("%(num)s ble ikke sendt.", "%(num)s ble ikke sendt.", antall)
            + f" {tjeneste.HINDRINGER[hinder]}",
            "warning",
        )
    return _tilbake()


@blp.post("/varsler/uleverte/forkast")
def forkast_valgte() -> Any:
    a = aktor()
    try:
        ider = _valgte()
    except UgyldigData:
        flash(_("Velg minst ett varsel i lista."), "warning")
        return _tilbake()
    antall = tjeneste.forkast(a, ider)
    flash(
        ngettext("%(num)s varsel er tatt bort fra lista.", "%(num)s varsler er tatt bort fra lista.", antall),
        "success",
    )
    return _tilbake()


def _valgte() -> list[UUID]:
    """The ids of the ticked lines. Raises UgyldigData."""
    andre = {k: v for k, v in request.form.items() if k != "ider"}
    return list(les(ValgteInn, {**andre, "ider": request.form.getlist("ider")})["ider"])
