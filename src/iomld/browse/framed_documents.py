"""The framed documents of projects, read from the dataset as JSON-LD, where the publish wrote them.

A shard has some dozens of documents and takes a millisecond to read; making one from the store takes as long.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from iomld.browse.view import ReleaseView, project_document
from iomld.export.contributions import JSONLD_SEPARATOR
from iomld.export.shard_files import dataset_file
from iomld.formats import rdf
from iomld.formats.jsonld import framed_project, node_bytes
from iomld.release import FILES, Release
from iomld.release.pieces import content_of
from iomld.release.shards.columns import PieceColumns, PiecePlaces
from iomld.release.shards.cutting import shard_of
from iomld.release.shards.table import read_table

_FILE = dataset_file(rdf.JSONLD)
_ID = b'{"id":"'  # each document begins with it


def framed_documents(view: ReleaseView, keys: Sequence[str]) -> list[bytes]:
    """The framed documents of projects, each on one line and without a context.

    Args:
        view: The release. Documents of an earlier version, which has no table of shards, are made from its store.
        keys: The keys of the projects.

    Raises:
        StoreError: A file is damaged.
    """
    file = _document_file(view.release)
    numbers = [file.shard_of(view.iris.record(key)) for key in keys]
    found = {iri: one for number in {*numbers} for iri, one in file.documents(number)}
    return [found.get(view.iris.project(key).encode()) or _made_document(view, key) for key in keys]


def _made_document(view: ReleaseView, key: str) -> bytes:
    """A document made from the store."""
    quads = project_document(view, key) or ()
    return node_bytes(framed_project(quads, base=view.iris.base, fields=view.vocabulary.fields))


@dataclass(frozen=True, slots=True)
class _DocumentFile:
    """The file with all documents.

    Attributes:
        path: The file.
        last: The last graph of each shard of records.
        columns: The pieces of the shards.
        places: Where they are.
    """

    path: Path
    last: Sequence[str]
    columns: PieceColumns
    places: PiecePlaces

    def shard_of(self, graph: str) -> int:
        """The number of the shard with the graph of a record, if any has it."""
        return shard_of(graph, self.last)

    def documents(self, number: int) -> Iterator[tuple[bytes, bytes]]:
        """The documents of a shard, each after the IRI of its project."""
        if not self.last:
            return
        content = content_of(self.path, self.places.start(number), self.columns.piece(number))
        for document in content.split(JSONLD_SEPARATOR):
            yield document[len(_ID) : document.index(b'"', len(_ID))], document


def _document_file(release: Release) -> _DocumentFile:
    return _read_places(release.file(_FILE), release.file(FILES.shards))


@lru_cache(maxsize=4)
def _read_places(path: Path, table: Path) -> _DocumentFile:
    """The places of the documents; cached, since releases do not change, and only as large as one file needs."""
    shards = read_table(table, files=(_FILE,))
    return _DocumentFile(path, shards.last, shards.pieces(_FILE), shards.places(_FILE))
