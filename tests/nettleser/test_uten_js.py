"""The whole path without JavaScript: plain pages and forms, as in a browser that blocks scripts."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.nettleser.vindu import Nettleser, forvent_logg, fyll_henvendelse, logg_inn, send_henvendelse, velg

SYNTETISK = "11 81 70 10026"


def test_fra_spoersmaal_til_lukket_uten_javascript(nettleser: Nettleser) -> None:
    lege = nettleser.vindu(javascript=False, tillatt=["status of 422"])
    spesialist = nettleser.vindu(javascript=False)
    logg_inn(lege, "lege")
    logg_inn(spesialist, "spesialist")

    # The server refuses, keeps what was typed, and marks the place.
    lege.get_by_role("link", name="Ny henvendelse").first.click()
    fyll_henvendelse(lege, f"Gjelder {SYNTETISK}. Tungpust beboer.")
    lege.get_by_role("button", name="Send henvendelsen").click()
    expect(lege.locator("#feiloppsummering")).to_be_visible()
    expect(lege.locator(".fnr-sted mark")).to_have_text(SYNTETISK)
    expect(lege.get_by_label("Situasjonen nå")).to_have_value(f"Gjelder {SYNTETISK}. Tungpust beboer.")
    expect(lege.locator("[name=hastegrad]:checked")).to_have_value("haster")
    lege.get_by_label("Dette er ikke et fødselsnummer").check()
    sak = send_henvendelse(lege)
    expect(lege.get_by_text("Last siden på nytt for å se nye meldinger.")).to_be_visible()

    # The queue is there when it is loaded, and one button takes the case.
    spesialist.goto("/koe")
    spesialist.locator(f"#ta-{sak}").click()
    expect(spesialist).to_have_url(re.compile(f"/henvendelser/{sak}$"))
    expect(spesialist.locator("#naa-tittel")).to_have_text("Hos Ánte Ŧávvon")
    spesialist.get_by_label("Skriv en melding").fill("Hva er kreatinin?")
    spesialist.locator("[data-skrivefelt]").get_by_role("button", name="Send").click()
    forvent_logg(spesialist, ["Hva er kreatinin?"])

    lege.reload()
    forvent_logg(lege, ["Hva er kreatinin?"])
    lege.get_by_label("Skriv en melding").fill("Kreatinin 142.")
    lege.locator("[data-skrivefelt]").get_by_role("button", name="Send").click()
    forvent_logg(lege, ["Hva er kreatinin?", "Kreatinin 142."])
    # The form's UUID makes a resend harmless: Reload of the answer page sends nothing twice.
    lege.reload()
    forvent_logg(lege, ["Hva er kreatinin?", "Kreatinin 142."])

    # Filled in afterwards.
    lege.get_by_role("link", name="Oppdater").click()
    lege.get_by_label("Situasjonen nå").fill("Tungpust beboer.")
    lege.get_by_label("Bakgrunn").fill("Kjent hjertesvikt.")
    lege.get_by_role("button", name="Lagre").click()
    expect(lege.locator("[data-bit=klinisk]")).to_contain_text("Kjent hjertesvikt.")

    spesialist.reload()
    expect(spesialist.locator("[data-egen] [data-kvitt]").first).to_contain_text(
        re.compile("Levert|Lest|Lagret")
    )
    spesialist.locator("[data-handling=besvar] > summary").click()
    velg(spesialist, "Rådet ditt", "Innleggelse")
    spesialist.locator("#besvar-tekst").fill("Legg inn i dag.")
    spesialist.get_by_role("button", name="Send rådet").click()
    expect(spesialist.locator("#naa-tittel")).to_have_text("Besvart, hos Ánte Ŧávvon")

    lege.reload()
    expect(lege.locator("[data-type=besvart]")).to_contain_text("Legg inn i dag.")
    lege.locator("[data-handling=lukk] > summary").click()
    velg(lege, "Hva ble gjort?", "Innlagt")
    lege.get_by_role("button", name="Lukk saken").click()
    expect(lege.locator("[data-bit=handlinger]")).to_contain_text("Lukket: innlagt")
    expect(lege.locator("[data-skrivefelt]")).to_be_hidden()

    # Language, and out again.
    lege.locator("details.konto > summary").click()
    lege.get_by_role("button", name="English", exact=True).click()
    expect(lege.locator("html")).to_have_attribute("lang", "en")
    lege.locator("details.konto > summary").click()
    lege.get_by_role("button", name="Bokmål", exact=True).click()
    lege.locator("details.konto > summary").click()
    lege.get_by_role("button", name="Logg ut").click()
    expect(lege).to_have_url(re.compile("/innlogging$"))
    lege.goto(f"/henvendelser/{sak}")
    expect(lege).to_have_url(re.compile("/innlogging"))
