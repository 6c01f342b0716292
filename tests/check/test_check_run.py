"""Counting and capping findings, and their order."""

import json
import zipfile
from pathlib import Path

import pytest
from tests.conftest import ROOT

from iomld.check.checker import Checker
from iomld.check.report import Basis, Tally
from iomld.errors import SourceError
from iomld.messages import Message, message
from iomld.model import Finding, Place, Severity

BASIS = Basis("submission", "shacl", "0", {"iomld": "0", "shapes": "0", "vocabularies": "0"})


def test_counts_are_whole_beyond_the_cap(checker: Checker) -> None:
    """With a cap, the counts by severity, rule and file are those of the report without one."""
    data = "\n".join(json.dumps({"projectCode": f"PO.{number:04}"}) for number in range(60)).encode()
    whole = checker.check_bytes(data, "many.jsonl")
    capped = Checker(checker.pipeline, checker.profile, cap=7).check_bytes(data, "many.jsonl")
    assert whole.omitted == 0
    assert len(capped.findings) == 7
    assert capped.findings == whole.findings[:7]
    assert capped.omitted == whole.total - 7
    assert (capped.counts, capped.groups, capped.files) == (whole.counts, whole.groups, whole.files)
    assert (capped.records, capped.projects, capped.conforms) == (60, 60, False)


def test_a_tally_keeps_no_more_than_its_cap() -> None:
    """Of a hundred thousand findings those up to the cap are held, and each cause once as an example."""
    tally = Tally(cap=3)
    for number in range(100_000):
        severity = Severity.VIOLATION if number == 99_999 else Severity.WARNING
        tally.add_finding(
            Finding("x", severity, message("Number {number}.", number=number), place=Place("a.txt", line=number + 1))
        )
    report = tally.report(BASIS, projects=1)
    assert [str(finding.message) for finding in report.findings] == ["Number 0.", "Number 1.", "Number 2."]
    assert [(group.severity, group.count) for group in report.groups] == [
        (Severity.VIOLATION, 1),
        (Severity.WARNING, 99_999),
    ]
    assert report.groups[0].example.message == Message("Number {number}.", {"number": 99999})
    assert not report.conforms
    assert len(tally._kept) == 3


def test_an_archive_is_checked_as_by_the_command(checker: Checker, tmp_path: Path) -> None:
    """A file in it that cannot be read is named, and the others are checked; if none can be read, it is refused."""
    record = '{"projectCode": "PO.9001", "status": "x"}'
    path = tmp_path / "records.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.ttl", "<a:b> <a:c> <a:d> .")  # a graph without a project
        archive.writestr("b.json", record)
    sent, named = checker.check_bytes(path.read_bytes(), str(path)), checker.check_files([path])
    assert (sent.findings, sent.files, sent.records) == (named.findings, named.files, named.records)
    assert [
        one.place.file.rpartition("!")[2] for one in sent.findings if one.rule == "unreadableFile" and one.place
    ] == ["a.ttl"]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.ttl", "<a:b> <a:c> <a:d> .")
    with pytest.raises(SourceError, match="no project"):
        checker.check_bytes(path.read_bytes(), str(path))


def test_findings_stand_in_source_order(checker: Checker, tmp_path: Path) -> None:
    """Files come in the order of the sources, one that cannot be read among them, and lines in theirs."""
    first, second, third = (tmp_path / name for name in ("c.json", "b.txt", "a.json"))
    first.write_text('[{"projectCode": "PO.9001",\n"status": "x",\n"budgetUSD": "y"}]', encoding="utf-8")
    second.write_bytes(b"\x00\x01")
    third.write_text('{"projectCode": "PO.9002",\n"status": "x"}', encoding="utf-8")
    report = checker.check_files([first, second, third])
    places = [(finding.place.file, finding.place.line or 0) for finding in report.findings if finding.place]
    order = [str(first), str(second), str(third)]
    assert places == sorted(places, key=lambda place: (order.index(place[0]), place[1]))
    assert [file.name for file in report.files] == order
    assert [file.records for file in report.files] == [1, 0, 1]


def test_what_no_format_can_write_is_replaced() -> None:
    """Control characters and halves of character pairs become U+FFFD; a value that is a whole text is shortened."""
    tally = Tally()
    tally.add_finding(
        Finding("x", Severity.INFO, Message("a\x00b\ud800c"), value="v" * 1_000_000, place=Place("f\x1b.txt"))
    )
    (finding,) = tally.report(BASIS, projects=0).findings
    assert str(finding.message) == "a\ufffdb\ufffdc"
    assert finding.value is not None
    assert len(finding.value) == 2000
    assert finding.place == Place("f\ufffd.txt")


def test_reading_faults_are_about_the_project_too(checker: Checker) -> None:
    """A finding of reading or linking names the project as its focus node, where the project has a name."""
    page = (ROOT / "tests" / "golden" / "page.txt").read_bytes().replace(b"Active", b"Asleep").replace(b"2018", b"x")
    report = checker.check_bytes(page, "page.txt")
    assert report.findings
    assert {finding.focus_node for finding in report.findings} == {"https://w3id.org/iomld/id/project/PO.9001"}
    nameless = checker.check_bytes(b'{"status": "Asleep"}', "x.json")
    assert {finding.focus_node for finding in nameless.findings} == {None}
