"""What an engine must know beside a record: the concepts and countries that it points to, and our class hierarchy.

An engine that infers nothing sees a member state as a country only if it is told that the one class is in the other.
Of each description only what some rule reads is given: names in three languages would double the data of a record.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pyoxigraph import NamedNode, Quad

from iomld.assets import REFERENCE_GRAPHS, asset_text
from iomld.formats.rdf import NTRIPLES, TURTLE, parse, serialize
from iomld.iris import DEFAULT_BASE, IOMLD, RDF, RDFS, SKOS
from iomld.validate.facts import OF_CONCEPTS, Term
from iomld.validate.terms import plain

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
