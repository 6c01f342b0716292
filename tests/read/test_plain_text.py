"""Text is text in every form of source: no markup, no entities, any encoding, numbers and rows as people write them."""

import io
import json
import os
from pathlib import Path

import openpyxl
import pytest

from iomld.errors import SourceError
from iomld.lexicon.currencies import split_currency
from iomld.model import Record, Severity
from iomld.pipeline.conversion import Choices, Outcome
from iomld.pipeline.stages import load_pipeline, outcomes
from iomld.read import read_bytes
from iomld.read.text import plain_text

PIPELINE = load_pipeline(Choices())
CASES = Path(os.environ.get("IOMLD_SHARED", Path(__file__).parents[3] / "shared")) / "cases"
HEADER = "Project code,Title (en),Coverage,Budget (USD),Benefiting member states,Description"
IATI = (
    '<?xml version="1.0" encoding="{encoding}"?><iati-activities version="2.03"><iati-activity>'
    "<iati-identifier>XM-DAC-47066-PO.9001</iati-identifier><title><narrative>Marées en été</narrative></title>"
    "<description><narrative>{text}</narrative></description></iati-activity></iati-activities>"
)
MARKUP = "<p>Tide&nbsp;tables</p><ul><li>follow the Global&nbsp;Compact for <b>Migration</b></li></ul>"
PLAIN = "Tide tables\nfollow the Global Compact for Migration"


def read(data: bytes | str, file: str = "records") -> list[Record]:
    """The records of a source."""
    encoded = data.encode() if isinstance(data, str) else data
    return list(read_bytes(encoded, file=file, options=PIPELINE.read_options()))


def published(record: Record) -> Outcome:
    """The outcome of the stages."""
    (outcome,) = outcomes([(record,)], PIPELINE)
    return outcome


def workbook(*rows: tuple[object, ...]) -> bytes:
    """A workbook with a header and rows."""
    book, file = openpyxl.Workbook(), io.BytesIO()
    for row in (tuple(HEADER.split(",")), *rows):
        book.active.append(row)
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize(
    "source",
    [
        json.dumps({"projectCode": "PO.9001", "title": "Ports", "narrative": MARKUP}),
        f'{HEADER}\nPO.9001,Ports,National,1,EG,"{MARKUP}"\n',
        workbook(("PO.9001", "Ports", "National", 1, "EG", MARKUP)),
        IATI.format(encoding="UTF-8", text=f"<![CDATA[{MARKUP}]]>"),
        IATI.format(encoding="UTF-8", text=MARKUP.replace("&", "&amp;").replace("<", "&lt;")),
    ],
)
def test_markup_is_read_as_saved_html_is(source: str | bytes) -> None:
    """No tag and no entity is published, and mentions are found."""
    (record,) = read(source)
    assert record.values["narrative"][0].text == PLAIN
    assert published(record).project.frameworks == ("gcm",)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("a < b and b > c; R&D; AT&T", "a < b and b > c; R&D; AT&T"),
        ("see <https://example.org/a>", "see <https://example.org/a>"),
        ("Women&amp;#039;s &lt;b&gt;rights&lt;/b&gt;", "Women's rights"),
        ("<script>alert(1)</script>One<br/>two", "One\ntwo"),
        ("&nosuch; &copy", "&nosuch; &copy"),
    ],
)
def test_only_markup_goes(text: str, plain: str) -> None:
    """Signs that are no markup stay; reading a text again changes nothing."""
    assert plain_text(text) == plain
    assert plain_text(plain) == plain


def test_names_with_entities_are_names() -> None:
    """A list of states with entities is read."""
    states = ["C&ocirc;te d&rsquo;Ivoire", "Trinidad &amp; Tobago"]
    (record,) = read(json.dumps({"projectCode": "PO.9001", "benefitingMemberStates": states}))
    assert published(record).project.member_states == ("CI", "TT")


@pytest.mark.parametrize(
    ("declared", "codec"),
    [
        ("utf8", "utf-8"), ("UTF-16", "utf-16"), ("UTF-16", "utf-16-le"), ("UTF-16", "utf-16-be"), ("UTF-32", "utf-32"),
        ("ISO-8859-15", "iso-8859-15"), ("windows-1252", "cp1252"), ("macintosh", "mac-roman"), ("ibm850", "cp850"),
    ],
)  # fmt: skip
def test_xml_in_any_encoding(declared: str, codec: str) -> None:
    """What XML 1.0 allows is read, with the same hash as in UTF-8."""
    (record,) = read(IATI.format(encoding=declared, text="Deux ports").encode(codec))
    (expected,) = read(IATI.format(encoding="UTF-8", text="Deux ports"))
    assert record.values["title"][0].text == "Marées en été"
    assert record.origin.sha256 == expected.origin.sha256


@pytest.mark.parametrize("declared", ["utf-7", "unicode_escape", "klingon"])
def test_no_encoding_of_xml(declared: str) -> None:
    """An encoding that is none is refused in a sentence."""
    with pytest.raises(SourceError, match="Save the file as UTF-8"):
        read(IATI.format(encoding=declared, text="é"))


@pytest.mark.parametrize(
    ("written", "amount"),
    [("100 000,00", "100000.00"), ("100.000,00", "100000.00"), ("1 234,5", "1234.5"), ("1’234,50", "1234.50"),
     ("100,000", "100,000"), ("100.000", "100.000")],
)  # fmt: skip
def test_sums_with_a_comma_before_the_cents(written: str, amount: str) -> None:
    """French, German and Swiss forms are read where they have one meaning only, in any form of table."""
    for source in (f'{HEADER}\nPO.9001,Ports,Nationale,"{written}",EG,\n', workbook(("PO.9001", "P", "", written))):
        assert read(source)[0].values["budget"][0].text == amount


@pytest.mark.parametrize(
    "row", ["Total,,,3000,,", ",,,,Total,=SUM(D2:D3)", "Source: the ministry,,,,,", ",,Grand total: 2,3000,,", HEADER]
)
def test_a_row_that_is_no_record_gives_one_finding(row: str) -> None:
    """A total, a note or a repeated heading is no project; the rows around it are."""
    records = read(f"{HEADER}\nPO.9001,Ports,National,1000,EG,\n{row}\nPO.9002,Roads,National,2000,MA,\n{row}\n")
    assert [record.values["projectCode"][0].text for record in records] == ["PO.9001", "PO.9002"]
    findings = [finding for record in records for finding in record.findings]
    assert [(finding.rule, finding.severity) for finding in findings] == [("noRecordRow", Severity.WARNING)] * 2


def test_headings_of_forms_are_known() -> None:
    """Stars behind and numbers before a heading do not count, languages included."""
    (record,) = read(
        "1. Project code *,2. Title (en) *,3) Title (fr)*,(d) Coverage:\nPO.9001,Ports,Les ports,National\n"
    )
    assert [(value.text, value.language) for value in record.values["title"]] == [("Ports", "en"), ("Les ports", "fr")]
    assert record.values["coverage"][0].text == "National"


@pytest.mark.parametrize("title", ["Aide Ã\xa0 la mer", "Lâ€™aide", "l√©gal", "Aide \ufffd la mer"])
def test_text_that_was_decoded_wrongly(title: str) -> None:
    """The Warning names the text that was probably meant."""
    (record,) = read(json.dumps({"projectCode": "PO.9001", "title": {"fr": title}}))
    assert [finding.field for finding in published(record).findings if finding.rule == "garbledText"] == ["title"]


@pytest.mark.parametrize("title", ["LIBERTÉ» et «ÂGE»", "São Paulo – Curaçao", "Crédit d’œuvre “Noël”…"])
def test_text_that_is_right(title: str) -> None:
    """Accents, quotation marks and dashes are no sign of a wrong encoding."""
    (record,) = read(json.dumps({"projectCode": "PO.9001", "title": {"fr": title}}))
    assert all(finding.rule != "garbledText" for finding in published(record).findings)


@pytest.mark.skipif(not CASES.is_dir(), reason="the inputs that failed once are not at hand (IOMLD_SHARED)")
@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("page-unknown-label-1.txt", {"unknownLabel"}), ("page-unknown-label-2.txt", {"unknownLabel"}),
        ("page-unknown-label-3.txt", {"unknownLabel"}), ("page-base.txt", set()),
        ("iati-markup-in-text.xml", {"allocationYear", "region"}), ("table-markup-in-text.csv", set()),
        ("json-markup-in-text.json", set()), ("iati-encoding-utf8.xml", {"allocationYear", "region"}),
        ("iati-utf16.xml", {"allocationYear", "region"}), ("table-french-numbers.csv", set()),
        ("table-starred-headings.xlsx", set()), ("table-total-row.xlsx", {"noRecordRow"}),
        ("table-mojibake.csv", {"garbledText"}),
    ],
)  # fmt: skip
def test_inputs_that_failed_once(name: str, rules: set[str]) -> None:
    """Each is read, and what is unclear is a Warning."""
    found = [finding for record in read((CASES / name).read_bytes(), name) for finding in published(record).findings]
    assert {finding.rule for finding in found if finding.severity is not Severity.INFO} == rules
    assert all(finding.severity is not Severity.VIOLATION for finding in found)


@pytest.mark.parametrize(
    ("written", "text"),
    [("a<!-- <p>b --> c", "a c"), ("a<script x>b<!--</script>c", "ac"), ("<SCRIPT>a</script >b<style>c</STYLE>d", "bd"),
     ("a<!-- b", "a<!-- b"), ("<script>a<!-- b -->c", "<script>ac"), ("<style><script></style>a", "a")],
)  # fmt: skip
def test_what_nobody_sees_is_no_text(written: str, text: str) -> None:
    """Comments, scripts and style sheets are left out; what begins and does not end is text."""
    assert plain_text(written) == text


@pytest.mark.parametrize("piece", ["<script>", "<!--", "<style>a", "</script", "&amp;", "a "])
def test_a_long_text_of_beginnings_ends(piece: str) -> None:
    """A megabyte of what begins and does not end is read in one go, and an amount with many blanks too."""
    text = piece * (1_000_000 // len(piece))
    assert plain_text(text)
    assert split_currency(f"a{' ' * 1_000_000}b") == (f"a{' ' * 1_000_000}b", ())
