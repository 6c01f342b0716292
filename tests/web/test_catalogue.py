"""The description of the dataset agrees with the dataset."""

import gzip
import hashlib
import json
import re
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI
from rdflib import DCAT, DCTERMS, FOAF, RDF, SKOS, VOID, Graph, Literal, Namespace, URIRef
from tests.browse.asking import Asker
from tests.conftest import Command

from iomld import release
from iomld.browse.view import open_view, resource_quads
from iomld.iris import IOMLD
from iomld.web.data.descriptions import catalogue_routes

BASE = "https://w3id.org/iomld/"
DATASET = URIRef(f"{BASE}dataset/projects")
PAGE = Path(__file__).parents[1] / "golden" / "page.txt"
DCAT_AP = Path(__file__).with_name("dcat-ap-3.ttl")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
SPDX = Namespace("http://spdx.org/rdf/terms#")


@pytest.fixture(scope="module")
def client(datadir: Path) -> Asker:
    """A client of the catalogue."""
    current = release.current_release(datadir)
    assert current
    opened = open_view(current)
    app = FastAPI()
    app.include_router(catalogue_routes(lambda: opened))
    return Asker(app)


@pytest.fixture(scope="module")
def description(client: Asker) -> Graph:
    """What `/dataset` says."""
    return Graph().parse(data=client.get("/dataset").text, format="turtle")


@pytest.fixture(scope="module")
def triples(datadir: Path) -> Graph:
    """The triples of all graphs together, counted independently."""
    quads = gzip.decompress((datadir / "current" / "dataset.nq.gz").read_bytes())
    return Graph().parse(data=re.sub(rb" <[^<> ]*> \.\n", b" .\n", quads), format="nt")


def _number(graph: Graph, subject: URIRef, name: str) -> int:
    value = graph.value(subject, VOID[name])
    assert isinstance(value, Literal)
    return int(value)


def _partitions(graph: Graph, kind: str, unit: str) -> dict[str, int]:
    parts = [part for part in graph.objects(DATASET, VOID[f"{kind}Partition"]) if isinstance(part, URIRef)]
    return {str(graph.value(part, VOID[kind])): _number(graph, part, unit) for part in parts}


def test_figures_equal_an_independent_count(description: Graph, triples: Graph) -> None:
    """Triples, subjects, things, properties and classes are those that rdflib counts."""
    subjects = set(triples.subjects())
    assert _number(description, DATASET, "triples") == len(triples)
    assert _number(description, DATASET, "distinctSubjects") == len(subjects)
    assert _number(description, DATASET, "entities") == sum(str(one).startswith(f"{BASE}id/") for one in subjects)
    properties = Counter(str(one) for one in triples.predicates())
    assert _partitions(description, "property", "triples") == dict(properties)
    assert _number(description, DATASET, "properties") == len(properties)
    classes = Counter(str(one) for one in triples.objects(None, RDF.type))
    assert _partitions(description, "class", "entities") == dict(classes)
    assert _number(description, DATASET, "classes") == len(classes)


def test_link_sets_equal_an_independent_count(description: Graph, triples: Graph) -> None:
    """Each property of matches and each host outside has one link set with the right number."""
    expected = Counter(
        (str(predicate), "{0.scheme}://{0.netloc}/".format(urlsplit(str(value))))
        for predicate in (SKOS.exactMatch, SKOS.closeMatch)
        for value in triples.objects(None, predicate)
        if not str(value).startswith(BASE)
    )
    found = {}
    for links in description.subjects(RDF.type, VOID.Linkset):
        assert isinstance(links, URIRef)
        target = description.value(links, VOID.objectsTarget)
        space = description.value(target, VOID.uriSpace)
        found[str(description.value(links, VOID.linkPredicate)), str(space)] = _number(description, links, "triples")
    assert len(found) > 1
    assert found == dict(expected)


def test_what_dcat_ap_asks_for_is_there(description: Graph) -> None:
    """Catalogue, dataset, distributions and service have what DCAT-AP 3 makes mandatory."""
    catalogue = URIRef(f"{BASE}dataset")
    assert (catalogue, RDF.type, DCAT.Catalog) in description
    assert (catalogue, DCAT.dataset, DATASET) in description
    publisher = description.value(DATASET, DCTERMS.publisher)
    assert (publisher, RDF.type, FOAF.Agent) in description
    assert description.value(publisher, FOAF.name)
    for subject in (catalogue, DATASET):
        for name in ("title", "description", "publisher"):
            assert description.value(subject, DCTERMS[name]), (subject, name)
    service = description.value(catalogue, DCAT.service)
    assert description.value(service, DCTERMS.title)
    assert description.value(service, DCAT.endpointURL) == URIRef(f"{BASE}sparql")
    distributions = set(description.objects(DATASET, DCAT.distribution))
    assert (len(distributions), len(set(description.objects(DATASET, VOID.dataDump)))) == (12, 8)
    assert all(description.value(one, DCAT.accessURL) for one in distributions)


# What DCAT-AP 3 recommends and the catalogue does not say, and why.
UNSAID = {
    "http://data.europa.eu/r5r/availability": "how long files will stay is for the publisher to promise",
    f"{DCTERMS.type}": "settings do not say what kind of body the publisher is, or of what kind the licence",
    f"{DCAT.bbox}": "countries and regions are named, not drawn",
    f"{DCAT.centroid}": "countries and regions are named, not drawn",
    f"{DCTERMS.spatial}": "what is said of a class has no place of its own",
    f"{DCTERMS.temporal}": "the parts have no period of their own; the whole has",
}
MANDATORY = (DCTERMS.title, DCTERMS.description, DCAT.accessURL, DCAT.endpointURL, FOAF.name, SPDX.checksumValue)


@pytest.mark.parametrize("engine", ["shacl", "pyshacl"])
def test_the_catalogue_conforms_to_dcat_ap(
    client: Asker, description: Graph, tmp_path: Path, iomld: Command, engine: str
) -> None:
    """No rule of DCAT-AP 3 is broken, and of its recommendations only those are left out that we cannot know."""
    (tmp_path / "dataset.ttl").write_bytes(client.get("/dataset").content)
    done = iomld("validate", tmp_path / "dataset.ttl", "--shapes", DCAT_AP, "--engine", engine, "--format", "json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["counts"]["Violation"] == report["omitted"] == 0
    assert {result["path"] for result in report["results"]} == set(UNSAID)
    without = {
        one["focusNode"] for one in report["results"] if one["path"] in {f"{DCTERMS.spatial}", f"{DCTERMS.temporal}"}
    }
    assert without == {str(part) for part in description.objects(DATASET, DCTERMS.hasPart)}


@pytest.mark.parametrize("engine", ["shacl", "pyshacl"])
def test_the_shapes_of_dcat_ap_find_what_is_missing(
    description: Graph, tmp_path: Path, iomld: Command, engine: str
) -> None:
    """Without a mandatory property, a class or a datatype the same catalogue does not conform."""
    broken = Graph()
    for subject, predicate, value in description:
        if predicate not in MANDATORY and value != DCTERMS.LicenseDocument:
            broken.add((subject, predicate, Literal("much") if predicate == DCAT.byteSize else value))
    broken.serialize(tmp_path / "dataset.ttl")
    done = iomld("validate", tmp_path / "dataset.ttl", "--shapes", DCAT_AP, "--engine", engine, "--format", "json")
    assert done.returncode == 1, done.stderr
    found = {one["path"] for one in json.loads(done.stdout)["results"] if one["severity"] == "Violation"}
    assert found == {str(one) for one in (*MANDATORY, DCTERMS.license, DCAT.byteSize)}


@pytest.mark.parametrize(
    ("contact", "predicate", "value"),
    [("", "hasURL", f"{BASE}about"), ("data@example.org", "hasEmail", "mailto:data@example.org")],
)
def test_every_entry_says_where_to_ask(
    tmp_path: Path, iomld: Command, contact: str, predicate: str, value: str
) -> None:
    """At the address that was set, else at the page that says what this is; no person is made up."""
    assert iomld("publish", PAGE, "--to", tmp_path, IOMLD_CONTACT=contact).returncode == 0
    described = Graph().parse(tmp_path / "current" / "dataset.ttl")
    entries = {*described.subjects(RDF.type, DCAT.Dataset), *described.subjects(RDF.type, DCAT.DataService)}
    assert len(entries) > 20
    for entry in entries:
        (point,) = described.objects(entry, DCAT.contactPoint)
        assert described.value(point, VCARD[predicate]) == URIRef(value)


def test_the_files_are_as_described(description: Graph, datadir: Path) -> None:
    """Length and SHA-256 of the N-Quads, packed and not, are true."""
    packed = (datadir / "current" / "dataset.nq.gz").read_bytes()
    for suffix, content in (("nq.gz", packed), ("nq", gzip.decompress(packed))):
        distribution = URIRef(f"{DATASET}#{suffix}")
        assert int(str(description.value(distribution, DCAT.byteSize))) == len(content)
        checksum = description.value(distribution, SPDX.checksum)
        assert str(description.value(checksum, SPDX.checksumValue)).lower() == hashlib.sha256(content).hexdigest()


def test_parts_are_datasets_of_their_own(description: Graph, datadir: Path) -> None:
    """Each file of a class or region is a distribution of a part, with its true length and SHA-256."""
    described = {}
    for part in description.objects(DATASET, DCTERMS.hasPart):
        assert (part, DCTERMS.isPartOf, DATASET) in description
        assert {DCAT.Dataset, VOID.Dataset} <= set(description.objects(part, RDF.type))
        assert all(description.value(part, DCTERMS[name]) for name in ("title", "description", "publisher", "license"))
        distributions = set(description.objects(part, DCAT.distribution))
        dumps = set(description.objects(part, VOID.dataDump))
        assert dumps == {description.value(one, DCAT.downloadURL) for one in distributions}
        for one in distributions:
            if checksum := description.value(one, SPDX.checksum):
                file = str(description.value(one, DCAT.downloadURL)).removeprefix(f"{BASE}downloads/")
                size, sha256 = (description.value(one, DCAT.byteSize), description.value(checksum, SPDX.checksumValue))
                described[file] = (int(str(size)), str(sha256).lower())
    current = datadir / "current"
    held = [path for folder in ("by-class", "by-region") for path in (current / folder).iterdir()]
    assert described == {
        str(path.relative_to(current)): (len(path.read_bytes()), hashlib.sha256(path.read_bytes()).hexdigest())
        for path in held
    }
    projects = URIRef(f"{DATASET}#class-iomld-Project")
    assert (DATASET, VOID.classPartition, projects) in description
    assert URIRef(f"{BASE}downloads/by-class/Project.ttl.gz") in set(description.objects(projects, VOID.dataDump))
    assert (DATASET, VOID.subset, URIRef(f"{DATASET}#region-africa")) in description


def test_the_extent_is_that_of_the_projects(description: Graph, triples: Graph) -> None:
    """The period reaches from the first start to the last end; the countries are those that benefit."""
    period = description.value(DATASET, DCTERMS.temporal)
    starts = [str(one) for one in triples.objects(None, URIRef(f"{IOMLD}periodStart"))]
    ends = [str(one) for one in triples.objects(None, URIRef(f"{IOMLD}periodEnd"))]
    assert str(description.value(period, DCAT.startDate)) == min(starts)
    assert str(description.value(period, DCAT.endDate)) == max(ends)
    benefiting = set(triples.objects(None, URIRef(f"{IOMLD}benefitingCountry")))
    assert set(description.objects(DATASET, DCTERMS.spatial)) == benefiting


def test_the_document_of_a_country_does_not_change_with_the_catalogue(datadir: Path) -> None:
    """That a country is a place is said for portals alone; its own document is as the lists say."""
    current = release.current_release(datadir)
    assert current
    view = open_view(current)
    country = view.iris.country("CN")
    graphs = {view.iris.graph(name) for name in ("countries", "schemes", "dataset")}
    assert {quad.graph_name.value for quad in view.reader.about(country)} == graphs
    said = {quad for quad in view.reader.about(country) if quad.graph_name.value != view.iris.graph("dataset")}
    assert set(resource_quads(view, country)) == said


def test_the_description_is_negotiated(client: Asker) -> None:
    """It comes in every form, at both addresses, and crawlers are led there."""
    for address in ("/dataset", "/void"):
        answer = client.get(address, headers={"Accept": "application/ld+json"})
        assert answer.headers["content-type"] == "application/ld+json"
        assert answer.headers["content-location"] == f"{address}.jsonld"
        assert client.get(f"{address}.nt").headers["content-type"] == "application/n-triples"
        page = client.get(address, headers={"Accept": "text/html"})
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert 'id="nq.gz"' in page.text
        ids = re.findall(r' id="([^"]+)"', page.text)
        assert len(ids) == len(set(ids))
    led = client.get("/.well-known/void")
    assert (led.status_code, led.headers["location"]) == (303, "/void")
