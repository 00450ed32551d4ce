"""What the tests of the engine of agreements share: a draft, what it reads as, and whom has been told."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.avtaler import steps
from portal.avtaler.forloep import Status
from portal.avtaler.models import Avtale, Avtaleversjon
from portal.avtaler.service import avtaler, parter
from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.identitet.models import Medlemskap
from portal.varsler.models import Varsel
from tests.bygg import Scene


def klausul(**endret: Any) -> dict[str, Any]:
    """A clause's content as a template gives it."""
    return {
        "overskrift": "Innleggelse",
        "tekst": "Ring først.",
        "art": "innleggelse",
        "nummer": "1",
        **endret,
    }


def nytt_utkast(scene: Scene, **felt: Any) -> UUID:
    """A draft of the trust with two clauses, without kommuner."""
    felt.setdefault("bestemmelser", [klausul(), klausul(overskrift="Utskrivning", art="utskrivning")])
    return avtaler.lag(scene.koordinator, type="tjenesteavtale", tittel="Innleggelse og utskrivning", **felt)


def til_forhandling(scene: Scene, avtale_id: UUID | None = None) -> UUID:
    """Sent to the kommune of the scene, which must have a coordinator."""
    avtale_id = avtale_id or nytt_utkast(scene)
    parter.inviter(scene.koordinator, avtale_id, [scene.kommune.id])
    avtaler.send_til_forhandling(scene.koordinator, avtale_id)
    return avtale_id


def les(avtale_id: UUID) -> Avtale:
    """The agreement as the database has it now."""
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Avtale, avtale_id)


def tekster(avtale_id: UUID, nummer: int) -> list[tuple[str, str]]:
    """How a version reads: (heading, text) in its order."""
    les(avtale_id)
    return [(b.overskrift, b.tekst) for b in steps.bestemmelser(avtale_id, nummer)]


def noekler(avtale_id: UUID, nummer: int = 1) -> list[UUID]:
    les(avtale_id)
    return [b.noekkel for b in steps.bestemmelser(avtale_id, nummer)]


def lest_hash(avtale_id: UUID, noekkel: UUID, nummer: int = 1) -> str:
    """What a page that shows the clause would send along when it is saved."""
    les(avtale_id)
    rad = steps.bestemmelse(avtale_id, nummer, noekkel)
    assert rad is not None
    return rad.innhold_hash


def varslet(kode: str) -> list[UUID]:
    """Who has a notice, not stopped, whose code begins so."""
    db.session.rollback()
    return list(
        db.session.scalars(
            sa.select(Varsel.person_id).where(Varsel.kode.startswith(kode), Varsel.stoppet.is_(None))
        )
    )


@transactional
def slutt(aktor: Aktor) -> None:
    """The person has the role no more."""
    db.session.get_one(Medlemskap, aktor.medlemskap_id).gyldig_til = now()


@transactional
def sett_godkjent(avtale_id: UUID, fra: date, *, forrige_til: bool = False) -> None:
    """Version 2 is approved by all, and holds from that day; `forrige_til`: the one before it until then."""
    foerste, andre = db.session.scalars(
        sa.select(Avtaleversjon).where(Avtaleversjon.avtale_id == avtale_id).order_by(Avtaleversjon.nummer)
    ).all()
    if forrige_til:
        foerste.i_kraft_til = fra
        db.session.flush()
    andre.status, andre.i_kraft_fra = Status.GODKJENT, fra
    andre.sendt_til_godkjenning = andre.opprettet
