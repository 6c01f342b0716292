"""The query worker: runs SPARQL queries over a release, one at a time, and serializes their results.

pyoxigraph aborts the process when a result is used from another thread than the one that ran the query, so query and
serialization stay together here. `HANDLER` names the factory of the handler for `iomld.workers`.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from pyoxigraph import DefaultGraph, NamedNode, QueryBoolean, QuerySolutions, QueryTriples, Store

from iomld.errors import QueryError
from iomld.formats import rdf, results
from iomld.formats.xml_output import NotInXmlError, XmlOutput
from iomld.iris import Iris
from iomld.messages import ForeignText, Message, Quantity, message
from iomld.store.oxigraph import has_default_graph, is_corruption, open_read_only
from iomld.store.query_dataset import (
    MAX_MERGED,
    MergeTooLargeError,
    QueryDataset,
    dataset_of,
    merged_dataset,
    named_dataset,
)
from iomld.store.query_request import FaultKind, QueryFault, QueryHead, QueryRequest, QueryWorker
from iomld.store.query_size import (
    MAX_DEPTH,
    MAX_OPERATORS,
    MAX_PATTERNS,
    has_too_many_operators,
    has_too_many_patterns,
    is_too_deep,
)
from iomld.store.query_text import (
    has_relative_iri,
    in_order_of_appearance,
    is_update,
    is_volatile,
    names_dataset,
    syntax_message,
    unescaped,
    uses_service,
)
from iomld.store.solutions import RowCounter, TooManyRowsError, write_csv
from iomld.workers.handler import Answer, AnswerTooLargeError, AnswerWriter, Handler
from iomld.workers.protocol import WorkerSpec

HANDLER = "iomld.store.query_worker:open_handler"

_UPDATE = message("This endpoint is read-only and refuses updates. Use SELECT, CONSTRUCT, DESCRIBE or ASK.")
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
_Ask = Callable[[str], QuerySolutions | QueryBoolean | QueryTriples]
_FUNCTION = re.compile(r"custom function (<\S{1,300}>)")


class _FaultError(Exception):
    """The query has no answer; `fault` says why."""

    def __init__(self, kind: FaultKind, message: Message) -> None:
        super().__init__(str(message))
        self.fault = QueryFault(kind, message)


def open_handler(argument: str) -> Handler:
    """Open a release for queries.

    Args:
        argument: A `QueryWorker` as JSON.

    Raises:
        StoreError: There is no store, or it is damaged.
    """
    worker = QueryWorker.from_json(argument)
    return _QueryHandler(open_read_only(Path(worker.store)), worker)


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
    reply = run_once(spec, request.to_json(), timeout_s=timeout_s)
    if reply.fault:
        raise QueryError(QueryFault.from_json(reply.head).message)
    return reply.read()


class _QueryHandler:
    def __init__(self, store: Store, worker: QueryWorker) -> None:
        self._store = store
        self._is_union = not has_default_graph(store)
        self._worker = worker
        self._prefixes = Iris(worker.base_iri).prefixes()

    def __call__(self, payload: bytes, writer: AnswerWriter) -> Answer:
        """Answer one query."""
        request = QueryRequest.from_json(payload)
        request = replace(request, query=unescaped(request.query))
        try:
            self._check(request.query)
            media_type = self._answer(request, writer)
        except _FaultError as error:
            return Answer(error.fault.to_json(), fault=True)
        except NotInXmlError as error:
            return Answer(QueryFault(FaultKind.NOT_ACCEPTABLE, error.message).to_json(), fault=True)
        except AnswerTooLargeError as error:
            return Answer(QueryFault(FaultKind.TOO_LARGE, _too_large(error.limit_bytes)).to_json(), fault=True)
        except TooManyRowsError as error:
            return Answer(QueryFault(FaultKind.TOO_LARGE, _too_many_rows(error.limit)).to_json(), fault=True)
        # Another endpoint may answer differently the next time.
        repeatable = not is_volatile(request.query) and not uses_service(request.query)
        return Answer(QueryHead(media_type, writer.digest(), self._worker.release, repeatable).to_json())

    def _check(self, query: str) -> None:
        """Raise the fault of a query that is not run at all."""
        if uses_service(query, self._worker.services):
            raise _FaultError(FaultKind.SERVICE, _SERVICE)
        if is_too_deep(query):
            fault = message("The query nests brackets deeper than {limit}; make it flatter.", limit=MAX_DEPTH)
            raise _FaultError(FaultKind.SYNTAX, fault)
        if has_too_many_operators(query):
            fault = message(
                "The query has more than {limit} operators; shorten its path, or list values with VALUES or IN.",
                limit=Quantity(MAX_OPERATORS),
            )
            raise _FaultError(FaultKind.SYNTAX, fault)
        if has_too_many_patterns(query):
            fault = message(
                "The query has more than {limit} triple patterns, items of collections, groups and expressions; list "
                "values with VALUES or IN, which may have many more.",
                limit=Quantity(MAX_PATTERNS),
            )
            raise _FaultError(FaultKind.SYNTAX, fault)

    def _answer(self, request: QueryRequest, writer: AnswerWriter) -> str:
        """Run the query and write its result; return the media type."""
        try:
            return self._serialize(self._results(request), request, writer)
        except (OSError, RuntimeError) as error:  # raised while results are computed
            raise _not_evaluated(error) from error

    def _results(self, request: QueryRequest) -> QuerySolutions | QueryBoolean | QueryTriples:
        base_iri = f"{self._worker.base_iri}sparql" if has_relative_iri(request.query) else None
        ask = self._with_dataset(request, base_iri)
        result = self._run(ask, request.query)
        if isinstance(result, QuerySolutions):
            names = [variable.value for variable in result.variables]  # of SELECT *, the engine sorts them by name
            if projected := in_order_of_appearance(request.query, names):
                return self._run(ask, projected)
        return result

    def _with_dataset(self, request: QueryRequest, base_iri: str | None) -> _Ask:
        """The engine's function for queries, over the dataset that the request or the query names."""
        names_graphs = names_dataset(request.query)
        if request.default_graphs or request.named_graphs:
            dataset = _requested_dataset(request)
        elif names_graphs and (found := named_dataset(self._store, request.query, base_iri)):
            dataset = found
        else:
            union = self._is_union and not names_graphs  # the union would override FROM
            return partial(self._store.query, base_iri=base_iri, use_default_graph_as_union=union)
        named = dataset.named_graphs()
        if self._is_union or len(dataset.default) < 2:  # noqa: PLR2004  # several graphs that may share triples
            return partial(self._store.query, base_iri=base_iri, default_graph=[*dataset.default], named_graphs=named)
        try:
            merged = merged_dataset(self._store, dataset)
        except MergeTooLargeError as error:
            raise _FaultError(FaultKind.TOO_LARGE, _too_many_quads()) from error
        return partial(merged.query, base_iri=base_iri, default_graph=DefaultGraph(), named_graphs=named)

    def _run(self, ask: _Ask, query: str) -> QuerySolutions | QueryBoolean | QueryTriples:
        try:
            return ask(query)
        except SyntaxError as error:
            if is_update(query):
                raise _FaultError(FaultKind.UPDATE, _UPDATE) from error
            fault = syntax_message(query, str(error), self._prefixes)
            raise _FaultError(FaultKind.SYNTAX, fault) from error
        except RuntimeError as error:  # the query parses and cannot be planned
            raise _unplanned(error) from error

    def _serialize(
        self, result: QuerySolutions | QueryBoolean | QueryTriples, request: QueryRequest, writer: AnswerWriter
    ) -> str:
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
            case QueryTriples():
                graph_format = _graph_format(request.graph)
                if graph_format is rdf.NTRIPLES:
                    result.serialize(_file(writer), graph_format.engine)
                else:  # only this function takes prefixes
                    rdf.write(result, graph_format, _file(writer), prefixes=self._prefixes)
                return request.graph or graph_format.media_type


def _unplanned(error: RuntimeError) -> _FaultError:
    """The fault of a query that parses but cannot be run."""
    if match := _FUNCTION.search(str(error)):
        name = match[1]
        fault = message(
            "No function {name} is known here. Use those of SPARQL 1.1, or compute it from the answer yourself.",
            name=name,
        )
        return _FaultError(FaultKind.FUNCTION, fault)
    return _not_evaluated(error)


def _not_evaluated(error: Exception) -> _FaultError:
    if is_corruption(error):
        fault = message(
            "The query could not be evaluated: a file of the store is damaged. Tell whoever runs this server."
        )
        return _FaultError(FaultKind.EVALUATION, fault)
    fault = message("The query could not be evaluated: {rest}", rest=ForeignText(error))
    return _FaultError(FaultKind.EVALUATION, fault)


def _file(writer: AnswerWriter | RowCounter | XmlOutput) -> BinaryIO:
    return cast("BinaryIO", writer)  # pyoxigraph only calls write and flush


def _requested_dataset(request: QueryRequest) -> QueryDataset:
    for iri in (*request.default_graphs, *request.named_graphs):
        try:
            NamedNode(iri)
        except ValueError as error:
            fault = message("“{iri}” is no absolute IRI, and so names no graph.", iri=iri[:200])
            raise _FaultError(FaultKind.GRAPH_IRI, fault) from error
    return dataset_of(request.default_graphs, request.named_graphs)


def _result_format(media_type: str | None, form: str) -> results.ResultFormat:
    format_ = None if media_type is None else results.by_media_type(media_type)
    if format_ is None:
        raise _FaultError(FaultKind.NOT_ACCEPTABLE, _NO_TABLE if form == "SELECT" else _NO_BOOLEAN)
    return format_


def _graph_format(media_type: str | None) -> rdf.Format:
    format_ = None if media_type is None else rdf.by_media_type(media_type)
    if format_ is None:
        raise _FaultError(FaultKind.NOT_ACCEPTABLE, _NO_GRAPH)
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


def _too_many_quads() -> Message:
    return message(
        "The graphs that the query names hold more than {limit} triples, the limit for merging them. "
        "Name fewer graphs with FROM or default-graph-uri, or name none to ask all.",
        limit=Quantity(MAX_MERGED),
    )
