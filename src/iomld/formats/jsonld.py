"""JSON-LD documents: a project framed, other resources compacted, a graph expanded.

`framed_project` gives the result of JSON-LD framing with `ontology/frame-project.jsonld`, as a test checks, but tens of
times faster. A document begins with the whole context, so that any JSON-LD reader parses it without fetching anything;
the caller hands the context in as JSON. The order is fixed:

* keys: `@context`, `id`, `type`, then as in `iomld.formats.jsonld_terms`, then properties without a key by IRI;
* arrays: codes, IRIs and texts by code point, mentions by number.

The documents are lossless. A value that its key cannot hold (a plain string as title, a budget that is not a decimal),
or a property without a key, is in expanded form under the IRI of the property. A node that is not linked from the
project is in `included` (JSON-LD 1.1 section 4.9).
"""

import json
from collections.abc import Iterable, Mapping
from typing import BinaryIO

from pyoxigraph import NamedNode, Quad

from iomld.fields.declared import Fields
from iomld.formats import rdf
from iomld.formats.jsonld_frame import NO_FRAME, Frame, project_frame
from iomld.formats.jsonld_nodes import Descriptions, NodeWriter, descriptions
from iomld.formats.jsonld_terms import DocumentKeys, document_keys
from iomld.iris import IOMLD, RDF

_TYPE = f"{RDF}type"
_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def framed_project(quads: Iterable[Quad], *, base: str, fields: Fields) -> dict[str, object]:
    """The framed document of a project, without its context.

    Args:
        quads: All quads of the project's graph; graph names are ignored.
        base: The base IRI of the graph, ending in a slash.
        fields: The fields of a project.

    Raises:
        ValueError: A bug of the caller: the quads describe no project or several, contain a blank node, or an IRI that
            JSON-LD would read as a prefixed name.
    """
    graph = descriptions(quads)
    project_class = NamedNode(f"{IOMLD}Project")
    projects = [iri for iri, properties in graph.items() if project_class in properties.get(_TYPE, ())]
    if len(projects) != 1:
        raise ValueError(f"the graph of a project describes one project, not {len(projects)}")
    return _document(graph, projects[0], project_frame(fields), document_keys(fields), base=base)


def compact_resource(quads: Iterable[Quad], *, subject: str, base: str, fields: Fields) -> dict[str, object]:
    """A country, concept or other resource as one node object with our keys, without its context.

    Args:
        quads: Its quads; other subjects among them are in `included`.
        subject: IRI of the resource.
        base: The base IRI, ending in a slash.
        fields: The fields of a project.

    Raises:
        ValueError: A bug of the caller: the subject has no triples, or as for `framed_project`.
    """
    graph = descriptions(quads)
    if subject not in graph:
        raise ValueError(f"<{subject}> has no triples")
    return _document(graph, subject, NO_FRAME, document_keys(fields), base=base)


def framed_bytes(node: Mapping[str, object], context: str, *, indent: int | None = None) -> bytes:
    """A document as UTF-8 JSON: on one line, or indented by a number of spaces, with a line feed at the end.

    Args:
        node: The document without its context.
        context: The context as JSON. It is written as it is, first and on one line: streaming readers need it there.
        indent: The number of spaces.
    """
    if indent is None:
        return f'{{"@context":{context},{_COMPACT.encode(node)[1:]}'.encode()
    body = json.dumps(node, ensure_ascii=False, indent=indent)[1:]
    return f'{{\n{" " * indent}"@context": {context},{body}\n'.encode()


def node_bytes(node: Mapping[str, object]) -> bytes:
    """A node object on one line, without a line feed at the end."""
    return _COMPACT.encode(node).encode()


def write_graph(nodes: Iterable[Mapping[str, object]], context: str, output: BinaryIO) -> None:
    """Write node objects under one context, one on a line, as a stream; their triples are in the default graph."""
    output.write(f'{{"@context":{context},"@graph":['.encode())
    separator = "\n"
    for node in nodes:
        output.write(f"{separator}{_COMPACT.encode(node)}".encode())
        separator = ",\n"
    output.write(b"\n]}\n")


def _document(graph: Descriptions, root: str, frame: Frame, keys: DocumentKeys, *, base: str) -> dict[str, object]:
    writer = NodeWriter(graph, keys, base=base)
    document = writer.node(root, frame)
    unreached = sorted(graph.keys() - writer.written)
    if unreached:
        document["included"] = [writer.node(iri, NO_FRAME) for iri in unreached]
    return document


def expanded_bytes(quads: Iterable[Quad]) -> bytes:
    """The triples as JSON-LD without a context: an array of node objects, sorted by subject; graph names are ignored.

    No node is nested, so the array is both in expanded and in flattened form (JSON-LD 1.1 API sections 5.1 and 7.1).
    """
    triples = sorted({quad.triple for quad in quads}, key=str)
    written = rdf.serialize(triples, rdf.JSONLD)
    nodes = sorted((_typed(node) for node in json.loads(written)), key=lambda node: str(node["@id"]))
    return json.dumps(nodes, ensure_ascii=False, indent=2).encode() + b"\n"


def _typed(node: dict[str, object]) -> dict[str, object]:
    """A node object with its classes under `@type`."""
    types = node.pop(_TYPE, None)
    if not isinstance(types, list):
        return node
    return {"@id": node.pop("@id"), "@type": [one["@id"] for one in types]} | node
