"""What a form must be confirmed for, as the pages show it."""

from __future__ import annotations

from typing import Any

from portal.core.errors import PortalError


def overraskelser(feil: PortalError | None) -> list[dict[str, Any]]:
    """The figures that surprised, and then the kommuner that get more than their quota. For `overraskelsen`."""
    if feil is None or feil.kode != "overraskende":
        return []
    return [*feil.detaljer.get("tall", []), *feil.detaljer.get("over_kvote", [])]
