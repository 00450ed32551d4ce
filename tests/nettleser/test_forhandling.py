"""A negotiation in two browsers at once: proposed, accepted, and kept fresh without losing what is being written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import UUID

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from portal.identitet.models import Organisasjon
from tests.levende.tjener import Hus
from tests.nettleser import forhandlingssider
from tests.nettleser.vindu import Nettleser

#: Both sides of the table.
FORETAK, KOMMUNE = "koordinator_hf", "koordinator"


@pytest.fixture
def sted(hus: Hus) -> Iterator[dict[str, str]]:
    def finn(navn: str) -> UUID:
        return UUID(str(hus.verdi(sa.select(Organisasjon.id).where(Organisasjon.kortnavn == navn))))

    yield forhandlingssider.lag(hus, finn("Finnmarkssykehuset"), finn("Alta"))


def se_etter(side: Page) -> None:
    """As when somebody comes back to the window: the page asks what is new."""
    with side.expect_response(re.compile(r"/forhandling\?versjon=1")):
        side.evaluate("window.dispatchEvent(new Event('focus'))")


def test_det_nye_kommer_uten_at_noe_gaar_tapt(nettleser: Nettleser, sted: dict[str, str]) -> None:
    foretak, kommune = nettleser.vindu(FORETAK), nettleser.vindu(KOMMUNE)
    her = f"/avtaler/{sted['forhandles']}/forhandling"
    foretak.goto(her)
    kommune.goto(her)
    egen = foretak.locator(f"#b-{sted['forhandlet']}")
    # One side is in the middle of a remark.
    egen.locator("summary", has_text="Kommenter").click()
    felt = egen.get_by_label("Kommentar", exact=True)
    felt.fill("Vi tenker på")
    felt.press("End")
    # The other proposes a new clause, by the keyboard alone, and remarks to the same clause.
    kommune.get_by_role("link", name="Foreslå ny bestemmelse").focus()
    kommune.keyboard.press("Enter")
    kommune.get_by_label("Overskrift").fill("Ambulanse om natta")
    kommune.get_by_label("Hva den handler om").select_option("prosedyre")
    kommune.get_by_label("Overskrift").press("Enter")
    expect(kommune.get_by_role("status").first).to_contain_text("Forslaget er sendt")
    annen = kommune.locator(f"#b-{sted['forhandlet']}")
    annen.locator("summary", has_text="Kommenter").focus()
    kommune.keyboard.press("Enter")
    annen.get_by_label("Kommentar", exact=True).fill("Veien er stengt 40 dager i året.")
    annen.get_by_role("button", name="Send kommentaren").click()
    expect(kommune.get_by_role("status").first).to_contain_text("Kommentaren er sendt")

    se_etter(foretak)
    expect(foretak.get_by_role("heading", name="Ambulanse om natta", exact=True).first).to_be_visible()
    expect(foretak.locator("#roest")).to_contain_text("Noe nytt har kommet")
    # Where one writes, nothing has moved; a line says that there is more.
    expect(felt).to_be_focused()
    expect(felt).to_have_value("Vi tenker på")
    expect(egen).not_to_contain_text("40 dager")
    foretak.keyboard.type(" saken.")
    egen.get_by_role("button", name="Vis det nye").click()
    expect(egen).to_contain_text("40 dager")
    expect(felt).to_be_visible()
    expect(felt).to_have_value("Vi tenker på saken.")
    egen.get_by_role("button", name="Send kommentaren").click()
    expect(foretak.get_by_role("status").first).to_contain_text("Kommentaren er sendt")

    # Accepted by the one, it is the text for both, and what was open about the clause has fallen.
    forslag = foretak.locator(f"#f-{sted['tekstforslag']}")
    forslag.locator("button[value='1']").first.click()
    expect(foretak.get_by_role("status").first).to_contain_text("Forslaget er godtatt")
    se_etter(kommune)
    expect(annen.locator("summary", has_text="avgjorte forslag")).to_contain_text("4 avgjorte forslag")
    expect(kommune.locator("[data-motforslag]")).to_have_count(0)


@pytest.mark.parametrize("javascript", [True, False], ids=["skript", "uten-skript"])
def test_teksten_endres_mens_noen_skriver(
    nettleser: Nettleser, sted: dict[str, str], javascript: bool
) -> None:
    """The text changes while somebody writes a proposal: the words are marked, and the form keeps what was typed."""
    foretak = nettleser.vindu(FORETAK)
    kommune = nettleser.vindu(KOMMUNE, tillatt=[r"status of 409"], javascript=javascript)
    her = f"/avtaler/{sted['forhandles']}/forhandling"
    kommune.goto(f"{her}/bestemmelser/{sted['forhandlet']}")
    kommune.get_by_label("Tekst", exact=True).fill("Vi ringer alltid.")
    kommune.get_by_label("Hvorfor").fill("Fordi det haster.")
    foretak.goto(her)
    foretak.locator(f"#f-{sted['tekstforslag']}").locator("button[value='1']").first.click()
    expect(foretak.get_by_role("status").first).to_contain_text("Forslaget er godtatt")
    kommune.get_by_role("button", name="Send forslaget").click()
    expect(kommune.get_by_role("alert").first).to_contain_text("Teksten er endret etter at du åpnet den")
    expect(kommune.locator(".forslagskonflikt ins").first).to_be_visible()
    expect(kommune.get_by_label("Tekst", exact=True)).to_have_value("Vi ringer alltid.")
    expect(kommune.get_by_label("Hvorfor")).to_have_value("Fordi det haster.")
    kommune.get_by_role("button", name="Send forslaget").click()
    expect(kommune.get_by_role("status").first).to_contain_text("Forslaget er sendt")
