"""What an organisation is in now: the phase and the level, read anew each time, so that a change counts at once.

In a drill (`oevelse_id`) its organisations' played phase stands in for the real one; nothing here writes.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from portal.beredskap.models import Beredskapsnivaa, Fase, Faseperiode, Oevelse, Oevelsesdeltaker
from portal.core.clock import now
from portal.core.db import db


@dataclass(frozen=True, slots=True)
class Situasjon:
    """`satt` False: nobody has set a phase, and it counts as the first, at the normal level."""

    organisasjon_id: UUID
    fase: int
    nivaa: str
    satt: bool
    fra: datetime | None = None
    til: datetime | None = None
    kilde: str = ""
    #: The name of the drill that this is played in; empty: it is real.
    oevelse: str = ""


def situasjon(
    organisasjon_id: UUID, naa: datetime | None = None, oevelse_id: UUID | None = None
) -> Situasjon:
    """The situation of one organisation (see `situasjoner`)."""
    return situasjoner([organisasjon_id], naa, oevelse_id)[organisasjon_id]


def situasjoner(
    organisasjoner: Collection[UUID], naa: datetime | None = None, oevelse_id: UUID | None = None
) -> dict[UUID, Situasjon]:
    """{organisation: its situation} at a moment (default: now), every one of them in it."""
    naa = naa or now()
    svar = {o: Situasjon(o, Fase.ENKELTTILFELLER, Beredskapsnivaa.NORMAL, False) for o in organisasjoner}
    for r in db.session.execute(
        sa.select(
            Faseperiode.organisasjon_id,
            Faseperiode.fase,
            Faseperiode.nivaa,
            Faseperiode.fra,
            Faseperiode.til,
            Faseperiode.kilde,
        ).where(
            Faseperiode.organisasjon_id.in_(organisasjoner),
            Faseperiode.trukket.is_(None),
            Faseperiode.fra <= naa,
            sa.or_(Faseperiode.til.is_(None), Faseperiode.til > naa),
        )
    ):
        svar[r.organisasjon_id] = Situasjon(r.organisasjon_id, r.fase, r.nivaa, True, r.fra, r.til, r.kilde)
    if oevelse_id is not None:
        for d in db.session.execute(
            sa.select(
                Oevelsesdeltaker.organisasjon_id,
                Oevelsesdeltaker.fase,
                Oevelsesdeltaker.nivaa,
                Oevelse.navn,
                Oevelse.fra,
                Oevelse.til,
            )
            .join(Oevelse, Oevelse.id == Oevelsesdeltaker.oevelse_id)
            .where(
                Oevelse.id == oevelse_id,
                Oevelse.fra <= naa,
                Oevelse.til > naa,
                Oevelse.avsluttet.is_(None),
                Oevelsesdeltaker.organisasjon_id.in_(organisasjoner),
            )
        ):
            svar[d.organisasjon_id] = Situasjon(
                d.organisasjon_id, d.fase, d.nivaa, True, d.fra, d.til, d.navn, oevelse=d.navn
            )
    return svar
