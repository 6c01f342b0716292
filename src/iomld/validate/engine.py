"""The interface of SHACL engines: a data graph as N-Triples in, validation results out."""

from typing import Protocol

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from iomld.errors import IomldError
from iomld.model import ValidationResult


class EngineError(IomldError):
    """An engine could not compile the shapes or could not read the data."""


class Engine(Protocol):
    """A SHACL engine with compiled shapes."""

    @property
    def name(self) -> str:
        """Its name, as in `--engine shacl`."""

    @property
    def version(self) -> str:
        """Version of its package."""

    def results(self, data: bytes) -> tuple[ValidationResult, ...]:
        """Validate a data graph.

        Args:
            data: The data graph as N-Triples, with the lexical forms of the source.

        Returns:
            The top-level results in no particular order; blank nodes have the labels of the data and the shapes.

        Raises:
            EngineError: The engine could not read the data or could not run a rule.
        """


def plain(term: NamedNode | BlankNode | Literal | Triple) -> str:
    """A term without its RDF syntax: IRI, blank node label or lexical form; a quoted triple keeps its syntax.

    >>> plain(Literal("PO.0105"))
    'PO.0105'
    """
    return str(term) if isinstance(term, Triple) else term.value


def simple_path(path: str | None) -> str | None:
    """The IRI of a path in SPARQL syntax that is a single property; None for other paths.

    >>> simple_path("<x:a>"), simple_path("(<x:a>/<x:b>)"), simple_path(None)
    ('x:a', None, None)
    """
    return path[1:-1] if path and path.startswith("<") else None
