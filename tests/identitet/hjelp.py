"""What the tests of this room share."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.config import innstillinger, sett_innstillinger
from portal.core.db import db, transactional
from portal.identitet import passord as passordregler
from portal.identitet.models import Medlemskap, Person, Sesjon
from portal.identitet.steps import hash_token
from portal.revisjon.models import Revisjon
from tests.bygg import PASSORD, lagre

SYSTEM = Aktor.system("test")
#: Made once: hashing is slow on purpose.
_HASH = passordregler.lag_hash(PASSORD).verdi


@transactional
def gi_passord(person_id: UUID, aktiv: bool = True) -> None:
    """Gives a person the tests' password."""
    person = db.session.get_one(Person, person_id)
    person.passord_hash, person.aktiv = _HASH, aktiv


def logg_inn_uten_passord(person: Person, medlemskap: Medlemskap | None, **felt: object) -> str:
    """A running session, and its token."""
    token = secrets.token_urlsafe(32)
    naa = now()
    verdier = {
        "opprettet": naa,
        "sist_brukt": naa,
        "utloeper": naa + timedelta(hours=12),
        "medlemskap_id": medlemskap.id if medlemskap else None,
        **felt,
    }
    lagre(Sesjon(id=uuid4(), token_hash=hash_token(token), person_id=person.id, **verdier))
    return token


@contextmanager
def modus(navn: str) -> Iterator[None]:
    """Another mode of the process for a while."""
    foer = innstillinger()
    sett_innstillinger(replace(foer, modus=navn))
    try:
        yield
    finally:
        sett_innstillinger(foer)


def revisjon(handling: str) -> list[Revisjon]:
    """The audit entries of one kind."""
    db.session.rollback()
    return list(
        db.session.scalars(sa.select(Revisjon).where(Revisjon.handling == handling).order_by(Revisjon.nummer))
    )
