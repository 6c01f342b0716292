"""The grants of another funder, untouched, with its fund folder and mapping: as CSV, and as XLSX with real dates."""

import csv
import os
import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import Workbook
from tests.commands import run_iomld

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("IOMLD_SHARED", ROOT.parent / "shared"))
GRANTS = SHARED / "cases/foreign-funder-projects.csv"
FOLDER = SHARED / "design/fields/example-fund"
DATES = ("Kick-off", "Closing date")

pytestmark = pytest.mark.skipif(
    not (GRANTS.exists() and FOLDER.exists()),
    reason="the grants are not at hand (set IOMLD_SHARED to the folder that holds cases/)",
)


def _rows() -> list[dict[str, str]]:
    with GRANTS.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _workbook(path: Path) -> Path:
    """The same rows below a title, with days as dates."""
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    rows = _rows()
    sheet.append(["Grants of all years"])
    sheet.append([*rows[0]])
    for row in rows:
        cells = {name: datetime.strptime(row[name], "%d/%m/%Y") for name in DATES if row[name]}  # noqa: DTZ007  # days
        sheet.append([*({**row, **cells}.values())])
    workbook.save(path)
    return path


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_all_grants_are_published_in_euros(form: str, tmp_path: Path) -> None:
    """No violation; the sum is that of the file, in euros and never in dollars; own fund and own fields on all."""
    source = GRANTS if form == "csv" else _workbook(tmp_path / "grants.xlsx")
    options = ("--mapping", FOLDER / "projects.mapping.toml", "--fund", FOLDER)
    done = run_iomld("convert", source, *options, "--format", "ntriples")
    assert done.returncode == 0, done.stderr
    amounts = re.findall(r'schema.org/value> "([^"]+)"', done.stdout)
    stated = [Decimal(re.sub(r"[^0-9.]", "", row["Grant amount (EUR)"])) for row in _rows()]
    assert (len(amounts), sum(map(Decimal, amounts))) == (300, sum(stated))
    assert done.stdout.count('schema.org/currency> "EUR"') == 300
    assert "budgetUSD" not in done.stdout
    assert done.stdout.count("ns#fundedBy> <https://data.funder.example/id/fund/example>") == 300
    assert done.stdout.count("funder.example/ns#sector> <https://data.funder.example/scheme/sector/15190>") == 300
    assert done.stdout.count("funder.example/ns#implementingPartner>") == 600
    assert "w3id.org/iomld/id/" not in done.stdout
    checked = run_iomld("validate", source, *options, "--format", "json")
    assert '"Violation": 0' in checked.stdout
