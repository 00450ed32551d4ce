"""What the tests of the phase share: Oslo's clock, what holds, and what people were told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.beredskap.models import Faseforslagsmottaker, Faseperiode, Kriseledelse
from portal.beredskap.service import faser, forslag
from portal.core.aktor import Aktor
from portal.core.clock import OSLO
from portal.core.db import db, transactional
from portal.identitet.models import Medlemskap
from portal.varsler.models import Varsel
from tests.bygg import Scene, lagre, skriv

T = timedelta(hours=1)
DAG = timedelta(days=1)
#: A Monday, at noon in Oslo.
NAA = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)


def kl(tekst: str) -> datetime:
    """«2026-03-02 08:00» on Oslo's clocks."""
    return datetime.fromisoformat(tekst).replace(tzinfo=OSLO).astimezone(UTC)


def i_kriseledelsen(aktor: Aktor) -> None:
    assert aktor.medlemskap_id and aktor.organisasjon_id
    lagre(
        Kriseledelse(
            medlemskap_id=aktor.medlemskap_id, organisasjon_id=aktor.organisasjon_id, oppnevnt=NAA - DAG
        )
    )


def sett(aktor: Aktor, fase: int = 4, nivaa: str = "roed", **felt: Any) -> UUID:
    assert aktor.organisasjon_id
    return faser.sett(
        aktor,
        aktor.organisasjon_id,
        **{"fase": fase, "nivaa": nivaa, "kilde": "FHI uke 10", "begrunnelse": "Mange er syke.", **felt},
    )


def foreslaa(aktor: Aktor, *organisasjoner: UUID, fase: int = 4, **felt: Any) -> UUID:
    return forslag.foreslaa(
        aktor,
        list(organisasjoner),
        **{"fase": fase, "nivaa": "roed", "kilde": "FHI uke 10", "begrunnelse": "Toppen kommer.", **felt},
    )


def mottaker(forslag_id: UUID, organisasjon_id: UUID) -> Faseforslagsmottaker:
    db.session.rollback()
    return db.session.scalars(
        sa.select(Faseforslagsmottaker)
        .where(
            Faseforslagsmottaker.forslag_id == forslag_id,
            Faseforslagsmottaker.organisasjon_id == organisasjon_id,
        )
        .execution_options(populate_existing=True)
    ).one()


def perioder(organisasjon_id: UUID) -> list[tuple[int, datetime, datetime | None]]:
    """The phases that count, in order: (phase, from, to)."""
    db.session.rollback()
    rader = db.session.execute(
        sa.select(Faseperiode.fase, Faseperiode.fra, Faseperiode.til)
        .where(Faseperiode.organisasjon_id == organisasjon_id, Faseperiode.trukket.is_(None))
        .order_by(Faseperiode.fra)
    )
    return [tuple(r) for r in rader]  # type: ignore[misc]


def fortalt(aktor: Aktor, kode: str = "beredskap.", *, bare_naa: bool = False) -> list[str]:
    """The titles of what the person was told; `bare_naa`: what has not been stopped."""
    db.session.rollback()
    sporring = sa.select(Varsel.tittel).where(
        Varsel.person_id == aktor.person_id, Varsel.kode.startswith(kode)
    )
    if bare_naa:
        sporring = sporring.where(Varsel.stoppet.is_(None))
    return list(db.session.scalars(sporring.order_by(Varsel.opprettet, Varsel.tittel)))


@transactional
def endre(tabell: Any, id_: Any, **verdier: Any) -> None:
    db.session.execute(sa.update(tabell).where(tabell.id == id_).values(**verdier))


def siden_alltid(scene: Scene) -> Scene:
    """The people have had their roles since long before `NAA`."""
    skriv(sa.update(Medlemskap).values(gyldig_fra=NAA - 400 * DAG))
    db.session.expire_all()
    return scene
