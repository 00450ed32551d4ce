"""What the tests of the rosters share: Oslo's clock, and the levels as they stand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import OSLO
from portal.core.db import db, transactional
from portal.vakt.models import Fravaer, Nivaa, Vakt, Vaktplan
from portal.varsler.models import Varsel
from tests.bygg import Scene, lag_medlemskap, lag_person, lagre, som_aktor

T = timedelta(hours=1)
DAG = timedelta(days=1)
#: A Monday, at noon in Oslo.
NAA = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)


def kl(tekst: str) -> datetime:
    """«2026-03-02 08:00» on Oslo's clocks."""
    return datetime.fromisoformat(tekst).replace(tzinfo=OSLO).astimezone(UTC)


def spesialist(scene: Scene, navn: str = "", fag: tuple[str, ...] = ("indremedisin",), **felt: Any) -> Aktor:
    """Another specialist of the hospital, whose membership has lasted since long before `NAA`."""
    person = lag_person(navn)
    felt.setdefault("fra", NAA - 400 * DAG)
    m = lag_medlemskap(person, Rolle.SPESIALIST, scene.hf, fag=fag, **felt)
    return som_aktor(person, m, scene.hf)


@transactional
def endre(tabell: Any, id_: Any, **verdier: Any) -> None:
    db.session.execute(sa.update(tabell).where(tabell.id == id_).values(**verdier))


def nivaa(plan: Vaktplan, hvilket: str = Nivaa.VAKTHAVENDE) -> list[tuple[datetime, datetime, UUID, str]]:
    """The shifts of a level that hold: (from, to, person, source), in order."""
    db.session.rollback()
    rader = db.session.execute(
        sa.select(Vakt.fra, Vakt.til, Vakt.person_id, Vakt.kilde)
        .where(Vakt.vaktplan_id == plan.id, Vakt.nivaa == hvilket, Vakt.avlyst.is_(None))
        .order_by(Vakt.fra)
    )
    return [tuple(r) for r in rader]  # type: ignore[misc]


def alle_vakter(plan: Vaktplan) -> list[Vakt]:
    """Every row of a plan, also those that were called off."""
    db.session.rollback()
    db.session.expire_all()
    return list(
        db.session.scalars(
            sa.select(Vakt).where(Vakt.vaktplan_id == plan.id).order_by(Vakt.fra, Vakt.opprettet)
        )
    )


def fortalt(aktor: Aktor, kode: str = "") -> list[str]:
    """The titles of what the actor has been told."""
    db.session.rollback()
    sporring = sa.select(Varsel.tittel).where(Varsel.person_id == aktor.person_id)
    return list(db.session.scalars(sporring.where(Varsel.kode == kode) if kode else sporring))


def lag_fravaer(aktor: Aktor, fra: datetime, til: datetime) -> Fravaer:
    """The actor is away from the rosters of the own organisation."""
    assert aktor.organisasjon_id and aktor.person_id
    rad = Fravaer(
        id=uuid4(),
        organisasjon_id=aktor.organisasjon_id,
        person_id=aktor.person_id,
        fra=fra,
        til=til,
        opprettet=NAA,
        opprettet_av_id=aktor.person_id,
    )
    lagre(rad)
    return rad


def uten_overlapp(vakter: Sequence[tuple[datetime, datetime, Any, Any]]) -> bool:
    return all(en[1] <= neste[0] for en, neste in pairwise(vakter))
