"""How many of a profession a unit has, below how many it may not fall, and what is left now. Use cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.errors import UgyldigData, Utdatert
from portal.core.sprak import _l
from portal.omdisponering import access, register, steps
from portal.omdisponering.access import Handling
from portal.omdisponering.forloep import FULL
from portal.omdisponering.models import Omdisponeringslinje
from portal.omdisponering.regler import Periode, hoeyeste
from portal.omdisponering.ressursmodeller import Bemanningsgulv, Ressursperson
from portal.revisjon.steps import logg as revider


@dataclass(frozen=True, slots=True)
class Rad:
    """A unit's floor for a profession, and what is left of it. Posts, in hundredths."""

    gulv: Bemanningsgulv
    #: How many of the profession are in the register for the unit.
    registrert: int
    #: Lent now, and at the worst moment from now on.
    avgitt: int
    avgitt_mest: int

    @property
    def kan_avgi(self) -> int:
        """How many whole posts can still be lent before the floor is reached, whenever. Below 0: it is passed."""
        return (self.gulv.antall * FULL - self.avgitt_mest - self.gulv.gulv * FULL) // FULL

    @property
    def under(self) -> bool:
        return self.gulv.antall * FULL - self.avgitt_mest < self.gulv.gulv * FULL


@dataclass(frozen=True, slots=True)
class Enhetsgulv:
    """The floors of one unit. `har_plasser`: it has ØHD beds that somebody staffs."""

    enhet_id: UUID
    navn: str
    har_plasser: bool
    rader: Sequence[Rad]


@dataclass(frozen=True, slots=True)
class Oversikt:
    """The floors by unit."""

    enheter: Sequence[Enhetsgulv]
    #: All units in use, to choose between.
    valg: Sequence[tuple[UUID, str]]


def hent(aktor: Aktor) -> Oversikt:
    """The floors of the actor's organisation by unit, with what is lent. Raises IkkeTilgang."""
    egen = access.krev_eget(aktor, Handling.REGISTRERE)
    alle = db.session.scalars(access.synlige_gulv(aktor)).all()
    valg = register.enheter(egen)
    registrert = _registrert(aktor)
    avgitt = _avgitt(egen)
    har_plasser = steps.med_plasser({g.enhet_id for g in alle})
    naa = now()
    pr_enhet: dict[UUID, list[Rad]] = {}
    for g in sorted(alle, key=lambda g: g.stilling):
        perioder = avgitt.get((g.enhet_id, g.stilling), [])
        pr_enhet.setdefault(g.enhet_id, []).append(
            Rad(
                g,
                registrert.get((g.enhet_id, g.stilling), 0),
                sum(p.andel for p in perioder if p.fra <= naa),
                max((hoeyeste(perioder, p.fra, p.til) for p in perioder), default=0),
            )
        )
    navn = {g.enhet_id: g.enhet.navn for g in alle}
    rekkefoelge = {id_: n for n, (id_, _navn) in enumerate(valg)}
    enheter = [
        Enhetsgulv(id_, navn[id_], id_ in har_plasser, rader)
        for id_, rader in sorted(pr_enhet.items(), key=lambda p: rekkefoelge.get(p[0], len(valg)))
    ]
    return Oversikt(enheter, valg)


def _registrert(aktor: Aktor) -> dict[tuple[UUID | None, str], int]:
    rader = db.session.execute(
        access.synlige_personer(aktor)
        .where(Ressursperson.enhet_id.is_not(None))
        .with_only_columns(Ressursperson.enhet_id, Ressursperson.stilling, sa.func.count())
        .group_by(Ressursperson.enhet_id, Ressursperson.stilling)
    )
    return {(enhet_id, stilling): antall for enhet_id, stilling, antall in rader}


def _avgitt(organisasjon_id: UUID) -> dict[tuple[UUID | None, str], list[Periode]]:
    """{(unit, profession): the shares of its people that are lent from now on}."""
    ut: dict[tuple[UUID | None, str], list[Periode]] = {}
    for enhet_id, stilling, fra, til, andel in db.session.execute(
        sa.select(
            Ressursperson.enhet_id,
            Ressursperson.stilling,
            Omdisponeringslinje.fra,
            Omdisponeringslinje.til,
            Omdisponeringslinje.andel,
        )
        .join(Omdisponeringslinje, Omdisponeringslinje.ressursperson_id == Ressursperson.id)
        .where(
            Ressursperson.organisasjon_id == organisasjon_id,
            Ressursperson.enhet_id.is_not(None),
            sa.text("omdisponeringslinje.opptar"),
            Omdisponeringslinje.til > now(),
        )
    ):
        ut.setdefault((enhet_id, stilling), []).append(Periode(fra, til, andel))
    return ut


@transactional
def sett(
    aktor: Aktor,
    enhet_id: UUID,
    stilling: str,
    *,
    antall: int,
    gulv: int,
    plasser_per: float | None = None,
    lest: int | None = None,
) -> UUID:
    """Says how many of a profession a unit has, and how few must be left; `plasser_per`: the ØHD beds that one of them
    staffs. Gives the row's id. `lest`: the version that was read, None where there was none.

    What is agreed on already stands, also where the new floor is above it. Raises UgyldigData, Utdatert.
    """
    egen = access.krev_eget(aktor, Handling.REGISTRERE)
    register.krev_enhet(enhet_id, egen, None)
    if gulv > antall:
        raise UgyldigData(
            felter={"gulv": [_l("Minstebemanningen kan ikke være høyere enn antallet enheten har.")]}
        )
    rad = next((g for g in steps.laas_gulv([enhet_id]) if g.stilling == stilling), None)
    if (rad.versjon if rad else None) != lest:
        raise Utdatert(
            _l(
                "Noen har endret minstebemanningen etter at du åpnet siden. Se hva som står, og lagre på nytt."
            )
        )
    if rad is None:
        rad = Bemanningsgulv(id=uuid4(), organisasjon_id=egen, enhet_id=enhet_id, stilling=stilling)
    rad.antall, rad.gulv, rad.plasser_per = antall, gulv, plasser_per
    rad.endret, rad.endret_av_id = now(), aktor.person_id
    with register.ett_av_hvert("stilling", _l("Noen andre registrerte den samme. Last siden på nytt.")):
        db.session.add(rad)
    revider(
        aktor,
        "omdisponering.gulv_satt",
        "enhet",
        enhet_id,
        stilling=stilling,
        antall=antall,
        gulv=gulv,
        plasser_per=plasser_per,
    )
    return rad.id


@transactional
def fjern(aktor: Aktor, gulv_id: UUID) -> None:
    """The unit has no floor for the profession any more."""
    rad = access.hent_gulv(aktor, gulv_id)
    db.session.delete(rad)
    revider(aktor, "omdisponering.gulv_fjernet", "enhet", rad.enhet_id, stilling=rad.stilling)
