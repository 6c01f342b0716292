"""The empty table: what it offers is what the readers and the linker take."""

import csv
import io
from pathlib import Path
from typing import cast

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from tests.conftest import run_iomld

from iomld.assets import load_fields, load_vocabulary
from iomld.export.workbook import offered_values, template_columns, write_csv_template, write_workbook_template
from iomld.link.project import build_linker
from iomld.model import Finding, Severity
from iomld.pipeline.conversion import Choices
from iomld.pipeline.stages import load_pipeline, outcomes
from iomld.read import read_bytes
from iomld.read.table.headings import heading_of
from iomld.vocab import Vocabulary

FILLED = {
    "projectCode": "PO.0001",
    "title_en": "Planning for Mobility in Two Ports",
    "status": "Completed",
    "coverage": "Regional",
    "region": "Africa",
    "startYear": 2017,
    "endYear": 2019,
    "allocationYear": 2017,
    "budgetUSD": 100000,
    "benefitingMemberStates": "Namibia; South Africa",
    "sourceUrl": "https://example.org/p",
    "retrievedAt": "2026-11-23T19:00:00Z",
}


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    """Our lists."""
    return load_vocabulary()


@pytest.fixture(scope="module")
def template(vocabulary: Vocabulary) -> bytes:
    """The workbook."""
    out = io.BytesIO()
    write_workbook_template(vocabulary, out)
    return out.getvalue()


def filled(template: bytes, vocabulary: Vocabulary) -> bytes:
    """The workbook with one project and one mention, chosen from the drop-downs."""
    workbook = load_workbook(io.BytesIO(template))
    content = FILLED | {"projectType": offered_values(vocabulary)["projectType"][0]}
    for name, cells in (
        ("projects", content),
        ("mentions", {"projectCode": "PO.0001", "framework": "gcm", "quote": "GCM", "language": "en"}),
    ):
        sheet = cast("Worksheet", workbook[name])
        columns = {cell.value: cell.column for cell in sheet[1]}
        for heading, value in cast("dict[str, object]", cells).items():
            sheet.cell(2, columns[heading] or 0, str(value) if isinstance(value, str) else cast("int", value))
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def findings_of(data: bytes) -> list[Finding]:
    """What all stages say."""
    groups = ((record,) for record in read_bytes(data, file="a.xlsx"))
    return [one for outcome in outcomes(groups, load_pipeline(Choices())) for one in outcome.findings]


def test_a_filled_template_conforms(template: bytes, vocabulary: Vocabulary) -> None:
    """No Violation, and nothing to say about its columns and sheets."""
    findings = findings_of(filled(template, vocabulary))
    assert [one for one in findings if one.severity is Severity.VIOLATION] == []
    assert {one.rule for one in findings}.isdisjoint({"unknownColumn", "ignoredSheet", "hiddenSheet", "hiddenColumn"})


def test_every_value_of_a_drop_down_links_to_one_code(vocabulary: Vocabulary) -> None:
    """What can be chosen is understood."""
    linker = build_linker(vocabulary)
    offered = offered_values(vocabulary)
    for column, scheme in (
        ("status", "status"),
        ("projectType", "type"),
        ("coverage", "coverage"),
        ("region", "region"),
    ):
        codes = [linker.lexicon.concepts[scheme].code(value) for value in offered[column]]
        assert sorted(map(str, codes)) == sorted(vocabulary.concepts[scheme])
    members = {code for code, country in vocabulary.countries.items() if country.is_member}
    read = [linker.lexicon.gazetteer.states(name) for name in offered["benefitingMemberStates"]]
    assert {code for states in read for code in states.codes} == members
    assert all(len(states.codes) == 1 and not states.leftovers for states in read)
    assert all(linker.lexicon.concepts["framework"].code(code) == code for code in offered["framework"])


def test_the_workbook_helps_people(template: bytes, vocabulary: Vocabulary) -> None:
    """A fixed header, a note on each column, drop-downs that point at the hidden lists."""
    workbook = load_workbook(io.BytesIO(template))
    assert workbook.sheetnames == ["projects", "mentions", "lists"]
    assert workbook["lists"].sheet_state == "hidden"
    sheet = cast("Worksheet", workbook["projects"])
    assert sheet.freeze_panes == "A2"
    header = [str(cell.value) for cell in sheet[1]]
    assert header == [heading for heading, _ in template_columns()]
    notes = {str(cell.value): cell.comment.text if cell.comment else "" for cell in sheet[1]}
    assert all("\nExample / Exemple / Ejemplo: " in note for note in notes.values())
    field = load_fields().given["allocationYear"]
    assert notes["allocationYear"].splitlines()[:3] == [field.note(code) for code in ("en", "fr", "es")]
    assert "Adresse de la page." in notes["sourceUrl"]
    assert all(len(set(note.splitlines()[:3])) == 3 for note in notes.values())
    lists = cast("Worksheet", workbook["lists"])
    ranges = {
        header[next(iter(rule.sqref.ranges)).min_col - 1]: str(rule.formula1).replace("lists!", "")
        for rule in sheet.data_validations.dataValidation
    }
    offered = offered_values(vocabulary)
    for column in ("status", "projectType", "coverage", "region", "benefitingMemberStates"):
        cells = cast("tuple[tuple[object, ...], ...]", lists[ranges[column].replace("$", "")])
        assert [row[0].value for row in cells] == list(offered[column])  # type: ignore[attr-defined]  # a cell


def test_the_csv_template_has_the_same_columns() -> None:
    """A header and nothing else; each heading is known."""
    out = io.BytesIO()
    write_csv_template(out)
    rows = list(csv.reader(io.StringIO(out.getvalue().decode("utf-8-sig"))))
    assert rows == [[heading for heading, _ in template_columns()]]
    assert all(heading_of(heading) for heading in rows[0])


def test_equal_templates_are_equal_bytes(template: bytes, vocabulary: Vocabulary) -> None:
    """No time of writing."""
    out = io.BytesIO()
    write_workbook_template(vocabulary, out)
    assert out.getvalue() == template


def test_the_command_writes_both_forms(template: bytes, tmp_path: Path) -> None:
    """`iomld template` writes the workbook, or the header on standard output."""
    done = run_iomld("template", "--to", tmp_path / "t.xlsx")
    assert (done.returncode, (tmp_path / "t.xlsx").read_bytes()) == (0, template)
    done = run_iomld("template", "--format", "csv")
    assert done.stdout.lstrip("\ufeff").startswith("projectCode,primaId,title_en,title_fr")


def test_a_table_that_was_filled_in_is_not_overwritten(tmp_path: Path) -> None:
    """The command names the way to do it all the same."""
    table = tmp_path / "projects.csv"
    table.write_text("mine")
    refused = run_iomld("template", "--format", "csv", "--to", table)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "--force" in refused.stderr
    assert table.read_text() == "mine"
    assert run_iomld("template", "--format", "csv", "--to", table, "--force").returncode == 0
    assert table.read_text().removeprefix("\ufeff").startswith("projectCode")


def test_a_name_that_says_another_format(tmp_path: Path) -> None:
    """A workbook is not written into a file whose name says CSV."""
    refused = run_iomld("template", "--to", tmp_path / "projects.csv")
    assert (refused.returncode, "--format csv" in refused.stderr) == (2, True)
    assert not [*tmp_path.iterdir()]
