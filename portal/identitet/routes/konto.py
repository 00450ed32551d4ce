"""One's own account: where one is logged in, the second factor, the password; and links for who cannot log in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_limiter.util import get_remote_address
from werkzeug.wrappers import Response

from portal.core.aktor import Aktor
from portal.core.errors import ForMange, IkkeTilgang, PortalError, UgyldigData
from portal.core.sprak import _
from portal.core.traader import i_traadpool
from portal.core.web import feltfeil, les, limiter, skjemadata
from portal.identitet import innlogging
from portal.identitet import passord as passordregler
from portal.identitet.innlogging import gjeldende_aktor
from portal.identitet.ord import nettleser_i_ord
from portal.identitet.routes.felles import blp
from portal.identitet.schemas import BevisInn, GlemtPassordInn, LenkepassordInn, NyttOppsettInn, PassordInn
from portal.identitet.service import lenker, oekter, personer, totrinn


def _eier() -> Aktor:
    """The actor, who must be a person at a screen: a service account has no account page."""
    aktor = gjeldende_aktor()
    if aktor.person_id is None or aktor.sesjon_id is None:
        raise IkkeTilgang()
    return aktor


def _her() -> str:
    return request.remote_addr or ""


@blp.get("/konto")
def konto() -> str:
    """«Min konto»."""
    aktor = _eier()
    steder = [{"rad": s, "nettleser": nettleser_i_ord(s.nettleser)} for s in oekter.egne_sesjoner(aktor)]
    return render_template("identitet/konto.html", steder=steder, totrinn=totrinn.status(aktor))


@blp.post("/konto/oekter/<uuid:sesjon_id>/avslutt")
def avslutt_oekt(sesjon_id: UUID) -> Response:
    """Logs out at one other place."""
    oekter.avslutt_egen_sesjon(_eier(), sesjon_id)
    flash(_("Du er logget ut der."), "success")
    return redirect(url_for("identitet.konto"), 303)


@blp.post("/konto/logg-ut-overalt")
def logg_ut_overalt() -> Response:
    """Logs out everywhere, here too."""
    oekter.logg_ut_overalt(_eier())
    innlogging.avslutt()
    flash(_("Du er logget ut alle steder."), "success")
    return redirect(url_for("identitet.innlogging"), 303)


@blp.route("/passord", methods=["GET", "POST"])
@limiter.limit("30 per minute", methods=["POST"])
def passord() -> Any:
    """The person's own password."""
    aktor = _eier()
    if request.method == "GET":
        return render_template("identitet/passord.html", verdier={}, feil={})
    try:
        inn = les(PassordInn, skjemadata())
        _krev_like(inn["passord"], inn["gjenta"])
        oekter.krev_eget_passord(aktor, inn["naavaerende"], kilde=_her())
        personer.kontroller_eget_passord(aktor, inn["passord"])
        assert aktor.person_id is not None
        personer.sett_passord(aktor, aktor.person_id, i_traadpool(passordregler.lag_hash, inn["passord"]))
    except (UgyldigData, ForMange) as feil:
        return render_template("identitet/passord.html", verdier={}, **feltfeil(feil)), feil.status
    flash(_("Passordet er byttet. Andre steder du var logget inn, er logget ut."), "success")
    return redirect(url_for("identitet.konto"), 303)


def _krev_like(passord_: str, gjenta: str) -> None:
    if passord_ != gjenta:
        raise UgyldigData(felter={"gjenta": [_("De to passordene er ikke like.")]})


# --- the second factor -----------------------------------------------------------------------------------


@blp.route("/konto/tofaktor", methods=["GET", "POST"])
@limiter.limit("30 per minute", methods=["POST"])
def tofaktor() -> Any:
    """Sets up an authenticator: the first one, or another in its place."""
    aktor = _eier()
    if request.method == "GET":
        return _vis_oppsett(aktor, totrinn.begynn_oppsett(aktor))
    verdier = skjemadata()
    try:
        inn = les(NyttOppsettInn, verdier)
        koder = totrinn.sett_opp(aktor, inn["oppsett"], inn["kode"], inn["bevis"], kilde=_her())
    except totrinn.Utgaatt as feil:
        flash(feil.melding, "warning")
        return redirect(url_for("identitet.tofaktor"), 303)
    except (UgyldigData, ForMange) as feil:
        return _vis_oppsett(aktor, _samme(aktor, verdier.get("oppsett", "")), feil), feil.status
    return vis_koder(koder, url_for("identitet.konto"))


def _samme(aktor: Aktor, pakke: str) -> totrinn.Oppsett:
    try:
        return totrinn.samme_oppsett(pakke)
    except totrinn.Utgaatt:
        return totrinn.begynn_oppsett(aktor)


def _vis_oppsett(aktor: Aktor, oppsett: totrinn.Oppsett, feil: PortalError | None = None) -> str:
    return render_template(
        "identitet/konto_totrinn.html",
        oppsett=oppsett,
        totrinn=totrinn.status(aktor),
        verdier={},
        **feltfeil(feil),
    )


def vis_koder(koder: list[str], neste: str) -> str:
    """The recovery codes, this once: the page is an answer to the form, and no address leads back to it."""
    return render_template("identitet/konto_koder.html", koder=koder, neste=neste)


@blp.route("/konto/tofaktor/koder", methods=["GET", "POST"])
@limiter.limit("30 per minute", methods=["POST"])
def tofaktor_koder() -> Any:
    """New recovery codes in place of the old."""
    return _med_bevis("koder", lambda a, b: vis_koder(totrinn.nye_koder(a, b, kilde=_her()), "/konto"))


@blp.route("/konto/tofaktor/av", methods=["GET", "POST"])
@limiter.limit("30 per minute", methods=["POST"])
def tofaktor_av() -> Any:
    """Switches the second factor off, where that is allowed."""

    def gjoer(aktor: Aktor, bevis: str) -> Response:
        totrinn.slaa_av(aktor, bevis, kilde=_her())
        flash(_("Totrinnsinnlogging er slått av."), "success")
        return redirect(url_for("identitet.konto"), 303)

    return _med_bevis("av", gjoer)


def _med_bevis(hva: str, gjoer: Callable[[Aktor, str], Any]) -> Any:
    """A page with one field, the proof, and what is done with it."""
    aktor = _eier()
    status = totrinn.status(aktor)
    if not status.paa:
        return redirect(url_for("identitet.konto"), 303)
    feil: PortalError | None = None
    if request.method == "POST":
        try:
            return gjoer(aktor, les(BevisInn, skjemadata())["bevis"])
        except (UgyldigData, ForMange) as avvist:
            feil = avvist
    side = render_template(
        "identitet/konto_bekreft.html", hva=hva, totrinn=status, verdier={}, **feltfeil(feil)
    )
    return side, feil.status if feil else 200


# --- links -----------------------------------------------------------------------------------------------


@blp.route("/glemt-passord", methods=["GET", "POST"])
@limiter.limit("20 per minute", methods=["POST"], key_func=get_remote_address)
def glemt_passord() -> Any:
    """Asks for a link by e-mail. The answer is the same whether there is such an account or not."""
    if request.method == "GET":
        return render_template("identitet/innlogging_glemt.html", verdier={}, feil={}, bedt=False)
    verdier = skjemadata()
    try:
        lenker.be_om_nytt_passord(les(GlemtPassordInn, verdier)["epost"], kilde=_her())
    except (UgyldigData, ForMange) as feil:
        side = render_template(
            "identitet/innlogging_glemt.html", verdier=verdier, bedt=False, **feltfeil(feil)
        )
        svar = make_response(side, feil.status)
        if isinstance(feil, ForMange):
            svar.headers["Retry-After"] = str(feil.detaljer["vent"])
        return svar
    return render_template("identitet/innlogging_glemt.html", verdier={}, feil={}, bedt=True)


@blp.route("/lenke/<string:token>", methods=["GET", "POST"])
@limiter.limit("120 per minute", key_func=get_remote_address)
def lenke(token: str) -> Any:
    """Chooses a password with a link that counts once. The address holds the secret, so it goes nowhere."""
    try:
        vist = lenker.se_lenke(token)
        if request.method == "GET":
            return _hemmelig(render_template("identitet/lenke.html", lenke=vist, verdier={}, feil={}))
        try:
            inn = les(LenkepassordInn, skjemadata())
            _krev_like(inn["passord"], inn["gjenta"])
            lenker.velg_passord(token, inn["passord"])
        except UgyldigData as feil:
            side = render_template("identitet/lenke.html", lenke=vist, verdier={}, **feltfeil(feil))
            return _hemmelig(side, feil.status)
    except (lenker.UkjentLenke, lenker.Lenkefeil) as feil:
        return _hemmelig(render_template("identitet/lenke_feil.html", grunn=feil), feil.status)
    # Whoever is logged in on this computer is not the one who goes on.
    innlogging.avslutt()
    flash(_("Passordet er lagret. Logg inn med det."), "success")
    return _hemmelig(redirect(url_for("identitet.innlogging"), 303))


def _hemmelig(innhold: Any, status: int = 200) -> Response:
    svar = make_response(innhold, status) if isinstance(innhold, str) else make_response(innhold)
    svar.headers["Referrer-Policy"] = "no-referrer"
    return svar
