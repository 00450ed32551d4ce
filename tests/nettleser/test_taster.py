"""Everything by the keyboard: from case to case, to take one and answer, to search, and how keys are switched off."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from portal.identitet.demo import FINNMARKSSYKEHUSET
from portal.identitet.models import Organisasjon
from tests.levende.klient import Person
from tests.levende.tjener import Hus
from tests.nettleser.vindu import Nettleser, ajour, axe, ruller_sidelengs


@pytest.fixture
def saker(hus: Hus, folk: Callable[[str], Person]) -> Iterator[list[str]]:
    """Three cases that wait for the specialist; they leave the queue afterwards."""
    sykehus = hus.verdi(
        sa.select(Organisasjon.id).where(Organisasjon.organisasjonsnummer == FINNMARKSSYKEHUSET)
    )
    lege = folk("sykehjemslege")
    saker = [lege.send_henvendelse(sykehus) for _nr in range(3)]
    yield saker
    for sak in saker:
        lege.gjoer(sak, "trekk")


def _i_fokus(side: Page) -> str:
    """The case in focus, by its link."""
    return str(
        side.evaluate("document.activeElement.closest('.sakkort')?.id.replace(/^(koe|sak)-/, '') ?? ''")
    )


def _rekkefoelge(side: Page) -> list[str]:
    kort = side.locator("[data-live] .sakkort").all()
    return [re.sub("^(koe|sak)-", "", k.get_attribute("id") or "") for k in kort]


def _gaa_til(side: Page, sak: str) -> None:
    """With the key, from where the focus is."""
    for _nr in _rekkefoelge(side):
        if _i_fokus(side) == sak:
            return
        side.keyboard.press("j")
    assert _i_fokus(side) == sak


def _koe(nettleser: Nettleser) -> Page:
    side = nettleser.vindu("spesialist")
    side.goto("/koe")
    expect(side.locator("[data-linjestatus]")).to_have_attribute("data-tilstand", "ajour")
    side.evaluate("window.__hvilt = performance.now() + 1000")
    return side


def _hvil_ut(side: Page) -> None:
    """The queue's own keys rest for 0.9 s after it has moved: until then they would do nothing, right or wrong."""
    side.wait_for_timeout(max(0.0, side.evaluate("window.__hvilt - performance.now()")))


def test_fra_sak_til_sak_i_koen_og_ta_den_som_er_merket(nettleser: Nettleser, saker: list[str]) -> None:
    side = _koe(nettleser)
    alle = _rekkefoelge(side)
    assert set(saker) <= set(alle)
    side.keyboard.press("j")
    assert _i_fokus(side) == alle[0]
    side.keyboard.press("j")
    assert _i_fokus(side) == alle[1]
    side.keyboard.press("k")
    assert _i_fokus(side) == alle[0]
    # It is seen where one is, and nothing of it lies outside of the window.
    ramme = side.evaluate("getComputedStyle(document.activeElement, '::after').outlineStyle")
    assert ramme != "none"
    _gaa_til(side, saker[1])
    boks = side.locator(f"#koe-{saker[1]}").bounding_box()
    assert boks is not None and boks["y"] >= 0 and boks["y"] + boks["height"] <= 900
    # The second of the cases is taken, and not the one on top.
    _hvil_ut(side)
    side.keyboard.press("a")
    side.wait_for_url(f"**/henvendelser/{saker[1]}")
    expect(side.get_by_role("heading", name=re.compile("Hos "))).to_be_visible()


def test_apne_svare_og_gaa_videre_uten_mus(nettleser: Nettleser, saker: list[str]) -> None:
    side = _koe(nettleser)
    _gaa_til(side, saker[0])
    side.keyboard.press("Enter")
    side.wait_for_url(f"**/henvendelser/{saker[0]}")
    ajour(side)
    side.keyboard.press("a")
    expect(side.get_by_role("heading", name=re.compile("Hos "))).to_be_visible()
    side.keyboard.press("r")
    expect(side.locator("#melding")).to_be_focused()
    # In a field the keys are letters.
    side.keyboard.type("Jeg ser på saken nå, og spør kirurgen /?")
    expect(side.locator("#melding")).to_have_value("Jeg ser på saken nå, og spør kirurgen /?")
    side.keyboard.press("Enter")
    expect(side.locator("#melding")).to_have_value("")
    side.keyboard.press("Tab")
    side.keyboard.press("g")
    side.keyboard.press("s")
    side.wait_for_url("**/henvendelser/")
    side.keyboard.press("g")
    side.keyboard.press("k")
    side.wait_for_url("**/koe")


def test_soek_og_filtre_med_tastene(nettleser: Nettleser, saker: list[str]) -> None:
    side = nettleser.vindu("spesialist")
    side.goto("/henvendelser/")
    nummer = side.locator(f"#sak-{saker[2]} .tall").inner_text()
    side.keyboard.press("/")
    expect(side.locator("#sok")).to_be_focused()
    side.keyboard.type(nummer)
    side.keyboard.press("Enter")
    side.wait_for_url(f"**/henvendelser/?sok={nummer}")
    assert _rekkefoelge(side) == [saker[2]]
    expect(side.locator(".antall")).to_have_text("1 sak")
    # The filters are a details element, a combobox and a button: all of it by Tab, arrows and Enter.
    side.locator("#filtre summary").focus()
    side.keyboard.press("Enter")
    for _nr in range(3):
        side.keyboard.press("Tab")
    expect(side.locator("#motpart")).to_be_focused()
    side.keyboard.type("alta")
    side.keyboard.press("ArrowDown")
    side.keyboard.press("Enter")
    expect(side.locator("#motpart")).to_have_value(re.compile("Alta"))
    side.get_by_role("button", name="Vis sakene").focus()
    side.keyboard.press("Enter")
    side.wait_for_url(re.compile(r"motpart="))
    assert "hastegrad=" not in side.url and "fra=" not in side.url
    # A chip takes its filter away.
    side.locator(".brikke", has_text="Alta").focus()
    side.keyboard.press("Enter")
    side.wait_for_url(f"**/henvendelser/?sok={nummer}")


def test_hjelpen_og_bryteren(nettleser: Nettleser, saker: list[str]) -> None:
    side = _koe(nettleser)
    side.keyboard.press("?")
    dialog = side.get_by_role("dialog", name="Hurtigtaster")
    expect(dialog).to_be_visible()
    assert axe(side) == []
    # Behind a dialog nothing moves.
    side.keyboard.press("j")
    assert _i_fokus(side) == ""
    side.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    # Off: no letter and no digit does anything, on any page, until they are switched on again (WCAG 2.1.4).
    side.locator(".konto summary").focus()
    side.keyboard.press("Enter")
    side.locator("#tastemeny").focus()
    side.keyboard.press("Space")
    side.keyboard.press("Escape")
    expect(side.locator("#koetaster")).not_to_be_checked()
    assert {k["name"]: k["value"] for k in side.context.cookies()}["koetaster"] == "0"
    _hvil_ut(side)
    for tast in ("j", "a", "1", "?", "g", "s"):
        side.keyboard.press(tast)
    assert side.url.endswith("/koe") and _i_fokus(side) == ""
    expect(dialog).to_be_hidden()
    side.reload()
    side.keyboard.press("j")
    assert _i_fokus(side) == ""
    # The list of the keys is found without them, and so is the switch.
    side.locator(".konto summary").focus()
    side.keyboard.press("Enter")
    side.get_by_role("button", name="Vis hurtigtastene").focus()
    side.keyboard.press("Enter")
    expect(dialog).to_be_visible()
    side.locator("#tasterbryter").focus()
    side.keyboard.press("Space")
    side.keyboard.press("Escape")
    expect(side.locator("#koetaster")).to_be_checked()
    side.keyboard.press("j")
    assert _i_fokus(side) != ""


@pytest.mark.parametrize("bredde", [320, 1280])
@pytest.mark.parametrize("moerk", [False, True])
def test_lista_er_tilgjengelig(nettleser: Nettleser, saker: list[str], bredde: int, moerk: bool) -> None:
    side = nettleser.vindu("spesialist", bredde=bredde, moerk=moerk)
    side.goto("/henvendelser/?hastegrad=haster&sok=l&omfang=enheten")
    side.locator("#filtre summary").click()
    assert axe(side) == []
    assert ruller_sidelengs(side) == 0
    side.goto("/henvendelser/?sok=finnesikke")
    assert axe(side) == []
