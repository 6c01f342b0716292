"""The SPARQL 1.1 Service Description: what the endpoint answers to a request without a query."""

from collections.abc import Iterator
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode, Quad

from iomld.formats import rdf
from iomld.iris import RDF, RDFS, VOID

_SD = "http://www.w3.org/ns/sparql-service-description#"
_FORMATS = "http://www.w3.org/ns/formats/"
_RESULT_FORMATS = (
    "SPARQL_Results_JSON",
    "SPARQL_Results_XML",
    "SPARQL_Results_CSV",
    "SPARQL_Results_TSV",
    "Turtle",
    "N-Triples",
    "RDF_XML",
    "JSON-LD",
)


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """Facts about the endpoint that are the same for all clients.

    Attributes:
        base: Base of our data, ending in a slash; the server's address for a client that sends no host.
        dataset: IRI of the dataset that is published here.
        graphs: Named graphs to list; those of single records are too many.
        limits: The limits of a query, in a sentence, since no vocabulary has terms for them.
    """

    base: str
    dataset: str
    graphs: tuple[str, ...] = ()
    limits: str = ""


def service_description(server: str, facts: ServiceFacts, media_type: str) -> bytes:
    """Describe the endpoint.

    Args:
        server: Address of the server as the client knows it, without a slash at the end.
        facts: Facts about the endpoint.
        media_type: Media type of an RDF format.

    Returns:
        Triples of this shape, serialized::

            <…/sparql> a sd:Service ; sd:endpoint <…/sparql> ; sd:supportedLanguage sd:SPARQL11Query ;
                sd:feature sd:UnionDefaultGraph ; sd:resultFormat … ; rdfs:comment "A query may take …"@en ;
                sd:defaultDataset <…/sparql#dataset> .
            <…/sparql#dataset> a sd:Dataset ; sd:defaultGraph <…/sparql#default-graph> ;
                sd:namedGraph <…/sparql#graph-1> ; rdfs:seeAlso <…/void> .
            <…/sparql#graph-1> a sd:NamedGraph ; sd:name <…/graph/ontology> .
            <…/dataset/projects> void:sparqlEndpoint <…/sparql> .

    Raises:
        ValueError: The address is not an IRI, or the media type is not one of an RDF format.
    """
    format_ = rdf.by_media_type(media_type)
    if format_ is None:
        raise ValueError(f"{media_type} is not an RDF format")
    prefixes = {"sd": _SD, "formats": _FORMATS, "rdfs": RDFS, "void": VOID}
    return rdf.serialize(_quads(server, facts), format_, prefixes=prefixes)


def _quads(server: str, facts: ServiceFacts) -> Iterator[Quad]:
    service, dataset, graph = (NamedNode(f"{server}/sparql{part}") for part in ("", "#dataset", "#default-graph"))
    type_ = NamedNode(f"{RDF}type")
    yield Quad(service, type_, _sd("Service"))
    yield Quad(service, _sd("endpoint"), service)
    yield Quad(service, _sd("supportedLanguage"), _sd("SPARQL11Query"))
    yield Quad(service, _sd("feature"), _sd("UnionDefaultGraph"))
    for name in _RESULT_FORMATS:
        yield Quad(service, _sd("resultFormat"), NamedNode(_FORMATS + name))
    if facts.limits:
        yield Quad(service, NamedNode(f"{RDFS}comment"), Literal(facts.limits, language="en"))
    yield Quad(service, _sd("defaultDataset"), dataset)
    yield Quad(dataset, type_, _sd("Dataset"))
    yield Quad(dataset, _sd("defaultGraph"), graph)
    yield Quad(dataset, NamedNode(f"{RDFS}seeAlso"), NamedNode(f"{server}/void"))
    yield Quad(graph, type_, _sd("Graph"))
    for number, name in enumerate(facts.graphs, start=1):
        named = NamedNode(f"{service.value}#graph-{number}")
        yield Quad(dataset, _sd("namedGraph"), named)
        yield Quad(named, type_, _sd("NamedGraph"))
        yield Quad(named, _sd("name"), NamedNode(name))
    yield Quad(NamedNode(facts.dataset), NamedNode(f"{VOID}sparqlEndpoint"), service)


def _sd(name: str) -> NamedNode:
    return NamedNode(_SD + name)
