"""What the tests of the second factor share: an authenticator of our own, and the house's setting."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pyotp
import sqlalchemy as sa

from portal.core.clock import now
from portal.core.config import innstillinger, sett_innstillinger
from portal.core.db import db, transactional
from portal.identitet import totrinn as regler
from portal.identitet.models import Person, Sesjon
from portal.identitet.service import totrinn

NOEKKEL = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@contextmanager
def krav(verdi: str) -> Iterator[None]:
    """Another PORTAL_TOFAKTOR for a while."""
    foer = innstillinger()
    sett_innstillinger(replace(foer, tofaktor=verdi))
    try:
        yield
    finally:
        sett_innstillinger(foer)


@transactional
def gi_app(person: Person) -> list[str]:
    """An authenticator for the person, with NOEKKEL, and the recovery codes."""
    rad = db.session.get_one(Person, person.id)
    rad.totp_hemmelighet = regler.krypter(innstillinger().hemmelighet, NOEKKEL)
    return totrinn._lag_koder(rad)


def kode(forskyv: int = 0) -> str:
    """What the authenticator shows so many steps from now."""
    return pyotp.TOTP(NOEKKEL).at(now() + timedelta(seconds=30 * forskyv))


def antall_sesjoner() -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(Sesjon)) or 0
