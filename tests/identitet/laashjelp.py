"""A browser with a password, whose screen can be locked, and what the database says of its session."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flask.testing import FlaskClient

from portal.core.aktor import Aktor
from portal.core.db import db
from portal.identitet import steps
from portal.identitet.models import Sesjon

MINUTT = timedelta(minutes=1)


Inne = Callable[[Aktor], tuple[Aktor, FlaskClient]]


def rad(aktor: Aktor) -> Sesjon:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Sesjon, aktor.sesjon_id)


def bruk(aktor: Aktor) -> steps.Sesjonsbruk:
    db.session.rollback()
    assert aktor.sesjon_id
    funnet = steps.bruk_av_sesjon(aktor.sesjon_id)
    assert funnet is not None
    return funnet
