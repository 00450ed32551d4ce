"""PDF by typst, in a process of its own.

The compiler keeps what it has worked out for the next dozen documents: after a few long agreements 1.5 GB, in a
process that serves hundreds of others. A process that ends gives it back, and one that is made to take too long, or
too much, ends alone.
"""

from __future__ import annotations

from pathlib import Path

import orjson
import structlog

from portal.core import pdfprosess
from portal.core.barneprosess import Grenser, kjoer
from portal.core.errors import UgyldigData
from portal.core.sprak import _l

_PROGRAM = Path(pdfprosess.__file__)
_logg = structlog.get_logger()


def lag_pdf(mal: Path, data: bytes, standard: str) -> bytes:
    """A PDF of a template and its data (JSON), of a standard («ua-1») where the fonts have every sign of it.

    What people wrote is data to the template, never its source. Waits for the process: on the thread pool. Raises
    UgyldigData (`for_stort`) when it takes more than `pdfprosess.TID`, `VEGG` or `MINNE`.
    """
    grenser = Grenser(pdfprosess.TID, pdfprosess.VEGG, pdfprosess.MINNE)
    bestilling = orjson.dumps({"mal": str(mal), "data": data.decode(), "standard": standard})
    slutt, pdf = kjoer(_PROGRAM, bestilling, grenser)
    if slutt != 0 or not pdf.startswith(b"%PDF-"):
        _logg.warning("pdf_feilet", mal=mal.name, slutt=slutt)
        raise UgyldigData(
            _l("Dokumentet er for stort til å bli en PDF. Hent det i et annet format."), kode="for_stort"
        )
    return pdf
