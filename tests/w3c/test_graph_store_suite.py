"""The reading half of the W3C tests of the Graph Store Protocol against `iomld serve`.

The server is read-only, so what a test writes before it reads is published beforehand, for each read in a graph of its
own: `/gsp/person/1.ttl` is `/rdf-graph-store/TEST/STEP/person/1.ttl`. What would write must be refused with 405.
"""

import email
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from pyoxigraph import NamedNode, Quad
from tests.conftest import Command
from tests.serving import serve
from tests.w3c.http_suite import SPARQL11, Case, Step, canonical, cases, is_expected, quads_of, send

from iomld.formats.rdf import NQUADS, TURTLE, parse, serialize
from iomld.iris import DEFAULT_BASE

FOLDER = SPARQL11 / "graph-store-protocol"
DEFAULT = "urn:x-test:default"  # where the triples for the default graph, which is the union, are published
LOCATION = "http://www.example/gsp/made-by-post"  # in place of the address that a POST would have given
READS = {"GET", "HEAD"}

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(not FOLDER.is_dir(), reason="the W3C SPARQL test suite is not at hand (IOMLD_SHARED)"),
]


@dataclass(frozen=True)
class Read:
    """A GET or HEAD of a test, with the triples that the writes before it leave in its graph; None is no graph."""

    name: str
    step: Step
    path: str
    graph: str
    quads: list[Quad] | None = field(repr=False)


def all_cases() -> list[Case]:
    """The tests of both manifests."""
    if not FOLDER.is_dir():
        return []
    return [
        case
        for name in ("manifest-direct.ttl", "manifest-indirect.ttl")
        for case in cases(FOLDER / name, "GraphStoreProtocolTest")
    ]


def reads() -> Iterator[Read]:
    """Every read of every test."""
    for case in all_cases():
        state: dict[str, list[Quad]] = {}
        for number, step in enumerate(case.steps):
            key = identity(step.path)
            if step.method in READS:
                place = f"{case.name}/{number}"
                yield Read(place, step, moved(step.path, place), graph_of(step.path, place), state.get(key))
            elif step.method == "DELETE":
                state.pop(key, None)
            else:
                old = state.get(key, []) if step.method == "POST" else []
                state[key] = [*old, *(quad for text in parts(step) for quad in parse(text, TURTLE))]


def identity(path: str) -> str:
    """The graph that a request is about; a POST to the store itself makes one."""
    url = urlsplit(path)
    asked = parse_qs(url.query, keep_blank_values=True)
    if "default" in asked:
        return DEFAULT
    if "graph" in asked:
        return asked["graph"][0].replace("$LOCATION$", LOCATION)
    return LOCATION if url.path == "/gsp" else url.path


def moved(path: str, place: str) -> str:
    """The path of a request on our server, in the place of its step."""
    path = path.replace("$LOCATION$", LOCATION)
    for start, end in (("www.example/gsp/", "/"), ("www.example%2Fgsp%2F", "%2F")):
        path = path.replace(start, f"{start}{place.replace('/', end)}{end}")
    rest = path.removeprefix("/gsp")
    return "/rdf-graph-store" + (f"/{place}{rest}" if rest.startswith("/") else rest)


def graph_of(path: str, place: str) -> str:
    """The name under which the graph of a step is published."""
    key = identity(path)
    if key == DEFAULT:
        return DEFAULT
    if key.startswith("/"):
        return f"{DEFAULT_BASE}rdf-graph-store/{place}{key.removeprefix('/gsp')}"
    return key.replace("www.example/gsp/", f"www.example/gsp/{place}/")


def parts(step: Step) -> Iterator[bytes]:
    """The Turtle documents of a body, of which multipart/form-data has several."""
    if not step.headers["content-type"].startswith("multipart/"):
        yield step.body
        return
    head = f"Content-Type: {step.headers['content-type']}\r\n\r\n".encode()
    for part in email.message_from_bytes(head + step.body).get_payload():
        assert isinstance(part, Message)
        text = part.get_payload(decode=True)
        assert isinstance(text, bytes)
        yield text


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, iomld: Command) -> Iterator[str]:
    """The address of a server with a graph for each read."""
    folder = tmp_path_factory.mktemp("gsp")
    quads = [
        Quad(quad.subject, quad.predicate, quad.object, NamedNode(read.graph))
        for read in reads()
        for quad in read.quads or ()
    ]
    (folder / "states.nq").write_bytes(serialize(quads, NQUADS))
    done = iomld("publish", "--include", folder / "states.nq", "--to", folder / "to")
    assert done.returncode == 0, done.stderr
    with serve(folder / "to") as running:
        yield running.address


def test_the_suite_is_whole() -> None:
    """14 tests, five by direct and nine by indirect identification, with 19 reads."""
    assert len(all_cases()) == 14
    assert len(list(reads())) == 19


def test_every_read_has_the_expected_answer(address: str) -> None:
    """Each GET and HEAD has its status and media type, and each body is the graph that the manifest expects."""
    for read in reads():
        answer = send(address, read.step.method, read.path, read.step.headers)
        assert is_expected(answer.status, read.step.statuses), (read, answer)
        if read.step.media_type:
            assert answer.headers["content-type"] == read.step.media_type, read
        if read.step.graph and read.graph != DEFAULT:
            assert canonical(iter(quads_of(answer))) == canonical(parse(read.step.graph, TURTLE)), read
        if read.step.method == "HEAD":
            assert answer.body == b"", read


def test_the_default_graph_holds_what_is_expected_of_it(address: str) -> None:
    """Our default graph is the union, so it holds the triples that the manifest expects among others."""
    read = next(read for read in reads() if read.graph == DEFAULT)
    assert read.step.graph
    alone = send(address, "GET", f"/rdf-graph-store?graph={quote(DEFAULT, safe='')}", {"accept": "text/turtle"})
    union = send(address, "GET", read.path, read.step.headers)
    assert canonical(iter(quads_of(alone))) == canonical(parse(read.step.graph, TURTLE))
    assert {str(quad) for quad in quads_of(alone)} <= {str(quad) for quad in quads_of(union)}


def test_every_write_is_refused(address: str) -> None:
    """Each PUT, POST and DELETE of the tests is answered 405 with the methods that there are."""
    writes = [step for case in all_cases() for step in case.steps if step.method not in READS]
    assert {step.method for step in writes} == {"PUT", "POST", "DELETE"}
    for step in writes:
        answer = send(address, step.method, moved(step.path, "refused"), step.headers, step.body)
        assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS"), step
