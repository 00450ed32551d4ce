"""The worker's part: statuses follow the dates. What holds on a day is read from the dates, whether it runs or not."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from portal.avtaler import access, ikraft
from portal.avtaler.access import Handling
from portal.avtaler.forloep import I_KRAFT, Partstatus, Status
from portal.avtaler.livsmodeller import Oppsigelse
from portal.avtaler.models import Avtalepart, Avtaleversjon
from portal.core.aktor import Aktor
from portal.core.clock import i_dag
from portal.core.db import db, transactional
from portal.core.enkeltvis import hver

_ARBEIDER = Aktor.system("arbeider")


def sett_i_kraft() -> int:
    """Job: agreements whose day has come are in force, those replaced or ended are so. Gives how many were moved.

    Each in a transaction of its own: one that fails is told of in the log, tried again the next time, and holds up
    no other. Safe to run twice, and in two processes at once.
    """
    return hver(_moden(), _sett, "ikrafttredelse_feilet", "avtale")


def _moden() -> list[UUID]:
    """The agreements in which a status is behind its date: by the partial indexes of what waits and what holds."""
    dag = i_dag()
    venter = sa.select(Avtaleversjon.avtale_id).where(
        Avtaleversjon.status == Status.GODKJENT, Avtaleversjon.i_kraft_fra <= dag
    )
    over = sa.select(Avtaleversjon.avtale_id).where(
        Avtaleversjon.status.in_(I_KRAFT), Avtaleversjon.i_kraft_til <= dag
    )
    # Who has left is found from the notices: they are few.
    ute = (
        sa.select(Oppsigelse.avtale_id)
        .join(
            Avtalepart,
            sa.and_(
                Avtalepart.avtale_id == Oppsigelse.avtale_id,
                Avtalepart.organisasjon_id == Oppsigelse.organisasjon_id,
            ),
        )
        .where(
            Oppsigelse.virkning <= dag,
            Oppsigelse.trukket.is_(None),
            Avtalepart.status == Partstatus.DELTAR,
            Avtalepart.til <= dag,
        )
    )
    ider = sorted(db.session.scalars(sa.union(venter, over, ute)))
    db.session.rollback()
    return ider


@transactional
def _sett(avtale_id: UUID) -> bool:
    return ikraft.foelg_datoene(_ARBEIDER, access.hent(_ARBEIDER, Handling.SE, avtale_id, laas=True))
