"""What this room's use cases and the rooms above it share: who somebody is, and which number to ring.

Nothing here asks for permission: the answers are facts that a use case or another `access.py` then judges.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.config import innstillinger
from portal.core.db import db, meld
from portal.identitet.access import gyldig_naa
from portal.identitet.models import (
    SYKEHUS,
    Enhet,
    Fagtelefon,
    Medlemskap,
    MedlemskapFagomraade,
    Organisasjon,
    Organisasjonstype,
    Person,
    Sesjon,
    Tjenestekonto,
)


def hash_token(token: str) -> str:
    """What is stored of a session's or a service account's token. The token is random: no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


# --- the actor -------------------------------------------------------------------------------------------

_AKTOERFELT = (
    Medlemskap.id.label("medlemskap_id"),
    Medlemskap.rolle,
    Medlemskap.organisasjon_id,
    Medlemskap.enhet_id,
    Organisasjon.kortnavn,
    Organisasjon.type,
    Enhet.navn.label("enhet_navn"),
    Person.id.label("person_id"),
    Person.navn.label("person_navn"),
    MedlemskapFagomraade.fagomraade,
)


def _person_kan_brukes() -> sa.ColumnElement[bool]:
    """Not switched off; and the demo's people exist in demo mode only."""
    return sa.and_(Person.aktiv, sa.true() if innstillinger().demo else sa.not_(Person.demo))


def _aktoersporring(*ekstra: Any) -> sa.Select[*tuple[Any, ...]]:
    """Valid memberships with everything an Aktor holds: one row per specialty."""
    return (
        sa.select(*_AKTOERFELT, *ekstra)
        .select_from(Person)
        .join(Medlemskap, Medlemskap.person_id == Person.id)
        .join(Organisasjon, Organisasjon.id == Medlemskap.organisasjon_id)
        .outerjoin(Enhet, Enhet.id == Medlemskap.enhet_id)
        .outerjoin(MedlemskapFagomraade, MedlemskapFagomraade.medlemskap_id == Medlemskap.id)
        .where(_person_kan_brukes(), gyldig_naa())
    )


def _bygg(rader: Sequence[Any], sesjon_id: UUID | None = None) -> Aktor | None:
    """The actor of the first membership in the rows."""
    if not rader:
        return None
    rad = rader[0]
    return Aktor(
        navn=rad.person_navn,
        person_id=rad.person_id,
        medlemskap_id=rad.medlemskap_id,
        rolle=Rolle(rad.rolle),
        organisasjon_id=rad.organisasjon_id,
        organisasjon_navn=rad.kortnavn,
        organisasjon_type=rad.type,
        enhet_id=rad.enhet_id,
        enhet_navn=rad.enhet_navn or "",
        fagomraader=frozenset(
            r.fagomraade for r in rader if r.medlemskap_id == rad.medlemskap_id and r.fagomraade is not None
        ),
        sesjon_id=sesjon_id,
    )


@dataclass(frozen=True, slots=True)
class Sesjonsbruk:
    """The actor of a session, and what the door needs beside it."""

    aktor: Aktor
    spraak: str
    #: More than a minute since the session was last noted as used, or its chosen membership has ended.
    skal_roeres: bool


#: The membership that a session acts in: the chosen one while it is valid, else the oldest of the person.
_VALGT_FOERST = (
    sa.case((Medlemskap.id == Sesjon.medlemskap_id, 0), else_=1),
    Medlemskap.gyldig_fra,
    Medlemskap.id,
)


def _les_sesjon(vilkaar: sa.ColumnElement[bool]) -> Sesjonsbruk | None:
    """One query: session, person, and all valid memberships, the chosen one first, else the oldest."""
    naa = now()
    rader = db.session.execute(
        _aktoersporring(
            Sesjon.id.label("sesjon_id"),
            Sesjon.sist_brukt,
            Sesjon.medlemskap_id.label("valgt"),
            Person.spraak,
        )
        .join(Sesjon, Sesjon.person_id == Person.id)
        .where(vilkaar, Sesjon.avsluttet.is_(None), Sesjon.utloeper > naa)
        .order_by(*_VALGT_FOERST)
    ).all()
    if not rader:
        return None
    rad = rader[0]
    aktor = _bygg(rader, rad.sesjon_id)
    assert aktor is not None
    skal_roeres = (naa - rad.sist_brukt).total_seconds() > 60 or rad.valgt != rad.medlemskap_id
    return Sesjonsbruk(aktor, rad.spraak, skal_roeres)


def sesjonsbruk(token: str) -> Sesjonsbruk | None:
    """As `aktor_fra_token`, with what the web door needs beside the actor."""
    return _les_sesjon(Sesjon.token_hash == hash_token(token))


def aktor_fra_token(token: str) -> Aktor | None:
    """Who holds this browser token now, or None when the session, the person or every membership has ended.

    Where the chosen membership has ended, the person acts in another valid one. One query.
    """
    bruk = sesjonsbruk(token)
    return bruk.aktor if bruk else None


def aktor_fra_sesjon(sesjon_id: UUID) -> Aktor | None:
    """As `aktor_fra_token`, for a socket that keeps the session's id."""
    bruk = _les_sesjon(Sesjon.id == sesjon_id)
    return bruk.aktor if bruk else None


def gyldige_sesjoner(sesjon_ider: Iterable[UUID]) -> dict[UUID, UUID]:
    """Of these sessions, those that hold, each with the membership it acts in now. One query."""
    rader = db.session.execute(
        sa.select(Sesjon.id, Medlemskap.id)
        .join(Person, Person.id == Sesjon.person_id)
        .join(Medlemskap, Medlemskap.person_id == Person.id)
        .where(
            Sesjon.id.in_(list(sesjon_ider)),
            Sesjon.avsluttet.is_(None),
            Sesjon.utloeper > now(),
            _person_kan_brukes(),
            gyldig_naa(),
        )
        .order_by(*_VALGT_FOERST)
    )
    svar: dict[UUID, UUID] = {}
    for sesjon_id, medlemskap_id in rader:
        svar.setdefault(sesjon_id, medlemskap_id)
    return svar


def aktor_fra_tjenestetoken(token: str) -> Aktor | None:
    """The actor of a service account's Bearer token, or None when it is unknown, expired or withdrawn."""
    rader = db.session.execute(
        _aktoersporring(Tjenestekonto.navn.label("konto_navn"))
        .join(Tjenestekonto, Tjenestekonto.medlemskap_id == Medlemskap.id)
        .where(
            Tjenestekonto.token_hash == hash_token(token),
            Tjenestekonto.tilbakekalt.is_(None),
            Tjenestekonto.utloeper > now(),
        )
    ).all()
    return _bygg(rader)


def aktor_for_medlemskap(medlemskap_id: UUID) -> Aktor | None:
    """The actor a membership makes now, without a session; None when it has ended."""
    return _bygg(db.session.execute(_aktoersporring().where(Medlemskap.id == medlemskap_id)).all())


def gyldige_medlemskap(person_id: UUID) -> list[Aktor]:
    """Every role the person may act in now, the oldest first."""
    rader = db.session.execute(
        _aktoersporring().where(Person.id == person_id).order_by(Medlemskap.gyldig_fra, Medlemskap.id)
    ).all()
    per_medlemskap: dict[UUID, list[Any]] = {}
    for rad in rader:
        per_medlemskap.setdefault(rad.medlemskap_id, []).append(rad)
    return [aktor for r in per_medlemskap.values() if (aktor := _bygg(r)) is not None]


def avslutt_sesjoner(person_id: UUID, *, unntatt: UUID | None = None) -> int:
    """Ends a person's running sessions inside the caller's use case; sockets are told after the commit."""
    sesjoner = db.session.scalars(
        sa.select(Sesjon).where(
            Sesjon.person_id == person_id, Sesjon.avsluttet.is_(None), Sesjon.id != unntatt
        )
    ).all()
    for sesjon in sesjoner:
        sesjon.avsluttet = now()
        meld("identitet.sesjon_avsluttet", sesjon_id=sesjon.id)
    return len(sesjoner)


# --- the register, for forms -----------------------------------------------------------------------------


def telefon_for(mottaker_id: UUID, fagomraade: str) -> str | None:
    """The number to ring at a hospital for a specialty: its own, else the hospital's, else None."""
    rad = db.session.execute(
        sa.select(Fagtelefon.telefon, Organisasjon.telefon)
        .select_from(Organisasjon)
        .outerjoin(
            Fagtelefon,
            sa.and_(Fagtelefon.organisasjon_id == Organisasjon.id, Fagtelefon.fagomraade == fagomraade),
        )
        .where(Organisasjon.id == mottaker_id)
    ).one_or_none()
    return (rad[0] or rad[1] or None) if rad else None


def fagtelefoner(organisasjon_ider: Iterable[UUID]) -> dict[UUID, dict[str, str]]:
    """The entered numbers per specialty of several hospitals, in one query."""
    ider = list(organisasjon_ider)
    svar: dict[UUID, dict[str, str]] = {i: {} for i in ider}
    for f in db.session.scalars(sa.select(Fagtelefon).where(Fagtelefon.organisasjon_id.in_(ider))):
        svar[f.organisasjon_id][f.fagomraade] = f.telefon
    return svar


def sykehustelefoner(organisasjon_ider: Iterable[UUID]) -> dict[UUID, str]:
    """The entered main numbers of several hospitals; those without one are left out."""
    rader = db.session.execute(
        sa.select(Organisasjon.id, Organisasjon.telefon).where(
            Organisasjon.id.in_(list(organisasjon_ider)), Organisasjon.telefon != ""
        )
    )
    return {r[0]: r[1] for r in rader}


def kommuner_for_valg() -> list[tuple[UUID, str]]:
    """All active kommuner for a list to choose from: alphabetical, with the fylke where two share a name."""
    fylke = aliased(Organisasjon)
    rader = db.session.execute(
        sa.select(Organisasjon.id, Organisasjon.kortnavn, Organisasjon.navn_alternativ, fylke.kortnavn)
        .outerjoin(fylke, fylke.id == Organisasjon.overordnet_id)
        .where(Organisasjon.type == Organisasjonstype.KOMMUNE, Organisasjon.nedlagt.is_(None))
    ).all()
    antall = Counter(navn for _, navn, _, _ in rader)
    valg = []
    for id_, navn, alternativ, fylkesnavn in rader:
        tekst = f"{navn} / {alternativ}" if alternativ else navn
        valg.append((id_, f"{tekst} ({fylkesnavn})" if antall[navn] > 1 else tekst))
    return sorted(valg, key=lambda v: sorteringsnoekkel(v[1]))


def sykehus_for_valg() -> list[tuple[UUID, str]]:
    """All active trusts and ideelle hospitals, alphabetical."""
    rader = db.session.execute(
        sa.select(Organisasjon.id, Organisasjon.kortnavn).where(
            Organisasjon.type.in_(SYKEHUS), Organisasjon.nedlagt.is_(None)
        )
    )
    return sorted(((r[0], r[1]) for r in rader), key=lambda v: sorteringsnoekkel(v[1]))


def foreslaatt_mottaker(kommune_id: UUID) -> UUID | None:
    """The trust of the kommune's somatic catchment."""
    return db.session.scalar(sa.select(Organisasjon.helseforetak_id).where(Organisasjon.id == kommune_id))


_SIST = str.maketrans("æäøöå", "{{||}")


def sorteringsnoekkel(navn: str) -> str:
    """Norwegian order whatever the machine's locale is: æ, ø and å become the signs after z in ASCII."""
    return navn.casefold().translate(_SIST)
