"""The bell as JSON: what one was told, and that it has been read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import RAISE

from portal.core.web import Jsonleser, aktor, json_svar
from portal.varsler.schemas import HistorikkInn, TomtInn, sted_ut, varsel_ut
from portal.varsler.service import bjelle

blp = Blueprint(
    "api_varsler",
    __name__,
    url_prefix="/api/v1",
    description="Notices to the person who asks: read them, and say that they have been read.",
)
blp.ARGUMENTS_PARSER = Jsonleser()


@blp.route("/varsler")
class Varsler(MethodView):
    @blp.arguments(HistorikkInn, location="query", unknown=RAISE)
    @blp.response(200)
    def get(self, inn: dict[str, Any]) -> Any:
        """One's own notices, unread first; `neste` is the `etter` of the next page, null on the last."""
        side = bjelle.hent_side(aktor(), **inn)
        return json_svar(
            {
                "uleste": side.antall_uleste,
                "varsler": [varsel_ut(v) for v in side.varsler],
                "neste": sted_ut(side.neste),
            }
        )


@blp.route("/varsler/<uuid:varsel_id>/les")
class Les(MethodView):
    @blp.arguments(TomtInn)
    @blp.response(200)
    def post(self, inn: dict[str, Any], varsel_id: UUID) -> Any:
        """Say that a notice has been read, which acknowledges it. Answers with the path of what it is about."""
        return json_svar({"lenke": bjelle.les(aktor(), varsel_id)})
