"""Records in JSON: every form, every fault with its place, and nothing lost."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iomld.errors import SourceError
from iomld.model import Finding, Record
from iomld.read import located, read_bytes

RECORD = {
    "projectCode": "PO.0001",
    "title": {"en": "Seaports", "fr": "Ports"},
    "budgetUSD": "100000.00",
    "benefitingMemberStates": ["NA", "ZA"],
    "mentions": [{"framework": "gcm", "quote": "GCM", "prefix": "the ", "suffix": ".", "position": 4}],
    "source": {"url": "https://example.org/p", "retrievedAt": "2026-11-23T20:00:00+01:00"},
}


def read(text: str) -> list[Record]:
    """All records of a JSON text."""
    return list(read_bytes(text.encode(), file="in.json"))


def placed(record: Record) -> list[Finding]:
    """The reader's findings with their exact places."""
    return [located(finding, record) for finding in record.findings]


def test_object_array_and_lines_give_the_same_record() -> None:
    """One record reads the same in each JSON form."""
    line = json.dumps(RECORD)
    forms = (line, json.dumps(RECORD, indent=2), f"[{line}]", f"[\n  {line}\n]", f"{line}\n{line}\n")
    for text in forms:
        record = read(text)[0]
        assert record.findings == ()
        assert {name: [value.text for value in values] for name, values in record.values.items()} == {
            "projectCode": ["PO.0001"],
            "title": ["Seaports", "Ports"],
            "budgetUSD": ["100000.00"],
            "benefitingMemberStates": ["NA", "ZA"],
        }
        assert record.mentions[0].position == 4
        assert record.origin.url == "https://example.org/p"
        assert record.origin.retrieved_at == "2026-11-23T19:00:00Z"
    assert len(read(forms[-1])) == 2


def test_numbers_keep_the_digits_that_were_written() -> None:
    """A JSON number is read as its digits, never through a float."""
    record = read('{"projectCode": "A", "budgetUSD": 1459753.720, "startYear": 2017}')[0]
    assert [record.values[name][0].text for name in ("budgetUSD", "startYear")] == ["1459753.720", "2017"]


@pytest.mark.parametrize("form", ["{}", "[{}]", "{}\n{}"])
@pytest.mark.parametrize("digits", [4300, 4301, 50_000])
def test_a_number_of_any_length_keeps_its_digits_and_its_place(form: str, digits: int) -> None:
    """An integer that Python does not convert is read as others are, and what stands behind it has its place."""
    number = "9" * digits
    text = form.replace("{}", '{"projectCode": "A", "budgetUSD": -' + number + ', "statsu": "B"}')
    for record in read(text):
        assert record.values["budgetUSD"][0].text == f"-{number}"
        (place,) = (finding.place for finding in placed(record))
        assert place is not None
        assert place.column == text.index('"B"') + 1


def test_broken_json_behind_a_long_number_says_where() -> None:
    """The place of what is wrong is named, not the number."""
    with pytest.raises(SourceError, match=r"in\.json, line 2, column 2: .*comma before the closing bracket"):
        read('{"budgetUSD": ' + "9" * 5000 + ",\n }")


def test_one_broken_line_does_not_stop_the_others() -> None:
    """In JSON Lines a line that is no JSON is one refused record."""
    records = read('{"projectCode": "A"}\n{"projectCode": \n{"projectCode": "C"}\n')
    assert [bool(record.findings) for record in records] == [False, True, False]
    assert records[1].findings[0].rule == "notJson"
    assert records[1].place.line == 2


@pytest.mark.parametrize(
    ("text", "rule", "line", "column"),
    [
        ('{\n  "projectCode": "A",\n  "status": ["x"]\n}', "wrongKind", 3, 13),
        ('{\n  "title": {"en": []}}', "wrongKind", 2, 19),
        ('{\n  "title": {"English": "x"}}', "languageTag", 2, 24),
        ('{"projectCode": "A",\n "projectCode": "B"}', "repeatedKey", 2, 17),
        ('{"projectCode": "A",\n "statsu": "B"}', "unknownKey", 2, 12),
        ('{"projectCode": "A",\n "source": {"url": "javascript:1"}}', "sourceAddress", 2, 20),
        ('{"projectCode": "A",\n "source": {"retrievedAt": "today"}}', "retrievalTime", 2, 28),
        ('{"projectCode": "A",\n "mentions": [{"framework": "gcm"}]}', "mentionForm", 2, 15),
        (
            '{"projectCode": "A",\n "mentions": [{"framework": "gcm", "quote": "x", "position": -1}]}',
            "mentionForm",
            2,
            15,
        ),
        ('{"projectCode": "A\\u0000"}', "controlCharacter", 1, 17),
        ('{"title": {"en": "\\ud800"}}', "controlCharacter", 1, 18),
        ('{"benefitingMemberStates": ["NA", {}]}', "wrongKind", 1, 35),
        ("[1]", "notARecord", 1, 2),
    ],
)
def test_each_fault_of_form_points_at_its_place(text: str, rule: str, line: int, column: int) -> None:
    """A fault names its rule, line and column."""
    findings = placed(read(text)[0])
    found = [(f.rule, f.place.line, f.place.column) for f in findings if f.place]
    assert (rule, line, column) in found


def test_places_in_an_array_count_from_the_top_of_the_file() -> None:
    """The fault of the second record has its line in the file, and a pointer from the root."""
    record = read('[\n {"projectCode": "A"},\n\n {"projectCode": "B",\n  "status": {}}\n]')[1]
    place = placed(record)[0].place
    assert place is not None
    assert (place.line, place.column, place.pointer, place.excerpt) == (5, 13, "/1/status", '"status": {}}')


@pytest.mark.parametrize("text", ["[{]", '[{"a": 1},', '{"a": 1', "[[[[" * 20000, '{"a":' * 20000])
def test_text_that_is_no_json_says_where(text: str) -> None:
    """Broken or absurdly deep JSON is refused as a file, with its place where there is one."""
    with pytest.raises(SourceError, match=r"in\.json"):
        read(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    )
)
def test_any_json_is_read_or_refused(value: object) -> None:
    """Any JSON gives records with located findings, or one clear error."""
    text = json.dumps(value)
    try:
        records = read(text)
    except SourceError:
        return
    for record in records:
        for finding in placed(record):
            assert finding.place is not None
            assert finding.place.line is not None


@given(
    st.dictionaries(
        st.sampled_from(["projectCode", "status", "title", "mentions", "source", "x/~y"]),
        st.text() | st.lists(st.integers()) | st.dictionaries(st.text(), st.text()),
    )
)
def test_any_record_is_read_with_its_places(content: dict[str, object]) -> None:
    """Odd keys and values never lose their place."""
    try:
        record = read(json.dumps(content, indent=1, ensure_ascii=False))[0]
    except SourceError:
        return
    for finding in placed(record):
        assert finding.place is not None
        assert finding.place.column is not None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"projectCode": "PO.1", "title": }', 'A value is missing after "title":.'),
        ('{"a": "b', 'A quotation mark is missing at the end of "b.'),
        ('{"a": [1, 2', "The text ends too early."),
        ('{"a": 1,}', "There is a comma before the closing bracket. Remove it."),
        ("{'a': 1}", "There is a single quotation mark. Use double quotation marks."),
        ("{a: 1}", "Put a between double quotation marks."),
        ('{"a": tru}', "Put tru between double quotation marks."),
        ('{"a": [, 1]}', "A value is missing before ,."),
        ('{"a" 1}', "A colon is missing before 1}."),
        ('{"a": 1 "b": 2}', 'A comma or a closing bracket is missing before "b": 2}.'),
        ('{"a": "x\ny"}', "A line break or a tab stands between quotation marks."),
        ('{"a": "\\d"}', "A backslash stands alone. Write it twice."),
    ],
)
def test_what_is_wrong_with_json_is_said_in_our_words(text: str, reason: str) -> None:
    """The sentence comes from the text around the place, and the error has the place."""
    with pytest.raises(SourceError) as error:
        read(text)
    assert reason in str(error.value)
    assert "Expecting" not in str(error.value)
    assert error.value.place is not None
    assert error.value.place.line in {1, 2}
    assert error.value.place.column is not None
