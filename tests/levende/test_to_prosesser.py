"""Two web processes on one PostgreSQL, with Valkey between them: production's way. Valkey may be lost, nothing else
may."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest

from tests.levende.conftest import Folk
from tests.levende.folk import ny_person
from tests.levende.klient import Leser, Person, Sokkel, kjoer, vent, vent_svar
from tests.levende.tavle import Tavle, frigi, hold
from tests.levende.tjener import Hus, Tjener

if os.environ.get("PORTAL_TEST_DB") != "postgresql":
    pytest.skip("SQLite is for one process", allow_module_level=True)

#: No test waits for the tick unless it says so: longer than any of them lasts.
TIME = 3600.0


class Valkey:
    """The server between the processes, that can be killed and brought back at its address."""

    def __init__(self, mappe: Path) -> None:
        from tests.valkey import start_valkey

        self._mappe = mappe
        self.url = start_valkey(mappe)

    def stopp(self) -> None:
        from tests.valkey import stop_valkey

        stop_valkey(self._mappe)

    def frys(self, *, opp: bool = False) -> None:
        """Stops it without a word (SIGSTOP): connections stay open and nothing is answered. `opp` lets it go on."""
        from tests import valkey

        prosess = valkey._running[self._mappe.resolve()][0].process
        prosess.send_signal(signal.SIGCONT if opp else signal.SIGSTOP)

    def start(self) -> None:
        from tests.valkey import start_valkey

        assert start_valkey(self._mappe, port=urlsplit(self.url).port) == self.url


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    valkey = Valkey(tmp_path_factory.mktemp("valkey"))
    yield valkey
    valkey.stopp()


@pytest.fixture(scope="module")
def start(hus: Hus, valkey: Valkey) -> Iterator[Callable[[str, float], Tjener]]:
    """Starts web processes joined by Valkey, each once."""
    tjenere: dict[str, Tjener] = {}

    def start(navn: str, tikk: float) -> Tjener:
        if navn not in tjenere:
            tjenere[navn] = Tjener(hus, navn, tikk=tikk, PORTAL_REDIS_URL=valkey.url)
        return tjenere[navn]

    yield start
    for t in tjenere.values():
        t.stopp()


@pytest.fixture
def a(start: Callable[[str, float], Tjener]) -> Tjener:
    return start("a", TIME)


@pytest.fixture
def b(start: Callable[[str, float], Tjener]) -> Tjener:
    return start("b", TIME)


def test_melding_i_den_ene_kommer_i_den_andre(a: Tjener, b: Tjener, folk: Folk, sak: str) -> None:
    her, der = folk("spesialist").hos(a).sokkel(), folk("sykehjemslege").hos(b).sokkel()
    her.abonner(sak)
    der.abonner(sak)
    for nummer in range(20):
        avsender = (her, der)[nummer % 2]
        assert avsender.meld(sak, f"Melding {nummer}")["ok"]
    vent(lambda: all(len(s.mottatt("hendelse")) == 20 for s in (her, der)), "alle meldingene", her, der)
    assert der.kall("henvendelse.les", {"id": sak, "sekvens": 22}) == {"ok": True}
    vent(lambda: [k for k in her.mottatt("kvittering") if k["lest"] == 22], "kvitteringen", her)
    der.send("henvendelse.skriver", {"id": sak}, ack=False)
    vent(lambda: her.mottatt("skriver"), "skriver", her)
    # The queue at the other process as well.
    koe = folk("spesialist_hjerte").hos(a).sokkel()
    vent(lambda: koe.inne, "inne", koe)
    assert folk("spesialist").hos(b).gjoer(sak, "gi-tilbake", begrunnelse="Vakta er slutt.").status == 200
    vent(lambda: koe.mottatt("koe"), "køen", koe)
    for s in (her, der, koe):
        s.lukk()


def test_to_aksepter_i_hver_sin_prosess(a: Tjener, b: Tjener, folk: Folk, finnmark: UUID) -> None:
    from tests.levende.test_aksept import paa_en_gang

    folkene = [folk("spesialist").hos(a), folk("spesialist_hjerte").hos(b)]
    for _ in range(5):
        sak = folk("sykehjemslege").send_henvendelse(finnmark)
        svar = paa_en_gang(folkene, sak, "aksepter")
        assert sorted(s.status for s in svar) == [200, 409], [s.tekst for s in svar]


def test_samme_melding_gjennom_to_prosesser_lagres_en_gang(
    a: Tjener, b: Tjener, folk: Folk, sak: str
) -> None:
    """A client that lost its ack and came back at the other process; both at once, too."""
    vinduer = [folk("spesialist").hos(t).sokkel() for t in (a, b, a, b)]
    for s in vinduer:
        s.abonner(sak)
    for runde in range(15):
        kropp = {"id": sak, "klient_id": str(uuid4()), "tekst": f"Runde {runde}"}
        svar = vent_svar(*[(s, s.send("henvendelse.meld", kropp)) for s in vinduer])
        assert all(s["ok"] for s in svar) and len({s["sekvens"] for s in svar}) == 1, svar
    assert len([h for h in folk("spesialist").hendelser(sak) if h["type"] == "melding"]) == 15
    for s in vinduer:
        s.lukk()


def test_utkasting_naar_den_andre_prosessen_straks(
    a: Tjener, b: Tjener, hus: Hus, folk: Folk, sak: str, finnmark: UUID, stavanger: UUID
) -> None:
    """Logout in one process closes the window in the other, and a forwarded case is gone there: long before a tick."""
    person = Person.logg_inn(a, ny_person(hus, "spesialist", finnmark, "indremedisin").epost)
    vindu = person.hos(b).sokkel()
    vindu.abonner(sak)
    assert person.skjema("/utlogging").status == 303
    vindu.vent_lukket("vinduet i den andre prosessen")
    mister = folk("spesialist").hos(b).sokkel()
    mister.abonner(sak)
    svar = (
        folk("spesialist")
        .hos(a)
        .gjoer(
            sak,
            "videresend",
            mottaker_id=str(stavanger),
            fagomraade="indremedisin",
            begrunnelse="Hører til dere.",
        )
    )
    assert svar.status == 204, svar.tekst
    mistet = {"type": "tilgang_mistet", "henvendelse_id": sak}
    vent(lambda: mistet in mister.mottatt("varsel"), "tilgang_mistet i den andre prosessen", mister)
    foer = len(mister.mottatt("hendelse"))
    assert folk("sykehjemslege").hos(a).skriv(sak, str(uuid4()), "Er dere der?").status == 200
    assert mister.kall("henvendelse.abonner", {"id": sak, "etter": 0})["kode"] == "ikke_funnet"
    assert len(mister.mottatt("hendelse")) == foer
    mister.lukk()


def test_valkey_faller_midt_i_samtalen(
    start: Callable[[str, float], Tjener], valkey: Valkey, hus: Hus, folk: Folk, sak: str
) -> None:
    """Emits raise no error and reach nobody; heads and gap fetches carry the conversation until Valkey is back."""
    c, d = start("c", 0.3), start("d", 0.3)
    lesere = [
        Leser(folk("spesialist").hos(c), sak),
        Leser(folk("sykehjemslege").hos(d), sak),
        Leser(folk("spesialist_hjerte").hos(d), sak),
    ]
    kjoer(lesere, lambda: all(le.ferdig for le in lesere), "loggen")

    def skriv(antall: int, hva: str) -> None:
        for nummer in range(antall):
            for le in lesere:
                le.skriv(f"{le.person.epost} {hva} {nummer}")
        til = lesere[0].nr + antall * len(lesere)
        kjoer(lesere, lambda: all(le.ferdig and le.nr == til for le in lesere), f"alle à jour {hva}")

    skriv(3, "foer")
    valkey.stopp()
    skriv(5, "uten")
    # Rights that end are still noticed: the tick asks the database.
    utlogget = Person.logg_inn(c, "vaktleder")
    vindu: Sokkel = utlogget.hos(d).sokkel()
    assert utlogget.skjema("/utlogging").status == 303
    vindu.vent_lukket("vinduet i den andre prosessen")
    for t in (c, d):
        # The pages and the HTTP twins do not need it either.
        assert folk("spesialist").hos(t).get(f"/henvendelser/{sak}").status == 200
        assert folk("spesialist").hos(t).hendelser(sak) == lesere[0].logg
    valkey.start()
    skriv(3, "etter")
    assert lesere[0].logg == lesere[1].logg == lesere[2].logg
    # Live again, without the help of a head: events come by themselves from the other process. Its listener tries
    # again with growing pauses, so a message is sent each second until that is seen.
    for le in lesere:
        le.mister = lambda hva: hva == "hode"
    neste = 0.0

    def direkte() -> bool:
        nonlocal neste
        if time.monotonic() > neste:
            lesere[0].skriv("Er vi direkte igjen?")
            neste = time.monotonic() + 1
        return lesere[0].ferdig and len({le.nr for le in lesere}) == 1 and lesere[0].nr > til

    til = lesere[0].nr
    kjoer(lesere, direkte, "direkte igjen", 60)
    hus.kontroller_revisjon()
    for le in lesere:
        assert le.sokkel is not None
        le.sokkel.lukk()


def test_valkey_henger(start: Callable[[str, float], Tjener], valkey: Valkey, folk: Folk, sak: str) -> None:
    """Worse than gone: it takes the connection and never answers. Nobody may wait for it."""
    c, d = start("c", 0.3), start("d", 0.3)
    lesere = [Leser(folk("spesialist").hos(c), sak), Leser(folk("sykehjemslege").hos(d), sak)]
    kjoer(lesere, lambda: all(le.ferdig for le in lesere), "loggen")
    valkey.frys()
    try:
        for nummer in range(5):
            for le in lesere:
                le.skriv(f"Melding {nummer}")
        til = lesere[0].nr + 10
        kjoer(lesere, lambda: all(le.ferdig and le.nr == til for le in lesere), "alle à jour", 20)
        assert folk("spesialist").hos(c).gjoer(sak, "gi-tilbake", begrunnelse="Vakta er slutt.").status == 200
    finally:
        valkey.frys(opp=True)
    # The move, and who was told of it.
    kjoer(lesere, lambda: all(le.ferdig and le.nr == til + 2 for le in lesere), "tilbake i køen")
    for le in lesere:
        assert le.sokkel is not None
        le.sokkel.lukk()


# --- the board of emergency beds -------------------------------------------------------------------------


def test_et_hold_i_den_ene_er_paa_tavla_i_den_andre(a: Tjener, b: Tjener, folk: Folk) -> None:
    """Only the event carries it: neither process ticks while the test lasts."""
    lege = folk("oehd_lege").hos(a)
    tavler = [
        Tavle(folk(hvem).hos(t)) for hvem, t in (("spesialist", b), ("sykehjemslege", b), ("vaktleder", a))
    ]
    versjon = tavler[0].versjon
    enhet, holdet = "", ""
    for ledige in (-1, 1):
        foer = {t: t.rader for t in tavler}
        if ledige == -1:
            enhet, holdet = hold(lege)
        else:
            frigi(lege, holdet)
        versjon += 1
        vent(
            lambda versjon=versjon: all(t.les().versjon == versjon for t in tavler),
            "holdet på hver tavle",
            *(t.sokkel for t in tavler),
        )
        for t in tavler:
            hendelse = t.hendelser[-1]
            assert (hendelse["fra"], hendelse["versjon"], t.hull) == (versjon - 1, versjon, 0)
            # The change alone, and not the board.
            (rad,) = hendelse["endringer"]
            assert rad["id"] == enhet
            gammel = foer[t][enhet]
            assert rad["ledig"] - gammel["ledig"] == ledige == gammel["holdt"] - rad["holdt"]
            assert not [h for h in t.sokkel.mottatt("hode") if h.get("plasser", 0) > versjon - 1]
            # What the board made of it is what the other process would show to who opens it now.
            assert t.rader == t.hent_hele()
    for t in tavler:
        t.sokkel.lukk()


def test_tavla_uten_valkey(
    start: Callable[[str, float], Tjener], valkey: Valkey, hus: Hus, folk: Folk
) -> None:
    """Changes made while Valkey is away reach no other process: its next head tells of the gap, and the board fetches
    it. When Valkey is back, events come by themselves again."""
    tikk = 0.3
    c, d = start("c", tikk), start("d", tikk)
    lege = folk("oehd_lege").hos(c)
    tavle = Tavle(folk("spesialist").hos(d))
    sokkel = tavle.sokkel

    def til(versjon: int, sekunder: float = 40) -> None:
        vent(lambda: tavle.les().versjon >= versjon, f"versjon {versjon}", sokkel, sekunder=sekunder)

    valkey.stopp()
    try:
        start_ved, versjon = time.monotonic(), tavle.versjon
        while time.monotonic() - start_ved < 3:
            enhet, holdet = hold(lege)
            holdt = time.monotonic()
            til(versjon + 1)
            # The tick, the jitter before a board is fetched, and a slow machine.
            assert time.monotonic() - holdt < tikk + 3
            assert tavle.rader == tavle.hent_hele() and tavle.rader[enhet]["holdt"] > 0
            frigi(lege, holdet)
            til(versjon + 2)
            versjon += 2
        assert tavle.hull >= 2 and tavle.hendelser == []
    finally:
        valkey.start()
    # Live again without the help of a head. The listener tries again with growing pauses.
    tavle.hoerer_hodet = False
    versjon = tavle.versjon
    frist = time.monotonic() + 60
    while not tavle.hendelser:
        assert time.monotonic() < frist, "ingen hendelse etter at Valkey kom tilbake"
        frigi(lege, hold(lege)[1])
        with suppress(AssertionError):
            vent(lambda: tavle.les().hendelser, "hendelsen", sokkel, sekunder=1)
    # The first event tells of what was missed in between as well: it does not follow what the board shows.
    siste = lege.get("/api/v1/plasser").json["versjon"]
    assert siste > versjon
    til(siste)
    assert tavle.rader == tavle.hent_hele()
    hus.kontroller_revisjon()
    sokkel.lukk()
