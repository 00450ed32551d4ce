"""The worker's part: what is due is taken, one use case each, however many workers there are and whatever crashes.

Candidates are read by index without a lock. Each is then judged again under the lock of its case: a timer that has
ended, or whose reason is gone, tells nobody anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import cache
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import joinedload

from portal.core.clock import now
from portal.core.db import db, transactional
from portal.henvendelser import steps as saksteg
from portal.henvendelser.eskalering import kanari, steps, tekster
from portal.henvendelser.eskalering.models import Eskalering, Eskaleringstrinn, Slag, Slutt
from portal.henvendelser.forloep import Hastegrad, Status
from portal.henvendelser.models import ER_AAPEN, Hendelse, Henvendelse, HenvendelseHode
from portal.vakt import steps as vakt
from portal.vakt.models import Vakt, Vaktplan
from portal.varsler.models import Varsel
from portal.varsler.steps import varsle

logg = structlog.get_logger(__name__)

#: What is taken in one look; the next look follows at once.
PER_RUNDE = 200
#: One that failed is tried again after so long.
UTSETTES = timedelta(seconds=3)
#: So long a step waits for a lock that somebody else holds. Then it fails, and those behind it need not wait.
LAASEVENT = "250ms"
#: How often cases without a timer are looked for.
START_HVER = timedelta(minutes=1)
#: Later than this the auditor raises it, in seconds.
FORSINKET = 60

_T = TypeVar("_T")
_LOEPER = Eskalering.avsluttet.is_(None)
ordrett = steps.ordrett
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
        for neste, esk_id, sak_id in forfalte:
            sist = neste, esk_id
            try:
                tatt += _ta_kanari(esk_id) if sak_id is None else _ta(esk_id, sak_id)
            except Exception:
                logg.exception("eskalering_feilet", eskalering_id=str(esk_id), henvendelse_id=str(sak_id))
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
    """The case and the counter of its log, locked; None while another has one of them: the timer is still due at the
    next look. The writer of messages holds counters alone, as many as two hundred at a time.

    What else the step must lock (the audit chain) it waits for only `LAASEVENT`.
    """
    # Set by the same statement: a step is a score of them, and hundreds may be due at once.
    postgresql = db.engine.dialect.name == "postgresql"
    laasevent = [sa.func.set_config("lock_timeout", LAASEVENT, sa.true())] if postgresql else []
    rad = db.session.execute(
        sa.select(Henvendelse, HenvendelseHode, *laasevent)
        .join(HenvendelseHode, HenvendelseHode.henvendelse_id == Henvendelse.id)
        .options(joinedload(Henvendelse.avsender, innerjoin=True))
        .where(Henvendelse.id == sak_id)
        .with_for_update(of=[Henvendelse, HenvendelseHode], skip_locked=True, key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if rad is None:
        return None
    saksteg.noter_laast_teller(rad[1])
    sak: Henvendelse = rad[0]
    return sak


def _laas_eskalering(esk_id: UUID) -> Eskalering | None:
    """The timer, locked and read again; None where it is due no more."""
    return db.session.execute(
        sa.select(Eskalering)
        .where(Eskalering.id == esk_id, _LOEPER, Eskalering.neste <= now(), _ikke_utsatt())
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()


def _grunnen_er_borte(esk: Eskalering, sak: Henvendelse) -> Slutt | None:
    """Why a timer should not run any more, though nobody has ended it; None: it should."""
    if esk.slag == Slag.MELDING:
        foerste = steps.foerste_ubesvarte(sak.id) if _har_ansvarlig(sak) else None
        return None if foerste is not None and foerste.sekvens == esk.sekvens else Slutt.BESVART
    ventet = Status.NY if esk.slag == Slag.AKSEPT else Status.AKSEPTERT
    return None if sak.status == ventet else Slutt.AVSLUTTET


def _har_ansvarlig(sak: Henvendelse) -> bool:
    return sak.status in (Status.AKSEPTERT, Status.BESVART)


def _en_av_gangen(saker: list[UUID], gjoer: Callable[[UUID], int], hva: str) -> int:
    """A use case for each; one that fails is logged, and comes again at the next look."""
    antall = 0
    for sak_id in saker:
        try:
            antall += gjoer(sak_id)
        except Exception:
            logg.exception("eskalering_feilet", hva=hva, henvendelse_id=str(sak_id))
    return antall


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
    avsluttet = _en_av_gangen(_les(_besvarte()), _slutt_melding, "melding")
    return avsluttet + _en_av_gangen(_les(_nye_ubesvarte()), _start_melding, "melding")


@cache
def _nye_ubesvarte() -> sa.Select[UUID]:
    siste = (
        sa.select(Hendelse.sekvens)
        .where(Hendelse.henvendelse_id == Henvendelse.id, sa.or_(steps.er_spoersmaal(), steps.er_svar()))
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
            steps.er_spoersmaal(),
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
        steps.er_svar(),
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
    ubesvart = steps.foerste_ubesvarte(sak_id)
    if ubesvart is None:
        return 0
    steps.start_melding(sak, ubesvart)
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

    Once a shift. Whom the ladder has told already is told nothing more, and those at levels that it has not come to
    are left in peace.
    """
    fortalt = 0
    for vakt_id, (plan_id, saker) in _ikke_fortalt().items():
        try:
            fortalt += _fortell(vakt_id, plan_id, saker)
        except Exception:
            logg.exception("eskalering_feilet", hva="vaktskifte", vakt_id=str(vakt_id))
    return fortalt


def _noekkel(vakt_id: UUID) -> str:
    return f"{tekster.VENTER}:{vakt_id.hex}"


def _ikke_fortalt() -> dict[UUID, tuple[UUID, list[UUID]]]:
    """Shifts that hold now and should hear of waiting cases: {shift: (roster, cases)}.

    Put together here and not in one statement, for which a database may well read every step that was ever taken.
    """
    loepende = db.session.execute(
        sa.select(
            Eskalering.id, Eskalering.henvendelse_id, Eskalering.organisasjon_id, Eskalering.fagomraade
        ).where(_LOEPER, Eskalering.slag == ordrett(Slag.AKSEPT))
    ).all()
    spurt: dict[UUID, set[str]] = {r.id: set() for r in loepende}
    varslet: dict[UUID, set[UUID]] = {r.id: set() for r in loepende}
    for bit in _biter(spurt, PER_RUNDE):
        for t in db.session.execute(
            sa.select(Eskaleringstrinn.eskalering_id, Eskaleringstrinn.nivaa, Eskaleringstrinn.person_id)
            .where(Eskaleringstrinn.eskalering_id.in_(bit))
            .distinct()
        ):
            spurt[t.eskalering_id].add(t.nivaa)
            varslet[t.eskalering_id].add(t.person_id)
    paa = _vakter_naa({r.organisasjon_id for r in loepende})
    ut: dict[UUID, tuple[UUID, list[UUID]]] = {}
    for r in loepende:
        for v in paa.get((r.organisasjon_id, r.fagomraade), ()):
            if v.nivaa in spurt[r.id] and v.person_id not in varslet[r.id]:
                ut.setdefault(v.id, (v.vaktplan_id, []))[1].append(r.henvendelse_id)
    noekler = {_noekkel(v): v for v in ut}
    for del_ in _biter(noekler, PER_RUNDE):
        for fortalt in db.session.scalars(sa.select(Varsel.noekkel).where(Varsel.noekkel.in_(del_))):
            del ut[noekler[fortalt]]
    db.session.rollback()
    return ut


def _vakter_naa(organisasjoner: set[UUID]) -> dict[tuple[UUID, str], list[Any]]:
    """The shifts that hold now at these organisations, by (organisation, fagområde)."""
    naa = now()
    paa: dict[tuple[UUID, str], list[Any]] = {}
    for bit in _biter(organisasjoner, PER_RUNDE):
        for v in db.session.execute(
            sa.select(
                Vakt.id,
                Vakt.vaktplan_id,
                Vakt.nivaa,
                Vakt.person_id,
                Vaktplan.organisasjon_id,
                Vaktplan.fagomraade,
            )
            .join(Vaktplan, Vaktplan.id == Vakt.vaktplan_id)
            .where(
                Vaktplan.organisasjon_id.in_(bit),
                Vaktplan.avsluttet.is_(None),
                Vakt.avlyst.is_(None),
                Vakt.fra <= naa,
                Vakt.fra > naa - vakt.LENGSTE_VAKT,
                Vakt.til > naa,
            )
        ):
            paa.setdefault((v.organisasjon_id, v.fagomraade), []).append(v)
    return paa


@transactional
def _fortell(vakt_id: UUID, plan_id: UUID, sak_ider: list[UUID]) -> int:
    """Tells one shift of the cases that wait and that nobody is changing just now."""
    plan = db.session.get_one(Vaktplan, plan_id)
    paa = [p for p in vakt.paa_vakt(plan.organisasjon_id, plan.fagomraade).values() if p.vakt_id == vakt_id]
    saker = db.session.scalars(
        sa.select(Henvendelse)
        .where(
            Henvendelse.id.in_(sak_ider),
            Henvendelse.status == Status.NY,
            Henvendelse.mottaker_id == plan.organisasjon_id,
            Henvendelse.fagomraade == plan.fagomraade,
        )
        .order_by(Henvendelse.id)
        .with_for_update(of=Henvendelse, skip_locked=True, key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    if not paa or not saker:
        return 0
    tittel, tekst = tekster.venter(plan.fagomraade, len(saker))
    nytt = varsle(
        paa[0].mottaker,
        noekkel=_noekkel(vakt_id),
        kode=tekster.VENTER,
        tittel=tittel,
        tekst=tekst,
        lenke=steps.lenke(saker[0].id) if len(saker) == 1 else "/koe",
        hastegrad=min((Hastegrad(s.hastegrad) for s in saker), key=_HASTEGRADER.index),
        gjelder=steps.koe_gjelder(plan.organisasjon_id, plan.fagomraade),
        telefoner=paa[0].telefoner,
    )
    return int(nytt is not None)


# --- the auditor -----------------------------------------------------------------------------------------


def start_manglende() -> int:
    """Starts the timers of open cases that have none: those from before there were timers, and any that were lost.

    Gives how many. In a running house there are none to start: whoever moves a case starts its timer with it.
    """
    return _en_av_gangen(_les(_uten_timer().limit(PER_RUNDE)), _start, "manglende")


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
