"""Write subsets of a dataset as files: statements about the instances of each class, and the projects of each region.

The dataset is read twice, line by line; memory grows with the number of projects that have a region and with the
largest subject, not with the triples. Lines keep their order, so that the same dataset gives the same bytes.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Self

from iomld.formats import rdf
from iomld.formats.rdf import Format
from iomld.iris import IOMLD, RDF, Iris, local_name
from iomld.release.nquads import FileFacts, compressing, file_facts, read_gzip

FORMAT_NAMES = {rdf.NQUADS: "N-Quads", rdf.NTRIPLES: "N-Triples", rdf.TURTLE: "Turtle", rdf.JSONLD: "JSON-LD"}
_MOST_CLASSES = 64  # files that are open at once; a dataset with more classes has files of the largest ones
_BATCH_LINES = 1000  # lines that are compressed at once, which halves the time
_WORD = re.compile(r"[A-Za-z0-9_]+")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_TYPE = f"<{RDF}type> ".encode()
_REGION, _IN_REGION = (f"<{IOMLD}{name}> ".encode() for name in ("region", "inRegion"))


@dataclass(frozen=True, slots=True)
class Partitioning:
    """A partitioning of the dataset, with the formats of its files.

    Attributes:
        folder: Name of the folder of its files, in a release and in addresses.
        written: The format that is written first.
        offered: All formats; the files in the others are converted from the one that is written first.
    """

    folder: str
    written: Format
    offered: tuple[Format, ...]


BY_CLASS = Partitioning("by-class", rdf.NTRIPLES, (rdf.NTRIPLES, rdf.TURTLE, rdf.JSONLD))
BY_REGION = Partitioning("by-region", rdf.NQUADS, (rdf.NQUADS, rdf.NTRIPLES, rdf.TURTLE, rdf.JSONLD))
PARTITIONINGS = (BY_CLASS, BY_REGION)


@dataclass(frozen=True, slots=True)
class Subset:
    """A subset of the dataset, in one file.

    Attributes:
        partitioning: Its partitioning.
        name: Its name, as in the name of its file.
        about: IRI of the class or region.
        label: Its English name.
        lines: Number of triples or quads.
        facts: Length and hash of the file.
    """

    partitioning: Partitioning
    name: str
    about: str
    label: str
    lines: int
    facts: FileFacts

    @property
    def file(self) -> str:
        """Its name in the release."""
        return subset_file(self.partitioning, self.name, self.partitioning.written)


def subset_file(partitioning: Partitioning, name: str, form: Format) -> str:
    """The name of the compressed file of a subset in a format.

    >>> subset_file(BY_CLASS, "Project", rdf.TURTLE)
    'by-class/Project.ttl.gz'
    """
    return f"{partitioning.folder}/{name}.{form.suffix}.gz"


def subset_names(files: Iterable[str], partitioning: Partitioning) -> tuple[str, ...]:
    """The names of the subsets of one partitioning among the files of a release, sorted.

    >>> subset_names(["dataset.nq.gz", "by-class/Project.nt.gz", "by-class/Project.ttl.gz"], BY_CLASS)
    ('Project',)
    """
    start, end = f"{partitioning.folder}/", f".{partitioning.written.suffix}.gz"
    found = (file for file in files if file.startswith(start) and file.endswith(end))
    return tuple(sorted(file.removeprefix(start).removesuffix(end) for file in found))


def class_name(iri: str, iris: Iris) -> str | None:
    """The name of a class in the name of its file; None for a class without a prefix of ours.

    >>> class_name("https://w3id.org/iomld/ns#Project", Iris())
    'Project'
    >>> class_name("http://www.w3.org/2004/02/skos/core#Concept", Iris())
    'skos-Concept'
    """
    local = local_name(iri)
    space = iri.removesuffix(local)
    prefix = next((prefix for prefix, namespace in iris.prefixes().items() if namespace == space), None)
    if prefix is None or not _WORD.fullmatch(local):
        return None
    return local if space == IOMLD else f"{prefix}-{local}"


@dataclass(frozen=True, slots=True)
class SubsetSelection:
    """The subsets to write.

    Attributes:
        classes: The number of instances of each class of the dataset. Classes without a name have no file.
        regions: English names of the regions, by code.
    """

    classes: Mapping[str, int]
    regions: Mapping[str, str]


def write_subsets(dataset: Path, folder: Path, *, iris: Iris, selection: SubsetSelection) -> tuple[Subset, ...]:
    """Write the file of each class and of each region.

    Args:
        dataset: The sorted N-Quads, compressed.
        folder: The release; the files go to a folder for each partitioning.
        iris: IRIs under the base, and prefixes.
        selection: The classes and the regions.

    Returns:
        The subsets, classes before regions, each by name.
    """
    named = {iri: name for iri in selection.classes if (name := class_name(iri, iris))}
    largest = sorted(named, key=lambda iri: (-selection.classes[iri], iri))[:_MOST_CLASSES]
    with ExitStack() as stack:
        classes = {
            _term(iri): stack.enter_context(_SubsetWriter(folder, BY_CLASS, named[iri], iri, local_name(iri)))
            for iri in largest
        }
        regions = {
            _term(iri): stack.enter_context(_SubsetWriter(folder, BY_REGION, code, iri, label))
            for code, label in selection.regions.items()
            if (iri := iris.concept("region", code)) and _CODE.fullmatch(code)
        }
        shares = _RegionLines(dataset, iris)
        for block in _blocks(read_gzip(dataset)):
            for class_ in block.values(_TYPE):
                if class_ in classes:
                    classes[class_].write(block.triples())
            for region, lines in shares.of(block).items():
                if region in regions:
                    regions[region].write(lines)
    subsets = (writer.subset() for writer in (*classes.values(), *regions.values()))
    return tuple(sorted(subsets, key=lambda subset: subset.file))


class _SubsetWriter:
    """Writes lines to the file of a subset."""

    def __init__(self, folder: Path, partitioning: Partitioning, name: str, about: str, label: str) -> None:
        self._path = folder / subset_file(partitioning, name, partitioning.written)
        self._about = (partitioning, name, about, label)
        self._lines = 0
        self._waiting: list[bytes] = []

    def __enter__(self) -> Self:
        self._path.parent.mkdir(exist_ok=True)
        with ExitStack() as stack:
            raw = stack.enter_context(self._path.open("wb"))
            self._file = stack.enter_context(compressing(raw))
            self._close = stack.pop_all().close
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        self._close()

    def write(self, lines: Sequence[bytes]) -> None:
        """Add lines, each with its line feed."""
        self._waiting += lines
        if len(self._waiting) >= _BATCH_LINES:
            self._flush()

    def _flush(self) -> None:
        self._file.write(b"".join(self._waiting))
        self._lines += len(self._waiting)
        self._waiting = []

    def subset(self) -> Subset:
        """The subset; call when the file is closed."""
        return Subset(*self._about, lines=self._lines, facts=file_facts(self._path))


class _RegionLines:
    """Decides which lines of a subject belong to a region."""

    def __init__(self, dataset: Path, iris: Iris) -> None:
        """Find the regions of each project."""
        self._records = iris.record("").encode()
        self._regions: dict[bytes, tuple[bytes, ...]] = {}
        sets: dict[tuple[bytes, ...], tuple[bytes, ...]] = {}  # one value in memory for many projects
        for line in read_gzip(dataset):
            if _REGION in line:
                predicate, value = line.split(b" ", 3)[1:3]
                key = self._key(line)
                if predicate == _REGION.rstrip() and key is not None:
                    found = (*self._regions.get(key, ()), value)
                    self._regions[key] = sets.setdefault(found, found)

    def of(self, block: "_SubjectLines") -> dict[bytes, Sequence[bytes]]:
        """The lines of each region: all in graphs of its projects; in other graphs those about it and its countries."""
        around = (block.subject, *block.values(_IN_REGION))
        if block.ending:
            return dict.fromkeys(self._regions_of(block.lines[0], around), block.lines)
        shares: dict[bytes, list[bytes]] = {}
        for line in block.lines:
            for region in self._regions_of(line, around):
                shares.setdefault(region, []).append(line)
        return {**shares}

    def _regions_of(self, line: bytes, around: tuple[bytes, ...]) -> tuple[bytes, ...]:
        """The regions to which a line belongs."""
        key = self._key(line)
        return around if key is None else self._regions.get(key, ())

    def _key(self, line: bytes) -> bytes | None:
        """The last segment of the graph of a record; None for other graphs."""
        graph = line[line.rindex(b" <") + 2 : -4]
        return graph[len(self._records) :] if graph.startswith(self._records) else None


def _term(iri: str) -> bytes:
    return f"<{iri}>".encode()


@dataclass(frozen=True, slots=True)
class _SubjectLines:
    """All lines of one subject, with their common ending ` <graph> .` if they are all in one graph."""

    subject: bytes
    lines: list[bytes]
    ending: bytes | None

    def values(self, predicate: bytes) -> list[bytes]:
        """The IRIs that a property of the subject points to, without duplicates."""
        start = len(self.subject) + 1
        begin = start + len(predicate)
        found = (line[begin : line.index(b" ", begin)] for line in self.lines if line.startswith(predicate, start))
        return list(dict.fromkeys(found))

    def triples(self) -> list[bytes]:
        """The lines without their graphs; a triple in two graphs appears once."""
        if self.ending:
            end = -len(self.ending)
            return [line[:end] + b" .\n" for line in self.lines]
        return list(dict.fromkeys(line[: line.rindex(b" <")] + b" .\n" for line in self.lines))


def _blocks(sorted_lines: Iterable[bytes]) -> Iterator[_SubjectLines]:
    """Each subject with its lines."""
    for subject, found in groupby(sorted_lines, key=lambda line: line[: line.index(b" ")]):
        lines = list(found)
        ending = lines[0][lines[0].rindex(b" <") :]
        yield _SubjectLines(subject, lines, ending if all(line.endswith(ending) for line in lines) else None)
