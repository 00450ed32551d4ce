"""Every page in every role: axe finds nothing, light and dark, narrow and wide; nothing scrolls sideways at 320 px
or at 200 % zoom."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from portal.core.clock import now
from portal.henvendelser.eskalering.models import Kanari, Kanarikjoering
from portal.henvendelser.models import Utskrivning
from portal.identitet.demo import ALTA, DEMO, FINNMARKSSYKEHUSET, OEHD_ALTA
from portal.identitet.models import Enhet, Organisasjon
from portal.identitet.models import Person as PersonRad
from portal.vakt.models import Vakt, Vaktplan
from portal.varsler.models import Utsending
from tests.levende.klient import Person
from tests.levende.tjener import ROT, Hus
from tests.nettleser import avtalesider, omdisponeringssider, plassider
from tests.nettleser.vindu import Nettleser, ajour, axe, ruller_sidelengs, skjermbilde, skriv

#: Pages by the demo person who looks at them; None is nobody. {names} stand for ids.
SIDER: dict[str | None, tuple[str, ...]] = {
    None: ("/innlogging", "/glemt-passord", "/kvitter/{kvittering}", "/kvitter/finnes-ikke"),
    "lege": (
        "/henvendelser/",
        "/henvendelser/?filter=alle",
        "/henvendelser/ny",
        "/organisasjoner",
        "/organisasjoner?sok=finnes+ikke",
        "/organisasjoner/{alta}",
        "/organisasjoner/{finnmark}",
        "/passord",
        "/konto",
        "/konto/tofaktor",
        "/henvendelser/innsyn",
        "/koe",
        "/finnes-ikke",
        "/varsler",
        "/varsler/valg",
        "/vakt",
        "/vakt/mine",
        "/vakt/kalender",
        "/status",
    ),
    "sykehjemslege": (
        "/henvendelser/",
        "/henvendelser/{ny}",
        "/henvendelser/{akutt}",
        "/henvendelser/{akseptert}",
        "/henvendelser/{akseptert}/opplysninger",
        "/henvendelser/{akseptert}/plass",
        "/henvendelser/{akseptert}/plass?sok=1&evner=1&evner=512",
        "/henvendelser/{besvart}",
        "/henvendelser/{lukket}",
        "/henvendelser/{trukket}",
    ),
    "sykepleier": (
        "/koe",
        "/henvendelser/",
        "/henvendelser/{akseptert}",
        "/henvendelser/{utskrivning}",
        "/vakt",
        "/vakt/mine",
    ),
    "flere_roller": ("/henvendelser/", "/henvendelser/ny"),
    "kommuneoverlege": (
        "/henvendelser/",
        "/tall",
        "/beredskap",
        "/beredskap/ny",
        "/beredskap/svar/{fasesvar}",
        "/avtaler/faseskifte?organisasjon={alta}&fase=4&nivaa=roed&kilde=FHI",
        "/avtaler/gjelder",
    ),
    "spesialist": (
        "/koe",
        "/henvendelser/",
        "/henvendelser/{ny}",
        "/henvendelser/{akutt}",
        "/henvendelser/{akseptert}",
        "/henvendelser/{akseptert}/inviter",
        "/henvendelser/{akseptert}/overlever",
        "/henvendelser/{besvart}",
        "/henvendelser/{lukket}",
        "/henvendelser/{lukket}/journal",
        "/henvendelser/{lukket}/journal/utskrift",
        "/henvendelser/{lukket}/innsynslogg",
        "/henvendelser/{utskrivning}",
        "/henvendelser/{utskrivning}/avtaler",
        "/henvendelser/ny",
        "/henvendelser/vaktskifte",
        "/avtaler",
        "/avtaler/{avtale}",
        "/varsler",
        "/vakt",
        "/vakt/mine",
        "/vakt/planer/{plan}",
        "/vakt/planer/{plan}/ta?nivaa=bakvakt",
        "/vakt/planer/{plan}?maaned={maaned}",
        "/vakt/vakter/{vakt}",
        "/vakt/vakter/{vakt}/bytt",
        "/vakt/bytter",
        "/vakt/fravaer",
        "/vakt/dekning",
        "/vakt/dekning/{plan}",
        "/vakt/policy",
    ),
    "spesialist_bergen": ("/koe", "/henvendelser/"),
    "vaktleder": ("/koe", "/henvendelser/{ny}", "/tall", "/henvendelser/vaktskifte", "/vakt", "/status"),
    "koordinator": ("/venter", "/tall", "/organisasjoner/{alta}", "/vakt", "/vakt/kanari", "/vakt/uroerte"),
    "koordinator_hf": (
        "/beredskap",
        "/beredskap/forslag",
        "/beredskap/forslag/nytt",
        "/beredskap/forslag/{faseforslag}",
        "/beredskap/kriseledelse",
        "/beredskap/oevelser",
        "/beredskap/oevelser/ny",
        "/beredskap/oevelser/{oevelse}",
        "/beredskap/organisasjoner/{alta}",
        "/avtaler",
        "/avtaler/ny",
        "/avtaler/ny?mal=samlet",
        "/avtaler/maler",
        "/avtaler/maler/{mal}",
        "/avtaler/import",
        "/avtaler/import?avtale={utkast}",
        "/avtaler/kjede",
        "/avtaler/soek?q=utskrivning",
        "/avtaler/gjelder?kommune={alta}",
        "/avtaler/{avtale}",
        "/avtaler/{avtale}/fullstendighet",
        "/avtaler/{avtale}/godkjenning",
        "/avtaler/{utkast}/forhandling",
        "/avtaler/{forhandles}/forhandling",
        "/avtaler/{forhandles}/forhandling?vis=venter",
        "/avtaler/{forhandles}/forhandling/ny",
        "/avtaler/{forhandles}/forhandling/bestemmelser/{forhandlet}",
        "/avtaler/{forhandles}/forhandling/bestemmelser/{forhandlet}/stryk",
        "/avtaler/{forhandles}/forhandling/forslag/{tekstforslag}/motforslag",
        "/avtaler/{forhandles}/forhandling/forslag/{avslag}",
        "/avtaler/{avtale}/sammenlign",
        "/avtaler/{versjoner}/sammenlign",
        "/avtaler/{versjoner}/godkjenning",
        "/avtaler/{avtale}/livet",
        "/avtaler/{avtale}/oppsigelse",
        "/avtaler/{oppsagt}/livet",
        "/avtaler/{avtale}/gjennomgang",
        "/avtaler/{avtale}/uenighet",
        "/avtaler/{avtale}/uenighet/{uenighet}",
        "/avtaler/satser",
        "/avtaler/{utkast}/parter",
        "/avtaler/{utkast}/utkast",
        "/avtaler/{utkast}/opplysninger",
        "/avtaler/{utkast}/bestemmelser/ny",
        "/avtaler/{utkast}/bestemmelser/{klausul}",
        "/oppgaver",
        "/oppgaver/{oppgave}",
        "/tall",
        "/api/v1/docs",
        "/vakt",
        "/vakt/planer/ny",
        "/vakt/planer/{plan}",
        "/vakt/planer/{plan}/oppsett",
        "/vakt/planer/{plan}/ny-vakt",
        "/vakt/planer/{plan}/rotasjon/ny",
        "/vakt/planer/{plan}/import",
        "/vakt/vakter/{vakt}",
        "/vakt/bytter",
        "/vakt/fravaer",
        "/vakt/dekning",
        "/vakt/dekning/{plan}",
        "/vakt/policy",
        "/vakt/policy/endre?fagomraade=&hastegrad=akutt",
        "/vakt/kanari",
        "/vakt/kanari/{kanari}",
        "/status",
    ),
    "innsyn": ("/tall", "/vakt", "/varsler"),
    "administrator": (
        "/tall",
        "/organisasjoner/{alta}",
        "/organisasjoner/{alta}/enheter/ny",
        "/enheter/{enhet}",
        "/folk",
        "/folk/ny",
        "/folk/import",
        "/folk/{person}",
    ),
    "administrator_hf": (
        "/organisasjoner/{finnmark}",
        "/revisjon",
        "/innsyn/oppfoelging",
        "/varsler/uleverte",
        "/vakt/policy",
    ),
    "systemadministrator": ("/tall", "/organisasjoner/{finnmark}", "/varsler/uleverte", "/status"),
}
for _hvem, _sider in (*plassider.SIDER.items(), *omdisponeringssider.SIDER.items()):
    SIDER[_hvem] = SIDER.get(_hvem, ()) + _sider
#: What answers a GET but is no page of its own.
INGEN_SIDE = re.compile(
    r"^(/|/static/.*|/helse.*|/sesjon.*|/koe/liste|/vaktmodus|/henvendelser/<[^>]+>/status|/api/v1/(?!docs).*"
    r"|/henvendelser/<[^>]+>/plass/valg|/plasser/(gruppe|kommuner/<[^>]+>)|/sw\.js|/varsler/bjelle|/varsler/kanaler/nettleser|.*[./](csv|txt|pdf|docx|xlsx|json|mal|ics)|.*/vedlegg/.*)$"
)
#: Pages that one only comes to in the middle of something: measured there, in test_midtveis.py, test_laas.py and
#: test_omdisponering.py.
MIDTVEIS = {
    *("/innlogging/kode", "/innlogging/oppsett", "/konto/tofaktor/av", "/konto/tofaktor/koder"),
    *("/lenke/<string:token>", "/laas", "/omdisponering/<uuid:omdisponering_id>/endre"),
}


@pytest.fixture(scope="module")
def ider(hus: Hus, folk: Callable[[str], Person]) -> Mapping[str, str]:
    """Cases in every status, and the organisations and the unit of the pages."""

    def finn(sporring: sa.Select[UUID]) -> str:
        return str(hus.verdi(sporring))

    finnmark = finn(sa.select(Organisasjon.id).where(Organisasjon.organisasjonsnummer == FINNMARKSSYKEHUSET))
    alta = finn(sa.select(Organisasjon.id).where(Organisasjon.kode == ALTA))
    lege, spesialist = folk("sykehjemslege"), folk("spesialist")
    news2 = {
        "respirasjon": 26,
        "spo2": 93,
        "systolisk": 104,
        "puls": 118,
        "bevissthet": "A",
        "temperatur": 39.4,
    }
    saker = {
        status: lege.send_henvendelse(
            finnmark, situasjon=f"Saken som er {status}. Økende tungpust.", news2={**news2, "oksygen": False}
        )
        for status in ("ny", "akseptert", "besvart", "lukket", "trukket")
    }
    saker["akutt"] = lege.send_henvendelse(finnmark, hastegrad="akutt")
    for status in ("akseptert", "besvart", "lukket"):
        assert spesialist.gjoer(saker[status], "aksepter").status == 200
        spesialist.skriv(saker[status], str(UUID(int=1)), "Hva er kreatinin og kalium?")
        lege.skriv(saker[status], str(UUID(int=2)), "Kreatinin 142, kalium 4,1.")
    for status in ("besvart", "lukket"):
        svar = spesialist.gjoer(saker[status], "besvar", raad="behandles_i_kommunen", tekst="Øk dosen.")
        assert svar.status == 200
    assert lege.gjoer(saker["lukket"], "lukk", utfall="behandles_i_kommunen").status == 200
    assert lege.gjoer(saker["trukket"], "trekk").status == 200
    enhet = finn(sa.select(Enhet.id).where(Enhet.navn == OEHD_ALTA))
    utskrivning = finn(sa.select(Utskrivning.henvendelse_id).limit(1))
    person = finn(sa.select(PersonRad.id).where(PersonRad.epost == DEMO["lege"]))
    steder = {"finnmark": finnmark, "alta": alta, "enhet": enhet, **_vaktene(hus, finnmark)}
    steder |= {**avtalesider.lag(hus, finnmark, alta), "mal": "epidemi", **plassider.lag(hus, alta)}
    steder |= omdisponeringssider.lag(hus, alta, finnmark)
    return {**saker, **steder, "utskrivning": utskrivning, "person": person}


def _vaktene(hus: Hus, finnmark: str) -> dict[str, str]:
    """A roster and a coming shift of `spesialist`'s in it, a canary that has failed, and the link of a letter."""
    plan = hus.verdi(
        sa.select(Vaktplan.id).where(
            Vaktplan.organisasjon_id == UUID(finnmark), Vaktplan.fagomraade == "geriatri"
        )
    )
    vakt = hus.verdi(
        sa.select(Vakt.id)
        .join(PersonRad, PersonRad.id == Vakt.person_id)
        .where(
            Vakt.vaktplan_id == plan,
            Vakt.avlyst.is_(None),
            Vakt.fra > now(),
            PersonRad.epost == DEMO["spesialist"],
        )
        .order_by(Vakt.fra)
        .limit(1)
    )
    kanari, frist = uuid4(), now() - timedelta(minutes=5)
    hus.endre(
        sa.insert(Kanari).values(
            id=kanari,
            organisasjon_id=UUID(finnmark),
            fagomraade="geriatri",
            hver_minutter=60,
            aktiv=True,
            neste=now() + timedelta(hours=1),
        )
    )
    hus.endre(
        sa.insert(Kanarikjoering).values(
            id=uuid4(),
            kanari_id=kanari,
            start=frist,
            frist=frist,
            ferdig=frist,
            ledd={"vaktplan": {"ok": False, "tid": None, "hvorfor": "ingen_paa_vakt", "detalj": ""}},
            roed=True,
        )
    )
    kvittering = "kvittering-paa-sidene"
    brev = hus.verdi(
        sa.select(Utsending.id).where(Utsending.kanal == "epost", Utsending.varsel_id.is_not(None)).limit(1)
    )
    hus.endre(
        sa.update(Utsending)
        .where(Utsending.id == brev)
        .values(kvittering_hash=sha256(kvittering.encode()).hexdigest())
    )
    return {
        "plan": str(plan),
        "vakt": str(vakt),
        "maaned": f"{now():%Y-%m}",
        "kanari": str(kanari),
        "kvittering": kvittering,
    }


def undersoek(side: Page, hva: str) -> list[str]:
    """Everything that is measured on a page, with what it is on in front of each finding."""
    funn: list[str] = []

    def noter(hvor: str, feil: list[str]) -> None:
        funn.extend(f"{hva} [{hvor}] {f}" for f in feil)

    side.set_viewport_size({"width": 1280, "height": 900})
    noter("1280 light", axe(side))
    side.emulate_media(color_scheme="dark")
    noter("1280 dark", axe(side, bare=["color-contrast"]))
    # On the telephone with everything unfolded: menus, forms behind buttons, sections.
    side.set_viewport_size({"width": 390, "height": 844})
    side.evaluate(
        "for (const d of document.querySelectorAll('details')) { d.removeAttribute('name'); d.open = true; }"
    )
    noter("390 dark, unfolded", axe(side, bare=["color-contrast"]))
    side.emulate_media(color_scheme="light")
    noter("390 light, unfolded", axe(side))
    # Each change of size takes as long as to load a small page: the size that it has comes first.
    for bredde, hoeyde, navn in ((390, 844, "390 px"), (320, 640, "320 px"), (640, 450, "200 % zoom")):
        if side.viewport_size != {"width": bredde, "height": hoeyde}:
            side.set_viewport_size({"width": bredde, "height": hoeyde})
        for_bred = ruller_sidelengs(side)
        noter(navn, [f"scrolls sideways by {for_bred} px"] if for_bred > 0 else [])
    if not side.title() or side.locator("h1").count() != 1 or not side.get_attribute("html", "lang"):
        noter("page", ["a page has one h1, a title and a language"])
    return funn


@pytest.mark.parametrize("hvem", list(SIDER), ids=lambda hvem: hvem or "ingen")
def test_sidene(nettleser: Nettleser, ider: Mapping[str, str], tmp_path: Path, hvem: str | None) -> None:
    # Pages that refuse are pages too; the browser tells of their status.
    side = nettleser.vindu(hvem, tillatt=[r"status of 40[34]"])
    funn: list[str] = []
    for nummer, sti in enumerate(SIDER[hvem]):
        side.emulate_media(color_scheme="light")
        side.goto(sti.format(**ider))
        if side.locator("[data-samtale]").count():
            ajour(side)
        elif side.locator("[data-linjestatus]").count():
            expect(side.locator("[data-linjestatus]")).to_have_attribute("data-tilstand", "ajour")
        nye = undersoek(side, sti)
        if nye:
            skjermbilde(side, tmp_path, f"{hvem}-{nummer}")
        funn += nye
    assert not funn, "\n".join([*funn, f"pictures: {tmp_path}"])


def tilstand(side: Page, hva: str) -> list[str]:
    """The same for a moment on a page whose rest has been measured."""
    side.set_viewport_size({"width": 320, "height": 640})
    funn = axe(side)
    if ruller_sidelengs(side) > 0:
        funn.append("scrolls sideways at 320 px")
    side.emulate_media(color_scheme="dark")
    funn += axe(side, bare=["color-contrast"])
    side.emulate_media(color_scheme="light")
    side.set_viewport_size({"width": 1280, "height": 900})
    return [f"{hva}: {f}" for f in funn]


def test_avviste_skjemaer_og_aapne_tilstander(nettleser: Nettleser, ider: Mapping[str, str]) -> None:
    """What a page looks like in the middle of something: errors, the 113 panel, a stopped message, a list of names."""
    side = nettleser.vindu("sykehjemslege", tillatt=["status of 422"])
    funn: list[str] = []
    side.goto("/henvendelser/ny")
    side.get_by_role("button", name="Send henvendelsen").click()
    expect(side.locator("#feiloppsummering")).to_be_focused()
    funn += tilstand(side, "ny, mangler")
    side.goto("/henvendelser/ny")
    side.locator("label", has_text="Akutt").first.click()
    side.get_by_role("combobox", name="Pasientens bostedskommune").click()
    expect(side.get_by_role("listbox")).to_be_visible()
    funn += tilstand(side, "ny, akutt, kommuner")
    side.goto(f"/henvendelser/{ider['akseptert']}")
    ajour(side)
    skriv(side, "Pasienten 11 81 70 10026 er klar.")
    expect(side.locator("[data-skrivefelt] [data-fnrvarsel]")).to_be_visible()
    funn += tilstand(side, "samtale, stoppet melding")
    side.locator("[data-skrivefelt] textarea").fill("")
    inne = nettleser.vindu(None, tillatt=["status of 401"])
    inne.goto("/innlogging")
    inne.get_by_label("E-post").fill("ingen@demo.example")
    inne.get_by_label("Passord").fill("feil-passord-her")
    inne.get_by_label("Passord").press("Enter")
    expect(inne.locator("#feiloppsummering")).to_be_visible()
    funn += tilstand(inne, "innlogging, feil passord")
    side.goto("/organisasjoner")
    assert not funn, "\n".join(funn)


def test_lista_har_med_hver_side(hus: Hus) -> None:
    """A new page must be put on the list above."""
    ut = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "portal.factory:create_app", "routes"],
        cwd=ROT,
        env=hus.miljoe,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    regler = [linje.split()[-1] for linje in ut.splitlines() if re.search(r"\bGET\b", linje)]
    sider = [r for r in regler if not INGEN_SIDE.match(r) and r not in MIDTVEIS]
    assert len(sider) > 10
    paa_lista = {sti.split("?")[0] for stier in SIDER.values() for sti in stier}
    for regel in sider:
        moenster = re.compile(re.sub(r"<[^>]+>", r"\\{\\w+\\}", regel) + "$")
        assert any(moenster.match(sti) for sti in paa_lista), f"{regel} is not in SIDER"


def test_vaktene_og_maalingen_finner_feil(nettleser: Nettleser) -> None:
    """What keeps watch over every window in these tests is awake itself."""
    side = nettleser.vindu()
    side.goto("/innlogging")
    nettleser.kontroller()
    for kode in (
        "console.error('feil')",
        "document.body.setAttribute('style', 'color: red')",
        "localStorage.setItem('tekst', 'noe klinisk')",
        "sessionStorage.setItem('tekst', 'noe klinisk')",
        "document.cookie = 'tekst=noe'",
        "setTimeout(() => { throw new Error('feil') })",
    ):
        side = nettleser.vindu()
        side.goto("/innlogging")
        side.evaluate(kode)
        side.wait_for_timeout(50)
        with pytest.raises(AssertionError):
            nettleser.kontroller()
        nettleser.glem(side)
    side = nettleser.vindu(bredde=320)
    side.goto("/innlogging")
    assert not axe(side) and ruller_sidelengs(side) <= 0
    side.evaluate("document.querySelector('main').append(document.createElement('img'))")
    assert [f.split(":")[0] for f in axe(side)] == ["image-alt"]
    side.evaluate(
        "const bred = document.createElement('p'); bred.style.width = '900px'; bred.textContent = 'Bred';"
        "document.querySelector('main').append(bred)"
    )
    assert ruller_sidelengs(side) > 0
