"""The query worker: runs SPARQL queries over a release, one at a time, and serializes their results.

pyoxigraph aborts the process when a result is used from another thread than the one that ran the query, so query and
serialization stay together here. `HANDLER` names the factory of the handler for `iomld.workers`.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, cast

from pyoxigraph import Quad, QueryBoolean, QuerySolutions, QueryTriples

from iomld.errors import QueryError, StoreError
from iomld.formats import rdf, results
from iomld.formats.xml_output import NotInXmlError, XmlOutput
from iomld.iris import Iris
from iomld.messages import Message, Quantity, message
from iomld.store.oxigraph import open_read_only
from iomld.store.query_engine import LocalEngine, QueryEngine, QueryFaultError, Result
from iomld.store.query_request import FaultKind, QueryFault, QueryHead, QueryRequest, QueryWorker, StoredRelease
from iomld.store.query_size import (
    MAX_DEPTH,
    MAX_OPERATORS,
    MAX_PATTERNS,
    has_too_many_operators,
    has_too_many_patterns,
    is_too_deep,
)
from iomld.store.query_text import is_volatile, unescaped, uses_service
from iomld.store.solutions import RowCounter, TooManyRowsError, write_csv
from iomld.workers.errors import CrashReason, WorkerCrashedError
from iomld.workers.handler import Answer, AnswerTooLargeError, AnswerWriter, Handler
from iomld.workers.protocol import WorkerSpec

HANDLER = "iomld.store.query_worker:open_handler"
# The engine ends its process for both reasons, in the same way.
NO_MEMORY = message(
    "The query was stopped because it needed more memory than the limit allows, or because it orders values of kinds "
    "that the engine cannot compare. Make it narrower, avoid ORDER BY, GROUP BY and DISTINCT over everything, and "
    "order mixed values by their text: ORDER BY STR(?x)."
)

_SERVICE = message(
    "SERVICE is switched off here for that endpoint: this server asks only those it was told to. "
    "Ask that endpoint yourself and join the answers, or take the part out. "
    "If you only have a prefix whose name holds “service”, rename it."
)
_NO_TABLE = message(
    "The answer of SELECT is offered as SPARQL results in JSON, XML, CSV and TSV; none of these is acceptable to you. "
    "Ask with ?format=json or another Accept header."
)
_NO_BOOLEAN = message(
    "The answer of ASK is offered as SPARQL results in JSON and XML; none of these is acceptable to you. "
    "Ask with ?format=json or another Accept header."
)
_NO_GRAPH = message(
    "The answer of CONSTRUCT and DESCRIBE is offered as Turtle, N-Triples, RDF/XML and JSON-LD; none of these "
    "is acceptable to you. Ask with ?format=turtle or another Accept header."
)


def open_handler(argument: str) -> Handler:
    """Open a release for queries.

    Args:
        argument: A `QueryWorker` as JSON.

    Raises:
        StoreError: There is no store, or it is damaged.
    """
    worker = QueryWorker.from_json(argument)
    return QueryHandler(LocalEngine(open_read_only(Path(worker.store)), worker.base_iri), worker)


def run_query(
    worker: QueryWorker, request: QueryRequest, *, timeout_s: float, max_answer_bytes: int = 1 << 30
) -> bytes:
    """Answer one query in a worker process of its own, and block until it has answered. Ctrl-C stops it at once.

    Args:
        worker: The configuration of the worker.
        request: The query and the accepted media types.
        timeout_s: Seconds for the query, including the start of the process.
        max_answer_bytes: Maximum size of the answer.

    Raises:
        QueryError: The query does not parse, uses a disabled feature, or its answer is too large.
        JobTimeoutError: The query took too long.
        WorkerCrashedError: The store cannot be opened, or memory ran out.
    """
    from iomld.workers.once import run_once  # noqa: PLC0415  # workers import this module, and need no asyncio

    spec = WorkerSpec(HANDLER, worker.to_json(), max_answer_bytes=max_answer_bytes)
    try:
        reply = run_once(spec, request.to_json(), timeout_s=timeout_s)
    except WorkerCrashedError as error:
        if error.reason is CrashReason.MEMORY:
            raise WorkerCrashedError(str(NO_MEMORY), error.reason) from error
        raise
    if reply.fault:
        raise QueryError(QueryFault.from_json(reply.head).message)
    return reply.read()


class QueryHandler:
    """The handler of a worker: checks queries, has an engine answer them, and serializes the results.

    Queries about another release than its own are answered by the store of that release on this machine. The last such
    store stays open.
    """

    def __init__(self, engine: QueryEngine, worker: QueryWorker) -> None:
        """Set up."""
        self._engine = engine
        self._worker = worker
        self._other: tuple[StoredRelease, QueryEngine] | None = None
        self._prefixes = Iris(worker.base_iri).prefixes()

    def __call__(self, payload: bytes, writer: AnswerWriter) -> Answer:
        """Answer one query."""
        request = QueryRequest.from_json(payload)
        request = replace(request, query=unescaped(request.query))
        try:
            self._check(request.query)
            media_type = self._answer(request, writer)
        except QueryFaultError as error:
            return Answer(error.fault.to_json(), fault=True)
        except NotInXmlError as error:
            return Answer(QueryFault(FaultKind.NOT_ACCEPTABLE, error.message).to_json(), fault=True)
        except AnswerTooLargeError as error:
            return Answer(QueryFault(FaultKind.TOO_LARGE, _too_large(error.limit_bytes)).to_json(), fault=True)
        except TooManyRowsError as error:
            return Answer(QueryFault(FaultKind.TOO_LARGE, _too_many_rows(error.limit)).to_json(), fault=True)
        # Another endpoint may answer differently the next time.
        repeatable = not is_volatile(request.query) and not uses_service(request.query)
        release = request.release.name if request.release else self._worker.release
        return Answer(QueryHead(media_type, writer.digest(), release, repeatable).to_json())

    def _check(self, query: str) -> None:
        """Raise the fault of a query that is not run at all."""
        if uses_service(query, self._worker.services):
            raise QueryFaultError(FaultKind.SERVICE, _SERVICE)
        if is_too_deep(query):
            fault = message("The query nests brackets deeper than {limit}; make it flatter.", limit=MAX_DEPTH)
            raise QueryFaultError(FaultKind.SYNTAX, fault)
        if has_too_many_operators(query):
            fault = message(
                "The query has more than {limit} operators; shorten its path, or list values with VALUES or IN.",
                limit=Quantity(MAX_OPERATORS),
            )
            raise QueryFaultError(FaultKind.SYNTAX, fault)
        if has_too_many_patterns(query):
            fault = message(
                "The query has more than {limit} triple patterns, items of collections, groups and expressions; list "
                "values with VALUES or IN, which may have many more.",
                limit=Quantity(MAX_PATTERNS),
            )
            raise QueryFaultError(FaultKind.SYNTAX, fault)

    def _answer(self, request: QueryRequest, writer: AnswerWriter) -> str:
        """Run the query and write its result; return the media type."""
        engine = self._engine_for(request.release)
        try:
            return self._serialize(engine.results(request), request, writer)
        except (
            OSError,
            RuntimeError,
            SyntaxError,
            StoreError,
        ) as error:  # raised while results are computed, or received
            raise engine.fault_of(error) from error

    def _engine_for(self, release: StoredRelease | None) -> QueryEngine:
        """The engine that answers queries about a release."""
        if release is None:
            return self._engine
        if self._other is None or self._other[0] != release:
            self._other = None  # its store is closed before another one is opened
            try:
                self._other = release, LocalEngine(open_read_only(Path(release.store)), self._worker.base_iri)
            except StoreError as error:
                raise QueryFaultError(FaultKind.EVALUATION, error.message) from error
        return self._other[1]

    def _serialize(self, result: Result | Iterator[Quad], request: QueryRequest, writer: AnswerWriter) -> str:
        match result:
            case QuerySolutions():
                format_ = _result_format(request.solutions, "SELECT")
                if format_ is results.CSV:
                    write_csv(result, writer, max_rows=self._worker.max_rows)
                else:
                    counter = RowCounter(writer, format_, self._worker.max_rows)
                    result.serialize(_file(XmlOutput(counter) if format_ is results.XML else counter), format_.engine)
                return request.solutions or format_.media_type
            case QueryBoolean():
                format_ = _result_format(request.boolean, "ASK")
                result.serialize(_file(writer), format_.engine)
                return request.boolean or format_.media_type
            case _:
                graph_format = _graph_format(request.graph)
                if graph_format is rdf.NTRIPLES and isinstance(result, QueryTriples):
                    result.serialize(_file(writer), graph_format.engine)
                else:  # only this function takes prefixes
                    rdf.write(result, graph_format, _file(writer), prefixes=self._prefixes)
                return request.graph or graph_format.media_type


def _file(writer: AnswerWriter | RowCounter | XmlOutput) -> BinaryIO:
    return cast("BinaryIO", writer)  # pyoxigraph only calls write and flush


def _result_format(media_type: str | None, form: str) -> results.ResultFormat:
    format_ = None if media_type is None else results.by_media_type(media_type)
    if format_ is None:
        raise QueryFaultError(FaultKind.NOT_ACCEPTABLE, _NO_TABLE if form == "SELECT" else _NO_BOOLEAN)
    return format_


def _graph_format(media_type: str | None) -> rdf.Format:
    format_ = None if media_type is None else rdf.by_media_type(media_type)
    if format_ is None:
        raise QueryFaultError(FaultKind.NOT_ACCEPTABLE, _NO_GRAPH)
    return format_


def _too_large(limit_bytes: int) -> Message:
    size = f"{limit_bytes / (1 << 20):g}"
    return message(
        "The answer is larger than {size} MiB, the limit. "
        "Ask for fewer solutions with LIMIT and OFFSET, or download the whole dataset.",
        size=size,
    )


def _too_many_rows(limit: int) -> Message:
    return message(
        "The answer has more than {limit} solutions, the limit. "
        "Ask for fewer with LIMIT and OFFSET, or download the whole dataset.",
        limit=Quantity(limit),
    )
