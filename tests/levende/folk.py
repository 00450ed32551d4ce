"""People made for one test, whose rights it may end without harming another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.core.clock import now
from portal.identitet.demo import DEMO
from portal.identitet.models import Medlemskap, MedlemskapFagomraade, Person
from tests.levende.tjener import Hus


@dataclass(frozen=True)
class NyPerson:
    """Who was made, and in which membership."""

    id: UUID
    medlemskap_id: UUID
    epost: str
    navn: str


def ny_person(
    hus: Hus, rolle: str, organisasjon_id: UUID, *fag: str, enhet_id: UUID | None = None
) -> NyPerson:
    """A demo person with one membership and the demo people's password, written straight to the database."""
    person = NyPerson(id=uuid4(), medlemskap_id=uuid4(), epost="", navn="")
    navn = f"Test {person.id.hex[:8]}"
    person = NyPerson(person.id, person.medlemskap_id, f"{person.id.hex}@demo.example", navn)
    passord = hus.verdi(sa.select(Person.passord_hash).where(Person.epost == DEMO["spesialist"]))
    hus.endre(
        sa.insert(Person).values(
            id=person.id, navn=navn, epost=person.epost, passord_hash=passord, demo=True, opprettet=now()
        )
    )
    nytt_medlemskap(hus, person.id, person.medlemskap_id, rolle, organisasjon_id, *fag, enhet_id=enhet_id)
    return person


def nytt_medlemskap(
    hus: Hus,
    person_id: UUID,
    medlemskap_id: UUID,
    rolle: str,
    organisasjon_id: UUID,
    *fag: str,
    enhet_id: UUID | None = None,
) -> None:
    """Gives a person a role, valid since yesterday."""
    hus.endre(
        sa.insert(Medlemskap).values(
            id=medlemskap_id,
            person_id=person_id,
            organisasjon_id=organisasjon_id,
            enhet_id=enhet_id,
            rolle=rolle,
            gyldig_fra=now() - timedelta(days=1),
        )
    )
    for f in fag:
        hus.endre(sa.insert(MedlemskapFagomraade).values(medlemskap_id=medlemskap_id, fagomraade=f))
