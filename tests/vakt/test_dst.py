"""A year of rosters as they stand in the database, over both nights that the clocks change, minute for minute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.core.clock import OSLO, som_om
from portal.core.db import db, skrivetransaksjon, transactional
from portal.vakt import skriving, steps
from portal.vakt.models import Dagtype, Nivaa, Rotasjon, Rotasjonsdeltaker, Vakt, Vaktplan
from portal.vakt.service import rotasjoner, vakter
from portal.vakt.turnus import dagtype
from tests.bygg import Scene
from tests.vakt.hjelp import DAG, NAA, T, alle_vakter, kl, nivaa, spesialist, uten_overlapp
from tests.vakthjelp import lag_vakt, lag_vaktplan

V = Nivaa.VAKTHAVENDE
MIN = timedelta(minutes=1)
#: 23 hours and 25 hours, between eight and eight.
NETTENE = (kl("2026-03-28 08:00"), kl("2026-10-24 08:00"))


@pytest.fixture(autouse=True)
def _klokke() -> Iterator[None]:
    with som_om(NAA):
        yield


@pytest.fixture
def plan(scene: Scene) -> Vaktplan:
    return lag_vaktplan(scene.hf.id)


@transactional
def toem() -> None:
    for tabell in (Vakt, Rotasjonsdeltaker, Rotasjon):
        db.session.execute(sa.delete(tabell))


def test_hvert_minutt_av_begge_nettene_har_noeyaktig_en(scene: Scene, plan: Vaktplan) -> None:
    """Day and night shifts that meet at half past two: the hour that is not there, and the one that is there twice."""
    felles: dict[str, Any] = {
        "gjelder_fra": NAA.date() + DAG,
        "dagtyper": list(map(str, Dagtype)),
        "dager_per_tur": 1,
    }
    folk = [scene.spesialist.medlemskap_id, scene.spesialist2.medlemskap_id]
    for fra, til in (("02:30", "14:00"), ("14:00", "02:30")):
        rotasjoner.lag(
            scene.koordinator, plan.id, V, deltakere=folk, klokke_fra=fra, klokke_til=til, **felles
        )
    rader = nivaa(plan)
    assert uten_overlapp(rader)
    for natt, timer in zip(NETTENE, (23, 25), strict=True):
        naa, slutt = natt, kl(f"{(natt + 26 * T):%Y-%m-%d} 08:00")
        assert slutt - natt == timer * T
        while naa < slutt:
            har = [r for r in rader if r[0] <= naa < r[1]]
            assert len(har) == 1, naa
            with som_om(naa):
                assert steps.paa_vakt(scene.hf.id, "indremedisin")[V].person_id == har[0][2]
            naa += 7 * MIN


@given(
    klokke=st.sampled_from(["00:00", "02:00", "02:30", "08:00", "16:30"]),
    slutt=st.sampled_from(["00:00", "02:30", "07:00", "08:00", "23:30"]),
    dagtyper=st.sets(st.sampled_from(list(map(str, Dagtype))), min_size=1),
    dager=st.integers(1, 9),
    antall=st.integers(1, 3),
    start=st.integers(0, 20),
    for_haand=st.lists(st.tuples(st.integers(0, 1200), st.integers(1, 60)), max_size=5),
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_en_rotasjon_og_vakter_for_haand_mot_en_modell(
    scene: Scene,
    plan: Vaktplan,
    klokke: str,
    slutt: str,
    dagtyper: set[str],
    dager: int,
    antall: int,
    start: int,
    for_haand: list[tuple[int, int]],
) -> None:
    """Every half hour of a year: whose it is by the rule read off the wall clock, and by hand where somebody wrote."""
    toem()
    folk = [scene.spesialist, scene.spesialist2, spesialist(scene)][:antall]
    halv = T / 2
    hvem: dict[datetime, Any] = {}
    for fra, lengde in for_haand:
        tider = (NAA + fra * 7 * halv, NAA + (fra * 7 + lengde) * halv)
        naa = tider[0]
        if any(tider[0] <= h < tider[1] for h in hvem):
            continue
        lag_vakt(plan, scene.spesialist2, fra=tider[0], til=tider[1])
        while naa < tider[1]:
            hvem[naa] = scene.spesialist2.person_id
            naa += halv
    foerste = NAA.astimezone(OSLO).date() + start * DAG
    rotasjoner.lag(
        scene.koordinator,
        plan.id,
        V,
        deltakere=[a.medlemskap_id for a in folk],  # type: ignore[misc]
        gjelder_fra=foerste,
        klokke_fra=klokke,
        klokke_til=slutt,
        dagtyper=sorted(dagtyper),
        dager_per_tur=dager,
    )
    rader = nivaa(plan)
    assert uten_overlapp(rader)
    # The model: which Oslo day a half hour's shift began on, and how many such days came before.
    nummer, dag, vakter_av = 0, foerste, {}
    sist = db.session.scalars(sa.select(Rotasjon.laget_til)).one()
    while dag < sist:
        if str(dagtype(dag)) in dagtyper:
            vakter_av[dag] = folk[nummer // dager % antall].person_id
            nummer += 1
        dag += DAG
    naa, slutten = datetime.combine(foerste - DAG, datetime.min.time(), UTC), NAA + 380 * DAG
    while naa < slutten:
        lokal = naa.astimezone(OSLO)
        vist, over = f"{lokal:%H:%M}", klokke >= slutt
        if over:
            begynte = lokal.date() if vist >= klokke else lokal.date() - DAG if vist < slutt else None
        else:
            begynte = lokal.date() if klokke <= vist < slutt else None
        if naa >= NAA and begynte in vakter_av and naa not in hvem:
            hvem[naa] = vakter_av[begynte]
        naa += halv
    # The hour that is shown twice belongs, the second time, to what began at its first: those the model reads twice.
    tvil = {kl("2026-10-25 02:00") + n * halv for n in range(4)}
    funnet = {f + n * halv: p for f, t, p, _k in rader for n in range(int((t - f) / halv))}
    assert {n: p for n, p in funnet.items() if n not in tvil} == {
        n: p for n, p in hvem.items() if n not in tvil
    }


def test_rettferdig_gjennom_et_aar(scene: Scene, plan: Vaktplan) -> None:
    folk = [spesialist(scene, f"Lege {n}") for n in range(7)]
    rotasjoner.lag(
        scene.koordinator,
        plan.id,
        V,
        deltakere=[a.medlemskap_id for a in folk],  # type: ignore[misc]
        gjelder_fra=NAA.date() + DAG,
        klokke_fra="08:00",
        klokke_til="08:00",
        dagtyper=list(map(str, Dagtype)),
        dager_per_tur=3,
    )
    turer = Counter(p for _f, _t, p, _k in nivaa(plan))
    assert len(turer) == 7 and max(turer.values()) - min(turer.values()) <= 1


def test_femti_tusen_vakter_leses_med_indeks(scene: Scene) -> None:
    """What a write and a page ask for touches what it gives, and not the history."""
    planer = [
        lag_vaktplan(scene.hf.id, f) for f in ("indremedisin", "geriatri", "kirurgi", "ortopedi", "urologi")
    ]
    hvem = (scene.spesialist, scene.spesialist2)
    plan_ider = [p.id for p in planer]
    db.session.rollback()
    with skrivetransaksjon(db.engine) as c:
        for plan_id in plan_ider:
            for hvilket in Nivaa:
                c.execute(
                    sa.insert(Vakt),
                    [
                        {
                            "vaktplan_id": plan_id,
                            "nivaa": hvilket,
                            "person_id": hvem[n % 2].person_id,
                            "medlemskap_id": hvem[n % 2].medlemskap_id,
                            "fra": NAA + (n - 2500) * 8 * T,
                            "til": NAA + (n - 2499) * 8 * T,
                            "kilde": "rotasjon",
                            "opprettet": NAA,
                        }
                        for n in range(3334)
                    ],
                )
        if db.engine.dialect.name == "postgresql":
            c.exec_driver_sql("ANALYZE vakt")
    spurt: list[tuple[str, Any]] = []

    def noter(_c: Any, _cur: Any, sql: str, verdier: Any, *_resten: Any) -> None:
        if "FROM vakt " in sql or "FROM vakt\n" in sql or "JOIN vakt " in sql:
            spurt.append((sql, verdier))

    sa.event.listen(db.engine, "before_cursor_execute", noter)
    try:
        skriving.overlappende(plan_ider[0], V, NAA + T, NAA + 9 * T)
        vakter.hent_vakter(scene.spesialist, plan_ider[0], NAA, NAA + 7 * DAG)
        vakter.mine_vakter(scene.spesialist, NAA, NAA + 7 * DAG)
        skriving.dobbeltvakter(hvem[0].person_id, NAA, NAA + T)  # type: ignore[arg-type]
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", noter)
    assert len(spurt) == 4
    forklar = "EXPLAIN QUERY PLAN " if db.engine.dialect.name == "sqlite" else "EXPLAIN "
    for sql, verdier in spurt:
        plan_ = str(db.session.connection().exec_driver_sql(forklar + sql, verdier).all())
        assert "ix_vakt_p" in plan_ and "Seq Scan on vakt " not in plan_ and "SCAN vakt" not in plan_, plan_
    assert len(alle_vakter(planer[0])) == 10_002
