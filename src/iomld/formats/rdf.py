"""RDF formats as values, and the one place where text becomes quads and quads become text.

pyoxigraph terms are the pipeline's RDF model. No remote context is ever fetched: pyoxigraph refuses them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

import pyoxigraph
from pyoxigraph import NamedNode, Quad, RdfFormat, Triple

from iomld.errors import SourceError
from iomld.messages import ForeignText, Message, message


@dataclass(frozen=True, slots=True)
class Format:
    """An RDF format.

    Attributes:
        name: Our word for it, as in `--format turtle`.
        media_type: RFC 6838 media type.
        suffix: File name suffix without the dot.
        holds_graphs: Whether it can name graphs (RDF 1.1 datasets).
        engine: The library's value for it.
    """

    name: str
    media_type: str
    suffix: str
    holds_graphs: bool
    engine: RdfFormat


TURTLE = Format("turtle", "text/turtle", "ttl", holds_graphs=False, engine=RdfFormat.TURTLE)
JSONLD = Format("jsonld", "application/ld+json", "jsonld", holds_graphs=True, engine=RdfFormat.JSON_LD)
NTRIPLES = Format("ntriples", "application/n-triples", "nt", holds_graphs=False, engine=RdfFormat.N_TRIPLES)
NQUADS = Format("nquads", "application/n-quads", "nq", holds_graphs=True, engine=RdfFormat.N_QUADS)
RDFXML = Format("rdfxml", "application/rdf+xml", "rdf", holds_graphs=False, engine=RdfFormat.RDF_XML)
TRIG = Format("trig", "application/trig", "trig", holds_graphs=True, engine=RdfFormat.TRIG)

FORMATS = (TURTLE, JSONLD, NTRIPLES, NQUADS, RDFXML, TRIG)


def by_suffix(suffix: str) -> Format | None:
    """The format of a file name suffix, or None.

    >>> by_suffix("ttl").name
    'turtle'
    """
    return next((format_ for format_ in FORMATS if format_.suffix == suffix), None)


def by_name(name: str) -> Format | None:
    """The format that we call so, or None."""
    return next((format_ for format_ in FORMATS if format_.name == name), None)


def by_media_type(media_type: str) -> Format | None:
    """The format of a media type without parameters, or None."""
    return next((format_ for format_ in FORMATS if format_.media_type == media_type), None)


def parse(data: bytes | str | BinaryIO, format_: Format, *, base_iri: str | None = None) -> Iterator[Quad]:
    """Read quads; triples come in the default graph.

    Raises:
        SourceError: The text does not parse; the message says where.
    """
    try:
        yield from pyoxigraph.parse(data, format_.engine, base_iri=base_iri)
    except SyntaxError as error:
        raise SourceError(_syntax_fault(error, format_)) from error
    except ValueError as error:
        raise SourceError(
            message("not valid {format}: {detail}", format=format_.name, detail=ForeignText(error))
        ) from error


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


def serialize(quads: Iterable[Quad], format_: Format, *, prefixes: Mapping[str, str] | None = None) -> bytes:
    """Write quads; formats without graphs get the triples alone."""
    statements: Iterable[Quad | Triple] = quads if format_.holds_graphs else (quad.triple for quad in quads)
    written = pyoxigraph.serialize(
        statements,  # type: ignore[arg-type]  # the stub wants all quads or all triples; both branches are so
        format=format_.engine,
        prefixes=dict(prefixes or {}),
    )
    return written or b""


def in_graph(quads: Iterable[Quad], graph: str) -> Iterator[Quad]:
    """The same triples in another graph."""
    name = NamedNode(graph)
    return (Quad(quad.subject, quad.predicate, quad.object, name) for quad in quads)


def write(
    quads: Iterable[Quad], format_: Format, output: BinaryIO, *, prefixes: Mapping[str, str] | None = None
) -> None:
    """Write quads to a stream as they come, in bounded memory."""
    statements: Iterable[Quad | Triple] = quads if format_.holds_graphs else (quad.triple for quad in quads)
    pyoxigraph.serialize(
        statements,  # type: ignore[arg-type]  # as in `serialize`
        output,
        format_.engine,
        prefixes=dict(prefixes or {}),
    )
