"""Attaching in the browser: chosen, pasted, dropped, cut off and sent again; seen and opened in the other window."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, Route, expect

from portal.henvendelser.models import Vedlegg
from portal.identitet.demo import FINNMARKSSYKEHUSET
from portal.identitet.models import Organisasjon
from tests.bygg import PERSONNUMMER
from tests.henvendelser import filer
from tests.levende.klient import Person
from tests.levende.tjener import Hus
from tests.nettleser.vindu import Nettleser, ajour, axe, ruller_sidelengs, skriv

#: Puts a file into the page as the clipboard or a drag would.
_SLIPP = """([utvalg, hendelse, data, navn, slag]) => {
  const byte = Uint8Array.from(atob(data), (t) => t.charCodeAt(0));
  const dt = new DataTransfer();
  dt.items.add(new File([byte], navn, {type: slag}));
  const valg = {bubbles: true, cancelable: true};
  document.querySelector(utvalg).dispatchEvent(hendelse === 'paste'
    ? new ClipboardEvent('paste', {...valg, clipboardData: dt})
    : new DragEvent(hendelse, {...valg, dataTransfer: dt}));
}"""


@pytest.fixture
def sak(folk: Callable[[str], Person], hus: Hus) -> Iterator[str]:
    """A case that the specialist has taken; it leaves the queues afterwards."""
    sykehus = hus.verdi(
        sa.select(Organisasjon.id).where(Organisasjon.organisasjonsnummer == FINNMARKSSYKEHUSET)
    )
    sak = folk("sykehjemslege").send_henvendelse(sykehus)
    assert folk("spesialist").gjoer(sak, "aksepter").status == 200
    yield sak
    folk("sykehjemslege").gjoer(sak, "trekk")


def aapne(nettleser: Nettleser, hvem: str, sak: str, **valg: Any) -> Page:
    side = nettleser.vindu(hvem, **valg)
    side.goto(f"/henvendelser/{sak}")
    ajour(side)
    return side


def fil(navn: str, data: bytes, slag: str = "image/jpeg") -> dict[str, Any]:
    return {"name": navn, "mimeType": slag, "buffer": data}


def velg(side: Page, *filer_: dict[str, Any]) -> None:
    """Presses the button and chooses files, as a person does."""
    with side.expect_file_chooser() as velger:
        side.get_by_role("button", name="Legg ved").click()
    velger.value.set_files(list(filer_))


def lagrede(hus: Hus, sak: str) -> list[str]:
    return [
        r.navn
        for r in hus.rader(
            sa.select(Vedlegg.navn).where(Vedlegg.henvendelse_id == UUID(sak)).order_by(Vedlegg.sekvens)
        )
    ]


def uten_kvittering(side: Page) -> list[str]:
    """The rows of the attachments as they are read, without who has seen them: that changes while one looks."""
    tekster = side.locator("[data-logg] .rad--vedlegg").evaluate_all(
        """(rader) => rader.map((rad) => {
             const kopi = rad.cloneNode(true);
             kopi.querySelectorAll('[data-kvitt]').forEach((k) => k.remove());
             return kopi.textContent;
           })"""
    )
    return [re.sub(r"\s+", " ", tekst).strip() for tekst in tekster]


def bilde_er_vist(side: Page) -> bool:
    """The picture has come and has been decoded by the browser."""
    bilde = side.locator("[data-logg] .rad--vedlegg img").last
    bilde.scroll_into_view_if_needed()
    return bool(
        bilde.evaluate("async (b) => { await b.decode(); return b.naturalWidth > 0 && b.clientWidth > 40; }")
    )


def test_et_bilde_ses_og_aapnes_hos_den_andre(nettleser: Nettleser, sak: str, hus: Hus) -> None:
    lege, spesialist = aapne(nettleser, "sykehjemslege", sak), aapne(nettleser, "spesialist", sak)
    velg(
        lege,
        fil("såret.jpg", filer.bilde(stoerrelse=(1200, 900))),
        fil("prøvesvar.pdf", filer.pdf(3), "application/pdf"),
    )
    for side in (lege, spesialist):
        expect(side.locator("[data-logg] .rad--vedlegg")).to_have_count(2)
        expect(side.locator("[data-vedlegg-usendt] li")).to_have_count(0)
    bilde = spesialist.locator("[data-logg] .rad--vedlegg img")
    expect(bilde).to_have_attribute("alt", re.compile(r"^Bilde fra .+, \d\d[:.]\d\d$"))
    assert bilde_er_vist(lege) and bilde_er_vist(spesialist)
    # It keeps within the conversation.
    ramme = bilde.bounding_box()
    assert ramme and ramme["height"] <= 322 and ramme["width"] <= 354
    kort = spesialist.locator("[data-logg] .vedleggkort")
    expect(kort).to_contain_text("prøvesvar.pdf")
    expect(kort).to_contain_text("3 sider")
    # The same rows come from the server.
    for side in (lege, spesialist):
        foer = uten_kvittering(side)
        side.reload()
        ajour(side)
        expect(side.locator("[data-logg] .rad--vedlegg")).to_have_count(2)
        assert uten_kvittering(side) == foer
        assert axe(side) == []
    assert bilde_er_vist(spesialist)
    with spesialist.context.expect_page() as ny:
        spesialist.locator("[data-logg] .vedlegg__bilde").click()
    stort = ny.value
    stort.wait_for_load_state()
    assert stort.evaluate("document.images[0].naturalWidth") == 1200
    stort.close()
    assert lagrede(hus, sak) == ["såret.jpg", "prøvesvar.pdf"]


def test_limt_inn_og_sluppet(nettleser: Nettleser, sak: str, hus: Hus) -> None:
    lege = aapne(nettleser, "sykehjemslege", sak)
    data = base64.b64encode(filer.bilde("PNG")).decode()
    lege.evaluate(_SLIPP, ["#melding", "paste", data, "image.png", "image/png"])
    expect(lege.locator("[data-logg] .rad--vedlegg")).to_have_count(1)
    lege.evaluate(_SLIPP, ["[data-rull]", "dragover", data, "x.png", "image/png"])
    expect(lege.locator("[data-samtale]")).to_have_class(re.compile("samtale--slipp"))
    lege.evaluate(_SLIPP, ["[data-rull]", "drop", data, "sluppet.png", "image/png"])
    expect(lege.locator("[data-logg] .rad--vedlegg")).to_have_count(2)
    expect(lege.locator("[data-samtale]")).not_to_have_class(re.compile("samtale--slipp"))
    assert lagrede(hus, sak) == ["image.png", "sluppet.png"]


def test_avvist_fil_sier_hvorfor_og_kan_fjernes(nettleser: Nettleser, sak: str, hus: Hus) -> None:
    lege = aapne(nettleser, "sykehjemslege", sak, tillatt=[r"status of 422"])
    velg(
        lege,
        fil("side.html", b"<script>alert(1)</script>", "text/html"),
        fil("stor.jpg", bytes(11 * 2**20)),
        fil(f"{PERSONNUMMER}.jpg", filer.bilde()),
    )
    rader = lege.locator("[data-vedlegg-usendt] li")
    expect(rader).to_have_count(3)
    expect(rader.nth(0)).to_contain_text("Portalen tar bilder (JPEG, PNG, WebP) og PDF")
    expect(rader.nth(1)).to_contain_text("Grensen er 10 MB")
    expect(rader.nth(2)).to_contain_text("fødselsnummer")
    for rad in rader.all():
        expect(rad).to_contain_text("Ikke sendt")
    assert axe(lege) == []
    # Leaving asks first: what is not sent would be lost.
    dialoger: list[str] = []
    lege.once("dialog", lambda d: (dialoger.append(d.type), d.dismiss()))
    lege.evaluate("location.assign('/organisasjoner')")
    lege.wait_for_timeout(500)
    assert dialoger == ["beforeunload"] and sak in lege.url
    rader.nth(2).get_by_role("button", name="Dette er ikke et fødselsnummer").click()
    expect(lege.locator("[data-logg] .rad--vedlegg")).to_have_count(1)
    for _ in range(2):
        rader.first.get_by_role("button", name="Fjern").press("Enter")
    expect(rader).to_have_count(0)
    # The keyboard goes on from where one attaches.
    expect(lege.get_by_role("button", name="Legg ved")).to_be_focused()
    assert lagrede(hus, sak) == [f"{PERSONNUMMER}.jpg"]


def test_framdrift_avbrudd_og_ny_proeve(nettleser: Nettleser, sak: str, hus: Hus) -> None:
    lege = aapne(nettleser, "sykehjemslege", sak, tillatt=[r"net::ERR_", "Failed to load"])
    sendte: list[str] = []

    def mist(rute: Route) -> None:
        """The first never comes. The second is stored, but its answer is lost; the log tells instead."""
        kropp = rute.request.post_data_buffer or b""
        sendte.append(re.search(rb'name="klient_id"\r\n\r\n([0-9a-f-]{36})', kropp)[1].decode())  # type: ignore[index]
        if len(sendte) == 2:
            rute.fetch()
        rute.abort()

    lege.route(f"**/henvendelser/{sak}/vedlegg", mist)
    velg(lege, fil("tapt svar.jpg", filer.bilde()))
    expect(lege.locator("[data-vedlegg-usendt] li")).to_contain_text("Ikke sendt – prøver igjen")
    expect(lege.locator("[data-logg] .rad--vedlegg")).to_have_count(1)
    expect(lege.locator("[data-vedlegg-usendt] li")).to_have_count(0)
    assert len(sendte) == 2 and sendte[0] == sendte[1]
    lege.unroute(f"**/henvendelser/{sak}/vedlegg")

    # A slow line: the progress is shown, and one may take it back.
    hindre = lege.context.new_cdp_session(lege)
    hindre.send("Network.enable")
    hindre.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 20, "downloadThroughput": -1, "uploadThroughput": 300_000},
    )
    velg(lege, fil("stor.jpg", filer.foto(9 * 2**20)))
    rad = lege.locator("[data-vedlegg-usendt] li")
    expect(rad).to_contain_text("stor.jpg")
    expect(rad).to_contain_text(re.compile(r"Sender: [1-9]\d* prosent"))
    assert 0 < int(rad.locator("progress").evaluate("(p) => p.value")) < 100
    assert axe(lege) == []
    # Messages go past it.
    skriv(lege, "Skrevet mens bildet er underveis")
    expect(lege.locator("[data-logg] [data-type=melding]")).to_have_count(1)
    rad.get_by_role("button", name="Avbryt").click()
    expect(rad).to_have_count(0)
    hindre.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1},
    )
    velg(lege, fil("siste.jpg", filer.bilde()))
    expect(lege.locator("[data-logg] .rad--vedlegg")).to_have_count(2)
    assert lagrede(hus, sak) == ["tapt svar.jpg", "siste.jpg"]


def test_paa_en_telefon(nettleser: Nettleser, sak: str) -> None:
    lege = aapne(nettleser, "sykehjemslege", sak, bredde=320, hoeyde=640)
    kamera = lege.locator("[data-kamera]")
    assert kamera.get_attribute("capture") == "environment"
    velg(
        lege,
        fil(
            "et veldig langt navn uten mellomrom_".replace(" ", "_") * 3 + ".jpg",
            filer.bilde(stoerrelse=(900, 1600)),
        ),
    )
    expect(lege.locator("[data-logg] .rad--vedlegg")).to_have_count(1)
    assert bilde_er_vist(lege)
    velg(lege, fil("et_veldig_langt_navn_uten_mellomrom_" * 3 + ".pdf", filer.pdf(), "application/pdf"))
    expect(lege.locator("[data-logg] .vedleggkort")).to_have_count(1)
    assert ruller_sidelengs(lege) == 0
    assert axe(lege) == []


def test_uten_javascript(nettleser: Nettleser, sak: str) -> None:
    lege = nettleser.vindu("sykehjemslege", javascript=False, tillatt=[r"status of 422"])
    lege.goto(f"/henvendelser/{sak}")
    lege.get_by_label("Legg ved et bilde eller en PDF").set_input_files([fil("uten js.jpg", filer.bilde())])  # type: ignore[list-item]
    lege.get_by_role("button", name="Send vedlegget").click()
    expect(lege.locator(".rad--vedlegg img")).to_have_count(1)
    lege.get_by_label("Legg ved et bilde eller en PDF").set_input_files([fil("feil.jpg", b"tull")])  # type: ignore[list-item]
    lege.get_by_role("button", name="Send vedlegget").click()
    expect(lege.locator("#vedlegg-feil")).to_contain_text("Portalen tar bilder")
