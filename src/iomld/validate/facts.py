"""The data that rules are checked on: an index of a record's graph, and the reference data it points to.

Engines infer nothing, so they get our class hierarchy and the concepts and countries that a record points to. Of each
description they get only the properties that some rule reads; names in three languages would double a record's data.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pyoxigraph import BlankNode, Literal, NamedNode, Quad

from iomld.assets import asset_text, reference_graphs
from iomld.formats.rdf import NTRIPLES, TURTLE, Term, parse, serialize
from iomld.fund_folder import cached
from iomld.iris import DEFAULT_BASE, FOAF, IOMLD, OA, PROV, RDF, RDFS, SKOS, XSD
from iomld.validate.engine import plain
from iomld.validate.targets import Subclasses, all_subclasses

# Properties of records that rules in code read.
_RECORD_PROPERTIES = frozenset(
    {f"{RDF}type", f"{FOAF}isPrimaryTopicOf"}
    | {f"{PROV}wasDerivedFrom"}
    | {OA + term for term in ("hasBody", "hasTarget", "hasSelector", "exact", "start", "end")}
    | {
        IOMLD + term
        for term in (
            "aboutProject",
            "allocationYear",
            "benefitingCountry",
            "benefitingMemberState",
            "budgetUSD",
            "candidateIatiIdentifier",
            "coverage",
            "endYear",
            "mentionsFramework",
            "periodEnd",
            "periodStart",
            "projectCode",
            "projectType",
            "retrievedAt",
            "reviewStatus",
            "startYear",
            "status",
        )
    }
)
# Properties of concepts that rules in code read, in the reference data and in records that describe a concept.
_CONCEPT_PROPERTIES = frozenset({f"{SKOS}notation", f"{IOMLD}budgetFloor", f"{IOMLD}budgetCeiling", f"{IOMLD}iatiCode"})
_READ_PROPERTIES = _RECORD_PROPERTIES | _CONCEPT_PROPERTIES
# Properties of concepts, countries and schemes that rules read; engines need no others.
_DESCRIPTION_PROPERTIES = frozenset(
    {
        f"{RDF}type",
        f"{SKOS}broader",
        f"{SKOS}inScheme",
        f"{SKOS}notation",
        f"{IOMLD}budgetCeiling",
        f"{IOMLD}budgetFloor",
        f"{IOMLD}iatiCode",
        f"{IOMLD}inRegion",
        f"{IOMLD}iso2",
    }
)
_TYPE = f"{RDF}type"
_GYEAR = f"{XSD}gYear"
_YEAR = re.compile(r"[0-9]{4}")


@dataclass(slots=True)
class Facts:
    """An index of a record's graph.

    Attributes:
        quads: The graph.
        subjects: IRIs and blank node labels of its subjects.
        objects: IRIs of its objects.
        has_blank_nodes: Whether it has blank nodes.
        values: The objects by property and subject, for the properties that rules in code read.
    """

    quads: Sequence[Quad]
    subjects: set[str] = field(default_factory=set)
    objects: set[str] = field(default_factory=set)
    has_blank_nodes: bool = False
    values: Mapping[str, Mapping[str, list[Term]]] = field(default_factory=dict)

    def of(self, subject: str, predicate: str) -> Sequence[Term]:
        """The objects of a subject and one of the properties that rules in code read."""
        by_subject = self.values.get(predicate)
        return by_subject.get(subject, ()) if by_subject else ()

    def plain(self, subject: str, predicate: str) -> list[str]:
        """The objects, without their RDF syntax."""
        return [plain(term) for term in self.of(subject, predicate)]

    def nodes(self, subject: str, predicate: str) -> list[str]:
        """The objects that are nodes, without their RDF syntax."""
        return [plain(term) for term in self.of(subject, predicate) if not isinstance(term, Literal)]

    def literals(self, subject: str, predicate: str) -> list[str]:
        """The lexical forms of the objects that are literals."""
        return [plain(term) for term in self.of(subject, predicate) if isinstance(term, Literal)]

    def instances(self, class_: str) -> list[str]:
        """The nodes with this `rdf:type`, not counting subclasses."""
        types = self.values.get(_TYPE, {})
        term = NamedNode(class_)
        return [node for node, classes in types.items() if term in classes]


def facts_of(quads: Sequence[Quad]) -> Facts:
    """Index a record's graph."""
    values: dict[str, defaultdict[str, list[Term]]] = {}
    subjects, objects = set[str](), set[str]()
    has_blank_nodes = False
    for quad in quads:  # a hundred in a record; this loop takes a tenth of the time of a check
        subject, object_, predicate = quad.subject, quad.object, quad.predicate.value
        if isinstance(subject, NamedNode):
            name = subject.value
        else:
            name = plain(subject)
            has_blank_nodes = has_blank_nodes or isinstance(subject, BlankNode)
        subjects.add(name)
        if isinstance(object_, NamedNode):
            objects.add(object_.value)
        elif isinstance(object_, BlankNode):
            has_blank_nodes = True
        if predicate in _READ_PROPERTIES:
            by_subject = values.get(predicate)
            if by_subject is None:
                by_subject = values[predicate] = defaultdict(list)
            by_subject[name].append(object_)
    return Facts(quads, subjects, objects, has_blank_nodes, values)


def year(term: Term) -> int | None:
    """The number of a literal such as `"2017"^^xsd:gYear`, with four digits; None for other terms.

    >>> year(Literal("2017", datatype=NamedNode(f"{XSD}gYear")))
    2017
    """
    is_year = isinstance(term, Literal) and term.datatype.value == _GYEAR and _YEAR.fullmatch(plain(term))
    return int(plain(term)) if is_year else None


@dataclass(frozen=True, slots=True)
class ReferenceData:
    """Concepts, countries and classes under one base.

    Attributes:
        descriptions: The description of each concept and country as N-Triples, by IRI.
        axioms: The subclass axioms as N-Triples.
        subclasses: The subclasses that the axioms give each class.
        wholes: The frameworks that each part of a framework belongs to, directly or not, by IRI of the part.
        values: The values by property and concept, for each property of concepts that rules in code read.
        frameworks: IRIs of the policy frameworks and their parts.
    """

    descriptions: Mapping[str, bytes]
    axioms: bytes
    subclasses: Subclasses
    wholes: Mapping[str, frozenset[str]]
    values: Mapping[str, Mapping[str, tuple[Term, ...]]]
    frameworks: frozenset[str]

    def whole(self) -> bytes:
        """All axioms and descriptions as N-Triples."""
        return b"".join((self.axioms, *self.descriptions.values()))


@cached
def load_reference_data(base: str = DEFAULT_BASE) -> ReferenceData:
    """Read the ontology, the schemes and the country list; cached, as all profiles have the same.

    Args:
        base: The data base, ending in a slash.
    """
    names = [name for files in reference_graphs().values() for name in files]
    quads = [quad for name in names for quad in parse(asset_text(name, base=base), TURTLE)]
    descriptions: defaultdict[str, list[Quad]] = defaultdict(list)
    for quad in quads:
        if isinstance(quad.subject, NamedNode) and quad.predicate.value in _DESCRIPTION_PROPERTIES:
            descriptions[quad.subject.value].append(quad)
    axioms = [
        quad for quad in quads if quad.predicate.value == f"{RDFS}subClassOf" and isinstance(quad.object, NamedNode)
    ]
    return ReferenceData(
        descriptions={iri: serialize(lines, NTRIPLES) for iri, lines in descriptions.items() if iri.startswith(base)},
        axioms=serialize(axioms, NTRIPLES),
        subclasses=all_subclasses(axioms),
        wholes=_wholes(quads),
        values={predicate: _values_by_subject(predicate, quads) for predicate in _CONCEPT_PROPERTIES},
        frameworks=frozenset(
            plain(quad.subject) for quad in quads if quad.object == NamedNode(f"{IOMLD}PolicyFramework")
        ),
    )


def _values_by_subject(predicate: str, quads: Iterable[Quad]) -> dict[str, tuple[Term, ...]]:
    values: defaultdict[str, list[Term]] = defaultdict(list)
    for quad in quads:
        if quad.predicate.value == predicate:
            values[plain(quad.subject)].append(quad.object)
    return {iri: tuple(terms) for iri, terms in values.items()}


def _wholes(quads: list[Quad]) -> dict[str, frozenset[str]]:
    broader: defaultdict[str, set[str]] = defaultdict(set)
    for quad in quads:
        if (
            quad.predicate.value == f"{SKOS}broader"
            and isinstance(quad.subject, NamedNode)
            and isinstance(quad.object, NamedNode)
        ):
            broader[quad.subject.value].add(quad.object.value)
    return {part: _ancestors(part, broader) for part in tuple(broader)}


def _ancestors(part: str, broader: Mapping[str, set[str]]) -> frozenset[str]:
    ancestors: set[str] = set()
    pending = [part]
    while pending:
        for whole in broader.get(pending.pop(), set()) - ancestors:
            ancestors.add(whole)
            pending.append(whole)
    return frozenset(ancestors)
