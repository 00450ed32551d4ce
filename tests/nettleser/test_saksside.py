"""What whoever opens a case sees first, on a wide screen and on a telephone: the question and the measurements, and the
advice once it is given. Nothing of it lies behind buttons, the ladder, an empty conversation or a press."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.nettleser.vindu import (
    Nettleser,
    ajour,
    axe,
    fyll_henvendelse,
    ruller_sidelengs,
    send_henvendelse,
    velg,
)

SITUASJON = "Tungpust siden i natt, ødemer til knærne."
RAADET = "Furosemid 40 mg intravenøst nå. Ring ved SpO2 under 88."
SKJERMER = [(1280, 900), (390, 844)]


def _bunn(sted: Locator) -> float:
    """Where it ends, in pixels from the top of the window, which is not scrolled."""
    expect(sted).to_be_visible()
    boks = sted.bounding_box()
    assert boks is not None
    return float(boks["y"]) + float(boks["height"])


def _begynner(side: Page, velger: str) -> float:
    boks = side.locator(velger).bounding_box()
    assert boks is not None, velger
    return float(boks["y"])


def _ny_akutt(nettleser: Nettleser) -> tuple[Page, str]:
    """An akutt request with measurements, which has the most above it."""
    side = nettleser.vindu("lege")
    side.goto("/henvendelser/ny")
    fyll_henvendelse(side, SITUASJON, hastegrad="Akutt")
    side.locator("summary", has_text="NEWS2").click()
    side.get_by_label("Respirasjonsfrekvens").fill("24")
    side.get_by_label("Puls").fill("104")
    return side, send_henvendelse(side)


def test_sporsmaalet_foerst_og_raadet_naar_det_er_gitt(nettleser: Nettleser) -> None:
    lege, sak = _ny_akutt(nettleser)
    ajour(lege)

    for bredde, hoeyde in SKJERMER:
        for hvem in ("spesialist", "lege"):
            side = nettleser.vindu(hvem, bredde=bredde, hoeyde=hoeyde, moerk=bredde == 390)
            side.goto(f"/henvendelser/{sak}")
            ajour(side)
            for sted in (side.get_by_text(SITUASJON), side.locator(".klinisk .news2sum__tall")):
                assert _bunn(sted) <= hoeyde, (hvem, bredde, sted)
            # Before what can be done, who is told, and the conversation; nothing of the case waits for a press.
            sporsmaalet = _begynner(side, ".sporsmaal")
            for etter in (".handlinger", ".stige", ".samtale"):
                ved_siden = bredde == 1280 and etter != ".samtale"
                assert (
                    sporsmaalet <= _begynner(side, etter)
                    if ved_siden
                    else sporsmaalet < _begynner(side, etter)
                )
            expect(side.locator("[data-bit=fakta]")).to_be_visible()
            expect(side.locator(".samtale")).to_be_visible()
            assert ruller_sidelengs(side) == 0 and axe(side) == []

    # The advice comes to the top of the requester's page by itself, where the window is, with a begun message kept.
    paa_telefon = nettleser.vindu("lege", bredde=390, hoeyde=844)
    paa_telefon.goto(f"/henvendelser/{sak}")
    ajour(paa_telefon)
    lege.locator("[data-skrivefelt] textarea").fill("Hun har også")
    ante = nettleser.vindu("spesialist")
    ante.goto(f"/henvendelser/{sak}")
    ante.get_by_role("button", name="Ta saken").click()
    ante.locator("details[data-handling=besvar] > summary").click()
    velg(ante, "Rådet ditt", "Behandles i kommunen")
    ante.locator("#besvar-tekst").fill(RAADET)
    ante.get_by_role("button", name="Send rådet").click()
    for side, hoeyde in ((lege, 900), (paa_telefon, 844)):
        side.evaluate("window.scrollTo(0, 0)")
        assert _bunn(side.locator("[data-bit=klinisk]").get_by_text(RAADET)) <= hoeyde
        assert _begynner(side, ".faktaboks--utfall") < _begynner(side, ".sporsmaal")
    expect(lege.locator("[data-skrivefelt] textarea")).to_have_value("Hun har også")
    # Whoever has given it, still reads the question first.
    ante.evaluate("window.scrollTo(0, 0)")
    expect(ante.locator("[data-bit=klinisk]")).to_contain_text(RAADET)
    assert _begynner(ante, ".sporsmaal") < _begynner(ante, ".faktaboks--utfall")


def test_veien_mellom_delene_paa_en_telefon(nettleser: Nettleser) -> None:
    """The links between the parts stay at the edge, lead with a press or a key, and cover nothing one has gone to."""
    lege, sak = _ny_akutt(nettleser)
    side = nettleser.vindu("spesialist", bredde=390, hoeyde=844)
    side.goto(f"/henvendelser/{sak}")
    ajour(side)
    vei = side.get_by_role("navigation", name="Deler av saken")
    for navn, mal in (
        ("Samtale", "#samtale"),
        ("Mer", "#opplysninger"),
        ("Spørsmål", "#sporsmaal"),
        ("Status", "#status"),
    ):
        lenke = vei.get_by_role("link", name=navn)
        expect(lenke).to_be_in_viewport(ratio=1)
        lenke.focus()
        lenke.press("Enter")
        expect(side.locator(mal)).to_be_in_viewport()
        boks = vei.bounding_box()
        assert boks is not None
        if boks["y"] < 422:
            assert _begynner(side, mal) >= boks["y"] + boks["height"] - 1, navn
    lege.close()
