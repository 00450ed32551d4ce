"""The status page in a browser: it turns red and green by itself, says so aloud, and takes nobody's focus."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from portal.core.arbeider import Spor, pulsnavn
from portal.core.clock import now
from portal.core.puls import Puls
from portal.henvendelser.eskalering.models import Eskalering, Kanari, Kanarikjoering
from portal.identitet.demo import DEMO
from portal.identitet.models import Medlemskap, Person
from portal.varsler.models import Utsending
from tests.levende.tjener import Hus
from tests.nettleser.vindu import Nettleser, axe, ruller_sidelengs

#: The page reads itself anew every ten seconds.
SNART = 25_000


def slaa(hus: Hus, siden: timedelta = timedelta(0)) -> None:
    """A worker that told that it lived so long ago. Told a little into the future it lives on while the test looks;
    from far into it, it would not be believed."""
    with hus.motor.begin() as c:
        c.execute(sa.delete(Puls))
        c.execute(sa.insert(Puls), [{"navn": pulsnavn(s), "sist": now() - siden} for s in Spor])


@pytest.fixture
def kanari(hus: Hus) -> Iterator[None]:
    """A canary of the vaktleder's hospital whose last run broke."""
    (rad,) = hus.rader(
        sa.select(Medlemskap.organisasjon_id)
        .join(Person, Person.id == Medlemskap.person_id)
        .where(Person.epost == DEMO["vaktleder"])
    )
    id_ = uuid4()
    ledd = {
        "vaktplan": {"ok": True, "tid": now().isoformat(), "hvorfor": "", "detalj": "vakthavende"},
        "eskalering": {"ok": True, "tid": now().isoformat(), "hvorfor": "", "detalj": ""},
        "varsel": {"ok": True, "tid": now().isoformat(), "hvorfor": "", "detalj": ""},
        "kvittering": {"ok": False, "tid": None, "hvorfor": "ikke_levert", "detalj": "epost: tidsavbrudd"},
    }
    hus.endre(
        sa.insert(Kanari).values(
            id=id_,
            organisasjon_id=rad.organisasjon_id,
            fagomraade="palliasjon",
            hver_minutter=60,
            aktiv=True,
            neste=now() + timedelta(hours=1),
        )
    )
    hus.endre(
        sa.insert(Kanarikjoering).values(
            id=uuid4(),
            kanari_id=id_,
            start=now() - timedelta(minutes=4),
            frist=now() - timedelta(minutes=1),
            ferdig=now(),
            ledd=ledd,
            roed=True,
        )
    )
    yield
    hus.endre(sa.delete(Kanarikjoering).where(Kanarikjoering.kanari_id == id_))
    hus.endre(sa.delete(Kanari).where(Kanari.id == id_))


@pytest.fixture(autouse=True)
def uten_pulser(hus: Hus) -> Iterator[None]:
    yield
    with hus.motor.begin() as c:
        c.execute(sa.delete(Puls))


@pytest.fixture
def alt_i_rute(hus: Hus) -> Iterator[None]:
    """Nothing of the demo data is overdue while the test looks: no worker runs here."""
    foer = {tabell: hus.rader(sa.select(tabell.id, tabell.neste)) for tabell in (Utsending, Eskalering)}
    for tabell in foer:
        with hus.motor.begin() as c:
            c.execute(sa.update(tabell).values(neste=now() + timedelta(hours=1)))
    # Nor is a canary of another test, which nobody walks.
    with hus.motor.begin() as c:
        c.execute(sa.update(Kanari).values(aktiv=False))
    yield
    for tabell, rader in foer.items():
        with hus.motor.begin() as c:
            for id_, neste in rader:
                c.execute(sa.update(tabell).where(tabell.id == id_).values(neste=neste))


def test_siden_blir_roed_og_groenn_av_seg_selv(hus: Hus, nettleser: Nettleser, alt_i_rute: None) -> None:
    slaa(hus, -timedelta(seconds=15))
    side = nettleser.vindu("vaktleder")
    side.goto("/status")
    frist = side.locator('[data-del="spor.frist"] .driftsmerke')
    expect(frist).to_have_text("Virker")
    expect(side.locator("[data-drift-sum]")).not_to_have_text("Noe virker ikke")
    # The focus is on a link inside what is fetched anew, and the page is scrolled to it.
    lenke = side.get_by_role("link", name="Sett opp prøver")
    lenke.focus()
    sted = _sted(side)
    slaa(hus, timedelta(seconds=40))
    expect(frist).to_have_text("Virker ikke", timeout=SNART)
    expect(side.locator("[data-drift-sum]")).to_have_text("Noe virker ikke")
    expect(side.locator("#roest")).to_have_text("Noe virker ikke")
    expect(side.get_by_text("Ring mottakeren i stedet")).to_be_visible()
    expect(lenke).to_be_focused()
    assert _sted(side) == sted
    slaa(hus, -timedelta(seconds=15))
    expect(frist).to_have_text("Virker", timeout=SNART)


def _sted(side: Page) -> int:
    """How far the page is scrolled, apart from the red strip: it comes on top, and the view stays where it was."""
    sted: int = side.evaluate("window.scrollY - document.querySelector('[data-stans]').offsetHeight")
    return sted


def test_sidene_er_lesbare_for_alle(hus: Hus, nettleser: Nettleser, kanari: None) -> None:
    slaa(hus, timedelta(seconds=40))
    for bredde in (1280, 320):
        for moerk in (False, True):
            side = nettleser.vindu("vaktleder", bredde=bredde, moerk=moerk)
            for sti in ("/status", "/vakt/kanari"):
                side.goto(sti)
                assert axe(side) == [], sti
                assert ruller_sidelengs(side) <= 0, (sti, bredde)
    side.goto("/status")
    rad = side.locator('[data-kanari="palliasjon"]')
    expect(rad.locator(".driftsmerke")).to_have_text("Virker ikke")
    expect(rad.get_by_text("tok det ikke imot").first).to_be_visible()


def test_uten_javascript_leses_den_med_en_lenke(hus: Hus, nettleser: Nettleser) -> None:
    slaa(hus, -timedelta(seconds=15))
    side = nettleser.vindu("lege", javascript=False)
    side.goto("/status")
    frist = side.locator('[data-del="spor.frist"] .driftsmerke')
    expect(frist).to_have_text("Virker")
    slaa(hus, timedelta(seconds=40))
    side.get_by_role("link", name="Les på nytt").click()
    expect(frist).to_have_text("Virker ikke")


def test_mister_siden_kontakten_sier_den_det(hus: Hus, nettleser: Nettleser) -> None:
    """What stands there is no longer known to be true, and must not look as if it were."""
    side = nettleser.vindu("lege", tillatt=["Failed to load resource", "ERR_FAILED"])
    side.goto("/status")
    side.route("**/status", lambda rute: rute.abort())
    expect(side.locator("[data-driftsstatus]")).to_have_attribute(
        "data-gammel", "Får ikke kontakt med portalen. Statusen er ikke oppdatert.", timeout=SNART
    )
    side.unroute("**/status")
    expect(side.locator("[data-driftsstatus]")).not_to_have_attribute("data-gammel", "", timeout=SNART)
    side.wait_for_function(
        "() => !document.querySelector('[data-driftsstatus]').dataset.gammel", timeout=SNART
    )
