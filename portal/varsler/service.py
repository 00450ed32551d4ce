"""Emptying the outbox: taken in one transaction, sent outside any, noted in another.

A letter is leased before it is sent (`neste` is moved on), so that two workers never send the same one, and a
worker that is killed leaves it to be taken again when the lease is over. Between the server's «taken» and the
note lies a moment that no database reaches: a worker killed in exactly that sends the letter a second time,
with the same Message-ID, by which mail programs tell duplicates. It is never lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
import structlog

from portal.core.clock import now
from portal.core.config import innstillinger
from portal.core.db import db, transactional
from portal.varsler import post
from portal.varsler.models import Utsending

logg = structlog.get_logger(__name__)

#: How long a taken letter is its worker's own. Far longer than `post.TAALMODIGHET` lets one letter take.
LEIE = timedelta(minutes=10)
FOERSTE_VENT = timedelta(seconds=30)
LENGSTE_VENT = timedelta(hours=2)
#: Then the letter is given up, and says so in the log.
OPPGIS_ETTER = timedelta(days=2)
#: While the server is away the others wait too, without it counting as a try of theirs.
TJENER_BORTE = timedelta(seconds=30)
#: Letters in one round: the worker has other jobs as well.
I_EN_RUNDE = 50


@dataclass(frozen=True, slots=True)
class Tatt:
    """A leased letter; `forsoek` is the number of this try, and the mark by which the lease is known."""

    brev: post.Brev
    forsoek: int


def lever() -> int:
    """Sends what is due, and gives how many left. Run by the worker every few seconds; safe to run twice."""
    i = innstillinger()
    sendt = 0
    for _nummer in range(I_EN_RUNDE):
        tatt = ta_neste()
        if tatt is None:
            break
        try:
            post.send(tatt.brev, smtp_url=i.smtp_url, fra=i.epost_fra, utboks=i.instans / "utboks")
        except post.Postfeil as feil:
            noter_feil(tatt, str(feil), oppgi=isinstance(feil, post.Ubrukelig))
            if isinstance(feil, post.IngenTjener):
                utsett_resten()
                break
        except Exception as feil:
            # A letter of its own kind must not stop those behind it.
            logg.exception("brev_feilet", utsending=str(tatt.brev.id))
            noter_feil(tatt, type(feil).__name__)
        else:
            noter_sendt(tatt)
            sendt += 1
    return sendt


@transactional
def ta_neste() -> Tatt | None:
    """Leases the letter that has been due longest, or gives None. Two workers get two different ones."""
    naa = now()
    rad = db.session.scalars(
        sa.select(Utsending)
        .where(Utsending.sendt.is_(None), Utsending.oppgitt.is_(None), Utsending.neste <= naa)
        .order_by(Utsending.neste, Utsending.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if rad is None:
        return None
    rad.neste = naa + LEIE
    rad.forsoek += 1
    return Tatt(post.Brev(rad.id, rad.til, rad.emne, rad.tekst, rad.opprettet), rad.forsoek)


@transactional
def noter_sendt(tatt: Tatt) -> None:
    """The letter has left. Its text is thrown away: it may hold a link that still counts."""
    rad = db.session.get(Utsending, tatt.brev.id, with_for_update=True)
    if rad is not None and rad.sendt is None:
        rad.sendt, rad.feil, rad.tekst = now(), "", ""


@transactional
def noter_feil(tatt: Tatt, feil: str, *, oppgi: bool = False) -> None:
    """The letter did not leave: when it is tried again, or that it is given up."""
    rad = db.session.get(Utsending, tatt.brev.id, with_for_update=True)
    if rad is None or rad.sendt is not None or rad.forsoek != tatt.forsoek:
        return  # the lease ran out, and the letter is somebody else's by now
    naa = now()
    rad.feil = feil[:300]
    vent = min(FOERSTE_VENT * 2 ** min(tatt.forsoek - 1, 20), LENGSTE_VENT)
    if oppgi or naa + vent - rad.opprettet > OPPGIS_ETTER:
        rad.oppgitt, rad.tekst = naa, ""
        logg.error("brev_oppgitt", utsending=str(rad.id), forsoek=rad.forsoek, feil=rad.feil)
    else:
        rad.neste = naa + vent
        logg.warning("brev_ikke_sendt", utsending=str(rad.id), forsoek=rad.forsoek, feil=rad.feil)


@transactional
def utsett_resten() -> None:
    """What else is due waits a little: the server is away."""
    naa = now()
    db.session.execute(
        sa.update(Utsending)
        .where(Utsending.sendt.is_(None), Utsending.oppgitt.is_(None), Utsending.neste <= naa)
        .values(neste=naa + TJENER_BORTE)
        .execution_options(synchronize_session=False)
    )


def si_hvor_posten_gaar() -> None:
    """Tells the operator, once at the worker's start, when e-mail goes to files."""
    i = innstillinger()
    if i.smtp_url:
        return
    si = logg.warning if i.modus == "produksjon" else logg.info
    si("epost_blir_filer", mappe=str(i.instans / "utboks"), mend="set PORTAL_SMTP_URL to send it")
