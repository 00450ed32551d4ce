"""What the pages of this room share."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint

blp = Blueprint("identitet", __name__)


def trygg_adresse(adresse: str) -> str:
    """An address inside the portal to go to next; anything else becomes the front page (open redirect)."""
    if not adresse.startswith("/") or adresse.startswith(("//", "/\\")) or not adresse.isprintable():
        return "/"
    deler = urlsplit(adresse)
    return "/" if deler.scheme or deler.netloc or "\\" in adresse else adresse
