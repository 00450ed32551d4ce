"""The surge plan: beds that a unit can open within a day or three, and what it takes. Use cases of its coordinator.

What it takes is plain data, row by row, so that a need for staff or rooms can be made from it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.errors import UgyldigOvergang, Utdatert
from portal.core.sprak import _l
from portal.plasser import access, steps
from portal.plasser.access import Handling
from portal.plasser.forloep import Innen
from portal.plasser.historikk import Opptrapping
from portal.plasser.models import Plassenhet
from portal.revisjon.steps import logg as revider

#: What a row of the plan tells.
FELTER = ("innen_timer", "antall", "evner", "personell", "rom", "utstyr", "merknad")
#: What each list's rows have: the one that names it first.
LISTER: dict[str, tuple[str, ...]] = {
    "personell": ("rolle", "antall", "kompetanse"),
    "rom": ("slag", "antall", "krav"),
    "utstyr": ("navn", "antall"),
}


@dataclass(frozen=True, slots=True)
class Sammendrag:
    """How many beds can be opened within 24 hours, and within 72 hours in all."""

    innen_24: int = 0
    innen_72: int = 0


def sammendrag(aktor: Aktor, plassenhet_ider: Collection[UUID]) -> dict[UUID, Sammendrag]:
    """{unit: what it can open}, of those that have a plan: for the overview. Everybody with a role may know."""
    if aktor.medlemskap_id is None:
        access.nekt(aktor, Handling.SE, "opptrapping", None, finnes=True)
    rader = db.session.execute(
        sa.select(Opptrapping.plassenhet_id, Opptrapping.innen_timer, sa.func.sum(Opptrapping.antall))
        .where(Opptrapping.plassenhet_id.in_(plassenhet_ider), Opptrapping.avviklet.is_(None))
        .group_by(Opptrapping.plassenhet_id, Opptrapping.innen_timer)
    ).all()
    ut: dict[UUID, Sammendrag] = {}
    for enhet_id, innen, antall in rader:
        har = ut.get(enhet_id, Sammendrag())
        straks = int(antall) if innen == Innen.ET_DOEGN else 0
        ut[enhet_id] = Sammendrag(har.innen_24 + straks, har.innen_72 + int(antall))
    return ut


@dataclass(frozen=True, slots=True)
class Plan:
    enhet: Plassenhet
    rader: list[Opptrapping]
    sum: Sammendrag
    #: {list: {(what, how competent or with what demands): how many in all}}.
    trengs: dict[str, dict[tuple[str, str], int]]


def hent(aktor: Aktor, plassenhet_id: UUID) -> Plan:
    """A unit's plan for who keeps it, and what it takes in all. Raises IkkeFunnet or IkkeTilgang."""
    enhet = access.hent(aktor, Handling.FORVALTE, plassenhet_id)
    rader = list(
        db.session.scalars(
            sa.select(Opptrapping)
            .where(Opptrapping.plassenhet_id == enhet.id, Opptrapping.avviklet.is_(None))
            .options(joinedload(Opptrapping.endret_av))
            .order_by(Opptrapping.innen_timer, Opptrapping.endret, Opptrapping.id)
        )
    )
    return Plan(
        enhet=enhet,
        rader=rader,
        sum=sammendrag(aktor, [enhet.id]).get(enhet.id, Sammendrag()),
        trengs={liste: trengs(liste, rader) for liste in LISTER},
    )


def hent_rad(aktor: Aktor, plassenhet_id: UUID, opptrapping_id: UUID) -> Opptrapping:
    """One row of a unit's plan, for its form. Raises IkkeFunnet or IkkeTilgang."""
    enhet = access.hent(aktor, Handling.FORVALTE, plassenhet_id)
    return access.hent_opptrapping(enhet, opptrapping_id)


def trengs(liste: str, rader: Sequence[Opptrapping]) -> dict[tuple[str, str], int]:
    """What the rows take together: like and like added up."""
    navn, _antall, *mer = LISTER[liste]
    ut: dict[tuple[str, str], int] = {}
    for rad in rader:
        for en in getattr(rad, liste):
            noekkel = (str(en[navn]), str(en[mer[0]]) if mer else "")
            ut[noekkel] = ut.get(noekkel, 0) + int(en["antall"])
    return ut


def _aapne(aktor: Aktor, plassenhet_id: UUID) -> Plassenhet:
    enhet = access.hent(aktor, Handling.FORVALTE, plassenhet_id, laas=True)
    if enhet.nedlagt is not None:
        raise UgyldigOvergang(_l("Enheten er nedlagt. Legg den inn på nytt for å ta den i bruk igjen."))
    return enhet


@transactional
def legg_til(aktor: Aktor, plassenhet_id: UUID, **felter: Any) -> UUID:
    """A row more in a unit's plan. `felter`: those of FELTER. Raises IkkeFunnet, IkkeTilgang, UgyldigOvergang."""
    enhet = _aapne(aktor, plassenhet_id)
    rad = Opptrapping(id=uuid4(), plassenhet_id=enhet.id, **_ryddet(felter))
    _ferdig(aktor, enhet, rad)
    revider(aktor, "plasser.opptrapping_ny", "opptrapping", rad.id, enhet=str(enhet.id), **_kort(rad))
    return rad.id


@transactional
def endre(aktor: Aktor, plassenhet_id: UUID, opptrapping_id: UUID, *, lest: int, **felter: Any) -> None:
    """Changes a row of the plan. Raises Utdatert when somebody else was first."""
    enhet = _aapne(aktor, plassenhet_id)
    rad = access.hent_opptrapping(enhet, opptrapping_id)
    if rad.versjon != lest:
        raise Utdatert()
    nye = _ryddet(felter)
    if all(getattr(rad, k) == v for k, v in nye.items()):
        return
    for k, v in nye.items():
        setattr(rad, k, v)
    _ferdig(aktor, enhet, rad)
    revider(aktor, "plasser.opptrapping_endret", "opptrapping", rad.id, enhet=str(enhet.id), **_kort(rad))


@transactional
def fjern(aktor: Aktor, plassenhet_id: UUID, opptrapping_id: UUID) -> None:
    """Takes a row out of the plan."""
    enhet = _aapne(aktor, plassenhet_id)
    rad = access.hent_opptrapping(enhet, opptrapping_id)
    rad.avviklet = now()
    _ferdig(aktor, enhet, rad)
    revider(aktor, "plasser.opptrapping_fjernet", "opptrapping", rad.id, enhet=str(enhet.id), **_kort(rad))


def _ryddet(felter: Mapping[str, Any]) -> dict[str, Any]:
    """The row's fields, each list's rows with the keys that they have and no others."""
    ut = {k: felter[k] for k in FELTER if k in felter}
    for liste, noekler in LISTER.items():
        if liste in ut:
            ut[liste] = [{k: en[k] for k in noekler} for en in ut[liste]]
    return ut


def _ferdig(aktor: Aktor, enhet: Plassenhet, rad: Opptrapping) -> None:
    rad.endret, rad.endret_av_id = now(), aktor.person_id
    db.session.add(rad)
    db.session.flush()
    steps.flytt_stavlen(enhet.id)


def _kort(rad: Opptrapping) -> dict[str, Any]:
    return {"innen_timer": str(rad.innen_timer), "antall": rad.antall}
