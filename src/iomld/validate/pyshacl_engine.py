"""The reference engine, pyshacl on rdflib. Only this module imports them, and only users of the engine import it.

Literals keep their lexical forms: rdflib would normalize them, which would hide a wrong datatype. pyshacl gets parsed
graphs only, since it takes a string for a file or an address and fetches it.
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
from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.plugins.sparql.sparql import SPARQLError
from rdflib.term import Node

from iomld.formats.rdf import NTRIPLES, parse
from iomld.iris import SH, XSD
from iomld.model import ValidationResult
from iomld.validate.engine import Engine, EngineError

if TYPE_CHECKING:
    from rdflib.plugins.sparql.sparql import Query
    from rdflib.query import Result as QueryResult

# The lexical forms of numbers and days (XSD 1.1 part 2, sections 3.3 and 3.4).
_MIDNIGHT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T24:00:00(Z|[+-][0-9]{2}:[0-9]{2})?")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_LEXICAL_FORMS = {
    f"{XSD}decimal": re.compile(r"[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)"),
    f"{XSD}double": re.compile(r"[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?|[+-]?INF|NaN"),
    f"{XSD}date": re.compile(r"-?[0-9]{4,}-[0-9]{2}-[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})?"),
    f"{XSD}integer": _INTEGER,
    f"{XSD}int": _INTEGER,
}

# Exceptions of pyshacl, rdflib and `re` for shapes that they cannot run.
_FAILURES = (ReportableRuntimeError, NotImplementedError, SPARQLError, re.error, TypeError, ArithmeticError)

_PATH_SUFFIXES = {str(SHACL.zeroOrMorePath): "*", str(SHACL.oneOrMorePath): "+", str(SHACL.zeroOrOnePath): "?"}
_MAX_PATH_DEPTH = 50  # a path that contains itself would never end


class _QueryCachingGraph(Graph):
    """A graph that parses each query once; pyshacl runs it for each focus node, and parsing is most of the cost."""

    def query(self, query_object: "str | Query", *args: object, **kwargs: object) -> "QueryResult":
        """See `rdflib.Graph.query`."""
        prepared = _local_query(query_object) if isinstance(query_object, str) else query_object
        return super().query(prepared, *args, **kwargs)  # type: ignore[arg-type]  # passed on unchanged


@lru_cache(maxsize=256)
def _local_query(text: str) -> "Query":
    r"""Parse a query and refuse it if it would fetch anything.

    The check is on the parsed query, since rdflib expands escapes such as `SERV\u0049CE` and pyshacl puts the
    namespaces of the shapes into the text: neither shows in the queries of the shapes graph.

    Raises:
        EngineError: The query does not parse, or asks for data of other endpoints, graphs or files.
    """
    try:
        query = prepareQuery(text)
    except Exception as error:  # rdflib raises Exception itself for an unknown prefix
        raise EngineError(f"a query of the shapes cannot be read: {error}") from error
    if query.algebra.datasetClause or _has_service(query.algebra):
        raise EngineError("a query of the shapes asks for other data than the file's with SERVICE or FROM")
    return query


def _has_service(node: object) -> bool:
    """Whether a part of a query's algebra contains SERVICE."""
    if isinstance(node, CompValue):
        return node.name == "ServiceGraphPattern" or any(map(_has_service, node.values()))
    return isinstance(node, list | tuple | set) and any(map(_has_service, node))


@dataclass(frozen=True, slots=True)
class ReferenceEngine:
    """The engine `pyshacl` with its shapes as an rdflib graph, which it reads again for each call."""

    shapes: Graph
    name: str = "pyshacl"
    version: str = pyshacl.__version__

    def results(self, data: bytes) -> tuple[ValidationResult, ...]:
        """See `Engine.results`."""
        return tuple(_result(report, node, self.shapes) for report, node in self._report(data))

    def _report(self, data: bytes) -> list[tuple[Graph, Node]]:
        """The report with each top-level result; results inside `sh:detail` are omitted."""
        try:
            _, report, text = pyshacl.validate(_graph(data), shacl_graph=self.shapes, inplace=True)
        except _FAILURES as error:
            raise EngineError(f"pyshacl cannot run the shapes: {error!s:.500}") from error
        if not isinstance(report, Graph):  # pyshacl returns a failure in place of the report
            raise EngineError(f"pyshacl cannot run the shapes: {text}")
        return [(report, node) for node in report.objects(None, URIRef(f"{SH}result"))]


def load_reference(shapes: bytes) -> Engine:
    """Load shapes for the engine `pyshacl`.

    Args:
        shapes: The shapes graph as N-Triples.
    """
    # Ill-typed literals belong in the report; rdflib would log a traceback for each.
    logging.getLogger("rdflib.term").setLevel(logging.CRITICAL)
    graph = _graph(shapes)
    for shape, value in list(graph.subject_objects(SHACL.uniqueLang)):
        if str(value) != "true":  # SHACL section 4.4.5: only the literal true; pyshacl takes "1"^^xsd:boolean too
            graph.remove((shape, SHACL.uniqueLang, value))
    return ReferenceEngine(graph)


def _graph(data: bytes) -> Graph:
    graph = _QueryCachingGraph()
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # about invalid booleans
        for quad in parse(data, NTRIPLES):
            graph.add((_node(quad.subject), _node(quad.predicate), _node(quad.object)))
    return graph


def _node(term: pyoxigraph.NamedNode | pyoxigraph.BlankNode | pyoxigraph.Literal | pyoxigraph.Triple) -> Node:
    match term:
        case pyoxigraph.NamedNode():
            return URIRef(term.value)
        case pyoxigraph.BlankNode():
            return BNode(term.value)
        case pyoxigraph.Literal():
            # A plain literal has the datatype xsd:string (RDF 1.1 section 3.3); rdflib would distinguish the two.
            typed = not term.language and term.datatype.value != f"{XSD}string"
            datatype = URIRef(term.datatype.value) if typed else None
            literal = Literal(term.value, lang=term.language, datatype=datatype, normalize=False)
            _correct_value(literal, term)
            return literal
    raise EngineError("the data hold a quoted triple, which SHACL 1.0 does not know; remove it")


def _correct_value(literal: Literal, term: pyoxigraph.Literal) -> None:
    """Correct the Python value that rdflib assigns to a literal, for which there are only private fields.

    Python accepts more forms of numbers than XSD does (NaN, 1e5, 1_000, spaces), and not the end of a day (24:00).
    """
    form = _LEXICAL_FORMS.get(term.datatype.value)
    if form is not None and not form.fullmatch(term.value):
        literal._value, literal._ill_typed = None, True  # noqa: SLF001  # see above
    elif literal.ill_typed and term.datatype.value == f"{XSD}dateTime" and _MIDNIGHT.fullmatch(term.value):
        with suppress(ValueError):  # the day does not exist
            start = datetime.fromisoformat(term.value.replace("T24:", "T00:"))
            literal._value, literal._ill_typed = start + timedelta(days=1), False  # noqa: SLF001  # see above


def _result(report: Graph, node: Node, shapes: Graph) -> ValidationResult:
    path, value, shape = (_property_value(report, node, term) for term in ("resultPath", "value", "sourceShape"))
    component = str(_property_value(report, node, "sourceConstraintComponent"))
    return ValidationResult(
        focus_node=_ntriples_term(_property_value(report, node, "focusNode")) or "",
        severity=str(_property_value(report, node, "resultSeverity")),
        component=component,
        path=None if path is None else _path_text(path, report if (path, None, None) in report else shapes),
        value=_ntriples_term(value),
        source_shape=_ntriples_term(shape),
        messages=_result_messages(report, node) if _is_message_of_shapes(shape, component, shapes) else (),
    )


def _property_value(graph: Graph, node: Node, term: str) -> Node | None:
    return min(graph.objects(node, URIRef(SH + term)), key=str, default=None)


def _result_messages(report: Graph, node: Node) -> tuple[str, ...]:
    return tuple(sorted(str(message) for message in report.objects(node, URIRef(f"{SH}resultMessage"))))


def _is_message_of_shapes(shape: Node | None, component: str, shapes: Graph) -> bool:
    """Whether a message comes from the shapes; for core components without one, pyshacl writes a sentence."""
    is_own = shape is not None and (shape, URIRef(f"{SH}message"), None) in shapes
    return is_own or not component.startswith(SH) or component == f"{SH}SPARQLConstraintComponent"


def _ntriples_term(term: Node | None) -> str | None:
    """A term in N-Triples syntax with its lexical form unchanged."""
    match term:
        case Literal():
            datatype = None if term.datatype is None else pyoxigraph.NamedNode(str(term.datatype))
            return str(pyoxigraph.Literal(str(term), datatype=datatype, language=term.language))
        case URIRef():
            return f"<{term}>"
        case BNode():
            return f"_:{term}"
    return None


def _path_text(node: Node, graph: Graph, depth: int = 0) -> str:
    """A property path (SHACL section 2.3.1) in SPARQL syntax, as the engine `shacl` writes it: `(<a>/(<b>)*)`.

    Args:
        node: The path.
        graph: The graph that contains it.
        depth: Number of paths around this one.
    """
    if isinstance(node, URIRef):
        return f"<{node}>"
    if (node, RDF.first, None) in graph:
        return _joined_paths(node, graph, "/", depth)
    for predicate, value in graph.predicate_objects(node) if depth < _MAX_PATH_DEPTH else ():
        if predicate == SHACL.alternativePath:
            return _joined_paths(value, graph, "|", depth)
        if predicate == SHACL.inversePath:
            return f"^{_path_text(value, graph, depth + 1)}"
        suffix = _PATH_SUFFIXES.get(str(predicate))
        if suffix:
            return f"({_path_text(value, graph, depth + 1)}){suffix}"
    return "…"


def _joined_paths(head: Node, graph: Graph, operator: str, depth: int) -> str:
    return f"({operator.join(_path_text(step, graph, depth + 1) for step in Collection(graph, head))})"
