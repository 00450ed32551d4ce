"""Which roles of a person open a page of this room (see `identitet.service.rollebytte`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.avtaler import access
from portal.avtaler.models import Avtale
from portal.core.aktor import Aktor
from portal.core.db import db


def aapner(endepunkt: str, argumenter: Mapping[str, Any], roller: Sequence[Aktor]) -> set[UUID]:
    """The memberships that see the agreement of the address: by the rule of `access.synlige`."""
    avtale_id = argumenter.get("avtale_id")
    if avtale_id is None:
        return set()
    return {
        r.medlemskap_id
        for r in roller
        if r.medlemskap_id is not None
        and db.session.scalar(sa.select(sa.exists().where(Avtale.id == avtale_id, access.synlige(r))))
    }
