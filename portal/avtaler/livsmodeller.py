"""What follows from an agreement: notice, annual review, disagreement, what was sent to the state, and day rates."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.avtaler.forloep import Uenighetstrinn
from portal.core.db import Base, delvis, en_av_sortert
from portal.identitet.models import Organisasjon, Person


class Oppsigelse(Base):
    """A party's notice: one year ahead (hol § 6-5), or shorter where the parties have agreed to it in writing."""

    __tablename__ = "oppsigelse"
    __table_args__ = (
        sa.CheckConstraint("virkning > varslet", name="varighet"),
        delvis(
            "uq_oppsigelse_en",
            "avtale_id",
            "organisasjon_id",
            naar="trukket IS NULL AND avsluttet IS NULL",
            unique=True,
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    avtale_id: Mapped[UUID] = mapped_column(sa.ForeignKey("avtale.id"))
    organisasjon_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    #: The day it was given, and the first day on which the agreement does not hold.
    varslet: Mapped[date]
    virkning: Mapped[date]
    begrunnelse: Mapped[str] = mapped_column(sa.Text)
    #: The reference of the parties' agreement to a shorter time; empty: a year.
    enighet: Mapped[str] = mapped_column(sa.String(500), default="")
    #: Where the written notice is found, when it was given long before it was entered here; else empty.
    brev: Mapped[str] = mapped_column(sa.String(500), default="")
    registrert: Mapped[datetime]
    registrert_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    #: Taken back by who gave it, while it ran.
    trukket: Mapped[datetime | None]
    #: It runs no more: it has had its effect, or a new version took the place of the one that was to end.
    avsluttet: Mapped[datetime | None]

    organisasjon: Mapped[Organisasjon] = relationship()


class Gjennomgang(Base):
    """An annual review that was held (hol § 6-5), and what came of it."""

    __tablename__ = "gjennomgang"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    avtale_id: Mapped[UUID] = mapped_column(sa.ForeignKey("avtale.id"), index=True)
    dato: Mapped[date]
    deltakere: Mapped[str] = mapped_column(sa.Text)
    referat: Mapped[str] = mapped_column(sa.Text)
    #: The parties will change it.
    endres: Mapped[bool] = mapped_column(default=False)
    registrert: Mapped[datetime]
    registrert_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    organisasjon_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))

    registrert_av: Mapped[Person | None] = relationship()
    organisasjon: Mapped[Organisasjon] = relationship()


class Uenighet(Base):
    """A disagreement under an agreement, from dialogue to Tvisteløsningsnemnda. No patient's identity."""

    __tablename__ = "uenighet"
    __table_args__ = (sa.CheckConstraint(en_av_sortert("trinn", Uenighetstrinn), name="trinn"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    avtale_id: Mapped[UUID] = mapped_column(sa.ForeignKey("avtale.id"), index=True)
    tittel: Mapped[str] = mapped_column(sa.String(300))
    trinn: Mapped[str] = mapped_column(sa.String(30))
    opprettet: Mapped[datetime]
    opprettet_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    organisasjon_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    versjon: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": versjon}  # noqa: RUF012

    organisasjon: Mapped[Organisasjon] = relationship()
    foeringer: Mapped[list[Uenighetsfoering]] = relationship(order_by="Uenighetsfoering.tidspunkt")


class Uenighetsfoering(Base):
    """An entry in the record of a disagreement: what was said or done, at which step. Never changed."""

    __tablename__ = "uenighetsfoering"
    __table_args__ = (sa.CheckConstraint(en_av_sortert("trinn", Uenighetstrinn), name="trinn"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    uenighet_id: Mapped[UUID] = mapped_column(sa.ForeignKey("uenighet.id"), index=True)
    trinn: Mapped[str] = mapped_column(sa.String(30))
    tekst: Mapped[str] = mapped_column(sa.Text)
    #: The one who wrote it has said that no document sent on holds anything that points to a person.
    anonymisert: Mapped[bool] = mapped_column(default=False)
    tidspunkt: Mapped[datetime]
    person_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    organisasjon_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))

    person: Mapped[Person | None] = relationship()
    organisasjon: Mapped[Organisasjon] = relationship()


class Innsending(Base):
    """What the RHF has sent to Helsedirektoratet: an agreement in force (hol § 6-4) or a notice (§ 6-5), with proof."""

    __tablename__ = "innsending"
    __table_args__ = (
        sa.CheckConstraint("slag IN ('avtale', 'oppsigelse')", name="slag"),
        sa.CheckConstraint("(slag = 'oppsigelse') = (oppsigelse_id IS NOT NULL)", name="hva"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    avtale_id: Mapped[UUID] = mapped_column(sa.ForeignKey("avtale.id"), index=True)
    #: The version's number.
    nummer: Mapped[int]
    slag: Mapped[str] = mapped_column(sa.String(12))
    dato: Mapped[date]
    #: Where it can be found again: the journal's number of the letter.
    referanse: Mapped[str] = mapped_column(sa.String(300))
    registrert: Mapped[datetime]
    registrert_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    #: Which notice it tells of.
    oppsigelse_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("oppsigelse.id"))

    registrert_av: Mapped[Person | None] = relationship()


class Doegnsats(Base):
    """What a kommune pays per day for a patient who is ready for discharge (utskrivningsforskriften § 13), by year.

    What the coordinators have entered; the years that the portal knows itself are in `utskrivning.KJENTE_SATSER`.
    """

    __tablename__ = "doegnsats"
    __table_args__ = (sa.CheckConstraint("kroner > 0", name="kroner"),)

    aar: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kroner: Mapped[int]
    kilde: Mapped[str] = mapped_column(sa.String(300))
    registrert: Mapped[datetime]
    registrert_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))

    registrert_av: Mapped[Person | None] = relationship()
