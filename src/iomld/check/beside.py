"""The rows of tables that findings speak of, to be shown beside them."""

import re

from iomld.check.report import CheckReport
from iomld.errors import SourceError
from iomld.read.detect import is_workbook
from iomld.read.table.csv import table_rows
from iomld.read.table.rows import ShownRow
from iomld.read.table.workbook import workbook_rows

_NUMBER = re.compile(r"[A-Z]+([0-9]+)")
_MOST_ROWS = 500


def rows_beside(report: CheckReport, data: bytes, name: str) -> tuple[ShownRow, ...]:
    """The rows of a table in which something was found, with their headings.

    Args:
        report: What was found.
        data: What was checked.
        name: Its name.
    """
    wanted: dict[str, set[int]] = {}
    count = 0
    for finding in report.findings:
        place = finding.place
        match = _NUMBER.fullmatch(place.cell) if place and place.cell and place.file == name else None
        if place and match and count < _MOST_ROWS:
            numbers = wanted.setdefault(place.sheet or "", set())
            count += int(match[1]) not in numbers
            numbers.add(int(match[1]))
    if not wanted:
        return ()
    try:
        if is_workbook(data):
            rows = workbook_rows(data, file=name, wanted=wanted)
        else:
            rows = table_rows(data, file=name, wanted=wanted.get("", set()))
        return tuple(rows)
    except SourceError:  # packed, or in a form of its own: the findings stand alone
        return ()
