"""The example queries of a release, as values."""

from dataclasses import dataclass

from iomld.browse.view import ReleaseView
from iomld.formats.graph import Subject, SubjectGraph
from iomld.iris import RDFS, SH


@dataclass(frozen=True, slots=True)
class ExampleQuery:
    """A query that answers something.

    Attributes:
        iri: Its name, `{base}query/NAME`.
        title: What it asks, in the view's language, else in English.
        text: The query, prefixes included.
        solutions: How many it had when the release was made; None where that is not known.
    """

    iri: str
    title: str
    text: str
    solutions: int | None


def example_queries(view: ReleaseView) -> tuple[ExampleQuery, ...]:
    """The examples in the order they are to be shown (`sh:order`); none in a release from before they were data."""
    graph = SubjectGraph(view.reader.graph(view.iris.graph("queries")))
    found = [(iri, graph[iri]) for iri in graph.subjects() if graph[iri].text(f"{SH}select")]
    return tuple(_example(view, iri, said) for iri, said in sorted(found, key=lambda one: (_order(one[1]), one[0])))


def _order(said: Subject) -> int:
    return said.integer(f"{SH}order") or 0


def _example(view: ReleaseView, iri: str, said: Subject) -> ExampleQuery:
    title, text = said.text(f"{RDFS}comment", view.language) or iri, said.text(f"{SH}select") or ""
    return ExampleQuery(iri, title, text, view.release.manifest.examples.get(iri))
