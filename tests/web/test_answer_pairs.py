"""Each way to ask a query gets the same answer, new or from the cache: many pairs of answers are compared."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import brotli  # type: ignore[import-untyped]  # it comes without types
import pytest
import zstandard
from starlette.types import ASGIApp, Message
from tests.amount import amount

from iomld.config import Settings
from iomld.iris import DEFAULT_BASE
from iomld.web.app import create_app

pytestmark = pytest.mark.server

NS, TITLE = "https://w3id.org/iomld/ns#", "http://purl.org/dc/terms/title"
QUERIES = {
    "lookup": ("solutions", f'SELECT * {{ ?p <{NS}projectCode> "PO.0105" ; <{TITLE}> ?t }}'),
    "lookup without solutions": ("solutions", f'SELECT ?p {{ ?p <{NS}projectCode> "No.Such" }}'),
    "lookup ASK": ("boolean", f'ASK {{ ?p <{NS}projectCode> "PO.0105" }}'),
    "aggregate": ("solutions", "SELECT ?t (COUNT(*) AS ?n) { ?s a ?t } GROUP BY ?t ORDER BY ?t"),
    "many rows": ("solutions", "SELECT * { ?s ?p ?o } LIMIT 300"),
    "no rows": ("solutions", "SELECT * { ?s ?p ?o FILTER(false) }"),
    "ASK": ("boolean", f"ASK {{ ?s <{TITLE}> ?t FILTER(STRLEN(?t) > 20) }}"),
    "ASK no": ("boolean", f"ASK {{ ?s <{TITLE}> ?t FILTER(STRLEN(?t) < 0) }}"),
    "CONSTRUCT": ("graph", f"CONSTRUCT {{ ?p <{TITLE}> ?t }} {{ ?p <{TITLE}> ?t }} LIMIT 20"),
    "CONSTRUCT nothing": ("graph", "CONSTRUCT WHERE { ?s <urn:none> ?o }"),
    "DESCRIBE": ("graph", "DESCRIBE <https://w3id.org/iomld/id/project/PO.0107>"),
    "broken": ("error", "SELECT * { ?s ?p }"),
    "update": ("error", "CLEAR ALL"),
}
JSON, XML, CSV = "application/sparql-results+json", "application/sparql-results+xml", "text/csv; charset=utf-8"
TURTLE, JSONLD, PROBLEM = "text/turtle; charset=utf-8", "application/ld+json", "application/problem+json"
# The type of solutions, booleans and graphs; None where there is none that is acceptable.
ACCEPTS: dict[str | None, tuple[str | None, str | None, str | None]] = {
    None: (JSON, JSON, TURTLE),
    "*/*": (JSON, JSON, TURTLE),
    JSON: (JSON, JSON, None),
    "text/csv": (CSV, None, None),
    "text/turtle": (None, None, TURTLE),
    "application/ld+json, application/sparql-results+xml": (XML, XML, JSONLD),
    "text/turtle, application/sparql-results+json;q=0.5": (JSON, JSON, TURTLE),
    "image/png": (None, None, None),
}
KINDS = ("solutions", "boolean", "graph")
CODINGS: dict[str | None, Callable[[bytes], bytes]] = {
    None: bytes,
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body),
    "identity;q=0, gzip": gzip.decompress,
    "identity": bytes,
}
PATIENT = Settings(client_seconds=10_000, query_timeout=300)  # however busy the machine is
TAG = "?"  # stands for the tag of the answer
FORMS: dict[str, tuple[str, dict[str, str]]] = {
    "GET": ("GET", {}),
    "HEAD": ("HEAD", {}),
    "POST form": ("POST", {"content-type": "application/x-www-form-urlencoded"}),
    "POST direct": ("POST", {"content-type": "application/sparql-query"}),
    "QUERY": ("QUERY", {"content-type": "application/sparql-query"}),
    "GET, held": ("GET", {"if-none-match": f'"other", {TAG}'}),
    "HEAD, held": ("HEAD", {"if-none-match": TAG.removeprefix("W/")}),
    "GET, any": ("GET", {"if-none-match": "*"}),
    "GET, another held": ("GET", {"if-none-match": '"other", W/"another"'}),
}
# Of the six codings each pair of query and Accept is asked for in so many; each query and each Accept has all of them.
CODINGS_OF_A_PAIR = min(amount(1), len(CODINGS))


@dataclass(frozen=True)
class Received:
    """An answer; its body is decoded."""

    status: int
    type: str | None
    etag: str | None
    vary: str | None
    body: bytes


Ask = Callable[[str, dict[str, str], bytes, str], Awaitable[tuple[int, dict[str, str], bytes]]]


@asynccontextmanager
async def started(app: ASGIApp) -> AsyncIterator[Ask]:
    """Ask an application as a server would, by method, headers, body and query string."""
    events: asyncio.Queue[Message] = asyncio.Queue()
    is_started = asyncio.Event()

    async def note(_: Message) -> None:
        is_started.set()

    async def ask(
        method: str, headers: dict[str, str], body: bytes, query_string: str
    ) -> tuple[int, dict[str, str], bytes]:
        sent: list[Message] = []
        requests: list[Message] = [{"type": "http.request", "body": body}]

        async def receive() -> Message:
            if not requests:
                await asyncio.Event().wait()  # the client stays
            return requests.pop()

        async def send(message: Message) -> None:
            sent.append(message)

        raw = [(name.encode(), value.encode()) for name, value in {"host": "localhost", **headers}.items()]
        scope = {"type": "http", "method": method, "scheme": "http", "path": "/sparql", "raw_path": b"/sparql"}
        scope |= {"query_string": query_string.encode(), "headers": raw, "client": ("127.0.0.1", 1), "root_path": ""}
        await app(scope, receive, send)
        whole = b"".join(message.get("body", b"") for message in sent[1:])
        found = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
        return sent[0]["status"], found, whole

    events.put_nowait({"type": "lifespan.startup"})
    life = asyncio.ensure_future(app({"type": "lifespan", "state": {}}, events.get, note))
    await is_started.wait()
    try:
        yield ask
    finally:
        events.put_nowait({"type": "lifespan.shutdown"})
        await life


async def received(ask: Ask, query: str, accept: str | None, coding: str | None, form: str, etag: str) -> Received:
    """The answer to one way of asking."""
    method, more = FORMS[form]
    headers = {name: value.replace(TAG, etag) for name, value in more.items()}
    headers |= {"accept": accept} if accept else {}
    headers |= {"accept-encoding": coding} if coding else {}
    encoded = f"query={quote(query)}"
    body = {"POST form": encoded, "POST direct": query, "QUERY": query}.get(form, "")
    status, found, whole = await ask(method, headers, body.encode(), "" if body else encoded)
    if method == "HEAD" or status == 304:
        assert whole == b"" or method == "HEAD"  # what a server sends after HEAD is never a body
        whole = b""
    elif "content-length" in found:
        assert int(found["content-length"]) == len(whole)
    if whole and "content-encoding" in found:
        whole = CODINGS[coding](whole)
    assert coding != "identity" or "content-encoding" not in found
    return Received(status, found.get("content-type"), found.get("etag"), found.get("vary"), whole)


def codings_of(row: int, column: int, number: int) -> list[str | None]:
    """The codings in which a pair of query and Accept is asked for."""
    names = [*CODINGS]
    return [names[(row + column + step) % len(names)] for step in range(number)]


def expected_type(kind: str, accept: str | None) -> str | None:
    """The type of the answer to a kind of query."""
    return PROBLEM if kind == "error" else ACCEPTS[accept][KINDS.index(kind)] or PROBLEM


def expected_of(first: Received, form: str) -> Received:
    """What a form of asking gets, given what GET gets."""
    if first.status == 200 and form in {"GET, held", "HEAD, held", "GET, any"}:
        return replace(first, status=304, type=None, body=b"")
    return replace(first, body=b"") if form.startswith("HEAD") else first


def test_each_way_to_ask_gets_the_same_answer_each_time(datadir: Path) -> None:
    """Over query, Accept, Accept-Encoding and form, three times each: status, headers and decoded body agree.

    The third is surely from the cache.
    """

    async def compare() -> int:
        pairs = 0
        async with started(create_app(datadir, PATIENT, DEFAULT_BASE)) as ask:
            for row, (name, (kind, query)) in enumerate(QUERIES.items()):
                for column, accept in enumerate(ACCEPTS):
                    first = await received(ask, query, accept, None, "GET", "")
                    assert first.type == expected_type(kind, accept), (name, accept)
                    assert (first.status == 200) == (first.type != PROBLEM) == (first.etag is not None)
                    assert first.vary == "Accept, Accept-Encoding"
                    for coding in codings_of(row, column, CODINGS_OF_A_PAIR):
                        for form in FORMS:
                            expected = expected_of(first, form)
                            for time in range(3 if first.status == 200 else 1):  # problems are not kept
                                found = await received(ask, query, accept, coding, form, first.etag or '"none"')
                                assert found == expected, (name, accept, coding, form, time)
                                pairs += 1
        return pairs

    assert asyncio.run(compare()) > 1_000


def test_an_answer_from_a_file_is_the_one_from_memory(datadir: Path) -> None:
    """Without a cache, each answer of a worker is sent from its file in chunks, with the same bytes."""

    async def answers(cache_bytes: int) -> list[Received]:
        settings = replace(PATIENT, cache_bytes=cache_bytes)
        found = []
        async with started(create_app(datadir, settings, DEFAULT_BASE)) as ask:
            for row, (_, query) in enumerate(QUERIES.values()):
                for column, accept in enumerate((None, "application/ld+json, application/sparql-results+xml")):
                    for coding in codings_of(row, 3 * column, min(2 * CODINGS_OF_A_PAIR, len(CODINGS))):
                        found.append(await received(ask, query, accept, coding, "GET", ""))
                    found.append(await received(ask, query, accept, coding, "HEAD", ""))
        return found

    assert asyncio.run(answers(1)) == asyncio.run(answers(1 << 26))
