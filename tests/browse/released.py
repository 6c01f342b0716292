"""A small release with awkward records, made without publishing, so that it may hold what publishing refuses."""

from pathlib import Path

from pyoxigraph import Literal

from iomld import store
from iomld.assets import asset_text, reference_graphs
from iomld.formats import rdf
from iomld.iris import Iris
from iomld.release import FILES, Manifest, Release

BASE = "https://example.org/data/"
HOSTILE = '<script>alert("x")</script> & "quotes" {{ 7*7 }}'
NARRATIVE = "First line.\nIt follows the Global Compact for Migration & more."
_PREFIXES = f"""
@prefix iomld: <https://w3id.org/iomld/ns#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix oa: <http://www.w3.org/ns/oa#> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@base <{BASE}> .
"""
PLAIN = """
<id/project/PO.0001> a iomld:Project ; dcterms:title "Un titre"@fr, "A title"@en ;
  dcterms:description "First line.\\nIt follows the Global Compact for Migration & more."@en ;
  iomld:projectCode "PO.0001" ; iomld:primaId "CI10P0001" ; iomld:status <scheme/status/completed> ;
  iomld:region <scheme/region/africa> ; iomld:benefitingMemberState <id/country/CI> ;
  iomld:benefitingCountry <id/country/CI> ; iomld:startYear "2017"^^xsd:gYear ; iomld:budgetUSD "100000"^^xsd:decimal ;
  iomld:mentionsFramework <scheme/framework/gcm> ; foaf:isPrimaryTopicOf <doc/project/PO.0001> .
<id/project/PO.0001#m1> a iomld:FrameworkMention ; iomld:aboutProject <id/project/PO.0001> ;
  oa:hasBody <scheme/framework/gcm> ; oa:hasTarget <id/project/PO.0001#m1-target> ;
  iomld:confidence "0.98"^^xsd:decimal ; iomld:matchMethod <scheme/method/exact-label> .
<id/project/PO.0001#m1-target> a oa:SpecificResource ; oa:hasSource <doc/project/PO.0001#narrative-en> ;
  oa:hasSelector <id/project/PO.0001#m1-position>, <id/project/PO.0001#m1-quote> .
<id/project/PO.0001#m1-position> a oa:TextPositionSelector ; oa:start 27 ; oa:end 55 .
<id/project/PO.0001#m1-quote> a oa:TextQuoteSelector ; oa:exact "Global Compact for Migration" ;
  oa:prefix "It follows the " ; oa:suffix " & more." .
<doc/project/PO.0001> a iomld:ProjectRecord ; foaf:primaryTopic <id/project/PO.0001> ;
  prov:wasDerivedFrom <prov/source/0123456789ab> ; dcterms:license <https://example.org/licence> .
<prov/source/0123456789ab> a iomld:SourceSnapshot ; dcterms:source <https://example.org/page> ;
  dcterms:identifier "page.txt" ; iomld:sha256 "0123456789ab"^^xsd:hexBinary .
"""
# Key and Turtle of records whose keys or texts are awkward.
AWKWARD = {
    "A/B %": 'a iomld:Project ; dcterms:title "A slash, a space, a percent"@en ; iomld:projectCode "A/B %" .',
    "CODE.ttl": 'a iomld:Project ; dcterms:title "A code like a file"@en ; iomld:projectCode "CODE.ttl" .',
    "prima-DZ10P0002": 'a iomld:Project ; dcterms:title "Sans code"@fr ; iomld:primaId "DZ10P0002" .',
    "XS.0001": f"a iomld:Project ; dcterms:title {Literal(HOSTILE, language='en')} ; "
    "prov:wasDerivedFrom <prov/source/ba9876543210> .",
}
_BAD_SOURCE = """
<doc/project/XS.0001> a iomld:ProjectRecord ; prov:wasDerivedFrom <prov/source/ba9876543210> .
<prov/source/ba9876543210> a iomld:SourceSnapshot ; dcterms:source <javascript:alert(1)> .
"""
_HISTORY = """
<doc/project/PO.0001/rev/1> dcterms:isVersionOf <doc/project/PO.0001> ;
  dcterms:created "2026-01-01T00:00:00Z"^^xsd:dateTime .
<doc/project/PO.0001/rev/2> dcterms:isVersionOf <doc/project/PO.0001> ;
  dcterms:created "2026-02-01T00:00:00Z"^^xsd:dateTime .
"""


def make_release(folder: Path) -> Release:
    """Write the store of the release into a folder."""
    iris = Iris(BASE)
    texts = {iris.record("PO.0001"): PLAIN, iris.graph("prov"): _HISTORY}
    for key, text in AWKWARD.items():
        more = _BAD_SOURCE if key == "XS.0001" else ""
        texts[iris.record(key)] = f"<{iris.project(key)}> {text}{more}"
    quads = [
        quad for graph, text in texts.items() for quad in rdf.in_graph(rdf.parse(_PREFIXES + text, rdf.TURTLE), graph)
    ]
    for name, files in reference_graphs().items():
        for file in files:
            quads += rdf.in_graph(rdf.parse(asset_text(file, base=BASE), rdf.TURTLE), iris.graph(name))
    store.build_store(folder / FILES.store, quads)
    manifest = Manifest(
        name="20260201T000000Z-01234567",
        base=BASE,
        created="2026-02-01T00:00:00Z",
        previous=None,
        projects=1 + len(AWKWARD),
        quads=len(quads),
        content_sha256="0" * 64,
        files={},
        versions={},
    )
    return Release(folder, manifest)
