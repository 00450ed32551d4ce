"""Notices (varsler) to people, and the outbox: what is to be sent is a row first, written in the transaction of what
it tells of. Nothing here holds clinical text: mail, text messages and lock screens are no safe place for it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.clock import now
from portal.core.db import Base, Json, delvis, en_av


class Kanal(StrEnum):
    """The ways to a person outside the portal."""

    EPOST = "epost"
    PUSH = "push"
    SMS = "sms"
    TALE = "tale"


#: These wake somebody. E-mail alone wakes nobody.
VEKKENDE = (Kanal.PUSH, Kanal.SMS, Kanal.TALE)
#: The urgencies that a person chooses channels for; what has none counts as the last.
HASTEGRADER = ("akutt", "haster", "vanlig")


class Varsel(Base):
    """One thing that one person is told: a line in the bell, and the letters, pushes and calls that go with it.

    Texts are in the person's language when it was made. `gjelder` is the opaque name of what it is about
    («henvendelse:<id>»): by it all that is told of a thing is stopped.
    """

    __tablename__ = "varsel"
    __table_args__ = (
        sa.CheckConstraint(en_av("hastegrad", HASTEGRADER, tom=True), name="hastegrad"),
        sa.Index("ix_varsel_person", "person_id", "opprettet"),
        delvis("ix_varsel_uleste", "person_id", naar="lest IS NULL AND stoppet IS NULL"),
        delvis("ix_varsel_gjelder", "gjelder", naar="gjelder IS NOT NULL AND stoppet IS NULL"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    #: The same key again is the same notice: whoever asks twice tells once.
    noekkel: Mapped[str] = mapped_column(sa.String(160), unique=True)
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"))
    #: What kind, by room: «henvendelse.ny», «vakt.starter».
    kode: Mapped[str] = mapped_column(sa.String(40))
    hastegrad: Mapped[str | None] = mapped_column(sa.String(10))
    tittel: Mapped[str] = mapped_column(sa.String(200))
    tekst: Mapped[str] = mapped_column(sa.Text, default="")
    #: A path in the portal.
    lenke: Mapped[str] = mapped_column(sa.String(300), default="")
    gjelder: Mapped[str | None] = mapped_column(sa.String(80))
    opprettet: Mapped[datetime]
    #: Read in the portal.
    lest: Mapped[datetime | None]
    #: Acknowledged by the person, anywhere: a key press, a reply, a press on the push, or read in the portal.
    kvittert: Mapped[datetime | None]
    #: «portal» or a value of `Kanal`.
    kvittert_kanal: Mapped[str | None] = mapped_column(sa.String(10))
    #: No longer of any use (somebody accepted): nothing more is sent, and the bell shows it no more.
    stoppet: Mapped[datetime | None]

    utsendinger: Mapped[list[Utsending]] = relationship(back_populates="varsel")


class Varselkanal(Base):
    """A person's own telephone number or browser for notices. The e-mail address is the one of the login."""

    __tablename__ = "varselkanal"
    __table_args__ = (
        sa.CheckConstraint(en_av("kanal", VEKKENDE), name="kanal"),
        delvis(
            "uq_varselkanal_adresse", "person_id", "kanal", "adresse", naar="fjernet IS NULL", unique=True
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"))
    kanal: Mapped[str] = mapped_column(sa.String(10))
    #: The number with country code («+4790000000»), or the push endpoint's https address.
    adresse: Mapped[str] = mapped_column(sa.String(800))
    #: For push: the subscription's keys, `p256dh` and `auth`.
    data: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    #: What the person calls it: «Vakttelefonen», «Chrome på Windows».
    navn: Mapped[str] = mapped_column(sa.String(80), default="")
    opprettet: Mapped[datetime]
    #: The last round trip: something was sent there, and its owner answered.
    bevist: Mapped[datetime | None]
    fjernet: Mapped[datetime | None]


class Varselvalg(Base):
    """Which channels a person wants at one urgency. Without a row the defaults of `valg.py` hold."""

    __tablename__ = "varselvalg"
    __table_args__ = (sa.CheckConstraint(en_av("hastegrad", HASTEGRADER), name="hastegrad"),)

    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"), primary_key=True)
    hastegrad: Mapped[str] = mapped_column(sa.String(10), primary_key=True)
    kanaler: Mapped[list[str]] = mapped_column(Json)


class Varselro(Base):
    """A person's quiet hours (Oslo time, over midnight when `fra` is later than `til`), and what may break them."""

    __tablename__ = "varselro"

    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"), primary_key=True)
    #: «22:00»; both empty: no quiet hours.
    fra: Mapped[str] = mapped_column(sa.String(5), default="")
    til: Mapped[str] = mapped_column(sa.String(5), default="")
    #: What is akutt may wake all the same.
    akutt_bryter: Mapped[bool] = mapped_column(default=True)
    #: May the canary use a channel that wakes? Else it goes by e-mail and in the portal alone.
    kanari_vekker: Mapped[bool] = mapped_column(default=False)


class Utsending(Base):
    """One message on its way, on one channel. Given up (`oppgitt`) it stands in the list of the undelivered."""

    __tablename__ = "utsending"
    __table_args__ = (
        sa.CheckConstraint(en_av("kanal", Kanal), name="kanal"),
        delvis(
            "ix_utsending_venter",
            "kanal",
            "neste",
            naar="sendt IS NULL AND oppgitt IS NULL AND stoppet IS NULL",
        ),
        delvis("ix_utsending_oppgitt", "oppgitt", naar="oppgitt IS NOT NULL"),
        #: For the status page: what last left on a channel, and what last did not.
        delvis("ix_utsending_sendt", "kanal", "sendt", naar="sendt IS NOT NULL"),
        delvis("ix_utsending_feil", "kanal", "opprettet", naar="feil <> ''"),
        sa.Index("ix_utsending_varsel", "varsel_id"),
        sa.Index("ix_utsending_til", "til", "opprettet"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    #: The same key again is the same message: whoever asks twice sends once.
    noekkel: Mapped[str] = mapped_column(sa.String(120), unique=True)
    kanal: Mapped[str] = mapped_column(sa.String(10), default=Kanal.EPOST)
    #: Of which notice; None for a letter of its own (an invitation, a forgotten password).
    varsel_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("varsel.id"))
    varselkanal_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("varselkanal.id"))
    #: Whose organisation's administrator sees it when it is given up; None: the system administrator alone.
    organisasjon_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("organisasjon.id"))
    #: Address, number or endpoint.
    til: Mapped[str] = mapped_column(sa.String(800))
    emne: Mapped[str] = mapped_column(sa.String(200))
    tekst: Mapped[str] = mapped_column(sa.Text)
    #: SHA-256 of what acknowledges it: of the token in its link, or, once it came, of the answer to a text message or
    #: call, so that the same answer again acknowledges nothing more. Else None.
    kvittering_hash: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    opprettet: Mapped[datetime]
    #: When it was first to leave (after quiet hours): the time until it is given up counts from here.
    foerst: Mapped[datetime] = mapped_column(default=now)
    #: When it is next tried.
    neste: Mapped[datetime]
    forsoek: Mapped[int] = mapped_column(default=0)
    sendt: Mapped[datetime | None]
    oppgitt: Mapped[datetime | None]
    #: Not to be sent any more: somebody accepted.
    stoppet: Mapped[datetime | None]
    #: Its receiver answered.
    kvittert: Mapped[datetime | None]
    feil: Mapped[str] = mapped_column(sa.String(300), default="")

    varsel: Mapped[Varsel | None] = relationship(back_populates="utsendinger")
    varselkanal: Mapped[Varselkanal | None] = relationship()
