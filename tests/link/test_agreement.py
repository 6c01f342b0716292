"""Records of one project that differ are named with both values and both places."""

import json

import pytest

from iomld.assets import load_vocabulary
from iomld.link.consistency import disagreements
from iomld.link.project import Linker, build_linker
from iomld.merge import merge_records
from iomld.model import Finding, Severity
from iomld.pipeline.conversion import linked
from iomld.read import read_bytes

TITLE = {"projectCode": "PO.0001", "title": {"en": "Ports"}, "abstract": {"en": "Ports plan."}}


@pytest.fixture(scope="module")
def linker() -> Linker:
    """The linker of our own lists."""
    return build_linker(load_vocabulary())


def differing(linker: Linker, first: dict[str, object], second: dict[str, object]) -> list[Finding]:
    """The disagreements of two records; the first is the fuller one."""
    records = [
        next(read_bytes(json.dumps(content).encode(), file=name))
        for name, content in (("first.json", TITLE | first), ("second.json", {"projectCode": "PO.0001"} | second))
    ]
    return list(disagreements(merge_records(records), linker))


@pytest.mark.parametrize(
    ("field", "first", "second"),
    [
        ("endYear", "2019", "2024"),
        ("budgetUSD", "100000", "200000"),
        ("status", "Completed", "Actif"),
        ("projectType", "PO", "Labour Migration"),
        ("region", "Africa", "Europe"),
        ("primaId", "CN10P0001", "CN10P0002"),
        ("startDate", "2017-01-02", "2017-02-01"),
        ("benefitingMemberStates", ["CN", "CL"], ["CN"]),
    ],
)
def test_values_that_differ_are_named(field: str, first: object, second: object, linker: Linker) -> None:
    """The Warning names the field, both values, and the file and line of both."""
    (finding,) = differing(linker, {field: first}, {field: second})
    assert (finding.rule, finding.field) == ("sourcesDiffer", field)
    assert finding.place is not None
    assert finding.place.file == "second.json"
    assert "first.json, line 1" in str(finding.message)
    for value in (first, second):
        assert (", ".join(value) if isinstance(value, list) else str(value)) in str(finding.message)


@pytest.mark.parametrize(
    ("field", "first", "second"),
    [
        ("budgetUSD", "100000.00", "100,000"),
        ("status", "Completed", "Achevé"),
        ("benefitingMemberStates", ["CN", "CL"], ["Chili", "Chine"]),
    ],
)
def test_values_that_mean_the_same_agree(field: str, first: object, second: object, linker: Linker) -> None:
    """Another notation, language or order is no difference."""
    assert differing(linker, {field: first}, {field: second}) == []


@pytest.mark.parametrize("unread_is_fuller", [True, False])
@pytest.mark.parametrize(
    ("field", "read", "unread"),
    [
        ("endYear", "2019", "soon"),
        ("status", "Completed", "Paused"),
        ("projectType", "Labour Migration", "Dancing with Officers"),
        ("budgetUSD", "100000.00", "a lot"),
        ("benefitingMemberStates", ["Chile"], ["Chile", "Atlantis"]),
    ],
)
def test_a_copy_that_cannot_be_read_yields(
    field: str, read: object, unread: object, linker: Linker, *, unread_is_fuller: bool
) -> None:
    """The copy that can be read supplies the field, whichever is fuller, and a Warning names both places."""
    contents = [{"projectCode": "LM.0001", field: read}, {"projectCode": "LM.0001", field: unread}]
    contents[unread_is_fuller] |= TITLE | {"region": "Africa"}
    records = tuple(
        next(read_bytes(json.dumps(content).encode(), file=name))
        for name, content in zip(("read.json", "unread.json"), contents, strict=True)
    )
    outcome = linked(records, linker)
    assert {value.place.file for value in outcome.merged.values[field]} == {"read.json"}
    (finding,) = outcome.findings
    assert (finding.rule, finding.severity, finding.field) == ("unreadableCopy", Severity.WARNING, field)
    assert finding.place is not None
    assert finding.place.file == "unread.json"
    assert "read.json, line 1" in str(finding.message)
