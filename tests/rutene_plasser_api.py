"""How the JSON routes of emergency beds are asked; see `tests/rutene_plasser.py`, whose unit and hold these are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.core.db import db
from portal.plasser.forloep import Tilstand
from portal.plasser.models import Plass
from tests.matrise import Verden, les_tabell

#: As the matrix knows an address: without the API's own beginning.
API = "/plasser"
ENHET = f"{API}/<uuid:plassenhet_id>"
HOLD = f"{API}/reservasjoner/<uuid:reservasjon_id>"

RUTER = les_tabell("""
                                                                             i lksaocdu STKVCD 1234567 rnx
GET /api/v1/plasser                                                          ! ++++++++ ++++++ +++++++ +++
GET /api/v1/plasser/sok                                                      ! ++++++++ ++++++ +++++++ +++
GET /api/v1/plasser/<uuid:plassenhet_id>                                     ! ++++++++ ++++++ +++++++ +++
POST /api/v1/plasser/<uuid:plassenhet_id>/reservasjoner                      ! +++++--+ ------ +++---- ---
POST /api/v1/plasser/reservasjoner/<uuid:reservasjon_id>/forleng             ! ++++++0+ 000000 0000000 000
POST /api/v1/plasser/reservasjoner/<uuid:reservasjon_id>/frigi               ! ++++++0+ 000000 0000000 000
POST /api/v1/plasser/reservasjoner/<uuid:reservasjon_id>/avvis               ! +++--+0- 000000 0000000 000
POST /api/v1/plasser/reservasjoner/<uuid:reservasjon_id>/innlegg             ! +++--+0- 000000 0000000 000
POST /api/v1/plasser/<uuid:plassenhet_id>/ingen-endring                      ! +++--+-- ------ ------- ---
PUT /api/v1/plasser/<uuid:plassenhet_id>/plasser/<uuid:plass_id>/tilstand    ! +++--+-- ------ ------- ---
POST /api/v1/plasser/<uuid:plassenhet_id>/opphold                            ! +++--+-- ------ ------- ---
POST /api/v1/plasser/opphold/<uuid:opphold_id>/utskriv                       ! +++00+00 000000 0000000 000
""")

Steder = dict[str, Any]


def _ledig(plassenhet_id: UUID) -> str:
    return str(
        db.session.scalars(
            sa.select(Plass.id).where(Plass.plassenhet_id == plassenhet_id, Plass.tilstand == Tilstand.LEDIG)
        ).first()
    )


INNHOLD: dict[str, Callable[[Verden, str, Steder], dict[str, Any]]] = {
    f"{ENHET}/reservasjoner": lambda v, p, s: {
        "klient_id": str(uuid4()),
        "kommune_id": str(v.aktor(p).organisasjon_id) if p != "ingen" else None,
    },
    f"{HOLD}/avvis": lambda v, p, s: {"grunn": "smitte"},
    f"{ENHET}/plasser/<uuid:plass_id>/tilstand": lambda v, p, s: {"tilstand": "rengjoeres"},
    f"{ENHET}/opphold": lambda v, p, s: {
        "plass_id": _ledig(s["plassenhet_id"]),
        "kommune_id": str(v.kommune.id),
    },
}
