"""Mappings of foreign tables: what they convert, and what they refuse in one sentence with file and line."""

import csv
import io
import json
import os
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from iomld.errors import SourceError
from iomld.lexicon.currencies import split_currency
from iomld.model import Finding, Record
from iomld.pipeline.conversion import Choices
from iomld.pipeline.stages import load_pipeline, outcomes
from iomld.read import read_bytes
from iomld.read.mapping.files import mapping_of, read_mapping
from iomld.read.options import ReadOptions
from iomld.read.table.csv import has_header
from iomld.read.table.date_formats import date_format
from iomld.read.table.mapping import NO_MAPPING, ColumnRule, TableMapping

CASES = Path(os.environ.get("IOMLD_SHARED", Path(__file__).parents[3] / "shared")) / "cases"
HEADER = ("Grant", "Name", "Stage", "Where", "Kick-off", "Amount (EUR)")
ROW = ("PO.0001", "Safer Ports", "Closed", "Kenya / Regional", "02/09/2013", "€ 448,000.50")
MAPPING = """
[columns]
"Grant" = "projectCode"
"Name" = "title_en"

[columns.Stage]
column = "status"
values = { "closed" = "completed", "on going" = "active" }

[columns."Where"]
column = "benefitingMemberStates"
separator = ",/"
values = { "Bosnia & Herzegovina" = "BA", "Regional" = "-", "East" = ["KE", "UG"] }

[columns."Kick-off"]
column = "startDate"
format = "dd/MM/yyyy"

[columns."Amount (EUR)"]
column = "budget"
currency = "EUR"
decimalChar = "."
groupChar = ","

[defaults]
null = ["n/a", "tbc"]

[constants]
projectType = "PO"
coverage = "national"
"""


def csv_of(*rows: tuple[str, ...], header: tuple[str, ...] = HEADER) -> bytes:
    """A foreign table."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([header, *rows])
    return out.getvalue().encode()


def workbook_of(*rows: tuple[object, ...]) -> bytes:
    """The same as a workbook, with a title above the header."""
    workbook = Workbook()
    sheet = cast("Worksheet", workbook.active)
    sheet.title = "Grants"
    for row in [("Grants of the office",), (), HEADER, *rows]:
        sheet.append(row)
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def read(data: bytes, mapping: str = MAPPING, file: str = "grants.csv") -> list[Record]:
    """The records of a table with a mapping."""
    options = ReadOptions(mapping=mapping_of(mapping.encode(), "m.toml"))
    return list(read_bytes(data, file=file, options=options))


def values(record: Record) -> dict[str, list[str]]:
    """The record's texts."""
    return {name: [value.text for value in found] for name, found in record.values.items()}


def with_cell(heading: str, text: str) -> bytes:
    """A table of two rows, with another text in a cell of the second."""
    cells = list(ROW)
    cells[HEADER.index(heading)] = text
    return csv_of(ROW, ("PO.0002", *cells[1:]))


def test_json_two_columns_and_toml_name_foreign_headings(tmp_path: Path) -> None:
    """All three give the same mapping; an ignored column is not warned about."""
    pairs = {"Réf.": "projectCode", "Nom": "title_fr", "Interne": "-"}
    (tmp_path / "a.json").write_text(json.dumps(pairs), encoding="utf-8")
    (tmp_path / "a.csv").write_text("theirs;ours\n" + "".join(f"{a};{b}\n" for a, b in pairs.items()), encoding="utf-8")
    toml = "[columns]\n" + "".join(f'"{a}" = "{b}"\n' for a, b in pairs.items())
    (tmp_path / "a.toml").write_text(toml, encoding="utf-8-sig")
    (tmp_path / "without-suffix").write_text(toml, encoding="utf-8")
    mapping = TableMapping({theirs: ColumnRule(ours) for theirs, ours in pairs.items()})
    names = ("a.json", "a.csv", "a.toml", "without-suffix")
    assert {name: read_mapping(tmp_path / name) for name in names} == dict.fromkeys(names, mapping)
    text = "REF.;Nom;Interne\nPO.0001;Ports;x\n"
    assert not has_header(text.encode(), NO_MAPPING)
    assert has_header(text.encode(), mapping)
    (record,) = read_bytes(text.encode(), file="a.csv", options=ReadOptions(mapping=mapping))
    assert record.findings == ()
    assert [(value.text, value.language) for value in record.values["title"]] == [("Ports", "fr")]


@pytest.mark.parametrize("is_workbook", [False, True])
def test_a_mapping_converts_words_dates_numbers_and_lists(*, is_workbook: bool) -> None:
    """What our own tables would say stands in the record; the place has the cell and its text as the source has it."""
    data = workbook_of((*ROW[:4], date(2013, 9, 2), ROW[5])) if is_workbook else csv_of(ROW)
    (record,) = read(data)
    assert record.findings == ()
    assert values(record) == {
        "projectCode": ["PO.0001"],
        "title": ["Safer Ports"],
        "status": ["completed"],
        "benefitingMemberStates": ["Kenya"],
        "startDate": ["2013-09-02"],
        "budget": ["448000.50 €"],
        "budgetCurrency": ["EUR"],
        "projectType": ["PO"],
        "coverage": ["national"],
    }
    line = 4 if is_workbook else 2
    place = record.values["benefitingMemberStates"][0].place
    assert (place.line, place.cell, place.excerpt) == (line, f"D{line}", "Where: Kenya / Regional")
    assert record.values["status"][0].place.excerpt == "Stage: Closed"
    constant = record.values["coverage"][0].place
    assert (constant.file, constant.line, constant.excerpt) == ("m.toml", 30, 'coverage = "national"')


@pytest.mark.parametrize(
    ("heading", "text", "field", "expected"),
    [
        ("Stage", "ON-GOING", "status", ["active"]),
        ("Stage", "N/A", "status", None),
        ("Stage", "unheard of", "status", ["unheard of"]),
        ("Where", "bosnia & herzegovina, tbc, East", "benefitingMemberStates", ["BA", "KE", "UG"]),
        ("Where", "regional", "benefitingMemberStates", None),
        ("Kick-off", "tbc", "startDate", None),
        ("Amount (EUR)", "n/a", "budget", None),
        ("Amount (EUR)", "448,000.500 EUR", "budget", ["448000.5000 EUR"]),
        ("Amount (EUR)", "unknown", "budget", ["unknown"]),
    ],
)
def test_words_for_nothing_and_words_in_other_cases(
    heading: str, text: str, field: str, expected: list[str] | None
) -> None:
    """Case, accents and dashes of words do not count; what stands for nothing is no value."""
    assert values(read(with_cell(heading, text))[1]).get(field) == expected


def test_a_default_stands_in_empty_cells_and_a_constant_yields_to_a_cell() -> None:
    """Both are what the mapping says, so only where the table says nothing."""
    mapping = (
        '[columns]\nRef = "projectCode"\nType = "projectType"\n[columns.State]\ncolumn = "status"\ndefault = "active"\n'
        '[constants]\nprojectType = "PO"\n"Start date" = 2017\nthemes = "labour-migration; border-management"\n'
    )
    data = csv_of(("PO.0001", "", ""), ("TC.0002", "completed", "TC"), header=("Ref", "State", "Type"))
    found = [values(record) for record in read(data, mapping)]
    assert [one["status"] for one in found] == [["active"], ["completed"]]
    assert [one["projectType"] for one in found] == [["PO"], ["TC"]]
    assert found[0]["startYear"] == ["2017"]
    assert found[0]["themes"] == ["labour-migration", "border-management"]


@pytest.mark.parametrize(
    ("decimals", "groups", "text", "expected"),
    [
        (",", ".", "1.234.567,5", "1234567.5"),
        (",", "", "1234567,50", "1234567.50"),
        (",", " ", "1\u00a0234\u202f567,50", "1234567.50"),
        (".", "'", "1’234’567.50", "1234567.50"),
        (".", "", "1.234", "1.2340"),
        ("", ".", "100.000", "100000"),
        (",", ".", "-5", "-5"),
    ],
)
def test_numbers_have_the_characters_that_the_mapping_states(
    decimals: str, groups: str, text: str, expected: str
) -> None:
    """A number that could be read in two ways is read in the one that is stated."""
    stated = f'decimalChar = "{decimals}"\n' * bool(decimals) + f'groupChar = "{groups}"\n' * bool(groups)
    mapping = f'[columns]\nRef = "projectCode"\n[columns.Sum]\ncolumn = "budget"\n{stated}'
    (record,) = read(csv_of(("PO.0001", text), header=("Ref", "Sum")), mapping)
    assert values(record)["budget"] == [expected]


@pytest.mark.parametrize(
    ("heading", "text", "words"),
    [
        ("Kick-off", "09/13/2013", ("“09/13/2013” is not a date in the format dd/MM/yyyy", "E3", "Kick-off")),
        ("Kick-off", "2/9/2013", ("“2/9/2013”",)),
        ("Kick-off", "31/02/2013", ("“31/02/2013”",)),
        ("Amount (EUR)", "£ 125,000", ("“£ 125,000” is in “£”, but the mapping says EUR", "F3")),
        ("Amount (EUR)", "125,000 USD", ("“USD”",)),
        ("Amount (EUR)", "125.000,00", ("“125.000,00” is not a number with “.” as decimal separator",)),
    ],
)
def test_one_cell_that_breaks_a_form_refuses_the_whole_column_once(
    heading: str, text: str, words: tuple[str, ...]
) -> None:
    """Days are never swapped, amounts never converted: nothing of the table is read, and one sentence says why."""
    with pytest.raises(SourceError) as caught:
        read(with_cell(heading, text))
    sentence = str(caught.value)
    assert sentence.startswith("grants.csv, line 3, cell ")
    assert all(word in sentence for word in words), sentence
    assert caught.value.place
    assert caught.value.place.line == 3
    cells = tuple(text if name == heading else cell for name, cell in zip(HEADER, ROW, strict=True))
    workbook = workbook_of(ROW, cells)
    with pytest.raises(SourceError, match=r"grants\.xlsx \(Grants\), line 5"):
        read(workbook, file="grants.xlsx")


def test_a_total_below_the_table_breaks_no_form() -> None:
    """A row that is no record is none of the column."""
    records = read(csv_of(ROW, ("Total", "", "", "", "", "1 sum")))
    assert [value.text for value in records[0].values["startDate"]] == ["2013-09-02"]
    assert [finding.rule for finding in records[0].findings] == ["noRecordRow"]


def test_headings_of_the_mapping_that_a_table_lacks_are_told() -> None:
    """A misspelt heading of the mapping does not go unseen."""
    (record,) = read(csv_of(ROW), MAPPING.replace('"Name"', '"Nmae"'))
    told = {finding.rule: str(finding.message) for finding in record.findings}
    assert told["unmetMapping"] == "The mapping names the column “Nmae”, which the table does not have."
    assert "unknownColumn" in told


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('[columns]\n"A" = "status"\n"A" = "region"\n', 3, "“A” is defined twice"),
        ('[columns]\n"A" = "status"\n"a " = "region"\n', 3, "“a ” is defined twice"),
        ('[columns]\n"A" = "status"\n\n[columns."A"]\ncolumn = "region"\n', 4, "“A” is defined twice"),
        ('[columns]\n"A" = "status"\n"B" = "status"\n', 3, "“B” and “A” both stand for the column “status”"),
        ('[columns]\n"A" = "statuss"\n', 2, "Did you mean “status”?"),
        ('[columns]\n"A" = ""\n', 2, "“” is not one of our columns"),
        ('[columns]\n"A" = 3.5\n', 2, "“A” must be the name of our column, or a table"),
        ('[columns.A]\ncolumn = "budget"\ncurrency = "EURO"\n', 3, "“EURO” is not a currency code"),
        ('[columns.A]\ncolumn = "budget"\ncurrency = "eur"\n', 3, "“eur” is not a currency code"),
        ('[columns.A]\ncolumn = "budget"\ncurrency = ""\n', 3, "“” is not a currency code"),
        ('[columns."A (USD)"]\ncolumn = "budget"\ncurrency = "EUR"\n', 3, "two currencies, EUR, USD"),
        ('[columns."A (EUR)"]\ncolumn = "budgetUSD"\n', 1, "two currencies, EUR, USD"),
        ('[columns]\n"Sum (EUR/USD)" = "budget"\n', 2, "two currencies, EUR/USD"),
        ('[constants]\nbudgetCurrency = "euros"\n', 2, "“euros” is not a currency code"),
        ('[constants]\nstatuss = "active"\n', 2, "Did you mean “status”?"),
        ('[constants]\nstatus = " "\n', 2, "“status” must be text that is not empty"),
        ('[columns.A]\ncolumn = "startDate"\nformat = "dd/mm/yyyy"\n', 3, "has no month. Write it as MM"),
        ('[columns.A]\ncolumn = "startDate"\nformat = "DD/MM/YYYY"\n', 3, "“DD” in “DD/MM/YYYY” is not a part"),
        ('[columns.A]\ncolumn = "startDate"\nformat = "dd/MM/yy"\n', 3, "“yy”"),
        ('[columns.A]\ncolumn = "startDate"\nformat = "yyyy"\n', 3, "needs a day and a month"),
        ('[columns.A]\ncolumn = "startDate"\nformat = ""\n', 3, "has no year"),
        ('[columns.A]\ncolumn = "status"\nformat = "yyyy"\n', 3, "“format” cannot be set for “status”"),
        ('[columns.A]\ncolumn = "status"\nseparator = ";"\n', 3, "“separator” cannot be set for “status”"),
        ('[columns.A]\ncolumn = "status"\ncurrency = "EUR"\n', 3, "“currency” cannot be set for “status”"),
        ('[columns.A]\ncolumn = "status"\nvalues = { a = ["x", "y"] }\n', 3, "“status” can have only one value"),
        ('[columns.A]\ncolumn = "status"\nvalues = { a = "x", "Á" = "y" }\n', 3, "“Á” is defined twice"),
        ('[columns.A]\ncolumn = "status"\nvalues = "x"\n', 3, "“values” must be a table"),
        ('[columns.A]\ncolumn = "status"\nvalue = {}\n', 3, "“value” is not a key of mappings. The keys are values."),
        ('[columns.A]\ncolumn = "budget"\ndecimalChar = "."\ngroupChar = "."\n', 4, "are both “.”"),
        ('[columns.A]\ncolumn = "budget"\ndecimalChar = "point"\n', 3, "one character"),
        ("[defaults]\nnull = [1, 2]\n", 2, "text, or a list of texts"),
        ('[defaults]\ncurrency = "EUR"\n', 2, "“currency” is not a key of mappings"),
        ('[colums]\nA = "status"\n', 1, "“colums” is not a key of mappings. The keys are columns."),
        ('columns = "status"\n', 1, "“columns” must be a table"),
        ('[columns]\nA = "status\n', 2, "not valid TOML"),
        ("[columns]\nA = \n", 2, "not valid TOML"),
    ],
)  # fmt: skip
def test_a_mapping_that_cannot_be_meant_is_one_sentence_with_file_and_line(text: str, line: int, words: str) -> None:
    """The sentence names the file, the line and the word."""
    with pytest.raises(SourceError) as caught:
        mapping_of(text.encode(), "fund/m.toml")
    sentence = str(caught.value)
    assert sentence.startswith(f"fund/m.toml, line {line}: "), sentence
    assert words in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(
    "content",
    ["", "{}", "[1]", '{"a": 1}', '{"a": "statuss"}', '{"a": "status", "a": "region"}', "a,b,c\n",
     "a;status\na;region\n", "[" * 99999, "\0", "# nothing\n",
     "[columns]\n" + "".join(f"a{number} = '-'\n" for number in range(1001)),
     "".join(f"a{number},-\n" for number in range(1001)),
     '[defaults]\nseparator = ["' + '","'.join(map(str, range(99))) + '"]', "[columns]\n" + "x" * 1024**2,
     "a = " + "[" * 99999, "a = " + "9" * 9999, ".".join("a" * 9999) + " = 1"],
)  # fmt: skip
def test_a_broken_mapping_says_what_to_do(tmp_path: Path, content: str) -> None:
    """One sentence that names the file."""
    path = tmp_path / "map"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SourceError, match="map"):
        read_mapping(path)


@pytest.mark.parametrize("content", ['{"a": "DIGITS",\n "b": DIGITS}', "a = 'DIGITS'\nb = DIGITS"])
def test_a_mapping_with_a_number_of_thousands_of_digits_names_its_line(content: str) -> None:
    """The sentence is about the number, not about a text of digits before it."""
    with pytest.raises(SourceError, match=r"^m, line 2: a number has more than 4300 digits\."):
        mapping_of(content.replace("DIGITS", "9" * 5000).encode(), "m")


@pytest.mark.parametrize(
    ("form", "text", "expected"),
    [
        ("yyyyMMdd", "20130902", "2013-09-02"),
        ("d.M.yyyy", "2.9.2013", "2013-09-02"),
        ("d 'de' MMMM 'de' yyyy", "2 de septiembre de 2013", "2013-09-02"),
        ("d MMMM y", "1 Août 2013", "2013-08-01"),
        ("MMM d, yyyy", "Sept. 2, 2013", "2013-09-02"),
        ("d MMM yyyy", "2 jui 2013", None),
        ("dd/MM/yyyy HH:mm", "02/09/2013 14:05", "2013-09-02"),
        ("yyyy-MM-dd'T'HH:mm:ss", "2013-09-02T00:00:00", "2013-09-02"),
        ("yyyy", "2013", "2013"),
        ("yyyy", "13", None),
        ("dd/MM/yyyy", "٠٢/٠٩/٢٠١٣", None),
    ],
)
def test_forms_of_dates_have_the_letters_of_unicode(form: str, text: str, expected: str | None) -> None:
    """Days, months in digits or by their name in three languages, years; a time of day is left out."""
    assert date_format(form).read(text) == expected


def _findings(data: bytes, mapping: TableMapping) -> list[Finding]:
    pipeline = load_pipeline(Choices())
    records = read_bytes(data, file="grants.csv", options=pipeline.read_options(mapping=mapping))
    found = outcomes(((record,) for record in records), pipeline)
    return [finding for outcome in found for finding in outcome.findings]


def test_an_unknown_word_is_told_with_its_cell_and_its_own_text() -> None:
    """What the mapping made of the word is quoted, and the excerpt has what the cell says."""
    mapping = mapping_of(MAPPING.replace('"closed" = "completed"', '"closed" = "shut"').encode(), "m.toml")
    (unknown,) = [one for one in _findings(csv_of(ROW), mapping) if one.rule == "unknownStatus"]
    assert unknown.value == "shut"
    assert unknown.place
    assert (unknown.place.cell, unknown.place.excerpt) == ("C2", "Stage: Closed")


def test_a_table_of_another_funder_is_read_whole() -> None:
    """300 records with the days and the euros of the table, whatever stands beside the numbers."""
    file = CASES / "foreign-funder-projects.csv"
    if not file.exists():
        pytest.skip("no shared folder")
    mapping = """
[columns]
"Grant reference" = "projectCode"
"Project name (English)" = "title_en"
[columns."Recipient countries"]
column = "benefitingMemberStates"
separator = ",/"
values = { "Bosnia & Herzegovina" = "BA", "Regional" = "-" }
[columns."Kick-off"]
column = "startDate"
format = "dd/MM/yyyy"
[columns."Grant amount (EUR)"]
column = "budget"
currency = "EUR"
decimalChar = "."
groupChar = ","
"""
    records = read(file.read_bytes(), mapping)
    assert len(records) == 300
    amounts = [Decimal(split_currency(record.values["budget"][0].text)[0]) for record in records]
    assert sum(amounts) == 136_394_000
    assert {value.text for record in records for value in record.values["budgetCurrency"]} == {"EUR"}
    states = {value.text for record in records for value in record.values["benefitingMemberStates"]}
    assert {"Kenya", "Uganda", "BA", "Viet Nam"} <= states
    assert "Regional" not in states
    assert values(records[0])["startDate"] == ["2013-09-02"]
