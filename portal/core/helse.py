"""Health pages for operators and load balancers: no login, no figures."""

from __future__ import annotations

from flask import Blueprint, Flask
from werkzeug.wrappers import Response

from portal.core.db import database_klar
from portal.core.web import json_svar


def sett_opp(app: Flask) -> None:
    """`/helse`: the process answers. `/helse/klar`: the database answers too (503 otherwise)."""
    blp = Blueprint("helse", __name__)

    @blp.get("/helse")
    def lever() -> Response:
        return json_svar({"status": "ok"})

    @blp.get("/helse/klar")
    def klar() -> Response:
        ok = database_klar()
        return json_svar({"status": "ok" if ok else "database"}, 200 if ok else 503)

    app.register_blueprint(blp)
