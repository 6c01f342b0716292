"""The framed document says exactly what the graph says, in the words of every JSON-LD processor."""

import json
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import jsonschema
import pytest
from pyld import jsonld
from pyoxigraph import BaseDirection, BlankNode, Literal, NamedNode, Quad, Triple
from rdflib import Graph
from rdflib.compare import isomorphic

from iomld.assets import load_fields
from iomld.formats import rdf
from iomld.formats.jsonld import compact_resource, framed_bytes, framed_project
from iomld.iris import DCTERMS, DEFAULT_BASE, IOMLD, SKOS, XSD

FIELDS = load_fields()

ONTOLOGY = Path(__file__).parents[2] / "ontology"
OTHER_BASE = "http://localhost:8000/data/"
PROJECT = f"{DEFAULT_BASE}id/project/PO.9105"
Json = dict[str, object]
Rebased = Callable[[str, str], str]


def _loader(context: Json, base: str) -> Callable[[str, object], Json]:
    """A document loader that knows our context and nothing else."""

    def load(url: str, _options: object) -> Json:
        assert url == f"{base}context/v1.jsonld", f"asked for {url}"
        return {"contextUrl": None, "documentUrl": url, "document": context, "contentType": "application/ld+json"}

    return load


def _refuse(url: str, _options: object) -> Json:
    raise AssertionError(f"asked for {url}")


def _by_pyld(document: Json, context: Json, _base: str) -> Graph:
    options = {"documentLoader": _refuse, "format": "application/n-quads"}
    return _graph(rdf.parse(jsonld.to_rdf(document | context, options), rdf.NQUADS))


def _by_rdflib(document: Json, context: Json, _base: str) -> Graph:
    with warnings.catch_warnings():
        # rdflib's own JSON-LD parser uses a class that rdflib has deprecated.
        warnings.filterwarnings("ignore", "ConjunctiveGraph is deprecated", DeprecationWarning)
        return Graph().parse(data=json.dumps(document | context), format="json-ld")


def _by_pyoxigraph(document: Json, context: Json, _base: str) -> Graph:
    return _graph(rdf.parse(json.dumps(document | context), rdf.JSONLD))


def _graph(quads: Iterable[Quad]) -> Graph:
    return Graph().parse(data=rdf.serialize(quads, rdf.NTRIPLES).decode(), format="nt")


def _triples(quads: Iterable[Quad]) -> set[Triple]:
    return {quad.triple for quad in quads}


def _reread(document: Json, context: Json) -> set[Triple]:
    return _triples(rdf.parse(framed_bytes(document, json.dumps(context["@context"])), rdf.JSONLD))


def _quad(subject: str, predicate: str, value: str | Literal) -> Quad:
    return Quad(NamedNode(subject), NamedNode(predicate), NamedNode(value) if isinstance(value, str) else value)


def _mentions(numbers: Iterable[int]) -> list[Quad]:
    return [_quad(f"{PROJECT}#m{number}", f"{IOMLD}aboutProject", PROJECT) for number in numbers]


@pytest.mark.parametrize("base", [DEFAULT_BASE, OTHER_BASE])
@pytest.mark.parametrize("processor", [_by_pyld, _by_rdflib, _by_pyoxigraph])
def test_every_processor_reads_the_graph_back(
    processor: Callable[[Json, Json, str], Graph], base: str, project_turtle: str, context: Json, rebased: Rebased
) -> None:
    """Expanding the document with the context gives the graph it was made from, under any base."""
    turtle = rebased(project_turtle, base)
    document = framed_project(rdf.parse(turtle, rdf.TURTLE), base=base, fields=FIELDS)
    read = processor(document, json.loads(rebased(json.dumps(context), base)), base)
    assert isomorphic(read, Graph().parse(data=turtle, format="turtle"))


@pytest.mark.parametrize("without", [(), (f"{IOMLD}budget", f"{IOMLD}aboutProject", f"{IOMLD}narrative")], ids=len)
def test_framing_by_the_standard_gives_the_same_document(
    without: tuple[str, ...], project_quads: Sequence[Quad], context: Json, frame: Json
) -> None:
    """A JSON-LD processor with our frame gives our document, but for the order of arrays; it adds no nulls."""
    project_quads = _without(project_quads, without)
    options = {"documentLoader": _loader(context, DEFAULT_BASE), "omitGraph": True}
    quads = rdf.serialize((Quad(*quad.triple) for quad in project_quads), rdf.NQUADS).decode()
    framed = jsonld.frame(jsonld.from_rdf(quads, {"format": "application/n-quads"}), frame, options)
    assert isinstance(framed, dict)
    del framed["@context"]
    assert _sorted(framed) == _sorted(framed_project(project_quads, base=DEFAULT_BASE, fields=FIELDS))


def _without(quads: Sequence[Quad], properties: tuple[str, ...]) -> list[Quad]:
    """The quads without links of these properties and the nodes that only they lead to."""
    left = [quad for quad in quads if quad.predicate.value not in properties]
    if properties:
        kept = {PROJECT, f"{DEFAULT_BASE}doc/project/PO.9105"}
        left = [quad for quad in left if str(quad.subject)[1:-1] in kept or "/prov/source/" in str(quad.subject)]
    return left


def _sorted(value: object) -> object:
    match value:
        case dict():
            return {key: _sorted(inner) for key, inner in value.items()}
        case list():
            return sorted((_sorted(inner) for inner in value), key=json.dumps)
        case _:
            return value


def _checker(schema: Json) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)


def test_the_json_schema_is_valid_and_accepts_the_document(
    project_quads: Sequence[Quad], schema: Json, context: Json
) -> None:
    """What we serve has the shape that we promise, and so does a document that names the context by its address."""
    jsonschema.Draft202012Validator.check_schema(schema)
    document = framed_project(project_quads, base=DEFAULT_BASE, fields=FIELDS)
    _checker(schema).validate(document | context)
    _checker(schema).validate(document | {"@context": f"{DEFAULT_BASE}context/v1.jsonld"})


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("budgetUSD",), 1459753.72),
        (("budget", "amount"), 1459753.72),
        (("startYear",), 2017),
        (("mentions", 0, "confidence"), 0.98),
        (("mentions", 0, "target", "selectors", 0, "start"), 36),
        (("periodEnd",), "2019-13-31"),
        (("benefitingMemberStates",), "CN"),
        (("coverage",), ["national"]),
        (("title",), {}),
        (("record", "derivedFrom", 0, "sha256"), "abc"),
    ],
)
def test_the_json_schema_refuses_what_json_ld_would_read_wrongly(
    path: tuple[str | int, ...], value: object, project_quads: Sequence[Quad], schema: Json
) -> None:
    """Numbers where decimals, years or offsets belong, and other wrong shapes, do not pass."""
    document = json.loads(framed_bytes(framed_project(project_quads, base=DEFAULT_BASE, fields=FIELDS), "[]"))
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    errors = list(_checker(schema).iter_errors(document))
    assert [tuple(error.absolute_path)[:1] for error in errors] == [path[:1]]


def test_keys_come_in_a_fixed_order(project_quads: Sequence[Quad]) -> None:
    """The order of the quads does not matter; identity comes first, then the fields in the order of their shapes."""
    document = framed_project(project_quads, base=DEFAULT_BASE, fields=FIELDS)
    backwards = framed_project(list(reversed(project_quads)), base=DEFAULT_BASE, fields=FIELDS)
    assert framed_bytes(document, "{}") == framed_bytes(backwards, "{}")
    assert list(document)[:5] == ["id", "type", "projectCode", "primaId", "title"]
    assert list(document)[-1] == "mentions"
    assert document["benefitingCountries"] == ["CN", "SG", "VU"]


def test_mentions_are_sorted_by_number(project_quads: Sequence[Quad]) -> None:
    """The tenth mention comes after the ninth."""
    quads = [*project_quads, *_mentions([11, 10, 3, 9])]
    mentions = framed_project(quads, base=DEFAULT_BASE, fields=FIELDS)["mentions"]
    assert isinstance(mentions, list)
    assert [mention["id"].rpartition("#")[2] for mention in mentions] == ["m1", "m2", "m3", "m9", "m10", "m11"]


@pytest.mark.parametrize(
    "odd",
    [
        _quad(PROJECT, "http://example.org/unknown", Literal("kept")),
        _quad(PROJECT, "http://example.org/unknown", "http://example.org/thing"),
        _quad(PROJECT, f"{DCTERMS}title", Literal("no language")),
        _quad(PROJECT, f"{DCTERMS}title", Literal("A second English title", language="en")),
        _quad(PROJECT, f"{IOMLD}budgetUSD", Literal("12", datatype=NamedNode(f"{XSD}integer"))),
        _quad(PROJECT, f"{IOMLD}budgetUSD", Literal("12.5", datatype=NamedNode(f"{XSD}decimal"))),
        _quad(PROJECT, f"{IOMLD}status", Literal("completed")),
        _quad(PROJECT, f"{IOMLD}status", "http://example.org/status/paused"),
        _quad(PROJECT, f"{IOMLD}theme", f"{DEFAULT_BASE}scheme/theme/source"),
        _quad(PROJECT, f"{IOMLD}theme", f"{DEFAULT_BASE}scheme/theme/"),
        _quad(PROJECT, f"{IOMLD}theme", f"{DEFAULT_BASE}scheme/theme/a:b"),
        _quad(PROJECT, f"{IOMLD}theme", f"{DEFAULT_BASE}scheme/theme/@id"),
        _quad(PROJECT, f"{IOMLD}theme", f"{DEFAULT_BASE}scheme/theme/A%2FB%20%25"),
        _quad(PROJECT, f"{IOMLD}fundedBy", "urn:example:fund"),
        _quad(PROJECT, f"{IOMLD}budget", "http://example.org/budget-without-description"),
        _quad(PROJECT, "http://www.w3.org/1999/02/22-rdf-syntax-ns#type", "http://example.org/Plan"),
        _quad(f"{PROJECT}#m1", f"{IOMLD}aboutProject", "http://example.org/another"),
        _quad("http://example.org/alone", f"{DCTERMS}title", Literal("Nothing leads here", language="en")),
        _quad(f"{DEFAULT_BASE}prov/matcher/0.1.0", "https://schema.org/softwareVersion", Literal("0.1.0")),
    ],
    ids=str,
)
def test_nothing_of_the_graph_is_lost(odd: Quad, project_quads: Sequence[Quad], context: Json) -> None:
    """A property without a key, a value that its key cannot hold, a node that nothing leads to: all are kept."""
    quads = [*project_quads, odd]
    document = framed_project(quads, base=DEFAULT_BASE, fields=FIELDS)
    assert _reread(document, context) == _triples(quads)
    assert isomorphic(_by_rdflib(document, context, DEFAULT_BASE), _graph(quads))
    assert isomorphic(_by_pyld(document, context, DEFAULT_BASE), _graph(quads))


def test_a_base_direction_is_kept(context: Json) -> None:
    """A language map cannot hold a direction (RDF 1.2), so such a title is written in expanded form."""
    title = Literal("x", language="ar", direction=BaseDirection.RTL)
    quads = [_quad(PROJECT, f"{DCTERMS}title", title)]
    document = compact_resource(quads, subject=PROJECT, base=DEFAULT_BASE, fields=FIELDS)
    assert "title" not in document
    assert _reread(document, context) == _triples(quads)


def test_a_quad_given_twice_counts_once(project_quads: Sequence[Quad]) -> None:
    """A union of graphs may hold a triple twice."""
    once = framed_project(project_quads, base=DEFAULT_BASE, fields=FIELDS)
    assert framed_project([*project_quads, *project_quads], base=DEFAULT_BASE, fields=FIELDS) == once


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        (_quad("http://example.org/b", f"{IOMLD}budget", "schema:x"), "prefixed name"),
        (_quad(PROJECT, "http://www.w3.org/1999/02/22-rdf-syntax-ns#type", "iomld:Project"), "prefixed name"),
        (Quad(BlankNode("x"), NamedNode(f"{DCTERMS}title"), Literal("x")), "no IRI"),
        (Quad(NamedNode(PROJECT), NamedNode(f"{DCTERMS}source"), BlankNode("x")), "neither an IRI nor a literal"),
        (_quad("http://example.org/p", "http://www.w3.org/1999/02/22-rdf-syntax-ns#type", f"{IOMLD}Project"), "not 2"),
    ],
    ids=["link", "class", "blank subject", "blank object", "two projects"],
)
def test_what_cannot_be_said_is_a_bug(odd: Quad, reason: str, project_quads: Sequence[Quad]) -> None:
    """What a document could not say truly raises instead of being left out."""
    with pytest.raises(ValueError, match=reason):
        framed_project([*project_quads, odd], base=DEFAULT_BASE, fields=FIELDS)


def test_bytes_are_compact_or_indented_utf8(project_quads: Sequence[Quad]) -> None:
    """Both forms hold the same document, letters as they are."""
    document = framed_project(project_quads, base=DEFAULT_BASE, fields=FIELDS)
    compact, indented = framed_bytes(document, "{}"), framed_bytes(document, "{}", indent=2)
    assert json.loads(compact) == json.loads(indented) == {"@context": {}} | document
    assert b"\n" not in compact
    assert indented.startswith(b'{\n  "@context"')
    assert indented.endswith(b"}\n")
    assert "ministères".encode() in compact


def test_a_country_is_one_node_object() -> None:
    """Names are a language map, the region a code, matches in other data whole IRIs."""
    country = f"{DEFAULT_BASE}id/country/CN"
    quads = [
        _quad(country, "http://www.w3.org/1999/02/22-rdf-syntax-ns#type", f"{IOMLD}MemberState"),
        _quad(country, "https://schema.org/name", Literal("China", language="en")),
        _quad(country, f"{SKOS}altLabel", Literal("PRC", language="en")),
        _quad(country, f"{IOMLD}iso2", Literal("CN")),
        _quad(country, f"{IOMLD}inRegion", f"{DEFAULT_BASE}scheme/region/asia-and-oceania"),
        _quad(country, f"{SKOS}exactMatch", "http://www.wikidata.org/entity/Q148"),
    ]
    assert compact_resource(quads, subject=country, base=DEFAULT_BASE, fields=FIELDS) == {
        "id": country,
        "type": "MemberState",
        "name": {"en": "China"},
        "iso2": "CN",
        "inRegion": "asia-and-oceania",
        "altLabel": {"en": ["PRC"]},
        "exactMatch": ["http://www.wikidata.org/entity/Q148"],
    }


def test_a_resource_without_triples_is_a_bug() -> None:
    """The caller looks first."""
    with pytest.raises(ValueError, match="has no triples"):
        compact_resource([], subject=f"{DEFAULT_BASE}id/country/XX", base=DEFAULT_BASE, fields=FIELDS)


@pytest.mark.parametrize("path", sorted(ONTOLOGY.glob("*.ttl")), ids=lambda path: path.stem)
def test_every_list_of_ours_survives(path: Path, context: Json) -> None:
    """Each concept, country and term of the ontology folder reads back as it was, and with keys for all of a list.

    Terms, alignments and example queries are no lists: they speak OWL and SHACL, whose words the context leaves whole.
    """
    quads = list(rdf.parse(path.read_bytes(), rdf.TURTLE))
    described: dict[str, list[Quad]] = {}
    for quad in quads:
        assert isinstance(quad.subject, NamedNode)
        described.setdefault(quad.subject.value, []).append(quad)
    for subject, own in described.items():
        document = compact_resource(own, subject=subject, base=DEFAULT_BASE, fields=FIELDS)
        assert _reread(document, context) == _triples(own)
        if path.stem not in {"iomld", "alignment", "queries"}:
            assert not [key for key in document if "://" in key]
