"""How the routes of an emergency bed in a case are asked; see `tests/rutene.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.core.db import db
from portal.henvendelser.models import Plassreservasjonsak
from portal.henvendelser.service import plasser
from portal.identitet.models import Enhet
from portal.plasser.models import Plassenhet
from tests.bygg import lag_enhet
from tests.matrise import Verden, les_tabell
from tests.plasser.hjelp import lag_plassenhet

PLASS = "/henvendelser/<uuid:henvendelse_id>/plass"

#: The case is `lege`'s, sent to indremedisin at `hf`; the kommune's clinicians who see it hold, and nobody else.
RUTER = les_tabell("""
                                                                              i lksaocdu STKVCD 1234567 rnx
GET /henvendelser/<uuid:henvendelse_id>/plass                                 ! +++00000 --0-00 0000000 000
GET /henvendelser/<uuid:henvendelse_id>/plass/valg                            ! +++00000 --0-00 0000000 000
POST /henvendelser/<uuid:henvendelse_id>/plass                                ! +++00000 --0-00 0000000 000
POST /henvendelser/<uuid:henvendelse_id>/plass/<uuid:reservasjon_id>/forleng  ! +++00000 --0-00 0000000 000
POST /henvendelser/<uuid:henvendelse_id>/plass/<uuid:reservasjon_id>/frigi    ! +++00000 --0-00 0000000 000
""")

Steder = dict[str, Any]


def sak_og_enhet(v: Verden) -> UUID:
    """A case of `lege`'s, and a unit of its own with four free beds, all the kommune's."""
    sak = v.send()
    enhet = lag_enhet(v.kommune, "oehd_enhet", f"ØHD for {sak}")
    lag_plassenhet(v, 4, enhet=enhet, kvoter={v.kommune.id: 4})
    return sak


def enheten_til(sak: UUID) -> UUID:
    """The case's unit; of a case that is not there, none's id."""
    db.session.rollback()
    funnet = db.session.execute(
        sa.select(Plassenhet.id)
        .join(Enhet, Enhet.id == Plassenhet.enhet_id)
        .where(Enhet.navn == f"ØHD for {sak}")
    ).scalar_one_or_none()
    return funnet or uuid4()


def sak_med_plass(v: Verden) -> UUID:
    """A case of `lege`'s in which `kollega` holds a bed."""
    sak = sak_og_enhet(v)
    plasser.hold_plass(v.kollega, sak, enheten_til(sak), klient_id=uuid4())
    return sak


def plassen_i(sak: UUID) -> UUID:
    """The one bed that is held in a case."""
    db.session.rollback()
    return db.session.execute(
        sa.select(Plassreservasjonsak.reservasjon_id).where(Plassreservasjonsak.henvendelse_id == sak)
    ).scalar_one()


def _holdt(v: Verden) -> Steder:
    sak = sak_med_plass(v)
    return {"henvendelse_id": sak, "reservasjon_id": plassen_i(sak)}


FOERST: dict[str, Callable[[Verden], Steder]] = {
    PLASS: lambda v: {"henvendelse_id": sak_og_enhet(v)},
    f"{PLASS}/<uuid:reservasjon_id>/forleng": _holdt,
    f"{PLASS}/<uuid:reservasjon_id>/frigi": _holdt,
}

INNHOLD: dict[str, Callable[[Verden, str, Steder], dict[str, Any]]] = {
    PLASS: lambda v, p, s: {
        "klient_id": str(uuid4()),
        "plassenhet_id": str(enheten_til(s["henvendelse_id"])),
        "evner": "0",
    },
}
