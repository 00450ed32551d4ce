"""Organisations, units, people, memberships and sessions."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.aktor import Rolle
from portal.core.db import Base, db, en_av


class Organisasjonstype(StrEnum):
    KOMMUNE = "kommune"
    FYLKE = "fylke"
    RHF = "rhf"
    HF = "hf"
    IDEELT_SYKEHUS = "ideelt_sykehus"
    MYNDIGHET = "myndighet"


#: What can receive a request: the trusts and the ideelle hospitals.
SYKEHUS = frozenset({Organisasjonstype.HF, Organisasjonstype.IDEELT_SYKEHUS})


class Organisasjon(Base):
    """An organisation of the register. Never deleted: one that has ended keeps its row and its successor."""

    __tablename__ = "organisasjon"
    __table_args__ = (
        sa.CheckConstraint(en_av("type", list(Organisasjonstype)), name="type"),
        sa.Index(
            "uq_organisasjon_type_kode",
            "type",
            "kode",
            unique=True,
            sqlite_where=sa.text("kode IS NOT NULL AND nedlagt IS NULL"),
            postgresql_where=sa.text("kode IS NOT NULL AND nedlagt IS NULL"),
        ),
        sa.Index(
            "uq_organisasjon_organisasjonsnummer",
            "organisasjonsnummer",
            unique=True,
            sqlite_where=sa.text("organisasjonsnummer IS NOT NULL"),
            postgresql_where=sa.text("organisasjonsnummer IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    type: Mapped[str] = mapped_column(sa.String(20))
    #: kommunenummer or fylkesnummer, as text with leading zeros; None for hospitals.
    kode: Mapped[str | None] = mapped_column(sa.String(4))
    navn: Mapped[str] = mapped_column(sa.String(200))
    kortnavn: Mapped[str] = mapped_column(sa.String(200))
    #: Parallel Sámi and Kven names, separated by " / ".
    navn_alternativ: Mapped[str] = mapped_column(sa.String(200), default="")
    organisasjonsnummer: Mapped[str | None] = mapped_column(sa.String(9))
    #: kommune → fylke, HF and ideelt sykehus → RHF.
    overordnet_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("organisasjon.id"), index=True)
    #: kommune → the trust of its somatic catchment.
    helseforetak_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("organisasjon.id"), index=True)
    folketall: Mapped[int | None]
    maalform: Mapped[str] = mapped_column(sa.String(10), default="")
    #: Never in the register's data: the administrator enters it.
    telefon: Mapped[str] = mapped_column(sa.String(30), default="")
    nedlagt: Mapped[date | None]
    etterfolger_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("organisasjon.id"))
    kilde: Mapped[str] = mapped_column(sa.String(200), default="")
    versjon: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": versjon}  # noqa: RUF012

    overordnet: Mapped[Organisasjon | None] = relationship(foreign_keys=[overordnet_id], remote_side=[id])
    helseforetak: Mapped[Organisasjon | None] = relationship(foreign_keys=[helseforetak_id], remote_side=[id])
    etterfolger: Mapped[Organisasjon | None] = relationship(foreign_keys=[etterfolger_id], remote_side=[id])
    enheter: Mapped[list[Enhet]] = relationship(back_populates="organisasjon", order_by="Enhet.navn")

    @property
    def visningsnavn(self) -> str:
        """The name as people say it: «Alta», with the parallel names where the kommune has them."""
        return f"{self.kortnavn} / {self.navn_alternativ}" if self.navn_alternativ else self.kortnavn


class OrganisasjonHistorikk(Base):
    """A fact of an organisation that the register changed: what it was, what it became, from when."""

    __tablename__ = "organisasjon_historikk"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    organisasjon_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"), index=True)
    felt: Mapped[str] = mapped_column(sa.String(40))
    fra_verdi: Mapped[str] = mapped_column(sa.String(200))
    til_verdi: Mapped[str] = mapped_column(sa.String(200))
    gyldig_fra: Mapped[date]
    registrert: Mapped[datetime]
    kilde: Mapped[str] = mapped_column(sa.String(200))


class Enhetstype(StrEnum):
    SYKEHJEM = "sykehjem"
    LEGEVAKT = "legevakt"
    LEGEKONTOR = "legekontor"
    AVDELING = "avdeling"
    OEHD_ENHET = "oehd_enhet"


class Enhet(Base):
    """A unit below an organisation. It can serve several kommuner (interkommunal): see `EnhetKommune`."""

    __tablename__ = "enhet"
    __table_args__ = (
        sa.CheckConstraint(en_av("type", list(Enhetstype)), name="type"),
        sa.UniqueConstraint("organisasjon_id", "navn"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    organisasjon_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    type: Mapped[str] = mapped_column(sa.String(20))
    navn: Mapped[str] = mapped_column(sa.String(200))
    #: Private, run by agreement with the kommune.
    privat: Mapped[bool] = mapped_column(default=False)
    organisasjonsnummer: Mapped[str | None] = mapped_column(sa.String(9))
    telefon: Mapped[str] = mapped_column(sa.String(30), default="")
    aktiv: Mapped[bool] = mapped_column(default=True)
    versjon: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": versjon}  # noqa: RUF012

    organisasjon: Mapped[Organisasjon] = relationship(back_populates="enheter")
    kommuner: Mapped[list[Organisasjon]] = relationship(
        secondary="enhet_kommune", order_by="Organisasjon.navn"
    )


class EnhetKommune(Base):
    """The kommuner that a unit serves beside its own."""

    __tablename__ = "enhet_kommune"

    enhet_id: Mapped[UUID] = mapped_column(sa.ForeignKey("enhet.id"), primary_key=True)
    organisasjon_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"), primary_key=True)


class Fagtelefon(Base):
    """The number to ring at a hospital for a specialty. Entered by its administrator, never invented."""

    __tablename__ = "fagtelefon"

    organisasjon_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"), primary_key=True)
    fagomraade: Mapped[str] = mapped_column(sa.String(30), primary_key=True)
    telefon: Mapped[str] = mapped_column(sa.String(30))


class Person(Base):
    """A user of the portal. `passord_hash` is None until the person has set one."""

    __tablename__ = "person"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    navn: Mapped[str] = mapped_column(sa.String(200))
    #: Lower case; the name to log in with.
    epost: Mapped[str] = mapped_column(sa.String(254), unique=True)
    telefon: Mapped[str] = mapped_column(sa.String(30), default="")
    hpr_nummer: Mapped[str | None] = mapped_column(sa.String(9), unique=True)
    passord_hash: Mapped[str | None] = mapped_column(sa.String(200))
    aktiv: Mapped[bool] = mapped_column(default=True)
    #: Made by the demo seed: may log in in demo mode only.
    demo: Mapped[bool] = mapped_column(default=False)
    spraak: Mapped[str] = mapped_column(sa.String(5), default="nb")
    opprettet: Mapped[datetime]
    #: The authenticator's secret, encrypted (`totrinn.py`); None until the person has set one up.
    totp_hemmelighet: Mapped[str | None] = mapped_column(sa.String(300))
    #: The newest time step a code was taken for: no code counts twice.
    totp_steg: Mapped[int | None]

    medlemskap: Mapped[list[Medlemskap]] = relationship(back_populates="person")


class Medlemskap(Base):
    """A person's role at an organisation (or one unit of it) from–to. `gyldig_til` is exclusive."""

    __tablename__ = "medlemskap"
    __table_args__ = (
        sa.CheckConstraint(en_av("rolle", list(Rolle)), name="rolle"),
        sa.CheckConstraint("gyldig_til IS NULL OR gyldig_til > gyldig_fra", name="gyldighet"),
        sa.Index("ix_medlemskap_organisasjon_rolle", "organisasjon_id", "rolle"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"), index=True)
    organisasjon_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    enhet_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("enhet.id"), index=True)
    rolle: Mapped[str] = mapped_column(sa.String(30))
    gyldig_fra: Mapped[datetime]
    gyldig_til: Mapped[datetime | None]

    person: Mapped[Person] = relationship(back_populates="medlemskap")
    organisasjon: Mapped[Organisasjon] = relationship()
    enhet: Mapped[Enhet | None] = relationship()
    fag: Mapped[list[MedlemskapFagomraade]] = relationship(cascade="all, delete-orphan", lazy="selectin")

    @property
    def fagomraader(self) -> frozenset[str]:
        return frozenset(f.fagomraade for f in self.fag)


class MedlemskapFagomraade(Base):
    """A specialty (see `fagomraader.py`) that a specialist answers for."""

    __tablename__ = "medlemskap_fagomraade"

    medlemskap_id: Mapped[UUID] = mapped_column(sa.ForeignKey("medlemskap.id"), primary_key=True)
    fagomraade: Mapped[str] = mapped_column(sa.String(30), primary_key=True)


class Sesjon(Base):
    """A login. The browser holds a random token, the database its SHA-256. Ended rows stay as a trace."""

    __tablename__ = "sesjon"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"), index=True)
    #: The active membership; None when the person has none that is valid.
    medlemskap_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("medlemskap.id"))
    opprettet: Mapped[datetime]
    utloeper: Mapped[datetime]
    sist_brukt: Mapped[datetime]
    avsluttet: Mapped[datetime | None]
    nettleser: Mapped[str] = mapped_column(sa.String(200), default="")
    #: Locked by its owner, or after too long without use: opened again by the second factor or the password.
    laast: Mapped[datetime | None]
    #: The end of the shift it is used in: the absolute limit does not fall before that.
    vakt_til: Mapped[datetime | None]

    person: Mapped[Person] = relationship()
    medlemskap: Mapped[Medlemskap | None] = relationship()


class Gjenopprettingskode(Base):
    """A recovery code for who has lost the authenticator. Counts once; only its hash is kept."""

    __tablename__ = "gjenopprettingskode"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"), index=True)
    kode_hash: Mapped[str] = mapped_column(sa.String(64))
    brukt: Mapped[datetime | None]


class Lenkeformaal(StrEnum):
    INVITASJON = "invitasjon"
    PASSORD = "passord"


class Engangslenke(Base):
    """A link that counts once and for a while: an invitation, or a forgotten password. Only its hash is kept."""

    __tablename__ = "engangslenke"
    __table_args__ = (
        sa.CheckConstraint(en_av("formaal", list(Lenkeformaal)), name="formaal"),
        sa.Index("ix_engangslenke_person", "person_id", "formaal"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"))
    formaal: Mapped[str] = mapped_column(sa.String(15))
    opprettet: Mapped[datetime]
    opprettet_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    utloeper: Mapped[datetime]
    brukt: Mapped[datetime | None]
    trukket: Mapped[datetime | None]

    person: Mapped[Person] = relationship(foreign_keys=[person_id])


class Innloggingsforsoek(Base):
    """A failed login, kept for the rate limit. `konto` and `kilde` are keyed hashes, not plain text."""

    __tablename__ = "innloggingsforsoek"
    __table_args__ = (
        sa.Index("ix_innloggingsforsoek_konto", "konto", "tidspunkt"),
        sa.Index("ix_innloggingsforsoek_kilde", "kilde", "tidspunkt"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    konto: Mapped[str] = mapped_column(sa.String(64))
    kilde: Mapped[str] = mapped_column(sa.String(64))
    tidspunkt: Mapped[datetime]


class Tjenestekonto(Base):
    """An API client that acts in a membership with a Bearer token; only the token's SHA-256 is kept."""

    __tablename__ = "tjenestekonto"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    navn: Mapped[str] = mapped_column(sa.String(200))
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    medlemskap_id: Mapped[UUID] = mapped_column(sa.ForeignKey("medlemskap.id"))
    utloeper: Mapped[datetime]
    tilbakekalt: Mapped[datetime | None]

    medlemskap: Mapped[Medlemskap] = relationship()


__all__ = [
    "SYKEHUS",
    "Engangslenke",
    "Enhet",
    "EnhetKommune",
    "Enhetstype",
    "Fagtelefon",
    "Gjenopprettingskode",
    "Innloggingsforsoek",
    "Lenkeformaal",
    "Medlemskap",
    "MedlemskapFagomraade",
    "Organisasjon",
    "OrganisasjonHistorikk",
    "Organisasjonstype",
    "Person",
    "Sesjon",
    "Tjenestekonto",
    "db",
]
