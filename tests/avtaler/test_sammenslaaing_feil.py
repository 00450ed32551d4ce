"""An agreement that cannot follow a merger keeps no other waiting: it is logged, and tried again."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from portal.avtaler.forloep import Status
from portal.avtaler.models import Avtale, Avtalepart
from portal.avtaler.service import sammenslaaing
from portal.core.clock import i_dag
from portal.core.db import db, transactional
from portal.identitet.models import Organisasjon
from tests.avtalehjelp import lag_avtale
from tests.bygg import Scene, lag_kommune


def test_en_avtale_som_feiler_stanser_ingen_andre(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    avtaler = [
        lag_avtale(scene.hf, [scene.kommune], status=Status.GJELDENDE, tittel=f"Avtale {n}").id
        for n in range(3)
    ]
    ny_id, gammel_id = lag_kommune("Nye Fjord").id, scene.kommune.id

    @transactional
    def slaa_sammen() -> None:
        gammel = db.session.get_one(Organisasjon, gammel_id)
        gammel.nedlagt, gammel.etterfolger_id = i_dag(), ny_id

    slaa_sammen()
    syk, ekte = min(avtaler), sammenslaaing.access.hent

    def hent(aktor: Any, handling: Any, avtale_id: Any, **valg: Any) -> Avtale:
        if avtale_id == syk:
            raise RuntimeError("this one")
        return ekte(aktor, handling, avtale_id, **valg)

    def med_etterfoelgeren() -> set[Any]:
        db.session.rollback()
        return set(
            db.session.scalars(sa.select(Avtalepart.avtale_id).where(Avtalepart.organisasjon_id == ny_id))
        )

    monkeypatch.setattr(sammenslaaing.access, "hent", hent)
    with capture_logs() as logg:
        assert sammenslaaing.foelg_sammenslaatte() == 2
    assert [(r["event"], r["gjelder"]) for r in logg if r["log_level"] == "error"] == [
        ("sammenslaaing_feilet", str(syk))
    ]
    assert med_etterfoelgeren() == set(avtaler) - {syk}
    monkeypatch.setattr(sammenslaaing.access, "hent", ekte)
    assert sammenslaaing.foelg_sammenslaatte() == 1 and med_etterfoelgeren() == set(avtaler)
