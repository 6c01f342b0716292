"""What is asked of a query worker and what it answers, as JSON values.

What travels with each query is a JSON array, which costs a few microseconds; `asdict` alone costs more.
"""

import json
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

from iomld.messages import Message, message_from_json, message_to_json


class FaultKind(StrEnum):
    """Why a query has no answer though the server is well."""

    SYNTAX = "syntax"
    UPDATE = "update"
    SERVICE = "service"
    FUNCTION = "function"
    GRAPH_IRI = "graph-iri"
    NOT_ACCEPTABLE = "not-acceptable"
    TOO_LARGE = "too-large"
    EVALUATION = "evaluation"


@dataclass(frozen=True, slots=True)
class QueryRequest:
    """One SPARQL query.

    Attributes:
        query: The text.
        solutions: Media type for the answer of SELECT; None when none is acceptable.
        boolean: Media type for the answer of ASK.
        graph: Media type for the answer of CONSTRUCT and DESCRIBE.
        default_graphs: Graphs that make up the default graph, in place of those the query names (SPARQL 1.1 Protocol
            section 2.1.4).
        named_graphs: The named graphs, likewise. If both are empty the query decides, and without FROM its default
            graph is the union of all named graphs.
    """

    query: str
    solutions: str | None
    boolean: str | None
    graph: str | None
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()

    def to_json(self) -> bytes:
        """As a payload."""
        types = (self.solutions, self.boolean, self.graph)
        return json.dumps((self.query, *types, self.default_graphs, self.named_graphs)).encode()

    @staticmethod
    def from_json(payload: bytes) -> "QueryRequest":
        """The request that `to_json` wrote."""
        query, solutions, boolean, graph, default_graphs, named_graphs = json.loads(payload)
        return QueryRequest(query, solutions, boolean, graph, tuple(default_graphs), tuple(named_graphs))


@dataclass(frozen=True, slots=True)
class QueryHead:
    """What a worker says about an answer.

    Attributes:
        media_type: RFC 6838 type of the body.
        digest: Hash of the body.
        release: Name of the release that was asked.
        repeatable: Whether the same query gives the same answer again; not so with NOW or RAND.
    """

    media_type: str
    digest: str
    release: str
    repeatable: bool

    def to_json(self) -> bytes:
        """As a head."""
        return json.dumps((self.media_type, self.digest, self.release, self.repeatable)).encode()

    @staticmethod
    def from_json(head: bytes) -> "QueryHead":
        """The head that `to_json` wrote."""
        return QueryHead(*json.loads(head))


@dataclass(frozen=True, slots=True)
class QueryFault:
    """Why there is no answer.

    Attributes:
        kind: What sort of fault.
        message: What is wrong and what to do.
    """

    kind: FaultKind
    message: Message

    def to_json(self) -> bytes:
        """As a head."""
        return json.dumps({"kind": self.kind, "message": message_to_json(self.message)}).encode()

    @staticmethod
    def from_json(head: bytes) -> "QueryFault":
        """The fault that `to_json` wrote."""
        values = json.loads(head)
        return QueryFault(FaultKind(values["kind"]), message_from_json(values["message"]))


@dataclass(frozen=True, slots=True)
class QueryWorker:
    """What a query worker is opened with.

    Attributes:
        store: Folder of the release's store.
        base_iri: Base of our data, ending in a slash.
        release: Name of the release; comes back with each answer.
        max_rows: Solutions an answer may have.
        services: Beginnings of the IRIs of endpoints that queries may ask with SERVICE; normally none.
    """

    store: str
    base_iri: str
    release: str = ""
    max_rows: int = 1_000_000
    services: tuple[str, ...] = ()

    def to_json(self) -> str:
        """As a worker's argument."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(argument: str) -> "QueryWorker":
        """The value that `to_json` wrote."""
        worker = QueryWorker(**json.loads(argument))
        return replace(worker, services=tuple(worker.services))  # JSON has lists
