"""A record's graph read once, and the concepts and countries beside it.

What a record's graph says, read once: which nodes it has, and the values that rules in code look at.

What an engine must know beside a record: the concepts and countries that it points to, and our class hierarchy.

An engine that infers nothing sees a member state as a country only if it is told that the one class is in the other.
Of each description only what some rule reads is given: names in three languages would double the data of a record.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple

from iomld.assets import REFERENCE_GRAPHS, asset_text
from iomld.formats.rdf import NTRIPLES, TURTLE, parse, serialize
from iomld.iris import DEFAULT_BASE, FOAF, IOMLD, OA, PROV, RDF, RDFS, SKOS, XSD
from iomld.validate.engine import plain

Term = NamedNode | BlankNode | Literal | Triple

_READ = frozenset(
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
# What rules in code read of concepts; of the reference data as well as of a record that describes a concept itself.
OF_CONCEPTS = frozenset({f"{SKOS}notation", f"{IOMLD}budgetFloor", f"{IOMLD}budgetCeiling"})
_YEAR = re.compile(r"[0-9]{4}")


@dataclass(slots=True)
class Facts:
    """A record's graph.

    Attributes:
        quads: All of it.
        subjects: Its subjects, without their syntax.
        objects: IRIs that it points to.
        has_blank_nodes: Whether it has nodes without a name of their own.
        values: For each property that rules in code read, for each subject, the objects.
    """

    quads: Sequence[Quad]
    subjects: set[str] = field(default_factory=set)
    objects: set[str] = field(default_factory=set)
    has_blank_nodes: bool = False
    values: Mapping[str, defaultdict[str, list[Term]]] = field(default_factory=dict)

    def of(self, subject: str, predicate: str) -> Sequence[Term]:
        """The objects of a subject and a property that rules read."""
        return self.values[predicate].get(subject, ())

    def plain(self, subject: str, predicate: str) -> list[str]:
        """The same, without their syntax."""
        return [plain(term) for term in self.of(subject, predicate)]

    def nodes(self, subject: str, predicate: str) -> list[str]:
        """The nodes among them; a text that reads like an IRI is none."""
        return [plain(term) for term in self.of(subject, predicate) if not isinstance(term, Literal)]

    def literals(self, subject: str, predicate: str) -> list[str]:
        """The lexical forms of the literals among them."""
        return [plain(term) for term in self.of(subject, predicate) if isinstance(term, Literal)]

    def instances(self, class_: str) -> list[str]:
        """Nodes that are said to be of a class, by name of the class itself."""
        types = self.values[f"{RDF}type"]
        term = NamedNode(class_)
        return [node for node, classes in types.items() if term in classes]


def facts_of(quads: Sequence[Quad]) -> Facts:
    """Read a record's graph."""
    values: dict[str, defaultdict[str, list[Term]]] = {
        predicate: defaultdict(list) for predicate in _READ | OF_CONCEPTS
    }
    facts = Facts(quads, values=values)
    for quad in quads:
        subject, object_ = quad.subject, quad.object
        name = plain(subject)
        facts.subjects.add(name)
        if isinstance(object_, NamedNode):
            facts.objects.add(object_.value)
        if isinstance(subject, BlankNode) or isinstance(object_, BlankNode):
            facts.has_blank_nodes = True
        read = values.get(quad.predicate.value)
        if read is not None:
            read[name].append(object_)
    return facts


def year(term: Term) -> int | None:
    """A literal such as `"2017"^^xsd:gYear`, of four digits, as a number; None for all else.

    >>> year(Literal("2017", datatype=NamedNode(f"{XSD}gYear")))
    2017
    """
    is_year = isinstance(term, Literal) and term.datatype.value == f"{XSD}gYear"
    return int(plain(term)) if is_year and _YEAR.fullmatch(plain(term)) else None


_READ_BY_RULES = frozenset(
    {
        f"{RDF}type",
        f"{SKOS}broader",
        f"{SKOS}inScheme",
        f"{SKOS}notation",
        f"{IOMLD}budgetCeiling",
        f"{IOMLD}budgetFloor",
        f"{IOMLD}inRegion",
        f"{IOMLD}iso2",
    }
)


@dataclass(frozen=True, slots=True)
class ReferenceData:
    """Concepts, countries and classes under one base.

    Attributes:
        descriptions: For each concept and country, by IRI, its description as N-Triples.
        axioms: The subclass axioms as N-Triples.
        wholes: For each framework that is a part, by IRI, the frameworks it is a part of, however deep.
        values: For each property of concepts that rules in code read, by IRI, the values.
        frameworks: IRIs of the policy frameworks and their parts.
    """

    descriptions: Mapping[str, bytes]
    axioms: bytes
    wholes: Mapping[str, frozenset[str]]
    values: Mapping[str, Mapping[str, tuple[Term, ...]]]
    frameworks: frozenset[str]

    def whole(self) -> bytes:
        """All of it as N-Triples."""
        return b"".join((self.axioms, *self.descriptions.values()))


def load_reference_data(base: str = DEFAULT_BASE) -> ReferenceData:
    """Read the ontology, the schemes and the country list.

    Args:
        base: The data base, ending in a slash.
    """
    names = [name for files in REFERENCE_GRAPHS.values() for name in files]
    quads = [quad for name in names for quad in parse(asset_text(name, base=base), TURTLE)]
    described: defaultdict[str, list[Quad]] = defaultdict(list)
    for quad in quads:
        if isinstance(quad.subject, NamedNode) and quad.predicate.value in _READ_BY_RULES:
            described[quad.subject.value].append(quad)
    axioms = [
        quad for quad in quads if quad.predicate.value == f"{RDFS}subClassOf" and isinstance(quad.object, NamedNode)
    ]
    return ReferenceData(
        descriptions={iri: serialize(lines, NTRIPLES) for iri, lines in described.items() if iri.startswith(base)},
        axioms=serialize(axioms, NTRIPLES),
        wholes=_wholes(quads),
        values={predicate: _values(predicate, quads) for predicate in OF_CONCEPTS},
        frameworks=frozenset(
            plain(quad.subject) for quad in quads if quad.object == NamedNode(f"{IOMLD}PolicyFramework")
        ),
    )


def _values(predicate: str, quads: Iterable[Quad]) -> dict[str, tuple[Term, ...]]:
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
    return {part: _above(part, broader) for part in tuple(broader)}


def _above(part: str, broader: Mapping[str, set[str]]) -> frozenset[str]:
    found: set[str] = set()
    pending = [part]
    while pending:
        for whole in broader.get(pending.pop(), set()) - found:
            found.add(whole)
            pending.append(whole)
    return frozenset(found)
