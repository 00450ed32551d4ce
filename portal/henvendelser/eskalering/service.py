"""The worker's part: what is due is taken, one use case each, however many workers there are and whatever crashes.

Candidates are read by index without a lock. Each is then judged again under the lock of its case: a timer that has
ended, or whose reason is gone, tells nobody anything.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
import structlog

from portal.core.clock import now
from portal.core.db import db, transactional
from portal.henvendelser.eskalering import kanari, steps, tekster
from portal.henvendelser.eskalering.models import Eskalering, Eskaleringstrinn, Slag, Slutt, Trinnutfall
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

_LOEPER = Eskalering.avsluttet.is_(None)
#: From the most urgent.
_HASTEGRADER = tuple(Hastegrad)


# --- timers that are due ---------------------------------------------------------------------------------


def kjoer_forfalte() -> int:
    """Takes every step that is due, the longest overdue first. Gives how many were taken.

    One that fails is logged, stands aside for some seconds, and keeps no other waiting.
    """
    tatt = 0
    sett: set[UUID] = set()
    while nye := [r for r in _forfalte() if r[0] not in sett]:
        for esk_id, sak_id in nye:
            sett.add(esk_id)
            try:
                tatt += _ta_kanari(esk_id) if sak_id is None else _ta(esk_id, sak_id)
            except Exception:
                logg.exception("eskalering_feilet", eskalering_id=str(esk_id), henvendelse_id=str(sak_id))
                _utsett(esk_id)
    return tatt


def _forfalte() -> list[tuple[UUID, UUID | None]]:
    naa = now()
    rader = db.session.execute(
        sa.select(Eskalering.id, Eskalering.henvendelse_id)
        .where(_LOEPER, Eskalering.neste <= naa, _ikke_utsatt())
        .order_by(Eskalering.neste)
        .limit(PER_RUNDE)
    ).all()
    db.session.rollback()
    return [(r[0], r[1]) for r in rader]


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
    if db.engine.dialect.name == "postgresql":
        db.session.execute(sa.text(f"SET LOCAL lock_timeout = '{LAASEVENT}'"))
    return db.session.execute(
        sa.select(Henvendelse)
        .join(HenvendelseHode, HenvendelseHode.henvendelse_id == Henvendelse.id)
        .where(Henvendelse.id == sak_id)
        .with_for_update(of=[Henvendelse, HenvendelseHode], skip_locked=True, key_share=True)
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()


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


def _nye_ubesvarte() -> sa.Select[UUID]:
    siste = (
        sa.select(Hendelse.sekvens)
        .where(Hendelse.henvendelse_id == Henvendelse.id, sa.or_(steps.er_spoersmaal(), steps.er_svar()))
        .order_by(Hendelse.sekvens.desc())
        .limit(1)
        .correlate(Henvendelse)
        .scalar_subquery()
    )
    melding = sa.exists().where(Eskalering.henvendelse_id == Henvendelse.id, Eskalering.slag == Slag.MELDING)
    return (
        sa.select(Henvendelse.id)
        .join(Hendelse, sa.and_(Hendelse.henvendelse_id == Henvendelse.id, Hendelse.sekvens == siste))
        .where(
            sa.text(ER_AAPEN),
            Henvendelse.status != Status.NY,
            steps.er_spoersmaal(),
            ~melding.where(_LOEPER),
            ~melding.where(Eskalering.utfall == Slutt.UTTOEMT, Eskalering.avsluttet >= Hendelse.tidspunkt),
        )
        .limit(PER_RUNDE)
    )


def _besvarte() -> sa.Select[UUID]:
    svart = sa.exists().where(
        Hendelse.henvendelse_id == Eskalering.henvendelse_id,
        Hendelse.sekvens > Eskalering.sekvens,
        steps.er_svar(),
    )
    return (
        sa.select(Henvendelse.id)
        .join(Eskalering, Eskalering.henvendelse_id == Henvendelse.id)
        .where(_LOEPER, Eskalering.slag == Slag.MELDING, svart)
        .limit(PER_RUNDE)
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
    for vakt_id, plan_id in _ikke_fortalt():
        try:
            fortalt += _fortell(vakt_id, plan_id)
        except Exception:
            logg.exception("eskalering_feilet", hva="vaktskifte", vakt_id=str(vakt_id))
    return fortalt


def _noekkel(vakt_id: UUID) -> str:
    return f"{tekster.VENTER}:{vakt_id.hex}"


def _ventende() -> sa.Select[UUID | None]:
    """Running timers of waiting cases, with the shifts that hold now at a level that was asked, of others than those
    who were told."""
    trinn = sa.exists().where(Eskaleringstrinn.eskalering_id == Eskalering.id)
    naa = now()
    return (
        sa.select(Eskalering.henvendelse_id)
        .join(
            Vaktplan,
            sa.and_(
                Vaktplan.organisasjon_id == Eskalering.organisasjon_id,
                Vaktplan.fagomraade == Eskalering.fagomraade,
                Vaktplan.avsluttet.is_(None),
            ),
        )
        .join(Vakt, Vakt.vaktplan_id == Vaktplan.id)
        .where(
            _LOEPER,
            Eskalering.slag == Slag.AKSEPT,
            Vakt.avlyst.is_(None),
            Vakt.fra <= naa,
            Vakt.fra > naa - vakt.LENGSTE_VAKT,
            Vakt.til > naa,
            trinn.where(Eskaleringstrinn.nivaa == Vakt.nivaa),
            ~trinn.where(
                Eskaleringstrinn.utfall == Trinnutfall.VARSLET, Eskaleringstrinn.person_id == Vakt.person_id
            ),
        )
    )


def _ikke_fortalt() -> list[tuple[UUID, UUID]]:
    # The key of `_noekkel`: the databases write a UUID each in its way.
    hex_ = sa.func.replace(sa.cast(Vakt.id, sa.String), "-", "")
    fortalt = sa.exists().where(Varsel.noekkel == sa.literal(f"{tekster.VENTER}:") + hex_)
    rader = db.session.execute(
        _ventende().with_only_columns(Vakt.id, Vakt.vaktplan_id).distinct().where(~fortalt)
    ).all()
    db.session.rollback()
    return [(r[0], r[1]) for r in rader]


@transactional
def _fortell(vakt_id: UUID, plan_id: UUID) -> int:
    """Tells one shift of the cases that wait and that nobody is changing just now."""
    plan = db.session.get_one(Vaktplan, plan_id)
    paa = [p for p in vakt.paa_vakt(plan.organisasjon_id, plan.fagomraade).values() if p.vakt_id == vakt_id]
    saker = db.session.scalars(
        sa.select(Henvendelse)
        .where(
            Henvendelse.id.in_(_ventende().where(Vakt.id == vakt_id).scalar_subquery()),
            Henvendelse.status == Status.NY,
        )
        .order_by(Henvendelse.id)
        .with_for_update(of=Henvendelse, skip_locked=True, key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    if not paa or not saker:
        return 0
    tittel, tekst = tekster.venter(plan.fagomraade, len(saker))
    telefon = vakt.vakttelefoner(plan.organisasjon_id, plan.fagomraade).get(paa[0].nivaa)
    nytt = varsle(
        paa[0].mottaker,
        noekkel=_noekkel(vakt_id),
        kode=tekster.VENTER,
        tittel=tittel,
        tekst=tekst,
        lenke=steps.lenke(saker[0].id) if len(saker) == 1 else "/koe",
        hastegrad=min((Hastegrad(s.hastegrad) for s in saker), key=_HASTEGRADER.index),
        gjelder=steps.koe_gjelder(plan.organisasjon_id, plan.fagomraade),
        telefoner=steps.telefonveier(telefon),
    )
    return int(nytt is not None)


# --- the auditor -----------------------------------------------------------------------------------------


def start_manglende() -> int:
    """Starts the timers of open cases that have none: those from before there were timers, and any that were lost.

    Gives how many. In a running house there are none to start: whoever moves a case starts its timer with it.
    """
    return _en_av_gangen(_les(_uten_timer().limit(PER_RUNDE)), _start, "manglende")


def _uten_timer() -> sa.Select[UUID]:
    """Cases that wait for somebody to take them and climb nowhere; and those that somebody has, and never climbed."""
    timer = sa.exists().where(Eskalering.henvendelse_id == Henvendelse.id)
    return sa.select(Henvendelse.id).where(
        sa.text(ER_AAPEN),
        sa.or_(
            sa.and_(Henvendelse.status == Status.NY, ~timer.where(_LOEPER, Eskalering.slag == Slag.AKSEPT)),
            sa.and_(
                Henvendelse.status == Status.AKSEPTERT,
                ~timer.where(Eskalering.slag == Slag.SVAR, Eskalering.start >= Henvendelse.akseptert_tid),
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
