"""What a running role answers for is changed without ending it, and nobody loses shifts without being told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from flask_socketio import SocketIOTestClient

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now, oslo
from portal.core.db import db
from portal.core.errors import IkkeFunnet, UgyldigData
from portal.identitet.models import Medlemskap, Person
from portal.identitet.service import folkeendring, personer
from portal.identitet.vakttap import VakterFaller
from portal.vakt import steps as vakt_steps
from portal.vakt.models import Vaktplan
from portal.vakt.service import fratraadte
from tests.bygg import Opptak, Scene, lag_medlemskap, lag_person, uten_spor
from tests.identitet.hjelp import SYSTEM, revisjon
from tests.skjemaer import Skjemaer
from tests.vakt.hjelp import fortalt
from tests.vakthjelp import lag_vakt, lag_vaktplan

Som = Callable[[Aktor], FlaskClient]
DAG = timedelta(days=1)


@pytest.fixture
def admin(scene: Scene, som: Som) -> FlaskClient:
    return som(scene.administrator)


@pytest.fixture
def plan(scene: Scene) -> Vaktplan:
    return lag_vaktplan(scene.hf.id)


def rolle(aktor: Aktor) -> Medlemskap:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Medlemskap, aktor.medlemskap_id)


def adresse(aktor: Aktor, hva: str) -> str:
    return f"/folk/{aktor.person_id}/roller/{aktor.medlemskap_id}/{hva}"


def skjemaet(html: str, sti: str) -> dict[str, str]:
    return Skjemaer(html).skjemaer[sti]


# --- what a role answers for -----------------------------------------------------------------------------


def test_et_fagomraade_legges_til_og_rollen_er_den_samme(
    scene: Scene,
    admin: FlaskClient,
    som: Som,
    plan: Vaktplan,
    sokkel: Callable[[FlaskClient], SocketIOTestClient],
) -> None:
    siri = scene.spesialist
    vakt = lag_vakt(plan, siri, fra=now() + DAG)
    klient = som(siri)
    vindu, uroert = sokkel(klient), sokkel(som(scene.kirurg))
    side = admin.get(f"/folk/{siri.person_id}").text
    assert "Endre fagområder" in side and adresse(siri, "fagomraader") in side
    svar = admin.post(adresse(siri, "fagomraader"), data={"fagomraader": ["indremedisin", "geriatri"]})
    assert svar.status_code == 303
    assert rolle(siri).fagomraader == {"indremedisin", "geriatri"} and rolle(siri).gyldig_til is None
    (spor,) = revisjon("medlemskap.fagomraader_endret")
    assert json.loads(spor.detaljer)["til"] == ["geriatri", "indremedisin"]
    assert json.loads(spor.detaljer)["fra"] == ["indremedisin"]
    # The shift stands, and what is new is open at once in the login that runs; nobody else is troubled.
    assert [v.fra for v in vakt_steps.kommende_vakter(vakt.person_id)] == [vakt.fra]
    geriatri = scene.send(fagomraade="geriatri")
    assert klient.get(f"/henvendelser/{geriatri}").status_code == 200
    assert vindu.is_connected() and uroert.is_connected()


def test_det_som_tas_bort_er_stengt_med_en_gang(scene: Scene, admin: FlaskClient, som: Som) -> None:
    klient, sak = som(scene.spesialist2), scene.send(fagomraade="geriatri")
    assert klient.get(f"/henvendelser/{sak}").status_code == 200
    assert (
        admin.post(
            adresse(scene.spesialist2, "fagomraader"), data={"fagomraader": "indremedisin"}
        ).status_code
        == 303
    )
    assert klient.get(f"/henvendelser/{sak}").status_code == 404


def test_sesjonene_til_personen_ses_paa_igjen(scene: Scene, opptak: Opptak, som: Som) -> None:
    som(scene.spesialist2)
    som(scene.kirurg)
    opptak.hendelser.clear()
    folkeendring.sett_fagomraader(
        scene.administrator,
        scene.hf.id,
        scene.spesialist2.person_id,  # type: ignore[arg-type]
        scene.spesialist2.medlemskap_id,  # type: ignore[arg-type]
        ["geriatri"],
    )
    assert opptak.navn() == ["identitet.sesjon_endret"]


@pytest.mark.parametrize("fagomraader", [[], ["tannhelse"], ["legevakt"], ["indremedisin", "x" * 200]])
def test_det_som_ikke_gaar_an(scene: Scene, admin: FlaskClient, fagomraader: list[str]) -> None:
    """None for a specialist, unknown ones, a kommune's at a hospital: the form says why, and nothing is changed."""
    svar = admin.post(adresse(scene.spesialist, "fagomraader"), data={"fagomraader": fagomraader})
    assert svar.status_code == 422 and f'id="fagomraader-{scene.spesialist.medlemskap_id}-feil"' in svar.text
    assert rolle(scene.spesialist).fagomraader == {"indremedisin"}


def test_andres_roller_avsluttede_og_roller_uten_fag(scene: Scene, admin: FlaskClient) -> None:
    data = {"fagomraader": "kirurgi"}
    assert admin.post(adresse(scene.fremmed_spesialist, "fagomraader"), data=data).status_code == 404
    assert admin.post(adresse(scene.koordinator, "fagomraader"), data=data).status_code == 422
    assert (
        adresse(scene.koordinator, "fagomraader")
        not in admin.get(f"/folk/{scene.koordinator.person_id}").text
    )
    m = scene.kirurg.medlemskap_id
    blandet = f"/folk/{scene.spesialist.person_id}/roller/{m}/fagomraader"
    assert admin.post(blandet, data=data).status_code == 404
    assert m is not None
    personer.avslutt_medlemskap(SYSTEM, m)
    assert (
        admin.post(adresse(scene.kirurg, "fagomraader"), data={"fagomraader": "geriatri"}).status_code == 422
    )
    assert rolle(scene.kirurg).fagomraader == {"kirurgi"}


def test_det_som_feiler_etterlater_ingenting(scene: Scene, plan: Vaktplan, opptak: Opptak) -> None:
    a, siri = scene.administrator, scene.spesialist
    lag_vakt(plan, siri, fra=now() + DAG)
    assert siri.person_id and siri.medlemskap_id
    hvem = (scene.hf.id, siri.person_id, siri.medlemskap_id)
    with uten_spor(opptak), pytest.raises(UgyldigData):
        folkeendring.sett_fagomraader(a, *hvem, [])
    with uten_spor(opptak), pytest.raises(VakterFaller):
        folkeendring.sett_fagomraader(a, *hvem, ["geriatri"], sett_vakter=0)
    with uten_spor(opptak):
        folkeendring.sett_fagomraader(a, *hvem, ["indremedisin"], sett_vakter=0)
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeFunnet):
        folkeendring.sett_fagomraader(scene.koordinator, *hvem, ["geriatri"])


# --- the shifts that would be nobody's -------------------------------------------------------------------


def test_fagomraadet_som_har_vakter_sier_fra_foerst(scene: Scene, admin: FlaskClient, plan: Vaktplan) -> None:
    to, sti = scene.spesialist2, adresse(scene.spesialist2, "fagomraader")
    foerste = now() + 3 * DAG
    for dager in (3, 5):
        lag_vakt(plan, to, fra=now() + dager * DAG)
    lag_vakt(plan, to, fra=now() - 9 * DAG)
    lag_vakt(plan, scene.spesialist, fra=now() + DAG)
    lag_vakt(lag_vaktplan(scene.hf.id, "geriatri"), to, fra=now() + DAG)
    svar = admin.post(sti, data={"fagomraader": "geriatri"})
    assert svar.status_code == 409
    assert f"2 vakter blir stående uten noen, den første {oslo(foerste):%d.%m.%Y}." in svar.text
    assert rolle(to).fagomraader == {"indremedisin", "geriatri"} and not revisjon(
        "medlemskap.fagomraader_endret"
    )
    # What was chosen stands in the form; pressed again it is done, and the coordinator is told.
    skjema = skjemaet(svar.text, sti)
    assert (skjema["fagomraader"], skjema["vakter"]) == ("geriatri", "2") and "Lagre likevel" in svar.text
    assert admin.post(sti, data=skjema).status_code == 303
    assert rolle(to).fagomraader == {"geriatri"}
    assert json.loads(revisjon("medlemskap.fagomraader_endret")[0].detaljer)["vakter_uten"] == 2
    fratraadte.meld_fratraadte()
    assert fortalt(scene.koordinator) == [f"Vakter må dekkes: {to.navn} svarer ikke lenger for Indremedisin"]


def test_en_vakt_som_er_kommet_til_imens_faar_sies_fra_om(
    scene: Scene, admin: FlaskClient, plan: Vaktplan
) -> None:
    sti = adresse(scene.spesialist2, "fagomraader")
    lag_vakt(plan, scene.spesialist2, fra=now() + 3 * DAG)
    skjema = skjemaet(admin.post(sti, data={"fagomraader": "geriatri"}).text, sti)
    lag_vakt(plan, scene.spesialist2, fra=now() + 5 * DAG)
    svar = admin.post(sti, data=skjema)
    assert svar.status_code == 409 and "2 vakter blir stående uten noen" in svar.text


def test_avslutt_naa_viser_vaktene_foer_det_trykkes(scene: Scene, admin: FlaskClient, plan: Vaktplan) -> None:
    siri, sti = scene.spesialist, adresse(scene.spesialist, "avslutt")
    assert "blir stående uten noen" not in admin.get(f"/folk/{siri.person_id}").text
    lag_vakt(plan, siri)
    lag_vakt(plan, siri, fra=now() + 20 * DAG)
    # A page from before the shifts came: it is told, and nothing is done.
    svar = admin.post(sti)
    assert svar.status_code == 409 and "2 vakter blir stående uten noen, den første" in svar.text
    assert rolle(siri).gyldig_til is None
    side = admin.get(f"/folk/{siri.person_id}").text
    assert "2 vakter blir stående uten noen, den første" in side and "De kommer ikke tilbake" in side
    assert skjemaet(side, sti)["vakter"] == "2"
    assert admin.post(sti, data=skjemaet(side, sti)).status_code == 303
    assert rolle(siri).gyldig_til is not None


def test_sluttdatoen_teller_vaktene_etter_den(scene: Scene, admin: FlaskClient, plan: Vaktplan) -> None:
    siri, sti = scene.spesialist, adresse(scene.spesialist, "sluttdato")
    sist = oslo(now()).date() + 10 * DAG
    lag_vakt(plan, siri, fra=now() + 5 * DAG)
    lag_vakt(plan, siri, fra=now() + 20 * DAG)
    svar = admin.post(sti, data={"til": sist.isoformat()})
    dag = oslo(now() + 20 * DAG)
    assert svar.status_code == 409 and f"1 vakt blir stående uten noen, {dag:%d.%m.%Y}." in svar.text
    assert rolle(siri).gyldig_til is None
    skjema = skjemaet(svar.text, sti)
    assert skjema["til"] == sist.isoformat() and skjema["vakter"] == "1"
    assert admin.post(sti, data=skjema).status_code == 303
    assert rolle(siri).gyldig_til is not None
    # A later end, and none at all, takes nothing away.
    for til in ((sist + DAG).isoformat(), ""):
        assert admin.post(sti, data={"til": til}).status_code == 303


def test_steng_ute_viser_vaktene(scene: Scene, admin: FlaskClient, plan: Vaktplan) -> None:
    siri, sti = scene.spesialist, f"/folk/{scene.spesialist.person_id}/steng"
    lag_vakt(plan, siri, fra=now() + DAG)
    assert admin.post(sti).status_code == 409
    db.session.expire_all()
    assert db.session.get_one(Person, siri.person_id).aktiv
    side = admin.get(f"/folk/{siri.person_id}").text
    assert "1 vakt står uten noen så lenge personen er stengt ute" in side
    assert admin.post(sti, data=skjemaet(side, sti)).status_code == 303


def test_andre_steders_vakter_telles_ikke_her(scene: Scene, admin: FlaskClient, plan: Vaktplan) -> None:
    """Somebody who is on call at another hospital too: of that this administrator learns nothing."""
    person = lag_person()
    her = lag_medlemskap(person, Rolle.SPESIALIST, scene.hf, fag=("indremedisin",))
    der = lag_medlemskap(person, Rolle.SPESIALIST, scene.annet_hf, fag=("indremedisin",))
    deres = lag_vaktplan(scene.annet_hf.id)
    lag_vakt(deres, Aktor(person.navn, person.id, der.id), fra=now() + DAG)
    assert "stående uten noen" not in admin.get(f"/folk/{person.id}").text
    lag_vakt(plan, Aktor(person.navn, person.id, her.id), fra=now() + 5 * DAG)
    side = admin.get(f"/folk/{person.id}").text
    assert len(re.findall("1 vakt blir stående uten noen", side)) == 1
    assert skjemaet(side, f"/folk/{person.id}/roller/{her.id}/avslutt")["vakter"] == "1"


def test_kommandolinja_spoerres_ikke(scene: Scene, plan: Vaktplan) -> None:
    m = scene.spesialist.medlemskap_id
    lag_vakt(plan, scene.spesialist, fra=now() + DAG)
    assert isinstance(m, UUID)
    personer.avslutt_medlemskap(SYSTEM, m)
    assert rolle(scene.spesialist).gyldig_til is not None
