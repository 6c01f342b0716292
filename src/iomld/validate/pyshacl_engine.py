"""The reference engine: pyshacl on rdflib. This module alone imports them.

The reference engine: pyshacl on rdflib. This module alone imports them, and only who asks for the engine imports it.

Literals keep the lexical forms they came with: rdflib would rewrite them, and then a wrong datatype would not be seen.
pyshacl gets parsed graphs only, since it takes a string for a file or an address and fetches it.

Property paths of a shapes graph (SHACL section 2.3.1) in the syntax of SPARQL 1.1 section 9.1.

A step of the reference engine: rdflib graphs come in.
"""

import logging
import re
import warnings
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

import pyoxigraph
import pyshacl
from pyshacl.errors import ReportableRuntimeError
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.namespace import RDF
from rdflib.namespace import SH as SHACL
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.sparql import SPARQLError
from rdflib.term import Node

from iomld.formats.rdf import NTRIPLES, parse
from iomld.iris import SH, XSD, local_name
from iomld.messages import Message
from iomld.model import Severity
from iomld.validate.engine import Engine, EngineError, GraphResult, Result

_SUFFIXES = {str(SHACL.zeroOrMorePath): "*", str(SHACL.oneOrMorePath): "+", str(SHACL.zeroOrOnePath): "?"}
_MAX_DEPTH = 50  # a path that holds itself would never end


def written_path(node: "Node", graph: Graph, depth: int = 0) -> str:
    """A path as text, written as the first engine writes it: `(<a>/(<b>)*)`.

    Args:
        node: The path.
        graph: The graph that describes it.
        depth: How many paths hold this one.
    """
    if isinstance(node, URIRef):
        return f"<{node}>"
    if (node, RDF.first, None) in graph:
        return _joined(node, graph, "/", depth)
    for predicate, value in graph.predicate_objects(node) if depth < _MAX_DEPTH else ():
        if predicate == SHACL.alternativePath:
            return _joined(value, graph, "|", depth)
        if predicate == SHACL.inversePath:
            return f"^{written_path(value, graph, depth + 1)}"
        suffix = _SUFFIXES.get(str(predicate))
        if suffix:
            return f"({written_path(value, graph, depth + 1)}){suffix}"
    return "…"


def _joined(head: "Node", graph: Graph, mark: str, depth: int) -> str:
    return f"({mark.join(written_path(step, graph, depth + 1) for step in Collection(graph, head))})"


if TYPE_CHECKING:
    from rdflib.plugins.sparql.sparql import Query
    from rdflib.query import Result as QueryResult
    from rdflib.term import Node


class _UnboundGraph(Graph):
    """A graph that parses a query once: pyshacl asks it anew for each focus node, and parsing is most of the cost."""

    def query(self, query_object: "str | Query", *args: object, **kwargs: object) -> "QueryResult":
        """See `rdflib.Graph.query`."""
        try:
            prepared = _prepared(query_object) if isinstance(query_object, str) else query_object
        except Exception as error:  # rdflib raises Exception itself where a query names an unknown prefix
            raise EngineError(f"a query of the shapes cannot be read: {error}") from error
        return super().query(prepared, *args, **kwargs)  # type: ignore[arg-type]  # passed on as they came


_prepared = lru_cache(maxsize=256)(prepareQuery)


# The lexical forms of numbers and days (XSD 1.1 part 2, sections 3.3 and 3.4).
_MIDNIGHT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T24:00:00(Z|[+-][0-9]{2}:[0-9]{2})?")
_WHOLE = re.compile(r"[+-]?[0-9]+")
_FORMS = {
    f"{XSD}decimal": re.compile(r"[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)"),
    f"{XSD}double": re.compile(r"[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?|[+-]?INF|NaN"),
    f"{XSD}date": re.compile(r"-?[0-9]{4,}-[0-9]{2}-[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})?"),
    f"{XSD}integer": _WHOLE,
    f"{XSD}int": _WHOLE,
}

# What pyshacl, rdflib and the regular expressions raise for shapes that they cannot run.
_FAILURES = (ReportableRuntimeError, NotImplementedError, SPARQLError, re.error, TypeError, ArithmeticError)


@dataclass(frozen=True, slots=True)
class ReferenceEngine:
    """Shapes as an rdflib graph, read anew by pyshacl at each call."""

    shapes: Graph
    name: str = "pyshacl"

    def results(self, data: bytes) -> tuple[Result, ...]:
        """See `Engine.results`."""
        return tuple(_result(report, node) for report, node in self._report(data))

    def graph_results(self, data: bytes) -> tuple[GraphResult, ...]:
        """See `Engine.graph_results`."""
        return tuple(_graph_result(report, node, self.shapes) for report, node in self._report(data))

    def _report(self, data: bytes) -> "list[tuple[Graph, Node]]":
        """The report and each result of its own; results inside sh:detail explain others and are left out."""
        try:
            _, report, text = pyshacl.validate(_graph(data), shacl_graph=self.shapes, inplace=True)
        except _FAILURES as error:
            raise EngineError(f"pyshacl cannot run the shapes: {error!s:.500}") from error
        if not isinstance(report, Graph):  # pyshacl returns a failure as a value where the report should be
            raise EngineError(f"pyshacl cannot run the shapes: {text}")
        return [(report, node) for node in report.objects(None, URIRef(f"{SH}result"))]


def load_reference(shapes: bytes) -> Engine:
    """Read shapes.

    Args:
        shapes: The shapes graph as N-Triples.
    """
    # An ill-typed literal is a matter for the report; rdflib would log a traceback of each.
    logging.getLogger("rdflib.term").setLevel(logging.CRITICAL)
    return ReferenceEngine(_graph(shapes))


def _graph(data: bytes) -> Graph:
    graph = _UnboundGraph()
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # of booleans that are none
        for quad in parse(data, NTRIPLES):
            graph.add((_node(quad.subject), _node(quad.predicate), _node(quad.object)))
    return graph


def _node(term: pyoxigraph.NamedNode | pyoxigraph.BlankNode | pyoxigraph.Literal | pyoxigraph.Triple) -> "Node":
    match term:
        case pyoxigraph.NamedNode():
            return URIRef(term.value)
        case pyoxigraph.BlankNode():
            return BNode(term.value)
        case pyoxigraph.Literal():
            # A plain literal has the datatype xsd:string (RDF 1.1 section 3.3); rdflib would tell the two apart.
            typed = not term.language and term.datatype.value != f"{XSD}string"
            datatype = URIRef(term.datatype.value) if typed else None
            literal = Literal(term.value, lang=term.language, datatype=datatype, normalize=False)
            _mend(literal, term)
            return literal
    raise EngineError("the data hold a quoted triple, which SHACL 1.0 does not know; remove it")


def _mend(literal: Literal, term: pyoxigraph.Literal) -> None:
    """Correct what rdflib takes a form for; it offers no other way than its own fields.

    Python reads more as a number than XSD does (NaN, 1e5, 1_000, spaces), and does not know the end of a day (24:00).
    """
    form = _FORMS.get(term.datatype.value)
    if form is not None and not form.fullmatch(term.value):
        literal._value, literal._ill_typed = None, True  # noqa: SLF001  # see above
    elif literal.ill_typed and term.datatype.value == f"{XSD}dateTime" and _MIDNIGHT.fullmatch(term.value):
        with suppress(ValueError):  # the day does not exist
            start = datetime.fromisoformat(term.value.replace("T24:", "T00:"))
            literal._value, literal._ill_typed = start + timedelta(days=1), False  # noqa: SLF001  # see above


def _result(report: Graph, node: "Node") -> Result:
    path, value = _one(report, node, "resultPath"), _one(report, node, "value")
    return Result(
        focus_node=str(_one(report, node, "focusNode")),
        path=str(path) if isinstance(path, URIRef) else None,
        value=None if value is None else str(value),
        rule=local_name(str(_one(report, node, "sourceShape"))),
        severity=Severity(local_name(str(_one(report, node, "resultSeverity")))),
        message=Message(str(_one(report, node, "resultMessage") or "")),
        component=local_name(str(_one(report, node, "sourceConstraintComponent"))),
    )


def _graph_result(report: Graph, node: "Node", shapes: Graph) -> GraphResult:
    path, value, shape = (_one(report, node, term) for term in ("resultPath", "value", "sourceShape"))
    component = str(_one(report, node, "sourceConstraintComponent"))
    return GraphResult(
        focus_node=_written(_one(report, node, "focusNode")) or "",
        path=None if path is None else written_path(path, report if (path, None, None) in report else shapes),
        value=_written(value),
        source_shape=_written(shape),
        severity=str(_one(report, node, "resultSeverity")),
        component=component,
        messages=_messages(report, node) if _speaks(shape, component, shapes) else (),
    )


def _one(graph: Graph, node: "Node", term: str) -> "Node | None":
    return min(graph.objects(node, URIRef(SH + term)), key=str, default=None)


def _messages(report: Graph, node: "Node") -> tuple[str, ...]:
    return tuple(sorted(str(message) for message in report.objects(node, URIRef(f"{SH}resultMessage"))))


def _speaks(shape: "Node | None", component: str, shapes: Graph) -> bool:
    """Whether the message is the shapes': where they have none, pyshacl writes a sentence for each core component."""
    is_own = shape is not None and (shape, URIRef(f"{SH}message"), None) in shapes
    return is_own or not component.startswith(SH) or component == f"{SH}SPARQLConstraintComponent"


def _written(term: "Node | None") -> str | None:
    """A term in N-Triples syntax, its lexical form untouched."""
    match term:
        case Literal():
            datatype = None if term.datatype is None else pyoxigraph.NamedNode(str(term.datatype))
            return str(pyoxigraph.Literal(str(term), datatype=datatype, language=term.language))
        case URIRef():
            return f"<{term}>"
        case BNode():
            return f"_:{term}"
    return None
