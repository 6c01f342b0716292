"""Formats of an export by name; JSON Lines; the whole dataset in one format.

The formats of tables that projects are written in, by name.

Projects as JSON Lines: record JSON, one project a line.

The whole dataset of a release, or a subset of it, in one format, streamed from the file that the release holds.
"""

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from iomld.export.csv import write_csv
from iomld.export.records import record_json
from iomld.export.tables import ProjectSource
from iomld.export.workbook import write_workbook
from iomld.formats import rdf
from iomld.formats.rdf import Format
from iomld.iris import Iris
from iomld.read.table.workbook_package import MEDIA_TYPE
from iomld.release import FILES, Release
from iomld.release.nquads import open_gzip
from iomld.release.subsets import Partitioning, subset_file


def write_json_lines(source: ProjectSource, output: BinaryIO) -> None:
    """Write every project, streamed, in the order of the source."""
    records = (record_json(project) for project in source.projects())
    output.writelines(json.dumps(record, ensure_ascii=False).encode() + b"\n" for record in records)


@dataclass(frozen=True, slots=True)
class TableFormat:
    """A format.

    Attributes:
        media_type: RFC 6838 type of the file.
        suffix: What its name ends in, without the dot.
        is_text: Whether a terminal can show it.
        write: Writes projects to a stream.
    """

    media_type: str
    suffix: str
    is_text: bool
    write: Callable[[ProjectSource, BinaryIO], None]


TABLE_FORMATS: Mapping[str, TableFormat] = {
    "csv": TableFormat("application/zip", "zip", is_text=False, write=write_csv),
    "xlsx": TableFormat(MEDIA_TYPE, "xlsx", is_text=False, write=write_workbook),
    "jsonl": TableFormat("application/jsonl", "jsonl", is_text=True, write=write_json_lines),
}


def write_dataset(release: Release, format_: Format, output: BinaryIO) -> None:
    """Write the dataset.

    Args:
        release: The release.
        format_: Any RDF format; those without graphs get all triples together.
        output: Where the bytes go.
    """
    _rewrite(release, FILES.dataset, (rdf.NQUADS, format_), output)


def write_subset(release: Release, partitioning: Partitioning, name: str, format_: Format, output: BinaryIO) -> None:
    """Write the subset of a class or a region.

    Args:
        release: The release.
        partitioning: By what the dataset is partitioned.
        name: The name of the subset.
        format_: One of the formats that the partitioning offers.
        output: Where the bytes go.
    """
    _rewrite(release, subset_file(partitioning, name, partitioning.written), (partitioning.written, format_), output)


def _rewrite(release: Release, file: str, formats: tuple[Format, Format], output: BinaryIO) -> None:
    """Copy a compressed file, from one format to another."""
    held, wanted = formats
    with open_gzip(release.file(file)) as lines:
        if held is wanted:
            shutil.copyfileobj(lines, output)
        else:
            prefixes = Iris(release.manifest.base).prefixes()
            rdf.write(rdf.parse(lines, held), wanted, output, prefixes=prefixes)
