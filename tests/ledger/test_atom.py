"""The feed for feed readers: valid Atom with archives and removed entries, read by an independent reader."""

import json
import re
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import feedparser
import httpx
import pytest
from fastapi import FastAPI
from lxml import etree
from tests.browse.asking import Asker
from tests.browse.released import make_release
from tests.conftest import Command
from tests.ledger.history import CODE, ERASED, ERASED_TITLE, GONE, OTHER, TITLES, full_history, record
from tests.serving import serve
from tests.sharing import made_once

from iomld.browse.view import open_view
from iomld.formats.atom import ATOM, HISTORY, TOMBSTONES
from iomld.web.data.atom import atom_routes

BASE = "https://w3id.org/iomld/"
NAMES = {"a": ATOM, "fh": HISTORY, "at": TOMBSTONES}
MANY = 110
PAGE = 50
Element = etree._Element  # the only name that lxml has for it


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, iomld: Command) -> Iterator[httpx.Client]:
    """A client of a server of a full history."""
    with serve(full_history(tmp_path_factory, iomld)) as server, httpx.Client(base_url=server.address) as client:
        yield client


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory, iomld: Command) -> Path:
    """Releases of a run with many records, and of one that changed one of them."""

    def make(folder: Path) -> None:
        source = folder.with_name("many.json")
        records = [record(f"PO.{number}", "A title") for number in range(1000, 1000 + MANY)]
        for changed in (records, [record("PO.1000", "Another title")]):
            source.write_text(json.dumps(changed), encoding="utf-8")
            assert iomld("publish", source, "--to", folder).returncode == 0

    return made_once(tmp_path_factory, "many-records", make)


def feed(client: httpx.Client, path: str = "/feed.atom") -> Element:
    """A document of the feed."""
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/atom+xml")
    return etree.fromstring(answer.content)


def found(element: Element, path: str) -> list[str]:
    """The texts or attributes that a path leads to."""
    values = element.xpath(path, namespaces=NAMES)
    assert isinstance(values, list)
    return [str(value) for value in values]


def entries(document: Element) -> list[Element]:
    """The entries of a document."""
    return document.findall("a:entry", NAMES)


def documents(client: httpx.Client) -> list[Element]:
    """The document to subscribe to, and all its archives."""
    read = [feed(client)]
    while before := found(read[-1], "a:link[@rel='prev-archive']/@href"):
        read.append(feed(client, before[0]))
    return read


def require_valid(document: Element) -> None:
    """Check what RFC 4287 requires of a document, in the order of its sections."""
    for one in (document, *entries(document)):
        assert len(found(one, "a:id/text()")) == len(found(one, "a:title")) == len(found(one, "a:updated")) == 1
        moment = datetime.fromisoformat(found(one, "a:updated/text()")[0])
        assert moment.utcoffset() is not None
        alternates = found(one, "a:link[@rel='alternate']/@type")
        assert len(alternates) == len(set(alternates)) == 1  # 4.1.1 and 4.1.2
    assert found(document, "a:author/a:name/text()")
    assert len(found(document, "a:link[@rel='self']/@href")) == 1
    addresses = found(document, "//a:id/text() | //a:link/@href | //at:deleted-entry/@ref")
    assert all(re.fullmatch(r"https?://[^\s<>]+", address) for address in addresses)
    ids = found(document, "a:entry/a:id/text()")
    assert len(ids) == len(set(ids))
    updated = found(document, "a:entry/a:updated/text()")
    assert updated == sorted(updated, reverse=True)
    assert max([*updated, ""]) <= found(document, "a:updated/text()")[0]
    removed = list(zip(*(found(document, f"at:deleted-entry/@{name}") for name in ("ref", "when")), strict=True))
    assert len(removed) == len(set(removed))  # RFC 6721, section 3


def test_the_feed_is_valid(client: httpx.Client) -> None:
    """Each revision is an entry with its title in its own language and what changed; markup in it is text."""
    document = feed(client)
    require_valid(document)
    titles = dict(zip(found(document, "a:entry/a:id/text()"), found(document, "a:entry/a:title/text()"), strict=True))
    languages = found(document, f"a:entry[a:id='{BASE}doc/project/{OTHER}/rev/1']/a:title/@xml:lang")
    for number, title in TITLES.items():
        assert titles[f"{BASE}doc/project/{CODE}/rev/{number}"] == f"{CODE}: {title}"
    assert (titles[f"{BASE}doc/project/{OTHER}/rev/1"], languages) == (f"{OTHER}: Un titre", ["fr"])
    sixth, withdrawn = (
        found(document, f"a:entry[a:id='{BASE}doc/project/{CODE}/rev/{number}']/a:summary/text()") for number in (6, 4)
    )
    assert sixth == [f"{CODE} was changed: Title (en), Title (fr)."]
    assert withdrawn == [f"{CODE} was withdrawn. By mistake."]


def test_every_link_leads_somewhere(client: httpx.Client) -> None:
    """To a page of the revision and of the record; those of a withdrawn record say that it was."""
    for entry in entries(feed(client)):
        for address in found(entry, "a:link/@href"):
            assert address.startswith(str(client.base_url))
            answer = client.get(address, headers={"Accept": "text/html"})
            expected = {410} if GONE in address and "/rev/" not in address else {200}
            assert answer.status_code in expected, address


def test_what_is_gone_is_named(client: httpx.Client) -> None:
    """Withdrawals and the erasure name the entry that is not to be shown any more; the erased title is nowhere."""
    document = feed(client)
    removed = dict(
        zip(*(found(document, f"at:deleted-entry/{part}") for part in ("@ref", "at:comment/text()")), strict=True)
    )
    assert removed == {
        f"{BASE}doc/project/{CODE}/rev/3": f"{CODE} was withdrawn.",
        f"{BASE}doc/project/{GONE}/rev/1": f"{GONE} was withdrawn.",
        f"{BASE}doc/project/{CODE}/rev/{ERASED}": f"This content of {CODE} was erased.",
    }
    assert f"{BASE}doc/project/{CODE}/rev/{ERASED}" not in found(document, "a:entry/a:id/text()")
    for one in documents(client):
        assert ERASED_TITLE.encode() not in etree.tostring(one)


def test_an_unchanged_feed_is_not_sent_again(client: httpx.Client) -> None:
    """304 for its entity tag; HEAD has the length; other methods and other times are refused."""
    for path in ("/feed.atom", f"/feed.atom/{client.get('/health').json()['release']}"):
        first = client.get(path)
        again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        head = client.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert first.headers["access-control-allow-origin"] == "*"
        assert client.post(path).headers["allow"] == "GET, HEAD"
        assert client.get(f"{path}?release=x").status_code == 400


def test_pages_name_the_feed(client: httpx.Client) -> None:
    """Where people look: browsers and feed readers find it by the link in the head."""
    served = client.get("/health").json()["release"]
    for path in ("/", "/projects", f"/changes?since={served}"):
        page = client.get(path, headers={"Accept": "text/html", "Accept-Language": "fr"}).text
        assert re.search(r'<link rel="alternate" type="application/atom\+xml" href="/feed.atom" title="[^"]+">', page)


def test_the_archives_have_the_rest(many: Path) -> None:
    """From one document to the one before, each revision is there once, and no document has too many."""
    with serve(many) as server, httpx.Client(base_url=server.address) as client:
        read = documents(client)
        assert [len(entries(one)) for one in read] == [1 + MANY % PAGE + PAGE, PAGE]
        assert not read[0].findall("fh:archive", NAMES)
        for one in read[1:]:
            assert len(one.findall("fh:archive", NAMES)) == 1
            assert found(one, "a:link[@rel='current']/@href") == [f"{server.address}/feed.atom"]
        for one in read:
            require_valid(one)
            assert found(one, "a:id/text()") == [f"{BASE}feed.atom"]
        ids = [id_ for one in read for id_ in found(one, "a:entry/a:id/text()")]
        assert len(ids) == len(set(ids)) == MANY + 1
        oldest = found(read[-1], "a:link[@rel='self']/@href")[0]
        for path in ("/feed.atom/never", "/feed.atom/never/2", f"{oldest}/9", f"{oldest}/0", f"{oldest}/x"):
            assert client.get(path).status_code == 404


def test_an_archive_never_changes(many: Path, tmp_path: Path, iomld: Command) -> None:
    """Another publish adds an archive, and leaves all others as they are."""
    to = shutil.copytree(many, tmp_path / "to", symlinks=True)

    def archives() -> dict[str, bytes]:
        with serve(to) as server, httpx.Client(base_url=server.address) as client:
            runs = [path.parent.name for path in sorted((to / "log").glob("*/entry.json"))]
            paths = [f"/feed.atom/{run}{more}" for run in runs for more in ("", "/2", "/3")]
            answers = {path: client.get(path) for path in paths}
            address = server.address.encode()
            return {path: one.content.replace(address, b"") for path, one in answers.items() if one.status_code == 200}

    before = archives()
    assert len(before) == -(-MANY // PAGE) + 1
    source = tmp_path / "r.json"
    source.write_text(json.dumps([record("PO.1001", "Another title")]), encoding="utf-8")
    assert iomld("publish", source, "--to", to).returncode == 0
    after = archives()
    assert {path: after[path] for path in before} == before
    assert len(after) == len(before) + 1


def test_a_release_without_a_ledger_has_an_empty_feed(tmp_path: Path) -> None:
    """Of the time of the release; readers subscribe to it all the same."""
    opened = open_view(make_release(tmp_path))
    app = FastAPI()
    app.include_router(atom_routes(lambda: opened))
    document = etree.fromstring(Asker(app).get("/feed.atom").content)
    require_valid(document)
    assert (entries(document), found(document, "a:updated/text()")) == ([], [opened.release.manifest.created])


def test_a_feed_reader_reads_it(client: httpx.Client) -> None:
    """The parser of PyPI finds no fault, and has the titles as texts."""
    read = feedparser.parse(client.get("/feed.atom").content, response_headers={"content-type": "application/atom+xml"})
    assert not read.bozo, read.get("bozo_exception")
    assert read.version == "atom10"
    assert read.feed.id == f"{BASE}feed.atom"
    assert [one.id for one in read.entries] == found(feed(client), "a:entry/a:id/text()")
    third = next(one for one in read.entries if one.id.endswith(f"{CODE}/rev/3"))
    assert third.title == f"{CODE}: {TITLES[3]}"
    assert third.title_detail.type == "text/plain"
    assert third.link == f"{client.base_url}/doc/project/{CODE}/rev/3"
