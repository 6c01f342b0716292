"""The ledger of a folder whose releases were made without one: entries from what the releases say.

Each release gives the revisions that no release before it has. Of revisions that only lost releases had, and of
releases that are damaged, nothing is known, and nothing is guessed.

Earlier versions counted revisions from the release that was served, so after a rollback a number could be given twice.
It then means what the current release says, or else the newest; the other content has no number.
"""

from collections.abc import Iterable, Mapping
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from iomld.errors import IomldError, StoreError
from iomld.iris import Iris
from iomld.ledger.entries import (
    EntryDraft,
    GraphRevision,
    RevisionKind,
    RunKind,
    prepare_entry,
)
from iomld.ledger.index import required_index, update_index
from iomld.release.folder import FILES, Release, current_name, open_release
from iomld.release.nquads import GraphState, graph_contents, graph_digest, read_graphs

_Claims = Mapping[tuple[str, int], str]


def _opened(datadir: Path, name: str) -> Release | None:
    try:
        return open_release(datadir, name)
    except IomldError:  # it is damaged, so nothing is taken from it
        return None


def take_over(datadir: Path, names: Iterable[str]) -> None:
    """Add an entry for each release to the ledger and its index; call under `publisher_lock`.

    Args:
        datadir: Folder of the releases.
        names: Names of releases without an entry, oldest first.

    Raises:
        StoreError: The ledger is damaged.
    """
    releases = [opened for name in names if (opened := _opened(datadir, name))]
    claims = _claims(datadir, releases)
    for release in releases:
        with closing(required_index(datadir)) as ledger, TemporaryFile() as contents:
            wanted = {
                graph: state
                for graph, state in _states(release).items()
                if claims.get((graph, state.revision)) == state.digest and ledger.find(graph, state.revision) is None
            }
            places = _copy_contents(release, wanted, contents)
            draft = EntryDraft(
                name=release.manifest.name,
                kind=RunKind.TAKE_OVER,
                created=release.manifest.created,
                revisions=tuple(
                    GraphRevision(graph, wanted[graph].revision, _kind(wanted[graph]), wanted[graph].digest)
                    for graph in sorted(places)
                ),
                content=partial(_content, contents, places),
            )
            prepare_entry(datadir, draft, ledger.head).commit()
        update_index(datadir)


def _claims(datadir: Path, releases: list[Release]) -> _Claims:
    """The hash that each number of a revision stands for: of the current release, else of the newest that has it."""
    current = current_name(datadir)
    claims: dict[tuple[str, int], str] = {}
    for release in sorted(releases, key=lambda one: (one.manifest.name == current, one.manifest.name), reverse=True):
        for graph, state in _states(release).items():
            claims.setdefault((graph, state.revision), state.digest)
    return claims


def _states(release: Release) -> dict[str, GraphState]:
    try:
        return read_graphs(release.file(FILES.graphs))
    except StoreError:
        return {}


def _copy_contents(release: Release, wanted: Mapping[str, GraphState], target: BinaryIO) -> dict[str, tuple[int, int]]:
    """Copy the N-Quads of graphs of a release, and return where each begins and ends.

    What is damaged, or not what was published, is left out.
    """
    places: dict[str, tuple[int, int]] = {}
    with suppress(StoreError, OSError):
        records = Iris(release.manifest.base).record("")
        for graph, content in graph_contents(release.file(FILES.dataset), wanted, records):
            if graph_digest((content,)) == wanted[graph].digest:
                start = target.tell()
                target.write(content)
                places[graph] = (start, target.tell())
    return places


def _content(source: BinaryIO, places: Mapping[str, tuple[int, int]], graph: str) -> bytes:
    start, end = places[graph]
    source.seek(start)
    return source.read(end - start)


def _kind(state: GraphState) -> RevisionKind:
    return RevisionKind.CREATE if state.revision == 1 else RevisionKind.UPDATE
