"""Jobs of the phases that meet something that cannot be done: it is logged, the rest is done, and it is tried again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from portal.beredskap import steps
from portal.beredskap.models import Faseperiode
from portal.beredskap.service import faser, sammenslaaing
from portal.core.clock import now, som_om
from portal.core.db import db, transactional
from portal.identitet.models import Organisasjon
from tests.avtalehjelp import lag_fase
from tests.beredskap.hjelp import DAG, NAA, T, perioder, siden_alltid
from tests.bygg import Scene, lag_kommune, skriv


@pytest.fixture(autouse=True)
def _klokke(scene: Scene) -> Iterator[None]:
    siden_alltid(scene)
    with som_om(NAA):
        yield


def feilet(logg: list[Any]) -> list[tuple[str, str]]:
    return [(r["event"], r["gjelder"]) for r in logg if r["log_level"] == "error"]


def test_en_fase_som_ikke_kan_fortelles_stanser_ingen_andre(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n, kommune in enumerate((scene.kommune, scene.annen_kommune, lag_kommune("Tredje"))):
        lag_fase(kommune, 3, fra=NAA + n * T)
    skriv(sa.update(Faseperiode).values(varslet=None))
    foerst = db.session.scalars(sa.select(Faseperiode.id).order_by(Faseperiode.fra)).first()
    ekte = steps.fortell_begynt

    def fortell(periode: Faseperiode) -> None:
        if periode.id == foerst:
            raise RuntimeError("this one")
        ekte(periode)

    monkeypatch.setattr(steps, "fortell_begynt", fortell)
    with som_om(NAA + DAG):
        with capture_logs() as logg:
            assert faser.meld_begynte() == 2
        assert feilet(logg) == [("fasebegynnelse_feilet", str(foerst))]
        monkeypatch.setattr(steps, "fortell_begynt", ekte)
        assert faser.meld_begynte() == 1 and faser.meld_begynte() == 0


def test_en_sammenslaaing_som_feiler_stanser_ingen_andre(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    nye = {
        gammel.id: lag_kommune(f"Nye {gammel.kortnavn}").id for gammel in (scene.kommune, scene.annen_kommune)
    }
    lag_fase(scene.kommune, 4, fra=NAA - DAG)
    lag_fase(scene.annen_kommune, 4, fra=NAA - DAG)

    @transactional
    def slaa_sammen() -> None:
        for gammel_id, ny_id in nye.items():
            gammel = db.session.get_one(Organisasjon, gammel_id)
            gammel.nedlagt, gammel.etterfolger_id = now().date(), ny_id

    slaa_sammen()
    syk, frisk = sorted(nye.values())
    ekte = steps.laas

    def laas(organisasjoner: list[UUID]) -> dict[UUID, Organisasjon]:
        if syk in organisasjoner:
            raise RuntimeError("this one")
        return ekte(organisasjoner)

    monkeypatch.setattr(steps, "laas", laas)
    with capture_logs() as logg:
        assert sammenslaaing.foelg_sammenslaatte() == 1
    assert feilet(logg) == [("sammenslaaing_feilet", str(syk))]
    assert (perioder(frisk), perioder(syk)) == ([(4, NAA, None)], [])
    monkeypatch.setattr(steps, "laas", ekte)
    assert sammenslaaing.foelg_sammenslaatte() == 1
    assert perioder(syk) == [(4, NAA, None)]
