"""The command `iomld query`: runs a SPARQL query on a release on disk or on an endpoint."""

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlencode

import click

from iomld.cli.options import served_release, settings
from iomld.errors import QueryError, StoreError
from iomld.formats import rdf, results
from iomld.iris import Iris
from iomld.store.query_request import QueryRequest, QueryWorker
from iomld.store.query_text import with_prefixes
from iomld.store.query_worker import run_query

_SOLUTION_FORMATS = tuple(format_.name for format_ in results.RESULT_FORMATS)
_GRAPH_FORMATS = ("turtle", "ntriples", "rdfxml", "jsonld")
_MAX_WIDTH = 60  # characters of a column


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
def query_command(*, query: str, place: str | None, format_name: str) -> None:
    """Run a SPARQL query on the current release or on an endpoint.

    QUERY is the text of the query, @FILE to read it from a file, or - to read it from standard input. The usual
    prefixes (iomld:, dcterms:, skos: …) need no declaration.

    \b
    Example:
      iomld query 'SELECT ?code WHERE { ?p iomld:projectCode ?code } LIMIT 5'
      iomld query @question.rq --format csv
    """
    known = settings()
    text = _query_text(query)
    if place and place.startswith(("http://", "https://")):
        answer = _query_endpoint(place, _request(text, format_name, Iris()), known.query_timeout)
    else:
        current = served_release(Path(place) if place else known.data_dir)
        worker = QueryWorker(
            store=str(current.query_store),
            base_iri=current.manifest.base,
            release=current.manifest.name,
            max_rows=known.query_rows,
        )
        request = _request(text, format_name, Iris(current.manifest.base))
        answer = run_query(worker, request, timeout_s=known.query_timeout, max_answer_bytes=known.query_bytes)
    if format_name == "table" and answer.startswith(b"{"):
        click.echo(_table(json.loads(answer)))
    else:
        sys.stdout.buffer.write(answer if answer.endswith(b"\n") else answer + b"\n")
        sys.stdout.buffer.flush()


def _query_text(query: str) -> str:
    if query == "-":
        return sys.stdin.read().removeprefix("\ufeff")
    if query.startswith("@"):
        try:
            return Path(query[1:]).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise QueryError(f"{query[1:]}: cannot be read ({error}).") from error
    return query


def _request(text: str, format_name: str, iris: Iris) -> QueryRequest:
    """The query with the usual prefixes declared, and the media types of the format."""
    solutions = next((f for f in results.RESULT_FORMATS if f.name == format_name), results.JSON)
    graph = next((f for f in rdf.FORMATS if f.name == format_name), rdf.TURTLE)
    boolean = solutions if solutions.holds_booleans else results.JSON
    return QueryRequest(
        with_prefixes(text, iris.prefixes()), solutions.media_type, boolean.media_type, graph.media_type
    )


def _query_endpoint(address: str, request: QueryRequest, timeout_s: float) -> bytes:
    accept = f"{request.solutions}, {request.graph}"
    body = urlencode({"query": request.query}).encode()
    call = urllib.request.Request(address, body, {"Accept": accept})  # noqa: S310  # http(s) only, checked by the caller
    try:
        with urllib.request.urlopen(call, timeout=timeout_s + 5) as answer:  # noqa: S310  # as above
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        raise QueryError(
            f"{address}: {error.code} {error.reason}. {error.read(500).decode(errors='replace')}"
        ) from error
    except OSError as error:
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
