"""What the use cases of a reallocation share, inside the caller's transaction. Nothing here asks for permission.

Locks are taken in this order: people and premises (by id), the floors of the units, the reallocation and those that
clash with it (by id), the units with beds (by id), the need. Whoever changes lines locks the reallocation alone, and
refers to the people meanwhile: so the locks are those that let a reference through (FOR NO KEY UPDATE).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from portal.avtaler import oppslag
from portal.avtaler.models import Bestemmelse
from portal.avtaler.steps import i_versjonen
from portal.beredskap.steps import situasjon
from portal.core.aktor import Aktor
from portal.core.clock import i_dag, now, oslo
from portal.core.db import db, meld
from portal.omdisponering.forloep import (
    LOVFELT,
    OPPTAR,
    SVARTIMER,
    TELLER,
    Behovsstatus,
    Hendelsestype,
    Status,
)
from portal.omdisponering.models import (
    Behov,
    Omdisponering,
    Omdisponeringshendelse,
    Omdisponeringslinje,
)
from portal.omdisponering.regler import Har, Krav, Periode, Rom, del_av, naar
from portal.omdisponering.ressursmodeller import Bemanningsgulv, Lokale, Ressursfravaer, Ressursperson, Vedtak
from portal.oppgaver import steps as oppgaver
from portal.plasser import steps as plassteg
from portal.plasser.forloep import Laan
from portal.plasser.models import Plassenhet
from portal.varsler.steps import stopp

#: Letters and digits that nobody takes for another.
_TEGN = "23456789ABCDEFGHJKLMNPRSTUVWXYZ"


def nytt_nummer() -> str:
    """«26-7KQ4MX»: the year in Oslo, and six signs by chance."""
    return f"{oslo(now()).year % 100:02d}-{''.join(secrets.choice(_TEGN) for _ in range(6))}"


#: How a reference to a reallocation begins (`gjelder`).
GJELDER = "omdisponering:"


def gjelder(omdisponering_id: UUID) -> str:
    """What the notices of a reallocation are about, and what its beds refer to."""
    return f"{GJELDER}{omdisponering_id}"


# --- what is agreed on -----------------------------------------------------------------------------------


def innhold(omd: Omdisponering) -> str:
    """SHA-256 of everything that the two sides approve: who, what, when, how much, on which terms, with what effect."""
    alt: dict[str, Any] = {
        "behov": str(omd.behov_id),
        "parter": [str(omd.avgiver_id), str(omd.mottaker_id)],
        "enheter": [str(omd.avgiver_enhet_id or ""), str(omd.mottaker_enhet_id or "")],
        "vilkaar": [getattr(omd, felt) for felt in LOVFELT],
        "grunnlag": [str(omd.avtale_id or ""), omd.avtale_nummer, str(omd.bestemmelse_id or "")],
        "virkning": [omd.stenges, omd.aapnes],
        "gulv": omd.gulv_overstyrt,
        "vedtak": str(omd.vedtak_id or ""),
        "merknad": omd.merknad,
        "linjer": sorted(
            [
                str(li.ressursperson_id or li.lokale_id),
                li.fra.isoformat(),
                li.til.isoformat(),
                li.andel,
                li.beordret,
            ]
            for li in omd.linjer
            if li.gjelder
        ),
    }
    return sha256(json.dumps(alt, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def tell_opp(omd: Omdisponering) -> None:
    """Writes anew what follows from the lines and the terms: the whole period, and the content's hash."""
    linjer = [li for li in omd.linjer if li.gjelder]
    if linjer:
        omd.fra, omd.til = min(li.fra for li in linjer), max(li.til for li in linjer)
    omd.innhold_hash = innhold(omd)


def noter(aktor: Aktor, omd: Omdisponering, type_: Hendelsestype, tekst: str = "", **data: str | int) -> None:
    """Writes a row of what has happened, and tells the browsers. The reallocation is locked."""
    db.session.flush()
    siste = db.session.scalar(
        sa.select(sa.func.max(Omdisponeringshendelse.nr)).where(
            Omdisponeringshendelse.omdisponering_id == omd.id
        )
    )
    db.session.add(
        Omdisponeringshendelse(
            id=uuid4(),
            omdisponering_id=omd.id,
            nr=(siste or 0) + 1,
            type=type_,
            tidspunkt=now(),
            person_id=aktor.person_id,
            organisasjon_id=aktor.organisasjon_id,
            tekst=tekst[:500],
            data=data,
        )
    )
    db.session.flush()
    meld("omdisponering.endret", omdisponering_id=omd.id, status=omd.status)


def svarfrist(mottaker_id: UUID, fra: datetime) -> datetime:
    """Until when the side whose turn it is should answer: sooner in the phases 3–5 of the receiver, never later than
    the beginning, but an hour at least."""
    naa = now()
    timer = SVARTIMER[situasjon(mottaker_id).fase >= 3]
    return max(min(naa + timedelta(hours=timer), fra), naa + timedelta(hours=1))


# --- what it rests on ------------------------------------------------------------------------------------


def grunnlag(avgiver_id: UUID, mottaker_id: UUID) -> list[tuple[oppslag.Avtaletreff, list[Bestemmelse]]]:
    """The agreements that bind both sides today, each with its clauses: one of these the reallocation rests on."""
    dag = i_dag()
    treff = {a.avtale_id: a for a in oppslag.avtaler(avgiver_id, dag, foretak_id=mottaker_id)}
    treff |= {a.avtale_id: a for a in oppslag.avtaler(mottaker_id, dag, foretak_id=avgiver_id)}
    ut = []
    for a in treff.values():
        rader = db.session.scalars(
            sa.select(Bestemmelse)
            .where(Bestemmelse.avtale_id == a.avtale_id, i_versjonen(a.versjon))
            .order_by(Bestemmelse.plass, Bestemmelse.id)
        ).all()
        ut.append((a, list(rader)))
    return ut


# --- people and premises ---------------------------------------------------------------------------------


def laas_ressurser(personer: Collection[UUID], lokaler: Collection[UUID]) -> None:
    """Locks people, then premises, in the order of their ids: for who promises them."""
    for modell, ider in ((Ressursperson, personer), (Lokale, lokaler)):
        if ider:
            db.session.scalars(
                sa.select(modell)
                .where(modell.id.in_(sorted(set(ider))))
                .order_by(modell.id)
                .with_for_update(key_share=True, of=modell)
                .execution_options(populate_existing=True)
            ).all()


def kommer_fra(omd: Omdisponering) -> set[UUID]:
    """The units that its people belong to: each has a floor of its own, whichever unit the reallocation names."""
    return {
        li.ressursperson.enhet_id
        for li in omd.linjer
        if li.gjelder and li.ressursperson is not None and li.ressursperson.enhet_id is not None
    }


def laas_gulv(enheter: Collection[UUID]) -> list[Bemanningsgulv]:
    """The floors of the units, locked in the order of their ids: two people of one unit are promised one by one."""
    if not enheter:
        return []
    return list(
        db.session.scalars(
            sa.select(Bemanningsgulv)
            .where(Bemanningsgulv.enhet_id.in_(sorted(set(enheter))))
            .order_by(Bemanningsgulv.id)
            .with_for_update(key_share=True, of=Bemanningsgulv)
            .execution_options(populate_existing=True)
        )
    )


def opptatt_av(
    kolonne: sa.orm.InstrumentedAttribute[Any],
    ider: Collection[UUID],
    fra: datetime,
    til: datetime,
    unntatt: UUID | None = None,
) -> Sequence[Omdisponeringslinje]:
    """The lines by which people (or premises) are taken in [fra, til), but for those of one reallocation."""
    sporring = (
        sa.select(Omdisponeringslinje)
        .where(
            kolonne.in_(sorted(set(ider))),
            sa.text("omdisponeringslinje.opptar"),
            Omdisponeringslinje.til > fra,
            Omdisponeringslinje.fra < til,
        )
        .order_by(Omdisponeringslinje.fra, Omdisponeringslinje.id)
    )
    if unntatt is not None:
        sporring = sporring.where(Omdisponeringslinje.omdisponering_id != unntatt)
    return db.session.scalars(sporring).all()


def borte(
    kolonne: sa.orm.InstrumentedAttribute[Any], ider: Collection[UUID], fra: datetime, til: datetime
) -> dict[UUID, list[Periode]]:
    """{person (or room): when it is said to be unavailable, of what touches [fra, til)}."""
    ut: dict[UUID, list[Periode]] = {}
    if ider:
        for id_, borte_fra, borte_til in db.session.execute(
            sa.select(kolonne, Ressursfravaer.fra, Ressursfravaer.til).where(
                kolonne.in_(sorted(set(ider))), Ressursfravaer.til > fra, Ressursfravaer.fra < til
            )
        ):
            ut.setdefault(id_, []).append(Periode(borte_fra, borte_til))
    return ut


def avgitt_fra(
    enhet_id: UUID, stilling: str, fra: datetime, til: datetime, unntatt: UUID | None = None
) -> list[Periode]:
    """The shares of a unit's people of a profession that are lent in [fra, til), but for one reallocation's."""
    return [
        Periode(*r)
        for r in db.session.execute(
            sa.select(Omdisponeringslinje.fra, Omdisponeringslinje.til, Omdisponeringslinje.andel)
            .join(Ressursperson, Ressursperson.id == Omdisponeringslinje.ressursperson_id)
            .where(
                Ressursperson.enhet_id == enhet_id,
                Ressursperson.stilling == stilling,
                sa.text("omdisponeringslinje.opptar"),
                Omdisponeringslinje.til > fra,
                Omdisponeringslinje.fra < til,
                *([Omdisponeringslinje.omdisponering_id != unntatt] if unntatt is not None else []),
            )
        )
    ]


def krav(behov: Behov) -> Krav:
    """What a need for people asks of each."""
    return Krav(
        behov.stilling or "",
        behov.kompetanse,
        behov.krever_autorisasjon,
        behov.krever_vaksine,
        behov.krever_smittevern,
    )


def har(person: Ressursperson) -> Har:
    """What a person has of it."""
    return Har(
        person.stilling,
        person.kompetanse,
        person.hpr_slaatt_opp is not None,
        person.vaksinert,
        person.smittevern is not None,
    )


def romkrav(behov: Behov) -> Rom:
    """What a need for premises asks for."""
    return Rom(behov.lokaleslag, behov.lokalkrav, behov.plasser, behov.kvm)


def rom(lokale: Lokale) -> Rom:
    """What premises have of it."""
    return Rom(lokale.slag, lokale.krav, lokale.plasser, lokale.kvm)


def kolliderende(omd: Omdisponering) -> list[Omdisponering]:
    """The proposals that want one of the same people or rooms in the same time, locked with `omd` by their ids.

    Read with their lines: those that would still go are for the caller to judge.
    """
    personer = [li.ressursperson_id for li in omd.linjer if li.gjelder and li.ressursperson_id]
    lokaler = [li.lokale_id for li in omd.linjer if li.gjelder and li.lokale_id]
    ider = set(
        db.session.scalars(
            sa.select(Omdisponeringslinje.omdisponering_id)
            .join(Omdisponering, Omdisponering.id == Omdisponeringslinje.omdisponering_id)
            .where(
                Omdisponering.status == Status.FORESLAATT,
                Omdisponeringslinje.stroeket.is_(None),
                sa.or_(
                    Omdisponeringslinje.ressursperson_id.in_(personer),
                    Omdisponeringslinje.lokale_id.in_(lokaler),
                ),
                Omdisponeringslinje.til > omd.fra,
                Omdisponeringslinje.fra < omd.til,
            )
        )
    )
    ider.add(omd.id)
    db.session.execute(
        sa.select(Omdisponering.id)
        .where(Omdisponering.id.in_(sorted(ider)))
        .order_by(Omdisponering.id)
        .with_for_update(key_share=True)
    )
    alle = db.session.scalars(
        sa.select(Omdisponering)
        .where(Omdisponering.id.in_(sorted(ider)))
        .options(
            joinedload(Omdisponering.avgiver),
            joinedload(Omdisponering.mottaker),
            selectinload(Omdisponering.linjer).joinedload(Omdisponeringslinje.ressursperson),
            selectinload(Omdisponering.linjer).joinedload(Omdisponeringslinje.lokale),
        )
        .execution_options(populate_existing=True)
    ).all()
    return [o for o in alle if o.id != omd.id and o.status == Status.FORESLAATT]


def opptar(omd: Omdisponering) -> None:
    """The lines take their people and rooms as the reallocation's state says."""
    for li in omd.linjer:
        li.opptar = li.gjelder and omd.status in OPPTAR


def opphev(aktor: Aktor, omd: Omdisponering) -> None:
    """What the lender had approved is another now: it is asked anew, and its people and rooms are free meanwhile."""
    omd.flytt_til(Status.FORESLAATT)
    omd.godkjent_avgiver = omd.godkjent_avgiver_av_id = omd.godkjent_avgiver_hash = None
    omd.svarfrist, omd.purret = svarfrist(omd.mottaker_id, omd.fra), None
    opptar(omd)
    noter(aktor, omd, Hendelsestype.OPPHEVET)


def lukk(omd: Omdisponering, status: Status) -> None:
    """It is declined or taken back: nobody waits for an answer, and its people and rooms are free. The caller tells of
    it, and counts the need anew where both had approved."""
    omd.flytt_til(status)
    omd.avsluttet = now()
    ti_om(omd)
    opptar(omd)


def laas_vedtak(omd: Omdisponering) -> None:
    """The decision that people are ordered by, as it stands, and kept from being lifted until the commit. After the
    reallocation's own lock: who lifts a decision waits for no reallocation."""
    if omd.vedtak_id is not None:
        omd.vedtak = db.session.scalars(
            sa.select(Vedtak)
            .where(Vedtak.id == omd.vedtak_id)
            .with_for_update(read=True, of=Vedtak)
            .execution_options(populate_existing=True)
        ).one()


def faerre_plasser(omd: Omdisponering, alle: int) -> None:
    """Fewer people open fewer beds, and take the staff from fewer: in proportion to what is left of `alle` lines."""
    omd.stenges, omd.aapnes = for_resten(omd, alle)


def for_resten(omd: Omdisponering, alle: int) -> tuple[int, int]:
    """How many beds the lines that are left of `alle` close and open. Never promised: a bed more, or a loss less."""
    igjen = sum(li.gjelder for li in omd.linjer)
    return -(-omd.stenges * igjen // alle), omd.aapnes * igjen // alle


# --- the beds --------------------------------------------------------------------------------------------


def plassenheter(omd: Omdisponering) -> dict[UUID, Plassenhet]:
    """{unit: its ØHD beds' registry}, of the two units that have one in use. Not locked."""
    enheter = [e for e in (omd.avgiver_enhet_id, omd.mottaker_enhet_id) if e]
    if not enheter:
        return {}
    return {
        p.enhet_id: p
        for p in db.session.scalars(
            sa.select(Plassenhet).where(Plassenhet.enhet_id.in_(enheter), Plassenhet.nedlagt.is_(None))
        )
    }


def med_plasser(enheter: Iterable[UUID]) -> frozenset[UUID]:
    """Those of the units that have ØHD beds in use."""
    return frozenset(
        db.session.scalars(
            sa.select(Plassenhet.enhet_id).where(
                Plassenhet.enhet_id.in_(list(enheter)), Plassenhet.nedlagt.is_(None)
            )
        )
    )


def _laas_enheter(ider: Iterable[UUID]) -> list[Plassenhet]:
    """Units with beds, locked by id, without overdue holds."""
    ider = sorted(set(ider))
    plassteg.laas(ider)
    enheter = [db.session.get_one(Plassenhet, i, populate_existing=True) for i in ider]
    for enhet in enheter:
        plassteg.loes_ut(enhet)
    return enheter


def begynn(aktor: Aktor, omd: Omdisponering, stenges: int, aapnes: int) -> None:
    """The staffing of both units' beds changes: so many lose theirs and get it, or as many as there are."""
    enheter = {e.enhet_id: e for e in _laas_enheter(p.id for p in plassenheter(omd).values())}
    gjort = {Laan.UT: 0, Laan.INN: 0}
    for enhet_id, retning, antall, motpart in (
        (omd.avgiver_enhet_id, Laan.UT, stenges, omd.mottaker_id),
        (omd.mottaker_enhet_id, Laan.INN, aapnes, omd.avgiver_id),
    ):
        enhet = enheter.get(enhet_id) if enhet_id else None
        if enhet is None:
            continue
        velg = plassteg.kan_avgi if retning == Laan.UT else plassteg.kan_bemannes
        for plass in velg(plassteg.i_bruk(enhet.id))[:antall]:
            plassteg.laan(
                aktor, plass, retning, organisasjon_id=motpart, til=omd.til, referanse=gjelder(omd.id)
            )
            gjort[retning] += 1
    for enhet in enheter.values():
        plassteg.tell(aktor, enhet)
    omd.ble_stengt, omd.ble_aapnet = gjort[Laan.UT], gjort[Laan.INN]


def slutt(aktor: Aktor, omd: Omdisponering) -> int:
    """The staffing of the beds goes back. Gives how many are held and keep it until the hold has ended (`rest`)."""
    laant = plassteg.laant(gjelder(omd.id))
    enheter = _laas_enheter({p.plassenhet_id for p in laant})
    igjen = sum(not plassteg.slutt_laan(aktor, p) for p in plassteg.laant(gjelder(omd.id)))
    for enhet in enheter:
        plassteg.tell(aktor, enhet)
    return igjen


# --- the need --------------------------------------------------------------------------------------------


def tell_behov(behov_id: UUID) -> None:
    """A need is covered once as many as were wanted are approved by both sides, and open again when one falls away."""
    behov = db.session.scalars(
        sa.select(Behov)
        .where(Behov.id == behov_id)
        .with_for_update(key_share=True, of=Behov)
        .execution_options(populate_existing=True)
    ).one()
    if behov.status not in (Behovsstatus.AAPENT, Behovsstatus.DEKKET):
        return
    db.session.flush()
    fullt = naar(dekket([behov_id])[behov_id], behov.antall)
    status = Behovsstatus.DEKKET if fullt else Behovsstatus.AAPENT
    if behov.status != status:
        behov.flytt_til(status)


def dekket(behov: Collection[UUID]) -> dict[UUID, float]:
    """{need: how many people or rooms both sides have approved for it}, every one of them in it.

    Half a post, or half of the time, is half of one (`del_av`). What was ended before its time counts no more.
    """
    ut = dict.fromkeys(behov, 0.0)
    for id_, fra, til, andel, b_fra, b_til, b_andel in db.session.execute(
        sa.select(
            Omdisponering.behov_id,
            Omdisponeringslinje.fra,
            Omdisponeringslinje.til,
            Omdisponeringslinje.andel,
            Behov.fra,
            Behov.til,
            Behov.andel,
        )
        .join(Omdisponeringslinje, Omdisponeringslinje.omdisponering_id == Omdisponering.id)
        .join(Behov, Behov.id == Omdisponering.behov_id)
        .where(
            Omdisponering.behov_id.in_(list(behov)),
            Omdisponering.status.in_(TELLER),
            Omdisponeringslinje.stroeket.is_(None),
            sa.or_(
                Omdisponering.status != Status.AVSLUTTET,
                Omdisponering.avsluttet >= Omdisponeringslinje.til,
            ),
        )
    ):
        ut[id_] += del_av(Periode(fra, til, andel), Periode(b_fra, b_til, b_andel))
    return ut


def ti_om(omd: Omdisponering) -> None:
    """Nobody is reminded any more of what waited for an answer."""
    stopp(gjelder(omd.id))
    omd.svarfrist = omd.purret = None


# --- afterwards ------------------------------------------------------------------------------------------

#: What the sides are asked for when it has ended, and how soon.
EVALUERING = "omdisponering.evaluering"
EVALUERINGSFRIST = timedelta(days=14)


def evalueringsnoekkel(omdisponering_id: UUID, organisasjon_id: UUID) -> str:
    """The name of a side's task to tell how it went."""
    return f"{EVALUERING}:{omdisponering_id}:{organisasjon_id}"


def be_om_evaluering(omd: Omdisponering) -> None:
    """A task for each side, when it has ended: three questions about how it went."""
    for organisasjon_id in (omd.avgiver_id, omd.mottaker_id):
        oppgaver.opprett(
            organisasjon_id,
            noekkel=evalueringsnoekkel(omd.id, organisasjon_id),
            kode=EVALUERING,
            tittel=f"{omd.nummer}: {omd.avgiver.kortnavn} – {omd.mottaker.kortnavn}",
            frist=i_dag() + EVALUERINGSFRIST,
            gjelder=gjelder(omd.id),
            lenke=f"/omdisponering/{omd.id}/oppfoelging#evaluering",
            paaminnelser=(7, 1),
        )
