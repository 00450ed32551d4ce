"""A file that somebody has chosen, read into clauses in a process of its own: it may be made to do harm.

The reader counts as it goes and gives up early (`docxlesing`); what it has not thought of ends the process alone.
"""

from __future__ import annotations

from pathlib import Path

import orjson
import structlog

from portal.avtaler import docxprosess, ooxml
from portal.avtaler.klausulfunn import Funn
from portal.core.barneprosess import Grenser, kjoer
from portal.core.errors import UgyldigData
from portal.core.sprak import _l

#: 870,000 signs in 480 clauses take 1.4 s of processor and 0.1 GB.
GRENSER = Grenser(tid=20, vegg=40, minne=1024**3)
_PROGRAM = Path(docxprosess.__file__)
_logg = structlog.get_logger()


def les(data: bytes, spraak: str) -> Funn:
    """The clauses of a file. Raises UgyldigData with its words in `spraak`, also when it takes more than `GRENSER`.

    Waits for the process: on a thread pool.
    """
    slutt, ut = kjoer(_PROGRAM, data, GRENSER, spraak)
    try:
        svar = orjson.loads(ut) if slutt == 0 else {}
    except orjson.JSONDecodeError:
        svar = {}
    if "funn" in svar:
        return Funn(**svar["funn"])
    if "feil" in svar:
        raise UgyldigData(felter=svar["feil"])
    _logg.warning("fillesing_feilet", slutt=slutt, stoerrelse=len(data))
    raise ooxml.avvis(
        _l("Filen var for tung å lese. Del den i flere, eller lim inn teksten i feltet under i stedet.")
    )
