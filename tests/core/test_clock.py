"""Oslo's wall clock, against a model that looks at it every minute; and the fields of both rooms that read it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import fields

from portal.beredskap.schemas import Oslotid as Fasetid
from portal.core.clock import oslo, oslo_til_utc
from portal.vakt.schemas import Oslotid as Vakttid
from tests.veggklokke import foerste_visning

DAG = timedelta(days=1)
VAAR, HOEST = date(2026, 3, 29), date(2026, 10, 25)


@pytest.mark.parametrize("dag", [VAAR, HOEST, VAAR - DAG, HOEST - DAG, date(2026, 7, 1)])
@pytest.mark.parametrize("klokke", ["00:00", "01:59", "02:00", "02:30", "02:59", "03:00", "08:00", "23:59"])
def test_klokka_er_den_foerste_gangen_den_viser_det(dag: date, klokke: str) -> None:
    assert oslo_til_utc(dag, time.fromisoformat(klokke)) == foerste_visning(dag, time.fromisoformat(klokke))


def test_den_ene_timen_som_kommer_to_ganger_og_den_som_aldri_kommer() -> None:
    assert oslo_til_utc(HOEST, time(2, 30)) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert oslo_til_utc(HOEST, time(3)) == datetime(2026, 10, 25, 2, tzinfo=UTC)
    hoppet = datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert [oslo_til_utc(VAAR, time(2, m)) for m in (0, 30, 59)] == [hoppet] * 3


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)), st.timedeltas(timedelta(0), 3 * DAG))  # noqa: DTZ001
def test_det_som_begynner_foer_paa_klokka_begynner_aldri_etter(naken: datetime, mer: timedelta) -> None:
    foer, etter = (oslo_til_utc(t.date(), t.time()) for t in (naken, naken + mer))
    assert foer <= etter
    # But for the hour that is jumped over, the clock shows what was asked for.
    vist = oslo(foer).replace(tzinfo=None)
    assert vist == naken or (vist > naken and vist - naken <= timedelta(hours=1) and vist.minute == 0)


@pytest.mark.parametrize("felt", [Fasetid, Vakttid])
@pytest.mark.parametrize(
    ("skrevet", "utc"),
    [
        ("2026-10-25T02:30", "2026-10-25T00:30"),
        ("25.10.2026 03:00", "2026-10-25T02:00"),
        ("2026-03-29T02:30", "2026-03-29T01:00"),
        ("29.03.2026 kl. 03:30", "2026-03-29T01:30"),
        ("2026-07-01T12:00:59", "2026-07-01T10:00"),
    ],
)
def test_feltene_leser_klokka_likt(felt: type[fields.Field[Any]], skrevet: str, utc: str) -> None:
    assert felt().deserialize(skrevet) == datetime.fromisoformat(utc).replace(tzinfo=UTC)
