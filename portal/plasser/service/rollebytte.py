"""Which roles of a person open a page of this room (see `identitet.service.rollebytte`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.db import db
from portal.plasser import access
from portal.plasser.access import Handling
from portal.plasser.historikk import Behovsvurdering
from portal.plasser.models import Plassenhet


def aapner(endepunkt: str, argumenter: Mapping[str, Any], roller: Sequence[Aktor]) -> set[UUID]:
    """The memberships that keep the unit of the address, or are a side of its assessment; else those that see it."""
    egne = [(r, r.medlemskap_id) for r in roller if r.medlemskap_id is not None]
    if (vurdering_id := argumenter.get("vurdering_id")) is not None:
        sider = db.session.execute(
            sa.select(Behovsvurdering.kommune_id, Behovsvurdering.foretak_id).where(
                Behovsvurdering.id == vurdering_id
            )
        ).one_or_none()
        return {m for r, m in egne if sider is not None and r.organisasjon_id in sider}
    plassenhet_id = argumenter.get("plassenhet_id")
    enhet = db.session.get(Plassenhet, plassenhet_id) if plassenhet_id else None
    if enhet is None:
        return set()
    egnes = {m for r, m in egne if access.kan(r, Handling.DRIVE, enhet)}
    return egnes or {m for r, m in egne if access.kan(r, Handling.SE, enhet)}
