"""The timeline of an area: which organisations lend to which, how many and when. Never who.

What both sides have agreed on, where at least one of them lies in the area, added up by lender, receiver and
profession. The statement reads no name, number, unit or term: what is not read cannot be shown. What has ended before
the window costs nothing: the indexes pass it by.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db
from portal.identitet.models import SYKEHUS, Organisasjon, Organisasjonstype
from portal.identitet.steps import sorteringsnoekkel
from portal.omdisponering import access, tidslinjeregler
from portal.omdisponering.forloep import TELLER, Slag, Status
from portal.omdisponering.models import Omdisponering, Omdisponeringslinje
from portal.omdisponering.ressursmodeller import Ressursperson
from portal.omdisponering.tidslinjegrunnlag import (
    PR_SIDE,
    Sum,
    antall_i,
    blad,
    i_vinduet,
    slutter,
    summer,
)
from portal.omdisponering.tidslinjeregler import LOKALER, Periode, Vei, Vindu

#: What is agreed, in the order in which it comes about.
STATUSER = tuple(s for s in Status if s in TELLER)
_VEIER = {v: nr for nr, v in enumerate(Vei)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What is asked for. `status`: one of STATUSER; `stilling`: a profession, or LOKALER; `part_id`: who is one of the
    two sides."""

    status: Status | None = None
    stilling: str = ""
    part_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Omraade:
    """A trust and its kommuner, or the kommuner of a fylke. `kommuner`: how many there are today."""

    id: UUID
    navn: str
    fylke: bool
    kommuner: int


@dataclass(frozen=True, slots=True)
class Gruppe:
    """What one organisation lends another of a profession (LOKALER: premises), added up. `statuser`: how many lines in
    each."""

    stilling: str
    sum: Sum
    statuser: Mapping[Status, int]
    fra: datetime
    til: datetime


@dataclass(frozen=True, slots=True)
class Par:
    """Who lends whom. `motpart_id`: the other one, where the actor's organisation is one of the two."""

    vei: Vei
    avgiver: str
    mottaker: str
    motpart_id: UUID | None
    grupper: Sequence[Gruppe]


@dataclass(frozen=True, slots=True)
class Omraadelinje:
    """A window of an area."""

    omraade: Omraade
    vindu: Vindu
    naa: datetime
    #: Days where the parts begin that `flest` is of; the end of the last one comes last.
    bolker: Sequence[Any]
    #: All of it, and each way that there is something on.
    alt: Sum
    summer: Mapping[Vei, Sum]
    #: Of this page, of so many; by way.
    par: Sequence[Par]
    side: int
    sider: int
    #: Who lends or borrows in the window: (id, name).
    parter: Sequence[tuple[UUID, str]]

    @property
    def x_naa(self) -> float | None:
        """Where today's line stands; None where today is not in the window."""
        return tidslinjeregler.naaplass(self.naa, self.vindu)


@dataclass(frozen=True, slots=True)
class Valg:
    """The areas that the actor may follow: (id, name)."""

    foretak: Sequence[tuple[UUID, str]]
    fylker: Sequence[tuple[UUID, str]]


class _Gruppe(NamedTuple):
    """What is between two of a profession, before it is known which of it is shown. Ids are text: to make and compare
    those of each row takes longer than all else."""

    vei: Vei
    avgiver: str
    mottaker: str
    stilling: str
    #: So many lines of a status in just the same time.
    deler: list[tuple[str, Periode]]

    @property
    def perioder(self) -> list[Periode]:
        return [p for _status, p in self.deler]


def hent_valg(aktor: Aktor) -> Valg:
    """The areas to choose from; none for who does not work with reallocations."""
    if not access.kan_noe(aktor, access.Handling.SE):
        return Valg((), ())
    rader = sorted(
        db.session.execute(
            access.synlige_omraader(aktor).with_only_columns(
                Organisasjon.id, Organisasjon.kortnavn, Organisasjon.type
            )
        ),
        key=lambda r: (sorteringsnoekkel(r.kortnavn), r.id),
    )
    return Valg(
        [(r.id, r.kortnavn) for r in rader if r.type in SYKEHUS],
        [(r.id, r.kortnavn) for r in rader if r.type not in SYKEHUS],
    )


def hent(aktor: Aktor, omraade_id: UUID, vindu: Vindu, filter_: Filter, side: int = 1) -> Omraadelinje:
    """The window of an area that the actor may follow. Raises IkkeFunnet, IkkeTilgang."""
    sted = access.krev_omraade(aktor, omraade_id)
    fylke = sted.type not in SYKEHUS
    medlemmer, kommuner = _medlemmer(sted.id, fylke)
    alle = _grupper(medlemmer, vindu, filter_)
    steder = _steder({i for g in alle for i in (g.avgiver, g.mottaker)}, filter_.part_id)
    part = next((k for k, s in steder.items() if s.id == filter_.part_id), "")
    grupper = [g for g in alle if filter_.part_id is None or part in (g.avgiver, g.mottaker)]
    naa, bolker = now(), tidslinjeregler.bolker(vindu)
    grenser = [tidslinjeregler.midnatt(d) for d in bolker]
    summer_: dict[Vei, Sum] = {}
    samlet: Counter[tuple[datetime, datetime]] = Counter()
    for vei in Vei:
        egne = _samlet(g for g in grupper if g.vei == vei)
        if egne:
            summer_[vei] = summer(_perioder(egne), naa, grenser)
            samlet.update(egne)
    blad_ = blad(len(grupper), side)
    siden = _sortert(grupper, steder)[blad_.foerste : blad_.foerste + PR_SIDE]
    return Omraadelinje(
        Omraade(sted.id, sted.kortnavn, fylke, kommuner),
        vindu,
        naa,
        bolker,
        summer(_perioder(samlet), naa, grenser),
        summer_,
        _par(aktor, siden, steder, naa, grenser),
        blad_.side,
        blad_.sider,
        sorted(((s.id, s.navn) for s in steder.values()), key=lambda p: (sorteringsnoekkel(p[1]), p[0])),
    )


def _samlet(grupper: Iterable[_Gruppe]) -> Counter[tuple[datetime, datetime]]:
    """How many have just the same time: few times, however many there are."""
    ut: Counter[tuple[datetime, datetime]] = Counter()
    for g in grupper:
        for _status, (fra, til, antall) in g.deler:
            ut[fra, til] += antall
    return ut


def _perioder(samlet: Counter[tuple[datetime, datetime]]) -> list[Periode]:
    return [Periode(fra, til, antall) for (fra, til), antall in samlet.items()]


# --- what there is ---------------------------------------------------------------------------------------


def _medlemmer(omraade_id: UUID, fylke: bool) -> tuple[dict[str, UUID], int]:
    """Who lies in the area: a fylke's kommuner, or a trust and its kommuner. Those that have ended too: what they lent
    stays theirs. Second: how many kommuner there are today."""
    kommune = Organisasjon.type == Organisasjonstype.KOMMUNE
    over = Organisasjon.overordnet_id if fylke else Organisasjon.helseforetak_id
    hvem = sa.and_(kommune, over == omraade_id)
    if not fylke:
        hvem = sa.or_(hvem, Organisasjon.id == omraade_id)
    tekst = sa.cast(Organisasjon.id, sa.String)
    rader = db.session.execute(sa.select(tekst, Organisasjon.id, Organisasjon.nedlagt).where(hvem)).all()
    kommuner = sum(nedlagt is None and id_ != omraade_id for _tekst, id_, nedlagt in rader)
    return {noekkel: id_ for noekkel, id_, _nedlagt in rader}, kommuner


def _grupper(medlemmer: Mapping[str, UUID], vindu: Vindu, filter_: Filter) -> list[_Gruppe]:
    """The lines of the window, added up by who lends whom what; the database puts those of the same time together."""
    omd, ider = Omdisponering, list(medlemmer.values())
    hva = sa.case((omd.slag == Slag.LOKALE, LOKALER), else_=Ressursperson.stilling)
    rader = db.session.execute(
        sa.select(
            sa.cast(omd.avgiver_id, sa.String),
            sa.cast(omd.mottaker_id, sa.String),
            hva,
            omd.status,
            Omdisponeringslinje.fra,
            slutter(),
            sa.func.count(),
        )
        .select_from(Omdisponeringslinje)
        .join(omd, omd.id == Omdisponeringslinje.omdisponering_id)
        .outerjoin(Ressursperson, Ressursperson.id == Omdisponeringslinje.ressursperson_id)
        .where(
            sa.or_(omd.avgiver_id.in_(ider), omd.mottaker_id.in_(ider)),
            omd.status.in_([filter_.status] if filter_.status else STATUSER),
            *i_vinduet(vindu),
            hva == filter_.stilling if filter_.stilling else sa.true(),
        )
        .group_by(
            *(omd.avgiver_id, omd.mottaker_id, omd.slag, Ressursperson.stilling),
            *(omd.status, omd.avsluttet, Omdisponeringslinje.fra, Omdisponeringslinje.til),
        )
    )
    ut: dict[tuple[str, str, str], _Gruppe] = {}
    for avgiver, mottaker, stilling, status, fra, til, antall in rader:
        gruppe = ut.get((avgiver, mottaker, stilling))
        if gruppe is None:
            vei = Vei.INNENFOR if avgiver in medlemmer and mottaker in medlemmer else Vei.INN
            if mottaker not in medlemmer:
                vei = Vei.UT
            gruppe = ut[avgiver, mottaker, stilling] = _Gruppe(vei, avgiver, mottaker, stilling, [])
        gruppe.deler.append((status, Periode(fra, til, antall)))
    return list(ut.values())


class _Sted(NamedTuple):
    id: UUID
    navn: str
    noekkel: str


def _steder(tekster: Collection[str], part_id: UUID | None) -> dict[str, _Sted]:
    """Who they are, by the text of their ids; who is asked for is among them also where there is nothing."""
    ider = [UUID(tekst) for tekst in tekster]
    rader = db.session.execute(
        sa.select(sa.cast(Organisasjon.id, sa.String), Organisasjon.id, Organisasjon.kortnavn).where(
            Organisasjon.id.in_([*ider, part_id] if part_id else ider)
        )
    )
    return {tekst: _Sted(id_, navn, sorteringsnoekkel(navn)) for tekst, id_, navn in rader}


# --- what is shown ---------------------------------------------------------------------------------------


def _sortert(grupper: Collection[_Gruppe], steder: Mapping[str, _Sted]) -> list[_Gruppe]:
    """By way; the two that share most first, and of theirs the most."""
    antall = {g[:4]: antall_i(g.perioder) for g in grupper}
    par: Counter[tuple[str, str]] = Counter()
    for g in grupper:
        par[g.avgiver, g.mottaker] += antall[g[:4]]

    def plass(g: _Gruppe) -> tuple[Any, ...]:
        fra, til = steder[g.avgiver], steder[g.mottaker]
        deres = -par[g.avgiver, g.mottaker]
        hvem = fra.noekkel, til.noekkel, g.avgiver, g.mottaker
        return _VEIER[g.vei], deres, *hvem, -antall[g[:4]], g.stilling

    return sorted(grupper, key=plass)


def _par(
    aktor: Aktor,
    grupper: Sequence[_Gruppe],
    steder: Mapping[str, _Sted],
    naa: datetime,
    grenser: Sequence[datetime],
) -> list[Par]:
    """The groups of a page, those of the same two together."""
    ut = []
    for (vei, avgiver, mottaker), deres in groupby(grupper, key=lambda g: g[:3]):
        fra, til = steder[avgiver], steder[mottaker]
        motpart = None
        if aktor.organisasjon_id in (fra.id, til.id):
            motpart = til.id if aktor.organisasjon_id == fra.id else fra.id
        ut.append(Par(vei, fra.navn, til.navn, motpart, [_gruppe(g, naa, grenser) for g in deres]))
    return ut


def _gruppe(g: _Gruppe, naa: datetime, grenser: Sequence[datetime]) -> Gruppe:
    perioder = g.perioder
    statuser: Counter[str] = Counter()
    for status, p in g.deler:
        statuser[status] += p.antall
    return Gruppe(
        g.stilling,
        summer(perioder, naa, grenser),
        {s: statuser[s] for s in STATUSER if s in statuser},
        min(p.fra for p in perioder),
        max(p.til for p in perioder),
    )
