"""People and open conversations for the benchmark, in a database that `start-data` has made.

    python -m benchmarks.seed NUMBER [IDLE]     # with the portal's environment; prints them as JSON

Each conversation has a physician in a kommune of its own and a specialist of her own at a trust, logged in,
with the case accepted through the use cases. Sessions are made directly: 256 logins through the form would
cost two minutes of password hashing. `IDLE` more people are logged in who only keep a page open: half of them
specialists, who hear of their queue. What is measured afterwards checks those sessions and rights as it does
anyone's.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

import orjson
import sqlalchemy as sa
from flask import Flask
from flask.sessions import SecureCookieSessionInterface

from benchmarks.load import Conversation
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db, skrivetransaksjon
from portal.factory import create_app
from portal.henvendelser.service import flyt, innsending
from portal.identitet.models import Medlemskap, MedlemskapFagomraade, Organisasjon, Person, Sesjon
from portal.identitet.steps import hash_token
from tests.bygg import lag_aktor, lag_enhet, ny_sesjon

FAG = "indremedisin"


def cookie(app: Flask, aktor: Aktor) -> dict[str, str]:
    """The header of a browser that is logged in as ``aktor``: the session's token, signed as Flask signs
    it."""
    return _header(app, ny_sesjon(aktor)[1])


def _header(app: Flask, token: str) -> dict[str, str]:
    assert isinstance(app.session_interface, SecureCookieSessionInterface)
    signer = app.session_interface.get_signing_serializer(app)
    assert signer is not None
    value = signer.dumps({"_user_id": token, "_fresh": True, "spraak": "nb"})
    return {"Cookie": f"{app.config['SESSION_COOKIE_NAME']}={value}"}


def _idle(
    app: Flask, number: int, kommuner: Sequence[Organisasjon], sykehus: Sequence[Organisasjon]
) -> list[dict[str, str]]:
    """So many people, each with a session; the headers of their browsers."""
    headers = []
    for fra in range(0, number, 500):
        with skrivetransaksjon(db.engine) as connection:
            for i in range(fra, min(fra + 500, number)):
                specialist = i % 2 == 1
                org = sykehus[i % len(sykehus)] if specialist else kommuner[i % len(kommuner)]
                person, medlemskap, naa = uuid4(), uuid4(), now()
                token = secrets.token_urlsafe(32)
                for table, values in (
                    (
                        Person,
                        {
                            "id": person,
                            "navn": f"Stille {i}",
                            "epost": f"stille{i}@eksempel.example",
                            "opprettet": naa,
                        },
                    ),
                    (
                        Medlemskap,
                        {
                            "id": medlemskap,
                            "person_id": person,
                            "organisasjon_id": org.id,
                            "rolle": "spesialist" if specialist else "lege_kommune",
                            "gyldig_fra": naa - timedelta(days=1),
                        },
                    ),
                    *(
                        [(MedlemskapFagomraade, {"medlemskap_id": medlemskap, "fagomraade": FAG})]
                        if specialist
                        else []
                    ),
                    (
                        Sesjon,
                        {
                            "token_hash": hash_token(token),
                            "person_id": person,
                            "medlemskap_id": medlemskap,
                            "opprettet": naa,
                            "sist_brukt": naa,
                            "utloeper": naa + timedelta(hours=12),
                        },
                    ),
                ):
                    connection.execute(sa.insert(table), values)
                headers.append(_header(app, token))
    return headers


def main(number: int, idle: int) -> None:
    app = create_app()
    with app.app_context():
        kommuner, sykehus = (
            db.session.scalars(sa.select(Organisasjon).where(Organisasjon.type == type_)).all()
            for type_ in ("kommune", "hf")
        )
        conversations = []
        for i in range(number):
            kommune, hf = kommuner[i % len(kommuner)], sykehus[i % len(sykehus)]
            lege = lag_aktor(Rolle.LEGE_KOMMUNE, kommune, lag_enhet(kommune), navn=f"Målelege {i}")
            spesialist = lag_aktor(Rolle.SPESIALIST, hf, fag=(FAG,), navn=f"Målespesialist {i}")
            sak = innsending.opprett(
                lege,
                {
                    "klient_id": uuid4(),
                    "mottaker_id": hf.id,
                    "bostedskommune_id": kommune.id,
                    "fagomraade": FAG,
                    "hastegrad": "vanlig",
                    "plan_uten_raad": "vet_ikke",
                    "tilbakeringing": "00 00 00 00",
                    "situasjon": "Slapp og tungpust siden i natt.",
                    "kjoenn": "ukjent",
                },
            )
            flyt.aksepter(spesialist, sak)
            conversations.append(
                Conversation(id=str(sak), sender=cookie(app, lege), receiver=cookie(app, spesialist))
            )
        stille = _idle(app, idle, kommuner, sykehus)
    sys.stdout.buffer.write(orjson.dumps({"conversations": conversations, "idle": stille}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
