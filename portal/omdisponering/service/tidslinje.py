"""The timeline: who and what an organisation lends and gets, over days, weeks or months. Reads plain rows, few of them.

One statement reads the bare periods of the window, from which the groups and the sums are made; another the rows that
are shown. What has ended before the window costs nothing: the indexes pass it by.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db
from portal.identitet.models import Enhet, Organisasjon, Organisasjonstype
from portal.omdisponering import access, tidslinjeregler
from portal.omdisponering.forloep import TELLER, Slag, Status
from portal.omdisponering.models import Omdisponering, Omdisponeringslinje
from portal.omdisponering.ressursmodeller import Lokale, Ressursperson
from portal.omdisponering.tidslinjeregler import LOKALER, Periode, Retning, Stolpe, Vindu

#: So many rows of a page. Where there are more, they are shown added up first, a row an organisation.
PR_SIDE = 50
#: What is shown where nothing else is asked for: all but what came to nothing.
GJELDER = frozenset(Status) - {Status.AVSLAATT, Status.TRUKKET}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What is asked for. `stilling`: a profession, or LOKALER; `omraade`: a trust or a fylke that the other side lies
    in; `enkeltvis`: row by row, also where there are many."""

    status: Status | None = None
    stilling: str = ""
    retning: Retning | None = None
    motpart_id: UUID | None = None
    omraade_id: UUID | None = None
    enkeltvis: bool = False


class _Bunke(NamedTuple):
    """So many lines with one other side, in just the same time."""

    fra: datetime
    til: datetime
    antall: int
    retning: Retning
    motpart_id: UUID

    @property
    def periode(self) -> Periode:
        return Periode(self.fra, self.til, self.antall)


@dataclass(frozen=True, slots=True)
class Rad:
    """A line as it is shown. `navn`: whose it is, where the actor may know; else empty."""

    id: UUID
    omdisponering_id: UUID
    nummer: str
    status: str
    retning: Retning
    motpart: str
    navn: str
    #: Empty for premises, which have `lokaleslag`.
    stilling: str
    lokaleslag: str
    kompetanse: int
    andel: int
    fra: datetime
    til: datetime
    fra_enhet: str
    til_enhet: str
    stolpe: Stolpe


@dataclass(frozen=True, slots=True)
class Gruppe:
    """What is exchanged with one organisation one way, added up. `flest`: the most at once in each
    part of the window."""

    retning: Retning
    motpart_id: UUID
    motpart: str
    antall: int
    naa: int
    fra: datetime
    til: datetime
    flest: Sequence[int]


@dataclass(frozen=True, slots=True)
class Sum:
    """One way in all: how many lines, how many now, the most at once in each part of the window."""

    antall: int
    naa: int
    flest: Sequence[int]


@dataclass(slots=True)
class Tidslinje:
    """A window with its rows, or its groups where there are more than a page."""

    vindu: Vindu
    filter: Filter
    naa: datetime
    #: Days where the parts begin that `flest` is of; the end of the last one comes last.
    bolker: Sequence[Any]
    summer: dict[Retning, Sum] = field(default_factory=dict)
    grupper: list[Gruppe] = field(default_factory=list)
    rader: list[Rad] = field(default_factory=list)
    #: Lines in all, and which page of how many this is.
    antall: int = 0
    side: int = 1
    sider: int = 1
    #: Whom there is something with in the window, and in which trusts' areas and fylker they lie: (id, name).
    motparter: list[tuple[UUID, str]] = field(default_factory=list)
    foretak: list[tuple[UUID, str]] = field(default_factory=list)
    fylker: list[tuple[UUID, str]] = field(default_factory=list)
    #: What the actor can ask for: clinicians see what is agreed alone.
    statuser: Sequence[Status] = ()

    @property
    def x_naa(self) -> float | None:
        """Where today's line stands; None where today is not in the window."""
        if not self.vindu.start <= self.naa < self.vindu.ende:
            return None
        return tidslinjeregler.plass(self.naa, self.vindu.start, self.vindu.ende)


def hent(aktor: Aktor, vindu: Vindu, filter_: Filter, side: int = 1) -> Tidslinje:
    """The window of the actor's organisation. Raises IkkeTilgang for who has no part in its reallocations."""
    egen = access.krev_tidslinje(aktor)
    ut = Tidslinje(vindu, filter_, now(), tidslinjeregler.bolker(vindu))
    inne = access.kan_noe(aktor, access.Handling.SE)
    ut.statuser = [s for s in Status if inne or s in TELLER]
    alle = _bunker(aktor, egen, vindu, filter_)
    steder = _steder({b.motpart_id for b in alle})
    _sett_valg(ut, steder)
    valgte = {i for i, sted in steder.items() if _er_valgt(sted, filter_)}
    bunker = [b for b in alle if b.motpart_id in valgte]
    ut.antall = sum(b.antall for b in bunker)
    grenser = [tidslinjeregler.midnatt(d) for d in ut.bolker]
    for retning in Retning:
        egne = [b for b in bunker if b.retning == retning]
        ut.summer[retning] = Sum(_antall(egne), _naa(egne, ut.naa), _flest(egne, grenser))
    if ut.antall > PR_SIDE and not filter_.enkeltvis:
        grupper = _grupper(bunker, steder, ut.naa)
        foerste = _blad(ut, len(grupper), side)
        ut.grupper = [
            replace(g, flest=_flest(egne, grenser)) for g, egne in grupper[foerste : foerste + PR_SIDE]
        ]
    elif bunker:
        foerste = _blad(ut, ut.antall, side)
        ut.rader = _rader(aktor, _linjer(aktor, egen, vindu, filter_), valgte, foerste, egen, vindu)
    return ut


def _blad(ut: Tidslinje, antall: int, side: int) -> int:
    """Which of so many stands first on the page; a page past the last one is the last one."""
    ut.sider = max(1, -(-antall // PR_SIDE))
    ut.side = min(max(side, 1), ut.sider)
    return (ut.side - 1) * PR_SIDE


def _antall(bunker: Collection[_Bunke]) -> int:
    return sum(b.antall for b in bunker)


def _naa(bunker: Collection[_Bunke], naa: datetime) -> int:
    return sum(b.antall for b in bunker if b.fra <= naa < b.til)


def _flest(bunker: Collection[_Bunke], grenser: Sequence[datetime]) -> Sequence[int]:
    return tidslinjeregler.tetthet([b.periode for b in bunker], grenser)


# --- the bare periods ------------------------------------------------------------------------------------


def _motpart(egen: UUID) -> sa.ColumnElement[UUID]:
    """Over Omdisponering: who the other side is."""
    return sa.case(
        (Omdisponering.avgiver_id == egen, Omdisponering.mottaker_id), else_=Omdisponering.avgiver_id
    )


def _slutt() -> sa.ColumnElement[datetime]:
    """Over a line and its reallocation: `slutt`."""
    return sa.case(
        (
            sa.and_(
                Omdisponering.status == Status.AVSLUTTET, Omdisponering.avsluttet < Omdisponeringslinje.til
            ),
            Omdisponering.avsluttet,
        ),
        else_=Omdisponeringslinje.til,
    )


def slutt(til: datetime, status: str, avsluttet: datetime | None) -> datetime:
    """When a line ends: earlier than agreed where the whole was ended before its time."""
    return min(til, avsluttet) if status == Status.AVSLUTTET and avsluttet else til


def _linjer(aktor: Aktor, egen: UUID, vindu: Vindu, filter_: Filter) -> Sequence[sa.ColumnElement[bool]]:
    """Over a line and its reallocation: those of the window that the actor sees, and that are asked for."""
    start, ende = vindu.start, vindu.ende
    ut: list[sa.ColumnElement[bool]] = [
        access.med_side(aktor),
        Omdisponering.status.in_([filter_.status] if filter_.status else sorted(GJELDER)),
        Omdisponering.til > start,
        Omdisponering.fra < ende,
        Omdisponeringslinje.fra < ende,
        _slutt() > start,
        _slutt() > Omdisponeringslinje.fra,
        Omdisponeringslinje.stroeket.is_(None),
    ]
    if filter_.retning:
        egen_side = Omdisponering.avgiver_id if filter_.retning == Retning.UT else Omdisponering.mottaker_id
        ut.append(egen_side == egen)
    if filter_.stilling == LOKALER:
        ut.append(Omdisponering.slag == Slag.LOKALE)
    elif filter_.stilling:
        ut.append(
            sa.exists().where(
                Ressursperson.id == Omdisponeringslinje.ressursperson_id,
                Ressursperson.stilling == filter_.stilling,
            )
        )
    return ut


def _bunker(aktor: Aktor, egen: UUID, vindu: Vindu, filter_: Filter) -> list[_Bunke]:
    """The lines of the window, those of the same time and the same other side together."""
    # As text: to make an id of each row takes longer than all else, and there are few different ones.
    motpart = sa.cast(_motpart(egen), sa.String).label("motpart")
    ut = Omdisponering.avgiver_id == egen
    til = _slutt().label("til")
    rader = db.session.execute(
        sa.select(motpart, ut.label("ut"), Omdisponeringslinje.fra, til, sa.func.count().label("antall"))
        .select_from(Omdisponeringslinje)
        .join(Omdisponering, Omdisponering.id == Omdisponeringslinje.omdisponering_id)
        .where(*_linjer(aktor, egen, vindu, filter_))
        .group_by(sa.text("1"), sa.text("2"), sa.text("3"), sa.text("4"))
    ).all()
    ider = {m: UUID(m) for m in {r[0] for r in rader}}
    return [
        _Bunke(fra, til_, antall, Retning.UT if er_ut else Retning.INN, ider[m])
        for m, er_ut, fra, til_, antall in rader
    ]


# --- who the others are ----------------------------------------------------------------------------------


class _Sted(NamedTuple):
    id: UUID
    kortnavn: str
    #: The trust whose area it lies in (a trust lies in its own), and its fylke.
    foretak_id: UUID | None
    fylke_id: UUID | None


def _steder(ider: Collection[UUID]) -> dict[UUID, _Sted]:
    if not ider:
        return {}
    kommune = Organisasjon.type == Organisasjonstype.KOMMUNE
    rader = db.session.execute(
        sa.select(
            Organisasjon.id,
            Organisasjon.kortnavn,
            sa.case((kommune, Organisasjon.helseforetak_id), else_=Organisasjon.id),
            sa.case((kommune, Organisasjon.overordnet_id)),
        ).where(Organisasjon.id.in_(list(ider)))
    )
    return {r[0]: _Sted(*r) for r in rader}


def _er_valgt(sted: _Sted, filter_: Filter) -> bool:
    if filter_.motpart_id and filter_.motpart_id != sted.id:
        return False
    return filter_.omraade_id is None or filter_.omraade_id in (sted.foretak_id, sted.fylke_id)


def _sett_valg(ut: Tidslinje, steder: dict[UUID, _Sted]) -> None:
    """What can be chosen from: whom there is something with, and where they lie."""
    ut.motparter = sorted(((s.id, s.kortnavn) for s in steder.values()), key=lambda m: (m[1], m[0]))
    foretak = {s.foretak_id for s in steder.values() if s.foretak_id}
    fylker = {s.fylke_id for s in steder.values() if s.fylke_id}
    if not foretak | fylker:
        return
    for id_, navn in db.session.execute(
        sa.select(Organisasjon.id, Organisasjon.kortnavn)
        .where(Organisasjon.id.in_(list(foretak | fylker)))
        .order_by(Organisasjon.kortnavn, Organisasjon.id)
    ):
        (ut.foretak if id_ in foretak else ut.fylker).append((id_, navn))


# --- groups and rows -------------------------------------------------------------------------------------


def _grupper(
    bunker: Collection[_Bunke], steder: dict[UUID, _Sted], naa: datetime
) -> list[tuple[Gruppe, list[_Bunke]]]:
    """One a direction and organisation: whom we get from first, those with most first."""
    egne: dict[tuple[Retning, UUID], list[_Bunke]] = {}
    for b in bunker:
        egne.setdefault((b.retning, b.motpart_id), []).append(b)
    ut = [
        (
            Gruppe(
                retning,
                motpart_id,
                steder[motpart_id].kortnavn,
                _antall(alle),
                _naa(alle, naa),
                min(b.fra for b in alle),
                max(b.til for b in alle),
                (),
            ),
            alle,
        )
        for (retning, motpart_id), alle in egne.items()
    ]
    return sorted(ut, key=lambda g: (g[0].retning, -g[0].antall, g[0].motpart, g[0].motpart_id))


def _rader(
    aktor: Aktor,
    linjer: Sequence[sa.ColumnElement[bool]],
    motparter: Collection[UUID],
    foerste: int,
    egen: UUID,
    vindu: Vindu,
) -> list[Rad]:
    """The lines of a page: whom we get first, by organisation and by when. Only those of the page are looked up."""
    motpart = aliased(Organisasjon)
    siden = (
        sa.select(
            Omdisponeringslinje.id,
            motpart.kortnavn.label("motpart"),
            _slutt().label("slutter"),
            sa.func.row_number()
            .over(
                order_by=(
                    Omdisponering.avgiver_id == egen,
                    motpart.kortnavn,
                    motpart.id,
                    Omdisponeringslinje.fra,
                    Omdisponeringslinje.id,
                )
            )
            .label("nr"),
        )
        .select_from(Omdisponeringslinje)
        .join(Omdisponering, Omdisponering.id == Omdisponeringslinje.omdisponering_id)
        .join(motpart, motpart.id == _motpart(egen))
        .where(*linjer, motpart.id.in_(list(motparter)))
        .order_by(sa.text("nr"))
        .limit(PR_SIDE)
        .offset(foerste)
        .subquery()
    )
    fra_enhet, til_enhet, hjemme = (aliased(Enhet) for _n in range(3))
    funnet = db.session.execute(
        sa.select(
            Omdisponeringslinje.id,
            Omdisponeringslinje.omdisponering_id,
            Omdisponeringslinje.fra,
            Omdisponeringslinje.andel,
            siden.c.motpart,
            siden.c.slutter,
            Omdisponering.nummer,
            Omdisponering.status,
            Omdisponering.avgiver_id,
            Ressursperson.navn.label("personnavn"),
            Ressursperson.stilling,
            Ressursperson.kompetanse,
            Lokale.navn.label("lokalenavn"),
            Lokale.slag.label("lokaleslag"),
            sa.func.coalesce(fra_enhet.navn, hjemme.navn, "").label("fra_enhet"),
            sa.func.coalesce(til_enhet.navn, "").label("til_enhet"),
        )
        .join(siden, siden.c.id == Omdisponeringslinje.id)
        .join(Omdisponering, Omdisponering.id == Omdisponeringslinje.omdisponering_id)
        .outerjoin(Ressursperson, Ressursperson.id == Omdisponeringslinje.ressursperson_id)
        .outerjoin(Lokale, Lokale.id == Omdisponeringslinje.lokale_id)
        .outerjoin(fra_enhet, fra_enhet.id == Omdisponering.avgiver_enhet_id)
        .outerjoin(til_enhet, til_enhet.id == Omdisponering.mottaker_enhet_id)
        .outerjoin(hjemme, hjemme.id == Ressursperson.enhet_id)
        .order_by(siden.c.nr)
    )
    ut = []
    for r in funnet:
        navn = r.lokalenavn or ""
        if r.personnavn is not None:
            navn = r.personnavn if access.viser_navn(aktor, r.avgiver_id, r.status) else ""
        ut.append(
            Rad(
                r.id,
                r.omdisponering_id,
                r.nummer,
                r.status,
                Retning.UT if r.avgiver_id == egen else Retning.INN,
                r.motpart,
                navn,
                r.stilling or "",
                r.lokaleslag or "",
                r.kompetanse or 0,
                r.andel,
                r.fra,
                r.slutter,
                r.fra_enhet,
                r.til_enhet,
                tidslinjeregler.stolpe(Periode(r.fra, r.slutter), vindu),
            )
        )
    return ut
