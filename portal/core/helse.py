"""Health for operators, load balancers and monitors: no login, and no more than counts; and the heartbeat out.

`/helse/eskalering` and the heartbeat watch the same thing from two sides: a monitor that asks finds a portal that is
red, and a monitor that is asked by the portal (a dead man's switch) finds one that is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog
from flask import Blueprint, Flask
from werkzeug.wrappers import Response

from portal.core import nett
from portal.core.db import database_klar, db
from portal.core.web import json_svar

logg = structlog.get_logger(__name__)
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
        """One beat. A monitor that does not answer fails nothing here: it will have its own alarm by then.

        No transaction is open while it is asked, and it is waited for no longer than `nett.FRIST`.
        """
        roede = self._roede()
        db.session.rollback()
        if roede:
            self._si("stanset: " + ", ".join(roede))
            return
        try:
            svar = nett.hent(self._url)
            self._si("" if svar.status < 400 else f"monitoren svarer {svar.status}")
        except nett.Nettfeil as feil:
            # The kind alone: what comes after it may hold the address, which is the monitor's secret.
            self._si(f"monitoren svarer ikke: {str(feil).partition(':')[0]}")

    def _si(self, hvorfor: str) -> None:
        if hvorfor == self._sist:
            return
        if hvorfor:
            logg.warning("hjerteslag_stanset", hvorfor=hvorfor)
        else:
            logg.info("hjerteslag_gaar")
        self._sist = hvorfor
