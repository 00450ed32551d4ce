"""The way out of the house: one letter to a mail server, or to a file where no server is given.

Knows neither the database nor the outbox; `service/levering.py` decides what is sent, and what a failure means.
"""

from __future__ import annotations

import os
import re
import smtplib
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from threading import Timer
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

from portal.core.sprak import _l

#: Seconds that the mail server may be silent, and those for the whole of one letter, also with a server that answers
#: one sign at a time: far below the lease of a row (`levering.LEIE`).
TAALMODIGHET = 10
BREVFRIST = 45.0
#: Errors are kept as these words in the row, and read by an administrator, who gets them in the language of the page.
UGYLDIG_ADRESSE = _l("Adressen er ikke en gyldig e-postadresse.")
FREMMEDE_TEGN = _l("E-posttjeneren tar ikke imot adresser med slike bokstaver.")
UTEN_KRYPTERING = _l("E-posttjeneren tilbyr ikke kryptering, og passordet sendes ikke uten.")
_HER = frozenset({"localhost", "127.0.0.1", "::1"})


class Postfeil(Exception):
    """The letter did not leave. The text is for operators, and goes into the row."""


class Ubrukelig(Postfeil):
    """It never will: the address cannot be written to, or the server knows nobody there (a 5xx to RCPT)."""


class IngenTjener(Postfeil):
    """The server itself is away or lets nobody in: the other letters would fare no better now."""


@dataclass(frozen=True, slots=True)
class Brev:
    """One letter. `id` makes its Message-ID, the same each time it is tried."""

    id: UUID
    til: str
    emne: str
    tekst: str
    opprettet: datetime


def lag_epost(brev: Brev, fra: str) -> EmailMessage:
    """The message: UTF-8, one receiver, and headers that cannot be broken out of.

    Raises Ubrukelig for an address that no header may hold.
    """
    epost = EmailMessage(policy=SMTP)
    try:
        epost["From"] = Address("Samhandlingsportalen", addr_spec=fra)
        epost["To"] = _mottaker(brev.til)
        epost["Subject"] = brev.emne
    except (ValueError, MessageError, IndexError) as feil:
        raise Ubrukelig(str(UGYLDIG_ADRESSE)) from feil
    epost["Date"] = brev.opprettet
    epost["Message-ID"] = f"<{brev.id}@{fra.rpartition('@')[2]}>"
    # No answers from absence notes (RFC 3834).
    epost["Auto-Submitted"] = "auto-generated"
    epost.set_content(brev.tekst, charset="utf-8", cte="quoted-printable")
    return epost


#: Letters before the @ that no header takes for signs of its own.
_ORD = re.compile(r"[\w.+-]+")


def _mottaker(adresse: str) -> Address:
    """The address with its host as IDNA. Letters outside ASCII before the @ need a server with SMTPUTF8."""
    navn, _, vert = adresse.rpartition("@")
    try:
        vert = vert.encode("idna").decode()
    except UnicodeError as feil:
        raise Ubrukelig(str(UGYLDIG_ADRESSE)) from feil
    if not navn.isascii() and _ORD.fullmatch(navn):
        return Address(username=navn, domain=vert)
    return Address(addr_spec=f"{navn}@{vert}")


def send(brev: Brev, *, smtp_url: str, fra: str, utboks: Path) -> None:
    """Sends the letter. Raises Postfeil."""
    epost = lag_epost(brev, fra)
    if smtp_url:
        _send(epost, smtp_url)
    else:
        _legg_i_fil(epost, brev, utboks)


class _MedFrist(smtplib.SMTP):
    """A client that is cut off when its letter has taken too long."""

    def connect(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        self._vakt = Timer(BREVFRIST, self._bryt)
        self._vakt.daemon = True
        self._vakt.start()
        try:
            return super().connect(*args, **kwargs)
        except BaseException:
            self._vakt.cancel()
            raise

    def _bryt(self) -> None:
        stikk = self.sock
        if stikk is not None:
            with suppress(OSError):
                # The class's own, past what TLS keeps in order.
                socket.socket.shutdown(stikk, socket.SHUT_RDWR)

    def close(self) -> None:
        self._vakt.cancel()
        super().close()


class _KryptertMedFrist(_MedFrist, smtplib.SMTP_SSL):
    """The same where the connection is encrypted from its first byte."""


def _send(epost: EmailMessage, smtp_url: str) -> None:
    url = urlsplit(smtp_url)
    vert, sikker = url.hostname or "", ssl.create_default_context()
    try:
        if url.scheme == "smtps":
            tjener: smtplib.SMTP = _KryptertMedFrist(
                vert, url.port or 465, timeout=TAALMODIGHET, context=sikker
            )
        else:
            standard = 587 if url.scheme == "smtp+starttls" else 25
            tjener = _MedFrist(vert, url.port or standard, timeout=TAALMODIGHET)
        try:
            _hils(tjener, url.scheme, vert, sikker, har_passord=url.username is not None)
            if url.username is not None:
                tjener.login(unquote(url.username), unquote(url.password or ""))
            _overlever(tjener, epost)
        finally:
            # Taken is taken, whatever the server says to the goodbye.
            with suppress(OSError, smtplib.SMTPException):
                tjener.quit()
            tjener.close()
    except smtplib.SMTPRecipientsRefused as feil:
        kode, svar = next(iter(feil.recipients.values()))
        raise (Ubrukelig if kode >= 500 else Postfeil)(_kort(kode, svar)) from feil
    except smtplib.SMTPDataError as feil:
        raise Postfeil(_kort(feil.smtp_code, feil.smtp_error)) from feil
    except smtplib.SMTPResponseException as feil:
        # The greeting, the login or the sender: nothing of this letter's own.
        raise IngenTjener(_kort(feil.smtp_code, feil.smtp_error)) from feil
    except (OSError, smtplib.SMTPException, ValueError) as feil:
        raise IngenTjener(f"{type(feil).__name__}: {feil}"[:250]) from feil


def _overlever(tjener: smtplib.SMTP, epost: EmailMessage) -> None:
    try:
        tjener.send_message(epost)
    except smtplib.SMTPNotSupportedError as feil:
        raise Ubrukelig(str(FREMMEDE_TEGN)) from feil


def _hils(tjener: smtplib.SMTP, skjema: str, vert: str, sikker: ssl.SSLContext, *, har_passord: bool) -> None:
    """Encrypts where the server offers it; a password is never sent in the clear to another machine."""
    tjener.ehlo()
    if skjema == "smtps":
        return
    if skjema == "smtp+starttls" or (tjener.has_extn("starttls") and vert not in _HER):
        tjener.starttls(context=sikker)
        tjener.ehlo()
    elif har_passord and vert not in _HER:
        raise IngenTjener(str(UTEN_KRYPTERING))


def _kort(kode: int, svar: bytes | str) -> str:
    tekst = svar.decode("utf-8", "replace") if isinstance(svar, bytes) else str(svar)
    return f"{kode} {' '.join(tekst.split())}"[:250]


def _legg_i_fil(epost: EmailMessage, brev: Brev, utboks: Path) -> None:
    """One file a letter, whole or not at all, readable by the portal's own user alone: it may hold a link."""
    fil = utboks / f"{brev.opprettet:%Y%m%dT%H%M%S}-{brev.id}.eml"
    halv = fil.with_suffix(".halv")
    try:
        utboks.mkdir(parents=True, exist_ok=True, mode=0o700)
        halv.touch(mode=0o600)
        halv.write_bytes(epost.as_bytes())
        os.replace(halv, fil)
    except OSError as feil:
        raise IngenTjener(f"{feil.strerror}: {utboks}") from feil
