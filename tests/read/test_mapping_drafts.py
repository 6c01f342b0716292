"""Drafts of mappings: the reader takes them as they are, and they make no table worse."""

import csv
import io
import os
import tomllib
from datetime import date
from pathlib import Path
from typing import cast

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from tests.commands import run_iomld

from iomld.errors import SourceError
from iomld.pipeline.conversion import Choices
from iomld.pipeline.stages import load_pipeline, outcomes
from iomld.read import read_bytes
from iomld.read.archives import files_of_bytes
from iomld.read.mapping.draft import draft_mapping
from iomld.read.mapping.files import mapping_of
from iomld.read.mapping.tables import first_table
from iomld.read.table.mapping import NO_MAPPING

CASES = Path(os.environ.get("IOMLD_SHARED", Path(__file__).parents[3] / "shared")) / "cases"
HEADER = (
    "Grant reference",
    "Title (French)",
    "Countries served",
    "Kick-off",
    "Closing",
    "Amount (EUR)",
    "Team",
    "Status",
)
ROWS = (
    ("DEV/1", "Ports sûrs", "Kenya / Regional", "13/02/2019", "31/03/2020", "€ 1.000,50", "A. Person", "Completed"),
    ("DEV/2", "Routes sûres", "Ghana", "01/02/2019", "01/02/2020", "2.000.000", "B. Person", "Stalled"),
    ("DEV/3", "Gares sûres", "Kenya", "02/02/2019", "01/02/2021", "5,00 EUR", "B. Person", "stalled"),
)  # fmt: skip
PIPELINE = load_pipeline(Choices())


def csv_of(*rows: tuple[str, ...]) -> bytes:
    """A table."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";").writerows(rows)
    return out.getvalue().encode()


def draft_of(data: bytes, name: str = "grants.csv") -> str:
    """The draft for a table."""
    (source,) = files_of_bytes(data, name)
    return "\n".join(draft_mapping(first_table(source), PIPELINE.linker.lexicon)) + "\n"


def refused(data: bytes, draft: str | None) -> int:
    """The records of a table that are refused, with a draft or without; all where it cannot be read."""
    mapping = mapping_of(draft.encode(), "draft.toml") if draft is not None else NO_MAPPING
    records = read_bytes(data, file="grants.csv", options=PIPELINE.read_options(mapping=mapping))
    try:
        return sum(outcome.refused for outcome in outcomes(((record,) for record in records), PIPELINE))
    except SourceError:
        return data.count(b"\n")


def test_a_draft_guesses_columns_and_lists_unknown_words() -> None:
    """Headings, words, days in one form alone, the currency and the characters of amounts; the rest are comments."""
    draft = draft_of(csv_of(("Grants of the office",), HEADER, *ROWS))
    columns = tomllib.loads(draft)["columns"]
    assert columns == {
        "Grant reference": "projectCode",
        "Title (French)": "title_fr",
        "Countries served": {"column": "benefitingMemberStates", "values": {"Regional": ""}},
        "Kick-off": {"column": "startDate", "format": "dd/MM/yyyy"},
        "Closing": {"column": "endDate", "format": "dd/MM/yyyy"},
        "Amount (EUR)": {"column": "budget", "currency": "EUR", "decimalChar": ",", "groupChar": "."},
        "Status": {"column": "status", "values": {"Stalled": ""}},
    }
    assert '# "Team" = "-"  # no column recognized' in draft
    assert '"Stalled" = ""  # 2 rows' in draft
    mapping_of(draft.encode(), "draft.toml")


def test_days_that_could_be_months_are_left_to_a_person() -> None:
    """Where every date fits two forms, neither is stated."""
    rows = (("Project code", "Title", "Start date", "Ends"), ("PO.0001", "Ports", "01/02/2019", "03/04/2019"))
    draft = draft_of(csv_of(*rows))
    assert "format =" not in draft
    assert "dd/MM/yyyy and MM/dd/yyyy" in draft
    assert '# "Ends" = "-"' in draft


def test_a_workbook_needs_no_form_of_dates() -> None:
    """Its dates are dates, and the draft reads the sheet below its title."""
    workbook = Workbook()
    sheet = cast("Worksheet", workbook.active)
    for row in (("Grants",), ("Ref", "Name", "First", "Last"), *(
        (f"G-{number}", "Ports", date(2019, 2, number), date(2020, 2, number)) for number in (1, 2, 3)
    )):  # fmt: skip
        sheet.append(row)
    out = io.BytesIO()
    workbook.save(out)
    columns = tomllib.loads(draft_of(out.getvalue(), "grants.xlsx"))["columns"]
    assert columns == {"Ref": "projectCode", "First": "startDate", "Last": "endDate"}


@pytest.mark.parametrize(
    "rows",
    [
        (HEADER, *ROWS),
        (("Project code", "Title", "Office"), ("PO.0001", "Ports", "Kenya"), ("PO.0002", "Ships", "Nowhere")),
        (("Project code", "Title", "Budget (EUR/USD)"), ("PO.0001", "Ports", "5")),
        (("Project code", "Title", "Budget (EUR)"), ("PO.0001", "Ports", "£ 5"), ("PO.0002", "Ships", "5")),
        (("Project code", "Title", "Title_EN", 'A "b" \\ c'), ("PO.0001", "Ports", "Ports", "x\x7fy")),
        (("Project code", "Title", "Start date"), ("PO.0001", "Ports", "01/02/2019"), ("PO.0002", "Ships", "tbc")),
        (("framework", "quote"), ("gcm", "GCM")),
        (("Project code", "Status"), *(("PO.0001", f"w{'.' * 150}{number}") for number in range(3))),
        (("Project code", "Status"), *((f"PO.{number}", f"word {number}") for number in range(9_000))),
    ],
    ids=["foreign", "office", "two currencies", "pounds", "repeated", "dates", "mentions", "points", "words"],
)
def test_a_draft_is_accepted_as_it_is_and_makes_nothing_worse(rows: tuple[tuple[str, ...], ...]) -> None:
    """The round trip: what is written is read, and no violation more is found than without it."""
    data = csv_of(*rows)
    draft = draft_of(data)
    mapping_of(draft.encode(), "draft.toml")
    if len(rows) < 100:
        assert refused(data, draft) <= refused(data, None)


@pytest.mark.parametrize("data", [b'{"projectCode": "PO.0001"}', b"\xef\xbb\xbf [1, 2]", b"<a>1,2</a>"])
def test_what_is_no_table_has_no_draft(data: bytes) -> None:
    """JSON and XML have commas too, but no columns."""
    with pytest.raises(SourceError, match="not a table"):
        draft_of(data)


def test_the_command_writes_a_mapping_that_validate_takes(tmp_path: Path) -> None:
    """As a person does it: the table of another funder becomes 300 records."""
    table = CASES / "foreign-funder-projects.csv"
    if not table.exists():
        pytest.skip("no shared folder")
    drafted = run_iomld("mapping", "draft", table)
    assert drafted.returncode == 0, drafted.stderr
    (tmp_path / "m.toml").write_text(drafted.stdout, encoding="utf-8")
    checked = run_iomld("validate", table, "--mapping", tmp_path / "m.toml", "--quiet")
    assert checked.returncode == 1, checked.stderr
    assert "“" not in checked.stderr
    columns = tomllib.loads(drafted.stdout)["columns"]
    assert columns["Kick-off"] == {"column": "startDate", "format": "dd/MM/yyyy"}
    assert columns["Grant amount (EUR)"]["currency"] == "EUR"
    missing = run_iomld("mapping", "draft", tmp_path / "none.csv")
    assert missing.returncode == 2
    assert "none.csv" in missing.stderr
