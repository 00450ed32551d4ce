"""Emptying the outbox: each message is taken in one transaction, sent outside any, and noted in another.

A message is leased before it is sent (`neste` is moved on), so that two workers never send the same one, and a
killed worker leaves it to be taken again when the lease is over. Between the server's «taken» and the note lies a
moment that no database reaches: a worker killed in exactly that sends the message a second time, with the same
identity (Message-ID, Topic, `id`), by which its receivers tell duplicates. It is never lost.

Each channel has its own places in a round: a mail server that is silent holds up e-mail alone.
"""

from __future__ import annotations

import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import SQLAlchemyError

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.config import innstillinger
from portal.core.db import db, meld, transactional
from portal.core.enkeltvis import sviktet
from portal.core.sprak import _l
from portal.revisjon import steps as revisjon
from portal.varsler import port, post, push
from portal.varsler.models import VEKKENDE, Kanal, Utsending, Varsel, Varselkanal
from portal.varsler.service.mottakere import mottaker_for, teller_ennaa

logg = structlog.get_logger(__name__)

#: How long a taken message is its worker's own: far longer than sending one can take (`nett.FRIST` in all; each step
#: with a mail server `post.TAALMODIGHET`), and short where somebody waits to be woken.
LEIE = timedelta(minutes=10)
LEIE_VEKKENDE = timedelta(minutes=1)
#: While the server is away the others wait too, without it counting as a try of theirs.
TJENER_BORTE = timedelta(seconds=30)
PORT_BORTE = timedelta(seconds=5)
#: How many of a channel are on their way at the same time.
SAMTIDIG = {Kanal.EPOST: 1, Kanal.PUSH: 8, Kanal.SMS: 4, Kanal.TALE: 4}
#: A round takes new messages for at most so long (seconds): the worker has other jobs as well.
RUNDE = 20.0
#: How many that are of no use any more are put away in one transaction: on SQLite everybody waits for it.
RYDDES = 20
#: The pauses (seconds) before a note that the database refused is tried again.
NOTERES_IGJEN = (0.1, 0.5)

FOR_SENT = _l("Meldingen kom ikke fram i tide, og er til ingen nytte lenger.")

Brev = post.Brev | push.Pushmelding | port.Oppdrag


class Taalmodighet(NamedTuple):
    """How a message that does not leave is tried again: the first pause, which doubles, up to the longest; and how
    long after it was first due it is given up."""

    foerste: timedelta
    lengste: timedelta
    oppgis: timedelta


BREV = Taalmodighet(timedelta(seconds=30), timedelta(hours=2), timedelta(days=2))
#: What is to wake somebody is useless when it comes late.
VEKKING = {
    "akutt": Taalmodighet(timedelta(seconds=5), timedelta(minutes=5), timedelta(hours=2)),
    "haster": Taalmodighet(timedelta(seconds=15), timedelta(minutes=15), timedelta(hours=6)),
    "vanlig": Taalmodighet(timedelta(seconds=30), timedelta(hours=2), timedelta(days=1)),
}


@dataclass(frozen=True, slots=True)
class Tatt:
    """A leased message; `forsoek` is the number of this try, and the mark by which the lease is known."""

    kanal: Kanal
    brev: Brev
    forsoek: int


@dataclass(frozen=True, slots=True)
class Kanaltilstand:
    """How one channel is now."""

    kanal: Kanal
    satt_opp: bool
    #: Not sent yet, also what waits for quiet hours to end.
    venter: int
    #: Seconds since the oldest of what should have left by now was first due; None when nothing is late.
    eldste: float | None
    sist_sendt: datetime | None
    #: What last went wrong with what still waits; "" when nothing did.
    siste_feil: str
    #: Within the last 24 hours.
    oppgitt: int


# --- a round ---------------------------------------------------------------------------------------------


def lever() -> int:
    """Sends what is due, and gives how many left. Run by the worker every second; safe to run twice."""
    aapne = _forfalte()
    if not aapne:
        return 0
    slutt, sendt = time.monotonic() + RUNDE, 0
    i_luften: dict[Future[None], Tatt] = {}
    henger: set[Future[None]] | None = None
    with ThreadPoolExecutor(sum(SAMTIDIG.values()), thread_name_prefix="levering") as hender:
        try:
            while True:
                for kanal in aapne:
                    while sum(t.kanal == kanal for t in i_luften.values()) < SAMTIDIG[kanal]:
                        tatt = ta_neste(kanal)
                        if tatt is None:
                            break
                        i_luften[hender.submit(copy_context().run, _send, tatt.brev)] = tatt
                if not i_luften:
                    return sendt
                for ferdig in wait(i_luften, timeout=1, return_when=FIRST_COMPLETED).done:
                    tatt = i_luften.pop(ferdig)
                    sendt += _noter_trygt(tatt, ferdig.exception())
                if time.monotonic() < slutt:
                    aapne = _forfalte()
                    continue
                # Past its time the round waits for what is on its way, and that holds up its own channels alone.
                henger = set(i_luften) if henger is None else henger & set(i_luften)
                aapne = _forfalte() - {i_luften[f].kanal for f in henger} if henger else frozenset()
        finally:
            # Whatever stopped the round: what has left is noted, or it would leave a second time.
            for ferdig, tatt in i_luften.items():
                _noter_trygt(tatt, ferdig.exception())


def _forfalte() -> frozenset[Kanal]:
    """The channels on which something is due: one look that takes no lock."""
    db.session.rollback()
    funnet = frozenset(
        kanal
        for kanal in Kanal
        if db.session.scalar(sa.select(sa.exists().where(Utsending.kanal == kanal, *_forfalt(now()))))
    )
    db.session.rollback()
    return funnet


def _forfalt(naa: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (*_VENTER, Utsending.neste <= naa)


_VENTER = (Utsending.sendt.is_(None), Utsending.oppgitt.is_(None), Utsending.stoppet.is_(None))


def _send(brev: Brev) -> None:
    """Hands the message to whoever carries it. Raises Postfeil. Touches no database."""
    i = innstillinger()
    match brev:
        case post.Brev():
            post.send(brev, smtp_url=i.smtp_url, fra=i.epost_fra, utboks=i.instans / "utboks")
        case push.Pushmelding():
            push.send(brev)
        case port.Oppdrag():
            port.send(brev)


def _noter_trygt(tatt: Tatt, feil: BaseException | None) -> bool:
    """Notes how it went, more than once where the database refuses: what has left and is not noted, leaves again when
    its lease is over. One that cannot be noted keeps no other from it."""
    for pause in (*NOTERES_IGJEN, None):
        try:
            return _noter(tatt, feil)
        except SQLAlchemyError:
            hvilken = {"utsending": str(tatt.brev.id), "sendt": feil is None}
            if pause is None:
                sviktet("ikke_notert", **hvilken)
            else:
                logg.exception("ikke_notert", **hvilken)
                time.sleep(pause)
    return False


def _noter(tatt: Tatt, feil: BaseException | None) -> bool:
    """Notes how it went, and gives whether it left."""
    match feil:
        case None:
            noter_sendt(tatt)
            return True
        case push.Borte():
            noter_kanal_borte(tatt, str(feil))
        case post.Postfeil():
            noter_feil(tatt, str(feil), oppgi=isinstance(feil, post.Ubrukelig))
            if isinstance(feil, post.IngenTjener):
                utsett_resten(tatt.kanal)
        case _:
            # A message of its own kind must not stop those behind it.
            logg.error("utsending_feilet", utsending=str(tatt.brev.id), exc_info=feil)
            noter_feil(tatt, type(feil).__name__)
    return False


# --- taking ----------------------------------------------------------------------------------------------


def ta_neste(kanal: Kanal) -> Tatt | None:
    """Leases the message that has been due longest on a channel, or gives None. Two workers get two different ones.

    What is of no use any more is put away on the way, `RYDDES` in each transaction: acknowledged or stopped, its person
    shut out or gone from the organisation, its channel removed, too late, or a channel that this installation no longer
    has.
    """
    while True:
        tatt, flere = _ta_eller_rydd(kanal)
        if not flere:
            return tatt
        # Those who wait for the lock take it now.
        time.sleep(0)


@transactional
def _ta_eller_rydd(kanal: Kanal) -> tuple[Tatt | None, bool]:
    """A message, or None; and whether there may be more behind what was put away."""
    naa = now()
    for _ in range(RYDDES):
        rad = db.session.scalars(
            sa.select(Utsending)
            .where(Utsending.kanal == kanal, *_forfalt(naa))
            .order_by(Utsending.neste, Utsending.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).one_or_none()
        if rad is None:
            return None, False
        varsel = db.session.get(Varsel, rad.varsel_id) if rad.varsel_id else None
        egen = db.session.get(Varselkanal, rad.varselkanal_id) if rad.varselkanal_id else None
        if (
            (varsel and (varsel.stoppet or varsel.kvittert))
            or (egen and egen.fjernet)
            or (varsel and not teller_ennaa(varsel.person_id, rad.organisasjon_id))
        ):
            rad.stoppet, rad.tekst = naa, ""
        elif not port.er_satt_opp(kanal):
            _oppgi(rad, str(port.IKKE_SATT_OPP))
        elif kanal in VEKKENDE and naa - rad.foerst > _taalmodighet(rad, varsel).oppgis:
            _oppgi(rad, rad.feil or str(FOR_SENT))
        else:
            rad.neste = naa + (LEIE_VEKKENDE if kanal in VEKKENDE else LEIE)
            rad.forsoek += 1
            return Tatt(kanal, _som_brev(kanal, rad, varsel, egen), rad.forsoek), False
        db.session.flush()
    return None, True


def _som_brev(kanal: Kanal, rad: Utsending, varsel: Varsel | None, egen: Varselkanal | None) -> Brev:
    if kanal == Kanal.EPOST:
        return post.Brev(rad.id, rad.til, rad.emne, rad.tekst, rad.opprettet)
    if kanal == Kanal.PUSH:
        noekler = egen.data if egen else {}
        return push.Pushmelding(
            id=rad.id,
            endepunkt=rad.til,
            p256dh=str(noekler.get("p256dh", "")),
            auth=str(noekler.get("auth", "")),
            varsel_id=varsel.id if varsel else rad.id,
            tittel=rad.emne,
            tekst=varsel.tekst if varsel else "",
            lenke=varsel.lenke if varsel else "",
            hastegrad=varsel.hastegrad if varsel else None,
            kvitter=rad.tekst,
        )
    spraak = mottaker_for(varsel.person_id).spraak if varsel else "nb"
    return port.Oppdrag(rad.id, kanal, rad.til, rad.tekst, spraak)


def _taalmodighet(rad: Utsending, varsel: Varsel | None) -> Taalmodighet:
    if rad.kanal not in VEKKENDE:
        return BREV
    return VEKKING[(varsel.hastegrad if varsel else None) or "vanlig"]


# --- noting ----------------------------------------------------------------------------------------------


@transactional
def noter_sendt(tatt: Tatt) -> None:
    """The message has left. Its text is thrown away: it may hold a link that still counts."""
    rad = db.session.get(Utsending, tatt.brev.id, with_for_update=True)
    if rad is not None and rad.sendt is None:
        rad.sendt, rad.oppgitt, rad.feil, rad.tekst = now(), None, "", ""


@transactional
def noter_feil(tatt: Tatt, feil: str, *, oppgi: bool = False) -> None:
    """The message did not leave: when it is tried again, or that it is given up."""
    rad = _fremdeles_vaar(tatt)
    if rad is None:
        return
    naa = now()
    rad.feil = feil[:300]
    plan = _taalmodighet(rad, db.session.get(Varsel, rad.varsel_id) if rad.varsel_id else None)
    vent = min(plan.foerste * 2 ** min(tatt.forsoek - 1, 20), plan.lengste)
    if oppgi or naa + vent - rad.foerst > plan.oppgis:
        _oppgi(rad, rad.feil)
    else:
        rad.neste = naa + vent
        logg.warning("ikke_sendt", utsending=str(rad.id), kanal=rad.kanal, forsoek=rad.forsoek, feil=rad.feil)


@transactional
def noter_kanal_borte(tatt: Tatt, feil: str) -> None:
    """The browser no longer subscribes: the message is given up, and the channel is the person's no more."""
    rad = _fremdeles_vaar(tatt)
    if rad is None:
        return
    _oppgi(rad, feil)
    egen = rad.varselkanal_id and db.session.get(Varselkanal, rad.varselkanal_id, with_for_update=True)
    if egen and egen.fjernet is None and egen.adresse == rad.til:
        egen.fjernet = now()
        revisjon.logg(
            Aktor.system("arbeider"), "varsler.kanal_borte", "varselkanal", egen.id, kanal=egen.kanal
        )
        meld("varsler.endret", person_id=egen.person_id)


def _fremdeles_vaar(tatt: Tatt) -> Utsending | None:
    """The row, locked; None when the lease ran out and it is somebody else's by now, or nobody waits for it."""
    rad = db.session.get(Utsending, tatt.brev.id, with_for_update=True)
    if rad is None or rad.sendt or rad.oppgitt or rad.stoppet or rad.forsoek != tatt.forsoek:
        return None
    return rad


def _oppgi(rad: Utsending, feil: str) -> None:
    """To the list of the undelivered. A letter of its own loses its text, which may let somebody in; a notice can be
    sent again."""
    rad.oppgitt, rad.feil = now(), feil
    if rad.varsel_id is None:
        rad.tekst = ""
    logg.error("oppgitt", utsending=str(rad.id), kanal=rad.kanal, forsoek=rad.forsoek, feil=rad.feil)


@transactional
def utsett_resten(kanal: Kanal) -> None:
    """What else is due on a channel waits a little: its server is away. What somebody is stopping is let be."""
    naa = now()
    resten = (
        sa.select(Utsending.id)
        .where(Utsending.kanal == kanal, *_forfalt(naa))
        .order_by(Utsending.id)
        .with_for_update(key_share=True, skip_locked=True)
    )
    db.session.execute(
        sa.update(Utsending)
        .where(Utsending.id.in_(db.session.scalars(resten).all()))
        .values(neste=naa + (TJENER_BORTE if kanal == Kanal.EPOST else PORT_BORTE))
        .execution_options(synchronize_session=False)
    )


# --- how it is -------------------------------------------------------------------------------------------


def tilstand() -> list[Kanaltilstand]:
    """How each channel is, for the status page. Its cost does not grow with what has been sent."""
    naa = now()
    sen = sa.or_(Utsending.forsoek > 0, Utsending.foerst <= naa)
    ventende = {
        r.kanal: r
        for r in db.session.execute(
            sa.select(
                Utsending.kanal,
                sa.func.count().label("antall"),
                sa.func.min(sa.case((sen, Utsending.foerst), else_=None)).label("eldste"),
            )
            .where(*_VENTER)
            .group_by(Utsending.kanal)
        )
    }
    oppgitte = {
        r.kanal: r.antall
        for r in db.session.execute(
            sa.select(Utsending.kanal, sa.func.count().label("antall"))
            .where(Utsending.oppgitt > naa - timedelta(days=1), Utsending.stoppet.is_(None))
            .group_by(Utsending.kanal)
        )
    }
    return [_kanaltilstand(kanal, ventende.get(kanal), oppgitte.get(kanal, 0), naa) for kanal in Kanal]


def _kanaltilstand(
    kanal: Kanal, venter: sa.Row[tuple[str, int, datetime]] | None, oppgitt: int, naa: datetime
) -> Kanaltilstand:
    eldste = venter.eldste if venter else None
    return Kanaltilstand(
        kanal=kanal,
        satt_opp=port.er_satt_opp(kanal),
        venter=venter.antall if venter else 0,
        eldste=max((naa - eldste).total_seconds(), 0) if eldste else None,
        sist_sendt=db.session.scalar(
            sa.select(sa.func.max(Utsending.sendt)).where(
                Utsending.kanal == kanal, Utsending.sendt.is_not(None)
            )
        ),
        siste_feil=db.session.scalar(
            sa.select(Utsending.feil)
            .where(Utsending.kanal == kanal, Utsending.feil != "", *_VENTER)
            .order_by(Utsending.neste.desc())
            .limit(1)
        )
        or "",
        oppgitt=oppgitt,
    )


def si_hvor_posten_gaar() -> None:
    """Tells the operator, once at the worker's start, when e-mail goes to files."""
    i = innstillinger()
    if i.smtp_url:
        return
    si = logg.warning if i.modus == "produksjon" else logg.info
    si("epost_blir_filer", mappe=str(i.instans / "utboks"), mend="set PORTAL_SMTP_URL to send it")
