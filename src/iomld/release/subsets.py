"""The subsets of a dataset that have files: what it says about the instances of each class, and projects of regions."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from iomld.formats import rdf
from iomld.formats.rdf import Format
from iomld.iris import IOMLD, Iris, local_name
from iomld.release.nquads import FileFacts

FORMAT_NAMES = {rdf.NQUADS: "N-Quads", rdf.NTRIPLES: "N-Triples", rdf.TURTLE: "Turtle", rdf.JSONLD: "JSON-LD"}
_WORD = re.compile(r"[A-Za-z0-9_]+")


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


@lru_cache(maxsize=4096)
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
