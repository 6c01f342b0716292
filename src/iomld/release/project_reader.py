"""Reads the database of projects of a release: sets of projects, orders, entries, words and figures."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import compress
from pathlib import Path
from threading import Lock
from typing import Any

from iomld.iris import Iris
from iomld.release.project_database import ALL, VERSION, letters_of, number_of, numbers_in, title_order
from iomld.release.project_index import ProjectEntry, read_entry

CODES, TITLES, TEXTS = "codes", "titles", "texts"  # kinds of text in which words are
_MOST_SETS = 256  # of projects with a word, in memory
_DIGITS = bytes.maketrans(b"01", b"\x00\x01")


@dataclass(frozen=True, slots=True)
class Figure:
    """Projects that begin in the same year and have budgets in the same currency.

    Attributes:
        start_year: The year; None if it is not known.
        currency: The currency; empty without a budget.
        projects: Number of the projects.
        amount: Sum of their budgets.
    """

    start_year: int | None
    currency: str
    projects: int
    amount: Decimal


class ProjectReader:
    """An open database of projects; may be used from several threads.

    Attributes:
        sets: The projects with each value of each facet, as a number whose bit N is project N.
    """

    def __init__(self, database: sqlite3.Connection, iris: Iris) -> None:
        """Read the sets of an open database.

        Args:
            database: The database, which may be used from other threads.
            iris: IRIs under the base of the release.
        """
        self._database, self._iris, self._lock = database, iris, Lock()
        sets: dict[str, dict[str, int]] = {}
        for facet, value, blob in self._rows("SELECT facet, value, projects FROM facet"):
            sets.setdefault(facet, {})[value] = int.from_bytes(blob, "little")
        self.sets: Mapping[str, Mapping[str, int]] = sets
        orders = self._rows("SELECT name, numbers FROM ordered")
        self._orders = {name: numbers_in(blob) for name, blob in orders}
        self.with_word = lru_cache(_MOST_SETS)(self._with_word)
        self.with_dollars = lru_cache(_MOST_SETS)(self._with_dollars)

    @property
    def all(self) -> int:
        """The set of all projects."""
        facet, value = ALL
        return self.having(facet, value)

    def having(self, facet: str, value: str) -> int:
        """The set of projects with a value of a facet."""
        return self.sets.get(facet, {}).get(value, 0)

    def number(self, iri: str) -> int | None:
        """The number of a project; None if there is no such project."""
        with self._lock:
            return number_of(self._database, iri)

    def entries(self, numbers: Iterable[int]) -> Iterator[ProjectEntry]:
        """The entries of projects, read one by one."""
        for number in numbers:
            ((text,),) = self._rows("SELECT entry FROM project WHERE number = ?", number)
            yield read_entry(text, self._iris)

    def in_order(self, projects: int, order: str) -> Iterator[int]:
        """The numbers of a set of projects in an order; by titles in a language that none has, by English ones."""
        numbers = self._orders.get(order) or self._orders[title_order("en")]
        # The digits of a binary number as bytes, the lowest first, are flags that `compress` reads without Python.
        flags = f"{projects:b}".encode().translate(_DIGITS)[::-1].ljust(self.all.bit_length(), b"\0")
        return compress(numbers, map(flags.__getitem__, numbers))

    def code(self, letters: str) -> str:
        """The folded code with the same letters and digits; empty if there is none."""
        rows = self._rows("SELECT code FROM code WHERE letters = ? LIMIT 1", letters_of(letters))
        return rows[0][0] if rows else ""

    def with_code(self, code: str) -> int:
        """The set of projects with a folded code."""
        rows = self._rows("SELECT number FROM code WHERE letters = ? AND code = ?", letters_of(code), code)
        return set_of(number for (number,) in rows)

    def _with_word(self, kind: str, start: str) -> int:
        """The set of projects that have a word that begins so, in their codes, titles or texts; cached.

        Args:
            kind: `CODES`, `TITLES` or `TEXTS`.
            start: Letters and digits, folded.
        """
        rows = self._rows("SELECT rowid FROM word WHERE word MATCH ?", f'{kind} : "{start}" *')
        return set_of(number for (number,) in rows)

    def _with_dollars(self, low: Decimal, high: Decimal | None) -> int:
        """The set of projects with a budget in US dollars from a whole amount up to another, not included; cached."""
        end = "" if high is None else " AND dollars < ?"
        bounds = (int(low), *(() if high is None else (int(high),)))
        rows = self._rows(f"SELECT number FROM project WHERE dollars >= ?{end}", *bounds)  # noqa: S608  # a constant
        return set_of(number for (number,) in rows)

    def words(self) -> Iterator[str]:
        """All words of titles."""
        yield from (word for (word,) in self._rows("SELECT term FROM vocabulary WHERE col = 'titles'"))

    def figures(self, facet: str, value: str) -> tuple[Figure, ...]:
        """The figures of the projects with a value of a facet of `CODED`, by year; of `ALL`, those of all projects."""
        query = "SELECT start, currency, projects, amount FROM figure WHERE facet = ? AND value = ?"
        rows = self._rows(f"{query} ORDER BY start, currency", facet, value)
        return tuple(Figure(start or None, currency, count, Decimal(text)) for start, currency, count, text in rows)

    # SQLite has no types that a checker knows.
    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._database.execute(query, values).fetchall()


def open_database(path: Path) -> sqlite3.Connection | None:
    """Open the database of a release, which does not change; None if it is missing or of another version."""
    if not path.exists():
        return None
    database = sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True, check_same_thread=False)
    (version,) = database.execute("PRAGMA user_version").fetchone()
    return database if version == VERSION else None


def set_of(numbers: Iterable[int | None]) -> int:
    """The set of projects with some numbers; None is no project.

    >>> bin(set_of([9, None, 0]))
    '0b1000000001'
    """
    found = sorted(number for number in numbers if number is not None)
    flags = bytearray(found[-1] // 8 + 1 if found else 0)
    for number in found:
        flags[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(flags, "little")
