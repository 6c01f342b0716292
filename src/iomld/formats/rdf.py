"""RDF formats as values, and the functions that parse and serialize them.

RDF terms are those of pyoxigraph, which never fetches a remote JSON-LD context.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, cast

import pyoxigraph
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Triple

from iomld.errors import SourceError
from iomld.formats.xml_output import XmlOutput, escaped_xml, with_element_names
from iomld.messages import ForeignText, Message, message

Term = NamedNode | BlankNode | Literal | Triple

_STRING = NamedNode("http://www.w3.org/2001/XMLSchema#string")


@dataclass(frozen=True, slots=True)
class Format:
    """An RDF format.

    Attributes:
        name: Its name, as in `--format turtle`.
        media_type: RFC 6838 media type.
        suffix: File name suffix without the dot.
        holds_graphs: Whether it has named graphs (RDF 1.1 datasets).
        engine: The format in pyoxigraph.
        also: Older media types that clients still ask for.
    """

    name: str
    media_type: str
    suffix: str
    holds_graphs: bool
    engine: RdfFormat
    also: tuple[str, ...] = ()


TURTLE = Format(
    "turtle",
    "text/turtle",
    "ttl",
    holds_graphs=False,
    engine=RdfFormat.TURTLE,
    also=("application/x-turtle", "application/turtle", "text/n3", "text/rdf+n3"),
)
JSONLD = Format("jsonld", "application/ld+json", "jsonld", holds_graphs=True, engine=RdfFormat.JSON_LD)
NTRIPLES = Format("ntriples", "application/n-triples", "nt", holds_graphs=False, engine=RdfFormat.N_TRIPLES)
NQUADS = Format(
    "nquads", "application/n-quads", "nq", holds_graphs=True, engine=RdfFormat.N_QUADS, also=("text/x-nquads",)
)
RDFXML = Format("rdfxml", "application/rdf+xml", "rdf", holds_graphs=False, engine=RdfFormat.RDF_XML)
TRIG = Format(
    "trig", "application/trig", "trig", holds_graphs=True, engine=RdfFormat.TRIG, also=("application/x-trig",)
)

FORMATS = (TURTLE, JSONLD, NTRIPLES, NQUADS, RDFXML, TRIG)


def by_suffix(suffix: str) -> Format | None:
    """The format of a file name suffix, or None.

    >>> by_suffix("ttl").name
    'turtle'
    """
    return next((format_ for format_ in FORMATS if format_.suffix == suffix), None)


def by_name(name: str) -> Format | None:
    """The format of a name, or None."""
    return next((format_ for format_ in FORMATS if format_.name == name), None)


def by_media_type(media_type: str) -> Format | None:
    """The format of a media type without parameters, including the `also` ones, or None."""
    return next(
        (format_ for format_ in FORMATS if media_type == format_.media_type or media_type in format_.also), None
    )


def parse(data: bytes | str | BinaryIO, format_: Format, *, base_iri: str | None = None) -> Iterator[Quad]:
    """Parse quads, as a stream; triples are in the default graph.

    Raises:
        SourceError: The syntax is invalid; the message says where.
    """
    try:
        yield from pyoxigraph.parse(data, format_.engine, base_iri=base_iri)
    except SyntaxError as error:
        raise SourceError(_syntax_fault(error, format_)) from error
    except ValueError as error:
        raise SourceError(
            message("not valid {format}: {detail}", format=format_.name, detail=ForeignText(error))
        ) from error


def parse_term(text: str) -> Term:
    """The term of a text in N-Triples syntax.

    Raises:
        SourceError: The text is no term.

    >>> parse_term('"twelve"@en')
    <Literal value=twelve language=en>
    """
    if text.startswith("_:"):
        return BlankNode(text[2:])  # the parser would rename it
    return next(parse(f"<x:s> <x:p> {text} .", NTRIPLES)).object


def with_value(text: str, change: Callable[[str], str]) -> str:
    """A literal in N-Triples syntax with its lexical form changed; other terms stay as they are.

    >>> with_value('"twelve"@en', str.upper)
    '"TWELVE"@en'
    """
    term = parse_term(text) if text.startswith('"') else None
    if not isinstance(term, Literal):
        return text
    datatype = None if term.language else term.datatype
    return str(Literal(change(term.value), datatype=datatype, language=term.language))


def term_to_json(text: str) -> dict[str, str]:
    """A term in N-Triples syntax as in SPARQL results in JSON (SPARQL 1.1 Query Results JSON Format, section 3.2.2).

    >>> term_to_json('"twelve"@en')
    {'type': 'literal', 'value': 'twelve', 'xml:lang': 'en'}
    """
    match parse_term(text):
        case NamedNode(value=value):
            return {"type": "uri", "value": value}
        case BlankNode(value=value):
            return {"type": "bnode", "value": value}
        case Literal(value=value, language=str(language)):
            return {"type": "literal", "value": value, "xml:lang": language}
        case Literal(value=value, datatype=datatype) if datatype != _STRING:
            return {"type": "literal", "value": value, "datatype": datatype.value}
        case term:
            return {"type": "literal", "value": term.value if isinstance(term, Literal) else text}


def _syntax_fault(error: SyntaxError, format_: Format) -> Message:
    if not error.lineno:
        return message("not valid {format}: {detail}", format=format_.name, detail=ForeignText(error.msg))
    return message(
        "line {line}, column {column}: not valid {format}: {detail}",
        line=error.lineno,
        column=error.offset,
        format=format_.name,
        detail=ForeignText(error.msg),
    )


def serialize(
    statements: Iterable[Quad] | Iterable[Triple], format_: Format, *, prefixes: Mapping[str, str] | None = None
) -> bytes:
    """Serialize quads or triples; formats without named graphs get the triples of quads.

    Raises:
        NotInXmlError: The format is RDF/XML, which cannot hold them.
    """
    written = pyoxigraph.serialize(
        _serializable(statements, format_),  # type: ignore[arg-type]  # as in `write`
        format=format_.engine,
        prefixes=dict(prefixes or {}),
    )
    return escaped_xml(written or b"") if format_ is RDFXML else written or b""


def turtle_head(prefixes: Mapping[str, str]) -> bytes:
    """The declarations of prefixes with which Turtle begins."""
    written = serialize(parse("<x:s> <x:p> <x:o> .", NTRIPLES), TURTLE, prefixes=prefixes)
    return b"".join(line for line in written.splitlines(keepends=True) if line.startswith(b"@prefix "))


def turtle_blocks(quads: Iterable[Quad], prefixes: Mapping[str, str]) -> list[bytes]:
    """The triples of each subject in Turtle, without the declarations of prefixes; the quads are sorted by subject."""
    blocks: list[list[bytes]] = []
    for line in serialize(quads, TURTLE, prefixes=prefixes).splitlines(keepends=True):
        if line.startswith(b"\t"):  # goes on with the subject; line feeds in literals are escaped
            blocks[-1].append(line)
        elif not line.startswith(b"@prefix "):
            blocks.append([line])
    return [b"".join(block) for block in blocks]


def numbered(quads: Iterable[Quad], letter: str = "b") -> Iterator[Quad]:
    """The same quads, with blank nodes numbered in their order; a parser assigns random ones to those without a label.

    Args:
        quads: The quads.
        letter: Begins the labels.
    """
    labels: dict[BlankNode, BlankNode] = {}

    def number(node: BlankNode) -> BlankNode:
        return labels.setdefault(node, BlankNode(f"{letter}{len(labels) + 1}"))

    for quad in quads:
        subject = number(quad.subject) if isinstance(quad.subject, BlankNode) else quad.subject
        value = number(quad.object) if isinstance(quad.object, BlankNode) else quad.object
        yield Quad(subject, quad.predicate, value, quad.graph_name)


def in_graph(quads: Iterable[Quad], graph: str) -> Iterator[Quad]:
    """The same triples in another graph."""
    name = NamedNode(graph)
    return (Quad(quad.subject, quad.predicate, quad.object, name) for quad in quads)


def write(
    statements: Iterable[Quad] | Iterable[Triple],
    format_: Format,
    output: BinaryIO,
    *,
    prefixes: Mapping[str, str] | None = None,
) -> None:
    """Serialize quads or triples to a stream, in bounded memory.

    Raises:
        NotInXmlError: The format is RDF/XML, which cannot hold them.
    """
    pyoxigraph.serialize(
        _serializable(statements, format_),  # type: ignore[arg-type]  # the stub takes quads or triples, not one of both
        cast("BinaryIO", XmlOutput(output)) if format_ is RDFXML else output,  # only write and flush are called
        format_.engine,
        prefixes=dict(prefixes or {}),
    )


def _serializable(statements: Iterable[Quad] | Iterable[Triple], format_: Format) -> Iterable[Quad | Triple]:
    """The statements as the engine's writer of a format needs them."""
    if format_.holds_graphs:
        return statements
    triples = (item.triple if isinstance(item, Quad) else item for item in statements)
    return with_element_names(triples) if format_ is RDFXML else triples
