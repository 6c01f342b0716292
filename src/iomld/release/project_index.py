"""The project index: the data of each project that lists, filters and searches need, and its file in a release.

The file is compressed and has a line of JSON for each project. Reading it takes a fraction of a second for 10 000
projects; querying the store takes seconds.
"""

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass, replace
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from pyoxigraph import Literal, NamedNode

from iomld.folding import folded
from iomld.formats import rdf
from iomld.iris import DCTERMS, IOMLD, RDF, SCHEMA, Iris
from iomld.model import DOLLARS, Money

# The facets whose values are codes, each with its property.
CODED = {
    "country": "benefitingCountry",
    "region": "region",
    "framework": "mentionsFramework",
    "status": "status",
    "type": "projectType",
    "coverage": "coverage",
}
_TITLE = f"{DCTERMS}title"
_CODES = (f"{IOMLD}projectCode", f"{IOMLD}primaId")
_TEXTS = (f"{DCTERMS}abstract", f"{DCTERMS}description")
_YEARS = (f"{IOMLD}startYear", f"{IOMLD}endYear")
_BUDGET_USD = f"{IOMLD}budgetUSD"
BUDGET_PROPERTIES = (f"{SCHEMA}value", f"{SCHEMA}currency")  # of the budget node, here as properties of its project
PROPERTIES = (_TITLE, *_CODES, *_TEXTS, *(IOMLD + name for name in CODED.values()), *_YEARS, _BUDGET_USD)
_LONGEST_SPAN = 100
# Increment the version with each change of the lines or of folding: an index of another version is not read.
INDEX_HEAD = b'{"index":"projects","version":3}\n'
_WANTED = frozenset(f"<{iri}>".encode() for iri in (*PROPERTIES, *BUDGET_PROPERTIES))
_BUDGET_NODE = b"#budget>"
_PROJECT = f" <{RDF}type> <{IOMLD}Project> ".encode()


Statement = tuple[str, NamedNode | Literal]


_Terms = Mapping[str, set[NamedNode | Literal]]


@dataclass(frozen=True, slots=True)
class Title:
    """A title and its language, which is empty for a title without one."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class SearchedTexts:
    """The folded texts of a project, one on each line: codes, titles, abstracts and descriptions."""

    codes: str
    titles: str
    texts: str


@dataclass(frozen=True, slots=True, eq=False)
class ProjectEntry:
    """The data of a project in lists, filters and tables.

    Attributes:
        key: Last segment of its IRI, decoded.
        iri: Its IRI.
        titles: Its titles, English first, then by language.
        start_year: First year, if known.
        end_year: Last year, if known.
        budget: Its budget, if known.
        codes: Its codes for each facet of `CODED`, sorted; those of a part of a framework include the framework.
        searched: Its own texts, for searches.
    """

    key: str
    iri: str
    titles: tuple[Title, ...]
    start_year: int | None
    end_year: int | None
    budget: Money | None
    codes: Mapping[str, tuple[str, ...]]
    searched: SearchedTexts

    def title(self, language: str = "en") -> Title:
        """The title in a language, else the English one, else any, else the key."""
        first = self.titles[0] if self.titles else Title(self.key, "")
        return next((title for title in self.titles if title.language == language), first)

    def years(self) -> range:
        """The years in which it is active, both ends included; empty if no year is known."""
        first, last = self.start_year or self.end_year, self.end_year or self.start_year
        return range(first, min(last, first + _LONGEST_SPAN) + 1) if first and last else range(0)


def project_entry(iris: Iris, iri: str, statements: Iterable[Statement]) -> ProjectEntry:
    """Make the entry of a project; the order of the statements and duplicates do not matter.

    Args:
        iris: IRIs under the base.
        iri: The project.
        statements: Properties and values, those of the budget node included; others than `PROPERTIES` and
            `BUDGET_PROPERTIES` are ignored.
    """
    properties: dict[str, set[NamedNode | Literal]] = {}
    for predicate, value in statements:
        properties.setdefault(predicate, set()).add(value)
    return ProjectEntry(
        key=project_key(iris, iri),
        iri=iri,
        titles=_titles(properties),
        start_year=_year(properties, f"{IOMLD}startYear"),
        end_year=_year(properties, f"{IOMLD}endYear"),
        budget=_budget(properties),
        codes={facet: _codes(iris, facet, properties.get(IOMLD + name, ())) for facet, name in CODED.items()},
        searched=SearchedTexts(
            codes=_folded(properties, *_CODES),
            titles=_folded(properties, _TITLE),
            texts=_folded(properties, *_TEXTS),
        ),
    )


def project_key(iris: Iris, iri: str) -> str:
    """The key in a project's IRI."""
    return unquote(iri.removeprefix(iris.project("")))


def no_such_project(key: str, keys: Iterable[str]) -> str:
    """The sentence that a release has no such project, with up to three keys like it.

    >>> no_such_project("PO.0106", ["PO.0105", "CT.0711"])
    "There is no project 'PO.0106'. Did you mean PO.0105?"
    """
    close = get_close_matches(key, sorted(keys), n=3, cutoff=0.5)
    return f"There is no project '{key}'." + (f" Did you mean {' or '.join(close)}?" if close else "")


def coded(iris: Iris, facet: str, iri: str) -> str:
    """The code of a value of a facet of `CODED`; any other IRI stays as it is."""
    return unquote(iri.removeprefix(_start(iris, facet)))


def _start(iris: Iris, facet: str) -> str:
    return iris.country("") if facet == "country" else iris.concept(facet, "")


def _codes(iris: Iris, facet: str, found: Iterable[NamedNode | Literal]) -> tuple[str, ...]:
    start = _start(iris, facet)
    return tuple(sorted({coded(iris, facet, term.value) for term in found if term.value.startswith(start)}))


def _folded(properties: _Terms, *predicates: str) -> str:
    terms = (term for predicate in predicates for term in properties.get(predicate, ()))
    return "\n".join(sorted(folded(term.value).text for term in terms))


def _titles(properties: _Terms) -> tuple[Title, ...]:
    terms = (term for term in properties.get(_TITLE, ()) if isinstance(term, Literal))
    titles = (Title(term.value, term.language or "") for term in terms)
    return tuple(sorted(titles, key=_title_order))


def _year(properties: _Terms, predicate: str) -> int | None:
    years = (term.value[:4] for term in properties.get(predicate, ()))
    return min((int(year) for year in years if year.isascii() and year.isdigit()), default=None)


def _budget(properties: _Terms) -> Money | None:
    amounts, currencies = (sorted(term.value for term in properties.get(name, ())) for name in BUDGET_PROPERTIES)
    if not amounts:
        amounts, currencies = sorted(term.value for term in properties.get(_BUDGET_USD, ())), [DOLLARS]
    # Of equal amounts with different lexical forms always the same one, whatever the order.
    amount = min(map(Decimal, filter(_is_amount, amounts)), default=None)
    return Money(amount, currencies[0]) if amount is not None and currencies else None


def _is_amount(text: str) -> bool:
    return text.isascii() and text.replace(".", "", 1).removeprefix("-").isdigit()


def index_lines(lines: Iterable[bytes], iris: Iris) -> Iterator[bytes]:
    """The lines of the index for the projects that graphs describe; equal graphs have equal lines.

    What a graph adds about a project of another one is a line of its own; `read_index` puts them together.

    Args:
        lines: Sorted N-Quads lines.
        iris: IRIs under the base.
    """
    budgets: dict[bytes, list[bytes]] = {}  # lines of budget nodes, which come before those of their projects
    for subject, said in groupby(lines, _line_subject):
        is_project, wanted, typed = False, [], subject + _PROJECT
        for line in said:
            if line.split(b" ", 2)[1] in _WANTED:
                wanted.append(line)
            elif line.startswith(typed):
                is_project = True
        if subject.endswith(_BUDGET_NODE):
            budgets[subject.removesuffix(_BUDGET_NODE) + b">"] = wanted
        wanted += budgets.pop(subject, [])
        iri = subject[1:-1].decode()
        if wanted and (is_project or iri.startswith(iris.project(""))):
            yield _json_line(_lines_entry(iris, iri, wanted), is_project=is_project)


def read_index(path: Path, iris: Iris) -> tuple[ProjectEntry, ...] | None:
    """Read the projects of an index, by IRI; None if there is no file, or it is damaged or of another version.

    The store holds the same data, so that the caller can do without the file.
    """
    try:
        head, *lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
        if head != INDEX_HEAD:
            return None
        shared: dict[tuple[str, ...], tuple[str, ...]] = {}
        found: dict[str, ProjectEntry] = {}
        projects: set[str] = set()
        for values in map(json.loads, lines):
            entry = _read_entry(values, iris, shared)
            found[entry.iri] = _together(found[entry.iri], entry) if entry.iri in found else entry
            if values["isProject"]:
                projects.add(entry.iri)
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError, InvalidOperation):
        return None
    return tuple(found[iri] for iri in sorted(projects))


def _together(one: ProjectEntry, other: ProjectEntry) -> ProjectEntry:
    """What two graphs say of a project."""
    titles = {*one.titles, *other.titles}
    years = [(first.start_year, first.end_year) for first in (one, other)]
    start, end = (min(filter(None, values), default=None) for values in zip(*years, strict=True))
    texts = zip(astuple(one.searched), astuple(other.searched), strict=True)
    return replace(
        one,
        titles=tuple(sorted(titles, key=_title_order)),
        start_year=start,
        end_year=end,
        budget=one.budget or other.budget,
        codes={facet: tuple(sorted({*one.codes[facet], *other.codes[facet]})) for facet in CODED},
        searched=SearchedTexts(*("\n".join(sorted({*a.split("\n"), *b.split("\n")} - {""})) for a, b in texts)),
    )


def _title_order(title: Title) -> tuple[bool, str, str]:
    return title.language != "en", title.language, title.text


def _line_subject(line: bytes) -> bytes:
    return line.partition(b" ")[0]


def _lines_entry(iris: Iris, iri: str, lines: list[bytes]) -> ProjectEntry:
    quads = rdf.parse(b"".join(lines), rdf.NQUADS)
    values = ((quad.predicate.value, quad.object) for quad in quads)
    return project_entry(iris, iri, ((name, value) for name, value in values if isinstance(value, NamedNode | Literal)))


def _json_line(entry: ProjectEntry, *, is_project: bool) -> bytes:
    searched = entry.searched
    values = {
        "iri": entry.iri,
        "isProject": is_project,
        "titles": [[title.text, title.language] for title in entry.titles],
        "years": [entry.start_year, entry.end_year],
        "budget": None if entry.budget is None else [str(entry.budget.amount), entry.budget.currency],
        **entry.codes,
        "searched": [searched.codes, searched.titles, searched.texts],
    }
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


# Typing the parsed JSON would add nothing to the checks of its values.
def _read_entry(values: dict[str, Any], iris: Iris, shared: dict[tuple[str, ...], tuple[str, ...]]) -> ProjectEntry:
    """Read an entry; `shared` holds one tuple of equal codes for all projects, to save memory."""
    codes = {facet: tuple(values[facet]) for facet in CODED}
    start, end = values["years"]
    return ProjectEntry(
        key=project_key(iris, values["iri"]),
        iri=values["iri"],
        titles=tuple(Title(text, language) for text, language in values["titles"]),
        start_year=start,
        end_year=end,
        budget=None if values["budget"] is None else Money(Decimal(values["budget"][0]), values["budget"][1]),
        codes={facet: shared.setdefault(found, found) for facet, found in codes.items()},
        searched=SearchedTexts(*values["searched"]),
    )
