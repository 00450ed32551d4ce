"""Reallocation of staff and premises: needs, offers, and what both sides agree on (hol § 6-2 second paragraph).

The lines of a reallocation (`Omdisponeringslinje`) say who or what is lent, when and how much. A line that `opptar`
keeps the person or the room from everybody else: two reallocations never share a room (EXCLUDE on PostgreSQL, the check
under the write lock on SQLite), and a person is never lent for more than the whole (the person's row is locked, and the
overlapping shares are added up).
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.avtaler.models import Avtale
from portal.core.db import Base, Json, delvis, en_av, en_av_sortert
from portal.core.errors import UgyldigOvergang
from portal.identitet.models import Enhet, Organisasjon, Person
from portal.omdisponering.forloep import (
    ALL_KOMPETANSE,
    ALLE_LOKALKRAV,
    BEHOVSOVERGANGER,
    OVERGANGER,
    Behovsstatus,
    Hendelsestype,
    Lokaleslag,
    Side,
    Slag,
    Status,
    Stilling,
    Strykgrunn,
    Tilbudsstatus,
)
from portal.omdisponering.ressursmodeller import Lokale, Ressursperson, Vedtak


class Behov(Base):
    """What an organisation lacks in [fra, til): `antall` people of a profession (at least `minst`), or premises.

    Of people `stilling` and `andel` (per cent of a post) are set, of premises `lokaleslag`, and `plasser` or `kvm`.
    """

    __tablename__ = "behov"
    __table_args__ = (
        sa.CheckConstraint(en_av_sortert("slag", Slag), name="slag"),
        sa.CheckConstraint(en_av_sortert("status", Behovsstatus), name="status"),
        sa.CheckConstraint("til > fra", name="varighet"),
        sa.CheckConstraint("antall BETWEEN 1 AND 50 AND minst BETWEEN 0 AND antall", name="antall"),
        sa.CheckConstraint("andel BETWEEN 1 AND 100", name="andel"),
        sa.CheckConstraint("fase BETWEEN 1 AND 5", name="fase"),
        sa.CheckConstraint(f"kompetanse BETWEEN 0 AND {ALL_KOMPETANSE}", name="kompetanse"),
        sa.CheckConstraint(f"lokalkrav BETWEEN 0 AND {ALLE_LOKALKRAV}", name="lokalkrav"),
        sa.CheckConstraint(
            f"(slag = 'personell') = (stilling IS NOT NULL) "
            f"AND (stilling IS NULL OR {en_av_sortert('stilling', Stilling)})",
            name="stilling",
        ),
        sa.CheckConstraint(
            f"(slag = 'lokale') = (lokaleslag IS NOT NULL) "
            f"AND (lokaleslag IS NULL OR {en_av_sortert('lokaleslag', Lokaleslag)})",
            name="lokaleslag",
        ),
        delvis("ix_behov_aapne", "til", naar="status IN ('aapent', 'dekket')"),
        sa.Index("ix_behov_organisasjon", "organisasjon_id", "status"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    organisasjon_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    enhet_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("enhet.id"))
    slag: Mapped[str] = mapped_column(sa.String(10))
    status: Mapped[str] = mapped_column(sa.String(10))
    stilling: Mapped[str | None] = mapped_column(sa.String(20))
    #: Sum of `Kompetanse` that each must have.
    kompetanse: Mapped[int] = mapped_column(default=0)
    #: Only with an authorisation that the lender has looked up.
    krever_autorisasjon: Mapped[bool] = mapped_column(default=False)
    krever_vaksine: Mapped[bool] = mapped_column(default=False)
    krever_smittevern: Mapped[bool] = mapped_column(default=False)
    andel: Mapped[int] = mapped_column(default=100)
    lokaleslag: Mapped[str | None] = mapped_column(sa.String(20))
    plasser: Mapped[int | None]
    kvm: Mapped[int | None]
    lokalkrav: Mapped[int] = mapped_column(default=0)
    antall: Mapped[int]
    minst: Mapped[int]
    fra: Mapped[datetime]
    til: Mapped[datetime]
    #: Where the work is, or near where the premises must be: a kommune, whose centre distances are from.
    sted_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    hvorfor: Mapped[str] = mapped_column(sa.Text)
    #: The organisation's epidemic phase when the need was stated.
    fase: Mapped[int]
    #: What it was made from, as a lower room calls it («opptrapping:…»). Empty: written by hand.
    kilde: Mapped[str] = mapped_column(sa.String(80), default="")
    opprettet: Mapped[datetime]
    opprettet_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    meldt: Mapped[datetime | None]
    lukket: Mapped[datetime | None]
    #: Why, as its organisation said. Empty: its time was over.
    lukket_grunn: Mapped[str] = mapped_column(sa.String(500), default="")
    versjon: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": versjon}  # noqa: RUF012

    organisasjon: Mapped[Organisasjon] = relationship(foreign_keys=[organisasjon_id])
    enhet: Mapped[Enhet | None] = relationship()
    sted: Mapped[Organisasjon] = relationship(foreign_keys=[sted_id])
    opprettet_av: Mapped[Person | None] = relationship()

    def flytt_til(self, status: Behovsstatus) -> None:
        """Changes the state along an edge of `BEHOVSOVERGANGER`. Raises UgyldigOvergang."""
        if status not in BEHOVSOVERGANGER[Behovsstatus(self.status)]:
            raise UgyldigOvergang()
        self.status = status


class Tilbud(Base):
    """One person or one room that an organisation can spare in [fra, til): to whoever needs it, or to one need."""

    __tablename__ = "tilbud"
    __table_args__ = (
        sa.CheckConstraint(en_av_sortert("slag", Slag), name="slag"),
        sa.CheckConstraint(en_av_sortert("status", Tilbudsstatus), name="status"),
        sa.CheckConstraint("til > fra", name="varighet"),
        sa.CheckConstraint("andel BETWEEN 1 AND 100", name="andel"),
        sa.CheckConstraint(
            "(slag = 'personell') = (ressursperson_id IS NOT NULL) AND (slag = 'lokale') = (lokale_id IS NOT NULL)",
            name="hva",
        ),
        sa.Index("ix_tilbud_organisasjon", "organisasjon_id", "status"),
        delvis("ix_tilbud_aapne", "til", naar="status = 'aapent'"),
        delvis("ix_tilbud_behov", "behov_id", naar="behov_id IS NOT NULL"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    organisasjon_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    slag: Mapped[str] = mapped_column(sa.String(10))
    status: Mapped[str] = mapped_column(sa.String(10))
    ressursperson_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("ressursperson.id"), index=True)
    lokale_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("lokale.id"), index=True)
    #: The need that it answers. None: to anybody.
    behov_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("behov.id"))
    fra: Mapped[datetime]
    til: Mapped[datetime]
    andel: Mapped[int] = mapped_column(default=100)
    merknad: Mapped[str] = mapped_column(sa.String(500), default="")
    opprettet: Mapped[datetime]
    opprettet_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    trukket: Mapped[datetime | None]
    versjon: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": versjon}  # noqa: RUF012

    organisasjon: Mapped[Organisasjon] = relationship()
    ressursperson: Mapped[Ressursperson | None] = relationship()
    lokale: Mapped[Lokale | None] = relationship()
    behov: Mapped[Behov | None] = relationship()


class Omdisponering(Base):
    """What one organisation lends another for a need: agreed by both, on the same words (`innhold_hash`)."""

    __tablename__ = "omdisponering"
    __table_args__ = (
        sa.CheckConstraint(en_av_sortert("status", Status), name="status"),
        sa.CheckConstraint(en_av_sortert("slag", Slag), name="slag"),
        sa.CheckConstraint(en_av_sortert("foreslaatt_side", Side), name="foreslaatt_side"),
        sa.CheckConstraint("til > fra", name="varighet"),
        sa.CheckConstraint("avgiver_id <> mottaker_id", name="parter"),
        sa.CheckConstraint("stenges BETWEEN 0 AND 200 AND aapnes BETWEEN 0 AND 200", name="virkning"),
        #: Nothing is approved without what the law wants settled, and without what it rests on.
        sa.CheckConstraint(
            "status NOT IN ('godkjent_avgiver', 'godkjent_mottaker', 'iverksatt', 'avsluttet') OR "
            "(ansvarsforhold <> '' AND arbeidsgiveransvar <> '' AND organisering <> '' AND finansiering <> '' "
            "AND bestemmelse_id IS NOT NULL AND godkjent_avgiver IS NOT NULL)",
            name="lovfelt",
        ),
        sa.CheckConstraint(
            "status NOT IN ('godkjent_mottaker', 'iverksatt', 'avsluttet') OR "
            "(godkjent_mottaker IS NOT NULL AND godkjent_mottaker_hash = innhold_hash "
            "AND godkjent_avgiver_hash = innhold_hash)",
            name="samme_innhold",
        ),
        sa.Index("ix_omdisponering_behov", "behov_id", "status"),
        sa.Index("ix_omdisponering_avgiver", "avgiver_id", "status", "til"),
        sa.Index("ix_omdisponering_mottaker", "mottaker_id", "status", "til"),
        delvis("ix_omdisponering_begynner", "fra", naar="status = 'godkjent_mottaker'"),
        delvis("ix_omdisponering_slutter", "til", naar="status = 'iverksatt'"),
        delvis("ix_omdisponering_svar", "svarfrist", naar="status IN ('foreslaatt', 'godkjent_avgiver')"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    #: «OMD-3F7K-21»: what people call it.
    nummer: Mapped[str] = mapped_column(sa.String(20), unique=True)
    slag: Mapped[str] = mapped_column(sa.String(10))
    status: Mapped[str] = mapped_column(sa.String(20))
    behov_id: Mapped[UUID] = mapped_column(sa.ForeignKey("behov.id"))
    avgiver_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    mottaker_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    #: From which unit they come, and to which.
    avgiver_enhet_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("enhet.id"))
    mottaker_enhet_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("enhet.id"))
    #: From the first line's beginning to the last one's end.
    fra: Mapped[datetime]
    til: Mapped[datetime]
    ansvarsforhold: Mapped[str] = mapped_column(sa.Text, default="")
    arbeidsgiveransvar: Mapped[str] = mapped_column(sa.Text, default="")
    organisering: Mapped[str] = mapped_column(sa.Text, default="")
    finansiering: Mapped[str] = mapped_column(sa.Text, default="")
    #: The clause that it rests on, as it read in that version.
    avtale_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("avtale.id"))
    avtale_nummer: Mapped[int | None]
    bestemmelse_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("bestemmelse.id"))
    #: How many ØHD beds lose their staff at the lender's unit, and get it at the receiver's: agreed …
    stenges: Mapped[int] = mapped_column(default=0)
    aapnes: Mapped[int] = mapped_column(default=0)
    #: … and done when it began: fewer where the unit had fewer to close or to open.
    ble_stengt: Mapped[int | None]
    ble_aapnet: Mapped[int | None]
    #: Why the lender goes below its floor all the same. Empty: it does not.
    gulv_overstyrt: Mapped[str] = mapped_column(sa.String(500), default="")
    #: The decision (helseberedskapsloven) that people are ordered by. None: everybody goes of their own will.
    vedtak_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("beordringsvedtak.id"))
    merknad: Mapped[str] = mapped_column(sa.Text, default="")
    #: SHA-256 of what is agreed on (`steps.innhold`): an approval holds for exactly this.
    innhold_hash: Mapped[str] = mapped_column(sa.String(64), default="")
    foreslaatt_side: Mapped[str] = mapped_column(sa.String(10))
    foreslaatt: Mapped[datetime | None]
    foreslaatt_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    #: Until when the side whose turn it is should have answered, and when it was reminded last.
    svarfrist: Mapped[datetime | None]
    purret: Mapped[datetime | None]
    godkjent_avgiver: Mapped[datetime | None]
    godkjent_avgiver_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    godkjent_avgiver_hash: Mapped[str | None] = mapped_column(sa.String(64))
    godkjent_mottaker: Mapped[datetime | None]
    godkjent_mottaker_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    godkjent_mottaker_hash: Mapped[str | None] = mapped_column(sa.String(64))
    iverksatt: Mapped[datetime | None]
    avsluttet: Mapped[datetime | None]
    #: Why it was declined, taken back or ended early.
    grunn: Mapped[str] = mapped_column(sa.String(500), default="")
    opprettet: Mapped[datetime]
    opprettet_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    versjon: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": versjon}  # noqa: RUF012

    behov: Mapped[Behov] = relationship()
    avgiver: Mapped[Organisasjon] = relationship(foreign_keys=[avgiver_id])
    mottaker: Mapped[Organisasjon] = relationship(foreign_keys=[mottaker_id])
    avgiver_enhet: Mapped[Enhet | None] = relationship(foreign_keys=[avgiver_enhet_id])
    mottaker_enhet: Mapped[Enhet | None] = relationship(foreign_keys=[mottaker_enhet_id])
    avtale: Mapped[Avtale | None] = relationship()
    vedtak: Mapped[Vedtak | None] = relationship()
    foreslaatt_av: Mapped[Person | None] = relationship(foreign_keys=[foreslaatt_av_id])
    godkjent_avgiver_av: Mapped[Person | None] = relationship(foreign_keys=[godkjent_avgiver_av_id])
    godkjent_mottaker_av: Mapped[Person | None] = relationship(foreign_keys=[godkjent_mottaker_av_id])
    linjer: Mapped[list[Omdisponeringslinje]] = relationship(
        back_populates="omdisponering", order_by="Omdisponeringslinje.rekkefoelge"
    )

    def flytt_til(self, status: Status) -> None:
        """Changes the state along an edge of `OVERGANGER`. Raises UgyldigOvergang."""
        if status not in OVERGANGER[Status(self.status)]:
            raise UgyldigOvergang()
        self.status = status


class Omdisponeringslinje(Base):
    """One person or one room of a reallocation, in [fra, til)."""

    __tablename__ = "omdisponeringslinje"
    __table_args__ = (
        sa.CheckConstraint("til > fra", name="varighet"),
        sa.CheckConstraint("andel BETWEEN 1 AND 100", name="andel"),
        sa.CheckConstraint("(ressursperson_id IS NULL) <> (lokale_id IS NULL)", name="hva"),
        sa.CheckConstraint(
            "(NOT opptar OR stroeket IS NULL) AND (stroeket IS NULL) = (stroeket_grunn IS NULL)",
            name="stroeket",
        ),
        sa.CheckConstraint(en_av("stroeket_grunn", sorted(Strykgrunn), tom=True), name="stroeket_grunn"),
        #: Nobody is lent who has not said yes, but by a decision.
        sa.CheckConstraint(
            "NOT opptar OR lokale_id IS NOT NULL OR beordret OR samtykket IS NOT NULL", name="villig"
        ),
        delvis("ix_omdisponeringslinje_person", "ressursperson_id", "til", naar="opptar"),
        delvis("ix_omdisponeringslinje_lokale", "lokale_id", "til", naar="opptar"),
        sa.Index("ix_omdisponeringslinje_omdisponering", "omdisponering_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    omdisponering_id: Mapped[UUID] = mapped_column(sa.ForeignKey("omdisponering.id"))
    rekkefoelge: Mapped[int]
    #: The offer that it was made from; None: straight from the lender's register.
    tilbud_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("tilbud.id"), index=True)
    ressursperson_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("ressursperson.id"))
    lokale_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("lokale.id"))
    fra: Mapped[datetime]
    til: Mapped[datetime]
    andel: Mapped[int]
    #: When the person's yes was noted, and by whom.
    samtykket: Mapped[datetime | None]
    samtykket_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    beordret: Mapped[bool] = mapped_column(default=False)
    #: Taken: nobody else gets the person for that share, or the room.
    opptar: Mapped[bool] = mapped_column(default=False)
    #: Taken out of the proposal, and why (`Strykgrunn`).
    stroeket: Mapped[datetime | None]
    stroeket_grunn: Mapped[str | None] = mapped_column(sa.String(20))

    omdisponering: Mapped[Omdisponering] = relationship(back_populates="linjer")
    ressursperson: Mapped[Ressursperson | None] = relationship()
    lokale: Mapped[Lokale | None] = relationship()

    @property
    def gjelder(self) -> bool:
        return self.stroeket is None


for _setning in (
    "CREATE EXTENSION IF NOT EXISTS btree_gist",
    "ALTER TABLE omdisponeringslinje ADD CONSTRAINT ex_omdisponeringslinje_lokale EXCLUDE USING gist "
    "(lokale_id WITH =, tstzrange(fra, til) WITH &&) WHERE (opptar AND lokale_id IS NOT NULL)",
):
    sa.event.listen(
        Omdisponeringslinje.__table__, "after_create", sa.DDL(_setning).execute_if(dialect="postgresql")
    )


class Omdisponeringshendelse(Base):
    """What has happened with a reallocation, row by row, for both sides to read."""

    __tablename__ = "omdisponeringshendelse"
    __table_args__ = (
        sa.CheckConstraint(en_av_sortert("type", Hendelsestype), name="type"),
        sa.UniqueConstraint("omdisponering_id", "nr"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    omdisponering_id: Mapped[UUID] = mapped_column(sa.ForeignKey("omdisponering.id"))
    nr: Mapped[int]
    type: Mapped[str] = mapped_column(sa.String(20))
    tidspunkt: Mapped[datetime]
    #: None: the clock.
    person_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    organisasjon_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("organisasjon.id"))
    #: What the writer gave as a reason, or what the row is about in words of the moment.
    tekst: Mapped[str] = mapped_column(sa.String(500), default="")
    #: {word: number or name}: «aapnet», «stengt», «antall».
    data: Mapped[dict[str, str | int]] = mapped_column(Json, default=dict)

    person: Mapped[Person | None] = relationship()
    organisasjon: Mapped[Organisasjon | None] = relationship()
