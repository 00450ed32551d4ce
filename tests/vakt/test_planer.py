"""Plans and their telephones, and who may see and keep them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import som_om
from portal.core.db import db
from portal.core.errors import IkkeFunnet, IkkeTilgang, Konflikt, UgyldigData
from portal.core.telefon import UgyldigTelefonnummer, til_e164
from portal.identitet.models import Person
from portal.vakt import access, steps
from portal.vakt.access import Handling
from portal.vakt.models import Nivaa, Rotasjon, Vaktplan, Vakttelefon
from portal.vakt.service import planer, rotasjoner
from tests.bygg import Opptak, Scene, lag_aktor, lag_medlemskap, revisjon, som_aktor, uten_spor
from tests.samtidig import samtidig
from tests.vakt.hjelp import DAG, NAA, T, alle_vakter, fortalt
from tests.vakthjelp import lag_vakt, lag_vaktplan


@pytest.fixture(autouse=True)
def _klokke() -> Iterator[None]:
    with som_om(NAA):
        yield


# --- beginning and ending --------------------------------------------------------------------------------


def test_en_plan_lages_avsluttes_og_aapnes_igjen(scene: Scene, opptak: Opptak) -> None:
    plan_id = planer.lag_plan(scene.koordinator, scene.hf.id, "geriatri")
    assert revisjon("vakt.plan_opprettet", objekt=plan_id)[0].person_id == scene.koordinator.person_id
    with uten_spor(opptak), pytest.raises(Konflikt) as feil:
        planer.lag_plan(scene.vaktleder, scene.hf.id, "geriatri")
    assert feil.value.kode == "finnes" and "Geriatri" in feil.value.melding
    assert planer.avslutt_plan(scene.administrator, plan_id) == 0
    with uten_spor(opptak), pytest.raises(Konflikt):
        planer.avslutt_plan(scene.administrator, plan_id)
    assert planer.lag_plan(scene.koordinator, scene.hf.id, "geriatri") == plan_id
    db.session.expire_all()
    assert db.session.get_one(Vaktplan, plan_id).avsluttet is None
    assert opptak.navn() == ["vakt.endret"] * 3


def test_begge_sider_har_planer_for_det_de_svarer_for(scene: Scene, opptak: Opptak) -> None:
    koordinator = lag_aktor(Rolle.KOORDINATOR, scene.kommune)
    assert planer.lag_plan(koordinator, scene.kommune.id, "utskrivning")
    for aktor, sted, fag in (
        (koordinator, scene.kommune, "geriatri"),
        (scene.koordinator, scene.hf, "utskrivning"),
        (scene.koordinator, scene.hf, "astrologi"),
        (lag_aktor(Rolle.KOORDINATOR, scene.rhf), scene.rhf, "geriatri"),
    ):
        with uten_spor(opptak), pytest.raises(UgyldigData):
            planer.lag_plan(aktor, sted.id, fag)
    assert "utskrivning" not in planer.ledige_omraader(koordinator, scene.kommune.id)
    assert "sykehjem" in planer.ledige_omraader(koordinator, scene.kommune.id)


def test_en_avsluttet_plan_har_ingen_paa_vakt(scene: Scene) -> None:
    """What is left of its shifts is called off; what has been stays; its rotations end; those it hit are told."""
    plan = lag_vaktplan(scene.hf.id)
    gammel = lag_vakt(plan, scene.spesialist, fra=NAA - 30 * T)
    lag_vakt(plan, scene.spesialist2, fra=NAA - 2 * T)
    lag_vakt(plan, scene.spesialist, fra=NAA + 10 * T)
    rotasjon_id = rotasjoner.lag(
        scene.koordinator,
        plan.id,
        Nivaa.BAKVAKT,
        deltakere=[scene.spesialist2.medlemskap_id],
        gjelder_fra=NAA.date() + DAG,
        klokke_fra="08:00",
        klokke_til="08:00",
        dagtyper=["hverdag"],
        dager_per_tur=1,
    )
    antall = planer.avslutt_plan(scene.koordinator, plan.id)
    assert steps.paa_vakt(scene.hf.id, "indremedisin") == {}
    staar = [(v.fra, v.til) for v in alle_vakter(plan) if v.avlyst is None]
    assert staar == [(gammel.fra, gammel.til), (NAA - 2 * T, NAA)]
    assert antall == len([v for v in alle_vakter(plan) if v.avlyst])
    assert db.session.get_one(Rotasjon, rotasjon_id).avsluttet == NAA
    assert rotasjoner.fyll_fram() == 0
    for aktor in (scene.spesialist, scene.spesialist2):
        assert "Vaktplanen for Indremedisin er avsluttet" in fortalt(aktor)
    with pytest.raises(Konflikt):
        planer.sett_telefon(scene.koordinator, plan.id, Nivaa.BAKVAKT, "90000000")


def test_to_som_lager_samme_plan_samtidig(app: Any, scene: Scene) -> None:
    svar = samtidig(
        app,
        lambda: planer.lag_plan(scene.koordinator, scene.hf.id, "kirurgi"),
        lambda: planer.lag_plan(scene.vaktleder, scene.hf.id, "kirurgi"),
    )
    assert sorted(type(s).__name__ for s in svar) == ["Konflikt", "UUID"]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Vaktplan)) == 1


# --- telephones ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("skrevet", "lagret"),
    [
        ("900 00 000", "+4790000000"),
        ("90000000", "+4790000000"),
        ("+47 900 00 000", "+4790000000"),
        ("0047 90000000", "+4790000000"),
        ("(78) 42-10.00", "+4778421000"),
        ("00 00 01 01", "+4700000101"),
        ("+358 40 123 4567", "+358401234567"),
        ("+46701234567", "+46701234567"),
    ],
)
def test_numrene_faar_landkode(skrevet: str, lagret: str) -> None:
    assert til_e164(skrevet) == lagret


@pytest.mark.parametrize(
    "feil",
    ["", "113", "116 117", "02800", "9000000", "900000000", "+479000000", "+4790000000O", "x", "+0123456789"],
)
def test_hva_som_ikke_kan_ringes(feil: str) -> None:
    with pytest.raises(UgyldigTelefonnummer):
        til_e164(feil)


def test_vakttelefonen_hoerer_til_nivaaet(scene: Scene, opptak: Opptak) -> None:
    plan = lag_vaktplan(scene.hf.id)
    planer.sett_telefon(scene.koordinator, plan.id, "bakvakt", "900 00 001", tale=True)
    planer.sett_telefon(scene.koordinator, plan.id, "bakvakt", "900 00 002", sms=False)
    telefoner = steps.vakttelefoner(scene.hf.id, "indremedisin")
    assert {n: (t.nummer, t.sms, t.tale) for n, t in telefoner.items()} == {
        "bakvakt": ("+4790000002", False, False)
    }
    assert len(revisjon("vakt.telefon_endret", objekt=plan.id)) == 2
    with uten_spor(opptak):
        planer.sett_telefon(scene.koordinator, plan.id, "bakvakt", "+4790000002", sms=False)
    for nivaa, nummer, felt in (("bakvakt", "113", "nummer"), ("overlege", "90000000", "nivaa")):
        with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
            planer.sett_telefon(scene.koordinator, plan.id, nivaa, nummer)
        assert list(feil.value.detaljer["felter"]) == [felt]
    planer.fjern_telefon(scene.koordinator, plan.id, "bakvakt")
    assert db.session.scalars(sa.select(Vakttelefon)).all() == []
    with uten_spor(opptak), pytest.raises(IkkeFunnet):
        planer.fjern_telefon(scene.koordinator, plan.id, "bakvakt")


# --- who may ---------------------------------------------------------------------------------------------


def test_hvem_som_ser_og_hvem_som_forvalter(scene: Scene) -> None:
    plan = lag_vaktplan(scene.hf.id)
    forvalter = {scene.koordinator, scene.vaktleder, scene.administrator}
    ser = forvalter | {scene.spesialist, scene.kirurg}
    andre = {
        *(scene.systemadministrator, scene.lege, scene.kommuneoverlege, scene.innsyn),
        *(scene.fremmed_spesialist, scene.fremmed_vaktleder, lag_aktor(Rolle.ADMINISTRATOR, scene.annet_hf)),
        Aktor(navn="ingen"),
    }
    for aktor in ser | andre:
        kan = {
            h: _utfall(lambda h=h, aktor=aktor: access.hent_plan(aktor, h, plan.id))  # type: ignore[misc]
            for h in Handling
        }
        assert kan == {
            Handling.SE: "ok" if aktor in ser else "IkkeFunnet",
            Handling.REDIGERE: "ok"
            if aktor in forvalter
            else "IkkeTilgang"
            if aktor in ser
            else "IkkeFunnet",
        }, aktor.navn
        assert access.kan_redigere(aktor, scene.hf.id) == (aktor in forvalter)
        # The page of one's own organisation is there for others; a plan that one never sees is not.
        egen = aktor.organisasjon_id == scene.hf.id
        side = "ok" if aktor in forvalter else "IkkeTilgang" if egen else "IkkeFunnet"
        assert _utfall(lambda aktor=aktor: access.krev_rediger(aktor, scene.hf.id)) == side  # type: ignore[misc]
    assert access.hent_plan(Aktor.system("proeve"), Handling.REDIGERE, plan.id)


def _utfall(gjoer: Any) -> str:
    try:
        gjoer()
    except (IkkeFunnet, IkkeTilgang) as feil:
        return type(feil).__name__
    return "ok"


def test_avslag_staar_i_loggen_og_gjetting_gjoer_ikke(scene: Scene, opptak: Opptak) -> None:
    plan = lag_vaktplan(scene.hf.id)
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
        planer.avslutt_plan(scene.spesialist, plan.id)
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeFunnet):
        planer.avslutt_plan(scene.fremmed_vaktleder, plan.id)
    with uten_spor(opptak, avslag=0), pytest.raises(IkkeFunnet):
        planer.avslutt_plan(scene.koordinator, uuid4())
    assert {r.handling for r in revisjon(objekt=plan.id)} == {"vakt.redigere"}


def test_lista_har_bare_egen_organisasjons_planer(scene: Scene) -> None:
    def synlige(aktor: Aktor) -> set[UUID]:
        return {p.id for p in db.session.scalars(access.synlige_planer(aktor))}

    plan, annen = lag_vaktplan(scene.hf.id), lag_vaktplan(scene.annet_hf.id)
    assert synlige(scene.spesialist) == synlige(scene.koordinator) == {plan.id}
    assert synlige(scene.fremmed_spesialist) == {annen.id}
    assert synlige(scene.lege) == set()
    assert synlige(Aktor.system("arbeider")) == {plan.id, annen.id}
    for aktor in (scene.innsyn, scene.systemadministrator):
        with pytest.raises(IkkeTilgang):
            synlige(aktor)


def test_rettigheten_foelger_rollen_en_er_inne_i(scene: Scene) -> None:
    """A coordinator here who works as a physician in the kommune keeps no roster from there."""
    plan = lag_vaktplan(scene.hf.id)
    rad = db.session.get_one(Person, scene.koordinator.person_id)
    som_lege = som_aktor(rad, lag_medlemskap(rad, Rolle.LEGE_KOMMUNE, scene.kommune), scene.kommune)
    with pytest.raises(IkkeFunnet):
        access.hent_plan(som_lege, Handling.SE, plan.id)
