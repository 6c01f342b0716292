"""Reads the answers of a SPARQL endpoint to their end, and finds those that are none.

Servers answer with status 200 also where they stopped a query or cut its answer (docs/decisions/0033). So an answer
counts only if it is of the type that was asked for, parses to its last byte, and no header says that it is cut.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import BinaryIO, cast
from urllib.parse import urlencode

import pyoxigraph
from pyoxigraph import Literal, NamedNode, Quad, QueryBoolean, QueryResultsFormat, QuerySolutions, RdfFormat

from iomld.remote.client import RemoteClient, RemoteError, RemoteFault, RemoteResponse

_RESULTS = frozenset({"application/sparql-results+json", "application/json"})
_TRIPLES = frozenset({"application/n-triples", "text/plain"})
_BOOLEAN_BYTES = 65_536
_FORM = "application/x-www-form-urlencoded"
# In the bodies of Virtuoso (S1T00, S1TAT), Oxigraph, Jena and RDF4J for a query that they stopped.
_STOPPED = re.compile(rb"\bS1T(?:00|AT)\b|operation has been cancelled|time[d -]?\s?out", re.IGNORECASE)
_WRONG_ADDRESS = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_ACCEPTABLE})


class RemoteEndpoint:
    """The query operation of the SPARQL 1.1 Protocol, of one dataset of a remote store."""

    def __init__(self, client: RemoteClient, excluded: Sequence[str] = (), *, limit_bytes: int = 1 << 33) -> None:
        """Set up.

        Args:
            client: The client of the endpoint's address.
            excluded: The server's own graphs, which Virtuoso would else put into the default graph.
            limit_bytes: Most bytes of an answer.
        """
        self._client, self._limit_bytes = client, limit_bytes
        self._prologue = "".join(
            f"define input:default-graph-exclude <{graph}> define input:named-graph-exclude <{graph}> "
            for graph in excluded
        )
        self._response: RemoteResponse | None = None

    def solutions(self, query: str) -> QuerySolutions:
        """The solutions of a SELECT query, which are read from the server while they are used.

        Args:
            query: The query.

        Raises:
            RemoteError: There is no answer. While the solutions are used, this and `SyntaxError`; see `error_of`.
        """
        response = self._ask(query, _RESULTS)
        try:
            found = pyoxigraph.parse_query_results(_stream(response, self._limit_bytes), QueryResultsFormat.JSON)
        except SyntaxError as error:
            raise self.error_of(error) from error
        if not isinstance(found, QuerySolutions):
            raise self.error_of(SyntaxError("a boolean in place of solutions"))
        return found

    def boolean(self, query: str) -> QueryBoolean:
        """The answer to an ASK query.

        Raises:
            RemoteError: There is none.
        """
        body = self._ask(query, _RESULTS).read_all(_BOOLEAN_BYTES)
        try:
            json.loads(body)  # which reads to the end; the parser below stops after the boolean
            found = pyoxigraph.parse_query_results(body, QueryResultsFormat.JSON)
        except ValueError as error:
            raise self.error_of(SyntaxError(str(error))) from error
        except SyntaxError as error:
            raise self.error_of(error) from error
        if not isinstance(found, QueryBoolean):
            raise self.error_of(SyntaxError("solutions in place of a boolean"))
        return found

    def triples(self, query: str) -> Iterator[Quad]:
        """The triples of a CONSTRUCT query; else as `solutions`."""
        response = self._ask(query, _TRIPLES)
        if not response.is_framed:  # a lost connection would look like the end
            raise self.error_of(SyntaxError("the length of the answer is not said"))
        return pyoxigraph.parse(_stream(response, self._limit_bytes), RdfFormat.N_TRIPLES)

    def rows(self, query: str) -> Iterator[Mapping[str, str]]:
        """The solutions of a query of our own, with the values of their terms.

        Raises:
            RemoteError: There is no whole answer.
        """
        found = self.solutions(query)
        names = [variable.value for variable in found.variables]
        try:
            for row in found:
                yield {name: term.value for name in names if isinstance(term := row[name], NamedNode | Literal)}
        except SyntaxError as error:
            raise self.error_of(error) from error

    def error_of(self, error: SyntaxError) -> RemoteError:
        """The error of an answer that cannot be read to its end."""
        tail = self._response.tail if self._response else b""
        self._client.release()
        if _STOPPED.search(tail):
            return self._stopped()
        text = (
            f"{self._client.address}: the answer of the remote store cannot be read to its end ({error.msg[:200]}). "
            "Look into the log of that store."
        )
        return RemoteError(RemoteFault.UNAVAILABLE, text)

    def _ask(self, query: str, types: frozenset[str]) -> RemoteResponse:
        """The response to a query, as far as its head.

        Raises:
            RemoteError: It is no answer.
        """
        body = urlencode({"query": self._prologue + query}).encode()
        accept = "application/sparql-results+json" if types is _RESULTS else "application/n-triples"
        response = self._client.send("POST", headers={"Accept": accept, "Content-Type": _FORM}, body=body)
        self._response = response
        if response.status != HTTPStatus.OK:
            raise self._refused(response)
        if "x-sql-state" in response.headers:  # of Virtuoso, whose answer then has some of the rows, or none
            raise self._stopped()
        if limit := response.headers.get("x-sparql-maxrows"):  # of Virtuoso, which cut the answer
            text = (
                f"{self._client.address}: the remote store gives at most {limit[:20]} solutions, and this answer has "
                "as many. Raise its limit (ResultSetMaxRows in virtuoso.ini)."
            )
            raise RemoteError(RemoteFault.CUT, text)
        if response.media_type not in types:
            raise self._unfit(response)
        return response

    def _refused(self, response: RemoteResponse) -> RemoteError:
        words = response.beginning()
        if _STOPPED.search(words.encode()):
            return self._stopped()
        if response.status in _WRONG_ADDRESS:
            return self._unfit(response)
        is_query = response.status == HTTPStatus.BAD_REQUEST
        text = f"{self._client.address}: the remote store answers with status {response.status}. {words}"
        return RemoteError(RemoteFault.REFUSED if is_query else RemoteFault.UNAVAILABLE, text, words)

    def _stopped(self) -> RemoteError:
        text = f"{self._client.address}: the remote store stopped a query that took too long. Raise its time limit."
        return RemoteError(RemoteFault.TIMEOUT, text)

    def _unfit(self, response: RemoteResponse) -> RemoteError:
        text = (
            f"{self._client.address}: this is no SPARQL endpoint: it answers a query with status {response.status} and "
            f"{response.media_type or 'no type'}. Check the address."
        )
        return RemoteError(RemoteFault.UNFIT, text)


class _BoundedStream:
    """A response as a file to read from, up to a number of bytes."""

    def __init__(self, response: RemoteResponse, limit_bytes: int) -> None:
        self._response, self._limit_bytes = response, limit_bytes

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        data = self._response.read(size)
        if self._response.size > self._limit_bytes:
            raise RemoteError(RemoteFault.CUT, "The answer of the remote store is larger than the limit.")
        return data


def _stream(response: RemoteResponse, limit_bytes: int) -> BinaryIO:
    return cast("BinaryIO", _BoundedStream(response, limit_bytes))  # the parser calls nothing but read
