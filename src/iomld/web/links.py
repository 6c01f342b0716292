"""Links from a document to what belongs to it, as a Link header (RFC 8288) and as a link set (RFC 9264).

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
        rel: Its relation (IANA link relations).
        href: Where it leads: a path of this server, or an IRI.
        type_: Media type of what is there, or empty.
    """

    rel: str
    href: str
    type_: str = ""


def link_header(signposts: Iterable[WebLink]) -> str:
    """The value of a Link header.

    >>> link_header([Signpost("license", "https://example.org/l"), Signpost("alternate", "/a.ttl", "text/turtle")])
    '<https://example.org/l>; rel="license", </a.ttl>; rel="alternate"; type="text/turtle"'
    """
    return ", ".join(
        f'<{one.href}>; rel="{one.rel}"' + (f'; type="{one.type_}"' if one.type_ else "") for one in signposts
    )


def linkset_bytes(anchor: str, signposts: Iterable[WebLink]) -> bytes:
    """The same links as a document of their own.

    Args:
        anchor: The document that the links are of.
        signposts: The links.
    """
    context: dict[str, object] = {"anchor": anchor}
    relations: dict[str, list[dict[str, str]]] = {}
    for one in signposts:
        target = {"href": one.href} | ({"type": one.type_} if one.type_ else {})
        relations.setdefault(one.rel, []).append(target)
    return json.dumps({"linkset": [context | relations]}, ensure_ascii=False, indent=2).encode() + b"\n"
