"""How the routes of needs and offers are asked, the pages and the JSON; see `rutene_omdisponering.py`.

The need is `kommune`'s, the offer `hf`'s, to everybody.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from portal.core.clock import now, oslo
from portal.core.db import db
from portal.identitet.models import Organisasjon
from portal.omdisponering.models import Behov
from tests.matrise import Verden, les_tabell
from tests.omdisponering.hjelp import lag_behov, lag_ressurs, lag_tilbud
from tests.omdisponering.matrise import utlaan

BEHOV = "/omdisponering/behov"
ETT = f"{BEHOV}/<uuid:behov_id>"
TILBUD = "/omdisponering/tilbud"
Steder = dict[str, Any]

#: For who works with reallocations. A stated need is everybody's to see; its organisation's to change.
RUTER = les_tabell("""
                                                                       i lksaocdu STKVCD 1234567 rnx
GET /omdisponering/                                                    ! ----++-- ---++- -+--++- ---
GET /omdisponering/behov                                               ! ----++-- ---++- -+--++- ---
GET /omdisponering/behov/ny                                            ! ----++-- ---++- -+--++- ---
POST /omdisponering/behov/ny                                           ! ----++-- ---++- -+--++- ---
GET /omdisponering/behov/<uuid:behov_id>                               ! 0000++00 000++0 0+00++0 000
GET /omdisponering/behov/<uuid:behov_id>/endre                         ! 0000++00 000--0 0-00--0 000
POST /omdisponering/behov/<uuid:behov_id>/endre                        ! 0000++00 000--0 0-00--0 000
POST /omdisponering/behov/<uuid:behov_id>/meld                         ! 0000++00 000000 0000000 000
POST /omdisponering/behov/<uuid:behov_id>/lukk                         ! 0000++00 000--0 0-00--0 000
POST /omdisponering/behov/<uuid:behov_id>/utkast                       ! 0000++00 000++0 0+00++0 000
GET /omdisponering/tilbud                                              ! ----++-- ---++- -+--++- ---
GET /omdisponering/tilbud/ny                                           ! ----++-- ---++- -+--++- ---
POST /omdisponering/tilbud/ny                                          ! ----++-- ---++- -+--++- ---
POST /omdisponering/tilbud/<uuid:tilbud_id>/trekk                      ! 0000--00 000++0 0-00--0 000
GET /api/v1/omdisponering/behov                                        ! ----++-- ---++- -+--++- ---
POST /api/v1/omdisponering/behov                                       ! ----++-- ---++- -+--++- ---
GET /api/v1/omdisponering/behov/<uuid:behov_id>                        ! 0000++00 000++0 0+00++0 000
GET /api/v1/omdisponering/tilbud                                       ! ----++-- ---++- -+--++- ---
GET /api/v1/omdisponering/tilbud/<uuid:tilbud_id>                      ! 0000++00 000++0 0+00++0 000
""")


def _versjon(behov_id: UUID) -> str:
    db.session.rollback()
    rad = db.session.get(Behov, behov_id, populate_existing=True)
    return "1" if rad is None else str(rad.versjon)


def behovsfelter(v: Verden, person: str) -> dict[str, Any]:
    """A need for a doctor, at the kommune of the scene."""
    return {
        "slag": "personell",
        "stilling": "lege",
        "antall": "1",
        "minst": "1",
        "andel": "100",
        "fra": _tid(24),
        "til": _tid(48),
        "sted_id": str(v.kommune.id),
        "hvorfor": f"Skrevet av {person}.",
        "gjoer": "meld",
    }


def _tid(timer: int) -> str:
    return oslo(now() + timedelta(hours=timer)).strftime("%Y-%m-%dT%H:%M")


def egen(v: Verden, person: str) -> Organisasjon:
    """Where the person works; somebody without a login counts as the lender's."""
    id_ = v.hf.id if person == "ingen" else v.aktor(person).organisasjon_id
    return db.session.get_one(Organisasjon, id_)


def _alle(v: Verden) -> list[Organisasjon]:
    return [db.session.get_one(Organisasjon, o.id) for o in (v.kommune, v.hf, v.annen_kommune, v.annet_hf)]


def _folk(v: Verden) -> Steder:
    """Somebody of each organisation's, made before anybody is asked."""
    return {"folk": {o.id: lag_ressurs(o).id for o in _alle(v)}}


def _tilbud(v: Verden, person: str, s: Steder) -> dict[str, Any]:
    folk = s.get("folk") or {v.hf.id: uuid4()}
    return {
        "slag": "personell",
        "personer": [str(folk.get(egen(v, person).id, folk[v.hf.id]))],
        "fra": _tid(24),
        "til": _tid(48),
        "andel": "100",
    }


def behov_med_tilbud(v: Verden) -> Steder:
    behov = lag_behov(v.kommune, utlaan(v).oehd)
    eiere = [o for o in _alle(v) if o.id != v.kommune.id]
    return {"behov_id": behov.id, "tilbud": {o.id: lag_tilbud(lag_ressurs(o), behov).id for o in eiere}}


def av_tilbud(v: Verden, person: str, s: Steder) -> dict[str, Any]:
    """An offer that whoever asks may make a draft of: one of its own, and the trust's for who has the need."""
    # Where the need is nobody's, so are its offers.
    tilbud = {} if isinstance(s.get("tilbud"), UUID) else s.get("tilbud", {})
    return {"tilbud": [str(tilbud.get(egen(v, person).id, tilbud.get(v.hf.id, uuid4())))]}


def _behov(v: Verden, **felt: Any) -> Steder:
    return {"behov_id": lag_behov(v.kommune, utlaan(v).oehd, **felt).id}


def _api_behov(v: Verden, person: str, s: Steder) -> dict[str, Any]:
    fra = now() + timedelta(hours=24)
    tider = {"fra": fra.isoformat(), "til": (fra + timedelta(hours=24)).isoformat()}
    return {**behovsfelter(v, person), **tider}


FOERST: dict[str, Callable[[Verden], Steder]] = {
    **{f"{ETT}/{siste}": _behov for siste in ("endre", "lukk")},
    f"{ETT}/meld": lambda v: _behov(v, status="utkast", meldt=None),
    f"{ETT}/utkast": behov_med_tilbud,
    f"{TILBUD}/ny": _folk,
}
INNHOLD: dict[str, Callable[[Verden, str, Steder], dict[str, Any]]] = {
    f"{BEHOV}/ny": lambda v, p, s: behovsfelter(v, p),
    f"{ETT}/endre": lambda v, p, s: {
        **{k: x for k, x in behovsfelter(v, p).items() if k != "slag"},
        "lest": _versjon(s["behov_id"]),
    },
    f"{ETT}/meld": lambda v, p, s: {"lest": _versjon(s["behov_id"])},
    f"{ETT}/lukk": lambda v, p, s: {"lest": _versjon(s["behov_id"]), "grunn": "Vi fant egne."},
    f"{ETT}/utkast": av_tilbud,
    f"{TILBUD}/ny": _tilbud,
    f"{TILBUD}/<uuid:tilbud_id>/trekk": lambda v, p, s: {"lest": "1"},
    BEHOV: _api_behov,
}
