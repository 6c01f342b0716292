"""Documents of the revisions of records: `/doc/project/CODE/rev/N`, and with `?about=1` the statements about them."""

import re
from datetime import datetime

from fastapi import Request
from pyoxigraph import NamedNode, Quad
from starlette.responses import Response

from iomld.browse.project.revisions import RecordRevision, newest_revision, record_revision, revision_changes
from iomld.browse.resources import described_quads, statements
from iomld.browse.view import ReleaseView, license_of
from iomld.formats.jsonld import compact_resource, framed_project
from iomld.ledger.entries import RevisionKind
from iomld.messages import Message, message
from iomld.web.data.documents import (
    WebDocument,
    document_response,
    encoded_path,
    node_jsonld,
    split_suffix,
)
from iomld.web.data.parameters import RequestedFormat
from iomld.web.i18n import current_page
from iomld.web.links import history_links, link_header, server_address
from iomld.web.pages.render import described_html, revision_html
from iomld.web.problems import problem
from iomld.web.releases.choice import memento_headers
from iomld.web.templating import moment

_REVISION = re.compile(r"(?P<key>.+)/rev/(?P<number>[1-9][0-9]{0,8})", re.DOTALL)
_GONE_HEADERS = {"Access-Control-Allow-Origin": "*", "Vary": "Accept"}


def revision_response(
    request: Request, view: ReleaseView, name: str, requested: RequestedFormat, *, is_about: bool
) -> Response | None:
    """The response for the name of a revision; None if there is no such revision.

    Args:
        request: The request.
        view: The release.
        name: The path after `/doc/project/`: `PO.0105/rev/1`, `PO.0105/rev/1.ttl`.
        requested: The format that the query requests.
        is_about: Whether the statements about the revision are wanted, and not its content.

    Raises:
        ProblemError: There is no such representation (406).
        StoreError: The ledger is damaged.
    """
    stem, suffix = split_suffix(name, lambda stem: _REVISION.fullmatch(stem) is not None)
    parts = _REVISION.fullmatch(stem)
    if parts is None:
        return None
    key, number = parts["key"], int(parts["number"])
    revision = record_revision(view, key, number)
    if revision and revision.is_gone and not is_about:
        return _gone_response(request, view, revision, suffix)
    # A data folder of an earlier version has no content of revisions, but statements about them.
    document = _about_document(view, key, number) if is_about or revision is None else _document(view, revision)
    return document_response(request, view, document, requested.suffixed(suffix)) if document else None


def _gone_response(request: Request, view: ReleaseView, revision: RecordRevision, suffix: str | None) -> Response:
    """The answer for a revision without content, which is the state of the document at its time nevertheless."""
    original = encoded_path("doc", "project", revision.key) + (f".{suffix}" if suffix else "")
    links = history_links(server_address(request, view.iris.base), original, is_state=True)
    dated = memento_headers(datetime.fromisoformat(revision.created))
    return problem(
        410,
        "Gone",
        _gone(revision),
        kind="withdrawn" if revision.kind is RevisionKind.DELETE else "erased",
        accept=request.headers.get("accept"),
        headers=_GONE_HEADERS | {"Link": link_header(links)} | dated,
    )


def _gone(revision: RecordRevision) -> Message:
    key, number = revision.key, revision.number
    if revision.kind is RevisionKind.DELETE:
        return message(
            "Revision {number} of {key} is its withdrawal on {day}, so it has no content.",
            key=key,
            number=number,
            day=moment(revision.created),
        )
    return message("The content of revision {number} of {key} was erased.", key=key, number=number)


def _document(view: ReleaseView, revision: RecordRevision) -> WebDocument:
    quads, key = revision.quads, revision.key
    path = _path(key, revision.number)

    def page() -> bytes:
        (change,) = revision_changes(view, key, upto=revision.number, newest=1)
        return revision_html(view, revision, change, newest_revision(view, key), path, _receipts(view, revision))

    return WebDocument(
        path=path,
        quads=lambda: quads,
        jsonld=lambda: node_jsonld(view, framed_project(quads, base=view.iris.base, fields=view.vocabulary.fields)),
        page=page,
        license=license_of(view, quads),
        iri=view.iris.revision(key, revision.number),
        immutable=True,
        created=revision.created,
        original=encoded_path("doc", "project", key),
    )


def _receipts(view: ReleaseView, revision: RecordRevision) -> tuple[str, ...]:
    """The IRIs of the receipts of the submissions that led to a revision; none if the server has no inbox."""
    if not current_page().takes_submissions:
        return ()
    start = view.iris.submission("")
    about = described_quads(view, view.iris.revision(revision.key, revision.number))
    named = {quad.object.value for quad in about if isinstance(quad.object, NamedNode)}
    return tuple(sorted(view.iris.receipt(iri.removeprefix(start)) for iri in named if iri.startswith(start)))


def _about_document(view: ReleaseView, key: str, number: int) -> WebDocument | None:
    iri = view.iris.revision(key, number)
    quads = described_quads(view, iri)
    path = _path(key, number)
    return about_document(view, iri, path, quads, immutable=True) if quads else None


def about_document(
    view: ReleaseView, iri: str, path: str, quads: tuple[Quad, ...], *, immutable: bool = False
) -> WebDocument:
    """A document with all statements about a resource.

    Args:
        view: The release.
        iri: The resource.
        path: Path of the document.
        quads: The statements.
        immutable: Whether they never change.
    """
    subjects = [quad.subject.value for quad in quads if isinstance(quad.subject, NamedNode)]
    root = iri if iri in subjects else subjects[0]
    return WebDocument(
        path=path,
        quads=lambda: quads,
        jsonld=lambda: node_jsonld(
            view, compact_resource(quads, subject=root, base=view.iris.base, fields=view.vocabulary.fields)
        ),
        page=lambda: described_html(view, iri, path, statements(quads), len(quads)),
        license=license_of(view, quads),
        iri=iri,
        immutable=immutable,
    )


def _path(key: str, number: int) -> str:
    return f"{encoded_path('doc', 'project', key)}/rev/{number}"
