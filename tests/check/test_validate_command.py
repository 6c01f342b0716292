"""`iomld validate` and its forms of the report."""

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.conftest import ROOT

from iomld.check.reports import REPORT_FORMATS
from iomld.cli.validate import validate_command
from iomld.formats.rdf import TURTLE, parse

PAGE = str(ROOT / "tests" / "golden" / "page.txt")


def validate(*arguments: str | Path) -> Result:
    """Run the command; what it returns is the exit status."""
    done = CliRunner().invoke(validate_command, [*map(str, arguments)], standalone_mode=False)
    assert done.exception is None, done.exception
    return done


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    """Three records with a violation each, and more."""
    path = tmp_path / "faulty.jsonl"
    path.write_text("".join(f'{{"projectCode": "PO.900{number}"}}\n' for number in range(3)), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", [format_.name for format_ in REPORT_FORMATS])
def test_the_exit_status_goes_by_violations(name: str, faulty: Path) -> None:
    """Whatever the format: 1 with a violation, 0 with an Info alone, though SHACL says that it does not conform."""
    refused, accepted = validate(faulty, "--format", name), validate(PAGE, "--format", name)
    assert (refused.return_value, accepted.return_value) == (1, 0)
    assert refused.stdout.endswith("\n")
    assert refused.stderr == accepted.stderr == ""


def test_the_cap_is_said_and_the_counts_are_whole(faulty: Path) -> None:
    """Text says the cap in the report; the other formats on standard error too."""
    text = validate(faulty, "--max-findings", "2").stdout.splitlines()
    assert text[-4].startswith("Only the first 2 of ")
    assert text[-1].startswith("Does not conform: 3 records, 3 projects, ")
    capped = validate(faulty, "--max-findings", "2", "--format", "json")
    whole = json.loads(validate(faulty, "--format", "json").stdout)
    document = json.loads(capped.stdout)
    assert capped.stderr.startswith("iomld: Only the first 2 of ")
    assert len(document["results"]) == 2
    assert (document["counts"], document["groups"]) == (whole["counts"], whole["groups"])
    assert not whole["capped"]


def test_a_table_whose_codes_are_not_recognized_leads_to_a_mapping(tmp_path: Path) -> None:
    """Its reader has the codes, under another heading; a page has them below a label."""
    table, page = tmp_path / "grants.csv", tmp_path / "page.txt"
    table.write_text("Grant,title_en,status\nPO.9001,Ports of the islands,active\n", encoding="utf-8")
    page.write_text("Ports of the islands\nProject Status\nActive\nProject Type\nLabour Migration\n", encoding="utf-8")
    assert "say so in a mapping: iomld mapping draft FILE." in validate(table).output
    assert "on a page the code is under “Projects ID”." in validate(page).output


def test_groups_colours_and_formats(faulty: Path) -> None:
    """Causes once with their places; colours where asked for, none where output is no terminal."""
    grouped = validate(faulty, "--group").stdout
    assert "title: 3 violations. " in grouped
    assert grouped.count(f"    {faulty}:2:1\n") > 3
    assert "\x1b[" not in validate(faulty).stdout
    assert "\x1b[1;31mviolation:" in validate(faulty, "--color").stdout
    rows = list(csv.DictReader(io.StringIO(validate(faulty, "--format", "csv").stdout, newline="")))
    assert {row["file"] for row in rows} == {str(faulty)}
    assert list(parse(validate(faulty, "--format", "turtle").stdout, TURTLE))


def test_options_that_do_nothing_are_refused(faulty: Path) -> None:
    """Grouping and colours are for text; a cap of nothing is none."""
    for arguments in (["--group", "--format", "json"], ["--color", "--format", "csv"], ["--max-findings", "0"]):
        assert CliRunner().invoke(validate_command, [str(faulty), *arguments]).exit_code == 2
