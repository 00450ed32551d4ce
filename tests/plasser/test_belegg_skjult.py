"""Nobody's stay is worked out from the occupancy: what outsiders are told of few units, and what they make of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag, now
from portal.plasser import historikkregler as regler
from portal.plasser.historikkregler import Opploesning
from tests.bygg import Scene, lag_aktor
from tests.plasser.hjelp import lag_folk, lag_plassenhet
from tests.plasser.test_historikk import _dager, _summer

TIME = timedelta(hours=1)
EN = timedelta(days=1)


@pytest.fixture
def koordinator(scene: Scene) -> Aktor:
    return lag_aktor(Rolle.KOORDINATOR, scene.kommune)


def test_belegget_av_en_enkelt_dag_vises_ikke_andre(
    scene: Scene, som: Callable[[Aktor], FlaskClient], koordinator: Aktor
) -> None:
    """One person came at some hour and lay the day out: the occupancy would be the hour."""
    enhet = lag_plassenhet(scene, 1, siden=now() - TIME)
    maaned = (i_dag().replace(day=1) - EN).replace(day=1)
    dager: dict[date, dict[str, Any]] = {
        maaned + n * EN: {"belagt": 0, "ledig": 86400, "normert": 86400} for n in range(28)
    }
    dager[maaned + 3 * EN] = {"belagt": 32400, "ledig": 54000, "normert": 86400, "innlagt": 1}
    dager[maaned + 4 * EN] = {"belagt": 86400, "normert": 86400, "innlagt": 6, "utskrevet": 6}
    _dager(enhet, dager)
    folk = lag_folk(scene, enhet)
    dag = maaned + 3 * EN

    def se(a: Aktor, hva: str, fra: date, til: date, vis: str = "") -> tuple[str, list[str]]:
        valg = f"fra={fra}&til={til}&opploesning={vis}&{hva}"
        linjer = som(a).get(f"/plasser/historikk.csv?{valg}").data.decode("utf-8-sig").splitlines()
        return som(a).get(f"/plasser/historikk?{valg}").text, [x.split(";")[2] for x in linjer[1:]]

    for a in (folk.lege, koordinator):
        side, belegg = se(a, f"enhet={enhet}", dag, dag)
        assert "37,5" in side and belegg == ["37,5\u00a0%"]
    for a in (scene.lege, scene.fremmed_lege, scene.innsyn, scene.koordinator):
        # The unit, and what has this unit alone: the kommune, the trust, the country.
        for hva in (
            f"enhet={enhet}",
            f"kommune={scene.kommune.id}",
            f"foretak={scene.hf.id}",
            "omraade=land",
        ):
            side, belegg = se(a, hva, dag, dag)
            assert belegg == ["skjult"] and "37,5" not in side and "38\u00a0%" not in side, hva
            assert "bare for hele kalendermåneder" in side
            # A week and a part of a month have a single day as the difference of two of them.
            for vis in ("dag", "uke", "maaned", "aar"):
                _side, belegg = se(a, hva, dag, dag + 10 * EN, vis)
                assert set(belegg) <= {"skjult", "0\u00a0%"} and "skjult" in belegg, (hva, vis)
            # The whole month, of enough, in steps: 33 of 672 hours.
            slutt = regler.neste(maaned, Opploesning.MAANED) - EN
            side, belegg = se(a, hva, maaned, slutt, "maaned")
            assert belegg == ["5\u00a0%"] and '<span class="tallkort__tall">5\u00a0%' in side
            assert "4,9" not in side


@settings(max_examples=150, deadline=None, database=None)
@given(
    st.integers(1, 4),
    st.lists(st.tuples(st.integers(0, 119 * 24), st.integers(1, 120)), max_size=90),
)
def test_ingen_dag_kan_regnes_ut_av_maanedene(senger: int, opphold: list[tuple[int, int]]) -> None:
    """An attacker who reads every run of whole months that a page gives, knows when people came and went, and how many
    beds there are, does not learn what is not told of those of a month with fewer than five."""
    foerste, lengde = date(2025, 1, 1), 120
    dager = _som_dager(senger, opphold, lengde)
    maaneder = [date(2025, m, 1) for m in range(1, 5)]
    rom: list[tuple[int, int, float, float]] = []
    for a in range(4):
        for b in range(a, 4):
            fra, til = maaneder[a], date(2025, b + 2, 1) - EN
            # However the period is chosen, it comes to whole months that are over.
            assert regler.hele_maaneder(fra, til, til + EN) == (fra, til)
            sum_ = regler.tomme()
            for d in dager[(fra - foerste).days : (til - foerste).days + 1]:
                regler.legg_til(sum_, d)
            tid = regler.operativ(sum_)
            vist = regler.vist_belegg(sum_, True)
            if not sum_["belagt"]:
                assert vist == 0
                continue
            if max(sum_["innlagt"], sum_["utskrevet"]) < regler.MINSTE:
                assert vist == regler.SKJULT
                continue
            assert isinstance(vist, float)
            mulig = [
                t
                for t in range(0, tid + 1, 3600)
                if regler.vist_belegg({**sum_, "belagt": t or 1}, True) == vist
            ]
            # What it may be in truth is half a bed's day wide at least, and the truth is in it.
            assert mulig[-1] - mulig[0] >= 11 * 3600
            assert mulig[0] - 3600 <= sum_["belagt"] <= mulig[-1] + 3600
            rom.append((a, b, mulig[0] - 3600, mulig[-1] + 3600))
    # The difference of any two runs that differ by one month leaves that month as wide.
    for a, b, lavest, hoyest in rom:
        for a2, b2, lavest2, hoyest2 in rom:
            if a2 == a and b2 == b + 1:
                assert (hoyest2 - lavest) - (lavest2 - hoyest) >= 22 * 3600


@settings(max_examples=200, deadline=None, database=None)
@given(st.dates(date(2024, 1, 1), date(2026, 12, 31)), st.integers(0, 800), st.integers(0, 40))
def test_perioden_er_hele_maaneder_som_er_over(fra: date, lengde: int, siden: int) -> None:
    til = fra + lengde * EN
    idag = til + siden * EN
    a, b = regler.hele_maaneder(fra, til, idag)
    assert a.day == 1 and (b + EN).day == 1 and a <= b < idag and b <= til
    # Those of the period where it has any.
    hele = [m for m in (date(a.year, a.month, 1), b.replace(day=1)) if m >= fra]
    assert not hele or a >= fra


def _som_dager(senger: int, opphold: list[tuple[int, int]], lengde: int) -> list[dict[str, int]]:
    """The days of a unit's sums; whoever finds no free bed does not come."""
    fri = [0] * senger
    tatt: list[tuple[int, int]] = []
    for inn, timer in sorted(opphold):
        seng = min(range(senger), key=lambda n: fri[n])
        if fri[seng] <= inn:
            fri[seng] = inn + timer
            tatt.append((inn, inn + timer))
    ut = []
    for dag in range(lengde):
        begynner, ender = dag * 24, dag * 24 + 24
        belagt = sum(max(0, min(b, ender) - max(a, begynner)) for a, b in tatt) * 3600
        ut.append(
            _summer(
                belagt=belagt,
                ledig=senger * 86400 - belagt,
                normert=senger * 86400,
                innlagt=sum(begynner <= a < ender for a, _ in tatt),
                utskrevet=sum(begynner <= b < ender for _, b in tatt),
            )
        )
    return ut
