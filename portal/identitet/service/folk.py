"""The administrator's people: who has a role in the organisation, in which state, and what may be changed.

An administrator sees memberships of the own organisation alone. What another organisation has given the same person is
not shown; where it is the reason for a refusal, that it exists is said and nothing more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db
from portal.core.errors import UgyldigData
from portal.core.sprak import _
from portal.identitet import access, steps, vakttap
from portal.identitet.access import Handling, Hinder
from portal.identitet.bretting import brett
from portal.identitet.models import (
    Engangslenke,
    Lenkeformaal,
    Medlemskap,
    Organisasjon,
    Person,
    Sesjon,
)
from portal.identitet.roller import Tilstand, kan_ha_fagomraader, roller_for, siste_dag
from portal.identitet.vakttap import Vakttap

PER_SIDE = 50
#: A role that ends within this time is marked: the administrator has time to lengthen it.
SNART = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Rolleplass:
    """A membership as the pages show it. `siste_dag` is the last day in Oslo, inclusive."""

    id: UUID
    rolle: Rolle
    organisasjon: str
    enhet: str
    fagomraader: tuple[str, ...]
    fra: datetime
    siste_dag: date | None
    kommer: bool
    slutt: bool
    slutter_snart: bool
    #: Not above the actor's right, and not the role the actor works in now.
    kan_endres: bool
    #: The role may name fagområder that it answers for.
    har_fag: bool
    #: The shifts that nobody has when the role ends now; asked for on the person's own page alone.
    vakter: Vakttap = Vakttap()  # noqa: RUF009 - it never changes


@dataclass(frozen=True, slots=True)
class Personrad:
    """One line of the list."""

    id: UUID
    navn: str
    epost: str
    tilstand: Tilstand
    roller: Sequence[Rolleplass]
    sist_innlogget: datetime | None


@dataclass(frozen=True, slots=True)
class Folkeside:
    """One page of the list. `antall` people fit; `alle` have or had a role here."""

    rader: Sequence[Personrad]
    antall: int
    alle: int
    side: int
    antall_sider: int


@dataclass(frozen=True, slots=True)
class Personvisning:
    """All that the administrator sees of a person."""

    person: Person
    sted: Organisasjon
    tilstand: Tilstand
    roller: Sequence[Rolleplass]
    tidligere: Sequence[Rolleplass]
    sist_innlogget: datetime | None
    #: Why the person as a whole is out of reach; None when it is not.
    hinder: Hinder | None
    #: The actor's own page: shutting oneself out is not offered.
    er_seg_selv: bool
    #: When the running invitation ends.
    invitert_til: datetime | None
    har_totrinn: bool
    #: Running logins, and the shifts that nobody has when the person is shut out; told only of who is within reach.
    sesjoner: int
    vakter: Vakttap


# --- where -----------------------------------------------------------------------------------------------


def finn_sted(aktor: Aktor, organisasjon_id: UUID | None = None) -> Organisasjon:
    """The organisation whose people are looked at: the actor's own where none is named. Raises IkkeTilgang."""
    id_ = organisasjon_id or aktor.organisasjon_id
    if id_ is None:
        access.krev(aktor, Handling.GI_ROLLER)
        raise UgyldigData(_("Velg en organisasjon."))
    return access.hent(aktor, Handling.GI_ROLLER, id_)


def finn_sted_for(aktor: Aktor, person_id: UUID, organisasjon_id: UUID | None = None) -> Organisasjon:
    """As `finn_sted`, for a person's page: a systemadministrator who names none gets where the person last had a
    role."""
    if organisasjon_id is None and access.kan(aktor, Handling.SETTE_PASSORD):
        organisasjon_id = db.session.scalar(
            sa.select(Medlemskap.organisasjon_id)
            .where(Medlemskap.person_id == person_id)
            .order_by(
                sa.case((Medlemskap.organisasjon_id == aktor.organisasjon_id, 0), else_=1),
                sa.case((access.ikke_slutt(), 0), else_=1),
                Medlemskap.gyldig_fra.desc(),
            )
            .limit(1)
        )
    return finn_sted(aktor, organisasjon_id)


def steder(aktor: Aktor) -> list[tuple[str, str]]:
    """The organisations to choose between: all in use for a systemadministrator, none for others."""
    if not access.kan(aktor, Handling.SETTE_PASSORD):
        return []
    rader = db.session.execute(
        access.synlige(aktor)
        .with_only_columns(Organisasjon.id, Organisasjon.navn)
        .where(Organisasjon.nedlagt.is_(None))
    )
    return sorted(((str(r[0]), r[1]) for r in rader), key=lambda s: steps.sorteringsnoekkel(s[1]))


def er_administrator(aktor: Aktor) -> bool:
    """Whether the actor administers people anywhere."""
    return access.kan(aktor, Handling.GI_ROLLER, aktor.organisasjon_id)


def enheter_i(sted: Organisasjon) -> list[tuple[str, str]]:
    """The units in use, to choose between."""
    aktive = [(str(e.id), e.navn) for e in sted.enheter if e.aktiv]
    return sorted(aktive, key=lambda e: steps.sorteringsnoekkel(e[1]))


def roller_aa_gi(aktor: Aktor, sted: Organisasjon) -> list[Rolle]:
    """The roles that exist there and are not above the actor."""
    return [r for r in roller_for(sted.type) if access.rekker_til(aktor, r)]


# --- the list --------------------------------------------------------------------------------------------


def _har_rolle(organisasjon_id: UUID, *vilkaar: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return (
        sa.select(Medlemskap.id)
        .where(
            Medlemskap.person_id == Person.id,
            Medlemskap.organisasjon_id == organisasjon_id,
            access.ikke_slutt(),
            *vilkaar,
        )
        .exists()
    )


def _har_lenke() -> sa.ColumnElement[bool]:
    return sa.select(Engangslenke.id).where(Engangslenke.person_id == Person.id, _lenke_gjelder()).exists()


def _lenke_gjelder() -> sa.ColumnElement[bool]:
    return sa.and_(
        Engangslenke.formaal == Lenkeformaal.INVITASJON,
        Engangslenke.brukt.is_(None),
        Engangslenke.trukket.is_(None),
        Engangslenke.utloeper > now(),
    )


def _i_tilstand(organisasjon_id: UUID, tilstand: Tilstand) -> sa.ColumnElement[bool]:
    """The same as `_tilstand`, in SQL."""
    if tilstand == Tilstand.STENGT:
        return sa.not_(Person.aktiv)
    har_rolle = _har_rolle(organisasjon_id)
    if tilstand == Tilstand.UTEN_ROLLE:
        return sa.and_(Person.aktiv, sa.not_(har_rolle))
    if tilstand == Tilstand.AKTIV:
        return sa.and_(Person.aktiv, har_rolle, Person.passord_hash.is_not(None))
    lenke = _har_lenke() if tilstand == Tilstand.INVITERT else sa.not_(_har_lenke())
    return sa.and_(Person.aktiv, har_rolle, Person.passord_hash.is_(None), lenke)


def _tilstand(person: Any, *, har_rolle: bool, har_lenke: bool) -> Tilstand:
    if not person.aktiv:
        return Tilstand.STENGT
    if not har_rolle:
        return Tilstand.UTEN_ROLLE
    if person.passord_hash is not None:
        return Tilstand.AKTIV
    return Tilstand.INVITERT if har_lenke else Tilstand.IKKE_INVITERT


def liste(
    aktor: Aktor,
    sted: Organisasjon,
    *,
    sok: str = "",
    rolle: str = "",
    enhet_id: UUID | None = None,
    tilstand: str = "",
    side: int = 1,
) -> Folkeside:
    """The people of an organisation, by name. Every word of `sok` stands in the name or the address.

    Who has no role any more is left out, unless that state, «alle», or a search asks for them. Names are compared here
    and not in SQL, as in the register: no database folds æøå and the Sámi letters alike.
    """
    folk = access.folk_i(aktor, sted.id)
    alle = db.session.scalar(sa.select(sa.func.count()).select_from(folk.subquery())) or 0
    vilkaar: list[sa.ColumnElement[bool]] = []
    if rolle:
        vilkaar.append(_har_rolle(sted.id, Medlemskap.rolle == rolle))
    if enhet_id is not None:
        vilkaar.append(_har_rolle(sted.id, Medlemskap.enhet_id == enhet_id))
    if tilstand in set(Tilstand):
        vilkaar.append(_i_tilstand(sted.id, Tilstand(tilstand)))
    elif tilstand != "alle" and not sok.strip():
        vilkaar.append(_har_rolle(sted.id))
    rader = db.session.execute(folk.where(*vilkaar).with_only_columns(Person.id, Person.navn, Person.epost))
    ord_ = brett(sok).split()
    treff = [
        (steps.sorteringsnoekkel(navn), id_)
        for id_, navn, epost in rader
        if not ord_ or all(o in _brettet(navn) or o in epost for o in ord_)
    ]
    treff.sort(key=lambda t: (t[0], t[1].hex))
    antall_sider = max(1, -(-len(treff) // PER_SIDE))
    side = min(max(side, 1), antall_sider)
    ider = [id_ for _navn, id_ in treff[(side - 1) * PER_SIDE : side * PER_SIDE]]
    return Folkeside(_rader(aktor, sted, ider), len(treff), alle, side, antall_sider)


def _brettet(navn: str) -> str:
    return navn.lower() if navn.isascii() else brett(navn)


def _rader(aktor: Aktor, sted: Organisasjon, ider: Sequence[UUID]) -> list[Personrad]:
    folk = {p.id: p for p in db.session.scalars(access.folk_i(aktor, sted.id).where(Person.id.in_(ider)))}
    roller: dict[UUID, list[Rolleplass]] = {}
    for person_id, plass in _plasser(aktor, sted.id, ider):
        roller.setdefault(person_id, []).append(plass)
    sist = _sist_innlogget(sted.id, ider)
    inviterte = set(
        db.session.scalars(
            sa.select(Engangslenke.person_id).where(Engangslenke.person_id.in_(ider), _lenke_gjelder())
        )
    )
    rader = []
    for id_ in ider:
        p, gjelder = folk[id_], [r for r in roller.get(id_, ()) if not r.slutt]
        tilstand = _tilstand(p, har_rolle=bool(gjelder), har_lenke=id_ in inviterte)
        rader.append(Personrad(id_, p.navn, p.epost, tilstand, gjelder, sist.get(id_)))
    return rader


def _plasser(aktor: Aktor, organisasjon_id: UUID, ider: Sequence[UUID]) -> list[tuple[UUID, Rolleplass]]:
    """The people's memberships in this organisation, the newest first."""
    naa = now()
    rader = db.session.scalars(
        sa.select(Medlemskap)
        .where(Medlemskap.person_id.in_(ider), Medlemskap.organisasjon_id == organisasjon_id)
        .options(joinedload(Medlemskap.enhet), joinedload(Medlemskap.organisasjon))
        .order_by(Medlemskap.gyldig_fra.desc(), Medlemskap.id)
    )
    plasser = []
    for m in rader:
        til = m.gyldig_til
        slutt = til is not None and til <= naa
        plass = Rolleplass(
            id=m.id,
            rolle=Rolle(m.rolle),
            organisasjon=m.organisasjon.kortnavn,
            enhet=m.enhet.navn if m.enhet else "",
            fagomraader=tuple(sorted(m.fagomraader)),
            fra=m.gyldig_fra,
            siste_dag=siste_dag(til),
            kommer=m.gyldig_fra > naa,
            slutt=slutt,
            slutter_snart=til is not None and not slutt and til - naa <= SNART,
            kan_endres=access.rekker_til(aktor, Rolle(m.rolle)) and m.id != aktor.medlemskap_id,
            har_fag=kan_ha_fagomraader(Rolle(m.rolle)),
        )
        plasser.append((m.person_id, plass))
    return plasser


def _sist_innlogget(organisasjon_id: UUID, ider: Sequence[UUID]) -> dict[UUID, datetime]:
    """The last login that acts in a role of this organisation: of others nothing is told."""
    rader = db.session.execute(
        sa.select(Sesjon.person_id, sa.func.max(Sesjon.opprettet))
        .join(Medlemskap, Medlemskap.id == Sesjon.medlemskap_id)
        .where(Sesjon.person_id.in_(ider), Medlemskap.organisasjon_id == organisasjon_id)
        .group_by(Sesjon.person_id)
    )
    return {r[0]: r[1] for r in rader}


# --- one person ------------------------------------------------------------------------------------------


def hent(aktor: Aktor, sted: Organisasjon, person_id: UUID) -> Personvisning:
    """A person with a role in the organisation, now, coming or earlier. Raises IkkeFunnet for anybody else."""
    person = access.hent_i_organisasjon(aktor, sted.id, person_id)
    plasser = [p for _id, p in _plasser(aktor, sted.id, [person.id])]
    hinder = access.hinder(aktor, person)
    invitert_til = db.session.scalar(
        sa.select(sa.func.max(Engangslenke.utloeper)).where(
            Engangslenke.person_id == person.id, _lenke_gjelder()
        )
    )
    roller = [replace(p, vakter=vakttap.regn_ut(person.id, p.id)) for p in plasser if not p.slutt]
    return Personvisning(
        person=person,
        sted=sted,
        tilstand=_tilstand(person, har_rolle=bool(roller), har_lenke=invitert_til is not None),
        roller=roller,
        tidligere=[p for p in plasser if p.slutt],
        sist_innlogget=_sist_innlogget(sted.id, [person.id]).get(person.id),
        hinder=hinder,
        er_seg_selv=person.id == aktor.person_id,
        invitert_til=invitert_til,
        har_totrinn=person.totp_hemmelighet is not None,
        sesjoner=_antall_sesjoner(person.id) if hinder is None else 0,
        vakter=vakttap.regn_ut(person.id) if hinder is None else Vakttap(),
    )


def _antall_sesjoner(person_id: UUID) -> int:
    return (
        db.session.scalar(
            sa.select(sa.func.count())
            .select_from(Sesjon)
            .where(Sesjon.person_id == person_id, steps.sesjon_holder(now()))
        )
        or 0
    )


def krev_her(aktor: Aktor, sted: Organisasjon, person_id: UUID) -> None:
    """Demands that the person has or had a role there, before a use case that judges the right alone.

    Raises IkkeFunnet.
    """
    access.hent_i_organisasjon(aktor, sted.id, person_id)
