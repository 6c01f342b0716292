"""The terms of our ontology, each with its use in a release, an example and the rules of the shapes."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain
from weakref import WeakKeyDictionary

from pyoxigraph import Literal, NamedNode, Quad

from iomld.assets import asset_names, asset_text
from iomld.browse.dataset import term_use
from iomld.browse.overview import shown_key
from iomld.browse.project.page import literal_value
from iomld.browse.view import ReleaseView, project_document, shared_graph
from iomld.formats.graph import Subject, SubjectGraph
from iomld.formats.rdf import TURTLE, parse
from iomld.fund_folder import cached
from iomld.iris import IOMLD, OWL, RDF, RDFS, SCHEMA, SH, SKOS, local_name
from iomld.validate import Rule, all_rules

KINDS = ("Class", "Link", "Value")
_LONGEST = 120  # characters of a text in an example
_MOST_SCANNED = 1_000_000  # quads of a release in which a page counts by itself
_PREFIX = f"PREFIX iomld: <{IOMLD}>\n"
_CLASS_COUNT = "SELECT (COUNT(DISTINCT ?thing) AS ?count) WHERE {{ ?thing a iomld:{name} }}"
_PROPERTY_COUNT = "SELECT (COUNT(*) AS ?count) WHERE {{ ?thing iomld:{name} ?value }}"


@dataclass(frozen=True, slots=True)
class OntologyTerm:
    """A class or property of our ontology.

    Attributes:
        iri: The term.
        name: Its local name.
        kind: One of `KINDS`.
        label: Its label in the view's language, else in English.
        labels: Its label in each language.
        definition: Its definition in the view's language, else in English.
        language: The language of the definition.
        domain: IRIs of the classes in the domain of a property.
        range: IRIs of the classes or datatypes in its range.
        broader: IRIs of its superclasses or superproperties.
        narrower: IRIs of our subclasses or subproperties of it.
        properties: IRIs of our properties with the class in their domain.
        pointers: IRIs of our properties with the class in their range.
        near: IRIs of terms of other vocabularies with nearly the same meaning.
    """

    iri: str
    name: str
    kind: str
    label: str
    labels: Mapping[str, str]
    definition: str
    language: str
    domain: tuple[str, ...]
    range: tuple[str, ...]
    broader: tuple[str, ...]
    narrower: tuple[str, ...]
    properties: tuple[str, ...]
    pointers: tuple[str, ...]
    near: tuple[str, ...]


def ontology_terms(view: ReleaseView) -> tuple[OntologyTerm, ...]:
    """The terms of our ontology, classes first, each kind by name."""
    graph = SubjectGraph(shared_graph(view, "ontology"))
    ours = {iri: graph[iri] for iri in graph.subjects() if iri.startswith(IOMLD) and _kind(graph[iri])}
    terms = (_term(ours, iri, view.language) for iri in ours)
    return tuple(sorted(terms, key=lambda term: (KINDS.index(term.kind), term.name)))


def _term(ours: Mapping[str, Subject], iri: str, language: str) -> OntologyTerm:
    term = ours[iri]
    definition = f"{RDFS}comment" if term.literals(f"{RDFS}comment") else f"{SKOS}definition"
    languages = {one.language or "" for one in term.literals(definition)}
    return OntologyTerm(
        iri=iri,
        name=local_name(iri),
        kind=_kind(term),
        label=term.text(f"{RDFS}label", language) or local_name(iri),
        labels={one.language: one.value for one in term.literals(f"{RDFS}label") if one.language},
        definition=term.text(definition, language) or "",
        language=language if language in languages else "en",
        domain=_domain(term),
        range=_range(term),
        broader=_broader(term),
        narrower=_terms_where(ours, lambda one: iri in _broader(one)),
        properties=_terms_where(ours, lambda one: iri in _domain(one)),
        pointers=_terms_where(ours, lambda one: iri in _range(one)),
        near=term.iris(f"{RDFS}seeAlso"),
    )


def _domain(term: Subject) -> tuple[str, ...]:
    return (*term.iris(f"{RDFS}domain"), *term.iris(f"{SCHEMA}domainIncludes"))


def _range(term: Subject) -> tuple[str, ...]:
    return (*term.iris(f"{RDFS}range"), *term.iris(f"{SCHEMA}rangeIncludes"))


def _broader(term: Subject) -> tuple[str, ...]:
    return (*term.iris(f"{RDFS}subClassOf"), *term.iris(f"{RDFS}subPropertyOf"))


def _terms_where(ours: Mapping[str, Subject], has: Callable[[Subject], bool]) -> tuple[str, ...]:
    return tuple(iri for iri, term in ours.items() if has(term))


def _kind(term: Subject) -> str:
    kinds = {
        f"{OWL}Class": "Class",
        f"{OWL}ObjectProperty": "Link",
        f"{OWL}DatatypeProperty": "Value",
        f"{OWL}AnnotationProperty": "Value",
    }
    return next((kinds[iri] for iri in term.iris(f"{RDF}type") if iri in kinds), "")


@cached
def rules_by_term() -> Mapping[str, tuple[Rule, ...]]:
    """The rules that apply to each class and property, by IRI, in the order of the rules.

    A rule about the values of a property applies to the property. A rule of a shape that targets the instances of a
    class, or that requires an instance of it, applies to the class.
    """
    quads = [quad for name in asset_names("shapes") for quad in parse(asset_text(name), TURTLE)]
    targets = _pairs(quads, f"{SH}targetClass")
    parts = _pairs(quads, f"{SH}property")
    found = {
        *((class_, shape) for shape, class_ in targets),
        *((class_, part) for shape, class_ in targets for whole, part in parts if whole == shape),
        *((class_, shape) for shape, class_ in _pairs(quads, f"{SH}class")),
    }
    by_term: dict[str, list[Rule]] = {}
    for rule in all_rules():
        for term in dict.fromkeys(
            (*rule.subjects, *(class_ for class_, shape in found if local_name(shape) == rule.id))
        ):
            by_term.setdefault(term, []).append(rule)
    return {term: tuple(rules) for term, rules in by_term.items()}


def _pairs(quads: list[Quad], predicate: str) -> list[tuple[str, str]]:
    """The IRIs of subject and object of each quad with a predicate."""
    return [
        (quad.subject.value, quad.object.value)
        for quad in quads
        if quad.predicate.value == predicate
        and isinstance(quad.subject, NamedNode)
        and isinstance(quad.object, NamedNode)
    ]


@dataclass(frozen=True, slots=True)
class TermExample:
    """A statement of the release.

    Attributes:
        subject: IRI of its subject.
        value: Its object: an IRI, or a text, cut where it is long.
        is_iri: Whether the object is an IRI.
        language: Language of a text, if it has one.
        datatype: IRI of the datatype of a literal other than a plain or language-tagged string.
    """

    subject: str
    value: str
    is_iri: bool
    language: str = ""
    datatype: str = ""


@dataclass(frozen=True, slots=True)
class TermEntry:
    """A term with its use in a release and the rules of the shapes for it.

    Attributes:
        term: The term.
        count: Instances of the class, or statements with the property; None if counting them would hold up the page.
        query: The query that counts them.
        example: A statement with the property, or about an instance of the class; None if the release has none.
        rules: Rules that apply to it.
    """

    term: OntologyTerm
    count: int | None
    query: str
    example: TermExample | None
    rules: tuple[Rule, ...]


_entries: WeakKeyDictionary[ReleaseView, tuple[TermEntry, ...]] = WeakKeyDictionary()


def term_entries(view: ReleaseView) -> tuple[TermEntry, ...]:
    """All terms, classes first, each kind by name; cached for each view, since a release does not change."""
    if view not in _entries:
        use = term_use(view)
        counts = {**use.properties, **use.classes}
        shown = _shown_quads(view)
        _entries[view] = tuple(_entry(view, term, counts.get(term.iri), shown) for term in ontology_terms(view))
    return _entries[view]


def _entry(view: ReleaseView, term: OntologyTerm, count: int | None, shown: Iterable[Quad]) -> TermEntry:
    is_class = term.kind == "Class"
    query = _PREFIX + (_CLASS_COUNT if is_class else _PROPERTY_COUNT).format(name=term.name)
    predicate, target = (f"{RDF}type", term.iri) if is_class else (term.iri, None)
    find = partial(view.reader.fitting, predicate=predicate, target=target)
    in_history = any(True for _ in find(graph=view.iris.graph("prov")))
    if count is None or in_history:  # the figures of the dataset do not include the history
        is_large = view.release.manifest.quads > _MOST_SCANNED
        count = None if is_large else int(next(view.reader.select(query))["count"].value)
    near = (quad for quad in shown if quad.predicate.value == predicate and target in (None, _iri(quad.object)))
    return TermEntry(
        term=term,
        count=count,
        query=query,
        example=next(map(_example, chain(near, find())), None),
        rules=rules_by_term().get(term.iri, ()),
    )


def _shown_quads(view: ReleaseView) -> tuple[Quad, ...]:
    """The record from which examples are preferably taken, so that they fit together."""
    key = shown_key(view)
    return (project_document(view, key) or ()) if key else ()


def _example(quad: Quad) -> TermExample:
    """A statement as an example; published data has no blank nodes."""
    subject, value = _iri(quad.subject), quad.object
    if not isinstance(value, Literal):
        return TermExample(subject, _iri(value), is_iri=True)
    literal = literal_value(value)
    text = literal.text if len(literal.text) <= _LONGEST else f"{literal.text[:_LONGEST]} …"
    return TermExample(subject, text, is_iri=False, language=literal.language or "", datatype=literal.datatype or "")


def _iri(term: object) -> str:
    return term.value if isinstance(term, NamedNode) else ""
