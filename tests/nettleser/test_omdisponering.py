"""Staff that is lent, as people live it: a kommune at the peak states a need, the trust offers, both approve what the
proposal says and does, it begins, the bed board opens beds, it ends, and they close again.

The demo's people: Åse in Alta, Pål at the trust, and Sigurd, who works where the beds are.
"""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from playwright.sync_api import Locator, Page, expect

from portal.core.clock import now, oslo
from portal.identitet.demo import OEHD_ALTA
from portal.identitet.models import Enhet
from portal.omdisponering.models import Omdisponering
from portal.plasser.models import Plassenhet
from tests.levende.tjener import Hus
from tests.nettleser.test_avtaleflyt import bekreft_fase, sett_fase
from tests.nettleser.vindu import Nettleser, axe

#: Whom the trust offers; the proposal gives one of them here, and the other to a need of the demo's.
TILBUDT = ("Jørn Håkonsen", "Siv Ærøe")
HVEM = re.compile("|".join(TILBUDT))
HVORFOR = "To sykepleiere ble syke i natt, og to plasser står uten folk."


def _enheten(hus: Hus) -> str:
    return str(
        hus.verdi(
            sa.select(Plassenhet.id)
            .join(Enhet, Enhet.id == Plassenhet.enhet_id)
            .where(Enhet.navn == OEHD_ALTA, Plassenhet.nedlagt.is_(None))
        )
    )


def _bemannet(tavle: Page, enhet: str) -> Locator:
    return tavle.locator(f"[data-plassenhet='{enhet}']").first.locator("[data-tall=bemannet]")


def _naa(timer: float) -> str:
    """An hour as the form takes it, by Oslo's clock."""
    return f"{oslo(now() + timedelta(hours=timer)):%Y-%m-%dT%H:%M}"


def _meld_behov(side: Page, fase: int) -> str:
    side.goto("/omdisponering/behov/ny?slag=personell")
    side.locator("#stilling").select_option("sykepleier")
    for felt, verdi in (
        ("antall", "1"),
        ("minst", "1"),
        ("andel", "50"),
        ("fra", _naa(-0.02)),
        ("til", _naa(48)),
    ):
        side.locator(f"#{felt}").fill(verdi)
    side.locator("#enhet_id").select_option(label=OEHD_ALTA)
    side.locator("#hvorfor").fill(HVORFOR)
    side.get_by_role("button", name="Meld behovet").click()
    side.wait_for_url(re.compile(r"/omdisponering/behov/[0-9a-f-]{36}"))
    expect(side.locator("main")).to_contain_text(f"Fase {fase}")
    return side.url.rsplit("/", 1)[1].split("?")[0]


def _tilby(side: Page, behov: str) -> None:
    side.goto(f"/omdisponering/behov/{behov}")
    side.locator(f"a[href^='/omdisponering/tilbud/ny?'][href*='{behov}']").first.click()
    for navn in TILBUDT:
        side.get_by_label(navn).check()
    side.get_by_role("button", name="Tilby de valgte").click()
    side.wait_for_url(re.compile(rf"/omdisponering/behov/{behov}"))


def _lag_utkast(side: Page, behov: str) -> str:
    """The receiver makes a draft of the proposal, whose reasons it reads, and settles the terms."""
    side.goto(f"/omdisponering/behov/{behov}/forslag")
    expect(side.locator("main")).not_to_contain_text(HVEM)
    side.get_by_role("button", name=re.compile("^Lag utkast med")).first.click()
    side.wait_for_url(re.compile(r"/omdisponering/[0-9a-f-]{36}$"))
    adresse = side.url
    side.get_by_role("link", name="Endre", exact=True).click()
    # A draft begins with the terms of the clause about lending, where there is one: here they are chosen anew.
    for felt in ("ansvarsforhold", "arbeidsgiveransvar", "organisering", "finansiering"):
        side.locator(f"#{felt}").fill("")
    klausul = side.locator("#bestemmelse_id")
    klausul.select_option(
        label=klausul.locator("option", has_text="Felles utrykningsteam").inner_text().strip()
    )
    # The clause's own terms have come into the empty fields; what is written stands.
    expect(side.locator("#arbeidsgiveransvar")).to_have_value("Hver part for sine egne.")
    side.locator("#ansvarsforhold").fill("Legen på ØHD-enheten har det faglige ansvaret.")
    side.locator("#organisering").fill("Vaktene settes av enhetslederen i Alta.")
    side.locator("#aapnes").fill("2")
    assert axe(side) == []
    side.get_by_role("button", name="Lagre").last.click()
    side.wait_for_url(adresse)
    return adresse


def test_fra_behov_til_foerste_vakt_og_tilbake(nettleser: Nettleser, hus: Hus) -> None:
    enhet = _enheten(hus)
    tavle = nettleser.vindu("lege_kautokeino")
    tavle.goto("/plasser/")
    foer = _bemannet(tavle, enhet).inner_text().strip()
    n = int(foer.split()[0])

    overlege = nettleser.vindu("kommuneoverlege")
    bekreft_fase(sett_fase(overlege, 4), 4)
    kommunen = nettleser.vindu("koordinator")
    behov = _meld_behov(kommunen, 4)
    # As the demo has it, for whoever comes after.
    bekreft_fase(sett_fase(overlege, 3), 3)
    foretaket = nettleser.vindu("koordinator_hf")
    _tilby(foretaket, behov)
    adresse = _lag_utkast(kommunen, behov)
    setning = "Avgir 1 sykepleier: 2 ØHD-plasser åpnes hos Demo ØHD-enhet Alta."
    expect(kommunen.locator(".omdvirk__setning")).to_have_text(setning)
    expect(kommunen.locator(".omdvirk__enhet")).to_contain_text(f"fra {n} til {n + 2}")
    assert axe(kommunen) == []
    kommunen.get_by_role("button", name="Foreslå for Finnmarkssykehuset").click()
    expect(kommunen.locator(".omd__tur")).to_contain_text("Venter på Finnmarkssykehuset")

    # The lender sees who it is, what it does, and how long it has; and that the person has said yes.
    foretaket.goto(adresse)
    expect(foretaket.locator(".omd__tur--min")).to_contain_text("igjen")
    expect(foretaket.locator(".omdvirk__setning")).to_have_text(setning)
    assert axe(foretaket) == []
    foretaket.get_by_role("group", name=HVEM).locator("label", has_text="Har sagt ja").click()
    if foretaket.locator("#gulv_overstyrt").count():
        foretaket.locator("#gulv_overstyrt").fill("To vikarer kommer i morgen.")
    # The other side's window is open all the while, and has no name in it.
    expect(kommunen.locator("main")).not_to_contain_text(HVEM)
    foretaket.get_by_role("button", name="Godkjenn for Finnmarkssykehuset").click()
    expect(foretaket.locator(".omd__tur")).to_contain_text("Venter på Alta")

    # It changes by itself, and shows the names now.
    expect(kommunen.locator(".omd__tur--min")).to_contain_text("Venter på dere")
    expect(kommunen.locator("#linjer").locator("xpath=ancestor::section")).to_contain_text(HVEM)
    kommunen.get_by_role("button", name="Godkjenn for Alta").click()

    # Its hour has come: it begins by itself, and the board in the third window opens the beds.
    expect(_bemannet(tavle, enhet)).to_have_text(re.compile(rf"^\s*{n + 2} av"))
    expect(foretaket.locator(".omdvei")).to_contain_text("Begynt")
    kommunen.goto(adresse)
    expect(kommunen.locator(".omd__tur")).to_contain_text("I gang")
    assert axe(kommunen) == []

    # The letter prints.
    brev = kommunen.locator("a[href*='/brev/'][href$='.pdf']").first.get_attribute("href")
    assert brev is not None
    svar = kommunen.request.get(brev)
    assert svar.ok and svar.body().startswith(b"%PDF")

    # It ends before its time, with the reason, and the beds close again.
    kommunen.locator("summary", has_text="Avslutt").click()
    kommunen.get_by_label("Hvorfor avsluttes den nå?").fill("De syke er tilbake.")
    kommunen.get_by_role("button", name="Avslutt omdisponeringen").click()
    expect(kommunen.get_by_role("status").first).to_contain_text("avsluttet")
    expect(_bemannet(tavle, enhet)).to_have_text(re.compile(rf"^\s*{n} av"))
    expect(foretaket.locator(".omd__grunn")).to_have_text("De syke er tilbake.")
    id_ = UUID(adresse.rsplit("/", 1)[1])
    rad = hus.rader(sa.select(Omdisponering.status, Omdisponering.ble_aapnet).where(Omdisponering.id == id_))
    assert [tuple(r) for r in rad] == [("avsluttet", 2)]
    hus.kontroller_revisjon()


def test_det_man_skriver_mistes_ikke_naar_den_andre_siden_endrer(nettleser: Nettleser, hus: Hus) -> None:
    """Both have the form open; who saves last is shown what the other wrote, and keeps the own text."""
    kommunen = nettleser.vindu("koordinator", tillatt=["409"])
    behov = _meld_behov(kommunen, 3)
    foretaket = nettleser.vindu("koordinator_hf")
    _tilby(foretaket, behov)
    adresse = _lag_utkast(kommunen, behov)
    kommunen.get_by_role("button", name="Foreslå for Finnmarkssykehuset").click()
    foretaket.goto(f"{adresse}/endre")
    kommunen.goto(f"{adresse}/endre")
    kommunen.locator("#merknad").fill("Oppmøte ved hovedinngangen.")
    foretaket.locator("#merknad").fill("Bolig ordnes av oss.")
    foretaket.get_by_role("button", name="Lagre").last.click()
    foretaket.wait_for_url(adresse)
    # The open form says so without being touched.
    expect(kommunen.locator("[data-forhandlingsdel=fersk]")).to_contain_text("Endret av Pål Grønvik")
    expect(kommunen.locator("#merknad")).to_have_value("Oppmøte ved hovedinngangen.")
    kommunen.get_by_role("button", name="Lagre").last.click()
    expect(kommunen.locator("main")).to_contain_text("Bolig ordnes av oss.")
    expect(kommunen.locator("#merknad")).to_have_value("Oppmøte ved hovedinngangen.")
    assert axe(kommunen) == []
    kommunen.get_by_role("button", name="Lagre").last.click()
    kommunen.wait_for_url(adresse)
    expect(kommunen.locator("main")).to_contain_text("Oppmøte ved hovedinngangen.")
