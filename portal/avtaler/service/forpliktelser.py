"""The worker's part of what agreements ask for: the tasks of the year to come, topped up as the year goes."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from portal.avtaler import access, plikter, steps
from portal.avtaler.access import Handling
from portal.avtaler.forloep import I_KRAFT
from portal.avtaler.models import Avtaleversjon
from portal.core.aktor import Aktor
from portal.core.clock import i_dag
from portal.core.db import db, transactional
from portal.core.enkeltvis import sviktet

_ARBEIDER = Aktor.system("arbeider")


def fyll_paa() -> int:
    """Job: the tasks of every agreement in force are what it asks for. Gives in how many something was amiss.

    Each in a transaction of its own, and only where something is amiss. One that fails is told of in the log and tried
    again the next time.
    """
    ider = db.session.scalars(
        sa.select(Avtaleversjon.avtale_id)
        .where(steps.i_kraft(i_dag()), Avtaleversjon.status.in_(I_KRAFT))
        .order_by(Avtaleversjon.avtale_id)
    ).all()
    db.session.rollback()
    fylt = 0
    for avtale_id in ider:
        try:
            fylt += _mangler(avtale_id) and _fyll(avtale_id)
        except Exception:
            sviktet("paafylling_feilet", avtale=str(avtale_id))
    return fylt


def _mangler(avtale_id: UUID) -> bool:
    avtale = access.hent(_ARBEIDER, Handling.SE, avtale_id)
    versjon = steps.holder(avtale)
    mangler = versjon is not None and bool(plikter.planlegg(avtale, versjon))
    db.session.rollback()
    return mangler


@transactional
def _fyll(avtale_id: UUID) -> bool:
    """Looks again under the lock: it may have been done meanwhile."""
    avtale = access.hent(_ARBEIDER, Handling.SE, avtale_id, laas=True)
    versjon = steps.holder(avtale)
    if versjon is None or versjon.status not in I_KRAFT:
        return False
    plikter.lag_oppgaver(avtale, versjon)
    return True
