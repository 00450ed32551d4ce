"""How the routes of follow-up, delegated tasks, the reserve and the decisions are asked; see `rutene_omdisponering.py`.

Both sides follow up; the receiver writes hours. The register of the reserve and the decisions are `hf`'s.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from portal.core.clock import i_dag, now, oslo
from portal.core.db import db
from portal.identitet.models import Organisasjon
from portal.omdisponering.forloep import Alvor, Delegert, Samtykke, Status
from portal.omdisponering.models import Omdisponering
from portal.omdisponering.oppfoelgingsmodeller import Avvik, Delegering
from portal.omdisponering.reserveregister import hash_av
from portal.omdisponering.service import flyt
from tests.bygg import lagre
from tests.matrise import Verden, les_tabell
from tests.omdisponering.hjelp import DAG, lag_behov, lag_ressurs
from tests.omdisponering.matrise import omdisponering, utlaan

OPPFOELGING = "/omdisponering/<uuid:omdisponering_id>/oppfoelging"
LUKK = f"{OPPFOELGING}/avvik/<uuid:avvik_id>/lukk"
NY = "/omdisponering/delegering/ny"
DELEGERING = "/omdisponering/delegering/<uuid:delegering_id>"
RESERVE = "/omdisponering/reserve"
EN = f"{RESERVE}/<uuid:reserve_id>"
VEDTAK = "/omdisponering/vedtak"
SAMTYKKE = "/omdisponering/samtykke/<string:noekkel>"
Steder = dict[str, Any]

RUTER = les_tabell("""
                                                                                   i lksaocdu STKVCD 1234567 rnx
GET /omdisponering/<uuid:omdisponering_id>/oppfoelging                             ! ----++0- ---++0 0000000 000
POST /omdisponering/<uuid:omdisponering_id>/oppfoelging/timer                      ! ----++0- -----0 0000000 000
GET /omdisponering/<uuid:omdisponering_id>/oppfoelging/timer.csv                   ! ----++0- ---++0 0000000 000
POST /omdisponering/<uuid:omdisponering_id>/oppfoelging/avvik                      ! ----++0- ---++0 0000000 000
POST /omdisponering/<uuid:omdisponering_id>/oppfoelging/avvik/<uuid:avvik_id>/lukk ! ----++0- ---++0 0000000 000
POST /omdisponering/<uuid:omdisponering_id>/oppfoelging/evaluering                 ! ----++0- ---++0 0000000 000
GET /omdisponering/delegering                                                      ! ++++++-+ +++++- ++++++- ---
GET /omdisponering/delegering/utskrift                                             ! ++++++-+ +++++- ++++++- ---
GET /omdisponering/delegering/ny                                                   ! ----++-- ---++- -+--++- ---
POST /omdisponering/delegering/ny                                                  ! ----++-- ---++- -+--++- ---
GET /omdisponering/delegering/<uuid:delegering_id>                                 ! ++++++0+ 000000 0000000 000
POST /omdisponering/delegering/<uuid:delegering_id>/trekk                          ! ----++0- 000000 0000000 000
GET /omdisponering/reserve                                                         ! ----++-- ----+- -+---+- ---
GET /omdisponering/reserve/ny                                                      ! ----++-- ----+- -+---+- ---
POST /omdisponering/reserve/ny                                                     ! ----++-- ----+- -+---+- ---
GET /omdisponering/reserve/<uuid:reserve_id>                                       ! 00000000 ----+- 0000000 00-
POST /omdisponering/reserve/<uuid:reserve_id>                                      ! 00000000 ----+- 0000000 00-
POST /omdisponering/reserve/<uuid:reserve_id>/lenke                                ! 00000000 ----+- 0000000 00-
POST /omdisponering/reserve/<uuid:reserve_id>/slett                                ! 00000000 ----+- 0000000 00-
GET /omdisponering/vedtak                                                          ! ----++-- ----+- -+---+- ---
GET /omdisponering/vedtak/ny                                                       ! ----++-- ----+- -+---+- ---
POST /omdisponering/vedtak/ny                                                      ! ----++-- ----+- -+---+- ---
POST /omdisponering/vedtak/<uuid:vedtak_id>/opphev                                 ! 00000000 ----+- 0000000 00-
GET /omdisponering/samtykke/<string:noekkel>                                       + ++++++++ ++++++ +++++++ +++
POST /omdisponering/samtykke/<string:noekkel>                                      + ++++++++ ++++++ +++++++ +++
""")


# --- what is made first ----------------------------------------------------------------------------------


def i_gang(v: Verden) -> UUID:
    """A reallocation that has begun just now, for a need that began two days ago."""
    behov = lag_behov(v.kommune, utlaan(v).oehd, fra=now() - 2 * DAG)
    id_ = omdisponering(v, Status.GODKJENT_MOTTAKER, behov=behov)
    flyt.iverksett(v.koordinator, id_)
    return id_


def over(v: Verden) -> UUID:
    """One that has ended."""
    id_ = i_gang(v)
    flyt.avslutt(v.koordinator, id_, grunn="Toppen er over.")
    return id_


def et_avvik(v: Verden) -> tuple[UUID, UUID]:
    """A running reallocation, and an incident in it that is open."""
    omd_id, avvik_id = i_gang(v), uuid4()
    lagre(
        Avvik(
            id=avvik_id,
            omdisponering_id=omd_id,
            organisasjon_id=v.kommune.id,
            hendt=now(),
            alvor=Alvor.LITEN,
            tekst="Nøkkelkortet virket ikke.",
            meldt=now(),
        )
    )
    return omd_id, avvik_id


def en_delegering(v: Verden) -> UUID:
    """A task that one of `kommune`'s own may do."""
    id_ = uuid4()
    person = lag_ressurs(v.kommune)
    lagre(
        Delegering(
            **{
                "id": id_,
                "organisasjon_id": v.kommune.id,
                "ressursperson_id": person.id,
                "opprettet": now(),
                **delegeringsfelt(),
            }
        )
    )
    return id_


def delegeringsfelt() -> dict[str, Any]:
    """All that a delegation rests on."""
    return {
        "oppgave": Delegert.PROEVER,
        "omfang": "Blodprøver på Sykehjemmet.",
        "fra": i_dag(),
        "til": i_dag() + timedelta(days=20),
        "fullmakt_av": "Kari Kommuneoverlege",
        "opplaering": "Praktisk prøve",
        "opplaert": i_dag(),
        "veileder": "Ole Sykepleier",
    }


def en_reserve(v: Verden, **felt: Any) -> UUID:
    """Somebody in `hf`'s register who has not answered."""
    epost = f"{uuid4().hex[:12]}@eksempel.no"
    return lag_ressurs(v.hf, samtykke=Samtykke.VENTER, epost=epost, **felt).id


def egne(v: Verden) -> dict[UUID, UUID]:
    """{organisation: one of its own people}, of all who may delegate."""
    ut = {}
    for person in ("koordinator", "koordinator_i_kommunen", "fremmed_kommuneoverlege", "fremmed_koordinator"):
        organisasjon_id = v.aktor(person).organisasjon_id
        organisasjon = db.session.get_one(Organisasjon, organisasjon_id)
        ut[organisasjon.id] = lag_ressurs(organisasjon).id
    return ut


def noekkel(v: Verden) -> str:
    """The key of a link that is in use."""
    ny = secrets.token_urlsafe(32)
    en_reserve(v, noekkel_hash=hash_av(ny), noekkel_utloeper=now() + DAG)
    return ny


def _med_avvik(v: Verden) -> Steder:
    omd_id, avvik_id = et_avvik(v)
    return {"omdisponering_id": omd_id, "avvik_id": avvik_id}


STED: dict[str, Callable[[Verden, Steder], Any]] = {
    "delegering_id": lambda v, s: en_delegering(v),
    "reserve_id": lambda v, s: en_reserve(v),
}
FOERST: dict[str, Callable[[Verden], Steder]] = {
    **{
        f"{OPPFOELGING}{siste}": lambda v: {"omdisponering_id": i_gang(v)}
        for siste in ("", "/timer", "/timer.csv", "/avvik")
    },
    LUKK: _med_avvik,
    f"{OPPFOELGING}/evaluering": lambda v: {"omdisponering_id": over(v)},
    NY: lambda v: {"egne": egne(v)},
    SAMTYKKE: lambda v: {"noekkel": noekkel(v)},
}


# --- what is sent ----------------------------------------------------------------------------------------


def _timer(v: Verden, person: str, s: Steder) -> dict[str, Any]:
    db.session.rollback()
    omd = db.session.get(Omdisponering, s["omdisponering_id"])
    linje = omd.linjer[0].id if omd else UUID(int=4)
    return {"linje": str(linje), "dag": i_dag().isoformat(), "timer": "7,5", "merknad": "", "lest": ""}


def _ny_delegering(v: Verden, person: str, s: Steder) -> dict[str, Any]:
    felt = {k: str(verdi) for k, verdi in delegeringsfelt().items()}
    egen = v.kommune.id if person == "ingen" else v.aktor(person).organisasjon_id
    return {**felt, "hvem": str(s["egne"].get(egen, UUID(int=4)))}


def _reserve(v: Verden, person: str, s: Steder) -> dict[str, Any]:
    epost = f"{uuid4().hex[:12]}@eksempel.no"
    return {"navn": f"Lagt inn av {person}", "stilling": "lege", "epost": epost}


def _vedtak(v: Verden, person: str, s: Steder) -> dict[str, Any]:
    return {
        "hjemmel": "helseberedskapsloven § 4-1",
        "besluttet_av": "Departementet",
        "vedtatt": i_dag().isoformat(),
        "referanse": "26/77",
        "omfang": "Leger.",
        "fra": i_dag().isoformat(),
        "til": (i_dag() + timedelta(days=9)).isoformat(),
    }


INNHOLD: dict[str, Callable[[Verden, str, Steder], dict[str, Any]]] = {
    f"{OPPFOELGING}/timer": _timer,
    f"{OPPFOELGING}/avvik": lambda v, p, s: {
        "hendt": f"{oslo(now()):%Y-%m-%dT%H:%M}",
        "alvor": "liten",
        "tekst": "Nøkkelkortet virket ikke.",
    },
    LUKK: lambda v, p, s: {"tiltak": "Nytt kort er bestilt."},
    f"{OPPFOELGING}/evaluering": lambda v, p, s: {"nytte": "5", "avklart": "4", "igjen": "5"},
    NY: _ny_delegering,
    f"{DELEGERING}/trekk": lambda v, p, s: {"grunn": "Vi gjør det selv."},
    f"{RESERVE}/ny": _reserve,
    EN: _reserve,
    f"{VEDTAK}/ny": _vedtak,
    SAMTYKKE: lambda v, p, s: {"gjoer": "ja"},
}
