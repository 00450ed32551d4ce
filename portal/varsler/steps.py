"""Putting a letter in the outbox, inside the transaction of what it tells of."""

from __future__ import annotations

from uuid import uuid4

from portal.core.clock import now
from portal.core.db import db, insert_for, transaksjon
from portal.varsler.models import Utsending


def send_epost(noekkel: str, til: str, emne: str, tekst: str) -> None:
    """Queues one e-mail; it leaves after the commit, and not at all when the use case fails.

    The same `noekkel` (at most 120 signs) again is the same letter, and changes nothing. Never clinical text:
    mail is no safe place for it. The subject is one line of at most 200 signs whatever is put into it.
    """
    transaksjon()
    naa = now()
    db.session.execute(
        insert_for(Utsending, db.session.get_bind().dialect.name).on_conflict_do_nothing(
            index_elements=["noekkel"]
        ),
        {
            "id": uuid4(),
            "noekkel": noekkel,
            "til": til,
            "emne": en_linje(emne)[:200],
            # PostgreSQL takes no NUL in a text.
            "tekst": tekst.replace("\x00", ""),
            "opprettet": naa,
            "neste": naa,
            "forsoek": 0,
            "feil": "",
        },
    )


def en_linje(tekst: str) -> str:
    """A text as one line without control signs, fit for a header."""
    return " ".join("".join(t if t.isprintable() else " " for t in tekst).split())
