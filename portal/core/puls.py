"""The pulse of what runs by itself: each lane of the worker tells that it lives, and others can see when it stopped."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.clock import now
from portal.core.db import Base, db, insert_for, transactional


class Puls(Base):
    """When something that runs by itself last told that it did."""

    __tablename__ = "puls"

    navn: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    sist: Mapped[datetime]


@transactional
def slaa(navn: str) -> None:
    """Notes that `navn` lives now."""
    uttrykk = insert_for(Puls, db.engine.dialect.name).values(navn=navn, sist=now())
    db.session.execute(
        uttrykk.on_conflict_do_update(index_elements=["navn"], set_={"sist": uttrykk.excluded.sist})
    )


def siste() -> dict[str, datetime]:
    """When each was last heard of. What has never been, is not there."""
    return {p.navn: p.sist for p in db.session.scalars(sa.select(Puls))}
