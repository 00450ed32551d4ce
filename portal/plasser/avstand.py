"""How far it is between kommuner: as the crow flies, between the middles of their largest pieces of land.

Good enough to say which unit is nearest; a fjord can make it three times as far by road, and the pages say so. From
`kart.json` (made by `scripts/kart.py` from Kartverket's boundaries of 2020, CC BY 4.0).
"""

from __future__ import annotations

from functools import cache
from math import hypot
from pathlib import Path
from typing import Any

import orjson

_FIL = Path(__file__).with_name("kart.json")


@cache
def kart() -> dict[str, Any]:
    """The map: `boks` [width, height], `enhet` metres of a unit, `kommuner` {kommunenummer: {d, x, y}}, `kilde`."""
    return dict(orjson.loads(_FIL.read_bytes()))


def punkt(kommunenummer: str | None) -> tuple[float, float] | None:
    """Where a kommune lies on the map, in km; None where it is not on it."""
    sted = kart()["kommuner"].get(kommunenummer or "")
    return None if sted is None else (sted["x"] * kart()["enhet"] / 1000, sted["y"] * kart()["enhet"] / 1000)


def kilometer(fra: str | None, til: str | None) -> float | None:
    """Between two kommunenummer; None where one of them is not on the map."""
    a, b = punkt(fra), punkt(til)
    return None if a is None or b is None else float(hypot(a[0] - b[0], a[1] - b[1]))
