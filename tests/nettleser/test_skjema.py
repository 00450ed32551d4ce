"""The request form as a physician in a hurry meets it."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
import sqlalchemy as sa
from playwright.sync_api import Error, Page, expect

from portal.henvendelser.models import News2Maaling, Opplysninger
from portal.revisjon.models import Revisjon
from tests.levende.tjener import Hus
from tests.nettleser.vindu import Nettleser, ajour, fyll_henvendelse, logg_inn, send_henvendelse, velg

#: Invented, with right control digits; the month +80 marks a synthetic one.
SYNTETISK = "11 81 70 10026"


def ny(nettleser: Nettleser, hvem: str = "lege", **valg: object) -> Page:
    side = nettleser.vindu(hvem, **valg)  # type: ignore[arg-type]
    side.goto("/henvendelser/ny")
    return side


def tab_til(side: Page, maal: str, *, maks: int = 40) -> None:
    """Tab until the focus is there. Fails when it does not come within so many."""
    for _ in range(maks):
        side.keyboard.press("Tab")
        if side.evaluate("(maal) => document.activeElement.matches(maal)", maal):
            return
    raise AssertionError(f"{maal} was not reached with {maks} tabs")


def test_akutt_viser_113_foerst(nettleser: Nettleser) -> None:
    side = ny(nettleser, bredde=390, hoeyde=844)
    panel = side.locator(".panel113")
    expect(panel).to_be_hidden()
    velg(side, "Hvor haster det?", "Akutt")
    expect(panel).to_be_visible()
    numre = panel.locator("a[href^='tel:']")
    assert numre.first.get_attribute("href") == "tel:113"
    # No number of the hospital has been entered: that is said, and none is made up.
    expect(panel).to_contain_text("mangler")
    assert numre.count() == 1
    # It stands before everything that is asked for below it.
    assert panel.bounding_box()["y"] < side.get_by_label("Situasjonen nå").bounding_box()["y"]  # type: ignore[index]
    velg(side, "Hvor haster det?", "Vanlig")
    expect(panel).to_be_hidden()
    fyll_henvendelse(side, "Brystsmerter siden i natt.", hastegrad="Akutt")
    send_henvendelse(side)
    # On the case it is the first thing in the page's content.
    expect(side.locator("main a[href^='tel:']").first).to_have_attribute("href", "tel:113")
    assert side.evaluate(
        "document.querySelector('main .panel113').compareDocumentPosition("
        "document.querySelector('main h1')) & Node.DOCUMENT_POSITION_FOLLOWING"
    )


def test_bare_tastaturet_fra_lista_til_sendt_og_tatt(nettleser: Nettleser, hus: Hus) -> None:
    lege = nettleser.vindu("lege")
    lege.goto("/henvendelser/")
    tab_til(lege, "main a[href='/henvendelser/ny']")
    lege.keyboard.press("Enter")
    lege.wait_for_url("**/henvendelser/ny")
    tab_til(lege, "[name=hastegrad]")
    lege.keyboard.press("ArrowDown")
    expect(lege.locator("[name=hastegrad]:checked")).to_have_count(1)
    while lege.locator("[name=hastegrad]:checked").get_attribute("value") != "haster":
        lege.keyboard.press("ArrowDown")
    # Another kommune by its first letters, and back again.
    tab_til(lege, "[role=combobox]")
    lege.keyboard.press("Control+a")
    lege.keyboard.type("Karas")
    lege.keyboard.press("Enter")
    kommune = lege.get_by_role("combobox", name="Pasientens bostedskommune")
    expect(kommune).to_have_value(re.compile("Karasjok"))
    tab_til(lege, "select[name=fagomraade]")
    for _ in range(60):
        if lege.locator("select[name=fagomraade]").input_value() == "indremedisin":
            break
        lege.keyboard.press("ArrowDown")
    tab_til(lege, "[name=tilbakeringing]")
    lege.keyboard.press("Control+a")
    lege.keyboard.type("00 00 00 00")
    tab_til(lege, "[name=plan_uten_raad]")
    lege.keyboard.press("Space")
    tab_til(lege, "[name=situasjon]")
    lege.keyboard.type("Bare tastatur: tungpust beboer.")
    tab_til(lege, "main button[type=submit]", maks=80)
    lege.keyboard.press("Enter")
    lege.wait_for_url(re.compile(r"/henvendelser/[0-9a-f-]{36}$"))
    sak = lege.url.rsplit("/", 1)[1]

    spesialist = nettleser.vindu("spesialist")
    spesialist.goto("/koe")
    tast = spesialist.locator(f"#koe-{sak} [data-tast]").get_attribute("data-tast")
    assert tast, "the case is among the first nine"
    # A key does nothing just after the list has moved: the case under the finger may be another one.
    for _ in range(20):
        spesialist.keyboard.press(tast)
        if f"/henvendelser/{sak}" in spesialist.url:
            break
        spesialist.wait_for_timeout(200)
    expect(spesialist).to_have_url(re.compile(f"/henvendelser/{sak}$"))
    expect(lege.locator("#naa-tittel")).to_have_text("Hos Ánte Ŧávvon")
    # And the answer: the field one writes in is reached, and Enter sends.
    ajour(spesialist)
    tab_til(spesialist, "[data-skrivefelt] textarea", maks=80)
    spesialist.keyboard.type("Sendt med tastaturet.")
    spesialist.keyboard.press("Enter")
    expect(lege.locator("[data-logg]")).to_contain_text("Sendt med tastaturet.")
    expect(spesialist.locator("[data-skrivefelt] textarea")).to_be_focused()


def test_ta_saken_med_tab_og_enter(nettleser: Nettleser) -> None:
    lege = ny(nettleser)
    fyll_henvendelse(lege, "Tatt med Tab og Enter.")
    sak = send_henvendelse(lege)
    spesialist = nettleser.vindu("spesialist")
    spesialist.goto("/koe")
    tab_til(spesialist, f"#ta-{sak}", maks=80)
    spesialist.keyboard.press("Enter")
    expect(spesialist).to_have_url(re.compile(f"/henvendelser/{sak}$"))
    expect(spesialist.locator("#naa-tittel")).to_have_text("Hos Ánte Ŧávvon")


def test_det_som_mangler_sies_og_lenkene_gaar_dit(nettleser: Nettleser) -> None:
    side = ny(nettleser)
    side.get_by_role("button", name="Send henvendelsen").click()
    oppsummering = side.locator("#feiloppsummering")
    expect(oppsummering).to_be_focused()
    expect(oppsummering.locator("a")).to_have_count(4)
    oppsummering.locator("a", has_text="Situasjonen nå").click()
    felt = side.get_by_label("Situasjonen nå")
    expect(felt).to_be_focused()
    expect(felt).to_have_attribute("aria-invalid", "true")
    expect(felt).to_have_accessible_description(re.compile("Dette må fylles ut"))
    felt.fill("Nå er den fylt ut.")
    expect(felt).not_to_have_attribute("aria-invalid", "true")


def test_foedselsnummer_stopper_merkes_og_kan_slippes_gjennom(nettleser: Nettleser, hus: Hus) -> None:
    side = ny(nettleser)
    fyll_henvendelse(side, f"🫀 Gjelder {SYNTETISK}, tungpust.")
    # While typing.
    expect(side.locator(".fnr-sted mark")).to_have_text(SYNTETISK)
    side.get_by_role("button", name="Send henvendelsen").click()
    expect(side.locator("#feiloppsummering")).to_be_focused()
    expect(side).to_have_url(re.compile("/henvendelser/ny$"))
    side.get_by_label("Dette er ikke et fødselsnummer").check()
    sak = send_henvendelse(side)
    sluppet = hus.verdi(
        sa.select(sa.func.count()).where(
            Revisjon.kjede == f"sak:{sak}", Revisjon.handling == "henvendelse.ikke_personnummer"
        )
    )
    assert sluppet == 1
    # The same in the conversation.
    ajour(side)
    felt = side.locator("[data-skrivefelt] textarea")
    felt.fill(f"Ordre {SYNTETISK}.")
    felt.press("Enter")
    varsel = side.locator("[data-skrivefelt] [data-fnrvarsel]")
    expect(varsel).to_be_visible()
    expect(varsel.locator("mark")).to_have_text(SYNTETISK)
    assert SYNTETISK not in side.locator("[data-logg]").inner_text()
    expect(felt).to_have_value(f"Ordre {SYNTETISK}.")
    side.locator("[data-skrivefelt]").get_by_label("Dette er ikke et fødselsnummer").check()
    side.locator("[data-skrivefelt]").get_by_role("button", name="Send").click()
    expect(side.locator("[data-logg] [data-type=melding]")).to_contain_text(SYNTETISK)
    expect(varsel).to_be_hidden()


def test_news2_vises_mens_man_skriver_og_tjeneren_er_enig(nettleser: Nettleser, hus: Hus) -> None:
    side = ny(nettleser)
    fyll_henvendelse(side, "Feber og hurtig pust.")
    side.locator("#del-news2 > summary").click()
    sum_ = side.locator("#del-news2 [data-news2-sum]")
    verdier = {"respirasjon": "25", "spo2": "94", "systolisk": "104", "puls": "118", "temperatur": "39,4"}
    for navn, verdi in verdier.items():
        side.locator(f"[name=news2_{navn}]").fill(verdi)
    # 3 + 1 + 1 + 2 + 2 so far; two are missing, and a missing one is not zero.
    expect(sum_).to_contain_text("ufullstendig", ignore_case=True)
    expect(sum_).to_contain_text("Minst 9 poeng")
    velg(side, "Oksygen", "Nei")
    velg(side, "Bevissthet", "A – våken")
    expect(sum_.locator("[data-news2-tall]")).to_have_text("9")
    expect(sum_).to_have_attribute("data-risiko", re.compile("kritisk|hoy|akutt"))
    # Scale 2 only by choice: 94 on air is 0 there.
    velg(side, "Skala for SpO₂", "Skala 2")
    expect(sum_.locator("[data-news2-tall]")).to_have_text("8")
    velg(side, "Skala for SpO₂", "Skala 1")
    side.locator("[name=news2_puls]").fill("1180")
    expect(side.locator("[data-news2-poeng=puls]")).to_contain_text("mellom")
    side.locator("[name=news2_puls]").fill("118")
    side.locator("#del-pasient > summary").click()
    side.get_by_label("Gravid").check()
    expect(sum_).to_contain_text("svangerskap")
    side.get_by_label("Gravid").uncheck()
    expect(sum_.locator("[data-news2-tall]")).to_have_text("9")
    sak = send_henvendelse(side)
    assert hus.verdi(sa.select(News2Maaling.sum).where(News2Maaling.henvendelse_id == UUID(sak))) == 9
    expect(side.locator("[data-bit=klinisk] .news2sum__tall").first).to_have_text("9")


def test_advarsel_foer_man_forlater_siden(nettleser: Nettleser) -> None:
    side = ny(nettleser)
    sett: list[str] = []

    def svar(dialog: object) -> None:
        sett.append(dialog.type)  # type: ignore[attr-defined]
        dialog.dismiss()  # type: ignore[attr-defined]

    side.on("dialog", svar)
    felt = side.get_by_label("Situasjonen nå")
    felt.fill("Halvferdig tekst.")
    with pytest.raises(Error):
        side.goto("/organisasjoner")
    assert sett == ["beforeunload"]
    expect(side).to_have_url(re.compile("/henvendelser/ny$"))
    expect(felt).to_have_value("Halvferdig tekst.")
    # Nothing written, nothing asked: what the portal itself has suggested does not count.
    felt.fill("")
    expect(side.get_by_label("Sykehus", exact=True).locator("option:checked")).to_have_text(
        "Finnmarkssykehuset"
    )
    side.get_by_role("link", name="Vakt", exact=True).first.click()
    side.wait_for_url("**/vakt")
    assert sett == ["beforeunload"]


@pytest.mark.parametrize(
    ("spraak", "knapp", "tittel", "feil"),
    [
        ("nn", "Nynorsk", "Ny førespurnad", "må"),
        ("en", "English", "New request", "must|required|fill"),
    ],
)
def test_spraaket_byttes_paa_skjemaet(
    nettleser: Nettleser, spraak: str, knapp: str, tittel: str, feil: str
) -> None:
    """Whole page, browser's own messages too, and back again. The choice is remembered with the person."""
    side = ny(nettleser, "lege_bergen")
    side.locator("details.konto > summary").click()
    side.get_by_role("button", name=knapp, exact=True).click()
    expect(side.locator("html")).to_have_attribute("lang", spraak)
    expect(side).to_have_url(re.compile("/henvendelser/ny$"))
    expect(side.get_by_role("heading", level=1)).to_have_text(tittel)
    side.locator(".sendelinje button[type=submit]").click()
    expect(side.locator("#feiloppsummering")).to_contain_text(re.compile(feil, re.IGNORECASE))
    side.reload()
    expect(side.locator("html")).to_have_attribute("lang", spraak)
    side.locator("details.konto > summary").click()
    side.get_by_role("button", name="Bokmål", exact=True).click()
    expect(side.get_by_role("heading", level=1)).to_have_text("Ny henvendelse")


def test_to_trykk_gir_en_sak(nettleser: Nettleser, hus: Hus) -> None:
    """A second click while the first is on its way: one case."""
    tekst = "Trykker to ganger."
    side = ny(nettleser)
    fyll_henvendelse(side, tekst)
    side.get_by_role("button", name="Send henvendelsen").dblclick()
    side.wait_for_url(re.compile(r"/henvendelser/[0-9a-f-]{36}$"))
    assert hus.verdi(sa.select(sa.func.count()).where(Opplysninger.situasjon == tekst)) == 1


def test_utlogget_i_en_annen_fane_mister_ikke_teksten(nettleser: Nettleser) -> None:
    """Logged out while writing: the form says so, keeps every word under the cover, and goes through after a
    new login."""
    side = nettleser.vindu(tillatt=["status of 401", "net::ERR_FAILED"])
    logg_inn(side, "kommuneoverlege")
    side.goto("/henvendelser/ny")
    fyll_henvendelse(side, "Skrevet før utloggingen.")
    # The form is sent before the page has heard of it.
    side.route("**/sesjon/laas", lambda rute: rute.abort())
    annen = nettleser.fane(side.context, tillatt=["status of 401"])
    annen.goto("/henvendelser/")
    annen.locator("details.konto > summary").click()
    annen.get_by_role("button", name="Logg ut").click()
    annen.wait_for_url("**/innlogging")
    side.get_by_role("button", name="Send henvendelsen").click()
    expect(side.locator("#sendefeil")).to_contain_text("logget ut")
    side.unroute("**/sesjon/laas")
    expect(side.get_by_role("dialog", name="Du er logget ut")).to_be_visible()
    expect(side.locator("main")).to_be_hidden()
    logg_inn(annen, "kommuneoverlege")
    side.bring_to_front()
    expect(side.locator(".laas")).to_have_count(0)
    expect(side.get_by_label("Situasjonen nå")).to_have_value("Skrevet før utloggingen.")
    send_henvendelse(side)
    expect(side.locator("[data-bit=klinisk]")).to_contain_text("Skrevet før utloggingen.")
