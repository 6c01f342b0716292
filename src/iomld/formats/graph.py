"""What is said of one subject, by property."""

from collections.abc import Iterable, Mapping, Sequence

from pyoxigraph import BlankNode, Literal, NamedNode, Quad

from iomld.formats.nodes import descriptions

Term = NamedNode | Literal | BlankNode


class Described:
    """The properties of one subject of a graph, with readers for what pages need."""

    def __init__(self, properties: Mapping[str, Sequence[object]]) -> None:
        """Take the terms by property IRI."""
        self._properties = properties

    def iris(self, predicate: str) -> tuple[str, ...]:
        """IRIs that a property points to, sorted."""
        return tuple(sorted(term.value for term in self._terms(predicate) if isinstance(term, NamedNode)))

    def iri(self, predicate: str) -> str | None:
        """The first IRI that a property points to."""
        return next(iter(self.iris(predicate)), None)

    def literals(self, predicate: str) -> tuple[Literal, ...]:
        """The literals of a property, sorted by language, then text."""
        found = [term for term in self._terms(predicate) if isinstance(term, Literal)]
        return tuple(sorted(found, key=lambda literal: (literal.language or "", literal.value)))

    def text(self, predicate: str, language: str = "en") -> str | None:
        """The first literal of a property, those of a language first, then English before others."""
        found = sorted(self.literals(predicate), key=lambda one: (one.language != language, one.language != "en"))
        return next((literal.value for literal in found), None)

    def integer(self, predicate: str) -> int | None:
        """The first literal of a property as a whole number, if it is one."""
        text = self.text(predicate)
        return int(text) if text and text.isascii() and text.isdigit() else None

    def predicates(self) -> tuple[str, ...]:
        """All properties, sorted."""
        return tuple(sorted(self._properties))

    def _terms(self, predicate: str) -> Sequence[object]:
        return self._properties.get(predicate, ())


class Graph:
    """Quads by subject."""

    def __init__(self, quads: Iterable[Quad]) -> None:
        """Take quads whose subjects are IRIs; graph names are not looked at."""
        self._subjects = descriptions(quads)

    def __getitem__(self, iri: str) -> Described:
        """What is said of an IRI; nothing, where it is no subject."""
        return Described(self._subjects.get(iri, {}))

    def __contains__(self, iri: object) -> bool:
        return iri in self._subjects

    def subjects(self) -> tuple[str, ...]:
        """All subjects, sorted."""
        return tuple(sorted(self._subjects))
