"""Login, logout, and which membership a login acts in.

A login is not one transaction: the password is looked at between two, since hashing must run on a thread and
nothing inside a transaction may wait (`logg_inn` holds the three parts together).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.config import innstillinger
from portal.core.db import db, meld, transactional, uavhengig
from portal.core.errors import ForMange, IkkeFunnet, IkkeInnlogget, IkkeTilgang, PortalError, UgyldigData
from portal.core.sprak import SPRAAK, _, _l
from portal.core.traader import i_traadpool
from portal.identitet import access, sperre, steps, totrinn
from portal.identitet import passord as passordregler
from portal.identitet.models import Innloggingsforsoek, Person, Sesjon
from portal.identitet.passord import Passordhash
from portal.revisjon.steps import logg

#: Who somebody is before the login: nobody yet.
_UTENFOR = Aktor(navn="ikke innlogget", formaal="innlogging")


class FeilPassord(PortalError):
    """The same for an unknown account and a wrong password, so that nobody learns who has an account."""

    status = 401
    kode = "feil_passord"
    standard = _l(
        "E-postadressen eller passordet stemmer ikke. Prøv igjen, velg «Glemt passord?», eller spør "
        "administratoren i organisasjonen din. Haster det for en pasient: ring sykehuset, eller 113 ved akutt fare."
    )


class IngenRolle(IkkeTilgang):
    kode = "ingen_rolle"
    standard = _l(
        "Du har ingen rolle som gjelder nå. Be administratoren i organisasjonen din om å gi deg en rolle."
    )


@dataclass(frozen=True, slots=True)
class Innlogging:
    """A login that succeeded: the token for the browser's session, and the new cookie of a known device."""

    token: str
    aktor: Aktor
    enhetskapsel: str
    spraak: str


@dataclass(frozen=True, slots=True)
class Mellomtrinn:
    """A right password that is not enough: what is missing, and the note with which the browser goes on.

    Nobody is logged in by the note: it only spares the password while the second factor is shown.
    """

    trinn: totrinn.Trinn
    bevis: str


#: What a note between password and second factor is packed for (`totrinn.pakk`).
BEVIS = "innlogging"


@dataclass(frozen=True, slots=True)
class Forsoek:
    """A try that is written down and let through to the password; no `person_id`: nobody's account."""

    id: UUID
    konto: str
    kilde: str
    person_id: UUID | None
    passord_hash: str | None


def normaliser_epost(epost: str) -> str:
    """The name to log in with, as `kontroll.epost` stores it: composed (NFC), without spaces around, lower case."""
    return unicodedata.normalize("NFC", epost).strip().lower()


def logg_inn(
    epost: str, passord: str, *, kilde: str, nettleser: str = "", enhetskapsel: str = ""
) -> Innlogging | Mellomtrinn:
    """Logs a person in, or tells what is missing after the password (then `service/totrinn.py` goes on).

    `kilde` is the client's IP address, `enhetskapsel` the cookie of a known device.
    Raises FeilPassord, ForMange (with `vent` in seconds) or IngenRolle.
    """
    forsoek = begynn_forsoek(normaliser_epost(epost), kilde, enhetskapsel)
    if not i_traadpool(passordregler.stemmer, forsoek.passord_hash, passord):
        avvis_forsoek(forsoek)
        raise FeilPassord()
    ny_hash = None
    if forsoek.passord_hash and passordregler.boer_fornyes(forsoek.passord_hash):
        ny_hash = i_traadpool(passordregler.lag_hash, passord)
    return fullfoer_forsoek(forsoek, ny_hash, nettleser=nettleser, enhetskapsel=enhetskapsel)


@transactional
def begynn_forsoek(
    epost: str, kilde: str, enhetskapsel: str, formaal: str = "", *, sesjon_id: UUID | None = None
) -> Forsoek:
    """Counts a try (see `sperre.py`) before the password is looked at. Raises ForMange.

    `formaal` names a count of its own (codes of the second factor, links that are asked for): a right
    password, which forgives wrong ones, must not forgive wrong codes.

    `sesjon_id` is the login inside which the proof is asked for again. It shows, as a known device does, that the
    account has logged in here: a stranger's failures must not keep a specialist from opening the screen.
    """
    naa = now()
    konto = sperre.konto_hash(epost)
    enhet = (
        sperre.for_seg("sesjon", str(sesjon_id))
        if sesjon_id
        else sperre.kjent_enhet(enhetskapsel, konto, naa)
    )
    kilde_ = enhet or sperre.kilde_hash(kilde)
    if formaal:
        konto, kilde_ = sperre.for_seg(formaal, konto), sperre.for_seg(formaal, kilde_)
    sperre.laas(konto, kilde_)
    til = sperre.vent_til(konto, kilde_, naa, kjent=enhet is not None)
    if til is not None:
        vent = max(1, round((til - naa).total_seconds()))
        raise ForMange(_for_mange(vent, formaal), vent=vent)
    forsoek = Innloggingsforsoek(id=uuid4(), konto=konto, kilde=kilde_, tidspunkt=naa)
    db.session.add(forsoek)
    person = db.session.scalars(sa.select(Person).where(Person.epost == epost)).one_or_none()
    kjent = person is not None and person.aktiv and (innstillinger().demo or not person.demo)
    return Forsoek(
        id=forsoek.id,
        konto=konto,
        kilde=kilde_,
        person_id=person.id if kjent and person else None,
        passord_hash=person.passord_hash if kjent and person else None,
    )


def _for_mange(vent: int, formaal: str) -> str:
    minutter = -(-vent // 60)
    naar = (
        _("om %(antall)s sekunder", antall=vent)
        if vent < 90
        else _("om %(antall)s minutter", antall=minutter)
    )
    if formaal:
        return _(
            "For mange forsøk på kort tid. Prøv igjen %(naar)s. "
            "Haster det for en pasient: ring sykehuset, eller 113 ved akutt fare.",
            naar=naar,
        )
    return _(
        "For mange mislykkede forsøk. Prøv igjen %(naar)s, eller logg inn fra maskinen du pleier å bruke. "
        "Haster det for en pasient: ring sykehuset, eller 113 ved akutt fare.",
        naar=naar,
    )


def avvis_forsoek(forsoek: Forsoek) -> None:
    """Writes the failed login to the audit log. An unknown account is told by the hash of what was typed."""
    uavhengig(
        lambda: logg(
            _UTENFOR,
            "innlogging.feilet",
            "person" if forsoek.person_id else "ukjent_konto",
            forsoek.person_id or forsoek.konto[:32],
            utfall="avslag",
            kilde=forsoek.kilde[:16],
        )
    )


@transactional
def fullfoer_forsoek(
    forsoek: Forsoek, ny_hash: Passordhash | None = None, *, nettleser: str = "", enhetskapsel: str = ""
) -> Innlogging | Mellomtrinn:
    """After a right password: a new session in the membership used last, and the tries from here forgotten.

    No session yet where a second factor is demanded: the note that leads to it instead.

    Raises FeilPassord when the password was changed meanwhile, IngenRolle without a valid membership.
    """
    naa = now()
    person = db.session.get(Person, forsoek.person_id, with_for_update=True) if forsoek.person_id else None
    if person is None or not person.aktiv or person.passord_hash != forsoek.passord_hash:
        raise FeilPassord()
    roller = steps.gyldige_medlemskap(person.id)
    if not roller:
        person_id = person.id
        uavhengig(lambda: logg(_UTENFOR, "innlogging.ingen_rolle", "person", person_id, utfall="avslag"))
        raise IngenRolle()
    if ny_hash is not None:
        person.passord_hash = ny_hash.verdi
    sperre.tilgi(forsoek.konto, forsoek.kilde)
    i = innstillinger()
    trinn = totrinn.mangler(i.tofaktor, har_satt_opp=person.totp_hemmelighet is not None)
    if trinn is not None:
        innhold = {
            "p": str(person.id),
            "f": totrinn.avtrykk(i.hemmelighet, person.passord_hash),
            "m": trinn.value,
        }
        # Installing an app takes longer than reading a code from one.
        varer = totrinn.MELLOMTID if trinn is totrinn.Trinn.KODE else totrinn.OPPSETTSTID
        return Mellomtrinn(trinn, totrinn.pakk(i.hemmelighet, BEVIS, innhold, naa + varer))
    aktor, token = steps.aapne_sesjon(person, roller, nettleser)
    logg(aktor, "innlogging.ok", "sesjon", aktor.sesjon_id)
    return Innlogging(token, aktor, sperre.ny_enhetskapsel(enhetskapsel, forsoek.konto, naa), person.spraak)


def _med_sesjon(aktor: Aktor, sesjon_id: UUID) -> Aktor:
    return replace(aktor, sesjon_id=sesjon_id)


def krev_eget_passord(aktor: Aktor, passord: str, *, kilde: str) -> None:
    """Demands the actor's own password again, counted as a login. Raises UgyldigData or ForMange."""
    person = db.session.get(Person, aktor.person_id) if aktor.person_id else None
    if person is None:
        raise IkkeInnlogget()
    forsoek = begynn_forsoek(person.epost, kilde, "", sesjon_id=aktor.sesjon_id)
    if not i_traadpool(passordregler.stemmer, forsoek.passord_hash, passord):
        avvis_forsoek(forsoek)
        raise UgyldigData(felter={"naavaerende": [_("Passordet stemmer ikke.")]})
    glem_forsoek(forsoek)


@transactional
def glem_forsoek(forsoek: Forsoek) -> None:
    """After a right password: the failures of the account from here are forgotten."""
    sperre.tilgi(forsoek.konto, forsoek.kilde)


@transactional
def logg_ut(aktor: Aktor) -> None:
    """Ends the actor's session. Open sockets of it are told by the event. Ending it twice is no error."""
    try:
        sesjon = steps.egen_sesjon(aktor)
    except IkkeInnlogget:
        return
    sesjon.avsluttet = now()
    logg(aktor, "innlogging.avsluttet", "sesjon", sesjon.id)
    meld("identitet.sesjon_avsluttet", sesjon_id=sesjon.id)


def _skriv_avslag(aktor: Aktor, handling: str, objekt_type: str, objekt_id: UUID) -> None:
    uavhengig(lambda: logg(aktor, handling, objekt_type, objekt_id, utfall="avslag", grunn="ikke_funnet"))


@transactional
def bytt_medlemskap(aktor: Aktor, medlemskap_id: UUID) -> Aktor:
    """Makes another of the person's valid memberships the active one, and gives the new actor.

    Raises IkkeFunnet for one that is somebody else's or has ended.
    """
    sesjon = steps.egen_sesjon(aktor)
    ny = next(
        (r for r in steps.gyldige_medlemskap(sesjon.person_id) if r.medlemskap_id == medlemskap_id), None
    )
    if ny is None:
        _skriv_avslag(aktor, "innlogging.byttet_rolle", "medlemskap", medlemskap_id)
        raise IkkeFunnet(_l("Rollen gjelder ikke lenger. Velg en annen."))
    if sesjon.medlemskap_id != medlemskap_id:
        sesjon.medlemskap_id = medlemskap_id
        logg(
            _med_sesjon(ny, sesjon.id),
            "innlogging.byttet_rolle",
            "medlemskap",
            medlemskap_id,
            fra=aktor.medlemskap_id,
        )
        meld("identitet.sesjon_endret", sesjon_id=sesjon.id)
    return _med_sesjon(ny, sesjon.id)


@transactional
def roer_sesjon(aktor: Aktor, *, brukt: bool = True) -> None:
    """Notes that the session is in use, and which role it fell to when the chosen one ended.

    The door calls it once a minute at most (`Sesjonsbruk.skal_roeres`). `brukt` is whether a person did something:
    what a page fetches by itself keeps no screen open. A locked screen is opened by `laas.laas_opp` alone.
    """
    naa = now()
    sesjon = db.session.get(Sesjon, aktor.sesjon_id) if aktor.sesjon_id else None
    if sesjon is None or sesjon.avsluttet is not None:
        return
    if brukt and sesjon.laast is None and sesjon.sist_brukt > steps.laasegrense(naa):
        sesjon.sist_brukt = naa
    if sesjon.medlemskap_id != aktor.medlemskap_id:
        logg(aktor, "innlogging.byttet_rolle", "medlemskap", aktor.medlemskap_id, fra=sesjon.medlemskap_id)
        sesjon.medlemskap_id = aktor.medlemskap_id


@transactional
def rydd() -> int:
    """Throws away failed tries that are too old to count, and gives their number. Run by the worker."""
    return sperre.rydd(now())


def gyldige_sesjoner(sesjon_ider: Iterable[UUID]) -> dict[UUID, steps.Sesjonstilstand]:
    """Of these sessions, those that hold, and how they stand: the tick of the sockets asks."""
    return steps.gyldige_sesjoner(sesjon_ider)


@transactional
def velg_spraak(aktor: Aktor, spraak: str) -> None:
    """Remembers the person's language for the next login. Raises IkkeFunnet for an unknown one."""
    if spraak not in SPRAAK:
        raise IkkeFunnet()
    person = db.session.get(Person, aktor.person_id) if aktor.person_id else None
    if person is not None and person.spraak != spraak:
        person.spraak = spraak


# --- one's own sessions ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sesjonsrad:
    """A place where the person is logged in."""

    id: UUID
    nettleser: str
    opprettet: datetime
    sist_brukt: datetime
    denne: bool


def egne_sesjoner(aktor: Aktor) -> list[Sesjonsrad]:
    """Where the actor is logged in now: this place first, then the one used last."""
    if aktor.person_id is None:
        return []
    rader = db.session.scalars(
        sa.select(Sesjon)
        .where(Sesjon.person_id == aktor.person_id, steps.sesjon_holder(now()))
        .order_by(Sesjon.sist_brukt.desc(), Sesjon.id)
    ).all()
    liste = [Sesjonsrad(r.id, r.nettleser, r.opprettet, r.sist_brukt, r.id == aktor.sesjon_id) for r in rader]
    return sorted(liste, key=lambda r: not r.denne)


@transactional
def avslutt_egen_sesjon(aktor: Aktor, sesjon_id: UUID) -> None:
    """Logs the actor out at one other place. Somebody else's session, or an ended one, is IkkeFunnet."""
    sesjon = db.session.get(Sesjon, sesjon_id, with_for_update=True)
    if sesjon is None or sesjon.person_id != aktor.person_id or sesjon.avsluttet is not None:
        if sesjon is None or sesjon.person_id != aktor.person_id:
            _skriv_avslag(aktor, "innlogging.avsluttet", "sesjon", sesjon_id)
        raise IkkeFunnet(_l("Du er ikke logget inn der lenger."))
    sesjon.avsluttet = now()
    logg(aktor, "innlogging.avsluttet", "sesjon", sesjon.id)
    meld("identitet.sesjon_avsluttet", sesjon_id=sesjon.id)


@transactional
def logg_ut_overalt(aktor: Aktor) -> int:
    """Ends every session of the actor, this one too, and gives their number."""
    if aktor.person_id is None:
        raise IkkeTilgang()
    antall = steps.avslutt_sesjoner(aktor.person_id)
    logg(aktor, "innlogging.avsluttet", "person", aktor.person_id, antall=antall)
    return antall


@transactional
def avslutt_sesjoner(aktor: Aktor, person_id: UUID) -> int:
    """Ends every session of a person but the actor's own (a lost telephone), and gives their number."""
    person = access.hent_person(aktor, person_id)
    access.krev_passord(aktor, person)
    antall = steps.avslutt_sesjoner(person_id, unntatt=aktor.sesjon_id)
    logg(aktor, "innlogging.avsluttet", "person", person_id, antall=antall)
    return antall
