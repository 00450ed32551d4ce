"""People and their memberships: made by the command line and by administrators of their own organisation."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.errors import UgyldigData
from portal.core.sprak import _
from portal.core.traader import i_traadpool
from portal.identitet import access, kontroll, steps, vakttap
from portal.identitet import passord as passordregler
from portal.identitet.models import (
    Enhet,
    Lenkeformaal,
    Medlemskap,
    Organisasjon,
    Person,
    Tjenestekonto,
)
from portal.identitet.passord import Passordhash
from portal.identitet.roller import Rolleoppdrag
from portal.revisjon.steps import logg

#: A service account's token must be renewed at least this often.
LENGSTE_TJENESTEKONTO = timedelta(days=366)


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
    lest = kontroll.person(navn=navn, epost=epost, telefon=telefon, hpr_nummer=hpr_nummer)
    steps.krev_ledig_epost(lest["epost"])
    steps.krev_ledig_hpr(lest["hpr_nummer"])
    steps.krev_mulig(oppdrag)
    person = steps.ny_person(aktor, lest, passordhash=passordhash, spraak=spraak)
    steps.gi_rolle(aktor, person, oppdrag)
    steps.lagre_folk()
    return person


@transactional
def gi_medlemskap(aktor: Aktor, person_id: UUID, oppdrag: Rolleoppdrag) -> Medlemskap:
    """Another membership for a person. Raises UgyldigData when role, place and fagområder do not fit."""
    access.krev_rolle(aktor, oppdrag.rolle, oppdrag.organisasjon_id)
    person = access.hent_person(aktor, person_id)
    steps.krev_mulig(oppdrag)
    return steps.gi_rolle(aktor, person, oppdrag)


@transactional
def avslutt_medlemskap(
    aktor: Aktor, medlemskap_id: UUID, *, naar: datetime | None = None, sett_vakter: int | None = None
) -> Medlemskap:
    """Ends a membership now or at a coming moment. Logins that act in it fall to another role or end.

    A membership that has not begun is ended at its first moment plus one second: rows are never deleted.
    `sett_vakter` is how many shifts the actor has been told are left without anybody: VakterFaller when it is more.
    """
    medlemskap = access.hent_medlemskap(aktor, medlemskap_id)
    if medlemskap.id == aktor.medlemskap_id:
        raise UgyldigData(
            _("Du kan ikke avslutte rollen du arbeider i nå. Be en annen administrator om det."),
            kode="egen_rolle",
        )
    slutt = max(naar or now(), medlemskap.gyldig_fra + timedelta(seconds=1))
    if medlemskap.gyldig_til is not None and medlemskap.gyldig_til <= slutt:
        return medlemskap
    vakttap.krev_sett(vakttap.regn_ut(medlemskap.person_id, medlemskap.id, fra=slutt), sett_vakter)
    medlemskap.gyldig_til = slutt
    logg(aktor, "medlemskap.avsluttet", "medlemskap", medlemskap.id, person=medlemskap.person_id, til=slutt)
    steps.sjekk_sesjoner(medlemskap.person_id)
    return medlemskap


@transactional
def sett_passord(aktor: Aktor, person_id: UUID, passordhash: Passordhash) -> None:
    """Stores a new password (checked and hashed by the door), and ends the person's other logins and unused links: a
    mailbox that somebody else reads is a reason to change it."""
    person = access.hent_person(aktor, person_id)
    access.krev_passord(aktor, person)
    person.passord_hash = passordhash.verdi
    steps.trekk_lenker(person.id, *Lenkeformaal)
    antall = steps.avslutt_sesjoner(person.id, unntatt=aktor.sesjon_id)
    logg(aktor, "person.passord_satt", "person", person.id, avsluttede_sesjoner=antall)


@transactional
def sett_aktiv(aktor: Aktor, person_id: UUID, aktiv: bool, *, sett_vakter: int | None = None) -> None:
    """Switches a person off (every login and unused link ends) or on again. Nobody shuts herself out: no one might be
    left to open. `sett_vakter`: as in `avslutt_medlemskap`."""
    person = access.hent_person(aktor, person_id)
    access.krev_passord(aktor, person)
    if person.id == aktor.person_id and not aktiv:
        raise UgyldigData(
            _("Du kan ikke stenge deg selv ute. Be en annen administrator om det."), kode="seg_selv"
        )
    if person.aktiv == aktiv:
        return
    if not aktiv:
        vakttap.krev_sett(vakttap.regn_ut(person.id), sett_vakter)
    person.aktiv = aktiv
    if not aktiv:
        steps.trekk_lenker(person.id, *Lenkeformaal)
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
