"""Requests to a query worker and the heads of its answers, with their JSON forms.

What is sent with every query is written as a JSON array by hand, in a few microseconds; `asdict` alone takes longer.
"""

import json
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

from iomld.messages import Message, message_from_json, message_to_json


class FaultKind(StrEnum):
    """Why a query has no answer, for reasons that lie in the query or the request."""

    SYNTAX = "syntax"
    UPDATE = "update"
    SERVICE = "service"
    FUNCTION = "function"
    GRAPH_IRI = "graph-iri"
    NOT_ACCEPTABLE = "not-acceptable"
    TOO_LARGE = "too-large"
    EVALUATION = "evaluation"
    TIMEOUT = "timeout"
    REMOTE = "remote"


@dataclass(frozen=True, slots=True)
class StoredRelease:
    """A release that a query is about, other than the one of the worker.

    Attributes:
        name: Its name; returned with the answer.
        store: Folder of its store.
    """

    name: str
    store: str


@dataclass(frozen=True, slots=True)
class QueryRequest:
    """A SPARQL query and the media types that the client accepts.

    Attributes:
        query: Its text.
        solutions: Media type for the result of SELECT; None when the client accepts none that we offer.
        boolean: Likewise for ASK.
        graph: Likewise for CONSTRUCT and DESCRIBE.
        default_graphs: Graphs that make up the default graph, in place of those the query names (SPARQL 1.1 Protocol
            section 2.1.4).
        named_graphs: The named graphs, likewise. If both are empty the query decides, and without FROM its default
            graph is the union of all named graphs.
        release: The release that it is about; None for the one of the worker.
    """

    query: str
    solutions: str | None
    boolean: str | None
    graph: str | None
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    release: StoredRelease | None = None

    def to_json(self) -> bytes:
        """Write it as the payload of a job."""
        types = (self.solutions, self.boolean, self.graph)
        release = (self.release.name, self.release.store) if self.release else ()
        return json.dumps((self.query, *types, self.default_graphs, self.named_graphs, release)).encode()

    @staticmethod
    def from_json(payload: bytes) -> "QueryRequest":
        """Read a request that `to_json` wrote."""
        query, solutions, boolean, graph, default_graphs, named_graphs, release = json.loads(payload)
        stored = StoredRelease(*release) if release else None
        return QueryRequest(query, solutions, boolean, graph, tuple(default_graphs), tuple(named_graphs), stored)


@dataclass(frozen=True, slots=True)
class QueryHead:
    """The head of an answer: what a worker reports about the body.

    Attributes:
        media_type: Media type of the body (RFC 6838).
        digest: Hash of the body.
        release: Name of the release that was queried.
        repeatable: Whether the same query gives the same answer again; not with NOW, RAND or SERVICE.
    """

    media_type: str
    digest: str
    release: str
    repeatable: bool

    def to_json(self) -> bytes:
        """Write it as the head of an answer."""
        return json.dumps((self.media_type, self.digest, self.release, self.repeatable)).encode()

    @staticmethod
    def from_json(head: bytes) -> "QueryHead":
        """Read a head that `to_json` wrote."""
        return QueryHead(*json.loads(head))


@dataclass(frozen=True, slots=True)
class QueryFault:
    """Why a query has no answer; the head of a reply that is a fault.

    Attributes:
        kind: The kind of fault.
        message: What is wrong and what to do.
    """

    kind: FaultKind
    message: Message

    def to_json(self) -> bytes:
        """Write it as the head of an answer."""
        return json.dumps({"kind": self.kind, "message": message_to_json(self.message)}).encode()

    @staticmethod
    def from_json(head: bytes) -> "QueryFault":
        """Read a fault that `to_json` wrote."""
        values = json.loads(head)
        return QueryFault(FaultKind(values["kind"]), message_from_json(values["message"]))


@dataclass(frozen=True, slots=True)
class QueryWorker:
    """The configuration of a query worker.

    Attributes:
        store: Folder of the release's store.
        base_iri: Base of our data, ending in a slash.
        release: Name of the release; returned with each answer.
        max_rows: Maximum number of solutions in an answer.
        services: Prefixes of the IRIs of endpoints that queries may call with SERVICE; normally none.
    """

    store: str
    base_iri: str
    release: str = ""
    max_rows: int = 1_000_000
    services: tuple[str, ...] = ()

    def to_json(self) -> str:
        """Write it as the argument of a worker."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(argument: str) -> "QueryWorker":
        """Read a configuration that `to_json` wrote."""
        worker = QueryWorker(**json.loads(argument))
        return replace(worker, services=tuple(worker.services))  # JSON has lists
