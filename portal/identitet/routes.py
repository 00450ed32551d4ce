"""The pages of this room: login, roles, language, the register and what an administrator enters in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from flask import Blueprint, flash, make_response, redirect, render_template, request, session, url_for
from flask_babel import format_decimal
from flask_limiter.util import get_remote_address
from werkzeug.wrappers import Response

from portal.core.errors import ForMange, IkkeTilgang, PortalError, UgyldigData, Utdatert
from portal.core.sprak import _
from portal.core.traader import i_traadpool
from portal.core.web import les, limiter, skjemadata, som_tekst, vil_ha_json
from portal.identitet import demo, innlogging
from portal.identitet import passord as passordregler
from portal.identitet.fagomraader import FAGOMRAADER
from portal.identitet.innlogging import gjeldende_aktor, gjeldende_aktor_eller_ingen
from portal.identitet.models import SYKEHUS, Enhet, Organisasjon, Organisasjonstype
from portal.identitet.schemas import (
    EnhetInn,
    FagtelefonerInn,
    InnloggingInn,
    MedlemskapInn,
    PassordInn,
    SokInn,
    SpraakInn,
    TelefonInn,
)
from portal.identitet.service import oekter, oppslag, organisasjoner, personer
from portal.identitet.service.organisasjoner import Enhetsfelter, enhetstyper_for
from portal.identitet.steps import kommuner_for_valg

blp = Blueprint("identitet", __name__)


def trygg_adresse(adresse: str) -> str:
    """An address inside the portal to go to next; anything else becomes the front page (open redirect)."""
    if not adresse.startswith("/") or adresse.startswith(("//", "/\\")) or not adresse.isprintable():
        return "/"
    deler = urlsplit(adresse)
    return "/" if deler.scheme or deler.netloc or "\\" in adresse else adresse


def _feil(feil: PortalError | None) -> dict[str, Any]:
    """The errors as the form macros want them: {field: [texts]}, "" for the form as a whole."""
    if feil is None:
        return {"feil": {}}
    felter = som_tekst(feil.detaljer.get("felter", {}))
    ut = {k: v if isinstance(v, list) else [str(v)] for k, v in felter.items()}
    return {"feil": ut or {"": [feil.melding]}}


# --- login -----------------------------------------------------------------------------------------------


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
        **_feil(feil),
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
        return render_template("identitet/passord.html", verdier={}, **_feil(feil)), feil.status
    flash(_("Passordet er byttet. Andre steder du var logget inn, er logget ut."), "success")
    return redirect("/", 303)


# --- the register ----------------------------------------------------------------------------------------


@blp.get("/organisasjoner", endpoint="organisasjoner")
def register() -> str:
    aktor = gjeldende_aktor()
    valg = les(SokInn, request.args)
    side = oppslag.sok(
        aktor,
        valg["sok"],
        slag=valg["type"],
        rhf_id=valg["rhf"],
        nedlagte=bool(valg["nedlagte"]),
        side=valg["side"],
    )
    uten_side = {k: str(v) for k, v in request.args.items() if k != "side" and v}
    return render_template(
        "identitet/organisasjoner.html",
        side=side,
        valg=valg,
        typer=list(Organisasjonstype),
        regioner=oppslag.regionale_foretak(aktor),
        adresse=f"{url_for('identitet.organisasjoner')}?{urlencode({**uten_side, 'side': ''})}",
    )


@blp.get("/organisasjoner/<uuid:organisasjon_id>")
def organisasjon(organisasjon_id: UUID) -> str:
    return _vis_organisasjon(organisasjon_id)


def _vis_organisasjon(
    organisasjon_id: UUID, verdier: Mapping[str, str] | None = None, feil: PortalError | None = None
) -> str:
    visning = oppslag.hent_visning(gjeldende_aktor(), organisasjon_id)
    o = visning.organisasjon
    return render_template(
        "identitet/organisasjon.html",
        v=visning,
        o=o,
        folketall="" if o.folketall is None else format_decimal(o.folketall),
        er_sykehus=o.type in SYKEHUS,
        fagomraader=[(kode, str(navn)) for kode, navn in FAGOMRAADER.items()],
        kan_ha_enheter=bool(enhetstyper_for(o.type)),
        verdier=verdier or {},
        **_feil(feil),
    )


@blp.post("/organisasjoner/<uuid:organisasjon_id>/telefon")
def lagre_telefon(organisasjon_id: UUID) -> Any:
    verdier = skjemadata()
    try:
        inn = les(TelefonInn, verdier)
        organisasjoner.sett_telefon(gjeldende_aktor(), organisasjon_id, inn["versjon"], inn["telefon"])
    except (UgyldigData, Utdatert) as feil:
        return _vis_organisasjon(organisasjon_id, verdier, feil), feil.status
    return _lagret(organisasjon_id)


@blp.post("/organisasjoner/<uuid:organisasjon_id>/fagtelefoner")
def lagre_fagtelefoner(organisasjon_id: UUID) -> Any:
    verdier = skjemadata()
    try:
        inn = les(FagtelefonerInn, verdier)
        versjon = inn.pop("versjon")
        numre = {navn.removeprefix("fag_"): nummer for navn, nummer in inn.items()}
        organisasjoner.sett_fagtelefoner(gjeldende_aktor(), organisasjon_id, versjon, numre)
    except (UgyldigData, Utdatert) as feil:
        return _vis_organisasjon(organisasjon_id, verdier, feil), feil.status
    return _lagret(organisasjon_id)


def _lagret(organisasjon_id: UUID) -> Response:
    flash(_("Endringen er lagret."), "success")
    return redirect(url_for("identitet.organisasjon", organisasjon_id=organisasjon_id), 303)


# --- units -----------------------------------------------------------------------------------------------


@blp.route("/organisasjoner/<uuid:organisasjon_id>/enheter/ny", methods=["GET", "POST"])
def ny_enhet(organisasjon_id: UUID) -> Any:
    """A new unit of the organisation."""
    sted = oppslag.hent_for_redigering(gjeldende_aktor(), organisasjon_id)
    if request.method == "GET":
        return _vis_enhet(sted, None, {"aktiv": "1"}, frozenset())
    verdier, valgte = _enhetsskjema()
    try:
        inn = les(EnhetInn, {**verdier, "kommuner": valgte})
        organisasjoner.legg_til_enhet(gjeldende_aktor(), organisasjon_id, _enhetsfelter(inn))
    except UgyldigData as feil:
        return _vis_enhet(sted, None, verdier, frozenset(valgte), feil), feil.status
    return _lagret(organisasjon_id)


@blp.route("/enheter/<uuid:enhet_id>", methods=["GET", "POST"])
def enhet(enhet_id: UUID) -> Any:
    """Changing a unit, or taking it out of use."""
    funnet = oppslag.hent_enhet(gjeldende_aktor(), enhet_id)
    if request.method == "GET":
        lagret = {
            "navn": funnet.navn,
            "type": funnet.type,
            "privat": "1" if funnet.privat else "",
            "organisasjonsnummer": funnet.organisasjonsnummer or "",
            "telefon": funnet.telefon,
            "aktiv": "1" if funnet.aktiv else "",
        }
        return _vis_enhet(funnet.organisasjon, funnet, lagret, frozenset(str(k.id) for k in funnet.kommuner))
    verdier, valgte = _enhetsskjema()
    try:
        inn = les(EnhetInn, {**verdier, "kommuner": valgte})
        organisasjoner.endre_enhet(gjeldende_aktor(), enhet_id, inn["versjon"], _enhetsfelter(inn))
    except (UgyldigData, Utdatert) as feil:
        # What somebody else saved meanwhile is read afresh: its version goes with the form.
        funnet = oppslag.hent_enhet(gjeldende_aktor(), enhet_id)
        return _vis_enhet(funnet.organisasjon, funnet, verdier, frozenset(valgte), feil), feil.status
    return _lagret(funnet.organisasjon_id)


def _enhetsskjema() -> tuple[dict[str, str], list[str]]:
    """The form's single fields, and the served kommuner, which come once each."""
    enkle = {navn: verdi for navn, verdi in request.form.items() if navn != "kommuner"}
    if any(len(request.form.getlist(navn)) > 1 for navn in enkle):
        raise UgyldigData()
    return enkle, request.form.getlist("kommuner")


def _enhetsfelter(inn: Mapping[str, Any]) -> Enhetsfelter:
    kommuner = {*inn["kommuner"], *([inn["annen_kommune"]] if inn["annen_kommune"] else [])}
    return Enhetsfelter(
        navn=inn["navn"],
        type=inn["type"],
        privat=inn["privat"],
        organisasjonsnummer=inn["organisasjonsnummer"],
        telefon=inn["telefon"],
        aktiv=inn["aktiv"],
        kommuner=frozenset(kommuner),
    )


def _vis_enhet(
    sted: Organisasjon,
    enhet_: Enhet | None,
    verdier: Mapping[str, str],
    valgte: frozenset[str],
    feil: PortalError | None = None,
) -> str:
    return render_template(
        "identitet/enhet.html",
        o=sted,
        enhet=enhet_,
        verdier=verdier,
        valgte=valgte,
        typer=enhetstyper_for(sted.type),
        naboer=[(str(i), navn) for i, navn in oppslag.nabokommuner(sted, valgte)],
        andre=[(str(i), navn) for i, navn in kommuner_for_valg() if i != sted.id],
        kan_vaere_interkommunal=sted.type == Organisasjonstype.KOMMUNE,
        **_feil(feil),
    )
