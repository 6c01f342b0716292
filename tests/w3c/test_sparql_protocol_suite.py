"""The W3C tests of the SPARQL 1.1 Protocol and Service Description against `iomld serve`.

All query tests pass. The server is read-only: each update of the update tests is refused with 4xx. The suite is looked
for at IOMLD_SHARED, or in a folder `shared` beside the repository; without it nothing is tested here.
"""

import json
from collections.abc import Iterator
from xml.etree import ElementTree as ET

import pytest
from pyoxigraph import Literal, NamedNode, Quad
from tests.conftest import Command
from tests.serving import serve
from tests.w3c.http_suite import SPARQL11, Answer, Case, Step, cases, is_expected, quads_of, send

from iomld.formats.rdf import NQUADS, NTRIPLES, in_graph, parse, serialize
from iomld.iris import RDF

MANIFEST = SPARQL11 / "protocol" / "manifest.ttl"
SD = "http://www.w3.org/ns/sparql-service-description#"
TABULAR = {"application/sparql-results+json", "application/sparql-results+xml", "text/csv", "text/tab-separated-values"}

# The vocabulary's properties: classes of subjects, classes or sorts of values (SPARQL 1.1 Service Description, 3.4).
SD_PROPERTIES = {
    "endpoint": ("Service", "IRI"),
    "feature": ("Service", "Feature"),
    "defaultEntailmentRegime": ("Service", "IRI"),
    "entailmentRegime": ("NamedGraph", "IRI"),
    "defaultSupportedEntailmentProfile": ("Service", "IRI"),
    "supportedEntailmentProfile": ("NamedGraph", "IRI"),
    "extensionFunction": ("Service", "Function"),
    "extensionAggregate": ("Service", "Aggregate"),
    "languageExtension": ("Service", "Feature"),
    "supportedLanguage": ("Service", "Language"),
    "propertyFeature": ("Service", "Feature"),
    "defaultDataset": ("Service", "Dataset"),
    "availableGraphs": ("Service", "GraphCollection"),
    "resultFormat": ("Service", "IRI"),
    "inputFormat": ("Service", "IRI"),
    "defaultGraph": ("Dataset", "Graph"),
    "namedGraph": ("Dataset", "NamedGraph"),
    "name": ("NamedGraph", "IRI"),
    "graph": ("NamedGraph", "Graph"),
}
# The instances that the vocabulary itself defines.
SD_INSTANCES = {
    "SPARQL10Query": "Language",
    "SPARQL11Query": "Language",
    "SPARQL11Update": "Language",
    "DereferencesURIs": "Feature",
    "UnionDefaultGraph": "Feature",
    "RequiresDataset": "Feature",
    "EmptyGraphs": "Feature",
    "BasicFederatedQuery": "Feature",
}

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(not MANIFEST.is_file(), reason="the W3C SPARQL test suite is not at hand (IOMLD_SHARED)"),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, iomld: Command) -> Iterator[str]:
    """The address of a server whose graphs are those of the manifest and no others but the shared ones."""
    folder = tmp_path_factory.mktemp("protocol")
    quads: list[Quad] = []
    for number in (1, 2, 3):
        name = f"http://kasei.us/2009/09/sparql/data/data{number}.rdf"
        quads += in_graph(parse((MANIFEST.parent / f"data{number}.nt").read_bytes(), NTRIPLES), name)
    (folder / "data.nq").write_bytes(serialize(quads, NQUADS))
    done = iomld("publish", "--include", folder / "data.nq", "--to", folder / "to")
    assert done.returncode == 0, done.stderr
    with serve(folder / "to") as running:
        yield running.address


@pytest.fixture(scope="module")
def suite() -> dict[str, Case]:
    """The tests of the protocol's manifest by name."""
    return {case.name: case for case in cases(MANIFEST, "ProtocolTest")} if MANIFEST.is_file() else {}


def ask(address: str, step: Step) -> Answer:
    """Send a request of the manifest; its endpoint is `/sparql/`."""
    assert step.path.startswith("/sparql/")
    return send(address, step.method, "/sparql" + step.path.removeprefix("/sparql/"), step.headers, step.body)


def is_update(step: Step) -> bool:
    """Say whether a request is an update, or what the manifest takes for one."""
    return (
        "update=" in step.path
        or step.body.startswith(b"update=")
        or "query" not in step.headers.get("content-type", "update")
    )


def test_the_suite_is_whole(suite: dict[str, Case]) -> None:
    """13 good queries, 7 bad ones, 7 updates and 7 bad updates."""
    assert len(suite) == 34
    assert len(queries(suite)) == 20
    assert sum(all(step.statuses == {"StatusCode4xx"} for step in suite[name].steps) for name in queries(suite)) == 7


def queries(suite: dict[str, Case]) -> list[str]:
    """Names of the query tests."""
    return [name for name in suite if "update" not in name]


def test_every_query_test_passes(suite: dict[str, Case], address: str) -> None:
    """Each request has a status, a format and an answer that the manifest expects."""
    for name in queries(suite):
        for step in suite[name].steps:
            answer = ask(address, step)
            assert is_expected(answer.status, step.statuses), (name, answer)
            if step.format_ == "tabular":
                assert answer.media_type in TABULAR, name
            elif step.format_ == "RDF":
                assert isinstance(quads_of(answer), list), name
            elif step.format_ == "boolean":
                assert boolean(answer) in ([step.boolean] if step.boolean else ["true", "false"]), name


def boolean(answer: Answer) -> str:
    """The answer of an ASK, `true` or `false`."""
    if answer.media_type == "application/sparql-results+json":
        return "true" if json.loads(answer.body)["boolean"] else "false"
    found = ET.fromstring(answer.body).find("{http://www.w3.org/2005/sparql-results#}boolean")  # noqa: S314  # ours
    assert found is not None
    return found.text or ""


def test_every_update_is_refused(suite: dict[str, Case], address: str) -> None:
    """All 14 update tests are answered 4xx, and nothing that they would have changed has changed."""
    before = send(address, "GET", "/rdf-graph-store?default", {"accept": "application/n-triples"})
    names = [name for name in suite if "update" in name]
    assert len(names) == 14
    for name in names:
        updates = [step for step in suite[name].steps if is_update(step)]
        assert updates, name
        for step in updates:
            answer = ask(address, step)
            assert 400 <= answer.status < 500, (name, answer)
            assert answer.media_type == "application/problem+json", name
    after = send(address, "GET", "/rdf-graph-store?default", {"accept": "application/n-triples"})
    assert (after.status, after.body) == (200, before.body)


def test_the_method_query_answers_as_post_does(suite: dict[str, Case], address: str) -> None:
    """Each query that the manifest sends as a body has the same answer by QUERY, through the real server."""
    direct = [
        step
        for name in queries(suite)
        for step in suite[name].steps
        if step.headers.get("content-type") == "application/sparql-query" and "StatusCode4xx" not in step.statuses
    ]
    assert len(direct) >= 5
    for step in direct:
        path = "/sparql" + step.path.removeprefix("/sparql/")
        posted, queried = (send(address, method, path, step.headers, step.body) for method in ("POST", "QUERY"))
        assert (queried.status, queried.body) == (200, posted.body)


def test_the_description_is_rdf(address: str) -> None:
    """`returns-rdf`: GET on the endpoint returns RDF."""
    for media_type in ("text/turtle", "application/rdf+xml", "application/ld+json", "application/n-triples"):
        answer = send(address, "GET", "/sparql", {"accept": media_type})
        assert (answer.status, answer.media_type) == (200, media_type)
        assert quads_of(answer)


def test_the_description_names_the_endpoint(address: str) -> None:
    """`has-endpoint-triple`: it has sd:endpoint with the address that was asked."""
    found = quads_of(send(address, "GET", "/sparql", {}))
    endpoints = [quad.object for quad in found if quad.predicate == NamedNode(f"{SD}endpoint")]
    assert endpoints == [NamedNode(f"{address}/sparql")]


def test_the_description_conforms_to_the_schema(address: str) -> None:
    """`conforms-to-schema`: terms of the vocabulary exist, and their subjects and values are of the classes it says."""
    found = quads_of(send(address, "GET", "/sparql", {}))
    types = {(quad.subject, quad.object) for quad in found if quad.predicate.value == f"{RDF}type"}
    types |= {(NamedNode(SD + name), NamedNode(SD + class_)) for name, class_ in SD_INSTANCES.items()}
    used = [quad for quad in found if quad.predicate.value.startswith(SD)]
    assert len(used) > 15
    for quad in used:
        subject_class, value_class = SD_PROPERTIES[quad.predicate.value.removeprefix(SD)]
        assert (quad.subject, NamedNode(SD + subject_class)) in types, quad
        assert not isinstance(quad.object, Literal), quad
        assert value_class == "IRI" or (quad.object, NamedNode(SD + value_class)) in types, quad
    assert any(quad.predicate.value == f"{SD}endpoint" for quad in used)


def test_the_description_is_true(address: str) -> None:
    """It offers the union default graph and no federation or update, names graphs that are there, and leads to VoID."""
    found = quads_of(send(address, "GET", "/sparql", {}))
    terms = {quad.object for quad in found}
    assert NamedNode(f"{SD}UnionDefaultGraph") in terms
    assert not {NamedNode(f"{SD}BasicFederatedQuery"), NamedNode(f"{SD}SPARQL11Update")} & terms
    names = {quad.object.value for quad in found if quad.predicate.value == f"{SD}name"}  # type: ignore[union-attr]
    assert "http://kasei.us/2009/09/sparql/data/data1.rdf" in names
    assert "https://w3id.org/iomld/graph/ontology" in names
    for name in names:
        ask_it = f"ASK {{ GRAPH <{name}> {{ ?s ?p ?o }} }}".encode()
        assert (
            boolean(send(address, "QUERY", "/sparql", {"content-type": "application/sparql-query"}, ask_it)) == "true"
        )
    seen = [quad.object for quad in found if quad.predicate.value.endswith("#seeAlso")]
    assert seen == [NamedNode(f"{address}/void")]
    void = send(address, "GET", "/void", {})
    assert any(quad.subject == NamedNode("https://w3id.org/iomld/dataset/projects") for quad in quads_of(void))
    formats = {quad.object.value for quad in found if quad.predicate.value == f"{SD}resultFormat"}  # type: ignore[union-attr]
    assert len(formats) == 8
