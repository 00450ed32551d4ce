"""The web side of the login: Flask-Login on top of the server's own sessions, and Bearer tokens for the API.

The browser's signed cookie holds a random token and nothing about the person; who that is, and whether it
still counts, is read from the database once a request.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Request, current_app, g, request, session
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from flask_wtf import CSRFProtect
from werkzeug.exceptions import HTTPException
from werkzeug.local import LocalProxy
from werkzeug.routing import RoutingException
from werkzeug.wrappers import Response

from portal.core.aktor import Aktor
from portal.core.config import innstillinger
from portal.core.errors import IkkeInnlogget
from portal.core.sprak import _
from portal.core.web import er_bakgrunn
from portal.identitet import steps
from portal.identitet.ord import ETIKETTER
from portal.identitet.service import oekter, rollebytte
from portal.identitet.service.oekter import Innlogging
from portal.identitet.sesjonsbruk import Sesjonsbruk
from portal.identitet.sperre import KJENT_I

ENHETSKAPSEL = "kjent_enhet"


class Bruker(UserMixin):
    """What Flask-Login calls a user: the actor, known by the session's token."""

    def __init__(self, aktor: Aktor, token: str = "") -> None:
        self.aktor = aktor
        self.token = token

    def get_id(self) -> str:
        return self.token


def sett_opp(app: Flask) -> None:
    """Puts the login on the app. The shared web layer denies by default; this tells it who is there."""
    laster = LoginManager()
    # The server's session is the protection; Flask-Login's would log out whose phone changes network.
    laster.session_protection = None
    laster.init_app(app, add_context_processor=False)
    laster.user_loader(_fra_token)
    laster.request_loader(_fra_bearer)
    app.before_request(_roer_sesjonen)
    app.context_processor(_i_maler)
    # A Bearer token is no cookie: another site cannot make the browser send it, so CSRF has no hold there.
    # The global check is replaced by one that lets exactly those requests through.
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    app.before_request(_krev_csrf)


def er_tjenestekall(req: Request) -> bool:
    """An API request that brings a Bearer token. The cookie then counts for nothing, valid or not."""
    return req.path.startswith("/api/") and req.headers.get("Authorization", "").lower().startswith("bearer ")


def _krev_csrf() -> None:
    csrf: CSRFProtect | None = current_app.extensions.get("csrf")
    if csrf is not None and current_app.config["WTF_CSRF_ENABLED"] and not er_tjenestekall(request):
        csrf.protect(apply_exemptions=True)


def _fra_token(token: str) -> Bruker | None:
    if er_tjenestekall(request):
        return None
    bruk = steps.sesjonsbruk(token)
    if bruk is None:
        return None
    g.sesjonsbruk = bruk
    return Bruker(bruk.aktor, token)


def _fra_bearer(req: Request) -> Bruker | None:
    if not er_tjenestekall(req):
        return None
    aktor = steps.aktor_fra_tjenestetoken(req.headers["Authorization"][7:].strip())
    return Bruker(aktor) if aktor else None


def gjeldende_aktor_eller_ingen() -> Aktor | None:
    """Who sent this request, or None."""
    # The user itself: each look through Flask-Login's stand-in asks again who it is.
    bruker: Any = current_user._get_current_object()
    return bruker.aktor if bruker and bruker.is_authenticated else None


def gjeldende_aktor() -> Aktor:
    """Who sent this request. Raises IkkeInnlogget when nobody is logged in."""
    aktor = gjeldende_aktor_eller_ingen()
    if aktor is None:
        raise IkkeInnlogget()
    return aktor


def _roer_sesjonen() -> None:
    """Before anything else is read: a write ends the read transaction of the request."""
    if request.endpoint == "static" or request.blueprint == "helse":
        return
    aktor, bruk = gjeldende_aktor_eller_ingen(), gjeldende_bruk()
    if aktor is None or bruk is None or bruk.laast:
        return
    brukt = not er_bakgrunn()
    if bruk.byttet or (brukt and bruk.gammel):
        oekter.roer_sesjon(aktor, brukt=brukt)


def gjeldende_bruk() -> Sesjonsbruk | None:
    """The session of this request, as it was when the request came; None without one."""
    bruk: Sesjonsbruk | None = g.get("sesjonsbruk") if gjeldende_aktor_eller_ingen() else None
    return bruk


def er_laast() -> bool:
    """Whether the screen that sent this request is locked."""
    bruk = gjeldende_bruk()
    return bruk is not None and bruk.laast


# --- the browser's session -------------------------------------------------------------------------------


def begynn(innlogging: Innlogging, svar: Response) -> None:
    """Binds a login to the browser: everything from before it is dropped (session fixation)."""
    # Chosen on the login page, else the person's own: not that of whoever used the computer before.
    spraak = session.get("spraak") if session.get("spraak_valgt") else innlogging.spraak
    session.clear()
    session["spraak"] = spraak
    login_user(Bruker(innlogging.aktor, innlogging.token))
    svar.set_cookie(
        ENHETSKAPSEL,
        innlogging.enhetskapsel,
        max_age=int(KJENT_I.total_seconds()),
        path="/innlogging",
        secure=innstillinger().sikker_kapsel,
        httponly=True,
        samesite="Lax",
    )


def avslutt() -> None:
    """Empties the browser's session but for the language."""
    spraak = session.get("spraak")
    logout_user()
    session.clear()
    if spraak:
        session["spraak"] = spraak


# --- what templates need ---------------------------------------------------------------------------------


def rolletekst(aktor: Aktor) -> str:
    """A membership in one line: «Lege i kommunen, Alta legevakt»."""
    sted = aktor.organisasjon_navn
    if aktor.enhet_navn:
        sted = aktor.enhet_navn if sted in aktor.enhet_navn else f"{aktor.enhet_navn}, {sted}"
    return f"{ETIKETTER['rolle'][aktor.rolle]}, {sted}" if aktor.rolle else sted


def medlemskapsliste(aktor: Aktor | None) -> list[dict[str, Any]]:
    """The roles to choose between in the header; none for a service account, which has no session."""
    if aktor is None or aktor.person_id is None or aktor.sesjon_id is None:
        return []
    # Those that came with the session. A form may have changed them: what is shown after it is read anew.
    bruk = gjeldende_bruk() if request.method == "GET" else None
    return [
        {"id": str(r.medlemskap_id), "tekst": rolletekst(r), "aktiv": r.medlemskap_id == aktor.medlemskap_id}
        for r in (bruk.roller if bruk is not None else steps.gyldige_medlemskap(aktor.person_id))
    ]


def _egne_roller() -> list[dict[str, Any]]:
    if "medlemskapsliste" not in g:
        g.medlemskapsliste = medlemskapsliste(gjeldende_aktor_eller_ingen())
    return list(g.medlemskapsliste)


def _roller_som_aapner(endepunkt: str | None = None) -> list[dict[str, str]]:
    """One's own other roles that open this address, for the page that tells that it is missing; or that open another
    page without arguments, for one that tells what is done there."""
    aktor = gjeldende_aktor_eller_ingen()
    if aktor is None or request.method != "GET" or request.endpoint is None or er_laast():
        return []
    if endepunkt is None:
        roller = rollebytte.finn_roller(aktor, request.blueprint, request.endpoint, request.view_args or {})
    else:
        roller = rollebytte.finn_roller(aktor, endepunkt.rpartition(".")[0], endepunkt, {})
    return [{"id": str(r.medlemskap_id), "tekst": _bytt_og_aapne(r)} for r in roller]


def aapnes_her(aktor: Aktor, lenke: str) -> bool:
    """Whether a path in the portal is one for the role that the actor works in, and not for another of theirs."""
    try:
        endepunkt, argumenter = current_app.url_map.bind("").match(urlsplit(lenke).path, method="GET")
    except (HTTPException, RoutingException):
        return True
    return rollebytte.aapnes_her(aktor, endepunkt.rpartition(".")[0], endepunkt, argumenter)


def _bytt_og_aapne(rolle: Aktor) -> str:
    return _(
        "Bytt til %(rolle)s hos %(sted)s og åpne",
        rolle=str(ETIKETTER["rolle"][str(rolle.rolle)]).lower(),
        sted=rolle.enhet_navn or rolle.organisasjon_navn,
    )


def _i_maler() -> dict[str, Any]:
    # Read when a template asks: the partial pages that the live client fetches have no header.
    return {"medlemskapsliste": LocalProxy(_egne_roller), "roller_som_aapner": _roller_som_aapner}
