"""Login in one step or two, logout, roles, and language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import flash, make_response, redirect, render_template, request, session, url_for
from flask_limiter.util import get_remote_address
from werkzeug.wrappers import Response

from portal.core.errors import ForMange, PortalError, UgyldigData
from portal.core.sprak import _
from portal.core.web import er_laast, feltfeil, les, limiter, skjemadata, vil_ha_json
from portal.identitet import demo, innlogging
from portal.identitet.innlogging import gjeldende_aktor, gjeldende_aktor_eller_ingen
from portal.identitet.routes.felles import blp, trygg_adresse
from portal.identitet.routes.konto import vis_koder
from portal.identitet.schemas import InnloggingInn, KodeInn, MedlemskapInn, OppsettInn, SpraakInn
from portal.identitet.service import oekter, totrinn
from portal.identitet.service.oekter import Innlogging, Mellomtrinn
from portal.identitet.totrinn import Trinn
from portal.varsler.service import bjelle

#: Where the browser's session keeps the note between password and second factor, and where to go after it.
_MELLOM = "andre_trinn"
_SIDER = {
    Trinn.KODE: lambda: url_for("identitet.andre_trinn"),
    Trinn.OPPSETT: lambda: url_for("identitet.oppsett_av_totrinn"),
}


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
    neste = trygg_adresse(inn["neste"])
    if isinstance(resultat, Mellomtrinn):
        # The cookie is signed and the note in it sealed; nobody is logged in by either.
        session[_MELLOM] = {"bevis": resultat.bevis, "neste": neste}
        return redirect(_SIDER[resultat.trinn](), 303)
    return _inn(resultat, redirect(neste, 303))


def _inn(resultat: Innlogging, svar: Any) -> Any:
    svar = make_response(svar)
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


# --- the second step -------------------------------------------------------------------------------------


def _mellom() -> tuple[str, str]:
    """The note of a right password, and where the visitor was going. Raises Utgaatt."""
    lagret = session.get(_MELLOM) or {}
    return str(lagret.get("bevis", "")), trygg_adresse(str(lagret.get("neste", "/")))


def _fra_begynnelsen(feil: PortalError) -> Any:
    """The password must be shown again."""
    _bevis, neste = _mellom()
    session.pop(_MELLOM, None)
    if gjeldende_aktor_eller_ingen() is not None:
        return redirect(neste, 303)
    flash(feil.melding, "warning")
    return redirect(url_for("identitet.innlogging", neste=neste), 303)


@blp.route("/innlogging/kode", methods=["GET", "POST"])
@limiter.limit("60 per minute", methods=["POST"], key_func=get_remote_address)
def andre_trinn() -> Any:
    """After the password: the authenticator's code, or a recovery code."""
    bevis, neste = _mellom()
    feil: PortalError | None = None
    felt = "kode"
    try:
        if totrinn.trinn_etter(bevis) is not Trinn.KODE:
            return redirect(_SIDER[Trinn.OPPSETT](), 303)
        if request.method == "POST":
            try:
                inn = les(KodeInn, skjemadata())
                felt = "gjenoppretting" if inn["gjenoppretting"] else "kode"
                return _inn(_med_kode(bevis, inn[felt]), redirect(neste, 303))
            except (totrinn.FeilKode, UgyldigData, ForMange) as avvist:
                feil = avvist
    except (totrinn.Utgaatt, oekter.IngenRolle) as avvist:
        return _fra_begynnelsen(avvist)
    feil_i_felt = {"feil": {felt: [feil.melding]}} if isinstance(feil, totrinn.FeilKode) else feltfeil(feil)
    side = render_template(
        "identitet/innlogging_kode.html",
        verdier={},
        vis_gjenoppretting=felt == "gjenoppretting",
        maa_vente=isinstance(feil, ForMange),
        **feil_i_felt,
    )
    svar = make_response(side, feil.status if feil else 200)
    if isinstance(feil, ForMange):
        svar.headers["Retry-After"] = str(feil.detaljer["vent"])
    return svar


def _med_kode(bevis: str, kode: str) -> Innlogging:
    if not kode.strip():
        raise UgyldigData(felter={"kode": [_("Dette må fylles ut.")]})
    return totrinn.logg_inn_med_kode(
        bevis,
        kode,
        kilde=request.remote_addr or "",
        nettleser=request.headers.get("User-Agent", ""),
        enhetskapsel=request.cookies.get(innlogging.ENHETSKAPSEL, "")[:2000],
    )


@blp.route("/innlogging/oppsett", methods=["GET", "POST"])
@limiter.limit("60 per minute", methods=["POST"], key_func=get_remote_address)
def oppsett_av_totrinn() -> Any:
    """After the password, where a second factor is demanded and none is set up: sets it up, and logs in by it."""
    bevis, neste = _mellom()
    try:
        if totrinn.trinn_etter(bevis) is not Trinn.OPPSETT:
            return redirect(_SIDER[Trinn.KODE](), 303)
        if request.method == "GET":
            return _vis_oppsett(totrinn.oppsett_ved_innlogging(bevis))
        verdier = skjemadata()
        try:
            inn = les(OppsettInn, verdier)
            resultat, koder = totrinn.logg_inn_med_oppsett(
                bevis,
                inn["oppsett"],
                inn["kode"],
                nettleser=request.headers.get("User-Agent", ""),
                enhetskapsel=request.cookies.get(innlogging.ENHETSKAPSEL, "")[:2000],
            )
        except UgyldigData as feil:
            oppsett = verdier.get("oppsett", "")
            samme = totrinn.samme_oppsett(oppsett) if oppsett else totrinn.oppsett_ved_innlogging(bevis)
            return _vis_oppsett(samme, feil), feil.status
    except (totrinn.Utgaatt, oekter.IngenRolle) as avvist:
        return _fra_begynnelsen(avvist)
    svar = _inn(resultat, "")
    # Drawn when the login stands, so that the page has its menu and its token.
    svar.set_data(vis_koder(koder, neste))
    return svar


def _vis_oppsett(oppsett: totrinn.Oppsett, feil: PortalError | None = None) -> str:
    return render_template("identitet/innlogging_oppsett.html", oppsett=oppsett, verdier={}, **feltfeil(feil))


@blp.post("/utlogging")
def utlogging() -> Response:
    oekter.logg_ut(gjeldende_aktor())
    innlogging.avslutt()
    flash(_("Du er logget ut."), "success")
    return redirect(url_for("identitet.innlogging"), 303)


@blp.post("/medlemskap")
def medlemskap() -> Response:
    """Switches the active role; then to the page it is switched for, else to that role's first page, since this page
    may not be for it."""
    inn = les(MedlemskapInn, skjemadata())
    ny = oekter.bytt_medlemskap(gjeldende_aktor(), inn["medlemskap_id"])
    # A notice that the former role did not open is read by the one that it is for.
    bjelle.les_om(ny, trygg_adresse(inn["neste"]))
    flash(_("Du er nå %(rolle)s.", rolle=innlogging.rolletekst(ny)), "success")
    return redirect(trygg_adresse(inn["neste"]), 303)


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
    """Whether the login still holds: 204, 401, or 423 while the screen is locked. The live client asks after the
    server has hung up."""
    if gjeldende_aktor_eller_ingen() is None:
        return Response(status=401)
    return Response(status=423 if er_laast() else 204)
