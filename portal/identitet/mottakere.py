"""Whom the rooms above may tell: the people of a role at an organisation now, and the person of a membership.

Facts for a use case's own transaction; nothing here asks for permission. Who has ended or is shut out is told nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.core.aktor import Rolle
from portal.core.clock import now
from portal.core.db import db
from portal.identitet.access import medlemskap_gyldig
from portal.identitet.models import Medlemskap, Person
from portal.varsler.steps import Mottaker


def mottakerfelt() -> tuple[Any, ...]:
    """The columns of a `Mottaker`, to be selected with whatever else is asked for."""
    return (Person.id.label("person_id"), Person.navn, Person.epost, Person.spraak)


def med_rolle(organisasjon_id: UUID, roller: Iterable[Rolle]) -> list[Mottaker]:
    """Everybody with one of the roles at an organisation now: its vaktledere, its coordinators."""
    rader = db.session.execute(
        sa.select(*mottakerfelt())
        .join(Medlemskap, Medlemskap.person_id == Person.id)
        .where(
            Medlemskap.organisasjon_id == organisasjon_id,
            Medlemskap.rolle.in_(list(roller)),
            medlemskap_gyldig(now()),
            Person.aktiv,
        )
        .distinct()
        .order_by(Person.navn, Person.id)
    )
    return [Mottaker(r.person_id, r.navn, r.epost, r.spraak, organisasjon_id) for r in rader]


def mottaker_for(medlemskap_id: UUID) -> Mottaker | None:
    """The person of a membership, as somebody to tell; None when it has ended."""
    r = db.session.execute(
        sa.select(*mottakerfelt(), Medlemskap.organisasjon_id)
        .join(Medlemskap, Medlemskap.person_id == Person.id)
        .where(Medlemskap.id == medlemskap_id, medlemskap_gyldig(now()), Person.aktiv)
    ).one_or_none()
    return Mottaker(r.person_id, r.navn, r.epost, r.spraak, r.organisasjon_id) if r else None
