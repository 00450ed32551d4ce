"""Login, logout, roles, language, and one's own password."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import flash, make_response, redirect, render_template, request, session, url_for
from flask_limiter.util import get_remote_address
from werkzeug.wrappers import Response

from portal.core.errors import ForMange, IkkeTilgang, PortalError, UgyldigData
from portal.core.sprak import _
from portal.core.traader import i_traadpool
from portal.core.web import les, limiter, skjemadata, vil_ha_json
from portal.identitet import demo, innlogging
from portal.identitet import passord as passordregler
from portal.identitet.innlogging import gjeldende_aktor, gjeldende_aktor_eller_ingen
from portal.identitet.routes.felles import blp, feltfeil, trygg_adresse
from portal.identitet.schemas import InnloggingInn, MedlemskapInn, PassordInn, SpraakInn
from portal.identitet.service import oekter, personer


@blp.route("/innlogging", methods=["GET", "POST"], endpoint="innlogging")
@limiter.limit("60 per minute", methods=["POST"], key_func=get_remote_address)
def login() -> Any:
    """The login page. After a right password: to where the visitor was going, inside the portal only."""
    if request.method == "GET":
        neste = trygg_adresse(request.args.get("neste", "/"))
        if gjeldende_aktor_eller_ingen() is not None:
            return redirect(neste)
        return _vis_innlogging({"neste": neste})
    verdier = skjemadata()
    try:
        inn = les(InnloggingInn, verdier)
        resultat = oekter.logg_inn(
            inn["epost"],
            inn["passord"],
            kilde=request.remote_addr or "",
            nettleser=request.headers.get("User-Agent", ""),
            enhetskapsel=request.cookies.get(innlogging.ENHETSKAPSEL, "")[:2000],
        )
    except PortalError as feil:
        if vil_ha_json():
            raise
        svar = make_response(_vis_innlogging(verdier, feil), feil.status)
        if isinstance(feil, ForMange):
            svar.headers["Retry-After"] = str(feil.detaljer["vent"])
        return svar
    svar = make_response(redirect(trygg_adresse(inn["neste"]), 303))
    innlogging.begynn(resultat, svar)
    return svar


def _vis_innlogging(verdier: Mapping[str, str], feil: PortalError | None = None) -> str:
    vist = {k: v for k, v in verdier.items() if k != "passord"}
    return render_template(
        "identitet/innlogging.html",
        verdier=vist,
        demo_innlogginger=demo.demo_innlogginger(),
        demo_passord=demo.DEMO_PASSORD,
        maa_vente=isinstance(feil, ForMange),
        **feltfeil(feil),
    )


@blp.post("/utlogging")
def utlogging() -> Response:
    oekter.logg_ut(gjeldende_aktor())
    innlogging.avslutt()
    flash(_("Du er logget ut."), "success")
    return redirect(url_for("identitet.innlogging"), 303)


@blp.post("/medlemskap")
def medlemskap() -> Response:
    """Switches the active role; then to that role's first page, since this page may not be for it."""
    ny = oekter.bytt_medlemskap(gjeldende_aktor(), les(MedlemskapInn, skjemadata())["medlemskap_id"])
    flash(_("Du er nå %(rolle)s.", rolle=innlogging.rolletekst(ny)), "success")
    return redirect("/", 303)


@blp.post("/spraak")
def spraak() -> Response:
    inn = les(SpraakInn, skjemadata())
    session["spraak"] = inn["spraak"]
    aktor = gjeldende_aktor_eller_ingen()
    if aktor is None:
        session["spraak_valgt"] = True
    else:
        oekter.velg_spraak(aktor, inn["spraak"])
    return redirect(trygg_adresse(inn["neste"]), 303)


@blp.get("/sesjon")
def sesjon() -> Response:
    """Whether the login still holds: 204 or 401. The live client asks after the server has hung up."""
    return Response(status=204 if gjeldende_aktor_eller_ingen() else 401)


@blp.route("/passord", methods=["GET", "POST"])
@limiter.limit("30 per minute", methods=["POST"])
def passord() -> Any:
    """The person's own password."""
    aktor = gjeldende_aktor()
    if aktor.person_id is None or aktor.sesjon_id is None:
        raise IkkeTilgang()
    if request.method == "GET":
        return render_template("identitet/passord.html", verdier={}, feil={})
    try:
        inn = les(PassordInn, skjemadata())
        if inn["passord"] != inn["gjenta"]:
            raise UgyldigData(felter={"gjenta": [_("De to passordene er ikke like.")]})
        oekter.krev_eget_passord(aktor, inn["naavaerende"], kilde=request.remote_addr or "")
        personer.kontroller_eget_passord(aktor, inn["passord"])
        personer.sett_passord(aktor, aktor.person_id, i_traadpool(passordregler.lag_hash, inn["passord"]))
    except (UgyldigData, ForMange) as feil:
        return render_template("identitet/passord.html", verdier={}, **feltfeil(feil)), feil.status
    flash(_("Passordet er byttet. Andre steder du var logget inn, er logget ut."), "success")
    return redirect("/", 303)
