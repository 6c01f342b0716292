"""Answers packed on the wire: what a real server packs, for whom, and under which tags."""

import asyncio
import gzip
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import zstandard
from starlette.types import Message, Receive, Scope, Send
from tests.serving import serve

from iomld.web.compression import Compression, wish_of

pytestmark = pytest.mark.server

ALL = "/sparql?format=csv&query=SELECT%20*%20%7B%20%3Fs%20%3Fp%20%3Fo%20%7D%20LIMIT%20500"
LARGE = "/sparql?format=csv&query=SELECT%20*%20%7B%20%3Fs%20%3Fp%20%3Fo%20%7D"
HEADERS = [(b"content-type", b"text/csv"), (b"etag", b'"t"')]
ACCEPTS = [(b"accept-encoding", b"gzip")]
PACKED = ("/projects", "/ns.ttl", "/doc/project/PO.0105.ttl", "/static/site.css", "/openapi.json", ALL)
UNPACKED = {"gzip": gzip.decompress, "zstd": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data)}


@pytest.fixture(scope="module")
def client(datadir: Path) -> Iterator[httpx.Client]:
    """A client of a server whose cache is too small for the large answer; it asks for nothing by itself."""
    with (
        serve(datadir, IOMLD_CACHE_BYTES="4000000") as server,
        httpx.Client(base_url=server.address, timeout=60) as client,
    ):
        client.headers.clear()
        client.headers["Host"] = server.address.partition("//")[2]
        yield client


def raw(client: httpx.Client, path: str, coding: str | None, method: str = "GET", **headers: str) -> httpx.Response:
    """An answer with its bytes as they travelled, in `extensions["raw"]`."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if coding is not None:
        given["Accept-Encoding"] = coding
    with client.stream(method, path, headers=given) as answer:
        answer.extensions["raw"] = b"".join(answer.iter_raw())
    return answer


@pytest.mark.parametrize("path", PACKED)
@pytest.mark.parametrize("coding", UNPACKED)
def test_each_coding_gives_the_same_bytes_packed(client: httpx.Client, path: str, coding: str) -> None:
    """The packed answer is smaller, unpacks to the plain one, and has a tag of its own; both say that they vary."""
    plain, packed = raw(client, path, None), raw(client, path, coding)
    assert (plain.status_code, packed.status_code) == (200, 200)
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == coding
    assert UNPACKED[coding](packed.extensions["raw"]) == plain.extensions["raw"]
    assert int(packed.headers["content-length"]) == len(packed.extensions["raw"]) < len(plain.extensions["raw"])
    for answer in (plain, packed):
        assert "accept-encoding" in answer.headers["vary"].lower()
    if "etag" in plain.headers:
        assert packed.headers["etag"] == plain.headers["etag"].removesuffix('"') + f'-{coding}"'


@pytest.mark.parametrize("path", ["/projects", "/ns.ttl", ALL, "/static/site.css"])
@pytest.mark.parametrize("coding", ["gzip", "zstd", None])
def test_either_tag_gives_304(client: httpx.Client, path: str, coding: str | None) -> None:
    """Who holds the packed or the plain form hears that it still holds, under the tag that it named."""
    for held in (raw(client, path, form).headers["etag"] for form in (None, "gzip", "zstd")):
        answer = raw(client, path, coding, If_None_Match=f'"other-gzip", {held}')
        assert (answer.status_code, answer.headers["etag"]) == (304, held)
        assert answer.extensions["raw"] == b""
        assert "content-encoding" not in answer.headers
    assert raw(client, path, "gzip", If_None_Match='"other-gzip"').status_code == 200


@pytest.mark.parametrize("path", [*PACKED, LARGE])
def test_head_says_what_get_says(client: httpx.Client, path: str) -> None:
    """HEAD has the headers of the packed answer, no body, and no length of another form."""
    get, head = raw(client, path, "gzip"), raw(client, path, "gzip", "HEAD")
    names = ("etag", "vary", "content-encoding", "content-type")
    assert [head.headers.get(name) for name in names] == [get.headers.get(name) for name in names]
    assert (head.extensions["raw"], head.headers.get("content-length")) == (b"", None)


def test_a_large_answer_is_packed_piece_by_piece(client: httpx.Client) -> None:
    """What is too large to keep comes in chunks and unpacks to the whole."""
    plain, packed = raw(client, LARGE, None), raw(client, LARGE, "gzip")
    assert packed.headers["transfer-encoding"] == "chunked"
    assert "content-length" not in packed.headers
    assert gzip.decompress(packed.extensions["raw"]) == plain.extensions["raw"]


def test_downloads_keep_their_length_and_their_ranges(client: httpx.Client) -> None:
    """Files, packed by nature or not, and parts of files are sent as they are."""
    for name in ("dataset.nq.gz", "dataset.nt"):
        whole = raw(client, f"/downloads/{name}", "gzip")
        part = raw(client, f"/downloads/{name}", "gzip", Range="bytes=10-19")
        assert "content-encoding" not in whole.headers
        assert int(whole.headers["content-length"]) == len(whole.extensions["raw"])
        assert (part.status_code, part.extensions["raw"]) == (206, whole.extensions["raw"][10:20])
    part = raw(client, "/static/site.css", "gzip", Range="bytes=0-1999")
    assert (part.status_code, len(part.extensions["raw"])) == (206, 2000)
    assert "content-encoding" not in part.headers


def test_short_answers_are_not_packed_unless_the_client_insists(client: httpx.Client) -> None:
    """Below 1 KiB packing gains nothing; who refuses the plain form gets the packed one all the same."""
    short = "/sparql?query=ASK%7B%7D"
    assert "content-encoding" not in raw(client, short, "gzip").headers
    packed = raw(client, short, "identity;q=0, gzip")
    assert gzip.decompress(packed.extensions["raw"]) == raw(client, short, None).extensions["raw"]


def test_a_report_is_packed(client: httpx.Client) -> None:
    """The report of a check is packed too."""
    body = b'{"projectCode": "PO.9001", "status": "nonsense"}'
    given = {"Content-Type": "application/json", "Accept-Encoding": "gzip", "Accept": "text/html"}
    answer = client.post("/validate", content=body, headers=given)
    assert (answer.status_code, answer.headers["content-encoding"]) == (200, "gzip")
    assert answer.headers["vary"] == "Accept, Accept-Language, Cookie, Accept-Encoding"


def test_refusing_every_coding_is_406(client: httpx.Client) -> None:
    """Who takes neither gzip nor the plain form is told so."""
    answer = raw(client, "/projects", "br, identity;q=0")
    assert (answer.status_code, answer.headers["content-type"]) == (406, "application/problem+json")
    assert raw(client, "/projects", "*;q=0").status_code == 406


@pytest.mark.parametrize(
    ("header", "form"),
    [
        (None, "plain"),
        ("", "plain"),
        ("br", "plain"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("zstd;q=0.5, gzip", "gzip"),
        ("zstd;q=0, *", "gzip"),
        ("gzip;q=0", "plain"),
        ("gzip;q=0, *", "plain"),
        ("identity, gzip;q=0.5", "plain"),
        ("gzip;q=rubbish", "plain"),
        ("gzip", "gzip"),
        ("X-GZIP", "gzip"),
        ("*", "gzip"),
        ("GZip; Q=0.001", "gzip"),
        ("gzip;q=0.5, identity;q=0.4", "gzip"),
        ("deflate, gzip;q=1.0, *;q=0.5", "gzip"),
    ],
)
def test_the_weights_decide(header: str | None, form: str) -> None:
    """RFC 9110 section 12.5.3: weights, the wildcard, and no header."""
    wish = wish_of(header)
    assert wish
    assert (wish.coding or "plain") == form


def test_a_repeated_answer_is_not_packed_twice() -> None:
    """The packed form is kept under path and tag: under the same tag the same bytes come, whatever the body is now."""
    bodies = iter([b"the first\n" * 1000, b"the second\n" * 1000])
    sent: list[Message] = []

    async def application(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await send({"type": "http.response.body", "body": next(bodies)})

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    async def ask_twice() -> None:
        app = Compression(application, 1 << 20)
        for _ in range(2):
            await app({"type": "http", "method": "GET", "path": "/x", "headers": ACCEPTS}, receive, send)

    asyncio.run(ask_twice())
    assert [gzip.decompress(message["body"]) for message in sent[1::2]] == [b"the first\n" * 1000] * 2
