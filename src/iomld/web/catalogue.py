"""The description of the dataset for catalogues and crawlers: DCAT 3 and VoID."""

from collections.abc import Callable

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from iomld.browse.view import ReleaseView, license_of, release_description
from iomld.formats import rdf
from iomld.web.answers import get_route
from iomld.web.document_parameters import AskedDataForm, SuffixedDataForm
from iomld.web.documents import Document, document_response
from iomld.web.openapi import DOCUMENT, REDIRECT


def catalogue_routes(view: Callable[[], ReleaseView]) -> APIRouter:
    """`/dataset`, `/void` and `/.well-known/void`.

    Args:
        view: Gives the release that is served now.
    """
    router = APIRouter()
    summary = "Get the description of the dataset, its files, figures and links, in DCAT 3 and VoID"
    for path in ("/dataset", "/void"):

        @get_route(router, path, "dataset", summary, DOCUMENT)
        def description(request: Request, form: AskedDataForm) -> Response:
            opened = view()
            return document_response(request, opened, _document(opened, request.url.path), form)

        @get_route(router, f"{path}.{{suffix}}", "dataset", f"{summary}, in one format", DOCUMENT)
        def description_file(request: Request, form: SuffixedDataForm) -> Response:
            opened = view()
            return document_response(request, opened, _document(opened, request.url.path), form)

    @get_route(
        router,
        "/.well-known/void",
        "dataset",
        "Redirect crawlers to the description of the dataset (VoID, section 7.2)",
        REDIRECT,
        status_code=303,
    )
    def well_known() -> Response:
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
