"""The database of projects: changed step by step it holds the same as when it is filled at once."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode
from tests.release.databases import WORDS, database_content

from iomld.iris import DCTERMS, IOMLD, RDF, SCHEMA, Iris
from iomld.release.project_database import (
    change,
    fill,
    fill_with,
)
from iomld.release.project_index import IndexedProject, index_lines, indexed_project
from iomld.release.project_reader import TITLES, Figure, ProjectReader

IRIS = Iris()
Drawn = tuple[str, str, int | None, tuple[str, str] | None, str]  # title, language, year, budget, country


def project(code: str, drawn: Drawn) -> IndexedProject:
    """A project with drawn values."""
    title, language, year, budget, country = drawn
    statements: list[tuple[str, NamedNode | Literal]] = [
        (f"{IOMLD}projectCode", Literal(code)),
        (f"{DCTERMS}title", Literal(title, language=language)),
        (f"{DCTERMS}description", Literal(f"About {title}.", language=language)),
        (f"{IOMLD}benefitingCountry", NamedNode(IRIS.country(country))),
    ]
    if year:
        statements.append((f"{IOMLD}startYear", Literal(str(year))))
    if budget:
        statements += [(f"{SCHEMA}value", Literal(budget[0])), (f"{SCHEMA}currency", Literal(budget[1]))]
    return indexed_project(IRIS, IRIS.project(code), statements)


VALUES = st.tuples(
    st.sampled_from([*WORDS, "Port of Élan", "a river"]),
    st.sampled_from(["en", "fr"]),
    st.sampled_from([None, 2001, 2002]),
    st.sampled_from([None, ("5", "USD"), ("5.5", "USD"), ("7", "EUR")]),
    st.sampled_from(["KE", "GH"]),
)
RECORDS = st.dictionaries(st.sampled_from(["PO.1", "PO.2", "PO.10", "CT.3", "X-4"]), VALUES)


@contextmanager
def filled(projects: Iterable[IndexedProject]) -> Iterator[sqlite3.Connection]:
    """A database in memory."""
    with closing(sqlite3.connect(":memory:")) as database:
        fill_with(database, projects)
        yield database


def projects_of(records: Mapping[str, Drawn]) -> list[IndexedProject]:
    """The projects of drawn records, by code."""
    return [project(code, records[code]) for code in sorted(records)]


@given(history=st.lists(RECORDS, min_size=2, max_size=4))
def test_changes_add_up(history: Sequence[Mapping[str, Drawn]]) -> None:
    """A database that is changed from state to state holds what one holds that is filled with the last state."""
    start = {**history[0], "PO.1": ("port", "en", 2001, None, "KE"), "PO.2": ("élan", "fr", None, None, "GH")}
    with filled(projects_of(start)) as database:
        old: Mapping[str, Drawn] = start
        for new in history[1:]:
            removed = [project(code, values) for code, values in old.items() if new.get(code) != values]
            added = [project(code, values) for code, values in new.items() if old.get(code) != values]
            assert change(database, removed, added, IRIS)
            old = new
        with filled(projects_of(old)) as other:
            assert database_content(database) == database_content(other)


def test_what_several_graphs_say_is_not_changed_in_part() -> None:
    """If graphs share a project, or a title has the first of its language, the database must be filled anew."""
    one, other = (project("PO.1", ("port", language, 2001, None, "KE")) for language in ("en", "de"))
    with filled([one]) as database:
        before = database_content(database)
        assert not change(database, [one], [other], IRIS)
        assert not change(database, [], [project("PO.1", ("river", "en", 2002, None, "GH"))], IRIS)
        assert database_content(database) == before


def test_lines_of_one_project_are_joined() -> None:
    """Two graphs that describe a project make one entry; a graph that describes none as a project adds none."""
    lines = [
        f'<{IRIS.project("PO.1")}> <{DCTERMS}title> "{title}"@en <{IRIS.base}{graph}> .\n'.encode()
        for title, graph in (("Port", "a"), ("River", "b"))
    ]
    typed = f"<{IRIS.project('PO.1')}> <{RDF}type> <{IOMLD}Project> <{IRIS.base}a> .\n"
    first, second = ([*index_lines(sorted(some), IRIS)] for some in ([lines[0], typed.encode()], [lines[1]]))
    with closing(sqlite3.connect(":memory:")) as database:
        fill(database, lambda: [*first, *second], IRIS)
        reader = ProjectReader(database, IRIS)
        (entry,) = reader.entries([0])
        assert [title.text for title in entry.titles] == ["Port", "River"]
        assert reader.with_word(TITLES, "river") == reader.all == 1
        assert not change(database, [], [project("PO.2", ("port", "en", 2001, None, "KE"))], IRIS)
    with closing(sqlite3.connect(":memory:")) as database:
        fill(database, lambda: second, IRIS)
        assert ProjectReader(database, IRIS).all == 0


def test_figures_are_sums_by_year_and_currency() -> None:
    """Projects without a budget count with those without a currency."""
    drawn: dict[str, Drawn] = {
        "PO.1": ("port", "en", 2001, ("5", "USD"), "KE"),
        "PO.2": ("port", "en", 2001, ("5.5", "USD"), "KE"),
        "CT.3": ("port", "en", None, None, "KE"),
    }
    with filled(projects_of(drawn)) as database:
        figures = ProjectReader(database, IRIS).figures("country", "KE")
    assert figures == (Figure(None, "", 1, Decimal()), Figure(2001, "USD", 2, Decimal("10.5")))
