"""Decides how the rows of an answer can be shown, and computes their charts and map."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from iomld.browse.view import ReleaseView, link_to
from iomld.web.pages.charts import Map, has_place, valued_map
from iomld.web.pages.query_answer import ResultCell, ResultExcerpt

_MOST_BARS = 60
_MOST_CHARTS = 3
_FEWEST_ROWS = 2  # of a chart
_MOST_NAMES = 2  # columns that name a row together
# Numbers that may be years, if no other column names the rows.
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
        names: The cells that name the row.
        value: Its number; None if it has none.
        x: Start of the bar; more than 0 if there are negative numbers.
        width: Its length.
    """

    names: tuple[ResultCell, ...]
    value: Decimal | None
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Chart:
    """A column of numbers as bars, and its name."""

    name: str
    bars: tuple[ValueBar, ...]


@dataclass(frozen=True, slots=True)
class ResultMap:
    """A map of the countries in an answer.

    Attributes:
        map: The circles; the area of each is proportional to its number.
        name: The column of the numbers; empty if rows are counted.
    """

    map: Map
    name: str


@dataclass(frozen=True, slots=True)
class ResultView:
    """How the rows of an answer are shown.

    Attributes:
        kind: How they are shown.
        requested: How the client wants them; differs from `kind` if the columns are unsuitable.
        kinds: All kinds that the columns allow.
        charts: The charts, if they are shown.
        map: The map, if it is shown.
    """

    kind: ViewKind = ViewKind.TABLE
    requested: ViewKind = ViewKind.TABLE
    kinds: tuple[ViewKind, ...] = ()
    charts: tuple[Chart, ...] = ()
    map: ResultMap | None = None


def result_view(view: ReleaseView, excerpt: ResultExcerpt, requested_kind: str) -> ResultView:
    """The rows as a table, charts or a map.

    Args:
        view: The release, for names of countries.
        excerpt: The answer.
        requested_kind: Value of the parameter `view`; an unknown one is a table.
    """
    requested = ViewKind(requested_kind) if requested_kind in {*ViewKind} else ViewKind.TABLE
    columns = [*zip(*excerpt.rows, strict=True)]
    names = _naming(columns)
    numbers = [index for index, column in enumerate(columns) if _is_amount(column) and index not in names]
    country = next((index for index, column in enumerate(columns) if _is_country(column)), None)
    has_chart = bool(names and numbers) and len(excerpt.rows) >= _FEWEST_ROWS
    kinds = [ViewKind.TABLE] + [ViewKind.CHART] * has_chart + [ViewKind.MAP] * (country is not None)
    kind = requested if requested in kinds else ViewKind.TABLE
    charts: tuple[Chart, ...] = ()
    result_map = None
    if kind is ViewKind.CHART:
        row_names = [tuple(row[index] for index in names) for row in excerpt.rows]
        charts = tuple(_chart(excerpt.names[index], row_names, columns[index]) for index in numbers[:_MOST_CHARTS])
    if kind is ViewKind.MAP and country is not None:
        number = numbers[0] if numbers else None
        amounts = None if number is None else columns[number]
        result_map = _map(view, columns[country], amounts, "" if number is None else excerpt.names[number])
    return ResultView(kind, requested, tuple(kinds), charts, result_map)


def _naming(columns: Sequence[Column]) -> tuple[int, ...]:
    """Indexes of the columns that name the rows: one with distinct values, else a distinct pair, else years."""
    texts = [index for index, column in enumerate(columns) if any(cell.text for cell in column) and _is_text(column)]
    for index in texts:
        if _are_distinct([cell.text for cell in columns[index]]):
            return (index,)
    if len(texts) == _MOST_NAMES:
        pairs = zip(*(columns[index] for index in texts), strict=True)
        return tuple(texts) if _are_distinct([tuple(cell.text for cell in pair) for pair in pairs]) else ()
    years = [] if texts or len(columns) == 1 else [index for index, column in enumerate(columns) if _is_year(column)]
    return tuple(years[:1])


def _are_distinct(values: Sequence[object]) -> bool:
    return len(set(values)) == len(values)


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


def _chart(name: str, row_names: Sequence[tuple[ResultCell, ...]], column: Column) -> Chart:
    rows = [*zip(row_names, column, strict=True)][:_MOST_BARS]
    values = [float(cell.amount) for _, cell in rows if cell.amount is not None]
    low, high = min(0.0, *values), max(0.0, *values)
    span = high - low or 1.0
    bars = []
    for names, cell in rows:
        value = float(cell.amount or 0)
        x, width = 100 * (min(value, 0.0) - low) / span, 100 * abs(value) / span
        bars.append(ValueBar(names, cell.amount, round(x, 1), round(width, 1)))
    return Chart(name, tuple(bars))


def _map(view: ReleaseView, countries: Column, amounts: Column | None, name: str) -> ResultMap:
    totals: dict[str, Decimal] = {}
    for row, cell in enumerate(countries):
        code = cell.code or cell.text
        if code:
            amount = Decimal(1) if amounts is None else amounts[row].amount or Decimal(0)
            totals[code] = totals.get(code, Decimal(0)) + amount
    links = {code: link_to(view, view.iris.country(code)) for code in totals}
    values = [(code, link.name if link else code, totals[code]) for code, link in links.items()]
    return ResultMap(valued_map(values), name)
