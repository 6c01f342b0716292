"""Documents of what has no page of its own: provenance, shared graphs, revisions, the dataset."""

import re
from collections.abc import Callable, Sequence
from urllib.parse import quote

from fastapi import APIRouter, Request
from pyoxigraph import NamedNode, Quad
from starlette.responses import RedirectResponse, Response

from iomld.browse.resources import described_quads, graph_triples, statements
from iomld.browse.view import ReleaseView, license_of
from iomld.formats import rdf
from iomld.formats.framed import compact_resource, framed_bytes
from iomld.iris import OWL
from iomld.web.answers import get_route
from iomld.web.documents import Document, document_response, encoded_path, suffix_of, unknown
from iomld.web.rendering import described_html

_INDENT = 2
_REVISION = re.compile(r"(?P<key>.+)/rev/(?P<number>[1-9][0-9]{0,8})", re.DOTALL)


def described_routes(router: APIRouter, view: Callable[[], ReleaseView]) -> None:
    """Add `/prov/…`, `/query/…`, `/graph/…`, `/dataset/…`, `/.well-known/genid/…` and `/ns/{version}`."""

    @get_route(router, "/prov/{kind}/{name:path}", tag="data")
    def provenance(request: Request, kind: str, name: str) -> Response:
        """Give what is said of a source, a run or software."""
        return _described(request, view(), ("prov", kind), name)

    @get_route(router, "/query/{name}", tag="data")
    def example(request: Request, name: str) -> Response:
        """Give what is said of an example query."""
        return _described(request, view(), ("query",), name)

    @get_route(router, "/dataset/{name}", tag="data")
    def dataset(request: Request, name: str) -> Response:
        """Give the description of the dataset."""
        return _described(request, view(), ("dataset",), name)

    @get_route(router, "/.well-known/genid/{name}", tag="data")
    def node(request: Request, name: str) -> Response:
        """Give what is said of a node that had no name where it came from."""
        return _described(request, view(), (".well-known", "genid"), name)

    @get_route(router, "/graph/{name:path}", tag="data")
    def graph(request: Request, name: str) -> Response:
        """Give a whole graph that is not of one project."""
        opened = view()
        known, suffix = suffix_of(name, lambda one: opened.reader.has_graph(opened.iris.graph(quote(one))))
        if not opened.reader.has_graph(opened.iris.graph(quote(known))):
            raise unknown(request)
        return document_response(request, opened, _graph(opened, quote(known)), suffix)

    @get_route(router, "/ns/{version}", tag="data")
    def ontology_version(request: Request, version: str) -> Response:
        """Lead from a version of the ontology to the ontology."""
        opened = view()
        versions = {
            quad.object.value
            for quad in graph_triples(opened, "ontology")
            if quad.predicate.value == f"{OWL}versionIRI" and isinstance(quad.object, NamedNode)
        }
        if not any(iri.endswith(f"/ns/{version}") for iri in versions):
            raise unknown(request)
        return RedirectResponse("/ns", 303, headers={"Access-Control-Allow-Origin": "*"})


def revision_document(view: ReleaseView, name: str) -> tuple[Document, str | None] | None:
    """The document of a revision (`PO.0105/rev/1`) and the suffix in its name; None where we know no such revision."""
    stem, suffix = suffix_of(name, lambda one: _REVISION.fullmatch(one) is not None)
    parts = _REVISION.fullmatch(stem)
    if parts is None:
        return None
    iri = view.iris.revision(parts["key"], int(parts["number"]))
    quads = described_quads(view, iri)
    path = f"{encoded_path('doc', 'project', parts['key'])}/rev/{parts['number']}"
    return (_document(view, iri, path, quads, immutable=True), suffix) if quads else None


def _described(request: Request, view: ReleaseView, start: Sequence[str], name: str) -> Response:
    def iri(code: str) -> str:
        return f"{view.iris.base}{encoded_path(*start, code)[1:]}"

    code, suffix = suffix_of(name, lambda one: bool(described_quads(view, iri(one))))
    quads = described_quads(view, iri(code))
    if not quads:
        raise unknown(request)
    document = _document(view, iri(code), encoded_path(*start, code), quads)
    return document_response(request, view, document, suffix)


def _document(view: ReleaseView, iri: str, path: str, quads: tuple[Quad, ...], *, immutable: bool = False) -> Document:
    subjects = [quad.subject.value for quad in quads if isinstance(quad.subject, NamedNode)]
    root = iri if iri in subjects else subjects[0]
    return Document(
        path=path,
        quads=lambda: quads,
        jsonld=lambda: framed_bytes(compact_resource(quads, subject=root, base=view.iris.base), indent=_INDENT),
        page=lambda: described_html(view, iri, path, statements(quads), len(quads)),
        license=license_of(view, quads),
        iri=iri,
        immutable=immutable,
    )


def _graph(view: ReleaseView, name: str) -> Document:
    quads = graph_triples(view, name)
    path, iri = f"/graph/{name}", view.iris.graph(name)
    return Document(
        path=path,
        quads=lambda: quads,
        jsonld=lambda: rdf.serialize((quad.triple for quad in quads), rdf.JSONLD),  # type: ignore[misc]  # triples do as well
        page=lambda: described_html(view, iri, path, (), len(quads)),
        license=license_of(view),
        iri=iri,
    )
