"""Property paths of a shapes graph (SHACL section 2.3.1) in the syntax of SPARQL 1.1 section 9.1.

A step of the reference engine: rdflib graphs come in.
"""

from rdflib import Graph, URIRef
from rdflib.collection import Collection
from rdflib.namespace import RDF, SH
from rdflib.term import Node

_SUFFIXES = {str(SH.zeroOrMorePath): "*", str(SH.oneOrMorePath): "+", str(SH.zeroOrOnePath): "?"}
_MAX_DEPTH = 50  # a path that holds itself would never end


def written_path(node: Node, graph: Graph, depth: int = 0) -> str:
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
        if predicate == SH.alternativePath:
            return _joined(value, graph, "|", depth)
        if predicate == SH.inversePath:
            return f"^{written_path(value, graph, depth + 1)}"
        suffix = _SUFFIXES.get(str(predicate))
        if suffix:
            return f"({written_path(value, graph, depth + 1)}){suffix}"
    return "…"


def _joined(head: Node, graph: Graph, mark: str, depth: int) -> str:
    return f"({mark.join(written_path(step, graph, depth + 1) for step in Collection(graph, head))})"
