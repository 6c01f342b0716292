"""The engine of a query worker: gives the result of a query, or the fault for which it has none.

A worker serializes what an engine gives. `LocalEngine` asks the store of a release; `iomld.remote` has another one.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Protocol

from pyoxigraph import DefaultGraph, NamedNode, Quad, QueryBoolean, QuerySolutions, QueryTriples, Store

from iomld.iris import Iris
from iomld.messages import ForeignText, Message, Quantity, message
from iomld.store.oxigraph import has_default_graph, is_corruption
from iomld.store.query_dataset import (
    MAX_MERGED,
    MergeTooLargeError,
    QueryDataset,
    dataset_of,
    merged_dataset,
    named_dataset,
)
from iomld.store.query_request import FaultKind, QueryFault, QueryRequest
from iomld.store.query_text import has_relative_iri, in_order_of_appearance, is_update, names_dataset, syntax_message

Result = QuerySolutions | QueryBoolean | QueryTriples
_UPDATE = message("This endpoint is read-only and refuses updates. Use SELECT, CONSTRUCT, DESCRIBE or ASK.")
_Ask = Callable[[str], Result]
_FUNCTION = re.compile(r"custom function (<\S{1,300}>)")


class QueryFaultError(Exception):
    """The query has no answer; `fault` says why."""

    def __init__(self, kind: FaultKind, message: Message) -> None:
        """Create the fault."""
        super().__init__(str(message))
        self.fault = QueryFault(kind, message)


class QueryEngine(Protocol):
    """What answers queries."""

    def results(self, request: QueryRequest) -> Result | Iterator[Quad]:
        """The result of a query; it may be computed, and fail, only while it is read.

        Raises:
            QueryFaultError: There is none.
        """
        ...

    def fault_of(self, error: Exception) -> QueryFaultError:
        """The fault of a query whose result failed with this error while it was read."""
        ...


class LocalEngine:
    """Asks a store of this machine."""

    def __init__(self, store: Store, base_iri: str) -> None:
        """Set up.

        Args:
            store: The store, read-only.
            base_iri: Base of our data, ending in a slash.
        """
        self._store, self._base_iri = store, base_iri
        self._is_union = not has_default_graph(store)
        self._prefixes = Iris(base_iri).prefixes()

    def results(self, request: QueryRequest) -> Result:
        """The result of a query; see `QueryEngine`."""
        base_iri = f"{self._base_iri}sparql" if has_relative_iri(request.query) else None
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
            raise QueryFaultError(FaultKind.TOO_LARGE, _too_many_quads()) from error
        return partial(merged.query, base_iri=base_iri, default_graph=DefaultGraph(), named_graphs=named)

    def _run(self, ask: _Ask, query: str) -> Result:
        try:
            return ask(query)
        except SyntaxError as error:
            if is_update(query):
                raise QueryFaultError(FaultKind.UPDATE, _UPDATE) from error
            fault = syntax_message(query, str(error), self._prefixes)
            raise QueryFaultError(FaultKind.SYNTAX, fault) from error
        except RuntimeError as error:  # the query parses and cannot be planned
            raise _unplanned(error) from error

    def fault_of(self, error: Exception) -> QueryFaultError:
        """The fault of a query whose result failed while it was read."""
        return _not_evaluated(error)


def _unplanned(error: RuntimeError) -> QueryFaultError:
    """The fault of a query that parses but cannot be run."""
    if match := _FUNCTION.search(str(error)):
        name = match[1]
        fault = message(
            "No function {name} is known here. Use those of SPARQL 1.1, or compute it from the answer yourself.",
            name=name,
        )
        return QueryFaultError(FaultKind.FUNCTION, fault)
    return _not_evaluated(error)


def _not_evaluated(error: Exception) -> QueryFaultError:
    if is_corruption(error):
        fault = message(
            "The query could not be evaluated: a file of the store is damaged. Tell whoever runs this server."
        )
        return QueryFaultError(FaultKind.EVALUATION, fault)
    fault = message("The query could not be evaluated: {rest}", rest=ForeignText(error))
    return QueryFaultError(FaultKind.EVALUATION, fault)


def _requested_dataset(request: QueryRequest) -> QueryDataset:
    for iri in (*request.default_graphs, *request.named_graphs):
        try:
            NamedNode(iri)
        except ValueError as error:
            fault = message("“{iri}” is not an absolute IRI, so it names no graph.", iri=iri[:200])
            raise QueryFaultError(FaultKind.GRAPH_IRI, fault) from error
    return dataset_of(request.default_graphs, request.named_graphs)


def _too_many_quads() -> Message:
    return message(
        "The graphs that the query names hold more than {limit} triples, the limit for merging them. "
        "Name fewer graphs with FROM or default-graph-uri, or name none to ask all.",
        limit=Quantity(MAX_MERGED),
    )
