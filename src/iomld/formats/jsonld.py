"""Framed, compacted and expanded JSON-LD documents.

One project's graph as the JSON-LD document that people like, written directly and without loss.

`framed_project` gives what JSON-LD framing with `ontology/frame-project.jsonld` gives (a test compares them), tens of
times faster. The order is fixed:

* keys: `@context`, `id`, `type`, then as in `iomld.formats.jsonld_terms.KEYS`, then properties without a key by IRI;
* arrays: codes, IRIs and texts by code point, mentions by number.

Nothing of the graph is left out. A value that a key cannot hold (a plain string as title, a budget that is no decimal),
and a property without a key, stand under the property's whole IRI in expanded form. A node that the project does not
lead to stands in `included` (JSON-LD 1.1 section 4.9).

JSON-LD without a context: expanded and flattened at once (JSON-LD 1.1 API sections 5.1 and 7.1).
"""

import json
from collections.abc import Iterable, Mapping

from pyoxigraph import NamedNode, Quad

from iomld.formats import rdf
from iomld.formats.jsonld_nodes import NOTHING, Descriptions, Frame, NodeWriter, descriptions
from iomld.iris import IOMLD, RDF

PROJECT_FRAME: Frame = {
    "budget": {},
    "mentions": {"target": {"sourceText": {}, "selectors": {}}},
    "record": {"narrativeText": {}, "derivedFrom": {}},
}
_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def context_iri(base: str) -> str:
    """The IRI of the context that our documents name."""
    return f"{base}context/v1.jsonld"


def framed_project(quads: Iterable[Quad], *, base: str) -> dict[str, object]:
    """The framed document of a project.

    Args:
        quads: All quads of the project's graph; graph names are not looked at.
        base: The data base that the graph was written with, ending in a slash.

    Raises:
        ValueError: A bug of the caller: the quads describe no project, or several, or hold a blank node, or an IRI
            that JSON-LD would take for a prefixed name.
    """
    graph = descriptions(quads)
    project_class = NamedNode(f"{IOMLD}Project")
    projects = [iri for iri, properties in graph.items() if project_class in properties.get(f"{RDF}type", ())]
    if len(projects) != 1:
        raise ValueError(f"the graph of a project describes one project, not {len(projects)}")
    return _document(graph, projects[0], PROJECT_FRAME, base=base)


def compact_resource(quads: Iterable[Quad], *, subject: str, base: str) -> dict[str, object]:
    """A country, concept or other resource as one node object with our keys.

    Args:
        quads: Its quads; other subjects among them go to `included`.
        subject: IRI of the resource.
        base: The data base, ending in a slash.

    Raises:
        ValueError: A bug of the caller: nothing is said of the subject, or as for `framed_project`.
    """
    graph = descriptions(quads)
    if subject not in graph:
        raise ValueError(f"nothing is said of <{subject}>")
    return _document(graph, subject, NOTHING, base=base)


def framed_bytes(document: Mapping[str, object], *, indent: int | None = None) -> bytes:
    """A document as UTF-8 JSON: on one line, or indented by so many spaces with a line feed at the end."""
    if indent is None:
        return _COMPACT.encode(document).encode()
    return json.dumps(document, ensure_ascii=False, indent=indent).encode() + b"\n"


def _document(graph: Descriptions, root: str, frame: Frame, *, base: str) -> dict[str, object]:
    writer = NodeWriter(graph, base=base)
    document = {"@context": context_iri(base), **writer.node(root, frame)}
    unreached = sorted(graph.keys() - writer.written)
    if unreached:
        document["included"] = [writer.node(iri, NOTHING) for iri in unreached]
    return document


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
