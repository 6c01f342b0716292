"""The index of a release: its projects as lists and searches need them, a line of JSON each, packed.

To ask the store for the same takes seconds at 10 000 projects; to read the file a fraction of one.
"""

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from itertools import groupby
from pathlib import Path
from typing import Any

from pyoxigraph import Literal, NamedNode

from iomld.formats import rdf
from iomld.iris import IOMLD, RDF, Iris
from iomld.release.project_index import (
    CODED,
    PROPERTIES,
    ProjectEntry,
    SearchedTexts,
    Title,
    project_entry,
    project_key,
)

# Another number for each change of the lines or of the folding: who reads an index of another number makes its own.
_HEAD = b'{"index":"projects","version":1}\n'
_WANTED = frozenset(f"<{iri}>".encode() for iri in PROPERTIES)
_PROJECT = f" <{RDF}type> <{IOMLD}Project> ".encode()


def indexed(lines: Iterable[bytes], path: Path, iris: Iris) -> Iterator[bytes]:
    """Pass lines on as they come, and write the index of the projects that they describe.

    Equal lines give equal bytes. The file is whole after the last line.

    Args:
        lines: Sorted N-Quads lines.
        path: The file to write.
        iris: IRIs under the base.
    """
    with path.open("wb") as raw, gzip.GzipFile("", "wb", compresslevel=6, fileobj=raw, mtime=0) as packed:
        packed.write(_HEAD)
        for subject, said in groupby(lines, _subject):
            is_project, wanted, typed = False, [], subject + _PROJECT
            for line in said:
                if line.split(b" ", 2)[1] in _WANTED:
                    wanted.append(line)
                elif line.startswith(typed):
                    is_project = True
                yield line
            if is_project and wanted:
                packed.write(_line(_entry(iris, subject[1:-1].decode(), wanted)))


def read_index(path: Path, iris: Iris) -> tuple[ProjectEntry, ...] | None:
    """The projects of an index, by IRI; None where there is no file, or one that cannot be read.

    The store says the same, so that a file that is missing, damaged or of another version is no reason to stop.
    """
    try:
        head, *lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
        if head != _HEAD:
            return None
        shared: dict[tuple[str, ...], tuple[str, ...]] = {}
        entries = [_read(json.loads(line), iris, shared) for line in lines]
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError, InvalidOperation):
        return None
    return tuple(sorted(entries, key=lambda entry: entry.iri))


def _subject(line: bytes) -> bytes:
    return line.partition(b" ")[0]


def _entry(iris: Iris, iri: str, lines: list[bytes]) -> ProjectEntry:
    quads = rdf.parse(b"".join(lines), rdf.NQUADS)
    values = ((quad.predicate.value, quad.object) for quad in quads)
    return project_entry(iris, iri, ((name, value) for name, value in values if isinstance(value, NamedNode | Literal)))


def _line(entry: ProjectEntry) -> bytes:
    searched = entry.searched
    values = {
        "iri": entry.iri,
        "titles": [[title.text, title.language] for title in entry.titles],
        "years": [entry.start_year, entry.end_year],
        "budget": None if entry.budget is None else str(entry.budget),
        **entry.codes,
        "searched": [searched.codes, searched.titles, searched.texts],
    }
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


# What json gives has no type that is worth more than the checks of the values beside it.
def _read(values: dict[str, Any], iris: Iris, shared: dict[tuple[str, ...], tuple[str, ...]]) -> ProjectEntry:
    """An entry; `shared` holds one tuple of the same codes for all projects, which spares memory."""
    codes = {facet: tuple(values[facet]) for facet in CODED}
    start, end = values["years"]
    return ProjectEntry(
        key=project_key(iris, values["iri"]),
        iri=values["iri"],
        titles=tuple(Title(text, language) for text, language in values["titles"]),
        start_year=start,
        end_year=end,
        budget=None if values["budget"] is None else Decimal(values["budget"]),
        codes={facet: shared.setdefault(found, found) for facet, found in codes.items()},
        searched=SearchedTexts(*values["searched"]),
    )
