"""The way to the telephone network: a gateway (port) over HTTP, one for text messages and one for calls, and how each
side proves itself to the other.

The protocol stands in the README. Knows neither the database nor the outbox.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from uuid import UUID

import orjson

from portal.core import nett
from portal.core.clock import now
from portal.core.config import innstillinger
from portal.core.sprak import _l
from portal.varsler.models import Kanal
from portal.varsler.post import IngenTjener, Postfeil, Ubrukelig

#: How far the clocks of the two sides may be apart, in seconds. An older message counts no more.
KLOKKESLINGRING = 300
HODE_TID, HODE_SIGNATUR = "Portal-Tid", "Portal-Signatur"

IKKE_SATT_OPP = _l("Kanalen er ikke satt opp hos portalen lenger.")


@dataclass(frozen=True, slots=True)
class Oppdrag:
    """One text message or one call. The gateway takes the same `id` again for the same."""

    id: UUID
    kanal: Kanal
    til: str
    tekst: str
    spraak: str


def adresse(kanal: Kanal) -> str:
    """The gateway of a channel, or "" where there is none."""
    i = innstillinger()
    return {Kanal.SMS: i.sms_url, Kanal.TALE: i.tale_url}.get(kanal, "")


def er_satt_opp(kanal: Kanal) -> bool:
    """Whether a channel exists in this installation: a person can choose no other."""
    return kanal in (Kanal.EPOST, Kanal.PUSH) or bool(adresse(kanal))


def send(oppdrag: Oppdrag) -> None:
    """Hands the message to the gateway. Raises Postfeil."""
    url = adresse(oppdrag.kanal)
    if not url:
        raise Ubrukelig(str(IKKE_SATT_OPP))
    i = innstillinger()
    kropp = orjson.dumps(
        {
            "id": str(oppdrag.id),
            "kanal": str(oppdrag.kanal),
            "til": oppdrag.til,
            "tekst": oppdrag.tekst,
            "spraak": oppdrag.spraak,
            "svar_url": f"{i.adresse}/varsler/svar",
        }
    )
    tid = str(int(now().timestamp()))
    hoder = {
        "Content-Type": "application/json",
        "Authorization": f"Bearer {i.varselnoekkel}",
        HODE_TID: tid,
        HODE_SIGNATUR: signer(tid, kropp),
    }
    try:
        svar = nett.post(url, kropp, hoder)
    except nett.Nettfeil as feil:
        raise IngenTjener(str(feil)) from feil
    if 200 <= svar.status < 300:
        return
    tekst = f"HTTP {svar.status} {svar.tekst}".strip()[:250]
    if svar.status in (401, 403, 404, 502, 503, 504):
        # Nothing of this message's own: the key, the address or the gateway itself.
        raise IngenTjener(tekst)
    if 400 <= svar.status < 500 and svar.status not in (408, 429):
        raise Ubrukelig(tekst)
    raise Postfeil(tekst)


def signer(tid: str, kropp: bytes) -> str:
    """The signature over a moment (whole seconds since 1970, UTC) and a body: HMAC-SHA256, as hex."""
    noekkel = innstillinger().varselnoekkel.encode()
    return hmac.new(noekkel, tid.encode() + b"." + kropp, hashlib.sha256).hexdigest()


def stemmer(tid: str, kropp: bytes, signatur: str) -> bool:
    """Whether the gateway signed this, and just now. False for everything where there is no key."""
    if not innstillinger().varselnoekkel or not (tid.isascii() and tid.isdigit() and len(tid) <= 12):
        return False
    i_tide = abs(int(now().timestamp()) - int(tid)) <= KLOKKESLINGRING
    return hmac.compare_digest(signer(tid, kropp).encode(), signatur.encode()) and i_tide
