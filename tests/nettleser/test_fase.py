"""A proposed phase in two windows: who proposed it sees the answer come, without touching the page."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.nettleser.test_sider import undersoek
from tests.nettleser.vindu import Nettleser


def test_svaret_kommer_av_seg_selv(nettleser: Nettleser) -> None:
    foretak, overlege = nettleser.vindu("koordinator_hf"), nettleser.vindu("kommuneoverlege")
    foretak.goto("/beredskap/forslag/nytt")
    # Where nobody can confirm is said before anything is ticked.
    expect(foretak.get_by_text(re.compile("kan ingen bekrefte ennå"))).to_be_visible()
    foretak.locator("input[name=fase][value='4']").check()
    foretak.locator("input[name=nivaa]").first.check()
    foretak.get_by_label("Kilde").fill("FHI ukerapport 12")
    foretak.get_by_label("Begrunnelse").fill("Toppen kommer.")
    foretak.get_by_label(re.compile("^Alta")).check()
    foretak.get_by_role("button", name="Send forslaget").click()
    svar = foretak.get_by_role("region", name="Svar", exact=True)
    expect(svar).to_contain_text("Venter på svar: 1")

    # Declined: no other test has its phase changed.
    overlege.goto("/beredskap")
    overlege.get_by_role("button", name="Avslå Fase 4: Epidemitopp").first.click()
    expect(overlege.get_by_role("status").first).to_contain_text("Forslaget er avslått")
    expect(svar).to_contain_text("Avslått: 1", timeout=40_000)
    assert undersoek(foretak, "besvart forslag") == []
