"""The line goes down and comes up; rights end; two want the same: what a person sees, and what is stored."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from playwright.sync_api import Error, Page, Route, WebSocketRoute, expect

from portal.henvendelser.models import Hendelse
from portal.identitet.demo import FINNMARKSSYKEHUSET, HELSE_STAVANGER
from portal.identitet.models import Organisasjon
from tests.levende.klient import Person
from tests.levende.tjener import Hus, Tjener
from tests.nettleser.vindu import Nettleser, ajour, fyll_henvendelse, logg, logg_inn, send_henvendelse, skriv

#: What Chromium itself writes when there is no network.
UTEN_NETT = [r"WebSocket connection", r"net::ERR_", r"Failed to load resource"]


@pytest.fixture
def sykehus(hus: Hus) -> Callable[[str], str]:
    def finn(nummer: str) -> str:
        return str(hus.verdi(sa.select(Organisasjon.id).where(Organisasjon.organisasjonsnummer == nummer)))

    return finn


@pytest.fixture
def sak(folk: Callable[[str], Person], sykehus: Callable[[str], str]) -> Iterator[str]:
    """A case that the specialist has taken; it leaves the queues afterwards."""
    sak = folk("sykehjemslege").send_henvendelse(sykehus(FINNMARKSSYKEHUSET))
    assert folk("spesialist").gjoer(sak, "aksepter").status == 200
    yield sak
    folk("sykehjemslege").gjoer(sak, "trekk")


def lagret(hus: Hus, sak: str) -> list[str]:
    rader = hus.rader(
        sa.select(Hendelse.tekst)
        .where(Hendelse.henvendelse_id == UUID(sak), Hendelse.type == "melding")
        .order_by(Hendelse.sekvens)
    )
    return [r.tekst for r in rader]


def aapne(nettleser: Nettleser, hvem: str, sak: str, **valg: Any) -> Page:
    side = nettleser.vindu(hvem, **valg)
    side.goto(f"/henvendelser/{sak}")
    ajour(side)
    return side


def test_tjeneren_stopper_og_starter_igjen(nettleser: Nettleser, tjener: Tjener, hus: Hus, sak: str) -> None:
    lege = aapne(nettleser, "sykehjemslege", sak, tillatt=UTEN_NETT)
    spesialist = aapne(nettleser, "spesialist", sak, tillatt=UTEN_NETT)
    skriv(lege, "Før bruddet")
    expect(spesialist.locator("[data-logg]")).to_contain_text("Før bruddet")
    tjener.drep()
    try:
        for side in (lege, spesialist):
            varsel = side.locator("[data-samtalevarsel]")
            expect(varsel).to_be_visible()
            expect(varsel).to_contain_text("Ingen forbindelse siden")
            # Whom to ring stands there too.
            expect(varsel.locator("a[href^='tel:']").first).to_be_visible()
        skriv(lege, "Skrevet uten forbindelse")
        usendt = lege.locator("[data-usendt] [data-type=melding], [data-usendt] .rad")
        expect(usendt).to_have_count(1)
        expect(usendt).to_contain_text("Skrevet uten forbindelse")
        expect(usendt).to_contain_text("Ikke sendt")
        lege.locator("[data-skrivefelt] textarea").fill("Og et utkast")
        # Leaving asks first.
        dialoger: list[str] = []

        def svar(dialog: Any) -> None:
            dialoger.append(dialog.type)
            dialog.dismiss()

        lege.on("dialog", svar)
        with pytest.raises(Error):
            lege.reload(timeout=3_000)
        assert dialoger == ["beforeunload"]
        expect(usendt).to_contain_text("Skrevet uten forbindelse")
    finally:
        tjener.start()
    for side in (lege, spesialist):
        ajour(side)
        expect(side.locator("[data-samtalevarsel]")).to_be_hidden()
        expect(side.locator("[data-logg]")).to_contain_text("Skrevet uten forbindelse")
    expect(lege.locator("[data-usendt]")).to_be_hidden()
    expect(lege.locator("[data-skrivefelt] textarea")).to_have_value("Og et utkast")
    lege.locator("[data-skrivefelt] textarea").press("Enter")
    expect(spesialist.locator("[data-logg]")).to_contain_text("Og et utkast")
    fasit = ["Før bruddet", "Skrevet uten forbindelse", "Og et utkast"]
    assert lagret(hus, sak) == fasit
    expect(lege.locator("[data-usendt]")).to_be_hidden()
    assert logg(lege) == logg(spesialist) == fasit


def test_uten_nett_i_nettleseren(nettleser: Nettleser, hus: Hus, sak: str) -> None:
    """In a lift: the browser knows at once that it has no network, and both sides have written meanwhile."""
    lege = aapne(nettleser, "sykehjemslege", sak, tillatt=UTEN_NETT)
    spesialist = aapne(nettleser, "spesialist", sak)
    lege.context.set_offline(True)
    expect(lege.locator("[data-samtalevarsel]")).to_contain_text("Ingen forbindelse siden")
    skriv(lege, "Fra heisen")
    skriv(spesialist, "Fra sykehuset")
    expect(spesialist.locator("[data-logg]")).to_contain_text("Fra sykehuset")
    expect(lege.locator("[data-usendt]")).to_contain_text("Fra heisen")
    assert lagret(hus, sak) in (
        ["Fra sykehuset"],
        ["Fra heisen", "Fra sykehuset"],
        ["Fra sykehuset", "Fra heisen"],
    )
    lege.context.set_offline(False)
    for side in (lege, spesialist):
        expect(side.locator("[data-logg]")).to_contain_text("Fra heisen")
        expect(side.locator("[data-logg]")).to_contain_text("Fra sykehuset")
    ajour(lege)
    expect(lege.locator("[data-usendt]")).to_be_hidden()
    assert sorted(lagret(hus, sak)) == ["Fra heisen", "Fra sykehuset"]
    assert logg(lege) == logg(spesialist) == lagret(hus, sak)


def test_tapte_svar_og_tapte_utsendinger(nettleser: Nettleser, hus: Hus, sak: str) -> None:
    """The first message never arrives, no message gets its first answer, and half of the events are lost: nothing is
    lost or doubled in the end."""
    tapt = {"melding": 0, "svar": 0, "hendelse": 0}

    def linje(ws: WebSocketRoute) -> None:
        tjeneren = ws.connect_to_server()
        meldinger: set[str] = set()
        sett: set[str] = set()

        def ut(pakke: str | bytes) -> None:
            assert isinstance(pakke, str)
            if (m := re.match(r'42(\d+)\["henvendelse\.meld",(.*)\]$', pakke)) and (
                klient_id := json.loads(m[2])["klient_id"]
            ) not in sett:
                sett.add(klient_id)
                meldinger.add(m[1])
                if not tapt["melding"]:
                    tapt["melding"] += 1
                    return
            tjeneren.send(pakke)

        def inn(pakke: str | bytes) -> None:
            assert isinstance(pakke, str)
            if (m := re.match(r"43(\d+)\[", pakke)) and m[1] in meldinger:
                tapt["svar"] += 1
            elif pakke.startswith('42["hendelse"') and (tapt["hendelse"] + len(meldinger)) % 2 == 0:
                tapt["hendelse"] += 1
            else:
                ws.send(pakke)

        ws.on_message(ut)
        tjeneren.on_message(inn)

    lege = nettleser.vindu("sykehjemslege")
    lege.route_web_socket(re.compile("/socket.io/"), linje)
    lege.goto(f"/henvendelser/{sak}")
    ajour(lege)
    spesialist = aapne(nettleser, "spesialist", sak)
    for nummer in range(2):
        skriv(lege, f"Fra legen {nummer}")
        skriv(spesialist, f"Fra spesialisten {nummer}")
    fasit = {f"Fra {hvem} {n}" for hvem in ("legen", "spesialisten") for n in range(2)}
    for side in (lege, spesialist):
        for tekst in fasit:
            expect(side.locator("[data-logg]")).to_contain_text(tekst)
    expect(lege.locator("[data-usendt]")).to_be_hidden()
    assert len(lagret(hus, sak)) == 4 and set(lagret(hus, sak)) == fasit
    assert logg(lege) == logg(spesialist) == lagret(hus, sak)
    assert tapt["svar"] >= 1


def test_siden_lastes_paa_nytt_midt_i_sendingen(nettleser: Nettleser, hus: Hus, sak: str) -> None:
    """The answer never comes and the page is loaded anew: the new page shows what was stored, once."""
    lege = nettleser.vindu("sykehjemslege")
    holdt = False

    def linje(ws: WebSocketRoute) -> None:
        tjeneren = ws.connect_to_server()

        def inn(pakke: str | bytes) -> None:
            nonlocal holdt
            if not holdt and str(pakke).startswith("43") and '"sekvens"' in str(pakke):
                holdt = True
            elif not (not holdt and str(pakke).startswith('42["hendelse"')):
                ws.send(pakke)

        tjeneren.on_message(inn)

    lege.route_web_socket(re.compile("/socket.io/"), linje)
    lege.goto(f"/henvendelser/{sak}")
    ajour(lege)
    lege.on("dialog", lambda dialog: dialog.accept())
    skriv(lege, "Midt i sendingen")
    for _ in range(200):
        if lagret(hus, sak):
            break
        lege.wait_for_timeout(50)
    assert lagret(hus, sak) == ["Midt i sendingen"]
    lege.reload()
    ajour(lege)
    expect(lege.locator("[data-logg] [data-type=melding]")).to_have_count(1)
    assert logg(lege) == lagret(hus, sak) == ["Midt i sendingen"]


def test_utlogget_i_en_annen_fane(nettleser: Nettleser, hus: Hus, sak: str) -> None:
    """The open conversation is covered, keeps what is written, and goes on by itself after a login as the same
    person."""
    side = nettleser.vindu(tillatt=["status of 401", *UTEN_NETT])
    logg_inn(side, "spesialist")
    side.goto(f"/henvendelser/{sak}")
    ajour(side)
    side.route("**/sesjon**", lambda rute: rute.abort())
    annen = nettleser.fane(side.context, tillatt=["status of 401"])
    annen.goto("/koe")
    annen.locator("details.konto > summary").click()
    annen.get_by_role("button", name="Logg ut").click()
    annen.wait_for_url("**/innlogging")
    # Written before the page had heard of it: it waits, under the cover.
    skriv(side, "Skrevet mens jeg var logget ut")
    expect(side.locator("[data-usendt]")).to_contain_text("Skrevet mens jeg var logget ut")
    side.unroute("**/sesjon**")
    expect(side.get_by_role("dialog", name="Du er logget ut")).to_be_visible()
    expect(side.locator("main")).to_be_hidden()
    assert lagret(hus, sak) == []
    logg_inn(annen, "spesialist")
    side.bring_to_front()
    expect(side.locator(".laas")).to_have_count(0)
    expect(side.locator("[data-logg]")).to_contain_text("Skrevet mens jeg var logget ut")
    ajour(side)
    assert lagret(hus, sak) == ["Skrevet mens jeg var logget ut"]


def test_en_annen_er_logget_inn_i_nettleseren(nettleser: Nettleser, hus: Hus, sak: str) -> None:
    """Nothing goes out in another's name, and the other does not see the case."""
    side = nettleser.vindu(tillatt=["status of 40", *UTEN_NETT])
    logg_inn(side, "sykehjemslege")
    side.goto(f"/henvendelser/{sak}")
    ajour(side)
    side.route("**/sesjon**", lambda rute: rute.abort())
    annen = nettleser.fane(side.context, tillatt=["status of 401"])
    annen.goto("/henvendelser/")
    annen.locator("details.konto > summary").click()
    annen.get_by_role("button", name="Logg ut").click()
    annen.wait_for_url("**/innlogging")
    skriv(side, "I feil navn?")
    side.unroute("**/sesjon**")
    expect(side.get_by_role("dialog", name="Du er logget ut")).to_be_visible()
    logg_inn(annen, "koordinator")
    side.bring_to_front()
    expect(side.get_by_role("dialog", name="En annen er logget inn")).to_be_visible()
    side.wait_for_timeout(1_500)
    assert lagret(hus, sak) == []
    expect(side.locator("[data-bit=klinisk]")).not_to_be_visible()
    expect(side.locator("[data-bit=fakta]")).not_to_be_visible()


def test_saken_sendes_til_et_annet_sykehus(
    nettleser: Nettleser, folk: Callable[[str], Person], sykehus: Callable[[str], str], sak: str
) -> None:
    """At the hospital that no longer has it, everything of the case leaves the screen at once."""
    skjult = "Hemmelig klinisk opplysning"
    assert folk("spesialist").skriv(sak, str(uuid4()), skjult).status == 200
    kollega = aapne(nettleser, "spesialist_hjerte", sak, tillatt=["status of 404"])
    lege = aapne(nettleser, "sykehjemslege", sak)
    assert skjult in kollega.content() and "Tungpust" in kollega.content()
    svar = folk("spesialist").gjoer(
        sak,
        "videresend",
        mottaker_id=sykehus(HELSE_STAVANGER),
        fagomraade="indremedisin",
        begrunnelse="Hører til dere.",
    )
    assert svar.status == 204
    expect(kollega.locator("[data-samtalevarsel]")).to_contain_text("Du har ikke tilgang")
    expect(kollega).to_have_title(re.compile("Ingen tilgang"))
    # Nor is it read aloud afterwards.
    kollega.wait_for_timeout(1_000)
    for ord_ in (skjult, "Tungpust", "Hører til dere"):
        assert ord_ not in kollega.content()
    expect(lege.locator("[data-logg] [data-type=videresendt]")).to_be_visible()
    expect(lege.locator("#naa-tittel")).to_have_text("Ingen har tatt saken ennå")


def test_to_spesialister_tar_saken_samtidig(nettleser: Nettleser) -> None:
    lege = nettleser.vindu("lege")
    lege.goto("/henvendelser/ny")
    fyll_henvendelse(lege, "Hvem kommer først?")
    sak = send_henvendelse(lege)
    sider = [nettleser.vindu(hvem) for hvem in ("spesialist", "spesialist_hjerte")]
    holdt: list[Route] = []
    for side in sider:
        side.goto("/koe")
        expect(side.locator(f"#ta-{sak}")).to_be_visible()
        side.route("**/aksepter", lambda rute: holdt.append(rute))
    for side in sider:
        side.evaluate("(id) => { setTimeout(() => document.getElementById(id).click()) }", f"ta-{sak}")
    # Both have pressed before either is let through.
    for _ in range(200):
        if len(holdt) == 2:
            break
        sider[0].wait_for_timeout(50)
    for rute in holdt:
        rute.continue_()
    for side in sider:
        expect(side).to_have_url(re.compile(f"/henvendelser/{sak}$"))
        expect(side.locator("#naa-tittel")).to_have_text(re.compile("^Hos "))
    vinner = sider[0].locator("#naa-tittel").inner_text().removeprefix("Hos ")
    assert sider[1].locator("#naa-tittel").inner_text() == f"Hos {vinner}"
    beskjeder = [side.locator(".beskjeder", has_text="har alt tatt denne saken").count() for side in sider]
    assert sorted(beskjeder) == [0, 1]
    taper = sider[beskjeder.index(1)]
    expect(taper.locator(".beskjeder").first).to_contain_text(f"{vinner} har alt tatt denne saken")
    expect(taper.get_by_role("button", name="Gi råd")).to_have_count(0)
    expect(lege.locator("#naa-tittel")).to_have_text(f"Hos {vinner}")


def test_koeen_er_levende_ogsaa_etter_et_brudd(
    nettleser: Nettleser, folk: Callable[[str], Person], sykehus: Callable[[str], str]
) -> None:
    """A case that came while the line was down is there when it is up, and the banner told that the list was old."""
    side = nettleser.vindu("spesialist", tillatt=UTEN_NETT)
    side.goto("/koe")
    expect(side.locator("[data-linjestatus]")).to_have_attribute("data-tilstand", "ajour")
    side.context.set_offline(True)
    expect(side.locator("[data-linjestatus]")).to_have_attribute("data-tilstand", "gammel")
    sak = folk("sykehjemslege").send_henvendelse(sykehus(FINNMARKSSYKEHUSET))
    side.context.set_offline(False)
    expect(side.locator(f"#koe-{sak}")).to_be_visible()
    expect(side.locator("[data-linjestatus]")).to_have_attribute("data-tilstand", "ajour")
    # And it leaves the list by itself when somebody else takes it.
    assert folk("spesialist_hjerte").gjoer(sak, "aksepter").status == 200
    expect(side.locator(f"#koe-{sak}")).to_have_count(0)
