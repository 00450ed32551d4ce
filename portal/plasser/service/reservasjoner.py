"""Holding a bed: one gets it, the others are told who and where the next one is. Use cases.

The rules are in `plasser/hold.py`, which the room above uses too when it holds a bed from a case.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from portal.avtaler import vern
from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.enkeltvis import hver
from portal.plasser import access, steps
from portal.plasser.access import Handling
from portal.plasser.hold import forleng_hold, frigi_hold, hold
from portal.plasser.models import HOLDES, Reservasjon


@transactional
def reserver(
    aktor: Aktor,
    plassenhet_id: UUID,
    *,
    klient_id: UUID,
    kommune_id: UUID | None = None,
    plass_id: UUID | None = None,
    evner: int = 0,
    merknad: str = "",
    over_kvote: bool = False,
    ikke_fnr: bool = False,
) -> UUID:
    """Holds a bed of a unit, that one or the first that can take what is asked. Gives the hold's id.

    The same `klient_id` again gives the same hold. Raises Opptatt when none is free (`holder`: who has it), UgyldigData
    for a kommune without a place, or (`personnummer`) an identity in the remark, Konflikt for a quota that is used up
    («kvote»; «kvote_bekreft» for the unit's people, who may say `over_kvote`), IkkeTilgang, IkkeFunnet.
    """
    enhet = access.hent(aktor, Handling.RESERVERE, plassenhet_id, laas=True)
    sluppet = vern.stopp_identitet({"merknad": merknad}, ikke_fnr=ikke_fnr)
    return hold(
        aktor,
        enhet,
        klient_id=klient_id,
        kommune_id=kommune_id,
        plass_id=plass_id,
        evner=evner,
        merknad=merknad,
        over_kvote=over_kvote,
        sluppet=sluppet,
    ).id


@transactional
def forleng(aktor: Aktor, reservasjon_id: UUID) -> None:
    """Extends a running hold, once, by the time that the unit gives a hold. Raises UgyldigOvergang."""
    reservasjon, enhet = access.hent_reservasjon(aktor, reservasjon_id, laas=True)
    forleng_hold(aktor, reservasjon, enhet)


@transactional
def frigi(aktor: Aktor, reservasjon_id: UUID) -> None:
    """Gives a held bed back. Raises UgyldigOvergang when it is not held (any more)."""
    reservasjon, enhet = access.hent_reservasjon(aktor, reservasjon_id, laas=True)
    frigi_hold(aktor, reservasjon, enhet)


#: For so long the worker has holds that are over to itself, before the web processes end them.
ARBEIDEREN_FOERST = timedelta(seconds=10)


def loes_ut_forfalte(siden: timedelta = timedelta()) -> int:
    """Job: holds whose time is over end, unit by unit. Gives how many. Safe to run twice and in many processes.

    `siden`: those alone that have been over for so long. The web processes run it too, for a worker that has stopped.
    """
    enheter = db.session.scalars(
        sa.select(Reservasjon.plassenhet_id)
        .where(HOLDES, Reservasjon.utloeper <= now() - siden)
        .distinct()
        .limit(500)
    ).all()
    db.session.rollback()
    return hver(sorted(enheter), _loes_ut, "hold_utloep_feilet", "enhet")


@transactional
def _loes_ut(plassenhet_id: UUID) -> int:
    arbeider = Aktor.system("arbeider")
    enhet = access.hent(arbeider, Handling.DRIVE, plassenhet_id, laas=True)
    antall = steps.loes_ut(enhet)
    if antall:
        steps.tell(arbeider, enhet)
    return antall
