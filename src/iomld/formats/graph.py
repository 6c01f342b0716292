"""An RDF graph in memory, accessed by subject and property."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pyoxigraph import BlankNode, Literal, NamedNode, Quad

from iomld.formats.jsonld_nodes import descriptions

Term = NamedNode | Literal | BlankNode


class Subject:
    """The triples of one subject: their objects by property, as terms, IRIs, texts or numbers."""

    def __init__(self, properties: Mapping[str, Sequence[object]]) -> None:
        """Wrap the objects by property IRI."""
        self._properties = properties

    def terms(self, predicate: str) -> Sequence[object]:
        """The values of a property, in the order of the quads."""
        return self._properties.get(predicate, ())

    def texts(self, predicate: str) -> tuple[tuple[str, str], ...]:
        """The literals of a property with their languages, or an empty text, in the order of the quads."""
        literals = (term for term in self.terms(predicate) if isinstance(term, Literal))
        return tuple((literal.value, literal.language or "") for literal in literals)

    def iris(self, predicate: str) -> tuple[str, ...]:
        """The IRIs among the values of a property, sorted."""
        return tuple(sorted(term.value for term in self.terms(predicate) if isinstance(term, NamedNode)))

    def iri(self, predicate: str) -> str | None:
        """The first IRI of a property, or None."""
        return next(iter(self.iris(predicate)), None)

    def literals(self, predicate: str) -> tuple[Literal, ...]:
        """The literals of a property, sorted by language, then text."""
        found = [term for term in self.terms(predicate) if isinstance(term, Literal)]
        return tuple(sorted(found, key=lambda literal: (literal.language or "", literal.value)))

    def text(self, predicate: str, language: str = "en") -> str | None:
        """The first literal of a property: in a language, else in English, else in any language."""
        found = sorted(self.literals(predicate), key=lambda one: (one.language != language, one.language != "en"))
        return next((literal.value for literal in found), None)

    def integer(self, predicate: str) -> int | None:
        """The first literal of a property as a non-negative integer, or None if it is none."""
        text = self.text(predicate)
        return int(text) if text and text.isascii() and text.isdigit() else None

    def values(self, predicate: str) -> tuple[str, ...]:
        """The IRIs and the lexical forms of a property, sorted."""
        return tuple(sorted(term.value for term in self.terms(predicate) if isinstance(term, NamedNode | Literal)))

    def value(self, predicate: str) -> str | None:
        """The first IRI or lexical form of a property, or None."""
        return next(iter(self.values(predicate)), None)

    def predicates(self) -> tuple[str, ...]:
        """All properties, sorted."""
        return tuple(sorted(self._properties))


class SubjectGraph:
    """Quads by subject; subjects are IRIs, and graph names are ignored."""

    def __init__(self, quads: Iterable[Quad]) -> None:
        """Group the quads.

        Raises:
            ValueError: A subject is not an IRI.
        """
        self._subjects = descriptions(quads)

    def __getitem__(self, iri: str) -> Subject:
        """The triples of a subject; empty if there are none."""
        return Subject(self._subjects.get(iri, {}))

    def __contains__(self, iri: object) -> bool:
        return iri in self._subjects

    def __iter__(self) -> Iterator[str]:
        """All subjects, in the order of the quads."""
        return iter(self._subjects)

    def subjects(self) -> tuple[str, ...]:
        """All subjects, sorted."""
        return tuple(sorted(self._subjects))
