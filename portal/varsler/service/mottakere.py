"""Who a person is, for this room: names and addresses are a higher room's, and are asked for through the factory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from uuid import UUID

from portal.core.aktor import Aktor
from portal.core.errors import IkkeTilgang
from portal.varsler.steps import Mottaker

#: Gives people by their ids, as somebody to tell. Those that do not exist are left out.
Oppslag = Callable[[Collection[UUID]], Mapping[UUID, Mottaker]]
#: Whether a person still is to be told what is told in the service of an organisation (None: of nobody's).
Teller = Callable[[UUID, UUID | None], bool]
_finn: Oppslag = lambda _: {}  # noqa: E731 - replaced by `sett_opp`
_teller: Teller = lambda _person, _organisasjon: False  # noqa: E731 - replaced by `sett_opp`


def sett_opp(finn: Oppslag, teller: Teller) -> None:
    """Lets this room know people. Called by the factory."""
    global _finn, _teller
    _finn, _teller = finn, teller


def mottaker(aktor: Aktor) -> Mottaker:
    """The actor, as somebody to tell, in the service of the actor's organisation."""
    return mottaker_for(aktor.person_id, aktor.organisasjon_id)


def mottaker_for(person_id: UUID | None, organisasjon_id: UUID | None = None) -> Mottaker:
    """A person as somebody to tell. Raises IkkeTilgang for a program, and for whoever does not exist."""
    funnet = _finn([person_id]) if person_id else {}
    if person_id is None or person_id not in funnet:
        raise IkkeTilgang()
    return replace(funnet[person_id], organisasjon_id=organisasjon_id)


def teller_ennaa(person_id: UUID, organisasjon_id: UUID | None) -> bool:
    """Whether somebody still is to be told: not who is shut out, nor who has left the organisation it is told for."""
    return _teller(person_id, organisasjon_id)


def navn_paa(person_ider: Collection[UUID]) -> dict[UUID, str]:
    """The names of people."""
    return {id_: m.navn for id_, m in _finn(person_ider).items()} if person_ider else {}
