"""Compressed answers: what a real server compresses, for whom, and under which tags."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import brotli  # type: ignore[import-untyped]  # it comes without types
import httpx
import pytest
import zstandard
from tests.serving import serve

from iomld.formats.negotiate import choose_coding

pytestmark = pytest.mark.server

ALL = "/sparql?format=csv&query=SELECT%20*%20%7B%20%3Fs%20%3Fp%20%3Fo%20%7D%20LIMIT%20500"
LARGE = "/sparql?format=csv&query=SELECT%20*%20%7B%20%3Fs%20%3Fp%20%3Fo%20%7D"
COMPRESSED = ("/projects", "/ns.ttl", "/doc/project/PO.0105.ttl", "/static/site.css", "/openapi.json", ALL)
DECODERS = {
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
}


@pytest.fixture(scope="module")
def client(datadir: Path) -> Iterator[httpx.Client]:
    """A client of a patient server whose cache is too small for the large answer; it asks for nothing by itself."""
    patience = {"IOMLD_QUERY_TIMEOUT": "300", "IOMLD_CLIENT_SECONDS": "100000"}
    with (
        serve(datadir, IOMLD_CACHE_BYTES="4000000", **patience) as server,
        httpx.Client(base_url=server.address, timeout=120) as client,
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


@pytest.mark.parametrize("path", COMPRESSED)
@pytest.mark.parametrize("coding", DECODERS)
def test_each_coding_gives_the_same_bytes(client: httpx.Client, path: str, coding: str) -> None:
    """The compressed answer is smaller, decodes to the plain one, and has its tag, which is weak; both say Vary."""
    plain, compressed = raw(client, path, None), raw(client, path, coding)
    assert (plain.status_code, compressed.status_code) == (200, 200)
    assert "content-encoding" not in plain.headers
    assert compressed.headers["content-encoding"] == coding
    assert DECODERS[coding](compressed.extensions["raw"]) == plain.extensions["raw"]
    assert len(compressed.extensions["raw"]) < len(plain.extensions["raw"])
    assert plain.headers["vary"] == compressed.headers["vary"]
    assert "Accept-Encoding" in plain.headers["vary"]
    assert compressed.headers.get("etag") == plain.headers.get("etag")
    assert compressed.headers.get("etag", "W/").startswith("W/")


@pytest.mark.parametrize("path", ["/projects", "/ns.ttl", "/dataset", ALL, "/static/site.css", "/downloads/dataset.nt"])
@pytest.mark.parametrize("coding", ["gzip", "zstd", None])
def test_what_the_client_holds_gives_304(client: httpx.Client, path: str, coding: str | None) -> None:
    """The tag, weak or strong, and `*` are compared in one way for all answers; 304 has the headers of the 200."""
    whole = raw(client, path, coding)
    tag = whole.headers["etag"]
    for held in (tag, tag.removeprefix("W/"), f'"another", {tag}', "*"):
        answer = raw(client, path, coding, If_None_Match=held)
        assert answer.status_code == 304, held
        names = ("etag", "vary", "cache-control", "content-location")
        assert [answer.headers.get(name) for name in names] == [whole.headers.get(name) for name in names]
        assert answer.extensions["raw"] == b""
        assert "content-encoding" not in answer.headers
    assert raw(client, path, coding, If_None_Match='"another", W/"yet-another"').status_code == 200


@pytest.mark.parametrize("path", ["/dataset.ttl", "/static/site.css", "/downloads/dataset.nt"])
def test_what_has_not_changed_since_gives_304(client: httpx.Client, path: str) -> None:
    """`If-Modified-Since` is used if no tag is given; an invalid date is ignored."""
    since = raw(client, path, None).headers["last-modified"]
    assert raw(client, path, None, If_Modified_Since=since).status_code == 304
    assert raw(client, path, None, If_Modified_Since=since, If_None_Match='"another"').status_code == 200
    for old in ("Thu, 01 Jan 1970 00:00:00 GMT", "yesterday"):
        assert raw(client, path, None, If_Modified_Since=old).status_code == 200


@pytest.mark.parametrize("path", [*COMPRESSED, LARGE])
def test_head_says_what_get_says(client: httpx.Client, path: str) -> None:
    """HEAD has the headers of the compressed answer, no body, and no length of another form."""
    get, head = raw(client, path, "gzip"), raw(client, path, "gzip", "HEAD")
    names = ("etag", "vary", "content-encoding", "content-type")
    assert [head.headers.get(name) for name in names] == [get.headers.get(name) for name in names]
    assert (head.extensions["raw"], head.headers.get("content-length")) == (b"", None)


def test_a_large_answer_is_compressed_piece_by_piece(client: httpx.Client) -> None:
    """An answer that is too large to be kept comes in chunks and decodes to the whole."""
    plain, compressed = raw(client, LARGE, None), raw(client, LARGE, "gzip")
    assert compressed.headers["transfer-encoding"] == "chunked"
    assert "content-length" not in compressed.headers
    assert gzip.decompress(compressed.extensions["raw"]) == plain.extensions["raw"]


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


def test_short_answers_are_not_compressed_unless_the_client_insists(client: httpx.Client) -> None:
    """Below 1 KiB compression gains nothing; who refuses the plain form gets the compressed one."""
    short = "/sparql?query=ASK%7B%7D"
    assert "content-encoding" not in raw(client, short, "gzip").headers
    compressed = raw(client, short, "identity;q=0, gzip")
    assert gzip.decompress(compressed.extensions["raw"]) == raw(client, short, None).extensions["raw"]
    assert "content-encoding" in raw(client, short, "identity;q=0, gzip", "HEAD").headers


def test_a_report_is_compressed(client: httpx.Client) -> None:
    """The report of a check is compressed too."""
    body = b'{"projectCode": "PO.9001", "status": "nonsense"}'
    given = {"Content-Type": "application/json", "Accept-Encoding": "gzip", "Accept": "text/html"}
    answer = client.post("/validate", content=body, headers=given)
    assert (answer.status_code, answer.headers["content-encoding"]) == (200, "gzip")
    assert answer.headers["vary"] == "Accept, Accept-Language, Cookie, Accept-Encoding"


def test_refusing_every_coding_is_406(client: httpx.Client) -> None:
    """A client that accepts no coding of ours and no plain form is told so."""
    answer = raw(client, "/projects", "deflate, identity;q=0")
    assert (answer.status_code, answer.headers["content-type"]) == (406, "application/problem+json")
    assert raw(client, "/projects", "*;q=0").status_code == 406


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        ("", "identity"),
        ("deflate", "identity"),
        ("br", "br"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, deflate, br", "br"),
        ("zstd;q=0.5, gzip", "gzip"),
        ("zstd;q=0, *", "gzip"),
        ("gzip;q=0", "identity"),
        ("gzip;q=0, *", "identity"),
        ("identity, gzip;q=0.5", "identity"),
        ("gzip;q=rubbish", "identity"),
        ("*", "gzip"),
        ("GZip; Q=0.001", "gzip"),
        ("gzip;q=0.5, identity;q=0.4", "gzip"),
        ("deflate, gzip;q=1.0, *;q=0.5", "gzip"),
        ("identity;q=0", None),
        ("*;q=0", None),
        ("*;q=0, br", "br"),
    ],
)
def test_the_weights_decide(header: str, coding: str | None) -> None:
    """RFC 9110 section 12.5.3: weights, the wildcard, and no header."""
    assert choose_coding(header, ("zstd", "br", "gzip")) == coding
