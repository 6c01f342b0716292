"""FAIR Signposting: the links of documents, in headers and as link sets."""

import re
from pathlib import Path

import pytest
from fastapi import FastAPI
from tests.browse.asking import Asker
from tests.browse.released import BASE, make_release

from iomld.browse.view import open_view
from iomld.web.data.resources import resource_routes

RECORD = "/doc/project/PO.0001"
# RFC 8288 section 3 in the form that we write: every parameter quoted, nothing else between.
_LINK = re.compile(r'<([^<>"\s]+)>((?:; [a-z]+="[^"\\]*")+)')
_PARAMETER = re.compile(r'; ([a-z]+)="([^"]*)"')

Links = list[tuple[str, str, str]]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Asker:
    """A client of the resource routes of the small release."""
    opened = open_view(make_release(Path(tmp_path_factory.mktemp("release"))))
    app = FastAPI()
    app.include_router(resource_routes(lambda: opened))
    return Asker(app)


def _parsed(header: str) -> Links:
    """Relation, target and type of each link; fails on anything that is no link."""
    links, at = [], 0
    while True:
        match = _LINK.match(header, at)
        assert match, header[at:]
        parameters = _PARAMETER.findall(match[2])
        names = [name for name, _ in parameters]
        assert names in (["rel"], ["rel", "type"])
        found = dict(parameters)
        links.append((found["rel"], match[1], found.get("type", "")))
        at = match.end()
        if at == len(header):
            return links
        assert header.startswith(", ", at)
        at += 2


def _of(links: Links, rel: str) -> list[str]:
    return [href for name, href, _ in links if name == rel]


def test_a_page_signposts_what_fair_asks_for(client: Asker) -> None:
    """A page names its thing, types, licence, data, collection and link set."""
    links = _parsed(client.get(f"{RECORD}.html").headers["link"])
    assert _of(links, "cite-as") == [f"{BASE}id/project/PO.0001"]
    assert set(_of(links, "type")) == {"https://w3id.org/iomld/ns#Project", "https://schema.org/AboutPage"}
    assert _of(links, "license") == ["https://example.org/licence"]
    assert _of(links, "collection") == ["/dataset/projects"]
    assert {f"{RECORD}.ttl", f"{RECORD}.jsonld", "/shapes"} == set(_of(links, "describedby"))
    assert ("linkset", f"{RECORD}.linkset.json", "application/linkset+json") in links


@pytest.mark.parametrize(
    "address", [RECORD, "/doc/country/CI", "/scheme/status", "/graph/schemes", "/doc/project/A%2FB%20%25", "/ns"]
)
def test_every_signpost_leads_somewhere(client: Asker, address: str) -> None:
    """Links to this server answer with the type they promise; none stands twice, a thing is cited once at most."""
    links = _parsed(client.get(address).headers["link"])
    assert len(set(links)) == len(links)
    assert len(_of(links, "cite-as")) <= 1
    assert len(_of(links, "alternate")) == 6
    for rel, href, type_ in links:
        if href.startswith("/") and rel != "collection":
            answer = client.get(href)
            assert answer.status_code == 200, href
            assert not type_ or answer.headers["content-type"].partition(";")[0] == type_


def test_a_link_set_holds_the_same_links(client: Asker) -> None:
    """By suffix, by `?format=` and by Accept: one context object, its targets those of the headers."""
    answer = client.get(f"{RECORD}.linkset.json")
    assert answer.headers["content-type"] == "application/linkset+json"
    assert client.get(f"{RECORD}?format=linkset").content == answer.content
    assert client.get(RECORD, headers={"Accept": "application/linkset+json"}).content == answer.content
    (context,) = answer.json()["linkset"]
    assert context.pop("anchor") == RECORD
    stated = {(rel, one["href"], one.get("type", "")) for rel, targets in context.items() for one in targets}
    shown = {link for link in _parsed(client.get(f"{RECORD}.ttl").headers["link"]) if link[0] != "linkset"}
    assert stated == shown | {("alternate", f"{RECORD}.ttl", "text/turtle")}
