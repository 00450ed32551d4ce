"""Who sits in an organisation's kriseledelse, and so may set its phase: appointed by its administrator."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.beredskap import access
from portal.beredskap.access import Handling
from portal.beredskap.models import Kriseledelse
from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, meld, transactional
from portal.core.errors import IkkeFunnet, UgyldigData
from portal.core.sprak import _l
from portal.identitet.access import medlemskap_gyldig
from portal.identitet.models import Medlemskap, Person
from portal.revisjon.steps import logg


@transactional
def oppnevn(aktor: Aktor, medlemskap_id: UUID) -> None:
    """Appoints a membership of the own organisation. Once more changes nothing. Raises UgyldigData for one that has
    ended or not begun."""
    medlemskap = access.hent_medlemskap(aktor, medlemskap_id)
    naa = now()
    if medlemskap.gyldig_fra > naa or (medlemskap.gyldig_til is not None and medlemskap.gyldig_til <= naa):
        raise UgyldigData(felter={"medlemskap_id": [_l("Rollen gjelder ikke nå. Velg en annen fra lista.")]})
    if not access.har_fase(medlemskap.organisasjon.type):
        raise IkkeFunnet()
    if db.session.get(Kriseledelse, medlemskap.id) is not None:
        return
    db.session.add(
        Kriseledelse(
            medlemskap_id=medlemskap.id,
            organisasjon_id=medlemskap.organisasjon_id,
            oppnevnt=naa,
            oppnevnt_av_id=aktor.person_id,
        )
    )
    logg(
        aktor,
        "beredskap.oppnevnt",
        "organisasjon",
        medlemskap.organisasjon_id,
        person_id=str(medlemskap.person_id),
        medlemskap_id=str(medlemskap.id),
    )
    meld("beredskap.endret", organisasjon_id=medlemskap.organisasjon_id)


@transactional
def fjern(aktor: Aktor, medlemskap_id: UUID) -> None:
    """Takes a membership out of the kriseledelse. One that does not sit there changes nothing."""
    medlemskap = access.hent_medlemskap(aktor, medlemskap_id)
    rad = db.session.get(Kriseledelse, medlemskap.id)
    if rad is None:
        return
    db.session.delete(rad)
    logg(
        aktor,
        "beredskap.fratraadt",
        "organisasjon",
        medlemskap.organisasjon_id,
        person_id=str(medlemskap.person_id),
        medlemskap_id=str(medlemskap.id),
    )
    meld("beredskap.endret", organisasjon_id=medlemskap.organisasjon_id)


def medlemmer(organisasjon_id: UUID) -> list[Medlemskap]:
    """The memberships that sit there now, by the people's names: those that have ended do not count."""
    return list(
        db.session.scalars(
            sa.select(Medlemskap)
            .join(Kriseledelse, Kriseledelse.medlemskap_id == Medlemskap.id)
            .join(Medlemskap.person)
            .where(
                Kriseledelse.organisasjon_id == organisasjon_id,
                Medlemskap.organisasjon_id == organisasjon_id,
                medlemskap_gyldig(now()),
                Person.aktiv,
            )
            .options(joinedload(Medlemskap.person), joinedload(Medlemskap.enhet))
            .order_by(Person.navn, Medlemskap.id)
        )
    )


def hent_kriseledelse(aktor: Aktor) -> list[Medlemskap]:
    """Who sits in the own organisation's kriseledelse. Raises IkkeTilgang for who does not see its inside."""
    access.krev(aktor, Handling.SE_INNSIDE, aktor.organisasjon_id)
    return medlemmer(aktor.organisasjon_id) if aktor.organisasjon_id is not None else []


def kandidater(aktor: Aktor) -> list[Medlemskap]:
    """The roles at the own organisation that are not in it: for its administrator alone, else nothing."""
    if aktor.organisasjon_id is None or not access.kan(aktor, Handling.OPPNEVNE, aktor.organisasjon_id):
        return []
    return list(
        db.session.scalars(
            sa.select(Medlemskap)
            .join(Medlemskap.person)
            .where(
                Medlemskap.organisasjon_id == aktor.organisasjon_id,
                medlemskap_gyldig(now()),
                Person.aktiv,
                Medlemskap.id.not_in(sa.select(Kriseledelse.medlemskap_id)),
            )
            .options(joinedload(Medlemskap.person), joinedload(Medlemskap.enhet))
            .order_by(Person.navn, Medlemskap.id)
        )
    )
