"""The epidemic phase and the preparedness of each kommune and each trust, and the drills."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum, StrEnum
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.db import Base, en_av
from portal.identitet.models import Medlemskap, Organisasjon, Person


class Fase(IntEnum):
    """The five phases of an epidemic as Folkehelseinstituttet divides it: it begins in earnest in 3, peaks in 4."""

    ENKELTTILFELLER = 1
    KLYNGER = 2
    SPREDNING = 3
    TOPP = 4
    NEDGANG = 5


class Beredskapsnivaa(StrEnum):
    """How far an organisation has gone from its everyday, in rising order."""

    NORMAL = "normal"
    GROENN = "groenn"
    GUL = "gul"
    ROED = "roed"


class Svar(StrEnum):
    """What a kommune has said to a proposed phase."""

    VENTER = "venter"
    BEKREFTET = "bekreftet"
    AVSLAATT = "avslaatt"
    #: Taken back by who proposed it.
    TRUKKET = "trukket"
    #: A newer proposal or a phase of its own came first.
    BORTFALT = "bortfalt"


class Faseperiode(Base):
    """What an organisation is in [fra, til): phase and level. Two of one organisation never overlap.

    An EXCLUDE constraint (`ex_faseperiode_overlapp`) holds it on PostgreSQL, the check under the write lock on SQLite.
    A new one ends the one that runs. What was planned and came to nothing is taken back (`trukket`); nothing is erased.
    """

    __tablename__ = "faseperiode"
    __table_args__ = (
        sa.CheckConstraint("fase BETWEEN 1 AND 5", name="fase"),
        sa.CheckConstraint(en_av("nivaa", Beredskapsnivaa), name="nivaa"),
        sa.CheckConstraint("til IS NULL OR til > fra", name="varighet"),
        sa.Index(
            "ix_faseperiode_organisasjon",
            "organisasjon_id",
            "fra",
            sqlite_where=sa.text("trukket IS NULL"),
            postgresql_where=sa.text("trukket IS NULL"),
        ),
        sa.Index(
            "ix_faseperiode_uvarslet",
            "fra",
            sqlite_where=sa.text("trukket IS NULL AND varslet IS NULL"),
            postgresql_where=sa.text("trukket IS NULL AND varslet IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    organisasjon_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    fase: Mapped[int]
    nivaa: Mapped[str] = mapped_column(sa.String(10))
    fra: Mapped[datetime]
    #: Exclusive; None: until something else is set.
    til: Mapped[datetime | None]
    #: The end that it was given when it was set. `til` is earlier where the next one ended it, and goes back to this
    #: when that one is taken back before it began.
    bedt_til: Mapped[datetime | None]
    #: Where it is known from: «FHI ukesrapport 12», «Kriseledelsen, møte 3. mars».
    kilde: Mapped[str] = mapped_column(sa.String(300))
    begrunnelse: Mapped[str] = mapped_column(sa.Text)
    satt: Mapped[datetime]
    #: Who decided, in which role: kommuneoverlege, or a member of the kriseledelse.
    satt_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    satt_som: Mapped[str] = mapped_column(sa.String(200), default="")
    forslag_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("faseforslag.id"))
    trukket: Mapped[datetime | None]
    #: When the organisation's people were told that it has begun.
    varslet: Mapped[datetime | None]

    organisasjon: Mapped[Organisasjon] = relationship()
    satt_av: Mapped[Person | None] = relationship()


#: Uuid inside a GiST index: the extension is there since the rosters.
for _setning in (
    "CREATE EXTENSION IF NOT EXISTS btree_gist",
    "ALTER TABLE faseperiode ADD CONSTRAINT ex_faseperiode_overlapp EXCLUDE USING gist "
    "(organisasjon_id WITH =, tstzrange(fra, til) WITH &&) WHERE (trukket IS NULL)",
):
    sa.event.listen(Faseperiode.__table__, "after_create", sa.DDL(_setning).execute_if(dialect="postgresql"))


class Faseforslag(Base):
    """A phase proposed in one act to one or many: a trust to kommuner, a coordinator to those who decide."""

    __tablename__ = "faseforslag"
    __table_args__ = (
        sa.CheckConstraint("fase BETWEEN 1 AND 5", name="fase"),
        sa.CheckConstraint(en_av("nivaa", Beredskapsnivaa), name="nivaa"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    fra_organisasjon_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"), index=True)
    fase: Mapped[int]
    nivaa: Mapped[str] = mapped_column(sa.String(10))
    #: From when it is proposed to hold; who confirms later than that confirms from then on.
    fra: Mapped[datetime]
    kilde: Mapped[str] = mapped_column(sa.String(300))
    begrunnelse: Mapped[str] = mapped_column(sa.Text)
    opprettet: Mapped[datetime]
    opprettet_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))

    fra_organisasjon: Mapped[Organisasjon] = relationship()
    opprettet_av: Mapped[Person | None] = relationship()
    mottakere: Mapped[list[Faseforslagsmottaker]] = relationship(back_populates="forslag")


class Faseforslagsmottaker(Base):
    """One organisation's answer to a proposal."""

    __tablename__ = "faseforslagsmottaker"
    __table_args__ = (
        sa.CheckConstraint(en_av("svar", Svar), name="svar"),
        sa.UniqueConstraint("forslag_id", "organisasjon_id"),
        sa.Index(
            "ix_faseforslagsmottaker_venter",
            "organisasjon_id",
            sqlite_where=sa.text("svar = 'venter'"),
            postgresql_where=sa.text("svar = 'venter'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    forslag_id: Mapped[UUID] = mapped_column(sa.ForeignKey("faseforslag.id"))
    organisasjon_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    svar: Mapped[str] = mapped_column(sa.String(10))
    svart: Mapped[datetime | None]
    svart_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    merknad: Mapped[str] = mapped_column(sa.String(500), default="")
    versjon: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": versjon}  # noqa: RUF012

    forslag: Mapped[Faseforslag] = relationship(back_populates="mottakere")
    organisasjon: Mapped[Organisasjon] = relationship()
    svart_av: Mapped[Person | None] = relationship()


class Kriseledelse(Base):
    """A membership that sits in the organisation's kriseledelse: it may set and confirm the phase."""

    __tablename__ = "kriseledelse"

    medlemskap_id: Mapped[UUID] = mapped_column(sa.ForeignKey("medlemskap.id"), primary_key=True)
    organisasjon_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"), index=True)
    oppnevnt: Mapped[datetime]
    oppnevnt_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))

    medlemskap: Mapped[Medlemskap] = relationship()


class Oevelse(Base):
    """A drill: its organisations see, where they choose to, what would hold in a phase. Nothing real changes."""

    __tablename__ = "oevelse"
    __table_args__ = (
        sa.CheckConstraint("til > fra", name="varighet"),
        sa.Index("ix_oevelse_til", "til"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    organisasjon_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    navn: Mapped[str] = mapped_column(sa.String(200))
    fra: Mapped[datetime]
    til: Mapped[datetime]
    opprettet: Mapped[datetime]
    opprettet_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    #: Ended before its time.
    avsluttet: Mapped[datetime | None]
    versjon: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": versjon}  # noqa: RUF012

    organisasjon: Mapped[Organisasjon] = relationship()
    deltakere: Mapped[list[Oevelsesdeltaker]] = relationship(cascade="all, delete-orphan", lazy="selectin")


class Oevelsesdeltaker(Base):
    """An organisation in a drill, and the phase and level it plays. Its own people change them while it runs."""

    __tablename__ = "oevelsesdeltaker"
    __table_args__ = (
        sa.CheckConstraint("fase BETWEEN 1 AND 5", name="fase"),
        sa.CheckConstraint(en_av("nivaa", Beredskapsnivaa), name="nivaa"),
    )

    oevelse_id: Mapped[UUID] = mapped_column(sa.ForeignKey("oevelse.id"), primary_key=True)
    organisasjon_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("organisasjon.id"), primary_key=True, index=True
    )
    fase: Mapped[int]
    nivaa: Mapped[str] = mapped_column(sa.String(10))

    organisasjon: Mapped[Organisasjon] = relationship()
