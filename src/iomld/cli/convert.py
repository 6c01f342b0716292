"""`iomld convert`."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import click
from pyoxigraph import Quad

from iomld import read
from iomld.check.render import all_lines
from iomld.cli.main import EXIT_DONE, EXIT_REFUSED
from iomld.cli.options import choices, loaded, settings, sources_argument
from iomld.errors import SourceError
from iomld.formats import rdf
from iomld.formats.framed import framed_bytes, framed_project
from iomld.iris import Iris
from iomld.pipeline.outcomes import Outcome, Pipeline, converted
from iomld.pipeline.places import placed

_FORMATS = ("turtle", "jsonld", "nquads", "ntriples", "rdfxml")


@click.command()
@sources_argument
@click.option("--format", "format_name", type=click.Choice(_FORMATS), default="turtle", show_default=True)
@click.option("--source-url", metavar="URL", help="Address of the page that the one SOURCE was saved from.")
def command(*, sources: tuple[Path, ...], format_name: str, source_url: str | None) -> int:
    """Write the records in SOURCES as RDF on standard output, one after the other.

    Each record is linked and converted by itself; copies of a project are not merged and shapes are not asked.
    What cannot be read is named on standard error.

    \b
    Example:
      iomld convert page.txt --format jsonld
    """
    if source_url and len(sources) > 1:
        raise click.UsageError("--source-url goes with one SOURCE.")
    known = settings()
    conversion = _Conversion(loaded(choices(known, profile="submission")), source_url)
    output = sys.stdout.buffer
    if format_name == "jsonld":
        _write_documents(conversion.graphs(sources), output, known.base_iri)
    else:
        format_ = next(format_ for format_ in rdf.FORMATS if format_.name == format_name)
        quads = (quad for graph in conversion.graphs(sources) for quad in graph)
        rdf.write(quads, format_, output, prefixes=Iris(known.base_iri).prefixes())
    output.flush()
    return EXIT_REFUSED if conversion.refused else EXIT_DONE


class _Conversion:
    """Streams graphs and remembers whether a record was refused."""

    def __init__(self, pipeline: Pipeline, url: str | None) -> None:
        self._pipeline = pipeline
        self._url = url
        self.refused = False

    def graphs(self, sources: tuple[Path, ...]) -> Iterator[tuple[Quad, ...]]:
        """The graph of each record that can be read."""
        for path in read.expand_sources(sources):
            try:
                for record in read.read_file(path, self._pipeline.reading(url=self._url)):
                    outcome = converted((record,), self._pipeline.linker, self._pipeline.publication)
                    if self._accepted(outcome):
                        yield outcome.quads
            except SourceError as error:
                self.refused = True
                click.echo(f"refused: {error}", err=True)

    def _accepted(self, outcome: Outcome) -> bool:
        for line in all_lines(placed(outcome.findings, outcome.dossier)):
            click.echo(line, err=True)
        self.refused = self.refused or outcome.refused
        return not outcome.refused


def _write_documents(graphs: Iterator[tuple[Quad, ...]], output: BinaryIO, base: str) -> None:
    """One framed document as it is; several as a JSON array, streamed."""
    documents = (framed_bytes(framed_project(graph, base=base)) for graph in graphs)
    first, second = next(documents, None), next(documents, None)
    if first is None:
        return
    if second is None:
        output.write(first.rstrip() + b"\n")
        return
    output.write(b"[\n" + first.rstrip() + b",\n" + second.rstrip())
    output.writelines(b",\n" + document.rstrip() for document in documents)
    output.write(b"\n]\n")
