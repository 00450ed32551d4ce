"""Absence: written down, and called off."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for

from portal.core.clock import now
from portal.core.errors import IkkeTilgang, Konflikt, PortalError, UgyldigData
from portal.core.sprak import _
from portal.core.web import feltfeil, les, skjema_med_lister
from portal.identitet.innlogging import gjeldende_aktor
from portal.vakt import access
from portal.vakt.routes.felles import blp, feltverdi
from portal.vakt.schemas import FravaerInn, SideInn
from portal.vakt.service import fravaer


@blp.get("/vakt/fravaer", endpoint="fravaer")
def fravaer_side() -> str:
    # A form knows no seconds: the next whole minute has not been.
    fra = now().replace(second=0, microsecond=0) + timedelta(minutes=1)
    return _vis({"fra": feltverdi(fra), "til": feltverdi(fra + timedelta(days=1))})


def _vis(verdier: Mapping[str, str], feil: PortalError | None = None) -> str:
    """The page of the address: of a refused button too, which was pressed on it."""
    aktor = gjeldende_aktor()
    return render_template(
        "vakt/fravaer.html",
        funnet=fravaer.hent_fravaer(aktor, side=les(SideInn, request.args)["side"]),
        folk=fravaer.mulige_folk(aktor),
        kan_redigere=aktor.organisasjon_id is not None and access.kan_redigere(aktor, aktor.organisasjon_id),
        verdier={"person_id": str(aktor.person_id), **verdier},
        **feltfeil(feil),
    )


@blp.post("/vakt/fravaer")
def meld_fravaer() -> Any:
    aktor = gjeldende_aktor()
    verdier, _lister = skjema_med_lister()
    try:
        inn = les(FravaerInn, verdier)
        person_id = inn["person_id"] or aktor.person_id
        if person_id is None:
            raise IkkeTilgang()
        fravaer.registrer(aktor, person_id, inn["fra"], inn["til"])
    except (UgyldigData, Konflikt) as feil:
        return _vis(verdier, feil), feil.status
    flash(_("Fraværet er meldt. Vaktene i tidsrommet regnes som ubemannet til noen tar dem."), "success")
    return redirect(url_for("vakt.fravaer"), 303)


@blp.post("/vakt/fravaer/<uuid:fravaer_id>/avlys")
def avlys_fravaer(fravaer_id: UUID) -> Any:
    skjema_med_lister()
    side = les(SideInn, request.args)["side"]
    try:
        fravaer.avlys(gjeldende_aktor(), fravaer_id)
    except Konflikt as feil:
        return _vis({}, feil), feil.status
    flash(_("Fraværet er avlyst. Vaktene gjelder igjen."), "success")
    return redirect(url_for("vakt.fravaer", side=side if side > 1 else None), 303)
