"""Every IRI that a release mints answers, in every form."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI, Request
from starlette.responses import Response
from tests.amount import amount
from tests.browse.asking import Asker

from iomld.browse.view import ReleaseView, open_view
from iomld.formats import rdf
from iomld.release import FILES, current_release
from iomld.web.data.resources import resource_routes
from iomld.web.problems import ProblemError, problem_of

_SUFFIXES = ("ttl", "jsonld", "nt", "nq", "rdf", "trig")
_IRI = re.compile(rb"<([^>]*)>")
_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"')  # texts of queries hold IRIs that name nothing


@pytest.fixture(scope="module")
def opened(datadir: Path) -> ReleaseView:
    """The bundled records, published."""
    current = current_release(datadir)
    assert current is not None
    return open_view(current)


@pytest.fixture(scope="module")
def client(opened: ReleaseView) -> Asker:
    """A client of the resource routes."""
    app = FastAPI()
    app.include_router(resource_routes(lambda: opened))

    @app.exception_handler(ProblemError)
    def on_problem(request: Request, error: ProblemError) -> Response:
        return problem_of(error, accept=request.headers.get("accept"))

    return Asker(app)


def _minted(view: ReleaseView) -> set[str]:
    """Paths of all IRIs under the base in the dump and the history, in any place of a quad, without fragments."""
    base = view.iris.base.encode()
    found = set()
    for name in (FILES.dataset, FILES.history):
        with gzip.open(view.release.file(name)) as lines:
            for line in lines:
                found |= {iri.partition(b"#")[0] for iri in _IRI.findall(_TEXT.sub(b"", line)) if iri.startswith(base)}
    found.discard(base + b"sparql")  # the endpoint, which has its own tests
    return {"/" + iri.removeprefix(base).decode() for iri in found}


def _samples(paths: set[str], number: int) -> Iterator[str]:
    """A few of each kind, from its first to its last: documents are made the same way for all of a kind."""
    kinds: dict[str, list[str]] = {}
    for path in sorted(paths):
        kind = "/rev/" if "/rev/" in path else path.rpartition("/")[0]
        kinds.setdefault(kind, []).append(path)
    for members in kinds.values():
        yield from members[:: max(1, len(members) // number)]


def test_minted_iris_of_every_kind_answer(client: Asker, opened: ReleaseView) -> None:
    """An IRI gives Turtle that parses, or leads with 303 to a document that does."""
    paths = _minted(opened)
    starts = {path.split("/")[1] for path in paths}
    assert {"id", "doc", "scheme", "prov", "query", "graph", "ns"} <= starts
    for path in _samples(paths, amount(15)):
        answer = client.get(path)
        if answer.status_code == 303:
            location = answer.headers["location"]
            if location in paths:
                continue  # of a kind that is asked for as well
            answer = client.get(location)
        assert answer.status_code == 200, path
        assert any(True for _ in rdf.parse(answer.content, rdf.TURTLE)), path


def test_every_form_of_every_kind_parses(client: Asker, opened: ReleaseView) -> None:
    """Each RDF form of a document of each kind parses and holds as many triples as the others; each has a page."""
    documents = {re.sub("^/id/", "/doc/", path) for path in _samples(_minted(opened), 1) if not path.startswith("/ns/")}
    for path in documents | {"/dataset/projects", "/graph/dataset"}:
        sizes = set()
        for suffix in _SUFFIXES:
            answer = client.get(f"{path}.{suffix}")
            assert answer.status_code == 200, (path, suffix)
            format_ = rdf.by_suffix(suffix)
            assert format_ is not None
            sizes.add(len({quad.triple for quad in rdf.parse(answer.content, format_)}))
        assert len(sizes) == 1, path
        page = client.get(f"{path}.html")
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")


def test_fragments_stand_in_their_document(client: Asker, opened: ReleaseView) -> None:
    """What a revision and the dataset lead to by fragments is described where they are."""
    dataset = client.get("/dataset/projects.nt").text
    assert f"<{opened.iris.dataset()}#nq> <http://www.w3.org/ns/dcat#downloadURL>" in dataset
    path = next(path for path in sorted(_minted(opened)) if "/rev/" in path)
    assert "#from-" in client.get(f"{path}.nt?about=1").text
    assert "suppliedProperty" in client.get(f"{path}.html?about=1").text


def test_revisions_never_change_and_documents_may(client: Asker, opened: ReleaseView) -> None:
    """The data of a revision may be kept for ever; a document is asked for again."""
    path = next(path for path in sorted(_minted(opened)) if "/rev/" in path)
    assert client.get(path).headers["cache-control"] == "public, max-age=31536000, immutable"
    assert client.get(f"{path}.html").headers["cache-control"] == "no-cache"
    record = path.partition("/rev/")[0]
    for document in (record, f"{record}.html", "/scheme/status", "/graph/prov", "/dataset/projects"):
        assert client.get(document).headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "address",
    [
        "/prov/source/000000000000",
        "/prov/run/never",
        "/prov/a%20b%0C%EF%BF%BE/c",
        "/prov/",
        "/query/nothing",
        "/query/",
        "/graph/nothing",
        "/graph/",
        "/dataset/nothing",
        "/ns/9.9.9",
        "/doc/project/PO.0201/rev/999",
        "/doc/project/PO.0201/rev/0",
        "/doc/project/NO.0000/rev/1",
    ],
)
def test_what_was_never_minted_is_404(client: Asker, address: str) -> None:
    """No document is made up."""
    assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        "/doc/project/PO.0105.ttl?asof=2020-01-01",
        "/id/country/CN?asof=2020",
        "/ns.ttl?release=x",
        "/shapes.nt?revision=1",
    ],
)
def test_data_of_another_time_are_not_those_of_today(client: Asker, address: str) -> None:
    """A parameter that asks for them is refused by name, not ignored."""
    refused = client.get(address)
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (400, "unknown-parameter")
