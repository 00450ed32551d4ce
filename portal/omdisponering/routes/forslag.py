"""The proposals: who could cover a need, and all of the organisation's needs and offers at once. People decide."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template

from portal.core.errors import Konflikt, PortalError, UgyldigData
from portal.core.sprak import _
from portal.core.web import aktor, feltfeil, les, skjema_med_lister
from portal.omdisponering.routes.felles import blp
from portal.omdisponering.schemas import UtkastInn
from portal.omdisponering.service import forslag as tjeneste
from portal.omdisponering.service import utkast


@blp.get("/forslag")
def forslag() -> str:
    return render_template("omdisponering/forslag.html", o=tjeneste.for_alle(aktor()))


@blp.get("/behov/<uuid:behov_id>/forslag")
def behovsforslag(behov_id: UUID) -> str:
    return _vis(behov_id)


def _vis(behov_id: UUID, feil: PortalError | None = None, valgte: Collection[str] | None = None) -> str:
    """`valgte`: what was ticked in the form that was refused; None: what is proposed is."""
    return render_template(
        "omdisponering/behov_forslag.html",
        s=tjeneste.for_behov(aktor(), behov_id),
        valgte=valgte,
        **feltfeil(feil),
    )


@blp.post("/behov/<uuid:behov_id>/forslag")
def utkast_av_forslag(behov_id: UUID) -> Any:
    _verdier, lister = skjema_med_lister("tilbud")
    try:
        valgte = les(UtkastInn, lister)["tilbud"]
        id_ = utkast.opprett(aktor(), behov_id, tjeneste.linjer(aktor(), behov_id, valgte))
    except (Konflikt, UgyldigData) as feil:
        return _vis(behov_id, feil, lister["tilbud"]), feil.status
    flash(_("Utkastet er laget. Fyll ut resten, og send det til den andre siden."), "success")
    return redirect(f"/omdisponering/{id_}", 303)
