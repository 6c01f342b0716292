"""The reference engine: pyshacl on rdflib. This module alone imports them, and only who asks for the engine imports it.

Literals keep the lexical forms they came with: rdflib would rewrite them, and then a wrong datatype would not be seen.
pyshacl gets parsed graphs only, since it takes a string for a file or an address and fetches it.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import pyoxigraph
import pyshacl
from pyshacl.errors import ReportableRuntimeError, ShapeLoadError
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.plugins.sparql import prepareQuery

from iomld.formats.rdf import NTRIPLES, parse
from iomld.iris import SH, XSD, local_name
from iomld.model import Severity
from iomld.validate.port import Engine, EngineError, Result

if TYPE_CHECKING:
    from rdflib.plugins.sparql.sparql import Query
    from rdflib.query import Result as QueryResult
    from rdflib.term import Node


class _Graph(Graph):
    """A graph that parses a query once: pyshacl asks it anew for each focus node, and parsing is most of the cost."""

    def query(self, query_object: "str | Query", *args: object, **kwargs: object) -> "QueryResult":
        """See `rdflib.Graph.query`."""
        prepared = _prepared(query_object) if isinstance(query_object, str) else query_object
        return super().query(prepared, *args, **kwargs)  # type: ignore[arg-type]  # passed on as they came


_prepared = lru_cache(maxsize=256)(prepareQuery)


@dataclass(frozen=True, slots=True)
class ReferenceEngine:
    """Shapes as an rdflib graph, read anew by pyshacl at each call."""

    shapes: Graph
    name: str = "pyshacl"

    def results(self, data: bytes) -> tuple[Result, ...]:
        """See `Engine.results`."""
        try:
            _, report, text = pyshacl.validate(_graph(data), shacl_graph=self.shapes, inplace=True)
        except (ReportableRuntimeError, ShapeLoadError) as error:
            raise EngineError(f"pyshacl cannot run the shapes: {error}") from error
        if not isinstance(report, Graph):  # pyshacl returns a failure as a value where the report should be
            raise EngineError(f"pyshacl cannot run the shapes: {text}")
        return _results(report)


def load_reference(shapes: bytes) -> Engine:
    """Read shapes.

    Args:
        shapes: The shapes graph as N-Triples.
    """
    return ReferenceEngine(_graph(shapes))


def _graph(data: bytes) -> Graph:
    graph = _Graph()
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
            return Literal(term.value, lang=term.language, datatype=datatype, normalize=False)
    raise EngineError("the data hold a quoted triple, which SHACL 1.0 does not know; remove it")


def _results(report: Graph) -> tuple[Result, ...]:
    """The results of the report itself; results inside sh:detail explain others and are left out."""
    return tuple(_result(report, node) for node in report.objects(None, URIRef(f"{SH}result")))


def _result(report: Graph, node: "Node") -> Result:
    def one(term: str) -> "Node | None":
        return min(report.objects(node, URIRef(SH + term)), key=str, default=None)

    path, value = one("resultPath"), one("value")
    return Result(
        focus_node=str(one("focusNode")),
        path=str(path) if isinstance(path, URIRef) else None,
        value=None if value is None else str(value),
        rule=local_name(str(one("sourceShape"))),
        severity=Severity(local_name(str(one("resultSeverity")))),
        message=str(one("resultMessage") or ""),
        component=local_name(str(one("sourceConstraintComponent"))),
    )
