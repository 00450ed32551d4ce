"""The real worker, a process of its own: killed, it is red where people look; a silent mail server stops nothing."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller

from portal.core.clock import now
from portal.core.puls import Puls
from portal.henvendelser.eskalering.models import Eskalering, Kanarikjoering
from portal.identitet.demo import DEMO
from portal.identitet.models import Medlemskap, Person
from portal.vakt.models import Nivaa, Vakt, Vaktkilde, Vaktplan
from tests.levende.conftest import DB
from tests.levende.klient import Person as Klient
from tests.levende.tjener import ROT, VENT, Hus, Tjener, ledig_port, vent_til
from tests.varsler.tjenere import Posttjener

#: The chain is whole, and a letter wakes nobody.
HOLDER = "Kjeden holder, men vekkingen er ikke prøvd"


@pytest.fixture(scope="module")
def hus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hus]:
    """A house of these tests' own: a running worker would do the work of the others' too."""
    mappe = tmp_path_factory.mktemp("status")
    if DB == "sqlite":
        hus = Hus(mappe, f"sqlite:///{mappe / 'portal.db'}")
        yield hus
        hus.riv()
        return
    from tests import postgres

    hus = Hus(mappe, postgres.start_postgres(mappe / "pg", fsync=False))
    try:
        yield hus
    finally:
        hus.riv()
        postgres.stop_postgres(mappe / "pg")


@pytest.fixture(scope="module")
def smtp() -> int:
    """The port of the house's mail server, which runs only while a test says so."""
    return ledig_port()


@pytest.fixture(scope="module")
def tjener(hus: Hus, smtp: int) -> Iterator[Tjener]:
    hus.miljoe["PORTAL_SMTP_URL"] = f"smtp://127.0.0.1:{smtp}"
    tjener = Tjener(hus, "web")
    yield tjener
    tjener.stopp()


@pytest.fixture(scope="module")
def vaktleder(tjener: Tjener) -> Klient:
    return Klient.logg_inn(tjener, "vaktleder")


class Arbeider:
    """`flask portal arbeider` as a process that can be killed."""

    def __init__(self, hus: Hus, navn: str, **miljoe: str) -> None:
        self.logg = hus.mappe / f"{navn}.log"
        with self.logg.open("w") as ut:
            self.prosess = subprocess.Popen(
                [sys.executable, "-m", "flask", "--app", "portal.factory:create_app", "portal", "arbeider"],
                cwd=ROT,
                env={**hus.miljoe, **miljoe},
                stdout=ut,
                stderr=subprocess.STDOUT,
            )

    def stopp(self, tegn: signal.Signals = signal.SIGTERM) -> int:
        if self.prosess.poll() is None:
            self.prosess.send_signal(tegn)
        return self.prosess.wait(VENT)


@pytest.fixture
def arbeid(hus: Hus) -> Iterator[Callable[..., Arbeider]]:
    startet: list[Arbeider] = []

    def start(navn: str = "arbeider", **miljoe: str) -> Arbeider:
        startet.append(Arbeider(hus, navn, **miljoe))
        return startet[-1]

    yield start
    for a in startet:
        a.stopp(signal.SIGKILL)


@contextmanager
def posttjener(port: int) -> Iterator[Posttjener]:
    t = Posttjener()
    kontroll = Controller(t, hostname="127.0.0.1", port=port)
    kontroll.start()
    try:
        yield t
    finally:
        kontroll.stop()


def helse(tjener: Tjener) -> tuple[int, list[str]]:
    try:
        with urllib.request.urlopen(f"{tjener.adresse}/helse/eskalering", timeout=10) as svar:
            return int(svar.status), list(json.loads(svar.read()).get("roede", []))
    except urllib.error.HTTPError as feil:
        return feil.code, list(json.loads(feil.read())["roede"])


def vent_til_helse(tjener: Tjener, status: int, roede: list[str]) -> None:
    sett: list[object] = []

    def er() -> bool:
        sett[:] = [helse(tjener)]
        return sett == [(status, roede)]

    try:
        vent_til(er, f"helse {status}")
    except AssertionError as feil:
        raise AssertionError(f"{feil}; sist: {sett}") from None


def ord_for(klient: Klient, kode: str) -> str:
    """What the status page says of a part."""
    side = klient.get("/status").tekst
    del_ = side.partition(f'="{kode}"')[2]
    treff = re.search(r'<span class="ds-tag driftsmerke"[^>]*><svg.*?</svg>([^<]+)</span>', del_, re.S)
    assert treff, side
    return treff[1]


def puls(hus: Hus) -> dict[str, Any]:
    return {r.navn: r.sist for r in hus.rader(sa.select(Puls.navn, Puls.sist))}


def vakt_for(hus: Hus, hvem: str) -> tuple[UUID, UUID]:
    """A roster for indremedisin at the person's hospital, with the person on call. Gives the plan and the shift."""
    (rad,) = hus.rader(
        sa.select(Person.id.label("person"), Medlemskap.id.label("medlemskap"), Medlemskap.organisasjon_id)
        .join(Medlemskap, Medlemskap.person_id == Person.id)
        .where(Person.epost == DEMO[hvem])
    )
    finnes = hus.rader(
        sa.select(Vaktplan.id).where(
            Vaktplan.organisasjon_id == rad.organisasjon_id, Vaktplan.fagomraade == "indremedisin"
        )
    )
    plan, vakt = finnes[0].id if finnes else uuid4(), uuid4()
    if not finnes:
        hus.endre(
            sa.insert(Vaktplan).values(
                id=plan,
                organisasjon_id=rad.organisasjon_id,
                fagomraade="indremedisin",
                opprettet=now(),
                versjon=1,
            )
        )
    else:
        with hus.motor.begin() as c:
            c.execute(
                sa.update(Vakt).where(Vakt.vaktplan_id == plan, Vakt.avlyst.is_(None)).values(avlyst=now())
            )
    hus.endre(
        sa.insert(Vakt).values(
            id=vakt,
            vaktplan_id=plan,
            nivaa=str(Nivaa.VAKTHAVENDE),
            person_id=rad.person,
            medlemskap_id=rad.medlemskap,
            fra=now() - timedelta(hours=1),
            til=now() + timedelta(hours=12),
            kilde=str(Vaktkilde.ENKELT),
            opprettet=now(),
        )
    )
    return plan, vakt


def sett_kanari(vaktleder: Klient) -> None:
    """Sets it, which makes it run at once."""
    svar = vaktleder.skjema("/vakt/kanari", fagomraade="indremedisin", hver_minutter="15", aktiv="1")
    assert svar.status == 303, svar.tekst


def test_en_drept_arbeider_er_roed_innen_et_halvt_minutt(
    hus: Hus, tjener: Tjener, vaktleder: Klient, smtp: int, arbeid: Callable[..., Arbeider]
) -> None:
    with posttjener(smtp):
        en, to = arbeid("en"), arbeid("to")
        vent_til_helse(tjener, 200, [])
        # A lane that has not gone yet is not red, and not green either.
        for spor in ("frist", "post", "vanlig"):
            vent_til(lambda spor=spor: ord_for(vaktleder, f"spor.{spor}") == "Virker", f"{spor} går")  # type: ignore[misc]

        # One of two is no loss: the pulse goes on.
        en.stopp(signal.SIGKILL)
        sist = puls(hus)["arbeider.frist"]
        vent_til(lambda: puls(hus)["arbeider.frist"] > sist + timedelta(seconds=4), "den andre slår")
        assert helse(tjener) == (200, [])

        to.stopp(signal.SIGKILL)
        drept = time.monotonic()
        vent_til(lambda: ord_for(vaktleder, "spor.frist") == "Virker ikke", "rød på statussida", 30)
        vent_til_helse(tjener, 503, ["spor.frist", "spor.post"])
        assert time.monotonic() - drept > 10, "a lane that has just told that it lives is not called dead"
        side = vaktleder.get("/status").tekst
        assert "Noe virker ikke" in side and "Ring mottakeren" in side

        arbeid("tre")
        vent_til(lambda: ord_for(vaktleder, "spor.frist") == "Virker", "grønn igjen")
        vent_til_helse(tjener, 200, [])


def test_en_stopp_er_ren(hus: Hus, arbeid: Callable[..., Arbeider]) -> None:
    for tegn in (signal.SIGTERM, signal.SIGINT):
        a = arbeid("stopp")
        foer = puls(hus).get("arbeider.vanlig")
        vent_til(lambda foer=foer: puls(hus).get("arbeider.vanlig") != foer, "arbeideren går")  # type: ignore[misc]
        assert a.stopp(tegn) == 0
        logg = a.logg.read_text()
        assert "arbeideren_stoppet" in logg and "rene=True" in logg
        assert "Traceback" not in logg and "jobb_feilet" not in logg, logg


def test_kanarien_gaar_hele_veien_og_hvert_brudd_synes(
    hus: Hus, tjener: Tjener, vaktleder: Klient, smtp: int, arbeid: Callable[..., Arbeider]
) -> None:
    arbeid()
    _plan, vakt = vakt_for(hus, "spesialist")
    with posttjener(smtp) as post:
        sett_kanari(vaktleder)
        vent_til(lambda: ord_for(vaktleder, "indremedisin") == HOLDER, "hele kjeden holder")
        assert any("Prøvevarsel" in b["Subject"] for b in post.mottatt)
        vent_til(lambda: ord_for(vaktleder, "kanal.epost") == "Virker", "e-posten går")

        # Nobody on call: red at once, and the vaktleder is told by a letter too.
        hus.endre(sa.update(Vakt).where(Vakt.id == vakt).values(avlyst=now()))
        sett_kanari(vaktleder)
        vent_til(lambda: ord_for(vaktleder, "indremedisin") == "Virker ikke", "tom vaktplan er rød")
        assert "Ingen har vakt nå" in vaktleder.get("/status").tekst
        vent_til(lambda: any("virker ikke" in b["Subject"] for b in post.mottatt), "vaktlederen får vite det")
        vakt_for(hus, "spesialist")
        sett_kanari(vaktleder)
        vent_til(lambda: ord_for(vaktleder, "indremedisin") == HOLDER, "fylt plan er grønn")

    # The mail server goes down: the channel is red with the first letter that it does not take.
    sett_kanari(vaktleder)
    vent_til(lambda: ord_for(vaktleder, "kanal.epost") == "Virker ikke", "e-posten er rød")
    with posttjener(smtp):
        vent_til(lambda: ord_for(vaktleder, "kanal.epost") == "Virker", "e-posten er grønn igjen", 60)
        vent_til(lambda: ord_for(vaktleder, "indremedisin") == HOLDER, "kjeden er hel igjen", 60)
    assert ord_for(vaktleder, "spor.frist") == "Virker"


@contextmanager
def taus_tjener() -> Iterator[int]:
    """A mail server that takes the call and says nothing."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=50)) as lytter:
        yield lytter.getsockname()[1]


@pytest.mark.parametrize("innebygd", [False, True])
def test_en_posttjener_som_henger_forsinker_ingen_frist(
    hus: Hus,
    tjener: Tjener,
    vaktleder: Klient,
    arbeid: Callable[..., Arbeider],
    innebygd: bool,
) -> None:
    """As a process of its own, with threads; and inside the web process, with greenlets."""
    vakt_for(hus, "spesialist")
    loepende = sa.select(Eskalering.id).where(Eskalering.avsluttet.is_(None), Eskalering.slag == "kanari")
    with taus_tjener() as port:
        url = f"smtp://127.0.0.1:{port}"
        web = Tjener(hus, "innebygd", PORTAL_ARBEIDER_I_WEB="1", PORTAL_SMTP_URL=url) if innebygd else None
        startet = now()
        if not innebygd:
            arbeid("henger", PORTAL_SMTP_URL=url)
        try:
            vent_til(lambda: puls(hus).get("arbeider.frist", startet) > startet, "arbeideren går")
            # The first test hangs in the lane of the post; the timers of the next are taken all the same.
            for _ in range(2):
                foer = len(hus.rader(sa.select(Kanarikjoering.id)))
                sett_kanari(vaktleder)
                vent_til(lambda foer=foer: len(hus.rader(sa.select(Kanarikjoering.id))) > foer, "startet")  # type: ignore[misc]
                vent_til(lambda: not hus.rader(loepende), "fristen er tatt")
            tatt = hus.rader(
                sa.select(Eskalering.neste, Eskalering.avsluttet).where(
                    Eskalering.slag == "kanari", Eskalering.start > startet
                )
            )
            assert len(tatt) == 2 and all(t.avsluttet - t.neste <= timedelta(seconds=5) for t in tatt), tatt
            sist = puls(hus)["arbeider.frist"]
            vent_til(lambda: puls(hus)["arbeider.frist"] > sist, "fristene slår")
            if web is not None:
                assert vaktleder.hos(web).get("/status").status == 200
        finally:
            if web is not None:
                web.stopp()
