"""The provenance graph (PROV-O): publishing runs, revisions of records, and withdrawals with their tombstones.

The history is separate from the dataset, so that the same records always give the same dataset.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Quad

from iomld.assets import load_fields
from iomld.errors import StoreError
from iomld.iris import DCTERMS, FOAF, IOMLD, PROV, RDF, RDFS, SCHEMA, XSD, Iris


@dataclass(frozen=True, slots=True)
class Run:
    """A publishing run.

    Attributes:
        name: Last segment of its IRI.
        started: Time when reading began (UTC).
        ended: Time when the release was complete (UTC).
        version: Version of the software.
    """

    name: str
    started: datetime
    ended: datetime
    version: str


@dataclass(frozen=True, slots=True)
class Revision:
    """A new revision of a project's record.

    Attributes:
        key: Key of the project.
        number: Its number, from 1.
        sources: SHA-256 of each source.
        supplied: The fields that each source supplied.
        restored: Number of the earlier revision whose content it repeats after a rollback; None for new content.
    """

    key: str
    number: int
    sources: tuple[str, ...]
    supplied: Mapping[str, tuple[str, ...]]
    restored: int | None = None


@dataclass(frozen=True, slots=True)
class SeenAgain:
    """A record whose published values came again, from other sources; it gets no revision.

    Attributes:
        key: Key of the project.
        published: IRIs of the sources that the published record is derived from.
        sources: IRIs of the other sources that gave the same values; empty if only the name of a file is another one.
    """

    key: str
    published: frozenset[str]
    sources: frozenset[str]


@dataclass(frozen=True, slots=True)
class PublishedSubmission:
    """A submission that a run publishes.

    Attributes:
        id: Its name, which is also that of its receipt.
        keys: Keys of the projects that it is about.
        received: When it came (xsd:dateTime, UTC).
        accepted: When it was accepted (xsd:dateTime, UTC).
        entry: Hash of the newest entry of its receipt.
    """

    id: str
    keys: tuple[str, ...]
    received: str
    accepted: str
    entry: str


def submission_quads(
    submissions: Iterable[PublishedSubmission], revisions: Mapping[str, Revision], run: str, iris: Iris
) -> Iterator[Quad]:
    """Describe submissions in the provenance graph: what each changed and where its receipt is, and no person.

    Args:
        submissions: The submissions that a run publishes.
        revisions: The revisions of the run, by key of the project.
        run: Name of the run.
        iris: IRIs under the base.
    """
    statements = _Statements(iris.graph("prov"))
    link = statements.link
    for one in submissions:
        node = iris.submission(one.id)
        yield link(node, f"{RDF}type", f"{IOMLD}Submission")
        yield link(node, f"{RDFS}seeAlso", iris.receipt(one.id))
        yield statements.moment(node, f"{PROV}startedAtTime", datetime.fromisoformat(one.received))
        yield statements.moment(node, f"{PROV}endedAtTime", datetime.fromisoformat(one.accepted))
        yield link(iris.run(run), f"{PROV}wasInformedBy", node)
        for revision in (revisions[key] for key in one.keys if key in revisions):
            subject = iris.revision(revision.key, revision.number)
            yield link(subject, f"{PROV}wasInfluencedBy", node)
            yield from (link(node, f"{PROV}used", iris.snapshot(source)) for source in revision.sources)


def history_quads(
    run: Run, revisions: Iterable[Revision], iris: Iris, seen_again: Iterable[SeenAgain] = ()
) -> Iterator[Quad]:
    """Describe a run, its revisions, and the sources in which it saw published values again, in the provenance graph.

    Such a source is `prov:alternateOf` those that the record is derived from (PROV-O: an alternate has aspects of the
    same thing). Its hash and name are in no graph, since no published value comes from it.
    """
    node, agent = iris.run(run.name), iris.agent(run.version)
    statements = _Statements(iris.graph("prov"))
    yield statements.link(node, f"{RDF}type", f"{IOMLD}Ingestion")
    yield statements.moment(node, f"{PROV}startedAtTime", run.started)
    yield statements.moment(node, f"{PROV}endedAtTime", run.ended)
    yield statements.link(node, f"{PROV}wasAssociatedWith", agent)
    names = {agent: "iomld", iris.matcher(run.version): "iomld matcher of framework mentions"}
    for software, name in names.items():
        yield statements.link(software, f"{RDF}type", f"{PROV}SoftwareAgent")
        yield statements.text(software, f"{FOAF}name", name)
        yield statements.text(software, f"{SCHEMA}softwareVersion", run.version)
    for revision in revisions:
        yield from _revision_quads(revision, run, iris, statements)
    for seen in seen_again:
        for iri in sorted(seen.sources):
            yield statements.link(node, f"{PROV}used", iri)
            yield from (statements.link(iri, f"{PROV}alternateOf", published) for published in sorted(seen.published))


class _Statements:
    """Makes the statements of a graph."""

    def __init__(self, graph: str) -> None:
        self._graph = NamedNode(graph)

    def link(self, subject: str, predicate: str, target: str) -> Quad:
        return Quad(NamedNode(subject), NamedNode(predicate), NamedNode(target), self._graph)

    def text(self, subject: str, predicate: str, value: str) -> Quad:
        return Quad(NamedNode(subject), NamedNode(predicate), Literal(value), self._graph)

    def moment(self, subject: str, predicate: str, value: datetime) -> Quad:
        return Quad(NamedNode(subject), NamedNode(predicate), _moment(value), self._graph)


def _revision_quads(revision: Revision, run: Run, iris: Iris, statements: _Statements) -> Iterator[Quad]:
    node, link = iris.run(run.name), statements.link
    document, subject = iris.record(revision.key), iris.revision(revision.key, revision.number)
    yield link(subject, f"{RDF}type", f"{IOMLD}ProjectRecord")
    yield link(subject, f"{DCTERMS}isVersionOf", document)
    yield link(subject, f"{PROV}specializationOf", document)
    yield statements.moment(subject, f"{DCTERMS}created", run.ended)
    yield link(subject, f"{PROV}wasGeneratedBy", node)
    if revision.restored is not None:
        yield link(subject, f"{PROV}wasRevisionOf", iris.revision(revision.key, revision.restored))
    for source in revision.sources:
        yield link(subject, f"{PROV}wasDerivedFrom", iris.snapshot(source))
        yield link(node, f"{PROV}used", iris.snapshot(source))
        derivation = iris.derivation(revision.key, revision.number, source)
        yield link(subject, f"{PROV}qualifiedDerivation", derivation)
        yield link(derivation, f"{RDF}type", f"{PROV}Derivation")
        yield link(derivation, f"{PROV}entity", iris.snapshot(source))
        for field in revision.supplied.get(source, ()):
            yield link(derivation, f"{IOMLD}suppliedProperty", load_fields().by_key[field].iri)


def xsd_moment(value: datetime) -> str:
    """A moment as xsd:dateTime in UTC, in whole seconds."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(value: datetime) -> Literal:
    return Literal(xsd_moment(value), datatype=NamedNode(f"{XSD}dateTime"))


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A record that was withdrawn.

    Attributes:
        key: Key of the project.
        revision: Number of the revision that is its withdrawal; a record that is published again continues from it.
        withdrawn: Time of the withdrawal (xsd:dateTime, UTC).
        reason: The reason, a sentence for readers.
        replaced_by: Key of the project that replaces it, if any.
    """

    key: str
    revision: int
    withdrawn: str
    reason: str
    replaced_by: str | None = None


def write_tombstones(tombstones: Iterable[Tombstone], path: Path) -> None:
    """Write tombstones as a JSON array, by key."""
    rows = [asdict(one) for one in sorted(tombstones, key=lambda one: one.key)]
    path.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_tombstones(path: Path) -> dict[str, Tombstone]:
    """Read tombstones, by key; empty if there is no file.

    Raises:
        StoreError: It is damaged.
    """
    if not path.exists():
        return {}
    try:
        return {row["key"]: Tombstone(**row) for row in json.loads(path.read_text(encoding="utf-8"))}
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise StoreError(f"{path}: cannot be read ({error}). Restore it or roll back.") from error


def tombstone_quads(tombstones: Iterable[Tombstone], run: str, iris: Iris) -> Iterator[Quad]:
    """Describe withdrawals in the provenance graph (PROV-O, qualified invalidation).

    Args:
        tombstones: The withdrawn records.
        run: Name of the run that withdrew them.
        iris: IRIs under the base.
    """
    graph = NamedNode(iris.graph("prov"))
    for one in tombstones:
        document = iris.record(one.key)
        node = NamedNode(f"{document}#withdrawal-{one.revision}")
        when = Literal(one.withdrawn, datatype=NamedNode(f"{XSD}dateTime"))
        yield Quad(NamedNode(document), NamedNode(f"{PROV}qualifiedInvalidation"), node, graph)
        yield Quad(node, NamedNode(f"{RDF}type"), NamedNode(f"{PROV}Invalidation"), graph)
        yield Quad(node, NamedNode(f"{PROV}atTime"), when, graph)
        yield Quad(node, NamedNode(f"{PROV}activity"), NamedNode(iris.run(run)), graph)
        yield Quad(node, NamedNode(f"{DCTERMS}description"), Literal(one.reason), graph)
        if one.replaced_by is not None:
            yield Quad(node, NamedNode(f"{DCTERMS}isReplacedBy"), NamedNode(iris.project(one.replaced_by)), graph)


def known_revisions(tombstones: Mapping[str, Tombstone], iris: Iris) -> dict[str, int]:
    """The number of the last revision of each withdrawn record, by the IRI of its graph."""
    return {iris.record(one.key): one.revision for one in tombstones.values()}
