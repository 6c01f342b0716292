"""The reading half of the Graph Store Protocol (https://www.w3.org/TR/sparql11-http-rdf-update/).

A graph is the answer to a CONSTRUCT query, so it has the limits, formats, entity tags and cache of the SPARQL endpoint.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from iomld.iris import Iris
from iomld.messages import message
from iomld.store.oxigraph import StoreReader
from iomld.web.problems import ProblemError
from iomld.web.sparql.exchange import HttpRequest, answer_request, preflight_headers
from iomld.web.sparql.protocol import (
    MediaTypes,
    Operation,
    format_of,
    media_types,
    parameters_of,
    require_known,
    single,
)

PATH = "/rdf-graph-store"

_METHODS = "GET, HEAD, OPTIONS"
_PREFLIGHT = preflight_headers(_METHODS, "Accept, If-None-Match")
_ALL_GRAPHS = "SELECT ?g { GRAPH ?g {} }"
_TRIPLES = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
_PATH_CHARACTERS = "/:@!$&'()*+,;=~"  # that a path may hold besides letters and digits (RFC 3986 section 3.3)
_WHICH = message("Choose one graph: add ?default, or ?graph= with the IRI of a named graph.")


def is_graph_store(path: str) -> bool:
    """Say whether the graph store answers a path.

    >>> is_graph_store("/rdf-graph-store/doc/project/PO.0105"), is_graph_store("/rdf-graph-stores")
    (True, False)
    """
    return path == PATH or path.startswith(f"{PATH}/")


def add_graph_store(app: Starlette, store: "GraphStore") -> None:
    """Add the routes of a graph store to an application."""
    app.router.routes += [Route(PATH, store), Route(f"{PATH}/{{path:path}}", store)]


class GraphStore:
    """An ASGI application for `PATH` and all paths below it."""

    def __init__(
        self,
        respond: Callable[[HttpRequest, Operation, MediaTypes], Awaitable[ASGIApp]],
        iris: Iris,
        reader: Callable[[], StoreReader],
    ) -> None:
        """Set up.

        Args:
            respond: Answers queries; see `SparqlApp.respond`.
            iris: The IRIs under the base of the release.
            reader: Gives the store of the release that is served now.
        """
        self._respond_to_query = respond
        self._iris = iris
        self._reader = reader

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await answer_request(HttpRequest(scope, receive), self._respond, send)

    async def _respond(self, request: HttpRequest) -> ASGIApp:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=_PREFLIGHT)
        if request.method not in {"GET", "HEAD"}:
            detail = message(
                "Graphs here are read-only. Use GET or HEAD instead of {method}.", method=request.method[:40]
            )
            raise ProblemError(405, "method", detail, headers={"Allow": _METHODS})
        values = parameters_of(request.scope.get("query_string", b""))
        require_known(values)
        types = media_types(request.accept, format_of(values))
        if types.graph is None:
            detail = message(
                "Graphs are available as Turtle, N-Triples, RDF/XML and JSON-LD. Ask for one of them in the "
                "Accept header, or add ?format=turtle."
            )
            raise ProblemError(406, "not-acceptable", detail)
        graph = self._graph(request, values)
        operation = Operation(_TRIPLES, () if graph is None else (graph,))
        return await self._respond_to_query(request, operation, MediaTypes(None, None, types.graph))

    def _graph(self, request: HttpRequest, values: Mapping[str, list[str]]) -> str | None:
        """The name of the requested graph; None for the default graph.

        Raises:
            ProblemError: No graph is named, or several are, or there is no graph of this name.
        """
        path = request.scope["path"].removeprefix(PATH).removeprefix("/")
        named, asks_default = single(values, "graph"), "default" in values
        if bool(path) + (named is not None) + asks_default != 1:
            raise ProblemError(400, "which-graph", _WHICH)
        if asks_default:
            return None
        names = [named] if named is not None else [*self._direct_names(request, path)]
        try:
            found = next((name for name in names if self._reader().has_graph(name)), None)
        except ValueError as error:
            detail = message("The name of a graph must be an absolute IRI.")
            raise ProblemError(400, "graph-iri", detail) from error
        if found is None:
            detail = message(
                "There is no graph <{iri}>. The query {query} lists all graphs.", iri=names[-1][:500], query=_ALL_GRAPHS
            )
            raise ProblemError(404, "unknown-graph", detail)
        return found

    def _direct_names(self, request: HttpRequest, path: str) -> Iterator[str]:
        """The names that the address of a graph may identify (section 4.1 of the standard), the likeliest first."""
        encoded = quote(path, safe=_PATH_CHARACTERS)
        if host := request.header("host"):
            yield f"{request.scope['scheme']}://{host}{PATH}/{encoded}"
        yield f"{self._iris.base}{PATH[1:]}/{encoded}"
        yield f"{self._iris.base}{encoded}"
