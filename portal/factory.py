"""Builds the app: settings, database, sockets, and the rooms in their order."""

from __future__ import annotations

import logging
import sys

import structlog
from flask import Flask
from flask_migrate import Migrate
from flask_smorest import Api
from structlog.tracebacks import ExceptionDictTransformer
from werkzeug.middleware.proxy_fix import ProxyFix

from portal.core import maltekst, realtime, web
from portal.core.config import ROT, Innstillinger, les_innstillinger, sett_innstillinger
from portal.core.db import db, sett_opp_motor

migrate = Migrate()


def create_app(innstillinger: Innstillinger | None = None) -> Flask:
    """The app, ready to serve. Raises Oppsettsfeil when the settings are unsafe or contradict each other."""
    i = innstillinger or les_innstillinger()
    sett_innstillinger(i)
    _sett_opp_logg(i)
    app = Flask("portal", root_path=str(ROT), template_folder="templates", static_folder="static")
    app.config.update(
        INNSTILLINGER=i,
        SECRET_KEY=i.hemmelighet,
        SQLALCHEMY_DATABASE_URI=i.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=_motorvalg(i.database_url),
        SESSION_COOKIE_NAME="portal",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=i.sikker_kapsel,
        MAX_CONTENT_LENGTH=256 * 1024,
        MAX_FORM_PARTS=200,
        WTF_CSRF_TIME_LIMIT=None,
        # The origin is judged by SameSite and the token; a proxy may change the scheme that Referer is held against.
        WTF_CSRF_SSL_STRICT=False,
        BABEL_DEFAULT_LOCALE="nb",
        BABEL_TRANSLATION_DIRECTORIES=str(ROT / "portal" / "translations"),
        BABEL_DEFAULT_TIMEZONE="UTC",
        RATELIMIT_ENABLED=i.modus != "test",
        RATELIMIT_STORAGE_URI=i.redis_url or "memory://",
        # Without Redis each process counts for itself: the pages and the HTTP twins must answer all the same.
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=bool(i.redis_url),
        RATELIMIT_STORAGE_OPTIONS={"socket_connect_timeout": 1, "socket_timeout": 1} if i.redis_url else {},
        API_TITLE="Samhandlingsportalen",
        API_VERSION="v1",
        OPENAPI_VERSION="3.0.3",
        OPENAPI_URL_PREFIX="/api/v1",
        OPENAPI_JSON_PATH="openapi.json",
        DEBUG=i.debug,
    )
    if i.bak_proxy:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=i.bak_proxy, x_proto=i.bak_proxy, x_host=0
        )
    db.init_app(app)
    with app.app_context():
        sett_opp_motor(db.engine)
    migrate.init_app(app, db, directory=str(ROT / "migrations"), compare_type=True)
    _registrer_rom(app, i)
    return app


def _motorvalg(url: str) -> dict[str, object]:
    # An error of the database is logged without the values of its statement, which may be clinical text.
    if url.startswith("sqlite"):
        return {"hide_parameters": True}
    return {
        "hide_parameters": True,
        "pool_pre_ping": True,
        "pool_size": 20,
        "max_overflow": 20,
        "pool_recycle": 1800,
        # A server that vanishes without a word (a fail-over, a firewall) is given up in half a minute. Without this
        # the writer of messages would wait for it for a quarter of an hour.
        "connect_args": {
            "connect_timeout": 10,
            "keepalives_idle": 15,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 20_000,
        },
    }


def _registrer_rom(app: Flask, i: Innstillinger) -> None:
    from portal import cli
    from portal.avtaler import api as avtaler_api
    from portal.avtaler import livsmodeller as _avtaler  # noqa: F401 - its tables
    from portal.avtaler import ord as avtaler_ord
    from portal.avtaler import routes as avtaler_sider
    from portal.avtaler.routes import felles as avtaler
    from portal.avtaler.service import rollebytte as avtaler_rollebytte
    from portal.beredskap import api as beredskap_api
    from portal.beredskap import ord as beredskap_ord
    from portal.beredskap import routes as beredskap_sider
    from portal.beredskap.routes import felles as beredskap
    from portal.beredskap.service import rollebytte as beredskap_rollebytte
    from portal.core import helse
    from portal.core import puls as _puls  # noqa: F401
    from portal.henvendelser import api as henvendelser_api
    from portal.henvendelser import routes as henvendelser_sider
    from portal.henvendelser import sockets as henvendelser_sokler
    from portal.henvendelser.eskalering import models as _eskalering  # noqa: F401 - its tables
    from portal.henvendelser.ord import ETIKETTER
    from portal.henvendelser.routes import felles as henvendelser
    from portal.henvendelser.service import innsyn
    from portal.henvendelser.service import rollebytte as henvendelser_rollebytte
    from portal.identitet import innlogging, vakttap
    from portal.identitet import ord as identitet_ord
    from portal.identitet import routes as identitet_sider
    from portal.identitet.routes import felles as identitet
    from portal.identitet.service import laas, oekter, oppslag, rollebytte
    from portal.innsikt import ord as innsikt_ord
    from portal.innsikt import routes as innsikt
    from portal.innsikt import service as innsikt_tjeneste
    from portal.innsikt import sockets as innsikt_sokler
    from portal.omdisponering import api as omdisponering_api
    from portal.omdisponering import oppfoelgingsmodeller as _omdisponering  # noqa: F401 - its tables
    from portal.omdisponering import ord as omdisponering_ord
    from portal.omdisponering import routes as omdisponering_sider
    from portal.omdisponering import sockets as omdisponering_sokler
    from portal.omdisponering.routes import felles as omdisponering
    from portal.omdisponering.service import rollebytte as omdisponering_rollebytte
    from portal.oppgaver import ord as oppgaver_ord
    from portal.oppgaver import routes as oppgaver
    from portal.oppgaver import service as oppgaver_tjeneste
    from portal.plasser import api as plasser_api
    from portal.plasser import historikk as _plasser  # noqa: F401 - its tables
    from portal.plasser import ord as plasser_ord
    from portal.plasser import routes as plasser_sider
    from portal.plasser import sockets as plasser_sokler
    from portal.plasser.routes import felles as plasser
    from portal.plasser.service import rollebytte as plasser_rollebytte
    from portal.revisjon import ord as revisjon_ord
    from portal.revisjon import routes as revisjon
    from portal.vakt import api as vakt_api
    from portal.vakt import models as _vakt  # noqa: F401
    from portal.vakt import ord as vakt_ord
    from portal.vakt import routes as vakt_sider
    from portal.vakt import steps as vakt_steps
    from portal.vakt.routes import felles as vakt
    from portal.vakt.service import rollebytte as vakt_rollebytte
    from portal.varsler import api as varsler_api
    from portal.varsler import ord as varsler_ord
    from portal.varsler import routes as varsler_sider
    from portal.varsler import sockets as varsler_sokler
    from portal.varsler.routes import felles as varsler
    from portal.varsler.service import bjelle, mottakere

    web.sett_opp(app, innlogging.gjeldende_aktor_eller_ingen, innlogging.er_laast)
    innlogging.sett_opp(app)
    for rommets_ord in (
        identitet_ord.ETIKETTER,
        revisjon_ord.ETIKETTER,
        varsler_ord.ETIKETTER,
        oppgaver_ord.ETIKETTER,
        beredskap_ord.ETIKETTER,
        avtaler_ord.ETIKETTER,
        plasser_ord.ETIKETTER,
        omdisponering_ord.ETIKETTER,
        vakt_ord.ETIKETTER,
        innsikt_ord.ETIKETTER,
        ETIKETTER,
    ):
        for gruppe, ord_ in rommets_ord.items():
            maltekst.registrer_etiketter(gruppe, ord_)
    helse.sett_opp(app, innsikt_tjeneste.eskaleringshelse, innsikt_tjeneste.tall)
    for rom in (
        *(identitet_sider, henvendelser_sider, beredskap_sider, avtaler_sider, plasser_sider),
        *(vakt_sider, varsler_sider, omdisponering_sider),
    ):
        web.hent_sider(rom)
    app.register_blueprint(identitet.blp)
    app.register_blueprint(henvendelser.blp)
    app.register_blueprint(oppgaver.blp)
    app.register_blueprint(beredskap.blp)
    app.register_blueprint(avtaler.bp)
    app.register_blueprint(plasser.blp)
    app.register_blueprint(omdisponering.blp)
    app.register_blueprint(vakt.blp)
    app.register_blueprint(varsler.blp)
    mottakere.sett_opp(oppslag.mottakere, oppslag.teller_ennaa)
    bjelle.sett_opp(innlogging.aapnes_her)
    rollebytte.sett_opp(henvendelser.blp.name, henvendelser_rollebytte.aapner)
    rollebytte.sett_opp(vakt.blp.name, vakt_rollebytte.aapner)
    rollebytte.sett_opp(oppgaver.blp.name, oppgaver_tjeneste.aapner)
    rollebytte.sett_opp(beredskap.blp.name, beredskap_rollebytte.aapner)
    rollebytte.sett_opp(avtaler.bp.name, avtaler_rollebytte.aapner)
    rollebytte.sett_opp(plasser.blp.name, plasser_rollebytte.aapner)
    rollebytte.sett_opp(omdisponering.blp.name, omdisponering_rollebytte.aapner)
    vakttap.sett_opp(vakt_steps.kommende_vakter)
    revisjon.sett_opp(innsyn.personer_ved_navn)
    app.register_blueprint(revisjon.blp)
    app.register_blueprint(innsikt.blp)
    api = Api(app)
    api.register_blueprint(henvendelser_api.blp)
    api.register_blueprint(varsler_api.blp)
    api.register_blueprint(beredskap_api.blp)
    api.register_blueprint(avtaler_api.blp)
    api.register_blueprint(plasser_api.blp)
    api.register_blueprint(omdisponering_api.blp)
    api.register_blueprint(vakt_api.blp)
    web.sett_opp_api(app, api)
    realtime.sett_opp(app, oekter.gyldige_sesjoner, laas.noter_bruk)
    henvendelser_sokler.sett_opp(app)
    varsler_sokler.sett_opp()
    plasser_sokler.sett_opp()
    omdisponering_sokler.sett_opp()
    innsikt_sokler.sett_opp()
    cli.sett_opp(app)


def _sett_opp_logg(i: Innstillinger) -> None:
    """One line an event on standard error; JSON in production. Never the content of a message."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    for navn in ("werkzeug", "engineio", "socketio", "alembic"):
        logging.getLogger(navn).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *(
                [
                    # Never the local variables: they hold what people write.
                    structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
                    structlog.processors.JSONRenderer(ensure_ascii=False),
                ]
                if i.loggformat == "json"
                else [
                    structlog.dev.ConsoleRenderer(
                        colors=False, exception_formatter=structlog.dev.plain_traceback
                    )
                ]
            ),
        ],
        # Standard output belongs to the commands. Asked for each logger, since tests put their own in its place.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=i.modus != "test",
    )
