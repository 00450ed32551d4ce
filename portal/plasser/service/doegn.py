"""The worker's part of the history: each ended day of each unit is added up once, and again after a correction."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.core.clock import now, oslo
from portal.core.db import db, insert_for, transactional
from portal.core.enkeltvis import sviktet
from portal.plasser import doegn, steps
from portal.plasser.doegn import Endring
from portal.plasser.forloep import Holdstatus, Tilstand
from portal.plasser.historikk import DELER, SUMMER, UTEN, Plassdoegn, Plassendring, Plassmaaned
from portal.plasser.models import Avslag, Opphold, Plass, Plassenhet, Reservasjon
from portal.plasser.service import omraader

#: So many days of one unit in one transaction: a unit that was imported with years of history holds up no other.
PR_GANG = 60
#: A day is added up so long after its end: what was decided at its last second has been written by then.
VENT = timedelta(minutes=5)
#: Which units: a condition on the column of a table that names one.
Enheter = sa.Select[UUID] | list[UUID]


def siste_hele_dag() -> date:
    """The last day that may have been added up."""
    return oslo(now() - VENT).date() - timedelta(days=1)


def legg_sammen_dager() -> int:
    """Job: adds up what days have ended since the last time. Gives how many. Safe to run twice and in two processes."""
    siste = siste_hele_dag()
    # Asked unit by unit, each answer is the end of an index: there are millions of days.
    rader = db.session.execute(
        sa.select(Plassenhet.id, Plassenhet.nedlagt, sist_lagt_sammen(), foerste_endring()).order_by(
            Plassenhet.id
        )
    ).all()
    db.session.rollback()
    antall = 0
    for enhet_id, nedlagt, sist, foerste in rader:
        if foerste is None:
            continue
        dag = sist + timedelta(days=1) if sist is not None else oslo(foerste).date()
        # A unit that has been closed down has no day after its last.
        slutt = siste if nedlagt is None else min(siste, oslo(nedlagt).date())
        while dag <= slutt:
            til = min(slutt, dag + timedelta(days=PR_GANG - 1))
            try:
                antall += _dager(enhet_id, dag, til)
            except Exception:
                sviktet("plassdoegn_feilet", enhet=str(enhet_id))
                break
            dag = til + timedelta(days=1)
    omraader.legg_sammen()
    return antall


def sist_lagt_sammen() -> Any:
    """The last day of a unit that has been added up, as a column beside `Plassenhet`."""
    return (
        sa.select(sa.func.max(Plassdoegn.dag))
        .where(Plassdoegn.plassenhet_id == Plassenhet.id)
        .scalar_subquery()
    )


def foerste_endring() -> Any:
    """The moment of a unit's first change, likewise."""
    return (
        sa.select(sa.func.min(Plassendring.tidspunkt))
        .where(Plassendring.plassenhet_id == Plassenhet.id)
        .scalar_subquery()
    )


@transactional
def _dager(enhet_id: UUID, fra: date, til: date) -> int:
    # Whoever changes a bed holds this lock: nobody slips in what is missed here.
    steps.laas([enhet_id])
    return lag(enhet_id, fra, til)


def lag(enhet_id: UUID, fra: date, til: date) -> int:
    """Adds up the days [fra, til] of a unit, over what stood there: for the job, and for corrections.

    With the unit locked. Days that have not ended are left alone.
    """
    til = min(til, siste_hele_dag())
    dager = [{"plassenhet_id": enhet_id, "laget": now(), **d} for d in les_dager([enhet_id], fra, til)]
    for verdier in dager:
        _skriv(Plassdoegn, ("plassenhet_id", "dag"), verdier)
    if dager:
        _lag_maaneder(enhet_id, fra.replace(day=1), til)
        steps.merk_dager(fra, til)
        omraader.sett_omraade(enhet_id)
    return len(dager)


def _lag_maaneder(enhet_id: UUID, fra: date, til: date) -> None:
    """The months that those days are in, from all their days."""
    summer: dict[date, dict[str, Any]] = {}
    slutt = (til.replace(day=28) + timedelta(days=4)).replace(day=1)
    for r in db.session.execute(
        sa.select(Plassdoegn.dag, *(getattr(Plassdoegn, k) for k in SUMMER)).where(
            Plassdoegn.plassenhet_id == enhet_id, Plassdoegn.dag >= fra, Plassdoegn.dag < slutt
        )
    ).mappings():
        maaned = r["dag"].replace(day=1)
        sum_ = summer.setdefault(
            maaned, {"plassenhet_id": enhet_id, "maaned": maaned, **dict.fromkeys(SUMMER, 0)}
        )
        for k in SUMMER:
            sum_[k] += r[k]
    for verdier in summer.values():
        _skriv(Plassmaaned, ("plassenhet_id", "maaned"), verdier)


def _skriv(tabell: Any, noekkel: tuple[str, str], verdier: dict[str, Any]) -> None:
    db.session.execute(
        insert_for(tabell, db.engine.dialect.name)
        .values(**verdier)
        .on_conflict_do_update(
            index_elements=noekkel, set_={k: v for k, v in verdier.items() if k not in noekkel}
        )
    )


def les_dager(
    enheter: Enheter, fra: date, til: date, slutt: datetime | None = None
) -> Iterator[dict[str, Any]]:
    """The days [fra, til] of these units together, from the changes themselves: {"dag", *SUMMER, "innlagt_timer"}.

    `slutt`: where the last of them breaks off, for the one that still runs.
    """
    if til < fra:
        return
    start = doegn.grenser(fra)[0]
    ende = min(slutt or now(), doegn.grenser(til)[1])
    tilstand = _ved(enheter, start)
    endringer = _mellom(enheter, start, ende)
    utloept = _utloept(enheter, ende)
    for e in utloept:
        if e.tidspunkt < start:
            tilstand[e.plass_id] = e
        else:
            endringer.append(e)
    if utloept:
        endringer.sort(key=lambda e: e.tidspunkt)
    hendt, liggetid = _hendt(enheter, start, ende)
    hendt["utloept"] += [e.tidspunkt for e in utloept if start <= e.tidspunkt]
    dag, i = fra, 0
    while dag <= til:
        begynner, ender = doegn.grenser(dag)
        ender = min(ender, ende)
        dagens = []
        while i < len(endringer) and endringer[i].tidspunkt < ender:
            dagens.append(endringer[i])
            i += 1
        sekunder = doegn.legg_sammen(tilstand, dagens, begynner, ender)
        for e in dagens:
            tilstand[e.plass_id] = e
        inn = [t for t in hendt["innlagt"] if begynner <= t < ender]
        yield {
            "dag": dag,
            **sekunder,
            **{k: sum(begynner <= t < ender for t in tider) for k, tider in hendt.items()},
            "liggetid": sum(s for t, s in liggetid if begynner <= t < ender),
            "innlagt_timer": doegn.timer(inn),
        }
        dag += timedelta(days=1)


def les_loepende(enheter: Enheter, fra: date, til: date, slutt: datetime) -> Iterator[dict[str, Any]]:
    """The same as `les_dager` for days up to now, added up by the database: for a whole country's day that runs."""
    dag = fra
    while dag <= til:
        begynner, ender = doegn.grenser(dag)
        ender = min(ender, slutt)
        hendt, liggetid = _hendt(enheter, begynner, ender)
        utloept = sum(begynner <= e.tidspunkt for e in _utloept(enheter, ender))
        yield {
            "dag": dag,
            **_sekunder(enheter, begynner, ender),
            **{k: len(tider) for k, tider in hendt.items()},
            "utloept": len(hendt["utloept"]) + utloept,
            "liggetid": sum(s for _t, s in liggetid),
            "innlagt_timer": doegn.timer(hendt["innlagt"]),
        }
        dag += timedelta(days=1)


def _kolonner() -> sa.Select[UUID, datetime, str, bool, bool]:
    return sa.select(
        Plassendring.plass_id,
        Plassendring.tidspunkt,
        Plassendring.tilstand,
        Plassendring.bemannet,
        Plassendring.normert,
    ).where(Plassendring.rettet.is_(None))


def _sekunder(enheter: Enheter, fra: datetime, til: datetime) -> dict[str, int]:
    """What `doegn.legg_sammen` gives of [fra, til), of which the end is not long ago.

    A bed to which nothing has happened since it began is what it is now; of the others one row more is read than what
    has happened, however long their history. In one statement: a bed that changes meanwhile is counted once.
    """
    hele = int((til - fra).total_seconds())
    endret = (
        sa.select(
            Plassendring.plass_id,
            Plassendring.nr,
            Plassendring.tidspunkt,
            _som_tekst(Plassendring).label("hva"),
        )
        .join(Plassenhet, Plassenhet.id == Plassendring.plassenhet_id)
        .where(Plassenhet.id.in_(enheter), Plassendring.tidspunkt >= fra, Plassendring.rettet.is_(None))
    )
    # A hold that has run out and that nobody has ended yet: last of two at the same moment.
    utloept = (
        sa.select(
            Reservasjon.plass_id,
            sa.literal(2**31 - 1),
            Reservasjon.utloeper,
            _som_tekst(Plass, sa.literal(str(Tilstand.LEDIG))),
        )
        .join(Plass, Plass.id == Reservasjon.plass_id)
        .where(
            Reservasjon.plassenhet_id.in_(enheter),
            Reservasjon.status == Holdstatus.AKTIV,
            Reservasjon.utloeper < now(),
        )
    )
    hendt = sa.union_all(endret, utloept).cte("hendt")
    siden = _hele_sekunder(hendt.c.tidspunkt) - int(fra.timestamp())
    da = sa.case((siden < 0, 0), (siden > hele, hele), else_=siden)
    med = sa.select(
        hendt.c.plass_id,
        hendt.c.hva,
        da.label("da"),
        sa.func.coalesce(
            sa.func.lead(da).over(partition_by=hendt.c.plass_id, order_by=(hendt.c.tidspunkt, hendt.c.nr)),
            hele,
        ).label("neste"),
    ).cte("med")
    foerst = sa.select(med.c.plass_id, sa.func.min(med.c.da).label("da")).group_by(med.c.plass_id).subquery()
    foer = sa.select(_siste(foerst.c.plass_id, fra).label("hva"), foerst.c.da).subquery()
    uroert = (
        sa.select(_som_tekst(Plass).label("hva"))
        .where(
            Plass.plassenhet_id.in_(enheter),
            Plass.nedlagt.is_(None),
            Plass.endringer > 0,
            Plass.id.not_in(sa.select(hendt.c.plass_id)),
        )
        .subquery()
    )
    deler = sa.union_all(
        sa.select(med.c.hva, sa.func.sum(med.c.neste - med.c.da)).group_by(med.c.hva),
        sa.select(foer.c.hva, sa.func.sum(foer.c.da)).group_by(foer.c.hva),
        sa.select(uroert.c.hva, sa.func.count() * hele).group_by(uroert.c.hva),
    )
    ut = dict.fromkeys((*DELER, "normert"), 0)
    for hva, sekunder in db.session.execute(deler):
        # Before its first change a bed was nothing.
        if hva is None:
            continue
        e = _fra_tekst(UTEN, fra, hva)
        if e.gruppe is not None:
            ut[e.gruppe] += int(sekunder)
            ut["normert"] += int(sekunder) if e.normert else 0
    return ut


def _hele_sekunder(kolonne: Any) -> Any:
    """A moment as whole seconds since 1970, rounded down."""
    if db.engine.dialect.name == "postgresql":
        return sa.cast(sa.func.floor(sa.extract("epoch", kolonne)), sa.BigInteger)
    return sa.cast(sa.func.strftime("%s", sa.func.substr(kolonne, 1, 19)), sa.BigInteger)


def _som_tekst(tabell: Any, tilstand: Any = None) -> Any:
    """What a bed is, in one value: whether it is staffed and normed, and its state."""
    return (
        sa.case((tabell.bemannet, "1"), else_="0")
        .concat(sa.case((tabell.normert, "1"), else_="0"))
        .concat(tabell.tilstand if tilstand is None else tilstand)
    )


def _fra_tekst(plass_id: UUID, tid: datetime, hva: str) -> Endring:
    return Endring(plass_id, tid, hva[2:], hva[0] == "1", hva[1] == "1")


def _siste(plass_id: Any, tid: datetime) -> Any:
    """What a bed was when a moment came, as a column: one look into the index, however long its history.

    All of the row in one value: asked for by its number afterwards, the planner reads the whole history for it. Of two
    at the same moment the last holds.
    """
    eldre = aliased(Plassendring)
    return (
        sa.select(_som_tekst(eldre))
        .where(eldre.plass_id == plass_id, eldre.tidspunkt < tid, eldre.rettet.is_(None))
        .order_by(eldre.tidspunkt.desc(), eldre.nr.desc())
        .limit(1)
        .correlate_except(eldre)
        .scalar_subquery()
    )


def _ved(enheter: Enheter, tid: datetime) -> dict[UUID, Endring]:
    """What each bed of the units was when a moment came."""
    rader = db.session.execute(
        sa.select(Plass.id, _siste(Plass.id, tid)).where(Plass.plassenhet_id.in_(enheter))
    )
    return {plass_id: _fra_tekst(plass_id, tid, hva) for plass_id, hva in rader if hva is not None}


def _mellom(enheter: Enheter, fra: datetime, til: datetime) -> list[Endring]:
    rader = db.session.execute(
        _kolonner()
        .where(
            Plassendring.plassenhet_id.in_(enheter),
            Plassendring.tidspunkt >= fra,
            Plassendring.tidspunkt < til,
        )
        .order_by(Plassendring.tidspunkt, Plassendring.plass_id, Plassendring.nr)
    )
    return [Endring(*r) for r in rader]


def _utloept(enheter: Enheter, til: datetime) -> list[Endring]:
    """Holds that have run out and that nobody has ended yet, since the worker stands still: the beds are free since."""
    rader = db.session.execute(
        sa.select(Reservasjon.plass_id, Reservasjon.utloeper, Plass.bemannet, Plass.normert)
        .join(Plass, Plass.id == Reservasjon.plass_id)
        .where(
            Reservasjon.plassenhet_id.in_(enheter),
            Reservasjon.status == Holdstatus.AKTIV,
            Reservasjon.utloeper < til,
        )
    )
    return [Endring(r.plass_id, r.utloeper, Tilstand.LEDIG, r.bemannet, r.normert) for r in rader]


def _hendt(
    enheter: Enheter, fra: datetime, til: datetime
) -> tuple[dict[str, list[datetime]], list[tuple[datetime, int]]]:
    """When people came and went, and when somebody was refused or a hold ran out; and (when, how long in seconds) of
    those who went."""

    def tider(kolonne: Any, *vilkaar: sa.ColumnElement[bool]) -> list[datetime]:
        return list(db.session.scalars(sa.select(kolonne).where(kolonne >= fra, kolonne < til, *vilkaar)))

    ut = db.session.execute(
        sa.select(Opphold.inn, Opphold.ut).where(
            Opphold.plassenhet_id.in_(enheter), Opphold.ut >= fra, Opphold.ut < til
        )
    ).all()
    return {
        "innlagt": tider(Opphold.inn, Opphold.plassenhet_id.in_(enheter)),
        "utskrevet": [r.ut for r in ut],
        "avslag": tider(Avslag.tidspunkt, Avslag.plassenhet_id.in_(enheter)),
        "utloept": tider(
            Reservasjon.avsluttet,
            Reservasjon.plassenhet_id.in_(enheter),
            Reservasjon.status == Holdstatus.UTLOEPT,
        ),
    }, [(r.ut, int((r.ut - r.inn).total_seconds())) for r in ut]
