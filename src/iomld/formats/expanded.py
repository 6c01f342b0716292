"""JSON-LD without a context: expanded and flattened at once (JSON-LD 1.1 API sections 5.1 and 7.1)."""

import json
from collections.abc import Iterable

from pyoxigraph import Quad

from iomld.formats import rdf
from iomld.iris import RDF

_TYPE = f"{RDF}type"


def expanded_bytes(quads: Iterable[Quad]) -> bytes:
    """The triples as one array of node objects, one for each subject, by subject.

    Nothing is nested, so that the array is the expanded form as well as the flattened one. Graph names are not said.
    """
    triples = sorted({quad.triple for quad in quads}, key=str)
    written = rdf.serialize(triples, rdf.JSONLD)  # type: ignore[arg-type]  # triples do as well
    nodes = sorted((_typed(node) for node in json.loads(written)), key=lambda node: str(node["@id"]))
    return json.dumps(nodes, ensure_ascii=False, indent=2).encode() + b"\n"


def _typed(node: dict[str, object]) -> dict[str, object]:
    """A node object that says its classes with the keyword."""
    types = node.pop(_TYPE, None)
    if not isinstance(types, list):
        return node
    return {"@id": node.pop("@id"), "@type": [one["@id"] for one in types]} | node
