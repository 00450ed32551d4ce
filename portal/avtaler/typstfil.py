"""An agreement as PDF, tagged for screen readers (PDF/UA-1). Pure: from the document of `dokument.lag`.

The fonts are the compiler's own, so that it looks alike everywhere, and nothing has to be installed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import orjson

from portal.core.config import ROT
from portal.core.pdf import lag_pdf

MAL = ROT / "templates" / "avtaler" / "avtale.typ"
#: Signs that no line can hold in a row: a longer word gets places where it may be broken. In a cell of a table, fewer.
LENGSTE_ORD, I_CELLE = 60, 34
_BRUDD = "\u200b"


def som_pdf(dok: Mapping[str, Any]) -> bytes:
    """The document as PDF. Takes 0.3 s and up to some seconds for hundreds of clauses: on the thread pool."""
    return lag_pdf(MAL, orjson.dumps(brytbar(dok, LENGSTE_ORD)), "ua-1")


def brytbar(verdi: Any, lengst: int) -> Any:
    """The document with long words that can be broken. The hash is one, and fits where it stands."""
    if isinstance(verdi, str):
        return _lange(lengst).sub(lambda m: _del_opp(m[0], lengst), verdi)
    if isinstance(verdi, list):
        return [brytbar(v, lengst) for v in verdi]
    if isinstance(verdi, Mapping):
        lengst = I_CELLE if verdi.get("type") == "tabell" else lengst
        return {k: v if k in ("lenke", "hash") else brytbar(v, lengst) for k, v in verdi.items()}
    return verdi


@cache
def _lange(lengst: int) -> re.Pattern[str]:
    return re.compile(rf"\S{{{lengst},}}")


def _del_opp(langt: str, lengst: int) -> str:
    bit = lengst // 4
    return _BRUDD.join(langt[i : i + bit] for i in range(0, len(langt), bit))
