"""The rows of an answer as a chart and on a map, where their columns suit."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from iomld.browse.view import ReleaseView, link_to
from iomld.web.pages.charts import Map, has_place, valued_map
from iomld.web.pages.query_answer import ResultCell, Shown

_MOST_BARS = 60
_MOST_CHARTS = 3
_FEWEST_ROWS = 2
_MOST_NAMES = 2
# Whole numbers that may be years, where nothing else names the rows.
_YEARS = range(1800, 2200)

Column = Sequence[ResultCell]


class ViewKind(StrEnum):
    """How rows are shown; the value of `view` in the address."""

    TABLE = "table"
    CHART = "chart"
    MAP = "map"


@dataclass(frozen=True, slots=True)
class ValueBar:
    """A bar of a chart 100 wide.

    Attributes:
        names: What the row is about.
        value: Its number; None where the row has none.
        x: Where the bar starts; not 0 where there are numbers below zero.
        width: How long it is.
    """

    names: tuple[ResultCell, ...]
    value: Decimal | None
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Chart:
    """A column of numbers as bars, and what it is called."""

    name: str
    bars: tuple[ValueBar, ...]


@dataclass(frozen=True, slots=True)
class PlaceColumns:
    """Countries on the map.

    Attributes:
        map: The circles; the area of each is its number.
        name: The column of the numbers; empty where rows are counted.
    """

    map: Map
    name: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """How the rows of an answer are shown.

    Attributes:
        look: How they are shown here.
        asked: How they should be shown; differs where the columns do not suit.
        looks: All that the columns allow.
        charts: The charts, if they are shown.
        places: The map, if it is shown.
    """

    look: ViewKind = ViewKind.TABLE
    asked: ViewKind = ViewKind.TABLE
    looks: tuple[ViewKind, ...] = ()
    charts: tuple[Chart, ...] = ()
    places: PlaceColumns | None = None


def drawn(view: ReleaseView, shown: Shown, asked: str) -> Drawn:
    """The rows as a table, a chart or a map.

    Args:
        view: The release, for names of countries.
        shown: The answer.
        asked: What the address asks for; any other word is a table.
    """
    wanted = ViewKind(asked) if asked in {*ViewKind} else ViewKind.TABLE
    columns = [*zip(*shown.rows, strict=True)]
    names, numbers = _naming(columns), [index for index, column in enumerate(columns) if _is_amount(column)]
    numbers = [index for index in numbers if index not in names]
    country = next((index for index, column in enumerate(columns) if _is_country(column)), None)
    has_chart = bool(names and numbers) and len(shown.rows) >= _FEWEST_ROWS
    looks = [ViewKind.TABLE] + [ViewKind.CHART] * has_chart + [ViewKind.MAP] * (country is not None)
    look = wanted if wanted in looks else ViewKind.TABLE
    charts: tuple[Chart, ...] = ()
    places = None
    if look is ViewKind.CHART:
        named = [tuple(columns[index][row] for index in names) for row in range(len(shown.rows))]
        charts = tuple(_chart(shown.names[index], named, columns[index]) for index in numbers[:_MOST_CHARTS])
    if look is ViewKind.MAP and country is not None:
        number = numbers[0] if numbers else None
        amounts = None if number is None else columns[number]
        places = _places(view, columns[country], amounts, "" if number is None else shown.names[number])
    return Drawn(look, wanted, tuple(looks), charts, places)


def _naming(columns: Sequence[Column]) -> tuple[int, ...]:
    """The columns that name the rows: one that differs in each row, else two together, else years."""
    texts = [index for index, column in enumerate(columns) if any(cell.text for cell in column) and _is_text(column)]
    for index in texts:
        if _differs([cell.text for cell in columns[index]]):
            return (index,)
    if len(texts) == _MOST_NAMES:
        pairs = zip(*(columns[index] for index in texts), strict=True)
        return tuple(texts) if _differs([tuple(cell.text for cell in pair) for pair in pairs]) else ()
    years = [] if texts or len(columns) == 1 else [index for index, column in enumerate(columns) if _is_year(column)]
    return tuple(years[:1])


def _differs(texts: Sequence[object]) -> bool:
    return len(set(texts)) == len(texts)


def _is_text(column: Column) -> bool:
    return all(cell.amount is None for cell in column)


def _is_year(column: Column) -> bool:
    return all(cell.amount is not None and cell.amount in _YEARS for cell in column)


def _is_amount(column: Column) -> bool:
    return any(cell.amount is not None for cell in column) and all(
        cell.amount is not None or not cell.text for cell in column
    )


def _is_country(column: Column) -> bool:
    codes = [cell.code or cell.text for cell in column if cell.text]
    return bool(codes) and all(has_place(code) for code in codes)


def _chart(name: str, named: Sequence[tuple[ResultCell, ...]], column: Column) -> Chart:
    rows = [*zip(named, column, strict=True)][:_MOST_BARS]
    values = [float(cell.amount) for _, cell in rows if cell.amount is not None]
    low, high = min(0.0, *values), max(0.0, *values)
    span = high - low or 1.0
    bars = []
    for names, cell in rows:
        value = float(cell.amount or 0)
        x, width = 100 * (min(value, 0.0) - low) / span, 100 * abs(value) / span
        bars.append(ValueBar(names, cell.amount, round(x, 1), round(width, 1)))
    return Chart(name, tuple(bars))


def _places(view: ReleaseView, countries: Column, amounts: Column | None, name: str) -> PlaceColumns:
    totals: dict[str, Decimal] = {}
    for row, cell in enumerate(countries):
        code = cell.code or cell.text
        if code:
            amount = Decimal(1) if amounts is None else amounts[row].amount or Decimal(0)
            totals[code] = totals.get(code, Decimal(0)) + amount
    links = {code: link_to(view, view.iris.country(code)) for code in totals}
    values = [(code, link.name if link else code, totals[code]) for code, link in links.items()]
    return PlaceColumns(valued_map(values), name)
