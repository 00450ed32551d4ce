"""Jobs of the rosters that meet what cannot be done: it is logged, the rest is done, and it is tried again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from portal.core.clock import now, som_om
from portal.core.db import db, transactional
from portal.identitet.models import Medlemskap, Organisasjon, Organisasjonstype
from portal.vakt import skriving
from portal.vakt.models import Vaktbytte, Vaktplan
from portal.vakt.service import bytte, sammenslaaing
from tests.bygg import Scene, lag_organisasjon, skriv
from tests.vakt.hjelp import DAG, NAA, T, fortalt
from tests.vakthjelp import lag_vakt, lag_vaktplan


@pytest.fixture(autouse=True)
def _klokke(scene: Scene) -> Iterator[None]:
    skriv(sa.update(Medlemskap).values(gyldig_fra=NAA - 400 * DAG))
    db.session.expire_all()
    with som_om(NAA):
        yield


def feilet(logg: list[Any]) -> list[tuple[str, str]]:
    return [(r["event"], r["gjelder"]) for r in logg if r["log_level"] == "error"]


def test_et_bytte_som_feiler_stanser_ingen_andre(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = lag_vaktplan(scene.hf.id)
    til = scene.spesialist2.medlemskap_id
    assert til
    ider = [
        bytte.foreslaa(
            scene.spesialist, lag_vakt(plan, scene.spesialist, fra=NAA + n * T, til=NAA + (n + 1) * T).id, til
        )
        for n in range(1, 4)
    ]
    syk, ekte = min(ider), skriving.la_falle

    def la_falle(b: Vaktbytte) -> None:
        ekte(b)
        if b.id == syk:
            raise RuntimeError("this one")

    monkeypatch.setattr(skriving, "la_falle", la_falle)

    def tilstander() -> dict[Any, str]:
        db.session.rollback()
        return {b.id: b.tilstand for b in db.session.execute(sa.select(Vaktbytte.id, Vaktbytte.tilstand))}

    with som_om(NAA + DAG):
        with capture_logs() as logg:
            assert bytte.la_forfalle() == 2
        assert feilet(logg) == [("vaktbytte_feilet", str(syk))]
        assert tilstander() == {i: "venter" if i == syk else "bortfalt" for i in ider}
        assert len(fortalt(scene.spesialist)) == 2
        monkeypatch.setattr(skriving, "la_falle", ekte)
        assert bytte.la_forfalle() == 1 and bytte.la_forfalle() == 0
        assert tilstander()[syk] == "bortfalt"


def test_en_plan_som_feiler_stanser_ingen_andre(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    planer = [lag_vaktplan(scene.hf.id, fag).id for fag in ("indremedisin", "kirurgi", "geriatri")]
    ny = lag_organisasjon(Organisasjonstype.HF, "Storsykehuset")

    @transactional
    def slaa_sammen() -> None:
        gammel = db.session.get_one(Organisasjon, scene.hf.id)
        gammel.nedlagt, gammel.etterfolger_id = now().date(), ny.id

    slaa_sammen()
    syk, ekte = min(planer), sammenslaaing.access.hent_plan

    def hent_plan(aktor: Any, handling: Any, plan_id: Any, **valg: Any) -> Vaktplan:
        if plan_id == syk:
            raise RuntimeError("this one")
        return ekte(aktor, handling, plan_id, **valg)

    monkeypatch.setattr(sammenslaaing.access, "hent_plan", hent_plan)
    with capture_logs() as logg:
        assert sammenslaaing.foelg_sammenslaatte() == 2
    assert feilet(logg) == [("sammenslaaing_feilet", str(syk))]
    monkeypatch.setattr(sammenslaaing.access, "hent_plan", ekte)
    assert sammenslaaing.foelg_sammenslaatte() == 1 and sammenslaaing.foelg_sammenslaatte() == 0
    db.session.rollback()
    assert set(db.session.scalars(sa.select(Vaktplan.organisasjon_id))) == {ny.id}
