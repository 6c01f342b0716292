"""The terms of the ontology as a page shows them: with their use in the release, an example, and the rules for them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from weakref import WeakKeyDictionary

from pyoxigraph import Literal, NamedNode, Quad

from iomld.browse.ontology_terms import Vocable, vocables
from iomld.browse.overview import shown_key
from iomld.browse.rules_by_term import rules_by_term
from iomld.browse.view import ReleaseView, project_document, shared_graph
from iomld.formats.graph import SubjectGraph
from iomld.iris import IOMLD, RDF, VOID, XSD
from iomld.validate import Rule

_LONGEST = 120  # characters of a text in an example
_PREFIX = f"PREFIX iomld: <{IOMLD}>\n"
_CLASS_COUNT = "SELECT (COUNT(DISTINCT ?thing) AS ?count) WHERE {{ ?thing a iomld:{name} }}"
_PROPERTY_COUNT = "SELECT (COUNT(*) AS ?count) WHERE {{ ?thing iomld:{name} ?value }}"


@dataclass(frozen=True, slots=True)
class Example:
    """A statement of the release.

    Attributes:
        subject: IRI of its subject.
        value: Its object: an IRI, or a text, cut where it is long.
        is_iri: Whether the object is an IRI.
        language: Language of a text, if it has one.
        datatype: IRI of the datatype of a text that is no plain string and has no language.
    """

    subject: str
    value: str
    is_iri: bool
    language: str = ""
    datatype: str = ""


@dataclass(frozen=True, slots=True)
class TermEntry:
    """A term, and what a release and the shapes have of it.

    Attributes:
        term: The term.
        count: Things of the class, or statements with the property.
        query: The query that counts them.
        example: A statement with it; of a class, that something is one. None where the release has none.
        rules: Rules that bear on it.
    """

    term: Vocable
    count: int
    query: str
    example: Example | None
    rules: tuple[Rule, ...]


_entries: WeakKeyDictionary[ReleaseView, tuple[TermEntry, ...]] = WeakKeyDictionary()


def term_entries(view: ReleaseView) -> tuple[TermEntry, ...]:
    """All terms, classes first, each kind by name; made once for a view, since a release never changes."""
    if view not in _entries:
        counts = dict(_counts(view))
        shown = _shown_quads(view)
        _entries[view] = tuple(_entry(view, term, counts.get(term.iri), shown) for term in vocables(view))
    return _entries[view]


def _entry(view: ReleaseView, term: Vocable, count: int | None, shown: Iterable[Quad]) -> TermEntry:
    is_class = term.kind == "Class"
    query = _PREFIX + (_CLASS_COUNT if is_class else _PROPERTY_COUNT).format(name=term.name)
    predicate, target = (f"{RDF}type", term.iri) if is_class else (term.iri, None)
    find = partial(view.reader.fitting, predicate=predicate, target=target)
    in_history = any(True for _ in find(graph=view.iris.graph("prov")))
    if count is None or in_history:  # the figures of the dataset leave the history out
        count = int(next(view.reader.select(query))["count"].value)
    near = (quad for quad in shown if quad.predicate.value == predicate and target in (None, _iri(quad.object)))
    return TermEntry(
        term=term,
        count=count,
        query=query,
        example=next(map(_example, chain(near, find())), None),
        rules=rules_by_term().get(term.iri, ()),
    )


def _counts(view: ReleaseView) -> Iterator[tuple[str, int]]:
    """The partitions of the release's VoID description."""
    graph = SubjectGraph(shared_graph(view, "dataset"))
    for partition in map(graph.__getitem__, graph.subjects()):
        for kind, unit in (("class", "entities"), ("property", "triples")):
            iri, count = partition.iri(VOID + kind), partition.integer(VOID + unit)
            if iri and count:
                yield iri, count


def _shown_quads(view: ReleaseView) -> tuple[Quad, ...]:
    """The record that examples are taken from first, so that they fit each other."""
    key = shown_key(view)
    return (project_document(view, key) or ()) if key else ()


def _example(quad: Quad) -> Example:
    """A statement as an example; nothing that is published is without a name."""
    subject, value = _iri(quad.subject), quad.object
    if not isinstance(value, Literal):
        return Example(subject, _iri(value), is_iri=True)
    text = value.value if len(value.value) <= _LONGEST else f"{value.value[:_LONGEST]} …"
    plain = value.language or value.datatype.value == f"{XSD}string"
    datatype = "" if plain else value.datatype.value
    return Example(subject, text, is_iri=False, language=value.language or "", datatype=datatype)


def _iri(term: object) -> str:
    return term.value if isinstance(term, NamedNode) else ""
