"""Clients of the running portal: a person logged in through the form, and raw Socket.IO over a websocket.

Everything runs in the test's own thread. A socket takes in what has come when it is pumped, so that a test decides
what happens before what; `vent` pumps several until something is true.
"""

from __future__ import annotations

import http.client
import json
import re
import select
import socket
import struct
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any, Self
from urllib.parse import urlencode
from uuid import uuid4

from wsproto import WSConnection
from wsproto.connection import ConnectionType
from wsproto.events import AcceptConnection, CloseConnection, Ping, RejectConnection, Request, TextMessage

from portal.identitet.demo import DEMO, DEMO_PASSORD
from tests.levende.tjener import VENT, Tjener

_CSRF = re.compile(r'<meta name="csrf-token" content="([^"]+)"')


@dataclass(frozen=True)
class Svar:
    """An HTTP answer, read to its end."""

    status: int
    hoder: http.client.HTTPMessage
    kropp: bytes

    @property
    def tekst(self) -> str:
        return self.kropp.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.kropp)


class Person:
    """A browser with a cookie jar, logged in as somebody. Made for one process, it can visit another (`hos`)."""

    def __init__(self, tjener: Tjener, epost: str, kapsler: dict[str, str] | None = None) -> None:
        self.tjener, self.epost = tjener, epost
        self.kapsler = dict(kapsler or {})
        self._csrf = ""

    @classmethod
    def logg_inn(cls, tjener: Tjener, hvem: str) -> Self:
        """Logs in through the form. `hvem` is a key of the demo people, or an e-mail address."""
        person = cls(tjener, DEMO.get(hvem, hvem))
        person.last_csrf("/innlogging")
        svar = person.skjema("/innlogging", epost=person.epost, passord=DEMO_PASSORD)
        assert svar.status == 303, (svar.status, svar.tekst)
        person.last_csrf("/organisasjoner")
        return person

    def hos(self, tjener: Tjener) -> Person:
        """The same login at another web process: the address is the same for the browser, so is the cookie."""
        annen = Person(tjener, self.epost, self.kapsler)
        annen._csrf = self._csrf
        return annen

    def last_csrf(self, sti: str) -> None:
        svar = self.get(sti)
        funnet = _CSRF.search(svar.tekst)
        assert svar.status == 200 and funnet, (sti, svar.status)
        self._csrf = funnet[1]

    def be(
        self, metode: str, sti: str, kropp: bytes | None = None, hoder: dict[str, str] | None = None
    ) -> Svar:
        """One request on a connection of its own, so that several threads may ask at once."""
        forbindelse = http.client.HTTPConnection("127.0.0.1", self.tjener.port, timeout=VENT)
        try:
            kapsler = "; ".join(f"{k}={v}" for k, v in self.kapsler.items())
            forbindelse.request(metode, sti, kropp, {"Cookie": kapsler, **(hoder or {})})
            svar = forbindelse.getresponse()
            lest = Svar(svar.status, svar.headers, svar.read())
        finally:
            forbindelse.close()
        for linje in lest.hoder.get_all("Set-Cookie") or []:
            for navn, kapsel in SimpleCookie(linje).items():
                self.kapsler[navn] = kapsel.value
        return lest

    def get(self, sti: str, **hoder: str) -> Svar:
        return self.be("GET", sti, None, hoder)

    def skjema(self, sti: str, **felter: str) -> Svar:
        """Sends a form as a page would."""
        kropp = urlencode({"csrf_token": self._csrf, **felter}).encode()
        return self.be("POST", sti, kropp, {"Content-Type": "application/x-www-form-urlencoded"})

    def json(self, sti: str, kropp: Any) -> Svar:
        """Sends JSON as the portal's own modules do."""
        data = kropp if isinstance(kropp, bytes) else json.dumps(kropp).encode()
        return self.be("POST", sti, data, {"Content-Type": "application/json", "X-CSRFToken": self._csrf})

    # --- what a case needs ---

    def send_henvendelse(self, mottaker_id: object, **endret: Any) -> str:
        """Sends a request and gives its id."""
        kropp = {
            "klient_id": str(uuid4()),
            "mottaker_id": str(mottaker_id),
            "fagomraade": "indremedisin",
            "hastegrad": "haster",
            "plan_uten_raad": "legge_inn",
            "tilbakeringing": "00 00 00 00",
            "situasjon": "Tungpust beboer, opp 3 kg på fem dager.",
            **endret,
        }
        svar = self.json("/api/v1/henvendelser", kropp)
        assert svar.status == 201, svar.tekst
        return str(svar.json["id"])

    def gjoer(self, sak: str, handling: str, **kropp: Any) -> Svar:
        """Takes a move of a case over the API."""
        return self.json(f"/api/v1/henvendelser/{sak}/{handling}", kropp)

    def skriv(self, sak: str, klient_id: str, tekst: str) -> Svar:
        """The HTTP twin of `henvendelse.meld`."""
        return self.gjoer(sak, "meldinger", klient_id=klient_id, tekst=tekst)

    def hendelser(self, sak: str, etter: int = 0) -> list[dict[str, Any]]:
        """The whole log after a number, over HTTP, as many fetches as it takes."""
        ut: list[dict[str, Any]] = []
        while True:
            svar = self.get(f"/api/v1/henvendelser/{sak}/hendelser?etter={etter}")
            assert svar.status == 200, svar.tekst
            ut += svar.json["hendelser"]
            if not svar.json["mer"]:
                return ut
            etter = ut[-1]["sekvens"]

    def sokkel(self) -> Sokkel:
        return Sokkel(self)


class Avvist(Exception):
    """The server did not let the socket in."""


class Sokkel:
    """One websocket with Socket.IO 5 on it. Nothing is sent or taken in behind the test's back."""

    def __init__(self, person: Person) -> None:
        self.person = person
        #: Events in the order they came: (name, body).
        self.hendelser: list[tuple[str, Any]] = []
        #: Acks by the number they were asked for with.
        self.svar: dict[int, Any] = {}
        self.inne = False
        self.lukket = False
        self.lukkekode: int | None = None
        self._nummer = 0
        self._deler: list[str] = []
        port = person.tjener.port
        self._sokkel = socket.create_connection(("127.0.0.1", port), VENT)
        self._sokkel.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._ws = WSConnection(ConnectionType.CLIENT)
        kapsler = "; ".join(f"{k}={v}" for k, v in person.kapsler.items())
        self._ut(
            Request(
                host=f"127.0.0.1:{port}",
                target="/socket.io/?EIO=4&transport=websocket",
                extra_headers=[
                    (b"Origin", person.tjener.adresse.encode()),
                    (b"Cookie", kapsler.encode()),
                ],
            )
        )
        vent(lambda: self.inne or self.lukket, "sokkelen slapp inn", self)
        if not self.inne:
            self._sokkel.close()
            raise Avvist(self.lukkekode)

    # --- out ---

    def raa(self, data: bytes) -> None:
        """Bytes on the line, whatever they are."""
        self._sokkel.sendall(data)

    def _ut(self, hendelse: Any) -> None:
        self.raa(self._ws.send(hendelse))

    def tekst(self, pakke: str) -> None:
        """One Engine.IO packet, whatever is in it."""
        self._ut(TextMessage(data=pakke))

    def send(self, navn: str, kropp: Any, *, ack: bool = True) -> int:
        """Sends an event; the number of its ack, for `svar`."""
        self._nummer += 1
        self.tekst(f"42{self._nummer if ack else ''}{json.dumps([navn, kropp])}")
        return self._nummer

    def kall(self, navn: str, kropp: Any) -> Any:
        """Sends an event and waits for its ack."""
        nummer = self.send(navn, kropp)
        vent(lambda: nummer in self.svar or self.lukket, f"svar på {navn}", self)
        assert nummer in self.svar, f"lukket ({self.lukkekode}) uten svar på {navn}"
        return self.svar.pop(nummer)

    def vent_lukket(self, hva: str = "vinduet lukket") -> None:
        """Returns when the server has ended the connection."""
        vent(lambda: self.lukket, hva, self)

    def abonner(self, sak: str, etter: int = 0) -> Any:
        svar = self.kall("henvendelse.abonner", {"id": sak, "etter": etter})
        assert svar["ok"], svar
        return svar

    def meld(self, sak: str, tekst: str, klient_id: str | None = None) -> Any:
        return self.kall(
            "henvendelse.meld", {"id": sak, "klient_id": klient_id or str(uuid4()), "tekst": tekst}
        )

    def slipp(self) -> None:
        """Vanishes with a TCP reset, as a telephone that leaves the building."""
        with suppress(OSError):
            self._sokkel.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._sokkel.close()
        self.lukket = True

    def lukk(self) -> None:
        """Says goodbye."""
        if not self.lukket:
            with suppress(OSError):
                self._ut(CloseConnection(code=1000))
        self._sokkel.close()
        self.lukket = True

    # --- in ---

    def fileno(self) -> int:
        return self._sokkel.fileno()

    def pump(self) -> None:
        """Takes in what has come. Does not wait."""
        while not self.lukket and select.select([self], [], [], 0)[0]:
            try:
                data = self._sokkel.recv(262144)
            except OSError:
                data = b""
            if not data:
                self._sokkel.close()
                self.lukket = True
                return
            self._ws.receive_data(data)
            for hendelse in self._ws.events():
                self._ta(hendelse)

    def _ta(self, hendelse: Any) -> None:
        if isinstance(hendelse, TextMessage):
            self._deler.append(hendelse.data)
            if hendelse.message_finished:
                self._pakke("".join(self._deler))
                self._deler.clear()
        elif isinstance(hendelse, CloseConnection):
            self.lukkekode = hendelse.code
            with suppress(OSError):
                self._ut(hendelse.response())
        elif isinstance(hendelse, Ping):
            self._ut(hendelse.response())
        elif isinstance(hendelse, RejectConnection):
            self.lukkekode, self.lukket = hendelse.status_code, True
        else:
            assert isinstance(hendelse, AcceptConnection), hendelse

    def _pakke(self, pakke: str) -> None:
        if pakke == "2":
            self.tekst("3")
        elif pakke.startswith("0"):
            self.tekst("40")
        elif pakke.startswith("40"):
            self.inne = True
        elif pakke.startswith("44"):
            self.lukkekode = json.loads(pakke[2:]).get("message")
            self.lukket = True
        elif pakke.startswith("42"):
            navn, kropp = json.loads(pakke[2:])
            self.hendelser.append((navn, kropp))
        elif pakke.startswith("43"):
            sted = pakke.index("[")
            (self.svar[int(pakke[2:sted])],) = json.loads(pakke[sted:])

    def mottatt(self, navn: str) -> list[Any]:
        """The bodies of the events of one name, so far."""
        self.pump()
        return [kropp for n, kropp in self.hendelser if n == navn]


def vent(betingelse: Callable[[], Any], hva: str, *sokler: Sokkel, sekunder: float = VENT) -> Any:
    """Pumps the sockets until the condition is true, and gives its answer. AssertionError when it never is."""
    frist = time.monotonic() + sekunder
    while not (svar := betingelse()):
        assert time.monotonic() < frist, f"ikke innen {sekunder:.0f} s: {hva}"
        aapne = [s for s in sokler if not s.lukket]
        if aapne:
            select.select(aapne, [], [], 0.05)
        else:
            time.sleep(0.02)
        for s in aapne:
            s.pump()
    return svar


def vent_svar(*spurt: tuple[Sokkel, int]) -> list[Any]:
    """The acks of events that several sockets have sent, when all have come."""
    vent(lambda: all(nummer in s.svar for s, nummer in spurt), "svarene", *(s for s, _ in spurt))
    return [s.svar.pop(nummer) for s, nummer in spurt]


class Leser:
    """One window on a case, with the rules of the protocol: join first, then fetch; apply N+1 only; higher is a gap
    to fetch, lower is known; the same UUID again until it is acknowledged, one message at a time.

    `mister(what)` decides what is lost on the way in: «hendelse», «hode» or «ack».
    """

    def __init__(self, person: Person, sak: str, mister: Callable[[str], bool] = lambda _: False) -> None:
        self.person, self.sak, self.mister = person, sak, mister
        self.logg: list[dict[str, Any]] = []
        #: Messages of one's own that no ack has come for: klient_id → text, in order.
        self.usendt: dict[str, str] = {}
        #: klient_id → sekvens, as acknowledged.
        self.bekreftet: dict[str, int] = {}
        self.sokkel: Sokkel | None = None
        self._under_veis: tuple[int, str] | None = None
        self._henter: int | None = None
        #: True until the case is joined over the open socket.
        self._maa_inn = True
        #: The highest number heard of. An answer that was under way when a newer event came takes nothing from it.
        self._hode = 0
        self._lest = 0

    def __repr__(self) -> str:
        lukket = self.sokkel is None or self.sokkel.lukket
        return (
            f"<{self.person.epost} nr={self.nr} usendt={len(self.usendt)} under_veis={self._under_veis}"
            f" henter={self._henter} hode={self._hode} lukket={lukket}>"
        )

    @property
    def nr(self) -> int:
        return self.logg[-1]["sekvens"] if self.logg else 0

    @property
    def ferdig(self) -> bool:
        """Nothing unsent and no known gap."""
        return not self.usendt and not self._hull and self._henter is None

    @property
    def _hull(self) -> bool:
        return self._maa_inn or self.nr < self._hode

    def skriv(self, tekst: str) -> str:
        klient_id = str(uuid4())
        self.usendt[klient_id] = tekst
        return klient_id

    def kobl(self) -> None:
        """(Re)connects: everything that was under way has an unknown fate."""
        if self.sokkel is not None:
            self.sokkel.slipp()
        self.sokkel = self.person.sokkel()
        self._lest, self._maa_inn = 0, True
        self._under_veis = self._henter = None

    def arbeid(self) -> None:
        """Takes in what has come and does what follows from it. Does not wait."""
        if self.sokkel is None or self.sokkel.lukket:
            self.kobl()
        assert self.sokkel is not None
        time.sleep(0.01)
        self.sokkel.pump()
        nye = self.sokkel.hendelser[self._lest :]
        self._lest += len(nye)
        for navn, kropp in nye:
            if navn == "hendelse" and kropp["henvendelse_id"] == self.sak and not self.mister("hendelse"):
                self._anvend(kropp)
            elif navn == "hode" and not self.mister("hode"):
                self._hode = max(self._hode, kropp["henvendelse"].get(self.sak, 0))
        self._svar_paa_henting()
        self._svar_paa_melding()
        if self._hull and self._henter is None and not self.sokkel.lukket:
            self._send_abonner()
        if self.usendt and self._under_veis is None and not self.sokkel.lukket:
            klient_id, tekst = next(iter(self.usendt.items()))
            self._under_veis = (self._meld(klient_id, tekst), klient_id)

    def send_over_http(self) -> None:
        """The first unsent message over the twin, whatever became of it on the socket."""
        if self.usendt:
            klient_id, tekst = next(iter(self.usendt.items()))
            svar = self.person.skriv(self.sak, klient_id, tekst)
            assert svar.status == 200, svar.tekst
            self._noter(klient_id, svar.json["sekvens"])

    def _meld(self, klient_id: str, tekst: str) -> int:
        assert self.sokkel is not None
        return self.sokkel.send("henvendelse.meld", {"id": self.sak, "klient_id": klient_id, "tekst": tekst})

    def _send_abonner(self) -> None:
        assert self.sokkel is not None
        self._henter = self.sokkel.send("henvendelse.abonner", {"id": self.sak, "etter": self.nr})

    def _svar_paa_henting(self) -> None:
        assert self.sokkel is not None
        svar = self.sokkel.svar.pop(self._henter, None) if self._henter is not None else None
        if svar is None:
            return
        self._henter = None
        if self.mister("ack"):
            return
        assert svar["ok"], svar
        self._maa_inn = False
        self._hode = max(self._hode, svar["hode"])
        for rad in svar["hendelser"]:
            self._anvend(rad)

    def _svar_paa_melding(self) -> None:
        assert self.sokkel is not None
        if self._under_veis is None or (svar := self.sokkel.svar.pop(self._under_veis[0], None)) is None:
            return
        klient_id, self._under_veis = self._under_veis[1], None
        if not self.mister("ack"):
            assert svar["ok"], svar
            self._noter(klient_id, svar["sekvens"])

    def _noter(self, klient_id: str, sekvens: int) -> None:
        assert self.bekreftet.setdefault(klient_id, sekvens) == sekvens, "samme melding fikk to numre"
        self.usendt.pop(klient_id, None)
        self._hode = max(self._hode, sekvens)

    def _anvend(self, rad: dict[str, Any]) -> None:
        self._hode = max(self._hode, rad["sekvens"])
        if rad["sekvens"] == self.nr + 1:
            self.logg.append(rad)
        elif rad["sekvens"] <= self.nr:
            assert self.logg[rad["sekvens"] - 1] == rad, "samme nummer, annet innhold"


def kjoer(lesere: Sequence[Leser], betingelse: Callable[[], Any], hva: str, sekunder: float = VENT) -> None:
    """Lets the windows work until the condition is true."""

    def en_runde() -> Any:
        for leser in lesere:
            leser.arbeid()
        return betingelse()

    frist = time.monotonic() + sekunder
    while not en_runde():
        assert time.monotonic() < frist, f"ikke innen {sekunder:.0f} s: {hva}"
        aapne = [le.sokkel for le in lesere if le.sokkel is not None and not le.sokkel.lukket]
        if aapne:
            select.select(aapne, [], [], 0.02)
