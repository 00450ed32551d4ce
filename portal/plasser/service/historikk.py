"""The occupancy of units and areas over time. Reads the sums of days and months; the running day is added up live."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.core.aktor import Aktor
from portal.core.clock import i_dag, now, oslo
from portal.core.db import db
from portal.core.errors import IkkeFunnet
from portal.identitet.models import Enhet, Organisasjon
from portal.identitet.steps import sorteringsnoekkel
from portal.plasser import access
from portal.plasser import historikkregler as regler
from portal.plasser.access import Handling
from portal.plasser.doegn import grenser
from portal.plasser.historikk import (
    SUMMER,
    TIMER,
    UTEN,
    Omraadedoegn,
    Omraademaaned,
    Plassdoegn,
    Plassmaaned,
)
from portal.plasser.historikkregler import Bolk, Opploesning
from portal.plasser.models import Opphold, Plassenhet
from portal.plasser.service import doegn, omraader
from portal.plasser.service.tavle import krev_inne

#: The heat table is of so many days at most: what is read of each is a small table of its own.
VARME_DAGER = 366
#: So many days that have ended may lack their sum and are added up live; an older one that lacks it is a gap.
ETTERSLEP = 14
#: A piece of a period: its first and its last day, and whether the areas' sums are read.
Spenn = tuple[date, date, bool]


class Slag(StrEnum):
    LAND = "land"
    FORETAK = "foretak"
    FYLKE = "fylke"
    KOMMUNE = "kommune"
    ENHET = "enhet"


@dataclass(frozen=True, slots=True)
class Utvalg:
    """Whose beds: a unit's, those of a vertskommune, of a trust's or a fylke's kommuner, or the country's."""

    slag: Slag
    id: UUID | None = None
    navn: str = ""
    #: The unit itself, and its vertskommune: for the way back.
    enhet: Plassenhet | None = None
    kommune_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Del:
    """One of what an area consists of: a trust of the country, else a unit."""

    navn: str
    sted: str
    enhet_id: UUID | None
    foretak_id: UUID | None
    summer: dict[str, int]
    #: What its occupancy is counted from.
    beleggsum: dict[str, int]


@dataclass(slots=True)
class Historikk:
    utvalg: Utvalg
    fra: date
    til: date
    opploesning: Opploesning
    bolker: list[Bolk]
    #: The days of the period that have ended, as `deler` add up to; of a period that is today alone, today so far.
    sum: dict[str, int]
    #: Today so far, where the period has it and other days too.
    i_dag: dict[str, int] | None
    #: Whether anything of the days in `sum` was added up.
    sum_kjent: bool
    #: What the occupancy is counted from, and of which days: as `sum`, or (`i_maaneder`) whole calendar months.
    beleggsum: dict[str, int]
    beleggperiode: tuple[date, date]
    #: {(weekday 0–6, hour): admissions}, and the first day that they are of. For outsiders the large ones alone.
    varme: dict[tuple[int, int], int]
    varme_fra: date
    deler: list[Del]
    enheter: int
    #: For outsiders the whole months that the occupancy of each of the `deler` is of.
    delmaaneder: tuple[date, date] | None = None
    #: What has ended and no job has added up yet, of all its units: in `sum` and in none of the `deler`.
    ventende: dict[str, int] | None = None
    #: {"aldersgruppe"|"aarsaksgruppe": {code or "": how many, or a hidden number}}; of the days in `hvem_periode`.
    hvem: dict[str, dict[str, int | str]] = field(default_factory=dict)
    hvem_periode: tuple[date, date] | None = None
    #: The registry knew something of the units in those days.
    hvem_kjent: bool = True
    #: Who reads it may not see the stays: nothing is told that is of a few.
    skjuler: bool = True
    #: Who reads it may not see the stays of these few units: the occupancy is told of whole months alone.
    i_maaneder: bool = False

    @property
    def siste_dag(self) -> date:
        """The last of the days in `sum`."""
        return self.til if self.i_dag is None else self.til - timedelta(days=1)

    def vist(self, b: Bolk, av: str = "operativ") -> float | str | None:
        """The occupancy of a part of the period as its reader may see it."""
        if b.summer is None:
            return None
        if self.i_maaneder and b.summer["belagt"] and not self._er_hel(b):
            return regler.SKJULT
        return regler.vist_belegg(b.summer, self.skjuler, av)

    def _er_hel(self, b: Bolk) -> bool:
        """Whether it is a whole month or year that is over."""
        if self.opploesning not in (Opploesning.MAANED, Opploesning.AAR):
            return False
        hel = b.start == regler.begynnelse(b.start, self.opploesning)
        return hel and regler.neste(b.start, self.opploesning) == b.slutt + timedelta(days=1) <= i_dag()

    @property
    def kjent(self) -> bool:
        """Whether anything of the period was added up: what nobody knows is not zero."""
        return any(b.summer is not None for b in self.bolker)

    @property
    def varme_kjent(self) -> bool:
        return any(b.summer is not None for b in self.bolker if b.slutt >= self.varme_fra)


# --- what can be chosen ----------------------------------------------------------------------------------


def hent_utvalg(aktor: Aktor, slag: Slag, id_: UUID | None = None) -> Utvalg:
    """What the history is to be of. Raises IkkeFunnet for what is not there, IkkeTilgang for who has no role."""
    krev_inne(aktor)
    if slag == Slag.LAND:
        return Utvalg(slag)
    if id_ is None:
        raise IkkeFunnet()
    if slag == Slag.ENHET:
        enhet = access.hent(aktor, Handling.SE, id_)
        return Utvalg(slag, enhet.id, enhet.enhet.navn, enhet, enhet.vertskommune_id)
    organisasjon = db.session.get(Organisasjon, id_)
    typer = {Slag.KOMMUNE: {"kommune"}, Slag.FYLKE: {"fylke"}, Slag.FORETAK: {"hf", "ideelt_sykehus"}}[slag]
    if organisasjon is None or organisasjon.type not in typer:
        raise IkkeFunnet()
    return Utvalg(
        slag, organisasjon.id, organisasjon.kortnavn, None, organisasjon.id if slag == Slag.KOMMUNE else None
    )


def utgangspunkt(aktor: Aktor) -> Utvalg:
    """What is shown to who has chosen nothing: the own kommune's units, else the trust's, else the country."""
    krev_inne(aktor)
    egen = db.session.get(Organisasjon, aktor.organisasjon_id) if aktor.organisasjon_id else None
    if egen is None:
        return Utvalg(Slag.LAND)
    if egen.type == "kommune":
        if db.session.scalar(sa.select(sa.exists().where(Plassenhet.vertskommune_id == egen.id))):
            return hent_utvalg(aktor, Slag.KOMMUNE, egen.id)
        return (
            hent_utvalg(aktor, Slag.FORETAK, egen.helseforetak_id)
            if egen.helseforetak_id
            else Utvalg(Slag.LAND)
        )
    if egen.type in ("hf", "ideelt_sykehus"):
        return hent_utvalg(aktor, Slag.FORETAK, egen.id)
    return hent_utvalg(aktor, Slag.FYLKE, egen.id) if egen.type == "fylke" else Utvalg(Slag.LAND)


def hent_valg(aktor: Aktor) -> dict[Slag, list[tuple[UUID, str]]]:
    """The areas that have a unit, by name: for the list to choose from."""
    krev_inne(aktor)
    vert, fylke, foretak = aliased(Organisasjon), aliased(Organisasjon), aliased(Organisasjon)
    rader = db.session.execute(
        sa.select(vert.id, vert.kortnavn, fylke.id, fylke.kortnavn, foretak.id, foretak.kortnavn)
        .select_from(Plassenhet)
        .join(vert, vert.id == Plassenhet.vertskommune_id)
        .outerjoin(fylke, fylke.id == vert.overordnet_id)
        .outerjoin(foretak, foretak.id == vert.helseforetak_id)
        .distinct()
    ).all()
    ut: dict[Slag, set[tuple[UUID, str]]] = {Slag.FORETAK: set(), Slag.FYLKE: set(), Slag.KOMMUNE: set()}
    for r in rader:
        ut[Slag.KOMMUNE].add((r[0], r[1]))
        if r[2]:
            ut[Slag.FYLKE].add((r[2], r[3]))
        if r[4]:
            ut[Slag.FORETAK].add((r[4], r[5]))
    return {k: sorted(v, key=lambda p: sorteringsnoekkel(p[1])) for k, v in ut.items()}


def enhetene(utvalg: Utvalg) -> sa.Select[UUID]:
    """The ids of its units, closed-down ones too: they have a history."""
    alle = sa.select(Plassenhet.id)
    if utvalg.slag == Slag.LAND:
        return alle
    if utvalg.slag == Slag.ENHET:
        return alle.where(Plassenhet.id == utvalg.id)
    if utvalg.slag == Slag.KOMMUNE:
        return alle.where(Plassenhet.vertskommune_id == utvalg.id)
    kolonne = Organisasjon.overordnet_id if utvalg.slag == Slag.FYLKE else Organisasjon.helseforetak_id
    return alle.where(
        Plassenhet.vertskommune_id.in_(
            sa.select(Organisasjon.id).where(Organisasjon.type == "kommune", kolonne == utvalg.id)
        )
    )


# --- the history -----------------------------------------------------------------------------------------


def hent(aktor: Aktor, utvalg: Utvalg, fra: date, til: date, oensket: Opploesning | None = None) -> Historikk:
    """The history of [fra, til], which is not after today."""
    krev_inne(aktor)
    idag = i_dag()
    til = min(til, idag)
    opploesning = regler.velg(fra, til, oensket)
    levende = _levende(utvalg, fra, til)
    spenn = _spenn(utvalg, fra, til)
    ferdige = _ferdige(utvalg, spenn, opploesning)
    dager = [*ferdige, *((d["dag"], d) for d in levende)]
    bare_i_dag = fra == idag
    ventende = [d for d in levende if d["dag"] < idag]
    hele = [*(v for _dag, v in ferdige), *(levende if bare_i_dag else ventende)]
    varme_fra = max(fra, til - timedelta(days=VARME_DAGER - 1))
    skjuler = not _ser_opphold(aktor, utvalg)
    i_maaneder = skjuler and _er_faa(utvalg)
    # Where the area's units are many, those of one of its parts may be few.
    maaneder = regler.hele_maaneder(fra, til, idag) if skjuler else None
    sum_ = _sammen(hele)
    slutt = til if bare_i_dag else min(til, idag - timedelta(days=1))
    h = Historikk(
        utvalg,
        fra,
        til,
        opploesning,
        regler.bolker(dager, fra, til, opploesning),
        sum_,
        _sammen(d for d in levende if d["dag"] == idag) if til == idag and not bare_i_dag else None,
        bool(hele),
        summer(utvalg, *maaneder) if i_maaneder and maaneder else sum_,
        maaneder if i_maaneder and maaneder else (fra, slutt),
        _varme(utvalg, spenn, varme_fra, levende),
        varme_fra,
        [] if utvalg.slag == Slag.ENHET or bare_i_dag else _deler(utvalg, spenn, maaneder),
        db.session.scalar(
            sa.select(sa.func.count()).select_from(
                enhetene(utvalg).where(Plassenhet.nedlagt.is_(None)).subquery()
            )
        )
        or 0,
        delmaaneder=maaneder,
        ventende=_sammen(ventende) if ventende else None,
        skjuler=skjuler,
        i_maaneder=i_maaneder,
    )
    if h.skjuler:
        h.varme = regler.skjul_varme(h.varme)
    if utvalg.slag in (Slag.ENHET, Slag.KOMMUNE):
        _hvem(h)
    return h


def _sammen(dager: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    sum_ = regler.tomme()
    for verdier in dager:
        regler.legg_til(sum_, verdier)
    return sum_


def _er_faa(utvalg: Utvalg) -> bool:
    """Whether the area has so few units, closed-down ones too, that a day of it may be one person's."""
    if utvalg.slag == Slag.ENHET:
        return True
    noen = sa.select(sa.func.count()).select_from(enhetene(utvalg).limit(regler.MINSTE).subquery())
    return (db.session.scalar(noen) or 0) < regler.MINSTE


def _ser_opphold(aktor: Aktor, utvalg: Utvalg) -> bool:
    """Who may see the stays sees what is of a few: at a unit its people and its coordinator, of all of a kommune's
    units the coordinator alone, of an area nobody. A unit has others' inhabitants too."""
    if utvalg.enhet is not None:
        return access.kan(aktor, Handling.SE_OPPHOLD, utvalg.enhet)
    return utvalg.kommune_id is not None and access.koordinerer(aktor, utvalg.kommune_id)


def summer(utvalg: Utvalg, fra: date, til: date) -> dict[str, int]:
    """All of [fra, til] added up, the running day too. Asks for no permission."""
    ferdige = _ferdige(utvalg, _spenn(utvalg, fra, til), Opploesning.AAR)
    return _sammen([*(v for _dag, v in ferdige), *_levende(utvalg, fra, min(til, i_dag()))])


def _summer(tabell: Any) -> list[Any]:
    # As whole numbers: PostgreSQL's sum of them is a decimal, which is slow to read.
    return [sa.cast(sa.func.sum(getattr(tabell, k)), sa.BigInteger).label(k) for k in SUMMER]


def _hvilke(tabell: Any, utvalg: Utvalg) -> list[sa.ColumnElement[bool]]:
    """No condition for the country: the index on the day is then all that is asked."""
    if utvalg.slag == Slag.LAND:
        return []
    if tabell in (Omraadedoegn, Omraademaaned):
        return [(tabell.foretak_id if utvalg.slag == Slag.FORETAK else tabell.fylke_id) == utvalg.id]
    if utvalg.slag == Slag.ENHET:
        return [tabell.plassenhet_id == utvalg.id]
    return [tabell.plassenhet_id.in_(enhetene(utvalg))]


def _spenn(utvalg: Utvalg, fra: date, til: date) -> list[Spenn]:
    """The period in pieces: the areas' sums where they are true, else the units'."""
    if utvalg.slag in (Slag.ENHET, Slag.KOMMUNE) or omraader.noen_flyttet():
        return [(fra, til, False)]
    return omraader.biter(fra, til)


def _maaneder(fra: date, til: date) -> tuple[date, date] | None:
    """The first days of the first and the last month whose sums are those of the period's days; None: no whole one.

    The running month has no day after yesterday: it is whole when the period reaches so far.
    """
    foerste = fra if fra.day == 1 else regler.neste(fra.replace(day=1), Opploesning.MAANED)
    siste = til.replace(day=1)
    if til < i_dag() - timedelta(days=1) and (til + timedelta(days=1)).day != 1:
        siste = (siste - timedelta(days=1)).replace(day=1)
    return (foerste, siste) if foerste <= siste else None


def _biter(spenn: Iterable[Spenn], opploesning: Opploesning) -> list[tuple[Any, Any, date, date]]:
    """From which table, by which column, between which of its values (both with) the period is read."""
    biter: list[tuple[Any, Any, date, date]] = []
    for fra, til, omraade in spenn:
        doegnet, maaneden = (Omraadedoegn, Omraademaaned) if omraade else (Plassdoegn, Plassmaaned)
        hele = _maaneder(fra, til) if opploesning in (Opploesning.MAANED, Opploesning.AAR) else None
        if hele is None:
            biter.append((doegnet, doegnet.dag, fra, til))
            continue
        biter.append((maaneden, maaneden.maaned, *hele))
        if fra < hele[0]:
            biter.append((doegnet, doegnet.dag, fra, hele[0] - timedelta(days=1)))
        etter = regler.neste(hele[1], Opploesning.MAANED)
        if etter <= til:
            biter.append((doegnet, doegnet.dag, etter, til))
    return biter


def _ferdige(
    utvalg: Utvalg, spenn: Iterable[Spenn], opploesning: Opploesning
) -> list[tuple[date, Mapping[str, Any]]]:
    ut: list[tuple[date, Mapping[str, Any]]] = []
    for tabell, kolonne, a, b in _biter(spenn, opploesning):
        rader = db.session.execute(
            sa.select(kolonne.label("dag"), *_summer(tabell))
            .where(kolonne.between(a, b), *_hvilke(tabell, utvalg))
            .group_by(kolonne)
        ).mappings()
        ut += [(r["dag"], dict(r)) for r in rader]
    return ut


def _levende(utvalg: Utvalg, fra: date, til: date) -> list[dict[str, Any]]:
    """The days of the period that no job has added up yet: today, and what it lags behind."""
    idag = i_dag()
    if til < idag - timedelta(days=ETTERSLEP):
        return []
    sist, foerste = doegn.sist_lagt_sammen(), doegn.foerste_endring()
    alle = enhetene(utvalg)
    # All that have their days up to yesterday are asked for together, and not by name: there may be thousands.
    a_jour = sa.and_(
        Plassenhet.nedlagt.is_(None),
        sa.exists().where(
            Plassdoegn.plassenhet_id == Plassenhet.id, Plassdoegn.dag == idag - timedelta(days=1)
        ),
    )
    grupper: dict[date, list[UUID]] = {}
    andre: list[UUID] = []
    for r in db.session.execute(
        sa.select(Plassenhet.id, Plassenhet.nedlagt, sist.label("sist"), foerste.label("foerste")).where(
            Plassenhet.id.in_(alle), sa.not_(a_jour)
        )
    ):
        andre.append(r.id)
        if r.foerste is None:
            continue
        begynner = max(
            r.sist + timedelta(days=1) if r.sist else oslo(r.foerste).date(),
            idag - timedelta(days=ETTERSLEP),
            fra,
        )
        if begynner <= til and (r.nedlagt is None or oslo(r.nedlagt).date() >= begynner):
            grupper.setdefault(begynner, []).append(r.id)
    naa = now()
    ut = [
        d for begynner, ider in sorted(grupper.items()) for d in doegn.les_loepende(ider, begynner, til, naa)
    ]
    if til == idag:
        ut += doegn.les_loepende(alle.where(Plassenhet.id.not_in(andre)), idag, til, naa)
    return ut


def _varme(
    utvalg: Utvalg, spenn: Iterable[Spenn], fra: date, levende: list[dict[str, Any]]
) -> dict[tuple[int, int], int]:
    """{(weekday, hour): admissions} from that day on."""
    varme: dict[tuple[int, int], int] = {}

    def tell(dag: date, time_: int, antall: int) -> None:
        if antall:
            hvor = (dag.weekday(), time_)
            varme[hvor] = varme.get(hvor, 0) + antall

    for a, b, omraade in spenn:
        if b < fra:
            continue
        for dag, time_, antall in (_omraadets_timer if omraade else _enhetenes_timer)(utvalg, max(a, fra), b):
            tell(dag, time_, antall)
    for d in levende:
        if d["dag"] >= fra:
            for time_, antall in d["innlagt_timer"].items():
                tell(d["dag"], int(time_), antall)
    return varme


def _omraadets_timer(utvalg: Utvalg, fra: date, til: date) -> Iterator[tuple[date, int, int]]:
    kolonner = (getattr(Omraadedoegn, t) for t in TIMER)
    for dag, *timer in db.session.execute(
        sa.select(Omraadedoegn.dag, *(sa.func.sum(k) for k in kolonner))
        .where(Omraadedoegn.dag.between(fra, til), *_hvilke(Omraadedoegn, utvalg))
        .group_by(Omraadedoegn.dag)
    ):
        yield from ((dag, n, antall) for n, antall in enumerate(timer))


def _enhetenes_timer(utvalg: Utvalg, fra: date, til: date) -> Iterator[tuple[date, int, int]]:
    """The hours of each day are a small JSON table: the database adds them up."""
    kolonne = Plassdoegn.innlagt_timer
    if db.engine.dialect.name == "postgresql":
        timer = sa.func.jsonb_each_text(kolonne).table_valued("key", "value").render_derived("timer")
    else:
        timer = sa.func.json_each(kolonne).table_valued("key", "value", name="timer")
    for dag, time_, antall in db.session.execute(
        sa.select(
            Plassdoegn.dag,
            timer.c.key.label("time"),
            sa.func.sum(sa.cast(timer.c.value, sa.Integer)).label("antall"),
        )
        .select_from(sa.join(Plassdoegn, timer, sa.true()))
        .where(Plassdoegn.dag.between(fra, til), Plassdoegn.innlagt > 0, *_hvilke(Plassdoegn, utvalg))
        .group_by(Plassdoegn.dag, timer.c.key)
    ):
        yield dag, int(time_), antall


def _deler(utvalg: Utvalg, spenn: Iterable[Spenn], maaneder: tuple[date, date] | None) -> list[Del]:
    """What the area consists of, without the day that runs: trusts of the country, units of a smaller area.

    `maaneder`: the whole months that the units' occupancy is told of; None: it is of all the days.
    """
    if utvalg.slag == Slag.LAND:
        return _foretakene(utvalg, spenn, maaneder)
    # Of each the whole period is added up: from the sums of months, however finely the page shows it.
    summer = _pr(utvalg, [(a, b, False) for a, b, _omraade in _hel(spenn)])
    belegg = summer if maaneder is None else _pr(utvalg, [(*maaneder, False)])
    vert = aliased(Organisasjon)
    return [
        Del(r.navn, r.sted, r.id, None, summer[r.id], belegg.get(r.id, regler.tomme()))
        for r in db.session.execute(
            sa.select(Plassenhet.id, Enhet.navn, vert.kortnavn.label("sted"))
            .join(Enhet, Enhet.id == Plassenhet.enhet_id)
            .join(vert, vert.id == Plassenhet.vertskommune_id)
            .where(Plassenhet.id.in_(enhetene(utvalg)))
            .order_by(vert.kortnavn, Enhet.navn)
        )
        if r.id in summer
    ]


def _hel(spenn: Iterable[Spenn]) -> list[Spenn]:
    deler = list(spenn)
    return [(deler[0][0], deler[-1][1], False)]


def _pr(utvalg: Utvalg, spenn: Iterable[Spenn]) -> dict[UUID, dict[str, int]]:
    """{unit, or where the areas' sums are read trust: what it adds up to}."""
    ut: dict[UUID, dict[str, int]] = {}
    for tabell, kolonne, a, b in _biter(spenn, Opploesning.AAR):
        hvem = tabell.foretak_id if tabell in (Omraadedoegn, Omraademaaned) else tabell.plassenhet_id
        for r in db.session.execute(
            sa.select(hvem.label("hvem"), *_summer(tabell))
            .where(kolonne.between(a, b), *_hvilke(tabell, utvalg))
            .group_by(hvem)
        ).mappings():
            regler.legg_til(ut.setdefault(r["hvem"], regler.tomme()), dict(r))
    return ut


def _pr_foretak(utvalg: Utvalg, spenn: Iterable[Spenn]) -> dict[UUID, dict[str, int]]:
    summer = _pr(utvalg, [s for s in spenn if s[2]])
    if enhetsspenn := [s for s in spenn if not s[2]]:
        pr_enhet = _pr(utvalg, enhetsspenn)
        for enhet_id, foretak_id in db.session.execute(
            sa.select(Plassenhet.id, Organisasjon.helseforetak_id).join(
                Organisasjon, Organisasjon.id == Plassenhet.vertskommune_id
            )
        ):
            if enhet_id in pr_enhet:
                regler.legg_til(summer.setdefault(foretak_id or UTEN, regler.tomme()), pr_enhet[enhet_id])
    return summer


def _foretakene(utvalg: Utvalg, spenn: Iterable[Spenn], maaneder: tuple[date, date] | None) -> list[Del]:
    summer = _pr_foretak(utvalg, spenn)
    belegg = summer if maaneder is None else _pr_foretak(utvalg, _spenn(utvalg, *maaneder))
    navn = {
        r.id: r.kortnavn
        for r in db.session.execute(
            sa.select(Organisasjon.id, Organisasjon.kortnavn).where(Organisasjon.id.in_(summer))
        )
    }
    # A trust that none is known of comes last.
    return [
        Del(
            navn.get(id_, ""),
            "",
            None,
            id_ if id_ in navn else None,
            summer[id_],
            belegg.get(id_, regler.tomme()),
        )
        for id_ in sorted(summer, key=lambda i: (i not in navn, sorteringsnoekkel(navn.get(i, ""))))
    ]


def _hvem(h: Historikk) -> None:
    """Age bands and groups of reasons of who was admitted.

    Who may not see the stays gets them of whole calendar years alone, small numbers hidden: of two periods that differ
    by a day the difference would be a person. Of several units together they get none: what is hidden of one unit would
    be the difference from the others.
    """
    foerste = db.session.scalars(
        sa.select(doegn.foerste_endring()).where(Plassenhet.id.in_(enhetene(h.utvalg)))
    ).all()
    fra, til = h.fra, h.til
    if h.skjuler:
        if len(foerste) > 1:
            return
        aar = (
            til.year
            if (til + timedelta(days=1)).day == 1 and til.month == 12 and til < i_dag()
            else til.year - 1
        )
        fra, til = date(aar, 1, 1), date(aar, 12, 31)
    h.hvem_periode = (fra, til)
    h.hvem_kjent = any(t is not None and oslo(t).date() <= til for t in foerste)
    for felt in ("aldersgruppe", "aarsaksgruppe"):
        kolonne = getattr(Opphold, felt)
        tall = {
            r[0] or "": r[1]
            for r in db.session.execute(
                sa.select(kolonne, sa.func.count())
                .where(
                    Opphold.plassenhet_id.in_(enhetene(h.utvalg)),
                    Opphold.inn >= grenser(fra)[0],
                    Opphold.inn < grenser(til)[1],
                )
                .group_by(kolonne)
            )
        }
        h.hvem[felt] = regler.skjul(tall) if h.skjuler else dict(tall)
