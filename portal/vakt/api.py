"""The rosters as JSON: for programs that must know whom to ring, or show a person's own shifts."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import RAISE

from portal.core.clock import now
from portal.core.web import Jsonleser, aktor, json_svar
from portal.vakt.schemas import MineInn, PaavaktInn, egen_vakt_ut, planrad_ut
from portal.vakt.service import gyldighet, oversikt, vakter

blp = Blueprint(
    "api_vakt",
    __name__,
    url_prefix="/api/v1",
    description="Who is on call now, by fagområde and level, and one's own shifts.",
)
blp.ARGUMENTS_PARSER = Jsonleser()


@blp.route("/vakt/naa")
class Naa(MethodView):
    @blp.arguments(PaavaktInn, location="query", unknown=RAISE)
    @blp.response(200)
    def get(self, inn: dict[str, Any]) -> Any:
        """Who is on call now at one's own organisation, in all of its rosters or that of one fagområde.

        Each level that is in use has `vakt` (null: nobody answers there now) and `telefon`, the number that passes
        from hand to hand (null: none). `proevd` is whether a way to wake whoever has it was proven during the last day
        (null: nobody has it). A fagområde without a roster gives an empty list.
        """
        rader = oversikt.hent_planer(aktor(), **inn)
        return json_svar({"tidspunkt": now().isoformat(), "planer": [planrad_ut(r) for r in rader]})


@blp.route("/vakt/mine")
class Mine(MethodView):
    @blp.arguments(MineInn, location="query", unknown=RAISE)
    @blp.response(200)
    def get(self, inn: dict[str, Any]) -> Any:
        """One's own shifts that touch [fra, til), in every roster, by time: the coming year where nothing is said.

        `teller_ikke` names the parts in which the shift does not count, and why: the role has ended, or one is away.
        """
        a = aktor()
        egne = vakter.mine_vakter(a, inn["fra"], inn["til"])
        bortfall = gyldighet.finn_bortfall(a, egne)
        return json_svar({"vakter": [egen_vakt_ut(v, bortfall.get(v.id, ())) for v in egne]})
