"""Swaps: asked, accepted, declined, taken back, lapsed; who may, who is told, and two answers at the same moment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from portal.core.aktor import Aktor
from portal.core.clock import som_om
from portal.core.db import db
from portal.core.errors import IkkeFunnet, IkkeTilgang, Konflikt, PortalError, UgyldigData
from portal.vakt import steps
from portal.vakt.models import Byttetilstand, Nivaa, Vakt, Vaktbytte, Vaktplan
from portal.vakt.service import bytte, planer, vakter
from tests.bygg import Opptak, Scene, revisjon, uten_spor
from tests.samtidig import samtidig
from tests.vakt.hjelp import (
    DAG,
    NAA,
    T,
    alle_vakter,
    fortalt,
    lag_fravaer,
    nivaa,
    spesialist,
)
from tests.vakthjelp import lag_vakt, lag_vaktplan

V, B, L = Nivaa.VAKTHAVENDE, Nivaa.BAKVAKT, Nivaa.VAKTLEDER


@pytest.fixture(autouse=True)
def _klokke() -> Iterator[None]:
    with som_om(NAA):
        yield


@pytest.fixture
def plan(scene: Scene) -> Vaktplan:
    return lag_vaktplan(scene.hf.id)


def spoer(fra: Aktor, vakt: Vakt, til: Aktor, mot: Vakt | None = None) -> UUID:
    assert til.medlemskap_id
    return bytte.foreslaa(fra, vakt.id, til.medlemskap_id, mot.id if mot else None, bekreftet=True)


def tilstand(bytte_id: UUID) -> str:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Vaktbytte, bytte_id).tilstand


def test_et_bytte_begge_veier(scene: Scene, plan: Vaktplan, opptak: Opptak) -> None:
    min_ = lag_vakt(plan, scene.spesialist, fra=NAA + 10 * T, til=NAA + 20 * T)
    din = lag_vakt(plan, scene.spesialist2, fra=NAA + 20 * T, til=NAA + 30 * T)
    id_ = spoer(scene.spesialist, min_, scene.spesialist2, din)
    assert fortalt(scene.spesialist2) == ["Forslag om vaktbytte: Indremedisin, Vakthavende"]
    assert len([v for v in nivaa(plan) if v[3] == "enkelt"]) == 2  # nothing has happened yet
    assert bytte.godta(scene.spesialist2, id_) == []
    assert nivaa(plan) == [
        (NAA + 10 * T, NAA + 20 * T, scene.spesialist2.person_id, "bytte"),
        (NAA + 20 * T, NAA + 30 * T, scene.spesialist.person_id, "bytte"),
    ]
    assert {v.id for v in alle_vakter(plan) if v.avlyst} == {min_.id, din.id}
    assert fortalt(scene.spesialist) == [f"Vaktbyttet er godtatt av {scene.spesialist2.navn}"]
    assert tilstand(id_) == Byttetilstand.GODTATT
    assert [r.handling for r in revisjon(objekt=id_)] == ["vakt.bytte_foreslaatt", "vakt.bytte_godtatt"]
    for gjoer, aktor in (
        (bytte.godta, scene.spesialist2),
        (bytte.avslaa, scene.spesialist2),
        (bytte.trekk, scene.spesialist),
    ):
        with uten_spor(opptak), pytest.raises(Konflikt):
            gjoer(aktor, id_)


def test_en_vakt_gis_bort_uten_noe_igjen(scene: Scene, plan: Vaktplan) -> None:
    min_ = lag_vakt(plan, scene.spesialist, fra=NAA + 10 * T)
    bytte.godta(scene.spesialist2, spoer(scene.spesialist, min_, scene.spesialist2))
    with som_om(NAA + 11 * T):
        assert steps.paa_vakt(scene.hf.id, "indremedisin")[V].person_id == scene.spesialist2.person_id


def test_paa_tvers_av_nivaa_og_planer_med_advarsel(scene: Scene, plan: Vaktplan) -> None:
    """Allowed where both qualify; on call in two places at the same time is told, and not refused."""
    annen = lag_vaktplan(scene.hf.id, "geriatri")
    begge = spesialist(scene, "Begge Deler", fag=("indremedisin", "geriatri"))
    min_ = lag_vakt(plan, begge, B, fra=NAA + 10 * T, til=NAA + 20 * T)
    din = lag_vakt(annen, scene.spesialist2, fra=NAA + 40 * T, til=NAA + 50 * T)
    lag_vakt(plan, scene.spesialist2, fra=NAA + 12 * T, til=NAA + 14 * T)
    advarsler = bytte.godta(scene.spesialist2, spoer(begge, min_, scene.spesialist2, din), bekreftet=True)
    assert advarsler == [
        f"{scene.spesialist2.navn} er både vakthavende og bakvakt for Indremedisin tir. 3. mars kl. 00:00–02:00. "
        "En sak som ingen svarer på, går da videre til samme person."
    ]
    assert [v[2] for v in nivaa(plan, B)] == [scene.spesialist2.person_id]
    assert [v[2] for v in nivaa(annen)] == [begge.person_id]


def test_hva_som_ikke_kan_byttes(scene: Scene, plan: Vaktplan, opptak: Opptak) -> None:
    geriatri = lag_vaktplan(scene.hf.id, "geriatri")
    min_ = lag_vakt(plan, scene.spesialist, fra=NAA + 10 * T)
    gaar = lag_vakt(plan, scene.spesialist, fra=NAA - T, til=NAA + T)
    avlyst = lag_vakt(plan, scene.spesialist, fra=NAA + 90 * T)
    vakter.avlys(scene.koordinator, avlyst.id)
    deres = lag_vakt(plan, scene.spesialist2, fra=NAA + 40 * T)
    deres_geriatri = lag_vakt(geriatri, scene.spesialist2, fra=NAA + 60 * T)
    deres_gaar = lag_vakt(plan, scene.spesialist2, B, fra=NAA - T)
    slutter = spesialist(scene, "Slutter Snart", til=NAA + 11 * T)
    borte = spesialist(scene, "Borte Bakke")
    lag_fravaer(borte, NAA + 12 * T, NAA + 13 * T)
    for vakt, til, mot, felt in (
        (min_, scene.kirurg, None, "til_medlemskap_id"),
        (min_, scene.spesialist, None, "til_medlemskap_id"),
        (min_, scene.fremmed_spesialist, None, "til_medlemskap_id"),
        (min_, slutter, None, "til_medlemskap_id"),
        (min_, borte, None, "til_medlemskap_id"),
        (min_, scene.spesialist2, min_, "motvakt_id"),
        (min_, scene.spesialist2, deres_geriatri, "motvakt_id"),
        (min_, scene.spesialist2, deres_gaar, "motvakt_id"),
        (gaar, scene.spesialist2, None, "vakt_id"),
        (avlyst, scene.spesialist2, None, "vakt_id"),
    ):
        with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
            spoer(scene.spesialist, vakt, til, mot)
        assert list(feil.value.detaljer["felter"]) == [felt]
        # That a colleague is away is theirs to tell.
        assert "borte" not in str(feil.value.detaljer["felter"][felt][0]).replace("Borte Bakke", "")
    with uten_spor(opptak), pytest.raises(UgyldigData):
        bytte.foreslaa(scene.spesialist, min_.id, uuid4())
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
        spoer(scene.spesialist, deres, scene.spesialist2)
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeFunnet):
        spoer(scene.fremmed_spesialist, min_, scene.spesialist2)
    spoer(scene.spesialist, min_, scene.spesialist2, deres)
    with uten_spor(opptak), pytest.raises(Konflikt) as venter:
        spoer(scene.spesialist, min_, scene.spesialist2)
    assert venter.value.kode == "venter"


def test_nei_og_angre(scene: Scene, plan: Vaktplan, opptak: Opptak) -> None:
    min_ = lag_vakt(plan, scene.spesialist, fra=NAA + 10 * T)
    id_ = spoer(scene.spesialist, min_, scene.spesialist2)
    # Each is somebody's to do; the roster's keepers do not answer for others.
    for gjoer, aktor, feil in (
        (bytte.godta, scene.spesialist, IkkeTilgang),
        (bytte.avslaa, scene.spesialist, IkkeTilgang),
        (bytte.trekk, scene.spesialist2, IkkeTilgang),
        (bytte.godta, scene.koordinator, IkkeFunnet),
        (bytte.godta, scene.kirurg, IkkeFunnet),
        (bytte.trekk, scene.fremmed_vaktleder, IkkeFunnet),
    ):
        with uten_spor(opptak, avslag=1), pytest.raises(feil):
            gjoer(aktor, id_)
    bytte.avslaa(scene.spesialist2, id_)
    assert fortalt(scene.spesialist) == [f"{scene.spesialist2.navn} takket nei til vaktbyttet"]
    id_ = spoer(scene.spesialist, min_, scene.spesialist2)
    bytte.trekk(scene.spesialist, id_)
    assert "Siri Spesialist trakk forslaget om vaktbytte" in fortalt(scene.spesialist2)
    assert nivaa(plan) == [(min_.fra, min_.til, scene.spesialist.person_id, "enkelt")]


@pytest.mark.parametrize("hva", ["overstyrt", "avlyst", "motvakt", "plan", "tatt", "byttet"])
def test_et_forslag_bortfaller_naar_vakten_endres(
    scene: Scene, plan: Vaktplan, opptak: Opptak, hva: str
) -> None:
    annen = lag_vaktplan(scene.hf.id, "geriatri")
    tredje = spesialist(scene, "Tredje Tredjesen", fag=("indremedisin", "geriatri"))
    min_ = lag_vakt(plan, tredje, fra=NAA + 10 * T, til=NAA + 20 * T)
    din = lag_vakt(annen, scene.spesialist2, fra=NAA + 30 * T, til=NAA + 40 * T)
    id_ = spoer(tredje, min_, scene.spesialist2, din)
    assert tredje.medlemskap_id and scene.spesialist.medlemskap_id
    if hva == "overstyrt":
        vakter.overstyr(
            scene.koordinator, plan.id, V, scene.spesialist.medlemskap_id, NAA + 19 * T, NAA + 25 * T
        )
    elif hva == "avlyst":
        vakter.avlys(scene.koordinator, min_.id)
    elif hva == "motvakt":
        vakter.avlys(scene.koordinator, din.id)
    elif hva == "plan":
        planer.avslutt_plan(scene.koordinator, annen.id)
    elif hva == "tatt":
        with som_om(NAA + 11 * T):
            vakter.ta_naa(scene.spesialist, plan.id, V)
    else:
        annet = bytte.foreslaa(scene.spesialist2, din.id, tredje.medlemskap_id)
        bytte.godta(tredje, annet)
    assert tilstand(id_) == Byttetilstand.BORTFALT
    for aktor in (tredje, scene.spesialist2):
        assert "Et forslag om vaktbytte gjelder ikke lenger" in fortalt(aktor, "vakt.bytte")
    with pytest.raises(Konflikt):
        bytte.godta(scene.spesialist2, id_)


def test_et_forslag_bortfaller_naar_vakten_begynner(scene: Scene, plan: Vaktplan, opptak: Opptak) -> None:
    min_ = lag_vakt(plan, scene.spesialist, fra=NAA + 40 * T)
    din = lag_vakt(plan, scene.spesialist2, fra=NAA + 10 * T)
    id_ = spoer(scene.spesialist, min_, scene.spesialist2, din)
    assert bytte.la_forfalle() == 0
    with som_om(NAA + 10 * T):
        with uten_spor(opptak), pytest.raises(Konflikt) as feil:
            bytte.godta(scene.spesialist2, id_)
        assert feil.value.kode == "bortfalt"
        assert bytte.la_forfalle() == 1
        assert bytte.la_forfalle() == 0
    assert tilstand(id_) == Byttetilstand.BORTFALT
    assert len(fortalt(scene.spesialist)) == 1


def test_den_som_sa_ja_maa_fortsatt_kunne_ha_vakten(scene: Scene, plan: Vaktplan, opptak: Opptak) -> None:
    min_ = lag_vakt(plan, scene.spesialist, fra=NAA + 10 * T)
    id_ = spoer(scene.spesialist, min_, scene.spesialist2)
    lag_fravaer(scene.spesialist2, NAA + 11 * T, NAA + 12 * T)
    with uten_spor(opptak), pytest.raises(UgyldigData):
        bytte.godta(scene.spesialist2, id_)


@pytest.mark.parametrize("andre", ["godta", "trekk", "avlys"])
def test_to_svar_samtidig(app: Flask, scene: Scene, plan: Vaktplan, andre: str) -> None:
    """Exactly one counts, and no shift is ever two people's or nobody's by the race."""
    min_ = lag_vakt(plan, scene.spesialist, fra=NAA + 10 * T, til=NAA + 20 * T)
    din = lag_vakt(plan, scene.spesialist2, fra=NAA + 20 * T, til=NAA + 30 * T)
    id_ = spoer(scene.spesialist, min_, scene.spesialist2, din)
    motpart: dict[str, Any] = {
        "godta": lambda: bytte.godta(scene.spesialist2, id_),
        "trekk": lambda: bytte.trekk(scene.spesialist, id_),
        "avlys": lambda: vakter.avlys(scene.koordinator, min_.id),
    }
    svar = samtidig(app, lambda: bytte.godta(scene.spesialist2, id_), motpart[andre])
    assert len([s for s in svar if isinstance(s, PortalError)]) == 1
    rader = nivaa(plan)
    assert len(rader) == (1 if tilstand(id_) == Byttetilstand.BORTFALT else 2)
    assert {r[3] for r in rader} == ({"bytte"} if tilstand(id_) == Byttetilstand.GODTATT else {"enkelt"})


def test_lista(scene: Scene, plan: Vaktplan) -> None:
    min_ = lag_vakt(plan, scene.spesialist, fra=NAA + 10 * T)
    annen = lag_vakt(plan, scene.spesialist, fra=NAA + 50 * T)
    spoer(scene.spesialist, min_, scene.spesialist2)
    gammel = spoer(scene.spesialist, annen, scene.spesialist2)
    bytte.avslaa(scene.spesialist2, gammel)

    def lista(aktor: Aktor) -> list[tuple[str, bool, bool, bool]]:
        return [
            (r.bytte.tilstand, r.venter_paa_meg, r.kan_trekkes, r.andres) for r in bytte.hent_bytter(aktor)
        ]

    assert lista(scene.spesialist2) == [("venter", True, False, False), ("avslaatt", False, False, False)]
    assert lista(scene.spesialist) == [("venter", False, True, False), ("avslaatt", False, False, False)]
    assert lista(scene.koordinator) == [("venter", False, False, True)]
    for aktor in (scene.kirurg, scene.lege, scene.fremmed_vaktleder, Aktor.system("x")):
        assert lista(aktor) == []
    with som_om(NAA + 40 * DAG):
        assert len(lista(scene.spesialist2)) == 1
    kolleger = bytte.mulige_kolleger(scene.spesialist, min_.id)
    assert [m.person_id for m in kolleger] == [scene.spesialist2.person_id]
    with pytest.raises(IkkeTilgang):
        bytte.mulige_kolleger(scene.spesialist2, min_.id)
