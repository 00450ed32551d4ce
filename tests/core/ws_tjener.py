"""A small real server for the websocket tests: Flask, Flask-SocketIO and the portal's websocket.

``python tests/core/ws_tjener.py PORT`` serves under gevent.pywsgi; gunicorn serves ``ws_tjener:app``.
``/tilstand`` answers with the figures that must stay flat.
"""

# ruff: noqa: E402 - gevent patches the standard library before anything else imports it
from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import gc
import logging
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import gevent
import greenlet  # type: ignore[import-untyped]
from flask import Flask
from flask_socketio import SocketIO

from portal.core import websocket
from portal.core.errors import Opptatt
from portal.core.websocket import HandshakeGate, WebSocketConnection, installer, kast_ut

logging.basicConfig(level=logging.INFO, stream=sys.stderr)
websocket.JOIN_TIMEOUT = 2.0

app = Flask(__name__)
socketio = SocketIO(
    app,
    async_mode="gevent",
    async_handlers=False,
    transports=["websocket"],
    http_compression=False,
    manage_session=False,
    cors_allowed_origins="*",
    ping_interval=float(os.environ.get("PING", "25")),
    ping_timeout=float(os.environ.get("PING", "20")),
)
server = socketio.server
installer(server)
app.wsgi_app = HandshakeGate(app.wsgi_app, frozenset(filter(None, [os.environ.get("TILLATT")])))  # type: ignore[method-assign]

seen = {"connect": 0, "disconnect": 0, "ekko": 0}
sids: dict[str, str] = {}


@server.on("connect")
def connect(sid: str, environ: dict[str, Any], auth: Any) -> bool:
    seen["connect"] += 1
    return not (auth or {}).get("nei")


@server.on("disconnect")
def disconnect(sid: str, reason: str) -> None:
    seen["disconnect"] += 1


@server.on("ekko")
def ekko(sid: str, body: dict[str, Any]) -> dict[str, Any]:
    seen["ekko"] += 1
    return {"ok": True, "n": body.get("n"), "lengde": len(body.get("tekst", ""))}


@server.on("stor")
def stor(sid: str, body: dict[str, Any]) -> None:
    """Several greenlets send large messages to one client at once."""
    jobs = [
        gevent.spawn(server.emit, "stor", {"hvem": str(i), "tekst": str(i) * body["lengde"]}, to=sid)
        for i in range(body["antall"])
    ]
    gevent.joinall(jobs)


@server.on("navn")
def navn(sid: str, body: dict[str, Any]) -> dict[str, Any]:
    sids[body["navn"]] = sid
    server.enter_room(sid, "alle")
    return {"ok": True}


@server.on("flom")
def flom(sid: str, body: dict[str, Any]) -> dict[str, Any]:
    """Emit to everybody in the room for a while, as other people's work would."""
    for i in range(body["antall"]):
        server.emit("flom", {"n": i, "tekst": "x" * body["lengde"]}, to="alle")
        gevent.sleep(0.0005)
    return {"ok": True}


@server.on("kast")
def kast(sid: str, body: dict[str, Any]) -> dict[str, Any]:
    kast_ut(server, sids[body["navn"]])
    return {"ok": True}


@server.on("feil")
def feil(sid: str, body: dict[str, Any]) -> None:
    raise Opptatt("Noen andre var først.") if body.get("kjent") else RuntimeError("with intent")


@app.get("/tilstand")
def tilstand() -> dict[str, Any]:
    gc.collect()
    with open("/proc/self/statm") as statm:
        rss = int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return {
        "rss_mb": rss / 2**20,
        "live": WebSocketConnection.live,
        "eio": len(server.eio.sockets),
        "environ": len(server.environ),
        "greenlets": sum(isinstance(o, greenlet.greenlet) and not o.dead for o in gc.get_objects()),
        **seen,
    }


if __name__ == "__main__":
    socketio.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_output=False)
