"""The export formats: tables and JSON Lines by name, and the dataset or a subset of it in an RDF format."""

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, groupby
from typing import BinaryIO, cast

from pyoxigraph import NamedNode, Quad, Triple

from iomld import store
from iomld.assets import jsonld_context
from iomld.export.csv import write_csv
from iomld.export.records import record_json
from iomld.export.tables import ProjectSource
from iomld.formats import rdf
from iomld.formats.jsonld import compact_resource, framed_project, write_graph
from iomld.formats.rdf import Format
from iomld.iris import Iris
from iomld.read.table.workbook_package import MEDIA_TYPE
from iomld.release import FILES, Release
from iomld.release.nquads import graph_of, open_gzip
from iomld.release.subsets import Partitioning, subset_file


@dataclass(frozen=True, slots=True)
class TableFormat:
    """A format for projects.

    Attributes:
        media_type: RFC 6838 type of the file.
        suffix: File name suffix, without the dot.
        is_text: Whether it is text, which a terminal can show.
        write: Writes projects to a stream.
    """

    media_type: str
    suffix: str
    is_text: bool
    write: Callable[[ProjectSource, BinaryIO], None]


def write_json_lines(source: ProjectSource, output: BinaryIO) -> None:
    """Write projects as JSON Lines, one record JSON document on each line, streamed."""
    records = (record_json(project) for project in source.projects())
    output.writelines(json.dumps(record, ensure_ascii=False).encode() + b"\n" for record in records)


def _write_workbook(source: ProjectSource, output: BinaryIO) -> None:
    from iomld.export.workbook import write_workbook  # noqa: PLC0415  # openpyxl takes 0.2 s to import, and few use it

    write_workbook(source, output)


TABLE_FORMATS: Mapping[str, TableFormat] = {
    "csv": TableFormat("application/zip", "zip", is_text=False, write=write_csv),
    "xlsx": TableFormat(MEDIA_TYPE, "xlsx", is_text=False, write=_write_workbook),
    "jsonl": TableFormat("application/jsonl", "jsonl", is_text=True, write=write_json_lines),
}


def write_dataset(release: Release, format_: Format, output: BinaryIO) -> None:
    """Write the dataset of a release, streamed.

    Args:
        release: The release.
        format_: An RDF format; all but N-Quads and TriG get all triples in one graph.
        output: The stream to write to.
    """
    _rewrite(release, FILES.dataset, (rdf.NQUADS, format_), output)


def write_subset(release: Release, partitioning: Partitioning, name: str, format_: Format, output: BinaryIO) -> None:
    """Write the subset of a class or a region.

    Args:
        release: The release.
        partitioning: The criterion of the subsets.
        name: Name of the subset.
        format_: One of the formats that the partitioning offers.
        output: The stream to write to.
    """
    _rewrite(release, subset_file(partitioning, name, partitioning.written), (partitioning.written, format_), output)


def _rewrite(release: Release, file: str, formats: tuple[Format, Format], output: BinaryIO) -> None:
    """Write a compressed file of a release, converted from its format to another."""
    stored, target = formats
    if target is rdf.JSONLD:
        nodes = chain(_project_nodes(release, file, stored), _other_nodes(release, file, stored))
        write_graph(nodes, jsonld_context(release.manifest.base), output)
        return
    with open_gzip(release.file(file)) as lines:
        if stored is target:
            shutil.copyfileobj(lines, output)
        else:
            prefixes = Iris(release.manifest.base).prefixes()
            quads = rdf.parse(lines, stored)
            rdf.write(quads if target.holds_graphs else _triples(quads), target, output, prefixes=prefixes)


def _project_nodes(release: Release, file: str, stored: Format) -> Iterator[Mapping[str, object]]:
    """The framed documents of the projects whose graphs are in a file; the store has each graph together."""
    if not stored.holds_graphs:
        return
    base = release.manifest.base
    with open_gzip(release.file(file)) as lines:
        graphs = {graph for line in lines if _is_record(graph := graph_of(line), base)}
    opened = store.open_read_only(release.file(FILES.store))
    for graph in sorted(graphs):
        yield framed_project(store.graph_quads(opened, graph.decode()), base=base)


def _other_nodes(release: Release, file: str, stored: Format) -> Iterator[Mapping[str, object]]:
    """The subjects in other graphs, or all subjects of a file without graphs, one node each."""
    base = release.manifest.base
    with open_gzip(release.file(file)) as lines:
        others = (line for line in lines if not (stored.holds_graphs and _is_record(graph_of(line), base)))
        for _, block in groupby(others, key=lambda line: line[: line.index(b" ")]):
            quads = tuple(rdf.parse(b"".join(block), stored))
            yield compact_resource(quads, subject=cast("NamedNode", quads[0].subject).value, base=base)


def _is_record(graph: bytes, base: str) -> bool:
    """Whether a graph is that of a project's record."""
    start = Iris(base).record("").encode()
    return graph.startswith(start) and b"/" not in graph[len(start) :]


def _triples(quads: Iterable[Quad]) -> Iterator[Triple]:
    """The triples of sorted quads; a triple in two graphs is there once."""
    return (triple for triple, _ in groupby(quad.triple for quad in quads))
