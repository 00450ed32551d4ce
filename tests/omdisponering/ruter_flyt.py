"""The routes of a reallocation; see `tests/rutene_omdisponering.py`.

`hf` has written and proposed it, and `kommune` answers second: «9» is the right person at the wrong time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from portal.core.clock import now
from portal.core.db import db
from portal.omdisponering.forloep import Status
from portal.omdisponering.models import Behov, Omdisponering
from tests.matrise import Verden, les_tabell
from tests.omdisponering.hjelp import T, lag_behov
from tests.omdisponering.matrise import hash_av, omdisponering, utlaan
from tests.omdisponering.ruter_behov import av_tilbud, behov_med_tilbud

Steder = dict[str, Any]
ID = "/omdisponering/<uuid:omdisponering_id>"

RUTER = les_tabell("""
                                                                        i lksaocdu STKVCD 1234567 rnx
GET /omdisponering/<uuid:omdisponering_id>                              ! 0000++00 000++0 0000000 000
GET /omdisponering/<uuid:omdisponering_id>/endre                        ! 0000++00 000++0 0000000 000
POST /omdisponering/<uuid:omdisponering_id>/endre                       ! 0000++00 000++0 0000000 000
POST /omdisponering/<uuid:omdisponering_id>/foreslaa                    ! 00000000 000++0 0000000 000
POST /omdisponering/<uuid:omdisponering_id>/foreslaa-og-godkjenn        ! 00000000 000++0 0000000 000
POST /omdisponering/<uuid:omdisponering_id>/godkjenn                    ! 00009900 000++0 0000000 000
POST /omdisponering/<uuid:omdisponering_id>/avslaa                      ! 0000++00 000990 0000000 000
POST /omdisponering/<uuid:omdisponering_id>/trekk                       ! 00009900 000++0 0000000 000
POST /omdisponering/<uuid:omdisponering_id>/iverksett                   ! ----++0- ---++0 0000000 000
POST /omdisponering/<uuid:omdisponering_id>/avslutt                     ! ----++0- ---++0 0000000 000
GET /api/v1/omdisponering                                               ! ++++++++ ++++++ +++++++ +++
POST /api/v1/omdisponering                                              ! 0000++00 000++0 0+00++0 000
GET /api/v1/omdisponering/<uuid:omdisponering_id>                       ! 0000++00 000++0 0000000 000
PUT /api/v1/omdisponering/<uuid:omdisponering_id>                       ! 0000++00 000++0 0000000 000
POST /api/v1/omdisponering/<uuid:omdisponering_id>/foreslaa             ! 00000000 000++0 0000000 000
POST /api/v1/omdisponering/<uuid:omdisponering_id>/godkjenn             ! 00009900 000++0 0000000 000
POST /api/v1/omdisponering/<uuid:omdisponering_id>/avslaa               ! 0000++00 000990 0000000 000
POST /api/v1/omdisponering/<uuid:omdisponering_id>/trekk                ! 00009900 000++0 0000000 000
POST /api/v1/omdisponering/<uuid:omdisponering_id>/iverksett            ! ----++0- ---++0 0000000 000
POST /api/v1/omdisponering/<uuid:omdisponering_id>/avslutt              ! ----++0- ---++0 0000000 000
""")


def _i(status: Status) -> Callable[[Verden], Steder]:
    return lambda v: {"omdisponering_id": omdisponering(v, status)}


def _naa(v: Verden) -> Behov:
    """A need whose time has come."""
    return lag_behov(v.kommune, utlaan(v).oehd, fra=now() - T)


FOERST: dict[str, Callable[[Verden], Steder]] = {
    "/omdisponering": behov_med_tilbud,
    f"{ID}/foreslaa": _i(Status.UTKAST),
    f"{ID}/foreslaa-og-godkjenn": _i(Status.UTKAST),
    f"{ID}/iverksett": lambda v: {
        "omdisponering_id": omdisponering(v, Status.GODKJENT_MOTTAKER, behov=_naa(v))
    },
    f"{ID}/avslutt": _i(Status.IVERKSATT),
}


def _lest(v: Verden, hvem: str, s: Steder) -> dict[str, Any]:
    return {"lest": hash_av(s["omdisponering_id"])}


def _grunn(v: Verden, hvem: str, s: Steder) -> dict[str, Any]:
    return {**_lest(v, hvem, s), "grunn": "Ikke nødvendig lenger."}


def _innhold(v: Verden, hvem: str, s: Steder) -> dict[str, Any]:
    """The form as it stands, with another remark."""
    db.session.rollback()
    # None for an address that is nobody's.
    omd = db.session.get(Omdisponering, s["omdisponering_id"])
    return {
        **_lest(v, hvem, s),
        "hva": [f"p-{li.ressursperson_id}" for li in omd.linjer] if omd else [],
        "ansvarsforhold": omd.ansvarsforhold if omd else "",
        "merknad": f"Oppmøte for {hvem}.",
    }


def _nytt(v: Verden, hvem: str, s: Steder) -> dict[str, Any]:
    """A draft of one offer, by a program."""
    (tilbud_id,) = av_tilbud(v, hvem, s)["tilbud"]
    return {"behov_id": str(s.get("behov_id", "")), "linjer": [{"tilbud_id": tilbud_id}]}


INNHOLD: dict[str, Callable[[Verden, str, Steder], dict[str, Any]]] = {
    "/omdisponering": _nytt,
    ID: lambda v, hvem, s: {**_lest(v, hvem, s), "merknad": f"Oppmøte for {hvem}."},
    f"{ID}/endre": _innhold,
    **{f"{ID}/{hva}": _lest for hva in ("foreslaa", "foreslaa-og-godkjenn", "godkjenn", "iverksett")},
    **{f"{ID}/{hva}": _grunn for hva in ("avslaa", "trekk", "avslutt")},
}
