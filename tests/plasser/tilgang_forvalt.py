"""Who keeps a unit's beds, its surge plan and its corrections: rows of `tests/test_tilgang_plasser.py`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db
from portal.plasser.forloep import Tilstand
from portal.plasser.models import Opphold, Plass
from portal.plasser.service import drift, forvaltning, forvaltningsvisning, opptrapping, retting
from tests.matrise import Verden, les_tabell
from tests.plasser import hjelp as h
from tests.tjenestematrise import Gjoer, Lag

#: The unit's people see its stays and correct none; the vertskommune's coordinator alone keeps the unit.
TABELL = les_tabell("""
                                            i lksaocdu STKVCD 1234567 rnx
forvaltning.legg_til_plasser                0 -----+-- ------ ------- ---
forvaltning.flytt_plass                     0 -----+-- ------ ------- ---
forvaltningsvisning.hent                    0 -----+-- ------ ------- ---
forvaltningsvisning.kan_legges_inn          - -----+-- ------ ------- ---
opptrapping.sammendrag                      - ++++++++ ++++++ +++++++ +++
opptrapping.hent                            0 -----+-- ------ ------- ---
opptrapping.hent_rad                        0 -----+-- ------ ------- ---
opptrapping.legg_til                        0 -----+-- ------ ------- ---
opptrapping.endre                           0 -----+-- ------ ------- ---
opptrapping.fjern                           0 -----+-- ------ ------- ---
retting.hent                                0 -----+-- ------ ------- ---
retting.hent_opphold                        0 000-0+00 000000 0000000 000
retting.hent_endring                        0 -----+-- ------ ------- ---
retting.rett_opphold                        0 000-0+00 000000 0000000 000
retting.stryk_opphold                       0 000-0+00 000000 0000000 000
retting.rett_endring                        0 -----+-- ------ ------- ---
""")
#: Asked of the actor's own role alone.
EGNE = {"forvaltningsvisning.kan_legge_inn"}


def _plan(v: Verden) -> tuple[UUID, UUID]:
    enhet_id = h.egen_enhet(v)
    return enhet_id, opptrapping.legg_til(v.koordinator_i_kommunen, enhet_id, innen_timer="24", antall=2)


def _oppholdet(v: Verden) -> tuple[UUID, UUID, int]:
    """(the unit, a stay in it, its version)."""
    opphold_id = h.et_opphold(v)
    versjon = db.session.get_one(Opphold, opphold_id, populate_existing=True).versjon
    db.session.rollback()
    return h.enheten(v), opphold_id, versjon


def _endringen(v: Verden) -> tuple[UUID, UUID, int]:
    """(the unit, a bed of it, the number of what somebody has just said of it)."""
    enhet_id, plass_id = h.en_plass(v)
    drift.sett_tilstand(v.annen_lege, enhet_id, plass_id, tilstand=Tilstand.RENGJOERES)
    nr = db.session.get_one(Plass, plass_id, populate_existing=True).endringer
    db.session.rollback()
    return enhet_id, plass_id, nr


def _rett_opphold(v: Verden, a: Aktor, i: Any) -> None:
    felter: dict[str, Any] = dict.fromkeys(retting.OPPHOLDSFELTER)
    felter |= {"inn": now() - timedelta(minutes=30), "kommune_id": v.annen_kommune.id}
    retting.rett_opphold(a, i[0], i[1], lest=i[2], begrunnelse="Feil kommune.", **felter)


GJOER: dict[str, tuple[Lag, Gjoer]] = {
    "forvaltning.legg_til_plasser": (
        h.egen_enhet,
        lambda v, a, i: forvaltning.legg_til_plasser(
            a, i, navn=[uuid4().hex, uuid4().hex], normert=False, bemannet=True
        ),
    ),
    "forvaltning.flytt_plass": (
        lambda v: (enhet_id := h.egen_enhet(v), h.ny_plass(enhet_id)),
        lambda v, a, i: forvaltning.flytt_plass(a, i[0], i[1], opp=True),
    ),
    "forvaltningsvisning.hent": (h.egen_enhet, lambda v, a, i: forvaltningsvisning.hent(a, i)),
    "forvaltningsvisning.kan_legges_inn": (
        lambda v: None,
        lambda v, a, i: forvaltningsvisning.kan_legges_inn(a),
    ),
    "opptrapping.sammendrag": (h.egen_enhet, lambda v, a, i: opptrapping.sammendrag(a, [i])),
    "opptrapping.hent": (h.egen_enhet, lambda v, a, i: opptrapping.hent(a, i)),
    "opptrapping.hent_rad": (_plan, lambda v, a, i: opptrapping.hent_rad(a, *i)),
    "opptrapping.legg_til": (
        h.egen_enhet,
        lambda v, a, i: opptrapping.legg_til(a, i, innen_timer="72", antall=1),
    ),
    "opptrapping.endre": (_plan, lambda v, a, i: opptrapping.endre(a, *i, lest=1, antall=9)),
    "opptrapping.fjern": (_plan, lambda v, a, i: opptrapping.fjern(a, *i)),
    "retting.hent": (h.egen_enhet, lambda v, a, i: retting.hent(a, i)),
    "retting.hent_opphold": (_oppholdet, lambda v, a, i: retting.hent_opphold(a, i[0], i[1])),
    "retting.hent_endring": (_endringen, lambda v, a, i: retting.hent_endring(a, *i)),
    "retting.rett_opphold": (_oppholdet, _rett_opphold),
    "retting.stryk_opphold": (
        _oppholdet,
        lambda v, a, i: retting.stryk_opphold(a, i[0], i[1], lest=i[2], begrunnelse="Aldri her."),
    ),
    "retting.rett_endring": (
        _endringen,
        lambda v, a, i: retting.rett_endring(
            a, *i, tidspunkt=now() - timedelta(minutes=10), begrunnelse="Før."
        ),
    ),
}
