"""A report says how many nodes each of our shapes checked, and warns where none did."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace

import jsonschema
import pytest
from tests.check.test_report_formats import written
from tests.conftest import DATA, ROOT

from iomld.assets import asset_text
from iomld.check.checker import Checker
from iomld.check.report import Basis, CheckReport, Tally
from iomld.check.reports import REPORT_FORMATS
from iomld.check.reports.text import focus_node_sentence
from iomld.formats.rdf import TURTLE, parse
from iomld.i18n import LANGUAGES
from iomld.iris import SHAPES
from iomld.pipeline.conversion import Choices
from iomld.pipeline.stages import load_pipeline
from iomld.validate import ENGINES
from iomld.validate.targets import FocusNodeCounter, targets_of

PAGES = ROOT / "examples" / "pages"
IATI = b"""<iati-activities version="2.03"><iati-activity><iati-identifier>XM-DAC-47066-PO.0003</iati-identifier>
<title><narrative>Border posts</narrative></title></iati-activity></iati-activities>"""
RDF = b"""@prefix iomld: <https://w3id.org/iomld/ns#> . @prefix dcterms: <http://purl.org/dc/terms/> .
<https://w3id.org/iomld/id/project/PO.0004> a iomld:Project ; iomld:projectCode "PO.0004" ;
  dcterms:title "Border posts"@en ."""
SOURCES: Mapping[str, Callable[[], tuple[str, bytes]]] = {
    "page": lambda: ("ports.txt", (PAGES / "ports.txt").read_bytes()),
    "table": lambda: ("t.csv", b"projectCode,title_en,status\nPO.0001,Border posts,\n"),
    "JSON": lambda: ("r.json", b'{"projectCode": "PO.0002", "title": {"en": "Border posts"}}'),
    "IATI": lambda: ("a.xml", IATI),
    "RDF": lambda: ("s.ttl", RDF),
}


@pytest.fixture(scope="module", params=ENGINES)
def either(request: pytest.FixtureRequest) -> Checker:
    """A checker of submissions with one of the engines."""
    return Checker(load_pipeline(Choices(engine=request.param)))


def nodes_of(report: CheckReport) -> dict[str, int | None]:
    """The number of focus nodes by name of the shape."""
    return {shape[1:-1].removeprefix(SHAPES): count for shape, count in report.focus_nodes.items()}


@pytest.mark.parametrize("kind", SOURCES)
def test_each_kind_of_source_is_counted(either: Checker, kind: str) -> None:
    """The shapes of projects check one node of each record; those of what it lacks check none."""
    name, data = SOURCES[kind]()
    report = either.check_bytes(data, name)
    counts = nodes_of(report)
    assert counts["Project"] == counts["yearRange"] == 1
    assert counts["Money"] == int(kind == "page")
    assert not {"Mention", "Country"} & counts.keys()
    assert (report.checked_nothing, report.warnings) == (False, ())


def test_nodes_count_in_each_record() -> None:
    """The published profile counts mentions, sources and records; what no record has is listed with 0."""
    report = Checker(load_pipeline(Choices(profile="published")), "published").check_files([DATA])
    counts = nodes_of(report)
    assert counts["Project"] == counts["Document"] == report.projects
    assert (counts["Snapshot"], counts["Run"]) == (report.records, 0)
    assert 0 < (counts["Mention"] or 0) < report.projects
    text = written(report, "text").decode()
    assert f"Resources that each shape checked: {report.projects} (Document and 25 more); " in text


def test_shapes_with_the_same_count_are_one_number() -> None:
    """One sentence says how many shapes there are and what each checked, in every language."""
    shapes = {f"<x:{number}>": 2 for number in range(3)}
    said = {
        language: focus_node_sentence(
            replace(Tally().report(Basis("", "shacl", "", {}), projects=0), focus_nodes=shapes, language=language)
        )
        for language in LANGUAGES
    }
    assert said["en"] == "Each of 3 shapes checked 2 resources."
    assert said["fr"] == "Chacune des 3 formes a vérifié 2 ressources."


def test_a_source_without_records_is_warned_of(either: Checker) -> None:
    """Every form of the report says that nothing was checked."""
    report = either.check_bytes(b"[]", "none.json")
    assert set(nodes_of(report).values()) == {0}
    assert report.checked_nothing
    assert [warning.rule for warning in report.warnings] == ["noFocusNode"]
    for format_ in REPORT_FORMATS:
        assert b"Nothing was checked: no node in the data matches" in written(report, format_.name), format_.name


def test_each_form_has_the_counts(either: Checker) -> None:
    """As numbers by shape in JSON and SARIF, else as a sentence."""
    report = either.check_bytes(*reversed(SOURCES["JSON"]()))
    document = json.loads(written(report, "json"))
    jsonschema.validate(document, json.loads(asset_text("ontology/report.schema.json")))
    listed = {one["shape"]["value"]: one["focusNodes"] for one in document["shapes"]}
    assert listed == {shape[1:-1]: count for shape, count in report.focus_nodes.items()}
    assert json.loads(written(report, "sarif"))["runs"][0]["properties"]["focusNodes"] == report.focus_nodes
    for name in ("text", "turtle", "jsonld", "junit", "html"):
        assert b"Resources that each shape checked: 0 (Money); 1 (Project and 16 more)." in written(report, name), name


def test_targets_of_every_kind() -> None:
    """Classes with their subclasses, implicit classes, nodes, subjects and objects; queries are not counted."""
    prefixes = "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix : <urn:x:> .\n"
    prefixes += "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n"
    shapes = """:class sh:targetClass :C . :node sh:targetNode :a, :absent . :subjects sh:targetSubjectsOf :p .
        :objects sh:targetObjectsOf :p . :several sh:targetClass :C ; sh:targetNode :a, :b .
        :D a sh:NodeShape, rdfs:Class . :off sh:targetClass :C ; sh:deactivated true . :left sh:targetClass :C .
        :query sh:target [] ; sh:targetNode :a ."""
    data = ":a a :C ; :p 1, 2 . :b a :D ; :p 1 . :D rdfs:subClassOf :C . :E rdfs:subClassOf :D . :c a :E ."
    quads = [tuple(parse((prefixes + text).encode(), TURTLE)) for text in (shapes, data)]
    counter = FocusNodeCounter(targets_of(quads[0], inactive={"urn:x:left"}))
    counter.add(quads[1])
    assert counter.by_shape() == {
        "<urn:x:D>": 2,
        "<urn:x:class>": 3,
        "<urn:x:node>": 2,
        "<urn:x:objects>": 2,
        "<urn:x:query>": None,
        "<urn:x:several>": 3,
        "<urn:x:subjects>": 2,
    }
    described = FocusNodeCounter(targets_of(quads[0]), described_only=True)
    described.add(quads[1])
    assert (described.by_shape()["<urn:x:node>"], described.by_shape()["<urn:x:objects>"]) == (1, 0)
