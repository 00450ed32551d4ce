"""The worker's part: what is due is taken, one use case each, however many workers there are and whatever crashes.

Candidates are read by index without a lock. Each is then judged again under the lock of its case: a timer that has
ended, or whose reason is gone, tells nobody anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import islice
from typing import TypeVar
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import joinedload

from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.enkeltvis import hver, sviktet
from portal.henvendelser import steps as saksteg
from portal.henvendelser.eskalering import kanari, steps, tekster, ubesvart
from portal.henvendelser.eskalering.models import Eskalering, Eskaleringstrinn, Slag, Slutt
from portal.henvendelser.eskalering.ubesvart import ordrett
from portal.henvendelser.forloep import Hastegrad, Status
from portal.henvendelser.models import ER_AAPEN, Hendelse, Henvendelse, HenvendelseHode
from portal.vakt import steps as vakt
from portal.vakt.models import Vaktplan
from portal.vakt.steps import Paavakt
from portal.varsler.models import Varsel
from portal.varsler.steps import Beskjed, varsle, varsle_flere

logg = structlog.get_logger(__name__)

#: What is taken in one look; the next look follows at once.
PER_RUNDE = 200
#: How many steps are one transaction. On SQLite everybody else in the process waits for it.
BUNKE = {"postgresql": 25, "sqlite": 5}
#: One that failed is tried again after so long.
UTSETTES = timedelta(seconds=3)
#: So long a step waits for a lock that somebody else holds. Then it fails, and those behind it need not wait.
LAASEVENT = "250ms"
#: How often cases without a timer are looked for.
START_HVER = timedelta(minutes=1)
#: A step that is newer may stand in a transaction that others do not see yet: whoever counts the waiting cases, lets it
#: be until the next look.
FERSKT = timedelta(seconds=5)
#: Later than this the auditor raises it, in seconds.
FORSINKET = 60

_T = TypeVar("_T")
_LOEPER = Eskalering.avsluttet.is_(None)
#: From the most urgent.
_HASTEGRADER = tuple(Hastegrad)


def _biter(alle: Iterable[_T], antall: int) -> Iterator[list[_T]]:
    """Pieces of at most so many."""
    resten = iter(alle)
    while bit := list(islice(resten, antall)):
        yield bit


# --- timers that are due ---------------------------------------------------------------------------------


def kjoer_forfalte() -> int:
    """Takes every step that is due, the longest overdue first. Gives how many were taken.

    One that fails is logged, stands aside for some seconds, and keeps no other waiting.
    """
    tatt, naa = 0, now()
    sist: tuple[datetime, UUID] | None = None
    # From page to page: however many are held by somebody else, those behind them are reached.
    while forfalte := _forfalte(naa, sist):
        sist = forfalte[-1][:2]
        for bunke in _biter(forfalte, BUNKE[db.engine.dialect.name]):
            tatt += _ta_bunke([(esk_id, sak_id) for _neste, esk_id, sak_id in bunke])
    return tatt


def _ta_bunke(bunke: Sequence[tuple[UUID, UUID | None]]) -> int:
    """Takes some steps in one transaction; what cannot be taken so, and all of them where one fails, one by one."""
    # Of a case one step at a time.
    sammen = {sak_id: esk_id for esk_id, sak_id in reversed(bunke) if sak_id is not None}
    tatt, ferdige = 0, set[UUID]()
    if len(sammen) > 1:
        try:
            tatt, ferdige = _ta_flere(sammen)
        except Exception as feil:
            # Which of them it was, is told below.
            logg.warning("eskalering_en_om_gangen", antall=len(sammen), hvorfor=type(feil).__name__)
    for esk_id, sak_id in bunke:
        if esk_id in ferdige:
            continue
        try:
            tatt += _ta_kanari(esk_id) if sak_id is None else _ta(esk_id, sak_id)
        except Exception:
            sviktet("eskalering_feilet", eskalering_id=str(esk_id), henvendelse_id=str(sak_id))
            _utsett(esk_id)
    return tatt


def _forfalte(naa: datetime, etter: tuple[datetime, UUID] | None) -> list[tuple[datetime, UUID, UUID | None]]:
    """A page of what is due: when it was, the timer and its case."""
    sporring = sa.select(Eskalering.neste, Eskalering.id, Eskalering.henvendelse_id).where(
        _LOEPER, Eskalering.neste <= naa, _ikke_utsatt()
    )
    if etter is not None:
        senere = sa.and_(Eskalering.neste == etter[0], Eskalering.id > etter[1])
        sporring = sporring.where(sa.or_(Eskalering.neste > etter[0], senere))
    rader = db.session.execute(sporring.order_by(Eskalering.neste, Eskalering.id).limit(PER_RUNDE)).all()
    db.session.rollback()
    return [(r[0], r[1], r[2]) for r in rader]


def _ikke_utsatt() -> sa.ColumnElement[bool]:
    return sa.or_(Eskalering.utsatt.is_(None), Eskalering.utsatt <= now())


@transactional
def _ta(esk_id: UUID, sak_id: UUID) -> int:
    """Takes one step, if it is still due and its reason still stands. A case that somebody has now is left alone."""
    sak = _laas(sak_id)
    if sak is None:
        return 0
    esk = _laas_eskalering(esk_id)
    if esk is None:
        return 0
    slutt = _grunnen_er_borte(esk, sak)
    if slutt is not None:
        steps.avslutt(sak, slutt, Slag(esk.slag))
        return 0
    steps.fyr(esk, sak, now())
    return 1


@transactional
def _ta_flere(timere: Mapping[UUID, UUID]) -> tuple[int, set[UUID]]:
    """Takes a step of each of these cases' timers, with as few statements as one. Gives how many were taken, and the
    timers that are done with: also those whose case or timer somebody else holds, or that are due no more.

    Whose reason is gone is left to `_ta`.
    """
    saker = _laas_flere(timere)
    esker = {e.henvendelse_id: e for e in _laas_timere([timere[s] for s in saker])}
    antall: dict[UUID, int] = dict(
        db.session.execute(
            sa.select(Eskaleringstrinn.eskalering_id, sa.func.count())
            .where(Eskaleringstrinn.eskalering_id.in_([e.id for e in esker.values()]))
            .group_by(Eskaleringstrinn.eskalering_id)
        )
        .tuples()
        .all()
    )
    tatt, naa, ferdige = 0, now(), set(timere.values())
    beskjeder: list[Beskjed] = []
    for sak_id, esk in sorted(esker.items(), key=lambda e: (e[1].neste, e[1].id)):
        assert sak_id is not None
        if _grunnen_er_borte(esk, saker[sak_id]) is not None:
            ferdige.discard(esk.id)
            continue
        steps.fyr(esk, saker[sak_id], naa, tatt_foer=antall.get(esk.id, 0), beskjeder=beskjeder)
        tatt += 1
    varsle_flere(beskjeder)
    return tatt, ferdige


@transactional
def _ta_kanari(esk_id: UUID) -> int:
    esk = _laas_eskalering(esk_id)
    if esk is None:
        return 0
    kanari.trinn(esk)
    return 1


@transactional
def _utsett(esk_id: UUID) -> None:
    db.session.execute(
        sa.update(Eskalering)
        .where(Eskalering.id == esk_id)
        .values(utsatt=now() + UTSETTES)
        .execution_options(synchronize_session=False)
    )


def _laas(sak_id: UUID) -> Henvendelse | None:
    """The case and the counter of its log, locked; None while another has one of them."""
    return _laas_flere([sak_id]).get(sak_id)


def _laas_flere(sak_ider: Iterable[UUID]) -> dict[UUID, Henvendelse]:
    """Cases and the counters of their logs, locked in the order of their ids. Those of which another has one are not
    there: their timers are still due at the next look. The writer of messages holds counters alone, as many as two
    hundred at a time.

    What else a step must lock (the audit chain) it waits for only `LAASEVENT`.
    """
    # Set by the same statement: a step is a score of them, and hundreds may be due at once.
    postgresql = db.engine.dialect.name == "postgresql"
    laasevent = [sa.func.set_config("lock_timeout", LAASEVENT, sa.true())] if postgresql else []
    rader = db.session.execute(
        sa.select(Henvendelse, HenvendelseHode, *laasevent)
        .join(HenvendelseHode, HenvendelseHode.henvendelse_id == Henvendelse.id)
        .options(joinedload(Henvendelse.avsender, innerjoin=True))
        .where(Henvendelse.id.in_(list(sak_ider)))
        .order_by(Henvendelse.id)
        .with_for_update(of=[Henvendelse, HenvendelseHode], skip_locked=True, key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    for rad in rader:
        saksteg.noter_laast_teller(rad[1])
    return {rad[0].id: rad[0] for rad in rader}


def _laas_eskalering(esk_id: UUID) -> Eskalering | None:
    """The timer, locked and read again; None where it is due no more."""
    return next(iter(_laas_timere([esk_id])), None)


def _laas_timere(ider: Iterable[UUID]) -> Sequence[Eskalering]:
    """The timers, locked and read again; without those that are due no more."""
    return db.session.scalars(
        sa.select(Eskalering)
        .where(Eskalering.id.in_(list(ider)), _LOEPER, Eskalering.neste <= now(), _ikke_utsatt())
        .order_by(Eskalering.id)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()


def _grunnen_er_borte(esk: Eskalering, sak: Henvendelse) -> Slutt | None:
    """Why a timer should not run any more, though nobody has ended it; None: it should."""
    if esk.slag == Slag.MELDING:
        foerste = ubesvart.foerste_ubesvarte(sak.id) if _har_ansvarlig(sak) else None
        return None if foerste is not None and foerste.sekvens == esk.sekvens else Slutt.BESVART
    ventet = Status.NY if esk.slag == Slag.AKSEPT else Status.AKSEPTERT
    return None if sak.status == ventet else Slutt.AVSLUTTET


def _har_ansvarlig(sak: Henvendelse) -> bool:
    return sak.status in (Status.AKSEPTERT, Status.BESVART)


def _les(sporring: sa.Select[UUID]) -> list[UUID]:
    """The candidates, in a reading transaction of their own."""
    ider = list(db.session.scalars(sporring))
    db.session.rollback()
    return ider


# --- messages that nobody has answered -------------------------------------------------------------------


def finn_ubesvarte() -> int:
    """Ends the timers of messages that have been answered, and starts those of messages that wait for the receiver.

    Asks of open cases alone, each by the last row that counts. Gives how many timers were started or ended.
    """
    return sum(
        hver(_les(kandidater()), gjoer, "eskalering_feilet", "henvendelse_id", hva="melding")
        for kandidater, gjoer in ((_besvarte, _slutt_melding), (_nye_ubesvarte, _start_melding))
    )


@cache
def _nye_ubesvarte() -> sa.Select[UUID]:
    siste = (
        sa.select(Hendelse.sekvens)
        .where(
            Hendelse.henvendelse_id == Henvendelse.id, sa.or_(ubesvart.er_spoersmaal(), ubesvart.er_svar())
        )
        .order_by(Hendelse.sekvens.desc())
        .limit(sa.literal_column("1"))
        .correlate(Henvendelse)
        .scalar_subquery()
    )
    melding = sa.exists().where(
        Eskalering.henvendelse_id == Henvendelse.id, Eskalering.slag == ordrett(Slag.MELDING)
    )
    return (
        sa.select(Henvendelse.id)
        .join(Hendelse, sa.and_(Hendelse.henvendelse_id == Henvendelse.id, Hendelse.sekvens == siste))
        .where(
            sa.text(ER_AAPEN),
            Henvendelse.status != ordrett(Status.NY),
            ubesvart.er_spoersmaal(),
            ~melding.where(_LOEPER),
            ~melding.where(
                Eskalering.utfall == ordrett(Slutt.UTTOEMT), Eskalering.avsluttet >= Hendelse.tidspunkt
            ),
        )
        .limit(sa.literal_column(str(PER_RUNDE)))
    )


@cache
def _besvarte() -> sa.Select[UUID]:
    svart = sa.exists().where(
        Hendelse.henvendelse_id == Eskalering.henvendelse_id,
        Hendelse.sekvens > Eskalering.sekvens,
        ubesvart.er_svar(),
    )
    return (
        sa.select(Henvendelse.id)
        .join(Eskalering, Eskalering.henvendelse_id == Henvendelse.id)
        .where(_LOEPER, Eskalering.slag == ordrett(Slag.MELDING), svart)
        .limit(sa.literal_column(str(PER_RUNDE)))
    )


@transactional
def _start_melding(sak_id: UUID) -> int:
    sak = _laas(sak_id)
    if sak is None or not _har_ansvarlig(sak) or _loepende_melding(sak_id) is not None:
        return 0
    foerste = ubesvart.foerste_ubesvarte(sak_id)
    if foerste is None:
        return 0
    steps.start_melding(sak, foerste)
    return 1


@transactional
def _slutt_melding(sak_id: UUID) -> int:
    sak = _laas(sak_id)
    esk = _loepende_melding(sak_id) if sak is not None else None
    if sak is None or esk is None or _grunnen_er_borte(esk, sak) is None:
        return 0
    steps.avslutt(sak, Slutt.BESVART, Slag.MELDING)
    return 1


def _loepende_melding(sak_id: UUID) -> Eskalering | None:
    return db.session.scalars(
        sa.select(Eskalering)
        .where(Eskalering.henvendelse_id == sak_id, Eskalering.slag == Slag.MELDING, _LOEPER)
        .execution_options(populate_existing=True)
    ).one_or_none()


# --- somebody comes on call while cases wait -------------------------------------------------------------


def nye_paa_vakt() -> int:
    """Tells whoever has come on call at a level that was asked, or found empty, before: cases wait. Gives how many.

    Of each case once: whom the ladder has told of it, or who has heard it here, hears it no more, however the shift
    is cut or taken back. Those at levels that it has not come to are left in peace.
    """
    fortalt, nykommere = 0, _nykommere()
    db.session.rollback()
    for (plan_id, person_id), ny in nykommere.items():
        try:
            fortalt += _fortell(plan_id, person_id, ny.saker)
        except Exception:
            sviktet("eskalering_feilet", hva="vaktskifte", vaktplan_id=str(plan_id))
    return fortalt


@dataclass(frozen=True, slots=True)
class _Nykommer:
    """Somebody on call who should hear of cases: the levels that they have, all that wait, and as it was when."""

    paa: list[Paavakt]
    saker: list[UUID]
    naa: datetime


def _noekkel(plan_id: UUID, person_id: UUID, ny: _Nykommer) -> str:
    """Says what was told: at which levels, and as it was at which moment. `_har_hoert` reads it."""
    nivaaer = "+".join(sorted(p.nivaa for p in ny.paa))
    return f"{tekster.VENTER}:{plan_id.hex}:{nivaaer}:{ny.naa.isoformat()}:{person_id.hex}"


def _nykommere(organisasjon_id: UUID | None = None) -> dict[tuple[UUID, UUID], _Nykommer]:
    """Who should hear now of waiting cases, by roster and person; at one organisation where it is given.

    Put together here and not in one statement, for which a database may well read every step that was ever taken.
    """
    naa = now()
    loepende = db.session.execute(
        sa.select(
            Eskalering.id, Eskalering.henvendelse_id, Eskalering.organisasjon_id, Eskalering.fagomraade
        ).where(
            _LOEPER,
            Eskalering.slag == ordrett(Slag.AKSEPT),
            *([Eskalering.organisasjon_id == organisasjon_id] if organisasjon_id else []),
        )
    ).all()
    # When each level of each ladder was first asked, or found empty.
    spurt: dict[UUID, dict[str, datetime]] = {r.id: {} for r in loepende}
    varslet: dict[UUID, set[UUID]] = {r.id: set() for r in loepende}
    for bit in _biter(spurt, PER_RUNDE):
        for t in db.session.execute(
            sa.select(
                Eskaleringstrinn.eskalering_id,
                Eskaleringstrinn.nivaa,
                Eskaleringstrinn.person_id,
                sa.func.min(Eskaleringstrinn.tidspunkt).label("foerst"),
            )
            .where(Eskaleringstrinn.eskalering_id.in_(bit))
            .group_by(Eskaleringstrinn.eskalering_id, Eskaleringstrinn.nivaa, Eskaleringstrinn.person_id)
        ):
            nivaaer = spurt[t.eskalering_id]
            nivaaer[t.nivaa] = min(t.foerst, nivaaer.get(t.nivaa, t.foerst))
            varslet[t.eskalering_id].add(t.person_id)
    paa = vakt.paa_vakt_hos({r.organisasjon_id for r in loepende})
    ut: dict[tuple[UUID, UUID], _Nykommer] = {}
    timere: dict[tuple[UUID, UUID], set[UUID]] = {}
    for r in loepende:
        vakter = paa.get((r.organisasjon_id, r.fagomraade), {})
        for p in vakter.values():
            if p.person_id in varslet[r.id] or not _var_spurt(spurt[r.id], [p.nivaa], naa):
                continue
            hvem = p.vaktplan_id, p.person_id
            if r.id in timere.setdefault(hvem, set()):
                continue
            timere[hvem].add(r.id)
            egne = [v for v in vakter.values() if v.person_id == p.person_id]
            ut.setdefault(hvem, _Nykommer(egne, [], naa)).saker.append(r.henvendelse_id)
    hoert = _har_hoert(ut, min((t for n in spurt.values() for t in n.values()), default=naa))
    return {
        hvem: ny
        for hvem, ny in ut.items()
        if any(
            not any(_var_spurt(spurt[esk_id], nivaaer, da) for nivaaer, da in hoert.get(hvem, ()))
            for esk_id in timere[hvem]
        )
    }


def _var_spurt(spurt: Mapping[str, datetime], nivaaer: Iterable[str], da: datetime) -> bool:
    """Whether one of the levels had been asked then, long enough before for everybody to see it."""
    return any(n in spurt and spurt[n] <= da - FERSKT for n in nivaaer)


def _har_hoert(
    hvem: Iterable[tuple[UUID, UUID]], siden: datetime
) -> dict[tuple[UUID, UUID], list[tuple[list[str], datetime]]]:
    """What these have been told of waiting cases since then: {(roster, person): [(levels, as it was when)]}."""
    hoert: dict[tuple[UUID, UUID], list[tuple[list[str], datetime]]] = {}
    for bit in _biter({person_id for _plan, person_id in hvem}, PER_RUNDE):
        for noekkel, person_id in db.session.execute(
            sa.select(Varsel.noekkel, Varsel.person_id).where(
                Varsel.person_id.in_(bit), Varsel.opprettet >= siden, Varsel.kode == tekster.VENTER
            )
        ):
            _kode, plan, nivaaer, resten = noekkel.split(":", 3)
            da = datetime.fromisoformat(resten.rpartition(":")[0])
            hoert.setdefault((UUID(plan), person_id), []).append((nivaaer.split("+"), da))
    return hoert


@transactional
def _fortell(plan_id: UUID, person_id: UUID, sak_ider: list[UUID]) -> int:
    """Tells one person of the cases that wait, when there is one that nobody is changing just now.

    Judged again under the locks of the cases: of two workers one tells. All are counted, also those that somebody else
    holds at this moment: it is told once, and must not say one where three wait. What is told of a single case stops
    with it, and what is told of several with the queue (`steps.ut_av_koen`).
    """
    plan = db.session.get_one(Vaktplan, plan_id)
    laast = (
        sa.select(Henvendelse.id)
        .where(Henvendelse.id.in_(sak_ider), Henvendelse.status == Status.NY)
        .order_by(Henvendelse.id)
        .with_for_update(of=Henvendelse, skip_locked=True, key_share=True)
    )
    if not db.session.scalars(laast).all():
        return 0
    ny = _nykommere(plan.organisasjon_id).get((plan_id, person_id))
    if ny is None:
        return 0
    saker = db.session.scalars(
        sa.select(Henvendelse)
        .where(Henvendelse.id.in_(ny.saker), Henvendelse.status == Status.NY)
        .execution_options(populate_existing=True)
    ).all()
    alene = saker[0] if len(saker) == 1 else None
    tittel, tekst = tekster.venter(plan.fagomraade, len(saker))
    nytt = varsle(
        ny.paa[0].mottaker,
        noekkel=_noekkel(plan_id, person_id, ny),
        kode=tekster.VENTER,
        tittel=tittel,
        tekst=tekst,
        lenke=steps.lenke(alene.id) if alene else "/koe",
        hastegrad=min((Hastegrad(s.hastegrad) for s in saker), key=_HASTEGRADER.index),
        gjelder=steps.gjelder(alene.id)
        if alene
        else steps.koe_gjelder(plan.organisasjon_id, plan.fagomraade),
        telefoner=list(dict.fromkeys(t for p in ny.paa for t in p.telefoner)),
    )
    return int(nytt is not None)


# --- the auditor -----------------------------------------------------------------------------------------


def start_manglende() -> int:
    """Starts the timers of open cases that have none: those from before there were timers, and any that were lost.

    Gives how many. In a running house there are none to start: whoever moves a case starts its timer with it.
    """
    mangler = _les(_uten_timer().limit(PER_RUNDE))
    return hver(mangler, _start, "eskalering_feilet", "henvendelse_id", hva="manglende")


@cache
def _uten_timer() -> sa.Select[UUID]:
    """Cases that wait for somebody to take them and climb nowhere; and those that somebody has, and never climbed."""
    timer = sa.exists().where(Eskalering.henvendelse_id == Henvendelse.id)
    return sa.select(Henvendelse.id).where(
        sa.text(ER_AAPEN),
        sa.or_(
            sa.and_(
                Henvendelse.status == ordrett(Status.NY),
                ~timer.where(_LOEPER, Eskalering.slag == ordrett(Slag.AKSEPT)),
            ),
            sa.and_(
                Henvendelse.status == ordrett(Status.AKSEPTERT),
                ~timer.where(
                    Eskalering.slag == ordrett(Slag.SVAR), Eskalering.start >= Henvendelse.akseptert_tid
                ),
            ),
        ),
    )


@transactional
def _start(sak_id: UUID) -> int:
    sak = _laas(sak_id)
    mangler = db.session.scalar(_uten_timer().where(Henvendelse.id == sak_id))
    if sak is None or mangler is None:
        return 0
    if sak.status == Status.NY:
        steps.start_aksept(sak, now())
    else:
        steps.start_svar(sak)
    logg.warning("eskalering_manglet", henvendelse_id=str(sak.id), status=sak.status)
    return 1


def uten_timer(sekunder: float) -> int:
    """How many open cases have climbed nowhere for so long, because they have no timer and none could be started.

    `start_manglende` looks every minute: a case is not counted before it has had its chance.
    """
    grense = now() - timedelta(seconds=sekunder) - START_HVER
    manglende = _uten_timer().where(
        sa.func.coalesce(Henvendelse.akseptert_tid, Henvendelse.ventet_fra) < grense
    )
    return db.session.scalar(sa.select(sa.func.count()).select_from(manglende.subquery())) or 0


def forfalt_mer_enn(sekunder: float) -> int:
    """How many timers should have been taken more than so long ago."""
    grense = now() - timedelta(seconds=sekunder)
    antall = db.session.scalar(
        sa.select(sa.func.count()).select_from(Eskalering).where(_LOEPER, Eskalering.neste < grense)
    )
    return antall or 0


def kontroller() -> int:
    """Raises what is overdue by more than a minute, as an error in the log. Gives how many."""
    antall = forfalt_mer_enn(FORSINKET)
    if antall:
        eldste = db.session.scalar(sa.select(sa.func.min(Eskalering.neste)).where(_LOEPER))
        assert eldste is not None
        sekunder = (now() - eldste).total_seconds()
        logg.error("eskalering_forsinket", antall=antall, eldste_sekunder=round(sekunder))
    db.session.rollback()
    return antall
