"""The letters that this room sends: subject and text, in the language that is chosen when they are made.

None holds anything clinical. Each says what to do when one did not expect it.
"""

from __future__ import annotations

from datetime import datetime

from portal.core.clock import oslo
from portal.core.config import innstillinger
from portal.core.sprak import _

Brev = tuple[str, str]


def lenkeadresse(token: str) -> str:
    """The full address of a link that counts once."""
    return f"{innstillinger().adresse}/lenke/{token}"


def _naar(tidspunkt: datetime) -> str:
    return f"{oslo(tidspunkt):%d.%m.%Y %H:%M}"


def _brev(emne: str, *avsnitt: str) -> Brev:
    hilsen = _("Hilsen Samhandlingsportalen. Denne e-posten kan ikke besvares.")
    return emne, "\n\n".join([*avsnitt, hilsen]) + "\n"


def _kontakt() -> str:
    return _(
        "Kjenner du deg ikke igjen i dette, si fra til administratoren i organisasjonen din med en gang."
    )


def invitasjon(navn: str, token: str, utloeper: datetime) -> Brev:
    return _brev(
        _("Velg passord til Samhandlingsportalen"),
        _("Hei, %(navn)s.", navn=navn),
        _("Du har fått tilgang til Samhandlingsportalen. Velg et passord her:"),
        lenkeadresse(token),
        _(
            "Lenken gjelder én gang, til %(naar)s. Etterpå kan administratoren sende en ny.",
            naar=_naar(utloeper),
        ),
        _kontakt(),
    )


def nytt_passord(navn: str, token: str, utloeper: datetime) -> Brev:
    return _brev(
        _("Nytt passord til Samhandlingsportalen"),
        _("Hei, %(navn)s.", navn=navn),
        _("Noen, trolig du, har bedt om å få velge et nytt passord. Det gjør du her:"),
        lenkeadresse(token),
        _("Lenken gjelder én gang, til %(naar)s.", naar=_naar(utloeper)),
        _("Ba du ikke om dette, kan du la e-posten ligge. Passordet ditt er ikke endret."),
    )


def passord_byttet(navn: str) -> Brev:
    return _brev(
        _("Passordet ditt er byttet"),
        _("Hei, %(navn)s.", navn=navn),
        _(
            "Passordet ditt i Samhandlingsportalen er byttet med en lenke fra e-post, "
            "og du er logget ut alle steder."
        ),
        _kontakt(),
    )


def totrinn_paa(navn: str) -> Brev:
    return _brev(
        _("Totrinnsinnlogging er slått på"),
        _("Hei, %(navn)s.", navn=navn),
        _("En autentiseringsapp er knyttet til kontoen din i Samhandlingsportalen."),
        _kontakt(),
    )


def totrinn_av(navn: str) -> Brev:
    return _brev(
        _("Totrinnsinnlogging er slått av"),
        _("Hei, %(navn)s.", navn=navn),
        _("Kontoen din i Samhandlingsportalen er ikke lenger knyttet til en autentiseringsapp."),
        _kontakt(),
    )


def totrinn_nullstilt(navn: str) -> Brev:
    return _brev(
        _("Totrinnsinnloggingen din er nullstilt"),
        _("Hei, %(navn)s.", navn=navn),
        _(
            "En administrator har fjernet autentiseringsappen og gjenopprettingskodene fra kontoen din, "
            "og du er logget ut alle steder. Du setter opp en ny app når du logger inn."
        ),
        _kontakt(),
    )


def gjenoppretting_brukt(navn: str, igjen: int) -> Brev:
    return _brev(
        _("Brukte du en gjenopprettingskode?"),
        _("Hei, %(navn)s.", navn=navn),
        _(
            "En gjenopprettingskode er brukt på kontoen din i Samhandlingsportalen. Du har %(antall)s igjen. "
            "Er det få, lager du nye på siden «Min konto».",
            antall=igjen,
        ),
        _kontakt(),
    )


def feil_koder(navn: str) -> Brev:
    return _brev(
        _("Noen kan ha passordet ditt"),
        _("Hei, %(navn)s.", navn=navn),
        _(
            "Noen har skrevet feil kode til kontoen din i Samhandlingsportalen flere ganger, etter riktig "
            "passord eller der du er logget inn. De slapp ikke inn. Var det ikke deg, bytt passord med en gang."
        ),
        _kontakt(),
    )
