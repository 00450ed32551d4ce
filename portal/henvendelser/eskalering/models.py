"""Running escalations: the timers, the steps they have taken, the hand-over at a shift change, and the canary."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.db import Base, Json, delvis, en_av
from portal.henvendelser.models import Henvendelse
from portal.identitet.models import Medlemskap


class Slag(StrEnum):
    """What an escalation waits for."""

    #: That somebody takes the case.
    AKSEPT = "aksept"
    #: That the responsible answers it within the svarfrist.
    SVAR = "svar"
    #: That the receiver's side answers the requester's last message.
    MELDING = "melding"
    #: A test of the chain.
    KANARI = "kanari"


class Trinnutfall(StrEnum):
    VARSLET = "varslet"
    #: Nobody at that level: skipped at once.
    TOMT = "tomt"
    #: Nobody at any level: the requester was told to ring, and the vaktledere were alarmed.
    INGEN = "ingen"
    #: The ladder is at its end, and nobody has answered.
    UTTOEMT = "uttoemt"


class Slutt(StrEnum):
    """Why an escalation ended."""

    TATT = "tatt"
    FLYTTET = "flyttet"
    BESVART = "besvart"
    AVSLUTTET = "avsluttet"
    UTTOEMT = "uttoemt"
    FERDIG = "ferdig"


class Skiftetilstand(StrEnum):
    VENTER = "venter"
    GODTATT = "godtatt"
    #: The case was closed, sent on or taken by somebody else before it was read back.
    BORTFALT = "bortfalt"


class Eskalering(Base):
    """A timer that climbs: the policy it began with, which step is next, and when that is due.

    Taken by whichever worker comes first: the case's row is locked, the timer is read again, and the step, its row,
    its notices and the next due time are one transaction. So it fires once, whatever crashes or runs twice.
    """

    __tablename__ = "eskalering"
    __table_args__ = (
        sa.CheckConstraint(en_av("slag", Slag), name="slag"),
        sa.CheckConstraint(en_av("utfall", Slutt, tom=True), name="utfall"),
        sa.CheckConstraint("(henvendelse_id IS NULL) = (slag = 'kanari')", name="gjelder"),
        sa.CheckConstraint("(avsluttet IS NULL) = (utfall IS NULL)", name="avsluttet"),
        delvis("uq_eskalering_loeper", "henvendelse_id", "slag", naar="avsluttet IS NULL", unique=True),
        delvis("ix_eskalering_forfall", "neste", naar="avsluttet IS NULL"),
        sa.Index("ix_eskalering_sak", "henvendelse_id", "start"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    slag: Mapped[str] = mapped_column(sa.String(10))
    henvendelse_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("henvendelse.id"))
    organisasjon_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    fagomraade: Mapped[str] = mapped_column(sa.String(30))
    hastegrad: Mapped[str] = mapped_column(sa.String(10))
    #: `vakt.steps.Policy.som_dict()` as it was at the start.
    policy: Mapped[dict[str, Any]] = mapped_column(Json)
    start: Mapped[datetime]
    #: Index in the policy of the step that is next, and in which climb of the ladder (from 0).
    posisjon: Mapped[int] = mapped_column(default=0)
    runde: Mapped[int] = mapped_column(default=0)
    neste: Mapped[datetime]
    #: Could not be taken, and is not tried again before: one that fails lets those behind it through. `neste` stands,
    #: so that the auditor sees how late it is.
    utsatt: Mapped[datetime | None]
    avsluttet: Mapped[datetime | None]
    utfall: Mapped[str | None] = mapped_column(sa.String(10))
    #: For slag melding: the sequence of the first message that nobody has answered.
    sekvens: Mapped[int | None]

    henvendelse: Mapped[Henvendelse | None] = relationship()
    trinn: Mapped[list[Eskaleringstrinn]] = relationship(order_by="Eskaleringstrinn.nummer")


class Eskaleringstrinn(Base):
    """A step that was taken: the ladder as the requester sees it. Written once; `sett` comes when the person looks."""

    __tablename__ = "eskaleringstrinn"
    __table_args__ = (
        sa.CheckConstraint(en_av("utfall", Trinnutfall), name="utfall"),
        sa.UniqueConstraint("eskalering_id", "nummer"),
        sa.Index("ix_eskaleringstrinn_tidspunkt", "tidspunkt"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    eskalering_id: Mapped[UUID] = mapped_column(sa.ForeignKey("eskalering.id"))
    #: From 1, in the order they were taken.
    nummer: Mapped[int]
    runde: Mapped[int]
    #: A value of `vakt.models.Nivaa`, or «ansvarlig»; "" at the end of the ladder.
    nivaa: Mapped[str] = mapped_column(sa.String(15), default="")
    utfall: Mapped[str] = mapped_column(sa.String(10))
    person_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    navn: Mapped[str] = mapped_column(sa.String(200), default="")
    #: When it was due, and when it was taken.
    forfalt: Mapped[datetime]
    tidspunkt: Mapped[datetime]


class Vaktskifte(Base):
    """The change from one on call to the next: the open cases that go over when the next one reads them back."""

    __tablename__ = "vaktskifte"
    __table_args__ = (
        sa.UniqueConstraint("vaktplan_id", "nivaa", "tidspunkt", "fra_medlemskap_id"),
        sa.Index("ix_vaktskifte_til", "til_medlemskap_id", "tidspunkt"),
        sa.Index("ix_vaktskifte_fra", "fra_medlemskap_id", "tidspunkt"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    vaktplan_id: Mapped[UUID] = mapped_column(sa.ForeignKey("vaktplan.id"))
    nivaa: Mapped[str] = mapped_column(sa.String(15))
    fra_medlemskap_id: Mapped[UUID] = mapped_column(sa.ForeignKey("medlemskap.id"))
    til_medlemskap_id: Mapped[UUID] = mapped_column(sa.ForeignKey("medlemskap.id"))
    tidspunkt: Mapped[datetime]

    fra_medlemskap: Mapped[Medlemskap] = relationship(foreign_keys=[fra_medlemskap_id])
    til_medlemskap: Mapped[Medlemskap] = relationship(foreign_keys=[til_medlemskap_id])
    saker: Mapped[list[Vaktskiftesak]] = relationship(back_populates="vaktskifte")


class Vaktskiftesak(Base):
    """One open case of a hand-over. Until it is read back, it is the former's."""

    __tablename__ = "vaktskiftesak"
    __table_args__ = (
        sa.CheckConstraint(en_av("tilstand", Skiftetilstand), name="tilstand"),
        sa.CheckConstraint("(tilstand = 'venter') = (avgjort IS NULL)", name="avgjort"),
        delvis("uq_vaktskiftesak_venter", "henvendelse_id", naar="tilstand = 'venter'", unique=True),
    )

    vaktskifte_id: Mapped[UUID] = mapped_column(sa.ForeignKey("vaktskifte.id"), primary_key=True)
    henvendelse_id: Mapped[UUID] = mapped_column(sa.ForeignKey("henvendelse.id"), primary_key=True)
    tilstand: Mapped[str] = mapped_column(sa.String(10), default=Skiftetilstand.VENTER)
    avgjort: Mapped[datetime | None]

    vaktskifte: Mapped[Vaktskifte] = relationship(back_populates="saker")
    henvendelse: Mapped[Henvendelse] = relationship()


class Kanari(Base):
    """A test request on a schedule: does a request to this fagområde reach a human now?"""

    __tablename__ = "kanari"
    __table_args__ = (
        sa.UniqueConstraint("organisasjon_id", "fagomraade"),
        sa.CheckConstraint("hver_minutter BETWEEN 5 AND 10080", name="hver_minutter"),
        delvis("ix_kanari_neste", "neste", naar="aktiv"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    organisasjon_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    fagomraade: Mapped[str] = mapped_column(sa.String(30))
    hver_minutter: Mapped[int]
    aktiv: Mapped[bool] = mapped_column(default=True)
    neste: Mapped[datetime]


class Kanarikjoering(Base):
    """One walk of the chain: each link with whether it held, and why not."""

    __tablename__ = "kanarikjoering"
    __table_args__ = (
        sa.Index("ix_kanarikjoering_kanari", "kanari_id", "start"),
        delvis("ix_kanarikjoering_loeper", "frist", naar="ferdig IS NULL"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    kanari_id: Mapped[UUID] = mapped_column(sa.ForeignKey("kanari.id"))
    eskalering_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("eskalering.id"))
    varsel_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("varsel.id"))
    start: Mapped[datetime]
    #: Not whole by then: red.
    frist: Mapped[datetime]
    ferdig: Mapped[datetime | None]
    #: {"vaktplan": {"ok": true, "tid": …, "hvorfor": ""}, "eskalering": …, "varsel": …, "kvittering": …}
    ledd: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    roed: Mapped[bool | None]

    kanari: Mapped[Kanari] = relationship()
