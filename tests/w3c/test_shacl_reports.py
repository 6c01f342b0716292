"""Reports over HTTP and of the command, compared field by field with the expected reports of the W3C SHACL test suite.

Compared are focus node, path, value, source shape, severity and constraint component of each result, as terms with
language and datatype, in RDF and in JSON; a blank node stands for any blank node.
"""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
from pyoxigraph import BlankNode, Literal, NamedNode
from tests.amount import amount
from tests.conftest import Command
from tests.serving import Server
from tests.w3c.shacl_suite import TESTS, Case, Row, SubjectIndex, any_blank, report_rows, suite_cases

from iomld.formats.rdf import TURTLE, parse
from iomld.iris import RDF, SH
from iomld.validate.engines import ENGINES

# The reports of the first engine are all asked for over HTTP; the others show that the way is the same for the second
# engine and the command, whose results `test_shacl_suite.py` compares for all tests.
SAMPLES = {"shacl": 98, "pyshacl": amount(20), "command": amount(5)}

pytestmark = pytest.mark.skipif(not TESTS.is_dir(), reason="the W3C SHACL test suite is not at hand (IOMLD_SHARED)")


@pytest.fixture(scope="module")
def core_cases() -> tuple[Case, ...]:
    """The tests of SHACL Core."""
    return tuple(case for case in suite_cases(TESTS / "manifest.ttl") if case.name.startswith("core/"))


def sample(cases: tuple[Case, ...], name: str) -> tuple[Case, ...]:
    """The cases that are tried, from all parts of the suite."""
    return cases[:: max(1, len(cases) // SAMPLES[name])]


def _term(written: Mapping[str, str] | None) -> str | None:
    """A term of a JSON report in N-Triples syntax."""
    match written:
        case {"type": "uri", "value": iri}:
            return str(NamedNode(iri))
        case {"type": "bnode", "value": label}:
            return any_blank(BlankNode(label))
        case {"type": "literal", "value": text, "datatype": datatype}:
            return str(Literal(text, datatype=NamedNode(datatype)))
        case {"type": "literal", "value": text}:
            return str(Literal(text, language=written.get("xml:lang") if written else None))
    return None


def _json_rows(body: bytes) -> Counter[Row]:
    results = [one for finding in json.loads(body)["results"] for one in finding["shacl"]]
    return Counter(
        (
            _term(one["focusNode"]),
            one.get("resultPath"),
            _term(one.get("value")),
            _term(one.get("sourceShape")),
            one["resultSeverity"],
            one["sourceConstraintComponent"],
        )
        for one in results
    )


def _differs(case: Case, turtle: bytes, document: bytes) -> bool:
    """Whether a report in Turtle or in JSON is not the expected one."""
    graph = SubjectIndex(parse(turtle, TURTLE))
    (report,) = (quad.subject for quad in graph.quads if str(quad.object) == f"<{SH}ValidationReport>")
    assert str(graph.one(report, f"{RDF}type")) == f"<{SH}ValidationReport>"
    conforms = str(graph.one(report, f"{SH}conforms")).startswith('"true"')
    rows = report_rows(graph, report) if isinstance(report, BlankNode) else None
    return (rows, _json_rows(document), conforms) != (case.expected, case.expected, case.conforms)


@pytest.mark.server
@pytest.mark.parametrize("engine", ENGINES)
def test_reports_over_http_are_those_of_the_suite(
    engine: str, core_cases: tuple[Case, ...], bundled_server: Server
) -> None:
    """98 of 98 with the first engine, and a sample with the reference engine."""
    assert len(core_cases) == 98
    different = set()
    with httpx.Client(base_url=bundled_server.address, timeout=60) as client:
        for case in sample(core_cases, engine):
            answers = [
                client.post(
                    "/validate",
                    params={"engine": engine, "format": name},
                    files={
                        "file": ("data.ttl", case.data_file.read_bytes()),
                        "shapes": ("shapes.ttl", case.shapes_file.read_bytes()),
                    },
                )
                for name in ("turtle", "json")
            ]
            assert [answer.status_code for answer in answers] == [200, 200], (case.name, answers[0].text)
            if _differs(case, *(answer.content for answer in answers)):
                different.add(case.name)
    assert different == set()


@pytest.mark.parametrize("engine", ENGINES)
def test_reports_of_the_command_are_those_of_the_suite(
    engine: str, core_cases: tuple[Case, ...], tmp_path: Path, iomld: Command
) -> None:
    """The command gives the same reports; its exit status follows our reading of `conforms`, which is by severity."""
    for number, case in enumerate(sample(core_cases, "command")):
        turtle, document = tmp_path / f"{number}.ttl", tmp_path / f"{number}.json"
        done = iomld(
            "validate", case.data_file, "--shapes", case.shapes_file, "--engine", engine, "--quiet",
            "--report", f"turtle={turtle}", "--report", f"json={document}",
        )  # fmt: skip
        assert done.returncode in {0, 1}, done.stderr
        assert not _differs(case, turtle.read_bytes(), document.read_bytes()), case.name
