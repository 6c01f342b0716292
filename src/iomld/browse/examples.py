"""The example queries of a release, in groups of one subject each."""

from collections.abc import Mapping
from dataclasses import dataclass

from iomld.browse.view import ReleaseView
from iomld.formats.graph import Subject, SubjectGraph
from iomld.iris import DCTERMS, RDFS, SCHEMA, SH
from iomld.messages import gettext_noop

# The groups in their order; an example is in the first that names one of its keywords (`schema:keywords`).
_GROUPS: Mapping[str, frozenset[str]] = {
    gettext_noop("Projects"): frozenset({"project"}),
    gettext_noop("Money"): frozenset({"budget"}),
    gettext_noop("Frameworks and mentions"): frozenset({"framework", "mention"}),
    gettext_noop("Sources and identifiers"): frozenset({"provenance", "identifier"}),
}
_OTHERS = gettext_noop("More examples")


@dataclass(frozen=True, slots=True)
class ExampleQuery:
    """An example query of a release.

    Attributes:
        iri: Its name, `{base}query/NAME`.
        title: Its title, in the view's language, else in English.
        description: What it shows, in one sentence; empty in a release that does not say it.
        text: The query, with its prefixes.
        solutions: Number of its solutions when the release was made; None if unknown.
        group: The English name of its group.
    """

    iri: str
    title: str
    description: str
    text: str
    solutions: int | None
    group: str


@dataclass(frozen=True, slots=True)
class ExampleGroup:
    """Example queries about one subject, in their order; the name is in English."""

    name: str
    examples: tuple[ExampleQuery, ...]


def example_queries(view: ReleaseView) -> tuple[ExampleQuery, ...]:
    """The examples in their order (`sh:order`); none in an old release that does not describe them."""
    graph = SubjectGraph(view.reader.graph(view.iris.graph("queries")))
    found = [(iri, graph[iri]) for iri in graph.subjects() if graph[iri].text(f"{SH}select")]
    return tuple(_example(view, iri, query) for iri, query in sorted(found, key=lambda one: (_order(one[1]), one[0])))


def example_groups(view: ReleaseView) -> tuple[ExampleGroup, ...]:
    """The examples by group, without empty groups."""
    found = example_queries(view)
    groups = (ExampleGroup(name, tuple(one for one in found if one.group == name)) for name in (*_GROUPS, _OTHERS))
    return tuple(group for group in groups if group.examples)


def _order(query: Subject) -> int:
    return query.integer(f"{SH}order") or 0


def _example(view: ReleaseView, iri: str, query: Subject) -> ExampleQuery:
    keywords = {keyword.value for keyword in query.literals(f"{SCHEMA}keywords")}
    return ExampleQuery(
        iri,
        query.text(f"{RDFS}comment", view.language) or iri,
        query.text(f"{DCTERMS}description", view.language) or "",
        query.text(f"{SH}select") or "",
        view.release.manifest.examples.get(iri),
        next((name for name, words in _GROUPS.items() if words & keywords), _OTHERS),
    )
