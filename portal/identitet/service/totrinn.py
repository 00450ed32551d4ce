"""The second factor: showing it at login, proving it again, setting it up, and losing it.

As with passwords a try is written down before the code is looked at, in a count of its own: the right password,
which forgives wrong ones, forgives no wrong code. A code of the clock counts once (the newest step taken is
compared and set in one statement), and so does a recovery code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.config import innstillinger
from portal.core.db import db, transactional, uavhengig
from portal.core.errors import IkkeInnlogget, IkkeTilgang, PortalError, UgyldigData
from portal.core.sprak import _l
from portal.identitet import access, brev, sperre, steps
from portal.identitet import totrinn as regler
from portal.identitet.models import Gjenopprettingskode, Innloggingsforsoek, Person
from portal.identitet.service import oekter
from portal.identitet.service.oekter import BEVIS, Forsoek, IngenRolle, Innlogging
from portal.identitet.totrinn import Trinn
from portal.revisjon.steps import logg

#: The count of wrong codes (`begynn_forsoek`), and how many within an hour make the portal write to the person.
KODER = "totrinn"
SKRIV_ETTER = 5
_OPPSETT = "oppsett"
R = TypeVar("R")


class FeilKode(PortalError):
    status = 401
    kode = "feil_kode"
    standard = _l(
        "Koden stemmer ikke, eller er brukt alt. Vent til appen viser en ny kode, og prøv igjen. Sjekk at klokka "
        "på telefonen går riktig."
    )


class BruktKode(FeilKode):
    """Told only to who holds the code itself."""

    kode = "brukt_kode"
    standard = _l("Denne gjenopprettingskoden er brukt. Hver kode gjelder én gang: ta en annen.")


class UleseligNoekkel(FeilKode):
    """The portal's secret was changed after the authenticator was set up."""

    kode = "uleselig_noekkel"
    standard = _l(
        "Kodene fra appen kan ikke kontrolleres lenger. Bruk en gjenopprettingskode, eller be administratoren i "
        "organisasjonen din om å nullstille totrinnsinnloggingen."
    )


class Utgaatt(PortalError):
    status = 401
    kode = "utgaatt"
    standard = _l("Det gikk for lang tid, eller passordet er byttet. Logg inn på nytt.")


@dataclass(frozen=True, slots=True)
class Oppsett:
    """What the set-up page shows: the secret as picture and text, and the packed note that its form brings back."""

    pakke: str
    hemmelighet: str
    #: The otpauth:// address, for who reads the page on the telephone itself.
    adresse: str
    qr: str


@dataclass(frozen=True, slots=True)
class Status:
    """How the actor's second factor stands. `brukes` is False where the house has switched it off."""

    brukes: bool
    kreves: bool
    paa: bool
    koder_igjen: int


# --- at login --------------------------------------------------------------------------------------------


def trinn_etter(bevis: str) -> Trinn:
    """What the note between password and login leads to. Raises Utgaatt."""
    return Trinn(_les_bevis(bevis)["m"])


def _les_bevis(bevis: str, trinn: Trinn | None = None) -> dict[str, str]:
    innhold = regler.pakk_ut(innstillinger().hemmelighet, BEVIS, bevis, now())
    if innhold is None or (trinn is not None and innhold["m"] != trinn.value):
        raise Utgaatt()
    return innhold


def _person_i(innhold: dict[str, str], *, laas: bool = False) -> Person:
    """The person of a note, while the password is the one that was shown. Raises Utgaatt."""
    i = innstillinger()
    person = db.session.get(Person, UUID(innhold["p"]), with_for_update=laas or None)
    if (
        person is None
        or not person.aktiv
        or (person.demo and not i.demo)
        or regler.avtrykk(i.hemmelighet, person.passord_hash) != innhold["f"]
    ):
        raise Utgaatt()
    return person


def logg_inn_med_kode(
    bevis: str, kode: str, *, kilde: str, nettleser: str = "", enhetskapsel: str = ""
) -> Innlogging:
    """The second half of a login: a code of the authenticator, or a recovery code.

    Raises FeilKode, ForMange, Utgaatt (the password must be shown again) or IngenRolle.
    """
    innhold = _les_bevis(bevis, Trinn.KODE)
    person = _person_i(innhold)
    forsoek = oekter.begynn_forsoek(person.epost, kilde, enhetskapsel, KODER)
    return _proev(
        forsoek, lambda: fullfoer_med_kode(innhold, forsoek, kode, nettleser=nettleser, kapsel=enhetskapsel)
    )


def _proev(forsoek: Forsoek, gjoer: Callable[[], R]) -> R:
    """Tries a code; a wrong one is written to the audit log, and after several the person is written to."""
    try:
        return gjoer()
    except FeilKode:
        oekter.avvis_forsoek(forsoek)
        uavhengig(lambda: _varsle_om_feil(forsoek))
        raise


def _varsle_om_feil(forsoek: Forsoek) -> None:
    naa = now()
    antall = db.session.scalar(
        sa.select(sa.func.count())
        .select_from(Innloggingsforsoek)
        .where(
            Innloggingsforsoek.konto == forsoek.konto, Innloggingsforsoek.tidspunkt > naa - timedelta(hours=1)
        )
    )
    person = db.session.get(Person, forsoek.person_id) if forsoek.person_id else None
    if person is not None and (antall or 0) >= SKRIV_ETTER:
        noekkel = f"feil-koder:{person.id}:{naa:%Y-%m-%d}"
        steps.send_brev(person, noekkel, lambda: brev.feil_koder(person.navn))


@transactional
def fullfoer_med_kode(
    innhold: dict[str, str], forsoek: Forsoek, kode: str, *, nettleser: str, kapsel: str
) -> Innlogging:
    """Takes the code and logs in. `innhold` is what the note said. See `logg_inn_med_kode`."""
    person = _person_i(innhold, laas=True)
    slag = _godta(person, kode)
    return _slipp_inn(person, slag, forsoek, nettleser=nettleser, kapsel=kapsel)


def _slipp_inn(
    person: Person, slag: str, forsoek: Forsoek | None, *, nettleser: str, kapsel: str
) -> Innlogging:
    roller = steps.gyldige_medlemskap(person.id)
    if not roller:
        raise IngenRolle()
    if forsoek is not None:
        sperre.tilgi(forsoek.konto, forsoek.kilde)
    aktor, token = steps.aapne_sesjon(person, roller, nettleser)
    logg(aktor, "innlogging.ok", "sesjon", aktor.sesjon_id, totrinn=slag)
    ny_kapsel = sperre.ny_enhetskapsel(kapsel, sperre.konto_hash(person.epost), now())
    return Innlogging(token, aktor, ny_kapsel, person.spraak)


def _godta(person: Person, kode: str) -> str:
    """Takes a code of the person, so that it never counts again, and gives its kind. Raises FeilKode."""
    if regler.er_engangskode(kode):
        return _godta_engangskode(person, kode)
    return _godta_gjenopprettingskode(person, kode)


def _godta_engangskode(person: Person, kode: str) -> str:
    hemmelighet = (
        regler.dekrypter(innstillinger().hemmelighet, person.totp_hemmelighet)
        if person.totp_hemmelighet
        else None
    )
    if hemmelighet is None:
        raise UleseligNoekkel()
    steg = regler.steg_for(hemmelighet, kode, now(), etter=person.totp_steg)
    if steg is None:
        raise FeilKode()
    svar = db.session.execute(
        sa.update(Person)
        .where(Person.id == person.id, sa.or_(Person.totp_steg.is_(None), Person.totp_steg < steg))
        .values(totp_steg=steg)
        .execution_options(synchronize_session=False)
    )
    if svar.rowcount != 1:  # type: ignore[attr-defined]
        raise FeilKode()
    return "app"


def _godta_gjenopprettingskode(person: Person, kode: str) -> str:
    rad = db.session.scalars(
        sa.select(Gjenopprettingskode)
        .where(
            Gjenopprettingskode.person_id == person.id, Gjenopprettingskode.kode_hash == regler.kodehash(kode)
        )
        .with_for_update()
    ).first()
    if rad is None:
        raise FeilKode()
    if rad.brukt is not None:
        raise BruktKode()
    rad.brukt = now()
    db.session.flush()
    igjen = _koder_igjen(person.id)
    logg(_som(person), "totrinn.gjenoppretting_brukt", "person", person.id, igjen=igjen)
    steps.send_brev(person, f"gjenoppretting:{rad.id}", lambda: brev.gjenoppretting_brukt(person.navn, igjen))
    return "gjenoppretting"


def _som(person: Person) -> Aktor:
    """The person, who has not been logged in yet."""
    return Aktor(navn=person.navn, person_id=person.id, formaal="innlogging")


# --- setting it up ---------------------------------------------------------------------------------------


def oppsett_ved_innlogging(bevis: str) -> Oppsett:
    """A new secret for who must set up a second factor to get in. Raises Utgaatt."""
    return _nytt_oppsett(_person_i(_les_bevis(bevis, Trinn.OPPSETT)))


def begynn_oppsett(aktor: Aktor) -> Oppsett:
    """A new secret for the actor. Nothing is stored before a code of it has come."""
    person = _egen(aktor)
    if innstillinger().tofaktor == "av":
        raise IkkeTilgang(_l("Totrinnsinnlogging er ikke i bruk i denne portalen."))
    return _nytt_oppsett(person)


def _nytt_oppsett(person: Person) -> Oppsett:
    hemmelighet = regler.ny_hemmelighet()
    innhold = {"p": str(person.id), "s": hemmelighet}
    pakke = regler.pakk(innstillinger().hemmelighet, _OPPSETT, innhold, now() + regler.OPPSETTSTID)
    return _vis(pakke, hemmelighet, person)


def samme_oppsett(pakke: str) -> Oppsett:
    """The set-up page again with the same secret, after a wrong code. Raises Utgaatt."""
    innhold = _les_pakke(pakke)
    person = db.session.get(Person, UUID(innhold["p"]))
    if person is None:
        raise Utgaatt()
    return _vis(pakke, innhold["s"], person)


def _vis(pakke: str, hemmelighet: str, person: Person) -> Oppsett:
    adresse = regler.adresse(hemmelighet, person.epost)
    return Oppsett(pakke, regler.i_grupper(hemmelighet), adresse, regler.qr(adresse))


def _les_pakke(pakke: str) -> dict[str, str]:
    innhold = regler.pakk_ut(innstillinger().hemmelighet, _OPPSETT, pakke, now())
    if innhold is None:
        raise Utgaatt(_l("Oppsettet har stått åpent for lenge. Begynn på nytt."))
    return innhold


@transactional
def logg_inn_med_oppsett(
    bevis: str, pakke: str, kode: str, *, nettleser: str = "", enhetskapsel: str = ""
) -> tuple[Innlogging, list[str]]:
    """Completes a login with the first code of a new authenticator, and gives the recovery codes, shown once.

    Raises UgyldigData (field `kode`), Utgaatt or IngenRolle.
    """
    person = _person_i(_les_bevis(bevis, Trinn.OPPSETT), laas=True)
    if person.totp_hemmelighet is not None:
        raise Utgaatt()
    _ta_i_bruk(person, pakke, kode)
    innlogging = _slipp_inn(person, "oppsett", None, nettleser=nettleser, kapsel=enhetskapsel)
    logg(innlogging.aktor, "totrinn.satt_opp", "person", person.id)
    return innlogging, _lag_koder(person)


def sett_opp(aktor: Aktor, pakke: str, kode: str, bevis: str, *, kilde: str) -> list[str]:
    """Sets up an authenticator (the first, or another), after the old proof, and gives the recovery codes.

    Everywhere else the person is logged out. Raises UgyldigData (fields `bevis`, `kode`), ForMange, Utgaatt.
    """
    # The new code first: it costs no try, and a slip there must not use up a recovery code.
    _proev_pakke(_egen(aktor), pakke, kode)
    bekreft(aktor, bevis, kilde=kilde)
    return _sett_opp_bekreftet(aktor, pakke, kode)


@transactional
def _sett_opp_bekreftet(aktor: Aktor, pakke: str, kode: str) -> list[str]:
    person = _egen(aktor, laas=True)
    _ta_i_bruk(person, pakke, kode)
    antall = steps.avslutt_sesjoner(person.id, unntatt=aktor.sesjon_id)
    logg(aktor, "totrinn.satt_opp", "person", person.id, avsluttede_sesjoner=antall)
    return _lag_koder(person)


def _proev_pakke(person: Person, pakke: str, kode: str) -> tuple[str, int]:
    """The secret of the package, and the step of its first code."""
    innhold = _les_pakke(pakke)
    if innhold["p"] != str(person.id):
        raise Utgaatt()
    steg = regler.steg_for(innhold["s"], kode, now(), etter=None)
    if steg is None:
        raise UgyldigData(felter={"kode": [FeilKode.standard]})
    return innhold["s"], steg


def _ta_i_bruk(person: Person, pakke: str, kode: str) -> None:
    hemmelighet, steg = _proev_pakke(person, pakke, kode)
    person.totp_hemmelighet = regler.krypter(innstillinger().hemmelighet, hemmelighet)
    person.totp_steg = steg
    steps.send_brev(person, f"totrinn-paa:{uuid4()}", lambda: brev.totrinn_paa(person.navn))


def _lag_koder(person: Person) -> list[str]:
    """New recovery codes in place of all the old ones; only their hashes are kept."""
    _slett_koder(person.id)
    koder = regler.nye_koder()
    db.session.add_all(
        Gjenopprettingskode(id=uuid4(), person_id=person.id, kode_hash=regler.kodehash(k)) for k in koder
    )
    return koder


def _slett_koder(person_id: UUID) -> None:
    db.session.execute(sa.delete(Gjenopprettingskode).where(Gjenopprettingskode.person_id == person_id))


def _koder_igjen(person_id: UUID) -> int:
    return (
        db.session.scalar(
            sa.select(sa.func.count())
            .select_from(Gjenopprettingskode)
            .where(Gjenopprettingskode.person_id == person_id, Gjenopprettingskode.brukt.is_(None))
        )
        or 0
    )


# --- logged in -------------------------------------------------------------------------------------------


def _egen(aktor: Aktor, *, laas: bool = False) -> Person:
    person = (
        db.session.get(Person, aktor.person_id, with_for_update=laas or None) if aktor.person_id else None
    )
    if person is None or aktor.sesjon_id is None:
        raise IkkeInnlogget()
    return person


def _har(person: Person) -> bool:
    return (
        regler.mangler(innstillinger().tofaktor, har_satt_opp=person.totp_hemmelighet is not None)
        is Trinn.KODE
    )


def status(aktor: Aktor) -> Status:
    """How the actor's second factor stands, for the account page."""
    person, i = _egen(aktor), innstillinger()
    return Status(
        brukes=i.tofaktor != "av",
        kreves=i.tofaktor == "krev",
        paa=_har(person),
        koder_igjen=_koder_igjen(person.id),
    )


def bekreft(aktor: Aktor, kode_eller_passord: str, *, kilde: str) -> None:
    """Demands proof again of who sits at the screen: the second factor where it is set up (a code, or a recovery
    code), else the password. Counted as a login from `kilde`, the client's address.

    Raises UgyldigData (field `bevis`) or ForMange. Never call it inside a use case: a password takes a thread.
    """
    person = _egen(aktor)
    if not _har(person):
        try:
            oekter.krev_eget_passord(aktor, kode_eller_passord, kilde=kilde)
        except UgyldigData as feil:
            raise UgyldigData(felter={"bevis": feil.detaljer["felter"]["naavaerende"]}) from feil
        return
    forsoek = oekter.begynn_forsoek(person.epost, kilde, "", KODER, sesjon_id=aktor.sesjon_id)
    try:
        _proev(forsoek, lambda: _bekreft_kode(aktor, forsoek, kode_eller_passord))
    except FeilKode as feil:
        raise UgyldigData(felter={"bevis": [feil.melding]}) from feil


@transactional
def _bekreft_kode(aktor: Aktor, forsoek: Forsoek, kode: str) -> None:
    _godta(_egen(aktor, laas=True), kode)
    sperre.tilgi(forsoek.konto, forsoek.kilde)


def nye_koder(aktor: Aktor, bevis: str, *, kilde: str) -> list[str]:
    """New recovery codes in place of all the old ones, after proof (see `bekreft`)."""
    bekreft(aktor, bevis, kilde=kilde)
    return _nye_koder_bekreftet(aktor)


@transactional
def _nye_koder_bekreftet(aktor: Aktor) -> list[str]:
    person = _egen(aktor, laas=True)
    if not _har(person):
        raise UgyldigData(_l("Sett opp totrinnsinnlogging først."))
    logg(aktor, "totrinn.nye_koder", "person", person.id)
    return _lag_koder(person)


def slaa_av(aktor: Aktor, bevis: str, *, kilde: str) -> None:
    """Takes the actor's second factor away, after proof, where the house lets people choose."""
    if innstillinger().tofaktor == "krev":
        raise IkkeTilgang(_l("Totrinnsinnlogging kreves her, og kan ikke slås av."))
    bekreft(aktor, bevis, kilde=kilde)
    _slaa_av_bekreftet(aktor)


@transactional
def _slaa_av_bekreftet(aktor: Aktor) -> None:
    person = _egen(aktor, laas=True)
    _fjern(person)
    logg(aktor, "totrinn.slaatt_av", "person", person.id)
    steps.send_brev(person, f"totrinn-av:{uuid4()}", lambda: brev.totrinn_av(person.navn))


def _fjern(person: Person) -> None:
    person.totp_hemmelighet = person.totp_steg = None
    _slett_koder(person.id)


# --- by an administrator ---------------------------------------------------------------------------------


@transactional
def nullstill(aktor: Aktor, person_id: UUID) -> None:
    """Takes away the second factor of a person who has lost it, and ends every login of theirs.

    For who may set the person's password, but never for oneself. Raises IkkeTilgang, IkkeFunnet.
    """
    person = access.hent_person(aktor, person_id)
    access.krev_andres(aktor, person)
    _fjern(person)
    antall = steps.avslutt_sesjoner(person.id)
    logg(aktor, "totrinn.nullstilt", "person", person.id, avsluttede_sesjoner=antall)
    steps.send_brev(person, f"totrinn-nullstilt:{uuid4()}", lambda: brev.totrinn_nullstilt(person.navn))
