"""The websocket under Socket.IO: one object per connection, bounded in every direction.

python-engineio's gevent driver uses simple-websocket, which buffers a message before it looks at its size,
negotiates compression, sends with ``socket.send`` (a partial send corrupts the stream) and waits for ever for
a client that does not read; python-engineio's own outgoing queue has no bound. This module replaces the two
at the places the library offers: the ``websocket`` and ``queue`` entries of the server's driver table
(`installer`).

Frames are parsed by wsproto (10 µs a message, so 5,000/s cost a twentieth of a core). Works under
gevent.pywsgi (``python app.py``) and gunicorn's gevent worker. Sizes are in bytes, times in seconds.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from time import monotonic
from typing import Any
from urllib.parse import parse_qs

import gevent
import socketio
from gevent.lock import RLock
from gevent.queue import JoinableQueue
from gevent.socket import wait_write
from wsproto.connection import SERVER, Connection, ConnectionState
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong, TextMessage
from wsproto.extensions import Extension
from wsproto.frame_protocol import CloseReason, FrameDecoder, FrameProtocol, Opcode, RsvBits
from wsproto.utilities import LocalProtocolError, generate_accept_token

from portal.core.packets import install_guard, quiet_log

#: Largest message from a client, all fragments together.
MAX_MESSAGE = 64 * 1024
#: Most fragments of one message; browsers and proxies use one to a handful.
MAX_FRAGMENTS = 64
#: Most ping and pong frames in CONTROL_PERIOD. Browsers send none of their own.
MAX_CONTROL, CONTROL_PERIOD = 30, 10.0
#: What may wait for one client. Past either bound the connection is closed, and the client, which reconnects
#: and fetches its gap from the database, loses nothing. One message is always let in, whatever its size.
MAX_QUEUED, MAX_QUEUED_BYTES = 1000, 1024 * 1024
#: Kernel buffer for one client's outgoing bytes; Linux would grow it to megabytes for a client that does not
#: read.
SEND_BUFFER = 256 * 1024
#: How long one write may make no progress.
SEND_TIMEOUT = 20.0
#: How long a connection may stay without having joined the namespace, i.e. without having been let in.
JOIN_TIMEOUT = 10.0
#: From the decision to close until the socket is shut down without regard to what is unsent.
CLOSE_TIMEOUT = 3.0
#: After a close of ours, unread input is thrown away so that the client gets the close frame and not a reset.
LINGER_TIMEOUT, LINGER_BYTES = 1.0, 1024 * 1024

_READ_SIZE = 16 * 1024
_SINK = bytearray(_READ_SIZE)  # where discarded input goes; nobody reads it
_SOCKETIO_TYPES = frozenset("0123456")
_KEY = re.compile(r"[A-Za-z0-9+/]{21}[AQgw]==")  # sixteen bytes in base64


class FrameLimit(Extension):
    """Refuses a message by the length its frame header declares, before any of it is received.

    It is a wsproto extension that is never negotiated. wsproto calls `frame_inbound_header` again for a
    header that arrives in pieces, so the sum across fragments grows only when a frame is complete.
    """

    name = "portal-frame-limit"

    def __init__(self) -> None:
        self._opcode, self._length = Opcode.TEXT, 0
        self._sum = self._fragments = 0

    def enabled(self) -> bool:
        return True

    def offer(self) -> bool | str:
        return False

    def frame_inbound_header(
        self, proto: FrameDecoder | FrameProtocol, opcode: Opcode, rsv: RsvBits, payload_length: int
    ) -> CloseReason | RsvBits:
        if not opcode.iscontrol() and (
            self._sum + payload_length > MAX_MESSAGE or self._fragments >= MAX_FRAGMENTS
        ):
            return CloseReason.MESSAGE_TOO_BIG
        self._opcode, self._length = opcode, payload_length
        return RsvBits(False, False, False)

    def frame_inbound_complete(
        self, proto: FrameDecoder | FrameProtocol, fin: bool
    ) -> bytes | CloseReason | None:
        if not self._opcode.iscontrol():
            self._sum, self._fragments = (0, 0) if fin else (self._sum + self._length, self._fragments + 1)
        return None


class OutboundQueue(JoinableQueue):
    """Engine.IO's queue of packets for one client, with a bound.

    A put past the bound neither waits nor raises, since both would hit the one who emits to a whole room; it
    cuts this one connection.
    """

    def __init__(self) -> None:
        super().__init__()
        self.connection: WebSocketConnection | None = None
        self._bytes = 0
        self._cut = False

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        if item is None:  # Engine.IO's word for «write what is left and close»
            super().put(None)
            if self.connection is not None:
                self.connection.expire()
            return
        if self._cut:
            return
        size = len(item.encode())  # cached in the packet: one encoding for a whole room
        if self._bytes and (self.qsize() >= MAX_QUEUED or self._bytes + size > MAX_QUEUED_BYTES):
            self._cut = True
            if self.connection is not None:
                self.connection.cut("outbound queue full")
            return
        self._bytes += size
        super().put(item)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        item = super().get(block, timeout)
        if item is not None:
            self._bytes -= len(item.encode())
        return item

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the writer, but never longer than a closing connection can last."""
        return super().join(CLOSE_TIMEOUT if timeout is None else timeout)


def handshake_error(environ: dict[str, Any]) -> tuple[str, str] | None:
    """What is wrong with a websocket handshake (RFC 6455 § 4.2.1): HTTP status and sentence, None if
    nothing."""

    def tokens(header: str) -> set[str]:
        return {part.strip().lower() for part in environ.get(header, "").split(",")}

    if environ.get("REQUEST_METHOD") != "GET" or environ.get("SERVER_PROTOCOL") != "HTTP/1.1":
        return "400 Bad Request", "Her svarer portalen bare på websocket over HTTP/1.1."
    if environ.get("CONTENT_LENGTH") not in (None, "", "0") or "HTTP_TRANSFER_ENCODING" in environ:
        return "400 Bad Request", "En websocket-forespørsel har ikke noe innhold."
    if "upgrade" not in tokens("HTTP_CONNECTION") or tokens("HTTP_UPGRADE") != {"websocket"}:
        return "400 Bad Request", "Her svarer portalen bare på websocket."
    if environ.get("HTTP_SEC_WEBSOCKET_VERSION") != "13":
        return "426 Upgrade Required", "Portalen bruker websocket versjon 13."
    if not _KEY.fullmatch(environ.get("HTTP_SEC_WEBSOCKET_KEY", "")):
        return "400 Bad Request", "Sec-WebSocket-Key mangler eller er ugyldig."
    return None


def opphav_tillatt(environ: dict[str, Any], tillatte: frozenset[str]) -> bool:
    """Whether the page that opens the websocket is one of ours.

    Browsers send cookies along from any page and always an Origin header, so a missing one is refused. With
    an allow list (``https://host[:port]``, exactly) nothing else counts; without one, which is for
    development, the origin must be the scheme and Host of the request itself. X-Forwarded-Host is never read:
    the client writes it.
    """
    origin = environ.get("HTTP_ORIGIN", "")
    if not origin or origin == "null":
        return False
    if tillatte:
        return origin in tillatte
    host = environ.get("HTTP_HOST", "")
    return bool(host) and origin.lower() == f"{environ.get('wsgi.url_scheme', 'http')}://{host}".lower()


class HandshakeGate:
    """WSGI wrapper that answers 400, 403 or 426 in plain text where Engine.IO would stumble.

    Put it outermost: ``app.wsgi_app = HandshakeGate(app.wsgi_app, tillatte)`` after ``SocketIO.init_app``.
    Without it Engine.IO makes a session for half a handshake and returns packet objects as the response body.
    """

    def __init__(
        self,
        app: Callable[..., Iterable[bytes]],
        tillatte: frozenset[str] = frozenset(),
        path: str = "/socket.io/",
    ) -> None:
        self._app, self._tillatte, self._path = app, tillatte, path

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("PATH_INFO", "").startswith(self._path):
            error = handshake_error(environ) or self._protocol_error(environ)
            if error is not None:
                return _plain(start_response, *error)
        return self._app(environ, start_response)

    def _protocol_error(self, environ: dict[str, Any]) -> tuple[str, str] | None:
        if not opphav_tillatt(environ, self._tillatte):
            quiet_log.note("origin not allowed", environ.get("REMOTE_ADDR", "-"))
            return "403 Forbidden", "Nettsiden som ba om forbindelsen, hører ikke til portalen."
        try:
            query = parse_qs(environ.get("QUERY_STRING", ""), max_num_fields=10)
        except ValueError:
            query = {}
        # `sid` would be an upgrade from polling and `j` is JSONP; the portal has neither.
        if (
            query.get("transport") != ["websocket"]
            or query.get("EIO") != ["4"]
            or "sid" in query
            or "j" in query
        ):
            return "400 Bad Request", "Portalen bruker Engine.IO 4 over websocket."
        return None


def _plain(start_response: Callable[..., Any], status: str, text: str) -> list[bytes]:
    body = (text + "\n").encode()
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
    if status.startswith("426"):
        headers.append(("Sec-WebSocket-Version", "13"))
    start_response(status, headers)
    return [body]


class WebSocketConnection:
    """One client's websocket, as Engine.IO wants it: a WSGI callable with ``wait``, ``send`` and ``close``.

    The request's own greenlet reads, in `wait`, so a client that sends faster than it is served is held back
    by TCP and nothing piles up here. Engine.IO's writer greenlet sends. They share the socket through a lock.
    """

    #: Open connections of this process, for the metrics page and the tests.
    live = 0

    def __init__(self, handler: Callable[[WebSocketConnection], Any], server: Any) -> None:
        """``handler`` is the bound method of the Engine.IO socket that this connection belongs to."""
        self._handler = handler
        self._eio = handler.__self__  # type: ignore[attr-defined]
        self._server = server
        self._sock: Any = None
        self._ws: Any = Connection(SERVER, [FrameLimit()])
        self._lock = RLock()
        self._open = False
        self._linger = False
        self._parts: list[str] = []
        self._control = (0.0, 0)  # start of the period, frames in it
        self._timer: gevent.Greenlet | None = None
        # A little before Engine.IO's own ping timeout, which runs the disconnect handler in whichever
        # greenlet happens to emit to the client; this one runs it here.
        self._idle = server.ping_interval + 0.9 * server.ping_timeout
        self._join_by = 0.0
        #: Set by the packet guard: let in, CONNECT packets, invalid events.
        self.joined = False
        self.connects = self.faults = 0
        self.remote = "-"

    # What the web server and Engine.IO call

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        error = handshake_error(environ)
        if error is not None:
            self._eio.close(wait=False, abort=True)
            return _plain(start_response, *error)
        self.remote = environ.get("REMOTE_ADDR", "-")
        self._sock, reader = _socket_of(environ)
        self._eio.queue.connection = self
        WebSocketConnection.live += 1
        try:
            if self._accept(environ["HTTP_SEC_WEBSOCKET_KEY"]):
                self._handler(self)
        except Exception as error_in_handler:
            quiet_log.note(f"unexpected {type(error_in_handler).__name__}", self.remote)
        finally:
            WebSocketConnection.live -= 1
            self._finish()
            if reader is not None:
                reader.close()  # tells pywsgi not to look for a next request in what is left
        if reader is None:
            # How a WSGI application tells gunicorn's asynchronous workers that the socket is used up.
            raise StopIteration
        return []

    def wait(self) -> str | None:
        """The next Engine.IO packet, or None when the connection is over."""
        try:
            while self._open:
                for event in self._ws.events():
                    message = self._take(event)
                    if not self._open:
                        return None
                    if message is not None:
                        return message
                self._sock.settimeout(self._idle if self.joined else max(self._join_by - monotonic(), 0.01))
                data = self._sock.recv(_READ_SIZE)
                if not data:
                    break
                self._ws.receive_data(data)
        except TimeoutError:
            if not self.joined:
                quiet_log.note("not let in within the time limit", self.remote)
            self.close(CloseReason.POLICY_VIOLATION)
        except (OSError, LocalProtocolError):
            pass
        self._open = False
        return None

    def send(self, message: str) -> None:
        """Send one whole message, waiting while the client is slow. OSError when it cannot be sent."""
        with self._lock:
            if not self._open:
                raise OSError("the websocket is closed")
            self._write(self._ws.send(TextMessage(data=message)))

    def close(self, code: int = CloseReason.NORMAL_CLOSURE) -> None:
        """Say goodbye with ``code``; the reader then ends. Unsent messages are dropped."""
        if not self._open:
            return
        self._open, self._linger = False, True
        self.expire()
        with suppress(OSError, LocalProtocolError), self._lock:
            self._write(self._ws.send(CloseConnection(code=code)))
            self._sock.shutdown(socket.SHUT_WR)

    # What the queue calls, from any greenlet; neither waits

    def expire(self) -> None:
        """Shut down in CLOSE_TIMEOUT, however the goodbye goes."""
        if self._timer is None and self._sock is not None:
            self._timer = gevent.spawn_later(CLOSE_TIMEOUT, self._shutdown)

    def cut(self, reason: str) -> None:
        """End now, without goodbye: the client is not reading anyway."""
        quiet_log.note(reason, self.remote)
        self._open = False
        self._shutdown()

    # The inside

    def _accept(self, key: str) -> bool:
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        if self._sock.family in (socket.AF_INET, socket.AF_INET6):
            self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            # No Sec-WebSocket-Extensions in the answer: compression is never agreed to, whatever is offered.
            self._write(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Accept: " + generate_accept_token(key.encode()) + b"\r\n\r\n"
            )
        except OSError:
            return False
        self._open = True
        self._join_by = monotonic() + JOIN_TIMEOUT
        return True

    def _take(self, event: Any) -> str | None:
        """Act on one event of the parser; the text when it completes a message."""
        if isinstance(event, TextMessage):
            if event.data:
                self._parts.append(event.data)
            if not event.message_finished:
                return None
            message = "".join(self._parts)
            self._parts.clear()
            # Engine.IO 4 from a client over websocket: close, pong or a message that holds a Socket.IO
            # packet. Anything else makes Engine.IO raise outside its own try and leave the session behind.
            if message in ("1", "3") or (message[:1] == "4" and message[1:2] in _SOCKETIO_TYPES):
                return message
            self._refuse("unreadable Engine.IO packet", CloseReason.PROTOCOL_ERROR)
        elif isinstance(event, BytesMessage):
            self._refuse("binary message", CloseReason.UNSUPPORTED_DATA)
        elif isinstance(event, Ping | Pong):
            self._on_control(event)
        elif isinstance(event, CloseConnection):
            if self._ws.state is ConnectionState.OPEN:  # the parser gave up, see FrameLimit
                self._refuse(f"broken or oversized frame ({int(event.code)})", event.code)
            else:
                self._on_peer_close(event)
        return None

    def _refuse(self, reason: str, code: int) -> None:
        quiet_log.note(reason, self.remote)
        self._parts.clear()
        self.close(code)

    def _on_control(self, event: Ping | Pong) -> None:
        start, number = self._control
        if monotonic() - start > CONTROL_PERIOD:
            start, number = monotonic(), 0
        self._control = (start, number + 1)
        if number >= MAX_CONTROL:
            self._refuse("too many control frames", CloseReason.POLICY_VIOLATION)
        elif isinstance(event, Ping):
            with self._lock:
                self._write(self._ws.send(event.response()))

    def _on_peer_close(self, event: CloseConnection) -> None:
        if self._open:
            self._open = False
            self.expire()
            with self._lock:
                self._write(self._ws.send(event.response()))

    def _write(self, data: bytes) -> None:
        """Send all of ``data``: plain ``send`` may take a part only. OSError when it cannot be done."""
        rest = memoryview(data)
        while rest:
            try:
                sent = self._sock.send(rest, 0, 0.0)  # gevent: no flags, do not wait
            except BlockingIOError:
                sent = 0
            rest = rest[sent:]
            if rest:
                wait_write(self._sock.fileno(), SEND_TIMEOUT, TimeoutError("the client does not read"))

    def _shutdown(self) -> None:
        if self._sock is not None:
            with suppress(OSError):
                self._sock.shutdown(socket.SHUT_RDWR)

    def _finish(self) -> None:
        """Leave nothing behind, however the connection ended."""
        eio = self._eio
        self._open = False
        if not eio.closed:
            eio.queue.put(None)
            eio.close(wait=False, abort=True, reason=self._server.reason.TRANSPORT_CLOSE)
        if self._linger:
            self._discard_input()
        if self._timer is not None:
            self._timer.kill(block=False)
        self._shutdown()
        # Engine.IO's ping greenlet keeps its socket for up to a ping interval more: let it keep little.
        eio.queue.connection = None
        self._server.sockets.pop(eio.sid, None)
        self._parts.clear()
        self._ws = self._sock = None

    def _discard_input(self) -> None:
        until, left = monotonic() + LINGER_TIMEOUT, LINGER_BYTES
        with suppress(OSError):
            while left > 0:
                self._sock.settimeout(max(until - monotonic(), 0.001))
                number = self._sock.recv_into(_SINK)
                if not number:
                    return
                left -= number


def _socket_of(environ: dict[str, Any]) -> tuple[Any, Any]:
    """The client's gevent socket, and under pywsgi also its buffered reader (None under gunicorn)."""
    if "gunicorn.socket" in environ:
        return environ["gunicorn.socket"], None
    reader = environ["wsgi.input"]
    return reader.raw._sock, reader


def installer(server: socketio.Server) -> None:
    """Make ``server`` (async_mode gevent) use the websocket, the bounded queue and the packet guard of the
    portal.

    Call it once, after the server is made and before the first request. The driver table is copied: the
    library's own is shared by every server in the process.
    """
    server.eio._async = {**server.eio._async, "websocket": WebSocketConnection, "queue": OutboundQueue}
    server.eio.max_http_buffer_size = MAX_MESSAGE

    def connection(eio_sid: str) -> WebSocketConnection | None:
        eio = server.eio.sockets.get(eio_sid)
        return None if eio is None else eio.queue.connection

    install_guard(server, connection)


def kast_ut(server: socketio.Server, sid: str) -> None:
    """Throw one client out at once: leave every room, then close the connection without waiting for it.

    ``socketio.Server.disconnect`` alone leaves the websocket open, and Engine.IO's own waits for a client
    that may not be reading. The browser's client does not reconnect by itself after this.
    """
    eio_sid = server.manager.eio_sid_from_sid(sid, "/")
    server.disconnect(sid, ignore_queue=True)
    eio = server.eio.sockets.get(eio_sid)
    if eio is not None:
        eio.close(wait=False, reason=server.reason.SERVER_DISCONNECT)
