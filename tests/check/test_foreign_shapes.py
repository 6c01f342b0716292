"""`iomld validate --shapes`: any RDF against any shapes, with the lines of the data."""

import json
from pathlib import Path

import jsonschema
import pytest
from tests.conftest import Command

from iomld.assets import asset_text
from iomld.check.reports import REPORT_FORMATS

SHAPES = """@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <http://example.org/> .
ex:PersonShape a sh:NodeShape ; sh:targetClass ex:Person ;
  sh:property ex:name . ex:name sh:path ex:name ; sh:minCount 1 ; sh:maxLength 5 ; sh:message "A short name, please." .
"""
DATA = """@prefix ex: <http://example.org/> .
ex:a a ex:Person ; ex:name "Ada" .
ex:b a ex:Person .
ex:c a ex:Person ;
  ex:name "Charlotte" .
"""


@pytest.mark.parametrize("engine", ["shacl", "pyshacl"])
def test_findings_stand_at_their_lines(engine: str, tmp_path: Path, iomld: Command) -> None:
    """Both engines find the same two faults, each at its line; the exit status is 1."""
    (tmp_path / "shapes.ttl").write_text(SHAPES)
    (tmp_path / "data.ttl").write_text(DATA)
    done = iomld(
        "validate", tmp_path / "data.ttl", "--shapes", tmp_path / "shapes.ttl", "--engine", engine, "--format", "json"
    )
    assert done.returncode == 1, done.stderr
    results = json.loads(done.stdout)["results"]
    found = [(result["focusNode"], result["source"]["line"], result["message"]) for result in results]
    assert found == [
        ("http://example.org/b", 3, "A short name, please."),
        ("http://example.org/c", 5, "A short name, please."),
    ]


@pytest.mark.parametrize(
    ("shapes", "data", "words"),
    [
        (SHAPES + "<http://x/> <http://www.w3.org/2002/07/owl#imports> <http://x/y> .", DATA, "owl:imports"),
        ("no shapes", DATA, "shapes.ttl"),
        (SHAPES, "@prefix ex: <http://example.org/> .\nex:a ex:b", "data.ttl"),
    ],
)
def test_what_cannot_be_checked_says_where(shapes: str, data: str, words: str, tmp_path: Path, iomld: Command) -> None:
    """Imports are never followed, and files that do not parse are named."""
    (tmp_path / "shapes.ttl").write_text(shapes)
    (tmp_path / "data.ttl").write_text(data)
    done = iomld("validate", tmp_path / "data.ttl", "--shapes", tmp_path / "shapes.ttl")
    assert done.returncode != 0
    assert words in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("engine", ["shacl", "pyshacl"])
def test_conforms_never_hides_that_nothing_was_checked(engine: str, tmp_path: Path, iomld: Command) -> None:
    """Every form of the report says which shape checked no node, and its place."""
    shapes, data = tmp_path / "shapes.ttl", tmp_path / "data.ttl"
    shapes.write_text(SHAPES.replace("targetClass ex:Person", "targetClass ex:Persona"))
    data.write_text(DATA)
    for name in (format_.name for format_ in REPORT_FORMATS):
        done = iomld("validate", data, "--shapes", shapes, "--engine", engine, "--format", name)
        assert done.returncode == 0, done.stderr
        assert "checked nothing: no node in the data matches its target." in done.stdout, name
        if name == "json":
            report = json.loads(done.stdout)
            jsonschema.validate(report, json.loads(asset_text("ontology/report.schema.json")))
            assert [(one["focusNodes"], one["shape"]["value"]) for one in report["shapes"]] == [
                (0, "http://example.org/PersonShape")
            ]
            assert [(one["rule"], one["source"]["line"]) for one in report["warnings"]] == [("noFocusNode", 2)]
        if name == "text":
            assert done.stdout.splitlines()[-1].startswith("Nothing was checked: 1 record")
        if name in {"text", "turtle", "junit"}:
            assert f"{shapes}:2:" in done.stdout


@pytest.mark.parametrize("engine", ["shacl", "pyshacl"])
def test_misspelt_terms_and_ill_formed_shapes_are_warnings_with_their_line(
    engine: str, tmp_path: Path, iomld: Command
) -> None:
    """The right term is named; an ill-formed shape that an engine cannot run is a refusal with the same place."""
    shapes, data = tmp_path / "shapes.ttl", tmp_path / "data.ttl"
    data.write_text(DATA)
    shapes.write_text(
        SHAPES + "ex:Two a sh:NodeShape ; sh:targetNode ex:a ;\n sh:property [ sh:path ex:p ;\n sh:mincount 0 ] ."
    )
    done = iomld("validate", data, "--shapes", shapes, "--engine", engine)
    assert f"{shapes}:6: warning: sh:mincount is not a SHACL term and has no effect. [unknownTerm]" in done.stdout
    assert "Write sh:minCount." in done.stdout
    shapes.write_text(SHAPES + "ex:Two a sh:NodeShape ; sh:targetNode ex:a ;\n sh:property [ sh:path ex:p, ex:q ] .")
    done = iomld("validate", data, "--shapes", shapes, "--engine", engine)
    if engine == "shacl":
        assert f"{shapes}:5:14: warning: The shape is ill-formed at sh:path." in done.stdout
    else:
        assert done.returncode == 2
        assert f"{shapes}: line 5: The shape is ill-formed at sh:path." in done.stderr


def test_records_that_are_none_are_not_said_to_conform(tmp_path: Path, iomld: Command) -> None:
    """A list without a record is not reported as conforming."""
    (tmp_path / "none.json").write_text("[]")
    done = iomld("validate", tmp_path / "none.json")
    assert done.stdout.splitlines()[-1].startswith("Nothing was checked: 0 records")
