"""Rosters: who answers when, for which fagområde and at which level. Moments are UTC; rules are Oslo's wall clock."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.db import Base, Json, delvis, en_av
from portal.identitet.models import Medlemskap, Organisasjon, Person


class Nivaa(StrEnum):
    """The levels of a roster, in the order in which they are asked."""

    VAKTHAVENDE = "vakthavende"
    BAKVAKT = "bakvakt"
    VAKTLEDER = "vaktleder"


class Dagtype(StrEnum):
    """What a day is to a rotation. A public holiday is one also on a weekend."""

    HVERDAG = "hverdag"
    HELG = "helg"
    HELLIGDAG = "helligdag"


class Vaktkilde(StrEnum):
    """Where a shift came from."""

    ENKELT = "enkelt"
    ROTASJON = "rotasjon"
    OVERSTYRING = "overstyring"
    BYTTE = "bytte"
    TATT = "tatt"
    IMPORT = "import"


class Byttetilstand(StrEnum):
    VENTER = "venter"
    GODTATT = "godtatt"
    AVSLAATT = "avslaatt"
    TRUKKET = "trukket"
    #: One of the shifts was changed meanwhile.
    BORTFALT = "bortfalt"


class Vaktplan(Base):
    """The roster of one fagområde at one organisation: a hospital's, or a kommune's service (both sides answer)."""

    __tablename__ = "vaktplan"
    __table_args__ = (sa.UniqueConstraint("organisasjon_id", "fagomraade"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    organisasjon_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    fagomraade: Mapped[str] = mapped_column(sa.String(30))
    opprettet: Mapped[datetime]
    #: No longer kept: its shifts stay as history.
    avsluttet: Mapped[datetime | None]
    versjon: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": versjon}  # noqa: RUF012

    organisasjon: Mapped[Organisasjon] = relationship()
    telefoner: Mapped[list[Vakttelefon]] = relationship(cascade="all, delete-orphan", lazy="selectin")


class Vakttelefon(Base):
    """The telephone of a level: it belongs to the roster, and passes from hand to hand."""

    __tablename__ = "vakttelefon"
    __table_args__ = (sa.CheckConstraint(en_av("nivaa", Nivaa), name="nivaa"),)

    vaktplan_id: Mapped[UUID] = mapped_column(sa.ForeignKey("vaktplan.id"), primary_key=True)
    nivaa: Mapped[str] = mapped_column(sa.String(15), primary_key=True)
    #: With country code: «+4790000000».
    nummer: Mapped[str] = mapped_column(sa.String(20))
    #: Is alerted by text message and by a voice call.
    sms: Mapped[bool] = mapped_column(default=True)
    tale: Mapped[bool] = mapped_column(default=False)


class Vakt(Base):
    """A shift [fra, til) of one person at one level.

    Two that hold (`avlyst IS NULL`) never overlap within a level of a plan: an EXCLUDE constraint
    (`ex_vakt_overlapp`) on PostgreSQL, the check under the write lock on SQLite. A shift that is
    overridden or swapped is called off (`avlyst`), and what is left of it becomes rows of its own.
    """

    __tablename__ = "vakt"
    __table_args__ = (
        sa.CheckConstraint(en_av("nivaa", Nivaa), name="nivaa"),
        sa.CheckConstraint(en_av("kilde", Vaktkilde), name="kilde"),
        sa.CheckConstraint("til > fra", name="varighet"),
        delvis("ix_vakt_plan", "vaktplan_id", "nivaa", "fra", naar="avlyst IS NULL"),
        delvis("ix_vakt_person", "person_id", "fra", naar="avlyst IS NULL"),
        #: What begins soon: for notices, readiness and the hand-over of cases.
        delvis("ix_vakt_fra", "fra", naar="avlyst IS NULL"),
        sa.Index("ix_vakt_rotasjon", "rotasjon_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    vaktplan_id: Mapped[UUID] = mapped_column(sa.ForeignKey("vaktplan.id"))
    nivaa: Mapped[str] = mapped_column(sa.String(15))
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"))
    medlemskap_id: Mapped[UUID] = mapped_column(sa.ForeignKey("medlemskap.id"))
    fra: Mapped[datetime]
    til: Mapped[datetime]
    kilde: Mapped[str] = mapped_column(sa.String(15))
    rotasjon_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("rotasjon.id"))
    opprettet: Mapped[datetime]
    opprettet_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    avlyst: Mapped[datetime | None]

    vaktplan: Mapped[Vaktplan] = relationship()
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    medlemskap: Mapped[Medlemskap] = relationship()


#: Uuid and text inside a GiST index need an extension that the owner of the database may add.
for _setning in (
    "CREATE EXTENSION IF NOT EXISTS btree_gist",
    "ALTER TABLE vakt ADD CONSTRAINT ex_vakt_overlapp EXCLUDE USING gist "
    "(vaktplan_id WITH =, nivaa WITH =, tstzrange(fra, til) WITH &&) WHERE (avlyst IS NULL)",
):
    sa.event.listen(Vakt.__table__, "after_create", sa.DDL(_setning).execute_if(dialect="postgresql"))


class Rotasjon(Base):
    """A rule that makes shifts: who, in which order, how long each, which days, from and to which hour in Oslo."""

    __tablename__ = "rotasjon"
    __table_args__ = (
        sa.CheckConstraint(en_av("nivaa", Nivaa), name="nivaa"),
        sa.CheckConstraint("dager_per_tur BETWEEN 1 AND 28", name="dager_per_tur"),
        sa.CheckConstraint("gjelder_til IS NULL OR gjelder_til > gjelder_fra", name="gjelder"),
        sa.Index("ix_rotasjon_plan", "vaktplan_id", "nivaa"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    vaktplan_id: Mapped[UUID] = mapped_column(sa.ForeignKey("vaktplan.id"))
    nivaa: Mapped[str] = mapped_column(sa.String(15))
    gjelder_fra: Mapped[date]
    #: Exclusive; None: until it is ended.
    gjelder_til: Mapped[date | None]
    #: Oslo's wall clock, «15:30». The shift of a day lasts to the next `klokke_til`: the same hour is a whole day.
    klokke_fra: Mapped[str] = mapped_column(sa.String(5))
    klokke_til: Mapped[str] = mapped_column(sa.String(5))
    #: The kinds of days on which a shift begins (values of `Dagtype`).
    dagtyper: Mapped[list[str]] = mapped_column(Json)
    #: How many of its days in a row each person has before the next one's turn.
    dager_per_tur: Mapped[int]
    #: Shifts have been made for days before this one.
    laget_til: Mapped[date]
    #: How many of its days came before `laget_til`: whose turn it is goes on from there.
    dager_laget: Mapped[int] = mapped_column(default=0)
    opprettet: Mapped[datetime]
    avsluttet: Mapped[datetime | None]

    vaktplan: Mapped[Vaktplan] = relationship()
    deltakere: Mapped[list[Rotasjonsdeltaker]] = relationship(
        cascade="all, delete-orphan", order_by="Rotasjonsdeltaker.plass", lazy="selectin"
    )


class Rotasjonsdeltaker(Base):
    """A person's place in the order of a rotation, from 0."""

    __tablename__ = "rotasjonsdeltaker"

    rotasjon_id: Mapped[UUID] = mapped_column(sa.ForeignKey("rotasjon.id"), primary_key=True)
    plass: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    medlemskap_id: Mapped[UUID] = mapped_column(sa.ForeignKey("medlemskap.id"))

    medlemskap: Mapped[Medlemskap] = relationship()


class Fravaer(Base):
    """A person is away [fra, til) from an organisation's rosters: the shifts in it count as empty. Never why."""

    __tablename__ = "fravaer"
    __table_args__ = (
        sa.CheckConstraint("til > fra", name="varighet"),
        delvis("ix_fravaer_person", "person_id", "fra", naar="avlyst IS NULL"),
        delvis("ix_fravaer_organisasjon", "organisasjon_id", "fra", naar="avlyst IS NULL"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    organisasjon_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"))
    fra: Mapped[datetime]
    til: Mapped[datetime]
    opprettet: Mapped[datetime]
    opprettet_av_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"))
    avlyst: Mapped[datetime | None]

    person: Mapped[Person] = relationship(foreign_keys=[person_id])


class Vaktbytte(Base):
    """Somebody asks another to take a shift, for one of theirs or for none. Takes effect when the other accepts."""

    __tablename__ = "vaktbytte"
    __table_args__ = (
        sa.CheckConstraint(en_av("tilstand", Byttetilstand), name="tilstand"),
        sa.CheckConstraint("(tilstand = 'venter') = (avgjort IS NULL)", name="avgjort"),
        sa.Index("ix_vaktbytte_til", "til_medlemskap_id", "tilstand"),
        sa.Index("ix_vaktbytte_vakt", "vakt_id"),
        delvis("uq_vaktbytte_venter", "vakt_id", naar="tilstand = 'venter'", unique=True),
        delvis("ix_vaktbytte_motvakt", "motvakt_id", naar="tilstand = 'venter'"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    vakt_id: Mapped[UUID] = mapped_column(sa.ForeignKey("vakt.id"))
    #: What the other gives in return; None: nothing.
    motvakt_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("vakt.id"))
    fra_medlemskap_id: Mapped[UUID] = mapped_column(sa.ForeignKey("medlemskap.id"))
    til_medlemskap_id: Mapped[UUID] = mapped_column(sa.ForeignKey("medlemskap.id"))
    tilstand: Mapped[str] = mapped_column(sa.String(10), default=Byttetilstand.VENTER)
    opprettet: Mapped[datetime]
    avgjort: Mapped[datetime | None]

    vakt: Mapped[Vakt] = relationship(foreign_keys=[vakt_id])
    motvakt: Mapped[Vakt | None] = relationship(foreign_keys=[motvakt_id])
    fra_medlemskap: Mapped[Medlemskap] = relationship(foreign_keys=[fra_medlemskap_id])
    til_medlemskap: Mapped[Medlemskap] = relationship(foreign_keys=[til_medlemskap_id])


class Vaktfeed(Base):
    """A secret address at which a person's calendar program reads the person's own shifts. Only its hash is kept."""

    __tablename__ = "vaktfeed"
    __table_args__ = (delvis("uq_vaktfeed_person", "person_id", naar="trukket IS NULL", unique=True),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"))
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    opprettet: Mapped[datetime]
    trukket: Mapped[datetime | None]
    sist_hentet: Mapped[datetime | None]


class Hullvarsel(Base):
    """That the coordinators have been warned of a gap in a level, by its beginning and by how many days ahead.

    The memory of the warnings: one notice gathers many gaps, and a gap is told once at each distance.
    """

    __tablename__ = "hullvarsel"
    __table_args__ = (
        sa.CheckConstraint(en_av("nivaa", Nivaa), name="nivaa"),
        sa.UniqueConstraint("vaktplan_id", "nivaa", "fra", "dager"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    vaktplan_id: Mapped[UUID] = mapped_column(sa.ForeignKey("vaktplan.id"))
    nivaa: Mapped[str] = mapped_column(sa.String(15))
    fra: Mapped[datetime]
    dager: Mapped[int]
    varslet: Mapped[datetime]


class Eskaleringspolicy(Base):
    """How a request climbs at one receiver: written once, and followed by a new row. A running one keeps its own.

    `ledd` is [{"nivaa": …, "etter": minutes since it began to wait}], in rising order, each level once.
    """

    __tablename__ = "eskaleringspolicy"
    __table_args__ = (
        sa.CheckConstraint("hastegrad IN ('akutt', 'haster', 'vanlig')", name="hastegrad"),
        sa.CheckConstraint("gjentakelser BETWEEN 0 AND 20", name="gjentakelser"),
        delvis(
            "uq_eskaleringspolicy_gjeldende",
            *("organisasjon_id", "fagomraade", "hastegrad"),
            naar="erstattet IS NULL",
            unique=True,
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    organisasjon_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    #: "" for all fagområder that have none of their own.
    fagomraade: Mapped[str] = mapped_column(sa.String(30), default="")
    hastegrad: Mapped[str] = mapped_column(sa.String(10))
    ledd: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    #: How many times the whole ladder is climbed again, and how many minutes after its last step that begins.
    gjentakelser: Mapped[int]
    gjenta_etter: Mapped[int]
    opprettet: Mapped[datetime]
    opprettet_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    erstattet: Mapped[datetime | None]
