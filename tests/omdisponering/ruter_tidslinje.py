"""How the routes of the timeline, of «now», and of the letters are asked; see `tests/rutene_omdisponering.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from portal.omdisponering.forloep import Status
from tests.matrise import Verden, les_tabell
from tests.omdisponering.matrise import omdisponering, utlaan

BREV = "/omdisponering/<uuid:omdisponering_id>/brev/<uuid:linje_id>.pdf"
ICS = "/omdisponering/<uuid:omdisponering_id>/<uuid:linje_id>.ics"

#: The timeline is for who works with reallocations and for clinicians; everybody sees the own assignments.
RUTER = les_tabell("""
                                                                        i lksaocdu STKVCD 1234567 rnx
GET /omdisponering/tidslinje                                            ! ++++++-+ +++++- ++++++- ---
GET /omdisponering/naa                                                  ! ++++++++ ++++++ +++++++ +++
GET /omdisponering/<uuid:omdisponering_id>/brev/<uuid:linje_id>.pdf     ! ----++0- ---++0 0000000 000
GET /omdisponering/<uuid:omdisponering_id>/<uuid:linje_id>.ics          ! ----++0- ---++0 0000000 000
""")


def _avtalt(v: Verden) -> dict[str, Any]:
    id_ = omdisponering(v, Status.GODKJENT_MOTTAKER)
    return {"omdisponering_id": id_, "linje_id": utlaan(v).les(id_).linjer[0].id}


FOERST: dict[str, Callable[[Verden], dict[str, Any]]] = {BREV: _avtalt, ICS: _avtalt}
