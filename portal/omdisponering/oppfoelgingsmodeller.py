"""What follows a reallocation: hours, incidents (avvik), the evaluation by each side, and delegated tasks."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.db import Base, en_av_sortert
from portal.identitet.models import Organisasjon, Person
from portal.omdisponering.forloep import Alvor, Delegert
from portal.omdisponering.models import Omdisponering, Omdisponeringslinje
from portal.omdisponering.ressursmodeller import Ressursperson


class Timefoering(Base):
    """What a person worked on one day (Oslo) of a reallocation, in minutes."""

    __tablename__ = "timefoering"
    __table_args__ = (
        sa.CheckConstraint("minutter BETWEEN 0 AND 1500", name="minutter"),
        sa.UniqueConstraint("linje_id", "dag"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    linje_id: Mapped[UUID] = mapped_column(sa.ForeignKey("omdisponeringslinje.id"))
    dag: Mapped[date]
    minutter: Mapped[int]
    merknad: Mapped[str] = mapped_column(sa.String(200), default="")
    foert: Mapped[datetime]
    foert_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    versjon: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": versjon}  # noqa: RUF012

    linje: Mapped[Omdisponeringslinje] = relationship()
    foert_av: Mapped[Person | None] = relationship()


class Avvik(Base):
    """Something that went wrong, and what is done about it. No patient's identity."""

    __tablename__ = "omdisponeringsavvik"
    __table_args__ = (
        sa.CheckConstraint(en_av_sortert("alvor", Alvor), name="alvor"),
        sa.CheckConstraint("lukket IS NULL OR tiltak <> ''", name="tiltak"),
        sa.Index("ix_omdisponeringsavvik_omdisponering", "omdisponering_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    omdisponering_id: Mapped[UUID] = mapped_column(sa.ForeignKey("omdisponering.id"))
    #: Who tells of it.
    organisasjon_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    hendt: Mapped[datetime]
    alvor: Mapped[str] = mapped_column(sa.String(10))
    tekst: Mapped[str] = mapped_column(sa.Text)
    tiltak: Mapped[str] = mapped_column(sa.Text, default="")
    meldt: Mapped[datetime]
    meldt_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    lukket: Mapped[datetime | None]
    lukket_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    versjon: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": versjon}  # noqa: RUF012

    omdisponering: Mapped[Omdisponering] = relationship()
    organisasjon: Mapped[Organisasjon] = relationship()
    meldt_av: Mapped[Person | None] = relationship(foreign_keys=[meldt_av_id])
    lukket_av: Mapped[Person | None] = relationship(foreign_keys=[lukket_av_id])


class Evaluering(Base):
    """One side's answers at the end: did it help, were the four things clear, would you do it again – from 1 to 5."""

    __tablename__ = "omdisponeringsevaluering"
    __table_args__ = (
        sa.CheckConstraint(
            "nytte BETWEEN 1 AND 5 AND avklart BETWEEN 1 AND 5 AND igjen BETWEEN 1 AND 5", name="svar"
        ),
        sa.UniqueConstraint("omdisponering_id", "organisasjon_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    omdisponering_id: Mapped[UUID] = mapped_column(sa.ForeignKey("omdisponering.id"))
    organisasjon_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    nytte: Mapped[int]
    avklart: Mapped[int]
    igjen: Mapped[int]
    tekst: Mapped[str] = mapped_column(sa.Text, default="")
    svart: Mapped[datetime]
    svart_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    versjon: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": versjon}  # noqa: RUF012

    organisasjon: Mapped[Organisasjon] = relationship()
    svart_av: Mapped[Person | None] = relationship()


class Delegering(Base):
    """A task that somebody may do who otherwise may not (helsepersonelloven § 5), on the days [fra, til]."""

    __tablename__ = "delegering"
    __table_args__ = (
        sa.CheckConstraint(en_av_sortert("oppgave", Delegert), name="oppgave"),
        sa.CheckConstraint("til >= fra", name="varighet"),
        sa.CheckConstraint("fullmakt_av <> '' AND opplaering <> '' AND veileder <> ''", name="grunnlag"),
        sa.Index("ix_delegering_organisasjon", "organisasjon_id", "til"),
        sa.Index("ix_delegering_person", "ressursperson_id", "til"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    #: Where the work is done, and who delegates.
    organisasjon_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    ressursperson_id: Mapped[UUID] = mapped_column(sa.ForeignKey("ressursperson.id"))
    #: Of somebody borrowed: by which reallocation. None: of the organisation's own.
    omdisponering_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("omdisponering.id"))
    oppgave: Mapped[str] = mapped_column(sa.String(20))
    #: Which medicines, at which place, how far it goes.
    omfang: Mapped[str] = mapped_column(sa.String(500))
    fra: Mapped[date]
    til: Mapped[date]
    #: On whose authority: name and role.
    fullmakt_av: Mapped[str] = mapped_column(sa.String(200))
    opplaering: Mapped[str] = mapped_column(sa.String(300))
    opplaert: Mapped[date]
    #: Who guides, and is asked.
    veileder: Mapped[str] = mapped_column(sa.String(200))
    opprettet: Mapped[datetime]
    opprettet_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    trukket: Mapped[datetime | None]
    trukket_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    trukket_grunn: Mapped[str] = mapped_column(sa.String(300), default="")
    versjon: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": versjon}  # noqa: RUF012

    organisasjon: Mapped[Organisasjon] = relationship()
    ressursperson: Mapped[Ressursperson] = relationship()
    omdisponering: Mapped[Omdisponering | None] = relationship()
    opprettet_av: Mapped[Person | None] = relationship(foreign_keys=[opprettet_av_id])

    def gjelder(self, dag: date) -> bool:
        """Whether the task may be done on a day."""
        return self.trukket is None and self.fra <= dag <= self.til
