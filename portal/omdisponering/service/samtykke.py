"""The page of somebody outside the service: what is stored, yes or no, changes, and everything erased. Use cases.

The key in the link is the only login. Whoever has a key that was never right learns nothing at all; of one that is too
old, that a new link can be sent to the address that is stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.core.aktor import Aktor
from portal.core.clock import i_dag, now
from portal.core.db import db, meld, transactional
from portal.core.errors import IkkeFunnet, PortalError, UgyldigData, Utdatert
from portal.core.sprak import _l
from portal.identitet import kontroll as personkontroll
from portal.identitet.models import Organisasjon
from portal.omdisponering import reserveregister, roert
from portal.omdisponering.forloep import TELLER, Samtykke
from portal.omdisponering.models import Omdisponering, Omdisponeringslinje
from portal.omdisponering.ressursmodeller import Ressursperson
from portal.omdisponering.service import reserve
from portal.revisjon.steps import logg as revider

#: Who acts: the person, whom the portal knows by the link alone.
_SELV = Aktor(navn="lenke til reserveregisteret", formaal="samtykke")


class UkjentLenke(IkkeFunnet):
    kode = "ukjent_lenke"
    standard = _l(
        "Lenken gjelder ikke. Sjekk at du har fått med hele adressen, eller bruk den i den siste e-posten."
    )


class GammelLenke(PortalError):
    """A link that was right once."""

    status = 410
    kode = "utloept_lenke"
    standard = _l("Lenken er for gammel. Vi kan sende en ny til e-postadressen som står i registeret.")


@dataclass(frozen=True, slots=True)
class Minside:
    """All that is stored of the person, where the person was used, and what follows."""

    person: Ressursperson
    oppdrag: list[Omdisponeringslinje]
    steder: list[Organisasjon]
    slettes: datetime | None


def _finn(noekkel: str, *, laas: bool = False, gammel: bool = False) -> Ressursperson:
    sporring = (
        sa.select(Ressursperson)
        .where(
            Ressursperson.noekkel_hash == reserveregister.hash_av(noekkel),
            Ressursperson.slettet.is_(None),
            Ressursperson.samtykke.is_not(None),
        )
        .options(joinedload(Ressursperson.organisasjon), joinedload(Ressursperson.sted))
        .execution_options(populate_existing=laas)
    )
    if laas:
        sporring = sporring.with_for_update(key_share=True, of=Ressursperson)
    person = db.session.scalars(sporring).one_or_none()
    if person is None:
        raise UkjentLenke()
    if not gammel and (person.noekkel_utloeper is None or person.noekkel_utloeper <= now()):
        raise GammelLenke()
    return person


def se(noekkel: str) -> Minside:
    """What the person sees. Raises UkjentLenke, GammelLenke."""
    person = _finn(noekkel)
    oppdrag = db.session.scalars(
        sa.select(Omdisponeringslinje)
        .join(Omdisponeringslinje.omdisponering)
        .where(
            Omdisponeringslinje.ressursperson_id == person.id,
            Omdisponeringslinje.stroeket.is_(None),
            Omdisponering.status.in_(TELLER),
        )
        .options(joinedload(Omdisponeringslinje.omdisponering).joinedload(Omdisponering.mottaker))
        .order_by(Omdisponeringslinje.fra.desc())
    ).all()
    return Minside(
        person=person,
        oppdrag=list(oppdrag),
        steder=reserve.kommuner(),
        slettes=None if person.samtykke == Samtykke.GITT else reserveregister.slettes(person),
    )


@transactional
def svar(noekkel: str, ja: bool) -> None:
    """Yes or no, for the first time, anew, or another than before. Who says no is out of all that is not agreed on;
    those who keep the register are told. Raises UkjentLenke, GammelLenke."""
    person = _finn(noekkel, laas=True)
    if ja:
        person.samtykke, person.samtykket = Samtykke.GITT, now()
        tittel, tekst = (
            _l("En person i reserveregisteret har sagt ja"),
            _l("Personen kan tilbys og foreslås nå."),
        )
    else:
        hadde = person.samtykke == Samtykke.GITT
        person.samtykke, person.samtykket = Samtykke.TRUKKET, None
        avtalt = reserveregister.la_gaa(_SELV, person)
        tittel = (
            _l("En person i reserveregisteret har trukket seg")
            if hadde
            else _l("En person i reserveregisteret har sagt nei")
        )
        tekst = _avtalt(avtalt) or _l("Opplysningene slettes en måned etter at lenken har gått ut.")
    db.session.flush()
    _ferdig(person, "omdisponering.reserve_svart", tittel, tekst, svar=str(person.samtykke))


@transactional
def endre(
    noekkel: str,
    *,
    kompetanse: int,
    telefon: str,
    epost: str,
    sted_id: UUID | None,
    reise_km: int | None,
    prosent: int,
    vaksinert: bool | None = None,
    smittevern: date | None = None,
    lest: int | None = None,
) -> bool:
    """Changes what the person says of themselves. Gives whether something that is agreed on does not hold any more by
    that: both sides are told. Raises UgyldigData by field, Utdatert when the register has changed
    it meanwhile, UkjentLenke, GammelLenke."""
    person = _finn(noekkel, laas=True)
    if lest is not None and lest != person.versjon:
        raise Utdatert(
            _l("Opplysningene er endret etter at du åpnet siden. Se hva som står nå, og lagre på nytt.")
        )
    ny_epost, nytt_nummer = personkontroll.samle(
        lambda: personkontroll.epost(epost), lambda: personkontroll.telefon(telefon)
    )
    if not 1 <= prosent <= 100:
        raise UgyldigData(felter={"prosent": [_l("Stillingsandelen må være fra 1 til 100 prosent.")]})
    if reise_km is not None and not 0 <= reise_km <= 3000:
        raise UgyldigData(
            felter={"reise_km": [_l("Skriv et tall fra 0 til 3000, eller la feltet stå tomt.")]}
        )
    if smittevern is not None and smittevern > i_dag():
        raise UgyldigData(
            felter={"smittevern": [_l("Opplæringen må være gjennomført. Skriv dagen den ble gjort.")]}
        )
    reserve.krev_ny_adresse(person.organisasjon_id, ny_epost, person.id)
    lovet = roert.stand([person.id])
    person.epost, person.telefon, person.kompetanse = ny_epost, nytt_nummer, kompetanse
    person.sted_id = reserve.krev_sted(sted_id, person.organisasjon)
    person.reise_km, person.prosent = reise_km, prosent
    person.vaksinert, person.smittevern = vaksinert, smittevern
    db.session.flush()
    revider(_SELV, "omdisponering.reserve_endret", "ressursperson", person.id)
    meld("omdisponering.reserve", organisasjon_id=person.organisasjon_id)
    return any(o.status in TELLER for o in roert.fortell(_SELV, [person.id], lovet))


@transactional
def slett(noekkel: str) -> None:
    """Everything is erased at once, whatever it takes with it. Raises UkjentLenke, GammelLenke."""
    person = _finn(noekkel, laas=True)
    avtalt = reserveregister.slett(_SELV, person)
    # The notice says only that it was somebody.
    _ferdig(
        person,
        "omdisponering.reserve_slettet",
        _l("En person har slettet seg fra reserveregisteret"),
        _avtalt(avtalt),
    )


@transactional
def be_om_ny(noekkel: str) -> None:
    """A new link to the address that is stored, in place of one that is too old. Raises UkjentLenke, Opptatt."""
    person = _finn(noekkel, laas=True, gammel=True)
    reserve.krev_ikke_fersk(person)
    reserveregister.send_lenke(person)
    revider(_SELV, "omdisponering.reserve_spurt", "ressursperson", person.id)


def _avtalt(antall: int) -> Any:
    """What must be done of what is agreed."""
    return _l("Personen er med i noe som er avtalt. Ring mottakeren i dag.") if antall else ""


def _ferdig(person: Ressursperson, kode: str, tittel: Any, tekst: Any, svar: str = "") -> None:
    reserveregister.si_vokterne(person, kode, tittel, tekst)
    revider(_SELV, kode, "ressursperson", person.id, svar=svar)
    meld("omdisponering.reserve", organisasjon_id=person.organisasjon_id)
