"""Links that count once: an invitation by an administrator, and a new password for who has forgotten it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.config import innstillinger
from portal.core.db import db, transactional
from portal.core.errors import IkkeFunnet, PortalError, UgyldigData
from portal.core.sprak import _l
from portal.core.traader import i_traadpool
from portal.identitet import access, brev, steps
from portal.identitet import passord as passordregler
from portal.identitet.models import Engangslenke, Lenkeformaal, Person
from portal.identitet.passord import Passordhash
from portal.identitet.service import oekter
from portal.revisjon.steps import logg

#: The count of asked-for links (`oekter.begynn_forsoek`).
GLEMT = "nytt_passord"
#: A link this young is not replaced: whoever asks in somebody's name cannot keep withdrawing the newest.
FERSK = timedelta(minutes=5)
#: Seconds that an answer to «Glemt passord» takes, whether there is such an account or not.
SVARTID = 0.6


class UkjentLenke(IkkeFunnet):
    kode = "ukjent_lenke"
    standard = _l("Lenken gjelder ikke. Sjekk at du har fått med hele adressen, eller be om en ny lenke.")


class Lenkefeil(PortalError):
    """A link that was right once. 410: it will never be again."""

    status = 410


class BruktLenke(Lenkefeil):
    kode = "brukt_lenke"
    standard = _l("Lenken er brukt. Har du valgt passord, logger du inn. Ellers ber du om en ny lenke.")


class TrukketLenke(Lenkefeil):
    kode = "trukket_lenke"
    standard = _l("Lenken er trukket tilbake. Bruk den i den siste e-posten du har fått, eller be om en ny.")


class UtloeptLenke(Lenkefeil):
    kode = "utloept_lenke"
    standard = _l("Lenken er for gammel. Be om en ny.")


@dataclass(frozen=True, slots=True)
class Lenke:
    """What the page of a link shows."""

    formaal: Lenkeformaal
    navn: str
    epost: str


@transactional
def inviter(aktor: Aktor, person_id: UUID) -> str:
    """Sends a person a link with which to choose a password, and gives its token, to be shown once.

    For who may set the person's password, but never for oneself. Older invitations are withdrawn.
    Raises IkkeTilgang, IkkeFunnet, UgyldigData.
    """
    person = access.hent_person(aktor, person_id)
    access.krev_andres(aktor, person)
    if not person.aktiv:
        raise UgyldigData(_l("Personen er stengt ute. Slipp personen inn igjen før du sender en lenke."))
    return steps.inviter(aktor, person)


def be_om_nytt_passord(epost: str, *, kilde: str) -> None:
    """Sends a link to who has an account with that e-mail, and says nothing about whether somebody has.

    The same answer after the same time in both cases. Raises ForMange.
    """
    ferdig = time.monotonic() + SVARTID
    try:
        forsoek = oekter.begynn_forsoek(oekter.normaliser_epost(epost), kilde, "", GLEMT)
        send_passordlenke(forsoek.person_id, forsoek.konto)
    finally:
        time.sleep(max(0.0, ferdig - time.monotonic()))


@transactional
def send_passordlenke(person_id: UUID | None, konto: str) -> None:
    """The link itself, unless a fresh one is under way. `konto` is the keyed hash of what was typed."""
    aktor = Aktor(navn="ikke innlogget", formaal="innlogging")
    person = db.session.get(Person, person_id) if person_id else None
    if person is None:
        logg(aktor, "lenke.bedt_om", "ukjent_konto", konto[:32], utfall="avslag")
        return
    logg(aktor, "lenke.bedt_om", "person", person.id)
    fersk = db.session.scalar(
        sa.select(Engangslenke.id)
        .where(
            Engangslenke.person_id == person.id,
            Engangslenke.formaal == str(Lenkeformaal.PASSORD),
            Engangslenke.brukt.is_(None),
            Engangslenke.trukket.is_(None),
            Engangslenke.opprettet > now() - FERSK,
        )
        .limit(1)
    )
    if fersk is not None:
        return
    token = steps.lag_lenke(aktor, person, Lenkeformaal.PASSORD)
    utloeper = steps.lenkeutloep(Lenkeformaal.PASSORD)
    steps.send_brev(
        person,
        f"passord:{steps.hash_token(token)[:40]}",
        lambda: brev.nytt_passord(person.navn, token, utloeper),
    )


def _finn(token: str, *, laas: bool = False) -> tuple[Engangslenke, Person]:
    """The link and its person. Raises UkjentLenke or a Lenkefeil that says what became of it."""
    sporring = sa.select(Engangslenke).where(Engangslenke.token_hash == steps.hash_token(token))
    lenke = db.session.scalars(sporring.with_for_update() if laas else sporring).one_or_none()
    person = db.session.get(Person, lenke.person_id) if lenke else None
    if lenke is None or person is None or not person.aktiv or (person.demo and not innstillinger().demo):
        raise UkjentLenke()
    if lenke.brukt is not None:
        raise BruktLenke()
    if lenke.trukket is not None:
        raise TrukketLenke()
    if lenke.utloeper <= now():
        raise UtloeptLenke()
    return lenke, person


def se_lenke(token: str) -> Lenke:
    """Whose link this is and what for. Looking uses nothing up. Raises UkjentLenke or Lenkefeil."""
    lenke, person = _finn(token)
    return Lenke(Lenkeformaal(lenke.formaal), person.navn, person.epost)


def velg_passord(token: str, passord: str) -> None:
    """Judges and hashes a typed password, then uses the link. Raises UgyldigData (field `passord`) too."""
    lenke = se_lenke(token)
    passordregler.kontroller(passord, personlig=passordregler.personlige_ord(lenke.navn, lenke.epost))
    bruk_lenke(token, i_traadpool(passordregler.lag_hash, passord))


@transactional
def bruk_lenke(token: str, passordhash: Passordhash) -> None:
    """Sets the password, ends every login of the person, and uses up the link and all their others.

    Nobody is logged in by it: the person logs in with the new password, and the second factor where it is
    demanded. Of two at the same moment one wins. Raises UkjentLenke or Lenkefeil.
    """
    lenke, person = _finn(token, laas=True)
    lenke.brukt = now()
    db.session.flush()
    steps.trekk_lenker(person.id, *Lenkeformaal)
    hadde_passord, person.passord_hash = person.passord_hash is not None, passordhash.verdi
    antall = steps.avslutt_sesjoner(person.id)
    aktor = Aktor(navn=person.navn, person_id=person.id, formaal="innlogging")
    logg(aktor, "lenke.brukt", "person", person.id, slag=lenke.formaal, avsluttede_sesjoner=antall)
    if hadde_passord:
        # By an invitation too: the administrator who made it has seen the link.
        steps.send_brev(person, f"passord-byttet:{lenke.id}", lambda: brev.passord_byttet(person.navn))
