"""The bell, «Varslene mine» and the service worker, in a real browser: live, by keyboard, without JavaScript, on a
narrow screen.

A real push subscription is not made here: a browser gets one from its vendor's push service (Google's, Mozilla's),
which a test must not depend on. Chromium delivers the message to the service worker by its debugger instead; how the
portal encrypts one, and how such a service takes it, is tested with a server of its own in tests/varsler.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from portal.core.aktor import Rolle
from portal.core.clock import now
from portal.identitet.demo import DEMO, FINNMARKSSYKEHUSET
from portal.identitet.models import Medlemskap, Organisasjon, Person, Sesjon
from portal.varsler.models import Kanal, Utsending, Varsel
from tests.levende.klient import Person as Innlogget
from tests.levende.tjener import Hus, vent_til
from tests.nettleser.test_sider import undersoek
from tests.nettleser.vindu import Nettleser, axe, ruller_sidelengs

Fortell = Callable[..., str]


@pytest.fixture
def fortell(hus: Hus) -> Iterator[Fortell]:
    """Tells somebody something behind the back of the server: no event tells of it, so the heads must."""
    laget: list[str] = []

    def si(hvem: str, tittel: str, **felt: Any) -> str:
        id_ = uuid4()
        laget.append(str(id_))
        verdier = {
            "id": id_,
            "noekkel": str(id_),
            "person_id": hus.verdi(sa.select(Person.id).where(Person.epost == DEMO[hvem])),
            "kode": "henvendelse.ny",
            "hastegrad": "haster",
            "tittel": tittel,
            "tekst": "",
            "lenke": "/organisasjoner",
            "opprettet": now(),
            **felt,
        }
        hus.endre(sa.insert(Varsel).values(**verdier))
        return str(id_)

    yield si
    for id_ in laget:
        hus.endre(sa.update(Varsel).where(Varsel.id == UUID(id_)).values(stoppet=now()))


@pytest.fixture(autouse=True)
def ingen_gamle(hus: Hus) -> None:
    """What earlier tests have told these people is read by now."""
    with hus.motor.begin() as c:
        c.execute(sa.update(Varsel).where(Varsel.lest.is_(None)).values(lest=now(), kvittert=now()))


def bjella(side: Page) -> Any:
    return side.locator("summary.bjelle__lenke")


def aapne_panelet(side: Page) -> Any:
    bjella(side).click()
    panel = side.locator("[data-bjelleinnhold]")
    expect(panel).to_be_visible()
    return panel


def test_bjella_er_levende_i_to_vinduer(nettleser: Nettleser, fortell: Fortell, hus: Hus) -> None:
    """The hint of these is lost: the heads of the next tick tell that the bell is another one."""
    ett, to = nettleser.vindu("koordinator"), nettleser.vindu("koordinator")
    # What a worker of another test has told of the rosters.
    with hus.motor.begin() as c:
        c.execute(sa.update(Varsel).where(Varsel.lest.is_(None)).values(lest=now()))
    for side in (ett, to):
        side.goto("/organisasjoner")
        expect(bjella(side)).to_have_accessible_name("Varsler: ingen uleste")
    id_ = fortell("koordinator", "Et hull i vaktplanen om 14 dager")
    fortell("koordinator", "Noe annet", lenke="/tall")
    for side in (ett, to):
        expect(bjella(side)).to_have_accessible_name("Varsler: 2 uleste")
        expect(side.locator("[data-bjelleantall]").last).to_have_text("2")
        expect(side.locator("#roest")).to_have_text(re.compile("Nytt varsel|2 nye varsler"))
        # Only what is akutt is laid over the page.
        expect(side.locator(".varseltoast")).to_have_count(0)
    panel = aapne_panelet(to)
    titler = panel.locator("[data-varseltittel]")
    expect(titler.nth(0)).to_have_text("Noe annet")
    expect(titler.nth(1)).to_have_text("Et hull i vaktplanen om 14 dager")
    panel.get_by_role("button", name="Et hull i vaktplanen").click()
    to.wait_for_url("**/organisasjoner")
    for side in (ett, to):
        expect(bjella(side)).to_have_accessible_name("Varsler: 1 ulest")
    rad = hus.rader(sa.select(Varsel.lest, Varsel.kvittert_kanal).where(Varsel.id == UUID(id_)))[0]
    assert rad.lest is not None and rad.kvittert_kanal == "portal"
    # All of them, from the panel, with the page as it is.
    panel = aapne_panelet(ett)
    panel.get_by_role("button", name="Merk alle som lest").click()
    for side in (ett, to):
        expect(bjella(side)).to_have_accessible_name("Varsler: ingen uleste")
    expect(bjella(ett)).to_be_focused()
    expect(ett.locator("#roest")).to_have_text("Alle varsler er merket som lest.")


def test_det_akutte_ligger_over_siden_uten_aa_ta_markoeren(
    nettleser: Nettleser, fortell: Fortell, hus: Hus
) -> None:
    side = nettleser.vindu("koordinator", bredde=390)
    side.goto("/organisasjoner")
    felt = side.get_by_role("searchbox").first
    felt.fill("Alt")
    ett = fortell("koordinator", "Ingen har vakt i geriatri", hastegrad="akutt")
    toast = side.locator(".varseltoast")
    expect(toast).to_contain_text("Akutt Ingen har vakt i geriatri")
    expect(side.locator("#roest")).to_have_text("Akutt varsel: Ingen har vakt i geriatri")
    expect(felt).to_be_focused()
    expect(felt).to_have_value("Alt")
    assert axe(side) == []
    toast.get_by_role("button", name="Lukk").click()
    expect(toast).to_have_count(0)
    # Closed is not read.
    expect(bjella(side)).to_have_accessible_name("Varsler: 1 ulest")
    # What is of no use any more goes by itself.
    to = fortell("koordinator", "Fortsatt ingen", hastegrad="akutt")
    expect(toast).to_have_count(1)
    hus.endre(sa.update(Varsel).where(Varsel.id == UUID(to)).values(stoppet=now()))
    expect(toast).to_have_count(0)
    fortell("koordinator", "Tredje", hastegrad="akutt", lenke="/tall")
    toast.get_by_role("button", name="Åpne").click()
    side.wait_for_url("**/tall")
    expect(bjella(side)).to_have_accessible_name("Varsler: 1 ulest")
    assert hus.verdi(sa.select(Varsel.lest).where(Varsel.id == UUID(ett))) is None


def test_bjella_med_tastaturet(nettleser: Nettleser, fortell: Fortell) -> None:
    fortell("koordinator", "Vakten din begynner snart", lenke="/tall")
    side = nettleser.vindu("koordinator")
    side.goto("/organisasjoner")
    bjella(side).focus()
    side.keyboard.press("Enter")
    expect(side.locator("[data-bjelleinnhold]")).to_be_visible()
    side.keyboard.press("Escape")
    expect(side.locator("[data-bjelleinnhold]")).to_be_hidden()
    expect(bjella(side)).to_be_focused()
    side.keyboard.press("Enter")
    side.keyboard.press("Tab")
    expect(side.get_by_role("button", name="Vakten din begynner snart")).to_be_focused()
    side.keyboard.press("Enter")
    side.wait_for_url("**/tall")


def test_uten_javascript(nettleser: Nettleser, fortell: Fortell) -> None:
    """The bell is a link, and every move a form."""
    fortell("koordinator", "Vakten begynner om en time", lenke="/tall")
    fortell("koordinator", "Et hull i vaktplanen")
    side = nettleser.vindu("koordinator", javascript=False)
    side.goto("/organisasjoner")
    side.get_by_role("link", name="Varsler: 2 uleste").click()
    side.get_by_role("button", name="Vakten begynner om en time").click()
    assert side.url.endswith("/tall")
    side.get_by_role("link", name="Varsler: 1 ulest").click()
    side.get_by_role("button", name="Merk alle som lest").click()
    expect(side.get_by_role("link", name="Varsler: ingen uleste")).to_be_visible()
    side.goto("/varsler/valg")
    side.get_by_label("Fra").fill("22:00")
    side.get_by_label("Til", exact=True).fill("07:00")
    side.get_by_role("button", name="Lagre hviletiden").click()
    expect(side.get_by_label("Fra")).to_have_value("22:00")
    side.get_by_label("Fra").fill("")
    side.get_by_label("Til", exact=True).fill("")
    side.get_by_role("button", name="Lagre hviletiden").click()
    expect(side.get_by_text("Hviletiden er lagret.")).to_be_visible()


# --- my own ----------------------------------------------------------------------------------------------


def test_proeven_foelges_til_den_er_bekreftet(nettleser: Nettleser, hus: Hus) -> None:
    """Sent, waiting, answered: each stands on the page by itself. The worker is not there: the test does its part."""
    side = nettleser.vindu("koordinator")
    side.goto("/varsler/valg")
    epost = side.locator("#kanal-epost")
    epost.get_by_role("button", name="Prøv").click()
    expect(epost).to_contain_text("Sendes")
    (proeve,) = hus.rader(
        sa.select(Utsending.id)
        .join(Varsel, Varsel.id == Utsending.varsel_id)
        .where(Varsel.kode == "varsler.proeve", Utsending.til == DEMO["koordinator"])
    )
    token = "et-kvitteringstegn-i-testen"
    hus.endre(
        sa.update(Utsending)
        .where(Utsending.id == proeve.id)
        .values(sendt=now(), tekst="", kvittering_hash=sha256(token.encode()).hexdigest())
    )
    expect(epost).to_contain_text("Sendt – venter på svar.")
    # The receiver presses the link, on whatever machine.
    svar = side.request.post(f"/kvitter/{token}", headers={"Accept": "application/json"})
    assert svar.json() == {"ok": True, "kvittert": True}
    expect(epost.locator("[data-stand=bekreftet]")).to_contain_text("Bekreftet")
    expect(side.locator("#roest")).to_have_text("E-post er bekreftet.")
    # E-mail wakes nobody.
    expect(side.locator("[data-vekking]")).to_contain_text("Ingen kanal som vekker, er bevist")
    # It is told on the page, and not in the bell.
    expect(bjella(side)).to_have_accessible_name("Varsler: ingen uleste")


def test_valgtabellen_med_tastaturet(nettleser: Nettleser, hus: Hus) -> None:
    side = nettleser.vindu("administrator", bredde=320, tillatt=[r"422 \(UNPROCESSABLE"])
    side.goto("/varsler/valg")
    kryss = side.get_by_role("checkbox", name="SMS Vanlig")
    expect(kryss).not_to_be_checked()
    kryss.focus()
    side.keyboard.press("Space")
    side.get_by_role("button", name="Lagre valgene").press("Enter")
    expect(side.get_by_text("Valgene er lagret.")).to_be_visible()
    expect(side.get_by_role("checkbox", name="SMS Vanlig")).to_be_checked()
    for navn in ("E-post", "Nettleser", "SMS", "Oppringing"):
        side.get_by_role("checkbox", name=f"{navn} Akutt").uncheck()
    side.get_by_role("button", name="Lagre valgene").click()
    expect(side.locator("#feiloppsummering")).to_be_focused()
    side.locator("#feiloppsummering a").click()
    expect(side.get_by_role("checkbox", name="E-post Akutt")).to_be_focused()


@pytest.mark.parametrize(("bredde", "moerk"), [(1280, False), (390, True), (320, False)])
def test_sidene_er_tilgjengelige(
    nettleser: Nettleser, fortell: Fortell, hus: Hus, bredde: int, moerk: bool
) -> None:
    fortell(
        "systemadministrator", "Ny akutt henvendelse til Indremedisin fra Guovdageaidnu", hastegrad="akutt"
    )
    fortell("systemadministrator", "Vakten din begynner snart", hastegrad=None, tekst="Fra 15:00 til 23:00.")
    fortell("systemadministrator", "Løst", stoppet=now())
    ulevert = uuid4()
    hus.endre(
        sa.insert(Utsending).values(
            id=ulevert,
            noekkel=str(ulevert),
            kanal=Kanal.EPOST,
            til="noen@sykehuset.example",
            emne="Invitasjon til Samhandlingsportalen",
            tekst="",
            opprettet=now(),
            foerst=now(),
            neste=now(),
            forsoek=9,
            oppgitt=now(),
            feil="550 5.1.1 no such user",
        )
    )
    side = nettleser.vindu("systemadministrator", bredde=bredde, moerk=moerk)
    try:
        for sti in ("/varsler", "/varsler/valg", "/varsler/uleverte"):
            side.goto(sti)
            assert axe(side) == [], sti
            assert ruller_sidelengs(side) == 0, sti
        expect(side.get_by_text("n•••@sykehuset.example", exact=True)).to_be_visible()
        aapne_panelet(side)
        assert axe(side) == []
        assert ruller_sidelengs(side) == 0
        # The whole panel can be reached, above the menu at the bottom.
        side.get_by_role("link", name="Varslene mine").last.scroll_into_view_if_needed()
        side.locator(".bjellepanel").get_by_role("link", name="Alle varsler").click()
        side.wait_for_url("**/varsler")
    finally:
        hus.endre(sa.delete(Utsending).where(Utsending.id == ulevert))


# --- the service worker ----------------------------------------------------------------------------------


def test_varsler_i_nettleseren_sier_hva_som_mangler(nettleser: Nettleser) -> None:
    """Refused by the person, or without a way to the vendor's service: told in words, and nothing is left behind."""
    nektet = nettleser.vindu("koordinator")
    nektet.goto("/varsler/valg")
    nektet.get_by_text("Legg til denne nettleseren").click()
    # Nobody is there to say yes: without a screen the browser answers no.
    nektet.locator("[data-push-paaknapp]").click()
    expect(nektet.locator("[data-pushstand]")).to_contain_text("Du har sagt nei til varsler")
    expect(nektet.locator("[data-push-paaknapp]")).to_be_disabled()
    # The windows of the tests are private ones, which Chromium gives no subscription.
    tillatt = nettleser.vindu("koordinator", tillatt=[r"does not support the Push API in incognito"])
    tillatt.context.grant_permissions(["notifications"])
    tillatt.goto("/varsler/valg")
    tillatt.get_by_text("Legg til denne nettleseren").click()
    expect(tillatt.locator("[data-pushstand]")).to_contain_text("ikke slått på")
    tillatt.locator("[data-push-paaknapp]").click()
    expect(tillatt.locator("[data-pushstand]")).to_contain_text(
        re.compile("varseltjeneste svarer ikke|Det gikk ikke å slå på varsler")
    )


def test_et_push_varsel_vises_og_kvitteres_med_et_trykk(
    nettleser: Nettleser, fortell: Fortell, hus: Hus
) -> None:
    side = nettleser.vindu("koordinator")
    side.context.grant_permissions(["notifications"])
    side.goto("/organisasjoner")
    varsel, token = fortell("koordinator", "Akutt sak"), f"tegn-{uuid4()}"
    _legg_ut(hus, varsel, token)
    cdp = side.context.new_cdp_session(side)
    i_gang: list[str] = []
    cdp.on(
        "ServiceWorker.workerVersionUpdated",
        lambda h: i_gang.extend(v["registrationId"] for v in h["versions"] if v["status"] == "activated"),
    )
    cdp.send("ServiceWorker.enable")
    omfang = side.evaluate(
        """async () => {
          const r = await navigator.serviceWorker.register('/sw.js', { scope: '/' });
          await navigator.serviceWorker.ready;
          return r.scope;
        }"""
    )
    try:
        assert omfang == f"{side.url.removesuffix('/organisasjoner')}/"
        # `ready` comes while it is being activated, and what is delivered then the browser may drop.
        vent_til(lambda: side.evaluate("1") and i_gang, "the service worker is activated")
        innhold = {
            "id": varsel,
            "tittel": "Ny akutt henvendelse til Geriatri fra Eigersund",
            "tekst": "Åpne portalen.",
            "lenke": "/organisasjoner",
            "hastegrad": "akutt",
            # As the portal writes it, with whatever name it knows itself by.
            "kvitter": f"https://portalen.eksempel.example/kvitter/{token}",
        }
        _lever(cdp, side, i_gang[0], json.dumps(innhold))
        (vist,) = _varslene(side)
        assert vist == {
            "title": innhold["tittel"],
            "body": "Åpne portalen.",
            "tag": f"akutt:{varsel}",
            "requireInteraction": True,
        }
        # The press itself is the operating system's; the event that it gives is not.
        arbeider = side.context.service_workers[0]
        arbeider.evaluate(
            """async () => {
              const [notification] = await self.registration.getNotifications();
              self.dispatchEvent(new NotificationEvent('notificationclick', { notification }));
            }"""
        )
        vent_til(
            lambda: (
                hus.rader(sa.select(Varsel.kvittert_kanal).where(Varsel.id == UUID(varsel)))[0][0] == "push"
            ),
            "the press acknowledges",
        )
        assert _varslene(side) == []
        # What cannot be read is told of all the same, quietly.
        _lever(cdp, side, i_gang[0], "ikke json")
        (vist,) = _varslene(side)
        assert (vist["title"], vist["requireInteraction"]) == ("Samhandlingsportalen", False)
    finally:
        side.evaluate(
            "async () => { for (const r of await navigator.serviceWorker.getRegistrations()) await r.unregister(); }"
        )


def _legg_ut(hus: Hus, varsel: str, token: str) -> None:
    """The message whose link the push holds."""
    hus.endre(
        sa.insert(Utsending).values(
            id=uuid4(),
            noekkel=str(uuid4()),
            kanal=Kanal.PUSH,
            varsel_id=UUID(varsel),
            til="https://push.eksempel.example/x",
            emne="Akutt sak",
            tekst="",
            kvittering_hash=sha256(token.encode()).hexdigest(),
            opprettet=now(),
            foerst=now(),
            neste=now(),
            sendt=now(),
            forsoek=1,
            feil="",
        )
    )


def _lever(cdp: Any, side: Page, registrering: str, data: str) -> None:
    """Delivers it as the vendor's service does: again, until the browser has it. The same one twice is shown once."""
    foer = len(_varslene(side))
    melding = {"origin": side.evaluate("location.origin"), "registrationId": registrering, "data": data}
    for _ in range(8):
        cdp.send("ServiceWorker.deliverPushMessage", melding)
        slutt = time.monotonic() + 5
        while time.monotonic() < slutt:
            if len(_varslene(side)) > foer:
                return
    raise AssertionError("the notification was never shown")


def _varslene(side: Page) -> list[dict[str, Any]]:
    """What the browser shows of the portal's."""
    varsler: list[dict[str, Any]] = side.evaluate(
        """async () => (await (await navigator.serviceWorker.ready).getNotifications())
          .map(({ title, body, tag, requireInteraction }) => ({ title, body, tag, requireInteraction }))"""
    )
    return varsler


# --- a notice for another of one's roles -----------------------------------------------------------------


@pytest.fixture
def to_roller(hus: Hus) -> Iterator[Callable[[], None]]:
    """Puts the login of somebody who answers for geriatri at the hospital into the role at the kommune, as it is again
    when the test is over."""
    hvem = sa.select(Person.id).where(Person.epost == DEMO["flere_roller"]).scalar_subquery()
    lege = hus.rader(
        sa.select(Medlemskap.id).where(Medlemskap.person_id == hvem, Medlemskap.rolle == Rolle.LEGE_KOMMUNE)
    )[0].id

    def arbeid_i_kommunen() -> None:
        hus.endre(sa.update(Sesjon).where(Sesjon.person_id == hvem).values(medlemskap_id=lege))

    yield arbeid_i_kommunen
    arbeid_i_kommunen()


def test_varselet_for_en_annen_rolle_aapnes_med_ett_trykk(
    nettleser: Nettleser,
    fortell: Fortell,
    hus: Hus,
    folk: Callable[[str], Innlogget],
    to_roller: Callable[[], None],
) -> None:
    sykehus = str(
        hus.verdi(sa.select(Organisasjon.id).where(Organisasjon.organisasjonsnummer == FINNMARKSSYKEHUSET))
    )
    sak = folk("sykehjemslege").send_henvendelse(sykehus, fagomraade="geriatri")
    fortell("flere_roller", "Geriatri venter på deg", lenke=f"/henvendelser/{sak}")
    side = nettleser.vindu("flere_roller", bredde=390, tillatt=[r"status of 404"])
    to_roller()
    side.goto("/organisasjoner")
    aapne_panelet(side).get_by_role("button", name="Geriatri venter på deg").click()
    expect(side.get_by_role("heading", level=1)).to_have_text("Vi finner ikke dette")
    knapp = side.get_by_role("button", name="Bytt til spesialist hos Finnmarkssykehuset og åpne")
    expect(knapp).to_be_visible()
    assert undersoek(side, "404 med annen rolle") == []
    side.set_viewport_size({"width": 390, "height": 844})
    side.evaluate("for (const d of document.querySelectorAll('details')) d.open = false;")
    knapp.focus()
    side.keyboard.press("Enter")
    side.wait_for_url(f"**/henvendelser/{sak}")
    expect(side.get_by_text("Du er nå Spesialist")).to_be_visible()
    expect(side.get_by_role("textbox", name="Skriv en melding")).to_be_visible()
    folk("sykehjemslege").gjoer(sak, "trekk")
    # The same address again, when the case is nobody's any more for this role: said in words, with a way back.
    side.goto(f"/henvendelser/{uuid4()}")
    expect(side.get_by_text("du har ikke lenger tilgang til det")).to_be_visible()
    side.get_by_role("link", name="Tilbake til varslene").click()
    side.wait_for_url("**/varsler")
