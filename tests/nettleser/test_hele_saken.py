"""The whole case as people live it: a nurse and a physician of one nursing home and two specialists, in windows beside
each other, from the question to what became of the patient three days later."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from PIL import Image
from playwright.sync_api import Page, expect

from portal.core.clock import now
from portal.henvendelser.models import Henvendelse, Oppfoelging
from tests.levende.test_arbeider import start_arbeider
from tests.levende.tjener import Hus
from tests.nettleser.vindu import Nettleser, ajour, axe, fyll_henvendelse, send_henvendelse, skriv


def _bilde() -> bytes:
    """A picture of a swollen leg, as a telephone would send it."""
    fil = io.BytesIO()
    Image.new("RGB", (320, 240), (180, 120, 110)).save(fil, "JPEG")
    return fil.getvalue()


def _aapne(nettleser: Nettleser, hvem: str, sak: str) -> Page:
    side = nettleser.vindu(hvem)
    side.goto(f"/henvendelser/{sak}")
    ajour(side)
    return side


def _la_det_gaa_tre_dager(hus: Hus) -> None:
    """The worker's clock alone is moved: 73 hours on, every job is due."""
    with start_arbeider(hus, hus.mappe / "arbeider.log") as arbeider:
        try:
            assert arbeider.stdout and arbeider.stdin
            assert arbeider.stdout.readline()
            arbeider.stdin.write(f"{(now() + timedelta(hours=73)).isoformat()}\n")
            arbeider.stdin.flush()
            assert arbeider.stdout.readline(), (hus.mappe / "arbeider.log").read_text()
        finally:
            arbeider.kill()


def _unngaatt(hus: Hus, sak: str) -> str:
    rad = hus.rader(
        sa.select(
            Henvendelse.status, Henvendelse.plan_uten_raad, Henvendelse.utfall, Henvendelse.oppfoelging
        ).where(Henvendelse.id == UUID(sak))
    )[0]
    return str(
        Henvendelse(
            status=rad.status,
            plan_uten_raad=rad.plan_uten_raad,
            utfall=rad.utfall,
            oppfoelging=rad.oppfoelging,
        ).unngaatt
    )


def _journal(side: Page, sak: str) -> str:
    side.goto(f"/henvendelser/{sak}/journal")
    return side.get_by_role("textbox").input_value()


def test_fra_spoersmaal_til_hva_som_skjedde(nettleser: Nettleser, hus: Hus) -> None:
    lege = nettleser.vindu("sykehjemslege")
    lege.goto("/henvendelser/ny")
    fyll_henvendelse(lege, "Rødt og hovent bein siden i går hos beboer, feber 38,4.")
    sak = send_henvendelse(lege)
    ajour(lege)

    # The nurse of the same unit, and the specialist who takes it.
    sykepleier = _aapne(nettleser, "sykepleier", sak)
    spesialist = _aapne(nettleser, "spesialist", sak)
    spesialist.get_by_role("button", name="Ta saken").click()
    expect(lege.locator("[data-bit=handlinger]")).to_contain_text("Hos Ánte Ŧávvon")
    skriv(spesialist, "Kan dere sende et bilde av beinet?")
    expect(sykepleier.locator("[data-logg]")).to_contain_text("Kan dere sende et bilde")

    # A picture from the nurse stands in everybody's window, and opens.
    with sykepleier.expect_file_chooser() as velger:
        sykepleier.get_by_role("button", name="Legg ved").click()
    velger.value.set_files({"name": "IMG_0417.jpg", "mimeType": "image/jpeg", "buffer": _bilde()})
    for side in (lege, spesialist):
        bilde = side.locator("[data-logg] [data-type=vedlegg] img")
        bilde.scroll_into_view_if_needed()
        expect(bilde).to_be_visible()
        side.wait_for_function(
            "() => document.querySelector('[data-logg] [data-type=vedlegg] img').naturalWidth === 320"
        )
    with spesialist.context.expect_page() as aapnet:
        spesialist.locator("[data-logg] [data-type=vedlegg] a").first.click()
    aapnet.value.wait_for_load_state()
    assert re.search(rf"/henvendelser/{sak}/vedlegg/[0-9a-f-]+$", aapnet.value.url)
    aapnet.value.close()

    # Shift change: another specialist is asked by name. Until she says yes, the former is responsible.
    spesialist.get_by_role("link", name=re.compile("Overlever")).click()
    spesialist.get_by_role("combobox", name=re.compile("Kollega")).fill("Solveig")
    spesialist.get_by_role("option", name=re.compile("Solveig Kjær")).click()
    spesialist.get_by_role("button", name="Spør om å overta").click()
    expect(lege.locator("[data-logg]")).to_contain_text("Solveig Kjær")
    expect(lege.locator("[data-bit=handlinger]")).to_contain_text("Hos Ánte Ŧávvon")
    kveldsvakt = nettleser.vindu("spesialist_hjerte")
    kveldsvakt.goto("/")
    kveldsvakt.get_by_role("region", name=re.compile("Invitasjoner")).get_by_role(
        "button", name="Overta ansvaret"
    ).click()
    expect(lege.locator("[data-bit=handlinger]")).to_contain_text("Hos Solveig Kjær")

    # Advice with a consideration, and closing with what was done.
    kveldsvakt.goto(f"/henvendelser/{sak}")
    ajour(kveldsvakt)
    kveldsvakt.locator("summary", has_text="Gi råd").click()
    raad = kveldsvakt.locator("form[data-skjemanavn=besvar]")
    raad.locator("label", has_text="Behandles i kommunen").click()
    raad.get_by_label("Begrunnelse og plan").fill("Erysipelas. Penicillin i ti dager, tegn opp grensen.")
    raad.locator("summary", has_text="Vurderinger").click()
    raad.get_by_label("Nytte").fill("God nytte av behandling der hun bor.")
    raad.get_by_role("button", name="Send rådet").click()
    expect(sykepleier.locator("[data-logg]")).to_contain_text("Penicillin i ti dager")
    expect(sykepleier.locator("[data-logg]")).to_contain_text("God nytte av behandling der hun bor.")
    lege.locator("summary", has_text="Lukk med utfall").click()
    lukk = lege.locator("form[data-skjemanavn=lukk]")
    lukk.locator("label", has_text="Behandlet i kommunen").click()
    lukk.get_by_role("button", name="Lukk saken").click()
    expect(lege.locator("[data-bit=handlinger]")).to_contain_text("Innleggelse unngått: forventet")
    assert _unngaatt(hus, sak) == "forventet"

    # Three days later the physician is asked, answers with one press, and the computed outcome follows.
    _la_det_gaa_tre_dager(hus)
    assert hus.verdi(sa.select(Oppfoelging.spurt).where(Oppfoelging.henvendelse_id == UUID(sak))) is not None
    lege.goto("/henvendelser/")
    kort = lege.locator(f"#oppfoelging-{sak}")
    expect(kort).to_contain_text("Hva skjedde 3 dager etter?")
    assert axe(lege) == []
    kort.get_by_role("button", name="Innlagt likevel").click()
    expect(lege.locator(".beskjeder")).to_contain_text("Takk. Svaret er lagret.")
    expect(lege).to_have_url(re.compile("/henvendelser/$"))
    expect(lege.locator(f"#oppfoelging-{sak}")).to_have_count(0)
    assert _unngaatt(hus, sak) == "avkreftet"

    # Both sides have it right for their journals: what was asked, what was advised, who, and what became of it.
    felles = [
        "Rødt og hovent bein",
        "Penicillin i ti dager",
        "God nytte av behandling",
        "Solveig Kjær",
        "IMG_0417.jpg",
        "Innlagt likevel",
    ]
    fra_legen, fra_sykehuset = _journal(lege, sak), _journal(kveldsvakt, sak)
    for tekst in (fra_legen, fra_sykehuset):
        assert [ord_ for ord_ in felles if ord_ not in tekst] == []
    assert fra_legen.split("\n\n")[0] != fra_sykehuset.split("\n\n")[0]
    kveldsvakt.goto(f"/henvendelser/{sak}")
    expect(kveldsvakt.locator("[data-bit=handlinger]")).to_contain_text("Innleggelse unngått: avkreftet")
    assert axe(kveldsvakt) == []
