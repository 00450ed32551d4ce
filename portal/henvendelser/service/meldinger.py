"""Messages and receipts: the hot path of the conversation.

Messages that wait at the same moment are committed together (`core/samleskriver.py`). The batch asks for session,
membership, participation, status and earlier `klient_id` of all its messages in one statement, under the lock of
their counters, so that the right to write is judged on the rows of the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from portal.core.aktor import KLINIKERE, Aktor
from portal.core.clock import now
from portal.core.db import db, meld, samlet, transactional
from portal.core.errors import IkkeFunnet, IkkeInnlogget, Konflikt, UgyldigOvergang
from portal.core.samleskriver import Samleskriver, Utfall
from portal.core.sprak import _l
from portal.henvendelser import access, steps
from portal.henvendelser.models import (
    AAPNE,
    Deltaker,
    Handling,
    Hendelse,
    Hendelsestype,
    Henvendelse,
    HenvendelseHode,
    Kvittering,
)
from portal.identitet.models import Medlemskap, Person, Sesjon
from portal.revisjon import steps as revisjon


@dataclass(frozen=True, slots=True)
class Melding:
    """One message on its way to the batch writer. `sluppet`: how many number-like places were let through."""

    aktor: Aktor
    henvendelse_id: UUID
    klient_id: UUID
    tekst: str
    sluppet: int


class IkkeDeltaker(Exception):
    """The sender has no participant row: the slow path decides whether they may have one."""


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
    sak = access.hent(aktor, Handling.SKRIVE, henvendelse_id)
    steps.bli_deltaker(aktor, sak)
    meld("henvendelse.sak_endret", henvendelse_id=sak.id)


#: Everything the batch must know of its messages, with their counters locked in one order. Built once: to build it
#: anew for each batch cost more than to run it.
_SPOER = (
    sa.select(
        HenvendelseHode.henvendelse_id,
        HenvendelseHode.sekvens,
        Henvendelse.status,
        Deltaker.medlemskap_id,
        Deltaker.side,
        Sesjon.id.label("sesjon_id"),
        Hendelse.klient_id,
        Hendelse.sekvens.label("lagret_sekvens"),
        Hendelse.tekst.label("lagret_tekst"),
        Hendelse.tidspunkt.label("lagret_tid"),
    )
    .select_from(HenvendelseHode)
    .join(Henvendelse, Henvendelse.id == HenvendelseHode.henvendelse_id)
    .join(Deltaker, sa.and_(Deltaker.henvendelse_id == Henvendelse.id, Deltaker.til.is_(None)))
    .join(Medlemskap, Medlemskap.id == Deltaker.medlemskap_id)
    .join(Person, Person.id == Medlemskap.person_id)
    .outerjoin(
        Sesjon,
        sa.and_(
            Sesjon.person_id == Person.id,
            Sesjon.id.in_(sa.bindparam("sesjoner", expanding=True)),
            Sesjon.avsluttet.is_(None),
            Sesjon.utloeper > sa.bindparam("naa"),
        ),
    )
    .outerjoin(
        Hendelse,
        sa.and_(
            Hendelse.henvendelse_id == Henvendelse.id,
            Hendelse.avsender_id == Person.id,
            Hendelse.klient_id.in_(sa.bindparam("klienter", expanding=True)),
        ),
    )
    .where(
        HenvendelseHode.henvendelse_id.in_(sa.bindparam("saker", expanding=True)),
        Medlemskap.id.in_(sa.bindparam("medlemskap", expanding=True)),
        Medlemskap.rolle.in_(KLINIKERE),
        access.medlemskap_gyldig(sa.bindparam("naa")),
        Person.aktiv,
    )
    .order_by(HenvendelseHode.henvendelse_id)
    .with_for_update(of=HenvendelseHode)
)


def _spoersmaal(meldinger: Sequence[Melding], naa: datetime) -> dict[str, Any]:
    """The parameters of `_SPOER` for a batch."""
    return {
        "saker": list({m.henvendelse_id for m in meldinger}),
        "medlemskap": list({m.aktor.medlemskap_id for m in meldinger}),
        "sesjoner": list({m.aktor.sesjon_id for m in meldinger if m.aktor.sesjon_id}),
        "klienter": [m.klient_id for m in meldinger],
        "naa": naa,
    }


def _skriv_bunke(forbindelse: Connection, meldinger: Sequence[Melding]) -> list[Utfall]:
    """Writes a batch of messages: log rows, counters and audit, and judges each message by itself."""
    naa = now()
    deltar: dict[tuple[UUID, UUID], Any] = {}
    oekter: set[tuple[UUID, UUID]] = set()
    hoder: dict[UUID, int] = {}
    lagret: dict[tuple[UUID, UUID, UUID], tuple[int, str, datetime]] = {}
    for r in forbindelse.execute(_SPOER, _spoersmaal(meldinger, naa)):
        deltar[(r.henvendelse_id, r.medlemskap_id)] = r
        hoder[r.henvendelse_id] = r.sekvens
        if r.sesjon_id is not None:
            oekter.add((r.sesjon_id, r.medlemskap_id))
        if r.klient_id is not None:
            lagret[(r.henvendelse_id, r.medlemskap_id, r.klient_id)] = (
                r.lagret_sekvens,
                r.lagret_tekst,
                r.lagret_tid,
            )

    utfall: list[Utfall] = []
    rader: list[dict[str, Any]] = []
    innslag: list[dict[str, Any]] = []
    for m in meldinger:
        assert m.aktor.medlemskap_id is not None
        rad = deltar.get((m.henvendelse_id, m.aktor.medlemskap_id))
        feil = _avvis(m, rad, oekter)
        if feil is not None:
            utfall.append(Utfall(feil=feil))
            continue
        assert rad is not None
        noekkel = (m.henvendelse_id, m.aktor.medlemskap_id, m.klient_id)
        foer = lagret.get(noekkel)
        if foer is not None:
            utfall.append(
                Utfall(resultat=(foer[0], foer[2]))
                if foer[1] == m.tekst
                else Utfall(feil=Konflikt(_l("Denne meldingen er alt sendt med et annet innhold.")))
            )
            continue
        if rad.status not in AAPNE:
            utfall.append(
                Utfall(
                    feil=UgyldigOvergang(
                        _l("Saken er avsluttet. Gjenåpne den for å skrive videre."), kode="stengt"
                    )
                )
            )
            continue
        sekvens = hoder[m.henvendelse_id] = hoder[m.henvendelse_id] + 1
        lagret[noekkel] = (sekvens, m.tekst, naa)
        hendelse = {
            "id": uuid4(),
            "henvendelse_id": m.henvendelse_id,
            "sekvens": sekvens,
            "type": Hendelsestype.MELDING.value,
            "side": rad.side,
            "avsender_id": m.aktor.person_id,
            "avsender_navn": steps.visningsnavn(m.aktor),
            "tekst": m.tekst,
            "data": {},
            "tidspunkt": naa,
            "klient_id": m.klient_id,
        }
        rader.append(hendelse)
        innslag.extend(_innslag(m, sekvens, naa))
        utfall.append(
            Utfall(resultat=(sekvens, naa), hendelser=[("henvendelse.hendelse", {"hendelse": hendelse})])
        )
    if rader:
        forbindelse.execute(_SETT_INN, rader)
        skrevet = {r["henvendelse_id"] for r in rader}
        forbindelse.execute(_TELL_OPP, [{"h": h, "s": hoder[h]} for h in sorted(skrevet)])
        revisjon.skriv_innslag(forbindelse, innslag)
    return utfall


_SETT_INN = sa.insert(Hendelse)
_TELL_OPP = (
    sa.update(HenvendelseHode)
    .where(HenvendelseHode.henvendelse_id == sa.bindparam("h"))
    .values(sekvens=sa.bindparam("s"))
)


def _avvis(m: Melding, rad: Any | None, oekter: set[tuple[UUID, UUID]]) -> Exception | None:
    """Why a message may not be written: the session or the membership has ended, or no participant."""
    assert m.aktor.medlemskap_id is not None
    if rad is None:
        return IkkeDeltaker()
    if m.aktor.sesjon_id is not None and (m.aktor.sesjon_id, m.aktor.medlemskap_id) not in oekter:
        return IkkeInnlogget()
    return None


def _innslag(m: Melding, sekvens: int, naa: datetime) -> list[dict[str, Any]]:
    kjede = revisjon.sakskjede(m.henvendelse_id)
    innslag = [
        revisjon.lag_innslag(
            m.aktor,
            "henvendelse.melding",
            "henvendelse",
            m.henvendelse_id,
            naa,
            kjede=kjede,
            detaljer={"sekvens": sekvens},
        )
    ]
    if m.sluppet:
        innslag.append(
            revisjon.lag_innslag(
                m.aktor,
                "henvendelse.ikke_personnummer",
                "henvendelse",
                m.henvendelse_id,
                naa,
                kjede=kjede,
                detaljer={"sekvens": sekvens, "antall": m.sluppet},
            )
        )
    return innslag


_skriver: Samleskriver[Melding] = Samleskriver(_skriv_bunke)


@transactional
def kvitter(
    aktor: Aktor, henvendelse_id: UUID, *, mottatt: int | None = None, lest: int | None = None
) -> None:
    """Notes how far the actor has received or read. Both only grow, and never past the head of the log."""
    sak = access.hent(aktor, Handling.SE, henvendelse_id)
    hode = db.session.execute(
        sa.select(HenvendelseHode.sekvens).where(HenvendelseHode.henvendelse_id == sak.id)
    ).scalar_one()
    kvittering = steps.sett_av(aktor, sak)
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
