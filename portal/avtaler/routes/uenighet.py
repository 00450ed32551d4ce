"""The records of disagreement under an agreement: the list, a new one, and one with its steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, url_for

from portal.avtaler.forloep import Uenighetstrinn
from portal.avtaler.routes.felles import bp, det_du_skrev
from portal.avtaler.schemas import UenighetInn, UenighetsfoeringInn
from portal.avtaler.service import uenighet as tjeneste
from portal.avtaler.steps import holder
from portal.core.errors import Konflikt, PortalError, UgyldigData, Utdatert
from portal.core.sprak import _
from portal.core.web import aktor, feltfeil, les, skjema_med_lister

#: The way to the national body, in order; a record may be solved on any of them.
VEIEN = (Uenighetstrinn.DIALOG, Uenighetstrinn.LOKALT_ORGAN, Uenighetstrinn.TVISTELOESNINGSNEMNDA)


@bp.get("/<uuid:avtale_id>/uenighet")
def uenigheter(avtale_id: UUID) -> str:
    return _vis_liste(avtale_id)


def _vis_liste(
    avtale_id: UUID, feil: PortalError | None = None, verdier: Mapping[str, str] | None = None
) -> str:
    s = tjeneste.hent_liste(aktor(), avtale_id)
    return render_template(
        "avtaler/uenigheter.html",
        s=s,
        avtale=s.avtale,
        versjon=holder(s.avtale),
        fane="livet",
        uenigheter=s.rader,
        verdier=verdier or {},
        tapt_tekst=[]
        if s.kan_foere
        else det_du_skrev(
            verdier or {}, tittel=_("Hva dere er uenige om"), tekst=_("Hva hver av partene mener")
        ),
        fnr_treff=feil.detaljer.get("treff", {}) if feil else {},
        **feltfeil(feil),
    )


@bp.post("/<uuid:avtale_id>/uenighet")
def ny_uenighet(avtale_id: UUID) -> Any:
    verdier, _lister = skjema_med_lister()
    try:
        id_ = tjeneste.opprett(aktor(), avtale_id, **les(UenighetInn, verdier))
    except (Konflikt, UgyldigData) as feil:
        return _vis_liste(avtale_id, feil, verdier), feil.status
    flash(_("Protokollen er begynt. De andre partene har fått beskjed."), "success")
    return redirect(url_for("avtaler.uenighet", avtale_id=avtale_id, uenighet_id=id_), 303)


@bp.get("/<uuid:avtale_id>/uenighet/<uuid:uenighet_id>")
def uenighet(avtale_id: UUID, uenighet_id: UUID) -> str:
    return _vis(avtale_id, uenighet_id)


def _vis(
    avtale_id: UUID,
    uenighet_id: UUID,
    feil: PortalError | None = None,
    verdier: Mapping[str, str] | None = None,
) -> str:
    """What was typed stands in the form; was it moved on by somebody else meanwhile, the step is chosen anew."""
    s = tjeneste.hent(aktor(), avtale_id, uenighet_id)
    typet = dict(verdier or {})
    if isinstance(feil, Utdatert):
        typet.pop("til", None)
    lukket = s.uenighet.trinn == Uenighetstrinn.LOEST or not s.kan_foere
    return render_template(
        "avtaler/uenighet.html",
        s=s,
        avtale=s.avtale,
        versjon=holder(s.avtale),
        fane="livet",
        veien=[str(t) for t in VEIEN],
        naadd=[t in {f.trinn for f in s.foeringer} for t in VEIEN],
        neste=[str(t) for t in s.neste],
        verdier=typet,
        tapt_tekst=det_du_skrev(typet, tekst=_("Hva som er sagt eller gjort")) if lukket else [],
        fnr_treff=feil.detaljer.get("treff", {}) if feil else {},
        **feltfeil(feil),
    )


@bp.post("/<uuid:avtale_id>/uenighet/<uuid:uenighet_id>")
def foer_uenighet(avtale_id: UUID, uenighet_id: UUID) -> Any:
    verdier, _lister = skjema_med_lister()
    try:
        tjeneste.foer(aktor(), avtale_id, uenighet_id, **les(UenighetsfoeringInn, verdier))
    except (Konflikt, UgyldigData) as feil:
        return _vis(avtale_id, uenighet_id, feil, verdier), feil.status
    flash(_("Ført i protokollen. De andre partene har fått beskjed."), "success")
    return redirect(url_for("avtaler.uenighet", avtale_id=avtale_id, uenighet_id=uenighet_id), 303)
