"""Which membership in a successor is which that a merger ended: for the rooms that carry theirs on.

Facts for a use case's own transaction; nothing here asks for permission.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.core.db import db
from portal.identitet.models import Medlemskap, Organisasjon


def samme_rolle(gammelt: Any, nytt: Any, etterfoelger: Any) -> sa.ColumnElement[bool]:
    """The condition that `nytt` is what the register made of `gammelt` in the successor (an id or a column).

    It ends every membership in an organisation that is no more, and begins one of the same role at the same moment: by
    that the two are known to be one, and not somebody who left and came back.
    """
    return sa.and_(
        nytt.person_id == gammelt.person_id,
        nytt.rolle == gammelt.rolle,
        nytt.organisasjon_id == etterfoelger,
        nytt.enhet_id.is_not_distinct_from(gammelt.enhet_id),
        nytt.gyldig_fra == gammelt.gyldig_til,
    )


def medlemskap_i_etterfoelgeren(gammel: UUID) -> dict[UUID, UUID]:
    """{membership that ended at an organisation that is no more: the one that the register made of it}."""
    gammelt, nytt = aliased(Medlemskap), aliased(Medlemskap)
    par = db.session.execute(
        sa.select(gammelt.id, nytt.id)
        .join(Organisasjon, Organisasjon.id == gammelt.organisasjon_id)
        .join(nytt, samme_rolle(gammelt, nytt, Organisasjon.etterfolger_id))
        .where(gammelt.organisasjon_id == gammel)
    )
    return {r[0]: r[1] for r in par}
