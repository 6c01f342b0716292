"""Links from a document to related resources, as a Link header (RFC 8288) and as a link set (RFC 9264).

The relations are those of FAIR Signposting (https://signposting.org/FAIR/), levels 1 and 2.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

LINKSET = "application/linkset+json"
LINKSET_SUFFIX = "linkset.json"


@dataclass(frozen=True, slots=True)
class WebLink:
    """A link of a document.

    Attributes:
        rel: Its relation type (IANA link relations).
        href: Its target: a path of this server, or an IRI.
        type_: Media type of the target; empty if there is none.
    """

    rel: str
    href: str
    type_: str = ""


def link_header(links: Iterable[WebLink]) -> str:
    """The value of a Link header.

    >>> link_header([WebLink("license", "https://example.org/l"), WebLink("alternate", "/a.ttl", "text/turtle")])
    '<https://example.org/l>; rel="license", </a.ttl>; rel="alternate"; type="text/turtle"'
    """
    return ", ".join(
        f'<{link.href}>; rel="{link.rel}"' + (f'; type="{link.type_}"' if link.type_ else "") for link in links
    )


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
