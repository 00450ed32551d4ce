"""Health for operators, load balancers and monitors: no login, and no more than counts; and the heartbeat out.

`/helse/eskalering` and the heartbeat watch the same thing from two sides: a monitor that asks finds a portal that is
red, and a monitor that is asked by the portal (a dead man's switch) finds one that is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import requests
import structlog
from flask import Blueprint, Flask
from werkzeug.wrappers import Response

from portal.core.db import database_klar
from portal.core.web import json_svar

logg = structlog.get_logger(__name__)
#: Seconds to reach the monitor, and to be answered by it.
TAALMODIGHET = (5, 5)
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def sett_opp(
    app: Flask,
    roede: Callable[[], tuple[Sequence[str], Mapping[str, Any]]],
    tall: Callable[[], bytes],
) -> None:
    """`/helse`: the process answers. `/helse/klar`: the database answers too (503 otherwise).

    `/helse/eskalering`: what a request needs to reach a human; 503 with the parts that are red. `roede` gives them,
    with the counts. `/helse/tall`: the figures for Prometheus, as `tall` writes them.
    """
    blp = Blueprint("helse", __name__)

    @blp.get("/helse")
    def lever() -> Response:
        return json_svar({"status": "ok"})

    @blp.get("/helse/klar")
    def klar() -> Response:
        ok = database_klar()
        return json_svar({"status": "ok" if ok else "database"}, 200 if ok else 503)

    @blp.get("/helse/eskalering")
    def eskalering() -> Response:
        funnet, antall = roede()
        if funnet:
            return json_svar({"status": "roed", "roede": list(funnet), **antall}, 503)
        return json_svar({"status": "ok", **antall})

    @blp.get("/helse/tall")
    def figurer() -> Response:
        return Response(tall(), mimetype=None, content_type=PROMETHEUS)

    app.register_blueprint(blp)


class Hjerteslag:
    """Asks for the monitor's address while all is well, and says in the log when it begins and ends."""

    def __init__(self, url: str, roede: Callable[[], Sequence[str]]) -> None:
        self._url, self._roede = url, roede
        self._sist = ""

    def __call__(self) -> None:
        """One beat. A monitor that does not answer fails nothing here: it will have its own alarm by then."""
        roede = self._roede()
        if roede:
            self._si("stanset: " + ", ".join(roede))
            return
        try:
            svar = requests.get(self._url, timeout=TAALMODIGHET, allow_redirects=False)
            self._si("" if svar.ok else f"monitoren svarer {svar.status_code}")
        except requests.RequestException as feil:
            # The kind alone: the address in the error is the monitor's secret.
            self._si(f"monitoren svarer ikke: {type(feil).__name__}")

    def _si(self, hvorfor: str) -> None:
        if hvorfor == self._sist:
            return
        if hvorfor:
            logg.warning("hjerteslag_stanset", hvorfor=hvorfor)
        else:
            logg.info("hjerteslag_gaar")
        self._sist = hvorfor
