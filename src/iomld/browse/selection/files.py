"""The files of a selection, by name: tables with all fields, JSON Lines, RDF, and IATI."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO
from urllib.parse import urlencode

from iomld.assets import jsonld_context
from iomld.browse.selection.records import SelectedRecords
from iomld.export.formats import TABLE_FORMATS
from iomld.export.table_schemas import metadata_bytes
from iomld.export.tables import table_form
from iomld.formats import rdf
from iomld.formats.jsonld import framed_project, write_graph
from iomld.formats.rdf import Format
from iomld.release.downloads import CSV, MENTIONS_FILE, METADATA_FILE, METADATA_TYPE, PROJECTS_FILE, SOURCES_FILE

CSV_FILES = (PROJECTS_FILE, MENTIONS_FILE, SOURCES_FILE)


@dataclass(frozen=True, slots=True)
class SelectionFile:
    """A file of a selection.

    Attributes:
        name: Its name, the last segment of its address.
        media_type: Its media type.
        write: Writes it, as a stream.
    """

    name: str
    media_type: str
    write: Callable[[SelectedRecords, BinaryIO], None]


def _write_table(name: str, records: SelectedRecords, output: BinaryIO) -> None:
    with records.source() as source:
        TABLE_FORMATS[name].write(source, output)


def _write_csv(file: str, records: SelectedRecords, output: BinaryIO) -> None:
    from iomld.export.csv import write_tables  # noqa: PLC0415  # with the reader of tables, as in `TABLE_FORMATS`

    with records.source() as source:
        write_tables(source, table_form(source), {file.removesuffix(".csv"): output})


def _write_metadata(records: SelectedRecords, output: BinaryIO) -> None:
    """Write CSV on the Web metadata of the table of projects with the same filters."""
    query = urlencode(records.filters.pairs())
    with records.source() as source:
        url = f"{PROJECTS_FILE}?{query}" if query else PROJECTS_FILE
        output.write(metadata_bytes(table_form(source), source.base, url=url))


def _write_lines(format_: Format, records: SelectedRecords, output: BinaryIO) -> None:
    output.writelines(rdf.serialize(quads, format_) for _, quads in records.graphs())


def _write_turtle(records: SelectedRecords, output: BinaryIO) -> None:
    prefixes = records.view.iris.prefixes()
    output.write(rdf.turtle_head(prefixes))
    output.writelines(b"".join(rdf.turtle_blocks(quads, prefixes)) for _, quads in records.graphs())


def _write_jsonld(records: SelectedRecords, output: BinaryIO) -> None:
    write_graph(_documents(records), jsonld_context(records.view.iris.base), output)


def _documents(records: SelectedRecords) -> Iterator[Mapping[str, object]]:
    base, fields = records.view.iris.base, records.view.vocabulary.fields
    return (framed_project(quads, base=base, fields=fields) for _, quads in records.graphs())


def _files() -> Iterator[SelectionFile]:
    xlsx, jsonl, archive, iati, parquet = (TABLE_FORMATS[name] for name in ("xlsx", "jsonl", "csv", "iati", "parquet"))
    yield SelectionFile("projects.xlsx", xlsx.media_type, partial(_write_table, "xlsx"))
    yield SelectionFile("tables.zip", archive.media_type, partial(_write_table, "csv"))
    yield from (SelectionFile(name, CSV, partial(_write_csv, name)) for name in CSV_FILES)
    yield SelectionFile(METADATA_FILE, METADATA_TYPE, _write_metadata)
    yield SelectionFile("projects.parquet", parquet.media_type, partial(_write_table, "parquet"))
    yield SelectionFile("projects.jsonl", jsonl.media_type, partial(_write_table, "jsonl"))
    yield SelectionFile("projects.jsonld", rdf.JSONLD.media_type, _write_jsonld)
    yield SelectionFile("projects.ttl", rdf.TURTLE.media_type, _write_turtle)
    yield SelectionFile("projects.nt", rdf.NTRIPLES.media_type, partial(_write_lines, rdf.NTRIPLES))
    yield SelectionFile("projects.nq", rdf.NQUADS.media_type, partial(_write_lines, rdf.NQUADS))
    yield SelectionFile("projects.iati.xml", iati.media_type, partial(_write_table, "iati"))


SELECTION_FILES: Mapping[str, SelectionFile] = {file.name: file for file in _files()}
