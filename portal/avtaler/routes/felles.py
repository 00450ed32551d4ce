"""What the pages of agreements share: the blueprint, the errors of a form, and what their templates may call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint

from portal.avtaler import innhold
from portal.avtaler.forloep import Art, Avtaletype
from portal.avtaler.models import Avtale
from portal.avtaler.punkter import PUNKTER, TILTAKSKRAV
from portal.avtaler.service import lesing, naa
from portal.avtaler.tekst import som_html
from portal.avtaler.utskrivning import TRINN
from portal.beredskap.models import Fase
from portal.beredskap.routes.felles import det_du_skrev
from portal.core.errors import PortalError
from portal.core.sprak import _l
from portal.core.web import aktor
from portal.identitet.fagomraader import ALLE_OMRAADER
from portal.identitet.steps import sorteringsnoekkel

bp = Blueprint("avtaler", __name__, url_prefix="/avtaler")

#: What the letters of the matrix say.
ANSVARSORD = {
    "A": _l("Ansvarlig"),
    "U": _l("Utfører"),
    "K": _l("Konsulteres"),
    "I": _l("Informeres"),
}

__all__ = ["ANSVARSORD", "bp", "det_du_skrev", "fagomraadevalg", "fnr_treff"]


def fagomraadevalg() -> list[tuple[str, str]]:
    """Every fagområde with its name, in the order of the alphabet."""
    return sorted(((k, str(n)) for k, n in ALLE_OMRAADER.items()), key=lambda par: sorteringsnoekkel(par[1]))


def fnr_treff(feil: PortalError | None) -> Mapping[str, list[tuple[int, int]]]:
    """Where identity numbers stand, {field: places}, for the form that was refused for them."""
    treff: Mapping[str, list[tuple[int, int]]] = feil.detaljer.get("treff", {}) if feil else {}
    return treff


def _kan(avtale: Avtale) -> lesing.Kan:
    return lesing.hva_kan(aktor(), avtale)


def _naa(avtale: Avtale) -> naa.Naa:
    return naa.hva_skjer(aktor(), avtale)


@bp.context_processor
def _ord() -> dict[str, Any]:
    """`avtalekan(avtale)` and `avtalenaa(avtale)` are asked for by the top of an agreement's pages alone."""
    return {
        "som_html": som_html,
        "ANSVARSORD": ANSVARSORD,
        "PUNKTER": PUNKTER,
        "TILTAKSKRAV": TILTAKSKRAV,
        "UTSKRIVNINGSTRINN": TRINN,
        "avtaletyper": [str(t) for t in Avtaletype],
        "bestemmelsesarter": [str(a) for a in Art],
        "alle_faser": [int(f) for f in Fase],
        "fasetall": innhold.faser,
        "avtalekan": _kan,
        "avtalenaa": _naa,
    }
