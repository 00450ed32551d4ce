"""A level that empties while a case waits for it: the next step is taken at once.

The shift ended, was cut short or called off, whoever had it is away or has lost the role: nobody who was told is there
to act, and the rest of the wait would be for nobody. Looked for every few seconds. The timer is only made due: the step
itself is judged under the lock of the case, as any other.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.core.clock import now
from portal.core.db import UtcTid, db, transactional
from portal.core.enkeltvis import sviktet
from portal.henvendelser.eskalering.models import Eskalering, Eskaleringstrinn, Slag, Trinnutfall
from portal.henvendelser.eskalering.ubesvart import ordrett
from portal.henvendelser.models import Henvendelse
from portal.identitet.access import medlemskap_gyldig
from portal.identitet.models import Medlemskap, Person
from portal.vakt import steps as vakt
from portal.vakt.steps import ANSVARLIG

#: A membership that ended so lately may go on as another (an organisation that was merged, a role that was changed):
#: the registers move what it had within a minute, and nobody is alarmed for it.
FLYTTES = timedelta(minutes=2)


def hopp_over_tomme() -> int:
    """Makes the next step due of every timer that waits for nobody. Gives how many.

    It waits for the level that it told last, and before its first step for the responsible. Where it told that nobody
    is there, or that its end is reached, it has been said, and the pause is kept. A level that somebody else has taken
    over is not empty: the newcomer is told (`service.nye_paa_vakt`).
    """
    naa = now()
    ventende = db.session.execute(_ventende(), {"naa": naa, "nylig": naa - FLYTTES}).all()
    paa = vakt.paa_vakt_hos({r.organisasjon_id for r in ventende if r.nivaa not in (None, ANSVARLIG)})
    db.session.rollback()
    antall = 0
    for r in ventende:
        if r.nivaa in (None, ANSVARLIG):
            borte = not r.ansvarlig_der
        else:
            borte = r.nivaa not in paa.get((r.organisasjon_id, r.fagomraade), {})
        if not borte:
            continue
        try:
            antall += _ta_neste_naa(r.id, r.neste)
        except Exception:
            sviktet("eskalering_feilet", hva="tomt nivaa", eskalering_id=str(r.id))
    return antall


@cache
def _ventende() -> sa.Select[*tuple[Any, ...]]:
    """The timers that wait for somebody, with the level that was told last (none before the first step), and whether
    the responsible is there."""
    naa, nylig = (sa.bindparam(n, type_=UtcTid()) for n in ("naa", "nylig"))
    alle = aliased(Eskaleringstrinn)
    siste = (
        sa.select(sa.func.max(alle.nummer))
        .where(alle.eskalering_id == Eskalering.id)
        .correlate(Eskalering)
        .scalar_subquery()
    )
    ansvarlig_der = sa.exists().where(
        Medlemskap.id == Henvendelse.ansvarlig_medlemskap_id,
        Person.id == Medlemskap.person_id,
        Person.aktiv,
        sa.or_(medlemskap_gyldig(naa), sa.and_(Medlemskap.gyldig_til <= naa, Medlemskap.gyldig_til > nylig)),
    )
    return (
        sa.select(
            Eskalering.id,
            Eskalering.neste,
            Eskalering.organisasjon_id,
            Eskalering.fagomraade,
            Eskaleringstrinn.nivaa,
            ansvarlig_der.label("ansvarlig_der"),
        )
        .join(Henvendelse, Henvendelse.id == Eskalering.henvendelse_id)
        .outerjoin(
            Eskaleringstrinn,
            sa.and_(Eskaleringstrinn.eskalering_id == Eskalering.id, Eskaleringstrinn.nummer == siste),
        )
        .where(
            Eskalering.avsluttet.is_(None),
            Eskalering.neste > naa,
            sa.or_(
                Eskaleringstrinn.utfall == ordrett(Trinnutfall.VARSLET),
                sa.and_(Eskaleringstrinn.utfall.is_(None), Eskalering.slag != ordrett(Slag.AKSEPT)),
            ),
        )
        .order_by(Eskalering.neste, Eskalering.id)
    )


@transactional
def _ta_neste_naa(esk_id: UUID, neste: datetime) -> int:
    """Makes a timer due, unless a step has been taken, or it has ended, since it was read; or somebody else holds it:
    then it is looked at again."""
    esk = db.session.scalars(
        sa.select(Eskalering)
        .where(Eskalering.id == esk_id, Eskalering.avsluttet.is_(None), Eskalering.neste == neste)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if esk is None:
        return 0
    esk.neste, esk.utsatt = now(), None
    return 1
