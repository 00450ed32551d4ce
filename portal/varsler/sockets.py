"""The bell over the socket: a room for each person, a hint when something has changed, and the version that heals a
lost one. The events themselves are registered by the room that owns the socket's protocol (`henvendelser/sockets.py`).

A hint never says what it is about: also a locked screen may hear it, and what it then asks for is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from portal.core import realtime
from portal.core.db import abonner
from portal.core.realtime import Tilkobling
from portal.varsler.service.bjelle import versjoner


def _personrom(person_id: object) -> str:
    return f"person:{person_id}"


def gaa_inn(t: Tilkobling) -> None:
    """Joins a socket to the room of its person, whatever the role."""
    if t.aktor.person_id is not None:
        realtime.gaa_inn(t.sid, _personrom(t.aktor.person_id))


def bjelleversjoner(aktuelle: Iterable[Tilkobling]) -> Mapping[UUID | None, str]:
    """The versions of the bells of all these sockets, for the heads: one query for all of them."""
    personer = {t.aktor.person_id for t in aktuelle if t.aktor.person_id is not None}
    funnet: dict[UUID | None, str] = {}
    funnet.update(versjoner(personer).items() if personer else ())
    return funnet


def _ut_endret(person_id: UUID) -> None:
    realtime.til_rom("varsel", {"type": "bjelle"}, _personrom(person_id))


def sett_opp() -> None:
    """Lets the bell follow what is told, read and stopped."""
    abonner("varsler.endret", _ut_endret)
