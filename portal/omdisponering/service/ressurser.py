"""The organisation's people who can be lent: who they are, what they can, what is promised of them. Use cases.

What a proposal rests on may be changed while it is open: it is judged anew when the lender approves (`kontroll`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import i_dag, now
from portal.core.db import db, transactional
from portal.core.errors import IkkeFunnet, UgyldigOvergang, Utdatert
from portal.core.sprak import _l
from portal.identitet.bretting import brett
from portal.identitet.steps import sorteringsnoekkel
from portal.omdisponering import access, register, ressursdata, roert
from portal.omdisponering.access import Handling
from portal.omdisponering.forloep import Status
from portal.omdisponering.models import Omdisponering, Omdisponeringslinje
from portal.omdisponering.register import PER_SIDE, Lovet
from portal.omdisponering.regler import Periode, hoeyeste
from portal.omdisponering.ressursmodeller import Ressursfravaer, Ressursperson
from portal.revisjon.steps import logg as revider

#: What a list can be narrowed to beside words, profession, unit and competence.
VISNINGER = ("ledig", "lovet", "borte", "uten_hpr")

# --- reading ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Utvalg:
    """What a list is narrowed to. `vis`: one of VISNINGER."""

    q: str = ""
    stilling: str | None = None
    enhet_id: UUID | None = None
    kompetanse: int = 0
    vis: str = ""


@dataclass(frozen=True, slots=True)
class Rad:
    """A person in the list, and what is promised from now on."""

    person: Ressursperson
    lovet: Sequence[Lovet]
    #: Away now: until when.
    borte_til: datetime | None


@dataclass(frozen=True, slots=True)
class Liste:
    """One page. `antall` people fit, `alle` are registered."""

    rader: Sequence[Rad]
    antall: int
    alle: int
    side: int
    antall_sider: int


@dataclass(frozen=True, slots=True)
class Personside:
    """All that is known of a person."""

    person: Ressursperson
    lovet: Sequence[Lovet]
    fravaer: Sequence[Ressursfravaer]
    #: The proposals that wait for an answer and name the person.
    forslag: Sequence[str]
    #: More is promised at some moment than can be lent now: it was less before.
    over: int
    #: What is promised and does not hold any more, each with what is wrong.
    holder_ikke: Sequence[tuple[Omdisponering, Sequence[str]]]


def hent_liste(aktor: Aktor, utvalg: Utvalg | None = None, side: int = 1) -> Liste:
    """The people of the actor's organisation who can be lent, by name. Every word of `q` stands in the name.

    Names are compared here and not in SQL: no database folds æøå and the Sámi letters alike.
    """
    utvalg = utvalg or Utvalg()
    egne = access.synlige_personer(aktor)
    alle = db.session.scalar(sa.select(sa.func.count()).select_from(egne.subquery())) or 0
    rader = db.session.execute(
        egne.where(*_vilkaar(utvalg)).with_only_columns(Ressursperson.id, Ressursperson.navn)
    )
    ord_ = brett(utvalg.q).split()
    treff = sorted(
        (sorteringsnoekkel(brett(navn)), id_.hex, id_)
        for id_, navn in rader
        if not ord_ or all(o in brett(navn) for o in ord_)
    )
    antall_sider = max(1, -(-len(treff) // PER_SIDE))
    side = min(max(side, 1), antall_sider)
    ider = [t[2] for t in treff[(side - 1) * PER_SIDE : side * PER_SIDE]]
    return Liste(_rader(egne, ider), len(treff), alle, side, antall_sider)


def _vilkaar(utvalg: Utvalg) -> list[sa.ColumnElement[bool]]:
    ut: list[sa.ColumnElement[bool]] = []
    if utvalg.stilling:
        ut.append(Ressursperson.stilling == utvalg.stilling)
    if utvalg.enhet_id:
        ut.append(Ressursperson.enhet_id == utvalg.enhet_id)
    if utvalg.kompetanse:
        ut.append(Ressursperson.kompetanse.bitwise_and(utvalg.kompetanse) == utvalg.kompetanse)
    naa = now()
    lovet = sa.exists().where(
        Omdisponeringslinje.ressursperson_id == Ressursperson.id,
        sa.text("omdisponeringslinje.opptar"),
        Omdisponeringslinje.fra <= naa,
        Omdisponeringslinje.til > naa,
    )
    borte = sa.exists().where(
        Ressursfravaer.ressursperson_id == Ressursperson.id,
        Ressursfravaer.fra <= naa,
        Ressursfravaer.til > naa,
    )
    match utvalg.vis:
        case "ledig":
            ut += [sa.not_(lovet), sa.not_(borte)]
        case "lovet":
            ut.append(lovet)
        case "borte":
            ut.append(borte)
        case "uten_hpr":
            ut.append(Ressursperson.hpr_slaatt_opp.is_(None))
    return ut


def _rader(egne: sa.Select[Ressursperson], ider: Sequence[UUID]) -> list[Rad]:
    folk = {p.id: p for p in db.session.scalars(egne.where(Ressursperson.id.in_(ider)))}
    lovet = register.lovet(Omdisponeringslinje.ressursperson_id, ider)
    borte = register.borte_til(Ressursfravaer.ressursperson_id, ider)
    return [Rad(folk[i], lovet.get(i, []), borte.get(i)) for i in ider]


def hent(aktor: Aktor, person_id: UUID) -> Personside:
    """A person of the own register. Raises IkkeFunnet, IkkeTilgang."""
    person = _egen(aktor, person_id)
    lovet = register.lovet(Omdisponeringslinje.ressursperson_id, [person.id]).get(person.id, [])
    perioder = [Periode(x.fra, x.til, x.andel) for x in lovet]
    hoeyest = max((hoeyeste(perioder, p.fra, p.til) for p in perioder), default=0)
    forslag = db.session.scalars(
        sa.select(Omdisponering.nummer)
        .join(Omdisponeringslinje, Omdisponeringslinje.omdisponering_id == Omdisponering.id)
        .where(
            Omdisponeringslinje.ressursperson_id == person.id,
            Omdisponeringslinje.stroeket.is_(None),
            Omdisponering.status == Status.FORESLAATT,
        )
        .distinct()
        .order_by(Omdisponering.nummer)
    ).all()
    return Personside(
        person=person,
        lovet=lovet,
        fravaer=register.fravaer(Ressursfravaer.ressursperson_id, [person.id]).get(person.id, []),
        forslag=forslag,
        over=hoeyest if hoeyest > person.prosent else 0,
        holder_ikke=[(omd, galt) for omd, galt in roert.galt_om(person.id) if access.ser(aktor, omd)],
    )


def _egen(aktor: Aktor, person_id: UUID, *, laas: bool = False) -> Ressursperson:
    """One of the organisation's own people. Who is outside the service has pages of their own. Raises IkkeFunnet."""
    person = access.hent_person(aktor, Handling.REGISTRERE, person_id, laas=laas)
    if person.slettet is not None or person.samtykke is not None:
        raise IkkeFunnet()
    return person


def valg(aktor: Aktor) -> tuple[UUID, list[tuple[UUID, str]]]:
    """The actor's organisation, and its units to choose between. Raises IkkeTilgang."""
    egen = access.krev_eget(aktor, Handling.REGISTRERE)
    return egen, register.enheter(egen)


# --- writing ---------------------------------------------------------------------------------------------


@transactional
def opprett(aktor: Aktor, **felter: Any) -> UUID:
    """Registers somebody who can be lent, and gives the id. `felter`: those of `ressursdata.FELTER`; `navn`, `stilling`
    and `sted_id` are needed. Raises UgyldigData."""
    egen = access.krev_eget(aktor, Handling.REGISTRERE)
    person = ressursdata.ny(aktor, egen)
    with db.session.no_autoflush:
        ressursdata.sett(person, felter)
    ressursdata.lagre([person])
    revider(aktor, "omdisponering.person_registrert", "ressursperson", person.id, stilling=person.stilling)
    return person.id


@transactional
def endre(aktor: Aktor, person_id: UUID, *, lest: int | None = None, **felter: Any) -> list[str]:
    """Changes what is given. Another number in Helsepersonellregisteret has not been looked up. Gives the numbers of
    what is promised and does not hold any more after this, of which both sides are told. Raises Utdatert,
    UgyldigData."""
    person = _egen(aktor, person_id, laas=True)
    if lest is not None and lest != person.versjon:
        raise Utdatert(versjon=person.versjon)
    foer, lovet = {k: getattr(person, k) for k in ressursdata.KOLONNER}, roert.stand([person.id])
    with db.session.no_autoflush:
        ressursdata.sett(person, felter)
    endret = sorted(k for k, v in foer.items() if getattr(person, k) != v)
    if not endret:
        return []
    ressursdata.lagre([person])
    revider(aktor, "omdisponering.person_endret", "ressursperson", person.id, felter=endret)
    return _fortell(aktor, person, lovet)


def _fortell(aktor: Aktor, person: Ressursperson, foer: roert.Stand) -> list[str]:
    """Both sides hear of what does not hold any more; gives the numbers of what the actor sees of it."""
    return [o.nummer for o in roert.fortell(aktor, [person.id], foer) if access.ser(aktor, o)]


@transactional
def merk_hpr(aktor: Aktor, person_id: UUID, *, hpr: str, gyldig: bool = True) -> list[str]:
    """Notes that the actor has looked the number up today and found a valid authorisation; or, not `gyldig`, that it is
    not valid any more. `hpr` is the number that was read: another one has not been looked up. Gives the numbers of what
    does not hold any more, as `endre`. Raises Utdatert, UgyldigOvergang."""
    person = _egen(aktor, person_id, laas=True)
    if not person.hpr:
        raise UgyldigOvergang(_l("Personen har ikke noe HPR-nummer. Registrer det først, og slå det opp."))
    if person.hpr != hpr:
        raise Utdatert(
            _l("HPR-nummeret er endret etter at du åpnet siden. Slå opp det som står nå."), hpr=person.hpr
        )
    foer = roert.stand([person.id])
    person.hpr_slaatt_opp = i_dag() if gyldig else None
    person.hpr_slaatt_opp_av_id = aktor.person_id if gyldig else None
    handling = "omdisponering.hpr_slaatt_opp" if gyldig else "omdisponering.hpr_ugyldig"
    db.session.flush()
    revider(aktor, handling, "ressursperson", person.id)
    return _fortell(aktor, person, foer)


@transactional
def slett(aktor: Aktor, person_id: UUID) -> None:
    """Erases a person: name, numbers and addresses go, and offers are taken back; what was lent stays in the books
    without a name. Raises UgyldigOvergang while something is promised."""
    person = _egen(aktor, person_id, laas=True)
    if numre := register.holdes_av(person):
        raise UgyldigOvergang(
            _l(
                "Personen er lovet bort i %(numre)s. Trekk eller avslutt det først, så kan personen slettes.",
                numre=", ".join(numre),
            )
        )
    register.glem(aktor, person)
    revider(aktor, "omdisponering.person_slettet", "ressursperson", person.id)


@transactional
def meld_borte(aktor: Aktor, person_id: UUID, *, fra: datetime, til: datetime) -> list[str]:
    """Says when the person cannot be lent. Gives the numbers of what is promised in that time. Raises UgyldigData."""
    return register.meld_borte(aktor, _egen(aktor, person_id, laas=True), fra, til)


@transactional
def fjern_borte(aktor: Aktor, person_id: UUID, fravaer_id: UUID) -> None:
    """The person can be lent in that time after all."""
    register.fjern_borte(aktor, _egen(aktor, person_id, laas=True), fravaer_id)
