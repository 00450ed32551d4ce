"""A request that nobody sees at first, as its people live it: the roster that a coordinator has made, the one on
call who does nothing, the bakvakt who takes it, and the one who asked and sees each step as it happens.

The portal, its worker and the mail server are real. Only the worker's clock is given.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from aiosmtpd.controller import Controller
from playwright.sync_api import Page, expect

from portal.core.clock import now, oslo
from portal.identitet.demo import DEMO_PASSORD, FINNMARKSSYKEHUSET
from tests.levende.test_arbeider import start_arbeider
from tests.levende.tjener import Hus, ledig_port
from tests.nettleser.vindu import (
    Nettleser,
    ajour,
    axe,
    fyll_henvendelse,
    ruller_sidelengs,
    send_henvendelse,
    velg,
)
from tests.varsler.tjenere import Posttjener

FAG = "Nevrologi"
#: Of a fagområde that has nobody in the demo, so that no other test meets them.
VARA, RAGNA, BODIL = "Vara Nevro", "Ragna Nevro", "Bodil Nevro"


def epost(navn: str) -> str:
    return f"{navn.lower().replace(' ', '.')}@demo.example"


@pytest.fixture(scope="module")
def nevrologer(hus: Hus) -> None:
    for navn in (VARA, RAGNA, BODIL):
        hus.flask(
            *("person", "ny", "--navn", navn, "--epost", epost(navn)),
            *("--organisasjon", FINNMARKSSYKEHUSET, "--rolle", "spesialist"),
            *("--fagomraade", "nevrologi", "--passord", DEMO_PASSORD),
        )


@contextmanager
def _postkasse() -> Iterator[tuple[Posttjener, str]]:
    """A mail server, and its address."""
    tjener, port = Posttjener(), ledig_port()
    kontroll = Controller(tjener, hostname="127.0.0.1", port=port)
    kontroll.start()
    try:
        yield tjener, f"smtp://127.0.0.1:{port}"
    finally:
        kontroll.stop()


@contextmanager
def _arbeider(hus: Hus, smtp: str) -> Iterator[Callable[[datetime], None]]:
    """A worker process; it is called with the moment at which every job is due."""
    eget = copy.copy(hus)
    eget.miljoe = {**hus.miljoe, "PORTAL_SMTP_URL": smtp, "PORTAL_EPOST_FRA": "portal@eksempel.example"}
    logg = hus.mappe / "stigearbeider.log"
    with start_arbeider(eget, logg) as arbeider:

        def runde(naa: datetime) -> None:
            assert arbeider.stdin and arbeider.stdout
            arbeider.stdin.write(f"{naa.isoformat()}\n")
            arbeider.stdin.flush()
            assert arbeider.stdout.readline(), logg.read_text()

        try:
            assert arbeider.stdout and arbeider.stdout.readline(), logg.read_text()
            yield runde
        finally:
            arbeider.kill()
    assert "jobb_feilet" not in logg.read_text(), logg.read_text()


# --- the roster ------------------------------------------------------------------------------------------


def _lag_rotasjon(side: Page, nivaa: str, folk: list[str]) -> None:
    """On the page of a plan's settings: a rotation of whole days from today, seven at a time."""
    side.get_by_role("link", name="Ny rotasjon").first.click()
    velg(side, "Nivå", nivaa)
    for nummer, navn in enumerate(folk, 1):
        side.locator(f"#deltaker-{nummer}").select_option(label=f"{navn} – Spesialist")
    side.get_by_label("Første dag").fill(f"{oslo(now()):%Y-%m-%d}")
    side.get_by_label("Dager i hver tur").fill("7")
    side.get_by_label("Fra klokka").fill("00:00")
    side.get_by_label("Til klokka").fill("00:00")
    for dag in ("hverdag", "helg", "helligdag"):
        side.locator(f"#dagtyper-{dag}").check(force=True)
    side.get_by_role("button", name="Vis hvordan det blir").click()
    expect(side.get_by_role("heading", name=re.compile("Slik blir det"))).to_be_visible()
    side.get_by_role("button", name="Lag rotasjonen").click()
    # It is made before one goes on.
    expect(side.get_by_role("heading", name=re.compile("Slik blir det"))).to_have_count(0)


def _lag_vaktplan(side: Page) -> str:
    """The coordinator makes the plan with its two levels. Gives its address."""
    side.goto("/vakt/planer/ny")
    fag = side.get_by_role("combobox", name=re.compile("Fagområde"))
    fag.fill(FAG)
    side.get_by_role("option", name=FAG).click()
    side.get_by_role("button", name="Lag vaktplanen").click()
    side.wait_for_url(re.compile(r"/oppsett$"))
    oppsett = side.url
    _lag_rotasjon(side, "Vakthavende", [VARA, RAGNA])
    side.goto(oppsett)
    _lag_rotasjon(side, "Bakvakt", [BODIL])
    side.goto(oppsett)
    telefon = side.get_by_role("textbox", name="Bakvakt")
    telefon.fill("900 00 900")
    telefon.press("Enter")
    return oppsett.removesuffix("/oppsett")


def _overstyr(side: Page, plan: str) -> None:
    """Vara is away today: the coordinator gives the shift to Ragna, till noon tomorrow."""
    side.goto(plan)
    idag = side.locator(".vaktdag--idag")
    idag.get_by_role("link", name=re.compile(VARA)).first.click()
    endre = side.get_by_role("region", name="Gi hele eller deler av vakten til en annen")
    endre.get_by_label("Hvem").select_option(label=f"{RAGNA} – Spesialist")
    # From now on: what has been, is not changed.
    endre.get_by_label("Til").fill(f"{oslo(now()) + timedelta(days=1):%Y-%m-%d}T12:00")
    endre.get_by_role("button", name="Lagre endringen").click()
    expect(side.get_by_text("Vakten er endret.")).to_be_visible()


def _bytt(vara: Page, bodil: Page) -> None:
    """Vara asks Bodil to take a shift of hers three days from now, and she says yes."""
    om_tre_dager = oslo(now()) + timedelta(days=3)
    vara.goto("/vakt/mine")
    vara.get_by_role("link", name=re.compile(rf"\b{om_tre_dager.day}\. .*{FAG}")).first.click()
    vara.get_by_role("link", name="Bytt bort vakten").click()
    vara.get_by_label("Hvem skal ta vakten?").select_option(label=BODIL)
    vara.get_by_role("button", name="Send forslaget").click()
    bodil.goto("/vakt/bytter")
    bodil.get_by_role("button", name="Godta").click()
    bodil.goto("/vakt/mine")
    expect(bodil.get_by_role("link", name=re.compile("Vakthavende · Nevrologi"))).to_have_count(1)


# --- the story -------------------------------------------------------------------------------------------


def _varselet(side: Page, tittel: str) -> None:
    """It comes into the open window: as an alarm beside the page, and in the bell."""
    toast = side.locator("[data-varseltoaster]")
    expect(toast).to_contain_text(tittel)
    side.locator("[data-bjelle] > summary").click()
    expect(side.locator("[data-bjelleplass] [data-ulest]").first).to_contain_text(tittel)
    side.locator("[data-bjelle] > summary").click()


def _stille(side: Page, tittel: str) -> None:
    """The alarm is gone, and the bell has no such notice left unread."""
    expect(side.locator("[data-varseltoaster]")).not_to_contain_text(tittel)
    expect(side.locator("[data-bjelleplass] [data-ulest]", has_text=tittel)).to_have_count(0)


def test_fra_vaktplan_til_bakvakt_tar_saken(nettleser: Nettleser, hus: Hus, nevrologer: None) -> None:
    koordinator = nettleser.vindu("koordinator_hf")
    plan = _lag_vaktplan(koordinator)
    vara, bodil = nettleser.vindu(epost(VARA)), nettleser.vindu(epost(BODIL))
    _bytt(vara, bodil)
    _overstyr(koordinator, plan)
    koordinator.goto("/vakt")
    kort = koordinator.get_by_role("article", name=FAG)
    expect(kort).to_contain_text(RAGNA)
    expect(kort).to_contain_text(BODIL)

    ragna = nettleser.vindu(epost(RAGNA))
    for side in (ragna, bodil):
        side.goto("/koe")
    tittel = "Ny akutt henvendelse til Nevrologi fra Alta"
    with _postkasse() as (post, smtp), _arbeider(hus, smtp) as runde:

        def brev(til: str, emne: str) -> int:
            return sum(b["To"] == epost(til) and emne in str(b["Subject"]) for b in post.mottatt)

        lege = nettleser.vindu("lege")
        lege.goto("/henvendelser/ny")
        fyll_henvendelse(lege, "Plutselig skjev i munnen, klar for en time siden.", "Akutt", FAG)
        sak = send_henvendelse(lege)
        sendt = now()
        ajour(lege)

        # The one on call is told at once, and the one who asked sees it.
        _varselet(ragna, tittel)
        stige = lege.locator("[data-bit=stige]")
        expect(stige.locator(".trinn").nth(0)).to_contain_text(f"Vakthavende {RAGNA}")
        expect(stige.locator(".trinn").nth(0)).to_contain_text("Ikke sett ennå")
        neste = stige.locator(".trinn--neste")
        expect(neste).to_contain_text(f"Neste: Bakvakt {BODIL}")
        expect(neste.locator("[data-frist-tekst]")).to_have_text(re.compile(r"^om [0-5]:\d\d$"))
        expect(stige).to_contain_text("Nummer 1 i køen til nevrologi, Finnmarkssykehuset")
        expect(stige.get_by_role("link", name="Ring bakvakt: 900 00 900")).to_have_attribute(
            "href", "tel:90000900"
        )
        assert axe(lege) == []
        runde(now())
        assert brev(RAGNA, tittel) == 1 and brev(BODIL, tittel) == 0
        assert "skjev" not in "".join(str(b) for b in post.mottatt)

        # She does nothing. Five minutes later bakvakt is told: nothing moves the focus of the one who waits.
        lege.locator("#melding").fill("Hun er våken")
        runde(sendt + timedelta(minutes=5, seconds=2))
        ikke_tatt = "Akutt henvendelse til Nevrologi fra Alta er ikke tatt"
        expect(stige.locator(".trinn").nth(1)).to_contain_text(f"Bakvakt {BODIL}")
        expect(lege.locator("[data-logg]")).to_contain_text(f"Bakvakt {BODIL} er varslet")
        expect(lege.locator("#melding")).to_be_focused()
        expect(lege.locator("#melding")).to_have_value("Hun er våken")
        _varselet(bodil, ikke_tatt)
        assert brev(BODIL, ikke_tatt) == 1

        # Whoever opens the case is seen to have seen it; the ladder stands on the receiver's side too.
        bodil.goto(f"/henvendelser/{sak}")
        ajour(bodil)
        expect(stige.locator(".trinn").nth(1)).to_contain_text("Sett")
        expect(bodil.locator("[data-bit=stige]")).to_contain_text(f"Vakthavende {RAGNA}")
        bodil.get_by_role("button", name="Ta saken").click()

        # All alarms stop: in every window, and in the post.
        expect(stige).to_contain_text(f"nå hos {BODIL}")
        expect(neste).to_have_count(0)
        for side, ord_ in ((ragna, tittel), (bodil, ikke_tatt)):
            _stille(side, ord_)
        antall = len([b for b in post.mottatt if FAG in str(b["Subject"])])
        runde(now() + timedelta(minutes=14))
        assert len([b for b in post.mottatt if FAG in str(b["Subject"])]) == antall
        expect(lege.locator("[data-logg] [data-type=eskalert]")).to_have_count(2)

        # The shift changes. The case is Bodil's until Ragna has said how she understands it.
        ragna.goto("/vakt")
        ragna.get_by_role("link", name=re.compile("Ta vakten nå.*Bakvakt, Nevrologi")).click()
        assert axe(ragna) == []
        # She is vakthavende already: that she is both is said aloud.
        ragna.get_by_label("Det er meningen at jeg har begge nivåene samtidig").check()
        ragna.get_by_role("button", name="Ta vakten").click()
        runde(now() + timedelta(seconds=1))
        ragna.goto("/koe")
        expect(ragna.locator(".skiftebanner")).to_contain_text("1 sak fra forrige vakt venter på deg.")
        ragna.get_by_role("link", name="Les tilbake og ta over").click()
        assert axe(ragna) == []
        skifte = ragna.get_by_role("region", name=re.compile("Venter på deg"))
        expect(skifte).to_contain_text(f"{BODIL} hadde vakten før deg.")
        expect(lege.locator("[data-bit=stige]")).to_contain_text(f"nå hos {BODIL}")
        skifte.get_by_label("Slik har jeg forstått saken").fill("Trolig hjerneslag, ambulanse på vei.")
        skifte.get_by_role("button", name="Les tilbake og ta over").click()
        expect(ragna.get_by_text("Du har tatt over saken.")).to_be_visible()
        expect(lege.locator("[data-logg]")).to_contain_text("Trolig hjerneslag, ambulanse på vei.")
        expect(lege.locator("[data-bit=stige]")).to_contain_text(f"nå hos {RAGNA}")


@pytest.mark.parametrize(("bredde", "moerk"), [(320, False), (390, True), (1280, True)])
def test_stigen_paa_alle_skjermer(nettleser: Nettleser, nevrologer: None, bredde: int, moerk: bool) -> None:
    """The ladder of a waiting case on a narrow and a dark screen, with a level skipped or none on call at all."""
    lege = nettleser.vindu("lege", bredde=bredde, moerk=moerk)
    lege.goto("/henvendelser/ny")
    fyll_henvendelse(lege, "Hoven legg siden i går.", "Vanlig", "Kirurgi" if bredde == 390 else FAG)
    send_henvendelse(lege)
    ajour(lege)
    expect(lege.locator("[data-bit=stige]")).to_contain_text(re.compile("Hvem er varslet"))
    assert ruller_sidelengs(lege) == 0
    assert axe(lege) == []


def test_stigen_uten_javascript(nettleser: Nettleser) -> None:
    lege = nettleser.vindu("lege", javascript=False)
    lege.goto("/henvendelser/ny")
    lege.get_by_role("group", name="Hvor haster det?").locator("label", has_text="Haster").first.click()
    lege.get_by_label("Fagområde").select_option(label="Kirurgi")
    lege.get_by_label("Telefon du nås på nå").fill("00 00 00 00")
    plan = lege.get_by_role("group", name="Hva ville du gjort nå uten råd?")
    plan.locator("label", has_text="Legge inn").first.click()
    lege.get_by_label("Situasjonen nå").fill("Hoven legg.")
    send_henvendelse(lege)
    stige = lege.locator("[data-bit=stige]")
    expect(stige).to_contain_text("Vakthavende Torbjørn Aanesen")
    expect(stige).to_contain_text("Last siden på nytt for å se om noe har skjedd.")
