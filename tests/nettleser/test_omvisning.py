"""The five minutes of the README, step by step, with two windows: ask in one, answer in the other."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.levende.tjener import Hus
from tests.nettleser.vindu import (
    Nettleser,
    ajour,
    fyll_henvendelse,
    logg,
    logg_inn,
    send_henvendelse,
    skriv,
    velg,
)


def test_fem_minutter(nettleser: Nettleser, hus: Hus) -> None:
    # 1. The specialist logs in and sees the queue.
    ante = nettleser.vindu()
    logg_inn(ante, "spesialist")
    expect(ante).to_have_url(re.compile("/koe$"))
    expect(ante.get_by_role("heading", level=1)).to_have_text("Kø")
    expect(ante.locator("[data-linjestatus]")).to_have_attribute("data-tilstand", "ajour")
    ventet = ante.locator("[data-koekort]").count()
    assert ventet > 0
    expect(ante).to_have_title(re.compile(rf"^\({ventet}\) "))
    assert ante.locator("[data-koekort] [data-frist]").count() == ventet
    ante.get_by_text("Lyd ved ny sak").click()

    # 2. The physician logs in at another machine, and chooses a new request.
    ingrid = nettleser.vindu()
    logg_inn(ingrid, "lege")
    ingrid.get_by_role("link", name="Ny henvendelse").first.click()
    expect(ingrid.get_by_role("heading", level=1)).to_have_text("Ny henvendelse")

    # 3. Alta and Finnmarkssykehuset are suggested; NEWS2 is shown while typing.
    expect(ingrid.get_by_role("combobox", name="Pasientens bostedskommune")).to_have_value("Alta")
    expect(ingrid.get_by_label("Sykehus", exact=True).locator("option:checked")).to_have_text(
        "Finnmarkssykehuset"
    )
    fyll_henvendelse(ingrid, "Tungpust beboer, vekt opp 3 kg siste uka. Æøå á č đ ŋ.")
    ingrid.locator("#del-news2 > summary").click()
    ingrid.locator("[name=news2_respirasjon]").fill("26")
    expect(ingrid.locator("#del-news2 [data-news2-ord]")).to_contain_text("ufullstendig", ignore_case=True)
    sak = send_henvendelse(ingrid)
    ajour(ingrid)
    expect(ingrid.locator("#naa-tittel")).to_have_text("Ingen har tatt saken ennå")

    # 4. It appears by itself in the queue, with the count in the tab. One click takes it.
    kort = ante.locator(f"#koe-{sak}")
    expect(kort).to_be_visible()
    expect(ante).to_have_title(re.compile(rf"^\({ventet + 1}\) "))
    kort.get_by_role("button", name="Ta saken").click()
    expect(ante).to_have_url(re.compile(f"/henvendelser/{sak}$"))
    expect(ingrid.locator("#naa-tittel")).to_have_text("Hos Ánte Ŧávvon")
    expect(ingrid.locator("[data-logg] [data-type=akseptert]")).to_contain_text("Ánte Ŧávvon")

    # 5. They write to each other: typing, saved, delivered, read.
    ajour(ante)
    ante.locator("[data-skrivefelt] textarea").press_sequentially("Hei! Hva er", delay=20)
    expect(ingrid.locator("[data-skrivere]")).to_contain_text("Ánte Ŧávvon")
    skriv(ante, "Hei! Hva er kreatinin?")
    expect(ingrid.locator("[data-logg]")).to_contain_text("Hei! Hva er kreatinin?")
    expect(ingrid.locator("[data-skrivere]")).to_be_empty()
    skriv(ingrid, "Kreatinin 142, habituelt 130.")
    expect(ante.locator("[data-logg]")).to_contain_text("Kreatinin 142, habituelt 130.")
    for side in (ante, ingrid):
        assert logg(side) == ["Hei! Hva er kreatinin?", "Kreatinin 142, habituelt 130."]
        # Both windows are open on the conversation; whoever looks at it has read it.
        side.bring_to_front()
    egen = ante.locator("[data-logg] [data-egen][data-type=melding] [data-kvitt]").first
    expect(egen).to_contain_text("Lest av 1")
    egen.locator("summary").click()
    expect(egen).to_contain_text("Ingrid Hætta")
    for side in (ante, ingrid):
        ajour(side)
        expect(side.locator("[data-samtalestatus]")).to_contain_text("Oppdatert, nytt vises med en gang")

    # 6. Structured advice, then the outcome.
    ante.locator("[data-handling=besvar] > summary").click()
    velg(ante, "Rådet ditt", "Behandles i kommunen")
    ante.locator("#besvar-tekst").fill("Øk bumetanid til 2 mg × 2 i tre dager, daglig vekt.")
    ante.get_by_role("button", name="Send rådet").click()
    expect(ingrid.locator("[data-logg] [data-type=besvart]")).to_contain_text("daglig vekt")
    expect(ingrid.locator("#naa-tittel")).to_have_text("Besvart, hos Ánte Ŧávvon")
    ingrid.locator("[data-handling=lukk] > summary").click()
    velg(ingrid, "Hva ble gjort?", "Behandlet i kommunen")
    ingrid.get_by_role("button", name="Lukk saken").click()
    for side in (ingrid, ante):
        expect(side.locator("#naa-tittel")).to_have_text("Lukket: behandlet i kommunen")
        expect(side.locator(".handlinger__unngaatt")).to_have_text("Innleggelse unngått: forventet")
        expect(side.locator("[data-skrivefelt]")).to_be_hidden()

    # 7. The coordinator sees figures, and no case.
    paal = nettleser.vindu(tillatt=["status of 404"])
    logg_inn(paal, "koordinator_hf")
    expect(paal).to_have_url(re.compile("/venter$"))
    paal.goto(f"/henvendelser/{sak}")
    assert "Kreatinin" not in paal.content()

    # 8. The chains are whole.
    hus.kontroller_revisjon()
