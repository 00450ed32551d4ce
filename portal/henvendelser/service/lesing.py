"""Reading a case, its log, the queue and the figures. What only reads needs no transaction of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db
from portal.henvendelser import access
from portal.henvendelser.eskalering import telefon
from portal.henvendelser.forloep import Handling, Hastegrad, Hendelsestype, Side, Status, Unngaatt, unngaatt
from portal.henvendelser.models import (
    ER_AAPEN,
    Deltaker,
    Hendelse,
    Henvendelse,
    HenvendelseHode,
    Koe,
    Kvittering,
    News2Maaling,
    Opplysninger,
)
from portal.henvendelser.steps import koenoekkel
from portal.identitet.fagomraader import omraader_for
from portal.identitet.models import Medlemskap

#: Rows of the log in one answer.
MAKS_HENDELSER = 500
SIDESTOERRELSE = 25
#: Unread rows of one case are counted to here: more are more.
MAKS_ULESTE = 100
#: An opening lasts this long: what is read after it is a new one.
AAPEN_I = timedelta(hours=12)

REKKEFOELGE = sa.case(
    {str(Hastegrad.AKUTT): 0, str(Hastegrad.HASTER): 1, str(Hastegrad.VANLIG): 2}, value=Henvendelse.hastegrad
)
MED_NAVN = (
    joinedload(Henvendelse.avsender),
    joinedload(Henvendelse.avsender_enhet),
    joinedload(Henvendelse.mottaker),
    joinedload(Henvendelse.innmelder),
    joinedload(Henvendelse.ansvarlig),
)


@dataclass(frozen=True)
class Logg:
    """A piece of the log: the rows after a number, the head, and whether there is more to fetch."""

    hode: int
    hendelser: list[Hendelse]
    mer: bool
    kvitteringer: list[Kvittering]


def hent_logg(aktor: Aktor, henvendelse_id: UUID, etter: int = 0) -> Logg:
    """The rows after `etter`, at most MAKS_HENDELSER. A gap fetch: no opening, so no audit row."""
    sak = access.hent(aktor, Handling.SE, henvendelse_id)
    hode = hent_hode(sak.id)
    rader = access.hendelser_etter(sak.id, etter, MAKS_HENDELSER)
    siste = rader[-1].sekvens if rader else 0
    return Logg(
        hode=max(hode, siste),
        hendelser=rader,
        mer=0 < siste < hode,
        kvitteringer=hent_kvitteringer(sak.id),
    )


def er_aapning(aktor: Aktor, henvendelse_id: UUID, etter: int) -> bool:
    """Whether reading the log after `etter` is an opening (to be audited) and not the fetch of a gap.

    It is, from the beginning, and for one who has not had the case open for half a day.
    """
    if etter == 0:
        return True
    sett = db.session.execute(
        sa.select(Kvittering.person_id).where(
            Kvittering.henvendelse_id == henvendelse_id,
            Kvittering.person_id == aktor.person_id,
            Kvittering.tidspunkt > now() - AAPEN_I,
        )
    )
    return sett.first() is None


def hent_hele_loggen(aktor: Aktor, henvendelse_id: UUID) -> Logg:
    """The whole log of a case, however long, for its page."""
    sak = access.hent(aktor, Handling.SE, henvendelse_id)
    rader = access.hendelser_etter(sak.id, 0, None)
    return Logg(
        hode=rader[-1].sekvens if rader else 0,
        hendelser=rader,
        mer=False,
        kvitteringer=hent_kvitteringer(sak.id),
    )


def hent_sak(aktor: Aktor, henvendelse_id: UUID, handling: Handling = Handling.SE) -> Henvendelse:
    """The case without an audit row: for a refresh of what is already open on the screen."""
    return access.hent(aktor, handling, henvendelse_id)


def kan_se(aktor: Aktor, henvendelse_id: UUID) -> bool:
    """Whether the case is still the actor's to see. Nothing is fetched, so a no is no denial in the audit log."""
    assert aktor.medlemskap_id is not None
    return bool(access.synlige_par([(aktor.medlemskap_id, henvendelse_id)]))


def hent_hode(sak_id: UUID) -> int:
    return db.session.execute(
        sa.select(HenvendelseHode.sekvens).where(HenvendelseHode.henvendelse_id == sak_id)
    ).scalar_one()


def hent_kvitteringer(sak_id: UUID) -> list[Kvittering]:
    return list(
        db.session.execute(
            sa.select(Kvittering).where(Kvittering.henvendelse_id == sak_id).order_by(Kvittering.sett)
        ).scalars()
    )


def hent_opplysninger(sak_id: UUID) -> Opplysninger:
    return db.session.execute(
        sa.select(Opplysninger)
        .options(joinedload(Opplysninger.bostedskommune))
        .where(Opplysninger.henvendelse_id == sak_id)
    ).scalar_one()


def hent_maalinger(sak_id: UUID) -> list[News2Maaling]:
    return list(
        db.session.execute(
            sa.select(News2Maaling)
            .where(News2Maaling.henvendelse_id == sak_id)
            .order_by(News2Maaling.tidspunkt.desc())
        ).scalars()
    )


def hent_siste_raad(sak: Henvendelse) -> Hendelse | None:
    """The row of the log in which the advice of a case (fetched through `access`) was given, the last of several."""
    if sak.raad is None:
        return None
    return db.session.scalar(
        sa.select(Hendelse)
        .where(Hendelse.henvendelse_id == sak.id, Hendelse.type == Hendelsestype.BESVART)
        .order_by(Hendelse.sekvens.desc())
        .limit(1)
    )


def hent_deltakere(sak_id: UUID) -> list[Deltaker]:
    return list(
        db.session.execute(
            sa.select(Deltaker)
            .options(
                joinedload(Deltaker.person),
                joinedload(Deltaker.medlemskap).joinedload(Medlemskap.enhet),
                joinedload(Deltaker.medlemskap).joinedload(Medlemskap.organisasjon),
            )
            .where(Deltaker.henvendelse_id == sak_id, Deltaker.til.is_(None))
            .order_by(Deltaker.fra)
        ).scalars()
    )


def antall_uleste(aktor: Aktor, saker: Sequence[Henvendelse]) -> dict[UUID, int]:
    """For each case, the rows of others that the actor has not read; none is counted beyond `MAKS_ULESTE`."""
    if not saker:
        return {}
    lest = (
        sa.select(Kvittering.lest)
        .where(
            Kvittering.henvendelse_id == HenvendelseHode.henvendelse_id,
            Kvittering.person_id == aktor.person_id,
        )
        .correlate(HenvendelseHode)
        .scalar_subquery()
    )
    ulest = (
        sa.select(sa.literal_column("1"))
        .where(
            Hendelse.henvendelse_id == HenvendelseHode.henvendelse_id,
            Hendelse.avsender_id != aktor.person_id,
            Hendelse.sekvens > sa.func.coalesce(lest, 0),
        )
        .correlate(HenvendelseHode)
        .limit(MAKS_ULESTE)
        .subquery()
    )
    antall = sa.select(sa.func.count()).select_from(ulest).scalar_subquery()
    rader = db.session.execute(
        sa.select(HenvendelseHode.henvendelse_id, antall).where(
            HenvendelseHode.henvendelse_id.in_([s.id for s in saker])
        )
    )
    return {sak_id: n for sak_id, n in rader if n}


def sett_av_mottaker(saker: Sequence[Henvendelse]) -> dict[UUID, list[str]]:
    """For each case that waits, the names on the receiver's side who have seen it."""
    venter = [s.id for s in saker if s.status == Status.NY]
    navn: dict[UUID, list[str]] = {}
    if venter:
        for k in db.session.execute(
            sa.select(Kvittering)
            .where(Kvittering.henvendelse_id.in_(venter), Kvittering.side == Side.MOTTAKER)
            .order_by(Kvittering.sett)
        ).scalars():
            navn.setdefault(k.henvendelse_id, []).append(k.navn.split(",")[0])
    return navn


def numre_aa_ringe(aktor: Aktor, saker: Sequence[Henvendelse]) -> dict[UUID, str]:
    """Whom the actor can ring about each case: the receiver, or from the receiver's side the requester."""
    mottaker = {s.id: access.side(aktor, s) == Side.MOTTAKER for s in saker}
    ringes = telefon.for_saker([s for s in saker if not mottaker[s.id]])
    return {s.id: s.tilbakeringing if mottaker[s.id] else ringes[s.id].nummer for s in saker}


@dataclass(frozen=True)
class Koevisning:
    """The actor's queues: what waits, what is the actor's, and what colleagues have taken."""

    ventende: list[Henvendelse]
    mine: list[Henvendelse]
    andres: list[Henvendelse]
    versjoner: dict[str, int]


def hent_koe(aktor: Aktor) -> Koevisning:
    """The queue by urgency and deadline, as it is now, with the versions it was read at or before."""
    versjoner = koeversjoner(koer_for(aktor))
    rader = (
        db.session.execute(
            access.synlige_i_koe(aktor)
            .where(sa.text(f"henvendelse.{ER_AAPEN}"))
            .options(*MED_NAVN)
            .order_by(REKKEFOELGE, Henvendelse.frist, Henvendelse.opprettet)
        )
        .scalars()
        .all()
    )
    return Koevisning(
        ventende=[s for s in rader if s.status == Status.NY],
        mine=[s for s in rader if s.status != Status.NY and s.ansvarlig_medlemskap_id == aktor.medlemskap_id],
        andres=[
            s for s in rader if s.status != Status.NY and s.ansvarlig_medlemskap_id != aktor.medlemskap_id
        ],
        versjoner=versjoner,
    )


def koer_for(aktor: Aktor) -> list[tuple[UUID, str]]:
    """The queues whose changes the actor is told of: own fagområder, or for a vaktleder all of the organisation's."""
    if aktor.organisasjon_id is None:
        return []
    if aktor.rolle == Rolle.VAKTLEDER:
        return [(aktor.organisasjon_id, f) for f in omraader_for(aktor.organisasjon_type)]
    return [(aktor.organisasjon_id, f) for f in sorted(aktor.fagomraader)] if aktor.har_koe else []


def koeversjoner(koer: Sequence[tuple[UUID, str]]) -> dict[str, int]:
    """{«receiver:fagområde»: version}; a queue that never held anything has version 0."""
    versjoner = {koenoekkel(m, f): 0 for m, f in koer}
    if koer:
        for rad in db.session.execute(
            sa.select(Koe).where(Koe.mottaker_id.in_({m for m, _ in koer}))
        ).scalars():
            noekkel = koenoekkel(rad.mottaker_id, rad.fagomraade)
            if noekkel in versjoner:
                versjoner[noekkel] = rad.versjon
    return versjoner


def hent_hoder(saker: set[UUID]) -> dict[UUID, int]:
    """The heads of many logs in one query, for the tick. The caller has judged who may know them."""
    if not saker:
        return {}
    rader = db.session.execute(
        sa.select(HenvendelseHode.henvendelse_id, HenvendelseHode.sekvens).where(
            HenvendelseHode.henvendelse_id.in_(saker)
        )
    )
    return dict(rader.all())


def hent_tall(aktor: Aktor, fra: datetime | None = None) -> dict[str, Any]:
    """Figures of the cases the actor may count: no text, no case, no person.

    Times in minutes. `unngaatt` counts closed cases by `Henvendelse.unngaatt`. The database counts: a year of the
    whole country would otherwise stand in memory, and everybody wait for it.
    """
    telles = sa.and_(access.synlige_tall(aktor), Henvendelse.opprettet >= (fra or now() - timedelta(days=90)))
    kolonner = (
        Henvendelse.retning,
        Henvendelse.status,
        Henvendelse.hastegrad,
        Henvendelse.fagomraade,
        Henvendelse.plan_uten_raad,
        Henvendelse.utfall,
        Henvendelse.oppfoelging,
    )
    tall: dict[str, Any] = {
        "antall": 0,
        "retning": {},
        "status": {},
        "hastegrad": {},
        "fagomraade": {},
        "unngaatt": {u: 0 for u in Unngaatt if u != Unngaatt.AAPEN},
    }
    for r in db.session.execute(
        sa.select(*kolonner, sa.func.count().label("antall")).where(telles).group_by(*kolonner)
    ):
        tall["antall"] += r.antall
        for felt in ("retning", "status", "hastegrad", "fagomraade"):
            verdi = getattr(r, felt)
            tall[felt][verdi] = tall[felt].get(verdi, 0) + r.antall
        ble = unngaatt(r.status, r.plan_uten_raad, r.utfall, r.oppfoelging)
        if ble != Unngaatt.AAPEN:
            tall["unngaatt"][ble] += r.antall
    tall["median_aksept"] = _median(telles, Henvendelse.akseptert_tid)
    tall["median_svar"] = _median(telles, Henvendelse.besvart_tid)
    tall["per_retning"] = {
        r: {
            "antall": antall,
            "median_aksept": _median(sa.and_(telles, Henvendelse.retning == r), Henvendelse.akseptert_tid),
            "median_svar": _median(sa.and_(telles, Henvendelse.retning == r), Henvendelse.besvart_tid),
        }
        for r, antall in sorted(tall["retning"].items())
    }
    return tall


def _median(telles: sa.ColumnElement[bool], slutt: sa.orm.InstrumentedAttribute[Any]) -> float | None:
    """The median of the minutes from sending to `slutt`, or None where it never came to that."""
    telles = sa.and_(telles, slutt.is_not(None))
    antall = db.session.execute(sa.select(sa.func.count()).where(telles)).scalar_one()
    if not antall:
        return None
    start = Henvendelse.opprettet
    sqlite = db.session.connection().dialect.name == "sqlite"
    lengde = sa.func.julianday(slutt) - sa.func.julianday(start) if sqlite else slutt - start
    midten = db.session.execute(
        sa.select(start, slutt).where(telles).order_by(lengde).offset((antall - 1) // 2).limit(2 - antall % 2)
    )
    return round(median((til - fra).total_seconds() / 60 for fra, til in midten), 1)
