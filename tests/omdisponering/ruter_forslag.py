"""How the routes of the proposals are asked (`tests/rutene_omdisponering.py`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from tests.matrise import Verden, les_tabell
from tests.omdisponering.hjelp import lag_behov, lag_ressurs, lag_tilbud
from tests.omdisponering.matrise import utlaan

UTKAST = "/omdisponering/behov/<uuid:behov_id>/forslag"

#: For who works with reallocations: whoever has the need picks from others, whoever could help from its own.
RUTER = les_tabell("""
                                                       i lksaocdu STKVCD 1234567 rnx
GET /omdisponering/forslag                             ! ----++-- ---++- -+--++- ---
GET /omdisponering/behov/<uuid:behov_id>/forslag       ! 0000++00 000++0 0+00++0 000
POST /omdisponering/behov/<uuid:behov_id>/forslag      ! 0000++00 000++0 0+00++0 000
""")


#: {need: {lender: its offer}}, made before anybody is asked.
_TILBUD: dict[UUID, dict[UUID, UUID]] = {}


def _behov(v: Verden) -> dict[str, Any]:
    behov = lag_behov(v.kommune, utlaan(v).oehd)
    eiere = (v.hf, v.annen_kommune, v.annet_hf)
    _TILBUD[behov.id] = {o.id: lag_tilbud(lag_ressurs(o), behov).id for o in eiere}
    return {"behov_id": behov.id}


def _kryss(v: Verden, person: str, s: dict[str, Any]) -> dict[str, Any]:
    """An offer that whoever asks may make a draft of: one of its own, and the trust's for who has the need."""
    tilbud = _TILBUD.get(s["behov_id"], {})
    egen = v.hf.id if person == "ingen" else v.aktor(person).organisasjon_id
    return {"tilbud": [str(tilbud.get(egen, tilbud.get(v.hf.id, uuid4())))]}


FOERST: dict[str, Callable[[Verden], dict[str, Any]]] = {UTKAST: _behov}
INNHOLD: dict[str, Callable[[Verden, str, dict[str, Any]], dict[str, Any]]] = {UTKAST: _kryss}
