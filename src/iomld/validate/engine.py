"""What a SHACL engine is to us: N-Triples in, results out.

What a SHACL engine is to us: N-Triples in, results out.

Terms without their RDF syntax, as rules compare them and people read them.
"""

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
    """One validation result (SHACL section 3.6.2) of our own shapes, whose shapes all have names.

    Attributes:
        focus_node: IRI of the focus node, or the label of a blank node.
        path: IRI of the result path, or None where there is none or it is more than one property.
        value: The value node without its RDF syntax (lexical form or IRI), where the constraint names one.
        rule: Local name of the shape that raised it.
        severity: Severity of that shape.
        message: The shape's message; engines give it with its variables filled in, as a sentence without values.
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
    """One validation result (SHACL section 3.6.2) of anyone's shapes; terms are in N-Triples syntax.

    Attributes:
        focus_node: The focus node.
        path: The result path in SPARQL syntax, `<iri>` or `(<iri>/(<iri>)*)`, where there is one.
        value: The value node, where the constraint names one.
        source_shape: The shape that raised it; labels of blank nodes are the engine's own.
        severity: IRI of the severity, which may be the shapes' own.
        component: IRI of the constraint component.
        messages: What the shapes say in `sh:message`, variables filled in; engines' own sentences are left out.
    """

    focus_node: str
    path: str | None
    value: str | None
    source_shape: str | None
    severity: str
    component: str
    messages: tuple[str, ...] = ()


class Engine(Protocol):
    """A SHACL engine with its shapes compiled."""

    @property
    def name(self) -> str:
        """Our word for it, as in `--engine shacl`."""

    def results(self, data: bytes) -> tuple[Result, ...]:
        """Validate a data graph against our own shapes.

        Args:
            data: The data graph as N-Triples, lexical forms as they are in the source.

        Returns:
            The top-level results, in no particular order.

        Raises:
            EngineError: The engine could not read the data or could not run a rule.
        """

    def graph_results(self, data: bytes) -> tuple[GraphResult, ...]:
        """Validate a data graph against any shapes.

        Args:
            data: As for `results`.

        Returns:
            The top-level results, in no particular order.

        Raises:
            EngineError: The engine could not read the data or could not run a rule.
        """


def plain(term: NamedNode | BlankNode | Literal | Triple) -> str:
    """The IRI, the label of the blank node, or the lexical form; a quoted triple as it is written.

    >>> plain(Literal("PO.0105"))
    'PO.0105'
    """
    return str(term) if isinstance(term, Triple) else term.value
