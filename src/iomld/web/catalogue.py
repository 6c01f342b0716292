"""The description of the dataset for catalogues and crawlers: DCAT 3 and VoID."""

from collections.abc import Callable

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from iomld.browse.view import ReleaseView, license_of, release_description
from iomld.formats import rdf
from iomld.web.answers import get_route
from iomld.web.documents import Document, document_response


def catalogue_routes(view: Callable[[], ReleaseView]) -> APIRouter:
    """`/dataset`, `/void` and `/.well-known/void`.

    Args:
        view: Gives the release that is served now.
    """
    router = APIRouter()
    for path in ("/dataset", "/dataset.{suffix}", "/void", "/void.{suffix}"):

        @get_route(router, path, tag="data")
        def description(request: Request, suffix: str | None = None) -> Response:
            """Describe the dataset, its files, figures and links: DCAT 3 and VoID."""
            opened = view()
            return document_response(request, opened, _document(opened, request.url.path), suffix)

    @get_route(router, "/.well-known/void", tag="data")
    def well_known() -> Response:
        """Lead crawlers to the description (VoID, section 7.2)."""
        return RedirectResponse("/void", 303, {"Access-Control-Allow-Origin": "*"})

    return router


def _document(view: ReleaseView, path: str) -> Document:
    quads = release_description(view)
    return Document(
        path="/void" if path.startswith("/void") else "/dataset",
        quads=lambda: quads,
        jsonld=lambda: rdf.serialize((quad.triple for quad in quads), rdf.JSONLD),  # type: ignore[misc]  # triples do as well
        page=None,
        license=license_of(view, quads),
    )
