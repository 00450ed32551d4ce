"""The annual review of an agreement: what to go through, those that were held, and one more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, url_for

from portal.avtaler.routes.felles import bp, det_du_skrev
from portal.avtaler.schemas import GjennomgangInn
from portal.avtaler.service import gjennomgang as tjeneste
from portal.core.clock import i_dag
from portal.core.errors import Konflikt, PortalError, UgyldigData
from portal.core.sprak import _
from portal.core.web import aktor, feltfeil, les, skjema_med_lister


@bp.get("/<uuid:avtale_id>/gjennomgang")
def gjennomgang(avtale_id: UUID) -> str:
    return _vis(avtale_id)


def _vis(avtale_id: UUID, feil: PortalError | None = None, verdier: Mapping[str, str] | None = None) -> str:
    s = tjeneste.hent_side(aktor(), avtale_id)
    return render_template(
        "avtaler/gjennomgang.html",
        s=s,
        avtale=s.avtale,
        versjon=s.gjelder,
        fane="livet",
        idag=i_dag(),
        verdier=verdier or {"dato": i_dag().isoformat()},
        tapt_tekst=[]
        if s.gjennomganger.kan_foere
        else det_du_skrev(verdier or {}, deltakere=_("Hvem som var med"), referat=_("Hva dere kom fram til")),
        fnr_treff=feil.detaljer.get("treff", {}) if feil else {},
        **feltfeil(feil),
    )


@bp.post("/<uuid:avtale_id>/gjennomgang")
def foer_gjennomgang(avtale_id: UUID) -> Any:
    verdier, _lister = skjema_med_lister()
    try:
        tjeneste.foer(aktor(), avtale_id, **les(GjennomgangInn, verdier))
    except (Konflikt, UgyldigData) as feil:
        return _vis(avtale_id, feil, verdier), feil.status
    flash(_("Gjennomgangen er ført. Oppgavene om den er gjort hos alle partene."), "success")
    return redirect(url_for("avtaler.gjennomgang", avtale_id=avtale_id), 303)
