"""Redirects from identifiers, documents of projects and concepts, and withdrawn records.

The data itself: identifiers of resources, their documents, schemes and concepts.

The answer for a record that was withdrawn: 410 with its tombstone, or the way to what replaces it.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request
from pyoxigraph import Quad
from starlette.responses import Response

from iomld.browse.filters import page_number
from iomld.browse.project import project_page
from iomld.browse.resources import described_quads, resource_page, scheme_page
from iomld.browse.view import (
    ReleaseView,
    label_quads,
    license_of,
    project_document,
    resource_quads,
)
from iomld.formats import rdf
from iomld.formats.jsonld import compact_resource, framed_bytes, framed_project
from iomld.formats.negotiate import choose
from iomld.formats.rdf import FORMATS, Format
from iomld.messages import message
from iomld.release.history import Tombstone
from iomld.web.data.collection import collection_routes
from iomld.web.data.descriptions import described_routes, revision_document
from iomld.web.data.documents import WebDocument, document_response, encoded_path, suffix_of, turtle_bytes, unknown
from iomld.web.data.parameters import CODED, AskedForm, Labels, RequestedForm, asks_labels
from iomld.web.data.vocabulary import vocabulary_routes
from iomld.web.links import LINKSET_SUFFIX
from iomld.web.openapi import DOCUMENT, DOCUMENT_TYPES, responses, sample
from iomld.web.pages.render import project_html, scheme_html, thing_html
from iomld.web.problems import PROBLEM_JSON, problem
from iomld.web.responses import get_route

_INDENT = 2
# A project may come back, so that neither answer is kept without asking.
_HEADERS = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-cache", "Vary": "Accept"}


def tombstone_of(view: ReleaseView, name: str) -> tuple[Tombstone, str | None] | None:
    """The tombstone for a name in a path, with its suffix: `PO.0105`, `PO.0105.ttl`, `PO.0105/rev/1`; else None."""
    if name in view.tombstones:
        return view.tombstones[name], None
    if (anchor := name.removesuffix(f".{LINKSET_SUFFIX}")) in view.tombstones:
        return view.tombstones[anchor], LINKSET_SUFFIX
    stem, _, suffix = name.rpartition(".")
    if stem in view.tombstones and (suffix == "html" or rdf.by_suffix(suffix)):
        return view.tombstones[stem], suffix
    key, separator, _ = name.rpartition("/rev/")
    return (view.tombstones[key], None) if separator and key in view.tombstones else None


def gone(
    request: Request, view: ReleaseView, tombstone: Tombstone, kind: str, form: RequestedForm, suffix: str | None = None
) -> Response:
    """301 to what replaces a withdrawn project, else 410 with its tombstone in the form that was asked for.

    Args:
        request: The request.
        view: The release.
        tombstone: What is kept of the project.
        kind: `id` for the project itself, `doc` for its record.
        form: The form that the query asks for.
        suffix: The suffix of the form in the path, which comes first.
    """
    if tombstone.replaced_by is not None:
        place = encoded_path(kind, "project", tombstone.replaced_by) + (f".{suffix}" if suffix else "")
        return Response(status_code=301, headers=_HEADERS | {"Location": place})
    wanted = form.suffixed(suffix).name
    accept = request.headers.get("accept")
    format_ = (rdf.by_suffix(wanted) or rdf.by_name(wanted)) if wanted else _accepted(accept)
    if format_:
        body = _body(view, view.iris.record(tombstone.key), format_)
        return Response(body, 410, _HEADERS, format_.media_type)
    detail = message(
        "{key} was withdrawn on {day}: {reason}",
        key=tombstone.key,
        day=tombstone.withdrawn,
        reason=tombstone.reason,
    )
    return problem(
        410,
        "Gone",
        detail,
        kind="withdrawn",
        accept="text/html" if wanted == "html" else accept,
        headers=_HEADERS,
        withdrawn=tombstone.withdrawn,
        reason=tombstone.reason,
    )


def _accepted(accept: str | None) -> Format | None:
    """The RDF format that a client prefers to a problem or a page, if any."""
    chosen = choose(accept, (PROBLEM_JSON, "text/html", *(format_.media_type for format_ in FORMATS)))
    return rdf.by_media_type(chosen) if chosen else None


def _body(view: ReleaseView, iri: str, format_: Format) -> bytes:
    quads = described_quads(view, iri)
    match format_:
        case rdf.TURTLE:
            return turtle_bytes(quads, view.iris.prefixes())
        case rdf.JSONLD:
            return framed_bytes(compact_resource(quads, subject=iri, base=view.iris.base), indent=_INDENT)
        case _:
            return rdf.serialize(quads, format_)


_THINGS = ("country", "fund")
_Kind = Annotated[str, Path(description="`project`, `country` or `fund`.", openapi_examples=sample("project"))]
_KindOfDocument = Annotated[str, Path(description="`country` or `fund`.", openapi_examples=sample("country"))]
_Code = Annotated[str, Path(description="The code of the resource.", openapi_examples=sample("PO.0105"))]
_Project = Annotated[str, Path(description=CODED, openapi_examples=sample("PO.0105"))]
_RECORD = responses({200: DOCUMENT_TYPES, 301: (), 304: ()}, 404, 406, 410, 503)
_IDENTIFIER = responses({301: (), 303: ()}, 404, 410, 503)
_PageOfProjects = Annotated[str, Query(description="On the page, which page of the list of projects to show.")]
_IN_QUERIES = "%&=+/?:@!$'()*,;"  # what a query may hold besides letters and digits (RFC 3986 section 3.4)


def resource_routes(view: Callable[[], ReleaseView]) -> APIRouter:
    """`/id/…`, `/doc/…`, `/scheme/…`, and the routes of the modules that this one adds.

    Args:
        view: Gives the release that is served now.
    """
    router = APIRouter()
    _identifier_route(router, view)
    _document_routes(router, view)
    _scheme_routes(router, view)
    vocabulary_routes(router, view)
    described_routes(router, view)
    collection_routes(router, view)
    return router


def _identifier_route(router: APIRouter, view: Callable[[], ReleaseView]) -> None:
    @get_route(
        router,
        "/id/{kind}/{code:path}",
        "records",
        "Redirect an identifier to its document",
        _IDENTIFIER,
        status_code=303,
    )
    def thing(request: Request, kind: _Kind, code: _Code, form: AskedForm) -> Response:
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


def _document_routes(router: APIRouter, view: Callable[[], ReleaseView]) -> None:
    @get_route(
        router,
        "/doc/project/{name:path}",
        "records",
        "Get the record of a project: exactly the triples of its graph",
        _RECORD,
    )
    def project(request: Request, name: _Project, form: AskedForm, labels: Labels = "0") -> Response:
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

    @get_route(router, "/doc/{kind}/{name:path}", "records", "Get the statements about a country or the fund", DOCUMENT)
    def described(
        request: Request,
        kind: _KindOfDocument,
        name: Annotated[str, Path(description=CODED, openapi_examples=sample("CN"))],
        form: AskedForm,
        labels: Labels = "0",
        page: _PageOfProjects = "1",
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
    @get_route(router, "/scheme/{name}", "records", "Get a scheme with all its concepts", DOCUMENT)
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
        "records",
        "Get a concept: a framework, a region, a type, a status",
        DOCUMENT,
    )
    def concept(
        request: Request,
        scheme: Annotated[str, Path(description="The code of the scheme.", openapi_examples=sample("framework"))],
        name: Annotated[str, Path(description=CODED, openapi_examples=sample("gcm"))],
        form: AskedForm,
        labels: Labels = "0",
        page: _PageOfProjects = "1",
    ) -> Response:
        opened = view()
        codes = opened.vocabulary.concepts.get(scheme, {})
        code, suffix = suffix_of(name, codes.__contains__)
        if code not in codes:
            raise unknown(request)
        iri, path = opened.iris.concept(scheme, code), encoded_path("scheme", scheme, code)
        document = _resource(opened, iri, path, with_labels=asks_labels(labels), list_page=page_number(page) or 1)
        return document_response(request, opened, document, form.suffixed(suffix))


def _is_known(view: ReleaseView, kind: str, code: str) -> bool:
    if kind == "project":
        return view.reader.has_graph(view.iris.record(code))
    return kind in _THINGS and bool(resource_quads(view, f"{view.iris.base}id/{kind}/{quote(code, safe='')}"))


def _project(view: ReleaseView, key: str, *, with_labels: bool) -> WebDocument:
    quads = project_document(view, key) or ()
    shown = (*quads, *label_quads(view, quads)) if with_labels else quads

    def page() -> bytes:
        found = project_page(view, key)
        return project_html(view, found, quads, jsonld(quads)) if found else b""

    def jsonld(told: Sequence[Quad]) -> bytes:
        return framed_bytes(framed_project(told, base=view.iris.base), indent=_INDENT)

    return WebDocument(
        path=encoded_path("doc", "project", key),
        quads=lambda: shown,
        jsonld=lambda: jsonld(shown),
        page=page,
        license=license_of(view, quads),
        iri=view.iris.project(key),
        collection="/dataset/projects",
    )


def _resource(view: ReleaseView, iri: str, path: str, *, with_labels: bool, list_page: int = 1) -> WebDocument:
    """A country, the fund, a concept, or a scheme."""
    quads = resource_quads(view, iri)
    shown = (*quads, *label_quads(view, quads)) if with_labels else quads

    def page() -> bytes:
        thing = resource_page(view, iri, page=list_page)
        scheme = None if thing else scheme_page(view, iri.rpartition("/")[2])
        return thing_html(view, thing) if thing else scheme_html(view, scheme) if scheme else b""

    return WebDocument(
        path=path,
        quads=lambda: shown,
        jsonld=lambda: framed_bytes(compact_resource(shown, subject=iri, base=view.iris.base), indent=_INDENT),
        page=page,
        license=license_of(view),
        iri=iri,
    )
