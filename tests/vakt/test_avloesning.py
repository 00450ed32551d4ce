"""Who asks a colleague to take a running shift; a hole that begins soon; one's own shifts month by month."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.core.aktor import Aktor
from portal.core.clock import som_om
from portal.core.db import db
from portal.core.errors import IkkeTilgang, Konflikt, UgyldigData
from portal.identitet.models import Medlemskap
from portal.vakt.models import Nivaa, Vaktplan
from portal.vakt.service import bytte, fravaer, vakter
from portal.varsler.models import Varsel
from tests.bygg import Opptak, Scene, revisjon, skriv, uten_spor
from tests.vakt.hjelp import DAG, NAA, T, fortalt, lag_fravaer, nivaa, spesialist
from tests.vakthjelp import lag_vakt, lag_vaktplan

V, B, L = Nivaa.VAKTHAVENDE, Nivaa.BAKVAKT, Nivaa.VAKTLEDER
Klient = Callable[[Aktor], FlaskClient]


@pytest.fixture(autouse=True)
def klokka() -> Iterator[None]:
    with som_om(NAA):
        yield


@pytest.fixture
def plan(scene: Scene) -> Vaktplan:
    skriv(sa.update(Medlemskap).values(gyldig_fra=NAA - 400 * DAG))
    db.session.expire_all()
    return lag_vaktplan(scene.hf.id)


def varselet(aktor: Aktor) -> Varsel:
    db.session.rollback()
    return db.session.scalars(sa.select(Varsel).where(Varsel.person_id == aktor.person_id)).one()


# --- a running shift -------------------------------------------------------------------------------------


def test_den_som_har_vakten_ber_om_avloesning(scene: Scene, plan: Vaktplan, som: Klient) -> None:
    """The page says why it cannot be swapped; the colleague is told at once, and takes it from the notice."""
    vakt = lag_vakt(plan, scene.spesialist, fra=NAA - T, til=NAA + 6 * T)
    jeg, kollega = som(scene.spesialist), som(scene.spesialist2)
    side = jeg.get(f"/vakt/vakter/{vakt.id}").text
    assert "Vakten har begynt, og kan ikke byttes" in side and "Be om avløsning" in side
    assert "Be om avløsning" not in kollega.get(f"/vakt/vakter/{vakt.id}").text
    felt = {"til_medlemskap_id": str(scene.spesialist2.medlemskap_id)}
    svar = jeg.post(f"/vakt/vakter/{vakt.id}/avloesning", data=felt, follow_redirects=True)
    assert f"{scene.spesialist2.navn} er spurt" in svar.text
    # Pressed twice, it is one notice.
    jeg.post(f"/vakt/vakter/{vakt.id}/avloesning", data=felt)
    varsel = varselet(scene.spesialist2)
    assert varsel.hastegrad == "haster" and "ber deg ta vakten nå" in varsel.tittel
    assert nivaa(plan)[0][2] == scene.spesialist.person_id, "a question changes nothing"
    assert varsel.lenke and "Ta vakten fra Siri Spesialist" in kollega.get(varsel.lenke).text
    assert revisjon("vakt.avloesning_spurt", objekt=vakt.id)
    # Taken by another: nobody is asked any more.
    vakter.ta_naa(spesialist(scene, "Tredje Lege"), plan.id, V)
    db.session.rollback()
    assert db.session.scalar(sa.select(Varsel.stoppet).where(Varsel.id == varsel.id)) is not None


def test_hvem_som_ikke_kan_spoerres(scene: Scene, plan: Vaktplan, opptak: Opptak) -> None:
    vakt = lag_vakt(plan, scene.spesialist, fra=NAA - T, til=NAA + 6 * T)
    borte = spesialist(scene, "Borte Bakke")
    lag_fravaer(borte, NAA + T, NAA + 2 * T)
    for hvem in (scene.kirurg, scene.spesialist, scene.fremmed_spesialist, borte):
        assert hvem.medlemskap_id
        with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
            bytte.be_om_avloesning(scene.spesialist, vakt.id, hvem.medlemskap_id)
        assert "er borte" not in str(feil.value.detaljer)
    til = scene.spesialist2.medlemskap_id
    assert til
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
        bytte.be_om_avloesning(scene.spesialist2, vakt.id, til)
    kommer = lag_vakt(plan, scene.spesialist, fra=NAA + 9 * T)
    with uten_spor(opptak), pytest.raises(Konflikt):
        bytte.be_om_avloesning(scene.spesialist, kommer.id, til)


# --- a hole that begins soon -----------------------------------------------------------------------------


def borte(scene: Scene, fra: datetime, til: datetime) -> None:
    assert scene.spesialist.person_id
    fravaer.registrer(scene.spesialist, scene.spesialist.person_id, fra, til)


def test_vaktlederen_faar_vite_om_hullet_som_kommer_snart(scene: Scene, plan: Vaktplan, som: Klient) -> None:
    """Two days of a week's shift are unmanned from the day after tomorrow: those are named, to who leads."""
    lag_vakt(plan, scene.spesialist, fra=NAA + DAG, til=NAA + 8 * DAG)
    lag_vakt(plan, scene.vaktleder, L, fra=NAA - DAG, til=NAA + 6 * DAG)
    borte(scene, NAA + 2 * DAG, NAA + 4 * DAG)
    for aktor in (scene.vaktleder, scene.koordinator):
        varsel = varselet(aktor)
        assert varsel.tittel == "Vakter må dekkes: Siri Spesialist er borte" and varsel.hastegrad == "haster"
        assert (
            varsel.tekst == "Vakthavende, Indremedisin: ingen ons. 4. mars kl. 12:00 – fre. 6. mars kl. 12:00"
        )
    # From the list to the form, filled in; whoever stands there keeps what is outside.
    leder = som(scene.vaktleder)
    side = leder.get("/vakt/fravaer").text
    (lenke,) = re.findall(r'href="([^"]*ny-vakt[^"]*)"', side)
    lenke = unescape(lenke)
    assert {k: v[0] for k, v in parse_qs(urlsplit(lenke).query).items()} == {
        "nivaa": "vakthavende",
        "fra": "2026-03-04T12:00",
        "til": "2026-03-06T12:00",
        "overstyr": "1",
    }
    skjema = leder.get(lenke).text
    assert re.search(r'name="overstyr" value="1"\s+checked', skjema) and "2026-03-04T12:00" in skjema
    inn = {k: v[0] for k, v in parse_qs(urlsplit(lenke).query).items()}
    inn["medlemskap_id"] = str(scene.spesialist2.medlemskap_id)
    assert leder.post(urlsplit(lenke).path, data=inn).status_code == 303
    assert [p for _f, _t, p, _k in nivaa(plan)] == [
        scene.spesialist.person_id,
        scene.spesialist2.person_id,
        scene.spesialist.person_id,
    ]
    assert "må dekkes" not in leder.get("/vakt/fravaer").text
    # One's own absence has no such button for who does not keep the rosters.
    assert "Sett inn noen" not in som(scene.spesialist).get("/vakt/fravaer").text


def test_det_som_kommer_sent_er_koordinatorens(scene: Scene, plan: Vaktplan) -> None:
    lag_vakt(plan, scene.spesialist, fra=NAA + 20 * DAG)
    borte(scene, NAA + 20 * DAG, NAA + 21 * DAG)
    assert fortalt(scene.vaktleder) == [] and varselet(scene.koordinator).hastegrad == "vanlig"


def test_en_leder_som_ikke_foerer_planen_faar_ikke_navnet(scene: Scene, plan: Vaktplan) -> None:
    """A specialist leads the shift: the hole is told, and not whose absence made it."""
    lag_vakt(plan, scene.spesialist, fra=NAA + DAG, til=NAA + DAG + 8 * T)
    lag_vakt(plan, scene.spesialist2, L, fra=NAA - T, til=NAA + 6 * T)
    borte(scene, NAA + DAG, NAA + 2 * DAG)
    varsel = varselet(scene.spesialist2)
    assert scene.spesialist.navn not in varsel.tittel + varsel.tekst
    assert varsel.tittel.startswith("Hull i vaktplanen for Indremedisin") and varsel.hastegrad == "haster"
    assert varsel.lenke == f"/vakt/dekning/{plan.id}"


def test_den_som_leder_og_er_borte_selv(scene: Scene, plan: Vaktplan) -> None:
    """Nobody leads then: everybody with that role is told."""
    lag_vakt(plan, scene.spesialist, L, fra=NAA - T, til=NAA + 6 * T)
    borte(scene, NAA, NAA + DAG)
    assert len(fortalt(scene.vaktleder)) == 1 and fortalt(scene.spesialist) == []


def test_forslaget_til_fravaer_har_ikke_vaert(scene: Scene, som: Klient) -> None:
    with som_om(NAA.replace(minute=35, second=20)):
        assert 'name="fra" value="2026-03-02T12:36"' in som(scene.spesialist).get("/vakt/fravaer").text


# --- one's own shifts ------------------------------------------------------------------------------------


def test_mine_vakter_maaned_for_maaned(
    scene: Scene, plan: Vaktplan, som: Klient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vakter, "PR_SIDE", 3)
    geriatri = lag_vaktplan(scene.hf.id, "geriatri")
    egne = [lag_vakt(plan, scene.spesialist, fra=NAA + n * 20 * DAG) for n in range(4)]
    annen = lag_vakt(geriatri, scene.spesialist, B, fra=NAA + 90 * DAG)
    lag_vakt(plan, scene.spesialist2, B, fra=NAA + DAG)
    klient = som(scene.spesialist)

    def paa_siden(valg: str = "") -> tuple[list[str], list[str]]:
        tekst = klient.get(f"/vakt/mine{valg}").text
        maaneder = [m.strip() for m in re.findall(r"vaktmaaned[^>]*>([^<]*)<", tekst)]
        return maaneder, re.findall(r"/vakt/vakter/([0-9a-f-]{36})\"", tekst)

    assert paa_siden() == (["Mars 2026", "April 2026"], [str(v.id) for v in egne[:3]])
    assert "5 vakter det neste året" in klient.get("/vakt/mine").text
    assert paa_siden("?side=2") == (["Mai 2026"], [str(egne[3].id), str(annen.id)])
    # Past the last is the last.
    assert paa_siden("?side=9") == paa_siden("?side=2")
    assert paa_siden("?fagomraade=geriatri")[1] == paa_siden("?nivaa=bakvakt")[1] == [str(annen.id)]
    assert paa_siden("?fagomraade=geriatri&nivaa=vakthavende")[1] == []
    assert "fagomraade=indremedisin&amp;side=2" in klient.get("/vakt/mine?fagomraade=indremedisin").text
    assert klient.get("/vakt/mine?nivaa=ukjent").status_code == 422


def test_ingen_andre_har_dem(scene: Scene, plan: Vaktplan) -> None:
    lag_vakt(plan, scene.spesialist, fra=NAA + DAG)
    antall = [
        vakter.hent_egne(a, NAA, NAA + 9 * DAG).antall
        for a in (scene.spesialist, scene.spesialist2, Aktor.system("test"))
    ]
    assert antall == [1, 0, 0]
