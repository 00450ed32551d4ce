"""Builders: each makes one thing that a test needs, with sensible values for all that it does not name.

They write real rows in real transactions. A case is moved through its use cases, never set to a status.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.henvendelser.models import Henvendelse, Status
from portal.henvendelser.service import flyt, innsending
from portal.identitet.models import Enhet, Medlemskap, MedlemskapFagomraade, Organisasjon, Person
from portal.identitet.steps import aktor_for_medlemskap

_nummer = count(1)
PASSORD = "Riktig hest batteri stift 7"


@transactional
def lagre(*rader: Any) -> None:
    """Writes rows in a transaction of their own."""
    db.session.add_all(rader)


def _orgnr(nummer: int) -> str:
    """A valid organisation number (mod-11) that depends on the number alone."""
    vekter = (3, 2, 7, 6, 5, 4, 3, 2)
    for stamme in range(81_000_000 + nummer * 10, 81_000_000 + nummer * 10 + 10):
        sum_ = sum(int(s) * v for s, v in zip(str(stamme), vekter, strict=True))
        kontroll = (11 - sum_ % 11) % 11
        if kontroll < 10:
            return f"{stamme}{kontroll}"
    raise AssertionError


def lag_organisasjon(type_: str = "kommune", navn: str = "", **felt: Any) -> Organisasjon:
    n = next(_nummer)
    navn = navn or f"Testnes {n}"
    organisasjon = Organisasjon(
        id=uuid4(),
        type=type_,
        kode=f"{1000 + n}" if type_ == "kommune" else None,
        navn=navn,
        kortnavn=navn,
        organisasjonsnummer=_orgnr(n),
        **felt,
    )
    lagre(organisasjon)
    return organisasjon


def lag_hf(navn: str = "", **felt: Any) -> Organisasjon:
    return lag_organisasjon("hf", navn or f"Sykehuset Testfjord {next(_nummer)}", **felt)


def lag_kommune(navn: str = "", **felt: Any) -> Organisasjon:
    return lag_organisasjon("kommune", navn, **felt)


def lag_enhet(organisasjon: Organisasjon, type_: str = "legevakt", navn: str = "", **felt: Any) -> Enhet:
    enhet = Enhet(
        id=uuid4(),
        organisasjon_id=organisasjon.id,
        type=type_,
        navn=navn or f"Enhet {next(_nummer)}",
        **felt,
    )
    lagre(enhet)
    return enhet


def lag_person(navn: str = "", **felt: Any) -> Person:
    n = next(_nummer)
    person = Person(
        id=uuid4(),
        navn=navn or f"Åse Ođđá Testesen {n}",
        epost=felt.pop("epost", f"person{n}@eksempel.example"),
        opprettet=now(),
        **felt,
    )
    lagre(person)
    return person


def lag_medlemskap(
    person: Person,
    rolle: Rolle,
    organisasjon: Organisasjon,
    enhet: Enhet | None = None,
    fag: tuple[str, ...] = (),
    fra: datetime | None = None,
    til: datetime | None = None,
) -> Medlemskap:
    medlemskap = Medlemskap(
        id=uuid4(),
        person_id=person.id,
        organisasjon_id=organisasjon.id,
        enhet_id=enhet.id if enhet else None,
        rolle=rolle,
        gyldig_fra=fra or now() - timedelta(days=30),
        gyldig_til=til,
        fag=[MedlemskapFagomraade(fagomraade=f) for f in fag],
    )
    lagre(medlemskap)
    return medlemskap


def lag_aktor(
    rolle: Rolle,
    organisasjon: Organisasjon,
    enhet: Enhet | None = None,
    fag: tuple[str, ...] = (),
    navn: str = "",
) -> Aktor:
    """A new person in a new membership, as an actor without a session."""
    if rolle == Rolle.SPESIALIST and not fag:
        fag = ("indremedisin",)
    medlemskap = lag_medlemskap(lag_person(navn), rolle, organisasjon, enhet, fag)
    aktor = aktor_for_medlemskap(medlemskap.id)
    assert aktor is not None
    return aktor


class Scene:
    """The smallest world a case lives in: a kommune with a unit, its hospital, and the people of both."""

    def __init__(self) -> None:
        self.hf = lag_hf("Sykehuset Testfjord")
        self.annet_hf = lag_hf("Annet sykehus")
        self.kommune = lag_kommune("Guovdageaidnu", helseforetak_id=self.hf.id)
        self.annen_kommune = lag_kommune("Nabokommunen", helseforetak_id=self.hf.id)
        self.enhet = lag_enhet(self.kommune, "legevakt", "Legevakta")
        self.annen_enhet = lag_enhet(self.kommune, "sykehjem", "Sykehjemmet")
        self.lege = lag_aktor(Rolle.LEGE_KOMMUNE, self.kommune, self.enhet, navn="Ingrid Lege")
        self.kollega = lag_aktor(Rolle.LEGE_KOMMUNE, self.kommune, self.enhet, navn="Kari Kollega")
        self.sykepleier = lag_aktor(Rolle.HELSEPERSONELL, self.kommune, self.enhet)
        self.annen_lege = lag_aktor(Rolle.LEGE_KOMMUNE, self.kommune, self.annen_enhet)
        self.fremmed_lege = lag_aktor(Rolle.LEGE_KOMMUNE, self.annen_kommune)
        self.spesialist = lag_aktor(Rolle.SPESIALIST, self.hf, fag=("indremedisin",), navn="Siri Spesialist")
        self.spesialist2 = lag_aktor(Rolle.SPESIALIST, self.hf, fag=("indremedisin", "geriatri"))
        self.kirurg = lag_aktor(Rolle.SPESIALIST, self.hf, fag=("kirurgi",))
        self.fremmed_spesialist = lag_aktor(Rolle.SPESIALIST, self.annet_hf, fag=("indremedisin",))
        self.vaktleder = lag_aktor(Rolle.VAKTLEDER, self.hf)
        self.fremmed_vaktleder = lag_aktor(Rolle.VAKTLEDER, self.annet_hf)
        self.kommuneoverlege = lag_aktor(Rolle.KOMMUNEOVERLEGE, self.kommune)
        self.koordinator = lag_aktor(Rolle.KOORDINATOR, self.hf)
        self.administrator = lag_aktor(Rolle.ADMINISTRATOR, self.hf)
        self.systemadministrator = lag_aktor(Rolle.SYSTEMADMINISTRATOR, self.hf)
        self.innsyn = lag_aktor(Rolle.INNSYN, lag_organisasjon("rhf", "Helse Test"))

    def send(self, aktor: Aktor | None = None, **endret: Any) -> UUID:
        """Sends a request and gives its id."""
        return innsending.opprett(aktor or self.lege, self.henvendelse(**endret))

    def henvendelse(self, **endret: Any) -> dict[str, Any]:
        """What `schemas.HenvendelseInn` would give for a hurried request."""
        return {
            "klient_id": uuid4(),
            "mottaker_id": self.hf.id,
            "fagomraade": "indremedisin",
            "hastegrad": "haster",
            "tilbakeringing": "900 00 000",
            "plan_uten_raad": "legge_inn",
            "situasjon": "Tungpust siden i går. Lurer på om hun må inn.",
            "bostedskommune_id": self.kommune.id,
            "kjoenn": "kvinne",
            **endret,
        }

    def sak(self, status: Status = Status.NY, **endret: Any) -> UUID:
        """A case that has come to the status the lawful way."""
        id_ = self.send(**endret)
        if status == Status.TRUKKET:
            flyt.trekk(self.lege, id_)
        if status in (Status.AKSEPTERT, Status.BESVART, Status.LUKKET):
            flyt.aksepter(self.spesialist, id_)
        if status in (Status.BESVART, Status.LUKKET):
            flyt.besvar(self.spesialist, id_, "behandles_i_kommunen", "Øk dosen.")
        if status == Status.LUKKET:
            flyt.lukk(self.lege, id_, "behandles_i_kommunen")
        return id_

    def les(self, id_: UUID) -> Henvendelse:
        """The row as the database has it now."""
        db.session.rollback()
        db.session.expire_all()
        return db.session.get_one(Henvendelse, id_)
