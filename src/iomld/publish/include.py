"""Take reference graphs into a release as they are: whole graphs from RDF files, not records."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, Triple

from iomld.errors import SourceError
from iomld.formats import rdf
from iomld.iris import Iris
from iomld.publish.gather import Gathered, add_graph
from iomld.release.nquads import GraphState

_FORMATS = (rdf.NQUADS, rdf.TRIG, rdf.TURTLE)
_Term = NamedNode | BlankNode | Literal | Triple


def include_files(files: Sequence[Path], iris: Iris, known: Mapping[str, GraphState], gathered: Gathered) -> None:
    """Take the graphs of RDF files into `gathered`, each in place of the published graph of its name.

    Unnamed triples go to `{base}graph/include/FILE`. A blank node becomes an IRI (RDF 1.1 Concepts section 3.5) made
    of the name of the file and of its number there, so that the same file gives the same bytes.

    Args:
        files: `.nq`, `.trig` and `.ttl` files.
        iris: IRIs under the base of the release.
        known: The graphs of the release that is served.
        gathered: Where the graphs go.

    Raises:
        SourceError: A file cannot be read, holds no triple, or names a graph that records make.
    """
    graphs: defaultdict[str, list[Quad]] = defaultdict(list)
    for file in files:
        for quad in _quads(file, iris):
            graphs[_name(quad.graph_name)].append(quad)
    for graph, quads in sorted(graphs.items()):
        add_graph(graph, sorted(set(rdf.serialize(quads, rdf.NQUADS).splitlines(keepends=True))), known, gathered)
    gathered.included = tuple(sorted(graphs))


def _quads(file: Path, iris: Iris) -> Iterator[Quad]:
    """The quads of a file, all in named graphs and without blank nodes."""
    format_ = rdf.by_suffix(file.suffix.lower().removeprefix("."))
    if format_ not in _FORMATS:
        raise SourceError(f"{file}: --include takes files that end in .nq, .trig or .ttl.")
    graph = NamedNode(iris.graph(f"include/{quote(file.name)}"))
    names = _Names(file.name, iris)
    is_empty = True
    try:
        with file.open("rb") as opened:
            for quad in rdf.parse(opened, format_, base_iri=None if format_ is rdf.NQUADS else graph.value):
                is_empty = False
                named = names.of_quad(quad, graph)
                _refuse_ours(file, named, iris)
                yield named
    except OSError as error:
        raise SourceError(f"{file}: cannot be read ({error.strerror or error}).") from error
    except SourceError as error:
        start = "" if str(error).startswith(f"{file}:") else f"{file}: "
        raise SourceError(f"{start}{error}") from error
    if is_empty:
        raise SourceError(f"{file}: holds no triple.")


def _refuse_ours(file: Path, quad: Quad, iris: Iris) -> None:
    """What records and releases make stays theirs: an included file cannot stand in for it."""
    name = _name(quad.graph_name)
    if name.startswith(iris.graph("include/")) or not name.startswith((iris.graph(""), iris.record(""))):
        return
    raise SourceError(f"{file}: the graph <{name}> is made by iomld. Give the graph in the file another name.")


def _name(graph: NamedNode | BlankNode | DefaultGraph) -> str:
    return graph.value if isinstance(graph, NamedNode) else ""


class _Names:
    """IRIs for the blank nodes of one file, numbered as they come."""

    def __init__(self, file: str, iris: Iris) -> None:
        self._file = file
        self._iris = iris
        self._nodes: dict[str, NamedNode] = {}

    def of_quad(self, quad: Quad, graph: NamedNode) -> Quad:
        subject, object_ = self._of(quad.subject), self._of(quad.object)
        name = graph if isinstance(quad.graph_name, DefaultGraph) else self._of(quad.graph_name)
        return Quad(subject, quad.predicate, object_, name)  # type: ignore[arg-type]  # each term keeps its kind

    def _of(self, term: _Term) -> _Term:
        if isinstance(term, Triple):
            return Triple(self._of(term.subject), term.predicate, self._of(term.object))  # type: ignore[arg-type]
        if not isinstance(term, BlankNode):
            return term
        if term.value not in self._nodes:
            iri = self._iris.skolem(f"{self._file}-{len(self._nodes) + 1}")
            self._nodes[term.value] = NamedNode(iri)
        return self._nodes[term.value]
