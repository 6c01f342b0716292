"""The small queries by which a query is explained: asked of the endpoint on the client's budget, and not for long."""

import time
from dataclasses import replace

from pyoxigraph import Literal, NamedNode, QueryResultsFormat, QuerySolutions, parse_query_results

from iomld.formats import rdf, results
from iomld.web.problems import ProblemError
from iomld.web.sparql.protocol import MediaTypes, Operation
from iomld.web.sparql_answers import Endpoint, LargeAnswer
from iomld.web.sparql_exchange import Exchange

# Formats in which rows are lines.
COUNTABLE = MediaTypes(results.TSV.media_type, results.JSON.media_type, rdf.NTRIPLES.media_type)

_MOST = 60  # probes
_SECONDS = 1.0  # for all of them
_FAILED = 20  # what one without an answer counts for: it may have cost a worker


class Probes:
    """Asks until the time or the number of probes is used up; see `iomld.browse.why.asking.Prober`.

    Attributes:
        complete: Whether each probe had an answer.
    """

    def __init__(self, endpoint: Endpoint, exchange: Exchange, operation: Operation) -> None:
        """The time begins.

        Args:
            endpoint: Answers them, with its limits.
            exchange: Who asks.
            operation: The query to explain; its graphs and its timeout are those of the probes.
        """
        self._endpoint, self._exchange, self._operation = endpoint, exchange, operation
        self._until = time.monotonic() + min(_SECONDS, operation.timeout_s or _SECONDS)
        self._left = _MOST
        self.complete = True

    async def ask(self, query: str) -> bool | None:
        """The answer to ASK."""
        body = await self._body(query)
        return None if body is None else b"true" in body

    async def terms(self, query: str) -> tuple[NamedNode | Literal, ...] | None:
        """The first column of SELECT."""
        body = await self._body(query)
        if body is None:
            return None
        rows = parse_query_results(body, QueryResultsFormat.TSV)
        assert isinstance(rows, QuerySolutions)  # noqa: S101  # TSV holds nothing else
        return tuple(term for row in rows if isinstance(term := row[0], NamedNode | Literal))

    async def _body(self, query: str) -> bytes | None:
        left_s = self._until - time.monotonic()
        if left_s <= 0 or self._left <= 0:
            self.complete = False
            return None
        # Half of the time that is left, so that a slow probe leaves some for others.
        probe = replace(self._operation, query=query, timeout_s=left_s / 2, format_=None, explain=False)
        try:
            found = await self._endpoint.find(self._exchange, probe, COUNTABLE)
        except ProblemError:
            self.complete = False
            self._left -= _FAILED
            return None
        self._left -= 1
        if isinstance(found, LargeAnswer):  # values as long as books
            found.reply.close()
            return None
        return found.body
