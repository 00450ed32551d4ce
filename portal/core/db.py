"""The database: one place where a change is committed.

A public service function carries `@transactional`: it is one use case, one transaction. Inside it, the
audit entries are appended last (`foer_commit`) and events are collected (`meld`) and published only after
the commit. Two other ways to commit live here and nowhere else: `uavhengig`, for denials and failed logins
that a rollback must not erase, and `skrivetransaksjon`, for the batch writer of messages and for seeds.

What is no use case only reads: on PostgreSQL its transaction is READ ONLY, so that the server refuses a stray write.

On SQLite every write transaction holds one process-wide lock before `BEGIN IMMEDIATE`, since a greenlet that
waits inside `sqlite3` stops all the others. Nothing inside a transaction may yield to the hub.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import sqlalchemy as sa
import structlog
from flask_sqlalchemy import SQLAlchemy
from psycopg.pq import TransactionStatus
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Session, registry
from sqlalchemy.orm.exc import StaleDataError

from portal.core.errors import Utdatert

logg = structlog.get_logger(__name__)
P = ParamSpec("P")
R = TypeVar("R")


class UtcTid(sa.types.TypeDecorator[datetime]):
    """An aware UTC moment on both databases. A naive value is a programming error and is refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


#: JSON that is JSONB on PostgreSQL.
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


class Base(DeclarativeBase):
    """Base of all tables. The naming convention gives every constraint a name that migrations can use."""

    registry = registry(
        metadata=sa.MetaData(
            naming_convention={
                "ix": "ix_%(table_name)s_%(column_0_N_name)s",
                "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                "ck": "ck_%(table_name)s_%(constraint_name)s",
                "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
                "pk": "pk_%(table_name)s",
            }
        ),
        type_annotation_map={datetime: UtcTid()},
    )


def en_av(kolonne: str, verdier: Iterable[Any], *, tom: bool = False) -> str:
    """The CHECK that a column holds one of these, in their order; with `tom`, or nothing."""
    liste = ", ".join(repr(str(v)) for v in verdier)
    return f"{kolonne} IS NULL OR {kolonne} IN ({liste})" if tom else f"{kolonne} IN ({liste})"


def en_av_sortert(kolonne: str, verdier: Iterable[Any]) -> str:
    """`en_av` in the order of the alphabet: for sets, and for the CHECKs that the migrations wrote so."""
    return en_av(kolonne, sorted(verdier))


def delvis(navn: str, *kolonner: str, naar: str, unique: bool = False) -> sa.Index:
    """An index over the rows that `naar` holds for, on both databases."""
    hvor = sa.text(naar)
    return sa.Index(navn, *kolonner, unique=unique, sqlite_where=hvor, postgresql_where=hvor)


db = SQLAlchemy(model_class=Base, session_options={"autoflush": False, "expire_on_commit": False})


# --- one transaction -------------------------------------------------------------------------------------


@dataclass
class Transaksjon:
    """What a running use case has gathered for its end."""

    hendelser: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    foer_commit: list[Callable[[], None]] = field(default_factory=list)
    uavhengige: list[Callable[[], None]] = field(default_factory=list)
    lager: dict[str, Any] = field(default_factory=dict)


_aktiv: ContextVar[Transaksjon | None] = ContextVar("portal_transaksjon", default=None)
_skriver: ContextVar[bool] = ContextVar("portal_skriver", default=False)
_laasefrist: ContextVar[float | None] = ContextVar("portal_laasefrist", default=None)
#: PostgreSQL ends a connection whose transaction has done nothing for so long (milliseconds): a process that hangs in
#: the middle of one must not keep a case's row from everybody else for ever.
TOM_TRANSAKSJON_MS = 60_000
#: So many statements a connection to PostgreSQL keeps prepared: those of all the pages.
FORBEREDTE = 500
#: One writer at a time on SQLite. Under gevent this is a cooperative lock, since threading is patched.
_sqlite_laas = threading.Lock()


def transaksjon() -> Transaksjon:
    """The running use case's transaction; outside one it is a programming error."""
    aktiv = _aktiv.get()
    if aktiv is None:
        raise RuntimeError("Only a use case (@transactional) may do this")
    return aktiv


def i_transaksjon() -> bool:
    return _aktiv.get() is not None


@contextmanager
def venter_paa_laas(sekunder: float | None) -> Iterator[None]:
    """Inside, a use case on PostgreSQL waits at most so long for a row that another holds; then it fails.

    For what must get on to its other work: a process that hangs with a lock may do so for minutes. None: no limit.
    """
    merke = _laasefrist.set(sekunder)
    try:
        yield
    finally:
        _laasefrist.reset(merke)


def planlegg_for_verdiene() -> None:
    """The rest of the transaction's statements are planned by PostgreSQL for the values they have, not once for all:
    for those whose best way depends on what is asked (a search for a rare word, or for a common one)."""
    if db.engine.dialect.name == "postgresql":
        db.session.execute(sa.text("SELECT set_config('plan_cache_mode', 'force_custom_plan', true)"))


def _begrens_laasing() -> None:
    frist = _laasefrist.get()
    if frist is not None and db.engine.dialect.name == "postgresql":
        # Ends with the transaction.
        db.session.execute(
            sa.text("SELECT set_config('lock_timeout', :ms, true)"), {"ms": f"{frist * 1000:.0f}"}
        )


@contextmanager
def _skrivemodus(dialekt: str) -> Iterator[None]:
    """Marks the coming transaction as a writing one and, on SQLite, takes the process's write lock."""
    merke = _skriver.set(True)
    try:
        if dialekt == "sqlite":
            with _sqlite_laas:
                yield
        else:
            yield
    finally:
        _skriver.reset(merke)


def transactional(funksjon: Callable[P, R]) -> Callable[P, R]:
    """Makes a public service function one use case: one transaction, committed here.

    On any error everything is rolled back and no event leaves; what was handed to `uavhengig` is written
    afterwards all the same. Raises RuntimeError when one use case calls another: share a step instead.
    """

    @wraps(funksjon)
    def innpakning(*args: P.args, **kwargs: P.kwargs) -> R:
        if _aktiv.get() is not None:
            raise RuntimeError(f"{funksjon.__name__}: a use case must not call another; share a step")
        tx = Transaksjon()
        merke = _aktiv.set(tx)
        try:
            with _skrivemodus(db.engine.dialect.name):
                # A page may have read before: its read transaction ends, so that the write begins afresh. What
                # stands in the session from then is read again too, also after a use case that committed it.
                db.session.rollback()
                db.session.expire_all()
                try:
                    _begrens_laasing()
                    resultat = funksjon(*args, **kwargs)
                    db.session.flush()
                    for steg in tx.foer_commit:
                        steg()
                    db.session.commit()
                except StaleDataError as feil:
                    db.session.rollback()
                    raise Utdatert() from feil
                except BaseException:
                    db.session.rollback()
                    raise
        finally:
            _aktiv.reset(merke)
            for skriv in tx.uavhengige:
                _skriv_uavhengig(skriv)
        _publiser(tx.hendelser)
        return resultat

    innpakning.__transactional__ = True  # type: ignore[attr-defined]
    return innpakning


def samlet(funksjon: Callable[P, R]) -> Callable[P, R]:
    """Marks the use case whose commit is shared with others by the batch writer (`core/samleskriver.py`)."""
    funksjon.__transactional__ = True  # type: ignore[attr-defined]
    return funksjon


def uavhengig(skriv: Callable[[], None]) -> None:
    """Writes in a transaction of its own: for denials and failed logins, which a rollback must not erase.

    Inside a use case it runs after that has ended, whichever way. `skriv` uses `db.session`.
    """
    aktiv = _aktiv.get()
    if aktiv is not None:
        aktiv.uavhengige.append(skriv)
    else:
        _skriv_uavhengig(skriv)


def _skriv_uavhengig(skriv: Callable[[], None]) -> None:
    tx = Transaksjon()
    merke = _aktiv.set(tx)
    try:
        with _skrivemodus(db.engine.dialect.name):
            db.session.rollback()
            try:
                skriv()
                db.session.flush()
                for steg in tx.foer_commit:
                    steg()
                db.session.commit()
            except Exception:
                # What it accompanies (a refusal) must reach the user whatever happens to the entry.
                db.session.rollback()
                logg.exception("uavhengig_skriving_feilet")
    finally:
        _aktiv.reset(merke)
    _publiser(tx.hendelser)


@contextmanager
def skrivetransaksjon(engine: Engine) -> Iterator[Connection]:
    """A bare writing transaction on a connection of its own, for the batch writer and for seeds."""
    with _skrivemodus(engine.dialect.name), engine.connect() as forbindelse, forbindelse.begin():
        yield forbindelse


@contextmanager
def skriver_skjema(engine: Engine) -> Iterator[Connection]:
    """A connection for migrations: all of them in one transaction, so that a failed one leaves nothing half-done.

    On PostgreSQL an advisory lock lets one process migrate at a time. On SQLite foreign keys are checked at the end
    instead of row by row, since changing a table there means making it anew.
    """
    with _skrivemodus(engine.dialect.name), engine.connect() as forbindelse:
        er_sqlite = engine.dialect.name == "sqlite"
        raa: Any = forbindelse.connection.dbapi_connection
        if er_sqlite:
            # The pragma has no effect inside a transaction: it must come before BEGIN.
            raa.execute("PRAGMA foreign_keys=OFF")
        try:
            with forbindelse.begin():
                if er_sqlite:
                    yield forbindelse
                    if forbindelse.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                        raise RuntimeError("The migration left rows that point at nothing")
                else:
                    # Between two statements a migration may reckon for as long as it takes.
                    forbindelse.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
                    forbindelse.exec_driver_sql("SELECT pg_advisory_xact_lock(7261)")
                    yield forbindelse
        finally:
            if er_sqlite:
                raa.execute("PRAGMA foreign_keys=ON")


@contextmanager
def skrivelaas() -> Iterator[None]:
    """Only the process-wide SQLite lock, for a writer whose transaction runs in another thread."""
    with _sqlite_laas:
        yield


class Skriveforbindelse:
    """A connection that one writer keeps for itself: no check-out, no ping and no reset for each transaction.

    When a transaction fails, the connection is dropped and the next one begins on a new: a database that was
    away for a moment costs one failed try, which the caller repeats.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._forbindelse: Connection | None = None

    def utfoer(self, behandle: Callable[[Connection, Any], R], oppdrag: Any) -> R:
        """Runs `behandle(connection, oppdrag)` in a writing transaction of its own.

        On SQLite the caller holds `skrivelaas`: this may run in another thread than the one that waits.
        """
        merke = _skriver.set(True)
        try:
            if self._forbindelse is None:
                self._forbindelse = self._engine.connect()
            with self._forbindelse.begin():
                return behandle(self._forbindelse, oppdrag)
        except Exception:
            forbindelse, self._forbindelse = self._forbindelse, None
            if forbindelse is not None:
                forbindelse.invalidate()
                forbindelse.close()
            raise
        finally:
            _skriver.reset(merke)


# --- events ----------------------------------------------------------------------------------------------

_abonnenter: dict[str, list[Callable[..., None]]] = {}


def meld(navn: str, **data: Any) -> None:
    """Collects an event of the running use case. It is published after the commit: a hint, never the truth."""
    transaksjon().hendelser.append((navn, data))


def abonner(navn: str, funksjon: Callable[..., None]) -> None:
    """Calls `funksjon(**data)` for each event of that name, after its commit, in this process."""
    funksjoner = _abonnenter.setdefault(navn, [])
    if funksjon not in funksjoner:
        funksjoner.append(funksjon)


def _publiser(hendelser: list[tuple[str, dict[str, Any]]]) -> None:
    for navn, data in hendelser:
        for funksjon in _abonnenter.get(navn, ()):
            try:
                funksjon(**data)
            except Exception:
                logg.exception("publisering_feilet", hendelse=navn)


publiser = _publiser


# --- engine ----------------------------------------------------------------------------------------------


@event.listens_for(Session, "before_flush")
def _bare_i_brukstilfeller(session: Session, *_: object) -> None:
    """Nothing is written outside a use case: a stray change in a page is an error, not a surprise."""
    if not _skriver.get() and (session.new or session.dirty or session.deleted):
        raise RuntimeError("A write outside a use case (@transactional)")


def _angre(forbindelse: Any) -> None:
    """Ends a transaction that is not committed. A reading one has nothing to take back, and ends by COMMIT: at a
    ROLLBACK psycopg forgets the statements it has prepared, and the large ones would be planned anew for each page."""
    if forbindelse.read_only and forbindelse.pgconn.transaction_status == TransactionStatus.INTRANS:
        forbindelse.commit()
    else:
        forbindelse.rollback()


def sett_opp_motor(engine: Engine) -> None:
    """Gives the engine the durability and the locking that the portal promises (see the module's text)."""
    if engine.dialect.name != "sqlite":
        # Many rows in one INSERT instead of one execution a row: the batch writer's inserts.
        engine.dialect.use_insertmanyvalues_wo_returning = True

        @event.listens_for(engine, "connect")
        def _ved_ny_tilkobling(forbindelse: Any, _post: object) -> None:
            # Outside a transaction, or its end would take it back. Not as a start-up option: poolers refuse those.
            forbindelse.autocommit = True
            forbindelse.execute(f"SET idle_in_transaction_session_timeout = {TOM_TRANSAKSJON_MS}")
            forbindelse.autocommit = False
            forbindelse.prepared_max = FORBEREDTE

        @event.listens_for(engine, "begin")
        def _bare_les_ellers(forbindelse: Connection) -> None:
            forbindelse.connection.dbapi_connection.read_only = not _skriver.get()  # type: ignore[union-attr]

        engine.dialect.do_rollback = _angre  # type: ignore[method-assign,assignment]

        if gevent_patchet():
            from portal.core.psycopg_hub import HubConnection

            @event.listens_for(engine, "do_connect")
            def _koble_til(_dialekt: Any, _post: object, cargs: Any, cparams: Any) -> Any:
                return HubConnection.connect(*cargs, **cparams)

        return

    @event.listens_for(engine, "connect")
    def _ved_tilkobling(forbindelse: Any, _post: object) -> None:
        forbindelse.isolation_level = None  # the driver must not begin by itself: we do, below
        peker = forbindelse.cursor()
        for linje in (
            "PRAGMA journal_mode=WAL",
            "PRAGMA synchronous=FULL",
            "PRAGMA foreign_keys=ON",
            "PRAGMA busy_timeout=10000",
        ):
            peker.execute(linje)
        peker.close()

    @event.listens_for(engine, "begin")
    def _ved_begin(forbindelse: Connection) -> None:
        forbindelse.exec_driver_sql("BEGIN IMMEDIATE" if _skriver.get() else "BEGIN")


def gevent_patchet() -> bool:
    """Whether this process runs on gevent: the web process does, the command line and the tests do not."""
    from gevent import monkey

    return bool(monkey.is_module_patched("threading"))


def insert_for(tabell: Any, dialekt: str) -> Any:
    """An INSERT of the database's own kind: the one that knows `on_conflict_do_…`."""
    return (postgresql.insert if dialekt == "postgresql" else sqlite.insert)(tabell)


def database_klar() -> bool:
    """Whether the database answers a trivial query now (used by the health page)."""
    try:
        db.session.execute(sa.text("SELECT 1"))
        return True
    except SQLAlchemyError:
        db.session.rollback()
        return False


__all__ = [
    "Base",
    "Json",
    "Skriveforbindelse",
    "UtcTid",
    "abonner",
    "database_klar",
    "db",
    "delvis",
    "en_av",
    "en_av_sortert",
    "gevent_patchet",
    "i_transaksjon",
    "insert_for",
    "meld",
    "planlegg_for_verdiene",
    "publiser",
    "samlet",
    "sett_opp_motor",
    "skrivelaas",
    "skriver_skjema",
    "skrivetransaksjon",
    "transactional",
    "transaksjon",
    "uavhengig",
    "venter_paa_laas",
]
