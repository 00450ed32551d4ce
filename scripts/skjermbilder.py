"""Takes pictures of the pages on a demo server of its own (`make skjermbilder`).

Every page of every role at 390 and 1280 px, light and dark, into `skjermbilder/` (not committed) to look at, and the
one of the README into `docs/bilder/`.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from portal.identitet.demo import DEMO, DEMO_PASSORD  # noqa: E402
from tests.levende.tjener import Hus, Tjener  # noqa: E402

OUT, DOCS = ROOT / "skjermbilder", ROOT / "docs" / "bilder"
WIDTHS, SCHEMES = (390, 1280), ("light", "dark")
#: Agreements of the demo by what is to be seen of them.
AGREEMENTS = {
    "IN_FORCE": "Innleggelse, utskrivning",
    "NEGOTIATED": "Jordmortjenester",
    "WAITING": "Digital samhandling",
}
#: Pages by the key of the demo login that looks at them; None is nobody.
PAGES: dict[str | None, tuple[str, ...]] = {
    None: ("/innlogging", "/glemt-passord"),
    "lege": ("/henvendelser/", "/henvendelser/ny", "/organisasjoner", "/passord", "/finnes-ikke", "/konto"),
    "sykehjemslege": ("/henvendelser/", "FIRST", "FIRST/opplysninger", "FIRST/journal", "FIRST/innsynslogg"),
    "sykepleier": ("/koe", "FIRST"),
    "spesialist": (
        *("/vakt", "/vakt/mine", "/vakt/bytter", "/vakt/fravaer", "/varsler", "/varsler/valg"),
        *("/henvendelser/vaktskifte", "/status"),
        "/koe",
        "FIRST",
        "FIRST/overlever",
        "/henvendelser/ny",
        "/henvendelser/innsyn",
        "/laas",
    ),
    "vaktleder": ("/koe",),
    "lege_kautokeino": ("/avtaler", "/avtaler/gjelder?situasjon=innleggelse"),
    "koordinator": ("/avtaler", "NEGOTIATED/forhandling", "IN_FORCE/uenighet", "/oppgaver"),
    "kommuneoverlege": ("/beredskap", "/beredskap/ny"),
    "koordinator_rhf": ("/oppgaver", "IN_FORCE/livet"),
    "koordinator_hf": (
        *(
            "/avtaler",
            "/avtaler/ny",
            "/avtaler/maler",
            "/avtaler/import",
            "/avtaler/satser",
            "/avtaler/kjede",
        ),
        *("IN_FORCE", "IN_FORCE/sammenlign", "IN_FORCE/fullstendighet", "IN_FORCE/livet", "IN_FORCE/parter"),
        *("NEGOTIATED/forhandling", "WAITING/godkjenning", "/avtaler/soek?q=utskrivning", "/avtaler/gjelder"),
        *("/beredskap", "/beredskap/oevelser", "/oppgaver"),
        *("/tall", "/api/v1/docs", "PLAN", "PLAN/oppsett", "PLAN/rotasjon/ny", "PLAN/ny-vakt", "PLAN/import"),
        *("/vakt/dekning", "/vakt/policy", "/vakt/kanari", "/vakt/kalender"),
    ),
    "administrator_hf": (
        "/varsler/uleverte",
        "OWN",
        "/folk",
        "/folk/ny",
        "/folk/import",
        "/revisjon",
        "/innsyn/oppfoelging",
    ),
}


def log_in(browser: Browser, address: str, who: str | None, width: int, scheme: str) -> Page:
    """A window of its own with that person logged in."""
    context = browser.new_context(
        viewport={"width": width, "height": 844 if width < 600 else 900},
        color_scheme="dark" if scheme == "dark" else "light",
        locale="nb-NO",
        base_url=address,
    )
    page = context.new_page()
    page.goto("/innlogging")
    if who is not None:
        page.fill("input[name=epost]", DEMO[who])
        page.fill("input[name=passord]", DEMO_PASSORD)
        page.press("input[name=passord]", "Enter")
        page.wait_for_url(lambda url: not url.endswith("/innlogging"))
    return page


def place(page: Page, path: str) -> str:
    """The address of a page; FIRST is the first case on the role's list, PLAN the first roster, OWN the own
    organisation, and a name of `AGREEMENTS` that one."""
    if path.startswith("FIRST"):
        page.goto("/henvendelser/?filter=alle")
        first = page.locator("a.sakskort__lenke, a.sakkort__lenke").first.get_attribute("href")
        return f"{first}{path.removeprefix('FIRST')}"
    if path.startswith("PLAN"):
        page.goto("/vakt")
        plan = page.locator("h2 a[href^='/vakt/planer/'], h3 a[href^='/vakt/planer/']").first
        return f"{plan.get_attribute('href')}{path.removeprefix('PLAN')}"
    name, _slash, rest = path.partition("/")
    if name in AGREEMENTS:
        page.goto("/avtaler")
        agreement = page.get_by_role("link", name=AGREEMENTS[name]).first.get_attribute("href")
        return f"{agreement}/{rest}".rstrip("/")
    if path == "OWN":
        page.goto("/organisasjoner?sok=Finnmarkssykehuset")
        return str(page.locator("main a[href^='/organisasjoner/']").first.get_attribute("href"))
    return path


def main() -> None:
    OUT.mkdir(exist_ok=True)
    DOCS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        house = Hus(Path(folder), f"sqlite:///{folder}/portal.db")
        server = Tjener(house, "skjermbilder", tikk=15.0)
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("PORTAL_CHROMIUM", "/usr/bin/chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        try:
            for who, paths in PAGES.items():
                for width in WIDTHS:
                    for scheme in SCHEMES:
                        page = log_in(browser, server.adresse, who, width, scheme)
                        for number, path in enumerate(paths):
                            page.goto(place(page, path), wait_until="networkidle")
                            page.screenshot(
                                path=OUT / f"{who or 'ingen'}-{number}-{width}-{scheme}.png", full_page=True
                            )
                        page.context.close()
                print(f"{who or 'nobody'}: {len(paths) * len(WIDTHS) * len(SCHEMES)} pictures", flush=True)
            page = log_in(browser, server.adresse, "spesialist", 1280, "light")
            page.goto("/koe")
            page.locator("a.sakkort__lenke").last.click()
            page.wait_for_load_state("networkidle")
            page.screenshot(path=DOCS / "samtale.png")
        finally:
            browser.close()
            server.stopp()
            house.riv()


if __name__ == "__main__":
    main()
