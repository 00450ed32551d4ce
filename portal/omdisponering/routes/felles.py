"""What the pages of reallocation share: their blueprint, who finds them in the menu, and the words of the codes."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, flash
from flask_babel import get_locale

from portal.core.aktor import Aktor
from portal.core.sprak import _
from portal.omdisponering import access
from portal.omdisponering.access import Handling
from portal.omdisponering.forloep import Kompetanse, Lokalkrav
from portal.omdisponering.ord import ETIKETTER
from portal.omdisponering.regler import i_tall

blp = Blueprint("omdisponering", __name__, url_prefix="/omdisponering")


@blp.app_template_global("ser_omdisponering")
def ser_omdisponering(aktor: Aktor) -> bool:
    """Whether the actor works with reallocations: for the menu."""
    return access.kan_noe(aktor, Handling.SE)


@blp.app_template_filter("kompetanser")
def kompetanser(sum_: int) -> list[str]:
    """The words of a sum of `Kompetanse`."""
    return [str(ETIKETTER["kompetanse"][k]) for k in Kompetanse if sum_ & k]


@blp.app_template_filter("dekning")
def dekning(sum_: float) -> str:
    """How many a need has, where half a post is half of one: «2», «2,5», in English «2.5»."""
    tall = i_tall(sum_)
    vist = f"{tall:.0f}" if tall == int(tall) else f"{tall:.1f}"
    return vist if str(get_locale()) == "en" else vist.replace(".", ",")


@blp.app_template_filter("lokalkrav")
def lokalkrav(sum_: int) -> list[str]:
    """The words of a sum of `Lokalkrav`."""
    return [str(ETIKETTER["lokalkrav"][k]) for k in Lokalkrav if sum_ & k]


#: So many numbers a message holds; the pages of the people say the rest.
_FLEST_NUMRE = 20


def si_holder_ikke(numre: Sequence[str]) -> None:
    """What is promised and does not hold any more, after what was saved."""
    if numre:
        flash(
            _(
                "Dette er godkjent, og holder ikke lenger: %(numre)s. Begge sider har fått beskjed. Det blir "
                "stående til dere endrer, trekker eller avslutter det.",
                numre=", ".join(numre[:_FLEST_NUMRE]) + (" …" if len(numre) > _FLEST_NUMRE else ""),
            ),
            "warning",
        )
