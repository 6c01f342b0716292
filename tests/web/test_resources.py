"""The data as clients meet it: addresses, formats, conditions."""

import re
from urllib.parse import quote

import pytest
from fastapi import FastAPI, Request
from pyld import jsonld
from rdflib import Graph
from starlette.responses import Response
from tests.browse.asking import Asker
from tests.browse.released import BASE, make_release
from tests.w3c.http_suite import canonical

from iomld.browse.view import ReleaseView, open_view
from iomld.formats import rdf
from iomld.web.data.resources import resource_routes
from iomld.web.problems import ProblemError, problem_of

TURTLE = "text/turtle; charset=utf-8"
HTML = "text/html; charset=utf-8"
JSONLD = "application/ld+json"
NTRIPLES = "application/n-triples"
RDFXML = "application/rdf+xml"
NQUADS = "application/n-quads"
RECORD = "/doc/project/PO.0001"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> ReleaseView:
    """The small release."""
    return open_view(make_release(tmp_path_factory.mktemp("release")))


@pytest.fixture(scope="module")
def client(opened: ReleaseView) -> Asker:
    """A client of the resource routes alone; it sends no Accept header and follows nothing by itself."""
    app = FastAPI()
    app.include_router(resource_routes(lambda: opened))

    @app.exception_handler(ProblemError)
    def on_problem(request: Request, error: ProblemError) -> Response:
        return problem_of(error, accept=request.headers.get("accept"))

    return Asker(app)


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, TURTLE),
        ("*/*", TURTLE),
        ("text/turtle", TURTLE),
        ("application/ld+json", JSONLD),
        ("application/n-triples", NTRIPLES),
        ("application/n-quads", NQUADS),
        ("application/rdf+xml", RDFXML),
        ("text/html", HTML),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", HTML),
        ("text/html;q=0.2, application/ld+json;q=0.9", JSONLD),
        ("text/turtle;q=0, application/rdf+xml;q=0.1", RDFXML),
        ("image/png, */*;q=0.1", TURTLE),
        ("rubbish", TURTLE),
    ],
)
def test_the_accept_header_chooses(client: Asker, accept: str | None, media_type: str) -> None:
    """The best accepted form is given; a page only where it is named."""
    answer = client.get(RECORD, headers={"Accept": accept} if accept else {})
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    assert answer.headers["vary"] == "Accept"
    assert client.get(answer.headers["content-location"]).content == answer.content


@pytest.mark.parametrize(
    ("suffix", "media_type"),
    [("ttl", TURTLE), ("jsonld", JSONLD), ("nt", NTRIPLES), ("rdf", RDFXML), ("nq", NQUADS), ("html", HTML)],
)
def test_a_suffix_chooses(client: Asker, suffix: str, media_type: str) -> None:
    """A suffix or `?format=` counts more than the Accept header; a code with a dot keeps it."""
    for address in (f"{RECORD}.{suffix}", f"{RECORD}?format={suffix}"):
        answer = client.get(address, headers={"Accept": "application/n-quads"})
        assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)


def test_what_we_do_not_write_is_406(client: Asker) -> None:
    """A form that we do not have is refused with a list of those that we have."""
    for address, headers in ((RECORD, {"Accept": "image/png"}), (f"{RECORD}?format=xlsx", {})):
        answer = client.get(address, headers=headers)
        assert answer.status_code == 406
        assert "text/turtle" in answer.text


@pytest.mark.parametrize(
    ("code", "path"),
    [
        ("PO.0001", "/doc/project/PO.0001"),
        ("prima-DZ10P0002", "/doc/project/prima-DZ10P0002"),
        ("A%2FB%20%25", "/doc/project/A%2FB%20%25"),
        ("CODE.ttl", "/doc/project/CODE.ttl"),
    ],
)
def test_a_thing_leads_to_its_document(client: Asker, code: str, path: str) -> None:
    """303 to a path of this server, encoded once; the document is about that thing."""
    answer = client.get(f"/id/project/{code}")
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    document = client.get(path)
    assert document.headers["content-type"] == TURTLE
    assert f"{BASE}id/project/{code}" in {str(subject) for subject in Graph().parse(data=document.text).subjects()}


def test_a_redirect_keeps_what_was_asked_for(client: Asker) -> None:
    """The query of the address goes along."""
    assert client.get("/id/country/CI?format=nt").headers["location"] == "/doc/country/CI?format=nt"
    assert client.get("/id/country/CI?q=%C3%A9%20b").headers["location"] == "/doc/country/CI?q=%C3%A9%20b"
    assert client.get("/id/fund/idf").headers["location"] == "/doc/fund/idf"


def test_a_code_that_looks_like_a_file_is_a_code(client: Asker) -> None:
    """`CODE.ttl` is known, so that its suffix is none; `CODE.ttl.nt` is its N-Triples."""
    assert "A code like a file" in client.get("/doc/project/CODE.ttl").text
    assert client.get("/doc/project/CODE.ttl.nt").headers["content-type"] == NTRIPLES


@pytest.mark.parametrize(
    "address",
    [
        "/id/project/NO.0000",
        "/id/country/ZZ",
        "/id/nothing/CI",
        "/id/project/A%252FB%2520%2525",
        "/doc/project/NO.0000",
        "/doc/project/NO.0000.ttl",
        "/doc/project/PO.0001.xlsx",
        "/doc/project/",
        "/doc/country/ZZ",
        "/doc/country/%3Cscript%3E",
        "/scheme/nothing",
        "/scheme/status/nothing",
        "/scheme/framework/gcm-objective-99",
    ],
)
def test_what_we_do_not_know_is_404(client: Asker, address: str) -> None:
    """404 as problem+json for programs, as a page for browsers; never a redirect."""
    answer = client.get(address)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    page = client.get(address, headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["content-type"]) == (404, HTML)
    assert "<script>" not in page.text


@pytest.mark.parametrize(
    ("address", "onward"),
    [
        ("/doc/project/NO.0000", "/projects"),
        ("/id/country/ZZ", "/countries"),
        ("/doc/framework/gcm", "/frameworks"),
        ("/scheme/region/nothing", "/regions"),
        ("/scheme/nothing", None),
        ("/scheme/status/nothing", None),
        ("/prov/run/nothing", None),
        ("/prov/project/nothing", None),
    ],
)
def test_a_404_leads_to_the_list_of_its_kind(client: Asker, address: str, onward: str | None) -> None:
    """A kind that has no list leads to none, rather than to the list of projects."""
    detail = client.get(address).json()["detail"]
    assert detail.endswith(f"The list is at {onward}." if onward else "Begin at the home page.")
    page = client.get(address, headers={"Accept": "text/html"}).text
    assert re.findall(r'class="btn primary" href="([^"]*)"', page) == ([onward] if onward else [])


def canonical_of(graph: Graph) -> set[str]:
    """What two graphs have in common if they are isomorphic; rdflib takes ten seconds to compare the shapes."""
    return canonical(rdf.parse(graph.serialize(format="nt"), rdf.NTRIPLES))


# rdflib's own JSON-LD reader still uses what rdflib calls deprecated.
@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated", "ignore:Dataset.default_context is deprecated")
@pytest.mark.parametrize(
    "address", [RECORD, "/doc/country/CI", "/scheme/framework", "/scheme/region/africa", "/ns", "/shapes"]
)
def test_all_formats_say_the_same(client: Asker, address: str) -> None:
    """Turtle, N-Triples, RDF/XML and JSON-LD of a document are the same graph; so are the N-Quads without names."""
    turtle = Graph().parse(data=client.get(f"{address}.ttl").content, format="turtle")
    assert len(turtle) > 5
    for suffix, format_ in (("nt", "nt"), ("rdf", "xml")):
        other = Graph().parse(data=client.get(f"{address}.{suffix}").content, format=format_)
        assert canonical_of(other) == canonical_of(turtle), suffix
    document = client.get(f"{address}.jsonld").content
    assert canonical_of(Graph().parse(data=document, format="json-ld", base=BASE)) == canonical_of(turtle), "jsonld"
    quads = rdf.parse(client.get(f"{address}.nq").content, rdf.NQUADS)
    assert len({quad.triple for quad in quads}) == len(turtle)


def test_a_record_is_exactly_its_graph(client: Asker, opened: ReleaseView) -> None:
    """The N-Quads of a record are the quads of its graph, no more and no fewer."""
    lines = client.get(f"{RECORD}.nq").text.splitlines()
    graph = opened.iris.record("PO.0001")
    assert sorted(lines) == sorted(f"{quad} ." for quad in opened.reader.graph(graph))


def test_labels_come_when_asked_for(client: Asker) -> None:
    """`?labels=1` adds the names of what the record points to, in every form."""
    plain, labelled = (Graph().parse(data=client.get(f"{RECORD}.nt{query}").text) for query in ("", "?labels=1"))
    assert set(plain) < set(labelled)
    assert "Côte d’Ivoire" in client.get(f"{RECORD}.jsonld?labels=1").text
    assert "Côte d’Ivoire" in client.get(f"{RECORD}.ttl?labels=1").text


def test_the_same_answer_is_304(client: Asker) -> None:
    """An entity tag or a date that still holds gives 304 without a body; each form has a tag of its own."""
    tags = set()
    for suffix in ("ttl", "nt", "jsonld", "html"):
        answer = client.get(f"{RECORD}.{suffix}")
        tag = answer.headers["etag"]
        tags.add(tag)
        for value in (tag, f'"x", {tag}', tag.removeprefix("W/"), "*"):
            again = client.get(f"{RECORD}.{suffix}", headers={"If-None-Match": value})
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["etag"] == tag
        assert client.get(f"{RECORD}.{suffix}", headers={"If-None-Match": '"x"'}).status_code == 200
    assert len(tags) == 4
    assert all(tag.startswith("W/") for tag in tags)  # a document may be compressed on its way
    modified = client.get(f"{RECORD}.ttl").headers["last-modified"]
    assert modified == "Sun, 01 Feb 2026 00:00:00 GMT"
    for since, status in ((modified, 304), ("Sat, 31 Jan 2026 00:00:00 GMT", 200), ("soon", 200)):
        assert client.get(f"{RECORD}.ttl", headers={"If-Modified-Since": since}).status_code == status


def test_turtle_is_the_same_each_time(client: Asker) -> None:
    """Prefixes and triples come in a fixed order, so that the entity tag holds in every process."""
    assert len({client.get(f"{RECORD}.ttl").content for _ in range(5)}) == 1
    assert client.get(f"{RECORD}.ttl").text.startswith("@prefix cty:")


def test_head_says_what_get_says(client: Asker) -> None:
    """HEAD has the headers of GET and no body, for documents, redirects and errors."""
    for address in (RECORD, f"{RECORD}.html", "/id/project/PO.0001", "/ns", "/shapes", "/schema/project.json"):
        head, get = client.head(address), client.get(address)
        assert (head.status_code, head.headers, head.content) == (get.status_code, get.headers, b"")
    assert client.head("/doc/project/NO.0000").status_code == 404


def test_links_name_other_forms_rules_and_licence(client: Asker) -> None:
    """RFC 8288 links are paths of this server; each alternate is what it says."""
    answer = client.get(f"{RECORD}.ttl")
    links = answer.links
    assert links["describedby"]["url"] == "/shapes"
    assert links["license"]["url"] == "https://example.org/licence"
    for link in answer.headers["link"].split(", "):
        if 'rel="alternate"' in link:
            address, type_ = link[1:].split(">")[0], link.rpartition('type="')[2].rstrip('"')
            assert address.startswith("/")
            assert client.get(address).headers["content-type"].partition(";")[0] == type_
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("address", "media_type"),
    [
        ("/context/v1.jsonld", JSONLD),
        ("/frame/project.jsonld", JSONLD),
        ("/schema/project.json", "application/schema+json"),
    ],
)
def test_json_files_are_for_the_base(client: Asker, address: str, media_type: str) -> None:
    """The context, the frame and the JSON schema name the release's base and no other."""
    answer = client.get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    assert answer.json()
    others = answer.text.replace("https://w3id.org/iomld/ns", "").replace("https://w3id.org/iomld/shapes", "")
    assert "https://w3id.org/iomld/" not in others


def test_pages_of_things_name_their_iris(client: Asker) -> None:
    """Pages show the IRI under the base, and link to paths of this server."""
    for address in (RECORD, "/doc/country/CI", "/scheme/framework/gcm", "/scheme/region", "/ns", "/shapes"):
        page = client.get(f"{address}.html").text
        assert 'class="iri"' in page
        assert f'href="{BASE}' not in page
        assert f'href="{quote(address)}.ttl"' in page


@pytest.mark.parametrize("profile", ["expanded", "flattened"])
def test_json_ld_comes_without_a_context(client: Asker, profile: str) -> None:
    """By Accept or `?profile=`; a processor that expands or flattens it again changes nothing."""
    type_ = f'application/ld+json;profile="http://www.w3.org/ns/json-ld#{profile}"'
    for address in (RECORD, "/doc/country/CI", "/ns", "/scheme/status"):
        answer = client.get(address, headers={"Accept": f"text/html;q=0.1, {type_};q=0.9"})
        assert (answer.status_code, answer.headers["content-type"]) == (200, type_)
        assert client.get(f"{address}.jsonld?profile={profile}").content == answer.content
        assert client.get(answer.headers["content-location"]).content == answer.content
        document = answer.json()
        assert jsonld.expand(document) == document
        ids = [node["@id"] for node in jsonld.flatten(document)]
        assert ids == [node["@id"] for node in document]
        turtle = Graph().parse(data=client.get(f"{address}.ttl").content, format="turtle")
        triples = {quad.triple for quad in rdf.parse(answer.content, rdf.JSONLD)}
        assert len(triples) == len(turtle)


def test_compacted_json_ld_is_the_framed_document(client: Asker) -> None:
    """Compacted and framed are what is given by default, with their type; an unknown profile is no form of ours."""
    framed = client.get(f"{RECORD}.jsonld")
    for profile in ("framed", "compacted"):
        answer = client.get(f"{RECORD}.jsonld?profile=http://www.w3.org/ns/json-ld%23{profile}")
        assert answer.content == framed.content
        assert answer.headers["content-type"] == f'application/ld+json;profile="http://www.w3.org/ns/json-ld#{profile}"'
    other = client.get(RECORD, headers={"Accept": 'application/ld+json;profile="https://example.org/other"'})
    assert (other.content, other.headers["content-type"]) == (framed.content, JSONLD)
    assert client.get(f"{RECORD}.jsonld?profile=streaming").status_code == 406
