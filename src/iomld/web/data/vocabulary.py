"""Routes of the vocabulary and schemas of the data: ontology, shapes, JSON-LD context and frame, JSON Schemas."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pyoxigraph import NamedNode, Quad
from starlette.responses import RedirectResponse, Response

from iomld.assets import asset_names, asset_text
from iomld.browse.resources import graph_triples
from iomld.browse.view import ReleaseView, license_of, shared_graph
from iomld.formats import rdf
from iomld.fund_folder import cached
from iomld.iris import OWL
from iomld.web.data.documents import WebDocument, document_response, graph_jsonld, not_found
from iomld.web.data.parameters import FormatParameters, SuffixedFormat
from iomld.web.openapi import DOCUMENT, REDIRECT, responses, sample
from iomld.web.pages.render import ontology_html, shapes_html
from iomld.web.responses import answer, get_route

# Files at fixed paths: the asset, its media type and the summary of its route.
_ASSETS = {
    "/context/v1.jsonld": ("ontology/context-v1.jsonld", "application/ld+json", "Get the JSON-LD context"),
    "/frame/project.jsonld": (
        "ontology/frame-project.jsonld",
        "application/ld+json",
        "Get the JSON-LD frame of a project",
    ),
    "/schema/project.json": (
        "ontology/project.schema.json",
        "application/schema+json",
        "Get the JSON Schema of a project as framed JSON-LD",
    ),
    "/schema/record.json": (
        "ontology/record.schema.json",
        "application/schema+json",
        "Get the JSON Schema of a submitted record",
    ),
    "/schema/report.json": (
        "ontology/report.schema.json",
        "application/schema+json",
        "Get the JSON Schema of a validation report",
    ),
}
_Version = Annotated[str, Path(description="A version of the ontology.", openapi_examples=sample("0.1.0"))]


def vocabulary_routes(router: APIRouter, view: Callable[[], ReleaseView]) -> None:
    """Add `/ns`, `/shapes`, and the files of `_ASSETS`."""

    @get_route(router, "/ns", "vocabulary", "Get the ontology", DOCUMENT)
    def ontology(request: Request, requested: FormatParameters) -> Response:
        opened = view()
        return document_response(request, opened, _ontology_document(opened), requested)

    @get_route(router, "/ns.{suffix}", "vocabulary", "Get the ontology in one format", DOCUMENT)
    def ontology_file(request: Request, requested: SuffixedFormat) -> Response:
        opened = view()
        return document_response(request, opened, _ontology_document(opened), requested)

    @get_route(router, "/shapes", "vocabulary", "Get the shapes that records are checked against", DOCUMENT)
    def shapes(request: Request, requested: FormatParameters) -> Response:
        """The page shows the reason for each rule, an example that fails and one that passes."""
        opened = view()
        return document_response(request, opened, _shapes_document(opened), requested)

    @get_route(router, "/shapes.{suffix}", "vocabulary", "Get the shapes in one format", DOCUMENT)
    def shapes_file(request: Request, requested: SuffixedFormat) -> Response:
        opened = view()
        return document_response(request, opened, _shapes_document(opened), requested)

    _version_route(router, view)
    for path, (asset, media_type, summary) in _ASSETS.items():
        register = get_route(router, path, "vocabulary", summary, responses({200: (media_type,), 304: ()}, 503))
        register(_asset_handler(view, asset, media_type))


def _version_route(router: APIRouter, view: Callable[[], ReleaseView]) -> None:
    @get_route(
        router,
        "/ns/{version}",
        "vocabulary",
        "Redirect a version of the ontology to the ontology",
        REDIRECT,
        status_code=303,
    )
    def ontology_version(request: Request, version: _Version) -> Response:
        if not _has_version(view(), version):
            raise not_found(request)
        return RedirectResponse("/ns", 303, headers={"Access-Control-Allow-Origin": "*"})


def _has_version(view: ReleaseView, version: str) -> bool:
    """Whether the ontology of the release has this version."""
    return any(
        quad.predicate.value == f"{OWL}versionIRI"
        and isinstance(quad.object, NamedNode)
        and quad.object.value.endswith(f"/ns/{version}")
        for quad in graph_triples(view, "ontology")
    )


def _asset_handler(view: Callable[[], ReleaseView], asset: str, media_type: str) -> Callable[[Request], Response]:
    def handler(request: Request) -> Response:
        body = asset_text(asset, base=view().iris.base).encode()
        return answer(request, body, media_type)

    return handler


def _ontology_document(view: ReleaseView) -> WebDocument:
    quads = shared_graph(view, "ontology")
    return WebDocument(
        path="/ns",
        quads=lambda: quads,
        jsonld=lambda: graph_jsonld(quads),
        page=lambda: ontology_html(view),
        license=license_of(view, quads),
    )


def _shapes_document(view: ReleaseView) -> WebDocument:
    text = _shapes_text(view.iris.base)
    return WebDocument(
        path="/shapes",
        quads=lambda: _shapes_quads(view.iris.base),
        jsonld=lambda: graph_jsonld(_shapes_quads(view.iris.base)),
        page=lambda: shapes_html(view),
        license=license_of(view),
        turtle=text.encode,
    )


@cached
def _shapes_text(base: str) -> str:
    """All files of shapes, concatenated: Turtle allows a prefix to be declared again."""
    return "\n".join(asset_text(name, base=base) for name in asset_names("shapes"))


@cached
def _shapes_quads(base: str) -> tuple[Quad, ...]:
    """The shapes, with the same blank nodes in every process, so that each form has the same bytes and ETag."""
    return tuple(rdf.numbered(rdf.parse(_shapes_text(base), rdf.TURTLE)))
