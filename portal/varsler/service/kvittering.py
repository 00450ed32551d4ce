"""The person answers: by a link, a press on a push, a key during a call or a reply to a text message.

To answer says «I know». It never takes a case, and the answer that comes twice says no more than once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.errors import IkkeFunnet
from portal.core.telefon import UgyldigTelefonnummer, til_e164
from portal.revisjon import steps as revisjon
from portal.varsler import steps
from portal.varsler.models import Kanal, Utsending, Varsel, Varselkanal
from portal.varsler.service.mottakere import navn_paa

#: A reply without a number of its own belongs to what was sent there within this time.
SVARES_INNEN = timedelta(hours=24)
#: What a person writes who has seen it.
JA = frozenset({"1", "ok", "okei", "ja", "j", "yes", "sett"})


@dataclass(frozen=True, slots=True)
class Kvitteringsside:
    """What the page behind a link shows: no more than the notice itself says."""

    tittel: str
    lenke: str
    kvittert: bool
    stoppet: bool


def hent_kvittering(token: str) -> Kvitteringsside:
    """What is to be acknowledged. Reading it acknowledges nothing: mail scanners open every link."""
    varsel = db.session.scalars(
        sa.select(Varsel)
        .join(Utsending, Utsending.varsel_id == Varsel.id)
        .where(Utsending.kvittering_hash == _hash(token))
    ).one_or_none()
    if varsel is None:
        raise IkkeFunnet()
    return Kvitteringsside(
        varsel.tittel, varsel.lenke, varsel.kvittert is not None, varsel.stoppet is not None
    )


@transactional
def kvitter(token: str) -> bool:
    """By the token of a link or a push. Gives whether it was the first answer; raises IkkeFunnet."""
    rad = db.session.scalars(
        sa.select(Utsending).where(Utsending.kvittering_hash == _hash(token))
    ).one_or_none()
    if rad is None or rad.varsel_id is None:
        raise IkkeFunnet()
    return _kvitter(rad.id)


@transactional
def kvitter_ved_id(utsending_id: UUID, svar: str) -> bool:
    """By a key pressed during a call (or a reply that the gateway can tell the message of)."""
    rad = db.session.get(Utsending, utsending_id)
    if rad is None or rad.varsel_id is None or rad.kanal not in (Kanal.TALE, Kanal.SMS) or not er_ja(svar):
        return False
    return _kvitter(rad.id)


@transactional
def kvitter_ved_nummer(fra: str, tekst: str, svar_id: str) -> bool:
    """By a reply to a text message: it answers the newest unanswered one to that number within 24 hours.

    `svar_id` names the reply: the same one again answers nothing more. Gives whether it answered something.
    """
    # Some gateways tell a number without its plus.
    fra = f"+{fra}" if re.fullmatch(r"[1-9][0-9]{8,14}", fra) else fra
    try:
        nummer = til_e164(fra)
    except UgyldigTelefonnummer:
        return False
    if not er_ja(tekst):
        return False
    merke = _hash(f"svar:{svar_id}")
    if db.session.scalar(sa.select(sa.exists().where(Utsending.kvittering_hash == merke))):
        return False
    rad = db.session.scalars(
        sa.select(Utsending)
        .where(
            Utsending.til == nummer,
            Utsending.kanal == Kanal.SMS,
            Utsending.opprettet > now() - SVARES_INNEN - timedelta(days=1),
            Utsending.sendt > now() - SVARES_INNEN,
            Utsending.kvittert.is_(None),
            Utsending.varsel_id.is_not(None),
        )
        .order_by(Utsending.sendt.desc(), Utsending.id)
        .limit(1)
    ).one_or_none()
    return rad is not None and _kvitter(rad.id, merke)


def er_ja(svar: str) -> bool:
    """Whether an answer says that the person has seen it."""
    return "".join(re.findall(r"\w", svar.casefold())) in JA


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _kvitter(utsending_id: UUID, merke: str | None = None) -> bool:
    """The notice first, then its messages, then the channel: the order in which everybody locks them."""
    varsel_id = db.session.scalar(sa.select(Utsending.varsel_id).where(Utsending.id == utsending_id))
    assert varsel_id is not None
    varsel = db.session.get_one(Varsel, varsel_id, with_for_update=True)
    rad = db.session.get_one(Utsending, utsending_id, with_for_update=True, populate_existing=True)
    if rad.kvittert is not None:
        return False
    naa = now()
    # It came through, whatever has been noted of it by now.
    rad.kvittert, rad.sendt, rad.oppgitt, rad.feil, rad.tekst = naa, rad.sendt or naa, None, "", ""
    if merke is not None:
        rad.kvittering_hash = merke
    if rad.varselkanal_id is not None:
        egen = db.session.get_one(Varselkanal, rad.varselkanal_id, with_for_update=True)
        if egen.fjernet is None and egen.adresse == rad.til:
            egen.bevist = naa
    db.session.flush()
    steps.kvitter_varsel(varsel.id, Kanal(rad.kanal))
    navn = navn_paa([varsel.person_id]).get(varsel.person_id, "")
    revisjon.logg(
        Aktor(navn, person_id=varsel.person_id, organisasjon_id=rad.organisasjon_id, formaal="varsling"),
        "varsler.kvittert",
        "varsel",
        varsel.id,
        kanal=rad.kanal,
        kode=varsel.kode,
    )
    return True
