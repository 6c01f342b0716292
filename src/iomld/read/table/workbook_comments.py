"""Add findings to a workbook as comments on its cells.

Values, formulas, styles, other sheets and drop-downs are preserved as far as openpyxl preserves them. Comments would
break macros, so a workbook with macros is refused.
"""

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import BinaryIO, cast

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.utils import range_boundaries
from openpyxl.worksheet.worksheet import Worksheet

from iomld.errors import SourceError
from iomld.messages import ForeignText, message
from iomld.read.detect import is_workbook
from iomld.read.table.rows import neutralized
from iomld.read.table.workbook_package import Package, open_package
from iomld.read.xml import read_prolog

SHEET = "Findings"  # for remarks without a cell
_AUTHOR = "iomld"
_MOST_BYTES = 20 * 1024 * 1024  # uncompressed; openpyxl takes fifty times as much memory
_PROLOG_BYTES = 64 * 1024
_LONGEST_COMMENT = 30_000  # characters; a cell holds 32 767
_MACROS = "vbaProject.bin"
_MOST_MERGED = 200_000  # cells; openpyxl creates each of them
_CELL = re.compile(r"[A-Z]{1,3}[1-9][0-9]{0,6}")
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_WIDTH, _LINE_HEIGHT, _LINE_LENGTH = 360, 18, 48


@dataclass(frozen=True, slots=True)
class Remark:
    """A remark about a place in a workbook.

    Attributes:
        sheet: Name of the sheet; empty if unknown.
        cell: The cell, such as `C7`; empty if unknown.
        row: The row; 0 if unknown.
        text: The sentence.
    """

    sheet: str
    cell: str
    row: int
    text: str


def write_commented(data: bytes, remarks: Iterable[Remark], output: BinaryIO, *, file: str) -> None:
    """Write a workbook with remarks as comments; those without a cell go to a sheet of their own.

    Args:
        data: The bytes of the workbook.
        remarks: The remarks; several on a cell make one comment.
        output: The stream to write to.
        file: The file's name, for messages.

    Raises:
        SourceError: It is not a workbook, is damaged, holds macros, or is too large to be commented.
    """
    if not is_workbook(data):
        raise SourceError(
            message(
                "{file}: only a workbook (XLSX) can be returned with comments. Choose another report format.", file=file
            )
        )
    _check_limits(open_package(data, file), file)
    try:
        workbook = load_workbook(io.BytesIO(data), rich_text=True)
    except Exception as error:  # openpyxl raises whatever a damaged part makes its code raise
        raise SourceError(
            message(
                "{file}: comments cannot be added to this workbook ({detail}). Save it again.",
                file=file,
                detail=ForeignText(error),
            )
        ) from error
    by_cell: dict[tuple[str, str], list[str]] = {}
    elsewhere: list[str] = []
    for remark in remarks:
        cell = remark.cell or (f"A{remark.row}" if remark.row else "")
        if remark.sheet in workbook.sheetnames and _CELL.fullmatch(cell):
            by_cell.setdefault((remark.sheet, cell), []).append(remark.text)
        else:
            elsewhere.append(remark.text)
    for (sheet, name), texts in by_cell.items():
        if not _add_comment(workbook[sheet], name, texts):
            elsewhere += [f"{sheet}!{name}: {text}" for text in texts]
    if elsewhere:
        _add_list_sheet(workbook, elsewhere)
    compressed = io.BytesIO()  # zipfile seeks, which the output may not support
    workbook.save(compressed)
    output.write(compressed.getvalue())


def _check_limits(package: Package, file: str) -> None:
    """Refuse a workbook that is too large, has macros, a document type in a part, or too many merged cells."""
    entries = package.archive.infolist()
    size = sum(entry.file_size for entry in entries)
    if size > _MOST_BYTES:
        raise SourceError(
            message(
                "{file}: the workbook unpacks to {size} bytes, and comments are added only up to {limit}. Choose "
                "another report format, or split the workbook.",
                file=file,
                size=size,
                limit=_MOST_BYTES,
            )
        )
    for entry in entries:
        if entry.filename.endswith(_MACROS):
            raise SourceError(
                message("{file}: the workbook contains macros, which comments would break. Save it as XLSX.", file=file)
            )
        if entry.filename.endswith((".xml", ".rels", ".vml")):
            with cast("BinaryIO", package.archive.open(entry)) as stream:
                prolog = read_prolog(stream.read(_PROLOG_BYTES))
            if prolog.doctype is not None:
                raise SourceError(
                    message(
                        "{file}: the part {part} of the workbook is not plain XML. Save the workbook again.",
                        file=file,
                        part=entry.filename,
                    )
                )
    merged = sum(
        _cell_count(element.get("ref", ""))
        for sheet in package.sheets
        for element in package.elements(sheet.part, "mergeCell")
    )
    if merged > _MOST_MERGED:
        raise SourceError(
            message(
                "{file}: the workbook has {count} merged cells, more than the limit of {limit}. Unmerge them.",
                file=file,
                count=merged,
                limit=_MOST_MERGED,
            )
        )


def _cell_count(reference: str) -> int:
    """Number of cells of a range; a malformed range counts as too many."""
    try:
        left, top, right, bottom = range_boundaries(reference)
    except (ValueError, TypeError):
        return _MOST_MERGED + 1
    if left is None or top is None or right is None or bottom is None:  # whole columns or rows
        return _MOST_MERGED + 1
    return (right - left + 1) * (bottom - top + 1)


def _add_comment(sheet: object, name: str, texts: Sequence[str]) -> bool:
    """Add to the comment of a cell, or create one; False if the sheet has no cells."""
    if not isinstance(sheet, Worksheet):
        return False
    cell = sheet[name]
    if isinstance(cell, MergedCell):  # the first cell of the range holds the value
        first = next((area.start_cell for area in sheet.merged_cells.ranges if name in area), None)
        cell = sheet[first.coordinate] if first is not None else cell
    if not isinstance(cell, Cell):
        return False
    before = cell.comment.text if cell.comment else ""
    text = _UNWRITABLE.sub("\ufffd", "\n\n".join(([before] if before else []) + list(texts)))[:_LONGEST_COMMENT]
    lines = sum(len(line) // _LINE_LENGTH + 1 for line in text.split("\n"))
    cell.comment = Comment(text, _AUTHOR, height=min(_LINE_HEIGHT * (lines + 1), 600), width=_WIDTH)
    return True


def _add_list_sheet(workbook: Workbook, texts: Sequence[str]) -> None:
    """Add a sheet with one text in each row."""
    sheet = workbook.create_sheet(SHEET)
    sheet.column_dimensions["A"].width = 120
    for number, text in enumerate((SHEET, *texts), start=1):
        cell = sheet.cell(number, 1)
        cell.value = neutralized(_UNWRITABLE.sub("\ufffd", text)[:_LONGEST_COMMENT])
        cell.data_type = "s"  # a string even if it begins like a formula
    sheet["A1"].font = Font(bold=True)
