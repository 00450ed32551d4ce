"""The rosters in a browser: a coordinator makes a plan with a rotation and overrides a shift, clinicians swap, and
every page is measured. The fagområde is one that the demo has no plan for, so that nothing else is disturbed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from portal.core.clock import now, oslo
from portal.identitet.demo import DEMO
from portal.identitet.models import Medlemskap, MedlemskapFagomraade, Person
from portal.vakt.models import Vakt, Vaktplan
from tests.levende.tjener import Hus
from tests.nettleser.test_sider import undersoek
from tests.nettleser.vindu import Nettleser

#: Two of the hospital's specialists answer for it for as long as this file runs.
FAG, FAGNAVN = "oeyesykdommer", "Øyesykdommer"
SPESIALISTER = ("spesialist", "spesialist_hjerte")


@pytest.fixture(scope="module")
def oeyeleger(hus: Hus) -> Iterator[dict[str, str]]:
    """Their names by the keys of the demo."""
    with hus.motor.begin() as c:
        rader = c.execute(
            sa.select(Medlemskap.id, Person.epost, Person.navn)
            .join(Person, Person.id == Medlemskap.person_id)
            .where(Person.epost.in_([DEMO[n] for n in SPESIALISTER]))
        ).all()
        c.execute(
            sa.insert(MedlemskapFagomraade), [{"medlemskap_id": r.id, "fagomraade": FAG} for r in rader]
        )
    yield {n: next(r.navn for r in rader if r.epost == DEMO[n]) for n in SPESIALISTER}
    with hus.motor.begin() as c:
        c.execute(sa.delete(MedlemskapFagomraade).where(MedlemskapFagomraade.fagomraade == FAG))


def maal(side: Page, hva: str) -> None:
    """No page on the way may have a fault that axe knows, or be wider than a telephone."""
    bredde = side.viewport_size
    assert undersoek(side, hva) == []
    assert bredde
    side.set_viewport_size(bredde)
    # All that was unfolded to be measured lies in the way of the next click.
    side.evaluate("for (const d of document.querySelectorAll('details')) d.open = false;")


def test_en_plan_fra_tom_til_byttet(nettleser: Nettleser, hus: Hus, oeyeleger: dict[str, str]) -> None:
    en, to = (oeyeleger[n] for n in SPESIALISTER)
    koordinator = nettleser.vindu("koordinator_hf", tillatt=[r"status of 4(09|22)"])

    # A new plan, from the menu.
    koordinator.goto("/")
    koordinator.get_by_role("navigation", name="Hovedmeny").get_by_role("link", name="Vakt").click()
    koordinator.get_by_role("link", name="Ny vaktplan").click()
    koordinator.get_by_role("combobox", name="Fagområde").fill(FAGNAVN)
    koordinator.get_by_role("option", name=FAGNAVN).click()
    koordinator.get_by_role("button", name="Lag vaktplanen").click()
    koordinator.get_by_label("Bakvakt", exact=True).fill("900 00 055")
    koordinator.get_by_role("button", name="Lagre bakvakt").click()
    expect(koordinator.get_by_role("status").first).to_contain_text("er lagret")
    maal(koordinator, "oppsett")

    # A rotation of two, in an order that is changed by a button, shown before it is made.
    koordinator.get_by_role("link", name="Ny rotasjon").click()
    for plass, navn in enumerate((to, en), 1):
        valg = (
            koordinator.get_by_label(f"Nummer {plass}")
            .locator("option", has_text=navn)
            .get_attribute("value")
        )
        koordinator.get_by_label(f"Nummer {plass}").select_option(value=valg)
    koordinator.get_by_role("button", name=f"Flytt {en} opp").click()
    expect(koordinator.locator("#roest")).to_have_text(f"{en} er nå nummer 1")
    koordinator.get_by_role("button", name="Vis hvordan det blir").click()
    expect(koordinator.get_by_role("heading", name=re.compile("Slik blir det"))).to_be_visible()
    foerste_rad = koordinator.locator("table tbody tr").first
    expect(foerste_rad).to_contain_text(en)
    maal(koordinator, "rotasjon, vist")
    koordinator.get_by_role("button", name="Lag rotasjonen").click()
    koordinator.wait_for_url(re.compile("maaned="))
    expect(koordinator.locator(".vaktbit", has_text=en).first).to_be_visible()
    maal(koordinator, "måned")

    # The second week is the other's: of its first shift a part is given back.
    plan = hus.verdi(sa.select(Vaktplan.id).where(Vaktplan.fagomraade == FAG))
    vakt = hus.verdi(
        sa.select(Vakt.id)
        .join(Person, Person.id == Vakt.person_id)
        .where(Vakt.vaktplan_id == plan, Person.navn == to)
        .order_by(Vakt.fra)
        .limit(1)
    )
    koordinator.goto(f"/vakt/vakter/{vakt}")
    maal(koordinator, "vakt")
    start = koordinator.locator("#fra").input_value()
    koordinator.get_by_label("Hvem").select_option(
        value=koordinator.get_by_label("Hvem").locator("option", has_text=en).get_attribute("value")
    )
    # Wrong first: nothing is lost, and the way to mend it is said.
    koordinator.locator("#til").fill(start)
    koordinator.get_by_role("button", name="Lagre endringen").click()
    expect(koordinator.get_by_role("alert")).to_contain_text("må slutte etter at den begynner")
    expect(koordinator.get_by_label("Hvem").locator("option:checked")).to_contain_text(en)
    koordinator.locator("#til").fill(start[:11] + "18:00")
    koordinator.get_by_role("button", name="Lagre endringen").click()
    expect(koordinator.get_by_role("status").first).to_contain_text("Vakten er endret")
    expect(koordinator.get_by_role("heading", name="Hva den kom i stedet for")).to_be_visible()
    maal(koordinator, "vakt, endret")
    koordinator.get_by_role("link", name="Vaktplanen").click()
    expect(koordinator.locator(".vaktbit__merke", has_text="Overstyrt")).to_be_visible()
    maal(koordinator, "uke")

    # The other asks to be rid of what is left of it, and the first accepts.
    bytter = nettleser.vindu("spesialist_hjerte")
    bytter.goto("/vakt/mine")
    bytter.locator(".vaktliste__rad", has_text=FAGNAVN).first.get_by_role("link").click()
    bytter.get_by_role("link", name="Bytt bort vakten").click()
    maal(bytter, "bytt")
    valg = bytter.get_by_label("Hvem skal ta vakten?")
    valg.select_option(label=en)
    expect(bytter.get_by_role("heading", name=f"Spør {en}")).to_be_visible()
    maal(bytter, "bytt, med hvem")
    bytter.get_by_role("button", name="Send forslaget").click()
    expect(bytter.get_by_role("heading", name="Du har spurt")).to_be_visible()

    svarer = nettleser.vindu("spesialist")
    svarer.goto("/vakt")
    expect(svarer.get_by_role("heading", name="1 bytte venter på svar fra deg")).to_be_visible()
    maal(svarer, "forside")
    svarer.goto("/vakt/bytter")
    maal(svarer, "bytter")
    svarer.get_by_role("button", name="Godta").click()
    expect(svarer.get_by_role("status").first).to_contain_text("Byttet er gjort")
    maal(svarer, "mine")
    bytter.reload()
    expect(bytter.get_by_role("heading", name="Avgjort de siste 30 dagene")).to_be_visible()


def test_kalenderen_friskes_opp_av_seg_selv(nettleser: Nettleser, hus: Hus) -> None:
    """A page that stands open shows what another window did when it comes back into view."""
    side = nettleser.vindu("spesialist_hjerte")
    side.goto("/vakt")
    lenke = side.locator(".vaktkort", has_text="Indremedisin").locator("h2 a")
    side.goto(lenke.get_attribute("href") or "")
    foer = side.locator("[data-vaktdel='kalender']").inner_text()
    plan = UUID(side.url.rsplit("/", 1)[1])
    naa = now()
    vakt_id = hus.verdi(
        sa.select(Vakt.id).where(
            Vakt.vaktplan_id == plan,
            Vakt.nivaa == "bakvakt",
            Vakt.avlyst.is_(None),
            Vakt.fra <= naa,
            Vakt.til > naa,
        )
    )
    hus.endre(sa.update(Vakt).where(Vakt.id == vakt_id).values(avlyst=naa))
    side.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(side.locator("[data-vaktdel='kalender']")).not_to_have_text(foer)
    expect(side.locator(".kalenderhode__hull--noen")).to_be_visible()
    hus.endre(sa.update(Vakt).where(Vakt.id == vakt_id).values(avlyst=None))


def test_en_kalenderfil_og_den_hemmelige_adressen(nettleser: Nettleser, oeyeleger: dict[str, str]) -> None:
    koordinator = nettleser.vindu("koordinator_hf", tillatt=[r"status of 422"])
    koordinator.goto("/vakt")
    koordinator.locator(".vaktkort", has_text="Indremedisin").locator("h2 a").click()
    koordinator.get_by_role("link", name="Oppsett").click()
    koordinator.get_by_role("link", name="Les inn kalenderfil").click()
    maal(koordinator, "import")
    dag = (oslo(now()) + timedelta(days=500)).strftime("%Y%m%d")
    for hvem, ord_ in (
        ("Ukjent Person", "1 feil må rettes"),
        (oeyeleger["spesialist"], "Alt i kalenderfilen er i orden"),
    ):
        hendelse = f"UID:{uuid4()}\nSUMMARY:{hvem}\nDTSTART:{dag}T080000\nDTEND:{dag}T120000"
        fil = f"BEGIN:VCALENDAR\nBEGIN:VEVENT\n{hendelse}\nEND:VEVENT\nEND:VCALENDAR\n"
        koordinator.get_by_label("Kalenderfil", exact=True).set_input_files(
            {"name": "vakter.ics", "mimeType": "text/calendar", "buffer": fil.encode()}
        )
        koordinator.get_by_label("Nivå").select_option(label="Bakvakt")
        koordinator.get_by_role("button", name="Vis hva som vil skje").click()
        expect(koordinator.get_by_role("heading", name=ord_)).to_be_visible()
        maal(koordinator, ord_)
    koordinator.get_by_role("button", name="Legg inn alle").click()
    expect(koordinator.get_by_role("status").first).to_contain_text("1 vakt er lagt inn")

    lege = nettleser.vindu("spesialist")
    lege.goto("/vakt/kalender")
    lege.get_by_role("button", name="Lag adressen").click()
    adresse = lege.get_by_role("textbox", name="Adresse").input_value()
    assert re.search(r"/vakt/feed/[\w-]{43}\.ics$", adresse)
    expect(lege.get_by_role("link", name="Åpne i kalenderen")).to_have_attribute(
        "href", re.compile("^webcal://")
    )
    maal(lege, "kalenderadresse")
    fremmed = nettleser.vindu(None)
    assert "BEGIN:VCALENDAR" in fremmed.request.get(adresse).text()
    lege.get_by_role("button", name="Slå av").click()
    assert fremmed.request.get(adresse).status == 404


def test_uten_javascript(nettleser: Nettleser) -> None:
    """The forms that JavaScript makes livelier work without it: absence, and the choice of a colleague."""
    side = nettleser.vindu("spesialist_kirurgi", javascript=False)
    side.goto("/vakt/fravaer")
    dag = oslo(now()) + timedelta(days=39)
    side.locator("#til").fill(f"{dag + timedelta(days=1):%Y-%m-%d}T08:00")
    side.locator("#fra").fill(f"{dag:%Y-%m-%d}T07:45")
    side.get_by_role("button", name="Meld fraværet").click()
    kort = side.locator(".byttekort", has_text="07:45")
    expect(kort).to_have_count(1)
    kort.get_by_role("button", name="Avlys fraværet").click()
    expect(side.get_by_role("status").first).to_contain_text("Fraværet er avlyst")
    expect(kort).to_have_count(0)
