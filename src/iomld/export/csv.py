"""The tables of projects and mentions as CSV, each alone or both in a zip archive.

Archives are reproducible: dates, order and permissions of the entries are fixed.
"""

import codecs
import csv
import io
import shutil
import tempfile
import zipfile
from collections.abc import Iterable
from typing import BinaryIO, cast

from iomld.export.tables import ProjectSource, mention_cells, mention_header, table_form
from iomld.read.table.rows import neutralized
from iomld.release.downloads import MENTIONS_FILE, PROJECTS_FILE

_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that zip can store
_PERMISSIONS = 0o644 << 16
_UNIX = 3
_ZIP64_SIZE = 2**31 - 1  # bytes; larger entries need the zip64 format


def add_entry(archive: zipfile.ZipFile, name: str, content: BinaryIO, size_bytes: int) -> None:
    """Write a stream as an entry of an archive.

    Args:
        archive: The archive, open for writing.
        name: Name of the entry.
        content: Its content, from the current position of the stream.
        size_bytes: The approximate size, which decides whether the entry is zip64.
    """
    entry = zipfile.ZipInfo(name, _DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = _PERMISSIONS
    entry.create_system = _UNIX
    with archive.open(entry, "w", force_zip64=size_bytes > _ZIP64_SIZE) as target:
        shutil.copyfileobj(content, target)


def write_csv(source: ProjectSource, output: BinaryIO) -> None:
    """Write both tables as a zip archive, streamed; equal records result in equal bytes.

    Cells that a spreadsheet would take for a formula start with an apostrophe, which our reader removes. The files
    start with a byte order mark, since Excel reads UTF-8 only with one; rows end with CR LF (RFC 4180).
    """
    with tempfile.TemporaryFile() as projects, tempfile.TemporaryFile() as mentions:
        write_tables(source, cast("BinaryIO", projects), cast("BinaryIO", mentions))
        with tempfile.TemporaryFile() as zipped:
            with zipfile.ZipFile(zipped, "w") as archive:
                for name, file in ((PROJECTS_FILE, projects), (MENTIONS_FILE, mentions)):
                    size_bytes = file.tell()
                    file.seek(0)
                    add_entry(archive, name, cast("BinaryIO", file), size_bytes)
            zipped.seek(0)
            shutil.copyfileobj(zipped, output)


def write_tables(source: ProjectSource, projects: BinaryIO, mentions: BinaryIO) -> None:
    """Write the tables of projects and of mentions, the same bytes as in the archive.

    Args:
        source: The projects, which are read once.
        projects: The stream for the table of projects.
        mentions: The stream for the table of mentions.
    """
    form = table_form(source)
    projects.write(csv_head(form.header))
    mentions.write(csv_head(mention_header()))
    for project in source.projects():
        projects.write(csv_rows([form.cells(project)]))
        mentions.write(csv_rows(mention_cells(project, mention) for mention in project.mentions))


def csv_head(header: Iterable[str]) -> bytes:
    """The beginning of a file: a byte order mark, as Excel reads UTF-8 only with one, and the row of headings."""
    return codecs.BOM_UTF8 + csv_rows([header])


def csv_rows(rows: Iterable[Iterable[str]]) -> bytes:
    """Rows of a table as UTF-8, without a byte order mark."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows([neutralized(cell) for cell in cells] for cells in rows)
    return text.getvalue().encode()
