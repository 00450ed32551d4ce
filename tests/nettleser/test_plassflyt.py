"""An emergency bed as people live it: a physician in Kautokeino is advised to use one in a live request, holds it in
the neighbouring municipality from within the conversation, the unit admits, and every screen tells it."""

from __future__ import annotations

import re

import sqlalchemy as sa
from playwright.sync_api import Locator, Page, expect

from portal.identitet.demo import OEHD_ALTA
from portal.identitet.models import Enhet, Organisasjon
from portal.plasser.models import Plassenhet, Plassmedlem
from tests.levende.tjener import Hus
from tests.nettleser.vindu import Nettleser, ajour, axe, fyll_henvendelse, send_henvendelse

KAUTOKEINO = "5612"


def _enheten(hus: Hus) -> str:
    """The unit in Alta, where Kautokeino has a bed to spare whatever the demo lets lie there."""
    enhet_id = hus.verdi(
        sa.select(Plassenhet.id).join(Enhet, Enhet.id == Plassenhet.enhet_id).where(Enhet.navn == OEHD_ALTA)
    )
    hus.endre(
        sa.update(Plassmedlem)
        .where(
            Plassmedlem.plassenhet_id == enhet_id,
            Plassmedlem.kommune_id.in_(sa.select(Organisasjon.id).where(Organisasjon.kode == KAUTOKEINO)),
        )
        .values(kvote=4)
    )
    return str(enhet_id)


def _tall(tavle: Page, enhet: str) -> dict[str, int]:
    """What the board shows of a unit now, free, held and occupied."""
    rad = _rad(tavle, enhet)
    return {k: int(_celle(rad, k).inner_text()) for k in ("ledig", "holdt", "belagt")}


def _rad(tavle: Page, enhet: str) -> Locator:
    return tavle.locator(f"[data-plassenhet='{enhet}']").first


def _celle(rad: Locator, hva: str) -> Locator:
    return rad.locator(f"[data-tall={hva}]")


def _forvent(tavle: Page, enhet: str, ventet: dict[str, int]) -> None:
    for hva, antall in ventet.items():
        expect(_celle(_rad(tavle, enhet), hva)).to_have_text(re.compile(rf"^\s*{antall}\s*$"))


def _innlagt_i_dag(side: Page, enhet: str) -> int:
    """Today's admissions so far, as the history says it above its figures of whole days."""
    side.goto(f"/plasser/{enhet}/historikk?periode=7")
    sagt = re.search(r"I dag så langt: (\d+) innlagt", side.locator("main").inner_text())
    assert sagt is not None
    return int(sagt[1])


def test_en_plass_i_nabokommunen_fra_samtalen(nettleser: Nettleser, hus: Hus) -> None:
    enhet = _enheten(hus)
    vakt = nettleser.vindu("oehd_sykepleier")
    foer_innlagt = _innlagt_i_dag(vakt, enhet)
    tavle = nettleser.vindu("sykepleier")
    tavle.goto("/plasser/")
    foer = _tall(tavle, enhet)
    assert foer["ledig"] > 0

    # The request, taken, and the advice: a bed in the kommune.
    lege = nettleser.vindu("lege_kautokeino")
    lege.goto("/henvendelser/ny")
    fyll_henvendelse(lege, "Eldre kvinne med lungebetennelse, trenger antibiotika intravenøst.")
    sak = send_henvendelse(lege)
    ajour(lege)
    spesialist = nettleser.vindu("spesialist")
    spesialist.goto(f"/henvendelser/{sak}")
    ajour(spesialist)
    spesialist.get_by_role("button", name="Ta saken").click()
    spesialist.locator("summary", has_text="Gi råd").click()
    spesialist.get_by_role("group", name="Rådet ditt").locator("label", has_text="ØHD-plass").click()
    spesialist.get_by_label("Begrunnelse og plan").fill("Antibiotika intravenøst på ØHD i to døgn.")
    spesialist.get_by_role("button", name="Send rådet").click()

    # The advice itself leads to the bed: without a reload, in the conversation.
    raadet = lege.locator("[data-logg] [data-type=besvart]")
    expect(raadet).to_contain_text("ØHD-plass")
    expect(lege.locator("[data-bit=plasser]")).to_contain_text("Ingen plass er holdt ennå.")
    expect(spesialist.locator("[data-bit=plasser]")).to_contain_text("Det gjør kommunen")
    expect(spesialist.locator("[data-hold-plass]")).to_have_count(0)
    raadet.get_by_role("link", name="Hold plass").click()
    i_alta = lege.locator(".plassrad", has_text=OEHD_ALTA)
    expect(i_alta).to_contain_text("km")
    assert not axe(lege)
    # What the patient needs is asked for without losing the place.
    lege.locator("summary", has_text="Pasienten trenger noe særskilt").click()
    behov = lege.get_by_label("Intravenøs behandling")
    behov.check()
    expect(lege.locator("[data-plassfilter]")).to_contain_text("Intravenøs behandling")
    expect(behov).to_be_checked()
    expect(behov).to_be_focused()
    lege.locator("summary", has_text="Skriv noe til enheten").click()
    lege.get_by_label("Til enheten").fill("Kommer med bil ca. 21.")
    i_alta.get_by_role("button", name=re.compile("Hold plass")).click()

    # Held: in both windows of the case, and on the board of somebody who has not touched it.
    for side in (lege, spesialist):
        del_ = side.locator("[data-bit=plasser] .holdt--aktiv")
        expect(del_).to_contain_text(OEHD_ALTA)
        expect(del_).to_contain_text(re.compile("1 t 5[0-9] min igjen|2 t 0 min igjen"))
        expect(side.locator("[data-logg] [data-type=plass_holdt]")).to_contain_text("Kommer med bil ca. 21.")
    expect(lege.locator("#saksplasser-tittel")).to_be_focused()
    expect(lege.locator(".plassboks")).to_be_hidden()
    expect(spesialist.locator("[data-bit=plasser] button")).to_have_count(0)
    holdt = {"ledig": foer["ledig"] - 1, "holdt": foer["holdt"] + 1, "belagt": foer["belagt"]}
    _forvent(tavle, enhet, holdt)
    assert not axe(lege)

    # The unit knows the number and the word, nothing of the case; it admits.
    saksnummer = lege.locator(".sakstopp__nummer").inner_text().split()[-1]
    vakt.goto(f"/plasser/{enhet}")
    seng = vakt.locator(".plasskort", has_text=saksnummer)
    expect(seng).to_contain_text("Kommer med bil ca. 21.")
    assert "lungebetennelse" not in vakt.content()
    assert vakt.request.get(f"/henvendelser/{sak}").status == 404
    seng.get_by_role("link", name=re.compile("Legg inn")).click()
    vakt.get_by_role("button", name="Legg inn nå").click()
    vakt.wait_for_url(re.compile(rf"/plasser/{enhet}"))

    # Told everywhere: in the case, on the board, and in the history.
    for side in (lege, spesialist):
        expect(side.locator("[data-logg] [data-type=plass_innlagt]")).to_contain_text(OEHD_ALTA)
        expect(side.locator("[data-bit=plasser] .holdt--innlagt")).to_contain_text("Pasienten er lagt inn")
    _forvent(tavle, enhet, {"ledig": foer["ledig"] - 1, "holdt": foer["holdt"], "belagt": foer["belagt"] + 1})
    assert _innlagt_i_dag(vakt, enhet) == foer_innlagt + 1


def test_den_som_kommer_for_sent_velger_en_annen(nettleser: Nettleser, hus: Hus) -> None:
    """The last bed goes while somebody chooses it: that is told, and the choice stands with the others."""
    enhet = _enheten(hus)
    lege = nettleser.vindu("lege_kautokeino", tillatt=["409"])
    lege.goto("/henvendelser/ny")
    fyll_henvendelse(lege, "Eldre mann med forverring av kols.")
    send_henvendelse(lege)
    ajour(lege)
    lege.locator("summary", has_text="Hold ØHD-plass").click()
    i_alta = lege.locator(".plassrad", has_text=OEHD_ALTA)
    expect(i_alta).to_be_visible()
    # The unit's own need every free bed meanwhile.
    andre = nettleser.vindu("oehd_sykepleier")
    andre.goto(f"/plasser/{enhet}")
    ledige = andre.get_by_role("button", name="Til rengjøring")
    for igjen in range(ledige.count(), 0, -1):
        ledige.first.click()
        expect(ledige).to_have_count(igjen - 1)
    i_alta.get_by_role("button", name=re.compile("Hold plass")).click()
    tapt = lege.locator("[data-plasstapt]")
    expect(tapt).to_contain_text("ingen ledig plass")
    expect(lege.locator(".plassrad", has_text="Guovdageaidnu")).to_be_visible()
    assert not axe(lege)
    # In time, at home.
    lege.locator(".plassrad", has_text="Guovdageaidnu").get_by_role(
        "button", name=re.compile("Hold plass")
    ).click()
    aktiv = lege.locator("[data-bit=plasser] .holdt--aktiv")
    expect(aktiv).to_contain_text("Guovdageaidnu")
    aktiv.get_by_role("button", name=re.compile("Forleng")).click()
    expect(aktiv.get_by_role("button", name=re.compile("Forleng"))).to_have_count(0)
    aktiv.get_by_role("button", name=re.compile("Gi plassen fri")).click()
    expect(lege.locator("[data-bit=plasser] .holdt--frigitt")).to_be_visible()
    expect(lege.locator("[data-logg] [data-type=plass_frigitt]")).to_be_visible()


def test_uten_javascript(nettleser: Nettleser, hus: Hus) -> None:
    _enheten(hus)
    lege = nettleser.vindu("lege_kautokeino", javascript=False)
    lege.goto("/henvendelser/ny")
    fyll_henvendelse(lege, "Dehydrert, trenger væske.")
    sak = send_henvendelse(lege)
    lege.goto(f"/henvendelser/{sak}/plass?sok=1&evner=4")
    expect(lege.get_by_label("Intravenøs behandling")).to_be_checked()
    lege.locator(".plassrad", has_text="Guovdageaidnu").get_by_role(
        "button", name=re.compile("Hold plass")
    ).click()
    lege.wait_for_url(re.compile(rf"/henvendelser/{sak}$"))
    expect(lege.locator(".holdt--aktiv")).to_contain_text("Guovdageaidnu")
    lege.get_by_role("button", name=re.compile("Gi plassen fri")).click()
    expect(lege.locator(".holdt--frigitt")).to_be_visible()
