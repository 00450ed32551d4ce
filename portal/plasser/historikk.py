"""What has been: every change of a bed, days added up, corrections, the need for more places, and surge plans."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.db import Base, Json, delvis, en_av_sortert
from portal.core.errors import UgyldigOvergang
from portal.identitet.models import Organisasjon, Person
from portal.plasser.forloep import VURDERINGSOVERGANGER, Innen, Tilstand, Vurderingsstatus
from portal.plasser.models import Plassenhet

#: The parts of a day that a unit's beds share (see `Plasstall`), in bed-seconds.
DELER = ("ledig", "holdt", "belagt", "rengjoeres", "stengt", "ubemannet", "ukjent")
#: All that can be added up over days and units; `normert` is the bed-seconds of normed beds, whatever their state.
SUMMER = (*DELER, "normert", "innlagt", "utskrevet", "avslag", "utloept", "liggetid")
#: An area's admissions by the hour of the day in Oslo: a column each.
TIMER = tuple(f"time_{n:02d}" for n in range(24))
#: Stands for the trust or the fylke of a kommune that has none.
UTEN = UUID(int=0)


class Plassendring(Base):
    """A bed changed: its state, its staffing, or that it is in use at all. Millions in ten years; never changed itself.

    From these and nothing else the history is made. A correction adds a row with `rettet_fra`, at the moment that it is
    about, and marks the former (`rettet`). What is told of afterwards marks what was said of the time since.
    """

    __tablename__ = "plassendring"
    __table_args__ = (
        sa.CheckConstraint(en_av_sortert("tilstand", [*Tilstand, "nedlagt"]), name="tilstand"),
        sa.Index("ix_plassendring_enhet", "plassenhet_id", "tidspunkt"),
        sa.Index("ix_plassendring_plass", "plass_id", "tidspunkt", "nr"),
    )

    plass_id: Mapped[UUID] = mapped_column(sa.ForeignKey("plass.id"), primary_key=True)
    #: Which of the bed's changes (`Plass.endringer`): the order of two at the same moment.
    nr: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    plassenhet_id: Mapped[UUID] = mapped_column(sa.ForeignKey("plassenhet.id"))
    tidspunkt: Mapped[datetime]
    #: What it is from then on; «nedlagt»: out of use for good.
    tilstand: Mapped[str] = mapped_column(sa.String(12))
    stengt_grunn: Mapped[str] = mapped_column(sa.String(12), default="")
    bemannet: Mapped[bool]
    #: Whether it is one of those that the kommune is to have: occupancy is told of them too.
    normert: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    person_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    #: What made it: «hold», «utloept», «innlagt», «utskrevet», «side», «import», «retting», «laan_inn:…» with the id of
    #: the organisation that lends or borrows; the words are in `ord.py`.
    aarsak: Mapped[str] = mapped_column(sa.String(80), default="")
    #: The change of the same bed that this one corrects; and when a row was itself corrected: it counts no more.
    rettet_fra: Mapped[int | None]
    rettet: Mapped[datetime | None]


class Plassdoegn(Base):
    """A unit's day in Oslo time, added up: bed-seconds in each state, and what happened.

    Made again after a correction, and when something is told of afterwards.
    """

    __tablename__ = "plassdoegn"
    __table_args__ = (sa.Index("ix_plassdoegn_dag", "dag"),)

    plassenhet_id: Mapped[UUID] = mapped_column(sa.ForeignKey("plassenhet.id"), primary_key=True)
    dag: Mapped[date] = mapped_column(primary_key=True)
    #: Bed-seconds of the day's 23, 24 or 25 hours; normed beds' seconds beside.
    ledig: Mapped[int] = mapped_column(sa.BigInteger)
    holdt: Mapped[int] = mapped_column(sa.BigInteger)
    belagt: Mapped[int] = mapped_column(sa.BigInteger)
    rengjoeres: Mapped[int] = mapped_column(sa.BigInteger)
    stengt: Mapped[int] = mapped_column(sa.BigInteger)
    ubemannet: Mapped[int] = mapped_column(sa.BigInteger)
    ukjent: Mapped[int] = mapped_column(sa.BigInteger)
    normert: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default=sa.text("0"))
    innlagt: Mapped[int]
    utskrevet: Mapped[int]
    avslag: Mapped[int]
    utloept: Mapped[int]
    #: How long those who left that day had stayed, in seconds, together.
    liggetid: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default=sa.text("0"))
    #: Admissions by hour of the day in Oslo: {"0": 2, "13": 1}.
    innlagt_timer: Mapped[dict[str, int]] = mapped_column(Json, default=dict)
    laget: Mapped[datetime]


class Plassmaaned(Base):
    """A unit's days of a month added up: ten years of the whole country are read from these. Made with the days."""

    __tablename__ = "plassmaaned"
    __table_args__ = (sa.Index("ix_plassmaaned_maaned", "maaned"),)

    plassenhet_id: Mapped[UUID] = mapped_column(sa.ForeignKey("plassenhet.id"), primary_key=True)
    #: Its first day.
    maaned: Mapped[date] = mapped_column(primary_key=True)
    ledig: Mapped[int] = mapped_column(sa.BigInteger)
    holdt: Mapped[int] = mapped_column(sa.BigInteger)
    belagt: Mapped[int] = mapped_column(sa.BigInteger)
    rengjoeres: Mapped[int] = mapped_column(sa.BigInteger)
    stengt: Mapped[int] = mapped_column(sa.BigInteger)
    ubemannet: Mapped[int] = mapped_column(sa.BigInteger)
    ukjent: Mapped[int] = mapped_column(sa.BigInteger)
    normert: Mapped[int] = mapped_column(sa.BigInteger)
    innlagt: Mapped[int]
    utskrevet: Mapped[int]
    avslag: Mapped[int]
    utloept: Mapped[int]
    liggetid: Mapped[int] = mapped_column(sa.BigInteger)


class Plassomraade(Base):
    """In which trust's and fylke's sums a unit's days are: those of its vertskommune when they were last made.

    Where that is another now, nobody reads those sums until the job has moved the unit's days.
    """

    __tablename__ = "plassomraade"

    plassenhet_id: Mapped[UUID] = mapped_column(sa.ForeignKey("plassenhet.id"), primary_key=True)
    #: `UTEN` where the vertskommune has none.
    foretak_id: Mapped[UUID]
    fylke_id: Mapped[UUID]


class Plassmerke(Base):
    """In these days sums of units have changed since those of the areas were made: they are read from the units' own.

    Written with the change, never changed by who changes: two that do so at once wait for nobody.
    """

    __tablename__ = "plassmerke"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    fra: Mapped[date]
    #: Its last day.
    til: Mapped[date]


class Omraadesummer:
    """Days of the units of a trust and a fylke together. Made of `Plassdoegn`, and as true as it in unmarked days."""

    foretak_id: Mapped[UUID] = mapped_column(primary_key=True)
    fylke_id: Mapped[UUID] = mapped_column(primary_key=True)
    ledig: Mapped[int] = mapped_column(sa.BigInteger)
    holdt: Mapped[int] = mapped_column(sa.BigInteger)
    belagt: Mapped[int] = mapped_column(sa.BigInteger)
    rengjoeres: Mapped[int] = mapped_column(sa.BigInteger)
    stengt: Mapped[int] = mapped_column(sa.BigInteger)
    ubemannet: Mapped[int] = mapped_column(sa.BigInteger)
    ukjent: Mapped[int] = mapped_column(sa.BigInteger)
    normert: Mapped[int] = mapped_column(sa.BigInteger)
    innlagt: Mapped[int]
    utskrevet: Mapped[int]
    avslag: Mapped[int]
    utloept: Mapped[int]
    liggetid: Mapped[int] = mapped_column(sa.BigInteger)


class Omraadedoegn(Omraadesummer, Base):
    """A day, with the admissions in each hour of it: `TIMER`."""

    __tablename__ = "omraadedoegn"
    __table_args__ = (*(sa.Column(t, sa.Integer, nullable=False) for t in TIMER),)

    dag: Mapped[date] = mapped_column(primary_key=True)


class Omraademaaned(Omraadesummer, Base):
    """A month, by its first day."""

    __tablename__ = "omraademaaned"

    maaned: Mapped[date] = mapped_column(primary_key=True)


class Plassretting(Base):
    """A correction of the last fourteen days: what stood there, what it became, who, why. The former value stays."""

    __tablename__ = "plassretting"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    plassenhet_id: Mapped[UUID] = mapped_column(sa.ForeignKey("plassenhet.id"), index=True)
    #: «opphold», «plassendring» or «avslag», and its id.
    hva: Mapped[str] = mapped_column(sa.String(20))
    hva_id: Mapped[str] = mapped_column(sa.String(40))
    foer: Mapped[dict[str, Any]] = mapped_column(Json)
    etter: Mapped[dict[str, Any]] = mapped_column(Json)
    begrunnelse: Mapped[str] = mapped_column(sa.String(500))
    rettet: Mapped[datetime]
    rettet_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))

    rettet_av: Mapped[Person | None] = relationship()


class Behovsvurdering(Base):
    """Whether a kommune needs more places, weighed together with its trust (hol § 6-2 first paragraph item 4).

    `tall` is what the registry said on the day it was filled in; both sides decide on the same text (`innhold_hash`).
    """

    __tablename__ = "behovsvurdering"
    __table_args__ = (
        sa.CheckConstraint(en_av_sortert("status", Vurderingsstatus), name="status"),
        sa.CheckConstraint("til >= fra", name="periode"),
        sa.CheckConstraint(
            "flere_plasser IS NULL OR flere_plasser BETWEEN -500 AND 500", name="flere_plasser"
        ),
        delvis(
            "uq_behovsvurdering_i_arbeid", "kommune_id", naar="status IN ('utkast', 'venter')", unique=True
        ),
        sa.Index("ix_behovsvurdering_kommune", "kommune_id", "opprettet"),
        sa.Index("ix_behovsvurdering_foretak", "foretak_id", "status"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    kommune_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    foretak_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisasjon.id"))
    status: Mapped[str] = mapped_column(sa.String(12))
    fra: Mapped[date]
    til: Mapped[date]
    tall: Mapped[dict[str, Any]] = mapped_column(Json)
    #: What the figures do not say.
    vurdering: Mapped[str] = mapped_column(sa.Text, default="")
    #: How many more places are needed; 0: none; below: fewer; None: not said yet.
    flere_plasser: Mapped[int | None]
    konklusjon: Mapped[str] = mapped_column(sa.Text, default="")
    #: What the trust can help with.
    veiledning: Mapped[str] = mapped_column(sa.Text, default="")
    personell: Mapped[str] = mapped_column(sa.Text, default="")
    utstyr: Mapped[str] = mapped_column(sa.Text, default="")
    neste: Mapped[date | None]
    innhold_hash: Mapped[str] = mapped_column(sa.String(64), default="")
    kommune_besluttet: Mapped[datetime | None]
    kommune_besluttet_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    foretak_besluttet: Mapped[datetime | None]
    foretak_besluttet_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    opprettet: Mapped[datetime]
    opprettet_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    versjon: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": versjon}  # noqa: RUF012

    kommune: Mapped[Organisasjon] = relationship(foreign_keys=[kommune_id])
    foretak: Mapped[Organisasjon] = relationship(foreign_keys=[foretak_id])
    kommune_besluttet_av: Mapped[Person | None] = relationship(foreign_keys=[kommune_besluttet_av_id])
    foretak_besluttet_av: Mapped[Person | None] = relationship(foreign_keys=[foretak_besluttet_av_id])

    def flytt_til(self, ny: Vurderingsstatus) -> None:
        """Changes the status along an edge of `VURDERINGSOVERGANGER`. Raises UgyldigOvergang."""
        if ny not in VURDERINGSOVERGANGER[Vurderingsstatus(self.status)]:
            raise UgyldigOvergang()
        self.status = ny


class Opptrapping(Base):
    """Beds that a unit can open within a day or three, and what it takes: data that a need can be made from.

    `personell`: [{"rolle", "antall", "kompetanse"}], `rom`: [{"slag", "antall", "krav"}],
    `utstyr`: [{"navn", "antall"}].
    """

    __tablename__ = "opptrapping"
    __table_args__ = (
        sa.CheckConstraint(en_av_sortert("innen_timer", Innen), name="innen_timer"),
        sa.CheckConstraint("antall BETWEEN 1 AND 500", name="antall"),
        delvis("ix_opptrapping_enhet", "plassenhet_id", naar="avviklet IS NULL"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    plassenhet_id: Mapped[UUID] = mapped_column(sa.ForeignKey("plassenhet.id"))
    innen_timer: Mapped[str] = mapped_column(sa.String(3))
    antall: Mapped[int]
    evner: Mapped[int] = mapped_column(default=0)
    personell: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    rom: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    utstyr: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    merknad: Mapped[str] = mapped_column(sa.String(1000), default="")
    endret: Mapped[datetime]
    endret_av_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    avviklet: Mapped[datetime | None]
    versjon: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": versjon}  # noqa: RUF012

    plassenhet: Mapped[Plassenhet] = relationship()
    endret_av: Mapped[Person | None] = relationship()
