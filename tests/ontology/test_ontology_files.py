"""The hand-kept Turtle files parse, agree with each other, and say what the project relies on."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pyoxigraph
import pytest
from rdflib import RDF, RDFS, Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCTERMS, OWL, SH, SKOS, XSD

REPOSITORY = Path(__file__).parents[2]
ONTOLOGY = REPOSITORY / "ontology"
TURTLE = sorted(ONTOLOGY.glob("*.ttl"))
SCHEME_FILES = ("status", "type", "coverage", "region", "framework", "theme", "line", "method", "review", "decoys")
IOMLD = Namespace("https://w3id.org/iomld/ns#")
BASE = "https://w3id.org/iomld/"
LANGUAGES = {"en", "fr", "es"}
TERM_TYPES = (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty, SH.ConstraintComponent)

# Terms that no file and no code uses yet, and why they are declared all the same.
DECLARED_AHEAD = {
    "Submission": "records handed in through the service",
    "alignsWithFramework": "judged by people, in the service",
    "endDate": "days come with IATI activities",
    "fundingLine": "filled in by curators; project pages do not print it",
    "startDate": "days come with IATI activities",
    "theme": "filled in by curators; project pages print the type only",
}


# Apostrophes and dashes that pages use, as typed on a keyboard.
TYPOGRAPHIC = dict.fromkeys((0x2018, 0x2019, 0xB4), "'") | dict.fromkeys((0x2013, 0x2014), "-")


@cache
def parsed(*names: str) -> Graph:
    """The graph of some files, all of them by default; it is only read."""
    graph = Graph()
    for path in TURTLE:
        if not names or path.stem in names:
            graph.parse(path, format="turtle")
    return graph


def languages(labels: Iterable[object]) -> list[str | None]:
    """The language tags of some literals, in order."""
    return sorted((label.language for label in labels if isinstance(label, Literal)), key=str)


def iris(nodes: Iterable[object]) -> list[URIRef]:
    """The IRIs among some nodes, in order."""
    return sorted(node for node in nodes if isinstance(node, URIRef))


def folded(text: object) -> str:
    """A label without case, accents, typographic apostrophes and double blanks."""
    letters = unicodedata.normalize("NFKD", str(text).translate(TYPOGRAPHIC))
    return " ".join("".join(letter for letter in letters if not unicodedata.combining(letter)).casefold().split())


def local(iri: object) -> str:
    """The last segment of an IRI."""
    return re.split(r"[/#]", str(iri))[-1]


@cache
def terms() -> list[URIRef]:
    """The terms of the ontology."""
    return iris(term for kind in TERM_TYPES for term in parsed("iomld").subjects(RDF.type, kind))


def countries() -> list[URIRef]:
    """The countries with an ISO code."""
    return iris(parsed().subjects(IOMLD.iso2, None))


@pytest.mark.parametrize("path", TURTLE, ids=lambda path: path.name)
def test_file_loads_in_both_libraries(path: Path) -> None:
    """Rdflib and Oxigraph read the same number of triples, and no blank nodes."""
    graph = Graph().parse(path, format="turtle")
    store = pyoxigraph.Store()
    store.load(path=str(path), format=pyoxigraph.RdfFormat.TURTLE)
    assert len(store) == len(graph) > 0
    assert not [node for triple in graph for node in triple if not isinstance(node, URIRef | Literal)]


@pytest.mark.parametrize("path", TURTLE, ids=lambda path: path.name)
def test_literals_are_canonical(path: Path) -> None:
    """Oxigraph keeps each literal as written, so that a dump equals its source."""
    graph = Graph().parse(path, format="turtle")
    written = {str(literal) for literal in graph.objects() if isinstance(literal, Literal)}
    store = pyoxigraph.Store()
    store.load(path=str(path), format=pyoxigraph.RdfFormat.TURTLE)
    assert {quad.object.value for quad in store if isinstance(quad.object, pyoxigraph.Literal)} == written
    assert all(unicodedata.is_normalized("NFC", text) for text in written)


def test_ontology_describes_itself() -> None:
    """The ontology carries the metadata that FAIR checkers ask for."""
    head = URIRef(f"{BASE}ns")
    wanted = (DCTERMS.title, DCTERMS.description, DCTERMS.creator, DCTERMS.license, DCTERMS.created, DCTERMS.modified)
    assert (head, OWL.versionIRI, URIRef(f"{BASE}ns/0.1.0")) in parsed()
    assert all((head, predicate, None) in parsed() for predicate in wanted)
    assert (head, URIRef("http://purl.org/vocab/vann/preferredNamespacePrefix"), Literal("iomld")) in parsed()


def test_terms_are_documented() -> None:
    """A term has one label and one comment in each language, and its ontology."""
    for term in terms():
        assert languages(parsed().objects(term, RDFS.label)) == sorted(LANGUAGES), term
        assert languages(parsed().objects(term, RDFS.comment)) == sorted(LANGUAGES), term
        assert (term, RDFS.isDefinedBy, URIRef(f"{BASE}ns")) in parsed(), term


def test_declared_terms_are_used() -> None:
    """A term is used by a file, a shape or the code, or is in the short list of those that wait."""
    texts = [path.read_text(encoding="utf-8") for path in TURTLE if path.stem not in {"iomld", "alignment"}]
    texts += [path.read_text(encoding="utf-8") for path in (REPOSITORY / "shapes").rglob("*.ttl")]
    code = "\n".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "src").rglob("*.py"))
    used = {name for text in texts for name in re.findall(r"\biomld:(\w+)", text)}
    used |= {local(term) for term in terms() if re.search(rf"(?<![\w.]){local(term)}\b", code)}
    assert {local(term) for term in terms()} - used <= set(DECLARED_AHEAD)


def test_no_undeclared_term_is_used() -> None:
    """Whatever file of the project names a term of ours, the ontology declares it."""
    declared = {local(term) for term in terms()}
    undeclared: dict[str, set[str]] = defaultdict(set)
    for folder in ("ontology", "shapes", "src", "data", "docs"):
        for path in (REPOSITORY / folder).rglob("*"):
            if path.is_file() and path.suffix in {".ttl", ".jsonld", ".json", ".py", ".md", ".rq", ".html", ".csv"}:
                text = path.read_text(encoding="utf-8")
                names = re.findall(r"(?<![\w/:.-])iomld:([A-Za-z]\w*)|iomld/ns#([A-Za-z]\w*)", text)
                undeclared[path.name] |= {name for pair in names for name in pair if name} - declared
    assert {name: terms for name, terms in undeclared.items() if terms} == {}


@pytest.mark.parametrize("name", SCHEME_FILES)
def test_scheme_has_titles(name: str) -> None:
    """A file holds one scheme, named in three languages."""
    graph = parsed(name)
    (scheme,) = graph.subjects(RDF.type, SKOS.ConceptScheme)
    assert languages(graph.objects(scheme, DCTERMS.title)) == sorted(LANGUAGES)


def test_concepts_are_complete() -> None:
    """A concept is one, has its scheme, a place in it, its code as notation, and one name a language."""
    for concept in iris(parsed().subjects(SKOS.inScheme, None)):
        (scheme,) = parsed().objects(concept, SKOS.inScheme)
        assert (concept, RDF.type, SKOS.Concept) in parsed()
        assert str(concept) == f"{scheme}/{local(concept)}"
        assert (concept, SKOS.topConceptOf, scheme) in parsed() or (concept, SKOS.broader, None) in parsed()
        assert [str(code) for code in parsed().objects(concept, SKOS.notation)] == [local(concept)]
        tags = languages(parsed().objects(concept, SKOS.prefLabel))
        assert "en" in tags
        assert len(tags) == len(set(tags))


@pytest.mark.parametrize("name", [name for name in SCHEME_FILES if name != "decoys"])
def test_explanations_of_concepts_are_in_all_languages(name: str) -> None:
    """Pages show them in the language of the reader; decoys are on no page."""
    graph = parsed(name)
    for predicate in (SKOS.definition, SKOS.scopeNote, SKOS.note):
        for concept in set(graph.subjects(predicate)):
            assert {text.language for text in graph.objects(concept, predicate)} == {"en", "fr", "es"}, concept


def test_the_goals_and_the_compact_have_their_official_names() -> None:
    """The short names of the 17 goals and the headings of the Compact exist in all languages of the pages."""
    graph = parsed("framework")
    for whole in ("sdg", "gcm"):
        parts = {part for part in graph.subjects(SKOS.broader) if local(part).startswith(f"{whole}-")}
        named = {part for part in parts if "-target-" not in local(part)}
        for part in named:
            assert {text.language for text in graph.objects(part, SKOS.prefLabel)} == {"en", "fr", "es"}, part


def test_labels_have_a_language_we_speak() -> None:
    """Every label is English, French or Spanish, and of one kind only (SKOS section 5, S13)."""
    kinds = defaultdict(set)
    for predicate in (SKOS.prefLabel, SKOS.altLabel, SKOS.hiddenLabel):
        for subject, label in parsed().subject_objects(predicate):
            assert set(languages([label])) <= LANGUAGES
            kinds[subject, label].add(predicate)
    assert all(len(predicates) == 1 for predicates in kinds.values())


@pytest.mark.parametrize("name", SCHEME_FILES)
def test_a_label_names_one_concept(name: str) -> None:
    """No two concepts of a scheme share a label in one language, but for hidden plurals that name several."""
    graph = parsed(name)
    owners = defaultdict(set)
    for predicate in (SKOS.prefLabel, SKOS.altLabel, SKOS.hiddenLabel):
        for concept, label in graph.subject_objects(predicate):
            owners[folded(label), *languages([label])].add((local(concept), predicate))
    shared = {label for label, found in owners.items() if len({code for code, _ in found}) > 1}
    assert all(predicate == SKOS.hiddenLabel for label in shared for _, predicate in owners[label])
    plurals = r"(un )?(global compacts|palermo protocols|pactes mondiaux|protocoles|pactos mundiales|protocolos)\b"
    with_protocols = r".+ (and|et|y) (its|the|ses|sus) ([a-z]+ )?protoco(le|lo|l)s\b"
    processes = r"(.+ and .+ processes|processus .+ et .+|procesos .+ y .+)$"
    assert [label for label, _ in shared if not re.match(f"{plurals}|{with_protocols}|{processes}", label)] == []


def test_a_decoy_is_no_framework_name() -> None:
    """The matcher would lose a framework whose name a decoy bears."""
    labels = (SKOS.prefLabel, SKOS.altLabel, SKOS.hiddenLabel)
    frameworks = {folded(text) for predicate in labels for text in parsed("framework").objects(None, predicate)}
    decoys = {folded(text) for predicate in labels for text in parsed("decoys").objects(None, predicate)}
    assert frameworks.isdisjoint(decoys)


def test_frameworks_and_parts_are_all_there() -> None:
    """70 frameworks with their parts, each part numbered and pointing to its whole."""
    graph = parsed("framework")
    concepts = {local(concept) for concept in graph.subjects(RDF.type, IOMLD.PolicyFramework)}
    parts = {local(part): local(whole) for part, whole in graph.subject_objects(SKOS.broader)}
    assert len(concepts - set(parts)) == 70
    assert all(part.startswith(f"{whole}-") for part, whole in parts.items())
    assert set(parts.values()) <= concepts - set(parts)
    numbered = {local(part) for part in graph.subjects(IOMLD.partNumber)}
    assert numbered == set(parts) == {local(part) for part in graph.subjects(IOMLD.partRole)}
    assert {f"gcm-objective-{number}" for number in range(1, 24)} <= set(parts)
    assert {f"sdg-goal-{number}" for number in range(1, 18)} <= set(parts)
    assert "gcm-objective-24" not in parts


def test_every_framework_says_its_kind() -> None:
    """Treaties can be told from processes."""
    graph = parsed("framework")
    wholes = set(graph.subjects(SKOS.topConceptOf, None))
    assert wholes == set(graph.subjects(IOMLD.frameworkKind, None))


def test_the_compact_of_free_association_is_not_published() -> None:
    """A name that is listed only to be ignored is in the decoys, and nowhere else."""
    texts = {path.name: path.read_text(encoding="utf-8").casefold() for path in TURTLE}
    assert {name for name, text in texts.items() if re.search(r"\bcofa\b|free association", text)} == {"decoys.ttl"}
    assert texts["decoys.ttl"].splitlines()[0].startswith("# read by the framework matcher and never published")


def test_bare_common_words_are_no_framework_names() -> None:
    """Words that many organizations use for their own papers tag nothing."""
    labels = (SKOS.prefLabel, SKOS.altLabel, SKOS.hiddenLabel)
    names = {folded(text) for predicate in labels for text in parsed("framework").objects(None, predicate)}
    assert names.isdisjoint(
        {"srf", "strategic plan", "strategic vision", "strategic results framework", "global goals"}
    )


def test_coverage_carries_its_budget_limits() -> None:
    """National and regional coverage have limits in canonical decimals; the two wider ones have none."""
    limits = {
        local(concept): tuple(parsed().value(concept, IOMLD[name]) for name in ("budgetFloor", "budgetCeiling"))
        for concept in parsed("coverage").subjects(SKOS.inScheme)
    }
    assert limits == {
        "national": (Literal("20000", datatype=XSD.decimal), Literal("300000", datatype=XSD.decimal)),
        "regional": (Literal("20000", datatype=XSD.decimal), Literal("400000", datatype=XSD.decimal)),
        "multi-regional": (None, None),
        "global": (None, None),
    }


def test_member_states_are_counted() -> None:
    """175 member states, 8 observers, and Kosovo by the code of the EU authority table."""
    graph = parsed("countries")
    members = set(graph.subjects(RDF.type, IOMLD.MemberState))
    others = set(graph.subjects(RDF.type, URIRef("https://schema.org/Country")))
    assert (len(members), len(others)) == (175, 22)
    assert set(countries()) == members | others - {URIRef(f"{BASE}id/country/1A0")}


def test_countries_are_complete() -> None:
    """A country has its codes, its names in three languages, and links to authorities; members to three of them."""
    graph = parsed()
    for country in countries():
        assert str(graph.value(country, IOMLD.iso2)) == local(country)
        assert re.fullmatch("[A-Z]{3}", str(graph.value(country, IOMLD.iso3))), country
        assert re.fullmatch("[0-9]{3}", str(graph.value(country, IOMLD.m49))), country
        names = graph.objects(country, URIRef("https://schema.org/name"))
        assert languages(names) == sorted(LANGUAGES), country
        matches = {*graph.objects(country, SKOS.exactMatch), *graph.objects(country, SKOS.closeMatch)}
        hosts = {str(match).split("/")[2] for match in matches}
        assert {"metadata.un.org", "publications.europa.eu"} <= hosts, country
        is_member = (country, RDF.type, IOMLD.MemberState) in graph
        assert "www.wikidata.org" in hosts or not is_member, country


def test_kosovo_has_no_iso_codes() -> None:
    """Kosovo is tied to no scheme built on ISO 3166-1."""
    kosovo = URIRef(f"{BASE}id/country/1A0")
    assert not [code for name in ("iso2", "iso3", "m49") for code in parsed().objects(kosovo, IOMLD[name])]
    assert {local(match) for match in parsed().objects(kosovo, SKOS.exactMatch)} == {"1A0", "Q1246"}


def test_a_name_belongs_to_one_country() -> None:
    """No two countries share a name in any language, however it is typed."""
    graph = parsed("countries")
    owners = defaultdict(set)
    for predicate in (URIRef("https://schema.org/name"), SKOS.altLabel, SKOS.hiddenLabel):
        for country, label in graph.subject_objects(predicate):
            owners[folded(label)].add(local(country))
    assert {label: codes for label, codes in owners.items() if len(codes) > 1} == {}


def test_links_stay_inside_our_data() -> None:
    """Whatever a file points to under our base is described in some file."""
    described = set(parsed().subjects())
    pointed = {node for node in parsed().objects() if isinstance(node, URIRef) and node.startswith(BASE)}
    assert pointed - described - {URIRef(f"{BASE}ns/0.1.0"), URIRef(f"{BASE}sparql")} == set()
