"""Routes of documents about provenance, example queries, shared graphs and the dataset itself."""

from collections.abc import Callable, Sequence
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Request
from starlette.responses import RedirectResponse, Response

from iomld import __version__
from iomld.browse.resources import described_quads, graph_triples, statements
from iomld.browse.view import ReleaseView, license_of, release_description
from iomld.web.data.documents import (
    WebDocument,
    document_response,
    encoded_path,
    graph_jsonld,
    not_found,
    split_suffix,
)
from iomld.web.data.parameters import NAMED, ReleaseFormatParameters, ReleaseSuffixedFormat, RequestedFormat
from iomld.web.data.revisions import about_document
from iomld.web.openapi import DOCUMENT, REDIRECT, sample
from iomld.web.pages.render import described_html
from iomld.web.releases.request import view_of_request
from iomld.web.responses import get_route

_Kind = Annotated[str, Path(description="`source`, `run`, `matcher` or `agent`.", openapi_examples=sample("agent"))]
_Agent = Annotated[str, Path(description=NAMED, openapi_examples=sample(f"iomld-{__version__}"))]
_Query = Annotated[str, Path(description=NAMED, openapi_examples=sample("quotes"))]
_Dataset = Annotated[str, Path(description=NAMED, openapi_examples=sample("projects"))]
_Graph = Annotated[str, Path(description=NAMED, openapi_examples=sample("schemes"))]


def described_routes(router: APIRouter, view: Callable[[Request], ReleaseView]) -> None:
    """Add `/prov/…`, `/query/…`, `/graph/…`, `/dataset/…` and `/.well-known/genid/…`."""

    @get_route(
        router, "/prov/{kind}/{name:path}", "records", "Get the statements about a source, a run or software", DOCUMENT
    )
    def provenance(request: Request, kind: _Kind, name: _Agent, requested: ReleaseFormatParameters) -> Response:
        return _description_response(request, view(request), ("prov", kind), name, requested)

    @get_route(
        router, "/query/{name}", "queries", "Get an example query: its text and the question it answers", DOCUMENT
    )
    def example(request: Request, name: _Query, requested: ReleaseFormatParameters) -> Response:
        return _description_response(request, view(request), ("query",), name, requested)

    @get_route(router, "/dataset/{name}", "dataset", "Get the statements about the dataset itself", DOCUMENT)
    def dataset(request: Request, name: _Dataset, requested: ReleaseFormatParameters) -> Response:
        return _description_response(request, view(request), ("dataset",), name, requested)

    @get_route(
        router,
        "/.well-known/genid/{name}",
        "records",
        "Get the statements about a blank node of an included file",
        DOCUMENT,
    )
    def node(
        request: Request, name: Annotated[str, Path(description=NAMED)], requested: ReleaseFormatParameters
    ) -> Response:
        return _description_response(request, view(request), (".well-known", "genid"), name, requested)

    @get_route(
        router, "/graph/{name:path}", "dataset", "Get a whole graph that does not belong to one project", DOCUMENT
    )
    def graph(request: Request, name: _Graph, requested: ReleaseFormatParameters) -> Response:
        opened = view(request)
        code, suffix = split_suffix(name, lambda stem: opened.reader.has_graph(opened.iris.graph(quote(stem))))
        if not opened.reader.has_graph(opened.iris.graph(quote(code))):
            raise not_found(request)
        return document_response(request, opened, _graph_document(opened, quote(code)), requested.suffixed(suffix))


def catalogue_routes(view: Callable[[], ReleaseView]) -> APIRouter:
    """Routes of the DCAT 3 and VoID description: `/dataset`, `/void` and `/.well-known/void`.

    Args:
        view: Gives the release that is served now.
    """
    router = APIRouter()
    view_of = view_of_request(view)
    summary = "Get the description of the dataset, its files, figures and links, in DCAT 3 and VoID"
    for path in ("/dataset", "/void"):

        @get_route(router, path, "dataset", summary, DOCUMENT)
        def description(request: Request, requested: ReleaseFormatParameters) -> Response:
            opened = view_of(request)
            return document_response(request, opened, _dataset_document(opened, request.url.path), requested)

        @get_route(router, f"{path}.{{suffix}}", "dataset", f"{summary}, in one format", DOCUMENT)
        def description_file(request: Request, requested: ReleaseSuffixedFormat) -> Response:
            opened = view_of(request)
            return document_response(request, opened, _dataset_document(opened, request.url.path), requested)

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


def _description_response(
    request: Request, view: ReleaseView, parents: Sequence[str], name: str, requested: RequestedFormat
) -> Response:
    """The document of a resource whose IRI is its path, in the requested format.

    Args:
        request: The request.
        view: The release.
        parents: The segments of the path before the last.
        name: The last segment, perhaps with a suffix.
        requested: The format that the query requests.
    """

    def iri(code: str) -> str:
        return f"{view.iris.base}{encoded_path(*parents, code)[1:]}"

    code, suffix = split_suffix(name, lambda stem: bool(described_quads(view, iri(stem))))
    quads = described_quads(view, iri(code))
    if not quads:
        raise not_found(request)
    document = about_document(view, iri(code), encoded_path(*parents, code), quads)
    return document_response(request, view, document, requested.suffixed(suffix))


def _graph_document(view: ReleaseView, name: str) -> WebDocument:
    quads = graph_triples(view, name)
    path, iri = f"/graph/{name}", view.iris.graph(name)
    return WebDocument(
        path=path,
        quads=lambda: quads,
        jsonld=lambda: graph_jsonld(quads),
        page=lambda: described_html(view, iri, path, (), len(quads)),
        license=license_of(view),
        iri=iri,
    )


def _dataset_document(view: ReleaseView, path: str) -> WebDocument:
    quads = release_description(view)
    iri, document = f"{view.iris.base}dataset", "/void" if path.startswith("/void") else "/dataset"
    parts = f"{view.iris.dataset()}#"

    def page() -> bytes:
        """The catalogue, its files, partitions and service; the dataset, which it links to, has a page of its own."""
        shown = (one for one in statements(quads) if one.iri == iri or one.iri.startswith(parts))
        catalogue_first = tuple(sorted(shown, key=lambda one: one.iri != iri))
        return described_html(view, iri, document, catalogue_first, len(quads))

    return WebDocument(
        path=document,
        quads=lambda: quads,
        jsonld=lambda: graph_jsonld(quads),
        page=page,
        license=license_of(view, quads),
    )
