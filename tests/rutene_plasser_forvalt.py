"""How the pages of a unit's coordinator are asked; see `tests/rutene_plasser.py`, whose unit it is.

`lege`, `kollega` and `sykepleier` work there and see its stays; `koordinator_i_kommunen` alone corrects and keeps it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.beredskap.routes.felles import feltverdi
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.identitet.models import Enhet
from portal.plasser.forloep import Tilstand
from portal.plasser.models import Opphold, Plass, Plassenhet
from portal.plasser.service import drift, opptrapping
from tests.bygg import lag_enhet
from tests.matrise import Verden, les_tabell
from tests.plasser.hjelp import egen_enhet, ny_plass

FORVALT = "/plasser/<uuid:plassenhet_id>/forvalt"
RUTER = les_tabell("""
                                                                                   i lksaocdu STKVCD 1234567 rnx
GET /plasser/ny                                                                    ! -----+-- ------ ------- ---
POST /plasser/ny                                                                   ! -----+-- ------ ------- ---
GET /plasser/<uuid:plassenhet_id>/forvalt                                          ! -----+-- ------ ------- ---
POST /plasser/<uuid:plassenhet_id>/forvalt                                         ! -----+-- ------ ------- ---
POST /plasser/<uuid:plassenhet_id>/forvalt/nedlegg                                 ! -----+-- ------ ------- ---
GET /plasser/<uuid:plassenhet_id>/forvalt/plasser                                  ! -----+-- ------ ------- ---
POST /plasser/<uuid:plassenhet_id>/forvalt/plasser                                 ! -----+-- ------ ------- ---
POST /plasser/<uuid:plassenhet_id>/forvalt/plasser/<uuid:plass_id>                 ! -----+-- ------ ------- ---
POST /plasser/<uuid:plassenhet_id>/forvalt/plasser/<uuid:plass_id>/flytt           ! -----+-- ------ ------- ---
POST /plasser/<uuid:plassenhet_id>/forvalt/plasser/<uuid:plass_id>/nedlegg         ! -----+-- ------ ------- ---
GET /plasser/<uuid:plassenhet_id>/forvalt/kvoter                                   ! -----+-- ------ ------- ---
POST /plasser/<uuid:plassenhet_id>/forvalt/kvoter                                  ! -----+-- ------ ------- ---
GET /plasser/<uuid:plassenhet_id>/forvalt/opptrapping                              ! -----+-- ------ ------- ---
GET /plasser/<uuid:plassenhet_id>/forvalt/opptrapping/ny                           ! -----+-- ------ ------- ---
POST /plasser/<uuid:plassenhet_id>/forvalt/opptrapping/ny                          ! -----+-- ------ ------- ---
GET /plasser/<uuid:plassenhet_id>/forvalt/opptrapping/<uuid:opptrapping_id>        ! -----+-- ------ ------- ---
POST /plasser/<uuid:plassenhet_id>/forvalt/opptrapping/<uuid:opptrapping_id>       ! -----+-- ------ ------- ---
POST /plasser/<uuid:plassenhet_id>/forvalt/opptrapping/<uuid:opptrapping_id>/fjern ! -----+-- ------ ------- ---
GET /plasser/<uuid:plassenhet_id>/forvalt/rett                                     ! -----+-- ------ ------- ---
GET /plasser/<uuid:plassenhet_id>/forvalt/rett/opphold/<uuid:opphold_id>           ! ---00+00 000000 0000000 000
POST /plasser/<uuid:plassenhet_id>/forvalt/rett/opphold/<uuid:opphold_id>          ! ---00+00 000000 0000000 000
POST /plasser/<uuid:plassenhet_id>/forvalt/rett/opphold/<uuid:opphold_id>/stryk    ! ---00+00 000000 0000000 000
GET /plasser/<uuid:plassenhet_id>/forvalt/rett/plass/<uuid:plass_id>/<int:nr>      ! -----+-- ------ ------- ---
POST /plasser/<uuid:plassenhet_id>/forvalt/rett/plass/<uuid:plass_id>/<int:nr>     ! -----+-- ------ ------- ---
""")

Steder = dict[str, Any]


def _versjon(modell: Any, id_: UUID) -> str:
    """What whoever has the page open has read; of what is not there, anything."""
    db.session.rollback()
    rad = db.session.get(modell, id_, populate_existing=True)
    return "1" if rad is None else str(rad.versjon)


def _sist_sagt(v: Verden, plass_id: UUID) -> int:
    """The number of what somebody at the unit has just said of a bed."""
    enhet_id = db.session.get_one(Plass, plass_id).plassenhet_id
    drift.sett_tilstand(v.lege, enhet_id, plass_id, tilstand=Tilstand.RENGJOERES)
    return int(db.session.get_one(Plass, plass_id, populate_existing=True).endringer)


@transactional
def _uten_plasser(v: Verden) -> UUID:
    return lag_enhet(v.kommune, "oehd_enhet").id


#: By what stands in the address: made at the unit, whose id is given.
STED: dict[str, Callable[[Verden, UUID], UUID]] = {
    "opptrapping_id": lambda v, enhet_id: opptrapping.legg_til(
        v.koordinator_i_kommunen, enhet_id, innen_timer="24", antall=2
    ),
}


def sett_opp(v: Verden, regel: str, steder: Steder) -> Steder:
    """What these pages need beside what stands in their address by its id."""
    if regel == "/plasser/ny":
        _uten_plasser(v)
    if regel.endswith("<uuid:plass_id>/nedlegg"):
        # The normed beds are all in somebody's quota.
        return {**steder, "plass_id": ny_plass(steder["plassenhet_id"], navn=uuid4().hex, normert=False)}
    if regel == f"{FORVALT}/nedlegg":
        # Nobody lies there, and no bed is held.
        return {**steder, "plassenhet_id": egen_enhet(v)}
    if "<int:nr>" in regel:
        return {**steder, "nr": _sist_sagt(v, steder["plass_id"])}
    return steder


def _ledig_enhet(v: Verden) -> str:
    """One of the kommune's units that has no beds yet."""
    har = sa.select(Plassenhet.enhet_id)
    return str(
        db.session.scalars(
            sa.select(Enhet.id).where(
                Enhet.organisasjon_id == v.kommune.id, Enhet.type == "oehd_enhet", Enhet.id.not_in(har)
            )
        ).first()
    )


def _oppholdet(v: Verden, person: str, steder: Steder) -> dict[str, Any]:
    db.session.rollback()
    o = db.session.get(Opphold, steder["opphold_id"], populate_existing=True)
    return {
        "inn": feltverdi(now() if o is None else o.inn),
        "kommune_id": str(v.annen_kommune.id),
        "begrunnelse": "Feil kommune.",
        "lest": _versjon(Opphold, steder["opphold_id"]),
    }


INNHOLD: dict[str, Callable[[Verden, str, Steder], dict[str, Any]]] = {
    "/plasser/ny": lambda v, p, s: {"enhet_id": _ledig_enhet(v), "plasser": "2", "legedekning": "doegn"},
    FORVALT: lambda v, p, s: {
        "adresse": "Nye veien 1",
        "legedekning": "dagtid",
        "fersk_timer_lav": "12",
        "fersk_timer_hoey": "4",
        "hold_minutter": "120",
        "lest": _versjon(Plassenhet, s["plassenhet_id"]),
    },
    f"{FORVALT}/nedlegg": lambda v, p, s: {"bekreftet": "1"},
    f"{FORVALT}/plasser": lambda v, p, s: {"navn": uuid4().hex},
    f"{FORVALT}/plasser/<uuid:plass_id>": lambda v, p, s: {
        "navn": uuid4().hex,
        "normert": "1",
        "lest": _versjon(Plass, s["plass_id"]),
    },
    f"{FORVALT}/plasser/<uuid:plass_id>/flytt": lambda v, p, s: {"opp": "1"},
    f"{FORVALT}/plasser/<uuid:plass_id>/nedlegg": lambda v, p, s: {"bekreftet": "1"},
    f"{FORVALT}/kvoter": lambda v, p, s: {
        "kommune": [str(v.kommune.id), str(v.annen_kommune.id)],
        "kvote": ["1", "2"],
        "lest": ",".join(f"{i}:4" for i in sorted((v.kommune.id, v.annen_kommune.id))),
    },
    f"{FORVALT}/opptrapping/ny": lambda v, p, s: {"innen_timer": "24", "antall": "2", **_lister()},
    f"{FORVALT}/opptrapping/<uuid:opptrapping_id>": lambda v, p, s: {
        "innen_timer": "72",
        "antall": "3",
        "lest": "1",
        **_lister(),
    },
    f"{FORVALT}/rett/opphold/<uuid:opphold_id>": _oppholdet,
    f"{FORVALT}/rett/opphold/<uuid:opphold_id>/stryk": lambda v, p, s: {
        "begrunnelse": "Trykket feil.",
        "lest": _versjon(Opphold, s["opphold_id"]),
    },
    f"{FORVALT}/rett/plass/<uuid:plass_id>/<int:nr>": lambda v, p, s: _litt_foer(s),
}


def _lister() -> dict[str, list[str]]:
    return {
        "personell-rolle": ["Sykepleier"],
        "personell-antall": ["2"],
        "personell-kompetanse": [""],
    }


def _litt_foer(steder: Steder) -> dict[str, Any]:
    return {"tidspunkt": feltverdi(now() - timedelta(minutes=10)), "begrunnelse": "Det var før."}
