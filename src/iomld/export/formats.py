"""The export formats: tables and JSON Lines by name, and the dataset or a subset of it in an RDF format."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, groupby
from typing import BinaryIO, cast

from pyoxigraph import NamedNode, Quad, Triple

from iomld.assets import jsonld_context, load_fields
from iomld.export.stored_quads import StoredQuads
from iomld.export.tables import ProjectSource
from iomld.formats import rdf
from iomld.formats.jsonld import compact_resource, framed_project, write_graph
from iomld.formats.rdf import Format
from iomld.iris import Iris
from iomld.messages import Message
from iomld.model import IATI_MEDIA_TYPE, PARQUET_MEDIA_TYPE, WORKBOOK_MEDIA_TYPE
from iomld.pipeline.records import record_json
from iomld.release.nquads import open_gzip


@dataclass(frozen=True, slots=True)
class TableFormat:
    """A format for projects.

    Attributes:
        media_type: RFC 6838 type of the file.
        suffix: File name suffix, without the dot.
        is_text: Whether it is text, which a terminal can show.
        write: Writes projects to a stream, and returns a sentence for each reason why some were left out.
    """

    media_type: str
    suffix: str
    is_text: bool
    write: Callable[[ProjectSource, BinaryIO], tuple[Message, ...]]


def write_json_lines(source: ProjectSource, output: BinaryIO) -> tuple[Message, ...]:
    """Write projects as JSON Lines, one record JSON document on each line, streamed."""
    records = (record_json(project) for project in source.projects())
    output.writelines(json.dumps(record, ensure_ascii=False).encode() + b"\n" for record in records)
    return ()


def _write_csv(source: ProjectSource, output: BinaryIO) -> tuple[Message, ...]:
    from iomld.export.csv import write_csv  # noqa: PLC0415  # with the reader of tables, and few need it

    write_csv(source, output)
    return ()


def _write_workbook(source: ProjectSource, output: BinaryIO) -> tuple[Message, ...]:
    from iomld.export.workbook import write_workbook  # noqa: PLC0415  # openpyxl takes 0.2 s to import, and few use it

    write_workbook(source, output)
    return ()


def _write_parquet(source: ProjectSource, output: BinaryIO) -> tuple[Message, ...]:
    from iomld.export.parquet import write_parquet  # noqa: PLC0415  # few need it

    write_parquet(source, output)
    return ()


def _write_iati(source: ProjectSource, output: BinaryIO) -> tuple[Message, ...]:
    from iomld.export.iati import write_iati  # noqa: PLC0415  # few need it

    return write_iati(source, output)


TABLE_FORMATS: Mapping[str, TableFormat] = {
    "csv": TableFormat("application/zip", "zip", is_text=False, write=_write_csv),
    "xlsx": TableFormat(WORKBOOK_MEDIA_TYPE, "xlsx", is_text=False, write=_write_workbook),
    "parquet": TableFormat(PARQUET_MEDIA_TYPE, "parquet", is_text=False, write=_write_parquet),
    "iati": TableFormat(IATI_MEDIA_TYPE, "iati.xml", is_text=True, write=_write_iati),
    "jsonl": TableFormat("application/jsonl", "jsonl", is_text=True, write=write_json_lines),
}


def write_rdf(stored: StoredQuads, format_: Format, output: BinaryIO) -> None:
    """Write the dataset of a release, or a subset of it, in an RDF format, streamed.

    Args:
        stored: The file that holds it.
        format_: The format; all but N-Quads and TriG get all triples in one graph.
        output: The stream to write to.
    """
    if format_ is rdf.JSONLD:
        write_graph(chain(_project_nodes(stored), _other_nodes(stored)), jsonld_context(stored.base), output)
    elif format_ is stored.format:
        output.writelines(stored.lines())
    elif format_ is rdf.NTRIPLES:
        output.writelines(stored.triples())
    else:
        with open_gzip(stored.path) as lines:
            quads = rdf.parse(lines, stored.format)
            statements = quads if format_.holds_graphs else _triples(quads)
            rdf.write(statements, format_, output, prefixes=Iris(stored.base).prefixes())


def _project_nodes(stored: StoredQuads) -> Iterator[Mapping[str, object]]:
    """The framed documents of the projects."""
    fields = load_fields()
    for _, quads in stored.record_graphs():
        yield framed_project(quads, base=stored.base, fields=fields)


def _other_nodes(stored: StoredQuads) -> Iterator[Mapping[str, object]]:
    """The subjects in other graphs, or all subjects of a file without graphs, one node each."""
    fields = load_fields()
    for quads in stored.other_subjects():
        subject = cast("NamedNode", quads[0].subject).value
        yield compact_resource(quads, subject=subject, base=stored.base, fields=fields)


def _triples(quads: Iterable[Quad]) -> Iterator[Triple]:
    """The triples of sorted quads; a triple in two graphs appears once."""
    return (triple for triple, _ in groupby(quad.triple for quad in quads))
