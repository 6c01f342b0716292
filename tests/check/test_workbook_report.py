"""The checked workbook given back: comments at its cells, and all else as it was."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from click.testing import CliRunner
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from iomld.check.checker import Checker
from iomld.check.report import CheckReport
from iomld.check.reports.tables import workbook_report
from iomld.check.translation import worded_report
from iomld.cli.validate import validate_command
from iomld.errors import IomldError, SourceError
from iomld.read.table.workbook_comments import Remark, write_commented

HEADER = ("projectCode", "title_en", "status", "budgetUSD", "startYear")
ROWS = (("PO.9001", "One", "finished", "100 000 USD", 2019), ("PO.9002", "=1+1", "Active", "=100000+1", 2019))


def _book() -> Workbook:
    book = Workbook()
    sheet = cast("Worksheet", book.active)
    sheet.title = "projects"
    for row in (HEADER, *ROWS):
        sheet.append(row)
    sheet["A1"].font = Font(bold=True)
    sheet["D2"].comment = Comment("ask the office", "somebody")
    choices = DataValidation(type="list", formula1='"Active,Completed"')
    choices.add("C2:C9")
    sheet.add_data_validation(choices)
    book.create_sheet("plan")["B2"] = "=SUM(projects!E2:E3)"
    return book


def _packed(book: Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _given_back(checker: Checker, data: bytes, language: str = "en") -> tuple[CheckReport, Workbook]:
    report = worded_report(checker.check_bytes(data, "in.xlsx"), language)
    return report, load_workbook(io.BytesIO(workbook_report(report, data, "in.xlsx")))


def _comment(sheet: object, cell: str) -> str:
    comment = cast("Worksheet", sheet)[cell].comment
    return comment.text if comment else ""


def test_findings_are_comments_at_their_cells(checker: Checker) -> None:
    """Each finding with a cell is said there: severity, fix, message, rule; a comment that was there stays."""
    report, book = _given_back(checker, _packed(_book()))
    for finding in report.findings:
        assert finding.place is not None
        said = _comment(book[finding.place.sheet or ""], finding.place.cell or "")
        assert f"[{finding.rule}]" in said
        assert str(finding.message) in said
    text = _comment(book["projects"], "D2")
    assert text.startswith("ask the office\n\nViolation: Write 100000.00")


def test_the_rest_of_the_workbook_stays(checker: Checker) -> None:
    """Formulas, styles, drop-downs and other sheets."""
    _, book = _given_back(checker, _packed(_book()))
    sheet = book["projects"]
    assert (sheet["D3"].value, book["plan"]["B2"].value) == ("=100000+1", "=SUM(projects!E2:E3)")
    assert sheet["A1"].font.bold
    assert [one.formula1 for one in sheet.data_validations.dataValidation] == ['"Active,Completed"']


def test_comments_are_in_the_language_of_the_report(checker: Checker) -> None:
    """French words for a French report."""
    _, book = _given_back(checker, _packed(_book()), "fr")
    assert "Choisissez parmi" in _comment(book["projects"], "C2")


def test_what_has_no_cell_has_a_place() -> None:
    """On the first cell of its row or of its merged range, or on the sheet of findings, never as a formula."""
    book = _book()
    cast("Worksheet", book["projects"]).merge_cells("A5:B6")
    output = io.BytesIO()
    remarks = (
        Remark("projects", "", 2, "about the row"),
        Remark("projects", "B6", 6, "in a merged range"),
        Remark("", "", 0, '=HYPERLINK("http://x")'),
        Remark("gone", "A1", 1, "about another sheet\x00"),
    )
    write_commented(_packed(book), remarks, output, file="in.xlsx")
    back = load_workbook(output)
    assert _comment(back["projects"], "A2") == "about the row"
    assert _comment(back["projects"], "A5") == "in a merged range"
    listed = back["Findings"]
    assert [cell.value for cell in listed["A"]] == ["Findings", '\'=HYPERLINK("http://x")', "about another sheet\ufffd"]
    assert {cell.data_type for cell in listed["A"]} == {"s"}


def _with_part(name: str, content: bytes) -> bytes:
    file = io.BytesIO(_packed(_book()))
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return file.getvalue()


def _merged() -> bytes:
    book = _book()
    sheet = cast("Worksheet", book["plan"])
    file = io.BytesIO()
    sheet.merge_cells("C3:D4")
    book.save(file)
    out = io.BytesIO()
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(out, "w") as archive:
        for entry in source.infolist():
            archive.writestr(entry, source.read(entry).replace(b"C3:D4", b"A1:XFD1048576"))
    return out.getvalue()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: b"projectCode,title\nPO.1,x\n", "only a workbook"),
        (lambda: _with_part("xl/vbaProject.bin", b"x"), "macros"),
        (lambda: _with_part("xl/more.xml", b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'), "not plain XML"),
        (lambda: _with_part("xl/media/large.bin", b"\0" * 250_000_000), "unpacks to"),
        (lambda: _with_part("xl/media/many.bin", bytes(range(256)) * 90_000), "unpacks to"),
        (_merged, "merged"),
    ],
    ids=["no workbook", "macros", "entities", "bomb", "large", "merged"],
)
def test_what_cannot_be_given_back_is_refused_with_a_reason(make: Callable[[], bytes], words: str) -> None:
    """Nothing is written."""
    output = io.BytesIO()
    with pytest.raises(SourceError, match=words):
        write_commented(make(), (), output, file="in.xlsx")
    assert output.getvalue() == b""


def test_the_command_writes_the_workbook(tmp_path: Path) -> None:
    """To a file, with the status of the verdict; never over the workbook, and for one workbook alone."""
    source, target = tmp_path / "in.xlsx", tmp_path / "out.xlsx"
    source.write_bytes(_packed(_book()))
    asked = [str(source), "--format", "xlsx", "--output"]
    done = CliRunner().invoke(validate_command, [*asked, str(target)], standalone_mode=False)
    assert (done.return_value, done.stdout) == (1, "")
    assert "[unknownStatus]" in _comment(load_workbook(target)["projects"], "C2")
    for wrong in ([*asked, str(source)], [str(source), *asked, str(target)]):
        assert CliRunner().invoke(validate_command, wrong).exit_code == 2


def test_every_form_can_be_written_to_a_file(tmp_path: Path) -> None:
    """The bytes are those of standard output."""
    source, target = tmp_path / "in.json", tmp_path / "report"
    source.write_text('{"projectCode": "PO.9001"}', encoding="utf-8")
    for name in ("text", "json", "csv"):
        shown = CliRunner().invoke(validate_command, [str(source), "--format", name], standalone_mode=False)
        CliRunner().invoke(
            validate_command, [str(source), "--format", name, "--output", str(target)], standalone_mode=False
        )
        assert target.read_bytes() == shown.stdout_bytes


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """With what to do, and status 2 of the command."""
    source = tmp_path / "in.json"
    source.write_text('{"projectCode": "PO.9001"}', encoding="utf-8")
    done = CliRunner().invoke(validate_command, [str(source), "--output", str(tmp_path / "none" / "x")])
    assert isinstance(done.exception, IomldError)
    assert "Name another file" in str(done.exception)
