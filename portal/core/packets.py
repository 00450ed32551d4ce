"""What may be said on the socket: Socket.IO packets, checked before python-socketio acts on them.

python-socketio trusts its clients: a broken packet raises and writes a traceback per frame, the client can
call the handlers of ``connect`` and ``disconnect`` as if they were events, an unknown event gets no ack at
all, and binary attachments are collected without limit. The guard here answers each of those in one of two
ways:

- a *violation* (no client of ours ever sends it) closes the connection with one line in the log;
- an *invalid event* (readable, but not in the protocol) gets an ack ``{"ok": false, "kode", "melding"}``.

The protocol is the default namespace only, text only, each event with exactly one object as its body.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import engineio.packet
import orjson
import socketio
import structlog
from socketio import packet

from portal.core.errors import PortalError

logg = structlog.get_logger("portal.websocket")

#: Deepest nesting of lists and objects accepted in an event; the portal's own bodies use three.
MAX_DEPTH = 16
#: CONNECT packets accepted on one connection. The browser sends one, and one more after being refused.
MAX_CONNECTS = 3
#: Invalid events answered on one connection before it is closed (close code 1008).
MAX_FAULTS = 20
#: Names the server calls itself; python-socketio would let the client call them with a body of its own.
RESERVED = frozenset({"connect", "disconnect", "*"})

_EVENT_HEAD = re.compile(r"2([0-9]{0,15})\[")


class QuietLog:
    """Writes at most ``lines`` lines per kind and ``period`` seconds, then one line with the number left out.

    Whoever sends rubbish must not be able to fill the disk or drown what matters. Never give it message
    content.
    """

    def __init__(self, lines: int = 5, period: float = 60.0) -> None:
        self._lines, self._period = lines, period
        self._kinds: dict[str, list[float]] = {}  # kind → [start of period, written, left out]

    def note(self, kind: str, remote: str = "-") -> None:
        now = time.monotonic()
        state = self._kinds.get(kind)
        if state is None or now - state[0] > self._period:
            if state is not None and state[2]:
                logg.warning("socket_refused", reason=kind, left_out=int(state[2]))
            state = self._kinds[kind] = [now, 0, 0]
        if state[1] < self._lines:
            state[1] += 1
            logg.warning("socket_refused", reason=kind, remote=remote)
        else:
            state[2] += 1


#: The one log of the socket layer.
quiet_log = QuietLog()


class FastJSON:
    """orjson with the two functions and the keyword arguments that python-socketio calls on a JSON module."""

    @staticmethod
    def dumps(value: Any, **_: Any) -> str:
        return orjson.dumps(value).decode()

    @staticmethod
    def loads(text: str | bytes, **_: Any) -> Any:
        return orjson.loads(text)


class Violation(Exception):
    """The client broke the protocol; the connection is closed. The text is a fixed phrase for the log."""


class InvalidEvent(Exception):
    """A readable event outside the protocol; answered with an ack when the client asked for one.

    The sentence is bokmål only: it is for whoever writes a client, the portal's own sends no such event.
    """

    def __init__(self, ack_id: int | None, kode: str, melding: str) -> None:
        super().__init__(kode)
        self.ack_id, self.svar = ack_id, {"ok": False, "kode": kode, "melding": melding}


def _too_deep(value: Any) -> bool:
    """Whether lists and objects nest deeper than MAX_DEPTH; iterative, as recursion is the danger."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for node in level
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True


class Packet(packet.Packet):
    """A Socket.IO packet of the portal's protocol: no binary, only the default namespace, strict."""

    # Off, python-socketio walks no outgoing body looking for bytes, and never makes a binary packet.
    uses_binary_events = False
    json = FastJSON

    def decode(self, encoded_packet: str) -> int:
        """Fill in type, id and data, or raise Violation or InvalidEvent. Returns 0, for no attachments."""
        self.namespace = "/"
        head = _EVENT_HEAD.match(encoded_packet)
        if head is not None:
            self.packet_type = packet.EVENT
            self.id = int(head[1]) if head[1] else None
            self.data = self._load(encoded_packet[head.end() - 1 :])
            self._check_event()
        elif encoded_packet == "0" or encoded_packet.startswith("0{"):
            self.packet_type = packet.CONNECT
            self.data = self._load(encoded_packet[1:]) if len(encoded_packet) > 1 else None
        elif encoded_packet == "1":
            self.packet_type = packet.DISCONNECT
        else:
            raise Violation("unreadable or unsupported Socket.IO packet")
        return 0

    def _load(self, text: str) -> Any:
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError:
            raise Violation("broken JSON") from None
        # The count is cheap and an upper bound; brackets in an ordinary text only cost the exact walk.
        if text.count("[") + text.count("{") > MAX_DEPTH and _too_deep(value):
            raise Violation("JSON nested too deep")
        return value

    def _check_event(self) -> None:
        if not self.data or not isinstance(self.data[0], str):
            raise Violation("event without a name")
        if self.data[0] in RESERVED:
            raise Violation("reserved event name")
        if len(self.data) != 2 or not isinstance(self.data[1], dict):
            raise InvalidEvent(self.id, "ugyldig", "Hendelsen skal ha nøyaktig ett objekt som innhold.")


class EventGuard:
    """In place of ``socketio.Server._handle_eio_message``: same dispatch, but no client can make it raise."""

    def __init__(self, server: socketio.Server, connection: Callable[[str], Any]) -> None:
        """``connection`` finds the websocket of an Engine.IO session id, or None when it is gone."""
        self._server, self._connection = server, connection

    def __call__(self, eio_sid: str, data: Any) -> None:
        ws = self._connection(eio_sid)
        if ws is None:
            return
        try:
            if not isinstance(data, str) or not data:
                raise Violation("unreadable or unsupported Socket.IO packet")
            pkt = Packet(encoded_packet=data)
            if pkt.packet_type == packet.EVENT:
                self._event(eio_sid, pkt, ws)
            elif pkt.packet_type == packet.CONNECT:
                self._connect(eio_sid, pkt, ws)
            else:
                self._server._handle_disconnect(eio_sid, "/", self._server.reason.CLIENT_DISCONNECT)
        except Violation as violation:
            quiet_log.note(str(violation), ws.remote)
            ws.close(1008)
        except InvalidEvent as fault:
            ws.faults += 1
            if ws.faults > MAX_FAULTS:
                quiet_log.note("too many invalid events", ws.remote)
                ws.close(1008)
            else:
                self._answer(eio_sid, fault.ack_id, fault.svar)

    def _connect(self, eio_sid: str, pkt: Packet, ws: Any) -> None:
        ws.connects += 1
        if ws.connects > MAX_CONNECTS:
            raise Violation("too many CONNECT packets")
        try:
            self._server._handle_connect(eio_sid, "/", pkt.data)
        except Exception:
            logg.exception("socket_connect_failed")
            ws.close(1011)
            return
        sid = self._server.manager.sid_from_eio_sid(eio_sid, "/")
        ws.joined = sid is not None and self._server.manager.is_connected(sid, "/")

    def _event(self, eio_sid: str, pkt: Packet, ws: Any) -> None:
        if not ws.connects:
            raise Violation("event before CONNECT")
        name = pkt.data[0]
        if name not in self._server.handlers.get("/", ()):
            raise InvalidEvent(pkt.id, "ukjent_hendelse", "Portalen kjenner ikke denne hendelsen.")
        try:
            self._server._handle_event(eio_sid, "/", pkt.id, pkt.data)
        except PortalError as feil:
            self._answer(eio_sid, pkt.id, feil.som_svar())
        except Exception:
            # A fault of ours, so the traceback belongs in the log; the client still gets its answer.
            logg.exception("socket_event_failed", event_name=name)
            melding = "Noe gikk galt hos oss. Prøv igjen om litt."
            self._answer(eio_sid, pkt.id, {"ok": False, "kode": "intern_feil", "melding": melding})

    def _answer(self, eio_sid: str, ack_id: int | None, svar: dict[str, Any]) -> None:
        if ack_id is not None:
            self._server._send_packet(eio_sid, Packet(packet.ACK, namespace="/", id=ack_id, data=[svar]))


def install_guard(server: socketio.Server, connection: Callable[[str], Any]) -> None:
    """Make ``server`` decode with Packet, speak JSON through orjson and dispatch through the guard."""
    server.packet_class = Packet
    server.manager.json = FastJSON
    engineio.packet.Packet.json = FastJSON  # a class attribute there: process-wide by the library's design
    server.eio.on("message", EventGuard(server, connection))
