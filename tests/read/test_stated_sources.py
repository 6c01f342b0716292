"""The sources and the evidence of mentions that a record states, as our exports do."""

import json
from decimal import Decimal

import pytest

from iomld.model import Origin, Record
from iomld.read import read_bytes

SOURCE = {
    "file": "a.txt",
    "sha256": "0" * 64,
    "mediaType": "text/plain",
    "url": "https://example.org/a",
    "retrievedAt": "2026-11-23T20:00:00+01:00",
}


def read(content: dict[str, object]) -> Record:
    """One record of JSON."""
    return next(read_bytes(json.dumps({"projectCode": "PO.0001"} | content).encode(), file="in.json"))


def test_stated_sources_stand_in_place_of_the_file() -> None:
    """They are published; an empty list leaves the file that was read."""
    record = read({"sources": [SOURCE, {key: SOURCE[key] for key in ("file", "sha256", "mediaType")}]})
    assert record.findings == ()
    assert record.origins == (
        Origin("a.txt", "0" * 64, "text/plain", "https://example.org/a", "2026-11-23T19:00:00Z"),
        Origin("a.txt", "0" * 64, "text/plain"),
    )
    assert read({"sources": []}).origins[0].file == "in.json"


@pytest.mark.parametrize(
    "sources",
    [
        "a.txt",
        ["a.txt"],
        [{}],
        [SOURCE | {"sha256": "0" * 63}],
        [SOURCE | {"mediaType": "text"}],
        [SOURCE | {"url": "javascript:1"}],
        [SOURCE | {"retrievedAt": "yesterday"}],
        [SOURCE | {"file": []}],
        [SOURCE, SOURCE | {"file": ""}],
    ],
)
def test_a_source_that_is_not_as_exported_is_a_fault(sources: object) -> None:
    """One finding, and none of the sources is taken."""
    record = read({"sources": sources})
    assert [finding.rule for finding in record.findings] == ["statedSource"]
    assert record.stated_origins == ()


def test_a_mention_keeps_its_evidence() -> None:
    """Field, method and confidence are read as they are written."""
    mention = {"framework": "gcm", "quote": "GCM", "field": "title", "method": "manual", "confidence": 0.25}
    (found,) = read({"mentions": [mention]}).mentions
    assert (found.field, found.method, found.confidence) == ("title", "manual", Decimal("0.25"))


@pytest.mark.parametrize(
    "fault",
    [
        {"field": "page"},
        {"method": "By Hand"},
        {"confidence": 2},
        {"confidence": "high"},
        {"position": "9" * 5000},
        {"position": -1},
        {"language": "English"},
    ],
)
def test_evidence_of_another_form_is_a_fault(fault: dict[str, object]) -> None:
    """Each is one Violation; the record's other mentions are read."""
    good: dict[str, object] = {"framework": "gcm", "quote": "GCM"}
    record = read({"mentions": [good | fault, good]})
    assert [finding.rule for finding in record.findings] == ["mentionForm"]
    assert len(record.mentions) == 1
