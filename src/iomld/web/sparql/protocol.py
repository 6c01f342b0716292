"""The SPARQL 1.1 Protocol (https://www.w3.org/TR/sparql11-protocol/): its parameters and media types as values."""

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from iomld.browse.view import ReleaseView
from iomld.formats import rdf, results
from iomld.formats.negotiate import choose
from iomld.messages import message
from iomld.web.form_decoder import BARE_PERCENT, FORM_TYPE, percent_decoded, slices, too_many_fields
from iomld.web.problems import OF_OTHER_TIMES, ProblemError
from iomld.web.releases.choice import AS_OF, RELEASE, ReleaseChoice, release_choice

QUERY = "application/sparql-query"
UPDATE = "application/sparql-update"
_ALSO = tuple(also for format_ in results.RESULT_FORMATS for also in format_.also)
SOLUTION_OFFERS = (*(format_.media_type for format_ in results.RESULT_FORMATS), *_ALSO)
BOOLEAN_OFFERS = (*(format_.media_type for format_ in results.RESULT_FORMATS if format_.holds_booleans), *_ALSO)
_GRAPH_FORMATS = (rdf.TURTLE, rdf.NTRIPLES, rdf.RDFXML, rdf.JSONLD, rdf.NQUADS, rdf.TRIG)
GRAPH_OFFERS = (
    *(format_.media_type for format_ in _GRAPH_FORMATS),
    *(also for format_ in _GRAPH_FORMATS for also in format_.also),
)

# Parameters of other endpoints, and of queries over other releases: ignoring them would answer another question.
_FOREIGN = OF_OTHER_TIMES | {"limit", "offset", "using-graph-uri", "using-named-graph-uri", "bindings"}
_KEPT_EMPTY = frozenset({"query", RELEASE, AS_OF})  # parameters whose empty value is a mistake to report
_MOST_FIELDS = 1000  # of a form
_BINDING = "$"  # begins the name of a variable that the request binds
_READ_ONLY = message("This endpoint is read-only and refuses updates. Use SELECT, CONSTRUCT, DESCRIBE or ASK.")


class MediaTypes(NamedTuple):  # like `Operation`, quicker to make and to hash than a dataclass
    """The media type of the answer for each kind of result; None where no type is acceptable."""

    solutions: str | None
    boolean: str | None
    graph: str | None


_NAMES = {
    "json": MediaTypes(results.JSON.media_type, results.JSON.media_type, rdf.JSONLD.media_type),
    "xml": MediaTypes(results.XML.media_type, results.XML.media_type, rdf.RDFXML.media_type),
    "csv": MediaTypes(results.CSV.media_type, None, None),
    "tsv": MediaTypes(results.TSV.media_type, None, None),
    "turtle": MediaTypes(None, None, rdf.TURTLE.media_type),
    "ntriples": MediaTypes(None, None, rdf.NTRIPLES.media_type),
    "rdfxml": MediaTypes(results.XML.media_type, results.XML.media_type, rdf.RDFXML.media_type),
    "jsonld": MediaTypes(results.JSON.media_type, results.JSON.media_type, rdf.JSONLD.media_type),
    "nquads": MediaTypes(None, None, rdf.NQUADS.media_type),
    "trig": MediaTypes(None, None, rdf.TRIG.media_type),
}
# Other names that clients use for the same formats.
_ALIASES = {
    "ttl": "turtle",
    "n3": "turtle",
    "nt": "ntriples",
    "nq": "nquads",
    "rdf": "rdfxml",
    "rdf+xml": "rdfxml",
    "json-ld": "jsonld",
}


def _only(media_type: str) -> MediaTypes:
    """The kinds of result that one media type can hold."""
    offers = (SOLUTION_OFFERS, BOOLEAN_OFFERS, GRAPH_OFFERS)
    return MediaTypes(*(media_type if media_type in offered else None for offered in offers))


_BY_FORMAT = (
    _NAMES
    | {alias: _NAMES[name] for alias, name in _ALIASES.items()}
    | {media_type: _only(media_type) for media_type in (*SOLUTION_OFFERS, *GRAPH_OFFERS)}
)
# The values of `format`, and those of them in which a graph can be serialized.
NAMES = tuple(_BY_FORMAT)
GRAPH_NAMES = tuple(name for name, types in _BY_FORMAT.items() if types.graph)


class Operation(NamedTuple):
    """A query operation (section 2.1).

    Attributes:
        query: The text; None stands for a request for the service description.
        default_graphs: Values of `default-graph-uri`.
        named_graphs: Values of `named-graph-uri`.
        format_: Value of `format`, one of ours.
        timeout_s: Value of `timeout`.
        explain: Whether the client wants to know why the answer is empty, instead of the answer.
        download: Whether the answer is to be saved as a file, which then has a name.
        choice: The release that `release` or `asOf` choose; None for the one that is served.
        chosen: The same, open.
    """

    query: str | None
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    format_: str | None = None
    timeout_s: float | None = None
    explain: bool = False
    download: bool = False
    choice: ReleaseChoice | None = None
    chosen: ReleaseView | None = None

    @property
    def names_graphs(self) -> bool:
        """Whether the request selects the graphs to query."""
        return bool(self.default_graphs or self.named_graphs)


@lru_cache(maxsize=256)
def media_types(accept: str | None, format_: str | None) -> MediaTypes:
    """The media types of the answer: by `?format=`, otherwise by the Accept header.

    >>> media_types("text/csv, text/turtle;q=0.5", None)
    MediaTypes(solutions='text/csv', boolean=None, graph='text/turtle')
    """
    if format_ is not None:
        return _BY_FORMAT[format_]
    return MediaTypes(choose(accept, SOLUTION_OFFERS), choose(accept, BOOLEAN_OFFERS), choose(accept, GRAPH_OFFERS))


def operation_of_url(query_string: bytes) -> Operation:
    """Read a GET request (section 2.1.1).

    Raises:
        ProblemError: A parameter is malformed or repeated, the query is missing, or an update is requested.
    """
    if query_string.startswith(b"query=") and b"&" not in query_string:  # as most programs send it
        return Operation(decoded(query_string[6:]))
    return operation_of(parameters_of(query_string))


async def operation_of_body(content_type: str, body: bytes, query_string: bytes) -> Operation:
    """Read a POST request: a form (section 2.1.2) or the query itself (section 2.1.3).

    Raises:
        ProblemError: As for a GET request, or the body has another media type.
    """
    media_type = _body_type(content_type)
    if media_type not in {FORM_TYPE, QUERY}:
        raise ProblemError(
            415,
            "media-type",
            message("Send the query as {type}, or as {form} in the parameter “query”.", type=QUERY, form=FORM_TYPE),
            accepted=f"{FORM_TYPE}, {QUERY}",
        )
    url = parameters_of(query_string)
    if media_type == FORM_TYPE:
        return operation_of(_merged(url, await _form_parameters(body)), has_body=True)
    return operation_of(_merged(url, {"query": [_text(body)]}), has_body=True)


def operation_of_query(content_type: str, body: bytes, query_string: bytes) -> Operation:
    """Read a QUERY request: the body is the query, the URL has the parameters.

    Raises:
        ProblemError: As for a POST request.
    """
    if _body_type(content_type) != QUERY:
        headers = {"Accept-Query": QUERY}
        raise ProblemError(
            415,
            "media-type",
            message("With QUERY, send the query as {type}.", type=QUERY),
            headers=headers,
            accepted=QUERY,
        )
    return operation_of(_merged(parameters_of(query_string), {"query": [_text(body)]}), has_body=True)


def _body_type(content_type: str) -> str:
    """The media type of a body, which is in UTF-8 and is not an update."""
    media_type, _, parameters = content_type.partition(";")
    if media_type.strip().lower() == UPDATE:
        raise ProblemError(403, "read-only", _READ_ONLY)
    charset = re.search(r'charset="?([^";\s]+)', parameters, re.IGNORECASE)
    if charset and charset[1].lower() not in {"utf-8", "utf8", "us-ascii"}:
        raise ProblemError(
            400,
            "encoding",
            message("The request declares the encoding {encoding}. Send it in UTF-8.", encoding=charset[1]),
        )
    return media_type.strip().lower()


def parameters_of(encoded: bytes) -> dict[str, list[str]]:
    """The values of each parameter of a query string or a form.

    Raises:
        ProblemError: It is not percent-encoded UTF-8.
    """
    values: dict[str, list[str]] = {}
    for name, _, value in (pair.partition(b"=") for pair in encoded.split(b"&") if pair):
        values.setdefault(decoded(name), []).append(decoded(value))
    return values


async def _form_parameters(body: bytes) -> dict[str, list[str]]:
    """The same of a form, which may be long: the event loop serves others between its slices."""
    if body.count(b"&") >= _MOST_FIELDS:
        raise too_many_fields(_MOST_FIELDS)
    values: dict[str, list[str]] = {}
    for name, _, value in (pair.partition(b"=") for pair in body.split(b"&") if pair):
        parts: list[bytes] = []
        for part in slices(value):
            parts.append(_unescaped(part))
            await asyncio.sleep(0)
        values.setdefault(decoded(name), []).append(_text(b"".join(parts)))
    return values


def _merged(first: dict[str, list[str]], second: dict[str, list[str]]) -> dict[str, list[str]]:
    return {name: [*first.get(name, ()), *second.get(name, ())] for name in (*first, *second)}


def decoded(encoded: bytes) -> str:
    """Decode the percent-encoding of a form, once."""
    return _text(_unescaped(encoded))


def _unescaped(encoded: bytes) -> bytes:
    if b"+" in encoded:
        encoded = encoded.replace(b"+", b" ")
    if b"%" not in encoded:
        return encoded
    if BARE_PERCENT.search(encoded):
        raise ProblemError(
            400,
            "encoding",
            message("A % in the request is not followed by two hexadecimal digits. Write a plain % as %25."),
        )
    return percent_decoded(encoded)


def _text(encoded: bytes) -> str:
    try:
        return encoded.decode()
    except UnicodeDecodeError as error:
        raise ProblemError(
            400,
            "encoding",
            message("The request is not valid UTF-8 at byte {place}. Send it in UTF-8.", place=error.start),
        ) from error


def operation_of(values: Mapping[str, list[str]], *, has_body: bool = False) -> Operation:
    """The operation that parameters describe; only without a body may it be a request for the description.

    Args:
        values: The values of each parameter.
        has_body: Whether the request has a body.

    Raises:
        ProblemError: A parameter is malformed or repeated, the query is missing, or an update is requested.
    """
    if "update" in values:
        raise ProblemError(403, "read-only", _READ_ONLY)
    values = {name: [*filter(None, given)] if name not in _KEPT_EMPTY else given for name, given in values.items()}
    require_known(name for name in values if name not in {RELEASE, AS_OF})
    query = single(values, "query")
    if query is None and (has_body or {name for name, given in values.items() if given} - {"format"}):
        raise ProblemError(
            400, "no-query", message("The parameter “query” is missing. It must contain the SPARQL query.")
        )
    return Operation(
        query,
        tuple(values.get("default-graph-uri", ())),
        tuple(values.get("named-graph-uri", ())),
        format_of(values),
        _timeout_s(single(values, "timeout")),
        _is_on(values, "explain"),
        _is_on(values, "download"),
        release_choice(values),
    )


def require_known(names: Iterable[str]) -> None:
    """Check that no parameter would change what the query means at another endpoint.

    Raises:
        ProblemError: One would.
    """
    for name in names:
        if name.lower() in _FOREIGN or name.startswith(_BINDING):
            detail = message(
                "The parameter “{name}” is not supported, and ignoring it would change the answer. Express it in "
                "the query instead, or remove it.",
                name=name[:40],
            )
            raise ProblemError(400, "unknown-parameter", detail)


def _is_on(values: Mapping[str, list[str]], name: str) -> bool:
    text = single(values, name)
    if text not in {None, "0", "1"}:
        detail = message(
            "The parameter “{name}” is “{text}”, but must be 1. Write 1, or remove it.",
            name=name,
            text=(text or "")[:40],
        )
        raise ProblemError(400, name, detail)
    return text == "1"


def single(values: Mapping[str, Sequence[str]], name: str) -> str | None:
    """The value of a parameter that may be given once; None if it is not given.

    Raises:
        ProblemError: It is given several times.
    """
    given = values.get(name, ())
    if len(given) > 1:
        raise ProblemError(
            400,
            "repeated-parameter",
            message("The parameter “{name}” occurs {count} times. Send it once.", name=name, count=len(given)),
        )
    return given[0] if given else None


def format_of(values: Mapping[str, Sequence[str]]) -> str | None:
    """The value of `format`; of several, the first known one, since some clients send all that they can read.

    Raises:
        ProblemError: None of them is known.
    """
    given = [name for name in values.get("format", ()) if name]
    known = next((name for name in given if name in _BY_FORMAT), None)
    if given and known is None:
        names = ", ".join(_NAMES)
        raise ProblemError(
            400,
            "format",
            message(
                "The format “{name}” is unknown. Choose one of {names}, or a media type.",
                name=given[0][:40],
                names=names,
            ),
        )
    return known


def _timeout_s(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise ProblemError(
            400,
            "timeout",
            message("The parameter “timeout” is “{text}”, but must be a number of seconds above 0.", text=text[:40]),
        )
    return seconds
