"""The report on a terminal."""

import json
from dataclasses import replace

import pytest

from iomld.check.report import Basis, CheckReport, FindingGroup, Tally
from iomld.check.reports.text import finding_lines, report_lines
from iomld.messages import Message, message
from iomld.model import Finding, Place, Severity
from iomld.read.record.locate import excerpt as shortened

ESCAPE = "\x1b"


def marked(excerpt: str, value: str | None, column: int | None) -> str | None:
    """What the carets stand under, or None where there are none."""
    place = Place("x.json", line=3, column=column, excerpt=excerpt)
    lines = list(finding_lines(Finding("rule", Severity.VIOLATION, Message("Wrong."), value=value, place=place)))
    mark = [line for line in lines if set(line) == {" ", "^"}]
    assert lines[1] == f"    {excerpt}"
    return lines[1][mark[0].index("^") : mark[0].rindex("^") + 1] if mark else None


@pytest.mark.parametrize(
    ("excerpt", "value", "column", "under"),
    [
        ('"budgetUSD": "100 000 USD",', "100 000 USD", 17, "100 000 USD"),
        ('"startYear": 2018, "endYear": 2018', "2018", 35, "2018"),
        ("2017", "2017", 1, "2017"),
        ('"a20": 1, "b": 20', "20", None, "20"),
        ("{", None, 2, "{"),
        ("Title of the page", None, 1, "T"),
        ("Title of the page", None, 9, None),
        ("no such value here", "zzz", 9, None),
    ],
)
def test_carets_stand_under_the_value(excerpt: str, value: str | None, column: int | None, under: str | None) -> None:
    """The mark is under the value; if the start of the value is unknown, there is no mark."""
    assert marked(excerpt, value, column) == under


def test_the_later_of_two_equal_values_is_marked_by_its_column() -> None:
    """Two equal values in a line are distinguished by their columns."""
    place = Place("x.json", line=1, column=31, excerpt='"startYear": 2018, "endYear": 2018')
    *_, mark = finding_lines(Finding("rule", Severity.INFO, Message("Odd."), value="2018", place=place))
    assert mark.index("^") == 4 + 30


def test_wide_letters_move_the_mark() -> None:
    """A letter that takes two columns of a terminal moves the mark by two."""
    place = Place("x.txt", line=1, column=4, excerpt="日本: x")
    *_, mark = finding_lines(Finding("rule", Severity.INFO, Message("Odd."), value="x", place=place))
    assert mark == " " * (4 + 6) + "^"


def test_a_cell_is_a_place() -> None:
    """A finding of a workbook names sheet and cell."""
    place = Place("x.xlsx", sheet="Projects", cell="C7")
    (line,) = finding_lines(Finding("rule", Severity.INFO, Message("Odd."), place=place))
    assert line == "x.xlsx:Projects!C7: info: Odd. [rule]"


def test_colours_only_when_asked(report: CheckReport) -> None:
    """Without colours there is no escape character; with them the text is the same."""
    plain = "\n".join(report_lines(report))
    colored = "\n".join(report_lines(report, color=True))
    assert ESCAPE not in plain
    assert f"{ESCAPE}[1;31mviolation:{ESCAPE}[0m" in colored
    without = colored
    for code in ("0", "1", "2", "32", "1;31", "1;33", "1;36"):
        without = without.replace(f"{ESCAPE}[{code}m", "")
    assert without == plain


def test_a_source_cannot_steer_the_terminal() -> None:
    """Escape sequences and marks that turn the order of words are shown, not sent."""
    place = Place("x\x1b[2J.txt", line=1, column=1, excerpt="a\x1b]0;title\x07 \u202eb")
    text = "\n".join(
        finding_lines(Finding("rule", Severity.INFO, Message("Bad \x1b[31m."), Message("Do \u2066."), place=place))
    )
    assert all(one.isprintable() or one == "\n" for one in text)
    assert "\\x1b[2J" in text
    assert "\\u202e" in text


def test_groups_name_each_cause_once(report: CheckReport) -> None:
    """Grouped, each rule has one line with its count, then its places."""
    lines = list(report_lines(report, group=True))
    heads = [line for line in lines if not line.startswith(" ")][:-3]
    assert [line.partition(":")[0] for line in heads] == [group.rule for group in report.groups]
    title = next(number for number, line in enumerate(lines) if line.startswith("region: 2 warnings. "))
    assert all("=1+1" in line for line in lines[title + 1 : title + 3])


def test_a_group_with_several_sentences_calls_the_first_an_example(report: CheckReport) -> None:
    """A sentence about one value is no sentence about the whole group; one that fits all findings stands alone."""
    findings = tuple(
        Finding("codeType", Severity.WARNING, message("Code {code} is wrong.", code=code), value=code) for code in "AAB"
    )
    heads = []
    for some in (findings[:2], findings):
        group = FindingGroup("codeType", Severity.WARNING, len(some), some[0])
        heads.append(next(report_lines(replace(report, groups=(group,), findings=some), group=True)))
    assert heads == [
        "codeType: 2 warnings. Code A is wrong.",
        "codeType: 3 warnings. For example: Code A is wrong.",
    ]


def test_groups_count_what_they_do_not_list(capped_report: CheckReport) -> None:
    """A group with more findings than places says how many more there are."""
    lines = list(report_lines(capped_report, group=True))
    number = next(number for number, line in enumerate(lines) if line.startswith("allocationYear: 40 warnings. "))
    assert lines[number + 1 : number + 3] == ["    many.jsonl:1:1", "    and 39 more"]
    assert lines[-4].startswith(f"Only the first 5 of {capped_report.total} findings are listed, ")


def test_the_last_line_is_the_verdict(report: CheckReport) -> None:
    """The verdict and the whole counts end the report."""
    *_, last = report_lines(report)
    assert last.startswith("Does not conform: 2 records, 2 projects, ")
    empty = Tally().report(Basis("submission", "shacl", "0", {}), projects=0)
    assert list(report_lines(replace(empty, records=1, projects=1, focus_nodes={"<x:shape>": 1}))) == [
        "Resources that each shape checked: 1 (<x:shape>).",
        "Checked with profile submission, shacl 0.",
        "Conforms: 1 record, 1 project, 0 violations, 0 warnings, 0 infos.",
    ]


def test_a_long_line_is_shown_around_the_value() -> None:
    """Of a record on one long line the stretch with the value is shown, with the mark under it."""
    line = json.dumps({"title": "a odd title " * 30, "status": "odd", "narrative": "b" * 500})
    column = line.index('"odd"') + 1
    place = Place("x.jsonl", line=1, column=column, excerpt=shortened(line, column))
    *_, shown, mark = finding_lines(Finding("status", Severity.VIOLATION, Message("Odd."), value="odd", place=place))
    at = mark.index("^")
    assert shown[at - 1 : at + len("odd") + 1] == '"odd"'
    assert mark[at:] == "^^^"
    assert len(shown) <= len("    ") + 160
