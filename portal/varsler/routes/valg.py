"""«Varslene mine»: one's channels, what each is used for, quiet hours, and the proof that somebody can be woken."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from flask import Response, current_app, flash, redirect, render_template, request, url_for

from portal.core.errors import ForMange, IkkeFunnet, PortalError, UgyldigData
from portal.core.sprak import _
from portal.core.web import aktor, feltfeil, json_svar, les, limiter, skjemadata, vil_ha_json
from portal.varsler import port, push
from portal.varsler.models import HASTEGRADER, Kanal
from portal.varsler.routes.felles import blp
from portal.varsler.schemas import (
    NavnInn,
    NettleserbytteInn,
    NettleserInn,
    NummerInn,
    RoInn,
    TomtInn,
    ValgInn,
)
from portal.varsler.service import kanaler

#: Where the service worker stands: its address is the root's, or it would not reach the whole portal.
TJENESTEARBEIDER = "tjenestearbeider.js"


@blp.get("/varsler/valg")
def valg() -> str:
    """One's own notices: channels, choices, quiet hours."""
    return _vis()


def _vis(feil: PortalError | None = None, *, skjema: str = "", verdier: dict[str, Any] | None = None) -> str:
    """The page; `skjema` names the form that was refused, whose values and errors are shown."""
    a = aktor()
    oppsett = kanaler.hent_oppsett(a)
    return render_template(
        "varsler/valg.html",
        kanaler=kanaler.hent_kanaler(a),
        vekking=kanaler.hent_vekking(a),
        oppsett=oppsett,
        hastegrader=HASTEGRADER,
        alle_kanaler=list(Kanal),
        satt_opp={str(k) for k in Kanal if port.er_satt_opp(k)},
        noekkel=push.offentlig_noekkel(),
        skjema=skjema,
        verdier=verdier or {},
        **feltfeil(feil),
    )


def _tilbake(anker: str = "") -> Any:
    return redirect(url_for("varsler.valg", _anchor=anker or None), 303)


@blp.post("/varsler/kanaler")
@limiter.limit("20 per minute")
def legg_til_nummer() -> Any:
    """A telephone number for text messages or calls."""
    verdier = skjemadata()
    try:
        inn = les(NummerInn, verdier)
        kanal = Kanal(inn["kanal"])
        if not port.er_satt_opp(kanal):
            raise UgyldigData(felter={"kanal": [_("Portalen er ikke satt opp for dette.")]})
        kanaler.legg_til(aktor(), kanal, inn["nummer"], navn=inn["navn"].strip())
    except UgyldigData as feil:
        return _vis(feil, skjema="nummer", verdier=verdier), feil.status
    flash(_("Nummeret er lagt til. Prøv det, så vet du at det virker."), "success")
    return _tilbake("kanaler")


@blp.post("/varsler/kanaler/nettleser")
@limiter.limit("20 per minute")
def legg_til_nettleser() -> Any:
    """This browser: sent by frontend/lib/varslenemine.js, which alone can ask the browser for its address."""
    inn = les(NettleserInn, skjemadata())
    id_ = kanaler.legg_til(
        aktor(),
        Kanal.PUSH,
        inn["adresse"],
        navn=inn["navn"].strip(),
        data={"p256dh": inn["p256dh"], "auth": inn["auth"]},
    )
    return json_svar({"id": str(id_)}, 201) if vil_ha_json() else _tilbake("kanaler")


@blp.get("/varsler/kanaler/nettleser")
def nettlesernoekkel() -> Response:
    """What the service worker needs to subscribe anew: the portal's public key, and a token for its POST."""
    from flask_wtf.csrf import generate_csrf

    return json_svar({"noekkel": push.offentlig_noekkel(), "csrf": generate_csrf()})


@blp.post("/varsler/kanaler/nettleser/bytt")
@limiter.limit("20 per minute")
def bytt_nettleser() -> Any:
    """The browser has been given another address (`pushsubscriptionchange`)."""
    inn = les(NettleserbytteInn, skjemadata())
    data = {"p256dh": inn["p256dh"], "auth": inn["auth"]}
    kanaler.bytt_nettleser(aktor(), inn["gammel"], inn["adresse"], data)
    return "", 204


@blp.post("/varsler/kanaler/<uuid:kanal_id>/fjern")
def fjern_kanal(kanal_id: UUID) -> Any:
    les(TomtInn, skjemadata())
    kanaler.fjern(aktor(), kanal_id)
    flash(_("Kanalen er fjernet."), "success")
    return _tilbake("kanaler")


@blp.post("/varsler/kanaler/<uuid:kanal_id>/navn")
def navngi_kanal(kanal_id: UUID) -> Any:
    try:
        kanaler.navngi(aktor(), kanal_id, les(NavnInn, skjemadata())["navn"].strip())
    except UgyldigData as feil:
        return _vis(feil, skjema=f"navn-{kanal_id}"), feil.status
    return _tilbake("kanaler")


@blp.post("/varsler/kanaler/epost/proev")
@limiter.limit("20 per minute")
def proev_epost() -> Any:
    """A test to the e-mail address of the login."""
    return _proev(None)


@blp.post("/varsler/kanaler/<uuid:kanal_id>/proev")
@limiter.limit("20 per minute")
def proev_kanal(kanal_id: UUID) -> Any:
    """A test to one of the channels."""
    return _proev(kanal_id)


def _proev(kanal_id: UUID | None) -> Any:
    les(TomtInn, skjemadata())
    try:
        kanaler.proev(aktor(), kanal_id)
    except ForMange as feil:
        return _vis(feil, skjema="proev"), feil.status
    return _tilbake(f"kanal-{kanal_id or 'epost'}")


@blp.post("/varsler/valg")
def sett_valg() -> Any:
    """Which channels each urgency goes by."""
    data = {h: request.form.getlist(h) for h in HASTEGRADER}
    ukjente = {k: v for k, v in request.form.items() if k not in data}
    try:
        kanaler.sett_valg(aktor(), les(ValgInn, {**ukjente, **data}))
    except UgyldigData as feil:
        return _vis(feil, skjema="valg", verdier=data), feil.status
    flash(_("Valgene er lagret."), "success")
    return _tilbake("valg")


@blp.post("/varsler/ro")
def sett_ro() -> Any:
    """Quiet hours, and whether the canary may wake."""
    verdier = skjemadata()
    try:
        kanaler.sett_ro(aktor(), **les(RoInn, verdier))
    except UgyldigData as feil:
        return _vis(feil, skjema="ro", verdier=verdier), feil.status
    flash(_("Hviletiden er lagret."), "success")
    return _tilbake("ro")


@blp.get("/sw.js")
def tjenestearbeider() -> Response:
    """The service worker: code without a secret, so that browsers may look for a newer one when nobody is logged in."""
    dist = Path(current_app.static_folder or "") / "dist"
    try:
        navn = orjson.loads((dist / "manifest.json").read_bytes())[TJENESTEARBEIDER]
        kode = (dist / navn).read_bytes()
    except (OSError, KeyError):
        raise IkkeFunnet() from None
    return Response(
        kode, content_type="text/javascript; charset=utf-8", headers={"Service-Worker-Allowed": "/"}
    )
