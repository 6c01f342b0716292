"""The rows of tables that findings speak of."""

import io

from openpyxl import Workbook

from iomld.check.checker import Checker, finding_rows
from iomld.read.table.rows import ShownRow

HEADER = ("projectCode", "title_en", "budgetUSD")
ROWS = (("PO.9001", "One", 50000), ("PO.9002", "Two", "100 000 USD"))


def test_rows_of_a_table_come_with_their_headings(checker: Checker) -> None:
    """Of a table in text and of a workbook the same row, and its line in the text."""
    lines = [",".join(HEADER), '"PO.9001","One\nline",50000', "PO.9002,Two,100 000 USD"]
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "projects"
    for row in (HEADER, *ROWS):
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    for data, name, line, sheet_name in (
        ("\n".join(lines).encode(), "t.csv", 4, None),
        (file.getvalue(), "t.xlsx", 3, "projects"),
    ):
        rows = finding_rows(checker.check_bytes(data, name), data, name)
        assert ShownRow(sheet_name, 3, line, tuple(HEADER), ("PO.9002", "Two", "100 000 USD")) in rows


def test_what_is_no_table_has_no_rows(checker: Checker) -> None:
    """JSON gives none."""
    data = b'{"projectCode": "PO.9001", "budgetUSD": "x"}'
    assert finding_rows(checker.check_bytes(data, "r.json"), data, "r.json") == ()
