"""Tables in delimited text: every heading, every fault with its cell, and never a crash."""

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.read.documented_columns import DOCUMENT, tables

from iomld.errors import SourceError
from iomld.model import Finding, Record, Severity, canonical_decimal, is_refused
from iomld.pipeline.conversion import Choices
from iomld.pipeline.stages import Pipeline, load_pipeline, outcomes
from iomld.read import read_bytes
from iomld.read.options import ReadOptions
from iomld.read.table.columns import mention_columns, project_columns
from iomld.read.table.csv import has_header, read_table, read_table_pair
from iomld.read.table.csv_rows import DELIMITERS, read_rows
from iomld.read.table.headings import heading_of, mention_heading_of
from iomld.read.table.mapping import NO_MAPPING
from iomld.read.table.rows import neutralized, plain

GOOD = {
    "projectCode": "PO.0001",
    "primaId": "NA10P0002",
    "title_en": "Planning for Mobility in Two Ports",
    "status": "completed",
    "projectType": "PO",
    "coverage": "regional",
    "region": "africa",
    "startYear": "2017",
    "endYear": "2019",
    "allocationYear": "2017",
    "budgetUSD": "100000.00",
    "benefitingMemberStates": "NA; ZA",
    "sourceUrl": "https://example.org/p",
    "retrievedAt": "2026-11-23T20:00:00+01:00",
}


def table(*rows: dict[str, str], delimiter: str = ",", end: str = "\r\n") -> str:
    """Rows as delimited text, with the header of the first."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter, lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def read(source: str | bytes, options: ReadOptions | None = None) -> list[Record]:
    """All records of a table."""
    return list(read_table(source, file="in/a.csv", name="a.csv", options=options))


def values(record: Record) -> dict[str, list[str]]:
    """The record's texts."""
    return {name: [value.text for value in found] for name, found in record.values.items()}


def found(records: list[Record]) -> list[tuple[str, str | None]]:
    """Rule and cell of each finding."""
    return [(finding.rule, finding.place.cell) for one in records for finding in one.findings if finding.place]


def checked(source: str, pipeline: Pipeline) -> tuple[Finding, ...]:
    """What all stages say of a table."""
    groups = ((record,) for record in read_bytes(source.encode(), file="a.csv"))
    return tuple(finding for outcome in outcomes(groups, pipeline) for finding in outcome.findings)


@pytest.fixture(scope="session")
def pipeline() -> Pipeline:
    """All stages."""
    return load_pipeline(Choices())


@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_delimiter_line_end_and_encoding_reads_the_same(delimiter: str, end: str, encoding: str) -> None:
    """The form of the file does not change what is read."""
    record = read(table(GOOD, delimiter=delimiter, end=end).encode(encoding))[0]
    assert record.findings == ()
    assert values(record) == {
        **{name: [text] for name, text in GOOD.items() if "_" not in name and name not in ("sourceUrl", "retrievedAt")},
        "title": [GOOD["title_en"]],
        "benefitingMemberStates": ["NA", "ZA"],
    }
    assert record.origin.url == "https://example.org/p"
    assert record.origin.retrieved_at == "2026-11-23T19:00:00Z"


def test_a_good_table_conforms(pipeline: Pipeline) -> None:
    """A whole row passes all rules that are Violations, and Namibia is no missing value."""
    assert not is_refused(checked(table(GOOD), pipeline))


@pytest.mark.parametrize(
    ("column", "value", "rule", "cell"),
    [
        ("status", "complete-ish", "unknownStatus", "D3"),
        ("startYear", "17", "unreadableYear", "H3"),
        ("budgetUSD", "100.000", "unreadableBudget", "K3"),
        ("benefitingMemberStates", "NA; Atlantis", "unknownState", "L3"),
        ("sourceUrl", "javascript:1", "sourceAddress", "M3"),
        ("retrievedAt", "yesterday", "retrievalTime", "N3"),
        ("projectCode", "PO105", "codePattern", "A3"),
        ("title_en", "Ports\x01", "controlCharacter", "C3"),
    ],
)
def test_a_planted_error_is_found_at_its_cell(
    pipeline: Pipeline, column: str, value: str, rule: str, cell: str
) -> None:
    """The finding names the cell, whichever stage finds it; the row before is not touched."""
    bad = GOOD | {"projectCode": "PO.0002", "primaId": "NA10P0003", column: value}
    findings = checked(table(GOOD, bad), pipeline)
    places = [(one.rule, one.place.cell, one.place.line) for one in findings if one.place]
    assert (rule, cell, 3) in places
    assert not [one for one in findings if one.severity is Severity.VIOLATION and one.place and one.place.line == 2]


def test_every_column_and_every_heading_is_known() -> None:
    """Each documented heading names its column, and no heading names two."""
    for column in project_columns():
        for heading in column.headings:
            known = heading_of(heading.upper())
            assert known is not None, heading
            assert known.column in (column.name, column.name.removesuffix("Year")), heading
    for column in mention_columns():
        for heading in column.headings:
            known = mention_heading_of(heading)
            assert known is not None
            assert known.column == column.name, heading


def test_every_column_is_documented() -> None:
    """`docs/RECORDS.md` has both tables of columns as the code has them."""
    text = DOCUMENT.read_text(encoding="utf-8")
    for documented in tables():
        assert documented in text


@pytest.mark.parametrize(
    ("heading", "column", "language"),
    [
        ("Código del proyecto", "projectCode", None),
        ("Statut du projet", "status", None),
        ("Titre", "title", "fr"),
        ("Título", "title", "es"),
        ("Titre (EN)", "title", "en"),
        ("title_pt-br", "title", "pt-br"),
        ("Project title ES", "title", "es"),
        ("Start date", "start", None),
        ("start_year", "startYear", None),
        ("Budget (USD) *", "budget", None),
        ("benefiting_member_states", "benefitingMemberStates", None),
    ],
)
def test_headings_of_three_languages_are_known(heading: str, column: str, language: str | None) -> None:
    """Case, accents, underscores and language marks are read."""
    known = heading_of(heading)
    assert known is not None
    assert (known.column, known.language) == (column, language)


def test_places_count_rows_and_lines_apart() -> None:
    """A cell with line ends takes several lines and one row; empty rows count and give no record."""
    text = 'projectCode,narrative_en,status\nPO.0001,"one\ntwo, ""three""\n",active\n,,\n\nPO.0002,x,\n'
    records = read(text)
    assert values(records[0])["narrative"] == ['one\ntwo, "three"']
    place = records[1].values["projectCode"][0].place
    assert (place.cell, place.line, place.excerpt) == ("A5", 7, "projectCode: PO.0002")
    assert len(records) == 2


def test_a_column_that_is_not_known_is_told_once_with_the_closest_name() -> None:
    """One Warning a file, on the first record."""
    rows = [{"projectCode": f"PO.000{number}", "statuss": "x", "status": "active"} for number in range(3)]
    records = read(table(*rows))
    assert found(records) == [("unknownColumn", "B1")]
    assert "'statuss' resembles 'status'" in str(records[0].findings[0].fix)


def test_two_columns_of_one_field_must_agree() -> None:
    """Equal values pass with a Warning about the header; others are a Violation that names both cells."""
    records = read("projectCode,status,Statut\nPO.0001,active,active\nPO.0002,active,completed\nPO.0003,,active\n")
    assert found(records) == [("duplicateColumn", "C1"), ("duplicateColumn", "C3")]
    severities = [finding.severity for record in records for finding in record.findings]
    assert severities == [Severity.WARNING, Severity.VIOLATION]
    assert "B3" in str(records[1].findings[0].message)
    assert values(records[2])["status"] == ["active"]


def test_rows_of_another_length_than_the_header() -> None:
    """Missing cells are empty; cells beyond the header refuse their row alone."""
    records = read("projectCode,status,region\nPO.0001\nPO.0002,active,africa,\nPO.0003,active,africa,x\n")
    assert found(records) == [("tooManyCells", "D4")]


def test_a_column_without_heading_is_told_once() -> None:
    """An index that a program wrote before the first column does no harm."""
    records = read(",projectCode,status\n0,PO.0001,active\n1,PO.0002,active\n")
    assert found(records) == [("unknownColumn", "A2")]
    assert values(records[1])["projectCode"] == ["PO.0002"]


def test_quotation_marks_that_do_not_match_refuse_their_row() -> None:
    """The rows after it are read."""
    records = read('projectCode,title_en,status\nPO.0001,"a"b,active\nPO.0002,"never closed,active\nPO.0003,x,active\n')
    assert found(records) == [("badQuotes", "B2"), ("badQuotes", "B3")]
    assert values(records[2])["title"] == ["x"]


@pytest.mark.parametrize(
    ("delimiter", "budgets", "expected"),
    [
        (";", ["100.000,00", "250.000", "7"], ["100000.00", "250000", "7"]),
        (";", ["1.000.000", "2,5"], ["1000000", "2.5"]),
        (";", ["100.000", "250.000"], ["100.000", "250.000"]),
        (";", ["100.000", "250,000.00"], ["100.000", "250,000.00"]),
        (",", ["100.000"], ["100.000"]),
    ],
)
def test_decimal_commas_are_read_where_the_whole_file_says_so(
    delimiter: str, budgets: list[str], expected: list[str]
) -> None:
    """Otherwise the text stays, and linking refuses it."""
    rows = [{"projectCode": f"PO.000{number}", "budgetUSD": text} for number, text in enumerate(budgets)]
    records = read(table(*rows, delimiter=delimiter))
    assert [record.values["budgetUSD"][0].text for record in records] == expected
    assert (("decimalComma", "B1") in found(records)) == (expected != budgets)


@pytest.mark.parametrize(
    ("delimiter", "budgets", "expected"),
    [
        (",", ["100.000,00"], ["100000"]),  # the two separators differ: one reading
        (",", ["100.000,00", "1000.00"], ["100000", "1000"]),
        (";", ["100.000,00", "1000.00"], ["100000", "1000"]),
        (",", ["100 000,00", "2,5", "100,000"], ["100000", "2.5", "100000"]),
        (",", ["100.000"], [None]),
        (",", ["100.000,00", "100.000"], ["100000", None]),
        (";", ["100.000,00", "100.000", "1000.00"], ["100000", None, "1000"]),  # the column is not of one form
        (";", ["100.000,00", "100.000"], ["100000", "100000"]),
        ("\t", ["100.000,00", "100.000"], ["100000", "100000"]),
        (",", ["1.00,00", "100.000,000"], [None, None]),
    ],
)
@pytest.mark.parametrize("column", ["budgetUSD", "budget (EUR)"])
def test_an_amount_is_published_only_if_it_has_one_reading(
    pipeline: Pipeline, delimiter: str, budgets: list[str], expected: list[str | None], column: str
) -> None:
    """Any other is a Violation, unless the whole column of a file with semicolons or tabs settles it."""
    codes = [f"PO.000{number}" for number, _ in enumerate(budgets)]
    rows = [{"projectCode": code, column: text} for code, text in zip(codes, budgets, strict=True)]
    records = read_bytes(table(*rows, delimiter=delimiter).encode(), file="a.csv")
    found = list(outcomes(((record,) for record in records), pipeline))
    amounts = [outcome.project and outcome.project.budget and outcome.project.budget.amount for outcome in found]
    assert [amount and canonical_decimal(amount) for amount in amounts] == [
        text and canonical_decimal(Decimal(text)) for text in expected
    ]
    rules = [{finding.rule for finding in outcome.findings} for outcome in found]
    assert ["unreadableBudget" in names for names in rules] == [text is None for text in expected]


def test_the_key_of_a_project_without_a_code_is_its_prima_identifier() -> None:
    """Lists of a site have keys in the column of codes; anything else that begins so stays a code, to be reported."""
    records = read("code,title,start_year\nprima-WS10P0504,Ports,2017\nprima-x,Ports,2017\n")
    assert [list(values(one).items())[-1] for one in records[:1]] == [("primaId", ["WS10P0504"])]
    assert "projectCode" not in values(records[0])
    assert values(records[1])["projectCode"] == ["prima-x"]


def test_windows_1252_is_read_with_a_remark() -> None:
    """Accents are preserved, and a Warning names the guessed encoding."""
    records = read("projectCode,titre\nPO.0001,Côte d’Ivoire\n".encode("cp1252"))
    assert values(records[0])["title"] == ["Côte d’Ivoire"]
    assert [(one.rule, one.severity) for one in records[0].findings] == [("encodingGuessed", Severity.WARNING)]


def test_a_column_of_dates_may_hold_years_or_days() -> None:
    """'Start date' is the heading of years on pages and of days elsewhere."""
    records = read("Project code,Start date,End date\nPO.0001,2017,2019-06-30\n")
    assert values(records[0]) == {
        "projectCode": ["PO.0001"],
        "startYear": ["2017"],
        "endYear": ["2019"],
        "endDate": ["2019-06-30"],
    }


def test_mentions_of_a_second_table_join_their_projects() -> None:
    """Spaces of the quoted words stay; a mention of no project of the table is a Violation of its own."""
    mentions = (
        "projectCode,framework,quote,prefix,field,position,method,confidence\n"
        "PO.0001,gcm,GCM,'- the ,abstract,4,manual,0.5\nPO.0009,gcm,GCM,,,,,\nPO.0001,gcm,GCM,,,x,,\n"
    )
    records = list(
        read_table_pair(
            "projectCode,status\nPO.0001,active\n", mentions, file="z.zip!projects.csv", name="projects.csv"
        )
    )
    mention = records[0].mentions[0]
    assert (mention.prefix, mention.field, mention.position, mention.method) == ("- the ", "abstract", 4, "manual")
    places = [(one.rule, one.place.file, one.place.cell) for record in records for one in record.findings if one.place]
    assert places == [
        ("mentionForm", "z.zip!mentions.csv", "F4"),
        ("mentionProject", "z.zip!mentions.csv", "A3"),
    ]


@pytest.mark.parametrize(
    "text",
    ["", "hello", "a,b\n1,2\n", "projectCode,status\n", "framework,quote,projectCode\ngcm,x,PO.0001\n"],
    ids=["empty", "word", "unknown", "no-rows", "mentions-alone"],
)
def test_what_is_no_table_of_projects_is_refused_as_a_file(text: str) -> None:
    """One sentence that names the file."""
    with pytest.raises(SourceError, match=r"a\.csv"):
        read(text)


@pytest.mark.parametrize(
    "text",
    [
        "projectCode,status\n" + "x" * (1024 * 1024 + 1) + ",active\n",
        "projectCode,status\n" + "," * 100_000,
        "projectCode,status" + ",x" * 100_000 + "\n",
        'projectCode,status\n"' + '""' * 1_100_000 + '",x\n',
    ],
    ids=["long-cell", "wide-row", "wide-header", "long-quoted-cell"],
)
def test_sizes_are_limited(text: str) -> None:
    """A cell of 1 MB or 1000 columns is too much, and the message says where."""
    with pytest.raises(SourceError, match=r"a\.csv, line [12]"):
        read(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("projectCode,title_en\n", True),
        ("sep=;\nprojectCode;title_en\nPO.1;x\n", True),
        ("List of projects;;;;\n\nprojectCode;title_en;status;region\n", True),
        ("Planning for Mobility in Two Ports\n-\nStart Date\n2018\n", False),
        ("Who we are, what we do\nStatus, type and region of it\n", False),
        ('{"projectCode": "x", "status": "y"}', False),
    ],
)
def test_only_a_clear_header_makes_a_table(text: str, expected: bool) -> None:  # noqa: FBT001  # pytest hands it over
    """Pages and JSON are no tables."""
    assert has_header(text.encode(), NO_MAPPING) is expected


def test_the_origin_is_the_hash_of_the_row() -> None:
    """Equal rows have equal hashes regardless of other rows; a changed cell changes the hash."""
    one = read(table(GOOD))[0].origin
    other = read(table(GOOD | {"projectCode": "PO.0002"}, GOOD, delimiter=";"))[1].origin
    assert (one.sha256, one.media_type, one.file) == (other.sha256, "text/csv", "a.csv")
    assert read(table(GOOD | {"status": "active"}))[0].origin.sha256 != one.sha256


@given(st.text(alphabet="'=+-@\t\r\nab ", max_size=6))
def test_a_formula_is_disarmed_and_read_back(text: str) -> None:
    """No cell begins like a formula, and the reader takes off exactly what was put on."""
    cell = neutralized(text)
    assert cell[:1] not in tuple("=+-@\t\r\n")
    assert plain(cell) == text


@given(st.lists(st.lists(st.text(alphabet='ab",;\n\r\t |', max_size=5), min_size=2, max_size=4), max_size=4))
def test_rows_are_cut_as_the_standard_library_writes_them(rows: list[list[str]]) -> None:
    """Whatever `csv` writes is read back, quoted line ends and all."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    assert [list(row.cells) for row in read_rows(out.getvalue(), ",", file="a.csv")] == rows


_CELLS = st.sampled_from(["projectCode", "status", "titre", "budgetUSD", "sources", "quote", "framework", "2017", '"'])


@given(st.lists(st.lists(_CELLS | st.text(max_size=8), max_size=5), max_size=5), st.sampled_from(DELIMITERS))
def test_any_table_is_read_or_refused(rows: list[list[str]], delimiter: str) -> None:
    """Whatever the cells, there are records with placed findings, or one clear error."""
    text = "\n".join(delimiter.join(row) for row in [["projectCode", "status", "sources"], *rows])
    check_readable(text.encode("utf-8", "surrogatepass"))


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Also as the body of a table or as its mentions."""
    check_readable(data)
    check_readable(b"projectCode;status;budgetUSD\n" + data)
    try:
        mentions = b"projectCode,framework,quote,position\n" + data
        records = list(read_table_pair("projectCode,status\nA,b\n", mentions, file="a.csv", name="a.csv"))
    except SourceError:
        return
    check_placed([finding for record in records for finding in record.findings])


def check_readable(data: bytes) -> None:
    """Read bytes as a table and look at the findings."""
    assert has_header(data, NO_MAPPING) in (True, False)
    try:
        records = read(data)
    except SourceError:
        return
    check_placed([finding for record in records for finding in record.findings])


def check_placed(findings: list[Finding]) -> None:
    """Every finding of a table has a line."""
    for finding in findings:
        assert finding.place is not None
        assert finding.place.line is not None
