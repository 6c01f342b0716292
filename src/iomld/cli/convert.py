"""The command `iomld convert`: records to RDF or tables, without publishing them."""

import sys
import tempfile
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, cast

import click
from pyoxigraph import Quad

from iomld.assets import jsonld_context, load_fields
from iomld.cli.export import write_out, write_table
from iomld.cli.main import EXIT_DONE, EXIT_REFUSED
from iomld.cli.options import (
    check_source_url,
    fund_option,
    mapping_option,
    settings,
    source_url_option,
    sources_argument,
)
from iomld.cli.progress import shown_progress
from iomld.cli.stages import chosen_mapping, loading, pipeline_choices
from iomld.convert import project_lines, project_quads
from iomld.errors import SourceError
from iomld.export.formats import TABLE_FORMATS, TableFormat
from iomld.export.tables import spooled_source
from iomld.formats import rdf
from iomld.formats.jsonld import framed_bytes, framed_project, write_graph
from iomld.iris import Iris
from iomld.model import Project, Record
from iomld.pipeline.conversion import Converter, Outcome, linked, load_converter, placed
from iomld.progress import Progress, phases_of
from iomld.read import ReadOptions, expand_sources, read_source

(CONVERTING,) = phases_of(("converting", "records"))
_LINE_FORMATS = (rdf.NQUADS.name, rdf.NTRIPLES.name)
_BATCH_SIZE = 50  # records; an eighth faster than one by one
_FORMATS = ("turtle", "jsonld", "nquads", "ntriples", "rdfxml", *TABLE_FORMATS)


@click.command()
@sources_argument
@click.option(
    "--format",
    "format_name",
    type=click.Choice(_FORMATS),
    default="turtle",
    show_default=True,
    help="Output format; csv is a zip archive of three tables.",
)
@source_url_option
@mapping_option
@fund_option
def convert_command(
    *, sources: tuple[Path, ...], format_name: str, source_url: str | None, mapping: Path | None
) -> int:
    """Convert the records in SOURCES (files and folders) to RDF or tables, on standard output.

    Each record is linked and converted by itself: copies of a project are not merged, and the shapes are not
    checked. Records that cannot be read are reported on standard error.

    \b
    Example:
      iomld convert page.txt --format jsonld
      iomld convert pages/ --format xlsx > projects.xlsx
    """
    check_source_url(source_url, sources)
    known = settings()
    with loading():
        converter = load_converter(pipeline_choices(known, profile="submission"))
    options = converter.read_options(url=source_url, mapping=chosen_mapping(mapping))
    with shown_progress(is_alone=not sys.stdout.isatty()) as progress:
        conversion = _Conversion(converter, options, progress)
        _write(conversion, sources, format_name, known.base_iri)
    return EXIT_REFUSED if conversion.refused else EXIT_DONE


def _write(conversion: "_Conversion", sources: tuple[Path, ...], format_name: str, base: str) -> None:
    if format_name in TABLE_FORMATS:
        table = TABLE_FORMATS[format_name]
        write_out(lambda output: _write_table(conversion, sources, table, output, base), None, is_text=table.is_text)
    else:
        _write_rdf(conversion, sources, format_name, sys.stdout.buffer, base)


class _Conversion:
    """Converts records as a stream and remembers whether one was refused."""

    def __init__(self, converter: Converter, options: ReadOptions, progress: Progress) -> None:
        self._progress = progress
        self._converter = converter
        self._options = options
        self.refused = False

    def graphs(self, sources: tuple[Path, ...]) -> Iterator[tuple[Quad, ...]]:
        """The graph of each record that can be read."""
        for project in self.projects(sources):
            yield tuple(project_quads(project, self._converter.publication))

    def lines(self, sources: tuple[Path, ...], *, with_graph: bool) -> Iterator[bytes]:
        """The same graphs as N-Quads or N-Triples, written without making quads, which saves a quarter of the time."""
        for projects in self._batches(sources):
            yield from [
                project_lines(project, self._converter.publication, with_graph=with_graph) for project in projects
            ]

    def projects(self, sources: tuple[Path, ...]) -> Iterator[Project]:
        """Every record that can be read, linked by itself."""
        return chain.from_iterable(self._batches(sources))

    def _batches(self, sources: tuple[Path, ...]) -> Iterator[list[Project]]:
        """The projects in batches; a batch passes one stage after the other, which keeps the code in the CPU cache."""
        records = self._records(sources)
        while batch := list(islice(records, _BATCH_SIZE)):
            outcomes = [linked((record,), self._converter.linker) for record in batch]
            yield [outcome.project for outcome in outcomes if self._is_convertible(outcome)]

    def _is_convertible(self, outcome: Outcome) -> bool:
        """Whether a record can be converted; its findings are printed."""
        if outcome.findings:
            # Babel, and much else that reports need; most records are converted without a remark.
            from iomld.check.reports.text import all_lines  # noqa: PLC0415

            for line in all_lines(placed(outcome.findings, outcome.merged)):
                self._say(line)
        self.refused |= outcome.refused
        return not outcome.refused

    def _records(self, sources: tuple[Path, ...]) -> Iterator[Record]:
        """Every record of every source that can be read."""
        self._progress.begin(CONVERTING)
        for part in expand_sources(sources):
            try:
                yield from self._progress.counted(read_source(part, self._options))
            except SourceError as error:
                self.refused = True
                self._say(f"refused: {error}")

    def _say(self, line: str) -> None:
        self._progress.pause()
        click.echo(line, err=True)


def _write_table(
    conversion: _Conversion, sources: tuple[Path, ...], table: TableFormat, output: BinaryIO, base: str
) -> None:
    """Write a table; its columns depend on all projects, which are therefore spooled to disk."""
    with tempfile.TemporaryFile() as file:
        write_table(table, spooled_source(conversion.projects(sources), cast("BinaryIO", file), base), output)


def _write_rdf(
    conversion: _Conversion, sources: tuple[Path, ...], format_name: str, output: BinaryIO, base: str
) -> None:
    if format_name in _LINE_FORMATS:
        output.writelines(conversion.lines(sources, with_graph=format_name == rdf.NQUADS.name))
    elif format_name == "jsonld":
        _write_documents(conversion.graphs(sources), output, base)
    else:
        format_ = next(format_ for format_ in rdf.FORMATS if format_.name == format_name)
        quads = (quad for graph in conversion.graphs(sources) for quad in graph)
        rdf.write(quads, format_, output, prefixes=Iris(base).prefixes())
    output.flush()


def _write_documents(graphs: Iterator[tuple[Quad, ...]], output: BinaryIO, base: str) -> None:
    """Write one framed document, or several as a graph under one context, streamed."""
    fields = load_fields()
    nodes = (framed_project(graph, base=base, fields=fields) for graph in graphs)
    context = jsonld_context(base)
    first = list(islice(nodes, 2))
    if len(first) == 1:
        output.write(framed_bytes(first[0], context) + b"\n")
    elif first:
        write_graph(chain(first, nodes), context, output)
