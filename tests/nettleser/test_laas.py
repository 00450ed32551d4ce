"""The locked screen in a browser: vaktmodus hears an akutt request and shows nothing of it, and a draft is where it
was after the lock."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from portal.henvendelser.models import Hendelse, Henvendelse
from portal.identitet.demo import DEMO, DEMO_PASSORD, FINNMARKSSYKEHUSET
from portal.identitet.models import Organisasjon
from tests.levende.klient import Person
from tests.levende.tjener import Hus, Tjener
from tests.nettleser.vindu import Nettleser, ajour, axe, logg_inn, ruller_sidelengs, skriv

#: What Chromium itself writes when a request is refused.
AVVIST = [r"status of 4(22|23)"]
#: Counts the tones that are played.
TELL_TONER = """
window.__toner = 0;
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...valg) { window.__toner += 1; return start.apply(this, valg); };
"""


@pytest.fixture
def finnmark(hus: Hus) -> str:
    finn = sa.select(Organisasjon.id).where(Organisasjon.organisasjonsnummer == FINNMARKSSYKEHUSET)
    return str(hus.verdi(finn))


@pytest.fixture
def kort(hus: Hus) -> Iterator[Tjener]:
    """A server where a screen locks itself after eight seconds."""
    tjener = Tjener(hus, "kort", tikk=1.0, PORTAL_LAASES_ETTER_MINUTTER=str(8 / 60))
    yield tjener
    tjener.stopp()


def laas_skjermen(side: Page, knapp: str) -> None:
    side.locator("details.konto > summary").click()
    side.get_by_role("button", name=knapp).click()
    expect(side.locator(".laas")).to_be_visible()


def laas_opp(side: Page, passord: str = DEMO_PASSORD) -> None:
    side.locator("#laas-bevis").fill(passord)
    side.locator("#laas-bevis").press("Enter")


def saksnummer(hus: Hus, sak: str) -> str:
    return str(hus.verdi(sa.select(Henvendelse.saksnummer).where(Henvendelse.id == UUID(sak))))


def test_vaktmodus_faar_en_akutt(
    nettleser: Nettleser, hus: Hus, folk: Callable[[str], Person], finnmark: str
) -> None:
    ante = nettleser.vindu(tillatt=AVVIST)
    ante.add_init_script(TELL_TONER)
    logg_inn(ante, "spesialist")
    annen_fane = nettleser.fane(ante.context, tillatt=AVVIST)
    annen_fane.goto("/henvendelser/")
    ante.bring_to_front()
    foer = ante.locator("[data-koekort][data-hastegrad=akutt]").count()

    # The specialist leaves the desk: the screen is locked, in every tab, and nothing of the page is left on it.
    laas_skjermen(ante, "Vaktmodus")
    expect(annen_fane.locator(".laas")).to_be_visible()
    expect(ante.get_by_role("heading", name="Kø", exact=True)).to_have_count(0)
    expect(ante.locator("main")).to_be_hidden()
    expect(ante.locator("[data-vaktlinje]")).to_have_attribute("data-tilstand", "direkte")
    tall = ante.locator(".vakttall--akutt .vakttall__antall")
    expect(tall).to_have_text(str(foer))
    assert axe(ante) == []

    # A physician asks about something urgent.
    sak = folk("sykehjemslege").send_henvendelse(finnmark, hastegrad="akutt", situasjon="Kanarifugl i buret.")
    try:
        alarm = ante.locator("[data-vaktalarm]")
        expect(alarm).to_have_text("Ny akutt henvendelse: Indremedisin")
        expect(alarm).to_have_attribute("role", "alert")
        expect(alarm.locator("svg")).to_be_visible()
        expect(tall).to_have_text(str(foer + 1))
        expect(ante).to_have_title(re.compile(r"^\([1-9]\d*\) Vaktmodus$"))
        # An older one may be overdue: this one has minutes left.
        # Of an older one, which a slow machine may have taken past its deadline.
        frist = ante.locator(".vaktrad--akutt .frist", has_text=re.compile("igjen|over fristen"))
        expect(frist.first).to_be_visible()
        ante.wait_for_function("window.__toner >= 3")
        dekke = ante.locator(".laas").inner_html()
        for ord_ in ("Kanarifugl", sak, saksnummer(hus, sak), "Hætta", "Alta"):
            assert ord_ not in dekke
        assert axe(ante) == [] and ruller_sidelengs(ante) == 0

        # The page's own keys do nothing behind it.
        ante.keyboard.press("a")
        ante.keyboard.press("1")
        # To open anything asks for the password again, also by its address.
        annen_fane.goto(f"/henvendelser/{sak}")
        expect(annen_fane).to_have_url(re.compile(r"/laas\?neste="))
        expect(annen_fane.locator(".vakttall--akutt .vakttall__antall")).to_have_text(str(foer + 1))
        assert "Kanarifugl" not in annen_fane.content()
        assert axe(annen_fane) == []
        status = sa.select(Henvendelse.status).where(Henvendelse.id == UUID(sak))
        assert hus.verdi(status) == "ny"

        laas_opp(ante, "feil passord")
        expect(ante.locator("[data-laasfeil]")).to_have_text("Passordet stemmer ikke.")
        expect(ante.locator("main")).to_be_hidden()
        laas_opp(ante)
        expect(ante.locator(".laas")).to_have_count(0)
        expect(ante.locator(f"#koe-{sak}")).to_be_visible()
        expect(ante).to_have_title(re.compile(r"^\(\d+\) Kø"))
        # The other tab was on its way to the case.
        expect(annen_fane).to_have_url(re.compile(f"/henvendelser/{sak}$"))
        ajour(annen_fane)
        expect(annen_fane.locator("main")).to_contain_text("Kanarifugl")
    finally:
        folk("sykehjemslege").gjoer(sak, "trekk")


def test_alarmen_slutter_naar_noen_tar_saken(
    nettleser: Nettleser, folk: Callable[[str], Person], finnmark: str
) -> None:
    ante = nettleser.vindu(bredde=390, hoeyde=844, tillatt=AVVIST)
    logg_inn(ante, "spesialist")
    laas_skjermen(ante, "Vaktmodus")
    expect(ante.locator("[data-vakt]")).to_be_visible()
    sak = folk("sykehjemslege").send_henvendelse(finnmark, hastegrad="akutt")
    expect(ante.locator(".laas__innhold")).to_have_attribute("data-akutt", "")
    assert ruller_sidelengs(ante) == 0
    assert folk("spesialist").gjoer(sak, "aksepter").status == 200
    expect(ante.locator(".laas__innhold")).not_to_have_attribute("data-akutt", "")
    expect(ante.locator("[data-vaktalarm]")).to_be_empty()
    folk("sykehjemslege").gjoer(sak, "trekk")


def test_utkastet_er_der_etter_at_skjermen_laaste_seg(
    chromium: Browser, hus: Hus, kort: Tjener, folk: Callable[[str], Person], finnmark: str, tmp_path: Path
) -> None:
    sak = folk("sykehjemslege").send_henvendelse(finnmark)
    assert folk("spesialist").gjoer(sak, "aksepter").status == 200
    nettleser = Nettleser(chromium, kort.adresse, lambda hvem: Person.logg_inn(kort, hvem))
    try:
        pleier = nettleser.vindu(tillatt=AVVIST)
        logg_inn(pleier, "sykepleier")
        pleier.goto(f"/henvendelser/{sak}")
        ajour(pleier)
        felt = pleier.locator("[data-skrivefelt] textarea")
        # As long as somebody writes, it stays open.
        felt.press_sequentially("Et utkast som ikke er sendt, ", delay=400)
        expect(pleier.locator(".laas")).to_have_count(0)
        varsel = pleier.locator("[data-laasvarsel]")
        expect(varsel).to_be_visible()
        expect(varsel).to_contain_text(re.compile(r"Skjermen låses om 0:0\d\."))
        expect(pleier.locator("#roest")).to_contain_text("Det du har skrevet, blir stående")
        # The warning has not taken the focus; one touch goes on.
        expect(felt).to_be_focused()
        felt.press_sequentially("og mer.")
        expect(varsel).to_be_hidden()

        # Then nobody is there.
        expect(pleier.locator(".laas")).to_be_visible()
        expect(felt).to_be_hidden()
        # The title had the number of the case.
        expect(pleier).to_have_title(re.compile(r"^(Skjermen er låst|(\(\d+\) )?Vaktmodus)$"))
        folk("spesialist").skriv(sak, "8f0e8a52-4b5b-4f0c-9e43-2b39a2f4f1aa", "Kanarifugl")
        # Whatever the page would ask for when somebody comes back, it asks for now; and the server ticks once.
        pleier.evaluate("for (const navn of ['focus', 'online']) window.dispatchEvent(new Event(navn))")
        pleier.wait_for_timeout(1_200)
        assert "Kanarifugl" not in pleier.content()
        assert axe(pleier) == []

        laas_opp(pleier)
        expect(pleier.locator(".laas")).to_have_count(0)
        expect(felt).to_have_value("Et utkast som ikke er sendt, og mer.")
        expect(felt).to_be_focused()
        expect(pleier.locator("[data-logg]")).to_contain_text("Kanarifugl")
        felt.press("Enter")
        expect(pleier.locator("[data-logg]")).to_contain_text("Et utkast som ikke er sendt, og mer.")
        skriv(pleier, "Og en til.")
        expect(pleier.locator("[data-logg]")).to_contain_text("Og en til.")
        expect(pleier.locator("[data-usendt]")).to_be_hidden()
        tekster = sa.select(Hendelse.tekst).where(
            Hendelse.henvendelse_id == UUID(sak), Hendelse.type == "melding"
        )
        assert sorted(r.tekst for r in hus.rader(tekster)) == [
            "Et utkast som ikke er sendt, og mer.",
            "Kanarifugl",
            "Og en til.",
        ]
        nettleser.kontroller()
    finally:
        nettleser.lukk()
        folk("sykehjemslege").gjoer(sak, "trekk")


def test_logget_ut_overalt_dekker_sidene(
    nettleser: Nettleser, hus: Hus, tjener: Tjener, finnmark: str
) -> None:
    """Logged out from elsewhere: what was open is covered, wherever it is, and comes back after a login."""
    # Nobody's window of another test is hers.
    tredje = Person.logg_inn(tjener, "lege_stavanger")
    sak = tredje.send_henvendelse(finnmark, situasjon="Kanarifugl i buret.")
    try:
        saken = nettleser.vindu(tillatt=["status of 401", "WebSocket connection"])
        logg_inn(saken, "lege_stavanger")
        journal = nettleser.vindu(bredde=390, hoeyde=844, tillatt=["status of 401", "WebSocket connection"])
        logg_inn(journal, "lege_stavanger")
        for side in (saken, journal):
            side.goto(f"/henvendelser/{sak}")
            ajour(side)
        journal.goto(f"/henvendelser/{sak}/journal")
        expect(journal.locator("#journaltekst")).to_have_value(re.compile("Kanarifugl"))
        felt = saken.locator("[data-skrivefelt] textarea")
        felt.fill("Et utkast om Fasan")

        assert tredje.skjema("/konto/logg-ut-overalt").status == 303
        for side in (saken, journal):
            dekke = side.get_by_role("dialog", name="Du er logget ut")
            expect(dekke).to_be_visible()
            expect(side).to_have_title("Du er logget ut")
            expect(side.locator("main")).to_be_hidden()
            expect(side.locator("[data-laasform]")).to_be_hidden()
            for ord_ in ("Kanarifugl", "Fasan", saksnummer(hus, sak)):
                assert ord_ not in side.locator("body").inner_text()
            expect(dekke.get_by_role("link", name="Logg inn i et annet vindu")).to_be_visible()
            assert axe(side) == [] and ruller_sidelengs(side) == 0

        # In another window, as the same person: the draft is where it was.
        with saken.context.expect_page() as ny:
            saken.get_by_role("link", name="Logg inn i et annet vindu").click()
        logg_inn(ny.value, "lege_stavanger")
        saken.bring_to_front()
        expect(saken.locator(".laas")).to_have_count(0)
        expect(felt).to_have_value("Et utkast om Fasan")
        felt.press("Enter")
        expect(saken.locator("[data-logg]")).to_contain_text("Et utkast om Fasan")
        ajour(saken)
        # In the same window: back to the page it was.
        journal.get_by_role("link", name="Logg inn", exact=True).click()
        expect(journal).to_have_url(re.compile("/innlogging"))
        journal.get_by_label("E-post").fill(DEMO["lege_stavanger"])
        journal.get_by_label("Passord").fill(DEMO_PASSORD)
        journal.get_by_label("Passord").press("Enter")
        expect(journal.locator("#journaltekst")).to_have_value(re.compile("Et utkast om Fasan"))
    finally:
        Person.logg_inn(tjener, "lege_stavanger").gjoer(sak, "trekk")


def test_uten_javascript(nettleser: Nettleser) -> None:
    ante = nettleser.vindu(javascript=False)
    logg_inn(ante, "spesialist")
    ante.locator("details.konto > summary").click()
    ante.get_by_role("button", name="Vaktmodus").click()
    expect(ante.get_by_role("heading", level=1)).to_have_text("Skjermen er låst")
    ante.get_by_role("link", name="Vis hvor mange som venter").click()
    expect(ante.locator(".vakttall--akutt")).to_be_visible()
    laas_opp(ante)
    expect(ante).to_have_url(re.compile("/koe$"))
