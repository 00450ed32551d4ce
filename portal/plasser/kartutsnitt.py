"""Which part of the map is shown: the whole, a half of the country, or the kommuner of one trust. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from portal.plasser.avstand import kart

Boks = tuple[int, int, int, int]

#: Between the outermost shape and the edge, in the map's units.
_LUFT = 24
#: Fylker of the north, by the first two figures of their kommuner: Nordland, Troms and Finnmark.
_NORD = ("18", "55", "56")
_LEDD = re.compile(r"([Ml])|(-?\d+)")


@cache
def omriss(nr: str) -> Boks | None:
    """The rectangle around a kommune: left, top, right, bottom; None for one that is not on the map.

    Its path has absolute starts (M) and relative lines (l) alone, as `scripts/kart.py` writes them.
    """
    sted = kart()["kommuner"].get(nr)
    if sted is None:
        return None
    x = y = 0
    punkter: list[tuple[int, int]] = []
    for del_ in sted["d"].split("z"):
        tall: list[int] = []
        start = True
        for tegn, siffer in _LEDD.findall(del_):
            if tegn:
                start, tall = tegn == "M", []
                continue
            tall.append(int(siffer))
            if len(tall) == 2:
                x, y = (tall[0], tall[1]) if start else (x + tall[0], y + tall[1])
                punkter.append((x, y))
                tall = []
    return (
        min(p[0] for p in punkter),
        min(p[1] for p in punkter),
        max(p[0] for p in punkter),
        max(p[1] for p in punkter),
    )


def utsnitt(numre: Iterable[str]) -> Boks:
    """What an SVG's viewBox is to be for these kommuner to fill it: left, top, width, height. All, where none is on
    the map."""
    bokser = [b for nr in numre if (b := omriss(nr)) is not None]
    if not bokser:
        bredde, hoeyde = kart()["boks"]
        return 0, 0, bredde, hoeyde
    venstre, topp = min(b[0] for b in bokser) - _LUFT, min(b[1] for b in bokser) - _LUFT
    hoeyre, bunn = max(b[2] for b in bokser) + _LUFT, max(b[3] for b in bokser) + _LUFT
    return venstre, topp, hoeyre - venstre, bunn - topp


@cache
def landet(del_: str) -> Boks:
    """«norge», «nord» or «soer»."""
    alle = kart()["kommuner"]
    if del_ == "norge":
        return utsnitt(alle)
    return utsnitt(nr for nr in alle if nr.startswith(_NORD) == (del_ == "nord"))


@cache
def delt() -> dict[str, str]:
    """{kommune: the one whose shape it shares}: boundaries that are younger than the map (Haram left Ålesund)."""
    foerst: dict[str, str] = {}
    ut: dict[str, str] = {}
    for nr, sted in sorted(kart()["kommuner"].items()):
        if (annen := foerst.setdefault(sted["d"], nr)) != nr:
            ut[nr] = annen
    return ut
