"""An advisory request (henvendelse): its state, its log and its people. The lawful moves stand in `forloep.py`."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.clock import now
from portal.core.db import Base, Json, delvis, en_av
from portal.henvendelser import forloep, news2
from portal.henvendelser.forloep import (
    FRIST_AKSEPT,
    FRIST_SVAR,
    Aldersgruppe,
    Handling,
    Hastegrad,
    Hendelsestype,
    Innsynsgrunn,
    Invitasjonsslag,
    Invitasjonstilstand,
    Kjoenn,
    Oppfoelgingssvar,
    Oppholdssted,
    Overgang,
    Plan,
    Raad,
    Retning,
    Side,
    Status,
    Unngaatt,
    Utfall,
    overgang,
)
from portal.identitet.models import Enhet, Medlemskap, Organisasjon, Person
from portal.plasser.forloep import Holdstatus
from portal.plasser.models import Reservasjon

#: `AAPNE` in the words of the partial indexes, for queries that want them.
ER_AAPEN = "status IN ('ny', 'akseptert', 'besvart')"


class Henvendelse(Base):
    """A case: who asks whom about what, how urgent, and where it stands. No clinical text is here."""

    __tablename__ = "henvendelse"
    __table_args__ = (
        sa.CheckConstraint(en_av("status", Status), name="status"),
        sa.CheckConstraint(en_av("retning", Retning), name="retning"),
        sa.CheckConstraint(en_av("hastegrad", Hastegrad), name="hastegrad"),
        sa.CheckConstraint(en_av("plan_uten_raad", Plan), name="plan_uten_raad"),
        sa.CheckConstraint(en_av("raad", Raad, tom=True), name="raad"),
        sa.CheckConstraint(en_av("utfall", Utfall, tom=True), name="utfall"),
        sa.CheckConstraint(
            en_av("oppfoelging", [*Oppfoelgingssvar, "uenighet"], tom=True), name="oppfoelging"
        ),
        sa.CheckConstraint(
            "status NOT IN ('akseptert', 'besvart') OR ansvarlig_id IS NOT NULL", name="ansvarlig_finnes"
        ),
        sa.CheckConstraint("status <> 'ny' OR ansvarlig_id IS NULL", name="ny_er_ledig"),
        sa.CheckConstraint("status <> 'lukket' OR utfall IS NOT NULL", name="lukket_har_utfall"),
        sa.UniqueConstraint("innmelder_id", "klient_id"),
        sa.Index("ix_henvendelse_koe", "mottaker_id", "fagomraade", "status"),
        sa.Index("ix_henvendelse_avsender", "avsender_id", "status"),
        sa.Index("ix_henvendelse_innmelder", "innmelder_id", "opprettet"),
        sa.Index("ix_henvendelse_ansvarlig", "ansvarlig_id", "status"),
        sa.Index("ix_henvendelse_avsender_enhet", "avsender_enhet_id", "opprettet"),
        sa.Index("ix_henvendelse_mottaker_tid", "mottaker_id", "opprettet"),
        sa.Index("ix_henvendelse_avsender_tid", "avsender_id", "opprettet"),
        sa.Index("ix_henvendelse_innmelder_tid", "innmelder_medlemskap_id", "opprettet"),
        sa.Index("ix_henvendelse_lukket", "mottaker_id", "lukket_tid"),
        delvis("ix_henvendelse_aapne_mottaker", "mottaker_id", "fagomraade", naar=ER_AAPEN),
        delvis("ix_henvendelse_aapne_avsender", "avsender_id", naar=ER_AAPEN),
        delvis("ix_henvendelse_aapne_enhet", "avsender_enhet_id", naar=ER_AAPEN),
        delvis("ix_henvendelse_aapne_innmelder", "innmelder_medlemskap_id", naar=ER_AAPEN),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    #: Spoken over the telephone as match code: «26-000417».
    saksnummer: Mapped[str] = mapped_column(sa.String(12), unique=True)
    #: The client's UUID for the sending: a resend gives the same case.
    klient_id: Mapped[UUID]
    retning: Mapped[str] = mapped_column(sa.String(12), default=Retning.TIL_SYKEHUS)
    status: Mapped[str] = mapped_column(sa.String(12), default=Status.NY)
    hastegrad: Mapped[str] = mapped_column(sa.String(10))
    fagomraade: Mapped[str] = mapped_column(sa.String(30))

    avsender_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    avsender_enhet_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("enhet.id"))
    innmelder_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"))
    innmelder_medlemskap_id: Mapped[UUID] = mapped_column(sa.ForeignKey("medlemskap.id"))
    tilbakeringing: Mapped[str] = mapped_column(sa.String(30))

    mottaker_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    ansvarlig_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    ansvarlig_medlemskap_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("medlemskap.id"))

    #: The baseline (see `Plan`): never changed after sending, or it would be no baseline.
    plan_uten_raad: Mapped[str] = mapped_column(sa.String(20))
    raad: Mapped[str | None] = mapped_column(sa.String(25))
    utfall: Mapped[str | None] = mapped_column(sa.String(25))
    #: What the follow-up found, of both sides together (`forloep.unngaatt`): kept here so that figures can count it.
    oppfoelging: Mapped[str | None] = mapped_column(sa.String(12))

    opprettet: Mapped[datetime]
    #: When it last began to wait at a receiver: now, or the last forwarding.
    ventet_fra: Mapped[datetime]
    #: Accept by (status ny) or answer by (status akseptert); None when nothing is due from the receiver.
    frist: Mapped[datetime | None]
    akseptert_tid: Mapped[datetime | None]
    besvart_tid: Mapped[datetime | None]
    lukket_tid: Mapped[datetime | None]
    versjon: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": versjon}  # noqa: RUF012

    avsender: Mapped[Organisasjon] = relationship(foreign_keys=[avsender_id])
    avsender_enhet: Mapped[Enhet | None] = relationship(foreign_keys=[avsender_enhet_id])
    mottaker: Mapped[Organisasjon] = relationship(foreign_keys=[mottaker_id])
    innmelder: Mapped[Person] = relationship(foreign_keys=[innmelder_id])
    ansvarlig: Mapped[Person | None] = relationship(foreign_keys=[ansvarlig_id])
    innmelder_medlemskap: Mapped[Medlemskap] = relationship(foreign_keys=[innmelder_medlemskap_id])
    opplysninger: Mapped[Opplysninger] = relationship(back_populates="henvendelse")
    hode: Mapped[HenvendelseHode] = relationship()

    @property
    def over_frist(self) -> bool:
        """Whether the receiver should have taken or answered it by now."""
        return self.frist is not None and self.frist < now()

    def flytt_til(self, handling: Handling, naa: datetime) -> Overgang:
        """Takes the edge for the act, and keeps the times and deadlines that go with it.

        Raises UgyldigOvergang where the table has no such edge from here. Who may, is `access.py`'s to say.
        """
        o = overgang(handling, self.status)
        self.status = o.til
        if o.til == Status.NY:
            self.ansvarlig_id = self.ansvarlig_medlemskap_id = self.akseptert_tid = None
            self.ventet_fra = naa
            self.frist = naa + FRIST_AKSEPT[Hastegrad(self.hastegrad)]
        elif o.til == Status.AKSEPTERT:
            self.frist = naa + FRIST_SVAR[Hastegrad(self.hastegrad)]
            self.lukket_tid = None
            self.utfall = None
        else:
            self.frist = None
            if o.til == Status.BESVART:
                self.besvart_tid = naa
            else:
                self.lukket_tid = naa
        return o

    @property
    def unngaatt(self) -> Unngaatt:
        """«Innleggelse unngått» (see `forloep.unngaatt`)."""
        return forloep.unngaatt(self.status, self.plan_uten_raad, self.utfall, self.oppfoelging)


class Opplysninger(Base):
    """The clinical part (ISBAR). Apart from the case, with a version of its own: a move never makes the
    requester's form stale, and lists for those without need to know never touch it."""

    __tablename__ = "opplysninger"
    __table_args__ = (
        sa.CheckConstraint(en_av("aldersgruppe", Aldersgruppe, tom=True), name="aldersgruppe"),
        sa.CheckConstraint(en_av("kjoenn", Kjoenn), name="kjoenn"),
        sa.CheckConstraint(en_av("oppholdssted", Oppholdssted, tom=True), name="oppholdssted"),
        sa.CheckConstraint("skroepelighet IS NULL OR skroepelighet BETWEEN 1 AND 9", name="skroepelighet"),
    )

    henvendelse_id: Mapped[UUID] = mapped_column(sa.ForeignKey("henvendelse.id"), primary_key=True)
    bostedskommune_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("organisasjon.id"))
    aldersgruppe: Mapped[str | None] = mapped_column(sa.String(10))
    kjoenn: Mapped[str] = mapped_column(sa.String(10), default=Kjoenn.UKJENT)
    gravid: Mapped[bool] = mapped_column(default=False)
    oppholdssted: Mapped[str | None] = mapped_column(sa.String(15))

    situasjon: Mapped[str] = mapped_column(sa.Text)
    bakgrunn: Mapped[str] = mapped_column(sa.Text, default="")
    analyse: Mapped[str] = mapped_column(sa.Text, default="")
    raad_oenskes: Mapped[str] = mapped_column(sa.Text, default="")

    sykdomsbyrde: Mapped[str] = mapped_column(sa.Text, default="")
    funksjonsnivaa: Mapped[str] = mapped_column(sa.Text, default="")
    #: Clinical Frailty Scale 1–9.
    skroepelighet: Mapped[int | None]
    kognitiv_svikt: Mapped[str] = mapped_column(sa.String(10), default="")
    behandlingsbegrensninger: Mapped[str] = mapped_column(sa.Text, default="")
    pasientens_oensker: Mapped[str] = mapped_column(sa.Text, default="")

    #: Kommunens mulighet til å ivareta pasienten: ja / delvis / nei, "" where not said.
    evne_personell: Mapped[str] = mapped_column(sa.String(10), default="")
    evne_kompetanse: Mapped[str] = mapped_column(sa.String(10), default="")
    evne_utstyr: Mapped[str] = mapped_column(sa.String(10), default="")
    evne_sted: Mapped[str] = mapped_column(sa.String(10), default="")
    evne_tekst: Mapped[str] = mapped_column(sa.Text, default="")
    versjon: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": versjon}  # noqa: RUF012

    henvendelse: Mapped[Henvendelse] = relationship(back_populates="opplysninger")
    bostedskommune: Mapped[Organisasjon | None] = relationship()


class News2Maaling(Base):
    """One set of vital signs. The score is computed by the server from the values (`news2.py`)."""

    __tablename__ = "news2_maaling"
    __table_args__ = (sa.Index("ix_news2_maaling_henvendelse", "henvendelse_id", "tidspunkt"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    henvendelse_id: Mapped[UUID] = mapped_column(sa.ForeignKey("henvendelse.id"))
    registrert_av_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"))
    tidspunkt: Mapped[datetime]
    respirasjon: Mapped[int | None]
    spo2: Mapped[int | None]
    skala: Mapped[int] = mapped_column(default=1)
    oksygen: Mapped[bool | None]
    systolisk: Mapped[int | None]
    puls: Mapped[int | None]
    bevissthet: Mapped[str | None] = mapped_column(sa.String(1))
    temperatur: Mapped[Decimal | None] = mapped_column(sa.Numeric(3, 1))
    status: Mapped[str] = mapped_column(sa.String(15))
    #: None unless complete: a missing value never counts as zero.
    sum: Mapped[int | None]
    varsel: Mapped[str | None] = mapped_column(sa.String(10))

    @property
    def maalinger(self) -> news2.Maalinger:
        """The values, as the chart takes them."""
        return news2.Maalinger(
            respirasjon=self.respirasjon,
            spo2=self.spo2,
            skala=2 if self.skala == 2 else 1,
            oksygen=self.oksygen,
            systolisk=self.systolisk,
            puls=self.puls,
            bevissthet=cast("news2.Bevissthet | None", self.bevissthet),
            temperatur=self.temperatur,
        )

    @property
    def poeng(self) -> dict[str, int | None]:
        """The points of each parameter, None where it was not measured or NEWS2 does not apply."""
        if self.status == "ikke_aktuelt":
            return dict.fromkeys(news2.PARAMETERE)
        return news2.beregn(self.maalinger, aldersgruppe=None, gravid=False).poeng

    @property
    def minst(self) -> int | None:
        """The points that are known, which a missing value can only raise. None where NEWS2 does not apply."""
        if self.status == "ikke_aktuelt":
            return None
        return news2.beregn(self.maalinger, aldersgruppe=None, gravid=False).minst


class HenvendelseHode(Base):
    """The counter of the log, row-locked on every append: no gaps, and commit order is sequence order."""

    __tablename__ = "henvendelse_hode"

    henvendelse_id: Mapped[UUID] = mapped_column(sa.ForeignKey("henvendelse.id"), primary_key=True)
    sekvens: Mapped[int] = mapped_column(default=0)


class Hendelse(Base):
    """One row of the log: a message or a move. Written once, never changed."""

    __tablename__ = "hendelse"
    __table_args__ = (
        sa.UniqueConstraint("henvendelse_id", "sekvens"),
        sa.UniqueConstraint("henvendelse_id", "avsender_id", "klient_id"),
        sa.CheckConstraint(en_av("type", Hendelsestype), name="type"),
        sa.CheckConstraint(en_av("side", Side), name="side"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    henvendelse_id: Mapped[UUID] = mapped_column(sa.ForeignKey("henvendelse.id"))
    sekvens: Mapped[int]
    type: Mapped[str] = mapped_column(sa.String(15))
    side: Mapped[str] = mapped_column(sa.String(10))
    avsender_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    #: Name and place as they were: «Kari Nordmann, Alta legevakt».
    avsender_navn: Mapped[str] = mapped_column(sa.String(420))
    tekst: Mapped[str] = mapped_column(sa.Text, default="")
    data: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    tidspunkt: Mapped[datetime]
    klient_id: Mapped[UUID | None]

    def som_dict(self) -> dict[str, Any]:
        """The row as plain data, the same that the batch writer hands over."""
        return {k.name: getattr(self, k.name) for k in self.__table__.columns}


class Deltaker(Base):
    """A person who takes part in a case, in one membership. `til` is set when that ends."""

    __tablename__ = "deltaker"
    __table_args__ = (
        sa.UniqueConstraint("henvendelse_id", "medlemskap_id"),
        sa.CheckConstraint(en_av("side", Side), name="side"),
        sa.Index("ix_deltaker_medlemskap", "medlemskap_id", "til"),
        delvis("ix_deltaker_saker", "medlemskap_id", "sak_opprettet", "henvendelse_id", naar="til IS NULL"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    henvendelse_id: Mapped[UUID] = mapped_column(sa.ForeignKey("henvendelse.id"))
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"))
    medlemskap_id: Mapped[UUID] = mapped_column(sa.ForeignKey("medlemskap.id"))
    side: Mapped[str] = mapped_column(sa.String(10))
    fra: Mapped[datetime]
    til: Mapped[datetime | None]
    #: When the case was sent, filled in by itself: the newest of ten thousand are found without asking the others.
    sak_opprettet: Mapped[datetime] = mapped_column(
        default=lambda ny: ny.connection.scalar(
            sa.select(Henvendelse.opprettet).filter_by(id=ny.get_current_parameters()["henvendelse_id"])
        )
    )

    person: Mapped[Person] = relationship()
    medlemskap: Mapped[Medlemskap] = relationship()


class Kvittering(Base):
    """How far a person has received and read the log of a case. Both only grow."""

    __tablename__ = "kvittering"

    henvendelse_id: Mapped[UUID] = mapped_column(sa.ForeignKey("henvendelse.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"), primary_key=True)
    side: Mapped[str] = mapped_column(sa.String(10))
    navn: Mapped[str] = mapped_column(sa.String(420))
    mottatt: Mapped[int] = mapped_column(default=0)
    lest: Mapped[int] = mapped_column(default=0)
    #: When this person first saw the case, and last moved one of the two.
    sett: Mapped[datetime]
    tidspunkt: Mapped[datetime]

    def som_dict(self) -> dict[str, Any]:
        """The row as plain data."""
        return {k.name: getattr(self, k.name) for k in self.__table__.columns}


class Koe(Base):
    """The version of one queue, (receiver, fagområde): a browser compares it to know that it is up to date."""

    __tablename__ = "koe"

    mottaker_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"), primary_key=True)
    fagomraade: Mapped[str] = mapped_column(sa.String(30), primary_key=True)
    versjon: Mapped[int]


class Saksnummerteller(Base):
    """The last case number given in a year."""

    __tablename__ = "saksnummerteller"

    aar: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    siste: Mapped[int]


class Innsyn(Base):
    """An opening with a stated reason, by a clinician of one of the two organisations who has no part in the case."""

    __tablename__ = "innsyn"
    __table_args__ = (
        sa.CheckConstraint(en_av("grunn", Innsynsgrunn), name="grunn"),
        sa.Index("ix_innsyn_sak", "henvendelse_id", "medlemskap_id", "utloeper"),
        sa.Index("ix_innsyn_medlemskap", "medlemskap_id", "tidspunkt"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    henvendelse_id: Mapped[UUID] = mapped_column(sa.ForeignKey("henvendelse.id"))
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"))
    medlemskap_id: Mapped[UUID] = mapped_column(sa.ForeignKey("medlemskap.id"))
    grunn: Mapped[str] = mapped_column(sa.String(15))
    #: In the clinician's own words: may say something of the patient, so it is shown in the case alone.
    begrunnelse: Mapped[str] = mapped_column(sa.Text)
    tidspunkt: Mapped[datetime]
    utloeper: Mapped[datetime]


class Innsynsoppfoelging(Base):
    """An administrator has looked at a person's many openings outside own cases, up to a moment."""

    __tablename__ = "innsynsoppfoelging"
    __table_args__ = (sa.Index("ix_innsynsoppfoelging_person", "organisasjon_id", "person_id", "til"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    organisasjon_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"))
    fulgt_opp_av_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"))
    #: Openings up to here have been looked at.
    til: Mapped[datetime]
    merknad: Mapped[str] = mapped_column(sa.Text, default="")


class Saksinvitasjon(Base):
    """A person is asked to take part in a case, or to become its responsible. It takes effect when accepted."""

    __tablename__ = "saksinvitasjon"
    __table_args__ = (
        sa.CheckConstraint(en_av("slag", Invitasjonsslag), name="slag"),
        sa.CheckConstraint(en_av("tilstand", Invitasjonstilstand), name="tilstand"),
        sa.CheckConstraint("(tilstand = 'venter') = (avgjort IS NULL)", name="avgjort"),
        sa.Index("ix_saksinvitasjon_til", "til_medlemskap_id", "tilstand"),
        delvis(
            "uq_saksinvitasjon_venter",
            *("henvendelse_id", "til_medlemskap_id", "slag"),
            naar="tilstand = 'venter'",
            unique=True,
        ),
        #: One hand-over at a time: two who both believe that they take over is nobody.
        delvis(
            "uq_saksinvitasjon_overlevering",
            "henvendelse_id",
            naar="tilstand = 'venter' AND slag = 'overlevering'",
            unique=True,
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    henvendelse_id: Mapped[UUID] = mapped_column(sa.ForeignKey("henvendelse.id"))
    slag: Mapped[str] = mapped_column(sa.String(15))
    tilstand: Mapped[str] = mapped_column(sa.String(10), default=Invitasjonstilstand.VENTER)
    fra_person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"))
    til_person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"))
    til_medlemskap_id: Mapped[UUID] = mapped_column(sa.ForeignKey("medlemskap.id"))
    opprettet: Mapped[datetime]
    avgjort: Mapped[datetime | None]

    henvendelse: Mapped[Henvendelse] = relationship()
    fra_person: Mapped[Person] = relationship(foreign_keys=[fra_person_id])
    til_person: Mapped[Person] = relationship(foreign_keys=[til_person_id])
    til_medlemskap: Mapped[Medlemskap] = relationship()


class Oppfoelging(Base):
    """The question «what became of the patient?», due some days after the closing."""

    __tablename__ = "oppfoelging"
    __table_args__ = (
        sa.UniqueConstraint("henvendelse_id", "dag"),
        sa.CheckConstraint("dag IN (3, 30)", name="dag"),
        sa.Index("ix_oppfoelging_forfaller", "spurt", "forfaller"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    henvendelse_id: Mapped[UUID] = mapped_column(sa.ForeignKey("henvendelse.id"))
    dag: Mapped[int]
    forfaller: Mapped[datetime]
    #: When the requester was reminded; None until it was due. Cancelled by a reopening: the row goes.
    spurt: Mapped[datetime | None]

    henvendelse: Mapped[Henvendelse] = relationship()
    svar: Mapped[list[OppfoelgingSvar]] = relationship(order_by="OppfoelgingSvar.side")


class OppfoelgingSvar(Base):
    """What one side says became of the patient. Each side has its own: one never overwrites the other's."""

    __tablename__ = "oppfoelging_svar"
    __table_args__ = (
        sa.CheckConstraint(en_av("svar", Oppfoelgingssvar), name="svar"),
        sa.CheckConstraint(en_av("side", [Side.INNMELDER, Side.MOTTAKER]), name="side"),
    )

    oppfoelging_id: Mapped[UUID] = mapped_column(sa.ForeignKey("oppfoelging.id"), primary_key=True)
    side: Mapped[str] = mapped_column(sa.String(10), primary_key=True)
    svar: Mapped[str] = mapped_column(sa.String(10))
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"))
    tidspunkt: Mapped[datetime]

    person: Mapped[Person] = relationship()


class Utskrivning(Base):
    """The steps of a discharge (utskrivningsforskriften §§ 8–11), beside the regulated messages and never for them."""

    __tablename__ = "utskrivning"

    henvendelse_id: Mapped[UUID] = mapped_column(sa.ForeignKey("henvendelse.id"), primary_key=True)
    innlagt: Mapped[datetime]
    #: § 8: the kommune is told within 24 hours of the admission; «usikker» on the need or the day is allowed.
    varslet: Mapped[datetime | None]
    forventet: Mapped[date | None]
    usikker: Mapped[bool] = mapped_column(default=False)
    #: § 9 a–e: when each part of the assessment was done.
    vurdert_a: Mapped[datetime | None]
    vurdert_b: Mapped[datetime | None]
    vurdert_c: Mapped[datetime | None]
    vurdert_d: Mapped[datetime | None]
    vurdert_e: Mapped[datetime | None]
    #: § 10: told at once that the patient is ready for discharge (utskrivningsklar).
    utskrivningsklar: Mapped[datetime | None]
    #: § 11: the kommune answers at once whether it can receive the patient, and from when.
    besvart: Mapped[datetime | None]
    kan_ta_imot: Mapped[bool | None]
    kan_ta_imot_fra: Mapped[date | None]
    versjon: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": versjon}  # noqa: RUF012


class Vedlegg(Base):
    """A picture or a PDF in the conversation. The file stands outside the web root under a random name."""

    __tablename__ = "vedlegg"
    __table_args__ = (sa.CheckConstraint("stoerrelse > 0", name="stoerrelse"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    henvendelse_id: Mapped[UUID] = mapped_column(sa.ForeignKey("henvendelse.id"), index=True)
    #: Its row in the log.
    sekvens: Mapped[int]
    lagret_som: Mapped[str] = mapped_column(sa.String(40), unique=True)
    #: As the sender called it, without folders or control characters.
    navn: Mapped[str] = mapped_column(sa.String(120))
    innholdstype: Mapped[str] = mapped_column(sa.String(40))
    stoerrelse: Mapped[int]
    #: SHA-256 of what was sent (a resend is known by it) and of what is stored.
    sendt_hash: Mapped[str] = mapped_column(sa.String(64))
    lagret_hash: Mapped[str] = mapped_column(sa.String(64))
    bredde: Mapped[int | None]
    hoeyde: Mapped[int | None]
    sider: Mapped[int | None]
    tidspunkt: Mapped[datetime]


class Avtalegrunnlag(Base):
    """What the agreements said when advice was given: the versions, the clauses and the phase. Never changed.

    `avtaler`: [{"avtale_id", "tittel", "nummer", "bestemmelser": [{"noekkel", "nummer", "overskrift"}]}]. The avtaler's
    own ids are opaque here: the clause of that version can be read again as it was.
    """

    __tablename__ = "avtalegrunnlag"
    __table_args__ = (
        sa.CheckConstraint("fase BETWEEN 1 AND 5", name="fase"),
        sa.UniqueConstraint("henvendelse_id", "sekvens"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    henvendelse_id: Mapped[UUID] = mapped_column(sa.ForeignKey("henvendelse.id"))
    #: The row of the log in which the advice was given.
    sekvens: Mapped[int]
    tidspunkt: Mapped[datetime]
    #: The kommune whose phase and agreements it was.
    kommune_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    situasjon: Mapped[str] = mapped_column(sa.String(20))
    fase: Mapped[int]
    #: Somebody had set the phase; otherwise it counts as 1.
    fase_satt: Mapped[bool]
    avtaler: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)


class Plassreservasjonsak(Base):
    """The hold of an emergency bed that was taken in a case, and how much of its fate the case's log has told."""

    __tablename__ = "plassreservasjon_sak"
    __table_args__ = (
        sa.CheckConstraint(en_av("fortalt", Holdstatus), name="fortalt"),
        sa.Index("ix_plassreservasjon_sak_henvendelse", "henvendelse_id", "opprettet"),
        delvis("ix_plassreservasjon_sak_aktiv", "reservasjon_id", naar="fortalt = 'aktiv'"),
        #: The admissions of the last weeks: any of them can still be struck.
        delvis("ix_plassreservasjon_sak_innlagt", "opprettet", naar="fortalt = 'innlagt'"),
    )

    reservasjon_id: Mapped[UUID] = mapped_column(sa.ForeignKey("reservasjon.id"), primary_key=True)
    henvendelse_id: Mapped[UUID] = mapped_column(sa.ForeignKey("henvendelse.id"))
    opprettet: Mapped[datetime]
    medlemskap_id: Mapped[UUID] = mapped_column(sa.ForeignKey("medlemskap.id"))
    #: The status and the end of the hold as the log last told them.
    fortalt: Mapped[str] = mapped_column(sa.String(10))
    fortalt_utloeper: Mapped[datetime]

    reservasjon: Mapped[Reservasjon] = relationship()
