"""Fills the database of projects of a release, so that a server reads the projects of one page, and not all of them.

A publish fills it from the lines of the project index, or copies that of the release before and changes it. Like the
store, it has the same content for equal records, but not always the same bytes.

A project has a number, which stays the same from release to release. A set of projects is a number whose bit N is
project N, kept as bytes, the lowest first.
"""

import re
import sqlite3
from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from functools import partial
from itertools import chain
from typing import NamedTuple

from iomld.folding import fold
from iomld.iris import Iris
from iomld.model import DOLLARS, Money
from iomld.release.project_index import IndexedProject, ProjectEntry, entry_text, read_entry, read_index_line

VERSION = 1  # of tables, orders and folding; a server fills a database of another version anew
CODE_ORDER, START_ORDER, BUDGET_ORDER = "code", "start", "budget"
YEAR, CURRENCY = "year", "currency"  # facets beside those of `CODED`
ALL = ("", "")  # the facet and value of all projects
_SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA page_size = 8192;
CREATE TABLE project (number INTEGER PRIMARY KEY, iri TEXT NOT NULL UNIQUE, dollars INTEGER, entry TEXT NOT NULL);
CREATE TABLE code (letters TEXT, code TEXT, number INTEGER, PRIMARY KEY (letters, code, number)) WITHOUT ROWID;
CREATE TABLE facet (facet TEXT, value TEXT, projects BLOB, PRIMARY KEY (facet, value)) WITHOUT ROWID;
CREATE TABLE ordered (name TEXT PRIMARY KEY, numbers BLOB) WITHOUT ROWID;
CREATE TABLE figure (facet TEXT, value TEXT, start INTEGER, currency TEXT, projects INTEGER, amount TEXT,
  PRIMARY KEY (facet, value, start, currency)) WITHOUT ROWID;
CREATE TABLE state (is_joined INTEGER);
INSERT INTO state VALUES (0);
CREATE VIRTUAL TABLE word USING fts5(codes, titles, texts, content='', detail=column, tokenize='ascii');
CREATE VIRTUAL TABLE vocabulary USING fts5vocab(word, col);
CREATE TEMP TABLE keyed (name TEXT, text TEXT, figure REAL, iri TEXT, number INTEGER);
"""
_PUNCTUATION = re.compile(r"[\W_]+")


class FigureKey(NamedTuple):
    """What the projects of a figure have in common.

    Attributes:
        facet: A facet of `CODED`; empty for all projects.
        value: Its value.
        start: The first year; 0 if it is not known.
        currency: The currency of the budget; empty without one.
    """

    facet: str
    value: str
    start: int
    currency: str


class _SortKey(NamedTuple):
    """The place of a project in an order."""

    name: str
    text: str
    figure: float
    iri: str


_Figures = defaultdict[FigureKey, list[Decimal]]  # the number of projects, and the sum of their budgets


def letters_of(code: str) -> str:
    """The letters and digits of a folded code, since `po0105` and `po-0105` mean PO.0105."""
    return _PUNCTUATION.sub("", code)


def numbers_in(blob: bytes) -> "array[int]":
    """The numbers of projects in an order; four bytes each."""
    return array("I", blob)


def _place_of(number: int, numbers: "array[int]") -> int:
    """The place of a project in an order; its bytes are found far sooner than its number."""
    wanted, data = array("I", [number]).tobytes(), numbers.tobytes()
    place = data.index(wanted)
    while place % len(wanted):
        place = data.index(wanted, place + 1)
    return place // len(wanted)


def title_order(language: str) -> str:
    """The name of the order by titles in a language."""
    return f"title {language}"


def fill(database: sqlite3.Connection, lines: Callable[[], Iterable[bytes]], iris: Iris) -> None:
    """Fill a new database from the lines of an index.

    Args:
        database: The database, without tables.
        lines: Gives the lines; called twice. Those of a project that several graphs describe may be apart.
        iris: IRIs under the base of the release.
    """
    times = Counter(_line_iri(line) for line in lines())
    repeated = {iri: number for iri, number in times.items() if number > 1}
    del times
    fill_with(database, _joined((read_index_line(line, iris) for line in lines()), repeated))
    database.execute("UPDATE state SET is_joined = ?", (bool(repeated),))
    database.commit()


def fill_with(database: sqlite3.Connection, projects: Iterable[IndexedProject]) -> None:
    """Fill a new database with projects, each of which comes once."""
    database.executescript(_SCHEMA)
    database.execute(f"PRAGMA user_version = {VERSION}")
    sets: defaultdict[tuple[str, str], bytearray] = defaultdict(bytearray)
    figures: _Figures = defaultdict(_no_figure)
    for number, project in enumerate(projects):
        _insert(database, number, project)
        for name in _facets(project.entry):
            _add_bit(sets[name], number)
        _count(figures, project.entry, 1)
        keys = _sort_keys(project.entry)
        database.executemany("INSERT INTO keyed VALUES (?, ?, ?, ?, ?)", ((*key, number) for key in keys))
    database.executemany("INSERT INTO facet VALUES (?, ?, ?)", ((*name, bytes(bits)) for name, bits in sets.items()))
    _write_figures(database, figures)
    _write_orders(database)
    database.execute("DROP TABLE keyed")
    database.commit()


def change(
    database: sqlite3.Connection, removed: Iterable[IndexedProject], added: Iterable[IndexedProject], iris: Iris
) -> bool:
    """Change a database.

    Args:
        database: The database.
        removed: The projects that are gone or changed, as the database has them.
        added: The projects that came or changed.
        iris: IRIs under the base of the release.

    Returns:
        Whether it was changed; if not, several graphs describe a project, or titles have a new language, and the
        database must be filled anew.
    """
    old, new = tuple(removed), tuple(added)
    (is_joined,) = database.execute("SELECT is_joined FROM state").fetchone()
    orders = {name: numbers_in(blob) for name, blob in database.execute("SELECT name, numbers FROM ordered")}
    languages = {title_order(title.language) for project in new for title in project.entry.titles}
    gone = {project.entry.iri for project in old}
    if is_joined or not languages <= orders.keys() or not all(project.is_project for project in (*old, *new)):
        return False
    if len({project.entry.iri for project in new}) < len(new) or any(
        project.entry.iri not in gone and number_of(database, project.entry.iri) is not None for project in new
    ):
        return False
    _Change(database, orders, iris).apply(old, new)
    database.commit()
    return True


def number_of(database: sqlite3.Connection, iri: str) -> int | None:
    """The number of a project; None if there is no such project."""
    row = database.execute("SELECT number FROM project WHERE iri = ?", (iri,)).fetchone()
    return row[0] if row else None


class _Change:
    """A change of a database: projects are taken out, then others are put in, with the same numbers if they changed."""

    def __init__(self, database: sqlite3.Connection, orders: Mapping[str, "array[int]"], iris: Iris) -> None:
        self._database, self._orders, self._iris = database, orders, iris
        self._sets: dict[tuple[str, str], int] = {}
        self._figures: _Figures = defaultdict(_no_figure)

    def apply(self, removed: Iterable[IndexedProject], added: Iterable[IndexedProject]) -> None:
        numbers: dict[str, int] = {}
        for project in removed:
            number = number_of(self._database, project.entry.iri)
            if number is not None:
                numbers[project.entry.iri] = number
                self._remove(number, project)
        (free,) = self._database.execute("SELECT COALESCE(MAX(number), -1) + 1 FROM project").fetchone()
        free = max(free, *(number + 1 for number in numbers.values()), 0)
        for project in added:
            number = numbers.get(project.entry.iri, free)
            free += number == free
            self._add(number, project)
        self._write()

    def _remove(self, number: int, project: IndexedProject) -> None:
        for name in _facets(project.entry):
            self._sets[name] = self._set(name) & ~(1 << number)
        _count(self._figures, project.entry, -1)
        for numbers in self._orders.values():
            del numbers[_place_of(number, numbers)]
        self._database.execute(
            "INSERT INTO word (word, rowid, codes, titles, texts) VALUES ('delete', ?, ?, ?, ?)",
            (number, *_words(project)),
        )
        self._database.execute("DELETE FROM project WHERE number = ?", (number,))
        self._database.executemany(
            "DELETE FROM code WHERE letters = ? AND code = ? AND number = ?", _codes(number, project)
        )

    def _add(self, number: int, project: IndexedProject) -> None:
        for name in _facets(project.entry):
            self._sets[name] = self._set(name) | 1 << number
        _count(self._figures, project.entry, 1)
        for order, numbers in self._orders.items():
            key = _key_in(order, project.entry)
            numbers.insert(bisect_left(numbers, key, key=partial(self._key, order)), number)
        _insert(self._database, number, project)

    def _set(self, name: tuple[str, str]) -> int:
        if name not in self._sets:
            row = self._database.execute("SELECT projects FROM facet WHERE facet = ? AND value = ?", name).fetchone()
            self._sets[name] = int.from_bytes(row[0], "little") if row else 0
        return self._sets[name]

    def _key(self, order: str, number: int) -> _SortKey:
        (text,) = self._database.execute("SELECT entry FROM project WHERE number = ?", (number,)).fetchone()
        return _key_in(order, read_entry(text, self._iris))

    def _write(self) -> None:
        for name, bits in self._sets.items():
            self._database.execute("DELETE FROM facet WHERE facet = ? AND value = ?", name)
            if bits:
                blob = bits.to_bytes(-(-bits.bit_length() // 8), "little")
                self._database.execute("INSERT INTO facet VALUES (?, ?, ?)", (*name, blob))
        for order, numbers in self._orders.items():
            self._database.execute("UPDATE ordered SET numbers = ? WHERE name = ?", (numbers.tobytes(), order))
        for key, change_ in self._figures.items():
            where = "WHERE facet = ? AND value = ? AND start = ? AND currency = ?"
            row = self._database.execute(f"SELECT projects, amount FROM figure {where}", key).fetchone()  # noqa: S608  # constants
            if row:
                change_[0] += row[0]
                change_[1] += Decimal(row[1])
                self._database.execute(f"DELETE FROM figure {where}", key)  # noqa: S608  # constants
        _write_figures(self._database, self._figures)


def _joined(projects: Iterable[IndexedProject], repeated: dict[str, int]) -> Iterator[IndexedProject]:
    """The projects, each once; those of several lines where the last of these comes.

    Args:
        projects: What each line says.
        repeated: The number of lines of each project that has several.
    """
    waiting: dict[str, IndexedProject] = {}
    for project in projects:
        iri, whole = project.entry.iri, project
        if iri in repeated:
            whole = waiting[iri] = waiting[iri].with_other(project) if iri in waiting else project
            repeated[iri] -= 1
        if whole.is_project and not repeated.get(iri):
            yield whole


def _line_iri(line: bytes) -> str:
    """The IRI in a line of the index, which begins with it; IRIs have no quotation marks."""
    return line.split(b'"', 4)[3].decode()


def _insert(database: sqlite3.Connection, number: int, project: IndexedProject) -> None:
    entry = project.entry
    dollars = int(entry.budget.amount // 1) if entry.budget and entry.budget.currency == DOLLARS else None
    database.execute("INSERT INTO project VALUES (?, ?, ?, ?)", (number, entry.iri, dollars, entry_text(entry)))
    database.execute("INSERT INTO word (rowid, codes, titles, texts) VALUES (?, ?, ?, ?)", (number, *_words(project)))
    database.executemany("INSERT INTO code VALUES (?, ?, ?)", _codes(number, project))


def _words(project: IndexedProject) -> tuple[str, str, str]:
    """The words of codes, titles and texts; the database knows in which projects a word is, not where in a text."""
    searched = project.searched
    return " ".join(searched.codes), " ".join(searched.titles), " ".join(searched.texts)


def _codes(number: int, project: IndexedProject) -> list[tuple[str, str, int]]:
    return [(letters_of(code), code, number) for code in project.searched.codes]


def _facets(entry: ProjectEntry) -> Iterator[tuple[str, str]]:
    """Each facet and value of a project."""
    yield ALL
    for facet, values in entry.codes.items():
        yield from ((facet, value) for value in values)
    yield from ((YEAR, str(year)) for year in entry.years())
    if entry.budget:
        yield CURRENCY, entry.budget.currency


def _add_bit(bits: bytearray, number: int) -> None:
    byte, bit = divmod(number, 8)
    bits.extend(bytes(max(0, byte + 1 - len(bits))))
    bits[byte] |= 1 << bit


def _no_figure() -> list[Decimal]:
    return [Decimal(), Decimal()]


def _count(figures: _Figures, entry: ProjectEntry, sign: int) -> None:
    """Add a project to the figures of all its values, or take it away."""
    budget = entry.budget or Money(Decimal(), "")
    coded = ((facet, value) for facet, values in entry.codes.items() for value in values)
    for facet, value in chain((ALL,), coded):
        figure = figures[FigureKey(facet, value, entry.start_year or 0, budget.currency)]
        figure[0] += sign
        figure[1] += sign * budget.amount


def _write_figures(database: sqlite3.Connection, figures: _Figures) -> None:
    rows = ((*key, int(number), str(amount)) for key, (number, amount) in figures.items() if number)
    database.executemany("INSERT INTO figure VALUES (?, ?, ?, ?, ?, ?)", rows)


def _sort_keys(entry: ProjectEntry) -> Iterator[_SortKey]:
    """The places of a project in the orders, by titles in each language that it has, and in the others."""
    for name in (CODE_ORDER, START_ORDER, BUDGET_ORDER, *{title_order(title.language) for title in entry.titles}):
        yield _key_in(name, entry)
    yield _key_in(title_order(""), entry)._replace(name="others")


def _key_in(order: str, entry: ProjectEntry) -> _SortKey:
    """The place of a project in an order."""
    match order:
        case "code":
            text, figure = "", 0.0
        case "start":  # the newest first, those without a year last
            text, figure = "", -float((entry.years() or (0,))[0])
        case "budget":  # the largest first, dollars before others; amounts of two currencies are not compared
            budget = entry.budget
            is_dollars = budget is not None and budget.currency == DOLLARS
            text = "2" if budget is None else "0" if is_dollars else f"1{budget.currency}"
            figure = 0.0 if budget is None else -float(budget.amount)
        case _:
            text, figure = fold(entry.title(order.partition(" ")[2]).text), 0.0
    return _SortKey(order, text, figure, entry.iri)


def _write_orders(database: sqlite3.Connection) -> None:
    database.execute("CREATE INDEX temp.keyed_number ON keyed (name, number)")
    names = {name for (name,) in database.execute("SELECT DISTINCT name FROM keyed WHERE name <> 'others'")}
    for name in sorted(names | {CODE_ORDER, START_ORDER, BUDGET_ORDER, title_order("en")}):
        by_title = name.startswith(title_order(""))
        rows = database.execute(
            "SELECT number FROM keyed WHERE name = :name OR (:by_title AND name = 'others' AND number NOT IN"
            " (SELECT number FROM keyed WHERE name = :name)) ORDER BY text, figure, iri",
            {"name": name, "by_title": by_title},
        )
        numbers = array("I", (number for (number,) in rows))
        database.execute("INSERT INTO ordered VALUES (?, ?)", (name, numbers.tobytes()))
