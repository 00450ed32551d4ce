"""The one table of tasks: what somebody at an organisation must have done by a day. Other rooms put their work here."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.db import Base
from portal.identitet.models import Organisasjon, Person


class Oppgave(Base):
    """A task of an organisation. Open until it is done (`gjort`) or no longer wanted (`avlyst`), never both.

    `noekkel` is what the room that made it calls it: the same task is made once, however often it is asked for.
    `gjelder` is an opaque reference to what it is about («avtale:<uuid>»); `lenke` is where it is done.
    """

    __tablename__ = "oppgave"
    __table_args__ = (
        sa.CheckConstraint("gjort IS NULL OR avlyst IS NULL", name="ferdig"),
        sa.Index(
            "ix_oppgave_aapen",
            "organisasjon_id",
            "frist",
            sqlite_where=sa.text("gjort IS NULL AND avlyst IS NULL"),
            postgresql_where=sa.text("gjort IS NULL AND avlyst IS NULL"),
        ),
        #: What somebody is to be reminded of: the worker asks for the due alone.
        sa.Index(
            "ix_oppgave_paaminnelse",
            "neste_paaminnelse",
            sqlite_where=sa.text("gjort IS NULL AND avlyst IS NULL AND neste_paaminnelse IS NOT NULL"),
            postgresql_where=sa.text("gjort IS NULL AND avlyst IS NULL AND neste_paaminnelse IS NOT NULL"),
        ),
        sa.Index("ix_oppgave_gjelder", "gjelder"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    noekkel: Mapped[str] = mapped_column(sa.String(200), unique=True)
    organisasjon_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    #: Who has taken it on; None: the organisation's coordinators together.
    ansvarlig_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"), index=True)
    kode: Mapped[str] = mapped_column(sa.String(60))
    tittel: Mapped[str] = mapped_column(sa.String(300))
    tekst: Mapped[str] = mapped_column(sa.Text, default="")
    gjelder: Mapped[str] = mapped_column(sa.String(80), default="")
    lenke: Mapped[str] = mapped_column(sa.String(300), default="")
    #: The last day on which it is in time, on Oslo's calendar.
    frist: Mapped[date]
    #: How many days before `frist` somebody is reminded: «90,30,14,7,1».
    paaminnelser: Mapped[str] = mapped_column(sa.String(60), default="")
    #: The moment of the next reminder (morning in Oslo); None when there is none left.
    neste_paaminnelse: Mapped[datetime | None]
    #: Done-marks that want proof: the reference must be given.
    krever_bevis: Mapped[bool] = mapped_column(default=False)
    bevis: Mapped[str] = mapped_column(sa.String(500), default="")
    opprettet: Mapped[datetime]
    opprettet_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    gjort: Mapped[datetime | None]
    gjort_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    avlyst: Mapped[datetime | None]
    versjon: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": versjon}  # noqa: RUF012

    organisasjon: Mapped[Organisasjon] = relationship()
    ansvarlig: Mapped[Person | None] = relationship(foreign_keys=[ansvarlig_id])
    gjort_av: Mapped[Person | None] = relationship(foreign_keys=[gjort_av_id])
