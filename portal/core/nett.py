"""One request to somebody else's server: at most so long in all, without redirects, and to no address that is checked
by one name and used by another.

Knows no room and no database. The standard library's client is enough, and follows nothing by itself:
neither a redirect nor a proxy from the environment.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from threading import Timer
from urllib.parse import urlsplit

#: Seconds for the whole exchange, also with a server that answers one byte at a time.
FRIST = 10.0
#: Of the answer no more is read than this (bytes): for the log, never for the outcome.
LEST_SVAR = 300


class Nettfeil(Exception):
    """No answer came. The text is for operators."""


class Forbudt(Exception):
    """The address is one that the portal sends nothing to."""


@dataclass(frozen=True, slots=True)
class Svar:
    """What the server said."""

    status: int
    tekst: str


def hent(url: str) -> Svar:
    """Asks for the address and gives the answer, whatever its status. Raises Nettfeil."""
    return _spoer("GET", url, None, {}, None)


def post(url: str, kropp: bytes, hoder: Mapping[str, str], *, adresse: str | None = None) -> Svar:
    """Sends the body and gives the answer, whatever its status. Raises Nettfeil.

    `adresse` is the IP address to connect to, when it has been looked up and judged already: the name is then used
    for the certificate and the Host header alone.
    """
    return _spoer("POST", url, kropp, hoder, adresse)


def _spoer(metode: str, url: str, kropp: bytes | None, hoder: Mapping[str, str], adresse: str | None) -> Svar:
    deler = urlsplit(url)
    vert, tls = deler.hostname or "", deler.scheme == "https"
    port = deler.port or (443 if tls else 80)
    slutt = time.monotonic() + FRIST
    klient: http.client.HTTPConnection = (
        http.client.HTTPSConnection(vert, port) if tls else http.client.HTTPConnection(vert, port)
    )
    try:
        stikk = _koble_til([adresse] if adresse else _slaa_opp(vert, port), port, slutt)
        if tls:
            stikk = ssl.create_default_context().wrap_socket(
                stikk, server_hostname=vert, do_handshake_on_connect=False
            )
        klient.sock = stikk
        vakt = Timer(max(slutt - time.monotonic(), 0), _bryt, [stikk])
        vakt.daemon = True
        vakt.start()
        try:
            if isinstance(stikk, ssl.SSLSocket):
                stikk.do_handshake()
            klient.request(metode, _sti(url), kropp, dict(hoder))
            svar = klient.getresponse()
            return Svar(svar.status, " ".join(svar.read(LEST_SVAR).decode("utf-8", "replace").split()))
        finally:
            vakt.cancel()
    except (OSError, http.client.HTTPException, ValueError) as feil:
        if time.monotonic() >= slutt:
            raise Nettfeil(f"TimeoutError: {FRIST:.0f} s") from feil
        raise Nettfeil(f"{type(feil).__name__}: {feil}"[:200]) from feil
    finally:
        klient.close()


def _sti(url: str) -> str:
    deler = urlsplit(url)
    return (deler.path or "/") + (f"?{deler.query}" if deler.query else "")


def _slaa_opp(vert: str, port: int) -> list[str]:
    return list(dict.fromkeys(str(i[4][0]) for i in socket.getaddrinfo(vert, port, type=socket.SOCK_STREAM)))


def _koble_til(adresser: list[str], port: int, slutt: float) -> socket.socket:
    """The first that answers, all of them within the time."""
    for nummer, adresse in enumerate(adresser):
        igjen = slutt - time.monotonic()
        try:
            # A silent one leaves time for those behind it.
            stikk = socket.create_connection((adresse, port), max(igjen / (len(adresser) - nummer), 0.1))
        except OSError:
            if nummer == len(adresser) - 1:
                raise
        else:
            stikk.settimeout(max(slutt - time.monotonic(), 0.1))
            return stikk
    raise OSError("the name has no address")


def _bryt(stikk: socket.socket) -> None:
    """Wakes whoever waits for the server: the time is over. The class's own, past what TLS keeps in order."""
    with suppress(OSError):
        socket.socket.shutdown(stikk, socket.SHUT_RDWR)


# --- which addresses -------------------------------------------------------------------------------------


def offentlig_adresse(url: str) -> str:
    """The IP address to connect to, where every address of the name is a public one. Raises Forbudt, Nettfeil.

    Whoever registers a push endpoint chooses where the portal sends to: never into the house's own network.
    """
    deler = urlsplit(url)
    try:
        adresser = _slaa_opp(deler.hostname or "", deler.port or 443)
    except (OSError, UnicodeError) as feil:
        raise Nettfeil(f"{type(feil).__name__}: {feil}"[:200]) from feil
    if not adresser or not all(er_offentlig(a) for a in adresser):
        raise Forbudt(deler.hostname or "")
    return adresser[0]


def er_offentlig(adresse: str) -> bool:
    """Whether an IP address is one of the open internet, also where it wraps another (RFC 4291, 3056, 6052)."""
    ip = ipaddress.ip_address(adresse.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inni = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inni is None and ip in _NAT64:
            inni = ipaddress.IPv4Address(ip.packed[-4:])
        if inni is not None:
            ip = inni
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
