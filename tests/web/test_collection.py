"""All projects as pages of JSON-LD."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI, Request
from pyld import jsonld
from starlette.responses import Response
from tests.browse.asking import Asker
from tests.browse.released import AWKWARD, make_release

from iomld.browse.view import ReleaseView, open_view
from iomld.formats import rdf
from iomld.web.data import collection
from iomld.web.data.resources import resource_routes
from iomld.web.problems import ProblemError, problem_of

_HYDRA = "http://www.w3.org/ns/hydra/core#"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> ReleaseView:
    """The small release."""
    return open_view(make_release(Path(tmp_path_factory.mktemp("release"))))


@pytest.fixture(scope="module")
def client(opened: ReleaseView) -> Iterator[Asker]:
    """A client of the resource routes; two projects a page."""
    app = FastAPI()
    app.include_router(resource_routes(lambda: opened))

    @app.exception_handler(ProblemError)
    def on_problem(request: Request, error: ProblemError) -> Response:
        return problem_of(error, accept=request.headers.get("accept"))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(collection, "_PAGE_SIZE", 2)
        yield Asker(app)


def _refuse(url: str, _options: object) -> dict[str, object]:
    raise AssertionError(f"asked for {url}")


def test_following_next_gives_every_record_once(client: Asker, opened: ReleaseView) -> None:
    """The pages together hold the triples of all projects' graphs, and say how many projects there are."""
    address, found, members = "/projects.jsonld", set(), []
    while address:
        answer = client.get(address)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/ld+json")
        document = answer.json()
        assert document["hydra:totalItems"] == 1 + len(AWKWARD)
        members += [member["id"] for member in document["hydra:member"]]
        nquads = jsonld.to_rdf(document, {"documentLoader": _refuse, "format": "application/n-quads"})
        found |= {quad.triple for quad in rdf.parse(nquads, rdf.NQUADS)}
        address = answer.links.get("next", {}).get("url", "")
    assert len(members) == len(set(members)) == 1 + len(AWKWARD)
    keys = ("PO.0001", *AWKWARD)
    wanted = {quad.triple for key in keys for quad in opened.reader.graph(opened.iris.record(key))}
    assert {triple for triple in found if _HYDRA not in str(triple)} == wanted


def test_without_a_match_the_collection_is_empty(client: Asker) -> None:
    """It has one page without members."""
    document = client.get("/projects.jsonld?q=nowhere").json()
    assert (document["hydra:totalItems"], document["hydra:member"]) == (0, [])


def test_a_page_knows_its_neighbours(client: Asker) -> None:
    """The second of three pages leads both ways; first and last are always there."""
    links = client.get("/projects.jsonld?page=2").links
    expected = {"first": 1, "last": 3, "prev": 1, "next": 3}
    for rel, page in expected.items():
        assert links[rel]["url"] == f"/projects.jsonld?page={page}"
    assert "prev" not in client.get("/projects.jsonld").links
    assert "next" not in client.get("/projects.jsonld?page=3").links


@pytest.mark.parametrize(
    ("query", "status"), [("page=4", 404), ("page=0", 404), ("page=x", 400), ("page=-1", 400), ("colour=red", 400)]
)
def test_what_is_no_page_is_refused(client: Asker, query: str, status: int) -> None:
    """No page is given for another, and no parameter is passed over in silence."""
    assert client.get(f"/projects.jsonld?{query}").status_code == status
