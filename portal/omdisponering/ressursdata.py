"""What is written of somebody who can be lent, by a form or by a file: each field judged, and put into the row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.avtaler.vern import stopp_identitet
from portal.core.aktor import Aktor
from portal.core.clock import i_dag, now
from portal.core.db import db
from portal.core.errors import UgyldigData
from portal.core.sprak import _l
from portal.identitet import kontroll
from portal.identitet.access import medlemskap_gyldig
from portal.identitet.models import Medlemskap, Person
from portal.omdisponering import register
from portal.omdisponering.ressursmodeller import Ressursperson

#: What is written of a person. `bruker`: the address of the portal's user; the rest are columns.
FELTER = (
    *("navn", "stilling", "enhet_id", "kompetanse", "hpr", "prosent", "sted_id", "reise_km"),
    *("telefon", "epost", "vaksinert", "smittevern", "fritatt", "bruker"),
)
#: The columns that they are written to.
KOLONNER = (*(f for f in FELTER if f != "bruker"), "person_id")
_OPPTATT_HPR = _l("HPR-nummeret står alt på en annen i registeret. Rett nummeret, eller slett den ene.")


def ny(aktor: Aktor, organisasjon_id: UUID) -> Ressursperson:
    """An empty row of the register, to be filled by `sett`."""
    return Ressursperson(
        id=uuid4(),
        organisasjon_id=organisasjon_id,
        navn="",
        kompetanse=0,
        hpr="",
        prosent=100,
        telefon="",
        epost="",
        fritatt=False,
        opprettet=now(),
        opprettet_av_id=aktor.person_id,
    )


def sett(person: Ressursperson, felter: Mapping[str, Any]) -> None:
    """Writes what is given of FELTER into the row, and raises UgyldigData with all that is wrong of it."""
    feil: dict[str, Any] = {}
    for felt, verdi in felter.items():
        try:
            _sett_ett(person, felt, verdi)
        except UgyldigData as e:
            feil |= e.detaljer["felter"]
    if feil:
        raise UgyldigData(felter=feil)


def _sett_ett(person: Ressursperson, felt: str, verdi: Any) -> None:
    match felt:
        case "navn":
            person.navn = kontroll.navn(verdi)
            stopp_identitet({"navn": person.navn}, ikke_fnr=False)
        case "hpr":
            _sett_hpr(person, kontroll.hpr_nummer(verdi, "hpr") or "")
        case "telefon":
            person.telefon = kontroll.telefon(verdi)
        case "epost":
            person.epost = kontroll.epost(verdi) if verdi.strip() else ""
        case "enhet_id":
            register.krev_enhet(verdi, person.organisasjon_id, person.enhet_id)
            person.enhet_id = verdi
        case "sted_id":
            register.krev_sted(verdi, person.sted_id)
            person.sted_id = verdi
        case "smittevern":
            if verdi is not None and verdi > i_dag():
                raise UgyldigData(felter={felt: [_l("Dagen kan ikke være i framtiden.")]})
            person.smittevern = verdi
        case "bruker":
            _sett_bruker(person, verdi)
        case "stilling" | "kompetanse" | "prosent" | "reise_km" | "vaksinert" | "fritatt":
            setattr(person, felt, verdi)
        case _:
            raise TypeError(felt)


def _sett_hpr(person: Ressursperson, hpr: str) -> None:
    if hpr == person.hpr:
        return
    if hpr and (annen := _med(person, Ressursperson.hpr == hpr)) is not None:
        melding = _OPPTATT_HPR
        if annen.samtykke is None:
            melding = _l(
                "HPR-nummeret står alt på %(navn)s. Rett nummeret, eller slett den ene.", navn=annen.navn
            )
        raise UgyldigData(felter={"hpr": [melding]})
    bytt_hpr(person, hpr)


def bytt_hpr(person: Ressursperson, hpr: str) -> None:
    """Another number, which nobody else has: it has not been looked up."""
    if hpr != person.hpr:
        person.hpr = hpr
        person.hpr_slaatt_opp = person.hpr_slaatt_opp_av_id = None


def _sett_bruker(person: Ressursperson, epost: str) -> None:
    """The portal's user with this address, of the same organisation. Empty: none."""
    if not epost.strip():
        person.person_id = None
        return
    naa = now()
    bruker = db.session.scalar(
        sa.select(Person.id).where(
            Person.epost == epost.strip().lower(),
            Person.aktiv,
            sa.exists().where(
                Medlemskap.person_id == Person.id,
                Medlemskap.organisasjon_id == person.organisasjon_id,
                medlemskap_gyldig(naa),
            ),
        )
    )
    if bruker is None:
        raise UgyldigData(
            felter={
                "bruker": [
                    _l(
                        "Ingen bruker i organisasjonen har denne adressen. Rett den, eller be administratoren legge "
                        "til personen først."
                    )
                ]
            }
        )
    if bruker != person.person_id and (annen := _med(person, Ressursperson.person_id == bruker)) is not None:
        raise UgyldigData(
            felter={
                "bruker": [
                    _l("Brukeren er alt knyttet til %(navn)s. Ta bort koblingen der først.", navn=annen.navn)
                ]
            }
        )
    person.person_id = bruker


def _med(person: Ressursperson, *vilkaar: sa.ColumnElement[bool]) -> Ressursperson | None:
    """Another of the same register."""
    return db.session.scalars(
        sa.select(Ressursperson).where(
            Ressursperson.organisasjon_id == person.organisasjon_id,
            Ressursperson.id != person.id,
            Ressursperson.slettet.is_(None),
            *vilkaar,
        )
    ).first()


def lagre(personer: Sequence[Ressursperson]) -> None:
    """Sends them to the database, which has the last word on numbers that two have. Raises UgyldigData (`hpr`)."""
    with register.ett_av_hvert("hpr", _OPPTATT_HPR):
        db.session.add_all(personer)
