"""The letters of the room: in the reader's language, with nothing clinical, and each with a way out."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask

from portal.core.db import db, transactional
from portal.core.sprak import SPRAAK, paa_spraak
from portal.identitet import brev, steps
from portal.identitet.models import Person
from portal.varsler.models import Utsending
from tests.bygg import lag_person

NAAR = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
ALLE = {
    "invitasjon": lambda: brev.invitasjon("Åse", "t" * 43, NAAR),
    "nytt_passord": lambda: brev.nytt_passord("Åse", "t" * 43, NAAR),
    "passord_byttet": lambda: brev.passord_byttet("Åse"),
    "totrinn_paa": lambda: brev.totrinn_paa("Åse"),
    "totrinn_av": lambda: brev.totrinn_av("Åse"),
    "totrinn_nullstilt": lambda: brev.totrinn_nullstilt("Åse"),
    "gjenoppretting_brukt": lambda: brev.gjenoppretting_brukt("Åse", 7),
    "feil_koder": lambda: brev.feil_koder("Åse"),
}


@pytest.mark.parametrize("navn", ALLE)
@pytest.mark.parametrize("spraak", SPRAAK)
def test_hvert_brev_paa_hvert_spraak(app: Flask, navn: str, spraak: str) -> None:
    with app.test_request_context(), paa_spraak(spraak):
        emne, tekst = ALLE[navn]()
    assert 5 < len(emne) < 80 and "\n" not in emne and "%(" not in emne + tekst
    assert "Åse" in tekst and tekst.endswith("\n")
    har_lenke = navn in ("invitasjon", "nytt_passord")
    assert ("\nhttp://127.0.0.1:5000/lenke/" + "t" * 43 + "\n" in tekst) is har_lenke
    if har_lenke:
        assert "22.11.2026 00:30" in tekst, "by the clock on the wall"


def test_alle_brevene_er_med() -> None:
    laget = {
        n for n, f in vars(brev).items() if callable(f) and getattr(f, "__module__", "") == brev.__name__
    }
    assert {n for n in laget if not n.startswith("_")} == {*ALLE, "lenkeadresse"}


@transactional
def _send(person: Person) -> None:
    steps.send_brev(person, f"prøve:{person.id}", lambda: brev.totrinn_av(person.navn))


def test_brevet_er_paa_mottakerens_spraak_og_ikke_avsenderens(app: Flask) -> None:
    emner = {}
    for spraak in SPRAAK:
        person = lag_person(spraak=spraak)
        with app.test_request_context(headers={"Accept-Language": "en"}), paa_spraak("nn"):
            _send(person)
            db.session.rollback()
            emner[spraak] = db.session.query(Utsending).filter_by(til=person.epost).one().emne
    with app.test_request_context():
        for spraak in SPRAAK:
            with paa_spraak(spraak):
                assert emner[spraak] == brev.totrinn_av("x")[0]
