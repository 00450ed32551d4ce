"""The parties: who takes part, who is asked, and the own kommune's answer."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, url_for

from portal.avtaler.routes.felles import bp
from portal.avtaler.schemas import InviterInn, PartInn, PartsvarInn
from portal.avtaler.service import avtaler
from portal.avtaler.service import parter as tjeneste
from portal.core.errors import Konflikt, PortalError, UgyldigData
from portal.core.sprak import _, ngettext
from portal.core.web import aktor, feltfeil, les, skjema_med_lister


@bp.get("/<uuid:avtale_id>/parter")
def parter(avtale_id: UUID) -> str:
    return _vis(avtale_id)


def _vis(avtale_id: UUID, feil: PortalError | None = None, valgte: Collection[str] = ()) -> str:
    s = avtaler.hent_avtale(aktor(), avtale_id)
    kan_inviteres = tjeneste.kan_inviteres(aktor(), avtale_id) if s.kan.invitere else []
    return render_template(
        "avtaler/parter.html",
        s=s,
        # The owner's own area first: those are whom it has agreements with; the others are a click away.
        naere=[o for o in kan_inviteres if o.helseforetak_id == s.avtale.eier_id],
        andre=[o for o in kan_inviteres if o.helseforetak_id != s.avtale.eier_id],
        valgte=set(valgte),
        valgte_id={o.id for o in kan_inviteres if str(o.id) in valgte},
        **feltfeil(feil),
    )


@bp.post("/<uuid:avtale_id>/parter/inviter")
def inviter(avtale_id: UUID) -> Any:
    _enkle, lister = skjema_med_lister("organisasjoner")
    try:
        nye = tjeneste.inviter(aktor(), avtale_id, les(InviterInn, lister)["organisasjoner"])
    except (UgyldigData, Konflikt) as feil:
        return _vis(avtale_id, feil, lister["organisasjoner"]), feil.status
    flash(
        ngettext("%(num)s kommune er invitert.", "%(num)s kommuner er invitert.", len(nye))
        if nye
        else _("Kommunene du valgte, var med alt."),
        "success" if nye else "info",
    )
    return redirect(url_for("avtaler.parter", avtale_id=avtale_id), 303)


@bp.post("/<uuid:avtale_id>/parter/svar")
def svar_invitasjon(avtale_id: UUID) -> Any:
    inn = les(PartsvarInn, skjema_med_lister()[0])
    try:
        tjeneste.svar(aktor(), avtale_id, inn["ja"])
    except Konflikt as feil:
        return _vis(avtale_id, feil), feil.status
    if not inn["ja"]:
        # Who has said no sees the agreement no more, unless it has held for it.
        flash(_("Svaret er sendt: kommunen deltar ikke."), "success")
        return redirect(url_for("avtaler.liste"), 303)
    flash(_("Svaret er sendt: kommunen deltar."), "success")
    return redirect(url_for("avtaler.parter", avtale_id=avtale_id), 303)


@bp.post("/<uuid:avtale_id>/parter/trekk")
def trekk_invitasjon(avtale_id: UUID) -> Any:
    inn = les(PartInn, skjema_med_lister()[0])
    try:
        tjeneste.trekk_invitasjon(aktor(), avtale_id, inn["organisasjon_id"])
    except Konflikt as feil:
        return _vis(avtale_id, feil), feil.status
    flash(_("Invitasjonen er trukket."), "success")
    return redirect(url_for("avtaler.parter", avtale_id=avtale_id), 303)
