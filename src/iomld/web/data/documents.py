"""Chooses the representation of a document by suffix, parameter or Accept header, and serializes it."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from fastapi import Request
from pyoxigraph import NamedNode, Quad
from starlette.responses import Response

from iomld.assets import jsonld_context
from iomld.browse.view import ReleaseView
from iomld.formats import rdf
from iomld.formats.jsonld import expanded_bytes, framed_bytes
from iomld.formats.negotiate import choose
from iomld.formats.rdf import FORMATS, Format
from iomld.iris import RDF, SCHEMA
from iomld.messages import Message, message
from iomld.web.data.parameters import RequestedFormat, profile_type
from iomld.web.links import (
    LINKSET,
    LINKSET_SUFFIX,
    WebLink,
    history_links,
    link_header,
    linkset_bytes,
    server_address,
)
from iomld.web.openapi import HTML
from iomld.web.problems import ProblemError
from iomld.web.releases.choice import memento_headers
from iomld.web.releases.request import release_headers, with_release
from iomld.web.responses import answer

HTML_TYPE = f"{HTML}; charset=utf-8"

# The first is the answer to a client without a preference; a page is only for clients that name its type.
_DATA_TYPES = tuple(format_.media_type for format_ in FORMATS)
_OFFERS = (*_DATA_TYPES, HTML)
# Some clients list formats for quads first and then look for the triples of a document in the default graph, where a
# quad does not put them: N-Quads and TriG are for clients that clearly prefer them. A document in JSON-LD has a context
# of several thousand bytes: equally acceptable formats come first.
_QUALITY = {rdf.NQUADS.media_type: 0.5, rdf.TRIG.media_type: 0.5, rdf.JSONLD.media_type: 0.85}
_OLD_NTRIPLES = "text/plain"  # of RDF 1.0 (2004); rdflib still asks for it
_IMMUTABLE = "public, max-age=31536000, immutable"  # RFC 8246
_METADATA = (rdf.TURTLE.media_type, rdf.JSONLD.media_type)  # descriptions of a page, by FAIR Signposting
_WITH_CHARSET = frozenset({rdf.TURTLE.media_type})
# Where pages that do not exist lead: to the list of the kind that their address names, if there is one.
_LISTS = {
    "project": (message("See the list of projects"), "/projects"),
    "country": (message("See the list of countries"), "/countries"),
    "framework": (message("See the list of frameworks"), "/frameworks"),
    "region": (message("See the list of regions"), "/regions"),
}
_NAMES_KIND = frozenset({"id", "doc", "scheme"})  # segments before a kind
_INDENT = 2  # spaces, of JSON-LD
_PREFIX_LINE = re.compile(r"@prefix ([^:]*): <[^>]*> \.\n")


@dataclass(frozen=True, slots=True)
class WebDocument:
    """A document with its representations.

    Attributes:
        path: Its path on this server, percent-encoded, without a suffix.
        quads: Gives its content.
        jsonld: Gives its JSON-LD.
        page: Gives its page; None for a document without one.
        license: IRI of its licence.
        turtle: Gives its Turtle, if that is a text of ours; otherwise it is serialized from the quads.
        iri: The resource that it describes, to be cited; None if it describes several.
        collection: Path of the document about the collection that it belongs to.
        immutable: Whether its data never changes.
        created: When its data was made (xsd:dateTime); None for the time of the release.
        original: Path of the document that has a history and of which this is a state: its own path for the state of
            today; None for a document without a history.
    """

    path: str
    quads: Callable[[], Sequence[Quad]]
    jsonld: Callable[[], bytes]
    page: Callable[[], bytes] | None
    license: str | None = None
    turtle: Callable[[], bytes] | None = None
    iri: str | None = None
    collection: str | None = None
    immutable: bool = False
    created: str | None = None
    original: str | None = None


def split_suffix(name: str, is_known: Callable[[str], bool]) -> tuple[str, str | None]:
    """Split the last segment of a path into the name of a resource and the suffix of a format.

    A name may contain dots (`PO.0105`): only the suffix of a format is split off, and only if the whole is not a name.

    Args:
        name: The segment.
        is_known: Whether a name is that of a resource.

    >>> split_suffix("PO.0105.ttl", "PO.0105".__eq__)
    ('PO.0105', 'ttl')
    """
    if name.endswith(f".{LINKSET_SUFFIX}") and not is_known(name):
        return name.removesuffix(f".{LINKSET_SUFFIX}"), LINKSET_SUFFIX
    stem, _, suffix = name.rpartition(".")
    if is_known(name) or not stem or not (suffix == "html" or rdf.by_suffix(suffix)):
        return name, None
    return stem, suffix


def document_response(
    request: Request, view: ReleaseView, document: WebDocument, requested: RequestedFormat
) -> Response:
    """The representation that is requested: by suffix, by `?format=`, or by the Accept header.

    Raises:
        ProblemError: There is no such representation (406).
    """
    name = requested.name
    offers = (*_offers(document), LINKSET)
    chosen = _media_type(name) if name else _negotiated(request.headers.get("accept"), offers)
    if chosen is None or chosen not in offers:
        raise ProblemError(406, "not-acceptable", _not_acceptable(document))
    profile = requested.jsonld_profile(request) if chosen == rdf.JSONLD.media_type else None
    version = with_release(request)
    server = server_address(request, view.iris.base)
    links = (*_time_links(document, requested, version, server), *_links(document, chosen, version))
    headers = {"Vary": "Accept", "Link": link_header(links)} | release_headers(request)
    if document.original and document.created:
        headers |= memento_headers(datetime.fromisoformat(document.created))
    if not name:
        query = f"{'&' if version else '?'}profile={profile}" if profile else ""
        headers["Content-Location"] = f"{document.path}.{_suffix(chosen)}{version}{query}"
    if chosen == LINKSET:
        return answer(request, linkset_bytes(document.path, links), LINKSET, headers=headers)
    if chosen == HTML and document.page:
        return answer(request, document.page(), HTML_TYPE, headers=headers)
    media_type, body = _data(view, document, rdf.by_media_type(chosen) or rdf.TURTLE, profile)
    if document.immutable and not request.query_params:
        headers["Cache-Control"] = _IMMUTABLE
    created = datetime.fromisoformat(document.created or view.release.manifest.created)
    return answer(request, body, media_type, headers=headers, modified=created)


def document_bytes(view: ReleaseView, document: WebDocument, format_: Format) -> bytes:
    """The content of a document in an RDF format."""
    match format_:
        case rdf.TURTLE:
            return document.turtle() if document.turtle else turtle_bytes(document.quads(), view.iris.prefixes())
        case rdf.JSONLD:
            return document.jsonld()
        case _:
            return rdf.serialize(document.quads(), format_)


def turtle_bytes(quads: Iterable[Quad], prefixes: Mapping[str, str]) -> bytes:
    """Turtle that declares the prefixes in use, sorted, so that the same triples result in the same bytes."""
    text = rdf.serialize(quads, rdf.TURTLE, prefixes=prefixes).decode()
    head = {match[1]: match[0] for match in _PREFIX_LINE.finditer(text)}
    body = text[sum(map(len, head.values())) :]
    used = (name for name in sorted(head) if re.search(rf"(?<![\w.\-]){re.escape(name)}:", body))
    return ("".join(head[name] for name in used) + "\n" + body).encode()


def node_jsonld(view: ReleaseView, node: Mapping[str, object]) -> bytes:
    """JSON-LD of a framed or compacted node with our context, indented."""
    return framed_bytes(node, jsonld_context(view.iris.base), indent=_INDENT)


def graph_jsonld(quads: Iterable[Quad]) -> bytes:
    """JSON-LD of a whole graph, without a context; its triples are in the default graph."""
    return rdf.serialize((quad.triple for quad in quads), rdf.JSONLD)


def encoded_path(*segments: str) -> str:
    """A path on this server; each segment is percent-encoded once.

    >>> encoded_path("doc", "project", "A/B")
    '/doc/project/A%2FB'
    """
    return "/" + "/".join(quote(segment, safe="") for segment in segments)


def not_found(request: Request) -> ProblemError:
    """The error for an address at which nothing is published (404), with the list of its kind, if there is one."""
    path = request.url.path
    _, root, kind, *_ = *path.split("/"), "", ""
    onward = _LISTS.get(kind) if root in _NAMES_KIND else None
    if onward is None:
        return ProblemError(404, "unknown", message("There is nothing at {path}. Begin at the home page.", path=path))
    detail = message("Nothing is published at {path}. The list is at {onward}.", path=path, onward=onward[1])
    return ProblemError(404, "unknown", detail, onward=onward)


def _offers(document: WebDocument) -> tuple[str, ...]:
    return _OFFERS if document.page else _OFFERS[:-1]


def _negotiated(accept: str | None, offers: tuple[str, ...]) -> str | None:
    """The media type that the client prefers; `_QUALITY` weighs data types against each other, not against a page."""
    data_types = (*_DATA_TYPES, _OLD_NTRIPLES)
    preferred = choose(accept, (*offers, _OLD_NTRIPLES))
    if preferred in data_types:
        preferred = choose(accept, data_types, _QUALITY)
    return rdf.NTRIPLES.media_type if preferred == _OLD_NTRIPLES else preferred


def _media_type(name: str) -> str | None:
    """The media type of a format that is given by name, suffix or media type."""
    if name in {"html", HTML}:
        return HTML
    if name in {"linkset", LINKSET_SUFFIX, LINKSET}:
        return LINKSET
    format_ = rdf.by_suffix(name) or rdf.by_name(name) or rdf.by_media_type(name)
    return format_.media_type if format_ else None


def _suffix(media_type: str) -> str:
    format_ = rdf.by_media_type(media_type)
    return format_.suffix if format_ else {LINKSET: LINKSET_SUFFIX}.get(media_type, "html")


def _data(view: ReleaseView, document: WebDocument, format_: Format, profile: str | None) -> tuple[str, bytes]:
    """The media type and the bytes in an RDF format; JSON-LD in the requested profile."""
    if profile in {"expanded", "flattened"}:
        return profile_type(profile), expanded_bytes(document.quads())
    body = document_bytes(view, document, format_)
    if profile and body.startswith(b"{"):  # JSON-LD without our context is an array, and expanded already
        return profile_type(profile), body
    type_ = format_.media_type
    return f"{type_}; charset=utf-8" if type_ in _WITH_CHARSET else type_, body


def _time_links(document: WebDocument, requested: RequestedFormat, version: str, server: str) -> Iterator[WebLink]:
    """Links to the document of today from one of another time, and to all its states (RFC 7089, section 2.2).

    Args:
        document: The document.
        requested: The format that the address requests.
        version: The query string that chooses the release; empty if none was chosen.
        server: Address of the server that was asked.
    """
    path = (document.original or document.path) + (f".{requested.suffix}" if requested.suffix else "")
    if document.original:
        yield from history_links(server, path, is_state=bool(version or document.created))
    elif version:
        yield WebLink("original", f"{server}{path}")


def _links(document: WebDocument, chosen: str, version: str) -> Iterator[WebLink]:
    """Links to the other representations, shapes, licence, collection, the resource itself, its classes, the link set.

    Args:
        document: The document.
        chosen: Media type of the representation that has the links.
        version: The query string that chooses the release; empty if none was chosen.
    """
    for offer in _offers(document):
        address = f"{document.path}.{_suffix(offer)}{version}"
        if offer != chosen:
            yield WebLink("alternate", address, offer)
        if chosen == HTML and offer in _METADATA:
            yield WebLink("describedby", address, offer)
    yield WebLink("describedby", "/shapes")
    if document.license:
        yield WebLink("license", document.license)
    if document.collection:
        yield WebLink("collection", document.collection)
    if document.iri:
        yield WebLink("cite-as", document.iri)
        yield from (WebLink("type", type_) for type_ in _classes(document.iri, document.quads()))
    if chosen == HTML:
        yield WebLink("type", f"{SCHEMA}AboutPage")
    if chosen != LINKSET:
        yield WebLink("linkset", f"{document.path}.{LINKSET_SUFFIX}{version}", LINKSET)


def _classes(iri: str, quads: Iterable[Quad]) -> list[str]:
    """IRIs of the classes of a resource, sorted."""
    subject, rdf_type = NamedNode(iri), NamedNode(f"{RDF}type")
    return sorted(
        {
            quad.object.value
            for quad in quads
            if quad.subject == subject and quad.predicate == rdf_type and isinstance(quad.object, NamedNode)
        }
    )


def _not_acceptable(document: WebDocument) -> Message:
    forms = ", ".join(f"{offer} (.{_suffix(offer)})" for offer in _offers(document))
    return message(
        "This document is available as {forms}. Ask for one of them in the Accept header, or add its "
        "suffix to the address.",
        forms=forms,
    )
