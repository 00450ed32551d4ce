"""From the template to what holds tonight, in a browser: a trust and two kommuner, each with its own people.

The demo's people: Pål and Gøril at the trust, Åse, Øystein and Jovnna in Alta, Elen Inga and Áilu in Kautokeino.
"""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from playwright.sync_api import Page, expect

from portal.core.clock import i_dag
from portal.henvendelser.models import Avtalegrunnlag
from tests.levende.tjener import Hus
from tests.nettleser.vindu import Nettleser, ajour, axe, fyll_henvendelse, send_henvendelse, velg

#: Its first words are the kommune's: what is said of each page is looked up by it.
NIVAA = {2: "Grønn", 3: "Gul", 4: "Rød"}


def sett_fase(side: Page, fase: int) -> Page:
    """Who decides sets the phase of the own kommune: the form, then the preview, which is left standing."""
    side.goto("/beredskap/ny")
    side.locator(f"input[name=fase][value='{fase}']").check()
    velg(side, "Beredskapsnivå", NIVAA[fase])
    side.get_by_label("Kilde").fill("FHI ukerapport 12")
    side.get_by_label("Begrunnelse").fill("Tallene fra legevakta.")
    side.get_by_role("button", name="Se hva som endrer seg").click()
    expect(side.get_by_role("heading", level=1)).to_have_text(f"Hva skjer i fase {fase}?")
    return side


def bekreft_fase(side: Page, fase: int) -> None:
    side.get_by_role("button", name=re.compile(f"^Sett fase {fase} for ")).click()
    expect(side.get_by_role("status").first).to_be_visible()
    expect(side).to_have_url(re.compile("/beredskap"))


def panelet(side: Page) -> str:
    """What the panel beside the open case says holds here now."""
    panel = side.locator("[data-avtalepanel]")
    if panel.get_attribute("open") is None:
        panel.locator("summary").click()
    expect(panel.locator(".gjelderfase")).to_be_visible()
    return panel.inner_text()


def test_froesituasjonen_i_en_levende_sak(nettleser: Nettleser, hus: Hus) -> None:
    """An agreement with criteria for admission and discharge, and the practice at the peak, read beside a request."""
    overlege = nettleser.vindu("kommuneoverlege_kautokeino")
    bekreft_fase(sett_fase(overlege, 4), 4)
    lege = nettleser.vindu("lege_kautokeino")
    lege.goto("/henvendelser/ny")
    fyll_henvendelse(lege, "Feber i fire dager, metning 91 uten oksygen. Bor alene langt fra vei.")
    sak = send_henvendelse(lege)
    ajour(lege)

    # Beside the request: the practice at the peak, and none of what gives way to it.
    paa_toppen = panelet(lege)
    assert "Fase 4 – Epidemitopp" in paa_toppen and "Rød beredskap" in paa_toppen
    assert "Innleggelse på epidemitoppen" in paa_toppen and "Oksygenbehov over 4 liter" in paa_toppen
    assert "15 minutter" in paa_toppen and "Felles utrykningsteam" in paa_toppen
    assert "Kriterier for innleggelse" not in paa_toppen and "Utskrivning" not in paa_toppen
    assert axe(lege) == []
    spesialist = nettleser.vindu("spesialist")
    spesialist.goto(f"/henvendelser/{sak}")
    ajour(spesialist)
    assert "Innleggelse på epidemitoppen" in panelet(spesialist)

    # The advice keeps the version and the phase that it was given in.
    spesialist.get_by_role("button", name="Ta saken").click()
    spesialist.locator("[data-handling=besvar] > summary").click()
    velg(spesialist, "Rådet ditt", "Behandles i kommunen")
    spesialist.locator("#besvar-tekst").fill("To liter oksygen på nesebrille, ny vurdering om fire timer.")
    spesialist.get_by_role("button", name="Send rådet").click()
    expect(lege.locator("[data-logg] [data-type=besvart]")).to_contain_text("To liter oksygen")
    grunnlag = sa.select(Avtalegrunnlag.fase, Avtalegrunnlag.situasjon, Avtalegrunnlag.avtaler)
    ((fase, situasjon, avtaler),) = hus.rader(grunnlag.where(Avtalegrunnlag.henvendelse_id == UUID(sak)))
    assert (fase, situasjon) == (4, "innleggelse")
    tjenesteavtale = next(a for a in avtaler if a["tittel"].startswith("Innleggelse, utskrivning"))
    assert tjenesteavtale["nummer"] == 2
    assert "Innleggelse på epidemitoppen" in [b["overskrift"] for b in tjenesteavtale["bestemmelser"]]

    # The epidemic goes down: what holds now is another, what held then is kept.
    bekreft_fase(sett_fase(overlege, 3), 3)
    lege.goto(f"/henvendelser/{sak}/avtaler")
    naa, da = lege.locator("main").inner_text().split("Avtalene slik de var da rådet ble gitt")
    assert "Fase 3 – Spredning" in naa and "Kriterier for innleggelse" in naa and "epidemitoppen" not in naa
    assert (
        "fase 4 – epidemitopp" in da
        and "Innleggelse på epidemitoppen" in da
        and "Kriterier for innleggelse" not in da
    )
    assert axe(lege) == []


def test_utskrivningen_leser_sin_egen_del(nettleser: Nettleser, hus: Hus) -> None:
    """The hospital asks Alta about a discharge: the steps of the regulation, with the day rate of the year."""
    sykepleier = nettleser.vindu("sykepleier")
    sykepleier.goto("/koe")
    sykepleier.locator("a.sakkort__lenke").first.click()
    ajour(sykepleier)
    tekst = panelet(sykepleier)
    assert "Utskrivning" in tekst and "Mottaksstedet er avtalt med pasienten" in tekst
    assert "Kriterier for innleggelse" not in tekst and "Døgnsats" in tekst


# --- from the template to what holds -----------------------------------------------------------------------

TITTEL = "Sammen gjennom epidemien"
INN = "Kriterier for innleggelse på epidemitoppen"


def si(side: Page, tekst: str | re.Pattern[str]) -> None:
    expect(side.get_by_role("status").first).to_contain_text(tekst)


def knapp(side: Page, navn: str) -> None:
    side.get_by_role("button", name=re.compile(f"^{navn}")).first.click()


def foreslaa(side: Page, avtale: str, klausul: str, tekst: str, hvorfor: str) -> None:
    side.goto(f"{avtale}/forhandling")
    side.get_by_role("link", name=re.compile(f"^Foreslå endring.*{klausul}$")).click()
    skriv_forslag(side, tekst, hvorfor)


def skriv_forslag(side: Page, tekst: str, hvorfor: str) -> None:
    side.get_by_label("Tekst", exact=True).fill(tekst)
    side.get_by_label("Hvorfor").fill(hvorfor)
    side.get_by_role("button", name="Send forslaget").click()
    si(side, "Forslaget er sendt")


def godta(side: Page, avtale: str, klausul: str) -> None:
    """Accepts the newest proposal about the clause: where there is a counter-proposal, that one."""
    side.goto(f"{avtale}/forhandling")
    side.get_by_role("button", name=re.compile(rf"^Godta\b(?! ikke).*{klausul}$")).last.click()
    si(side, "Forslaget er godtatt")


def send_til_godkjenning(side: Page, avtale: str) -> None:
    side.goto(f"{avtale}/godkjenning")
    side.get_by_role("button", name="Send til godkjenning").click()
    si(side, "Sendt til godkjenning.")


def godkjenn(side: Page, avtale: str, sak: str = "", dag: str = "") -> None:
    side.goto(f"{avtale}/godkjenning")
    if sak:
        side.get_by_label("Saksnummer").fill(sak)
        side.get_by_label("Dagen for vedtaket").fill(dag)
    side.get_by_role("button", name="Godkjenn", exact=True).click()
    si(side, re.compile("godkjent|Godkjent"))


def gjelder(side: Page) -> str:
    """What a physician on duty reads about an admission, in the own kommune's phase."""
    side.goto("/avtaler/gjelder?situasjon=innleggelse")
    return side.locator(".gjeldersvar").inner_text()


def test_fra_mal_til_hva_som_gjelder(nettleser: Nettleser) -> None:
    foretak = nettleser.vindu("koordinator_hf", tillatt=[r"status of 4\d\d"])
    alta, kautokeino = nettleser.vindu("koordinator"), nettleser.vindu("koordinator_kautokeino")
    i_gaar = (i_dag() - timedelta(days=1)).isoformat()

    # The trust begins from the template and invites two kommuner.
    foretak.goto("/avtaler/maler")
    foretak.get_by_role(
        "link", name=re.compile("^Begynn fra denne.*Delavtale om samarbeid under epidemi")
    ).click()
    foretak.get_by_label("Tittel").fill(TITTEL)
    foretak.get_by_role("button", name="Lag utkastet").click()
    si(foretak, "Utkastet er laget")
    avtale = re.sub(r"/utkast$", "", foretak.url)
    expect(foretak.locator(".utkastliste__rad")).to_have_count(17)
    foretak.goto(f"{avtale}/parter")
    for kommune in ("Alta", "Kautokeino Guovdageaidnu"):
        foretak.get_by_label(kommune, exact=True).check()
    foretak.get_by_role("button", name="Inviter de valgte").click()
    si(foretak, "2 kommuner er invitert.")
    foretak.goto(f"{avtale}/utkast")
    knapp(foretak, "Send til forhandling")

    # Both say yes. One comments; the other proposes, is answered by a counter-proposal, and accepts it.
    for kommune_side in (alta, kautokeino):
        kommune_side.goto("/avtaler")
        kommune_side.get_by_role("link", name=re.compile(f"Svar på invitasjonen.*{TITTEL}")).click()
        knapp(kommune_side, "Ja, vi deltar")
        si(kommune_side, "kommunen deltar")
    kautokeino.goto(f"{avtale}/forhandling")
    omraade = kautokeino.get_by_role("article", name=re.compile(INN))
    omraade.locator("summary", has_text="Kommenter").click()
    omraade.get_by_label("Kommentar", exact=True).fill(
        "Hvem ringer når vakthavende ikke svarer?\nVeien er lang."
    )
    omraade.get_by_role("button", name="Send kommentaren").click()
    si(kautokeino, "Kommentaren er sendt.")
    foreslaa(alta, avtale, INN, "Legen i kommunen bestemmer.", "Vi kjenner pasientene.")
    foretak.goto(f"{avtale}/forhandling")
    expect(
        foretak.locator(".kommentar__tekst", has_text="Hvem ringer når vakthavende ikke svarer?")
    ).to_be_visible()
    forslag = foretak.get_by_role("region", name=re.compile("^Forslag til endring.*" + INN))
    expect(forslag.locator("ins", has_text="bestemmer")).to_be_visible()
    expect(forslag.locator("del", has_text="aldri etter alder eller diagnose alene")).to_be_visible()
    assert axe(foretak) == []
    foretak.get_by_role("link", name=re.compile(f"^Lag et motforslag.*{INN}$")).click()
    skriv_forslag(
        foretak, "Vakthavende svarer innen 10 minutter; ellers bestemmer legen i kommunen.", "Begge må med."
    )
    godta(alta, avtale, INN)
    alta.goto(avtale)
    expect(alta.get_by_role("article", name=re.compile(INN))).to_contain_text("svarer innen 10 minutter")
    assert axe(alta) == []

    # Not without how users took part; then it goes to the chains.
    foretak.goto(f"{avtale}/godkjenning")
    expect(foretak.get_by_role("button", name="Send til godkjenning")).to_have_count(0)
    foretak.goto(f"{avtale}/opplysninger")
    foretak.get_by_label("Hvordan pasienter og brukere har medvirket").fill(
        "Brukerutvalget leste og endret utkastet."
    )
    foretak.get_by_role("button", name="Lagre", exact=True).click()
    send_til_godkjenning(foretak, avtale)

    # Four eyes: who sent it, and who accepted its words, do not approve.
    for side in (foretak, alta):
        side.goto(f"{avtale}/godkjenning")
        expect(side.locator(".godkjenningsskjema")).to_contain_text("en annen må godkjenne")
        expect(side.get_by_role("button", name="Godkjenn", exact=True)).to_have_count(0)
    direktoer, ordfoerer = nettleser.vindu("administrator_hf"), nettleser.vindu("administrator")
    overlege = nettleser.vindu("kommuneoverlege_kautokeino")
    godkjenn(direktoer, avtale)
    ordfoerer.goto(f"{avtale}/godkjenning")
    expect(ordfoerer.get_by_label("Saksnummer")).to_have_attribute("required", "")
    godkjenn(ordfoerer, avtale, "26/114", i_gaar)
    expect(ordfoerer.locator(".godkjenning").first).to_contain_text("2 av 3 ledd har godkjent.")
    assert axe(ordfoerer) == []
    godkjenn(overlege, avtale, "26/37", i_gaar)
    foretak.goto(avtale)
    expect(foretak.locator(".avtalestatus").first).to_contain_text("Gjelder")

    # Phase 4 for one of the two, after a look at what it brings: the answer is another in each.
    bekreft_fase(sett_fase(overlege, 2), 2)
    beslutter = sett_fase(nettleser.vindu("kommuneoverlege"), 4)
    expect(beslutter.locator(".faseskifte__del--kommer")).to_contain_text(INN)
    assert axe(beslutter) == []
    bekreft_fase(beslutter, 4)
    i_alta, i_kautokeino = gjelder(nettleser.vindu("lege")), gjelder(nettleser.vindu("lege_kautokeino"))
    assert "Alta" in i_alta and "Fase 4 – Epidemitopp" in i_alta and "svarer innen 10 minutter" in i_alta
    assert "Kautokeino" in i_kautokeino and "Fase 2 – Klynger" in i_kautokeino
    assert INN not in i_kautokeino and "Forberedelse" in i_kautokeino and "Forberedelse" not in i_alta

    # A new version is sent and approved by two; then it must change, and no approval of it counts.
    foretak.goto(avtale)
    knapp(foretak, "Begynn ny versjon")
    foretak.goto(f"{avtale}/utkast")
    foretak.get_by_role("link", name=re.compile(INN)).click()
    foretak.get_by_label("Tekst", exact=True).fill(
        "Vakthavende svarer innen 15 minutter; ellers bestemmer legen."
    )
    foretak.get_by_role("button", name="Lagre", exact=True).click()
    si(foretak, "Bestemmelsen er lagret")
    foretak.goto(f"{avtale}/utkast")
    knapp(foretak, "Send til forhandling")
    send_til_godkjenning(foretak, avtale)
    godkjenn(direktoer, avtale)
    godkjenn(overlege, avtale, "26/51", i_gaar)
    foretak.goto(f"{avtale}/godkjenning")
    foretak.get_by_role("button", name="Ta tilbake og åpne igjen").click()
    foreslaa(
        kautokeino, avtale, INN, "Vakthavende svarer innen 15 minutter; ellers bestemmer legen på stedet.", ""
    )
    godta(foretak, avtale, INN)
    foretak.goto(f"{avtale}/godkjenning?versjon=2")
    expect(foretak.locator("[data-tilstand=opphevet]")).to_have_count(3)
    assert axe(foretak) == []

    # The comparison shows the words, and what is in force is what all have approved.
    foretak.goto(f"{avtale}/sammenlign?fra=2&til=3")
    endret = foretak.locator(".forskjell", has_text=INN)
    expect(endret.locator("ins")).to_contain_text("på stedet")
    assert axe(foretak) == []
    foretak.goto(f"{avtale}/sammenlign?fra=1&til=3")
    expect(endret.locator("del").first).to_contain_text("10")
    expect(endret.locator("ins").first).to_contain_text("15")
    assert "svarer innen 10 minutter" in gjelder(nettleser.vindu("lege"))
