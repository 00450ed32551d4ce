"""Messages and receipts: the hot path of the conversation.

Messages that wait at the same moment are committed together (`core/samleskriver.py`), in the batch of `bunke.py`.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, meld, samlet, transactional
from portal.core.errors import IkkeFunnet
from portal.core.samleskriver import Samleskriver
from portal.henvendelser import access, steps
from portal.henvendelser.forloep import Handling
from portal.henvendelser.models import HenvendelseHode, Kvittering
from portal.henvendelser.service.bunke import IkkeDeltaker, Melding, skriv_bunke

__all__ = ["IkkeDeltaker", "kvitter", "send_melding"]


@samlet
def send_melding(
    aktor: Aktor,
    henvendelse_id: UUID,
    klient_id: UUID,
    tekst: str,
    *,
    ikke_fnr: bool = False,
    motor: Engine | None = None,
) -> tuple[int, datetime]:
    """Stores a message and gives its sequence number and time, after the commit.

    The same `klient_id` with the same text gives the stored number again; with another text Konflikt. `motor` is the
    engine, for a caller without an app context, who gets IkkeDeltaker and tries again inside one when the sender is
    no participant yet. Raises UgyldigData (`personnummer`), UgyldigOvergang (`stengt`), IkkeFunnet, IkkeInnlogget.
    """
    sluppet = steps.stopp_identitet({"tekst": tekst}, ikke_fnr=ikke_fnr)
    melding = Melding(aktor, henvendelse_id, klient_id, tekst, sluppet)
    if motor is not None:
        return _skriver.utfoer(motor, melding)
    # The door has read who sends: that connection goes back first. Forty who wait for the writer with one each would
    # leave none for the writer, and all would wait for each other.
    db.session.rollback()
    try:
        resultat = _skriver.utfoer(db.engine, melding)
    except IkkeDeltaker:
        _delta(aktor, henvendelse_id)
        try:
            resultat = _skriver.utfoer(db.engine, melding)
        except IkkeDeltaker:
            raise IkkeFunnet() from None
    return resultat


@transactional
def _delta(aktor: Aktor, henvendelse_id: UUID) -> None:
    """Whoever may see an open case and writes in it, takes part from then on."""
    # Locked: a forwarding at the same moment ends the part of those whose case it was, this one's too.
    sak = access.hent(aktor, Handling.SKRIVE, henvendelse_id, laas=True)
    steps.bli_deltaker(aktor, sak)
    meld("henvendelse.sak_endret", henvendelse_id=sak.id)


_skriver: Samleskriver[Melding] = Samleskriver(skriv_bunke)


@transactional
def kvitter(
    aktor: Aktor, henvendelse_id: UUID, *, mottatt: int | None = None, lest: int | None = None
) -> None:
    """Notes how far the actor has received or read. Both only grow, and never past the head of the log."""
    sak = access.hent(aktor, Handling.SE, henvendelse_id)
    hode = db.session.execute(
        sa.select(HenvendelseHode.sekvens).where(HenvendelseHode.henvendelse_id == sak.id)
    ).scalar_one()
    # Whoever has never opened the case opens it with this: what follows is read without another trace.
    kvittering = db.session.get(Kvittering, (sak.id, aktor.person_id)) or steps.noter_aapning(aktor, sak)
    nytt_lest = min(max(kvittering.lest, lest or 0), hode)
    nytt_mottatt = min(max(kvittering.mottatt, mottatt or 0, nytt_lest), hode)
    if (nytt_mottatt, nytt_lest) == (kvittering.mottatt, kvittering.lest):
        return
    # GREATEST in the statement, so that two windows of one person never take a receipt back.
    stoerst = sa.func.max if db.session.connection().dialect.name == "sqlite" else sa.func.greatest
    db.session.execute(
        sa.update(Kvittering)
        .where(Kvittering.henvendelse_id == sak.id, Kvittering.person_id == aktor.person_id)
        .values(
            mottatt=stoerst(Kvittering.mottatt, nytt_mottatt),
            lest=stoerst(Kvittering.lest, nytt_lest),
            tidspunkt=now(),
        )
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(kvittering)
    meld("henvendelse.kvittering", kvittering=kvittering.som_dict())
