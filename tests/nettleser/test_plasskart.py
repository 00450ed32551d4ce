"""The overview of emergency beds with the keyboard alone, by the names that a screen reader says, and without
JavaScript; narrow and wide, light and dark."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from portal.identitet.demo import ALTA
from tests.nettleser.vindu import Nettleser, axe, ruller_sidelengs

NAVN = re.compile(r"^[^:]+: (ledig \S|ingen enhet i kommunen|tallene er ukjent)")


def i_fokus(side: Page) -> str:
    """The kommune that has the focus; empty where it is elsewhere."""
    return str(side.evaluate("document.activeElement.dataset?.kommune ?? ''"))


def til_kartet(side: Page) -> None:
    """Tabs until the focus is on a shape."""
    for _ in range(60):
        side.keyboard.press("Tab")
        if i_fokus(side):
            return
    raise AssertionError("the map is not reached with the Tab key")


def test_kartet_med_tastaturet_alene(nettleser: Nettleser) -> None:
    side = nettleser.vindu("lege")
    side.goto("/plasser/kart")
    til_kartet(side)
    # One's own kommune first, and the map is one stop: the next Tab leaves it.
    assert i_fokus(side) == ALTA
    assert side.locator('[data-kommune][tabindex="0"]').count() == 1
    side.keyboard.press("Tab")
    assert not i_fokus(side)
    side.keyboard.press("Shift+Tab")
    assert i_fokus(side) == ALTA
    boble = side.locator("[data-kartboble]")
    expect(boble).to_have_text(re.compile("^Alta: ledig"))

    # An arrow goes to a neighbour in that direction, and the opposite arrow leads back that way.
    def midt() -> tuple[float, float]:
        x, y = side.evaluate(
            "(() => { const b = document.activeElement.firstElementChild.getBBox();"
            " return [b.x + b.width / 2, b.y + b.height / 2]; })()"
        )
        return x, y

    x0, y0 = midt()
    for tast, akse, fortegn in (("Right", 0, 1), ("Left", 0, -1), ("Down", 1, 1), ("Up", 1, -1)):
        foer = midt()
        side.keyboard.press(f"Arrow{tast}")
        etter = midt()
        assert i_fokus(side) and (etter[akse] - foer[akse]) * fortegn > 0, tast
        assert side.locator('[data-kommune][tabindex="0"]').count() == 1
    assert abs(midt()[0] - x0) + abs(midt()[1] - y0) < 600
    # By name, first and last.
    side.keyboard.press("Home")
    foerste = i_fokus(side)
    side.keyboard.press("End")
    assert i_fokus(side) not in ("", foerste)
    side.keyboard.type("hammer")
    expect(boble).to_have_text(re.compile("^Hammerfest: ledig"))
    # Enter shows its units without a reload, and takes the reader there; Escape leads back.
    side.evaluate("window.__samme = true")
    side.keyboard.press("Enter")
    panel = side.locator("[data-kommunepanel]")
    expect(panel.get_by_role("heading", level=2)).to_have_text("Hammerfest")
    expect(panel.get_by_role("heading", level=2)).to_be_focused()
    expect(panel.get_by_role("link", name="Demo ØHD-enhet Hammerfest")).to_be_visible()
    assert side.evaluate("window.__samme") and "kommune=5603" in side.url
    # The choice is an outline outside the shape: its fill still tells how many are free.
    valgt = side.locator("[data-kartvalg] > :first-child")
    fyll = side.locator('[data-kommune="5603"] > :first-child').get_attribute("fill")
    assert valgt.get_attribute("fill") == fyll and str(fyll).startswith("url(#pk-")
    assert valgt.evaluate("(e) => getComputedStyle(e).paintOrder").startswith("stroke")
    assert not axe(side)
    side.keyboard.press("Escape")
    assert i_fokus(side) == "5603"


def test_skjermleseren_faar_navn_og_tall(nettleser: Nettleser) -> None:
    side = nettleser.vindu("spesialist")
    side.goto("/plasser/kart")
    kart = side.get_by_role("list", name="Kommunene")
    kommuner = kart.get_by_role("link")
    navn = kommuner.evaluate_all("alle => alle.map((a) => a.getAttribute('aria-label'))")
    assert len(navn) == 357 == kart.get_by_role("listitem").count()
    assert [n for n in navn if not NAVN.match(n)] == []
    assert len({n.split(":")[0] for n in navn}) >= 350
    expect(kart.get_by_role("link", name=re.compile("^Alta: ledig .* bemannet . av ."))).to_have_count(1)
    # What is drawn beside the names is decoration.
    assert side.locator(".kartet__tall").get_attribute("aria-hidden") == "true"
    # The same figures stand in the table.
    alta = str(next(n for n in navn if n.startswith("Alta:")))
    side.goto("/plasser/tabell")
    rad = side.get_by_role("row", name=re.compile(r"^Alta Finnmark"))
    for kolonne, ord_ in (("ledig", "ledig"), ("holdt", "holdt"), ("belagt", "belagt")):
        tall = re.search(rf"{ord_} (minst \d+|\d+|ukjent)", alta)
        assert tall and rad.locator(f'[data-tall="{kolonne}"]').inner_text() == tall[1]


def test_utsnittene_flytter_kartet(nettleser: Nettleser) -> None:
    side = nettleser.vindu("lege")
    side.goto("/plasser/kart")
    kart = side.locator("[data-plasskart]")
    hele = kart.get_attribute("viewBox")
    side.get_by_role("link", name="Mitt helseforetak").click()
    assert kart.get_attribute("viewBox") != hele and "omraade=mitt" in side.url
    expect(side.get_by_role("link", name="Mitt helseforetak")).to_have_attribute("aria-current", "true")
    # A kommune outside of what is shown comes into view when one goes there.
    side.locator(f'[data-kommune="{ALTA}"]').focus()
    side.keyboard.type("oslo")
    assert i_fokus(side) == "0301"
    boks = side.locator('[data-kommune="0301"]').bounding_box()
    ramme = kart.bounding_box()
    assert boks and ramme
    assert ramme["x"] <= boks["x"] + boks["width"] / 2 <= ramme["x"] + ramme["width"]
    assert ramme["y"] <= boks["y"] + boks["height"] / 2 <= ramme["y"] + ramme["height"]


def test_tavla_og_tabellen_med_tastaturet(nettleser: Nettleser) -> None:
    side = nettleser.vindu("lege")
    side.goto("/plasser/")
    side.get_by_label("Skriv hva du trenger").focus()
    side.keyboard.type("ledig plass med oksygen innen 900 km")
    side.keyboard.press("Enter")
    side.wait_for_url(re.compile(r"\?q="))
    expect(side.get_by_role("heading", name=re.compile("har ledig plass"))).to_be_visible()
    side.get_by_text("Velg selv").click()
    expect(side.get_by_role("checkbox", name="Oksygen")).to_be_checked()
    # A group is opened where it stands, and its units come.
    gruppe = side.locator("details.plassgruppe", has_text="Helse Bergen")
    gruppe.locator("summary").focus()
    side.keyboard.press("Enter")
    expect(gruppe.get_by_role("row").nth(1)).to_be_visible()
    expect(gruppe.locator("summary")).to_be_focused()
    assert not axe(side)
    side.goto("/plasser/tabell")
    rekkefoelgen = side.get_by_text("Egen kommune først, så kommunene med plasser")
    expect(rekkefoelgen).to_be_visible()
    side.get_by_role("link", name="Ledig").focus()
    side.keyboard.press("Enter")
    hode = side.get_by_role("columnheader", name="Ledig")
    expect(hode).to_have_attribute("aria-sort", "descending")
    expect(hode.get_by_role("link")).to_be_focused()
    expect(side.locator("#roest")).to_have_text("Sortert etter Ledig, synkende")
    verdier = side.locator('tbody [data-tall="ledig"]').evaluate_all(
        "alle => alle.map((c) => c.dataset.v ?? '')"
    )
    kjente = [int(v) for v in verdier if v]
    assert kjente == sorted(kjente, reverse=True) and len(kjente) > 3
    assert all(not v for v in verdier[len(kjente) :])
    side.keyboard.press("Enter")
    expect(hode).to_have_attribute("aria-sort", "ascending")
    assert "sorter=ledig" in side.url
    expect(rekkefoelgen).to_be_hidden()
    side.get_by_role("link", name="Vis egne og nære først").click()
    expect(rekkefoelgen).to_be_visible()


def test_uten_javascript(nettleser: Nettleser) -> None:
    side = nettleser.vindu("lege", javascript=False)
    side.goto("/plasser/tabell?sorter=-ledig")
    expect(side.locator("th[aria-sort=descending]")).to_have_text("Ledig")
    side.get_by_role("link", name="Ledig").click()
    expect(side.locator("th[aria-sort=ascending]")).to_have_text("Ledig")
    side.goto("/plasser/")
    side.locator("details.plassgruppe", has_text="Helse Bergen").locator("summary").click()
    side.locator("details.plassgruppe", has_text="Helse Bergen").get_by_role("link").click()
    expect(
        side.locator("details.plassgruppe", has_text="Helse Bergen").get_by_role("row").nth(1)
    ).to_be_visible()
    side.goto("/plasser/kart")
    side.locator(f'[data-kommune="{ALTA}"]').first.dispatch_event("click")
    expect(side.get_by_role("heading", level=2, name="Alta")).to_be_visible()


@pytest.mark.parametrize("moerk", [False, True], ids=["lyst", "moerkt"])
@pytest.mark.parametrize("bredde", [1280, 390, 320])
def test_hver_bredde(nettleser: Nettleser, bredde: int, moerk: bool) -> None:
    side = nettleser.vindu("lege", bredde=bredde, moerk=moerk)
    funn = []
    for sti in (
        "/plasser/",
        "/plasser/?q=oksygen+innen+900+km",
        "/plasser/kart?kommune=5601",
        "/plasser/tabell",
    ):
        side.goto(sti)
        funn += [f"{sti}: {f}" for f in axe(side)]
        if ruller_sidelengs(side) > 0:
            funn.append(f"{sti} scrolls sideways")
    assert not funn, "\n".join(funn)
