"""The other direction in two windows: the hospital asks the kommune about a discharge, and both see its steps."""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import Page, expect

from portal.core.clock import now, oslo
from tests.nettleser.vindu import Nettleser, ajour, axe, ruller_sidelengs, send_henvendelse, velg


def _steg(side: Page, steg: str, tilstand: str) -> None:
    """That step stands so on the timeline, in the window as it is."""
    expect(side.locator(f'[data-utskrivning] [data-steg="{steg}"]')).to_have_attribute(
        "data-tilstand", tilstand
    )


def test_utskrivning_med_to_vinduer(nettleser: Nettleser) -> None:
    elle = nettleser.vindu("sykepleier", tillatt=["status of 422"])
    elle.goto("/koe")
    expect(elle.locator("[data-linjestatus]")).to_have_attribute("data-tilstand", "ajour")

    # The hospital's specialist asks the patient's kommune; the form's words are those of a hospital.
    ante = nettleser.vindu("spesialist")
    ante.goto("/henvendelser/ny")
    velg(ante, "Hvor haster det?", "Vanlig")
    kommune = ante.get_by_role("combobox", name="Pasientens bostedskommune")
    kommune.fill("Kautokeino")
    ante.locator("li[role=option]", has_text="Kautokeino").first.click()
    expect(ante.locator("[data-forslag]")).to_contain_text("svarer i portalen ennå")
    kommune.fill("Alta")
    ante.locator("li[role=option]", has_text="Alta").first.click()
    expect(ante.get_by_label("Kommune som spørres").locator("option:checked")).to_have_text("Alta")
    tjeneste = ante.get_by_label("Tjeneste")
    tjeneste.select_option(label="Smittevern")
    expect(ante.locator("[data-bemanning]")).to_contain_text("Ring i stedet")
    expect(ante.locator("#del-utskrivning")).not_to_have_attribute("open", "")
    tjeneste.select_option(label="Utskrivning og tildeling")
    expect(ante.locator("[data-bemanning]")).to_contain_text(
        "Utskrivning og tildeling i Alta svarer i portalen"
    )
    expect(ante.locator("#del-utskrivning")).to_have_attribute("open", "")
    velg(ante, "Hva ville dere gjort nå uten svar?", "Skrive ut")
    ante.get_by_label("Telefon du nås på nå").fill("00 00 00 00")
    ante.get_by_label("Situasjonen nå").fill("Kan dere ta imot etter hoftebrudd?")
    # What is missing is said before it is sent; «usikker» is an answer.
    ante.get_by_role("button", name="Send henvendelsen").click()
    expect(ante.locator("#feiloppsummering")).to_contain_text("Innlagt")
    expect(ante.locator("#feiloppsummering")).to_contain_text("Forventet utskrivning")
    ante.get_by_label("Innlagt").fill(oslo(now() - timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M"))
    ante.get_by_label("Utskrivningsdagen eller behovet er usikkert").check()
    expect(ante.locator("#feiloppsummering")).to_have_count(0)
    assert axe(ante) == []
    sak = send_henvendelse(ante)
    ajour(ante)

    # It comes by itself to the one who answers for discharges in Alta, and one press takes it.
    elle.locator(f"#koe-{sak}").get_by_role("button", name="Ta saken").click()
    elle.wait_for_url(f"**/henvendelser/{sak}")
    ajour(elle)
    expect(ante.locator("#naa-tittel")).to_have_text("Hos Elle Máret Đuoddar")
    for side in (ante, elle):
        expect(side.locator("[data-utskrivning]")).to_contain_text("erstatter dem ikke")
        # The request is no notice by § 8: that is sent as the regulated message.
        _steg(side, "varsel", "venter")
        _steg(side, "klar", "senere")
    # The kommune has no step before the notice.
    expect(elle.locator("[data-utskrivning] button")).to_have_count(0)

    # a–e one by one, with the keyboard: the focus stays where it was, and the other window follows.
    for punkt in "abcde":
        knapp = ante.locator(f"#utskrivning-{punkt}")
        knapp.focus()
        knapp.press("Enter")
        _steg(ante, punkt, "gjort")
        expect(ante.locator(f"#utskrivning-{punkt}")).to_be_focused()
        _steg(elle, punkt, "gjort")
    # A slip is put right, and both can see that it was.
    ante.get_by_role("button", name="Angre punkt e").click()
    _steg(elle, "e", "venter")
    expect(elle.locator("[data-logg]")).to_contain_text("vurderingen av punkt e er tatt bort (§ 9)")
    ante.locator("#utskrivning-e").click()
    _steg(ante, "klar", "straks")
    ante.get_by_role("button", name="Meld utskrivningsklar").click()
    _steg(elle, "svar", "straks")
    assert axe(elle) == [] and axe(ante) == []

    # The kommune answers; without a day it is no answer.
    elle.locator("#utskrivning-svar").click()
    velg(elle, "Kan dere ta imot pasienten?", "Ja")
    elle.get_by_role("button", name="Lagre svaret").click()
    expect(elle.locator("#utskrivning-svar-fra-feil")).to_contain_text("Velg datoen")
    elle.get_by_label("Fra hvilken dag?").fill((oslo(now()).date() + timedelta(days=2)).isoformat())
    elle.get_by_role("button", name="Lagre svaret").click()
    _steg(elle, "svar", "gjort")
    _steg(ante, "svar", "gjort")
    expect(ante.locator('[data-steg="svar"]')).to_contain_text("Kan ta imot fra")
    expect(ante.locator("[data-logg]")).to_contain_text("kommunen kan ta imot (§ 11), fra")

    # And the case itself is answered and closed, in words that fit this way.
    elle.locator("details[data-handling=besvar] > summary").click()
    velg(elle, "Svaret ditt", "Kommunen kan ta imot")
    elle.locator("#besvar-tekst").fill("Korttidsplass på Komsa.")
    elle.get_by_role("button", name="Send svaret").click()
    expect(ante.locator("#naa-tittel")).to_have_text("Besvart, hos Elle Máret Đuoddar")
    ante.locator("details[data-handling=lukk] > summary").click()
    velg(ante, "Hva ble gjort?", "Utskrevet til kommunen")
    ante.get_by_role("button", name="Lukk saken").click()
    expect(elle.locator("#naa-tittel")).to_contain_text("utskrevet til kommunen")
    expect(ante.locator("[data-utskrivning] button")).to_have_count(0)
    assert axe(ante) == []


def test_tidslinja_paa_en_liten_moerk_skjerm(nettleser: Nettleser) -> None:
    """At 320 pixels nothing is wider than the screen, and every step can be read and reached."""
    side = nettleser.vindu("spesialist", bredde=320, hoeyde=640, moerk=True)
    side.goto("/henvendelser/?filter=alle")
    side.locator("a.sakkort__lenke", has_text="Utskrivning").first.click()
    side.locator('.sakvalg a[href="#opplysninger"]').click()
    tidslinje = side.locator("[data-utskrivning]")
    expect(tidslinje).to_be_visible()
    expect(tidslinje.locator(".tidspunkt")).to_have_count(4)
    assert ruller_sidelengs(side) == 0
    assert axe(side) == []
