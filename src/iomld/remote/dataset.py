"""The datasets of a remote store: what they hold, and changes by the SPARQL 1.1 Graph Store Protocol."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import BinaryIO

from iomld.remote.client import RemoteAccess, RemoteClient, RemoteError, RemoteFault
from iomld.remote.endpoint import RemoteEndpoint

COUNT_GRAPHS = "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"
_COUNT_ALL = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
_DONE = frozenset({HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT})
_MARK = "urn:iomld:push"  # a graph that is there while a push runs, or after one that did not end
# Graphs that Virtuoso keeps for itself; they are in its default graph.
_OF_VIRTUOSO = re.compile(
    r"http://www\.openlinksw\.com/schemas/.*|http://localuriqaserver/.*|http://www\.w3\.org/ns/ldp#|"
    r"http://www\.w3\.org/2002/07/owl#|https?://[^/]+/(?:DAV/|sparql)|urn:(?:virtuoso|activitystreams|core):.*"
)


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a dataset holds.

    Attributes:
        graphs: Number of triples of each graph.
        excluded: Graphs of the server itself.
        mark: Who pushes to the dataset, or did until it was interrupted; empty if nobody.
    """

    graphs: Mapping[str, int]
    excluded: tuple[str, ...]
    mark: str


class RemoteDataset:
    """A dataset of a remote store, by its two addresses."""

    def __init__(self, query: str, update: str, access: RemoteAccess) -> None:
        """Set up; nothing is sent yet.

        Args:
            query: Address of its endpoint.
            update: Address of its graph store.
            access: How both are asked.
        """
        self.address = query
        self._queries = RemoteClient(query, access)
        self._graphs = RemoteClient(update, access)

    def holdings(self) -> Holdings:
        """What the dataset holds.

        Raises:
            RemoteError: It cannot be asked.
        """
        counts = {row["g"]: int(row["n"]) for row in RemoteEndpoint(self._queries).rows(COUNT_GRAPHS) if "g" in row}
        excluded = tuple(sorted(graph for graph in counts if _OF_VIRTUOSO.fullmatch(graph)))
        mark = self._mark() if counts.pop(_MARK, 0) else ""
        return Holdings({graph: n for graph, n in counts.items() if graph not in excluded}, excluded, mark)

    def size(self, excluded: Sequence[str]) -> int:
        """Number of triples in the default graph of queries.

        Raises:
            RemoteError: It cannot be asked.
        """
        (row,) = RemoteEndpoint(self._queries, excluded).rows(_COUNT_ALL)
        return int(row["n"])

    def put(self, graph: str, triples: bytes | BinaryIO) -> None:
        """Replace a graph by triples in N-Triples.

        Raises:
            RemoteError: The server does not say that it did.
        """
        self._change("PUT", graph, triples)

    def drop(self, graph: str) -> None:
        """Remove a graph; one that is not there counts as removed.

        Raises:
            RemoteError: The server does not say that it did.
        """
        self._change("DELETE", graph)

    def set_mark(self, owner: str) -> None:
        """Say in the dataset who pushes to it.

        Raises:
            RemoteError: The server does not say that it did.
        """
        self.put(_MARK, f'<{_MARK}> <http://purl.org/dc/terms/publisher> "{owner}" .\n'.encode())

    def remove_mark(self) -> None:
        """Remove what `set_mark` wrote.

        Raises:
            RemoteError: The server does not say that it did.
        """
        self.drop(_MARK)

    def is_marked(self, owner: str) -> bool:
        """Whether the mark is still the one of this owner.

        Raises:
            RemoteError: It cannot be asked.
        """
        return self._mark() == owner

    def _mark(self) -> str:
        query = f"SELECT ?who {{ GRAPH <{_MARK}> {{ ?mark ?by ?who }} }}"
        return next((row.get("who", "") for row in RemoteEndpoint(self._queries).rows(query)), "")

    def _change(self, method: str, graph: str, body: bytes | BinaryIO | None = None) -> None:
        headers = {"Content-Type": "application/n-triples"} if body is not None else {}
        response = self._graphs.send(method, {"graph": graph}, headers=headers, body=body)
        is_absent = method == "DELETE" and response.status == HTTPStatus.NOT_FOUND
        words = response.beginning()
        if response.status in _DONE or is_absent:
            return
        text = (
            f"{self._graphs.address}: the remote store did not change the graph {graph} (status {response.status}). "
            f"{words}"
        )
        raise RemoteError(RemoteFault.REFUSED, text)


@dataclass(frozen=True, slots=True)
class RemoteStore:
    """A remote store: two datasets, each with the address of its endpoint and of its graph store.

    Attributes:
        queries: Addresses of the endpoints.
        updates: Addresses of the graph stores, in the same order.
        access: How they are asked.
    """

    queries: tuple[str, ...]
    updates: tuple[str, ...]
    access: RemoteAccess

    def dataset(self, number: int) -> RemoteDataset:
        """One of the datasets, 0 or 1."""
        return RemoteDataset(self.queries[number], self.updates[number], self.access)
