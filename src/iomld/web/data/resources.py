"""Routes of identifiers and of the documents they redirect to: projects, countries, the fund, schemes and concepts.

A withdrawn project is answered with a redirect to the project that replaces it, or with 410 and its tombstone.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request
from pyoxigraph import Quad
from starlette.responses import Response

from iomld.browse.filters import page_number
from iomld.browse.project.page import project_page
from iomld.browse.project.revisions import newest_revision
from iomld.browse.resources import described_quads, resource_page, scheme_page
from iomld.browse.view import ReleaseView, label_quads, license_of, project_document, resource_quads
from iomld.errors import StoreError
from iomld.formats import rdf
from iomld.formats.jsonld import compact_resource, framed_project
from iomld.formats.negotiate import choose
from iomld.formats.rdf import FORMATS, Format
from iomld.messages import message
from iomld.model import IATI_MEDIA_TYPE
from iomld.release.history import Tombstone
from iomld.web.data.collection import collection_routes
from iomld.web.data.descriptions import described_routes
from iomld.web.data.documents import (
    WebDocument,
    document_bytes,
    document_response,
    encoded_path,
    node_jsonld,
    not_found,
    split_suffix,
)
from iomld.web.data.iati import IATI_SUFFIX, iati_response
from iomld.web.data.parameters import CODED, Labels, ReleaseFormatParameters, RequestedFormat, wants_labels
from iomld.web.data.revisions import revision_response
from iomld.web.data.vocabulary import vocabulary_routes
from iomld.web.links import LINKSET_SUFFIX, history_links, link_header, server_address
from iomld.web.openapi import DOCUMENT, DOCUMENT_TYPES, HTML, responses, sample
from iomld.web.pages.render import project_html, scheme_html, thing_html
from iomld.web.problems import PROBLEM_JSON, problem
from iomld.web.releases.request import release_headers, view_of_request, with_release
from iomld.web.responses import get_route
from iomld.web.templating import moment

_KINDS = ("country", "fund", "organization")  # of resources under /id/, besides projects
_RECORD = responses({200: (*DOCUMENT_TYPES, IATI_MEDIA_TYPE), 301: (), 304: ()}, 400, 404, 406, 410, 503)
_IDENTIFIER = responses({301: (), 303: ()}, 400, 404, 410, 503)
_IN_QUERIES = "%&=+/?:@!$'()*,;"  # allowed in a query besides letters and digits (RFC 3986, section 3.4)
# A withdrawn project may come back: clients must revalidate the redirect as well as the tombstone.
_WITHDRAWN_HEADERS = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-cache", "Vary": "Accept"}

_Kind = Annotated[
    str, Path(description="`project`, `country`, `fund` or `organization`.", openapi_examples=sample("project"))
]
_KindOfDocument = Annotated[
    str, Path(description="`country`, `fund` or `organization`.", openapi_examples=sample("country"))
]
_Code = Annotated[str, Path(description="The code of the resource.", openapi_examples=sample("PO.0105"))]
_Project = Annotated[str, Path(description=CODED, openapi_examples=sample("PO.0105"))]
_About = Annotated[
    str, Query(description="`1` for the statements about a revision: when, from which sources, by which run.")
]
_PageOfProjects = Annotated[str, Query(description="On the page, which page of the list of projects to show.")]


def resource_routes(view: Callable[[], ReleaseView]) -> APIRouter:
    """Routes of `/id/…`, `/doc/…`, `/scheme/…`, the vocabulary, descriptions and the collection of projects.

    Args:
        view: Gives the release that is served now.
    """
    router = APIRouter()
    view_of = view_of_request(view)
    _identifier_route(router, view_of)
    _document_routes(router, view_of)
    _scheme_routes(router, view_of)
    vocabulary_routes(router, view)
    described_routes(router, view_of)
    collection_routes(router, view)
    return router


def _identifier_route(router: APIRouter, view: Callable[[Request], ReleaseView]) -> None:
    @get_route(
        router,
        "/id/{kind}/{code:path}",
        "records",
        "Redirect an identifier to its document",
        _IDENTIFIER,
        status_code=303,
    )
    def thing(request: Request, kind: _Kind, code: _Code, requested: ReleaseFormatParameters) -> Response:
        """The identifier of a withdrawn project redirects to the project that replaces it, if there is one.

        The parameters of the address are passed on to the document.
        """
        opened = view(request)
        if kind == "project" and code in opened.tombstones:
            return _withdrawn_response(request, opened, opened.tombstones[code], requested, root="id")
        if not _is_known(opened, kind, code):
            raise not_found(request)
        query_string = quote(request.scope["query_string"], safe=_IN_QUERIES)
        query = f"?{query_string}" if query_string else ""
        # No Vary: the address depends on the path alone; the format is negotiated at the document.
        headers = {"Location": encoded_path("doc", kind, code) + query, "Access-Control-Allow-Origin": "*"}
        return Response(status_code=303, headers=headers)


def _document_routes(router: APIRouter, view: Callable[[Request], ReleaseView]) -> None:
    @get_route(
        router,
        "/doc/project/{name:path}",
        "records",
        "Get the record of a project: exactly the triples of its graph",
        _RECORD,
    )
    def project(
        request: Request, name: _Project, requested: ReleaseFormatParameters, labels: Labels = "0", about: _About = "0"
    ) -> Response:
        """With `/rev/1` after the code, the answer is the content of a revision, which never changes.

        With `.iati.xml` it is an activity of IATI 2.03, if the record states what IATI requires.
        """
        opened = view(request)
        key, suffix = split_suffix(name, partial(_is_known, opened, "project"))
        stem = name.removesuffix(IATI_SUFFIX)
        if stem != name and not _is_known(opened, "project", name) and _is_known(opened, "project", stem):
            return iati_response(request, opened, stem)
        if not _is_known(opened, "project", key):
            return _former_project(request, opened, name, requested, is_about=about == "1")
        document = _project_document(opened, key, with_labels=wants_labels(labels))
        return document_response(request, opened, document, requested.suffixed(suffix))

    @get_route(router, "/doc/{kind}/{name:path}", "records", "Get the statements about a country or a funder", DOCUMENT)
    def described(
        request: Request,
        kind: _KindOfDocument,
        name: Annotated[str, Path(description=CODED, openapi_examples=sample("CN"))],
        requested: ReleaseFormatParameters,
        labels: Labels = "0",
        page: _PageOfProjects = "1",
    ) -> Response:
        opened = view(request)
        code, suffix = split_suffix(name, partial(_is_known, opened, kind))
        if not _is_known(opened, kind, code):
            raise not_found(request)
        iri = f"{opened.iris.base}id/{kind}/{quote(code, safe='')}"
        path = encoded_path("doc", kind, code)
        document = _resource_document(
            opened, iri, path, with_labels=wants_labels(labels), list_page=page_number(page) or 1
        )
        return document_response(request, opened, document, requested.suffixed(suffix))


def _scheme_routes(router: APIRouter, view: Callable[[Request], ReleaseView]) -> None:
    @get_route(router, "/scheme/{name}", "records", "Get a scheme with all its concepts", DOCUMENT)
    def scheme(
        request: Request,
        name: Annotated[str, Path(description=CODED, openapi_examples=sample("region"))],
        requested: ReleaseFormatParameters,
        labels: Labels = "0",
    ) -> Response:
        opened = view(request)
        code, suffix = split_suffix(name, opened.vocabulary.concepts.__contains__)
        if code not in opened.vocabulary.concepts:
            raise not_found(request)
        iri, path = f"{opened.iris.base}scheme/{code}", encoded_path("scheme", code)
        document = _resource_document(opened, iri, path, with_labels=wants_labels(labels))
        return document_response(request, opened, document, requested.suffixed(suffix))

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
        requested: ReleaseFormatParameters,
        labels: Labels = "0",
        page: _PageOfProjects = "1",
    ) -> Response:
        opened = view(request)
        codes = opened.vocabulary.concepts.get(scheme, {})
        code, suffix = split_suffix(name, codes.__contains__)
        if code not in codes:
            raise not_found(request)
        iri, path = opened.iris.concept(scheme, code), encoded_path("scheme", scheme, code)
        document = _resource_document(
            opened, iri, path, with_labels=wants_labels(labels), list_page=page_number(page) or 1
        )
        return document_response(request, opened, document, requested.suffixed(suffix))


def _is_known(view: ReleaseView, kind: str, code: str) -> bool:
    if kind == "project":
        return view.reader.has_graph(view.iris.record(code))
    return kind in _KINDS and bool(resource_quads(view, f"{view.iris.base}id/{kind}/{quote(code, safe='')}"))


def _project_document(view: ReleaseView, key: str, *, with_labels: bool) -> WebDocument:
    quads = project_document(view, key) or ()
    shown = (*quads, *label_quads(view, quads)) if with_labels else quads

    def page() -> bytes:
        project = project_page(view, key)
        return project_html(view, project, quads, jsonld(quads)) if project else b""

    def jsonld(content: Sequence[Quad]) -> bytes:
        return node_jsonld(view, framed_project(content, base=view.iris.base, fields=view.vocabulary.fields))

    path = encoded_path("doc", "project", key)
    return WebDocument(
        path=path,
        quads=lambda: shown,
        jsonld=lambda: jsonld(shown),
        page=page,
        license=license_of(view, quads),
        iri=view.iris.project(key),
        collection="/dataset/projects",
        original=path if _has_history(view, key) else None,
    )


def _resource_document(view: ReleaseView, iri: str, path: str, *, with_labels: bool, list_page: int = 1) -> WebDocument:
    """The document of a country, the fund, a concept, or a scheme.

    Args:
        view: The release.
        iri: IRI of the resource.
        path: Path of the document.
        with_labels: Whether to add labels of the resources that it points to.
        list_page: Number of the page of its list of projects.
    """
    quads = resource_quads(view, iri)
    shown = (*quads, *label_quads(view, quads)) if with_labels else quads

    def page() -> bytes:
        if resource := resource_page(view, iri, page=list_page):
            return thing_html(view, resource)
        scheme = scheme_page(view, iri.rpartition("/")[2])
        return scheme_html(view, scheme) if scheme else b""

    return WebDocument(
        path=path,
        quads=lambda: shown,
        jsonld=lambda: node_jsonld(
            view, compact_resource(shown, subject=iri, base=view.iris.base, fields=view.vocabulary.fields)
        ),
        page=page,
        license=license_of(view),
        iri=iri,
    )


def _former_project(
    request: Request, view: ReleaseView, name: str, requested: RequestedFormat, *, is_about: bool
) -> Response:
    """The answer for a name that is no current project: a revision, or a withdrawn project.

    Raises:
        ProblemError: It is neither (404), or there is no such representation (406).
    """
    if response := revision_response(request, view, name, requested, is_about=is_about):
        return response
    if found := _find_tombstone(view, name):
        tombstone, suffix = found
        return _withdrawn_response(request, view, tombstone, requested, root="doc", suffix=suffix)
    raise not_found(request)


def _find_tombstone(view: ReleaseView, name: str) -> tuple[Tombstone, str | None] | None:
    """The tombstone for a name in a path, and its suffix: `PO.0105`, `PO.0105.ttl`, `PO.0105/rev/1`; else None."""
    if name in view.tombstones:
        return view.tombstones[name], None
    if (key := name.removesuffix(f".{LINKSET_SUFFIX}")) in view.tombstones:
        return view.tombstones[key], LINKSET_SUFFIX
    stem, _, suffix = name.rpartition(".")
    if stem in view.tombstones and (suffix == "html" or rdf.by_suffix(suffix)):
        return view.tombstones[stem], suffix
    key, separator, _ = name.rpartition("/rev/")
    return (view.tombstones[key], None) if separator and key in view.tombstones else None


def _withdrawn_response(
    request: Request,
    view: ReleaseView,
    tombstone: Tombstone,
    requested: RequestedFormat,
    *,
    root: str,
    suffix: str | None = None,
) -> Response:
    """Redirect to the project that replaces a withdrawn one (301), or say that it is gone (410).

    Args:
        request: The request.
        view: The release.
        tombstone: The withdrawn project.
        requested: The format that the query requests.
        root: First segment of the path: `id` for the project itself, `doc` for its record.
        suffix: The suffix of a format in the path, which overrides the query.
    """
    dated = _WITHDRAWN_HEADERS | release_headers(request)
    if root == "doc" and _has_history(view, tombstone.key):
        dated |= {"Link": _history_of_withdrawn(request, view, tombstone, suffix)}
    if tombstone.replaced_by is not None:
        location = encoded_path(root, "project", tombstone.replaced_by) + (f".{suffix}" if suffix else "")
        return Response(status_code=301, headers=dated | {"Location": location + with_release(request)})
    name = requested.suffixed(suffix).name
    accept = request.headers.get("accept")
    format_ = (rdf.by_suffix(name) or rdf.by_name(name)) if name else _accepted_format(accept)
    if format_:
        body = document_bytes(view, _tombstone_document(view, tombstone), format_)
        return Response(body, 410, dated, format_.media_type)
    detail = message(
        "{key} was withdrawn on {day}: {reason}",
        key=tombstone.key,
        day=moment(tombstone.withdrawn),
        reason=tombstone.reason,
    )
    return problem(
        410,
        "Gone",
        detail,
        kind="withdrawn",
        accept=HTML if name == "html" else accept,
        headers=dated,
        withdrawn=tombstone.withdrawn,
        reason=tombstone.reason,
    )


def _has_history(view: ReleaseView, key: str) -> bool:
    """Whether the ledger has revisions of a record; a document does not need it, and is served if it is damaged."""
    with suppress(StoreError):
        return newest_revision(view, key) > 0
    return False


def _history_of_withdrawn(request: Request, view: ReleaseView, tombstone: Tombstone, suffix: str | None) -> str:
    """The links by which clients of Memento find the states of a record from before its withdrawal."""
    path = encoded_path("doc", "project", tombstone.key) + (f".{suffix}" if suffix else "")
    server = server_address(request, view.iris.base)
    return link_header(history_links(server, path, is_state=bool(with_release(request))))


def _accepted_format(accept: str | None) -> Format | None:
    """The RDF format that a client prefers to a problem or a page, if any."""
    chosen = choose(accept, (PROBLEM_JSON, HTML, *(format_.media_type for format_ in FORMATS)))
    return rdf.by_media_type(chosen) if chosen else None


def _tombstone_document(view: ReleaseView, tombstone: Tombstone) -> WebDocument:
    iri = view.iris.record(tombstone.key)
    quads = described_quads(view, iri)
    return WebDocument(
        path=encoded_path("doc", "project", tombstone.key),
        quads=lambda: quads,
        jsonld=lambda: node_jsonld(
            view, compact_resource(quads, subject=iri, base=view.iris.base, fields=view.vocabulary.fields)
        ),
        page=None,
    )
