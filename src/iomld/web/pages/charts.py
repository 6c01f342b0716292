"""Computes coordinates of the charts that templates draw as SVG: maps, bars by year, a project with its links."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from textwrap import wrap

from iomld.browse.overview import Counted
from iomld.browse.project.page import ProjectPage
from iomld.browse.view import Link, LinkKind
from iomld.messages import gettext_noop

# static/land.svg and points.json are in this coordinate system (Equal Earth).
_WIDTH, _HEIGHT = 960.0, 417.0
_LINE_CHARACTERS = 37  # of a name in the drawing of a project
_LARGEST_RADIUS = 15.0
_SMALLEST_RADIUS = 2.0
_MOST_LINKS = 6  # of a project, in its drawing


@dataclass(frozen=True, slots=True)
class Dot:
    """A circle on a map, whose area is proportional to a number of projects or another value; it may link to a page."""

    x: float
    y: float
    radius: float
    name: str
    projects: int = 0
    value: Decimal = Decimal(0)
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class Map:
    """A section of the world map with circles.

    Attributes:
        box: The SVG viewBox.
        scale: Units of the drawing per unit of text size; a small section has small texts.
        dots: The circles.
    """

    box: str
    scale: float
    dots: tuple[Dot, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """The bar of a year in a chart 100 units high, for a number of projects or a sum of money."""

    year: int
    value: Decimal | int
    x: float
    height: float


@dataclass(frozen=True, slots=True)
class Spoke:
    """A link in the drawing of a project: its vertical position, and the relation if it is the first of its kind."""

    link: Link
    y: int
    relation: str

    @property
    def lines(self) -> tuple[str, ...]:
        """The name, broken between words into at most two lines."""
        return tuple(wrap(self.link.name, _LINE_CHARACTERS, max_lines=2, placeholder=" …"))


def world_map(states: Sequence[Counted]) -> Map:
    """The world with a circle for each state, whose area is proportional to its number of projects."""
    most = max((state.projects for state in states), default=1)
    unit = min(4.0, _LARGEST_RADIUS / math.sqrt(most))
    dots = [
        Dot(
            *_points()[state.link.code],
            round(unit * math.sqrt(state.projects), 1),
            state.link.name,
            state.projects,
            link=state.link,
        )
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
    """The world with a circle for each country, whose area is proportional to a number; small if it is not positive.

    Args:
        values: Code (see `has_place`), name and number of each country.
    """
    most = max((math.sqrt(max(float(value), 0.0)) for _, _, value in values), default=0.0) or 1.0
    dots = [
        Dot(*_points()[code], _dot_radius(value, most), name, value=value)
        for code, name, value in sorted(values, key=lambda entry: -entry[2])
    ]
    return Map(f"0 0 {_WIDTH:g} {_HEIGHT:g}", 1.0, tuple(dots))


def _dot_radius(value: Decimal, most: float) -> float:
    return max(_SMALLEST_RADIUS, round(_LARGEST_RADIUS * math.sqrt(max(float(value), 0.0)) / most, 1))


def locator_map(states: Sequence[Link]) -> Map | None:
    """The section of the world map around some states; None if none of them has a place."""
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


def year_bars(years: Sequence[tuple[int, Decimal | int]]) -> tuple[Bar, ...]:
    """A bar for each year; none for an amount below zero.

    Args:
        years: Year and number of projects or sum of money, without gaps.
    """
    most = max((value for _, value in years), default=1) or 1
    return tuple(
        Bar(year, value, round(index * 20.0, 1), round(max(float(value * 100 / most), 0.0), 1))
        for index, (year, value) in enumerate(years)
    )


def spokes(page: ProjectPage) -> tuple[Spoke, ...]:
    """The first links of a project, evenly spaced."""
    region = [page.region] if page.region else []
    states = [link for link in page.states if link.kind is LinkKind.STATE][: _MOST_LINKS - 1]
    links = [*states, *region, *page.frameworks][:_MOST_LINKS]
    relations = {
        LinkKind.STATE: gettext_noop("benefits"),
        LinkKind.REGION: gettext_noop("region"),
        LinkKind.FRAMEWORK: gettext_noop("mentions"),
    }
    seen: set[LinkKind] = set()
    drawn = []
    for index, link in enumerate(links):
        drawn.append(Spoke(link, 26 + index * 46, "" if link.kind in seen else relations.get(link.kind, "")))
        seen.add(link.kind)
    return tuple(drawn)


@cache
def _points() -> Mapping[str, tuple[float, float]]:
    """Coordinates of a point inside each country, by ISO 3166-1 alpha-2 code."""
    text = (Path(__file__).parent / "points.json").read_text(encoding="utf-8")
    return {code: (float(x), float(y)) for code, (x, y) in json.loads(text).items()}
