"""Draws the outline of the land and finds one point in each country; `build.py --check` compares instead.

Reads the npm package world-atlas (TopoJSON made from Natural Earth) and the countries of the ontology; writes
src/iomld/web/static/land.svg and src/iomld/web/pages/points.json. The projection is Equal Earth, which keeps areas.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import asin, cos, radians, sin, sqrt
from pathlib import Path
from typing import Any

from pyoxigraph import Literal, NamedNode

from iomld.assets import asset_text
from iomld.formats.rdf import TURTLE, parse
from iomld.iris import IOMLD, local_name

Point = tuple[float, float]
Ring = list[Point]
Shape = Mapping[str, Any]  # of TopoJSON: type, id, properties, and arcs by number

ROOT = Path(__file__).resolve().parents[1]
ATLAS = ROOT / "map" / "node_modules" / "world-atlas"
LAND = ROOT / "src" / "iomld" / "web" / "static" / "land.svg"
POINTS = ROOT / "src" / "iomld" / "web" / "pages" / "points.json"

WIDTH = 960
NORTH, SOUTH = 84.0, -57.0  # what the picture shows
ANTARCTICA = -58.0  # land wholly south of it is left out
SMALLEST = 0.6  # square units; smaller islands are left out
CHORDS = 40  # lines across a country whose middle lies outside of it
NAMED = {"Kosovo": "1A0"}  # has no M49 code
# Set by hand: Tuvalu has no shape in the atlas, and most people of Kiribati live far from its largest island.
PLACED = {"KI": (173.0, 1.4), "TV": (179.2, -8.5)}


def equal_earth(longitude: float, latitude: float) -> Point:
    """Equal Earth (Šavrič, Patterson, Jenny 2018), in units of the sphere's radius."""
    a1, a2, a3, a4 = 1.340264, -0.081106, 0.000893, 0.003796
    t = asin(sqrt(3) / 2 * sin(radians(latitude)))
    t2, t6 = t * t, (t * t) ** 3
    slope = 3 * (9 * a4 * t6 * t2 + 7 * a3 * t6 + 3 * a2 * t2 + a1)
    return 2 * sqrt(3) * radians(longitude) * cos(t) / slope, t * (a4 * t6 * t2 + a3 * t6 + a2 * t2 + a1)


EDGE = equal_earth(180, 0)[0]
SCALE = WIDTH / (2 * EDGE)
TOP = equal_earth(0, NORTH)[1]
HEIGHT = round((TOP - equal_earth(0, SOUTH)[1]) * SCALE)


def projected(longitude: float, latitude: float) -> Point:
    """A place on the picture, to a tenth of a unit."""
    x, y = equal_earth(longitude, latitude)
    return round((x + EDGE) * SCALE, 1), round((TOP - y) * SCALE, 1)


class Atlas:
    """A file of TopoJSON: shapes made of arcs that neighbours share."""

    def __init__(self, name: str) -> None:
        """Read a file of the package, its arcs in degrees."""
        self.objects = json.loads((ATLAS / name).read_text(encoding="utf-8"))
        (dx, dy), (x0, y0) = self.objects["transform"]["scale"], self.objects["transform"]["translate"]
        self._arcs: list[Ring] = []
        for steps in self.objects["arcs"]:
            x = y = 0
            arc = []
            for step_x, step_y in steps:
                x, y = x + step_x, y + step_y
                arc.append((x * dx + x0, y * dy + y0))
            self._arcs.append(arc)

    def shapes(self, name: str) -> Iterator[Shape]:
        """The shapes of a layer."""
        for shape in self.objects["objects"][name]["geometries"]:
            yield from shape.get("geometries", [shape])

    def outlines(self, shape: Shape) -> Iterator[Ring]:
        """The outline of each part of a shape, without the holes of lakes and enclaves."""
        for rings in self._parts(shape):
            yield self._ring(rings[0])

    def rings(self, shape: Shape) -> Iterator[Ring]:
        """Outlines and holes of the parts of a shape; what is wholly in Antarctica is left out."""
        for rings in self._parts(shape):
            if max(latitude for _, latitude in self._ring(rings[0])) >= ANTARCTICA:
                yield from map(self._ring, rings)

    @staticmethod
    def _parts(shape: Shape) -> list[list[list[int]]]:
        return [shape["arcs"]] if shape["type"] == "Polygon" else shape.get("arcs", [])

    def _ring(self, numbers: Sequence[int]) -> Ring:
        """A closed ring; a number below nought is an arc taken backwards, and arcs share their ends."""
        ring: Ring = []
        for number in numbers:
            arc = self._arcs[number] if number >= 0 else self._arcs[~number][::-1]
            ring += arc[1:] if ring else arc
        return ring


def around(ring: Sequence[Point]) -> Iterator[tuple[Point, Point]]:
    """The sides of a ring, the last back to the first point."""
    return pairwise([*ring, *ring[:1]])


def area(ring: Sequence[Point]) -> float:
    """The area of a ring."""
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in around(ring))) / 2


def clipped(ring: Sequence[Point], meridian: float, side: int) -> Ring:
    """What of a ring is west (-1) or east (1) of a meridian (Sutherland and Hodgman 1974)."""
    kept: Ring = []
    for a, b in around(ring):
        inside = (a[0] - meridian) * side >= 0
        if inside:
            kept.append(a)
        if inside != ((b[0] - meridian) * side >= 0):
            part = (meridian - a[0]) / (b[0] - a[0])
            kept.append((meridian, a[1] + part * (b[1] - a[1])))
    return kept


def cut(ring: Sequence[Point]) -> list[Ring]:
    """The pieces of a ring on either side of the 180th meridian."""
    unrolled = [ring[0]]
    for longitude, latitude in ring[1:]:
        turned = longitude
        while turned - unrolled[-1][0] > 180:
            turned -= 360
        while turned - unrolled[-1][0] < -180:
            turned += 360
        unrolled.append((turned, latitude))
    if min(x for x, _ in unrolled) >= -180.01 and max(x for x, _ in unrolled) <= 180.01:
        return [unrolled]
    turns = ([(x + turn, y) for x, y in unrolled] for turn in (-360, 0, 360))
    pieces = (clipped(clipped(turned, 180, -1), -180, 1) for turned in turns)
    return [piece for piece in pieces if len(piece) > 3]


def path(ring: Sequence[Point]) -> str:
    """A ring as a path of SVG: its first point, and the steps from there; nothing for a small island."""
    points: Ring = []
    for longitude, latitude in ring:
        point = projected(longitude, latitude)
        if not points or points[-1] != point:
            points.append(point)
    if len(points) > 1 and points[0] == points[-1]:
        points.pop()
    if len(points) < 3 or area(points) < SMALLEST:
        return ""
    steps = (f"{round(b[0] - a[0], 1):g},{round(b[1] - a[1], 1):g}" for a, b in pairwise(points))
    return f"M{points[0][0]:g},{points[0][1]:g}l{' '.join(steps)}z"


def land() -> str:
    """The outline of the land."""
    atlas = Atlas("land-110m.json")
    rings = (ring for shape in atlas.shapes("land") for ring in atlas.rings(shape))
    outline = "".join(path(piece) for ring in rings for piece in cut(ring))
    box = f"0 0 {WIDTH} {HEIGHT}"
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}"><path id="land" d="{outline}"/></svg>\n'


def crossings(ring: Sequence[Point], latitude: float) -> list[float]:
    """Where a parallel crosses a ring, from west to east."""
    sides = ((a, b) for a, b in around(ring) if (a[1] > latitude) != (b[1] > latitude))
    return sorted(a[0] + (latitude - a[1]) * (b[0] - a[0]) / (b[1] - a[1]) for a, b in sides)


def middle(ring: Sequence[Point]) -> Point:
    """The centre of area of a ring, or where that lies outside the middle of its widest chord."""
    sides = [(a, b, a[0] * b[1] - b[0] * a[1]) for a, b in around(ring)]
    whole = sum(weight for _, _, weight in sides)
    x = sum((a[0] + b[0]) * weight for a, b, weight in sides) / (3 * whole)
    y = sum((a[1] + b[1]) * weight for a, b, weight in sides) / (3 * whole)
    if sum(crossing > x for crossing in crossings(ring, y)) % 2:
        return x, y
    low, high = min(y for _, y in ring), max(y for _, y in ring)
    parallels = (low + (high - low) * number / CHORDS for number in range(1, CHORDS))
    found = [(parallel, crossings(ring, parallel)) for parallel in parallels]
    chords = [
        (east - west, (west + east) / 2, y) for y, at in found for west, east in zip(at[::2], at[1::2], strict=True)
    ]
    _, x, y = max(chords, key=lambda chord: chord[0])
    return x, y


def codes() -> dict[str, str]:
    """The code of each country of the ontology by its M49 code."""
    quads = parse(asset_text("ontology/countries.ttl"), TURTLE)
    named = [(quad.subject, quad.object) for quad in quads if quad.predicate.value == f"{IOMLD}m49"]
    return {
        code.value: local_name(country.value)
        for country, code in named
        if isinstance(country, NamedNode) and isinstance(code, Literal)
    }


def points() -> str:
    """A point in the largest part of each country of the ontology, a line each."""
    atlas, known = Atlas("countries-50m.json"), codes()
    found = {}
    for shape in atlas.shapes("countries"):
        code = known.get(str(shape.get("id"))) or NAMED.get(shape["properties"]["name"])
        if code:
            pieces = (piece for ring in atlas.outlines(shape) for piece in cut(ring))
            found[code] = projected(*middle(max(pieces, key=area)))
    found |= {code: projected(*place) for code, place in PLACED.items()}
    lines = ",\n".join(f"{json.dumps(code)}: {json.dumps(list(found[code]))}" for code in sorted(found))
    return f"{{\n{lines}\n}}\n"


def main() -> int:
    """Write both files, or say whether they are what the atlas gives."""
    if not ATLAS.is_dir():
        print("The package world-atlas is not here. Run: make map")
        return 2
    made = {LAND: land(), POINTS: points()}
    if "--check" not in sys.argv[1:]:
        for file, text in made.items():
            file.write_text(text, encoding="utf-8")
        return 0
    other = [file.name for file, text in made.items() if file.read_text(encoding="utf-8") != text]
    print(f"{' and '.join(other)} differ from what the atlas gives; run: make map" if other else "The map is as built.")
    return 1 if other else 0


if __name__ == "__main__":
    sys.exit(main())
