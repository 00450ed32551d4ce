"""Windows of a browser on the running portal: opened as somebody, watched for errors, measured for accessibility."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from portal.identitet.demo import DEMO, DEMO_PASSORD
from tests.levende.klient import Person
from tests.levende.tjener import ROT

#: How long a condition on a page may take, in milliseconds. Generous: a pass never waits for it.
VENT = 30_000
expect.set_options(timeout=VENT)

AXE = (ROT / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
#: WCAG 2.1 A and AA, which is law for public services in Norway, and axe's own good practice.
AXE_REGLER = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
#: Written to every document before its own scripts: what the browser itself refuses is remembered.
VAKT = """
window.__csp = [];
document.addEventListener('securitypolicyviolation', (e) => {
  window.__csp.push(`${e.violatedDirective} ${e.blockedURI}`);
});
"""
#: Everything a page may leave behind in the browser but cookies.
LAGRET = """async () => ({
  local: Object.entries({...localStorage}), session: Object.entries({...sessionStorage}),
  databaser: (await indexedDB.databases()).map((d) => d.name), lagre: await caches.keys(),
  arbeidere: (await navigator.serviceWorker.getRegistrations()).length,
})"""
#: The cookies of the portal: the login, the known device, and choices of this browser.
KAPSLER = {"portal", "kjent_enhet", "fargevalg", "koelyd", "koetaster"}
TOMT = {"local": [], "session": [], "databaser": [], "lagre": [], "arbeidere": 0}


@dataclass
class Vakt:
    """What went wrong in one window."""

    feil: list[str] = field(default_factory=list)
    #: Patterns of console messages that the test brings about itself.
    tillatt: list[str] = field(default_factory=list)

    def konsoll(self, melding: ConsoleMessage) -> None:
        if melding.type in ("error", "warning"):
            self.feil.append(f"{melding.type}: {melding.text} ({melding.location.get('url')})")

    def uventet(self) -> list[str]:
        return [f for f in self.feil if not any(re.search(t, f) for t in self.tillatt)]


class Nettleser:
    """The browser in one test."""

    def __init__(self, chromium: Browser, adresse: str, folk: Callable[[str], Person]) -> None:
        self._chromium, self._adresse, self._folk = chromium, adresse, folk
        self._kontekster: list[BrowserContext] = []
        self._vakter: dict[Page, Vakt] = {}

    def vindu(
        self,
        hvem: str | None = None,
        *,
        bredde: int = 1280,
        hoeyde: int = 900,
        moerk: bool = False,
        spraak: str = "nb-NO",
        javascript: bool = True,
        tillatt: list[str] | None = None,
    ) -> Page:
        """A window in a browser of its own, logged in as one of the demo people; None is nobody."""
        kontekst = self._chromium.new_context(
            base_url=self._adresse,
            viewport={"width": bredde, "height": hoeyde},
            color_scheme="dark" if moerk else "light",
            locale=spraak,
            java_script_enabled=javascript,
            reduced_motion="reduce",
        )
        kontekst.set_default_timeout(VENT)
        if javascript:
            kontekst.add_init_script(VAKT)
        if hvem is not None:
            kapsler = self._folk(hvem).kapsler
            kontekst.add_cookies(
                [{"name": n, "value": v, "url": self._adresse} for n, v in kapsler.items() if n == "portal"]
            )
        self._kontekster.append(kontekst)
        return self.fane(kontekst, tillatt=tillatt)

    def fane(self, kontekst: BrowserContext, *, tillatt: list[str] | None = None) -> Page:
        """One more tab of the same browser."""
        side = kontekst.new_page()
        vakt = Vakt(tillatt=[*(tillatt or [])])
        side.on("console", vakt.konsoll)
        side.on("pageerror", lambda feil: vakt.feil.append(f"exception: {feil}"))
        self._vakter[side] = vakt
        return side

    def kontroller(self) -> None:
        """No window has complained, broken the policy, or kept anything."""
        for side, vakt in self._vakter.items():
            assert not vakt.uventet(), (side.url, vakt.uventet())
            if side.is_closed() or not side.url.startswith(self._adresse) or not _har_js(side):
                continue
            assert side.evaluate("window.__csp") == [], side.url
            assert side.evaluate(LAGRET) == TOMT, side.url
            assert {k["name"] for k in side.context.cookies()} <= KAPSLER, side.url

    def glem(self, side: Page) -> None:
        """Closes a window that has gone wrong on purpose."""
        del self._vakter[side]
        side.context.close()
        self._kontekster.remove(side.context)

    def lukk(self) -> None:
        for kontekst in self._kontekster:
            kontekst.close()


def _har_js(side: Page) -> bool:
    return bool(side.evaluate("document.documentElement.classList.contains('js')"))


# --- login -----------------------------------------------------------------------------------------------


def logg_inn(side: Page, hvem: str) -> None:
    """Logs in as a person does, with the keyboard."""
    side.goto("/innlogging")
    side.get_by_label("E-post").fill(DEMO[hvem])
    side.get_by_label("Passord").fill(DEMO_PASSORD)
    side.get_by_label("Passord").press("Enter")
    side.wait_for_url(lambda url: "/innlogging" not in url)


# --- the request -----------------------------------------------------------------------------------------


def velg(side: Page, ledetekst: str, valg: str) -> None:
    """Presses one of the choices of a group, where a finger would: on its words."""
    side.get_by_role("group", name=ledetekst).locator("label", has_text=valg).first.click()


def fyll_henvendelse(
    side: Page, situasjon: str, hastegrad: str = "Haster", fag: str = "Indremedisin"
) -> None:
    """What must be filled in, on the page of a new request."""
    velg(side, "Hvor haster det?", hastegrad)
    side.get_by_label("Fagområde").select_option(label=fag)
    side.get_by_label("Telefon du nås på nå").fill("00 00 00 00")
    velg(side, "Hva ville du gjort nå uten råd?", "Legge inn")
    side.get_by_label("Situasjonen nå").fill(situasjon)


def send_henvendelse(side: Page) -> str:
    """Sends what is filled in, and gives the id of the case it became."""
    side.get_by_role("button", name="Send henvendelsen").click()
    side.wait_for_url(re.compile(r"/henvendelser/[0-9a-f-]{36}$"))
    return side.url.rsplit("/", 1)[1]


# --- the conversation ------------------------------------------------------------------------------------


def ajour(side: Page) -> None:
    """The conversation is joined and up to date."""
    expect(side.locator("[data-samtalestatus]")).to_have_attribute("data-tilstand", "ajour")


def skriv(side: Page, tekst: str) -> None:
    """Writes a message and sends it with Enter."""
    felt = side.locator("[data-skrivefelt] textarea")
    felt.fill(tekst)
    felt.press("Enter")


def logg(side: Page) -> list[str]:
    """The texts of the messages in the log, as they stand on the page."""
    return side.locator("[data-logg] [data-type=melding] [data-felt=tekst]").all_inner_texts()


def forvent_logg(side: Page, tekster: list[str]) -> None:
    """The messages of the log become these: a page that is on its way is waited for."""
    expect(side.locator("[data-logg] [data-type=melding] [data-felt=tekst]")).to_have_text(tekster)


# --- accessibility ---------------------------------------------------------------------------------------


def axe(side: Page, *, bare: list[str] | None = None) -> list[str]:
    """What axe finds wrong: one line a rule with the places. `bare` names single rules instead of all."""
    ro(side)
    if not side.evaluate("'axe' in window"):
        # Over the debugger, which the page's policy does not stop. To send it takes as long as to run it: the browser
        # keeps it for the pages that this window comes to next.
        side.evaluate(AXE)
        side.context.add_init_script(AXE)
    utvalg: dict[str, Any] = (
        {"type": "rule", "values": bare} if bare else {"type": "tag", "values": AXE_REGLER}
    )
    funn = side.evaluate(
        "async (utvalg) => (await axe.run(document, {runOnly: utvalg, resultTypes: ['violations']})).violations",
        utvalg,
    )
    return [
        f"{f['id']}: " + "; ".join(f"{n['target']} {n['failureSummary'][:200]}" for n in f["nodes"][:4])
        for f in funn
    ]


def ro(side: Page) -> None:
    """Returns when nothing on the page moves or changes colour any more."""
    side.evaluate(
        """async () => {
          for (;;) {
            await new Promise((neste) => requestAnimationFrame(() => requestAnimationFrame(neste)));
            const gaar = document.getAnimations().filter((a) => a.effect.getComputedTiming().endTime < Infinity);
            if (!gaar.length) return;
            await Promise.allSettled(gaar.map((a) => a.finished));
          }
        }"""
    )


def ruller_sidelengs(side: Page) -> int:
    """How many pixels wider than its window the page is."""
    return int(side.evaluate("document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"))


def skjermbilde(side: Page, mappe: Path, navn: str) -> None:
    """A picture for whoever looks into a failure."""
    side.screenshot(path=mappe / f"{navn}.png", full_page=True)
