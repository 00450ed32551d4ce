"""A shift that begins now begins at a whole second: the portal reads its own calendar file."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa

from portal.core.clock import som_om
from portal.core.db import db
from portal.identitet.models import Medlemskap
from portal.vakt.models import Nivaa, Vaktplan
from portal.vakt.service import ical, vakter
from tests.bygg import Scene, skriv
from tests.vakt.hjelp import DAG, NAA, T, nivaa
from tests.vakthjelp import lag_vakt, lag_vaktplan

V = Nivaa.VAKTHAVENDE
BRUTT = NAA + timedelta(seconds=26, microseconds=345678)


@pytest.fixture
def plan(scene: Scene) -> Vaktplan:
    skriv(sa.update(Medlemskap).values(gyldig_fra=NAA - 400 * DAG))
    db.session.expire_all()
    return lag_vaktplan(scene.hf.id)


def hele_og_tette(plan: Vaktplan) -> list[tuple[datetime, datetime]]:
    """The level's shifts: whole seconds, with neither gap nor overlap."""
    tider = [(fra, til) for fra, til, *_ in nivaa(plan)]
    assert all(not t.microsecond for par in tider for t in par)
    assert all(a[1] == b[0] for a, b in pairwise(tider))
    return tider


def leses_inn(scene: Scene, plan: Vaktplan) -> list[str]:
    """What the import says of the plan's own file, of what is not over."""
    fil = ical.les_fil(ical.eksporter(scene.koordinator, plan.id))
    vurdert = ical.vurder(scene.koordinator, plan.id, fil, None)
    assert not [m for r in vurdert.rader for m in r.feil] and not vurdert.feil
    return [str(r.utfall) for r in vurdert.rader if r.utfall != ical.Radutfall.FORBI]


def test_ta_og_gi_tilbake(scene: Scene, plan: Vaktplan) -> None:
    lag_vakt(plan, scene.spesialist, fra=NAA - T, til=NAA + 20 * T)
    with som_om(BRUTT):
        tatt = vakter.ta_naa(scene.spesialist2, plan.id, V, NAA + 10 * T)
        assert len(hele_og_tette(plan)) == 3
        assert set(leses_inn(scene, plan)) == {"finnes"}
    with som_om(BRUTT + timedelta(seconds=40, microseconds=500)):
        vakter.gi_tilbake(scene.spesialist2, tatt)
        tider = hele_og_tette(plan)
        assert (tider[0][0], tider[-1][1]) == (NAA - T, NAA + 20 * T)
        # What was left of it is one shift again.
        assert leses_inn(scene, plan) == ["finnes"]


def test_ta_der_ingen_har_vakten(scene: Scene, plan: Vaktplan) -> None:
    with som_om(BRUTT):
        forslag = vakter.foreslaa_ta(scene.spesialist, plan.id, V)
        vakter.ta_naa(scene.spesialist, plan.id, V, forslag.senest.replace(second=0))
        assert hele_og_tette(plan)[0][0] == BRUTT.replace(microsecond=0)
        assert leses_inn(scene, plan) == ["finnes"]


def test_overstyre_og_avlyse(scene: Scene, plan: Vaktplan) -> None:
    lag_vakt(plan, scene.spesialist, fra=NAA - T, til=NAA + 20 * T)
    assert scene.spesialist2.medlemskap_id
    with som_om(BRUTT):
        ny = vakter.overstyr(
            scene.koordinator, plan.id, V, scene.spesialist2.medlemskap_id, NAA - T / 2, NAA + 20 * T
        )
        assert hele_og_tette(plan)[1] == (BRUTT.replace(microsecond=0), NAA + 20 * T)
    with som_om(BRUTT + timedelta(minutes=5)):
        vakter.avlys(scene.koordinator, ny)
        assert hele_og_tette(plan)[-1][1] == (BRUTT + timedelta(minutes=5)).replace(microsecond=0)


def test_gamle_rader_med_deler_av_sekunder(scene: Scene, plan: Vaktplan) -> None:
    """What was written before: the file and the roster agree on whole seconds, and a row too short for one is left."""
    del_, slutt = timedelta(microseconds=345678), NAA + 20 * T
    lag_vakt(plan, scene.spesialist, fra=NAA - T, til=NAA + T + del_)
    lag_vakt(plan, scene.spesialist2, fra=NAA + T + del_, til=NAA + T + 2 * del_)
    lag_vakt(plan, scene.spesialist2, fra=NAA + T + 2 * del_, til=slutt)
    with som_om(NAA):
        assert leses_inn(scene, plan) == ["finnes"] * 2
