"""Who may see and change organisations, people and memberships. The only place that fetches them by id.

The register is open to everyone who is logged in. An organisation is changed by its own administrator,
everything by the systemadministrator and the command line. Nobody has rights in another's organisation.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db, uavhengig
from portal.core.errors import IkkeFunnet, IkkeTilgang
from portal.identitet.models import Enhet, Medlemskap, Organisasjon, Person
from portal.revisjon.steps import logg


class Handling(StrEnum):
    SE = "se"
    #: Telephone numbers and units of an organisation.
    REDIGERE = "redigere"
    #: People's memberships in an organisation.
    GI_ROLLER = "gi_roller"
    SETTE_PASSORD = "sette_passord"
    OPPRETTE_TJENESTEKONTO = "opprette_tjenestekonto"
    OPPDATERE_REGISTER = "oppdatere_register"
    SAA_DEMO = "saa_demo"


#: Acts that belong to one organisation, and so to its administrator.
_EGEN_ORGANISASJON = frozenset({Handling.REDIGERE, Handling.GI_ROLLER})


def er_system(aktor: Aktor) -> bool:
    """The command line, the worker and the seed (`Aktor.system`)."""
    return aktor.person_id is None and aktor.formaal == "system"


def gyldig_naa() -> sa.ColumnElement[bool]:
    """The membership counts at this moment."""
    return medlemskap_gyldig(now())


def medlemskap_gyldig(naa: datetime | sa.BindParameter[Any]) -> sa.ColumnElement[bool]:
    """The membership counts then: from its first moment, until the moment it ends."""
    return sa.and_(
        Medlemskap.gyldig_fra <= naa, sa.or_(Medlemskap.gyldig_til.is_(None), Medlemskap.gyldig_til > naa)
    )


def ikke_slutt() -> sa.ColumnElement[bool]:
    """The membership counts now or will: it has not ended."""
    return sa.or_(Medlemskap.gyldig_til.is_(None), Medlemskap.gyldig_til > now())


def kan(aktor: Aktor, handling: Handling, organisasjon_id: UUID | None = None) -> bool:
    """Whether the actor may do this (in that organisation)."""
    if er_system(aktor):
        return True
    if aktor.person_id is None or aktor.medlemskap_id is None:
        return False
    if handling == Handling.SE:
        return True
    if handling == Handling.SAA_DEMO:
        return False
    if aktor.rolle == Rolle.SYSTEMADMINISTRATOR:
        return True
    return (
        handling in _EGEN_ORGANISASJON
        and aktor.rolle == Rolle.ADMINISTRATOR
        and organisasjon_id is not None
        and organisasjon_id == aktor.organisasjon_id
    )


def krev(aktor: Aktor, handling: Handling, organisasjon_id: UUID | None = None) -> None:
    """Raises IkkeTilgang, and logs it, unless `kan`."""
    if not kan(aktor, handling, organisasjon_id):
        _nekt(aktor, handling, "organisasjon", organisasjon_id)


def rekker_til(aktor: Aktor, rolle: Rolle) -> bool:
    """Whether the role is not above the actor: a systemadministrator reaches everything, so only another one (or the
    command line) makes one."""
    return rolle != Rolle.SYSTEMADMINISTRATOR or er_system(aktor) or aktor.rolle == Rolle.SYSTEMADMINISTRATOR


def krev_rolle(aktor: Aktor, rolle: Rolle, organisasjon_id: UUID) -> None:
    """Demands that the actor may give or end this role in the organisation."""
    krev(aktor, Handling.GI_ROLLER, organisasjon_id)
    if not rekker_til(aktor, rolle):
        _nekt(aktor, Handling.GI_ROLLER, "organisasjon", organisasjon_id)


class Hinder(StrEnum):
    """Why an administrator does not reach the whole person (`hinder`)."""

    #: A valid or coming role in another organisation. More than that is not told.
    ANNET_STED = "annet_sted"
    SYSTEMADMINISTRATOR = "systemadministrator"
    #: No valid or coming role anywhere: nobody's administrator reaches the person.
    UTEN_ROLLE = "uten_rolle"
    #: The actor administers nobody.
    IKKE_ADMINISTRATOR = "ikke_administrator"


def hinder(aktor: Aktor, person: Person) -> Hinder | None:
    """What keeps the actor from the person as a whole: password, second factor, name, shutting out. None: nothing.

    An administrator reaches the person only where all of the person's valid memberships are in the administrator's
    own organisation: a password opens all of them, and must not be a way into somebody else's house.
    """
    if kan(aktor, Handling.SETTE_PASSORD) or (aktor.person_id is not None and aktor.person_id == person.id):
        return None
    if aktor.rolle != Rolle.ADMINISTRATOR or aktor.organisasjon_id is None:
        return Hinder.IKKE_ADMINISTRATOR
    steder = db.session.execute(
        sa.select(Medlemskap.organisasjon_id, Medlemskap.rolle).where(
            Medlemskap.person_id == person.id, ikke_slutt()
        )
    ).all()
    if not steder:
        return Hinder.UTEN_ROLLE
    if any(s.organisasjon_id != aktor.organisasjon_id for s in steder):
        return Hinder.ANNET_STED
    if any(s.rolle == Rolle.SYSTEMADMINISTRATOR for s in steder):
        return Hinder.SYSTEMADMINISTRATOR
    return None


def krev_passord(aktor: Aktor, person: Person) -> None:
    """Demands that the actor may set this person's password: oneself, or the one who administers the person.

    Raises IkkeTilgang, and logs it, where there is a `hinder`.
    """
    if hinder(aktor, person) is not None:
        _nekt(aktor, Handling.SETTE_PASSORD, "person", person.id)


def krev_andres(aktor: Aktor, person: Person) -> None:
    """As `krev_passord`, but never oneself: who sits at an open screen must prove who it is, and not order a link."""
    if aktor.person_id is not None and aktor.person_id == person.id:
        _nekt(aktor, Handling.SETTE_PASSORD, "person", person.id)
    krev_passord(aktor, person)


def _nekt(aktor: Aktor, handling: Handling, objekt_type: str, objekt_id: UUID | None) -> None:
    uavhengig(lambda: logg(aktor, f"identitet.{handling}", objekt_type, objekt_id or "", utfall="avslag"))
    raise IkkeTilgang()


# --- fetching by id --------------------------------------------------------------------------------------


def hent(aktor: Aktor, handling: Handling, organisasjon_id: UUID) -> Organisasjon:
    """An organisation with its units, if the actor may do this with it. Raises IkkeFunnet or IkkeTilgang."""
    krev(aktor, Handling.SE)
    organisasjon = db.session.scalars(
        sa.select(Organisasjon)
        .where(Organisasjon.id == organisasjon_id)
        .options(
            joinedload(Organisasjon.overordnet),
            joinedload(Organisasjon.helseforetak),
            joinedload(Organisasjon.etterfolger),
            selectinload(Organisasjon.enheter).selectinload(Enhet.kommuner),
        )
    ).one_or_none()
    if organisasjon is None:
        raise IkkeFunnet()
    krev(aktor, handling, organisasjon.id)
    return organisasjon


def hent_enhet(aktor: Aktor, handling: Handling, enhet_id: UUID) -> Enhet:
    """A unit, if the actor may do this with its organisation. Raises IkkeFunnet or IkkeTilgang."""
    krev(aktor, Handling.SE)
    enhet = db.session.scalars(
        sa.select(Enhet)
        .where(Enhet.id == enhet_id)
        .options(joinedload(Enhet.organisasjon), selectinload(Enhet.kommuner))
    ).one_or_none()
    if enhet is None:
        raise IkkeFunnet()
    krev(aktor, handling, enhet.organisasjon_id)
    return enhet


def hent_person(aktor: Aktor, person_id: UUID) -> Person:
    """A person for an act that is checked on its own afterwards (`krev_rolle`, `krev_passord`).

    Administrators only, and oneself: others learn people's names from the cases they share, not from here.
    """
    if not (
        er_system(aktor)
        or aktor.person_id == person_id
        or aktor.rolle in (Rolle.ADMINISTRATOR, Rolle.SYSTEMADMINISTRATOR)
    ):
        _nekt(aktor, Handling.SE, "person", person_id)
    person = db.session.get(Person, person_id)
    if person is None:
        raise IkkeFunnet()
    return person


def hent_i_organisasjon(aktor: Aktor, organisasjon_id: UUID, person_id: UUID) -> Person:
    """A person who has or had a role in the organisation, for its administrator. Anybody else is «finnes ikke»."""
    krev(aktor, Handling.GI_ROLLER, organisasjon_id)
    person = db.session.scalars(folk_i(aktor, organisasjon_id).where(Person.id == person_id)).one_or_none()
    if person is None:
        uavhengig(lambda: logg(aktor, "identitet.gi_roller", "person", person_id, utfall="avslag"))
        raise IkkeFunnet()
    return person


def hent_medlemskap(aktor: Aktor, medlemskap_id: UUID) -> Medlemskap:
    """A membership that the actor may end. One of another organisation is «finnes ikke»."""
    medlemskap = db.session.get(Medlemskap, medlemskap_id)
    if medlemskap is None:
        raise IkkeFunnet()
    if not kan(aktor, Handling.GI_ROLLER, medlemskap.organisasjon_id):
        uavhengig(lambda: logg(aktor, "identitet.gi_roller", "medlemskap", medlemskap_id, utfall="avslag"))
        raise IkkeFunnet()
    krev_rolle(aktor, Rolle(medlemskap.rolle), medlemskap.organisasjon_id)
    return medlemskap


def synlige(aktor: Aktor) -> sa.Select[Organisasjon]:
    """A SELECT of the organisations the actor sees: all of them."""
    krev(aktor, Handling.SE)
    return sa.select(Organisasjon)


def folk_i(aktor: Aktor, organisasjon_id: UUID) -> sa.Select[Person]:
    """A SELECT of the people who have or had a role in the organisation, for its administrator."""
    krev(aktor, Handling.GI_ROLLER, organisasjon_id)
    her = sa.select(Medlemskap.id).where(
        Medlemskap.person_id == Person.id, Medlemskap.organisasjon_id == organisasjon_id
    )
    return sa.select(Person).where(her.exists())
