"""Who is where now, and the next two days: whom an organisation has got, whom it has lent, with numbers to ring; and a
person's own assignments.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db
from portal.identitet.models import Enhet, Organisasjon
from portal.omdisponering import access
from portal.omdisponering.forloep import TELLER, Status
from portal.omdisponering.models import Omdisponering, Omdisponeringslinje
from portal.omdisponering.ressursmodeller import Lokale, Ressursperson
from portal.omdisponering.tidslinjegrunnlag import slutt
from portal.omdisponering.tidslinjeregler import Retning

#: How far ahead one sees here.
FRAM = timedelta(hours=48)
#: How long one's own assignment stays in the list when it is over, or taken back.
TILBAKE = timedelta(days=30)
#: So many of each direction, those that begin first; the timeline has the rest.
FLEST = 100
#: The units that somebody comes from and to, as the columns are called.
_ENHETER = ("fra_enhet_id", "hjemme_id", "til_enhet_id")


@dataclass(frozen=True, slots=True)
class Plassering:
    """Somebody, or some premises, and where: with the numbers of the two units, and the person's own for those who may
    have it (`access.ser_telefon`)."""

    linje_id: UUID
    omdisponering_id: UUID
    nummer: str
    status: str
    retning: Retning
    navn: str
    stilling: str
    lokaleslag: str
    kompetanse: int
    andel: int
    fra: datetime
    til: datetime
    telefon: str
    avgiver: str
    mottaker: str
    fra_enhet: str
    til_enhet: str
    fra_telefon: str
    til_telefon: str

    @property
    def egen_enhet(self) -> str:
        """The reader's unit that it is about."""
        return self.til_enhet if self.retning == Retning.INN else self.fra_enhet

    @property
    def motpart(self) -> str:
        return self.avgiver if self.retning == Retning.INN else self.mottaker

    @property
    def motpart_enhet(self) -> str:
        return self.fra_enhet if self.retning == Retning.INN else self.til_enhet

    @property
    def motpart_telefon(self) -> str:
        return self.fra_telefon if self.retning == Retning.INN else self.til_telefon


@dataclass(frozen=True, slots=True)
class Enhetsbolk:
    """A unit of the organisation, and those it has (or has lent): here now, and coming. Empty name: none was named."""

    enhet: str
    her: Sequence[Plassering]
    kommer: Sequence[Plassering]


@dataclass(slots=True)
class Naa:
    """What the page tells. `ser_alle`: the actor sees its organisation's, not the own assignments alone."""

    naa: datetime
    ser_alle: bool = False
    bolker: dict[Retning, list[Enhetsbolk]] = field(default_factory=dict)
    her: dict[Retning, int] = field(default_factory=dict)
    kommer: dict[Retning, int] = field(default_factory=dict)
    #: There are more than are shown.
    flere: bool = False
    mine: list[Plassering] = field(default_factory=list)


def hent(aktor: Aktor) -> Naa:
    """Who is where, as far as the actor sees: the organisation's for who works with it and its clinicians, and one's
    own assignments for everybody."""
    ut = Naa(now(), access.ser_tidslinje(aktor))
    ut.mine = _mine(aktor, ut.naa)
    if not ut.ser_alle or aktor.organisasjon_id is None:
        return ut
    for retning in Retning:
        avtalt = _avtalt(aktor, aktor.organisasjon_id, retning, ut.naa)
        rader = [
            _plassering(aktor, r, retning)
            for r in db.session.execute(_sporring().where(*avtalt).limit(FLEST))
        ]
        ut.her[retning] = sum(r.fra <= ut.naa for r in rader)
        ut.kommer[retning] = len(rader) - ut.her[retning]
        if len(rader) == FLEST:
            ut.her[retning], ut.kommer[retning] = _tell(avtalt, ut.naa)
            ut.flere = ut.flere or ut.her[retning] + ut.kommer[retning] > FLEST
        ut.bolker[retning] = list(_bolker(rader, ut.naa))
    return ut


def _tell(avtalt: Sequence[sa.ColumnElement[bool]], naa: datetime) -> tuple[int, int]:
    """How many are there now, and how many are coming, where not all are shown."""
    her = Omdisponeringslinje.fra <= naa
    rad = db.session.execute(
        sa.select(sa.func.count().filter(her), sa.func.count().filter(~her))
        .select_from(Omdisponeringslinje)
        .join(Omdisponering, Omdisponering.id == Omdisponeringslinje.omdisponering_id)
        .where(*avtalt, Omdisponeringslinje.stroeket.is_(None))
    ).one()
    return rad[0], rad[1]


def _bolker(rader: Iterable[Plassering], naa: datetime) -> Iterable[Enhetsbolk]:
    """By the reader's own unit, by name; those of none last. In each who ends first, and who comes first."""
    ordnet = sorted(rader, key=lambda r: (not r.egen_enhet, r.egen_enhet))
    for enhet, gruppe in groupby(ordnet, key=lambda r: r.egen_enhet):
        alle = list(gruppe)
        yield Enhetsbolk(
            enhet,
            sorted((r for r in alle if r.fra <= naa), key=lambda r: (r.til, r.navn)),
            sorted((r for r in alle if r.fra > naa), key=lambda r: (r.fra, r.navn)),
        )


def _sporring() -> Any:
    """The columns of a `Plassering`, without its direction, and when the whole was ended."""
    fra_enhet, til_enhet, hjemme = (aliased(Enhet) for _n in range(3))
    avgiver, mottaker = aliased(Organisasjon), aliased(Organisasjon)

    def foerste(*kolonner: Any) -> sa.ColumnElement[str]:
        """The first that is not empty."""
        return sa.func.coalesce(*(sa.func.nullif(k, "") for k in kolonner), "")

    return (
        sa.select(
            Omdisponeringslinje.id.label("linje_id"),
            Omdisponeringslinje.omdisponering_id,
            Omdisponering.nummer,
            Omdisponering.status,
            Omdisponering.avsluttet,
            sa.func.coalesce(Ressursperson.navn, Lokale.navn, "").label("navn"),
            sa.func.coalesce(Ressursperson.stilling, "").label("stilling"),
            sa.func.coalesce(Lokale.slag, "").label("lokaleslag"),
            sa.func.coalesce(Ressursperson.kompetanse, 0).label("kompetanse"),
            Omdisponeringslinje.andel,
            Omdisponeringslinje.fra,
            Omdisponeringslinje.til,
            sa.func.coalesce(Ressursperson.telefon, "").label("telefon"),
            avgiver.kortnavn.label("avgiver"),
            mottaker.kortnavn.label("mottaker"),
            foerste(fra_enhet.navn, hjemme.navn).label("fra_enhet"),
            foerste(til_enhet.navn).label("til_enhet"),
            foerste(fra_enhet.telefon, hjemme.telefon, avgiver.telefon).label("fra_telefon"),
            foerste(til_enhet.telefon, mottaker.telefon).label("til_telefon"),
            *(
                k.label(navn)
                for k, navn in zip((fra_enhet.id, hjemme.id, til_enhet.id), _ENHETER, strict=True)
            ),
        )
        .select_from(Omdisponeringslinje)
        .join(Omdisponering, Omdisponering.id == Omdisponeringslinje.omdisponering_id)
        .join(avgiver, avgiver.id == Omdisponering.avgiver_id)
        .join(mottaker, mottaker.id == Omdisponering.mottaker_id)
        .outerjoin(Ressursperson, Ressursperson.id == Omdisponeringslinje.ressursperson_id)
        .outerjoin(Lokale, Lokale.id == Omdisponeringslinje.lokale_id)
        .outerjoin(fra_enhet, fra_enhet.id == Omdisponering.avgiver_enhet_id)
        .outerjoin(til_enhet, til_enhet.id == Omdisponering.mottaker_enhet_id)
        .outerjoin(hjemme, hjemme.id == Ressursperson.enhet_id)
        .where(Omdisponeringslinje.stroeket.is_(None))
        .order_by(Omdisponeringslinje.fra, Omdisponeringslinje.id)
    )


def _plassering(aktor: Aktor, rad: sa.Row[Any], retning: Retning) -> Plassering:
    verdier = dict(rad._mapping)
    enheter = [verdier.pop(felt) for felt in _ENHETER]
    if not access.ser_telefon(aktor, enheter):
        verdier["telefon"] = ""
    verdier["til"] = slutt(rad.til, rad.status, verdier.pop("avsluttet"))
    return Plassering(retning=retning, **verdier)


def _avtalt(aktor: Aktor, egen: UUID, retning: Retning, naa: datetime) -> Sequence[sa.ColumnElement[bool]]:
    """Over a line and its reallocation: what both sides have agreed on and has not ended, as far as one sees here."""
    side = Omdisponering.avgiver_id if retning == Retning.UT else Omdisponering.mottaker_id
    return [
        access.med_side(aktor),
        side == egen,
        Omdisponering.status.in_([Status.GODKJENT_MOTTAKER, Status.IVERKSATT]),
        Omdisponering.til > naa,
        Omdisponeringslinje.til > naa,
        Omdisponeringslinje.fra < naa + FRAM,
    ]


def _mine(aktor: Aktor, naa: datetime) -> list[Plassering]:
    """The actor's own assignments, once both sides have agreed: those taken back too, and those just ended. What runs
    and what comes first."""
    if aktor.person_id is None:
        return []
    sporring = _sporring().where(
        Ressursperson.person_id == aktor.person_id,
        Omdisponering.status.in_([*sorted(TELLER), Status.TRUKKET]),
        Omdisponering.godkjent_mottaker.is_not(None),
        Omdisponeringslinje.til > naa - TILBAKE,
    )
    rader = [_plassering(aktor, r, Retning.UT) for r in db.session.execute(sporring.limit(FLEST))]
    return sorted(rader, key=lambda r: (r.til <= naa, r.status == Status.TRUKKET, r.fra, r.linje_id))
