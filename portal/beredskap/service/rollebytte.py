"""Which roles of a person open a page of this room (see `identitet.service.rollebytte`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.beredskap import access
from portal.beredskap.access import Handling
from portal.beredskap.models import Faseforslag, Faseforslagsmottaker, Oevelse
from portal.core.aktor import Aktor
from portal.core.db import db


def aapner(endepunkt: str, argumenter: Mapping[str, Any], roller: Sequence[Aktor]) -> set[UUID]:
    """The memberships that see the proposal or the drill of the address: by the rules of `access`."""
    egne = [(r, r.medlemskap_id) for r in roller if r.medlemskap_id is not None]
    if (mottaker_id := argumenter.get("mottaker_id")) is not None:
        sted = db.session.scalar(
            sa.select(Faseforslagsmottaker.organisasjon_id).where(Faseforslagsmottaker.id == mottaker_id)
        )
    elif (forslag_id := argumenter.get("forslag_id")) is not None:
        sted = db.session.scalar(
            sa.select(Faseforslag.fra_organisasjon_id).where(Faseforslag.id == forslag_id)
        )
    elif (oevelse_id := argumenter.get("oevelse_id")) is not None:
        oevelse = db.session.get(Oevelse, oevelse_id)
        return {m for r, m in egne if oevelse is not None and access.er_med(r, oevelse)}
    else:
        return set()
    return {m for r, m in egne if sted is not None and access.kan(r, Handling.SE_INNSIDE, sted)}
