"""What the endpoint says of itself when it is asked without a query (SPARQL 1.1 Service Description)."""

from pyoxigraph import NamedNode, Quad

from iomld.formats import rdf
from iomld.iris import RDF

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


def service_description(endpoint: str, media_type: str) -> bytes:
    """Describe the endpoint.

    Args:
        endpoint: Its address, as the client knows it.
        media_type: One of the graph formats.

    Returns:
        Triples of this shape, serialized::

            <endpoint> a sd:Service ; sd:endpoint <endpoint> ; sd:supportedLanguage sd:SPARQL11Query ;
                sd:feature sd:UnionDefaultGraph ; sd:resultFormat … ; sd:defaultDataset <endpoint#dataset> .

    Raises:
        ValueError: The address is no IRI, or the format is not one of RDF.
    """
    format_ = rdf.by_media_type(media_type)
    if format_ is None:
        raise ValueError(f"{media_type} is not an RDF format")
    service, dataset, graph = (NamedNode(f"{endpoint}{part}") for part in ("", "#dataset", "#default-graph"))
    type_ = NamedNode(f"{RDF}type")
    facts = [
        (service, type_, _sd("Service")),
        (service, _sd("endpoint"), service),
        (service, _sd("supportedLanguage"), _sd("SPARQL11Query")),
        (service, _sd("feature"), _sd("UnionDefaultGraph")),
        *((service, _sd("resultFormat"), NamedNode(_FORMATS + name)) for name in _RESULT_FORMATS),
        (service, _sd("defaultDataset"), dataset),
        (dataset, type_, _sd("Dataset")),
        (dataset, _sd("defaultGraph"), graph),
        (graph, type_, _sd("Graph")),
    ]
    return rdf.serialize((Quad(*fact) for fact in facts), format_, prefixes={"sd": _SD, "formats": _FORMATS})


def _sd(name: str) -> NamedNode:
    return NamedNode(_SD + name)
