"""What can be lent: people and premises that organisations register, when they cannot, and how few must be left.

Of a person only what a reallocation needs. That somebody is exempt from being ordered is recorded, never why; that
somebody is away, never why. A person outside the service is here by own consent alone, and is erased on request.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.db import Base, delvis, en_av, en_av_sortert
from portal.identitet.models import Enhet, Organisasjon, Person
from portal.omdisponering.forloep import (
    ALL_KOMPETANSE,
    ALLE_LOKALKRAV,
    Lokaleslag,
    Samtykke,
    Stilling,
)


class Ressursperson(Base):
    """Somebody who can be lent, or (with `samtykke`) recruited from outside the service.

    An erased person (`slettet`) keeps the row that reallocations point to, without name, number or address.
    """

    __tablename__ = "ressursperson"
    __table_args__ = (
        sa.CheckConstraint(en_av_sortert("stilling", Stilling), name="stilling"),
        sa.CheckConstraint(f"kompetanse BETWEEN 0 AND {ALL_KOMPETANSE}", name="kompetanse"),
        sa.CheckConstraint("prosent BETWEEN 1 AND 100", name="prosent"),
        sa.CheckConstraint("reise_km IS NULL OR reise_km BETWEEN 0 AND 3000", name="reise_km"),
        sa.CheckConstraint("(hpr_slaatt_opp IS NULL) OR (hpr <> '')", name="hpr_slaatt_opp"),
        sa.CheckConstraint(en_av("samtykke", list(Samtykke), tom=True), name="samtykke"),
        sa.CheckConstraint(
            "slettet IS NULL OR (navn = '' AND hpr = '' AND telefon = '' AND epost = '' AND person_id IS NULL)",
            name="slettet",
        ),
        delvis("ix_ressursperson_organisasjon", "organisasjon_id", "stilling", naar="slettet IS NULL"),
        delvis("ix_ressursperson_person", "person_id", naar="person_id IS NOT NULL"),
        delvis("uq_ressursperson_hpr", "organisasjon_id", "hpr", naar="hpr <> ''", unique=True),
        sa.Index("uq_ressursperson_noekkel", "noekkel_hash", unique=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    #: Who lends, or who keeps the register of those outside the service.
    organisasjon_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    enhet_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("enhet.id"))
    #: The portal's user, who then sees the own assignments.
    person_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    navn: Mapped[str] = mapped_column(sa.String(200))
    stilling: Mapped[str] = mapped_column(sa.String(20))
    kompetanse: Mapped[int] = mapped_column(default=0)
    #: The number in Helsepersonellregisteret, seven to nine digits; empty: not known.
    hpr: Mapped[str] = mapped_column(sa.String(9), default="")
    #: When somebody looked the authorisation up there, and found it valid.
    hpr_slaatt_opp: Mapped[date | None]
    hpr_slaatt_opp_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    #: How much of a post can be lent, at most.
    prosent: Mapped[int] = mapped_column(default=100)
    #: Where distances are from.
    sted_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    #: How far the person travels; None: anywhere.
    reise_km: Mapped[int | None]
    telefon: Mapped[str] = mapped_column(sa.String(30), default="")
    epost: Mapped[str] = mapped_column(sa.String(254), default="")
    #: None: nobody has said.
    vaksinert: Mapped[bool | None]
    #: When the training in smittevern was taken last.
    smittevern: Mapped[date | None]
    #: The law exempts from being ordered (helseberedskapsloven § 4-1). Never why.
    fritatt: Mapped[bool] = mapped_column(default=False)
    #: Outside the service: in the register by own consent. None: one of the organisation's own.
    samtykke: Mapped[str | None] = mapped_column(sa.String(10))
    samtykket: Mapped[datetime | None]
    #: SHA-256 of the key in the link that the person confirms, changes and erases by.
    noekkel_hash: Mapped[str | None] = mapped_column(sa.String(64))
    noekkel_utloeper: Mapped[datetime | None]
    opprettet: Mapped[datetime]
    opprettet_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    slettet: Mapped[datetime | None]
    versjon: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": versjon}  # noqa: RUF012

    organisasjon: Mapped[Organisasjon] = relationship(foreign_keys=[organisasjon_id])
    enhet: Mapped[Enhet | None] = relationship()
    sted: Mapped[Organisasjon] = relationship(foreign_keys=[sted_id])
    person: Mapped[Person | None] = relationship(foreign_keys=[person_id])
    hpr_slaatt_opp_av: Mapped[Person | None] = relationship(foreign_keys=[hpr_slaatt_opp_av_id])

    @property
    def kan_brukes(self) -> bool:
        """Not erased, and of those outside the service only who has said yes."""
        return self.slettet is None and self.samtykke in (None, Samtykke.GITT)

    @staticmethod
    def som_kan_brukes() -> sa.ColumnElement[bool]:
        """`kan_brukes`, of rows."""
        return sa.and_(
            Ressursperson.slettet.is_(None),
            sa.or_(Ressursperson.samtykke.is_(None), Ressursperson.samtykke == Samtykke.GITT),
        )


class Lokale(Base):
    """Premises that can be lent: with so many beds, or so many square metres."""

    __tablename__ = "lokale"
    __table_args__ = (
        sa.CheckConstraint(en_av_sortert("slag", Lokaleslag), name="slag"),
        sa.CheckConstraint(f"krav BETWEEN 0 AND {ALLE_LOKALKRAV}", name="krav"),
        sa.CheckConstraint("plasser IS NULL OR plasser BETWEEN 0 AND 1000", name="plasser"),
        sa.CheckConstraint("kvm IS NULL OR kvm BETWEEN 1 AND 100000", name="kvm"),
        delvis("uq_lokale_navn", "organisasjon_id", "navn", naar="nedlagt IS NULL", unique=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    organisasjon_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    enhet_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("enhet.id"))
    navn: Mapped[str] = mapped_column(sa.String(200))
    slag: Mapped[str] = mapped_column(sa.String(20))
    adresse: Mapped[str] = mapped_column(sa.String(300), default="")
    sted_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    plasser: Mapped[int | None]
    kvm: Mapped[int | None]
    #: What they have: sum of `Lokalkrav`.
    krav: Mapped[int] = mapped_column(default=0)
    merknad: Mapped[str] = mapped_column(sa.String(500), default="")
    opprettet: Mapped[datetime]
    opprettet_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    nedlagt: Mapped[datetime | None]
    versjon: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": versjon}  # noqa: RUF012

    organisasjon: Mapped[Organisasjon] = relationship(foreign_keys=[organisasjon_id])
    enhet: Mapped[Enhet | None] = relationship()
    sted: Mapped[Organisasjon] = relationship(foreign_keys=[sted_id])


class Ressursfravaer(Base):
    """A person or a room cannot be lent in [fra, til). Never why."""

    __tablename__ = "ressursfravaer"
    __table_args__ = (
        sa.CheckConstraint("til > fra", name="varighet"),
        sa.CheckConstraint("(ressursperson_id IS NULL) <> (lokale_id IS NULL)", name="hva"),
        delvis("ix_ressursfravaer_person", "ressursperson_id", "til", naar="ressursperson_id IS NOT NULL"),
        delvis("ix_ressursfravaer_lokale", "lokale_id", "til", naar="lokale_id IS NOT NULL"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    ressursperson_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("ressursperson.id"))
    lokale_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("lokale.id"))
    fra: Mapped[datetime]
    til: Mapped[datetime]
    opprettet: Mapped[datetime]
    opprettet_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))


class Bemanningsgulv(Base):
    """How many of a profession a unit has, and below how many it may not fall. `plasser_per`: the ØHD beds that one
    of them staffs, where the unit has any."""

    __tablename__ = "bemanningsgulv"
    __table_args__ = (
        sa.CheckConstraint(en_av_sortert("stilling", Stilling), name="stilling"),
        sa.CheckConstraint("antall BETWEEN 0 AND 1000 AND gulv BETWEEN 0 AND antall", name="antall"),
        sa.CheckConstraint("plasser_per IS NULL OR plasser_per BETWEEN 0 AND 20", name="plasser_per"),
        sa.UniqueConstraint("enhet_id", "stilling"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    organisasjon_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"), index=True)
    enhet_id: Mapped[UUID] = mapped_column(sa.ForeignKey("enhet.id"))
    stilling: Mapped[str] = mapped_column(sa.String(20))
    antall: Mapped[int]
    gulv: Mapped[int]
    plasser_per: Mapped[float | None]
    endret: Mapped[datetime]
    endret_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    versjon: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": versjon}  # noqa: RUF012

    enhet: Mapped[Enhet] = relationship()


class Vedtak(Base):
    """A decision under helseberedskapsloven by which people can be ordered, on the days [fra, til]."""

    __tablename__ = "beordringsvedtak"
    __table_args__ = (
        sa.CheckConstraint("til >= fra", name="varighet"),
        sa.Index("ix_beordringsvedtak_organisasjon", "organisasjon_id", "til"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    organisasjon_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    #: «helseberedskapsloven § 4-1».
    hjemmel: Mapped[str] = mapped_column(sa.String(200))
    #: «Kriseledelsen», «Helse- og omsorgsdepartementet».
    besluttet_av: Mapped[str] = mapped_column(sa.String(200))
    vedtatt: Mapped[date]
    referanse: Mapped[str] = mapped_column(sa.String(100))
    omfang: Mapped[str] = mapped_column(sa.Text, default="")
    fra: Mapped[date]
    til: Mapped[date]
    registrert: Mapped[datetime]
    registrert_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    opphevet: Mapped[datetime | None]
    opphevet_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    versjon: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": versjon}  # noqa: RUF012

    organisasjon: Mapped[Organisasjon] = relationship()
    registrert_av: Mapped[Person | None] = relationship(foreign_keys=[registrert_av_id])

    def gjelder(self, dag: date) -> bool:
        """Whether people can be ordered by it on a day."""
        return self.opphevet is None and self.fra <= dag <= self.til
