"""Shifts to come that nobody has, since their person has left, or lost the role or its fagområde: told in time.

Told once for each loss, to those who keep the rosters. When the right comes back the notice is of no use any more, and
is stopped; lost again, it is told again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.core.clock import now, oslo
from portal.core.db import db, transactional
from portal.core.sprak import _l
from portal.identitet.fagomraader import ALLE_OMRAADER
from portal.identitet.models import Medlemskap, Person
from portal.vakt import skriving, steps
from portal.vakt.models import Vakt, Vaktplan
from portal.varsler.models import Varsel
from portal.varsler.steps import stopp

KODE = "vakt.ubemannet"
#: How many names are asked for at a time.
_OM_GANGEN = 500


def meld_fratraadte() -> int:
    """Job: tells of shifts to come whose person has left, or lost the role or its fagområde: nobody has them now.

    Once for each membership and end of it, and for each fagområde that it no longer answers for. Gives how many there
    are of them. Reads outside any transaction: its cost does not grow with what has been, and nobody waits for it.
    """
    tapt, apne = _les(now())
    if _gjenvunnet(tapt, apne) or _usagte(tapt, apne):
        _meld({r.medlemskap_id for r in tapt})
    return len(tapt)


@transactional
def _meld(medlemskap_ider: Collection[UUID]) -> None:
    """Reads it all again, behind a lock: of two workers one tells, and the other finds it told."""
    db.session.execute(
        sa.select(Medlemskap.id)
        .where(Medlemskap.id.in_(medlemskap_ider))
        .order_by(Medlemskap.id)
        .with_for_update(key_share=True)
    )
    naa = now()
    tapt, apne = _les(naa)
    for gjelder in sorted(_gjenvunnet(tapt, apne)):
        stopp(gjelder)
    for r in tapt:
        skriving.si_fra_til_koordinator(
            r.organisasjon_id,
            noekkel=_noekkel(r, apne.get(_gjelder(r)) or f"{naa:%Y%m%dT%H%M%S}"),
            kode=KODE,
            gjelder=_gjelder(r),
            tittel=_l(
                "Vakter må dekkes: %(navn)s svarer ikke lenger for %(fag)s",
                navn=r.navn,
                fag=ALLE_OMRAADER[r.mistet_fag],
            )
            if r.mistet_fag
            else _l("Vakter må dekkes: %(navn)s har ikke lenger rollen", navn=r.navn),
            tekst=_l(
                "%(antall)s vakter må dekkes av andre, den første %(dag)s.",
                antall=r.antall,
                dag=f"{oslo(r.foerste):%d.%m.%Y}",
            ),
            lenke="/vakt",
        )


def _noekkel(r: Any, merke: str) -> str:
    """The key of a loss: its kind and end, and the mark of when it was first told, so that the next one is another."""
    slutt = r.mistet_fag or (f"{r.gyldig_til:%Y%m%d}" if r.gyldig_til else "rolle")
    return f"vakt.fratraadt:{r.medlemskap_id}:{slutt}:{merke}"


def _gjelder(r: Any) -> str:
    """What the notice is about: the membership, and the fagområde where that is all that is lost."""
    return f"fratraadt:{r.medlemskap_id}:{r.mistet_fag}"


def _gjenvunnet(tapt: Sequence[Any], apne: Collection[str]) -> set[str]:
    """What was told, and no longer is so."""
    return set(apne) - {_gjelder(r) for r in tapt}


def _usagte(tapt: Sequence[Any], apne: dict[str, str]) -> bool:
    """Whether there is a loss that has not been told, or not as it is now, or not to somebody who is to hear it."""
    ansvarlige = {id_: skriving.planansvarlige(id_) for id_ in sorted({r.organisasjon_id for r in tapt})}
    skal_vite = {
        f"{_noekkel(r, apne.get(_gjelder(r), ''))}:{til.person_id}"
        for r in tapt
        for til in ansvarlige[r.organisasjon_id]
    }
    return len(skal_vite) != sum(
        db.session.scalar(sa.select(sa.func.count()).where(Varsel.noekkel.in_(del_))) or 0
        for del_ in _deler(skal_vite)
    )


def _apne(navn: Collection[str]) -> dict[str, str]:
    """{what it is about: its mark} of the notices that stand."""
    return {
        r.gjelder: r.noekkel.split(":")[3]
        for del_ in _deler(navn)
        for r in db.session.execute(
            sa.select(Varsel.gjelder, sa.func.min(Varsel.noekkel).label("noekkel"))
            .where(Varsel.gjelder.in_(del_), Varsel.stoppet.is_(None))
            .group_by(Varsel.gjelder)
        )
    }


def _deler(navn: Collection[str]) -> list[list[str]]:
    alle = sorted(navn)
    return [alle[i : i + _OM_GANGEN] for i in range(0, len(alle), _OM_GANGEN)]


def _les(naa: datetime) -> tuple[list[Any], dict[str, str]]:
    """Whose shifts to come nobody has, by membership and, where that alone is lost, by fagområde; and what has been
    told of everybody with shifts to come. Those that run count too: the gap is now.
    """
    slutter = sa.and_(Medlemskap.gyldig_til.is_not(None), Medlemskap.gyldig_til < Vakt.til)
    # Empty where all of the role is lost: then its plans are told of as one.
    mistet = sa.case((sa.or_(slutter, sa.not_(Person.aktiv)), ""), else_=Vaktplan.fagomraade)
    tapt = sa.case((sa.or_(sa.not_(steps.rett_til_vakt()), slutter), 1), else_=0)
    rader = db.session.execute(
        sa.select(
            Vakt.medlemskap_id,
            Vaktplan.organisasjon_id,
            Person.navn,
            Medlemskap.gyldig_til,
            mistet.label("mistet_fag"),
            tapt.label("tapt"),
            sa.func.count().label("antall"),
            sa.func.min(Vakt.fra).label("foerste"),
        )
        .join(Vaktplan, Vaktplan.id == Vakt.vaktplan_id)
        .join(Medlemskap, Medlemskap.id == Vakt.medlemskap_id)
        .join(Person, Person.id == Vakt.person_id)
        .where(
            Vakt.avlyst.is_(None),
            # By this the index finds them among all that have been.
            Vakt.fra > naa - steps.LENGSTE_VAKT,
            Vakt.til > naa,
            Vaktplan.avsluttet.is_(None),
        )
        .group_by(
            Vakt.medlemskap_id,
            Vaktplan.organisasjon_id,
            Person.navn,
            Medlemskap.gyldig_til,
            sa.text("mistet_fag"),
            sa.text("tapt"),
        )
        .order_by(Vakt.medlemskap_id, sa.text("mistet_fag"))
    ).all()
    navn = {_gjelder(r) for r in rader} | {f"fratraadt:{r.medlemskap_id}:" for r in rader}
    return [r for r in rader if r.tapt], _apne(navn)
