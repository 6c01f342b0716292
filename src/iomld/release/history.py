"""What knows the clock: publishing runs and revisions of records, in the provenance graph (PROV-O).

They are kept apart from the dataset, so that the dataset stays the same for the same records.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pyoxigraph import Literal, NamedNode, Quad

from iomld.iris import DCTERMS, FIELD_PROPERTIES, FOAF, IOMLD, PROV, RDF, SCHEMA, XSD, Iris


@dataclass(frozen=True, slots=True)
class Run:
    """A publishing run.

    Attributes:
        name: Last segment of its IRI.
        started: When reading began (UTC).
        ended: When the release was complete (UTC).
        version: Version of the software.
    """

    name: str
    started: datetime
    ended: datetime
    version: str


@dataclass(frozen=True, slots=True)
class Revision:
    """One new revision of a project's record.

    Attributes:
        key: Key of the project.
        number: Counted from 1.
        sources: SHA-256 of each source.
        supplied: For each source the fields that it gave the value of.
    """

    key: str
    number: int
    sources: tuple[str, ...]
    supplied: Mapping[str, tuple[str, ...]]


def history_quads(run: Run, revisions: Iterable[Revision], iris: Iris) -> Iterator[Quad]:
    """Describe a run and the revisions it made, in the provenance graph."""
    graph = NamedNode(iris.graph("prov"))
    node, agent = iris.run(run.name), iris.agent(run.version)

    def link(subject: str, predicate: str, target: str) -> Quad:
        return Quad(NamedNode(subject), NamedNode(predicate), NamedNode(target), graph)

    def text(subject: str, predicate: str, value: str) -> Quad:
        return Quad(NamedNode(subject), NamedNode(predicate), Literal(value), graph)

    def moment(subject: str, predicate: str, value: datetime) -> Quad:
        return Quad(NamedNode(subject), NamedNode(predicate), _moment(value), graph)

    yield link(node, f"{RDF}type", f"{IOMLD}Ingestion")
    yield moment(node, f"{PROV}startedAtTime", run.started)
    yield moment(node, f"{PROV}endedAtTime", run.ended)
    yield link(node, f"{PROV}wasAssociatedWith", agent)
    yield link(agent, f"{RDF}type", f"{PROV}SoftwareAgent")
    yield text(agent, f"{FOAF}name", "iomld")
    yield text(agent, f"{SCHEMA}softwareVersion", run.version)
    matcher = iris.matcher(run.version)
    yield link(matcher, f"{RDF}type", f"{PROV}SoftwareAgent")
    yield text(matcher, f"{FOAF}name", "iomld matcher of framework mentions")
    yield text(matcher, f"{SCHEMA}softwareVersion", run.version)
    for revision in revisions:
        document, subject = iris.record(revision.key), iris.revision(revision.key, revision.number)
        yield link(subject, f"{RDF}type", f"{IOMLD}ProjectRecord")
        yield link(subject, f"{DCTERMS}isVersionOf", document)
        yield link(subject, f"{PROV}specializationOf", document)
        yield moment(subject, f"{DCTERMS}created", run.ended)
        yield link(subject, f"{PROV}wasGeneratedBy", node)
        for source in revision.sources:
            yield link(subject, f"{PROV}wasDerivedFrom", iris.snapshot(source))
            yield link(node, f"{PROV}used", iris.snapshot(source))
            derivation = iris.derivation(revision.key, revision.number, source)
            yield link(subject, f"{PROV}qualifiedDerivation", derivation)
            yield link(derivation, f"{RDF}type", f"{PROV}Derivation")
            yield link(derivation, f"{PROV}entity", iris.snapshot(source))
            for field in revision.supplied.get(source, ()):
                yield link(derivation, f"{IOMLD}suppliedProperty", FIELD_PROPERTIES[field])


def xsd_moment(value: datetime) -> str:
    """A moment as xsd:dateTime in UTC, in whole seconds."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(value: datetime) -> Literal:
    return Literal(xsd_moment(value), datatype=NamedNode(f"{XSD}dateTime"))
