"""Which form of a document a client gets, and its bytes."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from fastapi import Request
from pyoxigraph import Quad
from starlette.responses import Response

from iomld.browse.view import ReleaseView
from iomld.formats import rdf
from iomld.formats.negotiate import choose
from iomld.formats.rdf import FORMATS, Format
from iomld.web.answers import answer
from iomld.web.problems import ProblemError

HTML = "text/html"
_HTML_TYPE = "text/html; charset=utf-8"
# The first is given to those who do not say; a page only to those who name it.
_OFFERS = (*(format_.media_type for format_ in FORMATS), HTML)
_FOR_EVER = "public, max-age=31536000, immutable"  # RFC 8246
_WITH_CHARSET = frozenset({"text/turtle"})
_PREFIX_LINE = re.compile(r"@prefix ([^:]*): <[^>]*> \.\n")


@dataclass(frozen=True, slots=True)
class Document:
    """A document in all its forms.

    Attributes:
        path: Where it is on this server, percent-encoded, without a suffix.
        quads: What it says.
        jsonld: Its JSON-LD.
        page: Its page, or None where it has none.
        license: IRI of its licence.
        turtle: Its Turtle, where that is a text of ours; else it is written from the quads.
        immutable: Whether its data never changes.
    """

    path: str
    quads: Callable[[], Sequence[Quad]]
    jsonld: Callable[[], bytes]
    page: Callable[[], bytes] | None
    license: str | None = None
    turtle: Callable[[], bytes] | None = None
    immutable: bool = False


def suffix_of(name: str, is_known: Callable[[str], bool]) -> tuple[str, str | None]:
    """Part a name into the name of a thing and the suffix of a format.

    A code may hold dots (`PO.0105`): only the suffix of a format counts, and only where the whole is no known name.

    >>> suffix_of("PO.0105.ttl", "PO.0105".__eq__)
    ('PO.0105', 'ttl')
    """
    stem, _, suffix = name.rpartition(".")
    if is_known(name) or not stem or not (suffix == "html" or rdf.by_suffix(suffix)):
        return name, None
    return stem, suffix


def document_response(request: Request, view: ReleaseView, document: Document, suffix: str | None) -> Response:
    """The form of a document that was asked for: by suffix, by `?format=`, or by the Accept header.

    Raises:
        ProblemError: There is no such form (406).
    """
    wanted = suffix or request.query_params.get("format")
    chosen = _named(wanted) if wanted else choose(request.headers.get("accept"), _offers(document))
    if chosen is None or chosen not in _offers(document):
        raise ProblemError(406, "not-acceptable", _not_acceptable(document))
    headers = {"Vary": "Accept", "Link": _links(document, chosen)}
    if not wanted:
        headers["Content-Location"] = f"{document.path}.{_suffix(chosen)}"
    if chosen == HTML and document.page:
        return answer(request, document.page(), _HTML_TYPE, headers=headers)
    format_ = rdf.by_media_type(chosen) or rdf.TURTLE
    media_type = f"{chosen}; charset=utf-8" if chosen in _WITH_CHARSET else chosen
    if document.immutable and not request.query_params:
        headers["Cache-Control"] = _FOR_EVER
    created = datetime.fromisoformat(view.release.manifest.created)
    return answer(request, _body(view, document, format_), media_type, headers=headers, modified=created)


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
        404, "unknown", f"We publish nothing at {request.url.path}. Look for it in the list of projects at /projects."
    )


def _offers(document: Document) -> tuple[str, ...]:
    return _OFFERS if document.page else _OFFERS[:-1]


def _named(wanted: str) -> str | None:
    """The media type of a format's name, suffix or media type."""
    if wanted in {"html", HTML}:
        return HTML
    found = rdf.by_suffix(wanted) or rdf.by_name(wanted) or rdf.by_media_type(wanted)
    return found.media_type if found else None


def _suffix(media_type: str) -> str:
    format_ = rdf.by_media_type(media_type)
    return format_.suffix if format_ else "html"


def _body(view: ReleaseView, document: Document, format_: Format) -> bytes:
    match format_:
        case rdf.TURTLE:
            return document.turtle() if document.turtle else turtle_bytes(document.quads(), view.iris.prefixes())
        case rdf.JSONLD:
            return document.jsonld()
        case _:
            return rdf.serialize(document.quads(), format_)


def _links(document: Document, chosen: str) -> str:
    """RFC 8288: the other forms, what the data keeps to, and its licence."""
    links = [
        f'<{document.path}.{_suffix(offer)}>; rel="alternate"; type="{offer}"'
        for offer in _offers(document)
        if offer != chosen
    ]
    links.append('</shapes>; rel="describedby"')
    if document.license:
        links.append(f'<{document.license}>; rel="license"')
    return ", ".join(links)


def _not_acceptable(document: Document) -> str:
    names = ", ".join(f"{offer} (.{_suffix(offer)})" for offer in _offers(document))
    return f"This comes as {names}. Name one of them in the Accept header, or add its suffix to the address."
