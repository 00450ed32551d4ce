"""How the routes of the assessments are asked, and of «ingen endring» from any page; see `tests/rutene.py`.

The assessment is `kommune`'s and its trust's (`hf`): each of the two sides has its own to begin, write and decide.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.core.clock import i_dag
from portal.core.db import db, transactional
from portal.plasser.forloep import Vurderingsstatus
from portal.plasser.historikk import Behovsvurdering
from portal.plasser.service import behov
from tests.bygg import Scene
from tests.matrise import Verden, les_tabell

VURDERING = "/plasser/behov/<uuid:vurdering_id>"
FERSK = "/plasser/<uuid:plassenhet_id>/fersk"
Steder = dict[str, Any]

RUTER = les_tabell("""
                                                   i lksaocdu STKVCD 1234567 rnx
GET /plasser/behov                                 ! ++++++++ ++++++ +++++++ +++
POST /plasser/behov                                ! ----++-- ----+- 0000000 00-
GET /plasser/behov/<uuid:vurdering_id>             ! ++++++++ ++++++ 0000000 00+
GET /plasser/behov/<uuid:vurdering_id>/utskrift    ! ++++++++ ++++++ 0000000 00+
POST /plasser/behov/<uuid:vurdering_id>            ! ----++-- ----+- 0000000 00-
POST /plasser/behov/<uuid:vurdering_id>/beslutt    ! ----++-- ----+- 0000000 00-
POST /plasser/behov/<uuid:vurdering_id>/forkast    ! ----++-- ----+- 0000000 00-
POST /plasser/<uuid:plassenhet_id>/fersk           ! +++--+-- ------ ------- ---
""")


def uten_vurdering(v: Scene) -> None:
    """None of the kommune's is in work."""

    @transactional
    def legg_bort() -> None:
        db.session.execute(
            sa.update(Behovsvurdering)
            .where(Behovsvurdering.kommune_id == v.kommune.id, Behovsvurdering.status.in_(behov.I_ARBEID))
            .values(status=Vurderingsstatus.FORKASTET)
        )

    legg_bort()


def en_vurdering(v: Scene) -> UUID:
    """A new one that nobody has decided, with all that a decision asks for."""
    uten_vurdering(v)
    id_ = behov.begynn(v.koordinator, v.kommune.id)
    rad = les(id_)
    behov.skriv(
        v.koordinator,
        id_,
        lest=rad.versjon,
        fra=rad.fra,
        til=rad.til,
        vurdering="Mange eldre",
        konklusjon="En til",
        flere_plasser=1,
        neste=i_dag() + timedelta(days=100),
    )
    return id_


def les(id_: UUID) -> Behovsvurdering:
    """As the database has it; what was asked about was fetched, whoever asks."""
    rad = db.session.get_one(Behovsvurdering, id_, populate_existing=True)
    db.session.rollback()
    return rad


def _ny(v: Verden) -> Steder:
    return {"vurdering_id": en_vurdering(v)}


def _ingen(v: Verden) -> Steder:
    uten_vurdering(v)
    return {}


FOERST: dict[str, Callable[[Verden], Steder]] = {
    "/plasser/behov": _ingen,
    **{f"{VURDERING}{siste}": _ny for siste in ("", "/utskrift", "/beslutt", "/forkast")},
}


def _rad(steder: Steder) -> Behovsvurdering:
    """The assessment; in place of one that is not there, a blank one."""
    db.session.rollback()
    if db.session.get(Behovsvurdering, steder["vurdering_id"]) is None:
        return Behovsvurdering(versjon=1, fra=i_dag(), til=i_dag(), innhold_hash="")
    return les(steder["vurdering_id"])


def _skjema(v: Verden, person: str, steder: Steder) -> dict[str, Any]:
    rad = _rad(steder)
    return {
        "lest": str(rad.versjon),
        "fra": rad.fra.isoformat(),
        "til": rad.til.isoformat(),
        "vurdering": f"Skrevet av {person}",
    }


INNHOLD: dict[str, Callable[[Verden, str, Steder], dict[str, Any]]] = {
    "/plasser/behov": lambda v, p, s: {"kommune_id": str(v.kommune.id)},
    VURDERING: _skjema,
    f"{VURDERING}/beslutt": lambda v, p, s: {"lest_hash": _rad(s).innhold_hash},
    f"{VURDERING}/forkast": lambda v, p, s: {"lest": str(_rad(s).versjon)},
    FERSK: lambda v, p, s: {"neste": "/organisasjoner"},
}
