"""Which roles of a person open a page of this room (see `identitet.service.rollebytte`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.db import db
from portal.vakt import access
from portal.vakt.access import Handling
from portal.vakt.models import Vakt, Vaktplan

#: The pages about the own organisation's rosters that notices lead to.
_UTEN_PLAN = frozenset({"vakt.forside", "vakt.mine", "vakt.bytter", "vakt.fravaer", "vakt.dekningsoversikt"})


def aapner(endepunkt: str, argumenter: Mapping[str, Any], roller: Sequence[Aktor]) -> set[UUID]:
    """The memberships that see the roster of the address: by the rule of `access.hent_plan`."""
    egne = [(r, r.medlemskap_id, r.organisasjon_id) for r in roller if r.medlemskap_id and r.organisasjon_id]
    steder = {o for _r, _m, o in egne} if endepunkt in _UTEN_PLAN else _sted(argumenter)
    return {m for r, m, o in egne if o in steder and access.kan(r, Handling.SE, o)}


def _sted(argumenter: Mapping[str, Any]) -> set[UUID]:
    """The organisation of the plan, or of the plan of the shift, that the address names; none where there is none."""
    sporring = sa.select(Vaktplan.organisasjon_id)
    if (vakt_id := argumenter.get("vakt_id")) is not None:
        sporring = sporring.join(Vakt, Vakt.vaktplan_id == Vaktplan.id).where(Vakt.id == vakt_id)
    else:
        sporring = sporring.where(Vaktplan.id == argumenter.get("plan_id"))
    return set(db.session.scalars(sporring))
