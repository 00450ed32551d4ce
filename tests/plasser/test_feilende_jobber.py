"""Jobs of the beds that meet a unit with something wrong: it is logged, the rest is done, and it is tried again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from portal.core.clock import now
from portal.core.db import db
from portal.plasser import steps
from portal.plasser.models import Plassenhet, Reservasjon
from portal.plasser.service import doegn, ferskhet, reservasjoner
from tests.bygg import Scene, om
from tests.plasser.hjelp import DAG, lag_plassenhet


def feilet(logg: list[Any]) -> list[tuple[str, str]]:
    return [(r["event"], r["enhet"]) for r in logg if r["log_level"] == "error"]


def aktive() -> set[UUID]:
    """The units with a hold that is written down as running."""
    db.session.rollback()
    return set(db.session.scalars(sa.select(Reservasjon.plassenhet_id).where(Reservasjon.status == "aktiv")))


def test_et_hold_som_feiler_stanser_ingen_andre(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """It fails after its first change: nothing of that is left either."""
    enheter = [lag_plassenhet(scene, 2) for _ in range(3)]
    for enhet_id in enheter:
        reservasjoner.reserver(scene.lege, enhet_id, klient_id=uuid4())
    syk, ekte = min(enheter), steps.loes_ut

    def loes_ut(enhet: Plassenhet) -> int:
        antall = ekte(enhet)
        if enhet.id == syk:
            raise RuntimeError("this one")
        return antall

    monkeypatch.setattr(steps, "loes_ut", loes_ut)
    with om(hours=3):
        with capture_logs() as logg:
            assert reservasjoner.loes_ut_forfalte() == 2
        assert feilet(logg) == [("hold_utloep_feilet", str(syk))] and aktive() == {syk}
        monkeypatch.setattr(steps, "loes_ut", ekte)
        assert reservasjoner.loes_ut_forfalte() == 1 and reservasjoner.loes_ut_forfalte() == 0
    assert aktive() == set()


def test_en_purring_som_feiler_stanser_ingen_andre(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    enheter = [lag_plassenhet(scene, 1, siden=now() - timedelta(hours=13)) for _ in range(3)]
    syk, ekte = min(enheter), ferskhet._purr

    def purr(enhet_id: UUID) -> int:
        if enhet_id == syk:
            raise RuntimeError("this one")
        return ekte(enhet_id)

    monkeypatch.setattr(ferskhet, "_purr", purr)

    def purret() -> set[UUID]:
        db.session.rollback()
        return set(db.session.scalars(sa.select(Plassenhet.id).where(Plassenhet.purret.is_not(None))))

    with capture_logs() as logg:
        ferskhet.purr()
    assert feilet(logg) == [("purring_feilet", str(syk))] and purret() == set(enheter) - {syk}
    monkeypatch.setattr(ferskhet, "_purr", ekte)
    ferskhet.purr()
    assert purret() == set(enheter)


def test_en_enhets_doegn_som_feiler_stanser_ingen_andre(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    enheter = [lag_plassenhet(scene, 1, siden=now() - 5 * DAG) for _ in range(3)]
    syk, ekte = min(enheter), doegn._dager

    def dager(enhet_id: UUID, fra: Any, til: Any) -> int:
        if enhet_id == syk:
            raise RuntimeError("this one")
        return ekte(enhet_id, fra, til)

    monkeypatch.setattr(doegn, "_dager", dager)
    with capture_logs() as logg:
        lagt_sammen = doegn.legg_sammen_dager()
    assert feilet(logg) == [("plassdoegn_feilet", str(syk))] and lagt_sammen >= 8
    monkeypatch.setattr(doegn, "_dager", ekte)
    assert doegn.legg_sammen_dager() == lagt_sammen // 2 and doegn.legg_sammen_dager() == 0
