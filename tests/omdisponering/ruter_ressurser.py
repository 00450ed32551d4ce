"""How the routes of the registers are asked; see `tests/rutene_omdisponering.py`. What is asked about is `hf`'s."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from portal.core.clock import i_dag, now
from portal.core.db import db
from portal.omdisponering.forloep import Stilling
from portal.omdisponering.ressursmodeller import Lokale, Ressursperson
from portal.omdisponering.service import lokaler, ressurser
from tests.bygg import lag_enhet
from tests.matrise import Verden, les_tabell
from tests.omdisponering.hjelp import lag_gulv, lag_lokale, lag_ressurs
from tests.omdisponering.matrise import utlaan

Steder = dict[str, Any]
ROT = "/omdisponering"
PERSON = f"{ROT}/personer/<uuid:ressursperson_id>"
LOKALE = f"{ROT}/lokaler/<uuid:lokale_id>"

#: Who works with reallocations keeps the own organisation's registers; others' are not there.
RUTER = les_tabell("""
                                                                                      i lksaocdu STKVCD 1234567 rnx
GET /omdisponering/personer                                                           ! ----++-- ---++- -+--++- ---
GET /omdisponering/personer/ny                                                        ! ----++-- ---++- -+--++- ---
POST /omdisponering/personer/ny                                                       ! ----++-- ---++- -+--++- ---
GET /omdisponering/personer/import                                                    ! ----++-- ---++- -+--++- ---
POST /omdisponering/personer/import                                                   ! ----++-- ---++- -+--++- ---
GET /omdisponering/personer/mal.csv                                                   ! ----++-- ---++- -+--++- ---
GET /omdisponering/personer/eksport.csv                                               ! ----++-- ---++- -+--++- ---
GET /omdisponering/personer/<uuid:ressursperson_id>                                   ! 00000000 ---++- 0000000 00-
GET /omdisponering/personer/<uuid:ressursperson_id>/endre                             ! 00000000 ---++- 0000000 00-
POST /omdisponering/personer/<uuid:ressursperson_id>/endre                            ! 00000000 ---++- 0000000 00-
POST /omdisponering/personer/<uuid:ressursperson_id>/hpr                              ! 00000000 ---++- 0000000 00-
POST /omdisponering/personer/<uuid:ressursperson_id>/slett                            ! 00000000 ---++- 0000000 00-
POST /omdisponering/personer/<uuid:ressursperson_id>/fravaer                          ! 00000000 ---++- 0000000 00-
POST /omdisponering/personer/<uuid:ressursperson_id>/fravaer/<uuid:borte_id>/fjern    ! 00000000 ---++- 0000000 00-
GET /omdisponering/lokaler                                                            ! ----++-- ---++- -+--++- ---
GET /omdisponering/lokaler/ny                                                         ! ----++-- ---++- -+--++- ---
POST /omdisponering/lokaler/ny                                                        ! ----++-- ---++- -+--++- ---
GET /omdisponering/lokaler/<uuid:lokale_id>                                           ! 00000000 ---++- 0000000 00-
GET /omdisponering/lokaler/<uuid:lokale_id>/endre                                     ! 00000000 ---++- 0000000 00-
POST /omdisponering/lokaler/<uuid:lokale_id>/endre                                    ! 00000000 ---++- 0000000 00-
POST /omdisponering/lokaler/<uuid:lokale_id>/nedlegg                                  ! 00000000 ---++- 0000000 00-
POST /omdisponering/lokaler/<uuid:lokale_id>/gjenaapne                                ! 00000000 ---++- 0000000 00-
POST /omdisponering/lokaler/<uuid:lokale_id>/fravaer                                  ! 00000000 ---++- 0000000 00-
POST /omdisponering/lokaler/<uuid:lokale_id>/fravaer/<uuid:borte_id>/fjern            ! 00000000 ---++- 0000000 00-
GET /omdisponering/minstebemanning                                                    ! ----++-- ---++- -+--++- ---
POST /omdisponering/minstebemanning                                                   ! ----++-- ---++- -+--++- ---
POST /omdisponering/minstebemanning/<uuid:gulv_id>/fjern                              ! 00000000 ---++- 0000000 00-
""")


def _fravaer(v: Verden, steder: Steder) -> UUID:
    """A day next week on which the person, or the premises, of the address is away."""
    naar = {"fra": now() + timedelta(days=7), "til": now() + timedelta(days=8)}
    if "lokale_id" in steder:
        lokaler.meld_borte(v.koordinator, steder["lokale_id"], **naar)
        return lokaler.hent(v.koordinator, steder["lokale_id"]).fravaer[0].id
    ressurser.meld_borte(v.koordinator, steder["ressursperson_id"], **naar)
    return ressurser.hent(v.koordinator, steder["ressursperson_id"]).fravaer[0].id


STED: dict[str, Callable[[Verden, Steder], Any]] = {
    "borte_id": _fravaer,
    "gulv_id": lambda v, s: lag_gulv(lag_enhet(v.hf, "avdeling", uuid4().hex)).id,
}


def _enheter(v: Verden) -> Steder:
    """A unit of each organisation whose people keep registers, by its owner."""
    eiere = (v.kommune, v.annen_kommune, v.hf, v.annet_hf)
    return {"enheter": {o.id: lag_enhet(o, "avdeling", uuid4().hex).id for o in eiere}}


FOERST: dict[str, Callable[[Verden], Steder]] = {
    f"{PERSON}/hpr": lambda v: {
        "ressursperson_id": lag_ressurs(v.hf, utlaan(v).post, hpr=_nytt_nummer()).id,
    },
    f"{ROT}/minstebemanning": _enheter,
    f"{LOKALE}/gjenaapne": lambda v: {"lokale_id": lag_lokale(v.hf, nedlagt=now()).id},
}


def _nytt_nummer() -> str:
    return str(1_000_000 + uuid4().int % 900_000_000)


def _lest(modell: Any, id_: UUID) -> str:
    """What whoever has the page open has read; of what is not there, anything."""
    db.session.rollback()
    rad = db.session.get(modell, id_, populate_existing=True)
    return "1" if rad is None else str(rad.versjon)


def _hpr(v: Verden, person: str, steder: Steder) -> dict[str, Any]:
    db.session.rollback()
    rad = db.session.get(Ressursperson, steder["ressursperson_id"])
    return {"hpr": "1234567" if rad is None else rad.hpr}


def _borte(v: Verden, person: str, steder: Steder) -> dict[str, Any]:
    dag = i_dag() + timedelta(days=30)
    return {"fra": f"{dag}T08:00", "til": f"{dag}T16:00"}


def _gulv(v: Verden, person: str, steder: Steder) -> dict[str, Any]:
    """For the unit of the asker's own organisation."""
    organisasjon_id = None if person == "ingen" else v.aktor(person).organisasjon_id
    enhet_id = steder["enheter"].get(organisasjon_id) or uuid4()
    return {"enhet_id": str(enhet_id), "stilling": Stilling.LEGE, "antall": "5", "gulv": "3"}


INNHOLD: dict[str, Callable[[Verden, str, Steder], dict[str, Any]]] = {
    f"{ROT}/personer/ny": lambda v, p, s: {
        "navn": uuid4().hex,
        "stilling": "lege",
        "prosent": "100",
        "sted_id": str(v.kommune.id),
    },
    f"{ROT}/personer/import": lambda v, p, s: {
        "tekst": f"navn;stilling;kommune\n{uuid4().hex};lege;{v.kommune.kode}\n"
    },
    f"{PERSON}/endre": lambda v, p, s: {
        "navn": uuid4().hex,
        "stilling": "lege",
        "prosent": "50",
        "sted_id": str(v.kommune.id),
        "lest": _lest(Ressursperson, s["ressursperson_id"]),
    },
    f"{PERSON}/hpr": _hpr,
    f"{PERSON}/slett": lambda v, p, s: {"bekreftet": "1"},
    f"{PERSON}/fravaer": _borte,
    f"{ROT}/lokaler/ny": lambda v, p, s: {
        "navn": uuid4().hex,
        "slag": "isolat",
        "plasser": "2",
        "sted_id": str(v.kommune.id),
    },
    f"{LOKALE}/endre": lambda v, p, s: {
        "navn": uuid4().hex,
        "slag": "isolat",
        "plasser": "2",
        "sted_id": str(v.kommune.id),
        "lest": _lest(Lokale, s["lokale_id"]),
    },
    f"{LOKALE}/nedlegg": lambda v, p, s: {"bekreftet": "1"},
    f"{LOKALE}/fravaer": _borte,
    f"{ROT}/minstebemanning": _gulv,
}
