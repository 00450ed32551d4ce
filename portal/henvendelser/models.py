"""An advisory request (henvendelse): its state, its log, its people, and the table of lawful moves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, cast
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.clock import now
from portal.core.db import Base, Json
from portal.core.errors import UgyldigOvergang
from portal.henvendelser import news2
from portal.identitet.models import Enhet, Medlemskap, Organisasjon, Person


class Status(StrEnum):
    NY = "ny"
    AKSEPTERT = "akseptert"
    BESVART = "besvart"
    LUKKET = "lukket"
    TRUKKET = "trukket"


class Hastegrad(StrEnum):
    AKUTT = "akutt"
    HASTER = "haster"
    VANLIG = "vanlig"


class Aldersgruppe(StrEnum):
    """The patient's age, only as a band (cut at 16, 18, 67 and 80): an exact age can point to a person."""

    UNDER_16 = "under_16"
    AAR_16_17 = "16_17"
    AAR_18_66 = "18_66"
    AAR_67_79 = "67_79"
    OVER_80 = "80_pluss"


class Kjoenn(StrEnum):
    KVINNE = "kvinne"
    MANN = "mann"
    UKJENT = "ukjent"


class Oppholdssted(StrEnum):
    HJEM = "hjem"
    OMSORGSBOLIG = "omsorgsbolig"
    SYKEHJEM = "sykehjem"
    OEHD = "oehd"
    LEGEVAKT = "legevakt"


class Plan(StrEnum):
    """«Hva ville du gjort nå uten råd?» – the baseline. Without it nobody can say what the advice changed."""

    LEGGE_INN = "legge_inn"
    OEHD_PLASS = "oehd_plass"
    BEHANDLE_HER = "behandle_her"
    POLIKLINIKK = "poliklinikk"
    VET_IKKE = "vet_ikke"


class Raad(StrEnum):
    """The structured advice of the responsible specialist."""

    BEHANDLES_I_KOMMUNEN = "behandles_i_kommunen"
    OEHD_PLASS = "oehd_plass"
    INNLEGGELSE = "innleggelse"
    POLIKLINIKK = "poliklinikk"
    MER_INFORMASJON = "mer_informasjon"


class Utfall(StrEnum):
    """What was done, said at closing."""

    BEHANDLES_I_KOMMUNEN = "behandles_i_kommunen"
    OEHD_PLASS = "oehd_plass"
    INNLAGT = "innlagt"
    POLIKLINIKK = "poliklinikk"
    DOED = "doed"
    ANNET = "annet"


class Svar(StrEnum):
    JA = "ja"
    DELVIS = "delvis"
    NEI = "nei"


class Side(StrEnum):
    INNMELDER = "innmelder"
    MOTTAKER = "mottaker"
    SYSTEM = "system"


class Hendelsestype(StrEnum):
    """The kinds of rows in the log of a case."""

    SENDT = "sendt"
    MELDING = "melding"
    OPPDATERT = "oppdatert"
    MAALING = "maaling"
    AKSEPTERT = "akseptert"
    GITT_TILBAKE = "gitt_tilbake"
    VIDERESENDT = "videresendt"
    BESVART = "besvart"
    TRENGER_MER = "trenger_mer"
    LUKKET = "lukket"
    TIDEN_UTE = "tiden_ute"
    TRUKKET = "trukket"
    GJENAAPNET = "gjenaapnet"


class Handling(StrEnum):
    """What somebody wants to do with a case. `SE` and `SKRIVE` change no status."""

    SE = "se"
    SKRIVE = "skriv"
    OPPDATERE = "oppdater"
    AKSEPTERE = "aksepter"
    GI_TILBAKE = "gi_tilbake"
    VIDERESENDE = "videresend"
    BESVARE = "besvar"
    BE_OM_MER = "trenger_mer"
    LUKKE = "lukk"
    LUKKE_SOM_ANSVARLIG = "lukk_som_ansvarlig"
    TIDEN_ER_UTE = "tiden_er_ute"
    TREKKE = "trekk"
    GJENAAPNE = "gjenaapne"


class Hvem(StrEnum):
    """Who may take an edge, judged by `access.py` on fresh rows."""

    SPESIALIST = "spesialist"  # on call: a specialist of the fagområde at the receiver
    SPESIALIST_ELLER_VAKTLEDER = (
        "spesialist_eller_vaktleder"  # or the receiver's vaktleder, when none takes it
    )
    ANSVARLIG = "ansvarlig"  # the one who accepted
    ANSVARLIG_ELLER_VAKTLEDER = (
        "ansvarlig_eller_vaktleder"  # or the receiver's vaktleder, for one who is gone
    )
    INNMELDERSIDEN = "innmeldersiden"  # the requester, or a clinician of the requester's unit
    BEGGE = "begge"  # the requester's side, or the receiver's specialists


@dataclass(frozen=True, slots=True)
class Overgang:
    """One lawful edge: from, to, who may take it, and what it writes to the log."""

    handling: Handling
    fra: Status
    til: Status
    hvem: Hvem
    logger: Hendelsestype


_O = Overgang
#: The whole life of a case. What is not here cannot be done.
OVERGANGER: tuple[Overgang, ...] = (
    _O(Handling.AKSEPTERE, Status.NY, Status.AKSEPTERT, Hvem.SPESIALIST, Hendelsestype.AKSEPTERT),
    _O(
        Handling.VIDERESENDE, Status.NY, Status.NY, Hvem.SPESIALIST_ELLER_VAKTLEDER, Hendelsestype.VIDERESENDT
    ),
    _O(
        Handling.VIDERESENDE,
        Status.AKSEPTERT,
        Status.NY,
        Hvem.ANSVARLIG_ELLER_VAKTLEDER,
        Hendelsestype.VIDERESENDT,
    ),
    _O(
        Handling.GI_TILBAKE,
        Status.AKSEPTERT,
        Status.NY,
        Hvem.ANSVARLIG_ELLER_VAKTLEDER,
        Hendelsestype.GITT_TILBAKE,
    ),
    _O(Handling.BESVARE, Status.AKSEPTERT, Status.BESVART, Hvem.ANSVARLIG, Hendelsestype.BESVART),
    _O(Handling.BE_OM_MER, Status.BESVART, Status.AKSEPTERT, Hvem.INNMELDERSIDEN, Hendelsestype.TRENGER_MER),
    _O(Handling.LUKKE, Status.BESVART, Status.LUKKET, Hvem.INNMELDERSIDEN, Hendelsestype.LUKKET),
    _O(Handling.LUKKE_SOM_ANSVARLIG, Status.BESVART, Status.LUKKET, Hvem.ANSVARLIG, Hendelsestype.LUKKET),
    _O(Handling.TIDEN_ER_UTE, Status.NY, Status.LUKKET, Hvem.INNMELDERSIDEN, Hendelsestype.TIDEN_UTE),
    _O(Handling.TIDEN_ER_UTE, Status.AKSEPTERT, Status.LUKKET, Hvem.INNMELDERSIDEN, Hendelsestype.TIDEN_UTE),
    _O(Handling.TREKKE, Status.NY, Status.TRUKKET, Hvem.INNMELDERSIDEN, Hendelsestype.TRUKKET),
    _O(Handling.TREKKE, Status.AKSEPTERT, Status.TRUKKET, Hvem.INNMELDERSIDEN, Hendelsestype.TRUKKET),
    _O(Handling.GJENAAPNE, Status.LUKKET, Status.AKSEPTERT, Hvem.BEGGE, Hendelsestype.GJENAAPNET),
)

#: In these the conversation is open.
AAPNE = frozenset({Status.NY, Status.AKSEPTERT, Status.BESVART})

#: From sent to accepted, and from accepted to answered. Akutt, haster, vanlig.
FRIST_AKSEPT = {
    Hastegrad.AKUTT: timedelta(minutes=5),
    Hastegrad.HASTER: timedelta(minutes=30),
    Hastegrad.VANLIG: timedelta(hours=4),
}
FRIST_SVAR = {
    Hastegrad.AKUTT: timedelta(minutes=15),
    Hastegrad.HASTER: timedelta(hours=2),
    Hastegrad.VANLIG: timedelta(hours=24),
}
#: The responsible may close what the requester leaves open.
ANSVARLIG_KAN_LUKKE_ETTER = timedelta(hours=24)
GJENAAPNES_INNEN = timedelta(hours=72)


def overgang(handling: Handling, fra: str) -> Overgang:
    """The edge for an act from a status. Raises UgyldigOvergang where the table has none."""
    for o in OVERGANGER:
        if o.handling == handling and o.fra == fra:
            return o
    raise UgyldigOvergang(status=fra, handling=handling)


def _en_av(kolonne: str, verdier: Any, *, tom: bool = False) -> str:
    liste = ", ".join(repr(str(v)) for v in verdier)
    return f"{kolonne} IN ({liste})" if not tom else f"{kolonne} IS NULL OR {kolonne} IN ({liste})"


class Henvendelse(Base):
    """A case: who asks whom about what, how urgent, and where it stands. No clinical text is here."""

    __tablename__ = "henvendelse"
    __table_args__ = (
        sa.CheckConstraint(_en_av("status", Status), name="status"),
        sa.CheckConstraint(_en_av("hastegrad", Hastegrad), name="hastegrad"),
        sa.CheckConstraint(_en_av("plan_uten_raad", Plan), name="plan_uten_raad"),
        sa.CheckConstraint(_en_av("raad", Raad, tom=True), name="raad"),
        sa.CheckConstraint(_en_av("utfall", Utfall, tom=True), name="utfall"),
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
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    #: Spoken over the telephone as match code: «26-000417».
    saksnummer: Mapped[str] = mapped_column(sa.String(12), unique=True)
    #: The client's UUID for the sending: a resend gives the same case.
    klient_id: Mapped[UUID]
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
    def unngaatt(self) -> str:
        """«Innleggelse unngått», computed and never typed.

        `forventet`: would have been admitted without advice, and was not. `nei`: admitted all the same.
        `utelatt`: the baseline is «vet ikke», or the admission was not the plan. `aapen`: not closed yet.
        """
        if self.status != Status.LUKKET:
            return "aapen"
        if self.plan_uten_raad != Plan.LEGGE_INN or self.utfall in (Utfall.DOED, Utfall.ANNET):
            return "utelatt"
        return "nei" if self.utfall == Utfall.INNLAGT else "forventet"


class Opplysninger(Base):
    """The clinical part (ISBAR). Apart from the case, with a version of its own: a move never makes the
    requester's form stale, and lists for those without need to know never touch it."""

    __tablename__ = "opplysninger"
    __table_args__ = (
        sa.CheckConstraint(_en_av("aldersgruppe", Aldersgruppe, tom=True), name="aldersgruppe"),
        sa.CheckConstraint(_en_av("kjoenn", Kjoenn), name="kjoenn"),
        sa.CheckConstraint(_en_av("oppholdssted", Oppholdssted, tom=True), name="oppholdssted"),
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
        sa.CheckConstraint(_en_av("type", Hendelsestype), name="type"),
        sa.CheckConstraint(_en_av("side", Side), name="side"),
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
        sa.CheckConstraint(_en_av("side", Side), name="side"),
        sa.Index("ix_deltaker_medlemskap", "medlemskap_id", "til"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    henvendelse_id: Mapped[UUID] = mapped_column(sa.ForeignKey("henvendelse.id"))
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"))
    medlemskap_id: Mapped[UUID] = mapped_column(sa.ForeignKey("medlemskap.id"))
    side: Mapped[str] = mapped_column(sa.String(10))
    fra: Mapped[datetime]
    til: Mapped[datetime | None]

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
