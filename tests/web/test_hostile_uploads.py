"""Bad input to `POST /validate` of a real server: the right refusal within the limit, and the server goes on."""

import asyncio
import json
import select
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.requests import Request
from tests.serving import Server, serve

from iomld.check.reports import REPORT_FORMATS
from iomld.web.data.upload import read_upload
from iomld.web.problems import ProblemError

pytestmark = pytest.mark.server

LIMIT_S = 2  # of a server whose checks have no end; those that have one are left in peace
PREFIXES = "@prefix ex: <http://example.org/> .\n@prefix sh: <http://www.w3.org/ns/shacl#> .\n"
SHAPES = PREFIXES + "ex:S a sh:NodeShape ; sh:targetClass ex:Human ; sh:property [ sh:path ex:name ; sh:minCount 1 ] ."
DATA = PREFIXES + '\nex:a a ex:Human .\nex:b a ex:Human ; ex:name "Bo" .'
PATTERN = (
    PREFIXES
    + 'ex:S a sh:NodeShape ; sh:targetClass ex:Human ; sh:property [ sh:path ex:name ; sh:pattern "^(a+)+$" ] .'
)
MATCHED = PREFIXES + f'ex:a a ex:Human ; ex:name "{"a" * 40}!" .'
CROSS = " ".join(f"?a{number} ?b{number} ?c{number} ." for number in range(12))
ENDLESS = (
    PREFIXES + 'ex:S a sh:NodeShape ; sh:targetClass ex:Human ; sh:sparql [ sh:message "Never." ; sh:select """'
    f"SELECT $this WHERE {{ $this a <http://example.org/Human> . {CROSS} "
    'FILTER(CONCAT(STR(?a0), STR(?b5), STR(?c11)) = \'never\') }""" ] .'
)
MANY = PREFIXES + "\n".join(f"ex:h{number} a ex:Human ; ex:age {number} ." for number in range(300))
BOMB = (
    '<?xml version="1.0"?>\n<!DOCTYPE b [<!ENTITY a0 "lol">'
    + "".join(f'<!ENTITY a{number} "{f"&a{number - 1};" * 10}">' for number in range(1, 11))
    + "]>\n"
)
RDF_BOMB = (
    BOMB + '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:x="http://example.org/">'
    '<rdf:Description rdf:about="http://example.org/a"><x:p>&a10;</x:p></rdf:Description></rdf:RDF>'
)
LONG_NUMBER = b'{"projectCode": "CD.0002",\n "budgetUSD": ' + b"9" * 5000 + b"}"
GOOD = b'{"projectCode": "PO.9999", "budgetUSD": 100}'


@pytest.fixture(scope="module")
def server(datadir: Path) -> Iterator[Server]:
    """A server whose checks may take long."""
    with serve(datadir, IOMLD_UPLOAD_TIMEOUT="250") as running:
        yield running


@pytest.fixture(scope="module")
def hasty_server(datadir: Path) -> Iterator[Server]:
    """A server whose checks may take few seconds."""
    with serve(datadir, IOMLD_UPLOAD_TIMEOUT=str(LIMIT_S)) as running:
        yield running


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    """A client of the patient server, and proof that it answers a good upload after each test."""
    with httpx.Client(base_url=server.address, timeout=260) as asking:
        yield asking
        _answers_a_good_upload(asking)


@pytest.fixture
def hasty(hasty_server: Server) -> Iterator[httpx.Client]:
    """A client of the hasty server, and proof that it answers a good upload before and after each test."""
    with httpx.Client(base_url=hasty_server.address, timeout=260) as asking:
        _answers_a_good_upload(asking)
        yield asking
        _answers_a_good_upload(asking)


def _answers_a_good_upload(client: httpx.Client) -> None:
    end = time.monotonic() + 120
    while (answer := client.post("/validate", content=GOOD)).status_code in {429, 503} and time.monotonic() < end:
        time.sleep(0.1)  # a worker starts, or the machine is busy: ask again, as Retry-After says
    assert answer.status_code == 200
    assert answer.json()["records"] == 1


def _refused(answer: httpx.Response, status: int, kind: str, words: str = "") -> str:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    assert answer.json()["type"].endswith(f"/problem/{kind}")
    detail = str(answer.json()["detail"])
    assert words in detail
    return detail


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": ' * 100_000 + b"1" + b"}" * 100_000,
        BOMB.encode() + b"<iati-activities><iati-activity>&a10;</iati-activity></iati-activities>",
        RDF_BOMB.encode(),
        b'{"@context": "http://127.0.0.1:1/context", "@id": "x:a", "@type": "http://example.org/Human"}',
    ],
    ids=["json", "iati-bomb", "rdf-bomb", "remote-context"],
)
def test_what_would_blow_up_or_reach_out_is_refused(client: httpx.Client, body: bytes) -> None:
    """Deep JSON, entity bombs and remote contexts are refused with a sentence."""
    assert len(_refused(client.post("/validate", content=body), 400, "unreadable")) < 1000


def test_deep_turtle_is_survived(client: httpx.Client) -> None:
    """Two hundred brackets, one in another, give a report, with our shapes and with others."""
    deep = PREFIXES + "ex:a a ex:Human ; ex:p " + "[ ex:p " * 200 + "1" + " ]" * 200 + " ."
    assert client.post("/validate", content=deep).status_code in {200, 400}
    answer = client.post("/validate", params={"shapes": SHAPES}, content=deep)
    assert [result["rule"] for result in answer.json()["results"]] == ["minCount"]


@pytest.mark.parametrize("body", [b'{"a": ' * 500 + b"1" + b"}" * 500, b"[" * 500 + b"]" * 500])
def test_deep_json_is_a_violation(client: httpx.Client, body: bytes) -> None:
    """A value nested five hundred levels deep is reported as a violation."""
    answer = client.post("/validate", content=body)
    assert answer.status_code == 200
    assert answer.json()["conforms"] is False


def test_a_number_of_thousands_of_digits_is_a_violation(client: httpx.Client) -> None:
    """The worker survives it, and the report names its place."""
    answer = client.post("/validate", content=LONG_NUMBER)
    assert answer.status_code == 200, answer.text
    places = {group["rule"]: group["source"] for group in answer.json()["groups"]}
    assert (places["budget"]["line"], places["budget"]["column"]) == (2, 15)


@pytest.mark.parametrize("mode", ["replace", "patch"])
def test_a_submission_with_a_number_of_thousands_of_digits_would_be_refused(client: httpx.Client, mode: str) -> None:
    """The preview says where it is, also in a patch."""
    answer = client.post("/submissions", params={"dry_run": "1", "mode": mode}, content=LONG_NUMBER)
    assert answer.status_code == 200, answer.text
    (refused,) = answer.json()["refused"]
    (budget,) = (reason for reason in refused["reasons"] if reason["rule"] == "budget")
    assert (budget["line"], budget["column"]) == (2, 15)


def test_a_bomb_against_other_shapes(client: httpx.Client) -> None:
    """RDF/XML with entities is expanded neither in data nor in shapes of the sender's own."""
    answer = client.post("/validate", params={"shapes": SHAPES}, content=RDF_BOMB)
    _refused(answer, 400, "unreadable", "document type")
    files = {"shapes": ("mine.rdf", RDF_BOMB.encode()), "file": ("d.ttl", DATA.encode())}
    answer = client.post("/validate", files=files, headers={"Accept": "application/json"})
    _refused(answer, 400, "shapes-unusable", "mine.rdf, line 2")


def test_a_remote_context_against_other_shapes(client: httpx.Client) -> None:
    """A context that would have to be fetched is refused in data and in shapes."""
    remote = '{"@context": "http://127.0.0.1:1/context", "@id": "x:a"}'
    answer = client.post("/validate", params={"shapes": SHAPES}, content=remote)
    _refused(answer, 400, "unreadable", "nothing is ever fetched")
    answer = client.post("/validate", params={"shapes": remote}, content=DATA)
    _refused(answer, 400, "shapes-unusable", "nothing is ever fetched")


@pytest.mark.parametrize("engine", ["shacl", "pyshacl"])
def test_an_endless_query_is_ended(hasty: httpx.Client, engine: str) -> None:
    """A cross product in the sender's shapes is stopped at the limit, in either engine."""
    answer = hasty.post("/validate", params={"shapes": ENDLESS, "engine": engine}, content=MANY)
    _refused(answer, 503, "validation-timeout", f"after {LIMIT_S} s")


def test_a_catastrophic_pattern(client: httpx.Client, hasty: httpx.Client) -> None:
    """One engine does not step back and answers; the other never ends and is ended."""
    answer = client.post("/validate", params={"shapes": PATTERN}, content=MATCHED)
    assert [result["rule"] for result in answer.json()["results"]] == ["pattern"]
    answer = hasty.post("/validate", params={"shapes": PATTERN, "engine": "pyshacl"}, content=MATCHED)
    _refused(answer, 503, "validation-timeout")


def _connected(server: Server) -> socket.socket:
    address = urlsplit(server.address)
    return socket.create_connection((address.hostname or "", address.port or 0), timeout=60)


def test_a_hundred_megabytes_announced_are_not_read(server: Server, client: httpx.Client) -> None:
    """What says that it is too large is refused before any of it is sent."""
    with _connected(server) as raw:
        raw.sendall(b"POST /validate HTTP/1.1\r\nHost: x\r\nContent-Length: 104857600\r\n\r\n")
        assert raw.recv(4096).startswith(b"HTTP/1.1 413 ")
    assert client.get("/health").status_code == 200


def test_a_refused_body_leaves_the_connection_usable(client: httpx.Client) -> None:
    """What was sent of it is read and discarded, so that the next request on the connection is answered."""
    for _ in range(2):
        answer = client.post("/annotate", content=b" " * (2 << 20), headers={"Content-Type": "text/plain"})
        assert answer.status_code == 413
        assert client.get("/health").status_code == 200


def test_a_hundred_megabytes_in_pieces_are_cut_off(server: Server, client: httpx.Client) -> None:
    """What does not say its size is counted while it comes, and refused long before its end."""
    piece = b"10000\r\n" + b" " * 65536 + b"\r\n"
    sent = 0
    with _connected(server) as raw:
        raw.sendall(b"POST /validate HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        while sent < 1600 and not select.select([raw], [], [], 0)[0]:
            try:
                raw.sendall(piece)
            except OSError:  # refused, and the connection closed, between two looks
                break
            sent += 1
        assert 100 < sent < 1000  # 10 MB and what lies in buffers
    assert client.get("/health").status_code == 200


def test_a_body_that_is_cut(server: Server, client: httpx.Client) -> None:
    """A connection that ends in the middle of an upload harms nobody."""
    with _connected(server) as raw:
        raw.sendall(b"POST /validate HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n" + GOOD)
        raw.shutdown(socket.SHUT_WR)
        assert b" 500 " not in raw.recv(4096)
    assert client.get("/health").status_code == 200


def test_a_malformed_form_writes_nothing_into_the_log(datadir: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """It is answered, and what its sender wrote is not between the lines of the server."""
    malformed = {
        b"xxxx": "x",
        b"--x\r\nbad header\r\n": "x",
        b"--x\r\n\0: 1\r\n\r\n--x--": "x",
        b"--xy": "x",
        b"--x": "",
    }
    with serve(datadir) as server, httpx.Client(base_url=server.address, timeout=60) as client:
        for body, boundary in malformed.items():
            kind = f"multipart/form-data; boundary={boundary}"
            answer = client.post("/validate", content=body, headers={"Content-Type": kind})
            assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json"), body
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x"])
def test_a_body_that_is_cut_is_the_senders_fault(kind: str) -> None:
    """It is a refusal with a sentence, not a fault of the server."""
    messages = iter(({"type": "http.request", "body": b"--x", "more_body": True}, {"type": "http.disconnect"}))

    async def receive() -> dict[str, object]:
        return next(messages)

    scope = {"type": "http", "method": "POST", "query_string": b"", "headers": [(b"content-type", kind.encode())]}
    with pytest.raises(ProblemError) as caught:
        asyncio.run(read_upload(Request(scope, receive), 1000, shapes="", engine=""))
    assert (caught.value.status, caught.value.kind) == (400, "upload-cut")


def test_own_shapes_by_every_way(client: httpx.Client) -> None:
    """Shapes come in the address, as a field or as a file; the findings and their lines are the same."""
    raw = client.post("/validate", params={"shapes": SHAPES}, content=DATA, headers={"Content-Type": "text/turtle"})
    assert raw.status_code == 200
    (found,) = raw.json()["results"]
    assert (found["rule"], found["focusNode"]) == ("minCount", "http://example.org/a")
    assert found["source"]["line"] == 4
    assert raw.json()["profile"] == "shapes"
    json_only = {"Accept": "application/json"}
    field = client.post(
        "/validate", data={"shapes": SHAPES}, files={"file": ("d.ttl", DATA.encode())}, headers=json_only
    )
    assert [one["source"]["file"] for one in field.json()["results"]] == ["d.ttl"]
    files = {"shapes": ("mine.ttl", SHAPES.encode()), "file": ("d.ttl", DATA.encode())}
    assert client.post("/validate", files=files, headers=json_only).json()["profile"] == "mine.ttl"
    text = client.post("/validate", data={"shapes": SHAPES, "text": DATA, "file": ""}, headers=json_only)
    assert text.json()["results"][0]["rule"] == "minCount"
    reference = client.post("/validate", params={"shapes": SHAPES, "engine": "pyshacl"}, content=DATA)
    assert reference.json()["results"] == raw.json()["results"]


@pytest.mark.parametrize("name", [format_.name for format_ in REPORT_FORMATS])
def test_own_shapes_in_every_report(client: httpx.Client, name: str) -> None:
    """Each form of the report tells the finding."""
    answer = client.post("/validate", params={"shapes": SHAPES, "format": name}, content=DATA)
    assert answer.status_code == 200
    assert "minCount" in answer.text


def test_a_profile_is_named_by_its_word(client: httpx.Client) -> None:
    """The publisher's own rules can be asked for; the page says what was checked."""
    answer = client.post("/validate", params={"shapes": "published"}, content=GOOD)
    assert answer.json()["profile"] == "published"
    form = client.post(
        "/validate", data={"shapes": "submission", "text": GOOD.decode()}, headers={"Accept": "application/json"}
    )
    assert form.json()["profile"] == "submission"


def test_a_page_shows_own_shapes_again(client: httpx.Client) -> None:
    """Shapes that were pasted are in the form again, escaped; the verdict speaks of them."""
    answer = client.post("/validate", data={"shapes": SHAPES, "text": DATA}, headers={"Accept": "text/html"})
    assert "Your shapes are violated" in answer.text
    assert "@prefix ex: &lt;http://example.org/&gt;" in answer.text


@pytest.mark.parametrize(
    ("shapes", "kind", "words"),
    [
        ("http://127.0.0.1:1/shapes.ttl", "shapes-address", "nothing is fetched"),
        ("<file:///etc/passwd>", "shapes-address", "nothing is fetched"),
        ("www.example.org/shapes", "shapes-address", "nothing is fetched"),
        ("dataset", "shapes-unknown", "submission, published"),
        (PREFIXES + "ex:S a sh:NodeShape ;\n sh:minCount .", "shapes-unusable", "shapes: line 4"),
        (PREFIXES + "ex:S a ex:T .", "shapes-unusable", "it contains no SHACL shapes"),
        (
            SHAPES + " ex:o <http://www.w3.org/2002/07/owl#imports> <http://127.0.0.1:1/> .",
            "shapes-unusable",
            "imports",
        ),
        (ENDLESS.replace("FILTER", "SERVICE <http://127.0.0.1:1/> {} FILTER"), "shapes-unusable", "SERVICE"),
        (ENDLESS.replace(" WHERE", " FROM <http://127.0.0.1:1/> WHERE"), "shapes-unusable", "FROM"),
        (SHAPES + ' ex:S sh:js [ sh:jsFunctionName "f" ] .', "shapes-unusable", "JavaScript"),
    ],
)
def test_shapes_that_cannot_be_used(client: httpx.Client, shapes: str, kind: str, words: str) -> None:
    """Addresses, unknown words, broken shapes and what would fetch are 400; the shapes are named as the fault."""
    _refused(client.post("/validate", params={"shapes": shapes}, content=DATA), 400, kind, words)
    answer = client.post("/validate", data={"shapes": shapes, "text": DATA}, headers={"Accept": "application/json"})
    _refused(answer, 400, kind, words)


def test_bounds_of_the_parameters(client: httpx.Client) -> None:
    """Long shapes go into a form; an engine is chosen from those we have, for records too."""
    long = client.post("/validate", params={"shapes": SHAPES + " " * 17000}, content=DATA)
    _refused(long, 414, "shapes-too-long", "in a form")
    _refused(client.post("/validate", params={"engine": "jena", "shapes": SHAPES}, content=DATA), 400, "engine")
    records = client.post("/validate", params={"engine": "pyshacl", "format": "json"}, content=GOOD).json()
    assert (records["engine"]["name"], records["conforms"]) == ("pyshacl", False)


def test_broken_data_are_not_blamed_on_the_shapes(client: httpx.Client) -> None:
    """The place is one in the data, and the kind of problem is another."""
    answer = client.post("/validate", params={"shapes": SHAPES}, content=PREFIXES + "ex:a a .")
    _refused(answer, 400, "unreadable", "upload: line 3")
    assert json.loads(answer.content)["status"] == 400
