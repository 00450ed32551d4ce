"""Who is appointed to the kriseledelse, by whom, and that it follows the role."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from portal.beredskap import steps
from portal.beredskap.service import kriseledelse
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now, som_om
from portal.core.errors import IkkeFunnet, IkkeTilgang, UgyldigData
from portal.identitet.models import Medlemskap
from tests.beredskap.hjelp import NAA, T, endre, sett, siden_alltid
from tests.bygg import Opptak, Scene, lag_aktor, revisjon, uten_spor


@pytest.fixture(autouse=True)
def klokka() -> Iterator[None]:
    with som_om(NAA):
        yield


@pytest.fixture
def administrator(scene: Scene) -> Aktor:
    aktor = lag_aktor(Rolle.ADMINISTRATOR, scene.kommune)
    siden_alltid(scene)
    return aktor


def mid(aktor: Aktor) -> object:
    assert aktor.medlemskap_id
    return aktor.medlemskap_id


def test_oppnevnt_kan_og_tatt_ut_kan_ikke(scene: Scene, administrator: Aktor) -> None:
    kriseledelse.oppnevn(administrator, scene.lege.medlemskap_id)  # type: ignore[arg-type]
    kriseledelse.oppnevn(administrator, scene.lege.medlemskap_id)  # type: ignore[arg-type]
    assert [m.person.navn for m in kriseledelse.hent_kriseledelse(administrator)] == ["Ingrid Lege"]
    assert len(revisjon("beredskap.oppnevnt")) == 1
    assert scene.lege.person_id in {
        m.person_id for m in steps.besluttere([scene.kommune.id])[scene.kommune.id]
    }
    sett(scene.lege)
    kriseledelse.fjern(administrator, scene.lege.medlemskap_id)  # type: ignore[arg-type]
    kriseledelse.fjern(administrator, scene.lege.medlemskap_id)  # type: ignore[arg-type]
    assert len(revisjon("beredskap.fratraadt")) == 1
    with som_om(NAA + T), pytest.raises(IkkeTilgang):
        sett(scene.lege)


def test_oppnevningen_slutter_med_rollen(scene: Scene, administrator: Aktor, opptak: Opptak) -> None:
    kriseledelse.oppnevn(administrator, scene.lege.medlemskap_id)  # type: ignore[arg-type]
    endre(Medlemskap, scene.lege.medlemskap_id, gyldig_til=now() + T)
    with som_om(NAA + 2 * T):
        assert kriseledelse.hent_kriseledelse(administrator) == []
        hvem = {m.person_id for m in steps.besluttere([scene.kommune.id])[scene.kommune.id]}
        assert hvem == {scene.kommuneoverlege.person_id}
        with uten_spor(opptak), pytest.raises(UgyldigData):
            kriseledelse.oppnevn(administrator, scene.lege.medlemskap_id)  # type: ignore[arg-type]


def test_bare_egen_organisasjons_administrator(scene: Scene, administrator: Aktor, opptak: Opptak) -> None:
    lege = scene.lege.medlemskap_id
    assert lege is not None
    for nektet in (scene.kommuneoverlege, scene.lege):
        with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
            kriseledelse.oppnevn(nektet, lege)
        with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
            kriseledelse.fjern(nektet, lege)
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeFunnet):
        kriseledelse.oppnevn(scene.administrator, lege)
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
        kriseledelse.hent_kriseledelse(scene.lege)
    assert kriseledelse.kandidater(scene.kommuneoverlege) == []
    navn = {m.person.navn for m in kriseledelse.kandidater(administrator)}
    assert "Ingrid Lege" in navn and "Siri Spesialist" not in navn


def test_ingen_fra_framtiden(scene: Scene, administrator: Aktor) -> None:
    endre(Medlemskap, scene.lege.medlemskap_id, gyldig_fra=NAA + timedelta(days=2))
    with pytest.raises(UgyldigData):
        kriseledelse.oppnevn(administrator, scene.lege.medlemskap_id)  # type: ignore[arg-type]
