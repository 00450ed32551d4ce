"""What the tests of sharing a case ask for: who is asked, who takes part, which letters went out."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.henvendelser.models import Deltaker, Saksinvitasjon
from portal.henvendelser.service import lesing
from portal.identitet.models import Medlemskap
from portal.varsler.models import Kanal, Utsending, Varsel


def til(sak: UUID, hva: str = "") -> str:
    return f"/henvendelser/{sak}" + (f"/{hva}" if hva else "")


def invitasjoner(sak: UUID) -> list[Saksinvitasjon]:
    db.session.rollback()
    db.session.expire_all()
    return list(
        db.session.scalars(
            sa.select(Saksinvitasjon)
            .where(Saksinvitasjon.henvendelse_id == sak)
            .order_by(Saksinvitasjon.opprettet)
        )
    )


def spurt(sak: UUID) -> UUID:
    (id_,) = [i.id for i in invitasjoner(sak) if i.tilstand == "venter"]
    return id_


def brev() -> list[Utsending]:
    """The letters to those who are asked to take part or to take over."""
    db.session.rollback()
    spurte = (
        sa.select(Utsending)
        .join(Varsel, Varsel.id == Utsending.varsel_id)
        .where(Utsending.kanal == Kanal.EPOST, Varsel.gjelder.like("invitasjon:%"))
    )
    return list(db.session.scalars(spurte.order_by(Utsending.opprettet)))


def deltar(sak: UUID) -> set[UUID]:
    db.session.rollback()
    return set(
        db.session.scalars(
            sa.select(Deltaker.medlemskap_id).where(Deltaker.henvendelse_id == sak, Deltaker.til.is_(None))
        )
    )


def ser(aktor: Aktor, sak: UUID) -> bool:
    db.session.rollback()
    return lesing.kan_se(aktor, sak)


def mid(aktor: Aktor) -> UUID:
    assert aktor.medlemskap_id is not None
    return aktor.medlemskap_id


@transactional
def slutt(aktor: Aktor) -> None:
    medlemskap = db.session.get_one(Medlemskap, aktor.medlemskap_id)
    medlemskap.gyldig_til = max(now() - timedelta(seconds=1), medlemskap.gyldig_fra + timedelta(seconds=1))
