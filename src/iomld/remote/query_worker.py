"""The query worker for a remote store: checks a query here, sends it there, and serializes the answer as the local one.

`HANDLER` names the factory of the handler for `iomld.workers`. What a standard leaves to each server, and what a server
does not say when it cuts it, is answered by the store of the release on this machine.
"""

import json
import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from pyoxigraph import Quad, QueryBoolean, QuerySolutions, Store

from iomld.errors import StoreError
from iomld.iris import DCAT, Iris
from iomld.messages import ForeignText, message
from iomld.remote.client import RemoteAccess, RemoteClient, RemoteError, RemoteFault
from iomld.remote.endpoint import RemoteEndpoint
from iomld.store.oxigraph import open_read_only
from iomld.store.query_engine import LocalEngine, QueryFaultError, Result
from iomld.store.query_request import FaultKind, QueryRequest, QueryWorker
from iomld.store.query_text import (
    compares_order,
    has_relative_iri,
    in_order_of_appearance,
    names_dataset,
    query_form,
    uses_service,
)
from iomld.store.query_worker import QueryHandler
from iomld.workers.handler import Handler

HANDLER = "iomld.remote.query_worker:open_handler"

_STOPPED = message(
    "The query was stopped: the store that answers queries gives it no more time. "
    "Make it narrower (fewer patterns without a shared variable, a LIMIT), or download the whole dataset."
)
_CUT = message(
    "The answer is larger than the store that answers queries gives at once. "
    "Ask for fewer solutions with LIMIT and OFFSET, or download the whole dataset."
)
_AWAY = message(
    "The store that answers queries cannot be used at the moment. Try again in a minute. "
    "Pages, lookups and downloads answer meanwhile."
)
_CONNECT_S = 1.5  # less than `/ready` waits for a query
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RemoteWorker:
    """The configuration of a worker that asks a remote store.

    Attributes:
        query: What it has in common with other query workers.
        address: Address of the endpoint.
        user: Name for the endpoint, if it asks for one.
        password_file: The file with the password; the password itself would be seen among the processes.
        excluded: Graphs of the server itself; only Virtuoso has some.
        timeout_s: Seconds for an answer.
        limit_bytes: Most bytes of an answer in the form in which the remote store sends it.
    """

    query: QueryWorker
    address: str
    user: str = ""
    password_file: str = ""
    excluded: tuple[str, ...] = ()
    timeout_s: float = 60.0
    limit_bytes: int = 1 << 30

    def to_json(self) -> str:
        """Write it as the argument of a worker."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(argument: str) -> "RemoteWorker":
        """Read a configuration that `to_json` wrote."""
        values = json.loads(argument)
        query = QueryWorker.from_json(json.dumps(values.pop("query")))
        return RemoteWorker(query, **values | {"excluded": tuple(values["excluded"])})


def open_handler(argument: str) -> Handler:
    """Open the store of a release on this machine; the remote one is asked first by a query.

    Args:
        argument: A `RemoteWorker` as JSON.

    Raises:
        StoreError: There is no local store, or it is damaged.
    """
    worker = RemoteWorker.from_json(argument)
    local = LocalEngine(open_read_only(Path(worker.query.store)), worker.query.base_iri)
    return QueryHandler(RemoteEngine(worker, local), worker.query)


def require_release(worker: RemoteWorker) -> None:
    """Require that a dataset holds the release that it is asked about, unless the remote store is away.

    Raises:
        StoreError: It holds another one, its default graph is no union, or the store refuses us.
    """
    base, name = worker.query.base_iri, worker.query.release
    try:
        is_there = bool(_endpoint(worker).boolean(f'ASK {{ <{Iris(base).dataset()}> <{DCAT}version> "{name}" }}'))
    except RemoteError as error:
        if error.fault not in {RemoteFault.UNAVAILABLE, RemoteFault.TIMEOUT}:
            raise
        _LOG.warning("%s", error)
        return
    if not is_there:
        raise StoreError(
            f"{worker.address}: queries do not find the release {name} there. Check the order of the addresses in "
            "IOMLD_REMOTE_QUERY, or run 'iomld remote push'."
        )


def _endpoint(worker: RemoteWorker) -> RemoteEndpoint:
    access = RemoteAccess(worker.user, worker.password_file, connect_s=_CONNECT_S, timeout_s=worker.timeout_s)
    return RemoteEndpoint(RemoteClient(worker.address, access), worker.excluded, limit_bytes=worker.limit_bytes)


class RemoteEngine:
    """Asks a dataset of a remote store, and for some queries the local store."""

    def __init__(self, worker: RemoteWorker, local: LocalEngine) -> None:
        """Set up; nothing is sent yet."""
        self._endpoint = _endpoint(worker)
        self._base_iri = worker.query.base_iri
        self._is_virtuoso = bool(worker.excluded)
        self._local = local
        self._empty = LocalEngine(Store(), worker.query.base_iri)  # to parse queries
        self._is_remote = False  # the last query
        self._logged = ""

    def results(self, request: QueryRequest) -> Result | Iterator[Quad]:
        """The result of a query; see `QueryEngine`."""
        form = query_form(request.query)
        self._is_remote = not self._stays_local(request, form)
        if not self._is_remote:
            return self._local.results(request)
        parsed = self._empty.results(request)  # raises what is wrong with the query, in our words
        try:
            return self._remote_results(request, parsed)
        except RemoteError as error:
            raise self.fault_of(error) from error

    def fault_of(self, error: Exception) -> QueryFaultError:
        """The fault of a query whose result failed while it was read."""
        if self._is_remote and isinstance(error, SyntaxError):
            error = self._endpoint.error_of(error)
        if not isinstance(error, RemoteError):
            return self._local.fault_of(error)
        match error.fault:
            case RemoteFault.TIMEOUT:
                return QueryFaultError(FaultKind.TIMEOUT, _STOPPED)
            case RemoteFault.CUT:
                return QueryFaultError(FaultKind.TOO_LARGE, _CUT)
            case RemoteFault.REFUSED:
                fault = message("The query could not be evaluated: {rest}", rest=ForeignText(error.words))
                return QueryFaultError(FaultKind.EVALUATION, fault)
            case _:
                self._log(str(error))
                return QueryFaultError(FaultKind.REMOTE, _AWAY)

    def _stays_local(self, request: QueryRequest, form: str) -> bool:
        """Whether the local store answers a query.

        What DESCRIBE gives is left to each server, and SERVICE is never passed on. Where a query or a request names
        graphs, Oxigraph with a union as default graph ignores FROM, and Virtuoso takes all graphs for the named ones.
        Virtuoso also cuts what CONSTRUCT gives without a word, and at times finds nothing where dates are compared.
        """
        names_graphs = request.default_graphs or request.named_graphs or names_dataset(request.query)
        is_cut = self._is_virtuoso and (form == "CONSTRUCT" or compares_order(request.query))
        return bool(names_graphs) or form == "DESCRIBE" or is_cut or uses_service(request.query)

    def _remote_results(self, request: QueryRequest, parsed: Result) -> Result | Iterator[Quad]:
        base = f"BASE <{self._base_iri}sparql> " if has_relative_iri(request.query) else ""
        if isinstance(parsed, QueryBoolean):
            return self._endpoint.boolean(base + request.query)
        if not isinstance(parsed, QuerySolutions):
            return self._endpoint.triples(base + request.query)
        names = [variable.value for variable in parsed.variables]
        query = in_order_of_appearance(request.query, names) or request.query
        found = self._endpoint.solutions(base + query)
        if [variable.value for variable in found.variables] != names:
            raise self._endpoint.error_of(SyntaxError("it has other variables than the query"))
        return found

    def _log(self, reason: str) -> None:
        """Log each reason once."""
        if reason != self._logged:
            self._logged = reason
            _LOG.warning("%s", reason)
