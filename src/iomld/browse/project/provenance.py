"""The provenance of a record: its sources, its revisions, and the fields that each source supplied (PROV-O)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pyoxigraph import NamedNode

from iomld.browse.project.differences import NamedDifference
from iomld.browse.project.revisions import revision_changes
from iomld.browse.view import ReleaseView
from iomld.formats.graph import Subject, SubjectGraph
from iomld.iris import DCTERMS, IOMLD, PROV

_SHOWN_REVISIONS = 8


@dataclass(frozen=True, slots=True)
class Source:
    """The bytes that a record was read from.

    Attributes:
        iri: The snapshot.
        number: Its number on the page of the record, from 1.
        url: Address of the page, if known.
        file: Name of the file, if known.
        media_type: Its media type, if known.
        sha256: Hash of the bytes, 64 hexadecimal digits.
        retrieved_at: Time of retrieval, if known.
    """

    iri: str
    number: int
    url: str | None
    file: str | None
    media_type: str | None
    sha256: str | None
    retrieved_at: str | None


@dataclass(frozen=True, slots=True)
class RevisionNote:
    """One revision of a record.

    Attributes:
        number: Its number, from 1.
        iri: The revision.
        created: Time of its creation, if known.
        run: IRI of the run that made it, if known.
        differences: The fields with other values than in the revision before, as far as both are known.
    """

    number: int
    iri: str
    created: str | None
    run: str | None
    differences: tuple[NamedDifference, ...] = ()


@dataclass(frozen=True, slots=True)
class History:
    """The history of a record.

    Attributes:
        revisions: The newest revisions, the newest first.
        earlier: Number of revisions before those.
        supplied: IRIs of the sources that supplied each property of the newest revision.
    """

    revisions: tuple[RevisionNote, ...]
    earlier: int
    supplied: Mapping[str, tuple[str, ...]]


def sources_of(graph: SubjectGraph, record: Subject) -> tuple[Source, ...]:
    """The sources that a record names, by IRI."""
    return tuple(
        _source(graph[iri], iri, number) for number, iri in enumerate(record.iris(f"{PROV}wasDerivedFrom"), start=1)
    )


def history_of(view: ReleaseView, key: str) -> History:
    """The revisions of a project's record, and the sources of each property of the newest."""
    graph = view.iris.graph("prov")
    subjects = (
        quad.subject for quad in view.reader.pointing(f"{DCTERMS}isVersionOf", view.iris.record(key), graph=graph)
    )
    numbers = sorted(_numbers(subject.value for subject in subjects if isinstance(subject, NamedNode)), reverse=True)
    described = [
        (number, _statements_about(view, view.iris.revision(key, number))) for number in numbers[:_SHOWN_REVISIONS]
    ]
    changes = {one.number: one.differences for one in revision_changes(view, key, newest=_SHOWN_REVISIONS)}
    return History(
        revisions=tuple(
            _revision_note(view.iris.revision(key, number), number, revision, changes.get(number, ()))
            for number, revision in described
        ),
        earlier=len(numbers[_SHOWN_REVISIONS:]),
        supplied=_supplied(view, described[0][1]) if described else {},
    )


def _numbers(revisions: Iterable[str]) -> list[int]:
    ends = (iri.rpartition("/")[2] for iri in revisions)
    return [int(end) for end in ends if end.isascii() and end.isdigit()]


def _statements_about(view: ReleaseView, iri: str) -> Subject:
    return SubjectGraph(view.reader.about(iri, graph=view.iris.graph("prov")))[iri]


def _revision_note(iri: str, number: int, revision: Subject, differences: tuple[NamedDifference, ...]) -> RevisionNote:
    created, run = revision.text(f"{DCTERMS}created"), revision.iri(f"{PROV}wasGeneratedBy")
    return RevisionNote(number, iri, created, run, differences)


def _supplied(view: ReleaseView, revision: Subject) -> dict[str, tuple[str, ...]]:
    supplied: dict[str, tuple[str, ...]] = {}
    for iri in revision.iris(f"{PROV}qualifiedDerivation"):
        derivation = _statements_about(view, iri)
        for predicate in derivation.iris(f"{IOMLD}suppliedProperty"):
            supplied[predicate] = (*supplied.get(predicate, ()), *derivation.iris(f"{PROV}entity"))
    return supplied


def _source(snapshot: Subject, iri: str, number: int) -> Source:
    return Source(
        iri=iri,
        number=number,
        url=snapshot.iri(f"{DCTERMS}source"),
        file=snapshot.text(f"{DCTERMS}identifier"),
        media_type=snapshot.text(f"{DCTERMS}format"),
        sha256=snapshot.text(f"{IOMLD}sha256"),
        retrieved_at=snapshot.text(f"{IOMLD}retrievedAt"),
    )
