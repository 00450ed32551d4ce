"""What the pages of this room share."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint

from portal.core.errors import PortalError
from portal.core.web import som_tekst

blp = Blueprint("identitet", __name__)


def trygg_adresse(adresse: str) -> str:
    """An address inside the portal to go to next; anything else becomes the front page (open redirect)."""
    if not adresse.startswith("/") or adresse.startswith(("//", "/\\")) or not adresse.isprintable():
        return "/"
    deler = urlsplit(adresse)
    return "/" if deler.scheme or deler.netloc or "\\" in adresse else adresse


def feltfeil(feil: PortalError | None) -> dict[str, Any]:
    """The errors as the form macros want them: {field: [texts]}, "" for the form as a whole."""
    if feil is None:
        return {"feil": {}}
    felter = som_tekst(feil.detaljer.get("felter", {}))
    ut = {k: v if isinstance(v, list) else [str(v)] for k, v in felter.items()}
    return {"feil": ut or {"": [feil.melding]}}
