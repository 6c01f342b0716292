"""Links from a document to related resources, as a Link header (RFC 8288) and as a link set (RFC 9264).

The relations are those of FAIR Signposting (https://signposting.org/FAIR/), levels 1 and 2, and of Memento (RFC 7089).
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from fastapi import Request

LINKSET = "application/linkset+json"
LINKSET_SUFFIX = "linkset.json"
LINK_FORMAT = "application/link-format"
_HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class WebLink:
    """A link of a document.

    Attributes:
        rel: Its relation type (IANA link relations).
        href: Its target: a path of this server, or an IRI.
        type_: Media type of the target; empty if there is none.
        attributes: Names and values of further attributes, such as `datetime`.
    """

    rel: str
    href: str
    type_: str = ""
    attributes: tuple[tuple[str, str], ...] = ()


def link_header(links: Iterable[WebLink]) -> str:
    """The value of a Link header.

    >>> link_header([WebLink("license", "https://example.org/l"), WebLink("alternate", "/a.ttl", "text/turtle")])
    '<https://example.org/l>; rel="license", </a.ttl>; rel="alternate"; type="text/turtle"'
    """
    return ", ".join(map(_written, links))


def link_format_bytes(links: Iterable[WebLink]) -> bytes:
    """The links as a document in link-format (RFC 6690), one on each line."""
    return ",\n".join(map(_written, links)).encode() + b"\n"


def _written(link: WebLink) -> str:
    type_ = (("type", link.type_),) if link.type_ else ()
    attributes = (("rel", link.rel), *type_, *link.attributes)
    return f"<{link.href}>" + "".join(f'; {name}="{value}"' for name, value in attributes)


def linkset_bytes(anchor: str, links: Iterable[WebLink]) -> bytes:
    """The links as a link set in JSON.

    Args:
        anchor: The document that has the links.
        links: The links.
    """
    context: dict[str, object] = {"anchor": anchor}
    relations: dict[str, list[dict[str, str]]] = {}
    for link in links:
        target = {"href": link.href} | ({"type": link.type_} if link.type_ else {})
        relations.setdefault(link.rel, []).append(target)
    return json.dumps({"linkset": [context | relations]}, ensure_ascii=False, indent=2).encode() + b"\n"


def history_links(server: str, path: str, *, is_state: bool = False) -> tuple[WebLink, ...]:
    """Links to where a document can be asked for as of another time, and to the list of its states (RFC 7089).

    Args:
        server: Address of the server that was asked, without a slash at the end.
        path: Path of the document, percent-encoded, with the suffix of a format if it was asked for with one.
        is_state: Whether the links are those of a state of another time, which also links to the document.
    """
    original = (WebLink("original", f"{server}{path}"),) if is_state else ()
    gate, timemap = f"{server}/timegate{path}", f"{server}/timemap{path}"
    return (*original, WebLink("timegate", gate), WebLink("timemap", timemap, LINK_FORMAT))


def server_address(request: Request, base: str) -> str:
    """The address of the server by the Host header; if that is missing or malformed, the base of the release."""
    host = request.headers.get("host", "")
    root = request.scope.get("app_root_path", request.scope.get("root_path", ""))
    return f"{request.scope['scheme']}://{host}{root}" if _HOST.fullmatch(host) else base.removesuffix("/")
