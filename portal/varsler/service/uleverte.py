"""What could not be delivered: the administrator's list, sending it again, throwing it away."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.errors import Konflikt
from portal.core.sprak import _l
from portal.revisjon import steps as revisjon
from portal.varsler import access
from portal.varsler.models import Utsending
from portal.varsler.service.kanaler import skjult
from portal.varsler.service.mottakere import navn_paa

PAA_SIDEN = 50
#: What is older is of no use to its receiver, and would only frighten: somebody has found out another way.
FOR_GAMMELT = timedelta(days=7)
#: At most so many chosen in one go.
I_EN_SENDING = 200


class Hinder(StrEnum):
    """Why one cannot be sent again."""

    IKKE_AKTUELT = "ikke_aktuelt"
    FOR_GAMMELT = "for_gammelt"
    UTEN_TEKST = "uten_tekst"
    FJERNET = "fjernet"


HINDRINGER: dict[Hinder, Any] = {
    Hinder.IKKE_AKTUELT: _l(
        "Varselet er ikke aktuelt lenger: noen har tatt saken, eller mottakeren har sett det."
    ),
    Hinder.FOR_GAMMELT: _l("Varselet er for gammelt til å sendes igjen."),
    Hinder.UTEN_TEKST: _l(
        "Innholdet er slettet. Be mottakeren om å starte på nytt, eller send en ny invitasjon."
    ),
    Hinder.FJERNET: _l("Mottakeren har fjernet denne kanalen."),
}


@dataclass(frozen=True, slots=True)
class Uleverte:
    """One line of the list. The address is hidden but for what it takes to know it again."""

    id: UUID
    kode: str
    tittel: str
    hastegrad: str | None
    til: str
    adresse: str
    kanal: str
    opprettet: datetime
    oppgitt: datetime
    forsoek: int
    feil: str
    hinder: Hinder | None

    @property
    def hvorfor_ikke(self) -> str:
        """Why it cannot be sent again; empty when it can."""
        return str(HINDRINGER[self.hinder]) if self.hinder is not None else ""


@dataclass(frozen=True, slots=True)
class Liste:
    """A page of what could not be delivered, the newest on top."""

    antall: int
    rader: Sequence[Uleverte]
    side: int

    @property
    def antall_sider(self) -> int:
        return max(1, -(-self.antall // PAA_SIDEN))


@dataclass(frozen=True, slots=True)
class Utfall:
    """What became of those that were chosen: how many were sent on, and why the others were not."""

    sendt: int
    nektet: Sequence[Hinder]


def antall_uleverte(aktor: Aktor) -> int:
    """How many the actor has on the list; 0 for those who have no list."""
    if not access.ser_uleverte(aktor):
        return 0
    return _antall(aktor)


def _antall(aktor: Aktor) -> int:
    return (
        db.session.scalar(sa.select(sa.func.count()).select_from(access.synlige_uleverte(aktor).subquery()))
        or 0
    )


def synlige_uleverte(aktor: Aktor, side: int = 1) -> Liste:
    """A page of what could not be delivered, as far as the actor reaches. Raises IkkeTilgang."""
    access.krev_uleverte(aktor)
    antall = _antall(aktor)
    side = min(max(1, side), max(1, -(-antall // PAA_SIDEN)))
    rader = db.session.scalars(
        access.synlige_uleverte(aktor)
        .options(joinedload(Utsending.varsel), joinedload(Utsending.varselkanal))
        .order_by(Utsending.oppgitt.desc(), Utsending.id)
        .offset((side - 1) * PAA_SIDEN)
        .limit(PAA_SIDEN)
    ).all()
    navn = navn_paa({r.varsel.person_id for r in rader if r.varsel is not None})
    return Liste(antall, [_linje(r, navn) for r in rader], side)


def _linje(rad: Utsending, navn: dict[UUID, str]) -> Uleverte:
    varsel = rad.varsel
    assert rad.oppgitt is not None
    return Uleverte(
        id=rad.id,
        kode=varsel.kode if varsel else "",
        tittel=varsel.tittel if varsel else rad.emne,
        hastegrad=varsel.hastegrad if varsel else None,
        til=navn.get(varsel.person_id, "") if varsel else "",
        adresse=skjult(rad.kanal, rad.til),
        kanal=rad.kanal,
        opprettet=rad.opprettet,
        oppgitt=rad.oppgitt,
        forsoek=rad.forsoek,
        feil=rad.feil,
        hinder=_hinder(rad),
    )


def _hinder(rad: Utsending) -> Hinder | None:
    """What keeps a given-up message from being sent again."""
    varsel = rad.varsel
    if varsel is not None and (varsel.stoppet is not None or varsel.kvittert is not None):
        return Hinder.IKKE_AKTUELT
    if rad.varselkanal is not None and rad.varselkanal.fjernet is not None:
        return Hinder.FJERNET
    if not rad.tekst:
        return Hinder.UTEN_TEKST
    if rad.opprettet < now() - FOR_GAMMELT:
        return Hinder.FOR_GAMMELT
    return None


@transactional
def send_igjen(aktor: Aktor, utsending_id: UUID) -> None:
    """Puts one back into the outbox, to leave at once. Raises Konflikt with the reason when it cannot be sent."""
    access.krev_uleverte(aktor)
    hinder = _legg_tilbake(aktor, access.hent_uleverte(aktor, utsending_id))
    if hinder is not None:
        raise Konflikt(HINDRINGER[hinder], kode="kan_ikke_sendes", hinder=str(hinder))


@transactional
def send_flere_igjen(aktor: Aktor, ider: Collection[UUID]) -> Utfall:
    """Puts the chosen back that can be sent, and tells why the others cannot. What has left the list since it was
    shown (somebody else sent it, or its receiver answered) is no longer of interest."""
    access.krev_uleverte(aktor)
    hindringer = [_legg_tilbake(aktor, rad) for rad in _valgte(aktor, ider)]
    return Utfall(hindringer.count(None), [h for h in hindringer if h is not None])


def _valgte(aktor: Aktor, ider: Collection[UUID]) -> list[Utsending]:
    return access.hent_valgte_uleverte(aktor, sorted(set(ider))[:I_EN_SENDING])


def _legg_tilbake(aktor: Aktor, rad: Utsending) -> Hinder | None:
    hinder = _hinder(rad)
    if hinder is None:
        naa = now()
        rad.oppgitt, rad.foerst, rad.neste, rad.forsoek, rad.feil = None, naa, naa, 0, ""
        revisjon.logg(aktor, "varsler.sendt_igjen", "utsending", rad.id, kanal=rad.kanal)
    return hinder


@transactional
def forkast(aktor: Aktor, ider: Collection[UUID]) -> int:
    """Takes the chosen off the list, for good. Gives how many: what has left it meanwhile is passed over."""
    access.krev_uleverte(aktor)
    rader = _valgte(aktor, ider)
    for rad in rader:
        rad.stoppet, rad.tekst = now(), ""
        revisjon.logg(aktor, "varsler.forkastet", "utsending", rad.id, kanal=rad.kanal)
    return len(rader)
