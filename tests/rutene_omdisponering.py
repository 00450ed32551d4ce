"""How the routes of reallocation are asked; see `tests/rutene.py`.

Each part of the room tells of its own routes in `tests/omdisponering/ruter_<part>.py`:

    RUTER       the table (`les_tabell`)
    STED        {name in the address: lambda v, places so far: its value}
    FOERST      {route: lambda v: all its places}, where those of STED won't do
    INNHOLD     {route: lambda v, person, places: what is sent}
    SPOERRING   {route: what is asked after the address of a page}
    UTEN_SPOR   the POST routes that leave no success in the audit log

The lender is `hf`, the receiver `kommune` (`tests/omdisponering/matrise.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from portal.omdisponering.forloep import Status
from tests.matrise import Verden
from tests.omdisponering.hjelp import lag_behov, lag_lokale, lag_ressurs, lag_tilbud, lag_vedtak
from tests.omdisponering.matrise import deler, omdisponering, samlet, utlaan

Steder = dict[str, Any]

_DELER = deler("ruter_")
RUTER = samlet(_DELER, "RUTER")
FOERST: dict[str, Callable[[Verden], Steder]] = samlet(_DELER, "FOERST")
INNHOLD: dict[str, Callable[[Verden, str, Steder], dict[str, Any]]] = samlet(_DELER, "INNHOLD")
SPOERRING: dict[str, str] = samlet(_DELER, "SPOERRING")
UTEN_SPOR: tuple[str, ...] = tuple(regel for del_ in _DELER for regel in getattr(del_, "UTEN_SPOR", ()))

#: By what stands in the address. A reallocation waits for the lender's answer; the rest is there and in use.
STED: dict[str, Callable[[Verden, Steder], Any]] = {
    "behov_id": lambda v, s: lag_behov(v.kommune, utlaan(v).oehd).id,
    "tilbud_id": lambda v, s: lag_tilbud(lag_ressurs(v.hf, utlaan(v).post), utlaan(v).behov).id,
    "omdisponering_id": lambda v, s: omdisponering(v, Status.FORESLAATT),
    "linje_id": lambda v, s: utlaan(v).les(s["omdisponering_id"]).linjer[0].id,
    "ressursperson_id": lambda v, s: lag_ressurs(v.hf, utlaan(v).post).id,
    "lokale_id": lambda v, s: lag_lokale(v.hf).id,
    "vedtak_id": lambda v, s: lag_vedtak(v.hf).id,
    **samlet(_DELER, "STED"),
}


def sett_opp(v: Verden, regel: str) -> Steder | None:
    """The places of one of these routes; None where it is no such route."""
    if not regel.removeprefix("/api/v1").startswith("/omdisponering"):
        return None
    utlaan(v)
    steder: Steder = {}
    for navn in re.findall(r"<(?:\w+:)?(\w+)>", regel):
        if navn in STED:
            steder[navn] = STED[navn](v, steder)
    return steder
