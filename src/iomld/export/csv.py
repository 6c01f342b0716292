"""The tables as CSV, each alone or all in a zip archive with their descriptions.

Archives are reproducible: dates, order and permissions of the entries are fixed.
"""

import codecs
import csv
import io
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from typing import BinaryIO, cast

from iomld.export.table_schemas import archive_descriptions
from iomld.export.tables import ProjectSource, TableForm, table_form, table_headers, table_rows
from iomld.read.table.rows import neutralized

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
    """Write the three tables and their descriptions as a zip archive, streamed; equal records result in equal bytes.

    Cells that a spreadsheet would take for a formula start with an apostrophe, which our reader removes. The files
    start with a byte order mark, since Excel reads UTF-8 only with one; rows end with CR LF (RFC 4180).
    """
    form = table_form(source)
    with ExitStack() as stack:
        files = {name: cast("BinaryIO", stack.enter_context(tempfile.TemporaryFile())) for name in table_headers(form)}
        have_codes = write_tables(source, form, files)
        zipped = stack.enter_context(tempfile.TemporaryFile())
        with zipfile.ZipFile(zipped, "w") as archive:
            for name, file in files.items():
                size_bytes = file.tell()
                file.seek(0)
                add_entry(archive, f"{name}.csv", file, size_bytes)
            for name, content in archive_descriptions(form, source.base, have_codes=have_codes).items():
                add_entry(archive, name, io.BytesIO(content), len(content))
        zipped.seek(0)
        shutil.copyfileobj(zipped, output)


def write_tables(source: ProjectSource, form: TableForm, outputs: Mapping[str, BinaryIO]) -> bool:
    """Write tables, the same bytes as in the archive.

    Args:
        source: The projects, which are read once.
        form: The columns of the table of projects.
        outputs: A stream for each table that is wanted, by its name.

    Returns:
        Whether all projects have a code.
    """
    have_codes = True
    headers = table_headers(form)
    for name, output in outputs.items():
        output.write(csv_head(headers[name]))
    for project in source.projects():
        have_codes = have_codes and project.code is not None
        rows = table_rows(form, project)
        for name, output in outputs.items():
            output.write(csv_rows(rows[name]))
    return have_codes


def csv_head(header: Iterable[str]) -> bytes:
    """The beginning of a file: a byte order mark, as Excel reads UTF-8 only with one, and the row of headings."""
    return codecs.BOM_UTF8 + csv_rows([header])


def csv_rows(rows: Iterable[Iterable[str]]) -> bytes:
    """Rows of a table as UTF-8, without a byte order mark."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows([neutralized(cell) for cell in cells] for cells in rows)
    return text.getvalue().encode()
