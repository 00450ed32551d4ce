"""People and their memberships: made by the command line and by administrators of their own organisation."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.core.aktor import KAN_SVARE, KOMMUNALE_KLINIKERE, Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db, meld, transactional
from portal.core.errors import Konflikt, UgyldigData
from portal.core.sprak import _, _l
from portal.core.traader import i_traadpool
from portal.identitet import access, kontroll, steps
from portal.identitet import passord as passordregler
from portal.identitet.fagomraader import omraader_for
from portal.identitet.models import (
    SYKEHUS,
    Enhet,
    Medlemskap,
    MedlemskapFagomraade,
    Organisasjon,
    Organisasjonstype,
    Person,
    Sesjon,
    Tjenestekonto,
)
from portal.identitet.passord import Passordhash
from portal.revisjon.steps import logg

#: A service account's token must be renewed at least this often.
LENGSTE_TJENESTEKONTO = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Rolleoppdrag:
    """A membership to give: a role at an organisation or a unit of it; `gyldig_til` is exclusive."""

    organisasjon_id: UUID
    rolle: Rolle
    enhet_id: UUID | None = None
    fagomraader: frozenset[str] = frozenset()
    gyldig_fra: datetime | None = None
    gyldig_til: datetime | None = None


@transactional
def opprett_person(
    aktor: Aktor,
    *,
    navn: str,
    epost: str,
    oppdrag: Rolleoppdrag,
    telefon: str = "",
    hpr_nummer: str | None = None,
    passordhash: Passordhash | None = None,
    spraak: str = "nb",
) -> Person:
    """A new person with a first membership. Without a password the person cannot log in yet.

    Raises UgyldigData (fields), Konflikt when the e-mail or HPR number is taken, IkkeTilgang.
    """
    access.krev_rolle(aktor, oppdrag.rolle, oppdrag.organisasjon_id)
    felter: dict[str, list[str]] = {}
    person = Person(
        id=uuid4(),
        navn=_prov(felter, kontroll.navn, navn),
        epost=_prov(felter, kontroll.epost, epost),
        telefon=_prov(felter, kontroll.telefon, telefon),
        hpr_nummer=_prov(felter, kontroll.hpr_nummer, hpr_nummer),
        passord_hash=passordhash.verdi if passordhash else None,
        spraak=spraak,
        opprettet=now(),
    )
    if felter:
        raise UgyldigData(felter=felter)
    if db.session.scalar(sa.select(Person.id).where(Person.epost == person.epost)):
        raise Konflikt(_l("E-postadressen er i bruk. Gi personen en ny rolle i stedet."), kode="finnes")
    if person.hpr_nummer and db.session.scalar(
        sa.select(Person.id).where(Person.hpr_nummer == person.hpr_nummer)
    ):
        raise Konflikt(_l("HPR-nummeret er registrert på en annen person. Sjekk nummeret."), kode="finnes")
    db.session.add(person)
    db.session.flush()
    logg(
        aktor, "person.opprettet", "person", person.id, navn=person.navn, har_passord=passordhash is not None
    )
    _gi(aktor, person, oppdrag)
    return person


def _prov(felter: dict[str, list[str]], sjekk: Callable[[Any], Any], verdi: Any) -> Any:
    try:
        return sjekk(verdi)
    except UgyldigData as feil:
        felter.update(feil.detaljer["felter"])
        return verdi


@transactional
def gi_medlemskap(aktor: Aktor, person_id: UUID, oppdrag: Rolleoppdrag) -> Medlemskap:
    """Another membership for a person. Raises UgyldigData when role, place and fagområder do not fit."""
    access.krev_rolle(aktor, oppdrag.rolle, oppdrag.organisasjon_id)
    return _gi(aktor, access.hent_person(aktor, person_id), oppdrag)


def _gi(aktor: Aktor, person: Person, oppdrag: Rolleoppdrag) -> Medlemskap:
    _sjekk_oppdrag(oppdrag)
    medlemskap = Medlemskap(
        id=uuid4(),
        person_id=person.id,
        organisasjon_id=oppdrag.organisasjon_id,
        enhet_id=oppdrag.enhet_id,
        rolle=str(oppdrag.rolle),
        gyldig_fra=oppdrag.gyldig_fra or now(),
        gyldig_til=oppdrag.gyldig_til,
        fag=[MedlemskapFagomraade(fagomraade=f) for f in sorted(oppdrag.fagomraader)],
    )
    db.session.add(medlemskap)
    db.session.flush()
    logg(
        aktor,
        "medlemskap.gitt",
        "medlemskap",
        medlemskap.id,
        person=person.id,
        rolle=medlemskap.rolle,
        organisasjon=medlemskap.organisasjon_id,
        enhet=medlemskap.enhet_id,
        fagomraader=sorted(oppdrag.fagomraader),
        fra=medlemskap.gyldig_fra,
        til=medlemskap.gyldig_til,
    )
    return medlemskap


def _sjekk_oppdrag(o: Rolleoppdrag) -> None:
    felter: dict[str, list[str]] = {}
    organisasjon = db.session.get(Organisasjon, o.organisasjon_id)
    if organisasjon is None or organisasjon.nedlagt is not None:
        raise UgyldigData(felter={"organisasjon": [_("Organisasjonen finnes ikke, eller er nedlagt.")]})
    if o.rolle in KOMMUNALE_KLINIKERE and organisasjon.type != Organisasjonstype.KOMMUNE:
        felter["rolle"] = [_("Denne rollen finnes bare i en kommune.")]
    if o.rolle == Rolle.SPESIALIST and organisasjon.type not in SYKEHUS:
        felter["rolle"] = [_("Denne rollen finnes bare i et helseforetak eller ideelt sykehus.")]
    if o.rolle == Rolle.VAKTLEDER and organisasjon.type not in {*SYKEHUS, Organisasjonstype.KOMMUNE}:
        felter["rolle"] = [_("Denne rollen finnes bare i en kommune eller ved et sykehus.")]
    if o.rolle == Rolle.SPESIALIST and not o.fagomraader:
        felter["fagomraader"] = [_("En spesialist må ha minst ett fagområde.")]
    if o.rolle not in KAN_SVARE and o.fagomraader:
        felter["fagomraader"] = [_("Bare de som svarer på henvendelser, har fagområder.")]
    if ukjente := sorted(o.fagomraader - omraader_for(organisasjon.type).keys()):
        felter["fagomraader"] = [_("Ukjent fagområde: %(navn)s.", navn=", ".join(ukjente))]
    if o.enhet_id is not None:
        enhet = db.session.get(Enhet, o.enhet_id)
        if enhet is None or enhet.organisasjon_id != o.organisasjon_id or not enhet.aktiv:
            felter["enhet"] = [_("Enheten finnes ikke i denne organisasjonen, eller er ikke i bruk.")]
    if o.gyldig_til is not None and o.gyldig_til <= (o.gyldig_fra or now()):
        felter["gyldig_til"] = [_("Sluttdatoen må være etter startdatoen.")]
    if felter:
        raise UgyldigData(felter=felter)


@transactional
def avslutt_medlemskap(aktor: Aktor, medlemskap_id: UUID, *, naar: datetime | None = None) -> Medlemskap:
    """Ends a membership now or at a coming moment. Logins that act in it fall to another role or end.

    A membership that has not begun is ended at its first moment plus one second: rows are never deleted.
    """
    medlemskap = access.hent_medlemskap(aktor, medlemskap_id)
    slutt = max(naar or now(), medlemskap.gyldig_fra + timedelta(seconds=1))
    if medlemskap.gyldig_til is not None and medlemskap.gyldig_til <= slutt:
        return medlemskap
    medlemskap.gyldig_til = slutt
    logg(aktor, "medlemskap.avsluttet", "medlemskap", medlemskap.id, person=medlemskap.person_id, til=slutt)
    for sesjon_id in db.session.scalars(
        sa.select(Sesjon.id).where(Sesjon.person_id == medlemskap.person_id, Sesjon.avsluttet.is_(None))
    ):
        meld("identitet.sesjon_endret", sesjon_id=sesjon_id)
    return medlemskap


@transactional
def sett_passord(aktor: Aktor, person_id: UUID, passordhash: Passordhash) -> None:
    """Stores a new password (checked and hashed by the door) and ends the person's other logins."""
    person = access.hent_person(aktor, person_id)
    access.krev_passord(aktor, person)
    person.passord_hash = passordhash.verdi
    antall = steps.avslutt_sesjoner(person.id, unntatt=aktor.sesjon_id)
    logg(aktor, "person.passord_satt", "person", person.id, avsluttede_sesjoner=antall)


@transactional
def sett_aktiv(aktor: Aktor, person_id: UUID, aktiv: bool) -> None:
    """Switches a person off (every login ends) or on again."""
    person = access.hent_person(aktor, person_id)
    access.krev_passord(aktor, person)
    person.aktiv = aktiv
    if not aktiv:
        steps.avslutt_sesjoner(person.id)
    logg(aktor, "person.aktivert" if aktiv else "person.deaktivert", "person", person.id)


@transactional
def opprett_tjenestekonto(aktor: Aktor, navn: str, medlemskap_id: UUID, *, gyldig_dager: int = 365) -> str:
    """A Bearer token for an API client that acts in the membership. It is shown this once and never again.

    Only a systemadministrator or the command line: who holds the token is that person in that role.
    """
    access.krev(aktor, access.Handling.OPPRETTE_TJENESTEKONTO)
    medlemskap = access.hent_medlemskap(aktor, medlemskap_id)
    varighet = timedelta(days=gyldig_dager)
    if not timedelta(0) < varighet <= LENGSTE_TJENESTEKONTO:
        raise UgyldigData(felter={"gyldig_dager": [_("En tjenestekonto gjelder i 1–366 dager.")]})
    token = secrets.token_urlsafe(32)
    konto = Tjenestekonto(
        id=uuid4(),
        navn=kontroll.navn(navn),
        token_hash=steps.hash_token(token),
        medlemskap_id=medlemskap.id,
        utloeper=now() + varighet,
    )
    db.session.add(konto)
    logg(
        aktor, "tjenestekonto.opprettet", "tjenestekonto", konto.id, navn=konto.navn, medlemskap=medlemskap.id
    )
    return token


@transactional
def trekk_tilbake_tjenestekonto(aktor: Aktor, navn: str) -> int:
    """Withdraws the running service accounts of that name, and gives their number."""
    access.krev(aktor, access.Handling.OPPRETTE_TJENESTEKONTO)
    kontoer = db.session.scalars(
        sa.select(Tjenestekonto).where(Tjenestekonto.navn == navn, Tjenestekonto.tilbakekalt.is_(None))
    ).all()
    for konto in kontoer:
        konto.tilbakekalt = now()
        logg(aktor, "tjenestekonto.trukket", "tjenestekonto", konto.id, navn=konto.navn)
    return len(kontoer)


def kontroller_eget_passord(aktor: Aktor, passord: str) -> None:
    """Judges a new password for the actor. Raises UgyldigData (field `passord`)."""
    person = access.hent_person(aktor, aktor.person_id) if aktor.person_id else None
    if person is not None:
        ord_ = passordregler.personlige_ord(person.navn, person.epost, aktor.organisasjon_navn)
        passordregler.kontroller(passord, personlig=ord_)


# --- for the command line ---------------------------------------------------------------------------------


def ny_med_medlemskap(
    aktor: Aktor,
    *,
    navn: str,
    epost: str,
    organisasjon: str,
    rolle: str,
    passord: str,
    fagomraader: Iterable[str] = (),
    enhet: str | None = None,
    telefon: str = "",
    hpr_nummer: str | None = None,
) -> Person:
    """`opprett_person` with a typed password, and the place by its number (see `finn_organisasjon`).

    No transaction of its own: the password is judged and hashed before the use case begins.
    """
    sted, enhet_id = _finn_sted(organisasjon, enhet)
    passordregler.kontroller(passord, personlig=passordregler.personlige_ord(navn, epost, sted.kortnavn))
    return opprett_person(
        aktor,
        navn=navn,
        epost=epost,
        telefon=telefon,
        hpr_nummer=hpr_nummer,
        passordhash=i_traadpool(passordregler.lag_hash, passord),
        oppdrag=Rolleoppdrag(sted.id, Rolle(rolle), enhet_id, frozenset(fagomraader)),
    )


def _finn_sted(organisasjon: str, enhet: str | None) -> tuple[Organisasjon, UUID | None]:
    """The place by its number and, where one is given, the name of its unit."""
    sted = finn_organisasjon(organisasjon)
    if not enhet:
        return sted, None
    enhet_id = db.session.scalar(
        sa.select(Enhet.id).where(Enhet.organisasjon_id == sted.id, Enhet.navn == enhet)
    )
    if enhet_id is None:
        raise UgyldigData(felter={"enhet": [_("%(navn)s har ingen enhet med det navnet.", navn=sted.navn)]})
    return sted, enhet_id


def ny_rolle(
    aktor: Aktor,
    *,
    epost: str,
    organisasjon: str,
    rolle: str,
    enhet: str | None = None,
    fagomraader: Iterable[str] = (),
) -> Medlemskap:
    """`gi_medlemskap` for the person with that e-mail address, at a place by its number."""
    sted, enhet_id = _finn_sted(organisasjon, enhet)
    oppdrag = Rolleoppdrag(sted.id, Rolle(rolle), enhet_id, frozenset(fagomraader))
    return gi_medlemskap(aktor, finn_person(epost).id, oppdrag)


def avslutt_rolle(
    aktor: Aktor, *, epost: str, organisasjon: str, rolle: str, enhet: str | None = None
) -> None:
    """`avslutt_medlemskap` for that role at that place. Raises UgyldigData when the person does not hold it."""
    sted, enhet_id = _finn_sted(organisasjon, enhet)
    roller = [
        r
        for r in steps.gyldige_medlemskap(finn_person(epost).id)
        if (r.organisasjon_id, r.enhet_id, r.rolle) == (sted.id, enhet_id, Rolle(rolle))
    ]
    if not roller:
        raise UgyldigData(felter={"rolle": [_("Personen har ikke denne rollen der nå.")]})
    for r in roller:
        assert r.medlemskap_id is not None
        avslutt_medlemskap(aktor, r.medlemskap_id)


def bytt_passord_for(aktor: Aktor, *, epost: str, passord: str) -> None:
    """`sett_passord` with a typed password, for the person with that e-mail address."""
    person = finn_person(epost)
    passordregler.kontroller(passord, personlig=passordregler.personlige_ord(person.navn, person.epost))
    sett_passord(aktor, person.id, i_traadpool(passordregler.lag_hash, passord))


def ny_tjenestekonto(
    aktor: Aktor, *, navn: str, epost: str, dager: int = 365, organisasjon: str | None = None
) -> str:
    """`opprett_tjenestekonto` in the membership of the person with that e-mail address.

    `organisasjon` (a number) says which when the person has several. Raises UgyldigData when it is not clear.
    """
    roller = steps.gyldige_medlemskap(finn_person(epost).id)
    if organisasjon:
        sted_id = finn_organisasjon(organisasjon).id
        roller = [r for r in roller if r.organisasjon_id == sted_id]
    if len(roller) != 1 or roller[0].medlemskap_id is None:
        raise UgyldigData(
            felter={
                "epost": [
                    _(
                        "Personen har %(antall)s gyldige roller der; det må være nøyaktig én.",
                        antall=len(roller),
                    )
                ]
            }
        )
    return opprett_tjenestekonto(aktor, navn, roller[0].medlemskap_id, gyldig_dager=dager)


def finn_person(epost: str) -> Person:
    """The person with an e-mail address. Raises UgyldigData when there is none."""
    person = db.session.scalars(sa.select(Person).where(Person.epost == epost.strip().lower())).one_or_none()
    if person is None:
        raise UgyldigData(felter={"epost": [_("Ingen person har denne e-postadressen.")]})
    return person


def finn_organisasjon(nummer: str) -> Organisasjon:
    """An active organisation by its organisasjonsnummer, or kommunenummer or fylkesnummer.

    Raises UgyldigData when there is none.
    """
    nummer = nummer.replace(" ", "")
    felt = Organisasjon.organisasjonsnummer if len(nummer) == 9 else Organisasjon.kode
    organisasjon = db.session.scalars(
        sa.select(Organisasjon).where(felt == nummer, Organisasjon.nedlagt.is_(None))
    ).one_or_none()
    if organisasjon is None:
        melding = _("Ingen organisasjon i bruk har nummeret %(nummer)s.", nummer=nummer)
        raise UgyldigData(felter={"organisasjon": [melding]})
    return organisasjon
