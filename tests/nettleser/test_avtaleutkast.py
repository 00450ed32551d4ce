"""A draft agreement in a browser: written with rows that come and go, by two at once, and sent to a kommune."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.nettleser.test_sider import undersoek
from tests.nettleser.vindu import Nettleser, logg_inn

TITTEL = "Utskrivning ved Vátnnjá og Øksfjord"


def maal(side: Page, hva: str) -> None:
    """No page on the way may have a fault that axe knows, or be wider than a telephone."""
    bredde = side.viewport_size
    assert undersoek(side, hva) == []
    assert bredde
    side.set_viewport_size(bredde)
    # All that was unfolded to be measured lies in the way of the next click.
    side.evaluate("for (const d of document.querySelectorAll('details')) d.open = false;")


def nytt_utkast(side: Page, tittel: str) -> str:
    """A blank agreement of the actor's; its address."""
    side.goto("/avtaler")
    side.get_by_role("link", name="Ny avtale").first.click()
    side.get_by_label("Tjenesteavtale", exact=True).check()
    side.get_by_label("Tittel").fill(tittel)
    side.get_by_role("button", name="Lag utkastet").click()
    expect(side.get_by_role("status").first).to_contain_text("Utkastet er laget")
    return re.sub(r"/utkast$", "", side.url)


def test_et_utkast_fra_tomt_til_kommunens_svar(nettleser: Nettleser) -> None:
    foretak = nettleser.vindu("koordinator_hf", tillatt=[r"status of 409"])
    avtale = nytt_utkast(foretak, TITTEL)
    maal(foretak, "tomt utkast")

    # A clause: rows come and go under the cursor, and the text is shown while it is written.
    foretak.get_by_role("link", name="Ny bestemmelse").first.click()
    foretak.get_by_label("Overskrift").fill("Varsel om innlagt pasient")
    foretak.get_by_label("Hva den handler om").select_option("utskrivning")
    foretak.get_by_role("button", name="Vis hvordan teksten blir").click()
    foretak.get_by_label("Tekst", exact=True).fill("Innen **24 timer**.")
    expect(foretak.get_by_role("region", name="Slik blir teksten").locator("strong")).to_have_text("24 timer")
    foretak.locator("summary", has_text="Kriterier").click()
    for n, kriterium in enumerate(("Første", "Andre", "Tredje")):
        foretak.get_by_role("button", name=re.compile("Legg til rad.*Kriterier")).click()
        expect(foretak.locator(f"#kriterier-{n}-kriterium")).to_be_focused()
        foretak.keyboard.type(kriterium)
    foretak.get_by_role("button", name="Ta bort raden").nth(1).click()
    expect(foretak.locator("#kriterier-1-kriterium")).to_have_value("Tredje")
    expect(foretak.locator("#kriterier-1-kriterium")).to_be_focused()
    foretak.get_by_role("button", name="Lagre", exact=True).click()
    expect(foretak.get_by_role("status").first).to_contain_text("Bestemmelsen er lagret")
    foretak.get_by_role("link", name="Varsel om innlagt pasient").click()
    adresse = foretak.url
    expect(foretak.locator("[id^=kriterier-][id$=-kriterium]")).to_have_count(2)
    maal(foretak, "bestemmelse")

    # A colleague saves first: both texts are shown, and what was typed is still there.
    kollega = nettleser.vindu("koordinator_hf")
    kollega.goto(adresse)
    foretak.goto(adresse)
    kollega.get_by_label("Tekst", exact=True).fill("Innen ett døgn.")
    kollega.get_by_role("button", name="Lagre", exact=True).click()
    expect(kollega.get_by_role("status").first).to_contain_text("Bestemmelsen er lagret")
    foretak.get_by_label("Tekst", exact=True).fill("Innen to døgn.")
    foretak.get_by_role("button", name="Lagre", exact=True).click()
    expect(foretak.get_by_role("alert").first).to_be_focused()
    expect(foretak.get_by_role("region", name="Slik står det nå")).to_contain_text("Innen ett døgn.")
    expect(foretak.get_by_label("Tekst", exact=True)).to_have_value("Innen to døgn.")
    maal(foretak, "to som skriver")
    foretak.get_by_role("button", name="Lagre min tekst").click()
    expect(foretak.get_by_role("status").first).to_contain_text("Bestemmelsen er lagret")

    # The kommune is found among 357, and what is ticked stays in sight.
    foretak.get_by_role("link", name="Inviter", exact=True).click()
    foretak.get_by_label("Alta", exact=True).check()
    foretak.get_by_label("Finn kommune").fill("guovdageaidnu")
    expect(foretak.get_by_label("Kautokeino Guovdageaidnu")).to_be_visible()
    expect(foretak.get_by_label("Alta", exact=True)).to_be_visible()
    expect(foretak.get_by_label("Vadsø", exact=True)).to_be_hidden()
    maal(foretak, "parter")
    foretak.get_by_role("button", name="Inviter de valgte").click()
    expect(foretak.get_by_role("status").first).to_contain_text("1 kommune er invitert.")
    foretak.goto(f"{avtale}/utkast")
    foretak.get_by_role("button", name="Send til forhandling").click()
    expect(foretak.get_by_role("region", name="Hva som skjer nå")).to_contain_text("Alta")

    kommune = nettleser.vindu("koordinator")
    kommune.goto("/avtaler")
    maal(kommune, "lista")
    kommune.get_by_role("link", name=re.compile(f"Svar på invitasjonen.*{TITTEL}")).click()
    kommune.get_by_role("button", name="Ja, vi deltar").click()
    expect(kommune.get_by_role("status").first).to_contain_text("kommunen deltar")
    kommune.get_by_role("link", name="Avtalen", exact=True).click()
    expect(kommune.get_by_role("article", name="Varsel om innlagt pasient")).to_contain_text("Innen to døgn.")
    maal(kommune, "avtalen")


@pytest.mark.parametrize("javascript", [True, False], ids=["skript", "uten-skript"])
def test_rader_med_og_uten_skript(nettleser: Nettleser, javascript: bool) -> None:
    side = nettleser.vindu("koordinator_hf", javascript=javascript)
    nytt_utkast(side, f"Rader {javascript}")
    side.get_by_role("link", name="Ny bestemmelse").first.click()
    side.get_by_label("Overskrift").fill("Møter")
    side.get_by_label("Hva den handler om").select_option("annet")
    side.locator("summary", has_text="Forpliktelser").click()
    side.get_by_role("button", name=re.compile("Legg til rad.*Forpliktelser")).click()
    side.get_by_label("Hva som skal gjøres").fill("Møte i utvalget")
    side.get_by_role("button", name=re.compile("Legg til rad.*Forpliktelser")).click()
    side.get_by_role("button", name="Ta bort raden").nth(1).click()
    expect(side.get_by_label("Hva som skal gjøres")).to_have_count(1)
    side.get_by_role("button", name="Lagre", exact=True).click()
    expect(side.get_by_role("status").first).to_contain_text("Bestemmelsen er lagret")
    side.get_by_role("link", name="Les utkastet").click()
    expect(side.get_by_role("table", name="Forpliktelser")).to_contain_text("Møte i utvalget")


def test_det_som_er_hentet_inn_staar_naar_innloggingen_er_slutt(nettleser: Nettleser) -> None:
    """The clauses of a document lie in the page alone: nothing is sent by a login that has ended, and all of it is
    there when its person is back."""
    side = nettleser.vindu(tillatt=["status of 401", "WebSocket connection"])
    logg_inn(side, "koordinator_hf")
    side.goto("/avtaler/import")
    side.get_by_label("Eller lim inn teksten").fill(
        "§ 1 Formål\n\nBra.\n\n§ 2 Utskrivning\n\nVarsle innen ett døgn."
    )
    side.get_by_role("button", name="Finn bestemmelsene").click()
    side.get_by_label("Tjenesteavtale", exact=True).check()
    side.get_by_label("Tittel").fill("Hentet fra et dokument")
    # Logged out in another window of the same browser, in the moment before it is saved: the page knows nothing yet.
    side.evaluate(
        "() => fetch('/utlogging', {method: 'POST', headers: {'X-CSRFToken':"
        " document.querySelector('meta[name=csrf-token]').content}})"
        ".then(() => document.querySelector('button[value=lag]').click())"
    )
    dekke = side.get_by_role("dialog", name="Du er logget ut")
    expect(dekke).to_be_visible()
    with side.context.expect_page() as ny:
        dekke.get_by_role("link", name="Logg inn i et annet vindu").click()
    logg_inn(ny.value, "koordinator_hf")
    side.bring_to_front()
    expect(side.locator(".laas")).to_have_count(0)
    expect(side.get_by_label("Tittel")).to_have_value("Hentet fra et dokument")
    side.get_by_role("button", name="Lag utkastet").click()
    expect(side.get_by_role("status").first).to_contain_text("Utkastet er laget")
    expect(side.get_by_role("link", name="Utskrivning")).to_be_visible()
