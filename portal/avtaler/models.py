"""Cooperation agreements: parties, versions, clauses, negotiation, approval, and what follows from being in force.

The text of an agreement is kept once: a clause (`Bestemmelse`) holds for the versions [fra_versjon, til_versjon) of its
agreement, so a version that changes two of a hundred clauses adds two rows. What holds on a day is read from dates
(`i_kraft_fra`, `i_kraft_til`), never from the status alone: a stopped worker keeps no agreement from coming into force.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.avtaler.forloep import (
    I_ARBEID,
    I_KRAFT,
    OVERGANGER,
    Art,
    Avtaletype,
    Forslagsstatus,
    Forslagstype,
    Partstatus,
    Side,
    Status,
)
from portal.core.db import Base, Json, delvis, en_av_sortert
from portal.core.errors import UgyldigOvergang
from portal.identitet.models import Organisasjon, Person

#: `til_versjon` of a clause that no version has ended.
EVIG = 2**31 - 1
#: The condition on a version that no other has taken its place, as an index of PostgreSQL wants to meet it again.
LEVENDE = "status NOT IN ('erstattet', 'forkastet')"
#: Bits 1–5: a clause that holds in every phase.
ALLE_FASER = 0b111110


class Avtale(Base):
    """An agreement through all its versions. `eier_id` is the trust (or RHF) that keeps it."""

    __tablename__ = "avtale"
    __table_args__ = (
        sa.CheckConstraint(en_av_sortert("type", Avtaletype), name="type"),
        sa.CheckConstraint("maalform IN ('nb', 'nn')", name="maalform"),
        sa.Index("ix_avtale_eier", "eier_id", "type"),
        sa.Index("ix_avtale_overordnet", "overordnet_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    type: Mapped[str] = mapped_column(sa.String(20))
    overordnet_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("avtale.id"))
    eier_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    tittel: Mapped[str] = mapped_column(sa.String(300))
    #: As people call it: «Tjenesteavtale 5», «4.2». May be empty.
    nummer: Mapped[str] = mapped_column(sa.String(30), default="")
    maalform: Mapped[str] = mapped_column(sa.String(2), default="nb")
    #: The number of its newest version.
    siste_nummer: Mapped[int] = mapped_column(default=0)
    #: The day before which the parties must have gone through it together (hol § 6-5); None before it is in force.
    neste_gjennomgang: Mapped[date | None]
    opprettet: Mapped[datetime]
    opprettet_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    versjon: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": versjon}  # noqa: RUF012

    eier: Mapped[Organisasjon] = relationship()
    overordnet: Mapped[Avtale | None] = relationship(remote_side=[id])
    parter: Mapped[list[Avtalepart]] = relationship(back_populates="avtale")
    versjoner: Mapped[list[Avtaleversjon]] = relationship(
        back_populates="avtale", order_by="Avtaleversjon.nummer"
    )


class Avtalepart(Base):
    """An organisation's place in an agreement. It holds for the party [fra, til)."""

    __tablename__ = "avtalepart"
    __table_args__ = (
        sa.CheckConstraint(en_av_sortert("side", Side), name="side"),
        sa.CheckConstraint(en_av_sortert("status", Partstatus), name="status"),
        sa.CheckConstraint("til IS NULL OR fra IS NULL OR til >= fra", name="varighet"),
        delvis(
            "uq_avtalepart_en",
            "avtale_id",
            "organisasjon_id",
            naar="status IN ('invitert', 'deltar')",
            unique=True,
        ),
        sa.Index("ix_avtalepart_organisasjon", "organisasjon_id", "status"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    avtale_id: Mapped[UUID] = mapped_column(sa.ForeignKey("avtale.id"), index=True)
    organisasjon_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    side: Mapped[str] = mapped_column(sa.String(10))
    status: Mapped[str] = mapped_column(sa.String(12))
    invitert: Mapped[datetime]
    invitert_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    svart: Mapped[datetime | None]
    svart_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    #: The first day on which the agreement holds for it; None until it has approved a version that comes into force.
    fra: Mapped[date | None]
    #: Exclusive.
    til: Mapped[date | None]
    versjon: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": versjon}  # noqa: RUF012

    avtale: Mapped[Avtale] = relationship(back_populates="parter")
    organisasjon: Mapped[Organisasjon] = relationship()


class Avtaleversjon(Base):
    """A version of an agreement. Its content is frozen from `til_godkjenning` on: `innhold_hash` says which it is.

    `i_kraft_fra` is set when every party has approved, [i_kraft_fra, i_kraft_til) are the days on which it holds,
    and no two of one agreement overlap (`ex_avtaleversjon_i_kraft` on PostgreSQL, the write lock on SQLite).
    """

    __tablename__ = "avtaleversjon"
    __table_args__ = (
        sa.CheckConstraint(en_av_sortert("status", Status), name="status"),
        sa.CheckConstraint("i_kraft_til IS NULL OR i_kraft_til >= i_kraft_fra", name="varighet"),
        sa.UniqueConstraint("avtale_id", "nummer"),
        delvis("uq_avtaleversjon_i_arbeid", "avtale_id", naar=en_av_sortert("status", I_ARBEID), unique=True),
        delvis("uq_avtaleversjon_i_kraft", "avtale_id", naar=en_av_sortert("status", I_KRAFT), unique=True),
        delvis("ix_avtaleversjon_i_kraft", "avtale_id", "i_kraft_fra", naar="i_kraft_fra IS NOT NULL"),
        delvis("ix_avtaleversjon_venter", "i_kraft_fra", naar="status = 'godkjent'"),
        #: Fourteen of fifteen versions have been replaced: a search passes them by.
        delvis("ix_avtaleversjon_levende", "avtale_id", naar=LEVENDE),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    avtale_id: Mapped[UUID] = mapped_column(sa.ForeignKey("avtale.id"))
    nummer: Mapped[int]
    #: Its title: what is approved is this, and `Avtale.tittel` is that of the version that came into force last.
    tittel: Mapped[str] = mapped_column(sa.String(300), default="")
    status: Mapped[str] = mapped_column(sa.String(20))
    opprettet: Mapped[datetime]
    opprettet_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    #: The day from which the parties want it to hold; it holds from the day of the last approval if that is later.
    oensket_fra: Mapped[date | None]
    sendt_til_forhandling: Mapped[datetime | None]
    sendt_til_godkjenning: Mapped[datetime | None]
    sendt_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    innhold_hash: Mapped[str] = mapped_column(sa.String(64), default="")
    #: How patients' and users' experience and their organisations took part (hol § 6-1): before approval.
    medvirkning: Mapped[str] = mapped_column(sa.Text, default="")
    #: What is new in it, in a few words.
    notat: Mapped[str] = mapped_column(sa.Text, default="")
    i_kraft_fra: Mapped[date | None]
    i_kraft_til: Mapped[date | None]
    versjon: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": versjon}  # noqa: RUF012

    avtale: Mapped[Avtale] = relationship(back_populates="versjoner")
    godkjenninger: Mapped[list[Godkjenning]] = relationship(
        order_by="Godkjenning.plass", back_populates="avtaleversjon"
    )

    def flytt_til(self, status: Status) -> None:
        """Moves along an edge of `OVERGANGER`. What comes into force gives the agreement its title.

        Raises UgyldigOvergang.
        """
        if status not in OVERGANGER[Status(self.status)]:
            raise UgyldigOvergang()
        if self.status == Status.GODKJENT and status == Status.GJELDENDE and self.tittel:
            self.avtale.tittel = self.tittel
        self.status = status


for _setning in (
    "CREATE EXTENSION IF NOT EXISTS btree_gist",
    "ALTER TABLE avtaleversjon ADD CONSTRAINT ex_avtaleversjon_i_kraft EXCLUDE USING gist "
    "(avtale_id WITH =, daterange(i_kraft_fra, i_kraft_til) WITH &&) WHERE (i_kraft_fra IS NOT NULL)",
):
    sa.event.listen(
        Avtaleversjon.__table__, "after_create", sa.DDL(_setning).execute_if(dialect="postgresql")
    )


class Bestemmelse(Base):
    """A clause as it reads in the versions [fra_versjon, til_versjon). `noekkel` is the clause through all of them.

    `kriterier`: [{"kriterium", "hvem", "frist"}] · `matrise`: [{"oppgave", "foretak": "A|U|K|I", "kommune": "…"}] ·
    `forpliktelser`: [{"tekst", "hyppighet", "frist", "sider": ["foretak", "kommune"]}] ·
    `tiltak`: [{"navn", "ansvarsforhold", "arbeidsgiveransvar", "organisering", "finansiering"}] (hol § 6-2 second
    paragraph) · `trinn`: the steps of the utskrivningsforskrift that it settles, of `utskrivning.TRINN`.
    Their shapes are checked by `innhold.py`.
    """

    __tablename__ = "bestemmelse"
    __table_args__ = (
        sa.CheckConstraint(en_av_sortert("art", Art), name="art"),
        sa.CheckConstraint("punkt IS NULL OR punkt BETWEEN 1 AND 13", name="punkt"),
        sa.CheckConstraint(f"faser > 0 AND (faser & ~{ALLE_FASER}) = 0", name="faser"),
        sa.CheckConstraint("til_versjon > fra_versjon", name="versjoner"),
        sa.UniqueConstraint("avtale_id", "noekkel", "fra_versjon"),
        #: The clauses of a version without reading those of older ones.
        sa.Index("ix_bestemmelse_versjon", "avtale_id", "til_versjon", "fra_versjon"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    avtale_id: Mapped[UUID] = mapped_column(sa.ForeignKey("avtale.id"))
    noekkel: Mapped[UUID]
    fra_versjon: Mapped[int]
    til_versjon: Mapped[int] = mapped_column(default=EVIG)
    #: The order in the agreement; `nummer` is what people read: «3.2».
    plass: Mapped[int]
    nummer: Mapped[str] = mapped_column(sa.String(20), default="")
    overskrift: Mapped[str] = mapped_column(sa.String(300))
    #: Markdown.
    tekst: Mapped[str] = mapped_column(sa.Text, default="")
    art: Mapped[str] = mapped_column(sa.String(20))
    #: The item of hol § 6-2 first paragraph that it answers.
    punkt: Mapped[int | None]
    #: Bit n is set: it holds in phase n.
    faser: Mapped[int] = mapped_column(default=ALLE_FASER)
    #: The fagområder it is about; empty: all.
    fagomraader: Mapped[list[str]] = mapped_column(Json, default=list)
    kriterier: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    matrise: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    forpliktelser: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    tiltak: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    trinn: Mapped[list[str]] = mapped_column(Json, default=list)
    innhold_hash: Mapped[str] = mapped_column(sa.String(64))
    endret: Mapped[datetime]
    endret_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    versjon: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": versjon}  # noqa: RUF012

    endret_av: Mapped[Person | None] = relationship()


#: Full-text search in Norwegian (`soek.py`). On PostgreSQL the words of a clause as the database stems them (heading,
#: text, what its criteria say), in a column that no model knows, and an index of those that no version has ended: the
#: others stand in old versions, or are few. On SQLite a table of the stems of each clause.
for _setning in (
    "ALTER TABLE bestemmelse ADD COLUMN ord tsvector GENERATED ALWAYS AS ("
    "setweight(to_tsvector('norwegian'::regconfig, overskrift), 'A') || "
    "setweight(to_tsvector('norwegian'::regconfig, tekst), 'B') || "
    "setweight(jsonb_to_tsvector('norwegian'::regconfig, kriterier, '[\"string\"]'), 'B')) STORED",
    f"CREATE INDEX ix_bestemmelse_soek ON bestemmelse USING gin (ord) WHERE til_versjon = {EVIG}",
):
    sa.event.listen(Bestemmelse.__table__, "after_create", sa.DDL(_setning).execute_if(dialect="postgresql"))
for _setning in (
    "CREATE VIRTUAL TABLE bestemmelse_fts USING fts5(bestemmelse_id UNINDEXED, stammer, tokenize = 'unicode61')",
    "CREATE TRIGGER bestemmelse_fts_slett AFTER DELETE ON bestemmelse BEGIN "
    "DELETE FROM bestemmelse_fts WHERE bestemmelse_id = old.id; END",
):
    sa.event.listen(Bestemmelse.__table__, "after_create", sa.DDL(_setning).execute_if(dialect="sqlite"))
sa.event.listen(
    Bestemmelse.__table__,
    "after_drop",
    sa.DDL("DROP TABLE IF EXISTS bestemmelse_fts").execute_if(dialect="sqlite"),
)


class Bestemmelsesendring(Base):
    """Who changed what in a version: the clause before and after, as `innhold.som_data` gives it. Never changed."""

    __tablename__ = "bestemmelsesendring"
    __table_args__ = (sa.Index("ix_bestemmelsesendring_avtale", "avtale_id", "nummer", "tidspunkt"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    avtale_id: Mapped[UUID] = mapped_column(sa.ForeignKey("avtale.id"))
    #: The version's number.
    nummer: Mapped[int]
    noekkel: Mapped[UUID]
    #: None: it was not there, and is new; or it is there no more.
    foer: Mapped[dict[str, Any] | None] = mapped_column(Json)
    etter: Mapped[dict[str, Any] | None] = mapped_column(Json)
    forslag_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("forslag.id"))
    tidspunkt: Mapped[datetime]
    person_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    organisasjon_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("organisasjon.id"))

    person: Mapped[Person | None] = relationship()
    organisasjon: Mapped[Organisasjon | None] = relationship()


class Kommentar(Base):
    """A party's remark to a clause, or to the whole (`noekkel` is None)."""

    __tablename__ = "kommentar"
    __table_args__ = (sa.Index("ix_kommentar_avtale", "avtale_id", "nummer"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    avtale_id: Mapped[UUID] = mapped_column(sa.ForeignKey("avtale.id"))
    nummer: Mapped[int]
    noekkel: Mapped[UUID | None]
    tekst: Mapped[str] = mapped_column(sa.Text)
    opprettet: Mapped[datetime]
    person_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    organisasjon_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    ordnet: Mapped[datetime | None]
    ordnet_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))

    person: Mapped[Person | None] = relationship(foreign_keys=[person_id])
    organisasjon: Mapped[Organisasjon] = relationship()


class Forslag(Base):
    """A wording that a party proposes in the negotiation of a version. The other side takes it or not.

    `grunnlag_hash` is the clause as it read when it was proposed: another text has come since, and it falls away.
    `innhold` is the clause it wants, as `innhold.som_data`; empty when it is to be struck.
    """

    __tablename__ = "forslag"
    __table_args__ = (
        sa.CheckConstraint(en_av_sortert("type", Forslagstype), name="type"),
        sa.CheckConstraint(en_av_sortert("status", Forslagsstatus), name="status"),
        sa.Index("ix_forslag_avtale", "avtale_id", "nummer", "status"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    avtale_id: Mapped[UUID] = mapped_column(sa.ForeignKey("avtale.id"))
    nummer: Mapped[int]
    noekkel: Mapped[UUID]
    type: Mapped[str] = mapped_column(sa.String(10))
    status: Mapped[str] = mapped_column(sa.String(10))
    grunnlag_hash: Mapped[str] = mapped_column(sa.String(64), default="")
    innhold: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    begrunnelse: Mapped[str] = mapped_column(sa.Text, default="")
    #: The proposal it answers, as a counter-proposal.
    svar_paa_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("forslag.id"))
    opprettet: Mapped[datetime]
    person_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    organisasjon_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    side: Mapped[str] = mapped_column(sa.String(10))
    avgjort: Mapped[datetime | None]
    versjon: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": versjon}  # noqa: RUF012

    person: Mapped[Person | None] = relationship()
    organisasjon: Mapped[Organisasjon] = relationship()
    svar: Mapped[list[Forslagssvar]] = relationship(order_by="Forslagssvar.svart", lazy="selectin")


class Forslagssvar(Base):
    """What a party of the other side said to a proposal."""

    __tablename__ = "forslagssvar"
    __table_args__ = (sa.UniqueConstraint("forslag_id", "organisasjon_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    forslag_id: Mapped[UUID] = mapped_column(sa.ForeignKey("forslag.id"))
    organisasjon_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    godtatt: Mapped[bool]
    merknad: Mapped[str] = mapped_column(sa.String(1000), default="")
    svart: Mapped[datetime]
    person_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))

    organisasjon: Mapped[Organisasjon] = relationship()
    person: Mapped[Person | None] = relationship()


class Godkjenningsledd(Base):
    """A link in an organisation's own chain of approval: «Kommunestyret», «Administrerende direktør».

    `medlemskap`: ids of the memberships that may approve here; empty: whom `access.GODKJENNERE` names.
    """

    __tablename__ = "godkjenningsledd"
    __table_args__ = (sa.UniqueConstraint("organisasjon_id", "plass"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    organisasjon_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    plass: Mapped[int]
    navn: Mapped[str] = mapped_column(sa.String(200))
    #: The case number and the date of the decision must be given (kommunestyret enters the agreement, hol § 6-1).
    krever_vedtak: Mapped[bool] = mapped_column(default=False)
    medlemskap: Mapped[list[str]] = mapped_column(Json, default=list)


class Godkjenning(Base):
    """A link of a party's chain for one version: asked for when the version is sent, given once, for that content.

    Rows come with the sending, from the chain as it was then. `opphevet`: the version was changed: it counts no more.
    """

    __tablename__ = "godkjenning"
    __table_args__ = (
        sa.UniqueConstraint("avtaleversjon_id", "organisasjon_id", "plass"),
        sa.CheckConstraint("gitt IS NULL OR innhold_hash <> ''", name="innhold"),
        delvis("ix_godkjenning_venter", "organisasjon_id", naar="gitt IS NULL AND opphevet IS NULL"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    avtaleversjon_id: Mapped[UUID] = mapped_column(sa.ForeignKey("avtaleversjon.id"))
    organisasjon_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    plass: Mapped[int]
    navn: Mapped[str] = mapped_column(sa.String(200))
    krever_vedtak: Mapped[bool]
    medlemskap: Mapped[list[str]] = mapped_column(Json, default=list)
    gitt: Mapped[datetime | None]
    gitt_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    #: The content it was given for.
    innhold_hash: Mapped[str] = mapped_column(sa.String(64), default="")
    saksnummer: Mapped[str] = mapped_column(sa.String(60), default="")
    vedtaksdato: Mapped[date | None]
    merknad: Mapped[str] = mapped_column(sa.String(1000), default="")
    #: Sent back instead, with why (`merknad`).
    avvist: Mapped[datetime | None]
    opphevet: Mapped[datetime | None]
    versjon: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": versjon}  # noqa: RUF012

    avtaleversjon: Mapped[Avtaleversjon] = relationship(back_populates="godkjenninger")
    organisasjon: Mapped[Organisasjon] = relationship()
    gitt_av: Mapped[Person | None] = relationship()
