"""Findings on the page of a report: beside the line, beside the cell, and what is not shown at once."""

import re
from dataclasses import replace

import pytest
from markupsafe import escape

from iomld.check.checker import UploadReport
from iomld.check.report import Basis, Tally
from iomld.messages import Message, message
from iomld.model import Finding, Place, Severity
from iomld.read.table.rows import ShownRow
from iomld.web.data.upload import FilledForm, Rules, Upload, UploadChoices
from iomld.web.pages.validate import fault_page, validation_page
from iomld.web.problems import ProblemError


def _finding(
    line: int, column: int = 1, value: str = "", *, sheet: str | None = None, cell: str | None = None
) -> Finding:
    place = Place("x", line, column, sheet=sheet, cell=cell)
    problem, fix = Message("Not a number."), Message("Write 100.")
    return Finding("budget", Severity.VIOLATION, problem, fix, value=value, place=place)


def _page(text: str | bytes, *findings: Finding, rows: tuple[ShownRow, ...] = ()) -> str:
    tally = Tally()
    for finding in findings:
        tally.add_finding(finding)
    report = UploadReport(tally.report(Basis("submission", "shacl", "0", {}), projects=0), rows)
    return validation_page(report, Upload("x", text if isinstance(text, bytes) else text.encode(), Rules()))


def test_the_fault_is_marked_with_the_fix_first_and_a_link_to_the_rule() -> None:
    """The value in its line is marked; the note begins with what to do; severity is a word and a sign."""
    page = _page('{"budgetUSD": "<b>"}', _finding(1, 15, "<b>"))
    assert "<mark>&lt;b&gt;</mark>" in page
    note = page.split('<div class="note">')[1]
    assert note.index("Write 100.") < note.index("Not a number.") < note.index('href="/shapes#budget"')
    assert re.search(r'<span class="sev err"><span aria-hidden="true">✕</span> Violation</span>', note)


def test_each_fault_of_a_line_is_marked() -> None:
    """Once, where two findings speak of the same."""
    page = _page("a: ONE, b: TWO\n", _finding(1, 1, "TWO"), _finding(1, 4, "ONE"), _finding(1, 4, "ONE"))
    assert "<code>a: <mark>ONE</mark>, b: <mark>TWO</mark></code>" in page
    assert re.findall(r'<span class="ln">(\d+)</span>', page) == ["1"]


def test_lines_between_are_there_on_demand() -> None:
    """A gap opens to its lines with their numbers; one of too many lines only says how many."""
    page = _page("\n".join(f"<i>{number}" for number in range(1, 1001)), _finding(20), _finding(900))
    assert "<summary>Show 16 lines</summary>" in page
    assert "\n  16  &lt;i&gt;16</pre>" in page
    assert "⋮ 873 lines" in page
    assert "&lt;i&gt;500" not in page.partition('<h2 class="gap" id="again">')[0]


def test_a_long_line_is_shown_around_each_fault() -> None:
    """Two faults far apart in one line are two parts with an anchor each, and the list leads to them."""
    text = "a" * 5000 + "ONE" + "b" * 5000 + "TWO" + "c" * 5000
    page = _page(text, _finding(1, 5001, "ONE"), _finding(1, 10004, "TWO"))
    for anchor, value in (("L1", "ONE"), ("L1-2", "TWO")):
        assert f'href="#{anchor}"' in page
        part = page.split(f'id="{anchor}"')[1].split("</code>")[0]
        assert f"<mark>{value}</mark>" in part
        assert len(part) < 600


def test_a_cell_of_a_workbook_is_marked_under_its_heading() -> None:
    """The first cell of the row and those with findings, each beside its heading; others are left out."""
    row = ShownRow(
        sheet="projects",
        number=7,
        line=7,
        headings=("projectCode", "a", "b", "c", "budgetUSD"),
        cells=("PO.9001", "1", "2", "3", "<b>"),
    )
    page = _page(b"PK\x03\x04\0", _finding(7, sheet="projects", cell="E7"), rows=(row,))
    assert re.findall(r'<span class="muted">(\w+)</span> <code>(\w*)</code></th>', page) == [
        ("A7", "projectCode"),
        ("E7", "budgetUSD"),
    ]
    assert '<td class="err"><mark>&lt;b&gt;</mark></td>' in page
    assert '<a href="#R0">projects!E7</a>' in page
    assert 'id="R0"' in page


def test_a_text_in_another_encoding_is_shown_as_it_was_read() -> None:
    """UTF-16 and Windows-1252 are read by tables, so the page shows them."""
    for data in ("name\nMéxico".encode("utf-16"), "name\nMéxico".encode("cp1252")):
        assert "<mark>México</mark>" in _page(data, _finding(2, 1, "México"))


def test_every_rule_of_a_finding_leads_to_its_place() -> None:
    """Rules of reading too; a rule of somebody else's shapes leads nowhere."""
    page = _page("finished\n", replace(_finding(1), rule="unknownStatus"), replace(_finding(1), rule="Theirs"))
    assert 'href="/shapes#unknownStatus"' in page
    assert 'href="/shapes#Theirs"' not in page


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_form_that_is_not_checked_comes_back_as_it_was(language: str) -> None:
    """The reason is told, the place is marked, and all that was filled in is in the form again."""
    reason = message("{file}, line {line}: the file is empty. Nothing was read.", file="pasted text", line=2)
    form = FilledForm(
        text='{"a": 1,\n"title": }', shapes="<s> a <t> .", profile="published", choices=UploadChoices("csv", language)
    )
    page = fault_page(ProblemError(400, "unreadable", reason), form, line=2, column=10).decode()
    assert f'<html lang="{language}"' in page
    assert '<li id="L2" class="err">' in page
    assert "<mark>}</mark>" in page
    assert f">{escape(form.text)}</textarea>" in page
    assert ">&lt;s&gt; a &lt;t&gt; .</textarea>" in page
    assert '<option value="published" selected>' in page
    assert '<option value="csv" selected>' in page
    assert 'id="record-projectCode"' in page
