"""Make the quads of the dataset graph."""

import hashlib

from pyoxigraph import Literal, NamedNode, Quad

from iomld.iris import XSD, Iris, local_name


class Sayer:
    """Says things in the dataset graph."""

    def __init__(self, iris: Iris) -> None:
        """Speak of the dataset under a base."""
        self.iris = iris
        self.dataset = iris.dataset()
        self._graph = NamedNode(iris.graph("dataset"))

    def part(self, name: str) -> str:
        """The IRI of a part of the description."""
        return f"{self.dataset}#{name}"

    def partition(self, kind: str, iri: str) -> str:
        """The IRI of what the dataset says of a class or property: `#class-skos-Concept`, which no other term has."""
        names = {namespace: prefix for prefix, namespace in self.iris.prefixes().items()}
        space = namespace_of(iri)
        prefix = names.get(space) or hashlib.sha256(space.encode()).hexdigest()[:8]
        return self.part(f"{kind}-{prefix}-{local_name(iri)}")

    def link(self, subject: str, predicate: str, target: str) -> Quad:
        """One thing points to another."""
        return Quad(NamedNode(subject), NamedNode(predicate), NamedNode(target), self._graph)

    def text(self, subject: str, predicate: str, value: object, datatype: str = "string") -> Quad:
        """A thing has a value."""
        literal = Literal(str(value), datatype=NamedNode(XSD + datatype))
        return Quad(NamedNode(subject), NamedNode(predicate), literal, self._graph)

    def words(self, subject: str, predicate: str, value: str) -> Quad:
        """A thing has a text in English."""
        return Quad(NamedNode(subject), NamedNode(predicate), Literal(value, language="en"), self._graph)


def namespace_of(iri: str) -> str:
    """The part of an IRI before its local name."""
    return iri.removesuffix(local_name(iri))
