"""People and open conversations for the benchmark, in a database that `start-data` has made.

    python -m benchmarks.seed NUMBER        # with the portal's environment; prints the conversations as JSON

Each conversation has a physician in a kommune of its own and a specialist of her own at a trust, logged in,
with the case accepted through the use cases. Sessions are made directly: 256 logins through the form would
cost two minutes of password hashing. What is measured afterwards checks those sessions and rights as it does
anyone's.
"""

from __future__ import annotations

import sys
from uuid import uuid4

import orjson
import sqlalchemy as sa
from flask import Flask
from flask.sessions import SecureCookieSessionInterface

from benchmarks.load import Conversation
from portal.core.aktor import Aktor, Rolle
from portal.core.db import db
from portal.factory import create_app
from portal.henvendelser.service import flyt, innsending
from portal.identitet.models import Organisasjon
from tests.bygg import lag_aktor, lag_enhet, ny_sesjon

FAG = "indremedisin"


def _cookie(app: Flask, aktor: Aktor) -> dict[str, str]:
    """The header of a browser that is logged in as ``aktor``: the session's token, signed as Flask signs
    it."""
    _, token = ny_sesjon(aktor)
    assert isinstance(app.session_interface, SecureCookieSessionInterface)
    signer = app.session_interface.get_signing_serializer(app)
    assert signer is not None
    value = signer.dumps({"_user_id": token, "_fresh": True, "spraak": "nb"})
    return {"Cookie": f"{app.config['SESSION_COOKIE_NAME']}={value}"}


def main(number: int) -> None:
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
                Conversation(id=str(sak), sender=_cookie(app, lege), receiver=_cookie(app, spesialist))
            )
    sys.stdout.buffer.write(orjson.dumps(conversations))


if __name__ == "__main__":
    main(int(sys.argv[1]))
