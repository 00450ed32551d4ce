"""The phase as JSON: for programs that must know what an organisation is in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import RAISE

from portal.beredskap.schemas import TomtInn, situasjon_ut
from portal.beredskap.service import oversikt
from portal.core.web import Jsonleser, aktor, json_svar

blp = Blueprint(
    "api_beredskap",
    __name__,
    url_prefix="/api/v1",
    description="The epidemic phase and preparedness of an organisation, now and planned.",
)
blp.ARGUMENTS_PARSER = Jsonleser()


@blp.route("/beredskap/<uuid:organisasjon_id>")
class Beredskap(MethodView):
    @blp.arguments(TomtInn, location="query", unknown=RAISE)
    @blp.response(200)
    def get(self, inn: dict[str, Any], organisasjon_id: UUID) -> Any:
        """The phase that holds, the level, since when and from which source; then what is planned. Never a drill's."""
        return json_svar(situasjon_ut(*oversikt.hent_situasjon(aktor(), organisasjon_id)))
