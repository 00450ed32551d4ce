"""The timeline: who and what an organisation lends and gets, over days, weeks or months. Reads plain rows, few of them.

One statement reads the bare periods of the window, from which the groups and the sums are made; another the rows that
are shown. What has ended before the window costs nothing: the indexes pass it by.
"""

from __future__ import annotations

from collections import Counter
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
from portal.identitet.steps import sorteringsnoekkel
from portal.omdisponering import access, tidslinjeregler
from portal.omdisponering.forloep import TELLER, Slag, Status
from portal.omdisponering.models import Omdisponering, Omdisponeringslinje
from portal.omdisponering.ressursmodeller import Lokale, Ressursperson
from portal.omdisponering.tidslinjegrunnlag import (
    PR_SIDE,
    Sum,
    antall_i,
    antall_naa,
    blad,
    i_vinduet,
    slutter,
    summer,
)
from portal.omdisponering.tidslinjeregler import LOKALER, Periode, Retning, Stolpe, Vindu

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

    periode: Periode
    retning: Retning
    motpart_id: UUID


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
        return tidslinjeregler.naaplass(self.naa, self.vindu)


def hent(aktor: Aktor, vindu: Vindu, filter_: Filter, side: int = 1) -> Tidslinje:
    """The window of the actor's organisation. Raises IkkeTilgang for who has no part in its reallocations."""
    egen = access.krev_tidslinje(aktor)
    ut = Tidslinje(vindu, filter_, now(), tidslinjeregler.bolker(vindu))
    inne = access.kan_noe(aktor, access.Handling.SE)
    ut.statuser = [s for s in Status if inne or s in TELLER]
    alle = _bunker(aktor, egen, vindu, filter_)
    # Who is asked for stands in the list also where there is nothing.
    steder = _steder({b.motpart_id for b in alle} | ({filter_.motpart_id} if filter_.motpart_id else set()))
    _sett_valg(ut, steder)
    valgte = {i for i, sted in steder.items() if _er_valgt(sted, filter_)}
    bunker = [b for b in alle if b.motpart_id in valgte]
    ut.antall = antall_i([b.periode for b in bunker])
    grenser = [tidslinjeregler.midnatt(d) for d in ut.bolker]
    for retning in Retning:
        egne = [b for b in bunker if b.retning == retning]
        ut.summer[retning] = summer([b.periode for b in egne], ut.naa, grenser)
    if ut.antall > PR_SIDE and not filter_.enkeltvis:
        grupper = _grupper(bunker, steder, ut.naa)
        ut.side, ut.sider, foerste = blad(len(grupper), side)
        ut.grupper = [
            replace(g, flest=tidslinjeregler.tetthet(perioder, grenser))
            for g, perioder in grupper[foerste : foerste + PR_SIDE]
        ]
    elif bunker:
        ut.side, ut.sider, foerste = blad(ut.antall, side)
        siden = _utsnitt(bunker, steder, foerste)
        ut.rader = _rader(aktor, _linjer(aktor, egen, vindu, filter_), siden, egen, vindu)
    return ut


# --- the bare periods ------------------------------------------------------------------------------------


def _motpart(egen: UUID) -> sa.ColumnElement[UUID]:
    """Over Omdisponering: who the other side is."""
    return sa.case(
        (Omdisponering.avgiver_id == egen, Omdisponering.mottaker_id), else_=Omdisponering.avgiver_id
    )


def _linjer(aktor: Aktor, egen: UUID, vindu: Vindu, filter_: Filter) -> Sequence[sa.ColumnElement[bool]]:
    """Over a line and its reallocation: those of the window that the actor sees, and that are asked for."""
    ut: list[sa.ColumnElement[bool]] = [
        access.med_side(aktor),
        Omdisponering.status.in_([filter_.status] if filter_.status else sorted(GJELDER)),
        *i_vinduet(vindu),
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
    til = slutter().label("til")
    rader = db.session.execute(
        sa.select(motpart, ut.label("ut"), Omdisponeringslinje.fra, til, sa.func.count().label("antall"))
        .select_from(Omdisponeringslinje)
        .join(Omdisponering, Omdisponering.id == Omdisponeringslinje.omdisponering_id)
        .where(*_linjer(aktor, egen, vindu, filter_))
        .group_by(sa.text("1"), sa.text("2"), sa.text("3"), sa.text("4"))
    ).all()
    ider = {m: UUID(m) for m in {r[0] for r in rader}}
    return [
        _Bunke(Periode(fra, til_, antall), Retning.UT if er_ut else Retning.INN, ider[m])
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
    ut.motparter = sorted(
        ((s.id, s.kortnavn) for s in steder.values()), key=lambda m: (sorteringsnoekkel(m[1]), m[0])
    )
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
) -> list[tuple[Gruppe, list[Periode]]]:
    """One a direction and organisation: whom we get from first, those with most first."""
    egne: dict[tuple[Retning, UUID], list[Periode]] = {}
    for b in bunker:
        egne.setdefault((b.retning, b.motpart_id), []).append(b.periode)
    ut = [
        (
            Gruppe(
                retning,
                motpart_id,
                steder[motpart_id].kortnavn,
                antall_i(alle),
                antall_naa(alle, naa),
                min(p.fra for p in alle),
                max(p.til for p in alle),
                (),
            ),
            alle,
        )
        for (retning, motpart_id), alle in egne.items()
    ]
    return sorted(
        ut,
        key=lambda g: (g[0].retning, -g[0].antall, sorteringsnoekkel(g[0].motpart), g[0].motpart_id),
    )


class _Utsnitt(NamedTuple):
    """The organisations of a page, each way in the order in which they stand; of the first so many lines stand on the
    pages before."""

    motparter: dict[tuple[Retning, UUID], str]
    hopp: int


def _utsnitt(bunker: Collection[_Bunke], steder: dict[UUID, _Sted], foerste: int) -> _Utsnitt:
    """Whom we get first, by organisation: so the database sorts the lines of a page's organisations, and not all."""
    antall: Counter[tuple[Retning, str, UUID]] = Counter()
    for b in bunker:
        antall[b.retning, steder[b.motpart_id].kortnavn, b.motpart_id] += b.periode.antall
    motparter: dict[tuple[Retning, UUID], str] = {}
    staar = hopp = 0
    for (retning, navn, id_), egne in sorted(
        antall.items(), key=lambda a: (a[0][0], sorteringsnoekkel(a[0][1]), a[0][2])
    ):
        if staar < foerste + PR_SIDE and staar + egne > foerste:
            if not motparter:
                hopp = foerste - staar
            motparter[retning, id_] = navn
        staar += egne
    return _Utsnitt(motparter, hopp)


def _rader(
    aktor: Aktor, linjer: Sequence[sa.ColumnElement[bool]], utsnitt: _Utsnitt, egen: UUID, vindu: Vindu
) -> list[Rad]:
    """The lines of a page: whom we get first, by organisation and by when. Only those of the page are looked up."""
    rekkefoelge = []
    for nr, (retning, motpart_id) in enumerate(utsnitt.motparter):
        vi, de = Omdisponering.mottaker_id, Omdisponering.avgiver_id
        if retning == Retning.UT:
            vi, de = de, vi
        rekkefoelge.append((sa.and_(vi == egen, de == motpart_id), nr))
    staar = sa.case(*rekkefoelge, else_=None)
    siden = (
        sa.select(
            Omdisponeringslinje.id,
            slutter().label("slutter"),
            sa.func.row_number()
            .over(order_by=(staar, Omdisponeringslinje.fra, Omdisponeringslinje.id))
            .label("nr"),
        )
        .select_from(Omdisponeringslinje)
        .join(Omdisponering, Omdisponering.id == Omdisponeringslinje.omdisponering_id)
        .where(*linjer, sa.or_(*(hvor for hvor, _nr in rekkefoelge)))
        .order_by(sa.text("nr"))
        .limit(PR_SIDE)
        .offset(utsnitt.hopp)
        .subquery()
    )
    fra_enhet, til_enhet, hjemme = (aliased(Enhet) for _n in range(3))
    funnet = db.session.execute(
        sa.select(
            Omdisponeringslinje.id,
            Omdisponeringslinje.omdisponering_id,
            Omdisponeringslinje.fra,
            Omdisponeringslinje.andel,
            siden.c.slutter,
            Omdisponering.nummer,
            Omdisponering.status,
            Omdisponering.avgiver_id,
            Omdisponering.mottaker_id,
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
        retning = Retning.UT if r.avgiver_id == egen else Retning.INN
        ut.append(
            Rad(
                r.id,
                r.omdisponering_id,
                r.nummer,
                r.status,
                retning,
                utsnitt.motparter[retning, r.mottaker_id if retning == Retning.UT else r.avgiver_id],
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
