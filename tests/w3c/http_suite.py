"""Requests and expected responses from the manifests of the W3C SPARQL test suites (HTTP in RDF)."""

import http.client
import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pyoxigraph import BlankNode, CanonicalizationAlgorithm, Dataset, Literal, NamedNode, Quad, Triple

from iomld.formats.rdf import TURTLE, by_media_type, parse
from iomld.iris import RDF

SHARED = Path(os.environ.get("IOMLD_SHARED", Path(__file__).parents[3] / "shared"))
SPARQL11 = SHARED / "w3c" / "sparql" / "sparql11"

MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
HT = "http://www.w3.org/2011/http#"
CNT = "http://www.w3.org/2011/content#"

Term = NamedNode | BlankNode | Literal | Triple
Node = NamedNode | BlankNode | Triple


@dataclass(frozen=True)
class Step:
    """One request of a test and what is expected of its response.

    Attributes:
        statuses: Local names of the statuses, one of which is to come: `OK`, `StatusCode4xx`.
        format_: `boolean`, `tabular` or `RDF`, where the manifest says so.
        boolean: The answer of an ASK, where the manifest says so.
        media_type: The Content-Type of the response, likewise.
        graph: The body of the response as Turtle, likewise.
    """

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    statuses: frozenset[str]
    format_: str | None
    boolean: str | None
    media_type: str | None
    graph: str | None


@dataclass(frozen=True)
class Case:
    """A test of a manifest."""

    name: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Answer:
    """A response."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """The Content-Type without parameters."""
        return self.headers.get("content-type", "").partition(";")[0]


def cases(manifest: Path, class_: str) -> Iterator[Case]:
    """The tests of a manifest, in the order of their names; also those that its list of entries forgets."""
    file = _Manifest(manifest)
    for name, node in sorted(file.instances(MF + class_)):
        requests = file.one(file.one(node, f"{MF}action"), f"{HT}requests")
        yield Case(name, tuple(file.step(request) for request in file.members(requests)))


def send(address: str, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> Answer:
    """Send a request to the letter: nothing is added, decoded or encoded anew."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
    try:
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        if body or method in {"POST", "PUT", "QUERY"}:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
    finally:
        connection.close()


def is_expected(status: int, names: frozenset[str]) -> bool:
    """Say whether a status is one of those that a manifest names."""
    codes = {"OK": 200, "Created": 201, "NoContent": 204, "NotFound": 404}
    return any(status == codes.get(name) or name == f"StatusCode{status // 100}xx" for name in names)


def canonical(quads: Iterator[Quad]) -> set[str]:
    """The triples of a graph, with blank nodes named by their place in it: equal for isomorphic graphs."""
    dataset = Dataset(Quad(quad.subject, quad.predicate, quad.object) for quad in quads)
    dataset.canonicalize(CanonicalizationAlgorithm.UNSTABLE)
    return {str(quad) for quad in dataset}


def quads_of(answer: Answer) -> list[Quad]:
    """The triples of an answer; IRIs that stand in for blank nodes are blank again."""
    format_ = by_media_type(answer.media_type)
    assert format_, answer.media_type
    return [_blank_again(quad) for quad in parse(answer.body, format_)]


def _blank_again(quad: Quad) -> Quad:
    def blank(term: Term) -> Term:
        is_genid = isinstance(term, NamedNode) and "/.well-known/genid/" in term.value
        return BlankNode(term.value.rpartition("-")[2]) if is_genid and isinstance(term, NamedNode) else term

    return Quad(blank(quad.subject), quad.predicate, blank(quad.object))  # type: ignore[arg-type]  # no literal is blank


class _Manifest:
    """The triples of a manifest by subject and predicate."""

    def __init__(self, path: Path) -> None:
        self._values: defaultdict[tuple[object, str], list[Term]] = defaultdict(list)
        self._quads = list(parse(path.read_bytes(), TURTLE, base_iri=path.as_uri()))
        for quad in self._quads:
            self._values[quad.subject, quad.predicate.value].append(quad.object)

    def instances(self, class_: str) -> Iterator[tuple[str, Node]]:
        for quad in self._quads:
            if quad.predicate.value == f"{RDF}type" and quad.object == NamedNode(class_):
                yield str(quad.subject).rpartition("#")[2].rstrip(">"), quad.subject

    def one(self, node: object, predicate: str) -> Term | None:
        return next(iter(self._values[node, predicate]), None)

    def members(self, node: Term | None) -> Iterator[Term]:
        while node is not None and (first := self.one(node, f"{RDF}first")) is not None:
            yield first
            node = self.one(node, f"{RDF}rest")

    def step(self, request: Term) -> Step:
        response = self.one(request, f"{HT}resp")
        body = self.one(request, f"{HT}body")
        encoding = self._text(body, f"{CNT}characterEncoding") or "UTF-8"
        statuses = self._values[response, f"{MF}expectedStatus"]
        return Step(
            method=self._text(request, f"{HT}methodName") or "",
            path=self._text(request, f"{HT}absolutePath") or "",
            headers=self._headers(request),
            body=(self._text(body, f"{CNT}chars") or "").encode(encoding),
            statuses=frozenset(str(status).rpartition("#")[2].rstrip(">") for status in statuses),
            format_=self._text(response, f"{MF}expectedFormat"),
            boolean=self._text(response, f"{MF}expectedBoolean"),
            media_type=self._headers(response).get("content-type"),
            graph=self._text(self.one(response, f"{HT}body"), f"{CNT}chars"),
        )

    def _headers(self, message: Term | None) -> dict[str, str]:
        found = self.members(self.one(message, f"{HT}headers"))
        return {
            (self._text(header, f"{HT}fieldName") or "").lower(): self._text(header, f"{HT}fieldValue") or ""
            for header in found
        }

    def _text(self, node: Term | None, predicate: str) -> str | None:
        value = self.one(node, predicate)
        return value.value if isinstance(value, Literal) else None
