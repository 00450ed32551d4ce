"""The sums of areas: of the units of each trust and fylke together, so that a page of the country reads few rows.

They follow the sums of the units: who changes those marks the days (`steps.merk_dager`) in the same transaction and
waits for nobody, and the job makes the areas' anew. Marked days are read from the units, so that what is read is always
true; where a unit belongs to another area than the one it was summed in, all is.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.core.db import db, insert_for, transactional
from portal.identitet.models import Organisasjon
from portal.plasser import historikkregler as regler
from portal.plasser import steps
from portal.plasser.historikk import (
    SUMMER,
    TIMER,
    UTEN,
    Omraadedoegn,
    Omraademaaned,
    Plassdoegn,
    Plassmerke,
    Plassomraade,
)
from portal.plasser.historikkregler import Opploesning
from portal.plasser.models import Plassenhet

#: So many days of all units in one transaction.
PR_GANG = 31


def _omraadet() -> tuple[Any, Any]:
    """The trust and the fylke of a vertskommune, as the sums call them."""
    uten = sa.literal(UTEN, sa.Uuid())
    return (
        sa.func.coalesce(Organisasjon.helseforetak_id, uten),
        sa.func.coalesce(Organisasjon.overordnet_id, uten),
    )


def _flyttede() -> sa.Select[UUID]:
    """Units whose days are in no area's sums, or in another's than their vertskommune's."""
    foretak, fylke = _omraadet()
    return (
        sa.select(Plassenhet.id)
        .join(Organisasjon, Organisasjon.id == Plassenhet.vertskommune_id)
        .outerjoin(Plassomraade, Plassomraade.plassenhet_id == Plassenhet.id)
        .where(
            sa.or_(
                sa.and_(
                    Plassomraade.plassenhet_id.is_(None),
                    sa.exists().where(Plassdoegn.plassenhet_id == Plassenhet.id),
                ),
                Plassomraade.foretak_id != foretak,
                Plassomraade.fylke_id != fylke,
            )
        )
    )


def noen_flyttet() -> bool:
    return bool(db.session.scalar(sa.select(_flyttede().exists())))


def biter(fra: date, til: date) -> list[tuple[date, date, bool]]:
    """The period cut where it must be: (first day, last day, whether the areas' sums are true then)."""
    merker = db.session.execute(
        sa.select(Plassmerke.fra, Plassmerke.til)
        .where(Plassmerke.fra <= til, Plassmerke.til >= fra)
        .distinct()
    )
    return regler.del_opp(fra, til, [(m.fra, m.til) for m in merker])


# --- they are made ---------------------------------------------------------------------------------------


def sett_omraade(enhet_id: UUID) -> None:
    """The unit's days belong to its vertskommune's area from now on, all that it has. With the unit locked."""
    foretak, fylke = _omraadet()
    naa = db.session.execute(
        sa.select(
            foretak.label("foretak_id"),
            fylke.label("fylke_id"),
            Plassomraade.foretak_id.label("forrige_foretak"),
            Plassomraade.fylke_id.label("forrige_fylke"),
        )
        .select_from(Plassenhet)
        .join(Organisasjon, Organisasjon.id == Plassenhet.vertskommune_id)
        .outerjoin(Plassomraade, Plassomraade.plassenhet_id == Plassenhet.id)
        .where(Plassenhet.id == enhet_id)
    ).one()
    if (naa.foretak_id, naa.fylke_id) == (naa.forrige_foretak, naa.forrige_fylke):
        return
    verdier = {"foretak_id": naa.foretak_id, "fylke_id": naa.fylke_id}
    db.session.execute(
        insert_for(Plassomraade, db.engine.dialect.name)
        .values(plassenhet_id=enhet_id, **verdier)
        .on_conflict_do_update(index_elements=["plassenhet_id"], set_=verdier)
    )
    foerste, siste = db.session.execute(
        sa.select(sa.func.min(Plassdoegn.dag), sa.func.max(Plassdoegn.dag)).where(
            Plassdoegn.plassenhet_id == enhet_id
        )
    ).one()
    if foerste is not None:
        steps.merk_dager(foerste, siste)


def legg_sammen() -> None:
    """Job: makes the areas' sums anew where those of units have changed. Safe to run twice and in two processes."""
    flyttede = db.session.scalars(_flyttede().order_by(Plassenhet.id)).all()
    db.session.rollback()
    for enhet_id in flyttede:
        _flytt(enhet_id)
    while _neste_bunke():
        pass


@transactional
def _flytt(enhet_id: UUID) -> None:
    steps.laas([enhet_id])
    sett_omraade(enhet_id)


@transactional
def _neste_bunke() -> bool:
    """The last days that are marked. Gives whether there were any.

    All marks are locked: of two processes the second waits here, and reads what the first has read or newer. A mark
    that is set meanwhile stays for the next time.
    """
    merker = db.session.execute(
        sa.select(Plassmerke.id, Plassmerke.fra, Plassmerke.til).order_by(Plassmerke.id).with_for_update()
    ).all()
    if not merker:
        return False
    til = max(m.til for m in merker)
    fra = til - timedelta(days=PR_GANG - 1)
    _lag(max(fra, min(m.fra for m in merker)), til)
    ferdige = [m.id for m in merker if m.fra >= fra]
    resten = [m.id for m in merker if m.fra < fra <= m.til]
    if ferdige:
        db.session.execute(sa.delete(Plassmerke).where(Plassmerke.id.in_(ferdige)))
    if resten:
        db.session.execute(
            sa.update(Plassmerke).where(Plassmerke.id.in_(resten)).values(til=fra - timedelta(days=1))
        )
    return True


def _lag(fra: date, til: date) -> None:
    """The days [fra, til] of all areas, and the months that they are in."""
    i_timen = (sa.func.coalesce(Plassdoegn.innlagt_timer[str(n)].as_integer(), 0) for n in range(24))
    db.session.execute(sa.delete(Omraadedoegn).where(Omraadedoegn.dag.between(fra, til)))
    db.session.execute(
        sa.insert(Omraadedoegn).from_select(
            ["dag", "foretak_id", "fylke_id", *SUMMER, *TIMER],
            sa.select(
                Plassdoegn.dag,
                Plassomraade.foretak_id,
                Plassomraade.fylke_id,
                *(sa.func.sum(getattr(Plassdoegn, k)) for k in SUMMER),
                *(sa.func.sum(antall) for antall in i_timen),
            )
            .join(Plassomraade, Plassomraade.plassenhet_id == Plassdoegn.plassenhet_id)
            .where(Plassdoegn.dag.between(fra, til))
            .group_by(Plassdoegn.dag, Plassomraade.foretak_id, Plassomraade.fylke_id),
        )
    )
    maaned = fra.replace(day=1)
    while maaned <= til:
        neste = regler.neste(maaned, Opploesning.MAANED)
        db.session.execute(sa.delete(Omraademaaned).where(Omraademaaned.maaned == maaned))
        db.session.execute(
            sa.insert(Omraademaaned).from_select(
                ["maaned", "foretak_id", "fylke_id", *SUMMER],
                sa.select(
                    sa.literal(maaned, sa.Date),
                    Omraadedoegn.foretak_id,
                    Omraadedoegn.fylke_id,
                    *(sa.func.sum(getattr(Omraadedoegn, k)) for k in SUMMER),
                )
                .where(Omraadedoegn.dag >= maaned, Omraadedoegn.dag < neste)
                .group_by(Omraadedoegn.foretak_id, Omraadedoegn.fylke_id),
            )
        )
        maaned = neste
