"""What the pages of reallocation share: their blueprint, who finds them in the menu, and the words of the codes."""

from __future__ import annotations

from flask import Blueprint

from portal.core.aktor import Aktor
from portal.omdisponering import access
from portal.omdisponering.access import Handling
from portal.omdisponering.forloep import Kompetanse, Lokalkrav
from portal.omdisponering.ord import ETIKETTER

blp = Blueprint("omdisponering", __name__, url_prefix="/omdisponering")


@blp.app_template_global("ser_omdisponering")
def ser_omdisponering(aktor: Aktor) -> bool:
    """Whether the actor works with reallocations: for the menu."""
    return access.kan_noe(aktor, Handling.SE)


@blp.app_template_filter("kompetanser")
def kompetanser(sum_: int) -> list[str]:
    """The words of a sum of `Kompetanse`."""
    return [str(ETIKETTER["kompetanse"][k]) for k in Kompetanse if sum_ & k]


@blp.app_template_filter("lokalkrav")
def lokalkrav(sum_: int) -> list[str]:
    """The words of a sum of `Lokalkrav`."""
    return [str(ETIKETTER["lokalkrav"][k]) for k in Lokalkrav if sum_ & k]
