"""The revisions that a run makes, as an entry of the ledger."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from iomld.ledger.entries import EntryDraft, GraphRevision, RevisionKind, RunKind
from iomld.publish.gather import Changes
from iomld.release.nquads import GraphState


def entry_draft(name: str, created: str, changes: Changes, known: Mapping[str, GraphState], run: Path) -> EntryDraft:
    """What the ledger says of a run.

    Args:
        name: Name of the release that it makes.
        created: The time of the release (xsd:dateTime, UTC).
        changes: The changes.
        known: The states of the graphs of the current release.
        run: A gzip file with what the run adds to the provenance graph.
    """

    def content(graph: str) -> bytes:
        place = changes.places[graph]
        with changes.changed_file.open("rb") as file:
            file.seek(place.offset)
            return file.read(place.length)

    return EntryDraft(
        name=name,
        kind=changes.run,
        created=created,
        revisions=tuple(sorted(_revisions(changes, known))),
        content=content,
        run=run,
    )


def _revisions(changes: Changes, known: Mapping[str, GraphState]) -> Iterator[GraphRevision]:
    changed = RevisionKind.RESTORE if changes.run is RunKind.ROLLBACK else RevisionKind.UPDATE
    for graph, state in changes.changed.items():
        kind = changed if graph in known or changed is RevisionKind.RESTORE else RevisionKind.CREATE
        yield GraphRevision(graph, state.revision, kind, state.digest)
    for graph, number in changes.removed.items():
        yield GraphRevision(graph, number, RevisionKind.DELETE, "")
