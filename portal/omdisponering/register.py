"""What the registers of people and premises share: what is promised of them, when they are away, where they belong."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute

from portal.core.aktor import Aktor
from portal.core.clock import i_dag, now
from portal.core.db import db, meld
from portal.core.errors import IkkeFunnet, UgyldigData
from portal.core.sprak import _, _l
from portal.identitet.models import Enhet, Organisasjon, Organisasjonstype
from portal.identitet.steps import sorteringsnoekkel
from portal.omdisponering.beskjeder import si
from portal.omdisponering.forloep import Tilbudsstatus
from portal.omdisponering.models import Omdisponering, Omdisponeringslinje, Tilbud
from portal.omdisponering.oppfoelgingsmodeller import Delegering
from portal.omdisponering.ressursmodeller import Lokale, Ressursfravaer, Ressursperson
from portal.revisjon.steps import logg as revider

#: Rows on one page of a register.
PER_SIDE = 50
#: How far back, and how long, somebody can be said to be away.
TIDLIGST, LENGST = timedelta(days=31), timedelta(days=3 * 366)


@dataclass(frozen=True, slots=True)
class Lovet:
    """A time in which a person, or premises, is promised to somebody."""

    omdisponering_id: UUID
    nummer: str
    status: str
    mottaker: str
    fra: datetime
    til: datetime
    andel: int

    def naa(self, tid: datetime) -> bool:
        return self.fra <= tid < self.til


def _om(rad: Ressursperson | Lokale) -> tuple[InstrumentedAttribute[Any], InstrumentedAttribute[Any]]:
    """The columns of a line, and of an absence, that say whose it is."""
    if isinstance(rad, Ressursperson):
        return Omdisponeringslinje.ressursperson_id, Ressursfravaer.ressursperson_id
    return Omdisponeringslinje.lokale_id, Ressursfravaer.lokale_id


def lovet(kolonne: InstrumentedAttribute[Any], ider: Collection[UUID]) -> dict[UUID, list[Lovet]]:
    """{person or premises: what is promised of it from now on}, in the order of time. `kolonne`: of the line."""
    ut: dict[UUID, list[Lovet]] = {}
    rader = db.session.execute(
        sa.select(
            kolonne,
            Omdisponering.id,
            Omdisponering.nummer,
            Omdisponering.status,
            Organisasjon.kortnavn,
            Omdisponeringslinje.fra,
            Omdisponeringslinje.til,
            Omdisponeringslinje.andel,
        )
        .join(Omdisponering, Omdisponering.id == Omdisponeringslinje.omdisponering_id)
        .join(Organisasjon, Organisasjon.id == Omdisponering.mottaker_id)
        .where(
            kolonne.in_(sorted(ider)),
            sa.text("omdisponeringslinje.opptar"),
            Omdisponeringslinje.til > now(),
        )
        .order_by(Omdisponeringslinje.fra, Omdisponeringslinje.id)
    )
    for id_, *resten in rader:
        ut.setdefault(id_, []).append(Lovet(*resten))
    return ut


def holdes_av(rad: Ressursperson | Lokale) -> list[str]:
    """The numbers of the reallocations that hold the person (or premises), which is locked. Empty: none does."""
    kolonne, _fravaer = _om(rad)
    return list(
        db.session.scalars(
            sa.select(Omdisponering.nummer)
            .join(Omdisponeringslinje, Omdisponeringslinje.omdisponering_id == Omdisponering.id)
            .where(kolonne == rad.id, sa.text("omdisponeringslinje.opptar"))
            .distinct()
            .order_by(Omdisponering.nummer)
        )
    )


def glem(aktor: Aktor, person: Ressursperson) -> None:
    """All that is known of a person, who is locked, is erased, but the profession and the unit: what was lent stays in
    the books without a name. Offers and delegations are taken back."""
    naa = now()
    person.navn = person.hpr = person.telefon = person.epost = ""
    person.hpr_slaatt_opp = person.hpr_slaatt_opp_av_id = person.person_id = None
    person.vaksinert = person.smittevern = person.reise_km = None
    person.kompetanse, person.prosent, person.fritatt = 0, 100, False
    person.sted_id = person.organisasjon_id
    person.noekkel_hash = person.noekkel_utloeper = None
    person.slettet = naa
    db.session.flush()
    db.session.execute(sa.delete(Ressursfravaer).where(Ressursfravaer.ressursperson_id == person.id))
    for tilbud in db.session.scalars(
        sa.select(Tilbud)
        .where(Tilbud.ressursperson_id == person.id)
        .order_by(Tilbud.id)
        .with_for_update(key_share=True, of=Tilbud)
        .execution_options(populate_existing=True)
    ):
        # What is written of an offer may name who it is.
        tilbud.merknad = ""
        if tilbud.status == Tilbudsstatus.AAPENT:
            tilbud.status, tilbud.trukket = Tilbudsstatus.TRUKKET, naa
    for oppgave in db.session.scalars(
        sa.select(Delegering)
        .where(
            Delegering.ressursperson_id == person.id,
            Delegering.trukket.is_(None),
            Delegering.til >= i_dag(),
        )
        .order_by(Delegering.id)
        .with_for_update(key_share=True, of=Delegering)
        .execution_options(populate_existing=True)
    ):
        oppgave.trukket, oppgave.trukket_av_id = naa, aktor.person_id
        oppgave.trukket_grunn = _("Personen er slettet fra registeret.")
        meld("omdisponering.delegering", organisasjon_id=oppgave.organisasjon_id)
    db.session.flush()


# --- away ------------------------------------------------------------------------------------------------


def fravaer(kolonne: InstrumentedAttribute[Any], ider: Collection[UUID]) -> dict[UUID, list[Ressursfravaer]]:
    """{person or premises: when it is away, now and later}. `kolonne`: of the absence."""
    ut: dict[UUID, list[Ressursfravaer]] = {}
    for rad in db.session.scalars(
        sa.select(Ressursfravaer)
        .where(kolonne.in_(sorted(ider)), Ressursfravaer.til > now())
        .order_by(Ressursfravaer.fra, Ressursfravaer.id)
    ):
        ut.setdefault(getattr(rad, kolonne.key), []).append(rad)
    return ut


def borte_til(kolonne: InstrumentedAttribute[Any], ider: Collection[UUID]) -> dict[UUID, datetime]:
    """{person or premises: until when}, of those who are away now. `kolonne`: of the absence."""
    naa = now()
    return {
        id_: max(f.til for f in rader if f.fra <= naa)
        for id_, rader in fravaer(kolonne, ider).items()
        if any(f.fra <= naa for f in rader)
    }


def meld_borte(aktor: Aktor, rad: Ressursperson | Lokale, fra: datetime, til: datetime) -> list[str]:
    """Says when somebody, or some premises, which is locked, cannot be lent. Never why. Gives the numbers of what is
    promised in that time: it stands, and both sides are told. Raises UgyldigData."""
    if til <= fra:
        raise UgyldigData(felter={"til": [_l("Slutten må være etter begynnelsen.")]})
    if til <= now():
        raise UgyldigData(felter={"til": [_l("Perioden er over. Velg en som ikke er ferdig.")]})
    if fra < now() - TIDLIGST:
        raise UgyldigData(felter={"fra": [_l("Begynnelsen er for lang tid tilbake. Velg en dag etterpå.")]})
    if til - fra > LENGST:
        raise UgyldigData(felter={"til": [_l("Perioden kan være høyst tre år.")]})
    linje, kolonne = _om(rad)
    if db.session.scalar(
        sa.select(sa.exists().where(kolonne == rad.id, Ressursfravaer.fra <= fra, Ressursfravaer.til >= til))
    ):
        raise UgyldigData(felter={"fra": [_l("Hele perioden er alt registrert.")]})
    # What lies wholly inside the new one says nothing more.
    db.session.execute(
        sa.delete(Ressursfravaer).where(
            kolonne == rad.id, Ressursfravaer.fra >= fra, Ressursfravaer.til <= til
        )
    )
    ny = Ressursfravaer(
        **{kolonne.key: rad.id},
        id=uuid4(),
        fra=fra,
        til=til,
        opprettet=now(),
        opprettet_av_id=aktor.person_id,
    )
    db.session.add(ny)
    revider(aktor, "omdisponering.fravaer_registrert", rad.__tablename__, rad.id, fra=str(fra), til=str(til))
    roert = db.session.scalars(
        sa.select(Omdisponering)
        .join(Omdisponeringslinje, Omdisponeringslinje.omdisponering_id == Omdisponering.id)
        .where(
            linje == rad.id,
            sa.text("omdisponeringslinje.opptar"),
            Omdisponeringslinje.fra < til,
            Omdisponeringslinje.til > fra,
        )
        .order_by(Omdisponering.nummer)
    ).unique()
    numre = []
    for omd in roert:
        si(
            aktor,
            omd,
            [omd.avgiver_id, omd.mottaker_id],
            "omdisponering.borte",
            _l("Noe i omdisponering %(nummer)s er blitt utilgjengelig", nummer=omd.nummer),
            _l("Noen eller noe som er lovet bort, er borte i en del av perioden. Avklar det med hverandre."),
            noekkel=str(ny.id),
        )
        numre.append(omd.nummer)
    return numre


def fjern_borte(aktor: Aktor, rad: Ressursperson | Lokale, fravaer_id: UUID) -> None:
    """Takes back that somebody is away. Raises IkkeFunnet for a period that is not this one's."""
    _linje, kolonne = _om(rad)
    borte = db.session.scalars(
        sa.select(Ressursfravaer).where(Ressursfravaer.id == fravaer_id, kolonne == rad.id)
    ).one_or_none()
    if borte is None:
        raise IkkeFunnet()
    db.session.delete(borte)
    revider(
        aktor,
        "omdisponering.fravaer_fjernet",
        rad.__tablename__,
        rad.id,
        fra=str(borte.fra),
        til=str(borte.til),
    )


# --- where it belongs ------------------------------------------------------------------------------------


def enheter(organisasjon_id: UUID) -> list[tuple[UUID, str]]:
    """The organisation's units in use, to choose between."""
    rader = db.session.execute(
        sa.select(Enhet.id, Enhet.navn).where(Enhet.organisasjon_id == organisasjon_id, Enhet.aktiv)
    )
    return sorted(((r[0], r[1]) for r in rader), key=lambda e: sorteringsnoekkel(e[1]))


def krev_enhet(enhet_id: UUID | None, organisasjon_id: UUID, foer: UUID | None) -> None:
    """One of the organisation's units in use, or the one that it has been. Raises UgyldigData (`enhet_id`)."""
    if enhet_id is None or enhet_id == foer:
        return
    if not db.session.scalar(
        sa.select(
            sa.exists().where(Enhet.id == enhet_id, Enhet.organisasjon_id == organisasjon_id, Enhet.aktiv)
        )
    ):
        raise UgyldigData(felter={"enhet_id": [_l("Velg en enhet i organisasjonen.")]})


def krev_sted(sted_id: UUID, foer: UUID | None) -> None:
    """A kommune in use, or the place that it has been. Raises UgyldigData (`sted_id`)."""
    if sted_id == foer:
        return
    if not db.session.scalar(
        sa.select(
            sa.exists().where(
                Organisasjon.id == sted_id,
                Organisasjon.type == Organisasjonstype.KOMMUNE,
                Organisasjon.nedlagt.is_(None),
            )
        )
    ):
        raise UgyldigData(felter={"sted_id": [_l("Velg en kommune fra lista.")]})


@contextmanager
def ett_av_hvert(felt: str, melding: Any) -> Iterator[None]:
    """Turns the database's refusal of a second one into UgyldigData for the field: somebody was first by a moment."""
    try:
        yield
        db.session.flush()
    except IntegrityError as feil:
        tekst = str(feil.orig).lower()
        if "unique" not in tekst or felt not in tekst:
            raise
        raise UgyldigData(felter={felt: [melding]}) from feil
