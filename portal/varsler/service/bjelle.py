"""The bell: what a person has been told in the portal, unread first, and that it has been read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, meld, transactional
from portal.varsler import access, steps
from portal.varsler.models import Varsel

#: Lines in the panel, and on one page of the history.
I_PANELET = 8
PAA_SIDEN = 25
ULEST = sa.and_(Varsel.lest.is_(None), Varsel.stoppet.is_(None))
#: Nobody has anything unread: the version of an empty bell.
TOM = "0:"
PORTALEN = "portal"
#: Whether the actor's role opens a page: which does is a higher room's to know.
_aapnes_her: Callable[[Aktor, str], bool] = lambda _aktor, _lenke: True  # noqa: E731 - replaced by `sett_opp`


def sett_opp(aapnes_her: Callable[[Aktor, str], bool]) -> None:
    """Lets this room ask whether a page is for the role that the actor works in. Called by the factory."""
    global _aapnes_her
    _aapnes_her = aapnes_her


@dataclass(frozen=True, slots=True)
class Bjelle:
    """What the bell shows: the number of unread, and the lines of its panel. `versjon` changes with the unread."""

    antall: int
    versjon: str
    varsler: Sequence[Varsel]


class Markoer(NamedTuple):
    """Where a page of the history ends: read (1) or not (0), when, and which."""

    lest: int
    opprettet: datetime
    id: UUID


@dataclass(frozen=True, slots=True)
class Side:
    """A page of the history; `neste` is None on the last."""

    antall_uleste: int
    varsler: Sequence[Varsel]
    neste: Markoer | None


def hent_bjelle(aktor: Aktor) -> Bjelle:
    """The actor's bell: unread first, what is akutt on top of them, then what was read last."""
    antall, versjon = hent_tall(aktor)
    uleste = list(
        db.session.scalars(
            access.synlige(aktor)
            .where(ULEST)
            .order_by(
                sa.case((Varsel.hastegrad == "akutt", 0), else_=1),
                Varsel.opprettet.desc(),
                Varsel.id.desc(),
            )
            .limit(I_PANELET)
        )
    )
    leste = db.session.scalars(
        access.synlige(aktor)
        .where(Varsel.lest.is_not(None), Varsel.stoppet.is_(None))
        .order_by(Varsel.opprettet.desc(), Varsel.id.desc())
        .limit(I_PANELET - len(uleste))
    )
    return Bjelle(antall, versjon, [*uleste, *leste])


def hent_tall(aktor: Aktor) -> tuple[int, str]:
    """The number of the actor's unread, and the version of the bell: what every page shows."""
    r = db.session.execute(_tallsporring(), {"person_id": access.krev_person(aktor)}).one()
    return r[0], _versjon(r[0], r[1])


def versjoner(person_ider: Collection[UUID]) -> dict[UUID, str]:
    """The version of each one's bell, in one query: the number of unread, and when the last of them came.

    Notices are only added, read and stopped, so that the two together change with every change of the unread.
    """
    rader = db.session.execute(
        sa.select(Varsel.person_id, sa.func.count(), sa.func.max(Varsel.opprettet))
        .where(Varsel.person_id.in_(person_ider), ULEST)
        .group_by(Varsel.person_id)
    )
    funnet = {p: _versjon(antall, sist) for p, antall, sist in rader}
    return {p: funnet.get(p, TOM) for p in person_ider}


def _versjon(antall: int, sist: datetime | None) -> str:
    return f"{antall}:{sist.isoformat(timespec='microseconds')}" if sist is not None else TOM


@lru_cache
def _tallsporring() -> sa.Select[int, datetime]:
    """What `versjoner` asks, of one: put together once, since every page asks it."""
    return sa.select(sa.func.count(), sa.func.max(Varsel.opprettet)).where(
        Varsel.person_id == sa.bindparam("person_id"), ULEST
    )


def hent_side(aktor: Aktor, *, utvalg: str = "", hastegrad: str = "", etter: Markoer | None = None) -> Side:
    """A page of everything that the actor was told: unread first, then by time, the newest on top.

    `utvalg` is «uleste» or empty; `etter` is where the page before ended. What is of no use any more stands among
    the read.
    """
    gruppe = sa.case((ULEST, 0), else_=1)
    sporring = access.synlige(aktor)
    if utvalg == "uleste":
        sporring = sporring.where(ULEST)
    if hastegrad:
        sporring = sporring.where(Varsel.hastegrad == hastegrad)
    if etter is not None:
        sporring = sporring.where(
            sa.or_(
                gruppe > etter.lest,
                sa.and_(
                    gruppe == etter.lest,
                    sa.or_(
                        Varsel.opprettet < etter.opprettet,
                        sa.and_(Varsel.opprettet == etter.opprettet, Varsel.id < etter.id),
                    ),
                ),
            )
        )
    rader = list(
        db.session.scalars(
            sporring.order_by(gruppe, Varsel.opprettet.desc(), Varsel.id.desc()).limit(PAA_SIDEN + 1)
        )
    )
    vist = rader[:PAA_SIDEN]
    neste = None
    if len(rader) > PAA_SIDEN:
        siste = vist[-1]
        neste = Markoer(int(not er_ulest(siste)), siste.opprettet, siste.id)
    return Side(hent_tall(aktor)[0], vist, neste)


def er_ulest(varsel: Varsel) -> bool:
    """Whether it counts in the bell."""
    return varsel.lest is None and varsel.stoppet is None


@transactional
def les(aktor: Aktor, varsel_id: UUID) -> str:
    """Notes that the actor has read one and seen what it is about, and gives its path in the portal.

    Where that page is for another of the person's roles, it stays unread, and goes on to wake: who meets «finnes
    ikke» has seen nothing.
    """
    varsel = access.hent(aktor, varsel_id)
    if _aapnes_her(aktor, varsel.lenke):
        _merk_lest(access.krev_person(aktor), [varsel.id])
    return varsel.lenke


@transactional
def les_om(aktor: Aktor, lenke: str) -> int:
    """Notes that the actor has read what leads to a page, which is now opened in the role it is for. Gives how many."""
    person_id = access.krev_person(aktor)
    if lenke in ("", "/") or not _aapnes_her(aktor, lenke):
        return 0
    uleste = db.session.scalars(
        sa.select(Varsel.id)
        .where(Varsel.person_id == person_id, Varsel.lenke == lenke, ULEST)
        .order_by(Varsel.id)
        .with_for_update(key_share=True, skip_locked=True)
    )
    return _merk_lest(person_id, uleste.all())


@transactional
def les_alle(aktor: Aktor) -> int:
    """Notes that the actor has seen all that is unread. Gives how many."""
    person_id = access.krev_person(aktor)
    # In the order in which all lock them, and past what is being stopped, answered or read at this moment: whoever
    # reads everything waits for nobody, and nobody who stops several things waits for them.
    uleste = db.session.scalars(
        sa.select(Varsel.id)
        .where(Varsel.person_id == person_id, ULEST)
        .order_by(Varsel.id)
        .with_for_update(key_share=True, skip_locked=True)
    )
    return _merk_lest(person_id, uleste.all())


def _merk_lest(person_id: UUID, ider: Iterable[UUID]) -> int:
    """Reads them, which acknowledges them too: nothing more is sent of what its receiver has seen.

    Not audited: they are the person's own, and say less than what they are about, whose reading is.
    """
    nye = db.session.scalars(
        sa.update(Varsel)
        .where(Varsel.id.in_(list(ider)), Varsel.lest.is_(None))
        .values(lest=now())
        .returning(Varsel.id)
        .execution_options(synchronize_session=False)
    ).all()
    if nye:
        steps.kvitter_varsler(nye, PORTALEN)
        meld("varsler.endret", person_id=person_id)
    return len(nye)
