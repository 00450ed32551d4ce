"""What the pages of this room share, and what the frame of every page asks of it: the bell."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint

from portal.core.web import aktor_eller_ingen, er_laast
from portal.varsler.service import bjelle, uleverte

blp = Blueprint("varsler", __name__)


def trygg_lenke(lenke: str) -> str:
    """The path of a notice, or "" where it is none in the portal (open redirect)."""
    if (
        not lenke.startswith("/")
        or lenke.startswith(("//", "/\\"))
        or not lenke.isprintable()
        or "\\" in lenke
    ):
        return ""
    deler = urlsplit(lenke)
    return "" if deler.scheme or deler.netloc else lenke


@blp.app_context_processor
def _i_rammen() -> dict[str, Any]:
    """`hent_bjelle()` and `antall_uleverte()`: asked for only where they are shown."""
    return {"hent_bjelle": _bjelle, "antall_uleverte": _antall_uleverte}


def _bjelle() -> tuple[int, str] | None:
    """The bell of who is here: (number, version); None for nobody, and behind a lock."""
    aktor = aktor_eller_ingen()
    if aktor is None or aktor.person_id is None or er_laast():
        return None
    return bjelle.hent_tall(aktor)


def _antall_uleverte() -> int:
    aktor = aktor_eller_ingen()
    return uleverte.antall_uleverte(aktor) if aktor is not None and not er_laast() else 0
