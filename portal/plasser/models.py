"""Emergency beds (øyeblikkelig hjelp døgnopphold, hol § 3-5 third paragraph): units, beds, holds and stays.

A bed is one row with one state. Held ⇔ it has an active `Reservasjon`, occupied ⇔ it has an open `Opphold`: partial
unique indexes keep two from getting it, whatever the code does. Counts (`Plasstall`) are always counted from the beds,
in the transaction that changed one, with the unit's row locked first.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.clock import i_dag
from portal.core.db import Base, Json, delvis, en_av_sortert
from portal.core.errors import UgyldigOvergang
from portal.identitet.models import Enhet, Organisasjon, Person
from portal.plasser.forloep import (
    ALLE_EVNER,
    OVERGANGER,
    Aarsaksgruppe,
    Aldersgruppe,
    Avslagsgrunn,
    Frahvor,
    Holdstatus,
    Laan,
    Legedekning,
    Stengtgrunn,
    Tilhvor,
    Tilstand,
)


class Plassenhet(Base):
    """A unit with beds: what is true of it beside what `Enhet` knows (name, telephone, vertskommune).

    Its row is locked before any of its beds is changed: one change of a unit at a time.
    """

    __tablename__ = "plassenhet"
    __table_args__ = (
        sa.CheckConstraint(en_av_sortert("legedekning", Legedekning), name="legedekning"),
        sa.CheckConstraint(f"evner BETWEEN 0 AND {ALLE_EVNER}", name="evner"),
        sa.CheckConstraint("fersk_timer_lav BETWEEN 1 AND 72", name="fersk_timer_lav"),
        sa.CheckConstraint("fersk_timer_hoey BETWEEN 1 AND 72", name="fersk_timer_hoey"),
        sa.CheckConstraint("hold_minutter BETWEEN 15 AND 720", name="hold_minutter"),
        sa.Index("ix_plassenhet_stavle", "stavleversjon"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    enhet_id: Mapped[UUID] = mapped_column(sa.ForeignKey("enhet.id"), unique=True)
    #: The same as `Enhet.organisasjon_id`; here for the board, and the lock order.
    vertskommune_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"), index=True)
    adresse: Mapped[str] = mapped_column(sa.String(300), default="")
    legedekning: Mapped[str] = mapped_column(sa.String(12))
    #: What every bed of it can take (sum of `Evne`).
    evner: Mapped[int] = mapped_column(default=0)
    #: Inclusion criteria as Markdown.
    kriterier: Mapped[str] = mapped_column(sa.Text, default="")
    fersk_timer_lav: Mapped[int]
    fersk_timer_hoey: Mapped[int]
    hold_minutter: Mapped[int]
    #: When and by whom the whole unit's figures were last said to be true: a change, or «ingen endring». None: never.
    bekreftet: Mapped[datetime | None]
    bekreftet_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    #: For which confirmation its people have been reminded that it is stale.
    purret: Mapped[datetime | None]
    opprettet: Mapped[datetime]
    nedlagt: Mapped[datetime | None]
    #: The board's version (`Plasstavle`) at its last change: what a browser at an older one lacks.
    stavleversjon: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    #: Grows with each change of its description, not of its beds.
    versjon: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": versjon}  # noqa: RUF012

    enhet: Mapped[Enhet] = relationship()
    vertskommune: Mapped[Organisasjon] = relationship()
    bekreftet_av: Mapped[Person | None] = relationship()
    medlemmer: Mapped[list[Plassmedlem]] = relationship(back_populates="plassenhet")
    plasser: Mapped[list[Plass]] = relationship(back_populates="plassenhet", order_by="Plass.rekkefoelge")


class Plassmedlem(Base):
    """A kommune that may use the unit's beds, the host too: with how many, in [fra, til)."""

    __tablename__ = "plassmedlem"
    __table_args__ = (
        sa.CheckConstraint("kvote >= 0", name="kvote"),
        sa.CheckConstraint("til IS NULL OR til >= fra", name="varighet"),
        delvis("uq_plassmedlem_en", "plassenhet_id", "kommune_id", naar="til IS NULL", unique=True),
        sa.Index("ix_plassmedlem_kommune", "kommune_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    plassenhet_id: Mapped[UUID] = mapped_column(sa.ForeignKey("plassenhet.id"))
    kommune_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    #: How many of the unit's beds are the kommune's. 0: it may use what others leave, by the host's word each time.
    kvote: Mapped[int]
    fra: Mapped[date]
    til: Mapped[date | None]
    versjon: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": versjon}  # noqa: RUF012

    @classmethod
    def i_dag(cls) -> sa.ColumnElement[bool]:
        """Those of today: one that begins tomorrow is none yet, one that ends today is none any more."""
        dag = i_dag()
        return sa.and_(cls.fra <= dag, sa.or_(cls.til.is_(None), cls.til > dag))

    plassenhet: Mapped[Plassenhet] = relationship(back_populates="medlemmer")
    kommune: Mapped[Organisasjon] = relationship()


class Plass(Base):
    """One bed. Operable: staffed and not closed. Free: `ledig`, and staffed."""

    __tablename__ = "plass"
    __table_args__ = (
        sa.CheckConstraint(en_av_sortert("tilstand", Tilstand), name="tilstand"),
        sa.CheckConstraint(
            f"(tilstand = 'stengt') = (stengt_grunn <> '') "
            f"AND (stengt_grunn = '' OR {en_av_sortert('stengt_grunn', Stengtgrunn)})",
            name="stengt_grunn",
        ),
        sa.CheckConstraint(f"evner BETWEEN 0 AND {ALLE_EVNER}", name="evner"),
        sa.CheckConstraint("tilstand <> 'holdt' OR bemannet", name="holdt_bemannet"),
        #: Staff that has come from elsewhere is here, staff that has gone elsewhere is not.
        sa.CheckConstraint(
            f"(laan = '') = (laan_referanse = '') AND (laan = '') = (laan_til IS NULL) "
            f"AND (laan = '' OR {en_av_sortert('laan', Laan)}) AND (laan = '' OR bemannet = (laan = 'inn'))",
            name="laan",
        ),
        sa.CheckConstraint("laan_slutt IS NULL OR (laan = 'inn' AND tilstand = 'holdt')", name="laan_slutt"),
        delvis("uq_plass_navn", "plassenhet_id", "navn", naar="nedlagt IS NULL", unique=True),
        delvis("ix_plass_i_bruk", "plassenhet_id", "tilstand", naar="nedlagt IS NULL"),
        delvis("ix_plass_laan", "laan_referanse", naar="laan <> ''"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    plassenhet_id: Mapped[UUID] = mapped_column(sa.ForeignKey("plassenhet.id"))
    #: «Rom 3», «Seng 2B».
    navn: Mapped[str] = mapped_column(sa.String(60))
    rekkefoelge: Mapped[int]
    #: One of those that the kommune is to have (hol § 3-5), not one opened for a time.
    normert: Mapped[bool]
    bemannet: Mapped[bool]
    #: What this bed can take beside what the whole unit can.
    evner: Mapped[int] = mapped_column(default=0)
    tilstand: Mapped[str] = mapped_column(sa.String(12))
    stengt_grunn: Mapped[str] = mapped_column(sa.String(12), default="")
    #: `Laan`: staffed by borrowed people, or without staff since its own are lent. Empty: neither.
    laan: Mapped[str] = mapped_column(sa.String(3), default="")
    #: From whom, or to whom, and until when it is agreed.
    laan_organisasjon_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("organisasjon.id"))
    laan_til: Mapped[datetime | None]
    #: What the loan is, as a higher room calls it («omdisponering:…»); opaque here.
    laan_referanse: Mapped[str] = mapped_column(sa.String(80), default="")
    #: The loan has ended, but somebody is on the way to the bed: its staff goes when the hold has ended (`steps.sett`).
    laan_slutt: Mapped[datetime | None]
    #: Who set this state, when.
    endret: Mapped[datetime]
    endret_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    opprettet: Mapped[datetime]
    nedlagt: Mapped[datetime | None]
    #: How many rows of history it has (`Plassendring.nr`).
    endringer: Mapped[int] = mapped_column(default=0)
    versjon: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": versjon}  # noqa: RUF012

    plassenhet: Mapped[Plassenhet] = relationship(back_populates="plasser")
    endret_av: Mapped[Person | None] = relationship()
    laan_organisasjon: Mapped[Organisasjon | None] = relationship()

    def flytt_til(self, ny: Tilstand, grunn: str = "") -> None:
        """Changes the state along an edge of `OVERGANGER`. Raises UgyldigOvergang."""
        if ny not in OVERGANGER[Tilstand(self.tilstand)]:
            raise UgyldigOvergang()
        self.tilstand = ny
        self.stengt_grunn = grunn

    def gi_tilbake(self) -> None:
        """The staff is where it was before the loan."""
        self.bemannet = self.laan == Laan.UT
        self.laan, self.laan_referanse = "", ""
        self.laan_organisasjon_id = self.laan_til = self.laan_slutt = None


class Reservasjon(Base):
    """A hold of a bed for somebody who is on the way. Ends by itself at `utloeper`, whether the worker runs or not."""

    __tablename__ = "reservasjon"
    __table_args__ = (
        sa.CheckConstraint(en_av_sortert("status", Holdstatus), name="status"),
        sa.CheckConstraint("(status = 'aktiv') = (avsluttet IS NULL)", name="avsluttet"),
        sa.CheckConstraint("utloeper > opprettet", name="varighet"),
        #: Two can never hold one bed.
        delvis("uq_reservasjon_en", "plass_id", naar="status = 'aktiv'", unique=True),
        delvis("ix_reservasjon_forfaller", "utloeper", naar="status = 'aktiv'"),
        delvis("ix_reservasjon_enhet", "plassenhet_id", naar="status = 'aktiv'"),
        delvis("ix_reservasjon_utloept", "plassenhet_id", "avsluttet", naar="status = 'utloept'"),
        sa.Index("ix_reservasjon_referanse", "referanse"),
        sa.UniqueConstraint("organisasjon_id", "klient_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    #: The browser's own name for the click: a resend gives the same hold.
    klient_id: Mapped[UUID]
    plass_id: Mapped[UUID] = mapped_column(sa.ForeignKey("plass.id"))
    plassenhet_id: Mapped[UUID] = mapped_column(sa.ForeignKey("plassenhet.id"))
    #: Whose inhabitant comes: against its quota.
    kommune_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    #: Who holds it.
    organisasjon_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    person_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    #: What it is held for, as a higher room calls it («henvendelse:…»); opaque here. Empty: from the unit's own page.
    referanse: Mapped[str] = mapped_column(sa.String(80), default="")
    #: The case number as people say it, for the unit and the one who holds; never on the board.
    saksnummer: Mapped[str] = mapped_column(sa.String(20), default="")
    #: What was asked for (sum of `Evne`).
    evner: Mapped[int] = mapped_column(default=0)
    #: A short word to the unit, about no identity: «Kommer med ambulanse ca. 21».
    merknad: Mapped[str] = mapped_column(sa.String(300), default="")
    status: Mapped[str] = mapped_column(sa.String(10))
    opprettet: Mapped[datetime]
    utloeper: Mapped[datetime]
    #: Extended once, and no more.
    forlenget: Mapped[datetime | None]
    avsluttet: Mapped[datetime | None]
    avsluttet_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    versjon: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": versjon}  # noqa: RUF012

    plass: Mapped[Plass] = relationship()
    plassenhet: Mapped[Plassenhet] = relationship()
    kommune: Mapped[Organisasjon] = relationship(foreign_keys=[kommune_id])
    organisasjon: Mapped[Organisasjon] = relationship(foreign_keys=[organisasjon_id])
    person: Mapped[Person | None] = relationship(foreign_keys=[person_id])


#: Not with a parameter: the indexes of the active ones are chosen by the words of the condition.
HOLDES = sa.text("reservasjon.status = 'aktiv'")


class Opphold(Base):
    """A stay, from admission to discharge. No identity; what nobody has said is None, never a guess."""

    __tablename__ = "opphold"
    __table_args__ = (
        sa.CheckConstraint("ut IS NULL OR ut >= inn", name="varighet"),
        sa.CheckConstraint(
            "planlagt_timer IS NULL OR planlagt_timer BETWEEN 1 AND 720", name="planlagt_timer"
        ),
        sa.CheckConstraint(f"fra_hvor IS NULL OR {en_av_sortert('fra_hvor', Frahvor)}", name="fra_hvor"),
        sa.CheckConstraint(
            f"aldersgruppe IS NULL OR {en_av_sortert('aldersgruppe', Aldersgruppe)}", name="aldersgruppe"
        ),
        sa.CheckConstraint(
            f"aarsaksgruppe IS NULL OR {en_av_sortert('aarsaksgruppe', Aarsaksgruppe)}", name="aarsaksgruppe"
        ),
        sa.CheckConstraint(f"til_hvor IS NULL OR {en_av_sortert('til_hvor', Tilhvor)}", name="til_hvor"),
        sa.CheckConstraint("til_hvor IS NULL OR ut IS NOT NULL", name="til_hvor_ut"),
        #: Two can never lie in one bed.
        delvis("uq_opphold_ett", "plass_id", naar="ut IS NULL", unique=True),
        sa.Index("ix_opphold_enhet", "plassenhet_id", "inn"),
        sa.Index("ix_opphold_kommune", "kommune_id", "inn"),
        delvis("ix_opphold_aapent", "plassenhet_id", naar="ut IS NULL"),
        #: Who left on a day.
        delvis("ix_opphold_ut", "plassenhet_id", "ut", naar="ut IS NOT NULL"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    plass_id: Mapped[UUID] = mapped_column(sa.ForeignKey("plass.id"))
    plassenhet_id: Mapped[UUID] = mapped_column(sa.ForeignKey("plassenhet.id"))
    #: Whose inhabitant: against its quota, and in its report.
    kommune_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    reservasjon_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("reservasjon.id"), index=True)
    inn: Mapped[datetime]
    ut: Mapped[datetime | None]
    planlagt_timer: Mapped[int | None]
    fra_hvor: Mapped[str | None] = mapped_column(sa.String(14))
    aldersgruppe: Mapped[str | None] = mapped_column(sa.String(6))
    aarsaksgruppe: Mapped[str | None] = mapped_column(sa.String(14))
    til_hvor: Mapped[str | None] = mapped_column(sa.String(16))
    registrert: Mapped[datetime]
    registrert_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    versjon: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": versjon}  # noqa: RUF012

    plass: Mapped[Plass] = relationship()
    plassenhet: Mapped[Plassenhet] = relationship()
    kommune: Mapped[Organisasjon] = relationship()


class Avslag(Base):
    """Somebody who did not get a bed, and why: what the need for more places is judged by."""

    __tablename__ = "plassavslag"
    __table_args__ = (
        sa.CheckConstraint(en_av_sortert("grunn", Avslagsgrunn), name="grunn"),
        sa.Index("ix_plassavslag_enhet", "plassenhet_id", "tidspunkt"),
        sa.Index("ix_plassavslag_kommune", "kommune_id", "tidspunkt"),
        #: One click is counted once, however often it is sent; at another unit it is another request.
        delvis(
            "uq_plassavslag_klient",
            "plassenhet_id",
            "kommune_id",
            "klient_id",
            naar="klient_id IS NOT NULL",
            unique=True,
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    plassenhet_id: Mapped[UUID] = mapped_column(sa.ForeignKey("plassenhet.id"))
    kommune_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    reservasjon_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("reservasjon.id"))
    #: The browser's own name for the click that came to nothing; None for a hold that the unit refused.
    klient_id: Mapped[UUID | None]
    grunn: Mapped[str] = mapped_column(sa.String(12))
    merknad: Mapped[str] = mapped_column(sa.String(300), default="")
    tidspunkt: Mapped[datetime]
    registrert_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))


class Plasstall(Base):
    """What a unit's beds add up to now: for the board alone, and always as the beds say (`steps.tell`).

    The columns from `ledig` to `ukjent` share the beds in use between them: each bed is in exactly one.
    """

    __tablename__ = "plasstall"
    __table_args__ = (
        sa.CheckConstraint(
            "antall = ledig + holdt + belagt + rengjoeres + stengt + ubemannet + ukjent", name="antall"
        ),
    )

    plassenhet_id: Mapped[UUID] = mapped_column(sa.ForeignKey("plassenhet.id"), primary_key=True)
    antall: Mapped[int] = mapped_column(default=0)
    normert: Mapped[int] = mapped_column(default=0)
    bemannet: Mapped[int] = mapped_column(default=0)
    #: Free and staffed: what somebody can be given.
    ledig: Mapped[int] = mapped_column(default=0)
    holdt: Mapped[int] = mapped_column(default=0)
    belagt: Mapped[int] = mapped_column(default=0)
    rengjoeres: Mapped[int] = mapped_column(default=0)
    stengt: Mapped[int] = mapped_column(default=0)
    #: Empty and not closed, with nobody to staff it.
    ubemannet: Mapped[int] = mapped_column(default=0)
    ukjent: Mapped[int] = mapped_column(default=0)
    #: Of all of these: staffed by borrowed people, and without staff since its own are lent.
    laant_inn: Mapped[int] = mapped_column(default=0)
    laant_ut: Mapped[int] = mapped_column(default=0)
    #: {sum of `Evne` as text: how many free beds can take just that}: for «ledig plass med …».
    ledige_evner: Mapped[dict[str, int]] = mapped_column(Json, default=dict)
    endret: Mapped[datetime]
    endret_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))


class Plasstavle(Base):
    """One row: the version of the national board. It grows by one in the last step of each change."""

    __tablename__ = "plasstavle"
    __table_args__ = (sa.CheckConstraint("id = 1", name="en"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    versjon: Mapped[int] = mapped_column(sa.BigInteger)
