"""What is said of things without a page of their own: sources, runs, software, revisions, the dataset."""

from dataclasses import dataclass

from pyoxigraph import NamedNode, Quad

from iomld.browse.view import ReleaseView, arranged
from iomld.formats.graph import SubjectGraph
from iomld.formats.nodes import descriptions
from iomld.iris import PROV


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a property: its text, and whether that is an IRI."""

    text: str
    is_iri: bool


@dataclass(frozen=True, slots=True)
class Statements:
    """What is said of one subject.

    Attributes:
        iri: The subject.
        properties: Each property IRI with its values.
    """

    iri: str
    properties: tuple[tuple[str, tuple[Value, ...]], ...]


def described_quads(view: ReleaseView, iri: str) -> tuple[Quad, ...]:
    """What all graphs say of an IRI and of its fragments that it leads to, each triple once.

    A source that no record rests on any more is known by the runs that used it.
    """
    found: dict[object, Quad] = {}
    waiting, seen = [iri], {iri}
    while waiting:
        for quad in view.reader.about(waiting.pop()):
            found.setdefault(quad.triple, quad)
            target = quad.object.value if isinstance(quad.object, NamedNode) else ""
            if target.startswith(f"{iri}#") and target not in seen:
                seen.add(target)
                waiting.append(target)
    quads = found.values() or view.reader.pointing(f"{PROV}used", iri, graph=view.iris.graph("prov"))
    return arranged(quads, first=iri)


def graph_triples(view: ReleaseView, name: str) -> tuple[Quad, ...]:
    """A shared graph or an included one by its name after `graph/`; empty where there is none."""
    return arranged(view.reader.graph(view.iris.graph(name)), first="")


def statements(quads: tuple[Quad, ...]) -> tuple[Statements, ...]:
    """What quads say, by subject, in their order."""
    graph = SubjectGraph(quads)
    return tuple(
        Statements(
            subject,
            tuple(
                (
                    predicate,
                    (
                        *(Value(one, is_iri=True) for one in graph[subject].iris(predicate)),
                        *(Value(one.value, is_iri=False) for one in graph[subject].literals(predicate)),
                    ),
                )
                for predicate in graph[subject].predicates()
            ),
        )
        for subject in descriptions(quads)
    )
