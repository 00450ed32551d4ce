"""Asks a virus scanner about a file: clamd's INSTREAM over a socket (the manual page clamd(8)).

The file goes in pieces, each with its length in four bytes, big end first; a length of zero ends it. The answer is
«stream: OK», «stream: <name> FOUND» or «… ERROR». No answer is no leave: the caller must not take the file then.
"""

from __future__ import annotations

import re
import socket
from typing import BinaryIO

#: In seconds: to get hold of it, and for each piece and the answer.
_KOBLE, _SVAR = 5.0, 30.0
_BIT = 64 * 1024


class Utilgjengelig(Exception):
    """The scanner does not answer, or not as it should."""


def skann(adresse: str, fil: BinaryIO) -> str | None:
    """The name of what was found in the file, or None. `adresse`: host:port or unix:/path. Raises Utilgjengelig."""
    fil.seek(0)
    try:
        with _koble(adresse) as forbindelse:
            forbindelse.settimeout(_SVAR)
            forbindelse.sendall(b"zINSTREAM\0")
            try:
                while bit := fil.read(_BIT):
                    forbindelse.sendall(len(bit).to_bytes(4, "big") + bit)
                forbindelse.sendall(bytes(4))
            except (BrokenPipeError, ConnectionResetError):
                # Past its own limit of size it says so and hangs up: the answer may be there.
                pass
            svar = _les_svar(forbindelse)
    except OSError as feil:
        raise Utilgjengelig(type(feil).__name__) from feil
    if svar == "stream: OK":
        return None
    if funnet := re.fullmatch(r"stream: (.+) FOUND", svar):
        return funnet[1][:100]
    raise Utilgjengelig(svar[:100] or "no answer")


def _koble(adresse: str) -> socket.socket:
    if adresse.startswith("unix:"):
        forbindelse = socket.socket(socket.AF_UNIX)
        try:
            forbindelse.settimeout(_KOBLE)
            forbindelse.connect(adresse.removeprefix("unix:"))
        except BaseException:
            forbindelse.close()
            raise
        return forbindelse
    vert, _, port = adresse.rpartition(":")
    return socket.create_connection((vert.strip("[]"), int(port)), timeout=_KOBLE)


def _les_svar(forbindelse: socket.socket) -> str:
    svar = b""
    while not svar.endswith(b"\0") and len(svar) < 4096 and (bit := forbindelse.recv(4096)):
        svar += bit
    return svar.rstrip(b"\0\n").decode(errors="replace")
