"""Putting work into the one table of tasks, marking it done and calling it off: inside the caller's own transaction.

Nothing here asks for permission: the room whose work it is has done so.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import OSLO, now
from portal.core.db import db, insert_for, meld
from portal.oppgaver.models import Oppgave
from portal.varsler.models import Varsel
from portal.varsler.steps import stopp_varsler

#: The hour of the day in Oslo at which people are reminded.
MORGEN = time(7, 0)
#: The day after the deadline it is told that it has passed, once.
DAGEN_ETTER = -1
#: The condition on `Oppgave` that it is neither done nor called off.
AAPEN = sa.and_(Oppgave.gjort.is_(None), Oppgave.avlyst.is_(None))


def neste_paaminnelse(frist: date, dager: Sequence[int], etter: datetime) -> datetime | None:
    """The next reminder after a moment: at seven in Oslo, so many days before the deadline, and the day after it.

    None: none is left.
    """
    tider = sorted(datetime.combine(frist - timedelta(days=d), MORGEN, OSLO) for d in {*dager, DAGEN_ETTER})
    return next((t for t in tider if t > etter), None)


def gjelder(oppgave_id: UUID) -> str:
    """What the reminders of a task are about."""
    return f"oppgave:{oppgave_id}"


def ti_om(oppgaver: Collection[UUID]) -> None:
    """Nobody is reminded any more of tasks that are done or called off."""
    if oppgaver:
        stopp_varsler(Varsel.gjelder.in_([gjelder(id_) for id_ in oppgaver]), Varsel.stoppet.is_(None))


def opprett(
    organisasjon_id: UUID,
    *,
    noekkel: str,
    kode: str,
    tittel: str,
    frist: date,
    tekst: str = "",
    gjelder: str = "",
    lenke: str = "",
    paaminnelser: Sequence[int] = (30, 7, 1),
    krever_bevis: bool = False,
    opprettet_av_id: UUID | None = None,
) -> UUID | None:
    """A task for an organisation, reminded of so many days before `frist`. The same `noekkel` again gives None.

    `noekkel` at most 200 signs, `tittel` 300; `kode` is a word of `oppgaver.ord.KODER`.
    """
    naa = now()
    id_ = db.session.scalar(
        insert_for(Oppgave, db.engine.dialect.name)
        .values(
            id=uuid4(),
            noekkel=noekkel,
            organisasjon_id=organisasjon_id,
            kode=kode,
            tittel=tittel[:300],
            tekst=tekst,
            gjelder=gjelder,
            lenke=lenke,
            frist=frist,
            paaminnelser=",".join(str(d) for d in paaminnelser),
            neste_paaminnelse=neste_paaminnelse(frist, paaminnelser, naa),
            krever_bevis=krever_bevis,
            bevis="",
            opprettet=naa,
            opprettet_av_id=opprettet_av_id,
            versjon=1,
        )
        .on_conflict_do_nothing(index_elements=["noekkel"])
        .returning(Oppgave.id)
    )
    if id_ is not None:
        meld("oppgaver.endret", organisasjon_id=organisasjon_id)
    return id_


def fullfoer(aktor: Aktor, noekkel: str, bevis: str = "") -> None:
    """Marks the open task of that name done, when what it asked for has been done elsewhere in the portal."""
    _avslutt(Oppgave.noekkel == noekkel, gjort=now(), gjort_av_id=aktor.person_id, bevis=bevis[:500])


def avlys(gjelder: str, koder: Sequence[str] = ()) -> None:
    """Calls off the open tasks about something: the agreement has ended, the meeting is not to be held."""
    vilkaar = [Oppgave.gjelder == gjelder]
    if koder:
        vilkaar.append(Oppgave.kode.in_(koder))
    _avslutt(sa.and_(*vilkaar), avlyst=now())


def avlys_noekler(noekler: Collection[str]) -> None:
    """Calls off the open tasks of those names."""
    if noekler:
        _avslutt(Oppgave.noekkel.in_(list(noekler)), avlyst=now())


def _avslutt(vilkaar: sa.ColumnElement[bool], **verdier: object) -> None:
    rader = db.session.execute(
        sa.update(Oppgave)
        .where(vilkaar, AAPEN)
        .values(**verdier, versjon=Oppgave.versjon + 1)
        .returning(Oppgave.id, Oppgave.organisasjon_id)
        .execution_options(synchronize_session=False)
    ).all()
    ti_om([r.id for r in rader])
    for organisasjon_id in {r.organisasjon_id for r in rader}:
        meld("oppgaver.endret", organisasjon_id=organisasjon_id)
