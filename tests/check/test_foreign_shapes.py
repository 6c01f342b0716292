"""`iomld validate --shapes`: any RDF against any shapes, with the lines of the data."""

import json
from pathlib import Path

import pytest
from tests.conftest import Command

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
