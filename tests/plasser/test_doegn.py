"""The sums of days are what a count minute by minute gives, whatever happened, and when it was told of."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.core.clock import i_dag, now, oslo, som_om
from portal.core.db import db, transactional
from portal.plasser import doegn, steps
from portal.plasser.doegn import Endring, grenser, legg_sammen
from portal.plasser.forloep import Holdstatus, Tilstand
from portal.plasser.historikk import DELER, SUMMER, Plassdoegn, Plassendring, Plassmaaned
from portal.plasser.models import Reservasjon
from portal.plasser.service import doegn as jobb
from portal.plasser.service import drift, forvaltning, reservasjoner
from tests.bygg import Scene
from tests.plasser.hjelp import lag_folk, lag_plassenhet, les_opphold, les_plasser

TIME = timedelta(hours=1)
MINUTT = timedelta(minutes=1)
#: An ordinary day, the day of 23 hours and the day of 25.
DAGER = {date(2026, 11, 10): 24, date(2026, 3, 29): 23, date(2026, 10, 25): 25}
TILSTANDER = [*map(str, Tilstand), "nedlagt"]


# --- the pure sums ---------------------------------------------------------------------------------------


@st.composite
def _dager(tegn: Any) -> tuple[date, dict[UUID, Endring], list[Endring]]:
    """A day, what each bed was when it began, and what happened to it."""
    dag = tegn(st.sampled_from(sorted(DAGER)))
    fra, _til = grenser(dag)
    minutter = st.integers(0, DAGER[dag] * 60 - 1)

    def endring(plass: UUID, minutt: int) -> Endring:
        return Endring(
            plass,
            fra + minutt * MINUTT,
            tegn(st.sampled_from(TILSTANDER)),
            tegn(st.booleans()),
            tegn(st.booleans()),
        )

    foer: dict[UUID, Endring] = {}
    endringer: list[Endring] = []
    for nummer in range(tegn(st.integers(1, 4))):
        plass = UUID(int=nummer)
        if tegn(st.booleans()):
            foer[plass] = endring(plass, -tegn(st.integers(1, 5000)))
        endringer += [endring(plass, m) for m in sorted(tegn(st.lists(minutter, max_size=8)))]
    # Beds come in any order, each bed's own by time.
    return dag, foer, sorted(endringer, key=lambda e: e.tidspunkt)


@settings(max_examples=120, deadline=None)
@given(_dager())
def test_summen_er_det_en_telling_minutt_for_minutt_gir(
    gitt: tuple[date, dict[UUID, Endring], list[Endring]],
) -> None:
    dag, foer, endringer = gitt
    fra, til = grenser(dag)
    telt = dict.fromkeys((*DELER, "normert"), 0)
    levde = 0
    for plass in {*foer, *(e.plass_id for e in endringer)}:
        egne = [e for e in endringer if e.plass_id == plass]
        for m in range(DAGER[dag] * 60):
            naa = foer.get(plass)
            for e in egne:
                if e.tidspunkt <= fra + m * MINUTT:
                    naa = e
            if naa is None or naa.tilstand == "nedlagt":
                continue
            levde += 60
            tom = naa.tilstand in ("ledig", "rengjoeres")
            telt["ubemannet" if tom and not naa.bemannet else naa.tilstand] += 60
            telt["normert"] += 60 if naa.normert else 0
    summer = legg_sammen(foer, endringer, fra, til)
    assert summer == telt
    assert sum(summer[k] for k in DELER) == levde


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(DAGER)),
    st.lists(st.integers(0, 22 * 3_600_000_000), max_size=12),
    st.integers(1, 5),
)
def test_delene_er_alltid_plasser_ganger_sekunder(dag: date, mikro: list[int], plasser: int) -> None:
    """Also where the moments are no whole seconds: nothing is lost or won by rounding."""
    fra, til = grenser(dag)
    foer = {UUID(int=n): Endring(UUID(int=n), fra - TIME, "ledig", True) for n in range(plasser)}
    endringer = [
        Endring(UUID(int=n % plasser), fra + timedelta(microseconds=m), TILSTANDER[n % 6], n % 3 > 0)
        for n, m in enumerate(sorted(mikro))
    ]
    summer = legg_sammen(foer, endringer, fra, til)
    assert sum(summer[k] for k in DELER) == plasser * DAGER[dag] * 3600 == summer["normert"]


@pytest.mark.parametrize(("dag", "timer"), DAGER.items())
def test_oslos_dager(dag: date, timer: int) -> None:
    fra, til = grenser(dag)
    assert til - fra == timer * TIME
    assert oslo(fra).date() == dag and (oslo(fra).hour, oslo(til).hour) == (0, 0)


def test_innleggelser_etter_klokka_i_oslo() -> None:
    # Both come between two and three, an hour after each other: that hour is there twice.
    tider = [datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)]
    assert doegn.timer([*tider, datetime(2026, 7, 1, 22, 5, tzinfo=UTC)]) == {"0": 1, "2": 2}


# --- the job ---------------------------------------------------------------------------------------------


def _rad(enhet_id: UUID, dag: date) -> Plassdoegn | None:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get(Plassdoegn, (enhet_id, dag))


def _deler(enhet_id: UUID, dag: date) -> dict[str, int]:
    rad = _rad(enhet_id, dag)
    assert rad is not None
    return {k: v / 3600 for k in DELER if (v := getattr(rad, k))}


def _klokka(dag: date, time: int, minutt: int = 0) -> datetime:
    """A moment of an Oslo day, by the hours that have passed of it."""
    return grenser(dag)[0] + time * TIME + minutt * MINUTT


I_DAG = date(2026, 11, 12)
I_GAAR = date(2026, 11, 11)
FORGAARS = date(2026, 11, 10)


def test_jobben_legger_sammen_hver_dag_en_gang(scene: Scene) -> None:
    with som_om(_klokka(FORGAARS, 12)):
        enhet_id = lag_plassenhet(scene, 2, siden=now())
        folk = lag_folk(scene, enhet_id)
    plass = les_plasser(enhet_id)[0].id
    with som_om(_klokka(FORGAARS, 18)):
        drift.legg_inn(folk.lege, enhet_id, plass_id=plass, kommune_id=scene.kommune.id)
    with som_om(_klokka(I_GAAR, 6)):
        drift.skriv_ut(folk.lege, les_opphold(enhet_id)[0].id)
        assert jobb.legg_sammen_dager() == 1
    with som_om(_klokka(I_DAG, 0, 4)):
        # What was decided at the last second may not have been written yet.
        assert jobb.legg_sammen_dager() == 0
    with som_om(_klokka(I_DAG, 1)):
        assert jobb.legg_sammen_dager() == 1
        assert jobb.legg_sammen_dager() == 0
    assert _deler(enhet_id, FORGAARS) == {"ledig": 6 + 12, "belagt": 6}
    assert _deler(enhet_id, I_GAAR) == {"belagt": 6, "rengjoeres": 18, "ledig": 24}
    foerste, andre = _rad(enhet_id, FORGAARS), _rad(enhet_id, I_GAAR)
    assert foerste is not None and andre is not None
    assert (foerste.innlagt, foerste.innlagt_timer, foerste.utskrevet) == (1, {"18": 1}, 0)
    assert (andre.utskrevet, andre.liggetid, andre.normert) == (1, 12 * 3600, 48 * 3600)
    maaned = db.session.get_one(Plassmaaned, (enhet_id, date(2026, 11, 1)))
    assert {k: getattr(maaned, k) for k in SUMMER} == {
        k: getattr(foerste, k) + getattr(andre, k) for k in SUMMER
    }


def test_plasser_som_kommer_og_gaar_midt_paa_dagen(scene: Scene) -> None:
    with som_om(_klokka(FORGAARS, 0)):
        enhet_id = lag_plassenhet(scene, 2, kvoter={scene.kommune.id: 1}, siden=now())
        folk = lag_folk(scene, enhet_id)
    plass = les_plasser(enhet_id)[1].id
    with som_om(_klokka(FORGAARS, 6)):
        ny = forvaltning.legg_til_plass(
            folk.koordinator, enhet_id, navn="Ekstra", normert=False, bemannet=True
        )
    with som_om(_klokka(FORGAARS, 8)):
        drift.sett_tilstand(folk.lege, enhet_id, ny, tilstand=Tilstand.LEDIG)
    with som_om(_klokka(FORGAARS, 20)):
        forvaltning.nedlegg_plass(folk.koordinator, enhet_id, plass)
    with som_om(_klokka(I_GAAR, 2)):
        jobb.legg_sammen_dager()
    assert _deler(enhet_id, FORGAARS) == {"ledig": 24 + 20 + 16, "ukjent": 2}
    rad = _rad(enhet_id, FORGAARS)
    assert rad is not None and rad.normert == 44 * 3600


def test_en_normering_som_endres_gjelder_fra_da(scene: Scene) -> None:
    with som_om(_klokka(FORGAARS, 0)):
        enhet_id = lag_plassenhet(scene, 2, kvoter={scene.kommune.id: 1}, siden=now())
        folk = lag_folk(scene, enhet_id)
    plass = les_plasser(enhet_id)[1]
    with som_om(_klokka(FORGAARS, 10)):
        forvaltning.endre_plass(
            folk.koordinator, enhet_id, plass.id, lest=plass.versjon, navn=plass.navn, normert=False, evner=0
        )
    with som_om(_klokka(I_GAAR, 2)):
        jobb.legg_sammen_dager()
    rad = _rad(enhet_id, FORGAARS)
    assert rad is not None and (rad.ledig, rad.normert) == (48 * 3600, 34 * 3600)


def test_et_hold_som_loep_ut_mens_arbeideren_sto_stille(scene: Scene) -> None:
    """Its moment is `utloeper`: before the worker has written it, and after, a day later."""
    with som_om(_klokka(FORGAARS, 0)):
        enhet_id = lag_plassenhet(scene, 1, siden=now(), hold_minutter=120)
    with som_om(_klokka(FORGAARS, 21)):
        reservasjoner.reserver(scene.lege, enhet_id, klient_id=uuid4())
    ventet = {"ledig": 22, "holdt": 2}
    with som_om(_klokka(I_GAAR, 9)):
        jobb.legg_sammen_dager()
        assert _deler(enhet_id, FORGAARS) == ventet
        i_dag_ = next(jobb.les_dager([enhet_id], I_GAAR, I_GAAR))
        assert (i_dag_["ledig"], i_dag_["holdt"], i_dag_["utloept"]) == (9 * 3600, 0, 0)
    rad = _rad(enhet_id, FORGAARS)
    assert rad is not None and rad.utloept == 1
    with som_om(_klokka(I_DAG, 3)):
        assert reservasjoner.loes_ut_forfalte() == 1
        # What was told of afterwards makes the days anew.
        assert _rad(enhet_id, FORGAARS) is None
        assert jobb.legg_sammen_dager() == 2
    assert _deler(enhet_id, FORGAARS) == ventet and _deler(enhet_id, I_GAAR) == {"ledig": 24}
    rad = _rad(enhet_id, FORGAARS)
    assert rad is not None and rad.utloept == 1
    assert db.session.scalar(sa.select(Reservasjon.status)) == Holdstatus.UTLOEPT


def test_en_innleggelse_fortalt_dagen_etter_tar_tiden_siden(scene: Scene) -> None:
    with som_om(_klokka(FORGAARS, 0)):
        enhet_id = lag_plassenhet(scene, 1, siden=now())
        folk = lag_folk(scene, enhet_id)
    plass = les_plasser(enhet_id)[0].id
    with som_om(_klokka(FORGAARS, 23)):
        drift.sett_tilstand(folk.lege, enhet_id, plass, tilstand=Tilstand.RENGJOERES)
    with som_om(_klokka(I_GAAR, 1)):
        drift.sett_tilstand(folk.lege, enhet_id, plass, tilstand=Tilstand.LEDIG)
        jobb.legg_sammen_dager()
        assert _deler(enhet_id, FORGAARS) == {"ledig": 23, "rengjoeres": 1}
    with som_om(_klokka(I_GAAR, 2)):
        drift.legg_inn(
            folk.lege, enhet_id, plass_id=plass, kommune_id=scene.kommune.id, inn=_klokka(FORGAARS, 22)
        )
        assert jobb.legg_sammen_dager() == 1
    assert _deler(enhet_id, FORGAARS) == {"ledig": 22, "belagt": 2}
    rad = _rad(enhet_id, FORGAARS)
    assert rad is not None and (rad.innlagt, rad.innlagt_timer) == (1, {"22": 1})


def test_maaneden_er_sine_dager_ogsaa_mens_noen_lages_paa_nytt(scene: Scene) -> None:
    with som_om(_klokka(FORGAARS - timedelta(days=3), 0)):
        enhet_id = lag_plassenhet(scene, 1, siden=now())
    with som_om(_klokka(I_DAG, 1)):
        jobb.legg_sammen_dager()
        _glem(enhet_id, FORGAARS)
        maaned = db.session.get_one(Plassmaaned, (enhet_id, date(2026, 11, 1)), populate_existing=True)
        assert maaned.ledig == 3 * 24 * 3600
        assert jobb.legg_sammen_dager() == 2
        maaned = db.session.get_one(Plassmaaned, (enhet_id, date(2026, 11, 1)), populate_existing=True)
        assert maaned.ledig == 5 * 24 * 3600
        # Of a month of which nothing is left there is no row.
        _glem(enhet_id, date(2026, 10, 1))
        db.session.rollback()
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Plassmaaned)) == 0


@transactional
def _glem(enhet_id: UUID, fra: date) -> None:
    steps.glem_dager(enhet_id, fra)


def test_en_nedlagt_enhet_faar_ingen_dager_etter_sin_siste(scene: Scene) -> None:
    with som_om(_klokka(FORGAARS, 0)):
        enhet_id = lag_plassenhet(scene, 1, siden=now())
        folk = lag_folk(scene, enhet_id)
    with som_om(_klokka(FORGAARS, 12)):
        forvaltning.nedlegg(folk.koordinator, enhet_id)
    with som_om(_klokka(I_DAG, 6)):
        assert jobb.legg_sammen_dager() == 1
    assert _deler(enhet_id, FORGAARS) == {"ledig": 12}


def test_en_enhet_som_feiler_stopper_ingen_annen(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    with som_om(_klokka(FORGAARS, 0)):
        enheter = sorted(lag_plassenhet(scene, 1, siden=now()) for _ in range(2))
    ekte = jobb.lag

    def lag(enhet_id: UUID, fra: date, til: date) -> int:
        if enhet_id == enheter[0]:
            raise RuntimeError
        return ekte(enhet_id, fra, til)

    monkeypatch.setattr(jobb, "lag", lag)
    with som_om(_klokka(I_GAAR, 6)):
        assert jobb.legg_sammen_dager() == 1
    assert _rad(enheter[0], FORGAARS) is None and _rad(enheter[1], FORGAARS) is not None


# --- the same through the database -----------------------------------------------------------------------

ENDRING = st.tuples(
    st.integers(0, 2), st.integers(0, 3 * 25 * 60), st.sampled_from(TILSTANDER), st.booleans()
)


@pytest.mark.parametrize("midt", [date(2026, 3, 29), date(2026, 10, 25)])
def test_tilfeldige_endringer_i_databasen(scene: Scene, midt: date) -> None:
    """Three days round the changing of the clock: what the job writes is what a count by the minute gives."""
    fra_dag, til_dag = midt - timedelta(days=1), midt + timedelta(days=1)
    start, slutt = grenser(fra_dag)[0], grenser(til_dag)[1]
    with som_om(start - timedelta(days=2)):
        enhet_id = lag_plassenhet(scene, 3, siden=now())
    plasser = [p.id for p in les_plasser(enhet_id)]
    db.session.rollback()

    @settings(max_examples=12, deadline=None)
    @given(st.lists(ENDRING, max_size=25))
    def proev(endringer: list[tuple[int, int, str, bool]]) -> None:
        _skriv(enhet_id, plasser, start, endringer)
        with som_om(slutt + TIME):
            _lag(enhet_id, fra_dag, til_dag)
        for n in range(3):
            dag = fra_dag + timedelta(days=n)
            rad = _rad(enhet_id, dag)
            assert rad is not None
            assert {k: getattr(rad, k) for k in DELER} == _telt(enhet_id, dag)

    proev()


@transactional
def _skriv(
    enhet_id: UUID, plasser: list[UUID], start: datetime, endringer: list[tuple[int, int, str, bool]]
) -> None:
    db.session.execute(sa.delete(Plassendring).where(Plassendring.nr > 1))
    for nr, (plass, minutt, tilstand, bemannet) in enumerate(endringer, start=2):
        db.session.execute(
            sa.insert(Plassendring).values(
                plass_id=plasser[plass],
                nr=nr,
                plassenhet_id=enhet_id,
                tidspunkt=start + minutt * MINUTT,
                tilstand=tilstand,
                bemannet=bemannet,
                # Some have been corrected: they count no more.
                rettet=start if nr % 5 == 0 else None,
            )
        )


@transactional
def _lag(enhet_id: UUID, fra: date, til: date) -> None:
    jobb.lag(enhet_id, fra, til)


def _telt(enhet_id: UUID, dag: date) -> dict[str, int]:
    rader = db.session.scalars(
        sa.select(Plassendring)
        .where(Plassendring.plassenhet_id == enhet_id, Plassendring.rettet.is_(None))
        .order_by(Plassendring.tidspunkt, Plassendring.nr)
    ).all()
    telt = dict.fromkeys(DELER, 0)
    begynner, ender = grenser(dag)
    for plass in {r.plass_id for r in rader}:
        egne = [r for r in rader if r.plass_id == plass]
        t, n, naa = begynner, 0, None
        while t < ender:
            while n < len(egne) and egne[n].tidspunkt <= t:
                naa, n = egne[n], n + 1
            if naa is not None and naa.tilstand != "nedlagt":
                telt[steps.gruppe(naa.tilstand, naa.bemannet)] += 60
            t += MINUTT
    return telt


def test_dagen_som_gaar_slutter_naa(scene: Scene) -> None:
    enhet_id = lag_plassenhet(scene, 2, siden=now() - timedelta(days=2))
    naa = now()
    rad = next(jobb.les_dager([enhet_id], i_dag(), i_dag(), naa))
    sekunder = int((naa - grenser(i_dag())[0]).total_seconds())
    assert rad["ledig"] == 2 * sekunder == rad["normert"]
