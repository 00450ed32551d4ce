"""A browser whose screen can be locked."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.core.aktor import Aktor
from tests.bygg import ny_sesjon
from tests.identitet.hjelp import gi_passord
from tests.identitet.laashjelp import Inne


@pytest.fixture
def inne(app: Flask) -> Inne:
    """A browser of an actor who has a password, and the actor with the session."""

    def logg_inn(aktor: Aktor) -> tuple[Aktor, FlaskClient]:
        assert aktor.person_id
        gi_passord(aktor.person_id)
        med, token = ny_sesjon(aktor)
        klient = app.test_client()
        with klient.session_transaction() as kapsel:
            kapsel["_user_id"] = token
        return med, klient

    return logg_inn
