"""Holding a bed: one gets it, the others are told who and where the next one is. Use cases.

The rules are in `plasser/hold.py`, which the room above uses too when it holds a bed from a case.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
import structlog

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, meld, transactional
from portal.core.errors import UgyldigOvergang
from portal.core.sprak import _l
from portal.plasser import access, steps
from portal.plasser.access import Handling
from portal.plasser.forloep import Holdstatus
from portal.plasser.hold import hold
from portal.plasser.models import Reservasjon
from portal.revisjon.steps import logg as revider

logg = structlog.get_logger(__name__)


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
) -> UUID:
    """Holds a bed of a unit, that one or the first that can take what is asked. Gives the hold's id.

    The same `klient_id` again gives the same hold. Raises Opptatt when none is free (`holder`: who has it), UgyldigData
    for a kommune without a place or with its quota used up, IkkeTilgang, IkkeFunnet.
    """
    enhet = access.hent(aktor, Handling.RESERVERE, plassenhet_id, laas=True)
    return hold(
        aktor,
        enhet,
        klient_id=klient_id,
        kommune_id=kommune_id,
        plass_id=plass_id,
        evner=evner,
        merknad=merknad,
        over_kvote=over_kvote,
    ).id


@transactional
def forleng(aktor: Aktor, reservasjon_id: UUID) -> None:
    """Extends a running hold, once, by the time that the unit gives a hold. Raises UgyldigOvergang."""
    reservasjon, enhet = access.hent_reservasjon(aktor, reservasjon_id, laas=True)
    _krev_aktiv(reservasjon)
    if reservasjon.forlenget is not None:
        raise UgyldigOvergang(
            _l("Plassen er alt forlenget én gang. Legg inn pasienten, eller frigi plassen.")
        )
    reservasjon.forlenget = now()
    reservasjon.utloeper += timedelta(minutes=enhet.hold_minutter)
    steps.flytt_stavlen(enhet.id)
    revider(
        aktor, "plasser.forlenget", "reservasjon", reservasjon.id, utloeper=reservasjon.utloeper.isoformat()
    )
    meld(
        "plasser.reservasjon_endret",
        reservasjon_id=reservasjon.id,
        referanse=reservasjon.referanse,
        status=str(Holdstatus.AKTIV),
    )


@transactional
def frigi(aktor: Aktor, reservasjon_id: UUID) -> None:
    """Gives a held bed back. Raises UgyldigOvergang when it is not held (any more)."""
    reservasjon, enhet = access.hent_reservasjon(aktor, reservasjon_id, laas=True)
    _krev_aktiv(reservasjon)
    steps.avslutt(aktor, reservasjon, Holdstatus.FRIGITT)
    steps.tell(aktor, enhet)
    revider(aktor, "plasser.frigitt", "reservasjon", reservasjon.id, enhet=str(enhet.id))


def _krev_aktiv(reservasjon: Reservasjon) -> None:
    if reservasjon.status != Holdstatus.AKTIV or reservasjon.utloeper <= now():
        raise UgyldigOvergang(
            _l("Plassen er ikke holdt lenger. Last siden på nytt og se hva som har skjedd.")
        )


def loes_ut_forfalte() -> int:
    """Job: holds whose time is over end, unit by unit. Gives how many. Safe to run twice and in two processes."""
    enheter = db.session.scalars(
        sa.select(Reservasjon.plassenhet_id)
        .where(Reservasjon.status == Holdstatus.AKTIV, Reservasjon.utloeper <= now())
        .distinct()
        .limit(500)
    ).all()
    db.session.rollback()
    antall = 0
    for enhet_id in sorted(enheter):
        try:
            antall += _loes_ut(enhet_id)
        except Exception:
            logg.exception("hold_utloep_feilet", enhet=str(enhet_id))
    return antall


@transactional
def _loes_ut(plassenhet_id: UUID) -> int:
    arbeider = Aktor.system("arbeider")
    enhet = access.hent(arbeider, Handling.DRIVE, plassenhet_id, laas=True)
    antall = steps.loes_ut(enhet)
    if antall:
        steps.tell(arbeider, enhet)
    return antall
