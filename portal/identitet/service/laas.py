"""The locked screen: locking, opening again with a proof of who one is, and the shift that a login lasts through.

A screen is locked by its owner, or by itself after too long without use (`steps.sesjon_laast`). The login holds
meanwhile: what was typed stays in the browser, and the queue goes on telling that somebody waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.config import innstillinger
from portal.core.db import db, meld, transactional, uavhengig
from portal.core.errors import IkkeTilgang, UgyldigData
from portal.core.sprak import _, _l
from portal.identitet import steps, vakttap
from portal.identitet.models import Sesjon
from portal.identitet.service import totrinn
from portal.revisjon.steps import logg

#: A shift ends at most so long ahead, and at most so long after the login's own limit.
LENGSTE_VAKT = vakttap.LENGSTE_VAKT
#: The warning comes so long before the lock, or at half of the time where that is short.
VARSLES_FOER = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Tilstand:
    """How a session stands. Times in seconds from now."""

    laast: bool
    laases_om: float
    varsles_foer: float
    slutter_om: float
    vakt_til: datetime | None


def tilstand(bruk: steps.Sesjonsbruk) -> Tilstand:
    """When the screen locks itself, and when the login ends."""
    naa = now()
    hele = timedelta(minutes=innstillinger().laases_etter_minutter)
    laases_om = timedelta(0) if bruk.laast else max(timedelta(0), bruk.sist_brukt + hele - naa)
    return Tilstand(
        laast=bruk.laast,
        laases_om=laases_om.total_seconds(),
        varsles_foer=min(VARSLES_FOER, hele / 2).total_seconds(),
        slutter_om=(bruk.slutter - naa).total_seconds(),
        vakt_til=bruk.vakt_til,
    )


@transactional
def laas(aktor: Aktor) -> None:
    """Locks the screen, in every window of the session. Locking it twice is no error. Raises IkkeInnlogget."""
    sesjon = steps.egen_sesjon(aktor)
    if sesjon.laast is not None:
        return
    sesjon.laast = now()
    logg(aktor, "innlogging.laast", "sesjon", sesjon.id)
    meld("identitet.sesjon_endret", sesjon_id=sesjon.id)


def laas_opp(aktor: Aktor, bevis: str, *, kilde: str) -> None:
    """Opens the screen again. `bevis` is a code of the second factor where one is set up, else the password.

    A wrong one counts as a failed login from `kilde`. Raises UgyldigData, ForMange or IkkeInnlogget.
    """
    totrinn.bekreft(aktor, bevis, kilde=kilde)
    _aapne(aktor)


@transactional
def _aapne(aktor: Aktor) -> None:
    sesjon = steps.egen_sesjon(aktor)
    sesjon.laast, sesjon.sist_brukt = None, now()
    logg(aktor, "innlogging.laast_opp", "sesjon", sesjon.id)
    meld("identitet.sesjon_endret", sesjon_id=sesjon.id)


@transactional
def sett_vakt(aktor: Aktor, til: datetime | None) -> None:
    """Says when the actor's shift ends: until then the login does not. None takes it back.

    However often the end is moved, a login outlives its own limit by one shift at most: else a stolen one, kept in
    use, would last for ever.

    For those for whom requests can wait. Raises IkkeTilgang, UgyldigData (`til`) or IkkeInnlogget.
    """
    if not aktor.har_koe:
        uavhengig(
            lambda: logg(
                aktor, "innlogging.vakt", "sesjon", aktor.sesjon_id or "", utfall="avslag", grunn="rolle"
            )
        )
        raise IkkeTilgang(_l("Vakt gjelder den som henvendelser kan vente på. Bytt rolle øverst."))
    sesjon, naa = steps.egen_sesjon(aktor), now()
    if til is not None and not naa < til <= naa + LENGSTE_VAKT:
        timer = int(LENGSTE_VAKT.total_seconds() // 3600)
        raise UgyldigData(
            felter={"til": [_("Velg når vakten slutter, høyst %(timer)s timer fram.", timer=timer)]}
        )
    if til is not None and til > sesjon.utloeper + LENGSTE_VAKT:
        melding = _(
            "Innloggingen kan ikke vare så lenge. Velg et tidligere klokkeslett, eller logg ut og inn igjen."
        )
        raise UgyldigData(felter={"til": [melding]})
    if sesjon.vakt_til == til:
        return
    sesjon.vakt_til = til
    logg(aktor, "innlogging.vakt", "sesjon", sesjon.id, til=til.isoformat() if til else None)


@transactional
def noter_bruk(brukt: Mapping[UUID, datetime]) -> None:
    """Notes when sessions were last used over their sockets. One that was locked by then stays so."""
    db.session.execute(
        sa.update(Sesjon.__table__)  # type: ignore[arg-type]
        .where(
            Sesjon.id == sa.bindparam("b_id"),
            Sesjon.laast.is_(None),
            Sesjon.sist_brukt < sa.bindparam("b_tid"),
            Sesjon.sist_brukt > sa.bindparam("b_grense"),
        )
        .values(sist_brukt=sa.bindparam("b_tid")),
        [{"b_id": i, "b_tid": tid, "b_grense": steps.laasegrense(tid)} for i, tid in brukt.items()],
    )
