"""Sockets: who is connected, in which rooms, and the tick that keeps both true.

Nothing here is the truth: an emit may be lost. Every `tikk_sekunder` one query tells which sessions still hold, the
rooms compare heads, and whoever has lost the right is thrown out, also when a message between processes was lost.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Any
from uuid import UUID, uuid4

import orjson
import structlog
from flask import Flask
from flask_socketio import SocketIO
from socketio import RedisManager

from portal.core.aktor import Aktor
from portal.core.config import innstillinger
from portal.core.db import gevent_patchet
from portal.core.packets import FastJSON
from portal.core.websocket import HandshakeGate, installer, kast_ut

logg = structlog.get_logger(__name__)
KANAL = "portal.kontroll"
#: What may wait for the other processes. The oldest gives way: a lost one is healed by the heads and the tick.
MAKS_VENTENDE = 2000
#: So often it is noted that a session is used through its socket.
NOTERES_HVERT = timedelta(minutes=1)

socketio = SocketIO()


class Avsender:
    """Sends from a greenlet of its own, in order: a Redis that hangs must hold up nobody who emits."""

    def __init__(self, send: Callable[[Any], object]) -> None:
        self._send = send
        self._koe: deque[Any] = deque(maxlen=MAKS_VENTENDE)
        self._vekker = Event()
        self._gaar = False

    def send(self, data: Any) -> None:
        """Queues and returns at once. Without gevent (command line) it is sent before the program goes on."""
        if not gevent_patchet():
            self._send(data)
            return
        self._koe.append(data)
        self._vekker.set()
        if not self._gaar:
            self._gaar = True
            Thread(target=self._loekke, daemon=True, name="avsender").start()

    def _loekke(self) -> None:
        while True:
            self._vekker.wait()
            self._vekker.clear()
            while self._koe:
                try:
                    self._send(self._koe.popleft())
                except Exception:
                    # One that cannot be sent must not be the last that is tried.
                    logg.exception("avsender_feilet")


class Kringkaster(RedisManager):
    """Socket.IO's way to the other processes, with an `Avsender` in front of Redis."""

    def __init__(self, url: str, channel: str) -> None:
        super().__init__(url, channel=channel)
        self._avsender = Avsender(super()._publish)

    def _publish(self, data: Any) -> None:
        self._avsender.send(data)


@dataclass(slots=True)
class Tilkobling:
    """One open socket: whose session, which actor it was let in as, and what it listens to."""

    sid: str
    aktor: Aktor
    spraak: str
    saker: set[UUID] = field(default_factory=set)
    koer: dict[str, tuple[UUID, str]] = field(default_factory=dict)
    #: It shows the board of emergency beds and hears what changes there.
    tavle: bool = False
    #: The screen is locked: it hears that somebody waits, and nothing of any case.
    laast: bool = False
    #: When its person last did something here, and up to when that has been noted.
    brukt: datetime | None = None
    notert: datetime | None = None
    #: Room for bursts: messages that may still be sent at once, and when that was last counted.
    kvote: float = 200.0
    kvote_tid: float = 0.0


tilkoblinger: dict[str, Tilkobling] = {}
#: Of these sessions, those that hold: their membership, and whether the screen is locked.
GyldigeSesjoner = Callable[[Iterable[UUID]], Mapping[UUID, tuple[UUID, bool]]]
#: Notes when sessions were last used.
NoterBruk = Callable[[Mapping[UUID, datetime]], None]
_gyldige_sesjoner: GyldigeSesjoner = lambda _: {}  # noqa: E731 - given by `identitet` through the factory
_noter_bruk: NoterBruk = lambda _: None  # noqa: E731
_laaslyttere: list[Callable[[Tilkobling], None]] = []
_tikk: list[Callable[[list[Tilkobling]], None]] = []
_kontroller: dict[str, Callable[[dict[str, Any]], None]] = {}
_prosess = str(uuid4())
_app: Flask | None = None
_redis: Any = None
_kontrollavsender: Avsender | None = None


def sett_opp(app: Flask, gyldige_sesjoner: GyldigeSesjoner, noter_bruk: NoterBruk) -> None:
    """Puts Socket.IO on the app, with the bounded websocket layer below it and the tick beside it."""
    global _app, _gyldige_sesjoner, _noter_bruk, _redis, _kontrollavsender
    _app, _gyldige_sesjoner, _noter_bruk = app, gyldige_sesjoner, noter_bruk
    i = innstillinger()
    redis_url = _redisadresse(i.redis_url)
    tilkoblinger.clear()
    socketio.init_app(
        app,
        async_mode="gevent" if gevent_patchet() else "threading",
        async_handlers=False,
        transports=["websocket"],
        # The origin is judged by HandshakeGate, before Engine.IO makes a session of it.
        cors_allowed_origins="*",
        manage_session=False,
        http_compression=False,
        client_manager=Kringkaster(redis_url, "portal.sokkel") if redis_url else None,
        ping_interval=25,
        ping_timeout=20,
        json=FastJSON,
        logger=False,
        engineio_logger=False,
    )
    if gevent_patchet():
        installer(socketio.server)
    app.wsgi_app = HandshakeGate(app.wsgi_app, i.opphav)  # type: ignore[method-assign]
    if redis_url:
        import redis

        _redis = redis.Redis.from_url(redis_url)
        _kontrollavsender = Avsender(_kringkast)


def _redisadresse(url: str) -> str:
    """redis-py caps its pool at 100 connections, past which publishing fails, and waits for ever to connect."""
    for valg in ("max_connections=5000", "socket_connect_timeout=5"):
        if url and valg.split("=")[0] not in url:
            url += f"{'&' if '?' in url else '?'}{valg}"
    return url


def app() -> Flask:
    """The app that the sockets belong to, for handlers outside a request."""
    assert _app is not None
    return _app


def registrer_tikk(funksjon: Callable[[list[Tilkobling]], None]) -> None:
    """`funksjon(connections)` runs on each tick, after those whose session has ended are out."""
    if funksjon not in _tikk:
        _tikk.append(funksjon)


def registrer_laas(funksjon: Callable[[Tilkobling], None]) -> None:
    """`funksjon(connection)` runs when its screen has been locked, and when it has been opened again."""
    if funksjon not in _laaslyttere:
        _laaslyttere.append(funksjon)


def registrer_kontroll(navn: str, funksjon: Callable[[dict[str, Any]], None]) -> None:
    """`funksjon(data)` runs in every process when one of them calls `kontroll(navn, …)`."""
    _kontroller[navn] = funksjon


def kontroll(navn: str, **data: Any) -> None:
    """Tells every process, this one at once, to look again at something. May be lost: the tick repeats it."""
    _kontroller[navn](data)
    if _kontrollavsender is not None:
        _kontrollavsender.send({"fra": _prosess, "navn": navn, "data": data})


def _kringkast(melding: dict[str, Any]) -> None:
    try:
        _redis.publish(KANAL, orjson.dumps(melding, default=str))
    except Exception:
        logg.warning("kontroll_ikke_kringkastet", navn=melding["navn"])


def til_rom(hendelse: str, data: dict[str, Any], rom: str) -> None:
    """Emits to everybody in a room. A failure is logged and never raised: the client fetches what it missed."""
    try:
        socketio.server.emit(hendelse, data, room=rom)
    except Exception:
        logg.exception("utsending_feilet", hendelse=hendelse)


def til_rommet_her(hendelse: str, data: dict[str, Any], rom: str) -> None:
    """Emits to those in a room whose socket is in this process; the other processes tell their own."""
    til_sokkel(hendelse, data, rom)


def flere_prosesser() -> bool:
    """Whether there may be sockets in other processes than this one."""
    return _redis is not None


def til_sokkel(hendelse: str, data: dict[str, Any], sid: str) -> None:
    """Emits to one socket of this process; the others need not hear of it."""
    try:
        socketio.server.emit(hendelse, data, room=sid, ignore_queue=True)
    except Exception:
        logg.exception("utsending_feilet", hendelse=hendelse)


def gaa_inn(sid: str, rom: str) -> None:
    socketio.server.enter_room(sid, rom)


def gaa_ut(sid: str, rom: str) -> None:
    socketio.server.leave_room(sid, rom)


def kast(sid: str) -> None:
    """Throws one socket out of every room and closes it."""
    tilkoblinger.pop(sid, None)
    try:
        kast_ut(socketio.server, sid)
    except Exception:
        logg.exception("utkasting_feilet")


def sjekk_sesjoner(bare: set[UUID] | None = None) -> None:
    """Throws out the sockets whose session has ended or changed its membership, and takes those whose screen is
    locked out of their cases. One query for all of them."""
    aktuelle = [t for t in tilkoblinger.values() if bare is None or t.aktor.sesjon_id in bare]
    if not aktuelle:
        return
    with app().app_context():
        gyldige = _gyldige_sesjoner({t.aktor.sesjon_id for t in aktuelle if t.aktor.sesjon_id})
    for t in aktuelle:
        tilstand = gyldige.get(t.aktor.sesjon_id) if t.aktor.sesjon_id else None
        if tilstand is None or tilstand[0] != t.aktor.medlemskap_id:
            kast(t.sid)
        else:
            sett_laas(t, tilstand[1])


def sett_laas(t: Tilkobling, laast: bool) -> None:
    """Tells those who keep the rooms that a screen was locked or opened. A locked one that came into a case in the
    moment between is taken out of it."""
    if t.laast != laast or (laast and t.saker):
        t.laast = laast
        for funksjon in _laaslyttere:
            funksjon(t)


def noter_bruk() -> None:
    """What people did over their sockets, once a minute for each: away from the events themselves."""
    nye: dict[UUID, datetime] = {}
    for t in tilkoblinger.values():
        if t.brukt is None or t.aktor.sesjon_id is None:
            continue
        if t.notert is None or t.brukt - t.notert >= NOTERES_HVERT:
            t.notert = t.brukt
            nye[t.aktor.sesjon_id] = max(t.brukt, nye.get(t.aktor.sesjon_id, t.brukt))
    if nye:
        with app().app_context():
            _noter_bruk(nye)


def tikk_en_gang() -> None:
    """One tick: sessions first, then the rooms' own comparisons."""
    try:
        noter_bruk()
    except Exception:
        logg.exception("tikk_feilet", funksjon="noter_bruk")
    sjekk_sesjoner()
    aktuelle = list(tilkoblinger.values())
    for funksjon in _tikk:
        try:
            with app().app_context():
                funksjon(aktuelle)
        except Exception:
            logg.exception("tikk_feilet", funksjon=funksjon.__name__)


def start_tikk() -> None:
    """Starts the tick, and the listener to other processes. Called once by the serving process."""
    Thread(target=_tikkloekke, daemon=True, name="tikk").start()
    if _redis is not None:
        Thread(target=_lytt, daemon=True, name="kontroll").start()


def _tikkloekke() -> None:
    import time

    while True:
        time.sleep(innstillinger().tikk_sekunder)
        try:
            tikk_en_gang()
        except Exception:
            # Most often the database is away for a moment; the next tick asks again.
            logg.exception("tikk_feilet")


def _lytt() -> None:
    import time

    while True:
        try:
            lytter = _redis.pubsub(ignore_subscribe_messages=True)
            lytter.subscribe(KANAL)
            for melding in lytter.listen():
                innhold = orjson.loads(melding["data"])
                if innhold["fra"] != _prosess:
                    _kontroller[innhold["navn"]](innhold["data"])
        except Exception:
            logg.warning("kontrollkanalen_er_nede")
            time.sleep(1)


def _paa_sesjon(data: dict[str, Any]) -> None:
    sjekk_sesjoner({UUID(str(data["sesjon_id"]))})


registrer_kontroll("sesjon", _paa_sesjon)
