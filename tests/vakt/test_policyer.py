"""Policies of escalation: what holds, what may be, and that a new one replaces the old without rewriting it."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.core.aktor import Aktor, Rolle
from portal.core.db import db
from portal.core.errors import IkkeFunnet, IkkeTilgang, UgyldigData
from portal.vakt import steps
from portal.vakt.models import Eskaleringspolicy
from portal.vakt.service import policyer
from portal.vakt.service.policyer import Kilde, MaaBekreftes
from portal.vakt.steps import STANDARD, Ledd, Policy
from tests.bygg import Opptak, Scene, lag_aktor, revisjon, uten_spor
from tests.vakthjelp import lag_policy, lag_vaktplan

Som = Callable[[Aktor], FlaskClient]
TO = [("vakthavende", 0), ("bakvakt", 10)]


def sett(scene: Scene, ledd: list[tuple[str, int]] | None = None, **endret: Any) -> Any:
    verdier: dict[str, Any] = {
        "fagomraade": "",
        "hastegrad": "akutt",
        "gjentakelser": 2,
        "gjenta_etter": 5,
        **endret,
    }
    return policyer.sett(scene.koordinator, scene.hf.id, ledd=TO if ledd is None else ledd, **verdier)


def rader() -> list[Eskaleringspolicy]:
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(sa.select(Eskaleringspolicy).order_by(Eskaleringspolicy.opprettet)))


# --- what holds ------------------------------------------------------------------------------------------


def test_liste_viser_hva_som_gjelder_og_hvorfra(scene: Scene) -> None:
    lag_vaktplan(scene.hf.id, "geriatri")
    lag_policy(scene.hf.id, "akutt", TO)
    lag_policy(scene.hf.id, "akutt", [("vaktleder", 0)], fagomraade="kirurgi")
    p = policyer.hent_policyer(scene.spesialist, scene.hf.id)
    gjelder = {(r.fagomraade, r.hastegrad): (r.kilde, r.policy.ledd[0].nivaa) for r in p.rader}
    assert gjelder[("", "akutt")] == (Kilde.EGEN, "vakthavende")
    assert gjelder[("", "haster")] == (Kilde.STANDARD, "vakthavende")
    assert gjelder[("geriatri", "akutt")] == (Kilde.ORGANISASJONEN, "vakthavende")
    assert gjelder[("kirurgi", "akutt")] == (Kilde.EGEN, "vaktleder")
    assert len(p.rader) == 9 and "indremedisin" in p.andre and "kirurgi" not in p.andre
    assert not p.kan_redigere
    # The same as the steps answer a request.
    for r in p.rader:
        assert r.policy == steps.policy_for(scene.hf.id, r.fagomraade or "urologi", r.hastegrad)


def test_kommunen_har_sine_omraader(scene: Scene) -> None:
    koordinator = lag_aktor(Rolle.KOORDINATOR, scene.kommune)
    assert "legevakt" in policyer.hent_policyer(koordinator, scene.kommune.id).andre
    with pytest.raises(UgyldigData) as feil:
        policyer.sett(koordinator, scene.kommune.id, "kirurgi", "akutt", TO, 1, 5)
    assert "fagomraade" in feil.value.detaljer["felter"]


def test_ny_policy_erstatter_og_lar_den_gamle_staa(scene: Scene, opptak: Opptak) -> None:
    foerste = sett(scene, fagomraade="indremedisin")
    andre = sett(scene, [("bakvakt", 0)], fagomraade="indremedisin")
    gammel, ny = rader()
    assert (gammel.id, ny.id) == (foerste, andre)
    assert gammel.erstattet is not None and ny.erstattet is None
    assert gammel.ledd == [{"nivaa": "vakthavende", "etter": 0}, {"nivaa": "bakvakt", "etter": 10}]
    assert ny.opprettet_av_id == scene.koordinator.person_id
    assert steps.policy_for(scene.hf.id, "indremedisin", "akutt").ledd == (Ledd("bakvakt", 0),)
    assert len(revisjon("vakt.policy_satt", objekt=scene.hf.id)) == 2
    assert opptak.navn().count("vakt.policy_endret") == 2


def test_det_samme_en_gang_til_endrer_ingenting(scene: Scene, opptak: Opptak) -> None:
    id_ = sett(scene)
    with uten_spor(opptak):
        assert sett(scene) == id_


def test_tilbake_til_standarden(scene: Scene, opptak: Opptak) -> None:
    sett(scene)
    sett(scene, [("bakvakt", 0)], fagomraade="geriatri")
    policyer.tilbakestill(scene.vaktleder, scene.hf.id, "geriatri", "akutt")
    assert steps.policy_for(scene.hf.id, "geriatri", "akutt").ledd[0].nivaa == "vakthavende"
    policyer.tilbakestill(scene.vaktleder, scene.hf.id, "", "akutt")
    assert steps.policy_for(scene.hf.id, "geriatri", "akutt") == STANDARD["akutt"]
    assert len(rader()) == 2 and all(r.erstattet for r in rader())
    assert len(revisjon("vakt.policy_tilbakestilt")) == 2
    with uten_spor(opptak):
        policyer.tilbakestill(scene.vaktleder, scene.hf.id, "", "akutt")


# --- what may be -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ledd", "felt"),
    [
        ([], "nivaa_1"),
        ([("vakthavende", 5)], "etter_1"),
        ([("vakthavende", 0), ("bakvakt", 0)], "etter_2"),
        ([("vakthavende", 0), ("bakvakt", 10), ("vaktleder", 9)], "etter_3"),
        ([("vakthavende", 0), ("bakvakt", 10), ("vakthavende", 20)], "nivaa_3"),
        ([("overlegen", 0)], "nivaa_1"),
        ([("ansvarlig", 0)], "nivaa_1"),
        ([("vakthavende", 0), ("bakvakt", -1)], "etter_2"),
        ([("vakthavende", 0), ("bakvakt", 10_081)], "etter_2"),
    ],
)
def test_ledd_som_avvises(scene: Scene, opptak: Opptak, ledd: list[tuple[str, int]], felt: str) -> None:
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        sett(scene, ledd, bekreftet=True)
    assert list(feil.value.detaljer["felter"]) == [felt]


@pytest.mark.parametrize(
    ("endret", "felt"),
    [
        ({"gjentakelser": -1}, "gjentakelser"),
        ({"gjentakelser": 21}, "gjentakelser"),
        ({"gjenta_etter": 0}, "gjenta_etter"),
        ({"gjenta_etter": 10_081}, "gjenta_etter"),
        # 10 + 495 minutes, twenty-one times: more than a week.
        ({"gjentakelser": 20, "gjenta_etter": 495}, "gjentakelser"),
        ({"hastegrad": "straks"}, "hastegrad"),
        ({"fagomraade": "legevakt"}, "fagomraade"),
        ({"fagomraade": "finnes_ikke"}, "fagomraade"),
    ],
)
def test_resten_som_avvises(scene: Scene, opptak: Opptak, endret: dict[str, Any], felt: str) -> None:
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        sett(scene, **endret)
    assert list(feil.value.detaljer["felter"]) == [felt]


def test_hele_uka_er_lov(scene: Scene) -> None:
    assert sett(scene, gjentakelser=20, gjenta_etter=470)


def test_akutt_som_venter_maa_bekreftes(scene: Scene, opptak: Opptak) -> None:
    lenge = [("vakthavende", 0), ("bakvakt", 16)]
    with uten_spor(opptak), pytest.raises(MaaBekreftes):
        sett(scene, lenge)
    with pytest.raises(MaaBekreftes):
        sett(scene, [("vakthavende", 0)], gjenta_etter=16)
    assert sett(scene, [("vakthavende", 0), ("bakvakt", 15)])
    assert sett(scene, lenge, bekreftet=True)
    assert sett(scene, lenge, hastegrad="haster")


# --- who may ---------------------------------------------------------------------------------------------


def test_bare_de_som_foerer_planene_endrer(scene: Scene) -> None:
    for aktor in (scene.koordinator, scene.vaktleder, scene.administrator):
        policyer.sett(aktor, scene.hf.id, "", "akutt", TO, 0, 5)
        policyer.tilbakestill(aktor, scene.hf.id, "", "akutt")
    with pytest.raises(IkkeTilgang):
        policyer.sett(scene.spesialist, scene.hf.id, "", "akutt", TO, 0, 5)
    # One's own organisation has the page, for others; another's does not exist.
    with pytest.raises(IkkeTilgang):
        policyer.hent_policyer(scene.systemadministrator, scene.hf.id)
    for fremmed in (scene.fremmed_vaktleder, scene.lege, scene.innsyn):
        with pytest.raises(IkkeFunnet):
            policyer.sett(fremmed, scene.hf.id, "", "akutt", TO, 0, 5)
        with pytest.raises(IkkeFunnet):
            policyer.tilbakestill(fremmed, scene.hf.id, "", "akutt")
        with pytest.raises(IkkeFunnet):
            policyer.hent_policyer(fremmed, scene.hf.id)
        with pytest.raises(IkkeFunnet):
            policyer.hent_policy(fremmed, scene.hf.id, "", "akutt")
    assert all(r.erstattet for r in rader())


# --- the pages -------------------------------------------------------------------------------------------

SKJEMA = {
    "fagomraade": "geriatri",
    "hastegrad": "akutt",
    "nivaa_1": "vakthavende",
    "etter_1": "0",
    "nivaa_2": "",
    "etter_2": "",
    "nivaa_3": "bakvakt",
    "etter_3": "7",
    "gjentakelser": "1",
    "gjenta_etter": "5",
}


def tekst(svar: Any) -> str:
    return html.unescape(svar.get_data(as_text=True))


def test_liste_og_lagring_paa_siden(scene: Scene, som: Som) -> None:
    klient = som(scene.koordinator)
    side = tekst(klient.get("/vakt/policy"))
    assert "Vakthavende varsles straks. Etter 5 min: bakvakt. Etter 10 min: vaktleder." in side
    assert klient.get("/vakt/policy/endre?fagomraade=geriatri&hastegrad=akutt").status_code == 200
    svar = klient.post("/vakt/policy/endre", data=SKJEMA)
    assert (svar.status_code, svar.headers["Location"]) == (303, "/vakt/policy")
    # A row left empty is passed over.
    assert steps.policy_for(scene.hf.id, "geriatri", "akutt") == Policy(
        (Ledd("vakthavende", 0), Ledd("bakvakt", 7)), 1, 5
    )
    side = tekst(klient.get("/vakt/policy"))
    assert "Etter 7 min: bakvakt." in side and "Ta bort egen" in side
    assert "Ta bort egen" not in tekst(som(scene.spesialist).get("/vakt/policy"))
    klient.post("/vakt/policy/tilbakestill", data={"fagomraade": "geriatri", "hastegrad": "akutt"})
    assert steps.policy_for(scene.hf.id, "geriatri", "akutt") == STANDARD["akutt"]


def test_skjemaet_sier_hva_som_er_feil_og_beholder_det(scene: Scene, som: Som) -> None:
    klient = som(scene.koordinator)
    svar = klient.post("/vakt/policy/endre", data={**SKJEMA, "nivaa_3": "vakthavende", "etter_3": "8"})
    side = tekst(svar)
    assert svar.status_code == 422 and "Nivået står i stigen fra før" in side
    # In the row where it was typed, not in the second step's.
    assert 'id="nivaa_3-feil"' in side and 'id="nivaa_2-feil"' not in side and 'value="8"' in side
    svar = klient.post("/vakt/policy/endre", data={**SKJEMA, "gjentakelser": "mange"})
    assert svar.status_code == 422 and 'id="gjentakelser-feil"' in tekst(svar)
    uten = {**SKJEMA, "nivaa_1": "", "nivaa_3": ""}
    assert "Velg minst ett ledd" in tekst(klient.post("/vakt/policy/endre", data=uten))
    assert klient.post("/vakt/policy/endre", data={**SKJEMA, "ukjent": "1"}).status_code == 422
    assert rader() == []


def test_forhaandsvisning_og_bekreftelse(scene: Scene, som: Som) -> None:
    klient = som(scene.vaktleder)
    svar = klient.post("/vakt/policy/endre", data={**SKJEMA, "etter_3": "90", "forhaandsvis": "1"})
    assert svar.status_code == 200 and "Etter 1 t 30 min: bakvakt." in tekst(svar)
    svar = klient.post("/vakt/policy/endre", data={**SKJEMA, "etter_3": "90"})
    assert svar.status_code == 422 and 'name="bekreftet"' in tekst(svar)
    assert rader() == []
    svar = klient.post("/vakt/policy/endre", data={**SKJEMA, "etter_3": "90", "bekreftet": "1"})
    assert svar.status_code == 303 and len(rader()) == 1


def test_hvem_som_ser_sidene(scene: Scene, som: Som) -> None:
    spoersmaal = "/vakt/policy/endre?fagomraade=&hastegrad=akutt"
    for aktor, liste, endre in (
        (scene.administrator, 200, 200),
        (scene.spesialist, 200, 403),
        (scene.lege, 200, 403),
        (scene.systemadministrator, 403, 403),
        (scene.innsyn, 403, 403),
    ):
        klient = som(aktor)
        assert klient.get("/vakt/policy").status_code == liste, aktor.rolle
        assert klient.get(spoersmaal).status_code == endre, aktor.rolle
        if endre != 200:
            svar = klient.post("/vakt/policy/endre", data={**SKJEMA, "fagomraade": ""})
            assert svar.status_code == endre, aktor.rolle
    assert rader() == []
    assert som(scene.koordinator).get("/vakt/policy/endre?fagomraade=x&hastegrad=akutt").status_code == 422
    ukjent = "/vakt/policy/endre?fagomraade=legevakt&hastegrad=akutt"
    assert som(scene.koordinator).get(ukjent).status_code == 404
