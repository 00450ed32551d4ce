"""Setting, planning and taking back a phase: never two at once, nothing erased, and who may."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError

from portal.beredskap import steps
from portal.beredskap.models import Beredskapsnivaa, Faseperiode
from portal.beredskap.service import faser
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import som_om
from portal.core.db import db
from portal.core.errors import IkkeTilgang, PortalError, UgyldigData, UgyldigOvergang, Utdatert
from tests.avtalehjelp import lag_fase
from tests.beredskap.hjelp import (
    DAG,
    NAA,
    T,
    fortalt,
    i_kriseledelsen,
    kl,
    perioder,
    sett,
    siden_alltid,
)
from tests.bygg import Opptak, Scene, lag_aktor, lag_organisasjon, revisjon, uten_spor
from tests.samtidig import samtidig


@pytest.fixture(autouse=True)
def klokka() -> Iterator[None]:
    with som_om(NAA):
        yield


@pytest.fixture
def overlege(scene: Scene) -> Aktor:
    siden_alltid(scene)
    return scene.kommuneoverlege


def test_en_fase_gjelder_fra_naa_og_avloeser_den_forrige(overlege: Aktor, scene: Scene) -> None:
    sett(overlege, 3, "gul")
    with som_om(NAA + DAG):
        sett(overlege, 4)
        naa = steps.situasjon(scene.kommune.id)
    assert (naa.fase, naa.nivaa, naa.satt, naa.fra, naa.kilde) == (4, "roed", True, NAA + DAG, "FHI uke 10")
    assert perioder(scene.kommune.id) == [(3, NAA, NAA + DAG), (4, NAA + DAG, None)]
    assert [r.handling for r in revisjon("beredskap.fase_satt")] == ["beredskap.fase_satt"] * 2
    rad = db.session.scalars(sa.select(Faseperiode).where(Faseperiode.fase == 4)).one()
    assert (rad.satt_av_id, rad.satt_som, rad.begrunnelse) == (
        overlege.person_id,
        "kommuneoverlege",
        "Mange er syke.",
    )


def test_den_andre_kommunen_merker_ingenting(overlege: Aktor, scene: Scene) -> None:
    sett(overlege)
    andre = steps.situasjon(scene.annen_kommune.id)
    assert (andre.fase, andre.nivaa, andre.satt) == (1, Beredskapsnivaa.NORMAL, False)


def test_en_slutt_gjelder_og_etterpaa_ingenting(overlege: Aktor, scene: Scene) -> None:
    sett(overlege, 4, til=NAA + 3 * DAG)
    assert steps.situasjon(scene.kommune.id, NAA + 3 * DAG - T).fase == 4
    assert not steps.situasjon(scene.kommune.id, NAA + 3 * DAG).satt


def test_en_planlagt_begynner_av_seg_selv(overlege: Aktor, scene: Scene) -> None:
    """No worker is needed for a phase to hold: it is read from the times."""
    sett(overlege, 3)
    sett(overlege, 4, fra=NAA + 2 * DAG)
    assert steps.situasjon(scene.kommune.id, NAA + DAG).fase == 3
    assert steps.situasjon(scene.kommune.id, NAA + 2 * DAG).fase == 4


def test_flere_planlagte_etter_hverandre(overlege: Aktor, scene: Scene) -> None:
    sett(overlege, 3, fra=NAA + DAG)
    sett(overlege, 4, fra=NAA + 3 * DAG)
    sett(overlege, 2, til=NAA + DAG)
    assert perioder(scene.kommune.id) == [
        (2, NAA, NAA + DAG),
        (3, NAA + DAG, NAA + 3 * DAG),
        (4, NAA + 3 * DAG, None),
    ]


# --- overlap is refused, with what to do about it --------------------------------------------------------


@pytest.mark.parametrize("til", [None, NAA + 3 * DAG])
def test_over_en_planlagt_avvises_og_sier_hva(
    overlege: Aktor, scene: Scene, opptak: Opptak, til: Any
) -> None:
    sett(overlege, 4, fra=NAA + 2 * DAG)
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        sett(overlege, 3, til=til)
    tekst = str(feil.value.detaljer["felter"]["til"][0])
    assert "Fra ons. 4. mars kl. 12:00 er fase 4 planlagt" in tekst and "ta den planlagte tilbake" in tekst
    sett(overlege, 3, til=NAA + 2 * DAG)
    assert perioder(scene.kommune.id) == [(3, NAA, NAA + 2 * DAG), (4, NAA + 2 * DAG, None)]


def test_inn_i_en_med_egen_slutt_avvises(overlege: Aktor, scene: Scene, opptak: Opptak) -> None:
    sett(overlege, 3, til=NAA + 4 * DAG)
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        sett(overlege, 4, fra=NAA + 2 * DAG)
    assert "Fase 3 er satt til fre. 6. mars kl. 12:00" in str(feil.value.detaljer["felter"]["fra"][0])
    # What begins now ends it whatever it was set to: the situation has changed.
    with som_om(NAA + DAG):
        sett(overlege, 4)
    assert perioder(scene.kommune.id) == [(3, NAA, NAA + DAG), (4, NAA + DAG, None)]


def test_to_fra_samme_oeyeblikk_avvises(overlege: Aktor, opptak: Opptak) -> None:
    sett(overlege, 3, fra=NAA + DAG)
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        sett(overlege, 4, fra=NAA + DAG)
    assert "alt satt en fase fra tir. 3. mars kl. 12:00" in str(feil.value.detaljer["felter"]["til"][0])


@pytest.mark.parametrize(
    ("felt", "hvor"),
    [
        ({"fra": NAA - DAG}, "fra"),
        ({"fra": NAA + 400 * DAG}, "fra"),
        ({"til": NAA}, "til"),
        ({"fra": NAA + DAG, "til": NAA + T}, "til"),
        ({"fase": 6}, "fase"),
        ({"nivaa": "blaa"}, "nivaa"),
    ],
)
def test_det_som_ingen_fase_kan_vaere(
    overlege: Aktor, opptak: Opptak, felt: dict[str, Any], hvor: str
) -> None:
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        sett(overlege, **felt)
    assert list(feil.value.detaljer["felter"]) == [hvor]


def test_et_skjema_som_har_staatt_aapent_kan_si_naa(overlege: Aktor, scene: Scene) -> None:
    sett(overlege, fra=NAA - T / 6)
    assert perioder(scene.kommune.id) == [(4, NAA, None)]


def test_sommertid_er_oslos_klokke(overlege: Aktor, scene: Scene) -> None:
    """29 March 2026 at 02:00 the clocks go to 03:00: what is planned for 08:00 begins at 06:00 UTC."""
    sett(overlege, fra=kl("2026-03-29 08:00"))
    assert perioder(scene.kommune.id)[0][1].hour == 6


# --- who has seen what -----------------------------------------------------------------------------------


def test_den_som_ikke_har_sett_den_forriges_valg_faar_vite_det(
    overlege: Aktor, scene: Scene, opptak: Opptak
) -> None:
    lest = steps.lest(scene.kommune.id)
    sett(overlege, 3, lest=lest)
    with som_om(NAA + T), uten_spor(opptak), pytest.raises(Utdatert) as feil:
        sett(overlege, 4, lest=lest)
    assert "Noen har satt en fase" in feil.value.melding


def test_samtidig_vinner_en_og_den_andre_faar_vite_det(app: Flask, overlege: Aktor, scene: Scene) -> None:
    """Two at the same moment, who saw the same: exactly one phase, on both databases."""
    kollega = lag_aktor(Rolle.KOMMUNEOVERLEGE, scene.kommune)
    siden_alltid(scene)
    lest = steps.lest(scene.kommune.id)
    db.session.rollback()
    svar = samtidig(app, lambda: sett(overlege, 3, lest=lest), lambda: sett(kollega, 4, lest=lest))
    feil = [s for s in svar if isinstance(s, PortalError)]
    assert sorted(isinstance(s, UUID) for s in svar) == [False, True]
    assert [f.status for f in feil] == [409] and "Noen" in feil[0].melding
    assert len(perioder(scene.kommune.id)) == 1


def test_samtidig_uten_aa_ha_sett_gir_aldri_overlapp(app: Flask, overlege: Aktor, scene: Scene) -> None:
    """At the same microsecond only one can begin; the other is told that something is set from then."""
    kollega = lag_aktor(Rolle.KOMMUNEOVERLEGE, scene.kommune)
    siden_alltid(scene)
    db.session.rollback()
    svar = samtidig(app, lambda: sett(overlege, 3), lambda: sett(kollega, 4))
    assert sorted(isinstance(s, UUID) for s in svar) == [False, True]
    assert len(perioder(scene.kommune.id)) == 1


def test_databasen_selv_holder_dem_fra_hverandre(app: Flask, scene: Scene) -> None:
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has no EXCLUDE: there the write lock and the check hold it")
    lag_fase(scene.kommune, 3, fra=NAA)
    with pytest.raises(IntegrityError, match="ex_faseperiode_overlapp"):
        lag_fase(scene.kommune, 4, fra=NAA + DAG)


# --- taking back -----------------------------------------------------------------------------------------


def test_en_planlagt_tas_tilbake_og_den_forrige_gaar_videre(overlege: Aktor, scene: Scene) -> None:
    sett(overlege, 3)
    planlagt = sett(overlege, 4, fra=NAA + 2 * DAG)
    assert perioder(scene.kommune.id)[0] == (3, NAA, NAA + 2 * DAG)
    faser.trekk(overlege, planlagt)
    assert perioder(scene.kommune.id) == [(3, NAA, None)]
    rad = db.session.get_one(Faseperiode, planlagt)
    assert rad.trukket == NAA
    faser.trekk(overlege, planlagt)
    assert len(revisjon("beredskap.fase_trukket")) == 1


def test_en_slutt_som_var_bedt_om_staar(overlege: Aktor, scene: Scene) -> None:
    sett(overlege, 3, til=NAA + 2 * DAG)
    planlagt = sett(overlege, 4, fra=NAA + 2 * DAG)
    faser.trekk(overlege, planlagt)
    assert perioder(scene.kommune.id) == [(3, NAA, NAA + 2 * DAG)]


def test_tatt_tilbake_gaar_den_forrige_til_den_neste(overlege: Aktor, scene: Scene) -> None:
    sett(overlege, 2)
    midten = sett(overlege, 3, fra=NAA + DAG)
    sett(overlege, 4, fra=NAA + 3 * DAG)
    faser.trekk(overlege, midten)
    assert perioder(scene.kommune.id) == [(2, NAA, NAA + 3 * DAG), (4, NAA + 3 * DAG, None)]


def test_det_som_har_begynt_er_historie(overlege: Aktor, scene: Scene, opptak: Opptak) -> None:
    planlagt = sett(overlege, 4, fra=NAA + T)
    with som_om(NAA + T), uten_spor(opptak), pytest.raises(UgyldigOvergang) as feil:
        faser.trekk(overlege, planlagt)
    assert "Sett en ny fase" in feil.value.melding


# --- who -------------------------------------------------------------------------------------------------


def test_hvem_som_bestemmer(overlege: Aktor, scene: Scene, opptak: Opptak) -> None:
    kommunens = lag_aktor(Rolle.KOORDINATOR, scene.kommune)
    sykepleier = scene.sykepleier
    rhf = lag_aktor(Rolle.KOORDINATOR, scene.rhf)
    siden_alltid(scene)
    sett(overlege)
    sett(scene.koordinator)
    sett(rhf)
    for nektet in (kommunens, scene.lege, sykepleier, scene.vaktleder, scene.administrator, scene.innsyn):
        with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
            sett(nektet)
    # Not another's either, whoever one is at home.
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
        faser.sett(
            overlege, scene.annen_kommune.id, fase=4, nivaa="roed", kilde="FHI", begrunnelse="Nabohjelp."
        )
    i_kriseledelsen(sykepleier)
    with som_om(NAA + T):
        sett(sykepleier)
    assert (
        db.session.scalars(
            sa.select(Faseperiode.satt_som).where(Faseperiode.satt_av_id == sykepleier.person_id)
        ).one()
        == "kriseledelse"
    )


def test_et_fylke_har_ingen_fase(scene: Scene, opptak: Opptak) -> None:
    fylke = lag_organisasjon("fylke", "Testfylket")
    aktor = lag_aktor(Rolle.KOORDINATOR, fylke)
    siden_alltid(scene)
    with uten_spor(opptak), pytest.raises(PortalError) as feil:
        sett(aktor)
    assert feil.value.status == 404


# --- who is told -----------------------------------------------------------------------------------------


def test_de_som_maa_vite_det_faar_vite_det(overlege: Aktor, scene: Scene) -> None:
    kommunens = lag_aktor(Rolle.KOORDINATOR, scene.kommune)
    siden_alltid(scene)
    sett(overlege)
    assert fortalt(kommunens) == ["Guovdageaidnu er i fase 4: Epidemitopp"]
    # Who decided knows; a nurse reads it where it is used; the neighbour has its own.
    assert fortalt(overlege) == fortalt(scene.sykepleier) == fortalt(scene.koordinator) == []
    assert faser.meld_begynte() == 0


def test_en_planlagt_fortelles_naar_den_begynner_og_bare_da(overlege: Aktor, scene: Scene) -> None:
    kommunens = lag_aktor(Rolle.KOORDINATOR, scene.kommune)
    siden_alltid(scene)
    sett(overlege, 4, fra=NAA + DAG)
    trukket = sett(overlege, 5, fra=NAA + 2 * DAG)
    faser.trekk(overlege, trukket)
    assert faser.meld_begynte() == 0 and fortalt(kommunens) == []
    with som_om(NAA + DAG):
        assert faser.meld_begynte() == 1
        assert faser.meld_begynte() == 0
    with som_om(NAA + 3 * DAG):
        assert faser.meld_begynte() == 0
    assert fortalt(kommunens) == ["Guovdageaidnu er i fase 4: Epidemitopp"]


def test_hendelsen_kommer_etterpaa(overlege: Aktor, scene: Scene, opptak: Opptak) -> None:
    sett(overlege)
    assert ("beredskap.endret", {"organisasjon_id": scene.kommune.id}) in opptak.hendelser
