"""Graphs as sorted N-Quads lines, gzip files of lines, and the table of graphs of a release.

Lines are sorted by their bytes, as by `LC_ALL=C sort`.
"""

import gzip
import hashlib
import shutil
import zlib
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader, RawIOBase
from itertools import groupby
from pathlib import Path
from typing import BinaryIO, cast

from iomld.errors import StoreError

_CHUNK_BYTES = 1 << 16
_BUFFER_LINES = 500_000  # about 150 MB, which are then written to disk


def graph_digest(lines: Iterable[bytes]) -> str:
    """The hash of a graph: SHA-256 of its sorted N-Quads lines, 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line)
    return digest.hexdigest()


def graph_of(line: bytes) -> bytes:
    """The graph IRI of an N-Quads line, without its brackets.

    >>> graph_of(b'<a> <b> "c d" <http://g> .' + bytes([10]))
    b'http://g'
    """
    return line.rstrip()[:-2].rpartition(b" ")[2][1:-1]


def without_graph(line: bytes) -> bytes:
    """An N-Quads line as N-Triples.

    >>> without_graph(b'<a> <b> "c d" <http://g> .' + bytes([10])).split()
    [b'<a>', b'<b>', b'"c', b'd"', b'.']
    """
    return line[: line.rindex(b" <")] + b" .\n"


@dataclass(frozen=True, slots=True)
class FileFacts:
    """The length of a file and its SHA-256 in hexadecimal digits."""

    size_bytes: int
    sha256: str


def compressing(output: BinaryIO) -> gzip.GzipFile:
    """A gzip stream into `output`, without name and time, so that equal input results in equal bytes."""
    return gzip.GzipFile("", "wb", compresslevel=6, fileobj=output, mtime=0)


@contextmanager
def open_gzip(path: Path) -> Iterator[BinaryIO]:
    """A gzip file as a stream of its uncompressed bytes.

    Raises:
        StoreError: It is missing or damaged, which may be noticed only while it is read.
    """
    try:
        with gzip.open(path, "rb") as file:
            yield cast("BinaryIO", file)
    except (EOFError, zlib.error, gzip.BadGzipFile, FileNotFoundError) as error:
        raise StoreError(f"{path}: the file is damaged ({error}). Copy it back from a backup.") from error


def read_gzip(path: Path) -> Iterator[bytes]:
    """The lines of a gzip file.

    Raises:
        StoreError: It is missing or damaged.
    """
    with open_gzip(path) as file, BufferedReader(cast("RawIOBase", file), _CHUNK_BYTES) as lines:
        yield from lines


def graph_contents(dataset: Path, graphs: Container[str], records: str) -> Iterator[tuple[str, bytes]]:
    """The sorted N-Quads of some graphs of a dataset file, in which the lines of a record's graph follow each other.

    Args:
        dataset: The file, compressed.
        graphs: IRIs of the graphs.
        records: What the IRIs of records' graphs begin with; the lines of the other graphs are kept in memory.

    Raises:
        StoreError: The file is missing or damaged.
    """
    others: defaultdict[str, list[bytes]] = defaultdict(list)
    for name, lines in groupby(read_gzip(dataset), key=graph_of):
        graph = name.decode()
        if graph in graphs:
            if graph.startswith(records):
                yield graph, b"".join(lines)
            else:
                others[graph] += lines
    for graph, found in others.items():
        yield graph, b"".join(found)


def write_gzip(lines: Iterable[bytes], path: Path) -> None:
    """Compress lines into a file."""
    with path.open("wb") as raw, compressing(raw) as compressed:
        compressed.writelines(lines)


def join_gzip(files: Iterable[Path], path: Path) -> None:
    """Join gzip files: the members of several are one file (RFC 1952 section 2.2)."""
    with path.open("wb") as target:
        for file in files:
            with file.open("rb") as source:
                shutil.copyfileobj(source, target, 1 << 20)


def file_facts(path: Path) -> FileFacts:
    """Length and hash of a file."""
    return FileFacts(path.stat().st_size, file_digest(path))


def file_digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class GraphState:
    """The recorded state of a graph: the hash of its N-Quads, and its revision number."""

    digest: str
    revision: int


def graph_row(name: str, state: GraphState) -> str:
    """A row of the table of graphs: IRI, hash and revision, separated by tabs."""
    return f"{name}\t{state.digest}\t{state.revision}\n"


def graph_rows(rows: Iterable[str]) -> dict[str, GraphState]:
    """Read rows of the table of graphs.

    Raises:
        ValueError: They are damaged.
    """
    cells = (row.rstrip("\n").split("\t") for row in rows)
    return {name: GraphState(digest, int(revision)) for name, digest, revision in cells}


def write_graphs(graphs: Mapping[str, GraphState], path: Path) -> None:
    """Write a table of graphs, sorted."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(graph_row(name, state) for name, state in sorted(graphs.items()))


def read_graphs(path: Path) -> dict[str, GraphState]:
    """Read a whole table of graphs; empty if there is no file.

    Raises:
        StoreError: It is damaged.
    """
    if not path.exists():
        return {}
    try:
        with path.open(encoding="utf-8", newline="\n") as file:
            return graph_rows(file)
    except ValueError as error:
        raise StoreError(f"{path}: the file is damaged ({error}). Copy it back from a backup.") from error
