"""IATI files: the fields of an activity, the findings about missing ones, and what is ignored."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.amount import amount

from iomld.errors import SourceError
from iomld.model import Finding, Record, Severity
from iomld.pipeline.conversion import Choices, converted
from iomld.pipeline.stages import load_pipeline
from iomld.read import read_bytes
from iomld.read.detect import is_iati
from iomld.read.iati import read_iati

ACTIVITY = """<iati-activity xml:lang="en" default-currency="USD">
  <iati-identifier> XM-DAC-47066-PO.9001 </iati-identifier>
  <reporting-org ref="XM-DAC-47066" type="40"><narrative>An organization</narrative></reporting-org>
  <title><narrative>Safer Ports</narrative><narrative xml:lang="FR">Des ports  plus sûrs</narrative></title>
  <description type="2"><narrative>An objective.</narrative></description>
  <description type="1"><narrative>First.

    Second &amp; last.</narrative></description>
  <other-identifier ref="NA10P0001" type="A1"/>
  <activity-status code="2"/>
  <activity-date type="1" iso-date="2017-01-01"/>
  <activity-date type="2" iso-date="2017-03-05 "/>
  <activity-date type="3" iso-date="2019-09-30Z"/>
  <contact-info><email>somebody@example.org</email><person-name><narrative>Some Body</narrative></person-name>
  </contact-info>
  <activity-scope code="3"/>
  <recipient-country code="NA" percentage="50"/><recipient-country code="za" percentage="50"/>
  <location><name><narrative>Back office</narrative></name></location>
  <sector vocabulary="1" code="15190"/><sector vocabulary="99" code="PO"/>
  <budget type="1"><period-start iso-date="2017-01-01"/><value value-date="2017-01-01">100000.00</value></budget>
  <transaction><transaction-type code="11"/><recipient-country code="FR"/></transaction>
  <document-link format="application/pdf" url="https://www.iom.int/a.pdf"/>
  <document-link format="text/html" url="https://example.org/ports"/>
  <document-link format="text/html" url="https://www.iom.int/project/safer-ports"/>
</iati-activity>"""
OPTIONS = load_pipeline(Choices()).read_options
FOREIGN = "<iati-activity><iati-identifier>GB-1-202</iati-identifier></iati-activity>"


def wrapped(*activities: str, version: str = "2.03") -> str:
    """A file of activities."""
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<iati-activities version="{version}">\n'
    return head + "".join(activities) + "\n</iati-activities>"


def read(text: str | bytes, url: str | None = None) -> list[Record]:
    """All records of an IATI file."""
    return list(read_iati(text, file="folder/in.xml", options=OPTIONS(url=url)))


def only(old: str, new: str) -> Record:
    """The record of the activity with one thing changed."""
    assert old in ACTIVITY
    (record,) = read(ACTIVITY.replace(old, new))
    return record


def found(record: Record) -> dict[str, list[str]]:
    """The values of a record, by field."""
    return {name: [value.text for value in values] for name, values in record.values.items()}


def rules(record: Record) -> list[tuple[str, Severity, int | None]]:
    """Rule, severity and line of each finding."""
    return [(one.rule, one.severity, one.place.line if one.place else None) for one in record.findings]


def test_an_activity_gives_the_fields_of_a_record() -> None:
    """Identifiers, texts, dates, codes, states and the one budget are read, with their lines."""
    (record,) = read(ACTIVITY)
    assert found(record) == {
        "projectCode": ["PO.9001"],
        "primaId": ["NA10P0001"],
        "title": ["Safer Ports", "Des ports plus sûrs"],
        "narrative": ["First.\nSecond & last."],
        "startDate": ["2017-03-05"],
        "startYear": ["2017"],
        "endDate": ["2019-09-30"],
        "endYear": ["2019"],
        "status": ["active"],
        "coverage": ["multi-regional"],
        "benefitingMemberStates": ["NA", "ZA"],
        "projectType": ["PO"],
        "budget": ["100000.00"],
        "budgetCurrency": ["USD"],
    }
    assert [value.language for value in record.values["title"]] == ["en", "fr"]
    lines = ACTIVITY.split("\n")
    for name, words in (("title", "Safer Ports"), ("startDate", "2017-03-05"), ("status", "activity-status")):
        line = record.values[name][0].place.line
        assert line is not None
        assert words in lines[line - 1]
    assert rules(record) == [("plannedDate", Severity.INFO, 13), ("budgetFromIati", Severity.INFO, 20)]


def test_contacts_and_locations_leave_no_trace() -> None:
    """Nothing of the persons and offices of an activity is in its record."""
    (record,) = read(ACTIVITY)
    for words in ("somebody", "Some Body", "Back office"):
        assert words not in repr(record)


def test_the_origin_is_the_activity_itself() -> None:
    """The hash does not change with the rest of the file; the address is that of the page, or the one given."""
    (alone,) = read(ACTIVITY)
    among = read(wrapped(FOREIGN, ACTIVITY, ACTIVITY.replace("PO.9001", "PO.9002")))
    assert alone.origin.sha256 == among[0].origin.sha256 != among[1].origin.sha256
    assert (alone.origin.file, alone.origin.media_type) == ("in.xml", "application/xml")
    assert alone.origin.url == "https://www.iom.int/project/safer-ports"
    (told,) = read(ACTIVITY, url="https://example.org/told")
    assert told.origin.url == "https://example.org/told"


@pytest.mark.parametrize(
    "text",
    [
        ACTIVITY,
        wrapped(ACTIVITY),
        f"<result><ok>True</ok><iati-activities>{ACTIVITY}</iati-activities></result>",
        f'<r:list xmlns:r="http://example.org/r"><r:record>x</r:record>{ACTIVITY}<r:record/></r:list>',
        wrapped(ACTIVITY.replace("<budget ", '<budget xmlns:d="http://example.org/d" d:usd="1" d:eur="2" ')),
        "\ufeff" + wrapped(ACTIVITY),
    ],
)
def test_every_wrapping_gives_the_same_values(text: str) -> None:
    """Bare activities, files, wrappers of data stores and private attributes read the same."""
    assert is_iati(text.encode())
    (record,) = read(text.encode())
    assert found(record) == found(read(ACTIVITY)[0])


def test_activities_of_others_are_counted() -> None:
    """Activities of other organizations are skipped and named once."""
    records = read(wrapped(FOREIGN, ACTIVITY, FOREIGN, ACTIVITY.replace("PO.9001", "PO.9002")))
    assert [found(record)["projectCode"] for record in records] == [["PO.9001"], ["PO.9002"]]
    findings: list[Finding] = [one for record in records for one in record.findings if one.rule == "foreignActivity"]
    assert len(findings) == 1
    assert "2" in str(findings[0].message)
    assert "GB-1-202" in str(findings[0].message)


@pytest.mark.parametrize(
    ("old", "new", "rule", "severity"),
    [
        ('status code="2"', 'status code="5"', "statusNotMapped", Severity.WARNING),
        ('scope code="3"', 'scope code="8"', "scopeNotMapped", Severity.WARNING),
        ("<budget ", '<budget type="2"><value>5</value></budget><budget ', "budgetNotRead", Severity.INFO),
        ('default-currency="USD"', 'default-currency=""', "budgetNotRead", Severity.INFO),
        ("<activity-status", '<sector vocabulary="99" code="CT"/><activity-status', "repeatedField", Severity.WARNING),
    ],
)
def test_what_has_no_field_is_said(old: str, new: str, rule: str, severity: Severity) -> None:
    """A code or a sum that cannot be taken over is a finding, with a sentence."""
    record = only(old, new)
    assert (rule, severity) in [found[:2] for found in rules(record)]


def test_odd_days_are_left_to_linking() -> None:
    """A day that is none keeps its text, so that its fault is named with its line."""
    record = only('"2017-03-05 "', '"05/03/2017"')
    assert found(record)["startDate"] == ["05/03/2017"]
    assert "startYear" not in record.values


def test_page_values_come_first_once_merged() -> None:
    """An activity and a page of one project share their key."""
    page = next(read_bytes(json.dumps({"projectCode": "PO.9001"}).encode(), file="a.json"))
    pipeline = load_pipeline(Choices())
    outcome = converted((page, *read(ACTIVITY)), pipeline.linker, pipeline.publication)
    assert outcome.project.key == "PO.9001"
    assert outcome.project.start_date is not None
    assert not outcome.refused


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (wrapped(ACTIVITY, version="1.05"), "line 3: IATI 1.05 is not supported"),
        (wrapped(FOREIGN), r"none of its activities \(1\) has an identifier"),
        ("<iati-activities/>", r"none of its activities \(0\) has an identifier"),
        (wrapped(ACTIVITY) + "<", "line .*: not valid XML"),
        (wrapped(ACTIVITY, "&boom;"), "line .*: not valid XML"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><iati-activities>&b;</iati-activities>', "line 1: .*document type"),
        ('<!-- a -->\n<?b c?>\n<!DOCTYPE a SYSTEM "file:///etc/passwd"><iati-activities/>', "line 3: .*document type"),
        (wrapped("<a>" * 5000), "not valid XML"),
        (wrapped().replace("UTF-8", "UTF-7"), "encoding"),
    ],
)
def test_what_cannot_be_read_says_why(text: str, words: str) -> None:
    """A file that is broken, harmful, old or foreign raises with its name and a reason."""
    assert is_iati(text.encode())
    with pytest.raises(SourceError, match=words) as caught:
        read(text.encode())
    assert "folder/in.xml" in str(caught.value)


def test_words_about_document_types_are_no_document_type() -> None:
    """A comment or a CDATA section may speak of them."""
    text = wrapped("<!-- <!DOCTYPE x> -->", ACTIVITY.replace("Safer Ports", "<![CDATA[<!DOCTYPE y>]]>"))
    assert found(read(text)[0])["title"][0] == "<!DOCTYPE y>"


@pytest.mark.parametrize("text", ["", "<html/>", "<!DOCTYPE html><html><iati-activity/></html>", "text", '{"a": 1}'])
def test_other_files_are_no_iati(text: str) -> None:
    """Only XML with activities is taken."""
    assert not is_iati(text.encode())


def test_records_come_before_the_file_ends() -> None:
    """A long file is read as it goes: its first activities are there though its end is broken."""
    records = read_iati(wrapped(ACTIVITY * 200) + "<", file="in.xml", options=OPTIONS())
    assert found(next(records))["projectCode"] == ["PO.9001"]
    with pytest.raises(SourceError, match="not valid XML"):
        list(records)


def test_lines_are_right_in_long_files() -> None:
    """Lines beyond 65535 are counted on; there the XML library may name the line where a tag's text ends."""
    (record,) = read(wrapped("\n" * 70000, ACTIVITY))
    assert record.place.line in (70003, 70004)


PIECES = st.sampled_from(
    [
        *(
            ACTIVITY,
            FOREIGN,
            "<iati-activities>",
            "</iati-activities>",
            "<iati-activity>",
            "</iati-activity>",
            "<",
            ">",
        ),
        *("<iati-identifier>XM-DAC-47066-A</iati-identifier>", "<title>", "</title>", "<budget/>", "<!DOCTYPE", "<!--"),
    ]
)


@settings(max_examples=amount(30))
@given(st.binary(max_size=60) | st.lists(PIECES, max_size=12).map(lambda parts: "".join(parts).encode()))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    """Any input gives records or one clear error."""
    is_iati(data)
    for text in (data, f"<iati-activities>{ACTIVITY}".encode() + data):
        assert all(record.place.file == "folder/in.xml" for record in _read_or_refused(text))


def _read_or_refused(text: bytes) -> list[Record]:
    try:
        return read(text)
    except SourceError:
        return []
