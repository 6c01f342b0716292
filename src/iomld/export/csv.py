"""The tables as CSV in a zip archive.

The tables of projects as CSV: projects.csv and mentions.csv in one zip archive.

Zip archives that are the same bytes for the same content: fixed dates, order and rights.
"""

import csv
import io
import shutil
import tempfile
import zipfile
from collections.abc import Iterable
from typing import BinaryIO, Self, cast

from iomld.export.tables import MENTION_HEADER, ProjectSource, mention_cells, table_form
from iomld.read.table.rows import neutralised

_DATE = (1980, 1, 1, 0, 0, 0)  # the first that zip can write
_RIGHTS = 0o644 << 16
_UNIX = 3
_LARGE = 2**31 - 1


def add_entry(archive: zipfile.ZipFile, name: str, content: BinaryIO, size_bytes: int) -> None:
    """Write a stream as one entry.

    Args:
        archive: Open for writing.
        name: Name of the entry.
        content: Where its bytes come from, from the present place on.
        size_bytes: About how many they are; large ones need another form of header.
    """
    entry = zipfile.ZipInfo(name, _DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = _RIGHTS
    entry.create_system = _UNIX
    with archive.open(entry, "w", force_zip64=size_bytes > _LARGE) as target:
        shutil.copyfileobj(content, target)


PROJECTS_FILE, MENTIONS_FILE = "projects.csv", "mentions.csv"


def write_csv(source: ProjectSource, output: BinaryIO) -> None:
    """Write both tables, streamed; equal records give equal bytes.

    Cells that a spreadsheet would take for a formula begin with an apostrophe, which our reader takes off. The files
    begin with a byte order mark, since Excel reads UTF-8 only with one; rows end with CR LF (RFC 4180).
    """
    form = table_form(source)
    with tempfile.TemporaryFile() as projects, tempfile.TemporaryFile() as mentions:
        with CsvFile(cast("BinaryIO", projects)) as rows, CsvFile(cast("BinaryIO", mentions)) as mention_rows:
            rows.write(form.header)
            mention_rows.write(MENTION_HEADER)
            for project in source.projects():
                rows.write(form.cells(project))
                for mention in project.mentions:
                    mention_rows.write(mention_cells(project, mention))
        with tempfile.TemporaryFile() as packed:
            with zipfile.ZipFile(packed, "w") as archive:
                for name, file in ((PROJECTS_FILE, projects), (MENTIONS_FILE, mentions)):
                    size_bytes = file.tell()
                    file.seek(0)
                    add_entry(archive, name, cast("BinaryIO", file), size_bytes)
            packed.seek(0)
            shutil.copyfileobj(packed, output)


def write_projects(source: ProjectSource, output: BinaryIO) -> None:
    """Write the table of projects alone, the same bytes as in the archive."""
    form = table_form(source)
    with CsvFile(output) as rows:
        rows.write(form.header)
        for project in source.projects():
            rows.write(form.cells(project))


def write_mentions(source: ProjectSource, output: BinaryIO) -> None:
    """Write the table of mentions alone, the same bytes as in the archive."""
    with CsvFile(output) as rows:
        rows.write(MENTION_HEADER)
        for project in source.projects():
            for mention in project.mentions:
                rows.write(mention_cells(project, mention))


class CsvFile:
    """Writes rows to a stream, which stays open; a context manager."""

    def __init__(self, stream: BinaryIO) -> None:
        """Begin with a byte order mark."""
        self._text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._text, lineterminator="\r\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._text.detach()

    def write(self, cells: Iterable[str]) -> None:
        """Write one row of texts."""
        self._writer.writerow([neutralised(cell) for cell in cells])
