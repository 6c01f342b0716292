"""Projects in RDF: what we write reads back to the same graph; what others write is read, or refused with a place."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import Quad
from tests.amount import amount

from iomld.errors import SourceError
from iomld.formats.rdf import (
    FORMATS,
    JSONLD,
    NQUADS,
    NTRIPLES,
    RDFXML,
    TRIG,
    TURTLE,
    Format,
    by_name,
    parse,
    serialize,
)
from iomld.iris import DEFAULT_BASE, IOMLD, Iris
from iomld.model import Finding, Record, Severity
from iomld.pipeline.conversion import Choices, converted
from iomld.pipeline.stages import Pipeline, load_pipeline
from iomld.read import read_bytes, read_file
from iomld.read.detect import rdf_format_of
from iomld.read.graph.records import read_rdf
from iomld.read.graph.turtle_places import turtle_offsets
from iomld.read.options import ReadOptions

DATA = Path(__file__).parents[2] / "data"
PAGE = """Quel avenir\u00a0pour  les  ports ?
-
Start Date
2017
-
Project Status
Completed
-
Project Type
Migration Policy Activities
-
Budget Amount (USD)
100000.50
-
Coverage
National
-
Prima ID
NA10P0001
-
Projects ID
PO.0001
-
Benefiting Member States
Namibia
First paragraph, with the Global Compact for Migration and "quotes" \\ and <signs>.

Second: the Sendai Framework, again the Global Compact for Migration, and the 2030 Agenda.
"""
HEAD = f"""@base <{DEFAULT_BASE}> .
@prefix iomld: <{IOMLD}> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix oa: <http://www.w3.org/ns/oa#> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix schema: <https://schema.org/> .
"""


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    """All stages, with the default base."""
    return load_pipeline(Choices())


def quads_of(records: Iterable[Record], pipeline: Pipeline) -> list[Quad]:
    """The graphs of records."""
    return [quad for record in records for quad in converted((record,), pipeline.linker, pipeline.publication).quads]


def read(text: bytes | str, format_: Format = TURTLE) -> list[Record]:
    """All records of a graph."""
    return list(read_rdf(text, format_, file="in.rdf", options=ReadOptions()))


def turtle(body: str) -> Record:
    """The first record of a Turtle text with our prefixes."""
    return read(HEAD + body)[0]


def found(record: Record) -> dict[str, list[str]]:
    """The values of a record, by field."""
    return {name: [value.text for value in values] for name, values in record.values.items()}


def rules(findings: Iterable[Finding]) -> list[tuple[str, str | None]]:
    """Rules and fields of findings."""
    return [(finding.rule, finding.field) for finding in findings]


@pytest.mark.parametrize("format_", FORMATS, ids=[format_.name for format_ in FORMATS])
@pytest.mark.parametrize("name", ["projects-en.json", "projects-fr.json", "projects-es.json", "page"])
def test_a_graph_of_ours_reads_back_unchanged(name: str, format_: Format, pipeline: Pipeline) -> None:
    """Records are the same graph after they were written in any format, read, and converted again."""
    sources = read_bytes(PAGE.encode(), file="page.txt") if name == "page" else read_file(DATA / name)
    quads = quads_of(sources, pipeline)
    text = serialize(quads, format_, prefixes=Iris().prefixes())
    assert rdf_format_of(text, "any.name") is format_
    records = read(text, format_)
    assert [finding for record in records for finding in record.findings] == []
    assert set(quads_of(records, pipeline)) == set(quads)


@pytest.mark.parametrize("base", ["http://localhost:8000/data/", DEFAULT_BASE])
def test_graphs_under_another_base_are_read(base: str, pipeline: Pipeline) -> None:
    """Codes are found in the IRIs of any publisher's base."""
    other = load_pipeline(Choices(base=base))
    quads = quads_of(read_bytes(PAGE.encode(), file="page.txt"), other)
    again = quads_of(read(serialize(quads, NQUADS), NQUADS), pipeline)
    assert again == quads_of(read_bytes(PAGE.encode(), file="page.txt"), pipeline)


def test_mentions_keep_their_evidence() -> None:
    """A mention has its text, place, method and confidence from the nodes it points to."""
    record = turtle(
        """<id/project/PO.1> a iomld:Project ; iomld:projectCode "PO.1" .
        [] a iomld:FrameworkMention ; iomld:aboutProject <id/project/PO.1> ; oa:hasBody <scheme/framework/gcm> ;
          iomld:matchMethod <scheme/method/manual> ; iomld:confidence 0.75 ;
          oa:hasTarget [ oa:hasSource <doc/project/PO.1#abstract-fr> ; oa:hasSelector
            [ oa:exact "PMM" ; oa:prefix "le " ; oa:suffix "." ], [ oa:start 12 ; oa:end 15 ] ] ."""
    )
    (mention,) = record.mentions
    assert (mention.framework, mention.quote, mention.prefix, mention.suffix) == ("gcm", "PMM", "le ", ".")
    assert (mention.field, mention.language, mention.position) == ("abstract", "fr", 12)
    assert (mention.method, str(mention.confidence)) == ("manual", "0.75")
    assert record.findings == ()


def test_sources_are_those_that_the_record_states() -> None:
    """Snapshots with a hash are the origins; those without are ignored with a Warning."""
    digest = "AB" * 32
    record = turtle(
        f"""<p> a iomld:Project ; foaf:isPrimaryTopicOf <d> . <d> prov:wasDerivedFrom <s>, <t> .
        <s> iomld:sha256 "{digest}" ; dcterms:identifier "a.txt" ; dcterms:format "text/plain" ;
          dcterms:source <https://example.org/a> ; iomld:retrievedAt "2026-11-23T20:00:00+01:00" .
        <t> iomld:sha256 "abc" ; dcterms:source <urn:x> ."""
    )
    (origin,) = record.stated_origins
    assert (origin.file, origin.sha256, origin.media_type) == ("a.txt", digest.lower(), "text/plain")
    assert (origin.url, origin.retrieved_at) == ("https://example.org/a", "2026-11-23T19:00:00Z")
    assert rules(record.findings) == [("sourceHash", None)]


def test_what_others_write_is_read_as_far_as_it_goes() -> None:
    """Literal words, a budget node alone, countries without membership and raw forms are read."""
    record = turtle(
        """[] a iomld:Project ; dcterms:title "Ports"@EN ; iomld:status "Completed" ; iomld:startYear 2017 ;
        iomld:budget [ schema:value 100000.50 ; schema:currency "USD" ] ;
        iomld:benefitingMemberState <id/country/NA> ; iomld:benefitingCountry <id/country/NA>, <id/country/KW> ;
        iomld:region <http://example.org/africa> ; iomld:periodStart "2017-01-01" ."""
    )
    assert found(record) == {
        "title": ["Ports"],
        "status": ["Completed"],
        "startYear": ["2017"],
        "budget": ["100000.50"],
        "budgetCurrency": ["USD"],
        "fundedBy": ["-"],
        "benefitingMemberStates": ["NA"],
        "benefitingCountries": ["KW"],
        "region": ["http://example.org/africa"],
    }
    assert record.values["title"][0].language == "en"


@pytest.mark.parametrize(
    ("statement", "expected", "column"),
    [
        ('iomld:projectCode "A", "B"', ("repeatedField", "projectCode"), 24),
        ("iomld:projectCode <x>", ("wrongKind", "projectCode"), 19),
        ("iomld:status []", ("wrongKind", "status"), 14),
        ("iomld:benefitingMemberState []", ("wrongKind", "benefitingMemberStates"), 29),
        ('dcterms:title "Ports"', ("languageTag", "title"), 15),
        ('dcterms:title "Ports"@en, "Seaports"@en', ("repeatedField", "title"), 27),
        ('dcterms:abstract "x\\u0001"@en', ("controlCharacter", "abstract"), 18),
        ("iomld:memberSince <scheme/line/a>", ("unknownProperty", None), 19),
        ("<http://example.org/p> 1", ("unknownProperty", None), 24),
    ],
)
def test_each_fault_points_at_its_place(statement: str, expected: tuple[str, str | None], column: int) -> None:
    """A fault names its rule, field, line and column."""
    record = turtle(f"<p> a iomld:Project ;\n{statement} .")
    (finding,) = record.findings
    assert rules([finding]) == [expected]
    assert finding.place is not None
    assert (finding.place.line, finding.place.column) == (HEAD.count("\n") + 2, column)
    assert finding.place.excerpt == f"{statement} ."


def test_comments_and_strings_do_not_fool_the_places() -> None:
    """Words in comments, strings and long strings are no statements."""
    text = HEAD + (
        '# <p> iomld:projectCode "no" .\n'
        '<q> dcterms:title """ <p> iomld:projectCode "no" .\n ""\\" """@en ;\n  dcterms:note \'# no\' .\n'
        "<p> dcterms:x [ iomld:projectCode 'inner' ; dcterms:y ( 1 [ ] 'a.b' ) ] , 5 ; ; a iomld:Project;\n"
        "   iomld:projectCode\n     'PO.0001' ; iomld:startYear 2017 . <p> iomld:startYear 2018 .\n"
    )
    offsets = turtle_offsets(text, base=DEFAULT_BASE)
    project = f"{DEFAULT_BASE}p"
    assert [text[at : at + 9] for at in offsets[project, f"{IOMLD}projectCode"]] == ["'PO.0001'"]
    assert [text[at : at + 4] for at in offsets[project, f"{IOMLD}startYear"]] == ["2017", "2018"]
    assert [text[at] for at in offsets[project, "http://purl.org/dc/terms/x"]] == ["[", "5"]


@pytest.mark.parametrize("format_", FORMATS, ids=[format_.name for format_ in FORMATS])
def test_every_value_has_its_line_in_every_format(format_: Format, pipeline: Pipeline) -> None:
    """The line of each value holds the value, where the format puts it on one line."""
    quads = quads_of(read_file(DATA / "projects-en.json"), pipeline)
    text = serialize(quads, format_, prefixes=Iris().prefixes()).decode()
    if format_ is JSONLD:
        text = json.dumps(json.loads(text), indent=1, ensure_ascii=False)
    lines = text.split("\n")
    for record in read(text, format_):
        for name in ("projectCode", "budgetUSD", "startYear", "status", "primaId"):
            for value in record.values.get(name, ()):
                assert value.place.line is not None
                nearby = "\n".join(lines[value.place.line - 1 : value.place.line + 3])
                assert value.text in nearby, name


def test_turtle_and_its_relatives_agree_with_the_parser(pipeline: Pipeline) -> None:
    """The scan finds as many objects of each subject and predicate as the parser."""
    quads = quads_of(read_file(DATA / "projects-en.json"), pipeline)
    for format_ in (TURTLE, TRIG):
        text = serialize(quads, format_, prefixes=Iris().prefixes()).decode()
        counts: dict[tuple[str, str], int] = {}
        for quad in parse(text, format_):
            key = (str(quad.subject)[1:-1], quad.predicate.value)
            counts[key] = counts.get(key, 0) + 1
        assert {key: len(found) for key, found in turtle_offsets(text, base="").items()} == counts


def test_other_things_are_counted() -> None:
    """Nodes that belong to no project are named in one Info."""
    record = turtle("<p> a iomld:Project . <c> a schema:Country . <d> schema:name 'x' .")
    (finding,) = record.findings
    assert (finding.rule, finding.severity) == ("otherThings", Severity.INFO)
    assert "not read: 2 (Country)" in str(finding.message)
    assert "Country" in str(finding.message)


def test_json_ld_with_our_context_needs_no_network() -> None:
    """Our context is embedded in place of its IRI, under any base; places are pointers and lines."""
    context = "https://data.example/iomld/context/v1.jsonld"
    node = {"id": "https://data.example/iomld/id/project/PO.1", "type": "Project", "projectCode": "PO.1", "status": "x"}
    text = json.dumps({"@context": context, "@graph": [node | {"title": {"en": "Ports"}}]}, indent=1)
    assert rdf_format_of(text, "a.json") is JSONLD
    (record,) = read(text, JSONLD)
    assert found(record) == {
        "projectCode": ["PO.1"],
        "status": ["x"],
        "title": ["Ports"],
        "fundedBy": ["-"],
    }
    place = record.values["projectCode"][0].place
    assert (place.pointer, place.line) == ("/@graph/0/projectCode", 7)


@pytest.mark.parametrize(
    ("text", "format_", "words"),
    [
        ("@prefix a: <x> .\n<b> <c> .\n", TURTLE, r"in\.rdf, line 2.*not valid turtle"),
        ("<http://a> <http://b> <http://c> .", NTRIPLES, "contains no project"),
        ("", TURTLE, "contains no project"),
        ('{"@id": "http://a",\n "x": }', JSONLD, "line 2, column 7"),
        ('{"@context": "https://example.org/c", "@id": "http://a"}', JSONLD, "https://example.org/c is never fetched"),
        ('[{"@context": "https://w3id.org/iomld/context/v1.jsonld"}' + ', {"@context": "http://x/"}]', JSONLD, "fetch"),
        ('{"a":' * 5000, JSONLD, "nested too deeply"),
        (
            '{"@id": "http://a", "b": "' + "1" * 5000 + '",\n "c": ' + "1" * 5000 + "}",
            JSONLD,
            "line 2: a number has more",
        ),
        (
            json.dumps([{"@context": "https://w3id.org/iomld/context/v1.jsonld"}] * 1001),
            JSONLD,
            "1001 contexts",
        ),
        ('<!DOCTYPE x [<!ENTITY a "b">]>\n<x/>', RDFXML, "line 1: the XML has a document type"),
        ("<a>", RDFXML, r"line 1: not valid XML"),
        ("<a>" * 100_000, RDFXML, "not valid XML"),
        ('<x:RDF xmlns:x="http://x/"><y/></x:RDF>', RDFXML, "not valid rdfxml|no project"),
        (b"<http://a> <http://b> \n'\xff' .", TURTLE, "line 2: the text is not UTF-8"),
        ('<?xml version="1.0" encoding="utf-16"?><a/>', RDFXML, "encoding"),
    ],
)
def test_what_cannot_be_read_says_why(text: str | bytes, format_: Format, words: str) -> None:
    """A graph that is broken, harmful or without projects raises with the file's name and a reason."""
    with pytest.raises(SourceError, match=words) as caught:
        read(text, format_)
    assert "in.rdf" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("@prefix x: <http://x/> .\nx:a x:b x:c .", "a.txt", "turtle"),
        ("# note\nPREFIX x: <http://x/>\nx:a x:b x:c .", "a", "turtle"),
        ("<http://a> <http://b> <http://c> .\n", "a", "ntriples"),
        ("<http://a> <http://b> <http://c> .\n", "a.ttl", "turtle"),
        ("<http://a> <http://b> <http://c> .\n", "a.nq", "nquads"),
        ('<http://a> <http://b> "c"@en <http://g> .\n', "a.txt", "nquads"),
        ("@prefix x: <http://x/> .\nx:g { x:a x:b x:c }", "a", "trig"),
        ("<http://a> a <http://b> ;", "a", "turtle"),
        ("[] a <http://b> .", "a.ttl", "turtle"),
        ('<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>', "a.xml", "rdfxml"),
        ('<?xml version="1.0"?><!-- x --><RDF xmlns="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>', "a", "rdfxml"),
        ('{"@graph": []}', "a.json", "jsonld"),
        ('[{"@id": "http://a"}]', "a.json", "jsonld"),
        ('{"@context": "https://w3id.org/iomld/context/v1.jsonld", "type": "Project"}', "a.jsonld", None),
        ('{"@context": "https://w3id.org/iomld/context/v1.jsonld", "type": "Country"}', "a.jsonld", "jsonld"),
        ('{"projectCode": "A"}', "a.jsonld", None),
        ('{"projectCode": "@id"', "a.json", None),
        ("<html><head></head></html>", "a.rdf", None),
        (PAGE, "page.txt", None),
        ("", "a.ttl", None),
        ("projectCode,title\nA,B\n", "a.csv", None),
    ],
)
def test_the_format_is_recognized_by_content(text: str, name: str, expected: str | None) -> None:
    """Content decides; the suffix speaks only where content leaves two formats open."""
    assert rdf_format_of(text, name) is (by_name(expected) if expected else None)
    assert rdf_format_of(b"\xef\xbb\xbf" + text.encode(), name) is (by_name(expected) if expected else None)


PIECES = st.sampled_from(
    [
        *('"""', '"', "'", "<p>", "a", "iomld:Project", ";", ".", ",", "[", "]", "(", ")", "{", "}", "#", "\n", "@en"),
        *(
            "^^",
            "<<",
            "|}",
            "\\",
            "@prefix",
            "x:",
            "_:b",
            "1",
            ".5",
            "<?xml",
            "<!DOCTYPE",
            "<a",
            "/>",
            "@context",
            "\0",
        ),
    ]
)


def _read_or_refused(text: bytes, format_: Format) -> list[Record]:
    try:
        return read(text, format_)
    except SourceError:
        return []


@settings(max_examples=amount(30))
@given(st.binary(max_size=60) | st.lists(PIECES, max_size=25).map(lambda parts: " ".join(parts).encode()))
def test_no_bytes_break_the_readers(data: bytes) -> None:
    """Any input, in any format, gives records or one clear error."""
    rdf_format_of(data, "x.ttl")
    for format_ in FORMATS:
        for text in (data, HEAD.encode() + b"<p> a iomld:Project . " + data):
            assert all(record.place.file == "in.rdf" for record in _read_or_refused(text, format_))
    turtle_offsets(data.decode("utf-8", "replace"), base=DEFAULT_BASE)
