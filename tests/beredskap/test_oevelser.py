"""Drills: played by many, looked at by who wants to, and nothing real is changed by them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from portal.beredskap import steps
from portal.beredskap.service import oevelser, oversikt
from portal.core.aktor import Rolle
from portal.core.clock import som_om
from portal.core.errors import IkkeFunnet, IkkeTilgang, UgyldigData, UgyldigOvergang
from tests.beredskap.hjelp import DAG, NAA, T, fortalt, i_kriseledelsen, perioder, sett, siden_alltid
from tests.bygg import Opptak, Scene, lag_aktor, lag_kommune, revisjon, uten_spor


@pytest.fixture(autouse=True)
def klokka(scene: Scene) -> Iterator[None]:
    siden_alltid(scene)
    with som_om(NAA):
        yield


def lag(scene: Scene, **felt: Any) -> UUID:
    return oevelser.lag(
        scene.koordinator,
        **{
            "navn": "Øvelse Nord",
            "til": NAA + 4 * T,
            "organisasjoner": [scene.kommune.id],
            "fase": 4,
            "nivaa": "roed",
            **felt,
        },
    )


def test_det_som_spilles_endrer_ingenting_virkelig(scene: Scene) -> None:
    sett(scene.kommuneoverlege, 2, "groenn")
    id_ = lag(scene)
    oevelser.spill(scene.kommuneoverlege, id_, scene.kommune.id, 5, "gul")
    assert steps.situasjon(scene.kommune.id).fase == 2
    assert perioder(scene.kommune.id) == [(2, NAA, None)]
    spilt = steps.situasjon(scene.kommune.id, oevelse_id=id_)
    assert (spilt.fase, spilt.nivaa, spilt.oevelse) == (5, "gul", "Øvelse Nord")
    # Who is not in it is what it is.
    assert not steps.situasjon(scene.annen_kommune.id, oevelse_id=id_).satt
    assert fortalt(scene.kommuneoverlege, "beredskap.begynt") == []
    status = oversikt.hent_status(scene.lege, scene.kommune.id, oevelse_id=id_)
    assert (status.situasjon.fase, status.virkelig.fase) == (5, 2)


def test_de_inviterte_faar_vite_om_den(scene: Scene) -> None:
    lag(scene)
    assert fortalt(scene.kommuneoverlege) == ["Øvelse: Øvelse Nord"]
    assert fortalt(scene.koordinator) == fortalt(scene.lege) == []


def test_naar_den_er_over_er_alt_virkelig(scene: Scene, opptak: Opptak) -> None:
    id_ = lag(scene)
    assert oevelser.se_paa(scene.lege, id_) is not None
    with som_om(NAA + 4 * T):
        assert not steps.situasjon(scene.kommune.id, oevelse_id=id_).satt
        assert oevelser.se_paa(scene.lege, id_) is None
        with uten_spor(opptak), pytest.raises(UgyldigOvergang):
            oevelser.spill(scene.kommuneoverlege, id_, scene.kommune.id, 3, "gul")
    oevelser.avslutt(scene.koordinator, id_)
    assert not steps.situasjon(scene.kommune.id, oevelse_id=id_).satt
    assert oevelser.se_paa(scene.lege, id_) is None
    assert [r.handling for r in revisjon("beredskap.oevelse_avsluttet")] == ["beredskap.oevelse_avsluttet"]
    with uten_spor(opptak), pytest.raises(UgyldigOvergang):
        oevelser.avslutt(scene.koordinator, id_)


def test_en_som_ikke_har_begynt_ses_ikke_paa(scene: Scene) -> None:
    id_ = lag(scene, fra=NAA + T)
    assert oevelser.se_paa(scene.lege, id_) is None
    assert oevelser.hent(scene.lege, id_).over is False
    with som_om(NAA + T):
        assert oevelser.se_paa(scene.lege, id_) is not None


def test_flere_inviteres_underveis(scene: Scene) -> None:
    id_ = lag(scene)
    assert oevelser.inviter(scene.koordinator, id_, [scene.kommune.id, scene.annen_kommune.id]) == 1
    assert steps.situasjon(scene.annen_kommune.id, oevelse_id=id_).fase == 4
    assert {o.id for o in oevelser.kan_inviteres(scene.kommuneoverlege)} == {
        scene.hf.id,
        scene.kommune.id,
        scene.annen_kommune.id,
    }


@pytest.mark.parametrize(
    ("felt", "hvor"),
    [
        ({"til": NAA}, "til"),
        ({"til": NAA + 8 * DAG}, "til"),
        ({"fra": NAA - DAG}, "fra"),
        ({"fase": 9}, "fase"),
        ({"nivaa": "lilla"}, "nivaa"),
    ],
)
def test_det_som_ingen_oevelse_kan_vaere(
    scene: Scene, opptak: Opptak, felt: dict[str, Any], hvor: str
) -> None:
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        lag(scene, **felt)
    assert list(feil.value.detaljer["felter"]) == [hvor]


def test_bare_dem_man_samarbeider_med(scene: Scene, opptak: Opptak) -> None:
    fremmed = lag_kommune("Langtvekk", helseforetak_id=scene.annet_hf.id)
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        lag(scene, organisasjoner=[fremmed.id])
    assert list(feil.value.detaljer["felter"]) == ["organisasjoner"]


def test_hvem_som_leder_spiller_og_ser(scene: Scene, opptak: Opptak) -> None:
    nabo = lag_aktor(Rolle.KOMMUNEOVERLEGE, scene.annen_kommune)
    id_ = lag(scene)
    for nektet in (scene.lege, scene.spesialist, scene.administrator, scene.vaktleder):
        with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
            oevelser.lag(nektet, navn="x", til=NAA + T, organisasjoner=[], fase=3, nivaa="gul")
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
        oevelser.spill(scene.lege, id_, scene.kommune.id, 3, "gul")
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
        oevelser.spill(scene.kommuneoverlege, id_, scene.hf.id, 3, "gul")
    for handling in (
        lambda: oevelser.avslutt(scene.kommuneoverlege, id_),
        lambda: oevelser.inviter(scene.kommuneoverlege, id_, [scene.annen_kommune.id]),
    ):
        with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
            handling()
    # The leader plays for everybody; the kriseledelse for its own.
    oevelser.spill(scene.koordinator, id_, scene.kommune.id, 3, "gul")
    i_kriseledelsen(scene.sykepleier)
    oevelser.spill(scene.sykepleier, id_, scene.kommune.id, 4, "roed")
    for fremmed in (nabo, scene.fremmed_lege, scene.fremmed_vaktleder):
        with uten_spor(opptak, avslag=1), pytest.raises(IkkeFunnet):
            oevelser.hent(fremmed, id_)
        assert oevelser.se_paa(fremmed, id_) is None
        assert oevelser.synlige(fremmed) == []
    with uten_spor(opptak), pytest.raises(IkkeFunnet):
        oevelser.spill(scene.koordinator, id_, scene.annen_kommune.id, 3, "gul")
    with uten_spor(opptak), pytest.raises(IkkeFunnet):
        oevelser.hent(scene.koordinator, uuid4())
    assert [v.oevelse.id for v in oevelser.synlige(scene.lege)] == [id_]
