"""The register of health-trained people outside the service: who is asked, and what they have answered. Use cases.

The coordinator writes the least that is needed to ask; the person decides (`service/samtykke.py`). Only who has said
yes can be offered and proposed (`Ressursperson.kan_brukes`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.core.aktor import Aktor
from portal.core.clock import i_dag, now
from portal.core.db import db, meld, transactional
from portal.core.enkeltvis import hver
from portal.core.errors import Opptatt, UgyldigData, Utdatert
from portal.core.sprak import _l
from portal.identitet import kontroll as personkontroll
from portal.identitet.models import Organisasjon, Organisasjonstype
from portal.omdisponering import access, reserveregister, roert
from portal.omdisponering.access import Handling
from portal.omdisponering.forloep import Samtykke, Stilling
from portal.omdisponering.ressursmodeller import Ressursperson
from portal.revisjon.steps import logg as revider

#: A link this young is not sent again.
FERSK = timedelta(minutes=10)
SYSTEM = Aktor.system("reserve")


@dataclass(frozen=True, slots=True)
class Rad:
    """Somebody in the register. `slettes`: when, unless there is a yes before; None with a yes."""

    person: Ressursperson
    slettes: datetime | None

    @property
    def lenken_gjelder(self) -> bool:
        utloep = self.person.noekkel_utloeper
        return utloep is not None and utloep > now()


@dataclass(frozen=True, slots=True)
class Endret:
    """What a change led to: the person is asked anew (`spurt`), and what is promised and does not hold any more."""

    spurt: bool
    numre: list[str]


def hent_liste(aktor: Aktor) -> list[Rad]:
    """The own register: those who wait for nothing last, each by name."""
    organisasjon_id = access.krev_eget(aktor, Handling.BEREDSKAP)
    rekke = sa.case(
        (Ressursperson.samtykke == Samtykke.VENTER, 0), (Ressursperson.samtykke == Samtykke.GITT, 1), else_=2
    )
    personer = db.session.scalars(
        sa.select(Ressursperson)
        .where(
            Ressursperson.organisasjon_id == organisasjon_id,
            Ressursperson.samtykke.is_not(None),
            Ressursperson.slettet.is_(None),
        )
        .options(joinedload(Ressursperson.sted))
        .order_by(rekke, Ressursperson.navn, Ressursperson.id)
    )
    return [_rad(p) for p in personer]


def _rad(p: Ressursperson) -> Rad:
    return Rad(p, None if p.samtykke == Samtykke.GITT else reserveregister.slettes(p))


def hent(aktor: Aktor, reserve_id: UUID) -> Rad:
    """One in the own register. Raises IkkeFunnet, IkkeTilgang."""
    return _rad(access.hent_reserve(aktor, reserve_id))


def hent_steder(aktor: Aktor) -> list[Organisasjon]:
    """The kommuner that somebody can live in, for the form."""
    access.krev_eget(aktor, Handling.BEREDSKAP)
    return kommuner()


def kommuner() -> list[Organisasjon]:
    """The kommuner that are, by name."""
    return list(
        db.session.scalars(
            sa.select(Organisasjon)
            .where(Organisasjon.type == Organisasjonstype.KOMMUNE, Organisasjon.nedlagt.is_(None))
            .order_by(Organisasjon.kortnavn)
        )
    )


@transactional
def registrer(
    aktor: Aktor,
    *,
    navn: str,
    stilling: Stilling,
    epost: str,
    telefon: str = "",
    kompetanse: int = 0,
    sted_id: UUID | None = None,
    hpr: str = "",
    hpr_slaatt_opp: bool = False,
) -> UUID:
    """Writes somebody into the register, and asks by e-mail for the yes. Raises UgyldigData by field."""
    organisasjon_id = access.krev_eget(aktor, Handling.BEREDSKAP)
    lest = personkontroll.person(navn=navn, epost=epost, telefon=telefon)
    # Two who write the same person at once: the second waits here, and is told.
    organisasjon = db.session.scalars(
        sa.select(Organisasjon).where(Organisasjon.id == organisasjon_id).with_for_update(key_share=True)
    ).one()
    krev_ny_adresse(organisasjon_id, lest["epost"])
    person = Ressursperson(
        id=uuid4(),
        organisasjon_id=organisasjon_id,
        organisasjon=organisasjon,
        navn=lest["navn"],
        epost=lest["epost"],
        telefon=lest["telefon"],
        stilling=stilling,
        kompetanse=kompetanse,
        sted_id=krev_sted(sted_id, organisasjon),
        samtykke=Samtykke.VENTER,
        opprettet=now(),
        opprettet_av_id=aktor.person_id,
        hpr="",
    )
    _sett_hpr(aktor, person, hpr, hpr_slaatt_opp)
    db.session.add(person)
    db.session.flush()
    reserveregister.send_lenke(person)
    revider(aktor, "omdisponering.reserve_registrert", "ressursperson", person.id)
    meld("omdisponering.reserve", organisasjon_id=organisasjon_id)
    return person.id


def krev_sted(sted_id: UUID | None, organisasjon: Organisasjon) -> UUID:
    """Where distances are from: the chosen kommune, else the organisation. Raises UgyldigData."""
    if sted_id is None:
        return organisasjon.id
    sted = db.session.get(Organisasjon, sted_id)
    if sted is None or (sted.type != Organisasjonstype.KOMMUNE and sted.id != organisasjon.id):
        raise UgyldigData(felter={"sted_id": [_l("Velg en kommune fra lista.")]})
    return sted.id


def krev_ny_adresse(organisasjon_id: UUID, epost: str, unntatt: UUID | None = None) -> None:
    """Nobody is in a register twice. Raises UgyldigData."""
    finnes = db.session.scalar(
        sa.select(
            sa.exists().where(
                Ressursperson.organisasjon_id == organisasjon_id,
                Ressursperson.samtykke.is_not(None),
                Ressursperson.slettet.is_(None),
                Ressursperson.epost == epost,
                *([Ressursperson.id != unntatt] if unntatt else []),
            )
        )
    )
    if finnes:
        raise UgyldigData(
            felter={
                "epost": [_l("En person med denne e-postadressen står alt i registeret. Finn den i lista.")]
            }
        )


def _sett_hpr(aktor: Aktor, person: Ressursperson, hpr: str, slaatt_opp: bool) -> None:
    """The number, and that somebody has looked the authorisation up: with another number, nobody has.

    Raises UgyldigData for what is no number, is somebody else's, or was looked up without one.
    """
    nummer = personkontroll.hpr_nummer(hpr, "hpr") or ""
    if slaatt_opp and not nummer:
        raise UgyldigData(felter={"hpr": [_l("Skriv HPR-nummeret som er slått opp.")]})
    finnes = nummer and db.session.scalar(
        sa.select(
            sa.exists().where(
                Ressursperson.organisasjon_id == person.organisasjon_id,
                Ressursperson.hpr == nummer,
                Ressursperson.id != person.id,
            )
        )
    )
    if finnes:
        raise UgyldigData(felter={"hpr": [_l("En annen person hos dere har dette HPR-nummeret.")]})
    if nummer != person.hpr or not slaatt_opp:
        person.hpr, person.hpr_slaatt_opp, person.hpr_slaatt_opp_av_id = nummer, None, None
    if slaatt_opp and person.hpr_slaatt_opp is None:
        person.hpr_slaatt_opp, person.hpr_slaatt_opp_av_id = i_dag(), aktor.person_id


@transactional
def endre(
    aktor: Aktor,
    reserve_id: UUID,
    *,
    navn: str,
    stilling: Stilling,
    epost: str,
    telefon: str = "",
    kompetanse: int = 0,
    sted_id: UUID | None = None,
    hpr: str = "",
    hpr_slaatt_opp: bool = False,
    lest: int | None = None,
) -> Endret:
    """Corrects what the register says of somebody. With another e-mail address the person is asked anew, there. Both
    sides are told of what is promised and does not hold any more. Raises Utdatert, UgyldigData."""
    person = access.hent_reserve(aktor, reserve_id, laas=True)
    if lest is not None and lest != person.versjon:
        raise Utdatert()
    sjekket = personkontroll.person(navn=navn, epost=epost, telefon=telefon)
    lovet = roert.stand([person.id])
    ny_adresse = sjekket["epost"] != person.epost
    if ny_adresse:
        krev_ny_adresse(person.organisasjon_id, sjekket["epost"], person.id)
    person.navn, person.epost, person.telefon = sjekket["navn"], sjekket["epost"], sjekket["telefon"]
    person.stilling, person.kompetanse = stilling, kompetanse
    person.sted_id = krev_sted(sted_id, person.organisasjon)
    _sett_hpr(aktor, person, hpr, hpr_slaatt_opp)
    if ny_adresse:
        # Who reads mail there may be another: nothing is taken for said.
        reserveregister.la_gaa(aktor, person, utloept=True)
        person.samtykke, person.samtykket = Samtykke.VENTER, None
        reserveregister.send_lenke(person)
    db.session.flush()
    # With a new address both sides have been told that the yes holds no more.
    roerte = [] if ny_adresse else roert.fortell(aktor, [person.id], lovet)
    revider(aktor, "omdisponering.reserve_endret", "ressursperson", person.id, spurt=ny_adresse)
    meld("omdisponering.reserve", organisasjon_id=person.organisasjon_id)
    return Endret(ny_adresse, [o.nummer for o in roerte if access.ser(aktor, o)])


@transactional
def send_lenke(aktor: Aktor, reserve_id: UUID) -> None:
    """A new link to the person; the one before does not work any more. Raises Opptatt when one was sent just now."""
    person = access.hent_reserve(aktor, reserve_id, laas=True)
    krev_ikke_fersk(person)
    reserveregister.send_lenke(person)
    revider(aktor, "omdisponering.reserve_spurt", "ressursperson", person.id)


def krev_ikke_fersk(person: Ressursperson) -> None:
    """Nobody's mailbox is filled. Raises Opptatt."""
    if (
        person.noekkel_utloeper is not None
        and person.noekkel_utloeper - reserveregister.GJELDER > now() - FERSK
    ):
        raise Opptatt(_l("Det er nettopp sendt en lenke. Vent ti minutter før du sender en ny."))


@transactional
def slett(aktor: Aktor, reserve_id: UUID, *, lest: int | None = None) -> int:
    """Erases somebody who has asked for it. Gives how many agreed reallocations the person was in. Raises Utdatert."""
    person = access.hent_reserve(aktor, reserve_id, laas=True)
    if lest is not None and lest != person.versjon:
        raise Utdatert()
    avtalt = reserveregister.slett(aktor, person)
    revider(aktor, "omdisponering.reserve_slettet", "ressursperson", reserve_id)
    return avtalt


# --- by the clock ----------------------------------------------------------------------------------------


def foelg_samtykker() -> int:
    """Job: asks anew where the yes is a year old, until when the person is out of all that is not agreed on, and erases
    who has not said yes in time. Gives how many. Safe to run twice and in two processes."""
    ider = db.session.scalars(
        sa.select(Ressursperson.id).where(_forfalt(now())).order_by(Ressursperson.id)
    ).all()
    db.session.rollback()
    return hver(ider, _foelg, "omdisponering_feilet")


def _forfalt(naa: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(
        Ressursperson.slettet.is_(None),
        sa.or_(
            sa.and_(
                Ressursperson.samtykke == Samtykke.GITT,
                Ressursperson.samtykket <= naa - reserveregister.SAMTYKKE_VARER,
            ),
            sa.and_(
                Ressursperson.samtykke.in_([Samtykke.VENTER, Samtykke.TRUKKET]),
                Ressursperson.noekkel_utloeper <= naa - reserveregister.SLETTES_ETTER,
            ),
        ),
    )


@transactional
def _foelg(person_id: UUID) -> bool:
    person = db.session.scalars(
        sa.select(Ressursperson)
        .where(Ressursperson.id == person_id, _forfalt(now()))
        .with_for_update(key_share=True, of=Ressursperson)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if person is None:
        return False
    tittel: Any
    if person.samtykke == Samtykke.GITT:
        kode = "omdisponering.reserve_utloept"
        person.samtykke = Samtykke.VENTER
        # Before the new key (see `reserveregister.send_lenke`).
        reserveregister.la_gaa(SYSTEM, person, utloept=True)
        reserveregister.send_lenke(person, igjen=True)
        db.session.flush()
        tittel = _l("Et samtykke i reserveregisteret er et år gammelt")
        reserveregister.si_vokterne(
            person, kode, tittel, _l("Personen er spurt på nytt, og kan ikke brukes før svaret er ja.")
        )
    else:
        kode = "omdisponering.reserve_slettet"
        tittel = _l("En person i reserveregisteret er slettet")
        reserveregister.slett(SYSTEM, person)
        reserveregister.si_vokterne(person, kode, tittel, _l("Personen hadde ikke sagt ja innen fristen."))
    revider(SYSTEM, kode, "ressursperson", person_id)
    return True
