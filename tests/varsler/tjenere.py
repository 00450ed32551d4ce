"""Servers of our own that the portal sends to in the tests: a mail server, a gateway to the telephone network, and a
push service with the browsers that subscribe there. All of them speak real SMTP or HTTP on this machine."""

from __future__ import annotations

import email
import email.policy
import hashlib
import hmac
import json
import secrets
import socket
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any

import http_ece
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask.testing import FlaskClient
from py_vapid import Vapid02
from werkzeug.test import TestResponse

from portal.core.clock import now
from portal.core.config import innstillinger, sett_innstillinger

NOEKKEL = "en-noekkel-som-bare-testene-og-porten-deres-kjenner"


def ledig_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@contextmanager
def oppsett(**endret: Any) -> Iterator[None]:
    """Other settings for a while."""
    foer = innstillinger()
    sett_innstillinger(replace(foer, **endret))
    try:
        yield
    finally:
        sett_innstillinger(foer)


# --- e-mail ----------------------------------------------------------------------------------------------


class Posttjener:
    """A mail server that keeps what it takes. `svar`: what it says to an address instead of taking it."""

    def __init__(self) -> None:
        self.mottatt: list[EmailMessage] = []
        self.svar: dict[str, str] = {}
        self.innlogginger: list[tuple[bytes, bytes]] = []

    async def handle_RCPT(self, _tjener: Any, _sesjon: Any, konvolutt: Any, adresse: str, _valg: Any) -> str:
        if adresse in self.svar:
            return self.svar[adresse]
        konvolutt.rcpt_tos.append(adresse)
        return "250 OK"

    async def handle_DATA(self, _tjener: Any, _sesjon: Any, konvolutt: Any) -> str:
        brev = email.message_from_bytes(konvolutt.content, policy=email.policy.default)
        assert isinstance(brev, EmailMessage)
        self.mottatt.append(brev)
        return "250 OK"

    def __call__(self, _tjener: Any, _sesjon: Any, _konvolutt: Any, mekanisme: str, data: Any) -> AuthResult:
        self.innlogginger.append((data.login, data.password))
        return AuthResult(success=data.password == b"p@ss/ord")


@contextmanager
def posttjener(port: int = 0, *, passord: bool = False, **valg: Any) -> Iterator[Posttjener]:
    """A running mail server, which the portal is told of."""
    t, port = Posttjener(), port or ledig_port()
    if passord:
        valg |= {"authenticator": t, "auth_require_tls": False, "auth_required": True}
    kontroll = Controller(t, hostname="127.0.0.1", port=port, **valg)
    kontroll.start()
    bruker = "portal:p%40ss%2Ford@" if passord else ""
    try:
        with oppsett(smtp_url=f"smtp://{bruker}127.0.0.1:{port}", epost_fra="portal@eksempel.example"):
            yield t
    finally:
        kontroll.stop()


# --- HTTP ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kall:
    """One request that a server got."""

    sti: str
    hoder: dict[str, str]
    kropp: bytes

    @property
    def data(self) -> dict[str, Any]:
        return dict(json.loads(self.kropp))


@dataclass
class HttpTjener:
    """Keeps what it gets. `svar`: status by path, or by number (`til`) at a gateway; 201 otherwise.

    `stopp` set: it takes requests and says nothing until `slipp`. `drypp`: it answers a byte every so many seconds.
    """

    adresse: str = ""
    kall: list[Kall] = field(default_factory=list)
    svar: dict[str, int] = field(default_factory=dict)
    hoder: dict[str, str] = field(default_factory=dict)
    stille: bool = False
    drypp: float = 0.0
    slipp: Event = field(default_factory=Event)
    laas: Any = field(default_factory=Lock)

    def status(self, kall: Kall) -> int:
        return self.svar.get(kall.sti, self.svar.get("", 201))


class Port(HttpTjener):
    """A gateway: text messages at `/sms`, calls at `/tale`. It judges the portal's proof as its documentation says."""

    def status(self, kall: Kall) -> int:
        if kall.hoder.get("authorization") != f"Bearer {NOEKKEL}":
            return 401
        tid = kall.hoder["portal-tid"]
        signatur = hmac.new(NOEKKEL.encode(), tid.encode() + b"." + kall.kropp, hashlib.sha256).hexdigest()
        if signatur != kall.hoder["portal-signatur"] or abs(int(tid) - now().timestamp()) > 300:
            return 401
        return self.svar.get(str(kall.data["til"]), super().status(kall))

    def meldinger(self, kanal: str = "sms") -> list[dict[str, Any]]:
        with self.laas:
            return [k.data for k in self.kall if k.sti == f"/{kanal}"]


@dataclass
class Nettleser:
    """A browser that has subscribed: it alone can read what is sent to it."""

    endepunkt: str
    noekkel: ec.EllipticCurvePrivateKey
    hemmelig: bytes

    @property
    def data(self) -> dict[str, str]:
        """What the browser gives the portal."""
        punkt = self.noekkel.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {"p256dh": _b64(punkt), "auth": _b64(self.hemmelig)}

    def les(self, kall: Kall) -> dict[str, Any]:
        klart = http_ece.decrypt(
            kall.kropp, private_key=self.noekkel, auth_secret=self.hemmelig, version="aes128gcm"
        )
        return dict(json.loads(klart))


class Pushtjeneste(HttpTjener):
    """A push service: it keeps each browser's messages, and demands a sender who proves who it is (VAPID)."""

    def abonner(self) -> Nettleser:
        """A new browser."""
        sti = f"/push/{secrets.token_urlsafe(8)}"
        return Nettleser(self.adresse + sti, ec.generate_private_key(ec.SECP256R1()), secrets.token_bytes(16))

    def status(self, kall: Kall) -> int:
        if not Vapid02.verify(kall.hoder.get("authorization", "")):
            return 403
        return super().status(kall)

    def til(self, nettleser: Nettleser) -> list[dict[str, Any]]:
        """What has come to a browser, read by it."""
        sti = nettleser.endepunkt.removeprefix(self.adresse)
        with self.laas:
            return [nettleser.les(k) for k in self.kall if k.sti == sti and self.status(k) < 300]


def _b64(raa: bytes) -> str:
    return urlsafe_b64encode(raa).rstrip(b"=").decode()


def _behandler(tjener: HttpTjener) -> type[BaseHTTPRequestHandler]:
    class Behandler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kropp = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            kall = Kall(self.path, {k.lower(): v for k, v in self.headers.items()}, kropp)
            with tjener.laas:
                tjener.kall.append(kall)
            if tjener.stille:
                tjener.slipp.wait(30)
                return
            if tjener.drypp:
                self._drypp()
                return
            status = tjener.status(kall)
            self.send_response(status)
            for navn, verdi in tjener.hoder.items():
                self.send_header(navn, verdi)
            self.end_headers()

        def _drypp(self) -> None:
            self.wfile.write(b"HTTP/1.1 ")
            while not tjener.slipp.is_set():
                try:
                    self.wfile.write(b"2")
                except OSError:
                    return
                time.sleep(tjener.drypp)

        def log_message(self, *_: Any) -> None:
            pass

    return Behandler


@contextmanager
def _kjoer(tjener: HttpTjener, port: int) -> Iterator[None]:
    http = ThreadingHTTPServer(("127.0.0.1", port), _behandler(tjener))
    http.daemon_threads = True
    tjener.adresse = f"http://127.0.0.1:{http.server_address[1]}"
    traad = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    traad.start()
    try:
        yield
    finally:
        tjener.slipp.set()
        http.shutdown()
        http.server_close()
        traad.join(5)


@contextmanager
def porten(port: int = 0) -> Iterator[Port]:
    """A running gateway for both channels, which the portal is told of."""
    t = Port()
    with (
        _kjoer(t, port),
        oppsett(sms_url=f"{t.adresse}/sms", tale_url=f"{t.adresse}/tale", varselnoekkel=NOEKKEL),
    ):
        yield t


@contextmanager
def pushtjenesten(port: int = 0) -> Iterator[Pushtjeneste]:
    """A running push service."""
    t = Pushtjeneste()
    with _kjoer(t, port):
        yield t


def svar_fra_porten(
    klient: FlaskClient, data: Any, *, noekkel: str = NOEKKEL, for_sent: int = 0, endret: bytes = b""
) -> TestResponse:
    """What the gateway tells the portal: signed with the key, `for_sent` seconds ago."""
    kropp = data if isinstance(data, bytes) else json.dumps(data).encode()
    tid = str(int(now().timestamp()) - for_sent)
    signatur = hmac.new(noekkel.encode(), tid.encode() + b"." + kropp, hashlib.sha256).hexdigest()
    return klient.post(
        "/varsler/svar",
        data=kropp + endret,
        content_type="application/json",
        headers={"Portal-Tid": tid, "Portal-Signatur": signatur, "Accept": "application/json"},
    )
