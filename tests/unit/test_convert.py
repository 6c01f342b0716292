"""A record becomes exactly the graph that is written out here; lines and quads say the same."""

import hashlib
import json
from decimal import Decimal

import pytest
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, parse
from rdflib import Graph
from rdflib.compare import isomorphic

from iomld.assets import load_fields, load_vocabulary
from iomld.convert import Publication, canonical_decimal, project_lines, project_quads
from iomld.iris import Iris
from iomld.link.project import build_linker, link_project
from iomld.merge import merge_records
from iomld.model import Funder, Mention, Origin, Project, Text
from iomld.read import read_bytes

LINKER = build_linker(load_vocabulary())
BASE = "https://data.example/"
LICENSE = "https://creativecommons.org/licenses/by/4.0/"
PUBLICATION = Publication(Iris(BASE), LICENSE, "0.1.0", load_fields(), "XM-DAC-47066-")
PREFIXES = f"""
    @prefix iomld: <https://w3id.org/iomld/ns#> . @prefix dcterms: <http://purl.org/dc/terms/> .
    @prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix prov: <http://www.w3.org/ns/prov#> .
    @prefix oa: <http://www.w3.org/ns/oa#> . @prefix schema: <https://schema.org/> .
    @prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix : <{BASE}> .
    @prefix scheme: <{BASE}scheme/> . @prefix cty: <{BASE}id/country/> .
"""
# What every graph says besides; PROJECT, RECORD and SHA stand for the test's own.
FRAME = """
    <PROJECT> a iomld:Project ; foaf:isPrimaryTopicOf <RECORD> ; iomld:fundedBy <id/fund/idf> .
    <RECORD> a iomld:ProjectRecord ; foaf:primaryTopic <PROJECT> ; prov:wasDerivedFrom <prov/source/SHORT> ;
      dcterms:license <https://creativecommons.org/licenses/by/4.0/> .
    <prov/source/SHORT> a iomld:SourceSnapshot ; iomld:sha256 "SHA"^^xsd:hexBinary ;
      dcterms:format "application/json" ; dcterms:identifier "in.json" .
"""

CODE = {"projectCode": "PO.0001"}
CODE_TURTLE = '<PROJECT> iomld:projectCode "PO.0001" ; iomld:candidateIatiIdentifier "XM-DAC-47066-PO.0001" .'


def linked(record: dict[str, object]) -> Project:
    """The project of one record."""
    (read,) = read_bytes(json.dumps(record).encode(), file="in.json")
    return link_project(merge_records((read,)), LINKER)[0]


def expected(record: dict[str, object], turtle: str, segment: str) -> Graph:
    """The graph that Turtle says, with the names of the record's own things filled in."""
    digest = hashlib.sha256(json.dumps(record).encode()).hexdigest()
    text = PREFIXES + FRAME + turtle
    for name, value in (
        ("PROJECT", f"id/project/{segment}"),
        ("RECORD", f"doc/project/{segment}"),
        ("SHORT", digest[:12]),
        ("SHA", digest),
    ):
        text = text.replace(name, value)
    return Graph().parse(data=text, format="turtle", publicID=BASE)


@pytest.mark.parametrize(
    ("record", "turtle"),
    [
        pytest.param({}, "", id="nothing is missing silently: no dates, no money, no states"),
        pytest.param(
            {"title": {"en": 'The "Ports" \\ plan', "fr": "Le plan « ports »", "es": "“El plan”"}},
            r"""<PROJECT> dcterms:title "The \"Ports\" \\ plan"@en, "Le plan « ports »"@fr, "“El plan”"@es .""",
            id="titles with quotes in three languages",
        ),
        pytest.param(
            {"startYear": "2017", "endYear": "2019", "startDate": "2017-03-15"},
            """<PROJECT> iomld:startYear "2017"^^xsd:gYear ; iomld:endYear "2019"^^xsd:gYear ;
               iomld:startDate "2017-03-15"^^xsd:date ;
               iomld:periodStart "2017-03-15"^^xsd:date ; iomld:periodEnd "2019-12-31"^^xsd:date .""",
            id="an exact day tightens its bound, a year alone gives its last day",
        ),
        pytest.param(
            {"endDate": "2019-06-30"},
            """<PROJECT> iomld:endYear "2019"^^xsd:gYear ; iomld:endDate "2019-06-30"^^xsd:date ;
               iomld:periodEnd "2019-06-30"^^xsd:date .""",
            id="a day without a year gives its year",
        ),
        pytest.param(
            {"budgetUSD": "0"},
            """<PROJECT> iomld:budgetUSD "0"^^xsd:decimal ; iomld:budget <id/project/PO.0001#budget> .
               <id/project/PO.0001#budget> a schema:MonetaryAmount ; schema:value "0"^^xsd:decimal ;
                 schema:currency "USD" .""",
            id="an amount of zero is an amount",
        ),
        pytest.param(
            {"budgetUSD": "-1,250.50"},
            """<PROJECT> iomld:budgetUSD -1250.5 ; iomld:budget <id/project/PO.0001#budget> .
               <id/project/PO.0001#budget> a schema:MonetaryAmount ; schema:value -1250.5 ; schema:currency "USD" .""",
            id="a negative amount is said as it is; the shapes refuse it",
        ),
        pytest.param(
            {"benefitingCountries": ["QA", "Bahrain"]},
            "<PROJECT> iomld:benefitingCountry cty:QA, cty:BH .",
            id="other countries only",
        ),
        pytest.param(
            {"benefitingMemberStates": ["Namibia", "South Africa"], "benefitingCountries": ["QA"]},
            """<PROJECT> iomld:benefitingMemberState cty:NA, cty:ZA ;
               iomld:benefitingCountry cty:NA, cty:ZA, cty:QA .""",
            id="member states have both properties",
        ),
        pytest.param(
            {"status": "Achevé", "projectType": "PO", "coverage": "Regional", "region": "Afrique"},
            """<PROJECT> iomld:status <scheme/status/completed> ; iomld:projectType <scheme/type/PO> ;
               iomld:coverage <scheme/coverage/regional> ; iomld:region <scheme/region/africa> .""",
            id="words of three languages",
        ),
        pytest.param(
            {"primaId": "NA10P9999"},
            '<PROJECT> iomld:primaId "NA10P9999" ; iomld:managingOfficeCountry cty:NA .',
            id="the managing office",
        ),
        pytest.param(
            {"narrative": {"fr": "Il suit l’« Agenda 2030 »."}},
            """<PROJECT> dcterms:description "Il suit l’« Agenda 2030 »."@fr ;
                 iomld:mentionsFramework <scheme/framework/agenda-2030> .
               <RECORD> iomld:narrative <RECORD#narrative-fr> .
               <RECORD#narrative-fr> a prov:Entity ; dcterms:language "fr" ; dcterms:extent "26 characters" ;
                 prov:wasDerivedFrom <prov/source/SHORT> .
               <PROJECT#m1> a iomld:FrameworkMention ; iomld:aboutProject <PROJECT> ;
                 oa:motivatedBy oa:identifying ; oa:hasBody <scheme/framework/agenda-2030> ;
                 oa:hasTarget <PROJECT#m1-target> ; iomld:confidence 0.98 ;
                 iomld:matchMethod <scheme/method/exact-label> ; iomld:reviewStatus <scheme/review/unreviewed> ;
                 prov:wasAttributedTo <prov/matcher/0.1.0> .
               <PROJECT#m1-target> a oa:SpecificResource ; oa:hasSource <RECORD#narrative-fr> ;
                 oa:hasSelector <PROJECT#m1-quote>, <PROJECT#m1-position> .
               <PROJECT#m1-quote> a oa:TextQuoteSelector ; oa:exact "Agenda 2030" ;
                 oa:prefix "Il suit l’« " ; oa:suffix " »." .
               <PROJECT#m1-position> a oa:TextPositionSelector ; oa:start 12 ; oa:end 23 .""",
            id="a mention with its passage",
        ),
    ],
)
def test_a_record_gives_this_graph(record: dict[str, object], turtle: str) -> None:
    """Nothing more and nothing less than the Turtle, whatever is missing or odd."""
    lines = project_lines(linked(CODE | record), PUBLICATION, with_graph=False)
    graph = Graph().parse(data=lines, format="nt")
    assert isomorphic(graph, expected(CODE | record, CODE_TURTLE + turtle, "PO.0001"))


def test_an_odd_identifier_is_encoded_once() -> None:
    """A slash, a space and a percent sign stay in the code and are encoded in every IRI."""
    record: dict[str, object] = {"projectCode": "A/B 5%"}
    graph = Graph().parse(data=project_lines(linked(record), PUBLICATION, with_graph=False), format="nt")
    turtle = '<PROJECT> iomld:projectCode "A/B 5%" ; iomld:candidateIatiIdentifier "XM-DAC-47066-A/B 5%" .'
    assert isomorphic(graph, expected(record, turtle, "A%2FB%205%25"))


def odd_project(text: str) -> Project:
    """A project with a text in all places that take any text."""
    origin = Origin(text or "x", "0" * 64, "text/plain", "https://example.org/a?b=c%20d#e", "2026-01-01T00:00:00Z")
    mention = Mention("gcm", text, text, text, "abstract", "en", None, "manual", Decimal(1))
    return Project(
        "K", code=text, titles=(Text(text, "en"),), narratives=(Text(text, "zh-hant"),), mentions=(mention,),
        origins=(origin,), funders=(Funder(text, text),),
    )  # fmt: skip


@pytest.mark.parametrize("text", ['\\ " \t \n \r', "a\u2028b\x7f\x85", "日本 😀 é e\u0301", "<b>&amp;</b> {} ^^ @en ."])
def test_lines_and_quads_say_the_same(text: str) -> None:
    """Whatever the characters, reading and checking the lines gives the quads, and the text comes back as it was."""
    quads = project_quads(odd_project(text), PUBLICATION)
    assert quads == list(parse(project_lines(odd_project(text), PUBLICATION), RdfFormat.N_QUADS))
    node, record = NamedNode(f"{BASE}id/project/K"), NamedNode(f"{BASE}doc/project/K")
    title = NamedNode("http://purl.org/dc/terms/title")
    assert Quad(node, title, Literal(text, language="en"), record) in quads


def test_without_narratives_only_the_quotes_are_published() -> None:
    """The publisher may keep narratives back; the text is still named, so that mentions can point into it."""
    kept = Publication(Iris(BASE), LICENSE, "0.1.0", load_fields(), "XM-DAC-47066-", with_narrative=False)
    project = linked(CODE | {"narrative": {"en": "It follows the 2030 Agenda."}})
    lines = project_lines(project, kept).decode()
    assert "description" not in lines
    assert '"2030 Agenda"' in lines
    assert "#narrative-en" in lines


def test_an_address_that_is_no_iri_is_never_written() -> None:
    """Lines are as safe as terms: what the library would not take as an IRI is a bug of the caller."""
    origin = Origin("x", "0" * 64, "text/plain", url="https://example.org/> <b> <c")
    with pytest.raises(ValueError, match="IRI"):
        project_lines(Project("K", origins=(origin,)), PUBLICATION)


def test_decimals_are_canonical() -> None:
    """No exponent, no trailing zeros, no point without digits."""
    amounts = ("1E+5", "100.50", "-0.10", "0.00")
    assert [canonical_decimal(Decimal(amount)) for amount in amounts] == ["100000", "100.5", "-0.1", "0"]


def test_subjects_stand_together() -> None:
    """All statements about a subject are consecutive, so that Turtle can be written as a stream."""
    narrative = {"en": "It follows the 2030 Agenda and the Sendai Framework."}
    quads = project_quads(linked(CODE | {"narrative": narrative, "budgetUSD": "1"}), PUBLICATION)
    runs = [quad.subject for at, quad in enumerate(quads) if at == 0 or quads[at - 1].subject != quad.subject]
    assert len(runs) == len(set(runs))
