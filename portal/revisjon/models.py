"""The audit log: one hash chain per case and one per organisation, sealed every hour.

Rows are only ever added. On both databases triggers block UPDATE and DELETE (see the migration).
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Base

#: The hash before the first link of a chain.
FOERSTE = "0" * 64


class Revisjonskjede(Base):
    """The head of one chain. It only grows; `antall` is the number of the newest link."""

    __tablename__ = "revisjonskjede"

    noekkel: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    antall: Mapped[int]
    hode: Mapped[str] = mapped_column(sa.String(64))
    #: The number of the newest sealed link.
    forseglet: Mapped[int] = mapped_column(default=0)


class Revisjon(Base):
    """One link: who did what to which object, when, in which role and for which purpose."""

    __tablename__ = "revisjon"
    __table_args__ = (
        sa.UniqueConstraint("kjede", "nummer"),
        sa.Index("ix_revisjon_objekt", "objekt_type", "objekt_id"),
        sa.Index("ix_revisjon_person", "person_id", "tidspunkt"),
        sa.Index("ix_revisjon_organisasjon", "organisasjon_id", "tidspunkt"),
        #: Denials are few among millions, and asked for alone.
        sa.Index(
            "ix_revisjon_avslag",
            "organisasjon_id",
            "tidspunkt",
            sqlite_where=sa.text("utfall = 'avslag'"),
            postgresql_where=sa.text("utfall = 'avslag'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    kjede: Mapped[str] = mapped_column(sa.String(60), sa.ForeignKey("revisjonskjede.noekkel"))
    nummer: Mapped[int]
    tidspunkt: Mapped[datetime]
    handling: Mapped[str] = mapped_column(sa.String(60))
    utfall: Mapped[str] = mapped_column(sa.String(10))
    person_id: Mapped[UUID | None]
    person_navn: Mapped[str] = mapped_column(sa.String(200))
    rolle: Mapped[str] = mapped_column(sa.String(30))
    organisasjon_id: Mapped[UUID | None]
    organisasjon_navn: Mapped[str] = mapped_column(sa.String(200))
    enhet_id: Mapped[UUID | None]
    formaal: Mapped[str] = mapped_column(sa.String(60))
    objekt_type: Mapped[str] = mapped_column(sa.String(40))
    objekt_id: Mapped[str] = mapped_column(sa.String(60))
    #: Canonical JSON text: the hash is over exactly these bytes, so no database may reformat them.
    detaljer: Mapped[str] = mapped_column(sa.Text)
    forrige_hash: Mapped[str] = mapped_column(sa.String(64))
    hash: Mapped[str] = mapped_column(sa.String(64))


class Revisjonssegl(Base):
    """The heads that changed since the last seal, signed and chained. A cut tail shows against it."""

    __tablename__ = "revisjonssegl"

    nummer: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    tidspunkt: Mapped[datetime]
    #: Canonical JSON text: {chain: [number, hash]}.
    hoder: Mapped[str] = mapped_column(sa.Text)
    forrige_hash: Mapped[str] = mapped_column(sa.String(64))
    hash: Mapped[str] = mapped_column(sa.String(64))
    signatur: Mapped[str] = mapped_column(sa.String(64))
