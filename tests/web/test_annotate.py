"""`POST /annotate` finds the frameworks that a text names, and says what is wrong with anything else."""

import json
from collections.abc import Iterator

import httpx
import pytest
from tests.serving import Server

pytestmark = pytest.mark.server

TEXT = "Ünïcode \U0001d53e: the plan follows the Global Compact for Migration, in particular objective 23 of the GCM."
PLAIN = {"Content-Type": "text/plain; charset=utf-8"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def client(bundled_server: Server) -> Iterator[httpx.Client]:
    """A client of a server of the bundled records."""
    with httpx.Client(base_url=bundled_server.address, timeout=60) as asking:
        yield asking


def test_a_text_gives_its_frameworks_with_their_places(client: httpx.Client) -> None:
    """Positions are code points of the text as it was sent; a part also names its framework."""
    answer = client.post("/annotate", content=TEXT.encode(), headers=PLAIN)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.headers["cache-control"] == "no-store"
    found = answer.json()
    assert (found["language"], found["characters"]) == ("en", len(TEXT))
    assert found["frameworks"] == ["gcm", "gcm-objective-23"]
    whole, part = found["mentions"]
    for mention in (whole, part):
        assert TEXT[mention["start"] : mention["end"]] == mention["quote"]
        before, after = TEXT[: mention["start"]], TEXT[mention["end"] :]
        assert before.endswith(mention["prefix"])
        assert after.startswith(mention["suffix"])
    assert (whole["method"], whole["confidence"], part["partOf"]) == ("exact-label", 0.98, "gcm")
    assert part["iri"].endswith("/scheme/framework/gcm-objective-23")
    assert part["label"]


def test_the_language_decides_which_acronyms_count(client: httpx.Client) -> None:
    """As a key, as a parameter, or guessed."""
    text = "Selon le PMM, les travailleurs et leurs familles sont dans la ville."
    for language, codes in (("fr", ["gcm"]), ("FR", ["gcm"]), ("en", [])):
        answer = client.post("/annotate", content=json.dumps({"text": text, "language": language}), headers=JSON)
        assert answer.json()["frameworks"] == codes
        answer = client.post("/annotate", params={"language": language}, content=text.encode(), headers=PLAIN)
        assert answer.json()["frameworks"] == codes
    guessed = client.post("/annotate", content=json.dumps({"text": text}), headers=JSON).json()
    assert (guessed["language"], guessed["frameworks"]) == ("fr", ["gcm"])
    nothing = client.post("/annotate", content=b"Kenya 2017", headers=PLAIN).json()
    assert nothing == {"language": "und", "characters": 10, "mentions": [], "frameworks": []}


def test_web_annotations(client: httpx.Client) -> None:
    """One annotation for each mention, of a text that is named by its hash."""
    answer = client.post("/annotate", content=TEXT.encode(), headers=PLAIN | {"Accept": "application/ld+json"})
    assert answer.headers["content-type"] == "application/ld+json"
    document = answer.json()
    assert document["@context"] == "http://www.w3.org/ns/anno.jsonld"
    one, other = document["@graph"]
    assert (one["type"], one["motivation"]) == ("Annotation", "identifying")
    assert one["body"].endswith("/scheme/framework/gcm")
    assert one["target"]["source"] == other["target"]["source"]
    assert one["target"]["source"].startswith("ni:///sha-256;")
    quote, position = one["target"]["selector"]
    assert quote["exact"] == TEXT[position["start"] : position["end"]]


@pytest.mark.parametrize(
    ("content", "headers", "status", "words"),
    [
        (b"x", {"Content-Type": "application/x-www-form-urlencoded"}, 415, "Send one of text/plain, application/json."),
        (b"x", PLAIN | {"Accept": "image/png"}, 406, "Ask for one of application/json, application/ld+json."),
        (b"\xffx", PLAIN, 400, "The text is not UTF-8 (see byte 0)."),
        (b" \n", PLAIN, 400, "The text is empty."),
        (b"", PLAIN, 400, "The text is empty."),
        (b"{", JSON, 400, 'or as JSON: {"text": "It follows the GCM.", "language": "en"}.'),
        (b"[" * 100_000, JSON, 400, "Send the text as text/plain"),
        (b'{"text": 1}', JSON, 400, "Send the text as text/plain"),
        (b'{"text": "a", "of": "b"}', JSON, 400, "Send the text as text/plain"),
        (b'{"text": "\\ud800"}', JSON, 400, "Send the text as text/plain"),
        (b'{"text": "a", "language": "<a>"}', JSON, 400, "The language is a tag such as 'en', not '<a>'."),
        (b'{"text": "a", "language": ["en"]}', JSON, 400, "The language is a tag such as 'en', not "),
        (b"a" * (1 << 21), PLAIN, 413, "1048576 bytes"),
    ],
)  # fmt: skip
def test_anything_else_is_refused(
    client: httpx.Client, content: bytes, headers: dict[str, str], status: int, words: str
) -> None:
    """With a problem that says what to send."""
    answer = client.post("/annotate", content=content, headers=headers)
    assert answer.status_code == status
    assert words in answer.json()["detail"]
