"""Build servers and hooks: the example workflow and the hook run, severities decide, reports go to files."""

import json
import re
import shlex
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from lxml import etree
from tests.check.test_report_formats import written
from tests.commands import run_iomld
from tests.conftest import ROOT, Command

from iomld.check.checker import Checker
from iomld.check.report import CheckReport

# A record without a violation, with one Info: the money was allocated before the start.
RECORD = {
    "projectCode": "PO.9001",
    "title": {"en": "Planning for Mobility"},
    "status": "completed",
    "projectType": "PO",
    "coverage": "national",
    "region": "africa",
    "startYear": 2018,
    "endYear": 2020,
    "allocationYear": 2017,
    "budgetUSD": 100000,
    "benefitingMemberStates": ["KE"],
}


def _run(command: str, folder: Path, text: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command line of iomld in a folder."""
    program, *arguments = shlex.split(command)
    assert program == "iomld"
    return run_iomld(*arguments, folder=folder, text=text)


@pytest.fixture
def records(tmp_path: Path) -> Path:
    """A folder with records/record.json."""
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "record.json").write_text(json.dumps(RECORD, indent=1))
    return tmp_path


def test_the_least_severity_decides_the_exit_status(records: Path) -> None:
    """An Info fails only where it is asked for; --quiet leaves the exit status and the files."""
    statuses = {
        level: _run(f"iomld validate records --quiet --fail-on {level} --report json={level}.json", records)
        for level in ("violation", "warning", "info")
    }
    assert {level: (done.returncode, done.stdout) for level, done in statuses.items()} == {
        "violation": (0, ""),
        "warning": (0, ""),
        "info": (1, ""),
    }
    assert json.loads((records / "info.json").read_text())["counts"]["Info"] == 1


def test_a_warning_about_the_shapes_counts_as_a_warning(tmp_path: Path) -> None:
    """A shape that checks nothing fails a build that fails on warnings."""
    shapes = "@prefix sh: <http://www.w3.org/ns/shacl#> . <x:S> a sh:NodeShape ; sh:targetClass <x:C> ."
    (tmp_path / "shapes.ttl").write_text(shapes)
    command = "iomld validate - --shapes shapes.ttl --quiet"
    assert _run(command, tmp_path, "<x:a> <x:b> <x:c> .").returncode == 0
    assert _run(f"{command} --fail-on warning", tmp_path, "<x:a> <x:b> <x:c> .").returncode == 1


def test_standard_input_is_a_source(records: Path) -> None:
    """A dash reads the record from standard input; its places say so."""
    done = _run("iomld validate - --format json", records, json.dumps(RECORD | {"budgetUSD": 0}))
    (finding,) = (one for one in json.loads(done.stdout)["results"] if one["rule"] == "budget")
    assert (done.returncode, finding["source"]["file"]) == (1, "stdin")


def test_an_unknown_form_of_a_further_report_is_a_wrong_use(records: Path) -> None:
    """The forms are named."""
    for wrong in ("pdf=x.pdf", "sarif", "sarif="):
        done = _run(f"iomld validate records --report {wrong}", records)
        assert done.returncode == 2
        assert "sarif, junit" in done.stderr


def test_the_hook_runs(records: Path) -> None:
    """The hook takes the files that it says it takes, and its entry checks them."""
    (hook,) = re.split(r"^- ", (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    values = dict(line.strip().split(": ", 1) for line in hook.strip().splitlines())
    assert {"id", "name", "language", "entry", "files"} <= values.keys()
    name = "records/record.json"
    assert re.search(values["files"], name)
    assert _run(f"{values['entry']} {name}", records).returncode == 0
    (records / name).write_text(json.dumps(RECORD | {"budgetUSD": 0}))
    assert _run(f"{values['entry']} {name}", records).returncode == 1


def test_the_example_workflow_runs(records: Path) -> None:
    """Its command writes both reports, whatever the verdict, with names below the root of the source tree."""
    workflow = (ROOT / "examples" / "validate.yml").read_text(encoding="utf-8")
    (command,) = re.findall(r"run: (iomld .*)", workflow)
    assert _run(command, records).returncode == 0
    (records / "records" / "record.json").write_text(json.dumps(RECORD | {"budgetUSD": 0}))
    assert _run(command, records).returncode == 1
    (run,) = json.loads((records / "report.sarif").read_text())["runs"]
    assert run["artifacts"] == [{"location": {"uri": "records/record.json", "uriBaseId": "SRCROOT"}}]
    assert etree.parse(records / "report.xml").getroot().get("failures") == "1"
    assert set(re.findall(r"(?:sarif_file|path): (\S+)", workflow)) == {"report.sarif", "report.xml"}


def test_sarif_has_ends_fingerprints_and_help(report: CheckReport) -> None:
    """A region ends after its value; fingerprints differ; each rule of the shapes has a help text."""
    (run,) = json.loads(written(report, "sarif"))["runs"]
    assert set(run["originalUriBaseIds"]) == {"SRCROOT"}
    prints = [result["partialFingerprints"]["iomldFinding/v1"] for result in run["results"]]
    assert len(set(prints)) == len(prints)
    for result, finding in zip(run["results"], report.findings, strict=True):
        region = result["locations"][0]["physicalLocation"]["region"]
        assert region["endColumn"] > region["startColumn"]
        if finding.value and finding.place and finding.value in (finding.place.excerpt or ""):
            assert region["endColumn"] - region["startColumn"] == len(finding.value)
    assert all(rule["help"]["text"] for rule in run["tool"]["driver"]["rules"] if "helpUri" in rule)


def test_fingerprints_stay_when_lines_are_added_above(checker: Checker) -> None:
    """The same finding on another line is the same alert."""
    text = json.dumps(RECORD | {"budgetUSD": 0})
    prints = [
        [
            result["partialFingerprints"]
            for result in json.loads(written(checker.check_bytes((above + text).encode(), "a.json"), "sarif"))["runs"][
                0
            ]["results"]
        ]
        for above in ("", "\n\n\n")
    ]
    assert prints[0] == prints[1] != []


def test_findings_are_grouped_by_rule_and_value(checker: Checker, iomld: Command, tmp_path: Path) -> None:
    """Each value of a rule has its count, in JSON and with --group."""
    states = ("Narnia", "Narnia", "Oz")
    lines = [
        json.dumps(RECORD | {"projectCode": f"PO.900{number}", "benefitingMemberStates": [state]})
        for number, state in enumerate(states)
    ]
    found = checker.check_bytes("\n".join(lines).encode(), "a.jsonl")
    (group,) = (one for one in json.loads(written(found, "json"))["groups"] if one["rule"] == "unknownState")
    assert Counter({one["value"]: one["count"] for one in group["values"]}) == Counter(states)
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    assert "    Narnia: 2\n    Oz: 1\n" in iomld("validate", tmp_path / "a.jsonl", "--group").stdout
