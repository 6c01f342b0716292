"""The data itself: things, their documents, schemes, the ontology, the shapes and the JSON-LD files."""

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request
from pyoxigraph import Quad
from starlette.responses import Response

from iomld.assets import asset_names, asset_text
from iomld.browse.filters import page_number
from iomld.browse.project import project_page
from iomld.browse.things import scheme_page, thing_page
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
from iomld.web.document_parameters import CODED, AskedForm, Labels, SuffixedForm, asks_labels
from iomld.web.documents import Document, document_response, encoded_path, suffix_of, unknown
from iomld.web.gone import gone, tombstone_of
from iomld.web.openapi import DOCUMENT, DOCUMENT_TYPES, responses, sample
from iomld.web.rendering import ontology_html, project_html, scheme_html, shapes_html, thing_html

_INDENT = 2
_JSONLD_FILES = {
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
_THINGS = ("country", "fund")
PageOfProjects = Annotated[str, Query(description="On the page, which page of the list of projects to show.")]
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
    for path, (asset, media_type, summary) in _JSONLD_FILES.items():
        answers = responses({200: (media_type,), 304: ()}, 503)
        declared = get_route(router, path, tags=["vocabulary"], summary=summary, responses=answers)
        declared(_file(view, asset, media_type))
    return router


def _thing_routes(router: APIRouter, view: Callable[[], ReleaseView]) -> None:
    @get_route(
        router,
        "/id/{kind}/{code:path}",
        tags=["records"],
        summary="Redirect an identifier to its document",
        responses=responses({301: (), 303: ()}, 404, 410, 503),
        status_code=303,
    )
    def thing(
        request: Request,
        kind: Annotated[str, Path(description="`project`, `country` or `fund`.", openapi_examples=sample("project"))],
        code: Annotated[str, Path(description="The code of the resource.", openapi_examples=sample("PO.0105"))],
        form: AskedForm,
    ) -> Response:
        """The identifier of a withdrawn project redirects to the project that replaces it, if there is one.

        The document gets the parameters of the address.
        """
        if kind == "project" and code in view().tombstones:
            return gone(request, view(), view().tombstones[code], "id", form)
        if not _is_known(view(), kind, code):
            raise unknown(request)
        asked = quote(request.scope["query_string"], safe=_IN_QUERIES)
        query = f"?{asked}" if asked else ""
        # The address depends on nothing but the path; the document it leads to is negotiated.
        headers = {"Location": encoded_path("doc", kind, code) + query, "Access-Control-Allow-Origin": "*"}
        return Response(status_code=303, headers=headers)

    @get_route(
        router,
        "/doc/project/{name:path}",
        tags=["records"],
        summary="Get the record of a project: exactly the triples of its graph",
        responses=responses({200: DOCUMENT_TYPES, 301: (), 304: ()}, 404, 406, 410, 503),
    )
    def project(
        request: Request,
        name: Annotated[str, Path(description=CODED, openapi_examples=sample("PO.0105"))],
        form: AskedForm,
        labels: Labels = "0",
    ) -> Response:
        """With `/rev/1` after the code, the answer describes a revision, and never changes."""
        opened = view()
        key, suffix = suffix_of(name, partial(_is_known, opened, "project"))
        if not _is_known(opened, "project", key):
            if withdrawn := tombstone_of(opened, name):
                return gone(request, opened, withdrawn[0], "doc", form, withdrawn[1])
            revision = revision_document(opened, name)
            if revision is None:
                raise unknown(request)
            return document_response(request, opened, revision[0], form.suffixed(revision[1]))
        document = _project(opened, key, with_labels=asks_labels(labels))
        return document_response(request, opened, document, form.suffixed(suffix))

    @get_route(
        router,
        "/doc/{kind}/{name:path}",
        tags=["records"],
        summary="Get the statements about a country or the fund",
        responses=DOCUMENT,
    )
    def described(
        request: Request,
        kind: Annotated[str, Path(description="`country` or `fund`.", openapi_examples=sample("country"))],
        name: Annotated[str, Path(description=CODED, openapi_examples=sample("CN"))],
        form: AskedForm,
        labels: Labels = "0",
        page: PageOfProjects = "1",
    ) -> Response:
        opened = view()
        code, suffix = suffix_of(name, partial(_is_known, opened, kind))
        if not _is_known(opened, kind, code):
            raise unknown(request)
        iri = f"{opened.iris.base}id/{kind}/{quote(code, safe='')}"
        path = encoded_path("doc", kind, code)
        document = _resource(opened, iri, path, with_labels=asks_labels(labels), list_page=page_number(page) or 1)
        return document_response(request, opened, document, form.suffixed(suffix))


def _scheme_routes(router: APIRouter, view: Callable[[], ReleaseView]) -> None:
    @get_route(
        router,
        "/scheme/{name}",
        tags=["records"],
        summary="Get a scheme with all its concepts",
        responses=DOCUMENT,
    )
    def scheme(
        request: Request,
        name: Annotated[str, Path(description=CODED, openapi_examples=sample("region"))],
        form: AskedForm,
        labels: Labels = "0",
    ) -> Response:
        opened = view()
        code, suffix = suffix_of(name, opened.vocabulary.concepts.__contains__)
        if code not in opened.vocabulary.concepts:
            raise unknown(request)
        iri, path = f"{opened.iris.base}scheme/{code}", encoded_path("scheme", code)
        document = _resource(opened, iri, path, with_labels=asks_labels(labels))
        return document_response(request, opened, document, form.suffixed(suffix))

    @get_route(
        router,
        "/scheme/{scheme}/{name:path}",
        tags=["records"],
        summary="Get a concept: a framework, a region, a type, a status",
        responses=DOCUMENT,
    )
    def concept(
        request: Request,
        scheme: Annotated[str, Path(description="The code of the scheme.", openapi_examples=sample("framework"))],
        name: Annotated[str, Path(description=CODED, openapi_examples=sample("gcm"))],
        form: AskedForm,
        labels: Labels = "0",
        page: PageOfProjects = "1",
    ) -> Response:
        opened = view()
        codes = opened.vocabulary.concepts.get(scheme, {})
        code, suffix = suffix_of(name, codes.__contains__)
        if code not in codes:
            raise unknown(request)
        iri, path = opened.iris.concept(scheme, code), encoded_path("scheme", scheme, code)
        document = _resource(opened, iri, path, with_labels=asks_labels(labels), list_page=page_number(page) or 1)
        return document_response(request, opened, document, form.suffixed(suffix))


def _vocabulary_routes(router: APIRouter, view: Callable[[], ReleaseView]) -> None:
    @get_route(router, "/ns", tags=["vocabulary"], summary="Get the ontology", responses=DOCUMENT)
    def ontology(request: Request, form: AskedForm) -> Response:
        opened = view()
        return document_response(request, opened, _ontology(opened), form)

    @get_route(
        router, "/ns.{suffix}", tags=["vocabulary"], summary="Get the ontology in one format", responses=DOCUMENT
    )
    def ontology_file(request: Request, form: SuffixedForm) -> Response:
        opened = view()
        return document_response(request, opened, _ontology(opened), form)

    @get_route(
        router,
        "/shapes",
        tags=["vocabulary"],
        summary="Get the shapes that records are checked against",
        responses=DOCUMENT,
    )
    def shapes(request: Request, form: AskedForm) -> Response:
        """The page shows the reason for each rule, an example that fails and one that passes."""
        opened = view()
        return document_response(request, opened, _shapes(opened), form)

    @get_route(
        router, "/shapes.{suffix}", tags=["vocabulary"], summary="Get the shapes in one format", responses=DOCUMENT
    )
    def shapes_file(request: Request, form: SuffixedForm) -> Response:
        opened = view()
        return document_response(request, opened, _shapes(opened), form)


def _file(view: Callable[[], ReleaseView], asset: str, media_type: str) -> Callable[[Request], Response]:
    def file(request: Request) -> Response:
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


def _resource(view: ReleaseView, iri: str, path: str, *, with_labels: bool, list_page: int = 1) -> Document:
    """A country, the fund, a concept, or a scheme."""
    quads = resource_quads(view, iri)
    shown = (*quads, *label_quads(view, quads)) if with_labels else quads

    def page() -> bytes:
        thing = thing_page(view, iri, page=list_page)
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
