"""Drills: made, played, looked at and ended. Every endpoint begins with `oevelse`: they are open while one is looked
at (`felles.BUNDNE`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import flash, g, redirect, render_template, request, session, url_for

from portal.beredskap.routes.felles import OEVELSE, blp, les_utkast, vis_utkast
from portal.beredskap.schemas import ForlatInn, InviterInn, OevelseInn, SpillInn, TomtInn
from portal.beredskap.service import oevelser as tjeneste
from portal.beredskap.service import oversikt
from portal.core.errors import Konflikt, PortalError, UgyldigData
from portal.core.sprak import _, ngettext
from portal.core.web import aktor, feltfeil, les, skjema_med_lister


@blp.get("/beredskap/oevelser")
def oevelser() -> str:
    a = aktor()
    return render_template(
        "beredskap/oevelser.html",
        oevelser=tjeneste.synlige(a),
        kan=oversikt.rettigheter(a, a.organisasjon_id),
    )


@blp.route("/beredskap/oevelser/ny", methods=["GET", "POST"])
def oevelse_ny() -> Any:
    a = aktor()
    tjeneste.krev_oever(a)
    if request.method == "GET":
        return _vis_ny({"fase": "4", "nivaa": "roed"}, set())
    verdier, lister = skjema_med_lister("organisasjoner")
    try:
        inn = les(OevelseInn, {**verdier, **lister})
        id_ = tjeneste.lag(a, **inn)
    except UgyldigData as feil:
        return _vis_ny(verdier, set(lister["organisasjoner"]), feil), feil.status
    flash(_("Øvelsen er laget."), "success")
    return redirect(url_for("beredskap.oevelse", oevelse_id=id_), 303)


def _vis_ny(verdier: Mapping[str, str], valgte: set[str], feil: PortalError | None = None) -> str:
    a = aktor()
    return render_template(
        "beredskap/oevelse_ny.html",
        organisasjoner=[o for o in tjeneste.kan_inviteres(a) if o.id != a.organisasjon_id],
        verdier=verdier,
        valgte=valgte,
        **feltfeil(feil),
    )


@blp.get("/beredskap/oevelser/<uuid:oevelse_id>")
def oevelse(oevelse_id: UUID) -> str:
    return _vis(oevelse_id)


def _vis(oevelse_id: UUID, feil: PortalError | None = None) -> str:
    a = aktor()
    v = tjeneste.hent(a, oevelse_id)
    med = {d.organisasjon_id for d in v.oevelse.deltakere}
    return render_template(
        "beredskap/oevelse.html",
        v=v,
        deltakere=sorted(
            v.oevelse.deltakere, key=lambda d: (d.organisasjon.kortnavn, str(d.organisasjon_id))
        ),
        flere=[o for o in tjeneste.kan_inviteres(a) if o.id not in med] if v.leder and not v.over else [],
        ser_paa=session.get(OEVELSE) == str(oevelse_id),
        verdier={},
        **feltfeil(feil),
    )


def _til(oevelse_id: UUID) -> Any:
    return redirect(url_for("beredskap.oevelse", oevelse_id=oevelse_id), 303)


@blp.post("/beredskap/oevelser/<uuid:oevelse_id>/inviter")
def oevelse_inviter(oevelse_id: UUID) -> Any:
    verdier, lister = skjema_med_lister("organisasjoner")
    try:
        antall = tjeneste.inviter(
            aktor(), oevelse_id, les(InviterInn, {**verdier, **lister})["organisasjoner"]
        )
    except UgyldigData as feil:
        return _vis(oevelse_id, feil), feil.status
    except Konflikt as feil:
        flash(feil.melding, "warning")
    else:
        flash(
            ngettext("%(num)s organisasjon er invitert.", "%(num)s organisasjoner er invitert.", antall),
            "success",
        )
    return _til(oevelse_id)


@blp.post("/beredskap/oevelser/<uuid:oevelse_id>/spill")
def oevelse_spill(oevelse_id: UUID) -> Any:
    inn = les(SpillInn, skjema_med_lister()[0])
    try:
        tjeneste.spill(aktor(), oevelse_id, inn["organisasjon_id"], inn["fase"], inn["nivaa"])
    except Konflikt as feil:
        flash(feil.melding, "warning")
    else:
        flash(_("Spilt: fase %(fase)s. Det gjelder bare i øvelsen.", fase=inn["fase"]), "success")
    return _til(oevelse_id)


@blp.post("/beredskap/oevelser/<uuid:oevelse_id>/avslutt")
def oevelse_avslutt(oevelse_id: UUID) -> Any:
    les(TomtInn, skjema_med_lister()[0])
    try:
        tjeneste.avslutt(aktor(), oevelse_id)
    except Konflikt as feil:
        flash(feil.melding, "warning")
    else:
        session.pop(OEVELSE, None)
        flash(_("Øvelsen er avsluttet."), "success")
    return _til(oevelse_id)


@blp.post("/beredskap/oevelser/<uuid:oevelse_id>/se")
def oevelse_se(oevelse_id: UUID) -> Any:
    """From now this browser is shown what is played, until it leaves, logs out or the drill ends."""
    les(TomtInn, skjema_med_lister()[0])
    v = tjeneste.hent(aktor(), oevelse_id)
    if not v.gaar:
        flash(_("Øvelsen går ikke nå."), "warning")
        return _til(oevelse_id)
    session[OEVELSE] = str(oevelse_id)
    return redirect(url_for("beredskap.forside"), 303)


@blp.post("/beredskap/oevelser/forlat")
def oevelse_forlat() -> Any:
    """Out of the drill; with what was written while it was looked at, to be sent now that it is real."""
    utkast = les_utkast(les(ForlatInn, skjema_med_lister()[0])["utkast"])
    var_i = session.pop(OEVELSE, None) is not None
    if utkast is not None:
        g.pop("oevelse", None)
        return vis_utkast(utkast, i_oevelse=False)
    if var_i:
        flash(_("Du ser nå det som er virkelig."), "success")
    return redirect(url_for("beredskap.forside"), 303)
