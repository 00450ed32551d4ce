"""The worker's part of the history: each ended day of each unit is added up once, and again after a correction."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import structlog

from portal.core.clock import i_dag, now, oslo
from portal.core.db import db, insert_for, transactional
from portal.plasser import doegn
from portal.plasser.doegn import Endring
from portal.plasser.forloep import Holdstatus
from portal.plasser.historikk import Plassdoegn, Plassendring
from portal.plasser.models import Avslag, Opphold, Plassenhet, Reservasjon

logg = structlog.get_logger(__name__)
#: So many days of one unit in one transaction: a unit that was imported with years of history holds up no other.
PR_GANG = 60


def legg_sammen_dager() -> int:
    """Job: adds up what days have ended since the last time. Gives how many. Safe to run twice and in two processes."""
    i_gaar = i_dag() - timedelta(days=1)
    siste = dict(
        db.session.execute(
            sa.select(Plassdoegn.plassenhet_id, sa.func.max(Plassdoegn.dag)).group_by(
                Plassdoegn.plassenhet_id
            )
        )
        .tuples()
        .all()
    )
    foerste = dict(
        db.session.execute(
            sa.select(Plassendring.plassenhet_id, sa.func.min(Plassendring.tidspunkt)).group_by(
                Plassendring.plassenhet_id
            )
        )
        .tuples()
        .all()
    )
    enheter = list(db.session.scalars(sa.select(Plassenhet.id).order_by(Plassenhet.id)))
    db.session.rollback()
    antall = 0
    for enhet_id in enheter:
        if enhet_id not in foerste:
            continue
        dag = siste[enhet_id] + timedelta(days=1) if enhet_id in siste else oslo(foerste[enhet_id]).date()
        while dag <= i_gaar:
            til = min(i_gaar, dag + timedelta(days=PR_GANG - 1))
            try:
                antall += _dager(enhet_id, dag, til)
            except Exception:
                logg.exception("plassdoegn_feilet", enhet=str(enhet_id))
                break
            dag = til + timedelta(days=1)
    return antall


@transactional
def _dager(enhet_id: UUID, fra: date, til: date) -> int:
    return lag(enhet_id, fra, til)


def lag(enhet_id: UUID, fra: date, til: date) -> int:
    """Adds up the days [fra, til] of a unit, over what stood there: for the job, and for corrections."""
    start, slutt = doegn.grenser(fra)[0], doegn.grenser(til)[1]
    tilstand = _ved(enhet_id, start)
    endringer = _mellom(enhet_id, start, slutt)
    hendt = _hendt(enhet_id, start, slutt)
    dag, antall, i = fra, 0, 0
    while dag <= til:
        begynner, ender = doegn.grenser(dag)
        dagens = []
        while i < len(endringer) and endringer[i].tidspunkt < ender:
            dagens.append(endringer[i])
            i += 1
        sekunder = doegn.legg_sammen(tilstand, dagens, begynner, ender)
        for e in dagens:
            tilstand[e.plass_id] = e
        inn = [t for t in hendt["innlagt"] if begynner <= t < ender]
        verdier = {
            **sekunder,
            **{k: sum(begynner <= t < ender for t in tider) for k, tider in hendt.items()},
            "innlagt_timer": doegn.timer(inn),
            "laget": now(),
        }
        db.session.execute(
            insert_for(Plassdoegn, db.engine.dialect.name)
            .values(plassenhet_id=enhet_id, dag=dag, **verdier)
            .on_conflict_do_update(index_elements=["plassenhet_id", "dag"], set_=verdier)
        )
        antall += 1
        dag += timedelta(days=1)
    return antall


def _kolonner() -> sa.Select[UUID, datetime, str, bool]:
    return sa.select(
        Plassendring.plass_id, Plassendring.tidspunkt, Plassendring.tilstand, Plassendring.bemannet
    ).where(Plassendring.rettet.is_(None))


def _ved(enhet_id: UUID, tid: datetime) -> dict[UUID, Endring]:
    """What each bed of the unit was when a moment came."""
    nyest = (
        sa.select(Plassendring.plass_id, sa.func.max(Plassendring.tidspunkt).label("tid"))
        .where(
            Plassendring.plassenhet_id == enhet_id,
            Plassendring.tidspunkt < tid,
            Plassendring.rettet.is_(None),
        )
        .group_by(Plassendring.plass_id)
        .subquery()
    )
    # Of two at the same moment the last holds.
    rader = db.session.execute(
        _kolonner()
        .join(
            nyest, sa.and_(nyest.c.plass_id == Plassendring.plass_id, nyest.c.tid == Plassendring.tidspunkt)
        )
        .order_by(Plassendring.nr)
    )
    return {r.plass_id: Endring(r.plass_id, r.tidspunkt, r.tilstand, r.bemannet) for r in rader}


def _mellom(enhet_id: UUID, fra: datetime, til: datetime) -> list[Endring]:
    rader = db.session.execute(
        _kolonner()
        .where(
            Plassendring.plassenhet_id == enhet_id,
            Plassendring.tidspunkt >= fra,
            Plassendring.tidspunkt < til,
        )
        .order_by(Plassendring.tidspunkt, Plassendring.plass_id, Plassendring.nr)
    )
    return [Endring(r.plass_id, r.tidspunkt, r.tilstand, r.bemannet) for r in rader]


def _hendt(enhet_id: UUID, fra: datetime, til: datetime) -> dict[str, list[datetime]]:
    """When people came and went, and when somebody was refused or a hold ran out."""

    def tider(kolonne: Any, *vilkaar: sa.ColumnElement[bool]) -> list[datetime]:
        return list(db.session.scalars(sa.select(kolonne).where(kolonne >= fra, kolonne < til, *vilkaar)))

    return {
        "innlagt": tider(Opphold.inn, Opphold.plassenhet_id == enhet_id),
        "utskrevet": tider(Opphold.ut, Opphold.plassenhet_id == enhet_id),
        "avslag": tider(Avslag.tidspunkt, Avslag.plassenhet_id == enhet_id),
        "utloept": tider(
            Reservasjon.avsluttet,
            Reservasjon.plassenhet_id == enhet_id,
            Reservasjon.status == Holdstatus.UTLOEPT,
        ),
    }
