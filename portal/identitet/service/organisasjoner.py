"""Telephone numbers and units of an organisation: entered by its own administrator, never by the register."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm.attributes import flag_modified

from portal.core.aktor import Aktor
from portal.core.db import db, transactional
from portal.core.errors import UgyldigData, Utdatert
from portal.core.sprak import _
from portal.identitet import access, kontroll
from portal.identitet.access import Handling
from portal.identitet.fagomraader import omraader_for
from portal.identitet.models import (
    SYKEHUS,
    Enhet,
    Enhetstype,
    Fagtelefon,
    Organisasjon,
    Organisasjonstype,
)
from portal.revisjon.steps import logg


def enhetstyper_for(organisasjonstype: str) -> tuple[Enhetstype, ...]:
    """The kinds of unit such an organisation has. ØHD is a municipal duty (hol § 3-5 third paragraph)."""
    if organisasjonstype == Organisasjonstype.KOMMUNE:
        return tuple(Enhetstype)
    return (Enhetstype.AVDELING,) if organisasjonstype in SYKEHUS else ()


@dataclass(frozen=True, slots=True)
class Enhetsfelter:
    """What is typed about a unit. `kommuner`: those it serves beside its own."""

    navn: str
    type: Enhetstype
    privat: bool = False
    organisasjonsnummer: str | None = None
    telefon: str = ""
    aktiv: bool = True
    kommuner: frozenset[UUID] = frozenset()


def _hent(aktor: Aktor, organisasjon_id: UUID, versjon: int) -> Organisasjon:
    """The organisation to change, as the user saw it. Raises Utdatert when somebody has changed it since."""
    organisasjon = access.hent(aktor, Handling.REDIGERE, organisasjon_id)
    _krev_i_drift(organisasjon)
    if organisasjon.versjon != versjon:
        raise Utdatert()
    return organisasjon


def _krev_i_drift(organisasjon: Organisasjon) -> None:
    if organisasjon.nedlagt is not None:
        raise UgyldigData(_("Organisasjonen er nedlagt. Gjør endringen hos den som overtok."), kode="nedlagt")


@transactional
def sett_telefon(aktor: Aktor, organisasjon_id: UUID, versjon: int, telefon: str) -> None:
    """The organisation's own number; empty takes it away. Raises UgyldigData or Utdatert."""
    organisasjon = _hent(aktor, organisasjon_id, versjon)
    ny, gammel = kontroll.telefon(telefon), organisasjon.telefon
    if ny == gammel:
        return
    organisasjon.telefon = ny
    logg(aktor, "organisasjon.telefon_endret", "organisasjon", organisasjon.id, fra=gammel, til=ny)


@transactional
def sett_fagtelefoner(aktor: Aktor, organisasjon_id: UUID, versjon: int, numre: Mapping[str, str]) -> None:
    """The numbers per fagområde; empty takes one away, and a fagområde that is not mentioned is left alone.

    Raises UgyldigData with a field per wrong number (`fag_<kode>`), or Utdatert.
    """
    organisasjon = _hent(aktor, organisasjon_id, versjon)
    if organisasjon.type not in {*SYKEHUS, Organisasjonstype.KOMMUNE}:
        raise UgyldigData(_("Bare sykehus og kommuner har telefonnummer per fagområde."))
    omraader = omraader_for(organisasjon.type)
    felter: dict[str, list[str]] = {}
    nye: dict[str, str] = {}
    for fag, tekst in numre.items():
        if fag not in omraader:
            felter[f"fag_{fag}"] = [_("Ukjent fagområde: %(navn)s.", navn=fag)]
            continue
        try:
            nye[fag] = kontroll.telefon(tekst, f"fag_{fag}")
        except UgyldigData as feil:
            felter.update(feil.detaljer["felter"])
    if felter:
        raise UgyldigData(felter=felter)
    lagret = {
        f.fagomraade: f
        for f in db.session.scalars(
            sa.select(Fagtelefon).where(Fagtelefon.organisasjon_id == organisasjon.id)
        )
    }
    endret: dict[str, list[str]] = {}
    for fag, ny in nye.items():
        gammel = lagret[fag].telefon if fag in lagret else ""
        if ny == gammel:
            continue
        endret[fag] = [gammel, ny]
        if not ny:
            db.session.delete(lagret[fag])
        elif gammel:
            lagret[fag].telefon = ny
        else:
            db.session.add(Fagtelefon(organisasjon_id=organisasjon.id, fagomraade=fag, telefon=ny))
    if endret:
        # The numbers are the organisation's: its version tells that somebody has changed them.
        flag_modified(organisasjon, "telefon")
        logg(aktor, "organisasjon.fagtelefoner_endret", "organisasjon", organisasjon.id, endret=endret)


@transactional
def legg_til_enhet(aktor: Aktor, organisasjon_id: UUID, felter: Enhetsfelter) -> Enhet:
    """A new unit. Raises UgyldigData (fields) or IkkeTilgang."""
    organisasjon = access.hent(aktor, Handling.REDIGERE, organisasjon_id)
    _krev_i_drift(organisasjon)
    enhet = Enhet(id=uuid4(), organisasjon_id=organisasjon.id)
    _fyll(enhet, organisasjon, felter)
    db.session.add(enhet)
    db.session.flush()
    logg(aktor, "enhet.opprettet", "enhet", enhet.id, **_som_data(felter))
    return enhet


@transactional
def endre_enhet(aktor: Aktor, enhet_id: UUID, versjon: int, felter: Enhetsfelter) -> Enhet:
    """Changes a unit; `aktiv` off takes it out of use. Raises UgyldigData, Utdatert or IkkeTilgang."""
    enhet = access.hent_enhet(aktor, Handling.REDIGERE, enhet_id)
    if enhet.versjon != versjon:
        raise Utdatert()
    _fyll(enhet, enhet.organisasjon, felter)
    # A change in the served kommuner alone is a change of the unit too.
    flag_modified(enhet, "navn")
    logg(aktor, "enhet.endret", "enhet", enhet.id, **_som_data(felter))
    return enhet


def _som_data(felter: Enhetsfelter) -> dict[str, Any]:
    return {
        "navn": felter.navn,
        "type": felter.type,
        "privat": felter.privat,
        "telefon": felter.telefon,
        "aktiv": felter.aktiv,
        "kommuner": sorted(str(k) for k in felter.kommuner),
    }


def _fyll(enhet: Enhet, organisasjon: Organisasjon, felter: Enhetsfelter) -> None:
    feil: dict[str, list[str]] = {}

    def prov(sjekk: Callable[[Any], Any], verdi: Any) -> Any:
        try:
            return sjekk(verdi)
        except UgyldigData as f:
            feil.update(f.detaljer["felter"])

    navn = prov(kontroll.navn, felter.navn)
    telefon = prov(kontroll.telefon, felter.telefon)
    orgnr = prov(kontroll.organisasjonsnummer, felter.organisasjonsnummer)
    if felter.type not in enhetstyper_for(organisasjon.type):
        feil["type"] = [_("Denne typen enhet finnes ikke i en slik organisasjon.")]
    if navn and db.session.scalar(
        sa.select(Enhet.id).where(
            Enhet.organisasjon_id == organisasjon.id, Enhet.navn == navn, Enhet.id != enhet.id
        )
    ):
        feil["navn"] = [_("Organisasjonen har en enhet med dette navnet. Gi den et navn som skiller dem.")]
    kommuner = _kommuner(felter.kommuner - {organisasjon.id})
    if felter.kommuner and organisasjon.type != Organisasjonstype.KOMMUNE:
        feil["kommuner"] = [_("Bare kommunale enheter betjener andre kommuner.")]
    elif kommuner is None:
        feil["kommuner"] = [_("En av kommunene finnes ikke lenger. Velg på nytt.")]
    if feil:
        raise UgyldigData(felter=feil)
    enhet.navn, enhet.telefon, enhet.organisasjonsnummer = navn, telefon, orgnr
    enhet.type, enhet.privat, enhet.aktiv = str(felter.type), felter.privat, felter.aktiv
    enhet.kommuner = kommuner or []


def _kommuner(ider: frozenset[UUID]) -> list[Organisasjon] | None:
    """The active kommuner with these ids; None when one of them is not one."""
    funnet = db.session.scalars(
        sa.select(Organisasjon).where(
            Organisasjon.id.in_(ider),
            Organisasjon.type == Organisasjonstype.KOMMUNE,
            Organisasjon.nedlagt.is_(None),
        )
    ).all()
    return list(funnet) if len(funnet) == len(ider) else None
