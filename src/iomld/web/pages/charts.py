"""Figures for the pictures that templates draw as SVG: maps, bars, years, one project with its links."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from iomld.browse.lists import Counted
from iomld.browse.project import ProjectPage
from iomld.browse.view import Link, LinkKind
from iomld.i18n import gettext_noop

# static/land.svg and points.json are in this coordinate system (Equal Earth).
_WIDTH, _HEIGHT = 960.0, 417.0
_LARGEST_RADIUS = 15.0
_SMALLEST_RADIUS = 2.0
_MOST_LINKS = 6


@dataclass(frozen=True, slots=True)
class Dot:
    """A circle on the map; `projects` is 0 where nothing is counted, `value` is what else its area says."""

    x: float
    y: float
    radius: float
    name: str
    projects: int = 0
    value: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Map:
    """A piece of the world with circles.

    Attributes:
        box: The SVG viewBox.
        scale: Units of the picture for one unit of the text size; small pieces have small texts.
        dots: The circles.
    """

    box: str
    scale: float
    dots: tuple[Dot, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """A year and its projects in a chart 100 high."""

    year: int
    projects: int
    x: float
    height: float


@dataclass(frozen=True, slots=True)
class Spoke:
    """One link of a drawn project: its height in the picture, and words for the relation on the first of a kind."""

    link: Link
    y: int
    relation: str


def world_map(states: Sequence[Counted]) -> Map:
    """All states with a circle each; its area says how many projects."""
    most = max((state.projects for state in states), default=1)
    unit = min(4.0, _LARGEST_RADIUS / math.sqrt(most))
    dots = [
        Dot(*_points()[state.link.code], round(unit * math.sqrt(state.projects), 1), state.link.name, state.projects)
        for state in states
        if state.link.code in _points()
    ]
    return Map(f"0 0 {_WIDTH:g} {_HEIGHT:g}", 1.0, tuple(sorted(dots, key=lambda dot: -dot.radius)))


def has_place(code: str) -> bool:
    """Whether a country has a place on the map.

    >>> has_place("CN"), has_place("cn")
    (True, False)
    """
    return code in _points()


def valued_map(values: Sequence[tuple[str, str, Decimal]]) -> Map:
    """Countries with a circle each, whose area says a number; what is zero or less has a small dot.

    Args:
        values: Code (one that has a place), name and number.
    """
    most = max((math.sqrt(max(float(value), 0.0)) for _, _, value in values), default=0.0) or 1.0
    dots = [
        Dot(*_points()[code], _dot_radius(value, most), name, value=value)
        for code, name, value in sorted(values, key=lambda one: -one[2])
    ]
    return Map(f"0 0 {_WIDTH:g} {_HEIGHT:g}", 1.0, tuple(dots))


def _dot_radius(value: Decimal, most: float) -> float:
    return max(_SMALLEST_RADIUS, round(_LARGEST_RADIUS * math.sqrt(max(float(value), 0.0)) / most, 1))


def locator_map(states: Sequence[Link]) -> Map | None:
    """The piece of the world where some states lie; None where none of them has a place."""
    places = [(*_points()[state.code], state.name) for state in states if state.code in _points()]
    if not places:
        return None
    xs, ys = [x for x, _, _ in places], [y for _, y, _ in places]
    width = min(_WIDTH, max(300.0, (max(xs) - min(xs)) * 1.5, (max(ys) - min(ys)) * 1.5 * 3 / 2))
    height = min(_HEIGHT, width * 2 / 3)
    left = min(max((min(xs) + max(xs)) / 2 - width / 2, 0.0), _WIDTH - width)
    top = min(max((min(ys) + max(ys)) / 2 - height / 2, 0.0), _HEIGHT - height)
    scale = round(width / 370, 3)
    dots = tuple(Dot(x, y, round(6 * scale, 1), name) for x, y, name in places)
    return Map(f"{left:.0f} {top:.0f} {width:.0f} {height:.0f}", scale, dots)


def year_bars(years: Sequence[tuple[int, int]]) -> tuple[Bar, ...]:
    """A bar for each year."""
    most = max((count for _, count in years), default=1) or 1
    return tuple(
        Bar(year, count, round(index * 20.0, 1), round(count * 100 / most, 1))
        for index, (year, count) in enumerate(years)
    )


def spokes(page: ProjectPage) -> tuple[Spoke, ...]:
    """What a project links to, the first few of it, evenly spaced."""
    region = [page.region] if page.region else []
    states = [link for link in page.states if link.kind is LinkKind.STATE][: _MOST_LINKS - 1]
    links = [*states, *region, *page.frameworks][:_MOST_LINKS]
    words = {
        LinkKind.STATE: gettext_noop("benefits"),
        LinkKind.REGION: gettext_noop("region"),
        LinkKind.FRAMEWORK: gettext_noop("names"),
    }
    seen: set[LinkKind] = set()
    found = []
    for index, link in enumerate(links):
        found.append(Spoke(link, 26 + index * 46, "" if link.kind in seen else words.get(link.kind, "")))
        seen.add(link.kind)
    return tuple(found)


@cache
def _points() -> Mapping[str, tuple[float, float]]:
    text = (Path(__file__).parent / "points.json").read_text(encoding="utf-8")
    return {code: (float(x), float(y)) for code, (x, y) in json.loads(text).items()}
