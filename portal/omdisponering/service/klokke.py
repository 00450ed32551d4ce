"""What time does to reallocations: they begin and end by themselves, proposals fall, answers are asked for. Jobs.

Due work is rows with a due time. Each is taken in a transaction of its own, skipped where another process has it,
looked at anew under its lock, and done once: a job may run twice, and in many processes. One that fails does not stop
the rest.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from portal.beredskap.brev import Naar
from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.enkeltvis import hver
from portal.core.sprak import _l
from portal.omdisponering import access, gang, steps
from portal.omdisponering.access import Handling
from portal.omdisponering.beskjeder import si
from portal.omdisponering.forloep import KAN_ENDRES, Hendelsestype, Side, Status
from portal.omdisponering.models import Omdisponering, Omdisponeringshendelse
from portal.omdisponering.service.lesing import TUR, VENTER_FRA
from portal.revisjon.steps import logg as revider

#: For so long the worker has what is due to itself, before the web processes do it.
ARBEIDEREN_FOERST = timedelta(seconds=10)
#: So long before the end both sides are told, of what lasts longer than that.
SLUTTER_SNART = timedelta(hours=24)
_FLEST = 500


def sett_i_gang_og_avslutt(siden: timedelta = timedelta()) -> int:
    """Job: what both sides have approved begins, and what has begun ends, each at its time. Gives how many.

    `siden`: those alone that have been due for so long. The web processes run it too, for a worker that has stopped.
    """
    forfalt = now() - siden
    ider = _ider(
        sa.or_(
            sa.and_(Omdisponering.status == Status.GODKJENT_MOTTAKER, Omdisponering.fra <= forfalt),
            sa.and_(Omdisponering.status == Status.IVERKSATT, Omdisponering.til <= forfalt),
        )
    )
    return hver(ider, _i_gang_eller_slutt, "omdisponering_feilet")


@transactional
def _i_gang_eller_slutt(omdisponering_id: UUID) -> int:
    arbeider, omd = _ta(omdisponering_id)
    naa = now()
    gjort = 0
    if omd is not None and omd.status == Status.GODKJENT_MOTTAKER and omd.fra <= naa:
        gang.begynn(arbeider, omd)
        gjort = 1
    if omd is not None and omd.status == Status.IVERKSATT and omd.til <= naa:
        gang.slutt(arbeider, omd)
        gjort = 1
    return gjort


def la_forfalle() -> int:
    """Job: drafts and proposals fall whose period is over. Both sides are told of a proposal. Gives how many."""
    return hver(
        _ider(sa.and_(Omdisponering.status.in_(sorted(KAN_ENDRES)), Omdisponering.til <= now())),
        _la_forfalle,
        "omdisponering_feilet",
    )


@transactional
def _la_forfalle(omdisponering_id: UUID) -> int:
    arbeider, omd = _ta(omdisponering_id)
    if omd is None or Status(omd.status) not in KAN_ENDRES or omd.til > now():
        return 0
    fra = Status(omd.status)
    steps.lukk(omd, Status.TRUKKET)
    steps.noter(arbeider, omd, Hendelsestype.TRUKKET, forfalt=1)
    revider(arbeider, "omdisponering.trukket", "omdisponering", omd.id, fra=str(fra), forfalt=True)
    if fra != Status.UTKAST:
        si(
            arbeider,
            omd,
            [omd.avgiver_id, omd.mottaker_id],
            "omdisponering.trukket",
            _l("Forslag %(nummer)s er falt bort: perioden er over", nummer=omd.nummer),
            _l("Det ble ikke godkjent av begge i tide. Lag et nytt forslag om det fortsatt trengs."),
            hastegrad=None,
        )
    return 1


# --- answers ---------------------------------------------------------------------------------------------


def purr() -> int:
    """Job: the side whose turn it is is reminded when half of its time to answer has gone, and at the deadline: once
    each, and never who has answered. Gives how many."""
    naa = now()
    ider = [
        r.id
        for r in db.session.execute(
            sa.select(Omdisponering.id, Omdisponering.svarfrist, Omdisponering.purret, _venter_fra())
            .where(Omdisponering.status.in_(sorted(TUR)), Omdisponering.svarfrist.is_not(None))
            .order_by(Omdisponering.svarfrist, Omdisponering.id)
        )
        if _skal_purres(r.venter_fra, r.svarfrist, r.purret, naa)
    ]
    db.session.rollback()
    return hver(ider[:_FLEST], _purr, "omdisponering_feilet")


def _venter_fra() -> sa.Label[datetime]:
    """Since when the side whose turn it is has waited to answer."""
    return (
        sa.select(sa.func.max(Omdisponeringshendelse.tidspunkt))
        .where(
            Omdisponeringshendelse.omdisponering_id == Omdisponering.id,
            Omdisponeringshendelse.type.in_(sorted(VENTER_FRA)),
        )
        .correlate(Omdisponering)
        .scalar_subquery()
        .label("venter_fra")
    )


def _skal_purres(fra: datetime | None, frist: datetime, purret: datetime | None, naa: datetime) -> bool:
    if naa >= frist:
        return purret is None or purret < frist
    return purret is None and fra is not None and naa >= fra + (frist - fra) / 2


@transactional
def _purr(omdisponering_id: UUID) -> int:
    arbeider, omd = _ta(omdisponering_id)
    if omd is None or omd.svarfrist is None or Status(omd.status) not in TUR:
        return 0
    naa, frist = now(), omd.svarfrist
    fra = db.session.scalar(sa.select(_venter_fra()).where(Omdisponering.id == omd.id))
    if not _skal_purres(fra, frist, omd.purret, naa):
        return 0
    over = naa >= frist
    tur = TUR[Status(omd.status)]
    omd.purret = naa
    steps.noter(arbeider, omd, Hendelsestype.PURRET, side=str(tur), over=int(over))
    si(
        arbeider,
        omd,
        [omd.avgiver_id if tur == Side.AVGIVER else omd.mottaker_id],
        "omdisponering.purret",
        _l("Svarfristen for %(nummer)s er ute", nummer=omd.nummer)
        if over
        else _l("Omdisponering %(nummer)s venter fortsatt på svar fra dere", nummer=omd.nummer),
        _l(
            "%(avgiver)s avgir til %(mottaker)s. Svar, eller si fra hvorfor ikke.",
            avgiver=omd.avgiver.kortnavn,
            mottaker=omd.mottaker.kortnavn,
        ),
        noekkel=f"{frist.isoformat()}:{'over' if over else 'halv'}",
    )
    return 1


# --- the end ---------------------------------------------------------------------------------------------


def si_fra_om_slutt() -> int:
    """Job: both sides are told the day before the end, once, of what lasts longer than that. Gives how many."""
    snart = now() + SLUTTER_SNART
    return hver(
        _ider(
            sa.and_(
                Omdisponering.status == Status.IVERKSATT,
                Omdisponering.til <= snart,
                Omdisponering.til > now(),
                Omdisponering.purret.is_(None),
            )
        ),
        _si_fra_om_slutt,
        "omdisponering_feilet",
    )


@transactional
def _si_fra_om_slutt(omdisponering_id: UUID) -> int:
    arbeider, omd = _ta(omdisponering_id)
    naa = now()
    if omd is None or omd.status != Status.IVERKSATT or omd.purret is not None:
        return 0
    if not naa < omd.til <= naa + SLUTTER_SNART:
        return 0
    # From now on it is not looked at again, also where it is too short to be told of.
    omd.purret = naa
    if omd.iverksatt is None or omd.til - omd.iverksatt <= SLUTTER_SNART:
        return 0
    steps.noter(arbeider, omd, Hendelsestype.PURRET, slutter=1)
    si(
        arbeider,
        omd,
        [omd.avgiver_id, omd.mottaker_id],
        "omdisponering.slutter_snart",
        _l("Omdisponering %(nummer)s slutter %(naar)s", nummer=omd.nummer, naar=Naar(omd.til)),
        _l(
            "Trengs det lenger, må dere bli enige om en ny i dag. Ellers går bemanningen tilbake av seg selv."
        ),
        hastegrad=None,
    )
    return 1


# --- what they share -------------------------------------------------------------------------------------


def _ider(vilkaar: sa.ColumnElement[bool]) -> list[UUID]:
    ider = list(
        db.session.scalars(
            sa.select(Omdisponering.id).where(vilkaar).order_by(Omdisponering.id).limit(_FLEST)
        )
    )
    db.session.rollback()
    return ider


def _ta(omdisponering_id: UUID) -> tuple[Aktor, Omdisponering | None]:
    """The clock, and the reallocation, locked; None where another process has it."""
    arbeider = Aktor.system("arbeider")
    fri = db.session.scalar(
        sa.select(Omdisponering.id)
        .where(Omdisponering.id == omdisponering_id)
        .with_for_update(skip_locked=True)
    )
    if fri is None:
        return arbeider, None
    return arbeider, access.hent(arbeider, Handling.GODKJENNE, omdisponering_id, laas=True)
