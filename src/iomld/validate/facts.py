"""What a record's graph says, read once: which nodes it has, and the values that rules in code look at."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple

from iomld.iris import FOAF, IOMLD, OA, PROV, RDF, SKOS, XSD
from iomld.validate.terms import plain

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
