"""Which representation of a document a client gets, and its bytes."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from fastapi import Request
from pyoxigraph import NamedNode, Quad
from starlette.responses import Response

from iomld.browse.view import ReleaseView
from iomld.formats import rdf
from iomld.formats.jsonld import expanded_bytes
from iomld.formats.negotiate import choose
from iomld.formats.rdf import FORMATS, Format
from iomld.iris import RDF, SCHEMA
from iomld.messages import Message, message
from iomld.web.data.parameters import RequestedForm, profile_type
from iomld.web.links import LINKSET, LINKSET_SUFFIX, WebLink, link_header, linkset_bytes
from iomld.web.problems import ProblemError
from iomld.web.responses import answer

HTML = "text/html"
_HTML_TYPE = "text/html; charset=utf-8"
# The first is given to those who do not say; a page only to those who name it.
_DATA = tuple(format_.media_type for format_ in FORMATS)
_OFFERS = (*_DATA, HTML)
# Clients that know both kinds ask for quads first, and then look for a document's triples in the default graph, where
# quads do not put them: so quads are given to those who want them much more. JSON-LD names its context by an address
# under the base, which a copy on another server cannot answer: clients that take other data as gladly get that.
_QUALITY = {rdf.NQUADS.media_type: 0.5, rdf.TRIG.media_type: 0.5, rdf.JSONLD.media_type: 0.85}
_OLD_NTRIPLES = "text/plain"  # of 2004; rdflib still asks for it
_FOR_EVER = "public, max-age=31536000, immutable"  # RFC 8246
_METADATA = ("text/turtle", "application/ld+json")  # what a page is described by
_WITH_CHARSET = frozenset({"text/turtle"})
_PREFIX_LINE = re.compile(r"@prefix ([^:]*): <[^>]*> \.\n")


@dataclass(frozen=True, slots=True)
class WebDocument:
    """A document in all its forms.

    Attributes:
        path: Where it is on this server, percent-encoded, without a suffix.
        quads: What it says.
        jsonld: Its JSON-LD.
        page: Its page, or None where it has none.
        license: IRI of its licence.
        turtle: Its Turtle, where that is a text of ours; else it is written from the quads.
        iri: What it is about, to be cited; None where that is several things.
        collection: Path of the document about the collection that it belongs to.
        immutable: Whether its data never changes.
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


def suffix_of(name: str, is_known: Callable[[str], bool]) -> tuple[str, str | None]:
    """Part a name into the name of a thing and the suffix of a format.

    A code may hold dots (`PO.0105`): only the suffix of a format counts, and only where the whole is no known name.

    >>> suffix_of("PO.0105.ttl", "PO.0105".__eq__)
    ('PO.0105', 'ttl')
    """
    if name.endswith(f".{LINKSET_SUFFIX}") and not is_known(name):
        return name.removesuffix(f".{LINKSET_SUFFIX}"), LINKSET_SUFFIX
    stem, _, suffix = name.rpartition(".")
    if is_known(name) or not stem or not (suffix == "html" or rdf.by_suffix(suffix)):
        return name, None
    return stem, suffix


def document_response(request: Request, view: ReleaseView, document: WebDocument, form: RequestedForm) -> Response:
    """The form of a document that was asked for: by suffix, by `?format=`, or by the Accept header.

    Raises:
        ProblemError: There is no such form (406).
    """
    wanted = form.name
    offers = (*_offers(document), LINKSET)
    chosen = _named(wanted) if wanted else _negotiated(request.headers.get("accept"), offers)
    if chosen is None or chosen not in offers:
        raise ProblemError(406, "not-acceptable", _not_acceptable(document))
    signposts = tuple(_signposts(document, chosen))
    headers = {"Vary": "Accept", "Link": link_header(signposts)}
    if not wanted:
        profile = form.jsonld_profile(request) if chosen == rdf.JSONLD.media_type else None
        asked = f"?profile={profile}" if profile else ""
        headers["Content-Location"] = f"{document.path}.{_suffix(chosen)}{asked}"
    if chosen == LINKSET:
        return answer(request, linkset_bytes(document.path, signposts), LINKSET, headers=headers)
    if chosen == HTML and document.page:
        return answer(request, document.page(), _HTML_TYPE, headers=headers)
    format_ = rdf.by_media_type(chosen) or rdf.TURTLE
    profile = form.jsonld_profile(request) if format_ is rdf.JSONLD else None
    media_type, body = _data(view, document, format_, profile)
    if document.immutable and not request.query_params:
        headers["Cache-Control"] = _FOR_EVER
    created = datetime.fromisoformat(view.release.manifest.created)
    return answer(request, body, media_type, headers=headers, modified=created)


def turtle_bytes(quads: Iterable[Quad], prefixes: Mapping[str, str]) -> bytes:
    """Turtle with the prefixes that are used, sorted, so that the same triples give the same bytes."""
    text = rdf.serialize(quads, rdf.TURTLE, prefixes=prefixes).decode()
    head = {match[1]: match[0] for match in _PREFIX_LINE.finditer(text)}
    body = text[sum(map(len, head.values())) :]
    used = (name for name in sorted(head) if re.search(rf"(?<![\w.\-]){re.escape(name)}:", body))
    return ("".join(head[name] for name in used) + "\n" + body).encode()


def encoded_path(*segments: str) -> str:
    """A path on this server; each segment percent-encoded once.

    >>> encoded_path("doc", "project", "A/B")
    '/doc/project/A%2FB'
    """
    return "/" + "/".join(quote(segment, safe="") for segment in segments)


def unknown(request: Request) -> ProblemError:
    """404 for an address where nothing is published."""
    return ProblemError(
        404,
        "unknown",
        message(
            "We publish nothing at {path}. Look for it in the list of projects at /projects.", path=request.url.path
        ),
    )


def _offers(document: WebDocument) -> tuple[str, ...]:
    return _OFFERS if document.page else _OFFERS[:-1]


def _negotiated(accept: str | None, offers: tuple[str, ...]) -> str | None:
    """What the client likes best; of data, what says it best too. Data is never weighed against a page."""
    data = (*_DATA, _OLD_NTRIPLES)
    liked = choose(accept, (*offers, _OLD_NTRIPLES))
    if liked in data:
        liked = choose(accept, data, _QUALITY)
    return rdf.NTRIPLES.media_type if liked == _OLD_NTRIPLES else liked


def _named(wanted: str) -> str | None:
    """The media type of a format's name, suffix or media type."""
    if wanted in {"html", HTML}:
        return HTML
    if wanted in {"linkset", LINKSET_SUFFIX, LINKSET}:
        return LINKSET
    found = rdf.by_suffix(wanted) or rdf.by_name(wanted) or rdf.by_media_type(wanted)
    return found.media_type if found else None


def _suffix(media_type: str) -> str:
    format_ = rdf.by_media_type(media_type)
    return format_.suffix if format_ else {LINKSET: LINKSET_SUFFIX}.get(media_type, "html")


def _data(view: ReleaseView, document: WebDocument, format_: Format, profile: str | None) -> tuple[str, bytes]:
    """The media type and the bytes of an RDF form; JSON-LD in the profile that was asked for."""
    if profile in {"expanded", "flattened"}:
        return profile_type(profile), expanded_bytes(document.quads())
    body = _body(view, document, format_)
    if profile and body.startswith(b"{"):  # what has no context of ours is an array, and expanded already
        return profile_type(profile), body
    type_ = format_.media_type
    return f"{type_}; charset=utf-8" if type_ in _WITH_CHARSET else type_, body


def _body(view: ReleaseView, document: WebDocument, format_: Format) -> bytes:
    match format_:
        case rdf.TURTLE:
            return document.turtle() if document.turtle else turtle_bytes(document.quads(), view.iris.prefixes())
        case rdf.JSONLD:
            return document.jsonld()
        case _:
            return rdf.serialize(document.quads(), format_)


def _signposts(document: WebDocument, chosen: str) -> Iterator[WebLink]:
    """The other forms, what the data keeps to, its licence, what it is about and what that is."""
    for offer in _offers(document):
        address = f"{document.path}.{_suffix(offer)}"
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
        yield from (WebLink("type", type_) for type_ in _types(document.iri, document.quads()))
    if chosen == HTML:
        yield WebLink("type", f"{SCHEMA}AboutPage")
    if chosen != LINKSET:
        yield WebLink("linkset", f"{document.path}.{LINKSET_SUFFIX}", LINKSET)


def _types(iri: str, quads: Iterable[Quad]) -> list[str]:
    """Classes of a thing."""
    node, is_a = NamedNode(iri), NamedNode(f"{RDF}type")
    return sorted(
        {
            quad.object.value
            for quad in quads
            if quad.subject == node and quad.predicate == is_a and isinstance(quad.object, NamedNode)
        }
    )


def _not_acceptable(document: WebDocument) -> Message:
    forms = ", ".join(f"{offer} (.{_suffix(offer)})" for offer in _offers(document))
    return message(
        "This comes as {forms}. Name one of them in the Accept header, or add its suffix to the address.", forms=forms
    )
