"""Pages that one only comes to in the middle of something: the second factor, and a forgotten password."""

from __future__ import annotations

import re

import pyotp
from playwright.sync_api import Page, expect

from portal.identitet.demo import DEMO, DEMO_PASSORD
from tests.levende.tjener import Hus
from tests.nettleser.test_sider import undersoek
from tests.nettleser.vindu import Nettleser

#: Nobody else in these tests logs in as her.
HVEM = "privat_sykepleier"


def _noekkel(side: Page) -> str:
    side.locator("summary", has_text="Kan du ikke bruke kameraet?").click()
    return (side.locator("code.konto-noekkel").text_content() or "").replace(" ", "")


def _se(side: Page, hva: str) -> None:
    """The page as it stands there is as good as the others, and shown as it was afterwards."""
    assert undersoek(side, hva) == []
    side.set_viewport_size({"width": 1280, "height": 900})


def test_andre_trinn_fra_oppsett_til_avslutning(nettleser: Nettleser) -> None:
    """Set up, shown the recovery codes, logged out; in again with a recovery code; new codes; taken away again."""
    # Turning the second factor on or off ends the session and begins another: a page that is being left may ask with
    # the old one.
    side = nettleser.vindu(None, tillatt=["status of 422", "status of 401"])
    side.goto("/innlogging")
    side.get_by_label("E-post").fill(DEMO[HVEM])
    side.get_by_label("Passord").fill(DEMO_PASSORD)
    side.get_by_label("Passord").press("Enter")
    side.wait_for_url(lambda url: "/innlogging" not in url)
    side.goto("/konto/tofaktor")
    noekkel = _noekkel(side)
    side.get_by_label("Koden som appen viser").fill(pyotp.TOTP(noekkel).now())
    side.get_by_label("Passordet ditt").fill(DEMO_PASSORD)
    side.get_by_role("button", name="Slå på").click()
    koder = side.locator("[data-koder] code").all_inner_texts()
    assert len(set(koder)) == 10
    _se(side, "koder")

    side.goto("/konto")
    side.get_by_role("button", name="Logg ut overalt").click()
    side.wait_for_url(re.compile("/innlogging"))
    side.get_by_label("E-post").fill(DEMO[HVEM])
    side.get_by_label("Passord").fill(DEMO_PASSORD)
    side.get_by_label("Passord").press("Enter")
    side.wait_for_url(re.compile("/innlogging/kode"))
    _se(side, "innlogging/kode")
    side.locator("details").evaluate_all("alle => alle.forEach((d) => { d.open = true; })")
    side.get_by_label("Gjenopprettingskode").fill(koder[0])
    side.get_by_role("button", name="Logg inn med gjenopprettingskoden").click()
    side.wait_for_url(lambda url: "/innlogging" not in url)

    side.goto("/konto/tofaktor/koder")
    _se(side, "konto/tofaktor/koder")
    side.goto("/konto/tofaktor/av")
    _se(side, "konto/tofaktor/av")
    # The one that was used is refused; the next is not.
    side.get_by_label("Kode").fill(koder[0])
    side.get_by_role("button", name="Slå av").click()
    expect(side.locator("#feiloppsummering")).to_be_visible()
    side.get_by_label("Kode").fill(koder[1])
    side.get_by_role("button", name="Slå av").click()
    side.wait_for_url(re.compile("/konto$"))


def test_glemt_passord_til_nytt(nettleser: Nettleser, hus: Hus) -> None:
    """An administrator's link, as the command line gives it, opens a page where a password is chosen. Once."""
    ut = hus.flask("person", "inviter", "--epost", DEMO["spesialist_stavanger"]).stdout
    lenke = re.search(r"/lenke/[\w-]+", ut)
    assert lenke is not None, ut
    side = nettleser.vindu(None, tillatt=["status of 41[0-9]"])
    side.goto(lenke[0])
    _se(side, "lenke")
    side.get_by_label("Nytt passord", exact=False).first.fill("gjerde linje fjord 82 mast")
    side.get_by_label(re.compile("Gjenta")).fill("gjerde linje fjord 82 mast")
    side.locator("main form button[type=submit]").click()
    side.wait_for_url(re.compile("/innlogging"))
    side.goto(lenke[0])
    _se(side, "brukt lenke")
    expect(side.locator("main")).to_contain_text("brukt")
