"""The answer for a record that was withdrawn: 410 with its tombstone, or the way to what replaces it."""

from fastapi import Request
from starlette.responses import Response

from iomld.browse.resources import described_quads
from iomld.browse.view import ReleaseView
from iomld.formats import rdf
from iomld.formats.framed import compact_resource, framed_bytes
from iomld.formats.negotiate import choose
from iomld.formats.rdf import FORMATS, Format
from iomld.model import message
from iomld.release.history import Tombstone
from iomld.web.document_parameters import RequestedForm
from iomld.web.documents import encoded_path, turtle_bytes
from iomld.web.problems import PROBLEM_JSON, problem
from iomld.web.signposts import LINKSET_SUFFIX

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
