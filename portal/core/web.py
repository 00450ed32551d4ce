"""The web layer that all rooms share: default deny, errors, security headers, language, and what templates may call."""

from __future__ import annotations

import importlib
import os
import pkgutil
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import orjson
import structlog
from babel.dates import format_timedelta
from flask import (
    Flask,
    Request,
    Response,
    current_app,
    flash,
    has_request_context,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import Babel, format_date, get_locale
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError, generate_csrf
from markupsafe import Markup
from marshmallow import Schema, ValidationError
from webargs import missing
from webargs.flaskparser import FlaskParser, is_json_request
from werkzeug.exceptions import HTTPException

from portal.core import maltekst
from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.errors import (
    ForMange,
    IkkeFunnet,
    IkkeInnlogget,
    IkkeTilgang,
    Laast,
    PortalError,
    UgyldigData,
)
from portal.core.maltekst import etikett
from portal.core.sprak import SPRAAK, _, _l, klokkeslett, kortdag, tusen
from portal.core.telefon import lesbart

logg = structlog.get_logger(__name__)

#: The only endpoints that answer without a login. Everything else is refused before its function runs.
UTEN_INNLOGGING = frozenset(
    {
        *(
            "static",
            "helse.lever",
            "helse.klar",
            "helse.eskalering",
            "helse.figurer",
            "identitet.innlogging",
            "identitet.spraak",
            "identitet.sesjon",
            "varsler.tjenestearbeider",
            # The gateway proves itself by its signature; whoever acknowledges, by the token of the notice.
            "varsler.kvitter",
            "varsler.svar",
        ),
        # Between password and login; and for who has none to log in with.
        *(
            "identitet.andre_trinn",
            "identitet.oppsett_av_totrinn",
            "identitet.glemt_passord",
            "identitet.lenke",
        ),
        # A calendar program has no login: the secret of the address is one (`vakt/service/feed.py`).
        "vakt.feed",
        # Nor has who stands in the register of those outside the service (`omdisponering/service/samtykke.py`).
        "omdisponering.samtykke",
    }
)
#: The only endpoints that answer while the screen is locked: what answers nobody at all, and what the lock needs.
LAAST_TILLATT = UTEN_INNLOGGING | {
    *("identitet.laas", "identitet.laas_skjermen", "identitet.laas_opp", "identitet.laas_utkast"),
    *("identitet.laasetilstand", "identitet.utlogging", "henvendelser.vaktmodus"),
}
#: A form of this size that comes while the screen is locked is kept until it is opened (bytes, as sent).
STOERSTE_UTKAST = 100_000


@dataclass(frozen=True, slots=True)
class StortSkjema:
    """A form that holds a whole document. `stoerst`: bytes of it that are kept over the lock; `borte`: what is said to
    who was logged out before it was sent, and has to begin anew."""

    stoerst: int
    borte: Any


#: {address: its form}. Filled by the rooms.
STORE_SKJEMAER: dict[str, StortSkjema] = {}
#: Our own modules say whether they fetch by themselves (1) or because a person did something (0).
BAKGRUNN = "X-Bakgrunn"


def _hvem() -> str:
    """Who is counted: each person alone, since a whole hospital sits behind one address; nobody's by address."""
    aktor = _hent_aktor()
    return str(aktor.person_id) if aktor is not None and aktor.person_id else get_remote_address()


csrf = CSRFProtect()
babel = Babel()
limiter = Limiter(key_func=_hvem, default_limits=["1200 per minute"])
#: The language of an event that is no HTTP request.
spraak_utenfor: ContextVar[str | None] = ContextVar("portal_spraak", default=None)
_hent_aktor: Callable[[], Aktor | None] = lambda: None  # noqa: E731 - replaced by `sett_opp`
_er_laast: Callable[[], bool] = lambda: False  # noqa: E731 - replaced by `sett_opp`


def aktor() -> Aktor:
    """The actor of this request. Raises IkkeInnlogget when nobody is logged in."""
    funnet = _hent_aktor()
    if funnet is None:
        raise IkkeInnlogget()
    return funnet


def aktor_eller_ingen() -> Aktor | None:
    return _hent_aktor()


def er_laast() -> bool:
    """Whether the screen that sent this request is locked."""
    return _er_laast()


def er_bakgrunn() -> bool:
    """Whether a page has fetched this by itself: nobody has done anything."""
    return request.headers.get(BAKGRUNN) == "1"


def sett_opp(app: Flask, hent_aktor: Callable[[], Aktor | None], er_laast: Callable[[], bool]) -> None:
    """Puts the shared web layer on the app. `hent_aktor` gives the actor of the running request, or None."""
    global _hent_aktor, _er_laast
    _hent_aktor, _er_laast = hent_aktor, er_laast
    csrf.init_app(app)
    babel.init_app(app, locale_selector=velg_spraak)
    maltekst.sett_opp(app.jinja_env)
    limiter.init_app(app)
    app.before_request(_krev_innlogging)
    app.after_request(_sikkerhetshoder)
    app.register_error_handler(PortalError, _vis_feil)
    app.register_error_handler(HTTPException, _vis_http_feil)
    app.register_error_handler(Exception, _vis_uventet)
    app.add_template_filter(tid)
    app.add_template_filter(klokke)
    app.add_template_filter(dag)
    app.add_template_filter(kortdag)
    app.add_template_filter(lesbart)
    app.add_template_filter(tusen)
    app.context_processor(_i_alle_maler)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


# --- default deny ----------------------------------------------------------------------------------------


def _krev_innlogging() -> None:
    if request.endpoint in UTEN_INNLOGGING:
        return
    if _hent_aktor() is None:
        if request.endpoint is not None:
            raise IkkeInnlogget()
    elif request.endpoint not in LAAST_TILLATT and _er_laast():
        raise Laast()


def _sikkerhetshoder(svar: Response) -> Response:
    svar.headers["Content-Security-Policy"] = (
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    svar.headers["X-Content-Type-Options"] = "nosniff"
    svar.headers.setdefault("Referrer-Policy", "same-origin")
    svar.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    svar.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
    if current_app.config["SESSION_COOKIE_SECURE"]:
        svar.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if request.endpoint == "static":
        if request.path.startswith("/static/dist/") and "-" in request.path.rsplit("/", 1)[-1]:
            svar.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    else:
        # Clinical text must not stay in a shared computer's cache after logout.
        svar.headers["Cache-Control"] = "no-store"
    return svar


# --- errors ----------------------------------------------------------------------------------------------


def vil_ha_json() -> bool:
    """API clients and our own modules ask for JSON; a browser that navigates does not."""
    api = request.path.startswith("/api/") and request.endpoint != "api_dokumentasjon"
    return api or (
        request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"
    )


def json_svar(data: Any, status: int = 200, mimetype: str = "application/json") -> Response:
    return Response(orjson.dumps(data), status=status, mimetype=mimetype)


def _vis_feil(feil: PortalError) -> Any:
    if vil_ha_json() or (isinstance(feil, Laast) and BAKGRUNN in request.headers):
        kropp = {"type": "about:blank", "status": feil.status, "title": feil.melding, **feil.som_svar()}
        kropp.pop("ok")
        return json_svar(_som_tekst(kropp), feil.status, "application/problem+json")
    if isinstance(feil, IkkeInnlogget):
        if request.method == "GET":
            return current_app.redirect(url_for("identitet.innlogging", neste=_her()))
        stort = STORE_SKJEMAER.get(request.path)
        flash(str(stort.borte) if stort else feil.melding, "warning")
        return current_app.redirect(url_for("identitet.innlogging"))
    if isinstance(feil, Laast):
        return _til_laasen()
    return render_template("feil.html", feil=feil), feil.status


def _til_laasen() -> Any:
    """To the lock, and back to the page afterwards. A form follows as it was sent (307), to be kept there."""
    if request.method == "GET":
        return current_app.redirect(url_for("identitet.laas", neste=_her()))
    if request.mimetype == "application/x-www-form-urlencoded" and (
        (request.content_length or 0) <= stoerste_utkast(request.path)
    ):
        return current_app.redirect(url_for("identitet.laas_utkast", neste=request.path), 307)
    return current_app.redirect(url_for("identitet.laas", tapt=1), 303)


def stoerste_utkast(adresse: str) -> int:
    """Bytes of a form to this address that are kept when it comes while the screen is locked."""
    stort = STORE_SKJEMAER.get(adresse)
    return stort.stoerst if stort else STOERSTE_UTKAST


def stoerst_innpakket() -> int:
    """Bytes of a form that carries one of these as a field. Sealed, or as JSON that is encoded once more, it is a third
    larger, and its fields stand in quotes: never twice what was sent."""
    return max([2 * STOERSTE_UTKAST, *(2 * s.stoerst for s in STORE_SKJEMAER.values())])


def slipp_fram(stoerst: int) -> None:
    """Lets this request be of so many bytes: said before its form is read, so in a `url_value_preprocessor`. Never
    lowers what all may send."""
    request.max_content_length = max(stoerst, request.max_content_length or 0)
    request.max_form_memory_size = max(stoerst, request.max_form_memory_size or 0)


def _her() -> str | None:
    sti = request.full_path.rstrip("?")
    return sti if sti not in ("/", "") else None


def _som_tekst(verdi: Any) -> Any:
    """Plain JSON data: lazy texts become texts."""
    if isinstance(verdi, Mapping):
        return {str(k): _som_tekst(v) for k, v in verdi.items()}
    if isinstance(verdi, (list, tuple)):
        return [_som_tekst(v) for v in verdi]
    if verdi is None or isinstance(verdi, (str, int, float, bool)):
        return verdi
    return str(verdi)


som_tekst = _som_tekst

_HTTP: dict[int, tuple[str, Any]] = {
    400: ("ugyldig", _l("Forespørselen kunne ikke leses. Gå tilbake og prøv en gang til.")),
    404: ("ikke_funnet", IkkeFunnet.standard),
    405: ("feil_metode", _l("Dette kan ikke gjøres på denne adressen. Gå tilbake og prøv en gang til.")),
    413: ("for_stor", _l("Det du sendte, er for stort. Kort det ned, eller del det opp.")),
    415: ("feil_type", _l("Innholdet har feil type. Send det som JSON.")),
    429: ("for_mange", ForMange.standard),
}


def _vis_http_feil(feil: HTTPException) -> Any:
    if feil.code is not None and feil.code < 400:
        return feil
    if isinstance(feil, CSRFError):
        return _vis_feil(
            IkkeTilgang(
                _l("Siden har stått åpen for lenge. Gå tilbake, last den på nytt og send igjen."), kode="csrf"
            )
        )
    data = getattr(feil, "data", None) or {}
    if feil.code == 422 and "messages" in data:
        return _vis_feil(_fra_webargs(data["messages"]))
    kode, melding = _HTTP.get(feil.code or 500, ("feil", PortalError.standard))
    portalfeil = PortalError(melding, kode=kode)
    portalfeil.status = feil.code or 500
    svar = current_app.make_response(_vis_feil(portalfeil))
    for navn in ("Retry-After", "Allow"):
        for verdi in [v for k, v in feil.get_headers() if k == navn]:
            svar.headers[navn] = verdi
    return svar


def _fra_webargs(meldinger: Mapping[str, Any]) -> UgyldigData:
    felter: dict[str, Any] = {}
    for sted in meldinger.values():
        felter.update(som_felter(sted))
    return UgyldigData(felter=felter)


def _vis_uventet(feil: Exception) -> Any:
    # The rule and not the path: an address may hold a secret (a link that counts once).
    logg.exception("uventet_feil", rute=str(request.url_rule), endepunkt=request.endpoint)
    if current_app.config.get("PROPAGATE_EXCEPTIONS"):
        raise feil
    uventet = PortalError(_l("Noe gikk galt hos oss. Det du skrev, er ikke lagret. Prøv igjen om litt."))
    uventet.status, uventet.kode = 500, "intern_feil"
    try:
        return _vis_feil(uventet)
    except Exception:
        # The frame of a page asks the database who is here: when that is what is away, the words must do alone.
        return Response(
            Markup(
                '<!doctype html><html lang="{}"><meta charset="utf-8"><title>Samhandlingsportalen</title>'
                "<h1>{}</h1><p>{}</p><p>{} 113</p></html>"
            ).format(get_locale(), _("Noe gikk galt hos oss"), uventet.melding, _("Fare for liv: ring")),
            uventet.status,
        )


def hent_sider(pakke: ModuleType) -> None:
    """Imports every module of a room's `routes` package, so that the blueprint knows their pages."""
    for modul in pkgutil.iter_modules(pakke.__path__, f"{pakke.__name__}."):
        importlib.import_module(modul.name)


# --- the API's own pages ---


class Jsonleser(FlaskParser):
    """Reads the body of an API request with the JSON of the socket: one that nests too deep, or holds a number of
    thousands of digits, is unreadable (400) and no fault of ours."""

    def _raw_load_json(self, req: Request) -> Any:
        return orjson.loads(req.get_data()) if is_json_request(req) and req.get_data() else missing


def sett_opp_api(app: Flask, api: Any) -> None:
    """The readable page of the API beside its OpenAPI document. Its errors are ours, not the library's."""
    app.register_error_handler(HTTPException, _vis_http_feil)

    @app.get("/api/v1/docs")
    def api_dokumentasjon() -> str:
        return render_template("api/docs.html", spek=api.spec.to_dict())


# --- forms -----------------------------------------------------------------------------------------------


def les(skjema: Schema | type[Schema], data: Mapping[str, Any]) -> dict[str, Any]:
    """Loads and validates. Raises UgyldigData with the field errors, in the user's language."""
    try:
        lest = (skjema() if isinstance(skjema, type) else skjema).load(data)
    except ValidationError as feil:
        raise UgyldigData(felter=som_felter(feil.messages)) from None
    assert isinstance(lest, dict)
    return lest


def som_felter(meldinger: Any) -> dict[str, Any]:
    """marshmallow's messages as {field: [text]}; form-wide ones under ""."""
    if not isinstance(meldinger, Mapping):
        return {"": _liste(meldinger)}
    return {("" if k == "_schema" else k): _liste(v) for k, v in meldinger.items()}


def _liste(verdi: Any) -> Any:
    """One message or several, always a list: the library gives both."""
    if isinstance(verdi, Mapping):
        return {k: _liste(v) for k, v in verdi.items()}
    return list(verdi) if isinstance(verdi, (list, tuple)) else [verdi]


def skjemadata() -> dict[str, str]:
    """The submitted form, one value a field; a field that comes twice is refused."""
    data = {}
    for navn, verdier in request.form.lists():
        if len(verdier) > 1:
            raise UgyldigData(felter={navn: [_l("Dette feltet er sendt to ganger.")]})
        data[navn] = verdier[0]
    return data


def skjema_med_lister(*lister: str) -> tuple[dict[str, str], dict[str, list[str]]]:
    """The form's single fields, and those that come once for each choice. Raises UgyldigData for a field sent twice."""
    enkle = {navn: verdi for navn, verdi in request.form.items() if navn not in lister}
    if any(len(request.form.getlist(navn)) > 1 for navn in enkle):
        raise UgyldigData()
    return enkle, {navn: request.form.getlist(navn) for navn in lister}


def feltfeil(feil: PortalError | None) -> dict[str, Any]:
    """The errors as the form macros want them: {field: [texts]}, "" for the form as a whole."""
    if feil is None:
        return {"feil": {}}
    felter = som_tekst(feil.detaljer.get("felter", {}))
    ut = {
        k: [str(x) for x in (v.values() if isinstance(v, Mapping) else _liste(v))] for k, v in felter.items()
    }
    return {"feil": ut or {"": [feil.melding]}}


# --- language --------------------------------------------------------------------------------------------


def velg_spraak() -> str:
    """The language: chosen in this session, else the person's own, else the browser's, else bokmål."""
    if not has_request_context():
        return spraak_utenfor.get() or "nb"
    valgt = session.get("spraak")
    if valgt in SPRAAK:
        return str(valgt)
    # Browsers also say «no»; that is bokmål here.
    return request.accept_languages.best_match([*SPRAAK, "no"], "nb").replace("no", "nb")


# --- templates -------------------------------------------------------------------------------------------


def klokke(tidspunkt: datetime | str | None) -> str:
    """The moment on the wall clock in Oslo: «21. nov. kl. 20:05», with the year when it is another.

    A text is a moment as the protocol writes it (ISO 8601 with offset).
    """
    if not tidspunkt:
        return ""
    if isinstance(tidspunkt, str):
        tidspunkt = datetime.fromisoformat(tidspunkt)
    return klokkeslett(tidspunkt)


def dag(dato: date) -> str:
    """A day in the order that people here write it, also in English: «24. nov. 2026», «24 Nov 2026»."""
    return format_date(dato, "d MMM y" if str(get_locale()) == "en" else "d. MMM y", rebase=False)


def tid(tidspunkt: datetime | None) -> Markup:
    """«for 3 min siden», with the exact time on hover; the browser keeps it fresh."""
    if tidspunkt is None:
        return Markup("")
    siden = tidspunkt - now()
    # Babel rounds (52 minutes become an hour): it is given whole units that have passed, as tidsord.js counts.
    sekunder = int(abs(siden.total_seconds()))
    enhet = next((e for e in (31_536_000, 2_592_000, 604_800, 86_400, 3_600, 60) if sekunder >= e), 0)
    if enhet:
        hele = timedelta(seconds=sekunder // enhet * enhet) * (-1 if siden < timedelta(0) else 1)
        spraak = get_locale() or "nb"
        tekst = format_timedelta(hele, threshold=1, add_direction=True, format="short", locale=spraak)
    else:
        tekst = _("nå")
    return Markup('<time datetime="{}" title="{}" data-tid>{}</time>').format(
        tidspunkt.isoformat(timespec="seconds").replace("+00:00", "Z"), klokke(tidspunkt), tekst
    )


@lru_cache(maxsize=1)
def _manifest(fil: str, endret: int) -> dict[str, str]:
    return dict(orjson.loads(Path(fil).read_bytes()))


@lru_cache(maxsize=64)
def _adresse(_hos: str, navn: str) -> str:
    return url_for("static", filename=f"dist/{navn}")


def statisk(navn: str) -> str:
    """The address of a built file, by its name before hashing."""
    # For every icon of a page: the file is asked for its age alone (2 µs), as text; a `Path` costs five times that.
    fil = f"{current_app.static_folder}/dist/manifest.json"
    try:
        navn = _manifest(fil, os.stat(fil).st_mtime_ns).get(navn, navn)
    except FileNotFoundError:
        logg.error("front_end_not_built", mend="make run, or node frontend/bygg.mjs")
    return _adresse(f"{fil} {request.script_root}", navn)


def _i_alle_maler() -> dict[str, Any]:
    return {
        "aktor": aktor_eller_ingen(),
        "spraak": SPRAAK,
        "aktivt_spraak": str(get_locale() or "nb"),
        "csrf_token": generate_csrf,
        "statisk": statisk,
        "modus_demo": current_app.config["INNSTILLINGER"].demo,
        "regel_2032": current_app.config["INNSTILLINGER"].regel_2032,
        "etikett": etikett,
        "fagnavn": lambda kode: etikett("fagomraade", kode),
        "rollenavn": lambda kode: etikett("rolle", kode),
        "naa": now(),
    }
