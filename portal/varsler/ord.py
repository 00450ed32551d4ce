"""The words of this room: channels, and how a test of one stands."""

from __future__ import annotations

from typing import Any

from portal.core.sprak import _l
from portal.varsler.models import Kanal

KANALER: dict[Kanal, Any] = {
    Kanal.EPOST: _l("E-post"),
    Kanal.PUSH: _l("Nettleser"),
    Kanal.SMS: _l("SMS"),
    Kanal.TALE: _l("Oppringing"),
}

ETIKETTER: dict[str, dict[str, Any]] = {
    "varselkanal": {str(k): ord_ for k, ord_ in KANALER.items()},
    # As a higher room has it for cases; a notice that is about no case needs the words too.
    "varselhastegrad": {"akutt": _l("Akutt"), "haster": _l("Haster"), "vanlig": _l("Vanlig")},
}
