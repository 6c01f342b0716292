"""The answer to a request without a query: a service description, or for browsers the query page."""

from starlette.responses import RedirectResponse, Response

from iomld.browse.view import ReleaseView, shared_graph_names
from iomld.config import Settings
from iomld.formats.negotiate import choose
from iomld.store.description import ServiceFacts, service_description
from iomld.web.problems import ProblemError
from iomld.web.sparql.protocol import GRAPH_OFFERS, Operation, media_types
from iomld.web.sparql_exchange import COMMON, Exchange


def facts_of(view: ReleaseView, settings: Settings) -> ServiceFacts:
    """What is true of the endpoint of a release under some settings."""
    limits = (
        f"A query may take {settings.query_timeout:g} seconds and have {settings.query_length:,} bytes. "
        f"An answer may have {settings.query_rows:,} solutions and {settings.query_bytes:,} bytes."
    )
    return ServiceFacts(view.iris.base, view.iris.dataset(), shared_graph_names(view), limits)


def description_response(exchange: Exchange, operation: Operation, facts: ServiceFacts) -> Response:
    """Describe the endpoint as the client knows it.

    Args:
        exchange: The request.
        operation: What was read from its URL.
        facts: What is true of the endpoint, whoever asks.

    Raises:
        ProblemError: No format is acceptable, or the request's Host is none.
    """
    graph = media_types(exchange.accept, operation.format_).graph
    chosen = graph if operation.format_ else choose(exchange.accept, (*GRAPH_OFFERS, "text/html"))
    root = exchange.scope.get("app_root_path", exchange.scope.get("root_path", ""))
    if chosen == "text/html":
        return RedirectResponse(f"{root}/query", 303, COMMON)
    if chosen is None:
        message = "The description of this endpoint comes as Turtle, N-Triples, RDF/XML or JSON-LD; ask for one."
        raise ProblemError(406, "not-acceptable", message)
    host = exchange.header(b"host")
    server = f"{exchange.scope['scheme']}://{host}{root}" if host else facts.base.removesuffix("/")
    try:
        body = service_description(server, facts, chosen)
    except ValueError as error:
        raise ProblemError(400, "host", "The Host header of the request is not a host.") from error
    return Response(body, headers=COMMON, media_type=chosen)
