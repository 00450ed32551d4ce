"""The letter of assignment as PDF, tagged for screen readers (PDF/UA-1). Pure: from the data of `service.brev`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from portal.avtaler.typstfil import brytbar
from portal.core.config import ROT
from portal.core.pdf import lag_pdf

MAL = ROT / "templates" / "omdisponering" / "oppdragsbrev.typ"
#: A longer word gets places where it may be broken: the narrower of two columns holds so many signs.
LENGSTE_ORD = 28


def som_pdf(data: Mapping[str, Any]) -> bytes:
    """One page, whatever the names and the terms are: the type shrinks, then the longest texts are cut. Takes some
    tenths of a second: on the thread pool."""
    return lag_pdf(MAL, orjson.dumps(brytbar(data, LENGSTE_ORD)), "ua-1")
