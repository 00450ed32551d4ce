"""From a row of a unit's surge plan to a draft: a need is made with a click, a trust offers, and the page that stands
open at the kommune gets the offers by itself, and leaves what is ticked alone."""

from __future__ import annotations

import re

import sqlalchemy as sa
from playwright.sync_api import Page, expect

from portal.identitet.demo import OEHD_ALTA
from portal.identitet.models import Enhet
from portal.plasser.models import Plassenhet
from tests.levende.tjener import Hus
from tests.nettleser.vindu import Nettleser


def _tilby(side: Page, adresse: str, navn: str) -> None:
    side.goto(adresse)
    side.get_by_role("link", name="Tilby personell", exact=True).click()
    side.get_by_role("checkbox", name=navn).check()
    side.get_by_role("button", name="Tilby de valgte").click()
    expect(side.get_by_text("Tilbudet er sendt.")).to_be_visible()


def _se_igjen(side: Page) -> None:
    """The window comes back: what stands in it is fetched anew."""
    side.evaluate("window.dispatchEvent(new Event('focus'))")


def test_fra_opptrappingsplan_til_utkast(nettleser: Nettleser, hus: Hus) -> None:
    enhet = hus.verdi(
        sa.select(Plassenhet.id).join(Enhet, Enhet.id == Plassenhet.enhet_id).where(Enhet.navn == OEHD_ALTA)
    )
    kommune, foretak = nettleser.vindu("koordinator"), nettleser.vindu("koordinator_hf")
    kommune.goto(f"/plasser/{enhet}/forvalt/opptrapping")
    kommune.get_by_role("link", name="Lag behov av dette: sykepleier").first.click()
    expect(kommune.get_by_label("Stilling", exact=False).first).to_have_value("sykepleier")
    expect(kommune.get_by_role("checkbox", name="Intravenøs behandling")).to_be_checked()
    kommune.get_by_role("button", name="Meld behovet").click()
    expect(kommune.get_by_text("Behovet er meldt.")).to_be_visible()
    adresse = re.sub(r"^https?://[^/]+", "", kommune.url)
    tilbud = kommune.locator("[data-vaktdel=tilbud]")
    foer = tilbud.get_by_role("checkbox").count()

    _tilby(foretak, adresse, "Máret Elle Somby")
    _se_igjen(kommune)
    expect(tilbud.get_by_role("checkbox")).to_have_count(foer + 1)
    # Who they are is not told before the lender has approved.
    expect(kommune.get_by_text("Máret Elle Somby")).to_have_count(0)
    mitt = tilbud.get_by_role("checkbox", name=re.compile("Samisk språk"))
    mitt.check()
    kommune.locator("h1").click()
    _tilby(foretak, adresse, "Siv Ærøe")
    _se_igjen(kommune)
    kommune.wait_for_timeout(1500)
    expect(mitt).to_be_checked()
    tilbud.get_by_role("button", name="Lag utkast av de valgte").click()
    expect(kommune).to_have_url(re.compile(r"/omdisponering/[0-9a-f-]{36}$"))
    kommune.goto("/omdisponering/")
    expect(kommune.locator("[data-vaktdel=venter]")).to_contain_text("Utkast hos dere")
