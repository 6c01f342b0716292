"""The command `iomld query`: runs a SPARQL query on a release on disk or on an endpoint."""

import json
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, MutableMapping, Sequence
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import click

from iomld.cli.options import chosen_release, settings
from iomld.errors import QueryError, StoreError
from iomld.formats import rdf, results
from iomld.iris import Iris
from iomld.release import Release
from iomld.store.query_request import QueryRequest, QueryWorker
from iomld.store.query_text import with_prefixes
from iomld.store.query_worker import HANDLER, run_query

_SOLUTION_FORMATS = tuple(format_.name for format_ in results.RESULT_FORMATS)
_GRAPH_FORMATS = ("turtle", "ntriples", "rdfxml", "jsonld")
_MAX_WIDTH = 60  # characters of a column
_FIRST_LINE = re.compile(r"\bline 1, column (\d+)")
_NO_ENDPOINT = frozenset({404, 405})
_MAX_ERROR_BYTES = 65_536


@click.command()
@click.argument("query")
@click.option(
    "--from",
    "place",
    metavar="PATH|URL",
    help="Folder of the releases, or address of an endpoint.  [default: iomld-data]",
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["table", *_SOLUTION_FORMATS, *_GRAPH_FORMATS]),
    default="table",
    show_default=True,
    help="Output format: a table or a results format for SELECT and ASK, an RDF format for CONSTRUCT and DESCRIBE.",
)
@click.option("--release", "name", metavar="NAME", help="Query this release instead of the current one.")
@click.option("--as-of", metavar="TIME", help="Query the release that was served at this time: 2026-11-30T12:00:00Z.")
def query_command(*, query: str, place: str | None, format_name: str, name: str | None, as_of: str | None) -> None:
    """Run a SPARQL query on the current release, on another one, or on an endpoint.

    QUERY is the text of the query, @FILE to read it from a file, or - to read it from standard input. The usual
    prefixes (iomld:, dcterms:, skos: …) need no declaration.

    \b
    Example:
      iomld query 'SELECT ?code WHERE { ?p iomld:projectCode ?code } LIMIT 5'
      iomld query @question.rq --format csv
      iomld query @question.rq --release 20261123T190000Z-ab12cd34
    """
    known = settings()
    text = _query_text(query)
    added = 0  # characters before the query on its first line
    explain = None  # says why the answer is empty; an endpoint of others is not asked for more than its answer
    if place and place.startswith(("http://", "https://")):
        if name is not None and as_of is not None:
            raise click.UsageError("Give either --release or --as-of.")
        choice = {"release": name} if name is not None else {"asOf": as_of} if as_of is not None else {}
        answer = _query_endpoint(place, _request(text, format_name, Iris()), known.query_timeout, choice)
    else:
        current = chosen_release(Path(place) if place else known.data_dir, name, as_of)
        worker = QueryWorker(
            store=str(current.query_store),
            base_iri=current.manifest.base,
            release=current.manifest.name,
            max_rows=known.query_rows,
        )
        request = _request(text, format_name, Iris(current.manifest.base))
        added = len(request.query) - len(text)
        try:
            answer = run_query(worker, request, timeout_s=known.query_timeout, max_answer_bytes=known.query_bytes)
        except QueryError as error:
            raise QueryError(_as_written(str(error), added)) from error
        explain = partial(_explanation, current, worker, request.query)
    if format_name == "table" and answer.startswith(b"{"):
        document = json.loads(answer)
        click.echo(_table(document))
        if explain and not (document.get("boolean") or document.get("results", {}).get("bindings")):
            click.echo(_as_written(explain(), added), err=True, nl=False)
    else:
        sys.stdout.buffer.write(answer if answer.endswith(b"\n") else answer + b"\n")
        sys.stdout.buffer.flush()


def _as_written(text: str, added: int) -> str:
    """A text with the columns of the query as it was written, without what was added before it."""
    return _FIRST_LINE.sub(lambda match: f"line 1, column {int(match[1]) - added}", text)


def _explanation(current: Release, worker: QueryWorker, query: str) -> str:
    """Why a query finds nothing, as the endpoint of a server says it; empty if it cannot be said."""
    from asyncio import run  # noqa: PLC0415  # with the endpoint a third of a second, and most answers have rows

    return run(_explained(current, worker, query))


async def _explained(current: Release, worker: QueryWorker, query: str) -> str:
    from iomld.browse.explain.candidates import release_terms  # noqa: PLC0415
    from iomld.browse.view import open_view  # noqa: PLC0415
    from iomld.web.sparql.endpoint import SparqlApp, SparqlLimits  # noqa: PLC0415
    from iomld.workers.pool import Pool  # noqa: PLC0415
    from iomld.workers.protocol import WorkerSpec  # noqa: PLC0415
    from iomld.workers.scheduling import PoolLimits  # noqa: PLC0415

    events: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:  # as ASGI has it
        return {"type": "http.request"}

    async def send(event: MutableMapping[str, Any]) -> None:  # as ASGI has it
        events.append(event)

    asked = urlencode({"query": query, "explain": 1}).encode()
    headers = [(b"accept", b"text/plain")]
    scope = {"type": "http", "method": "GET", "path": "/sparql", "query_string": asked, "headers": headers}
    pool = Pool(WorkerSpec(HANDLER, worker.to_json()), PoolLimits(workers=1, max_workers=1))
    await pool.start()
    try:
        view = open_view(current)
        terms = release_terms(view)  # before the endpoint starts the clock of its small queries
        app = SparqlApp(
            pool, iris=view.iris, release_name=lambda: worker.release, limits=SparqlLimits(), known=lambda _: terms
        )
        await app(scope, receive, send)
    finally:
        await pool.stop()
    is_said = events[0]["status"] == HTTPStatus.OK
    _, _, why = b"".join(event.get("body", b"") for event in events).decode().partition("\n")
    return why if is_said else ""


def _query_text(query: str) -> str:
    if query == "-":
        return sys.stdin.read().removeprefix("\ufeff")
    if query.startswith("@"):
        try:
            return Path(query[1:]).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise QueryError(
                f"{query[1:]}: cannot be read ({getattr(error, 'strerror', None) or 'it is not UTF-8'}). "
                "Write @ and the name of a file that holds a query."
            ) from error
    return query


def _request(text: str, format_name: str, iris: Iris) -> QueryRequest:
    """The query with the usual prefixes declared, and the media types of the format."""
    solutions = next((f for f in results.RESULT_FORMATS if f.name == format_name), results.JSON)
    graph = next((f for f in rdf.FORMATS if f.name == format_name), rdf.TURTLE)
    boolean = solutions if solutions.holds_booleans else results.JSON
    return QueryRequest(
        with_prefixes(text, iris.prefixes()), solutions.media_type, boolean.media_type, graph.media_type
    )


def _query_endpoint(address: str, request: QueryRequest, timeout_s: float, choice: Mapping[str, str]) -> bytes:
    """The answer of an endpoint; of a server whose endpoint is not at its root, `/sparql` is asked.

    Args:
        address: Its address.
        request: The query.
        timeout_s: Seconds for it.
        choice: The parameter that chooses a release, for an endpoint of iomld.
    """
    parts = urlsplit(address)
    try:
        return _answer_at(address, request, timeout_s, choice)
    except urllib.error.HTTPError as error:
        if error.code not in _NO_ENDPOINT or parts.path.strip("/"):
            raise _endpoint_error(address, error) from error
    address = urlunsplit(parts._replace(path="/sparql"))
    try:
        return _answer_at(address, request, timeout_s, choice)
    except urllib.error.HTTPError as error:
        raise _endpoint_error(address, error) from error


def _endpoint_error(address: str, error: urllib.error.HTTPError) -> QueryError:
    """The error with what the endpoint says: the detail of a problem (RFC 9457), or the beginning of its text."""
    text = error.read(_MAX_ERROR_BYTES).decode(errors="replace")
    try:
        text = str(json.loads(text)["detail"])
    except (ValueError, KeyError, TypeError):
        text = " ".join(text.split())[:500]
    return QueryError(f"{address}: {error.code} {error.reason}. {text}".rstrip())


def _answer_at(address: str, request: QueryRequest, timeout_s: float, choice: Mapping[str, str]) -> bytes:
    accept = f"{request.solutions}, {request.graph}"
    body = urlencode({"query": request.query} | dict(choice)).encode()
    call = urllib.request.Request(address, body, {"Accept": accept})  # noqa: S310  # http(s) only, checked by the caller
    try:
        with urllib.request.urlopen(call, timeout=timeout_s + 5) as answer:  # noqa: S310  # as above
            return bytes(answer.read())
    except urllib.error.HTTPError:
        raise
    except (OSError, ValueError) as error:
        raise StoreError(f"{address}: no answer ({error}). Check the address.") from error


def _table(document: Mapping[str, object]) -> str:
    """SPARQL JSON results as columns of text (SPARQL 1.1 Query Results JSON Format)."""
    match document:
        case {"boolean": bool(verdict)}:
            return "yes" if verdict else "no"
        case {"head": {"vars": list(names)}, "results": {"bindings": list(rows)}}:
            cells = [[_cell(row.get(name)) for name in names] for row in rows]
            count = f"({len(rows)} row{'' if len(rows) == 1 else 's'})"
            return "\n".join([*_columns([str(name) for name in names], cells), count])
        case _:
            raise QueryError("The endpoint's answer is no SPARQL JSON result.")


def _cell(term: object) -> str:
    match term:
        case {"type": "uri", "value": str(iri)}:
            return _shortened(iri)
        case {"value": str(text)}:
            return " ".join(text.split())
        case _:
            return ""


def _shortened(iri: str) -> str:
    for prefix, start in Iris().prefixes().items():
        if iri.startswith(start) and iri != start:
            return f"{prefix}:{iri.removeprefix(start)}"
    return iri


def _columns(names: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [min(_MAX_WIDTH, max(len(cell) for cell in column)) for column in zip(names, *rows, strict=True)]
    lines = [names, ["-" * width for width in widths], *rows]
    return ["  ".join(_fit(cell, width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]


def _fit(cell: str, width: int) -> str:
    return cell.ljust(width) if len(cell) <= width else cell[: width - 1] + "…"
