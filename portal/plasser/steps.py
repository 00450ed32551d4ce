"""What several use cases share, and the rooms above: inside the caller's transaction, the unit's row locked first.

Every change of a bed goes through `sett`, which writes its row of history; whoever has changed beds of a unit ends with
`tell`, which counts them anew and moves the board's version. Nothing here asks for permission.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import i_dag, now, oslo
from portal.core.db import db, insert_for, meld, transaksjon
from portal.core.errors import UgyldigOvergang
from portal.core.sprak import _l
from portal.plasser.forloep import Holdstatus, Laan, Stengtgrunn, Tilstand
from portal.plasser.historikk import SUMMER, Plassdoegn, Plassendring, Plassmaaned, Plassmerke
from portal.plasser.holdvarsel import si_fra
from portal.plasser.models import (
    Opphold,
    Plass,
    Plassenhet,
    Plassmedlem,
    Plasstall,
    Plasstavle,
    Reservasjon,
)
from portal.revisjon.steps import logg as revider
from portal.varsler.steps import stopp

_LAGER = "plasser"
#: In which column of `Plasstall` a bed is counted; without staff an empty one is `ubemannet`. Of one that nobody has
#: said anything of, nobody knows that it is empty.
_TOMME = frozenset({Tilstand.LEDIG, Tilstand.RENGJOERES})


def laas(enheter: Iterable[UUID]) -> None:
    """Locks units in the order of their ids: for who changes beds of several at once."""
    db.session.execute(
        sa.select(Plassenhet.id)
        .where(Plassenhet.id.in_(sorted(set(enheter))))
        .order_by(Plassenhet.id)
        .with_for_update()
    )


def i_bruk(plassenhet_id: UUID) -> list[Plass]:
    """The unit's beds in use, in their order, as they stand under the lock."""
    return list(
        db.session.scalars(
            sa.select(Plass)
            .where(Plass.plassenhet_id == plassenhet_id, Plass.nedlagt.is_(None))
            .order_by(Plass.rekkefoelge, Plass.navn)
            .execution_options(populate_existing=True)
        )
    )


def gruppe(tilstand: str, bemannet: bool) -> str:
    """In which of the board's groups a bed is: each bed in exactly one."""
    return "ubemannet" if not bemannet and tilstand in _TOMME else str(tilstand)


# --- a bed changes ---------------------------------------------------------------------------------------


def sett(
    aktor: Aktor,
    plass: Plass,
    tilstand: Tilstand,
    *,
    grunn: str = "",
    aarsak: str,
    tidspunkt: datetime | None = None,
) -> None:
    """Moves a bed along an edge, and writes it into the history. Raises UgyldigOvergang. End with `tell`.

    One that was held when a loan to it ended gives the staff back now: who was on the way has come, or comes no more.
    """
    plass.flytt_til(tilstand, grunn)
    if plass.laan_slutt is not None:
        plass.gi_tilbake()
    noter(aktor, plass, aarsak=aarsak, tidspunkt=tidspunkt)


def noter(aktor: Aktor, plass: Plass, *, aarsak: str, tidspunkt: datetime | None = None) -> None:
    """Writes into the history what a bed is from a moment on: after each change of state, staffing or use.

    `tidspunkt`: for what is told of afterwards. What the history said of the bed since then counts no more, and the
    days are added up anew; before the bed was there it was nothing.
    """
    naa = now()
    if tidspunkt is not None:
        glem_dager(plass.plassenhet_id, oslo(tidspunkt).date())
        if plass.endret > tidspunkt:
            tidspunkt = max(tidspunkt, plass.opprettet)
            db.session.execute(
                sa.update(Plassendring)
                .where(
                    Plassendring.plass_id == plass.id,
                    Plassendring.tidspunkt > tidspunkt,
                    Plassendring.rettet.is_(None),
                )
                .values(rettet=naa)
            )
        naa = tidspunkt
    plass.endret, plass.endret_av_id = naa, aktor.person_id
    plass.endringer = (plass.endringer or 0) + 1
    db.session.flush()
    db.session.execute(
        sa.insert(Plassendring).values(
            plass_id=plass.id,
            nr=plass.endringer,
            plassenhet_id=plass.plassenhet_id,
            tidspunkt=naa,
            tilstand="nedlagt" if plass.nedlagt else plass.tilstand,
            stengt_grunn=plass.stengt_grunn,
            bemannet=plass.bemannet,
            normert=plass.normert,
            person_id=aktor.person_id,
            aarsak=aarsak,
        )
    )


def glem_dager(plassenhet_id: UUID, fra: date) -> None:
    """The unit's days from then on are added up anew by the next run of the job: something was told of afterwards."""
    if fra < i_dag():
        borte = db.session.scalars(
            sa.delete(Plassdoegn)
            .where(Plassdoegn.plassenhet_id == plassenhet_id, Plassdoegn.dag >= fra)
            .returning(Plassdoegn.dag)
        ).all()
        if borte:
            merk_dager(min(borte), max(borte))
        db.session.execute(
            sa.delete(Plassmaaned).where(
                Plassmaaned.plassenhet_id == plassenhet_id, Plassmaaned.maaned >= fra.replace(day=1)
            )
        )
        # What is left of that month.
        maaned = fra.replace(day=1)
        db.session.execute(
            sa.insert(Plassmaaned).from_select(
                ["plassenhet_id", "maaned", *SUMMER],
                sa.select(
                    Plassdoegn.plassenhet_id,
                    sa.literal(maaned, sa.Date),
                    *(sa.func.sum(getattr(Plassdoegn, k)) for k in SUMMER),
                )
                .where(Plassdoegn.plassenhet_id == plassenhet_id, Plassdoegn.dag >= maaned)
                .group_by(Plassdoegn.plassenhet_id),
            )
        )


def merk_dager(fra: date, til: date) -> None:
    """Sums of a unit's days [fra, til] have changed: those of the areas count no more until the job has made them."""
    db.session.execute(insert_for(Plassmerke, db.engine.dialect.name).values(id=uuid4(), fra=fra, til=til))


def bemann(aktor: Aktor, plass: Plass, bemannet: bool, *, aarsak: str) -> None:
    """Says whether there is staff for a bed. An occupied one may lose it: the patient lies there all the same.

    Raises UgyldigOvergang for a held one, and for one whose staff is lent or borrowed. End with `tell`.
    """
    if plass.laan and plass.bemannet != bemannet:
        raise UgyldigOvergang(_laant(plass))
    if plass.tilstand == Tilstand.HOLDT and not bemannet:
        raise UgyldigOvergang(
            _l("Plassen er holdt for en pasient på vei. Frigi eller avvis reservasjonen først.")
        )
    if plass.bemannet != bemannet:
        plass.bemannet = bemannet
        noter(aktor, plass, aarsak=aarsak)


def _laant(plass: Plass) -> Any:
    """What is said to who would change the staffing that a loan has given or taken."""
    if plass.laan_slutt is not None:
        return _l(
            "%(plass)s har lånt personell til den som er på vei, er kommet. Personellet går tilbake av seg selv når "
            "plassen ikke er holdt lenger.",
            plass=plass.navn,
        )
    if plass.laan == Laan.INN:
        return _l(
            "%(plass)s er bemannet med lånt personell. Avslutt omdisponeringen først, eller steng plassen hvis den "
            "ikke kan brukes nå.",
            plass=plass.navn,
        )
    return _l("Personellet til %(plass)s er lånt ut. Avslutt omdisponeringen først.", plass=plass.navn)


def krev_uten_laan(plass: Plass) -> None:
    """A bed that staff is lent to or from stays in use until the loan has ended. Raises UgyldigOvergang."""
    if plass.laan:
        raise UgyldigOvergang(_laant(plass))


def kan_bemannes(plasser: Iterable[Plass]) -> list[Plass]:
    """The beds that staff alone would open, in the order in which they are chosen: those that somebody lies in first,
    then the empty ones. What is closed for another reason than staff would stay closed."""
    return sorted(
        (
            p
            for p in plasser
            if not p.bemannet
            and not p.laan
            and (p.tilstand != Tilstand.STENGT or p.stengt_grunn == Stengtgrunn.PERSONELL)
        ),
        key=lambda p: (p.tilstand != Tilstand.BELAGT, p.tilstand == Tilstand.UKJENT, p.rekkefoelge, p.navn),
    )


def kan_avgi(plasser: Iterable[Plass]) -> list[Plass]:
    """The beds whose staff can go, in the order in which they are chosen: open and empty ones before occupied ones.
    A closed bed costs nothing, but its staff is not there to be lent either: it comes last but for the occupied."""
    rang = {
        t: i
        for i, t in enumerate(
            (Tilstand.LEDIG, Tilstand.RENGJOERES, Tilstand.UKJENT, Tilstand.STENGT, Tilstand.BELAGT)
        )
    }
    return sorted(
        (p for p in plasser if p.bemannet and not p.laan and p.tilstand != Tilstand.HOLDT),
        key=lambda p: (rang[Tilstand(p.tilstand)], -p.rekkefoelge, p.navn),
    )


def laan(
    aktor: Aktor, plass: Plass, retning: Laan, *, organisasjon_id: UUID, til: datetime, referanse: str
) -> None:
    """Staff comes to a bed from another organisation (`inn`), or goes from it (`ut`), for as long as the loan runs.

    The bed is one of `kan_bemannes` or `kan_avgi`. One that was closed for want of staff is free. End with `tell`.
    """
    plass.laan, plass.laan_organisasjon_id, plass.laan_til, plass.laan_referanse = (
        retning,
        organisasjon_id,
        til,
        referanse,
    )
    plass.bemannet = retning == Laan.INN
    if retning == Laan.INN and plass.tilstand == Tilstand.STENGT:
        plass.flytt_til(Tilstand.LEDIG)
    noter(aktor, plass, aarsak=f"laan_{retning}:{organisasjon_id}")


def laant(referanse: str) -> list[Plass]:
    """The beds that a loan has given staff, or taken it from, in the order of their units and their own."""
    return list(
        db.session.scalars(
            sa.select(Plass)
            .where(Plass.laan_referanse == referanse, Plass.laan != "")
            .order_by(Plass.plassenhet_id, Plass.rekkefoelge, Plass.id)
            .execution_options(populate_existing=True)
        )
    )


def slutt_laan(aktor: Aktor, plass: Plass) -> bool:
    """The staff of a bed goes back where it came from. False for a held one, which keeps it until the hold has ended
    (`sett`): somebody is on the way. The unit is locked, without overdue holds. End with `tell`."""
    if plass.laan == Laan.INN and plass.tilstand == Tilstand.HOLDT:
        naa = now()
        plass.laan_slutt = plass.laan_slutt or naa
        plass.laan_til = min(plass.laan_til or naa, naa)
        db.session.flush()
        return False
    hvor, hvem = plass.laan, plass.laan_organisasjon_id
    plass.gi_tilbake()
    noter(aktor, plass, aarsak=f"laan_{hvor}_slutt:{hvem}")
    return True


def tell(aktor: Aktor, enhet: Plassenhet) -> None:
    """Counts the unit's beds, and tells the board that it has changed. Last in whatever changes beds."""
    plasser = i_bruk(enhet.id)
    tall = dict.fromkeys(("ledig", "holdt", "belagt", "rengjoeres", "stengt", "ubemannet", "ukjent"), 0)
    evner: dict[str, int] = {}
    for p in plasser:
        hvor = gruppe(p.tilstand, p.bemannet)
        tall[hvor] += 1
        if hvor == "ledig":
            noekkel = str(enhet.evner | p.evner)
            evner[noekkel] = evner.get(noekkel, 0) + 1
    verdier = {
        **tall,
        "antall": len(plasser),
        "normert": sum(p.normert for p in plasser),
        "bemannet": sum(p.bemannet for p in plasser),
        "laant_inn": sum(p.laan == Laan.INN for p in plasser),
        "laant_ut": sum(p.laan == Laan.UT for p in plasser),
        "ledige_evner": evner,
        "endret": now(),
        "endret_av_id": aktor.person_id,
    }
    db.session.execute(
        insert_for(Plasstall, db.engine.dialect.name)
        .values(plassenhet_id=enhet.id, **verdier)
        .on_conflict_do_update(index_elements=["plassenhet_id"], set_=verdier)
    )
    flytt_stavlen(enhet.id)


def bekreft(aktor: Aktor, enhet: Plassenhet) -> None:
    """The unit's people have said that its figures are true now; who was to remind them does so no more.

    `Plassenhet.versjon` stays: who has the form of its description open is not made late by every click on a bed.
    """
    db.session.execute(
        sa.update(Plassenhet)
        .where(Plassenhet.id == enhet.id)
        .values(bekreftet=now(), bekreftet_av_id=aktor.person_id, purret=None)
        .execution_options(synchronize_session="evaluate")
    )
    stopp(f"plasser:fersk:{enhet.id}")


def flytt_stavlen(plassenhet_id: UUID) -> None:
    """The board shows something else of this unit after the commit. Its version grows by one for each transaction.

    The version's row is locked last of all, after the audit log's: all changes in the country meet there for a moment.
    """
    lager = transaksjon().lager.setdefault(_LAGER, set())
    if not lager:
        transaksjon().foer_commit.append(_sist)
    lager.add(plassenhet_id)


def _sist() -> None:
    # What is appended while the steps run comes after those that were there.
    transaksjon().foer_commit.append(_ny_versjon)


def _ny_versjon() -> None:
    enheter = transaksjon().lager.pop(_LAGER)
    versjon = db.session.scalar(
        insert_for(Plasstavle, db.engine.dialect.name)
        .values(id=1, versjon=1)
        .on_conflict_do_update(index_elements=["id"], set_={"versjon": Plasstavle.versjon + 1})
        .returning(Plasstavle.versjon)
    )
    db.session.execute(
        sa.update(Plassenhet)
        .where(Plassenhet.id.in_(enheter))
        .values(stavleversjon=versjon)
        .execution_options(synchronize_session=False)
    )
    meld("plasser.endret", versjon=versjon, enheter=sorted(str(e) for e in enheter))


# --- holds -----------------------------------------------------------------------------------------------


def loes_ut(enhet: Plassenhet) -> int:
    """Ends the unit's overdue holds, at the moments at which they ran out. Gives how many: 0 needs no `tell`. Who held
    the beds is told.

    Whoever wants a bed does this first, so that a stopped worker blocks none.
    """
    naa = now()
    over = db.session.scalars(
        sa.select(Reservasjon).where(
            Reservasjon.plassenhet_id == enhet.id,
            Reservasjon.status == Holdstatus.AKTIV,
            Reservasjon.utloeper <= naa,
        )
    ).all()
    arbeider = Aktor.system("arbeider")
    for r in over:
        avslutt(arbeider, r, Holdstatus.UTLOEPT, tidspunkt=r.utloeper)
        si_fra(arbeider, enhet, r)
        revider(
            arbeider,
            "plasser.utloept",
            "reservasjon",
            r.id,
            enhet=str(enhet.id),
            utloept=r.utloeper.isoformat(),
        )
    return len(over)


def avslutt(
    aktor: Aktor, reservasjon: Reservasjon, status: Holdstatus, *, tidspunkt: datetime | None = None
) -> Plass:
    """Ends an active hold. Its bed is free again, but for `innlagt`, whose use case moves it on. End with `tell`."""
    naa = tidspunkt or now()
    reservasjon.status, reservasjon.avsluttet, reservasjon.avsluttet_av_id = status, naa, aktor.person_id
    plass = db.session.get_one(Plass, reservasjon.plass_id)
    if status != Holdstatus.INNLAGT:
        sett(aktor, plass, Tilstand.LEDIG, aarsak=str(status), tidspunkt=naa)
    stopp(f"reservasjon:{reservasjon.id}")
    meld(
        "plasser.reservasjon_endret",
        reservasjon_id=reservasjon.id,
        referanse=reservasjon.referanse,
        status=str(status),
    )
    return plass


# --- quotas ----------------------------------------------------------------------------------------------


def medlemmer(plassenhet_id: UUID) -> list[Plassmedlem]:
    """The kommuner with a place in the unit today."""
    return list(
        db.session.scalars(
            sa.select(Plassmedlem).where(
                Plassmedlem.plassenhet_id == plassenhet_id,
                Plassmedlem.i_dag(),
            )
        )
    )


def har_plass_i(kommune_id: UUID) -> set[UUID]:
    """The units where the kommune has a place today."""
    return set(
        db.session.scalars(
            sa.select(Plassmedlem.plassenhet_id).where(
                Plassmedlem.kommune_id == kommune_id, Plassmedlem.i_dag()
            )
        )
    )


def ny_kvote(medlem: Plassmedlem, kvote: int, fra: date) -> Plassmedlem:
    """The kommune's place with another quota from a day on; before it the quota was what it was."""
    if medlem.fra >= fra:
        medlem.kvote = kvote
        return medlem
    medlem.til = fra
    # Before the new one: a kommune has one place that has not ended.
    db.session.flush()
    ny = Plassmedlem(
        id=uuid4(),
        plassenhet_id=medlem.plassenhet_id,
        kommune_id=medlem.kommune_id,
        kvote=kvote,
        fra=fra,
    )
    db.session.add(ny)
    return ny


class Kvotebruk(NamedTuple):
    """A kommune's beds of a unit, and how many of them are held for it or taken by its inhabitants."""

    kvote: int
    brukt: int

    @property
    def igjen(self) -> int:
        """Below zero where the unit has given it more than its quota."""
        return self.kvote - self.brukt

    @property
    def full(self) -> bool:
        return self.igjen <= 0


def kvotebruk(kommune_id: UUID) -> dict[UUID, Kvotebruk]:
    """{unit where the kommune has a place today: its quota there, and what is used of it}."""
    naa = now()
    holdt = (
        sa.select(sa.func.count())
        .where(
            Reservasjon.plassenhet_id == Plassmedlem.plassenhet_id,
            Reservasjon.kommune_id == kommune_id,
            Reservasjon.status == Holdstatus.AKTIV,
            Reservasjon.utloeper > naa,
        )
        .correlate(Plassmedlem)
        .scalar_subquery()
    )
    ligger = (
        sa.select(sa.func.count())
        .where(
            Opphold.plassenhet_id == Plassmedlem.plassenhet_id,
            Opphold.kommune_id == kommune_id,
            Opphold.ut.is_(None),
        )
        .correlate(Plassmedlem)
        .scalar_subquery()
    )
    return {
        r.plassenhet_id: Kvotebruk(r.kvote, r.brukt)
        for r in db.session.execute(
            sa.select(
                Plassmedlem.plassenhet_id,
                sa.func.sum(Plassmedlem.kvote).label("kvote"),
                (holdt + ligger).label("brukt"),
            )
            .where(
                Plassmedlem.kommune_id == kommune_id,
                Plassmedlem.i_dag(),
            )
            .group_by(Plassmedlem.plassenhet_id)
        )
    }


def i_bruk_av(plassenhet_id: UUID) -> dict[UUID, int]:
    """{kommune: how many of the unit's beds are held for it or taken by its inhabitants}. A hold whose time is over
    holds none, whether the worker has come to it or not."""
    holdt = sa.select(Reservasjon.kommune_id).where(
        Reservasjon.plassenhet_id == plassenhet_id,
        Reservasjon.status == Holdstatus.AKTIV,
        Reservasjon.utloeper > now(),
    )
    ligger = sa.select(Opphold.kommune_id).where(Opphold.plassenhet_id == plassenhet_id, Opphold.ut.is_(None))
    begge = sa.union_all(holdt, ligger).subquery()
    return {
        r.kommune_id: r.antall
        for r in db.session.execute(
            sa.select(begge.c.kommune_id, sa.func.count().label("antall")).group_by(begge.c.kommune_id)
        )
    }


def frist(enhet: Plassenhet, fase: int) -> timedelta:
    """For how long the unit's figures count as fresh in a phase of its vertskommune."""
    return timedelta(hours=enhet.fersk_timer_hoey if fase >= 3 else enhet.fersk_timer_lav)
