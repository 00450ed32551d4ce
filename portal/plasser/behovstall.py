"""What the registry says of a kommune's use of emergency beds in a period: for the assessment of its need.

As plain data, so that it can be kept with the decision that was made on it. What nobody knows is None, never zero. Whom
the stays were for is told as sums; a refusal counts where it was given.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.beredskap.models import Faseperiode
from portal.core.clock import now, oslo
from portal.core.db import db
from portal.identitet.models import Enhet, Organisasjon
from portal.plasser import access
from portal.plasser.doegn import grenser
from portal.plasser.forloep import OVER_67, Avslagsgrunn, Holdstatus
from portal.plasser.historikk import DELER, Plassdoegn
from portal.plasser.models import Avslag, Opphold, Plassenhet, Plassmedlem, Plasstall, Reservasjon

#: Of fewer than this nothing is told of their ages.
_FAERREST = 10
#: From this phase on an epidemic counts as one in the figures.
_HOEY_FASE = 3


@dataclass(frozen=True, slots=True)
class _Plassdager:
    """A kommune's places in one unit: beds times days in the period, and how many it has on the last day."""

    kvotedager: int
    kvote: int


def tall(kommune_id: UUID, fra: date, til: date) -> dict[str, Any]:
    """The figures of the days [fra, til].

    `kvote`: beds that are the kommune's own on the last day; `doegn`: nights its inhabitants lay there; `bruk`: of its
    own bed-days, the share that was used (more than 1: it borrowed); `belegg`: of the units' bed-time whose state is
    known, the share that was occupied; `operativt`: of the time that beds were staffed and open; `snitt_timer`: mean
    stay of who left in the period; `over_67`: their share of those whose age is known; `dager`/`dager_med_tall`:
    unit-days in it, and those that there are figures of. What kommuner that have become part of it had and used counts
    as its own: a stay that ran on through the merger is its, and so are their bed-days.
    """
    start, slutt = grenser(fra)[0], grenser(til)[1]
    kommuner = {kommune_id, *db.session.scalars(access.forgjengere(kommune_id))}
    plasser = _plassdager(kommuner, fra, til)
    summer = _summer(plasser, fra, til)
    enheter = _enheter(plasser, summer)
    opphold = _opphold(kommuner, start, slutt)
    avslag = _avslag(kommuner, start, slutt)
    utloept: int | None = _utloept(kommuner, start, slutt)
    kvotedager = sum(p.kvotedager for p in plasser.values())
    alle = {k: sum(s[k] for s in summer.values()) for k in (*DELER, "dager")}
    dager = (til - fra).days + 1
    if not alle["dager"]:
        # The registry knows of no day: that it knows of nobody is not that there was nobody.
        for telt, hva in ((opphold, ("innlagt", "utskrevet", "doegn")), (avslag, ("avslag_sum",))):
            telt.update({k: telt[k] or None for k in hva})
        utloept = utloept or None
    doegn = opphold["doegn"]
    return {
        "fra": fra.isoformat(),
        "til": til.isoformat(),
        "dager": dager * len(plasser),
        "dager_med_tall": alle["dager"],
        "kvote": sum(p.kvote for p in plasser.values()) if plasser else None,
        "enheter": enheter,
        **opphold,
        "bruk": round(doegn / kvotedager, 4) if kvotedager and doegn is not None else None,
        **_belegg(alle),
        **avslag,
        "utloept": utloept,
        **_fase(kommuner, start, slutt),
    }


def _plassdager(kommuner: Collection[UUID], fra: date, til: date) -> dict[UUID, _Plassdager]:
    rader = db.session.execute(
        sa.select(Plassmedlem.plassenhet_id, Plassmedlem.kvote, Plassmedlem.fra, Plassmedlem.til)
        .where(
            Plassmedlem.kommune_id.in_(kommuner),
            Plassmedlem.fra <= til,
            sa.or_(Plassmedlem.til.is_(None), Plassmedlem.til > fra),
        )
        .order_by(Plassmedlem.fra)
    ).all()
    ut: dict[UUID, _Plassdager] = {}
    for r in rader:
        til_og_med = til if r.til is None else min(til, r.til - timedelta(days=1))
        dager = max((til_og_med - max(fra, r.fra)).days + 1, 0)
        gjelder = r.fra <= til and (r.til is None or r.til > til)
        foer = ut.get(r.plassenhet_id, _Plassdager(0, 0))
        ut[r.plassenhet_id] = _Plassdager(
            foer.kvotedager + r.kvote * dager, foer.kvote + (r.kvote if gjelder else 0)
        )
    return ut


def _summer(plasser: Mapping[UUID, _Plassdager], fra: date, til: date) -> dict[UUID, dict[str, int]]:
    """The units' bed-seconds in each of `DELER`, and how many days there are of each."""
    rader = db.session.execute(
        sa.select(
            Plassdoegn.plassenhet_id,
            sa.func.count().label("dager"),
            *(sa.func.sum(getattr(Plassdoegn, k)).label(k) for k in DELER),
        )
        .where(Plassdoegn.plassenhet_id.in_(plasser), Plassdoegn.dag >= fra, Plassdoegn.dag <= til)
        .group_by(Plassdoegn.plassenhet_id)
    ).all()
    funnet = {r.plassenhet_id: {k: int(getattr(r, k) or 0) for k in (*DELER, "dager")} for r in rader}
    return {e: funnet.get(e, dict.fromkeys((*DELER, "dager"), 0)) for e in plasser}


def _enheter(
    plasser: Mapping[UUID, _Plassdager], summer: Mapping[UUID, Mapping[str, int]]
) -> list[dict[str, Any]]:
    rader = db.session.execute(
        sa.select(Plassenhet.id, Enhet.navn, Organisasjon.kortnavn, Plasstall.normert)
        .join(Enhet, Enhet.id == Plassenhet.enhet_id)
        .join(Organisasjon, Organisasjon.id == Plassenhet.vertskommune_id)
        .outerjoin(Plasstall, Plasstall.plassenhet_id == Plassenhet.id)
        .where(Plassenhet.id.in_(plasser))
        .order_by(Enhet.navn, Plassenhet.id)
    ).all()
    return [
        {
            "id": str(r.id),
            "navn": r.navn,
            "vert": r.kortnavn,
            "kvote": plasser[r.id].kvote,
            "normert": r.normert,
            **_belegg(summer[r.id]),
        }
        for r in rader
    ]


def _belegg(summer: Mapping[str, int]) -> dict[str, float | None]:
    kjent = sum(summer[k] for k in DELER) - summer["ukjent"]
    operativ = kjent - summer["stengt"] - summer["ubemannet"]
    return {
        "belegg": round(summer["belagt"] / kjent, 4) if kjent else None,
        "operativt": round(summer["belagt"] / operativ, 4) if operativ else None,
        "stengt": round((summer["stengt"] + summer["ubemannet"]) / kjent, 4) if kjent else None,
    }


def _opphold(kommuner: Collection[UUID], start: datetime, slutt: datetime) -> dict[str, Any]:
    """Its inhabitants' stays: who came, who left, how long they lay there in the period."""
    rader = db.session.execute(
        sa.select(Opphold.inn, Opphold.ut, Opphold.aldersgruppe).where(
            Opphold.kommune_id.in_(kommuner),
            Opphold.inn < slutt,
            sa.or_(Opphold.ut.is_(None), Opphold.ut >= start),
        )
    ).all()
    kom = [r for r in rader if r.inn >= start]
    gikk = [r for r in rader if r.ut is not None and r.ut < slutt]
    sekunder = sum((min(r.ut or now(), slutt) - max(r.inn, start)).total_seconds() for r in rader)
    varighet = sum((r.ut - r.inn).total_seconds() for r in gikk)
    kjent = sum(r.aldersgruppe is not None for r in kom)
    eldre = sum(r.aldersgruppe in OVER_67 for r in kom)
    return {
        "innlagt": len(kom),
        "utskrevet": len(gikk),
        "doegn": round(sekunder / 86_400, 1),
        "snitt_timer": round(varighet / len(gikk) / 3600, 1) if gikk else None,
        # The trust reads it too: of a few, an age points to a person.
        "over_67": round(eldre / kjent, 2) if kjent >= _FAERREST else None,
    }


def _avslag(kommuner: Collection[UUID], start: datetime, slutt: datetime) -> dict[str, Any]:
    rader = {
        r.grunn: int(r.antall)
        for r in db.session.execute(
            sa.select(Avslag.grunn, sa.func.count().label("antall"))
            .where(Avslag.kommune_id.in_(kommuner), Avslag.tidspunkt >= start, Avslag.tidspunkt < slutt)
            .group_by(Avslag.grunn)
        )
    }
    # In the order of the list, so that two fillings of the same figures are the same text.
    return {
        "avslag": {str(g): rader[g] for g in Avslagsgrunn if rader.get(g)},
        "avslag_sum": sum(rader.values()),
    }


def _utloept(kommuner: Collection[UUID], start: datetime, slutt: datetime) -> int:
    return (
        db.session.scalar(
            sa.select(sa.func.count())
            .select_from(Reservasjon)
            .where(
                Reservasjon.kommune_id.in_(kommuner),
                Reservasjon.status == Holdstatus.UTLOEPT,
                Reservasjon.avsluttet >= start,
                Reservasjon.avsluttet < slutt,
            )
        )
        or 0
    )


def _fase(kommuner: Collection[UUID], start: datetime, slutt: datetime) -> dict[str, Any]:
    """The highest phase that the kommune was in, and on how many days it was in one from 3 on; None: none was set."""
    slutt = min(slutt, now())
    rader: Sequence[Any] = db.session.execute(
        sa.select(Faseperiode.fase, Faseperiode.fra, Faseperiode.til).where(
            Faseperiode.organisasjon_id.in_(kommuner),
            Faseperiode.trukket.is_(None),
            Faseperiode.fra < slutt,
            sa.or_(Faseperiode.til.is_(None), Faseperiode.til > start),
        )
    ).all()
    dager: set[date] = set()
    for r in rader:
        if r.fase < _HOEY_FASE:
            continue
        dag, siste = oslo(max(r.fra, start)).date(), oslo(min(r.til or slutt, slutt)).date()
        while dag <= siste and grenser(dag)[0] < slutt:
            dager.add(dag)
            dag += timedelta(days=1)
    return {"fase": max((int(r.fase) for r in rader), default=None), "hoey_fase_dager": len(dager)}
