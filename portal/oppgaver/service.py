"""The tasks of an organisation: who takes them, when they are done, and who is reminded of those that are not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag, now
from portal.core.db import db, meld, transactional
from portal.core.errors import Opptatt, UgyldigData, UgyldigOvergang
from portal.core.sprak import _l
from portal.identitet.access import medlemskap_gyldig
from portal.identitet.models import Medlemskap, Person
from portal.identitet.mottakere import mottakerfelt
from portal.oppgaver import access, steps
from portal.oppgaver.access import Handling
from portal.oppgaver.models import Oppgave
from portal.oppgaver.ord import KODER
from portal.revisjon.steps import logg
from portal.varsler.steps import Beskjed, Mottaker, varsle_flere

PR_SIDE = 50
#: Which tasks a page shows.
VALG = ("aapne", "mine", "ferdige")
#: Reminders in one transaction: it holds nobody up for long.
BUNKE = 50


@dataclass(frozen=True, slots=True)
class Rad:
    """A task, and what the actor may do with it as it is now. `dager`: left until it is due; below 0: overdue."""

    oppgave: Oppgave
    dager: int
    kan_ta: bool
    kan_gi_fra_seg: bool
    kan_gjoere: bool
    kan_gjenaapne: bool


@dataclass(frozen=True, slots=True)
class Liste:
    """A page of tasks. `tall`: how many each of `VALG` would show; `over`: how many open ones are overdue."""

    rader: list[Rad]
    side: int
    sider: int
    antall: int
    tall: dict[str, int]
    over: int


def hent_oppgaver(aktor: Aktor, *, vis: str = "aapne", side: int = 1) -> Liste:
    """The tasks of the actor's organisation: the open, by when they are due, or the finished, the last first.

    Raises IkkeTilgang for who has no part in them.
    """
    organisasjon_id = access.krev_liste(aktor)
    mine = sa.and_(steps.AAPEN, Oppgave.ansvarlig_id == aktor.person_id)
    valg = dict(zip(VALG, (steps.AAPEN, mine, sa.not_(steps.AAPEN)), strict=True))
    *antall, over = db.session.execute(
        sa.select(
            *(sa.func.count().filter(v) for v in valg.values()),
            sa.func.count().filter(steps.AAPEN, Oppgave.frist < i_dag()),
        ).where(Oppgave.organisasjon_id == organisasjon_id)
    ).one()
    tall = dict(zip(VALG, antall, strict=True))
    sider = max(1, -(-tall[vis] // PR_SIDE))
    side = min(side, sider)
    ferdig = sa.func.coalesce(Oppgave.gjort, Oppgave.avlyst)
    rekke = (ferdig.desc(), Oppgave.id) if vis == "ferdige" else (Oppgave.frist, Oppgave.id)
    rader = db.session.scalars(
        sa.select(Oppgave)
        .where(Oppgave.organisasjon_id == organisasjon_id, valg[vis])
        .options(joinedload(Oppgave.ansvarlig), joinedload(Oppgave.gjort_av))
        .order_by(*rekke)
        .limit(PR_SIDE)
        .offset((side - 1) * PR_SIDE)
    )
    return Liste([_rad(aktor, o) for o in rader], side, sider, tall[vis], tall, over)


def hent_oppgave(aktor: Aktor, oppgave_id: UUID) -> Rad:
    """One task of the actor's organisation. Raises IkkeFunnet."""
    return _rad(aktor, access.hent(aktor, Handling.SE, oppgave_id))


def hent_om(aktor: Aktor, gjelder: str) -> list[Rad]:
    """The tasks of the actor's organisation about something: the open by when they are due, then the finished, the last
    first. None for who has no part in them.
    """
    if not access.ser(aktor):
        return []
    rader = db.session.scalars(
        sa.select(Oppgave)
        .where(Oppgave.gjelder == gjelder, Oppgave.organisasjon_id == aktor.organisasjon_id)
        .options(joinedload(Oppgave.ansvarlig), joinedload(Oppgave.gjort_av))
        .order_by(Oppgave.frist, Oppgave.id)
    ).all()
    aapne = [o for o in rader if o.gjort is None and o.avlyst is None]
    ferdige = sorted(
        (o for o in rader if o not in aapne), key=lambda o: o.gjort or o.avlyst or o.opprettet, reverse=True
    )
    return [_rad(aktor, o) for o in (*aapne, *ferdige)]


def _rad(aktor: Aktor, oppgave: Oppgave) -> Rad:
    aapen = oppgave.gjort is None and oppgave.avlyst is None
    tatt = oppgave.ansvarlig_id is not None
    return Rad(
        oppgave,
        dager=(oppgave.frist - i_dag()).days,
        kan_ta=aapen and not tatt and access.kan(aktor, Handling.TA, oppgave),
        kan_gi_fra_seg=aapen and tatt and access.kan(aktor, Handling.GI_FRA_SEG, oppgave),
        kan_gjoere=aapen and access.kan(aktor, Handling.GJOERE, oppgave),
        kan_gjenaapne=oppgave.gjort is not None and access.kan(aktor, Handling.GJENAAPNE, oppgave),
    )


def aapner(endepunkt: str, argumenter: Mapping[str, Any], roller: Sequence[Aktor]) -> set[UUID]:
    """The memberships that see the task of the address (see `identitet.service.rollebytte`)."""
    oppgave = db.session.get(Oppgave, argumenter["oppgave_id"]) if "oppgave_id" in argumenter else None
    return {
        r.medlemskap_id
        for r in roller
        if r.medlemskap_id is not None
        and (access.ser(r) if oppgave is None else access.kan(r, Handling.SE, oppgave))
    }


# --- what is done with them ------------------------------------------------------------------------------


@transactional
def ta(aktor: Aktor, oppgave_id: UUID) -> None:
    """Takes a task on: the reminders come to the actor alone. Raises Opptatt when somebody else has it."""
    oppgave = _aapen(aktor, Handling.TA, oppgave_id)
    if oppgave.ansvarlig_id == aktor.person_id:
        return
    if oppgave.ansvarlig is not None:
        raise Opptatt(_l("%(navn)s har alt tatt denne oppgaven.", navn=oppgave.ansvarlig.navn))
    oppgave.ansvarlig_id = aktor.person_id
    _endret(aktor, "oppgave.tatt", oppgave)


@transactional
def gi_fra_seg(aktor: Aktor, oppgave_id: UUID) -> None:
    """The task is the coordinators' together again: its holder gives it back, or a coordinator takes it from them."""
    oppgave = _aapen(aktor, Handling.GI_FRA_SEG, oppgave_id)
    if oppgave.ansvarlig_id is None:
        raise UgyldigOvergang()
    fra = oppgave.ansvarlig_id
    oppgave.ansvarlig_id = None
    _endret(aktor, "oppgave.gitt_fra", oppgave, fra=fra)


@transactional
def gjoer(aktor: Aktor, oppgave_id: UUID, bevis: str = "") -> None:
    """Marks a task done: whoever has taken it, or a coordinator. That it was the actor who said so is kept.

    Raises UgyldigData where it wants proof and none is given, or too long a one.
    """
    oppgave = _aapen(aktor, Handling.GJOERE, oppgave_id)
    bevis = bevis.strip()
    if oppgave.krever_bevis and not bevis:
        raise UgyldigData(
            felter={"bevis": [_l("Skriv hvor det kan finnes igjen, for eksempel saksnummeret i arkivet.")]}
        )
    if len(bevis) > 500:
        raise UgyldigData(felter={"bevis": [_l("Teksten er for lang: høyst %(antall)s tegn.", antall=500)]})
    oppgave.gjort, oppgave.gjort_av_id, oppgave.bevis = now(), aktor.person_id, bevis
    steps.ti_om([oppgave.id])
    _endret(aktor, "oppgave.gjort", oppgave, bevis=bevis)


@transactional
def gjenaapne(aktor: Aktor, oppgave_id: UUID) -> None:
    """A task that was marked done is not: it is open again, and reminded of. The proof stays, to be put right."""
    oppgave = access.hent(aktor, Handling.GJENAAPNE, oppgave_id, laas=True)
    if oppgave.gjort is None:
        raise UgyldigOvergang()
    oppgave.gjort = oppgave.gjort_av_id = None
    oppgave.neste_paaminnelse = steps.neste_paaminnelse(oppgave.frist, _dager(oppgave), now())
    _endret(aktor, "oppgave.gjenaapnet", oppgave)


def _aapen(aktor: Aktor, handling: Handling, oppgave_id: UUID) -> Oppgave:
    oppgave = access.hent(aktor, handling, oppgave_id, laas=True)
    if oppgave.gjort is not None or oppgave.avlyst is not None:
        raise UgyldigOvergang(
            _l("Oppgaven er ikke åpen lenger. Last siden på nytt og se hva som har skjedd.")
        )
    return oppgave


def _endret(aktor: Aktor, handling: str, oppgave: Oppgave, **mer: Any) -> None:
    db.session.flush()
    logg(aktor, handling, "oppgave", oppgave.id, kode=oppgave.kode, **mer)
    meld("oppgaver.endret", organisasjon_id=oppgave.organisasjon_id)


# --- reminders -------------------------------------------------------------------------------------------


def minn_om_oppgaver() -> int:
    """Job: reminds of the tasks whose moment has come. Gives how many. Safe to run twice, and in two processes."""
    antall = 0
    while bunke := _minn_om_bunke():
        antall += bunke
    return antall


@transactional
def _minn_om_bunke() -> int:
    """The next of them. What several missed reminders would have said is said once, as it is today."""
    naa = now()
    oppgaver = db.session.scalars(
        sa.select(Oppgave)
        .where(steps.AAPEN, Oppgave.neste_paaminnelse <= naa)
        .order_by(Oppgave.neste_paaminnelse, Oppgave.id)
        .limit(BUNKE)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    if not oppgaver:
        return 0
    ansvarlige = _folk({o.organisasjon_id for o in oppgaver}, access.SER)
    beskjeder: list[Beskjed] = []
    for o in oppgaver:
        assert o.neste_paaminnelse is not None
        beskjeder += [_beskjed(o, til, i_dag()) for til in _hvem(o, ansvarlige)]
        o.neste_paaminnelse = steps.neste_paaminnelse(o.frist, _dager(o), naa)
    db.session.flush()
    varsle_flere(beskjeder)
    return len(oppgaver)


def _beskjed(oppgave: Oppgave, til: Mottaker, dag: date) -> Beskjed:
    frist = f"{oppgave.frist:%d.%m.%Y}"
    return Beskjed(
        til=til,
        # One a day: reopened on the day of a reminder it is not told of again.
        noekkel=f"oppgave:{oppgave.id}:{dag.isoformat()}:{til.person_id}",
        kode="oppgave.over_fristen" if oppgave.frist < dag else "oppgave.paaminnelse",
        tittel=_l("Oppgave over fristen (%(frist)s): %(tittel)s", frist=frist, tittel=oppgave.tittel)
        if oppgave.frist < dag
        else _l("Oppgave med frist %(frist)s: %(tittel)s", frist=frist, tittel=oppgave.tittel),
        tekst=KODER.get(oppgave.kode, ""),
        lenke=f"/oppgaver/{oppgave.id}",
        gjelder=steps.gjelder(oppgave.id),
    )


def _hvem(oppgave: Oppgave, folk: list[tuple[Mottaker, str]]) -> list[Mottaker]:
    """Who has taken it, while they are there; else the coordinators, or where there is none the administrators."""
    her = [(m, rolle) for m, rolle in folk if m.organisasjon_id == oppgave.organisasjon_id]
    ansvarlig = [m for m, _ in her if m.person_id == oppgave.ansvarlig_id]
    for funnet in (
        ansvarlig[:1],
        [m for m, rolle in her if rolle == Rolle.KOORDINATOR],
        [m for m, rolle in her if rolle == Rolle.ADMINISTRATOR],
    ):
        if funnet:
            return funnet
    return []


def _folk(organisasjoner: set[UUID], roller: frozenset[Rolle]) -> list[tuple[Mottaker, str]]:
    """Everybody with one of the roles at the organisations now, with the role."""
    rader = db.session.execute(
        sa.select(*mottakerfelt(), Medlemskap.organisasjon_id, Medlemskap.rolle)
        .join(Medlemskap, Medlemskap.person_id == Person.id)
        .where(
            Medlemskap.organisasjon_id.in_(organisasjoner),
            Medlemskap.rolle.in_(list(roller)),
            medlemskap_gyldig(now()),
            Person.aktiv,
        )
        .distinct()
        .order_by(Person.navn, Person.id)
    )
    return [(Mottaker(r.person_id, r.navn, r.epost, r.spraak, r.organisasjon_id), r.rolle) for r in rader]


def _dager(oppgave: Oppgave) -> list[int]:
    return [int(d) for d in oppgave.paaminnelser.split(",") if d]
