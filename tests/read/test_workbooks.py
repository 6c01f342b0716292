"""Tables in workbooks: the values people see, the faults at their cells, and nothing that harms."""

import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from tests.amount import amount

from iomld.errors import SourceError
from iomld.model import Finding, Record, Severity
from iomld.pipeline.conversion import Choices
from iomld.pipeline.stages import load_pipeline, outcomes
from iomld.read import read_bytes
from iomld.read.detect import is_workbook
from iomld.read.table.csv import read_table
from iomld.read.table.workbook import read_workbook

HEADER = ["projectCode", "title_en", "startYear", "Start date", "endDate", "budgetUSD", "status"]
GOOD: list[object] = ["PO.0001", "Ports", 2017, 2017, "2019-06-30", 100000, "completed"]


def sheet_of(workbook: Workbook) -> Worksheet:
    """The first sheet."""
    return cast("Worksheet", workbook.active)


def xlsx_bytes(workbook: Workbook) -> bytes:
    """The bytes of a workbook."""
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def made(*rows: Sequence[object], name: str = "projects") -> Workbook:
    """A workbook of one sheet."""
    workbook = Workbook()
    sheet_of(workbook).title = name
    for row in rows:
        sheet_of(workbook).append(list(row))
    return workbook


def read(data: bytes) -> list[Record]:
    """All records of a workbook."""
    return list(read_workbook(data, file="in/a.xlsx"))


def values(record: Record) -> dict[str, list[str]]:
    """The record's texts."""
    return {name: [value.text for value in found] for name, found in record.values.items()}


def found(records: list[Record]) -> list[tuple[str, str | None, str | None]]:
    """Rule, sheet and cell of each finding."""
    places = [(finding, finding.place) for one in records for finding in one.findings]
    return [(finding.rule, place.sheet, place.cell) for finding, place in places if place]


def edited(data: bytes, part: str, edit: Callable[[bytes], bytes]) -> bytes:
    """The workbook with one part changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, edit(content) if name == part else content)
    return out.getvalue()


def test_numbers_dates_and_texts_are_read_as_their_columns_want() -> None:
    """Years as floats, serial days, numbers as text, no exponents, no binary tails."""
    rows: list[Sequence[object]] = [
        ["PO.0001", "Ports", 2017.0, date(2017, 3, 1), 43101, 100000.1, True],
        ["PO.0002", 12, date(2017, 3, 1), 2017, datetime(2019, 6, 30, 12), 1e15, "  completed "],  # noqa: DTZ001  # a cell
        ["PO.0003", "Ports", "2017", "2017-03-01", None, "100,000.00", None],
        ["PO.0004", "Ports", 43101, None, None, 100.125, None],
    ]
    read_rows = [values(record) for record in read(xlsx_bytes(made(HEADER, *rows)))]
    assert read_rows[0] == {
        "projectCode": ["PO.0001"],
        "title": ["Ports"],
        "startYear": ["2017"],
        "startDate": ["2017-03-01"],
        "endDate": ["2018-01-01"],
        "budgetUSD": ["100000.1"],
        "status": ["TRUE"],
    }
    assert read_rows[1]["title"] == ["12"]
    assert (read_rows[1]["startYear"], read_rows[1]["endDate"]) == (["2017"], ["2019-06-30"])
    assert (read_rows[1]["budgetUSD"], read_rows[1]["status"]) == (["1000000000000000"], ["completed"])
    assert (read_rows[2]["startDate"], read_rows[2]["budgetUSD"]) == (["2017-03-01"], ["100,000.00"])
    assert (read_rows[3]["startYear"], read_rows[3]["budgetUSD"]) == (["43101"], ["100.1250"])


def test_days_that_count_from_1904_are_read() -> None:
    """The calendar of old Macintosh workbooks."""
    workbook = made(HEADER, ["PO.0001", "Ports", None, None, date(2018, 1, 1), None, None])
    workbook.epoch = datetime(1904, 1, 1)  # noqa: DTZ001  # a calendar's first day
    assert values(read(xlsx_bytes(workbook))[0])["endDate"] == ["2018-01-01"]


def test_a_planted_error_is_found_at_its_sheet_and_cell() -> None:
    """Findings of linking and of the shapes have the place of the cell, too."""
    pipeline = load_pipeline(Choices())
    data = xlsx_bytes(
        made(["Projects of the year"], [], HEADER, GOOD, ["PO.0002", "Ports", 2017, None, None, "lots", "?"])
    )
    groups = ((record,) for record in read_bytes(data, file="a.xlsx"))
    findings = [one for outcome in outcomes(groups, pipeline) for one in outcome.findings]
    places = {(one.rule, one.place.sheet, one.place.cell) for one in findings if one.place}
    assert {("unreadableBudget", "projects", "F5"), ("unknownStatus", "projects", "G5")} <= places


def test_formulas_and_errors_are_faults_of_their_rows() -> None:
    """A formula that was never computed has no value; a computed one is its value."""
    workbook = made(HEADER, [*GOOD[:5], "=1+1", "#REF!"], GOOD)
    sheet_of(workbook)["G2"].data_type = "e"
    records = read(xlsx_bytes(workbook))
    assert found(records) == [("formulaWithoutValue", "projects", "F2"), ("cellError", "projects", "G2")]
    assert all(finding.severity is Severity.VIOLATION for finding in records[0].findings)
    computed = edited(
        xlsx_bytes(workbook), "xl/worksheets/sheet1.xml", lambda text: text.replace(b"<v></v>", b"<v>2</v>")
    )
    assert values(read(computed)[0])["budgetUSD"] == ["2"]


def test_hidden_parts_and_foreign_sheets_are_named() -> None:
    """Hidden rows and columns are read with an Info; hidden tables are not, with a Warning."""
    workbook = made(HEADER, GOOD, ["PO.0002", *GOOD[1:]])
    sheet_of(workbook).row_dimensions[3].hidden = True
    sheet_of(workbook).column_dimensions["F"].hidden = True
    for name, cells, state in (
        ("old", HEADER, "hidden"),
        ("notes", ["hello"], "visible"),
        ("lists", ["Africa"], "hidden"),
        ("empty", [], "visible"),
    ):
        sheet = workbook.create_sheet(name)
        sheet.append(cells)
        sheet.sheet_state = state
    records = read(xlsx_bytes(workbook))
    assert len(records) == 2
    assert found(records) == [
        ("hiddenSheet", "old", "A1"),
        ("ignoredSheet", "notes", "A1"),
        ("hiddenColumn", "projects", "F1"),
        ("hiddenRow", "projects", "A3"),
    ]


def test_merged_headings_count_at_their_first_cell() -> None:
    """A title merged over the table and a heading merged over two columns."""
    workbook = made(["Our projects"], ["projectCode", "title_en", None, "status"], ["PO.0001", "Ports", None, "active"])
    sheet_of(workbook).merge_cells("A1:D1")
    sheet_of(workbook).merge_cells("B2:C2")
    record = read(xlsx_bytes(workbook))[0]
    assert values(record) == {"projectCode": ["PO.0001"], "title": ["Ports"], "status": ["active"]}
    assert record.findings == ()


def test_mentions_stand_on_a_sheet_of_their_own() -> None:
    """They join by code over all sheets of projects; those of no project are named."""
    workbook = made(HEADER, GOOD)
    second = workbook.create_sheet("projects 2026")
    second.append(HEADER)
    second.append(["PO.0002", *GOOD[1:]])
    mentions = workbook.create_sheet("mentions")
    for row in (["projectCode", "framework", "quote", "prefix", "position", "confidence"],
                ["PO.0002", "gcm", "GCM", " the ", 3, 0.98], ["PO.0009", "gcm", "GCM", None, None, None],
                ["PO.0001", "gcm", None, None, None, None]):  # fmt: skip
        mentions.append(row)
    records = read(xlsx_bytes(workbook))
    mention = records[1].mentions[0]
    assert (mention.prefix, mention.position, str(mention.confidence)) == (" the ", 3, "0.98")
    assert found(records) == [("mentionForm", "mentions", "C4"), ("mentionProject", "mentions", "A3")]


def test_equal_tables_give_equal_values_in_both_forms() -> None:
    """A workbook of texts and the same table as CSV."""
    texts = [["projectCode", "title_fr", "benefitingMemberStates"], ["PO.0001", "'=x\ny", "NA;ZA"]]
    text = "projectCode,title_fr,benefitingMemberStates\n" + 'PO.0001,"\'=x\ny",NA;ZA\n'
    (one,) = read(xlsx_bytes(made(*[list(row) for row in texts])))
    (other,) = read_table(text, file="a.csv", name="a.csv")
    assert (
        values(one)
        == values(other)
        == {
            "projectCode": ["PO.0001"],
            "title": ["=x y"],
            "benefitingMemberStates": ["NA", "ZA"],
        }
    )


def test_a_workbook_without_a_table_is_refused_as_a_file() -> None:
    """No sheet, no header, no row."""
    for workbook in (made(), made(["hello", "world"]), made(HEADER)):
        with pytest.raises(SourceError, match=r"a\.xlsx"):
            read(xlsx_bytes(workbook))


_NAMESPACE = "http://purl.oclc.org/ooxml/spreadsheetml/main"
_RELATIONS = "http://purl.oclc.org/ooxml/officeDocument/relationships"


def relations(*pairs: tuple[str, str]) -> str:
    """A part of relations."""
    items = "".join(
        f'<Relationship Id="r{number}" Type="{_RELATIONS}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(pairs)
    )
    return (
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{items}</Relationships>'
    )


def by_hand() -> bytes:
    """A workbook as other programs write it: strict namespace, shared strings in runs, cells without names."""
    strings = (
        "<si><t>projectCode</t></si><si><r><t>title</t></r><r><t>_fr</t></r><rPh><t>x</t></rPh></si>"
        '<si><t>PO.0001</t></si><si><t xml:space="preserve"> a_x000D_b_x005F_x0041_ </t></si>'
    )
    cells = "".join(
        "<row>" + "".join(f"<c t='s'><v>{number}</v></c>" for number in row) + "</row>" for row in ((0, 1), (2, 3))
    )
    parts = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": relations(("officeDocument", "/xl/book.xml")),
        "xl/_rels/book.xml.rels": relations(("worksheet", "one.xml"), ("sharedStrings", "sharedStrings.xml")),
        "xl/book.xml": f'<workbook xmlns="{_NAMESPACE}" xmlns:r="{_RELATIONS}"><sheets>'
        '<sheet name="A" r:id="r0"/></sheets></workbook>',
        "xl/sharedStrings.xml": f'<?xml version="1.0"?>\n<!-- by hand --><sst xmlns="{_NAMESPACE}">{strings}</sst>',
        "xl/one.xml": f'<worksheet xmlns="{_NAMESPACE}"><sheetData>{cells}</sheetData></worksheet>',
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return out.getvalue()


def test_workbooks_of_other_programs_are_read() -> None:
    """Shared strings in runs, escapes, the strict namespace, absolute targets and cells that do not say where."""
    record = read(by_hand())[0]
    assert values(record) == {"projectCode": ["PO.0001"], "title": ["a b_x0041_"]}
    assert record.values["title"][0].language == "fr"
    assert record.values["title"][0].place.cell == "B2"


def big_entry(name: str, size: int) -> bytes:
    """A good workbook with one more entry of zeros."""
    out = io.BytesIO(xlsx_bytes(made(HEADER, GOOD)))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, b"\0" * size)
    return out.getvalue()


def many_entries() -> bytes:
    """A good workbook with thousands of entries."""
    out = io.BytesIO(xlsx_bytes(made(HEADER, GOOD)))
    with zipfile.ZipFile(out, "a") as archive:
        for number in range(2001):
            archive.writestr(f"xl/media/{number}", b"")
    return out.getvalue()


_SHEET = "xl/worksheets/sheet1.xml"


def long_cell() -> bytes:
    """A text of more than 1 MB that does not pack well."""
    text = "".join(chr(97 + (number * number) % 23) for number in range(1024 * 1024 + 1)).encode()
    return edited(xlsx_bytes(made(HEADER, GOOD)), _SHEET, lambda part: part.replace(b"Ports", text))


_BOMB = b'<!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;&b;">]>'
_HARMFUL: dict[str, Callable[[], bytes]] = {
    "ratio": lambda: big_entry("xl/media/a.bin", 3 * 1024 * 1024),
    "entries": many_entries,
    "entity": lambda: edited(xlsx_bytes(made(HEADER, GOOD)), _SHEET, lambda text: _BOMB + text),
    "utf-16": lambda: edited(
        xlsx_bytes(made(HEADER, GOOD)), _SHEET, lambda text: (_BOMB.decode() + text.decode()).encode("utf-16")
    ),
    "far-row": lambda: edited(
        xlsx_bytes(made(HEADER, GOOD)), _SHEET, lambda text: text.replace(b'r="2"', b'r="2000000000"')
    ),
    "far-column": lambda: edited(xlsx_bytes(made(HEADER, GOOD)), _SHEET, lambda text: text.replace(b'"A2"', b'"XFD2"')),
    "odd-column": lambda: edited(
        xlsx_bytes(made(HEADER, GOOD)), _SHEET, lambda text: text.replace(b'"A2"', b'"ZZZZZZ2"')
    ),
    "no-string": lambda: edited(
        by_hand(), "xl/sharedStrings.xml", lambda text: text.replace(b"<si><t>PO.0001</t></si>", b"")
    ),
    "many-elements": lambda: edited(
        xlsx_bytes(made(HEADER, GOOD)),
        _SHEET,
        lambda text: text.replace(b"<sheetData>", b"<sheetData>" + b"".join(b"<x%d/>" % n for n in range(200_001))),
    ),
    "no-xml": lambda: edited(xlsx_bytes(made(HEADER, GOOD)), _SHEET, lambda text: text[: len(text) // 2]),
    "long-cell": long_cell,
    "cut": lambda: xlsx_bytes(made(HEADER, GOOD))[:2000],
}


@pytest.mark.parametrize("name", _HARMFUL)
def test_a_harmful_workbook_is_refused_with_one_sentence(name: str) -> None:
    """Sizes are counted before anything is unpacked, entities never read, far cells never filled up to."""
    with pytest.raises(SourceError, match=r"a\.xlsx"):
        read(_HARMFUL[name]())


def test_only_workbooks_are_workbooks() -> None:
    """Other archives and other bytes are none."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("projects.csv", b"projectCode,status\n")
    assert is_workbook(xlsx_bytes(made(HEADER)))
    assert not any(is_workbook(data) for data in (b"", b"PK\x03\x04", out.getvalue(), b"projectCode,status"))


_LETTERS = st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")
_NUMBER = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
_CELL = st.none() | st.booleans() | _NUMBER | st.dates() | st.text(_LETTERS, max_size=6)


@settings(max_examples=amount(20))
@given(st.lists(st.lists(_CELL, max_size=7), max_size=3))
def test_any_workbook_is_read_or_refused(rows: list[list[object]]) -> None:
    """Whatever the cells, there are records with placed findings, or one clear error."""
    workbook = made(HEADER, *rows)
    try:
        records = read(xlsx_bytes(workbook))
    except SourceError:
        return
    check_placed([finding for record in records for finding in record.findings])


_WHOLE = xlsx_bytes(made(HEADER, GOOD))


@settings(max_examples=amount(40))
@given(st.integers(0, len(_WHOLE) - 1), st.binary(min_size=1, max_size=4))
def test_any_damage_is_read_or_refused(at: int, noise: bytes) -> None:
    """A damaged file gives records or one clear error."""
    data = _WHOLE[:at] + noise + _WHOLE[at + len(noise) :]
    try:
        is_workbook(data)
        records = read(data)
    except SourceError:
        return
    check_placed([finding for record in records for finding in record.findings])


@settings(max_examples=amount(40))
@given(
    st.integers(0, 2000),
    st.sampled_from([b"<c>", b"</row>", b'r="', b"&x;", b"\xff", b'"A1"', b"-1", b"1e999", b"<f/>"]),
)
def test_any_damaged_sheet_is_read_or_refused(at: int, noise: bytes) -> None:
    """The same inside the XML of a sheet."""
    data = edited(_WHOLE, _SHEET, lambda text: text[: at % len(text)] + noise + text[at % len(text) :])
    try:
        records = read(data)
    except SourceError:
        return
    check_placed([finding for record in records for finding in record.findings])


def check_placed(findings: list[Finding]) -> None:
    """Every finding of a workbook has a sheet and a cell."""
    for finding in findings:
        assert finding.place is not None
        assert finding.place.sheet
        assert finding.place.cell
