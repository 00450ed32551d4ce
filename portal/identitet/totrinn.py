"""The second factor: one-time codes by the clock (TOTP, RFC 6238) and recovery codes. Pure rules.

Nothing here reads the database or the clock. The authenticator's secret is kept encrypted under a key made
from PORTAL_HEMMELIGHET: who steals a copy of the database alone cannot make codes. Recovery codes have 78
random bits, so their SHA-256 is enough.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum
from functools import lru_cache
from typing import Any

import orjson
import pyotp
import segno
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

UTSTEDER = "Samhandlingsportalen"
#: Seconds a code is shown, and how many steps a telephone's clock may be off in either direction.
STEG = 30
AVVIK = 1
#: How long the login waits for the second factor after the password, and a shown secret for its first code.
MELLOMTID = timedelta(minutes=5)
OPPSETTSTID = timedelta(minutes=30)
ANTALL_KODER = 10
#: Without signs that look alike on paper.
_TEGN = "23456789abcdefghjkmnpqrstuvwxyz"
_GRUPPER, _GRUPPE = 4, 4


class Trinn(Enum):
    """What a login still needs after the password."""

    KODE = "kode"
    OPPSETT = "oppsett"


def mangler(oppsett: str, *, har_satt_opp: bool) -> Trinn | None:
    """What is missing after a right password; `oppsett` is PORTAL_TOFAKTOR."""
    if oppsett == "av":
        return None
    if har_satt_opp:
        return Trinn.KODE
    return Trinn.OPPSETT if oppsett == "krev" else None


# --- keeping secrets -------------------------------------------------------------------------------------


@lru_cache(maxsize=8)
def _fernet(hemmelighet: str, formaal: str) -> Fernet:
    noekkel = HKDF(SHA256(), 32, salt=None, info=f"portal:totrinn:{formaal}".encode()).derive(
        hemmelighet.encode()
    )
    return Fernet(base64.urlsafe_b64encode(noekkel))


def krypter(hemmelighet: str, klartekst: str) -> str:
    """The authenticator's secret as the database keeps it."""
    return _fernet(hemmelighet, "lagret").encrypt(klartekst.encode()).decode()


def dekrypter(hemmelighet: str, lagret: str) -> str | None:
    """The authenticator's secret; None when PORTAL_HEMMELIGHET is another than when it was stored."""
    try:
        return _fernet(hemmelighet, "lagret").decrypt(lagret.encode()).decode()
    except InvalidToken:
        return None


def pakk(hemmelighet: str, formaal: str, innhold: Mapping[str, Any], utloeper: datetime) -> str:
    """A note to the browser that only the portal can read and make, for one purpose and for a while."""
    data = orjson.dumps({**innhold, "t": utloeper.timestamp()})
    return _fernet(hemmelighet, formaal).encrypt(data).decode()


def pakk_ut(hemmelighet: str, formaal: str, pakke: str, naa: datetime) -> dict[str, Any] | None:
    """What `pakk` was given; None for another's, another purpose's, or an old one."""
    try:
        innhold = orjson.loads(_fernet(hemmelighet, formaal).decrypt(pakke.encode()))
    except InvalidToken:
        return None
    return dict(innhold) if innhold["t"] > naa.timestamp() else None


def avtrykk(hemmelighet: str, verdi: str | None) -> str:
    """A keyed mark of a stored hash, by which a note tells that the password was changed meanwhile."""
    return hmac.new(hemmelighet.encode(), (verdi or "").encode(), hashlib.sha256).hexdigest()[:32]


# --- one-time codes --------------------------------------------------------------------------------------


def ny_hemmelighet() -> str:
    """160 random bits as Base32, as authenticators take it."""
    return pyotp.random_base32(32)


def i_grupper(hemmelighet: str) -> str:
    """The secret as one types it by hand: in groups of four."""
    return " ".join(hemmelighet[n : n + 4] for n in range(0, len(hemmelighet), 4))


def adresse(hemmelighet: str, epost: str) -> str:
    """The otpauth:// address that an authenticator reads."""
    return pyotp.TOTP(hemmelighet).provisioning_uri(name=epost, issuer_name=UTSTEDER)


def qr(adresse_: str) -> str:
    """The address as a QR code: a picture in a data: address, black on white also in the dark."""
    return str(segno.make(adresse_, error="m").svg_data_uri(scale=5, border=3, light="#fff", dark="#000"))


def er_engangskode(tekst: str) -> bool:
    """Whether the text has the form of an authenticator's code: six digits, spaces allowed."""
    tekst = "".join(tekst.split())
    return len(tekst) == 6 and tekst.isascii() and tekst.isdigit()


def steg_for(hemmelighet: str, kode: str, naa: datetime, *, etter: int | None) -> int | None:
    """The time step whose code this is, or None. Steps up to `etter` are used and count no more."""
    if not er_engangskode(kode):
        return None
    kode = "".join(kode.split())
    na_steg = int(naa.timestamp()) // STEG
    totp = pyotp.HOTP(hemmelighet)
    funnet = None
    for steg in range(na_steg - AVVIK, na_steg + AVVIK + 1):
        # All of them are compared, so that the time taken tells nothing.
        if hmac.compare_digest(totp.at(steg), kode) and (etter is None or steg > etter):
            funnet = steg
    return funnet


# --- recovery codes --------------------------------------------------------------------------------------


def nye_koder() -> list[str]:
    """Ten recovery codes, as they are shown once."""
    return [
        "-".join("".join(secrets.choice(_TEGN) for _ in range(_GRUPPE)) for _ in range(_GRUPPER))
        for _ in range(ANTALL_KODER)
    ]


def kodehash(kode: str) -> str:
    """What is kept of a recovery code: however it was typed, with or without hyphens and capitals."""
    tegn = "".join(t for t in kode.casefold() if t.isalnum())
    return hashlib.sha256(f"gjenoppretting:{tegn}".encode()).hexdigest()
