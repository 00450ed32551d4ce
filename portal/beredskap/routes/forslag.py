"""Proposals: to one's own deciders, or from a trust to many kommuner; and the answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for

from portal.beredskap.models import Svar
from portal.beredskap.routes.felles import blp, det_du_skrev
from portal.beredskap.schemas import AvslagInn, ForslagInn, ForvalgInn, SideInn, TomtInn
from portal.beredskap.service import forslag as tjeneste
from portal.beredskap.service import oversikt
from portal.core.errors import Konflikt, PortalError, UgyldigData
from portal.core.sprak import _, ngettext
from portal.core.web import aktor, etikett, feltfeil, les, skjema_med_lister

#: The answers in the order in which they are shown.
REKKE = (Svar.VENTER, Svar.AVSLAATT, Svar.BEKREFTET, Svar.BORTFALT, Svar.TRUKKET)


@blp.get("/beredskap/forslag")
def sendte_forslag() -> str:
    side = les(SideInn, request.args)["side"]
    oversikt.krev_inne(aktor())
    rader, antall = tjeneste.sendte(aktor(), side)
    return render_template(
        "beredskap/forslagsliste.html",
        sendte=rader,
        side=side,
        antall_sider=-(-antall // tjeneste.PR_SIDE),
        kan=oversikt.rettigheter(aktor(), aktor().organisasjon_id),
    )


@blp.route("/beredskap/forslag/nytt", methods=["GET", "POST"])
def nytt_forslag() -> Any:
    a = aktor()
    kommuner = tjeneste.kan_foreslaa_for(a)
    if request.method == "GET":
        forvalg = les(ForvalgInn, request.args)
        return _vis(kommuner, {k: v for k, v in forvalg.items() if v}, set())
    verdier, lister = skjema_med_lister("organisasjoner")
    valgte = lister["organisasjoner"]
    if a.er_kommunal:
        valgte = [str(k.id) for k in kommuner]
    try:
        inn = les(ForslagInn, {**verdier, "organisasjoner": valgte})
        id_ = tjeneste.foreslaa(a, inn.pop("organisasjoner"), **inn)
    except UgyldigData as feil:
        return _vis(kommuner, verdier, set(valgte), feil), feil.status
    if a.er_kommunal:
        flash(_("Forslaget er sendt til dem som kan bekrefte det."), "success")
    else:
        flash(
            ngettext(
                "Forslaget er sendt til %(num)s kommune.",
                "Forslaget er sendt til %(num)s kommuner.",
                len(valgte),
            ),
            "success",
        )
    return redirect(url_for("beredskap.forslag", forslag_id=id_), 303)


def _vis(
    kommuner: list[Any], verdier: Mapping[str, Any], valgte: set[str], feil: PortalError | None = None
) -> str:
    a = aktor()
    return render_template(
        "beredskap/forslag_nytt.html",
        rader=oversikt.kommunerader(a, kommuner),
        verdier=verdier,
        valgte=valgte,
        **feltfeil(feil),
    )


@blp.get("/beredskap/forslag/<uuid:forslag_id>")
def forslag(forslag_id: UUID) -> str:
    f = tjeneste.hent(aktor(), forslag_id)
    mottakere = sorted(
        f.mottakere,
        key=lambda m: (REKKE.index(Svar(m.svar)), m.organisasjon.kortnavn, str(m.organisasjon_id)),
    )
    return render_template(
        "beredskap/forslag.html",
        forslag=f,
        mottakere=mottakere,
        tall=[(s, sum(m.svar == s for m in mottakere)) for s in REKKE],
        kan=oversikt.rettigheter(aktor(), f.fra_organisasjon_id),
    )


@blp.post("/beredskap/forslag/<uuid:forslag_id>/trekk")
def trekk_forslag(forslag_id: UUID) -> Any:
    les(TomtInn, skjema_med_lister()[0])
    try:
        antall = tjeneste.trekk(aktor(), forslag_id)
    except Konflikt as feil:
        flash(feil.melding, "warning")
    else:
        flash(
            ngettext(
                "Trukket. %(num)s mottaker hadde ikke svart.",
                "Trukket. %(num)s mottakere hadde ikke svart.",
                antall,
            ),
            "success",
        )
    return redirect(url_for("beredskap.forslag", forslag_id=forslag_id), 303)


# --- answering -------------------------------------------------------------------------------------------


@blp.get("/beredskap/svar/<uuid:mottaker_id>")
def svar(mottaker_id: UUID) -> str:
    return _vis_svar(mottaker_id)


def _vis_svar(
    mottaker_id: UUID, feil: PortalError | None = None, verdier: Mapping[str, str] | None = None
) -> str:
    """What was typed stands in its field; was the proposal settled by somebody else meanwhile, above the page."""
    m = tjeneste.hent_mottatt(aktor(), mottaker_id)
    status = oversikt.hent_status(aktor(), m.organisasjon_id, pr_side=1)
    return render_template(
        "beredskap/svar.html",
        m=m,
        status=status,
        verdier=verdier or {},
        tapt_tekst=[]
        if m.svar == Svar.VENTER and status.kan.beslutter
        else det_du_skrev(verdier or {}, merknad=_("Merknad til den som foreslo")),
        **feltfeil(feil),
    )


@blp.post("/beredskap/svar/<uuid:mottaker_id>/bekreft")
def bekreft_forslag(mottaker_id: UUID) -> Any:
    les(TomtInn, skjema_med_lister()[0])
    try:
        tjeneste.bekreft(aktor(), mottaker_id)
    except UgyldigData as feil:
        return _vis_svar(mottaker_id, UgyldigData(melding=_foerste(feil))), feil.status
    except Konflikt as feil:
        flash(feil.melding, "warning")
    else:
        m = tjeneste.hent_mottatt(aktor(), mottaker_id)
        flash(
            _(
                "Bekreftet. %(sted)s: fase %(fase)s (%(ord)s).",
                sted=m.organisasjon.kortnavn,
                fase=m.forslag.fase,
                ord=etikett("fase", m.forslag.fase),
            ),
            "success",
        )
    return redirect(url_for("beredskap.forside"), 303)


def _foerste(feil: UgyldigData) -> str:
    """The button has no fields: the sentence alone."""
    return next((str(m[0]) for m in feil.detaljer.get("felter", {}).values()), feil.melding)


@blp.post("/beredskap/svar/<uuid:mottaker_id>/avslaa")
def avslaa_forslag(mottaker_id: UUID) -> Any:
    verdier, _lister = skjema_med_lister()
    try:
        tjeneste.avslaa(aktor(), mottaker_id, les(AvslagInn, verdier)["merknad"])
    except UgyldigData as feil:
        return _vis_svar(mottaker_id, feil, verdier), feil.status
    except Konflikt as feil:
        if verdier.get("merknad", "").strip():
            return _vis_svar(mottaker_id, feil, verdier), feil.status
        flash(feil.melding, "warning")
    else:
        flash(_("Forslaget er avslått. Den som foreslo det, ser svaret."), "success")
    return redirect(url_for("beredskap.forside"), 303)
