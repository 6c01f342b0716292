"""The description of a saved query in RDF, in the vocabulary of the example queries (SHACL and schema.org)."""

from collections.abc import Iterator

from pyoxigraph import Literal, NamedNode, Quad

from iomld.iris import DCTERMS, IOMLD, PROV, RDF, RDFS, SCHEMA, SH, XSD, Iris
from iomld.saved.answers import SavedAnswer
from iomld.saved.parameters import Parameter, ParameterType, Value
from iomld.saved.query import SavedQuery

_SPEX = "https://purl.expasy.org/sparql-examples/ontology#"  # SHACL has no DESCRIBE
# The class of each form of query, and the property of its text.
_FORMS = {
    "SELECT": (f"{SH}SPARQLSelectExecutable", f"{SH}select"),
    "ASK": (f"{SH}SPARQLAskExecutable", f"{SH}ask"),
    "CONSTRUCT": (f"{SH}SPARQLConstructExecutable", f"{SH}construct"),
    "DESCRIBE": (f"{_SPEX}SPARQLDescribeExecutable", f"{_SPEX}describe"),
}


def query_quads(
    query: SavedQuery, iris: Iris, release: str = "", recorded: SavedAnswer | None = None
) -> tuple[Quad, ...]:
    """The statements about a saved query, or about the version of it that a release has.

    Its text is the query with the defaults of its parameters, which runs as it stands.

    Args:
        query: The query.
        iris: IRIs under the base.
        release: Name of the release; empty for the query itself.
        recorded: Its answer in the release, with this text.
    """
    iri = iris.saved_query(query.name, release)
    subject = NamedNode(iri)

    def about(predicate: str, value: Value) -> Quad:
        return Quad(subject, NamedNode(predicate), value)

    class_, text_property = _FORMS[query.form]
    quads = [
        about(f"{RDF}type", NamedNode(f"{SH}SPARQLExecutable")),
        about(f"{RDF}type", NamedNode(class_)),
        about(f"{RDFS}comment", Literal(query.title)),
        about(f"{SCHEMA}target", NamedNode(f"{iris.base}sparql")),
        about(text_property, Literal(query.bound(query.values({})))),
        about(f"{IOMLD}sha256", _sha256(query.sha256)),
        *(about(f"{SCHEMA}keywords", Literal(tag)) for tag in query.tags),
    ]
    if query.summary:
        quads.append(about(f"{DCTERMS}description", Literal(query.summary)))
    for parameter in query.parameters:
        quads += _parameter_quads(subject, parameter)
    if release:
        quads += (
            about(f"{DCTERMS}isVersionOf", NamedNode(iris.saved_query(query.name))),
            about(f"{DCTERMS}source", NamedNode(iris.dataset())),
            about(f"{SCHEMA}version", Literal(release)),
        )
    if recorded and recorded.facts:
        quads += _answer_quads(subject, recorded)
    return tuple(quads)


def _parameter_quads(query: NamedNode, parameter: Parameter) -> Iterator[Quad]:
    node = NamedNode(f"{query.value}#{parameter.name}")
    yield Quad(query, NamedNode(f"{SH}parameter"), node)
    yield Quad(node, NamedNode(f"{RDF}type"), NamedNode(f"{SH}Parameter"))
    yield Quad(node, NamedNode(f"{SH}name"), Literal(parameter.name))
    yield Quad(node, NamedNode(f"{SH}defaultValue"), parameter.default)
    if isinstance(parameter.default, Literal):
        yield Quad(node, NamedNode(f"{SH}datatype"), parameter.default.datatype)
    elif parameter.type is ParameterType.IRI:
        yield Quad(node, NamedNode(f"{SH}nodeKind"), NamedNode(f"{SH}IRI"))


def _answer_quads(query: NamedNode, recorded: SavedAnswer) -> Iterator[Quad]:
    """The answer with the defaults: its number of rows, and the hash of the rows."""
    answer = NamedNode(f"{query.value}#answer")
    facts = recorded.facts
    assert facts is not None  # noqa: S101  # the caller looked
    yield Quad(answer, NamedNode(f"{RDF}type"), NamedNode(f"{PROV}Entity"))
    yield Quad(answer, NamedNode(f"{PROV}wasDerivedFrom"), query)
    yield Quad(answer, NamedNode(f"{DCTERMS}extent"), Literal(f"{facts.rows} rows"))
    yield Quad(answer, NamedNode(f"{IOMLD}sha256"), _sha256(facts.sha256))


def _sha256(digest: str) -> Literal:
    return Literal(digest, datatype=NamedNode(f"{XSD}hexBinary"))
