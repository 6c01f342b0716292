"""The project index: the data of each project that lists, filters and searches need, as lines of JSON.

Each shard of a release has its lines, of which a publish makes the database of projects
(`iomld.release.project_database`).
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from decimal import Decimal
from difflib import get_close_matches
from itertools import groupby
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
    "funder": "fundedBy",
}
_TITLE = f"{DCTERMS}title"
_CODES = (f"{IOMLD}projectCode", f"{IOMLD}primaId")
_TEXTS = (f"{DCTERMS}abstract", f"{DCTERMS}description")
_YEARS = (f"{IOMLD}startYear", f"{IOMLD}endYear")
_BUDGET_USD = f"{IOMLD}budgetUSD"
BUDGET_PROPERTIES = (f"{SCHEMA}value", f"{SCHEMA}currency")  # of the budget node, here as properties of its project
PROPERTIES = (_TITLE, *_CODES, *_TEXTS, *(IOMLD + name for name in CODED.values()), *_YEARS, _BUDGET_USD)
_LONGEST_SPAN = 100
# Increment the version with each change of the lines or of folding.
INDEX_HEAD = b'{"index":"projects","version":4}\n'
_WANTED = frozenset(f"<{iri}>".encode() for iri in (*PROPERTIES, *BUDGET_PROPERTIES))
_BUDGET_NODE = b"#budget>"
_WORD = re.compile(r"[^\W_]+")
_PROJECT = f" <{RDF}type> <{IOMLD}Project> ".encode()


Statement = tuple[str, NamedNode | Literal]


_Terms = Mapping[str, set[NamedNode | Literal]]


@dataclass(frozen=True, slots=True)
class Title:
    """A title and its language, which is empty for a title without one."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class SearchedWords:
    """What searches look for in a project, folded, each once and sorted.

    Attributes:
        codes: Its codes.
        titles: The words of its titles.
        texts: The words of its abstracts and descriptions.
    """

    codes: tuple[str, ...]
    titles: tuple[str, ...]
    texts: tuple[str, ...]


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
    """

    key: str
    iri: str
    titles: tuple[Title, ...]
    start_year: int | None
    end_year: int | None
    budget: Money | None
    codes: Mapping[str, tuple[str, ...]]

    def title(self, language: str = "en") -> Title:
        """The title in a language, else the English one, else any, else the key."""
        first = self.titles[0] if self.titles else Title(self.key, "")
        return next((title for title in self.titles if title.language == language), first)

    def years(self) -> range:
        """The years in which it is active, both ends included; empty if no year is known."""
        first, last = self.start_year or self.end_year, self.end_year or self.start_year
        return range(first, min(last, first + _LONGEST_SPAN) + 1) if first and last else range(0)


@dataclass(frozen=True, slots=True)
class IndexedProject:
    """What graphs say of a project.

    Attributes:
        entry: Its data in lists.
        searched: What searches look for.
        is_project: Whether one of the graphs says that it is a project.
    """

    entry: ProjectEntry
    searched: SearchedWords
    is_project: bool = True

    def with_other(self, other: "IndexedProject") -> "IndexedProject":
        """What these and other graphs say of the project."""
        one, two = self.entry, other.entry
        starts, ends = (one.start_year, two.start_year), (one.end_year, two.end_year)
        words = zip(astuple(self.searched), astuple(other.searched), strict=True)
        entry = replace(
            one,
            titles=tuple(sorted({*one.titles, *two.titles}, key=_title_order)),
            start_year=min(filter(None, starts), default=None),
            end_year=min(filter(None, ends), default=None),
            budget=one.budget or two.budget,
            codes={facet: tuple(sorted({*one.codes[facet], *two.codes[facet]})) for facet in CODED},
        )
        searched = SearchedWords(*(tuple(sorted({*mine, *theirs})) for mine, theirs in words))
        return IndexedProject(entry, searched, self.is_project or other.is_project)


def indexed_project(
    iris: Iris, iri: str, statements: Iterable[Statement], *, is_project: bool = True
) -> IndexedProject:
    """Index a project; the order of the statements and duplicates do not matter.

    Args:
        iris: IRIs under the base.
        iri: The project.
        statements: Properties and values, those of the budget node included; others than `PROPERTIES` and
            `BUDGET_PROPERTIES` are ignored.
        is_project: Whether its class is among the statements.
    """
    properties: dict[str, set[NamedNode | Literal]] = {}
    for predicate, value in statements:
        properties.setdefault(predicate, set()).add(value)
    entry = ProjectEntry(
        key=project_key(iris, iri),
        iri=iri,
        titles=_titles(properties),
        start_year=_year(properties, f"{IOMLD}startYear"),
        end_year=_year(properties, f"{IOMLD}endYear"),
        budget=_budget(properties),
        codes={facet: _codes(iris, facet, properties.get(IOMLD + name, ())) for facet, name in CODED.items()},
    )
    searched = SearchedWords(
        codes=tuple(sorted({*_folded(properties, *_CODES)})),
        titles=_words_in(_folded(properties, _TITLE)),
        texts=_words_in(_folded(properties, *_TEXTS)),
    )
    return IndexedProject(entry, searched, is_project)


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
    """The code of a value of a facet of `CODED`; a funder, and any other IRI, stays as it is."""
    start = code_iri(iris, facet, "")
    return unquote(iri.removeprefix(start)) if start else iri


def code_iri(iris: Iris, facet: str, code: str) -> str:
    """The IRI of a code of a facet of `CODED`."""
    if facet == "funder":
        return code
    return iris.country(code) if facet == "country" else iris.concept(facet, code)


def _codes(iris: Iris, facet: str, found: Iterable[NamedNode | Literal]) -> tuple[str, ...]:
    start = code_iri(iris, facet, "")
    return tuple(sorted({coded(iris, facet, term.value) for term in found if term.value.startswith(start)}))


def _folded(properties: _Terms, *predicates: str) -> Iterator[str]:
    return (folded(term.value).text for predicate in predicates for term in properties.get(predicate, ()))


def _words_in(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({word for text in texts for word in words_of(text)}))


def words_of(text: str) -> list[str]:
    """The words of a folded text, which are runs of letters and digits.

    >>> words_of("l'objectif po.0105")
    ['l', 'objectif', 'po', '0105']
    """
    return _WORD.findall(text)


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

    What a graph adds about a project of another one is a line of its own.

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
            yield _json_line(indexed_project(iris, iri, _statements(wanted), is_project=is_project))


def read_index_line(line: bytes, iris: Iris) -> IndexedProject:
    """Read a line of the index."""
    values = json.loads(line)
    searched = SearchedWords(*map(tuple, values["searched"]))
    return IndexedProject(_entry(values, iris), searched, values["isProject"])


def entry_text(entry: ProjectEntry) -> str:
    """An entry as JSON."""
    return json.dumps(_entry_json(entry), ensure_ascii=False, separators=(",", ":"))


def read_entry(text: str, iris: Iris) -> ProjectEntry:
    """Read an entry from JSON."""
    return _entry(json.loads(text), iris)


def _title_order(title: Title) -> tuple[bool, str, str]:
    return title.language != "en", title.language, title.text


def _line_subject(line: bytes) -> bytes:
    return line.partition(b" ")[0]


def _statements(lines: Sequence[bytes]) -> Iterator[Statement]:
    for quad in rdf.parse(b"".join(lines), rdf.NQUADS):
        if isinstance(quad.object, NamedNode | Literal):
            yield quad.predicate.value, quad.object


def _json_line(project: IndexedProject) -> bytes:
    values = _entry_json(project.entry) | {"isProject": project.is_project, "searched": astuple(project.searched)}
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _entry_json(entry: ProjectEntry) -> dict[str, object]:
    return {
        "iri": entry.iri,
        "titles": [[title.text, title.language] for title in entry.titles],
        "years": [entry.start_year, entry.end_year],
        "budget": None if entry.budget is None else [str(entry.budget.amount), entry.budget.currency],
        **entry.codes,
    }


# Typing the parsed JSON would add nothing, as it was written by this module and its hash was checked.
def _entry(values: dict[str, Any], iris: Iris) -> ProjectEntry:
    start, end = values["years"]
    return ProjectEntry(
        key=project_key(iris, values["iri"]),
        iri=values["iri"],
        titles=tuple(Title(text, language) for text, language in values["titles"]),
        start_year=start,
        end_year=end,
        budget=None if values["budget"] is None else Money(Decimal(values["budget"][0]), values["budget"][1]),
        codes={facet: tuple(values[facet]) for facet in CODED},
    )
