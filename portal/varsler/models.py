"""The outbox: what is to be sent is a row first, written in the transaction of what it tells of."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Base


class Utsending(Base):
    """One e-mail on its way. It never holds clinical text: mail is no safe place for it."""

    __tablename__ = "utsending"
    __table_args__ = (
        sa.Index(
            "ix_utsending_venter",
            "neste",
            sqlite_where=sa.text("sendt IS NULL AND oppgitt IS NULL"),
            postgresql_where=sa.text("sendt IS NULL AND oppgitt IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    #: The same key again is the same message: whoever asks twice sends once.
    noekkel: Mapped[str] = mapped_column(sa.String(120), unique=True)
    til: Mapped[str] = mapped_column(sa.String(254))
    emne: Mapped[str] = mapped_column(sa.String(200))
    tekst: Mapped[str] = mapped_column(sa.Text)
    opprettet: Mapped[datetime]
    #: When it is next tried.
    neste: Mapped[datetime]
    forsoek: Mapped[int] = mapped_column(default=0)
    sendt: Mapped[datetime | None]
    oppgitt: Mapped[datetime | None]
    feil: Mapped[str] = mapped_column(sa.String(300), default="")
