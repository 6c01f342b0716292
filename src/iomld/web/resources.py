"""The data itself: things, their documents, schemes, the ontology, the shapes and the JSON-LD files."""

from collections.abc import Callable, Sequence
from functools import cache, partial
from urllib.parse import quote

from fastapi import APIRouter, Request
from pyoxigraph import Quad
from starlette.responses import Response

from iomld.assets import asset_names, asset_text
from iomld.browse.project import project_page
from iomld.browse.resources import resource_page, scheme_page
from iomld.browse.view import (
    ReleaseView,
    label_quads,
    license_of,
    project_document,
    resource_quads,
    shared_graph,
)
from iomld.formats import rdf
from iomld.formats.framed import compact_resource, framed_bytes, framed_project
from iomld.web.answers import answer, get_route
from iomld.web.collection import collection_routes
from iomld.web.described import described_routes, revision_document
from iomld.web.documents import Document, document_response, encoded_path, suffix_of, unknown
from iomld.web.gone import gone, tombstone_of
from iomld.web.rendering import ontology_html, project_html, scheme_html, shapes_html, thing_html

_INDENT = 2
_JSONLD_FILES = {
    "/context/v1.jsonld": ("ontology/context-v1.jsonld", "application/ld+json"),
    "/frame/project.jsonld": ("ontology/frame-project.jsonld", "application/ld+json"),
    "/schema/project.json": ("ontology/project.schema.json", "application/schema+json"),
    "/schema/record.json": ("ontology/record.schema.json", "application/schema+json"),
    "/schema/report.json": ("ontology/report.schema.json", "application/schema+json"),
}
_THINGS = ("country", "fund")
_IN_QUERIES = "%&=+/?:@!$'()*,;"  # what a query may hold besides letters and digits (RFC 3986 section 3.4)


def resource_routes(view: Callable[[], ReleaseView]) -> APIRouter:
    """`/id/…`, `/doc/…`, `/scheme/…`, `/ns`, `/shapes`, the context, the frame and the JSON schema.

    Args:
        view: Gives the release that is served now.
    """
    router = APIRouter()
    _thing_routes(router, view)
    _scheme_routes(router, view)
    _vocabulary_routes(router, view)
    described_routes(router, view)
    collection_routes(router, view)
    for path, (asset, media_type) in _JSONLD_FILES.items():
        get_route(router, path, tag="data")(_file(view, asset, media_type))
    return router


def _thing_routes(router: APIRouter, view: Callable[[], ReleaseView]) -> None:
    @get_route(router, "/id/{kind}/{code:path}", tag="data")
    def thing(request: Request, kind: str, code: str) -> Response:
        """Lead from a thing to the document about it."""
        if kind == "project" and code in view().tombstones:
            return gone(request, view(), view().tombstones[code], "id")
        if not _is_known(view(), kind, code):
            raise unknown(request)
        asked = quote(request.scope["query_string"], safe=_IN_QUERIES)
        query = f"?{asked}" if asked else ""
        # The address depends on nothing but the path; the document it leads to is negotiated.
        headers = {"Location": encoded_path("doc", kind, code) + query, "Access-Control-Allow-Origin": "*"}
        return Response(status_code=303, headers=headers)

    @get_route(router, "/doc/project/{name:path}", tag="data")
    def project(request: Request, name: str) -> Response:
        """Give the record of a project, exactly the triples of its graph, or what is known of a revision of it."""
        opened = view()
        key, suffix = suffix_of(name, partial(_is_known, opened, "project"))
        if not _is_known(opened, "project", key):
            if withdrawn := tombstone_of(opened, name):
                return gone(request, opened, withdrawn[0], "doc", withdrawn[1])
            revision = revision_document(opened, name)
            if revision is None:
                raise unknown(request)
            return document_response(request, opened, *revision)
        document = _project(opened, key, with_labels=_asks_labels(request))
        return document_response(request, opened, document, suffix)

    @get_route(router, "/doc/{kind}/{name:path}", tag="data")
    def described(request: Request, kind: str, name: str) -> Response:
        """Give what is said of a country, or of the fund."""
        opened = view()
        code, suffix = suffix_of(name, partial(_is_known, opened, kind))
        if not _is_known(opened, kind, code):
            raise unknown(request)
        iri = f"{opened.iris.base}id/{kind}/{quote(code, safe='')}"
        document = _resource(request, opened, iri, encoded_path("doc", kind, code))
        return document_response(request, opened, document, suffix)


def _scheme_routes(router: APIRouter, view: Callable[[], ReleaseView]) -> None:
    @get_route(router, "/scheme/{name}", tag="data")
    def scheme(request: Request, name: str) -> Response:
        """Give a scheme with all its concepts."""
        opened = view()
        code, suffix = suffix_of(name, opened.vocabulary.concepts.__contains__)
        if code not in opened.vocabulary.concepts:
            raise unknown(request)
        document = _resource(request, opened, f"{opened.iris.base}scheme/{code}", encoded_path("scheme", code))
        return document_response(request, opened, document, suffix)

    @get_route(router, "/scheme/{scheme}/{name:path}", tag="data")
    def concept(request: Request, scheme: str, name: str) -> Response:
        """Give a concept: a framework, a region, a type."""
        opened = view()
        codes = opened.vocabulary.concepts.get(scheme, {})
        code, suffix = suffix_of(name, codes.__contains__)
        if code not in codes:
            raise unknown(request)
        document = _resource(request, opened, opened.iris.concept(scheme, code), encoded_path("scheme", scheme, code))
        return document_response(request, opened, document, suffix)


def _vocabulary_routes(router: APIRouter, view: Callable[[], ReleaseView]) -> None:
    for path in ("/ns", "/ns.{suffix}"):

        @get_route(router, path, tag="data")
        def ontology(request: Request, suffix: str | None = None) -> Response:
            """Give the ontology."""
            opened = view()
            return document_response(request, opened, _ontology(opened), suffix)

    for path in ("/shapes", "/shapes.{suffix}"):

        @get_route(router, path, tag="data")
        def shapes(request: Request, suffix: str | None = None) -> Response:
            """Give the shapes that records are checked against."""
            opened = view()
            return document_response(request, opened, _shapes(opened), suffix)


def _file(view: Callable[[], ReleaseView], asset: str, media_type: str) -> Callable[[Request], Response]:
    def file(request: Request) -> Response:
        """Give one of our files, for the base of the release."""
        body = asset_text(asset, base=view().iris.base).encode()
        return answer(request, body, media_type)

    return file


def _is_known(view: ReleaseView, kind: str, code: str) -> bool:
    if kind == "project":
        return view.reader.has_graph(view.iris.record(code))
    return kind in _THINGS and bool(resource_quads(view, f"{view.iris.base}id/{kind}/{quote(code, safe='')}"))


def _project(view: ReleaseView, key: str, *, with_labels: bool) -> Document:
    quads = project_document(view, key) or ()
    shown = (*quads, *label_quads(view, quads)) if with_labels else quads

    def page() -> bytes:
        found = project_page(view, key)
        return project_html(view, found, quads, jsonld(quads)) if found else b""

    def jsonld(told: Sequence[Quad]) -> bytes:
        return framed_bytes(framed_project(told, base=view.iris.base), indent=_INDENT)

    return Document(
        path=encoded_path("doc", "project", key),
        quads=lambda: shown,
        jsonld=lambda: jsonld(shown),
        page=page,
        license=license_of(view, quads),
        iri=view.iris.project(key),
        collection="/dataset/projects",
    )


def _resource(request: Request, view: ReleaseView, iri: str, path: str) -> Document:
    """A country, the fund, a concept, or a scheme."""
    quads = resource_quads(view, iri)
    shown = (*quads, *label_quads(view, quads)) if _asks_labels(request) else quads

    def page() -> bytes:
        thing = resource_page(view, iri, page=_page_number(request))
        scheme = None if thing else scheme_page(view, iri.rpartition("/")[2])
        return thing_html(view, thing) if thing else scheme_html(view, scheme) if scheme else b""

    return Document(
        path=path,
        quads=lambda: shown,
        jsonld=lambda: framed_bytes(compact_resource(shown, subject=iri, base=view.iris.base), indent=_INDENT),
        page=page,
        license=license_of(view),
        iri=iri,
    )


def _ontology(view: ReleaseView) -> Document:
    quads = shared_graph(view, "ontology")
    return Document(
        path="/ns",
        quads=lambda: quads,
        jsonld=lambda: rdf.serialize((quad.triple for quad in quads), rdf.JSONLD),  # type: ignore[misc]  # triples do as well
        page=lambda: ontology_html(view),
        license=license_of(view, quads),
    )


def _shapes(view: ReleaseView) -> Document:
    text = _shapes_text(view.iris.base)
    return Document(
        path="/shapes",
        quads=lambda: tuple(rdf.parse(text, rdf.TURTLE)),
        jsonld=lambda: rdf.serialize(rdf.parse(text, rdf.TURTLE), rdf.JSONLD),
        page=lambda: shapes_html(view),
        license=license_of(view),
        turtle=text.encode,
    )


@cache
def _shapes_text(base: str) -> str:
    """All files of shapes, one after the other: Turtle may name its prefixes again."""
    return "\n".join(asset_text(name, base=base) for name in asset_names("shapes"))


def _asks_labels(request: Request) -> bool:
    return request.query_params.get("labels") in {"1", "true"}


def _page_number(request: Request) -> int:
    text = request.query_params.get("page", "1")
    return int(text) if text.isascii() and text.isdigit() and len(text) < len("1000000") else 1
