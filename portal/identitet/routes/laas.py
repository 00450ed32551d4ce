"""The lock: its page, locking and opening, whether somebody is there, and the end of the shift.

A form that is sent while the screen is locked is sealed into the lock's page, unreadable for whoever stands there,
and offered for sending again once the screen is open. Nothing of it stays in a cookie or in the database.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import urlsplit

import orjson
from cryptography.fernet import Fernet, InvalidToken
from flask import flash, redirect, render_template, request, url_for
from flask_wtf.csrf import generate_csrf
from werkzeug.local import LocalProxy
from werkzeug.wrappers import Response

from portal.core.clock import OSLO, now
from portal.core.config import innstillinger
from portal.core.errors import ForMange, IkkeInnlogget, PortalError, UgyldigData
from portal.core.sprak import _
from portal.core.web import (
    STORE_SKJEMAER,
    er_laast,
    feltfeil,
    json_svar,
    klokke,
    les,
    limiter,
    skjemadata,
    slipp_fram,
    stoerst_innpakket,
    stoerste_utkast,
    vil_ha_json,
)
from portal.identitet.innlogging import gjeldende_aktor, gjeldende_aktor_eller_ingen, gjeldende_bruk
from portal.identitet.routes.felles import blp, trygg_adresse
from portal.identitet.schemas import LaasInn, LaasOppInn, VaktInn
from portal.identitet.service import laas as tjeneste
from portal.identitet.sesjonsbruk import Sesjonsbruk
from portal.identitet.steps import bruk_av_sesjon

#: A form with one of these in a field's name holds a secret: it is never kept.
_HEMMELIG = ("passord", "naavaerende", "gjenta", "kode", "bevis", "token")
#: What is sent again, but tells nobody anything.
_USETT = {"csrf_token", "versjon", "klient_id", "neste", "side"}


@blp.url_value_preprocessor
def _slipp_fram_et_stort_skjema(endepunkt: str | None, _verdier: Any) -> None:
    """A whole document that was sent while the screen was locked, and the same again, sealed, when it is opened. Before
    the CSRF check, which reads the form; only for who is logged in."""
    if endepunkt not in ("identitet.laas_utkast", "identitet.laas_opp") or request.method != "POST":
        return
    if gjeldende_aktor_eller_ingen() is None:
        return
    if endepunkt == "identitet.laas_opp":
        slipp_fram(stoerst_innpakket())
    elif request.args.get("neste", "") in STORE_SKJEMAER:
        slipp_fram(stoerste_utkast(request.args["neste"]))


def _bruk() -> Sesjonsbruk:
    bruk = gjeldende_bruk()
    if bruk is None:
        raise IkkeInnlogget()
    return bruk


def _som_json(bruk: Sesjonsbruk) -> Response:
    t = tjeneste.tilstand(bruk)
    return json_svar(
        {
            "person": str(bruk.aktor.person_id),
            "medlemskap": str(bruk.aktor.medlemskap_id),
            "laast": t.laast,
            "laases_om": round(t.laases_om, 1),
            "varsles_foer": t.varsles_foer,
            "slutter_om": round(t.slutter_om, 1),
            "vakt_til": t.vakt_til.isoformat() if t.vakt_til else None,
            # After another login of the same person in this browser, a page that was open goes on with this.
            "csrf": generate_csrf(),
        }
    )


def _tilstand_naa() -> Response:
    """The session as it is after what this request has done."""
    sesjon_id = gjeldende_aktor().sesjon_id
    bruk = bruk_av_sesjon(sesjon_id) if sesjon_id else None
    if bruk is None:
        raise IkkeInnlogget()
    return _som_json(bruk)


@blp.app_context_processor
def _i_maler() -> dict[str, Any]:
    """`laasen` for the frame of every page: how the session stands, or None. Asked for only where it is shown."""

    def les_tilstand() -> tjeneste.Tilstand | None:
        bruk = gjeldende_bruk() if gjeldende_aktor_eller_ingen() else None
        return tjeneste.tilstand(bruk) if bruk else None

    return {"laasen": LocalProxy(les_tilstand), "sesjonsbruk": LocalProxy(gjeldende_bruk)}


@blp.app_template_filter()
def klokkeslett(tidspunkt: datetime | str) -> str:
    """The time of day in Oslo, as a field of type time has it. A text is a moment by ISO 8601, with offset."""
    if isinstance(tidspunkt, str):
        tidspunkt = datetime.fromisoformat(tidspunkt)
    return tidspunkt.astimezone(OSLO).strftime("%H:%M")


# --- whether somebody is there ---------------------------------------------------------------------------


@blp.get("/sesjon/laas", endpoint="laasetilstand")
def tilstand() -> Response:
    """When the screen locks itself, and whether it is locked: asked for by a page that shows, or is, the lock."""
    return _som_json(_bruk())


@blp.post("/sesjon/aktiv", endpoint="aktiv")
def aktiv() -> Response:
    """Somebody is there: the door has noted the use of the session. At most once a minute from each page."""
    return _tilstand_naa()


# --- locking and opening ---------------------------------------------------------------------------------


@blp.get("/laas", endpoint="laas")
def side() -> Any:
    """The lock as a page, where there is no JavaScript and after a reload."""
    inn = les(LaasInn, request.args)
    neste = trygg_adresse(inn["neste"])
    if not er_laast():
        return redirect(neste)
    return _vis_laas(neste, tapt=inn["tapt"])


def _vis_laas(neste: str, *, tapt: bool = False, utkast: str = "", feil: PortalError | None = None) -> str:
    a = gjeldende_aktor()
    return render_template(
        "identitet/laas.html",
        # The frame then shows nobody's menu.
        aktor=None,
        hvem=a,
        bruk=_bruk(),
        neste=neste,
        tapt=tapt,
        utkast=utkast,
        verdier={},
        **feltfeil(feil),
    )


@blp.post("/laas/skjermen", endpoint="laas_skjermen")
def laas_skjermen() -> Any:
    tjeneste.laas(gjeldende_aktor())
    return _tilstand_naa() if vil_ha_json() else redirect(url_for("identitet.laas", neste=_forrige()), 303)


def _forrige() -> str:
    """The page that was open, by what the browser says of it."""
    deler = urlsplit(request.referrer or "")
    sti = f"{deler.path}?{deler.query}" if deler.query else deler.path
    return trygg_adresse(sti) if deler.netloc == request.host and not sti.startswith("/laas") else "/"


@blp.post("/laas/opp", endpoint="laas_opp")
@limiter.limit("30 per minute")
def laas_opp() -> Any:
    """Opens the screen, and goes on to where one was, or to the form that was sent meanwhile."""
    verdier = skjemadata()
    utkast, neste = (
        verdier.get("utkast", ""),
        trygg_adresse(verdier.get("neste", "/")),
    )
    try:
        inn = les(LaasOppInn, verdier)
        # Asked for also where the screen is open by now: a page that locked itself without contact opens with it.
        tjeneste.laas_opp(gjeldende_aktor(), inn["bevis"], kilde=request.remote_addr or "")
    except (UgyldigData, ForMange) as feil:
        if vil_ha_json():
            raise
        return _vis_laas(neste, utkast=utkast, feil=feil), feil.status
    if vil_ha_json():
        return _tilstand_naa()
    funnet = _aapne_utkast(utkast)
    if funnet is None:
        return redirect(neste, 303)
    return _vis_utkast(funnet)


def _vis_utkast(utkast: Mapping[str, Any]) -> str:
    """The form again, to be sent by who sits here now."""
    vist = [verdi for navn, verdi in utkast["felter"] if verdi.strip() and navn not in _USETT]
    return render_template("identitet/laas_utkast.html", **utkast, vist=vist)


# --- a form that came while the screen was locked --------------------------------------------------------


@blp.post("/laas/utkast", endpoint="laas_utkast")
def utkast() -> Any:
    """Where a form lands that was sent while the screen was locked (the door sends it on, 307)."""
    maal = trygg_adresse(les(LaasInn, request.args)["neste"])
    felter = [(n, v) for n, verdier in request.form.lists() for v in verdier if n != "csrf_token"]
    if any(ord_ in navn for navn, _verdi in felter for ord_ in _HEMMELIG):
        return (_vis_laas(_forrige(), tapt=True), 423) if er_laast() else redirect("/", 303)
    if not er_laast():
        # Opened meanwhile, in another window: what was typed is offered at once.
        return _vis_utkast({"maal": maal, "felter": felter})
    return _vis_laas(_forrige(), utkast=_forsegl(maal, felter)), 423


def _segl() -> Fernet:
    """Good for this session alone."""
    noekkel = hmac.new(innstillinger().hemmelighet.encode(), f"laas:{_sesjon()}".encode(), hashlib.sha256)
    return Fernet(base64.urlsafe_b64encode(noekkel.digest()))


def _sesjon() -> object:
    return gjeldende_aktor().sesjon_id


def _forsegl(maal: str, felter: list[tuple[str, str]]) -> str:
    return _segl().encrypt(orjson.dumps({"maal": maal, "felter": felter})).decode()


def _aapne_utkast(forseglet: str) -> Mapping[str, Any] | None:
    """What was sealed in this session; anything else counts for nothing."""
    if not forseglet:
        return None
    try:
        aapnet: Mapping[str, Any] = orjson.loads(_segl().decrypt(forseglet.encode()))
    except InvalidToken:
        return None
    return aapnet


# --- the shift -------------------------------------------------------------------------------------------


@blp.post("/laas/vakt", endpoint="vakt")
def vakt() -> Any:
    """«Vakten min varer til kl. …»: the next time it is that o'clock in Oslo."""
    verdier = skjemadata()
    tilbake = trygg_adresse(verdier.get("neste") or _forrige())
    try:
        inn = les(VaktInn, verdier)
        til = _neste_gang(inn["til"]) if inn["til"] else None
        tjeneste.sett_vakt(gjeldende_aktor(), til)
    except UgyldigData as feil:
        if vil_ha_json():
            raise
        flash(" ".join(t for tekster in feltfeil(feil)["feil"].values() for t in tekster), "warning")
        return redirect(tilbake, 303)
    if vil_ha_json():
        return _tilstand_naa()
    flash(
        _("Du blir innlogget til vakten slutter %(tid)s.", tid=klokke(til))
        if til
        else _("Vakten er tatt bort. Innloggingen slutter til vanlig tid."),
        "success",
    )
    return redirect(tilbake, 303)


def _neste_gang(klokkeslett: time) -> datetime:
    """The next moment that clocks in Oslo show it. In October an hour comes twice: its second time (`fold`) too."""
    naa = now()
    i_dag = naa.astimezone(OSLO).date()
    ganger = (
        datetime.combine(i_dag + timedelta(days=dager), klokkeslett.replace(fold=fold), OSLO).astimezone(UTC)
        for dager in (0, 1)
        for fold in (0, 1)
    )
    return next(gang for gang in ganger if gang > naa)
