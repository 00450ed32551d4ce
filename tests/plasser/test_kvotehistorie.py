"""A quota that is changed is another from today on: the days before it are reckoned with what it was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from portal.core.clock import i_dag, now, som_om
from portal.core.db import db, transactional
from portal.identitet.models import Organisasjon
from portal.plasser import behovstall, steps
from portal.plasser.models import Opphold, Plassmedlem
from portal.plasser.service import forvaltning
from portal.plasser.service.sammenslaaing import foelg_sammenslaatte
from tests.bygg import Scene
from tests.plasser.hjelp import DAG, lag_folk, lag_plassenhet, les_plasser
from tests.plasser.test_sammenslaaing import lag, slaa_sammen

#: Noon in Oslo; ten whole days have gone since the unit was opened.
NAA = datetime(2026, 3, 12, 11, 0, tzinfo=UTC)
SIDEN = datetime(2026, 3, 1, 23, 0, tzinfo=UTC)
FOERSTE = date(2026, 3, 2)


@pytest.fixture(autouse=True)
def klokka(app: object) -> Iterator[None]:
    with som_om(NAA):
        yield


def perioder(enhet_id: UUID, kommune: Organisasjon) -> list[tuple[date, date | None, int]]:
    db.session.rollback()
    return [
        (m.fra, m.til, m.kvote)
        for m in db.session.scalars(
            sa.select(Plassmedlem)
            .where(Plassmedlem.plassenhet_id == enhet_id, Plassmedlem.kommune_id == kommune.id)
            .order_by(Plassmedlem.fra)
        )
    ]


@transactional
def har_ligget(enhet_id: UUID, kommune_id: UUID, inn: datetime, ut: datetime | None) -> None:
    db.session.add(
        Opphold(
            id=uuid4(),
            plass_id=steps.i_bruk(enhet_id)[0].id,
            plassenhet_id=enhet_id,
            kommune_id=kommune_id,
            inn=inn,
            ut=ut,
            registrert=inn,
        )
    )


def bruk(kommune: Organisasjon, til: date | None = None) -> float | None:
    db.session.rollback()
    ut: float | None = behovstall.tall(kommune.id, FOERSTE, til or i_dag() - timedelta(days=1))["bruk"]
    return ut


def test_kvoten_er_ny_fra_i_dag(scene: Scene) -> None:
    enhet_id = lag_plassenhet(scene, 4, kvoter={scene.kommune.id: 1}, siden=SIDEN)
    folk = lag_folk(scene, enhet_id)
    har_ligget(enhet_id, scene.kommune.id, SIDEN, SIDEN + 5 * DAG)
    assert bruk(scene.kommune) == 0.5

    def sett(kvote: int) -> None:
        db.session.rollback()
        forvaltning.sett_kvoter(
            folk.koordinator,
            enhet_id,
            {scene.kommune.id: kvote, folk.medlem.id: 0},
            lest=forvaltning.kvotelest(steps.medlemmer(enhet_id)),
        )

    sett(4)
    dag = i_dag()
    assert perioder(enhet_id, scene.kommune) == [(FOERSTE, dag, 1), (dag, None, 4)]
    assert bruk(scene.kommune) == 0.5, "the days that have gone are what they were"
    # Once more the same day: nothing was in between.
    sett(3)
    assert perioder(enhet_id, scene.kommune) == [(FOERSTE, dag, 1), (dag, None, 3)]
    assert {m.kommune_id: m.kvote for m in steps.medlemmer(enhet_id)} == {
        scene.kommune.id: 3,
        folk.medlem.id: 0,
    }
    with som_om(NAA + 2 * DAG):
        sett(2)
        t = behovstall.tall(scene.kommune.id, FOERSTE, i_dag() - timedelta(days=1))
    # Ten days of one, two days of three.
    assert t["bruk"] == round(5 / 16, 4) and t["kvote"] == 3


def test_etterfoelgeren_har_det_de_hadde_og_brukte(scene: Scene) -> None:
    """Bed-days and nights are of the same kommuner, before the merger and after it."""
    ny = lag(scene)
    enhet_id = lag_plassenhet(
        scene, 5, kvoter={scene.kommune.id: 1, scene.annen_kommune.id: 1, ny.id: 2}, siden=SIDEN
    )
    har_ligget(enhet_id, scene.kommune.id, SIDEN, SIDEN + 4 * DAG)
    # Whoever lies there follows to the successor, with all the days.
    har_ligget(enhet_id, scene.annen_kommune.id, SIDEN + 4 * DAG, None)
    slaa_sammen(ny.id, scene.kommune.id, scene.annen_kommune.id)
    assert foelg_sammenslaatte() == 1
    dag = i_dag()
    assert perioder(enhet_id, ny) == [(FOERSTE, dag, 2), (dag, None, 4)]
    assert perioder(enhet_id, scene.kommune) == [(FOERSTE, dag, 1)]
    assert bruk(ny) == round(10 / 40, 4)
    with som_om(NAA + 5 * DAG):
        t = behovstall.tall(ny.id, FOERSTE, i_dag() - timedelta(days=1))
        assert now() > NAA
    assert (t["bruk"], t["doegn"], t["kvote"], t["innlagt"]) == (round(15 / 60, 4), 15.0, 4, 2)
    assert len(les_plasser(enhet_id)) == 5
