"""The formats of tables that projects are written in, by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from iomld.export.csv_files import write_csv
from iomld.export.json_lines import write_json_lines
from iomld.export.source import TableSource
from iomld.export.workbook import write_workbook
from iomld.read.table.workbook_package import MEDIA_TYPE


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
    write: Callable[[TableSource, BinaryIO], None]


TABLE_FORMATS: Mapping[str, TableFormat] = {
    "csv": TableFormat("application/zip", "zip", is_text=False, write=write_csv),
    "xlsx": TableFormat(MEDIA_TYPE, "xlsx", is_text=False, write=write_workbook),
    "jsonl": TableFormat("application/jsonl", "jsonl", is_text=True, write=write_json_lines),
}
