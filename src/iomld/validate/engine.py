"""The interface of SHACL engines: a data graph as N-Triples in, validation results out."""

from dataclasses import dataclass
from typing import Protocol

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from iomld.errors import IomldError
from iomld.messages import Message
from iomld.model import Severity


class EngineError(IomldError):
    """An engine could not compile the shapes or could not read the data."""


@dataclass(frozen=True, slots=True)
class Result:
    """A validation result (SHACL section 3.6.2) of our own shapes, all of which are named by IRIs.

    Attributes:
        focus_node: IRI of the focus node, or the label of a blank node.
        path: IRI of the result path; None where there is none or it is not a single property.
        value: Lexical form or IRI of the value node, where the result has one.
        rule: Local name of the source shape.
        severity: Severity of that shape.
        message: The shape's message. Engines fill in its variables, so theirs is a text without values.
        component: Local name of the constraint component.
    """

    focus_node: str
    path: str | None
    value: str | None
    rule: str
    severity: Severity
    message: Message
    component: str


@dataclass(frozen=True, slots=True)
class GraphResult:
    """A validation result (SHACL section 3.6.2) of any shapes; terms are in N-Triples syntax.

    Attributes:
        focus_node: The focus node.
        path: The result path in SPARQL syntax, `<iri>` or `(<iri>/(<iri>)*)`, where the result has one.
        value: The value node, where the result has one.
        source_shape: The source shape; labels of blank nodes are the engine's own.
        severity: IRI of the severity, which the shapes may define themselves.
        component: IRI of the constraint component.
        messages: Values of `sh:message` in the shapes, variables filled in; without the engines' own sentences.
    """

    focus_node: str
    path: str | None
    value: str | None
    source_shape: str | None
    severity: str
    component: str
    messages: tuple[str, ...] = ()


class Engine(Protocol):
    """A SHACL engine with compiled shapes."""

    @property
    def name(self) -> str:
        """Its name, as in `--engine shacl`."""

    def results(self, data: bytes) -> tuple[Result, ...]:
        """Validate a data graph against our own shapes.

        Args:
            data: The data graph as N-Triples, with the lexical forms of the source.

        Returns:
            The top-level results in no particular order.

        Raises:
            EngineError: The engine could not read the data or could not run a rule.
        """

    def graph_results(self, data: bytes) -> tuple[GraphResult, ...]:
        """Validate a data graph against shapes of any kind.

        Args:
            data: As for `results`.

        Returns:
            The top-level results in no particular order.

        Raises:
            EngineError: The engine could not read the data or could not run a rule.
        """


def plain(term: NamedNode | BlankNode | Literal | Triple) -> str:
    """A term without its RDF syntax: IRI, blank node label or lexical form; a quoted triple keeps its syntax.

    >>> plain(Literal("PO.0105"))
    'PO.0105'
    """
    return str(term) if isinstance(term, Triple) else term.value
