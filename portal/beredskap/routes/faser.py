"""Setting a phase: the form, the way over the preview, the setting itself, and taking a planned one back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import flash, redirect, render_template, request, session, url_for

from portal.beredskap import steps
from portal.beredskap.routes.felles import FASEKLADD, blp, feltverdi, gjeldende_oevelse
from portal.beredskap.schemas import FaseInn, ForvalgInn, TomtInn
from portal.beredskap.service import faser as tjeneste
from portal.beredskap.service import oversikt
from portal.core.clock import now
from portal.core.errors import IkkeFunnet, Konflikt, PortalError, UgyldigData
from portal.core.sprak import _
from portal.core.web import aktor, etikett, feltfeil, les, skjema_med_lister

#: `avtaler` shows there what a phase brings, and its form leads back to `sett_fase`.
FORHAANDSVISNING = "/avtaler/faseskifte"
#: What the preview need not know waits here meanwhile.
_I_KLADDEN = ("fra", "til", "begrunnelse", "lest")


def _egen() -> UUID:
    a = aktor()
    if a.organisasjon_id is None or not oversikt.har_fase(a):
        raise IkkeFunnet()
    return a.organisasjon_id


@blp.route("/beredskap/ny", methods=["GET", "POST"])
def ny_fase() -> Any:
    """The form. What can be set goes on to the preview; nothing is written here."""
    organisasjon_id = _egen()
    if request.method == "GET":
        forvalg = les(ForvalgInn, request.args)
        kladd = session.get(FASEKLADD) or {}
        return _vis(
            organisasjon_id, {**(kladd if forvalg["fase"] else {}), **{k: v for k, v in forvalg.items() if v}}
        )
    verdier, _lister = skjema_med_lister()
    try:
        inn = les(FaseInn, verdier)
        tjeneste.kontroller(
            aktor(), organisasjon_id, fase=inn["fase"], nivaa=inn["nivaa"], fra=inn["fra"], til=inn["til"]
        )
    except UgyldigData as feil:
        return _vis(organisasjon_id, verdier, feil), feil.status
    session[FASEKLADD] = {k: verdier[k] for k in _I_KLADDEN if verdier.get(k)}
    sporring = {
        "organisasjon": organisasjon_id,
        "fase": inn["fase"],
        "nivaa": inn["nivaa"],
        "kilde": inn["kilde"],
        **{k: feltverdi(inn[k]) for k in ("fra", "til") if inn[k]},
    }
    return redirect(f"{FORHAANDSVISNING}?{urlencode(sporring)}", 303)


@blp.post("/beredskap/faser")
def sett_fase() -> Any:
    """Sets what has been looked at. What the preview did not carry comes from where the form put it."""
    organisasjon_id = _egen()
    sendt, _lister = skjema_med_lister()
    verdier = {**(session.get(FASEKLADD) or {}), **sendt}
    try:
        inn = les(FaseInn, verdier)
        if inn.pop("organisasjon") not in (None, organisasjon_id):
            raise UgyldigData(
                melding=_("Du arbeider i en annen organisasjon nå. Bytt rolle øverst, og prøv igjen.")
            )
        tjeneste.sett(aktor(), organisasjon_id, **inn)
    except (UgyldigData, Konflikt) as feil:
        return _vis(organisasjon_id, verdier, feil), feil.status
    session.pop(FASEKLADD, None)
    ord_ = etikett("fase", inn["fase"])
    if inn["fra"] is not None and inn["fra"] > now():
        flash(_("Fase %(fase)s (%(ord)s) er planlagt.", fase=inn["fase"], ord=ord_), "success")
    else:
        flash(_("Fase %(fase)s (%(ord)s) gjelder fra nå.", fase=inn["fase"], ord=ord_), "success")
    return redirect(url_for("beredskap.forside"), 303)


@blp.post("/beredskap/faser/<uuid:periode_id>/trekk")
def trekk_fase(periode_id: UUID) -> Any:
    les(TomtInn, skjema_med_lister()[0])
    try:
        tjeneste.trekk(aktor(), periode_id)
    except Konflikt as feil:
        flash(feil.melding, "warning")
    else:
        flash(_("Den planlagte fasen er tatt tilbake."), "success")
    return redirect(url_for("beredskap.forside"), 303)


def _vis(organisasjon_id: UUID, verdier: Mapping[str, Any], feil: PortalError | None = None) -> str:
    """The form as it was filled in; `lest` is what stands now, so that whoever has read the error may go on."""
    a = aktor()
    tjeneste.krev_beslutter(a, organisasjon_id)
    status = oversikt.hent_status(a, organisasjon_id, pr_side=1)
    return render_template(
        "beredskap/ny.html",
        status=status,
        verdier={**verdier, "lest": steps.lest(organisasjon_id)},
        oevelse=gjeldende_oevelse(),
        **feltfeil(feil),
    )
