"""One family of errors. Pages, API and socket acks render it alike.

Each error has a `kode` for programs and a `melding` in the user's language that says what to do.
`detaljer` carries plain data that a form or a client needs to show the place (field errors, versions).
"""

from __future__ import annotations

from typing import Any

from portal.core.sprak import _l


class PortalError(Exception):
    """Base of all errors that a user may see."""

    status = 400
    kode = "feil"
    standard: Any = _l("Noe gikk galt. Prøv en gang til.")

    def __init__(self, melding: Any = None, *, kode: str | None = None, **detaljer: Any) -> None:
        self._melding = melding if melding is not None else self.standard
        if kode:
            self.kode = kode
        self.detaljer = detaljer
        super().__init__(self.kode)

    @property
    def melding(self) -> str:
        """The sentence for the user, translated when it is read."""
        return str(self._melding)

    def som_svar(self) -> dict[str, Any]:
        """The error as an ack or a problem+json body."""
        return {"ok": False, "kode": self.kode, "melding": self.melding, **self.detaljer}


class IkkeInnlogget(PortalError):
    status = 401
    kode = "ikke_innlogget"
    standard = _l("Du er ikke logget inn lenger. Logg inn på nytt; det du har skrevet, blir stående.")


class Laast(PortalError):
    """The session holds, but its screen is locked: by its owner, or after too long without use."""

    status = 423
    kode = "laast"
    standard = _l("Skjermen er låst. Lås opp for å fortsette; det du har skrevet, blir stående.")


class IkkeTilgang(PortalError):
    status = 403
    kode = "ikke_tilgang"
    standard = _l("Rollen din har ikke tilgang til dette. Bytt rolle øverst, eller spør administratoren.")


class IkkeFunnet(PortalError):
    """Also what somebody else's object is: its existence is not told."""

    status = 404
    kode = "ikke_funnet"
    standard = _l("Dette finnes ikke, eller du har ikke tilgang til det.")


class Konflikt(PortalError):
    status = 409
    kode = "konflikt"


class UgyldigOvergang(Konflikt):
    kode = "ugyldig_overgang"
    standard = _l("Dette kan ikke gjøres slik saken står nå. Last siden på nytt og se hva som har skjedd.")


class Utdatert(Konflikt):
    kode = "utdatert"
    standard = _l("Noen har endret dette etter at du åpnet det. Se endringen, og lagre på nytt.")


class Opptatt(Konflikt):
    kode = "opptatt"
    standard = _l("Noen andre var først.")


class Travelt(Opptatt):
    """Too much at once for all of us together: nothing was begun, and the same will do in a while."""

    kode = "travelt"
    standard = _l("Mange filer behandles akkurat nå. Prøv igjen om litt.")


class UgyldigData(PortalError):
    """`felter` maps a field's name to its messages."""

    status = 422
    kode = "ugyldig"
    standard = _l("Noe mangler eller er feil. Rett det som er merket, og send på nytt.")

    def __init__(
        self,
        melding: Any = None,
        *,
        kode: str | None = None,
        felter: dict[str, Any] | None = None,
        **detaljer: Any,
    ) -> None:
        if felter:
            detaljer["felter"] = felter
        super().__init__(melding, kode=kode, **detaljer)


class ForMange(PortalError):
    """Too many tries; `vent` is the number of seconds to wait."""

    status = 429
    kode = "for_mange"
    standard = _l("For mange forsøk på kort tid. Vent litt og prøv igjen.")
