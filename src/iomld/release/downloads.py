"""The files for download of a release: their names, formats and contents.

The whole dataset is offered in each format and as tables, plain and compressed; a subset in each of its formats,
compressed. A release contains the compressed ones; plain ones are decompressed when they are downloaded.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum

from iomld.formats.rdf import Format
from iomld.release.folder import Manifest
from iomld.release.nquads import FileFacts
from iomld.release.subsets import FORMAT_NAMES, PARTITIONINGS, Partitioning, subset_file, subset_names

PROJECTS_FILE, MENTIONS_FILE, SOURCES_FILE = "projects.csv", "mentions.csv", "sources.csv"
METADATA_FILE, PACKAGE_FILE = f"{PROJECTS_FILE}-metadata.json", "datapackage.json"
CSV, METADATA_TYPE = "text/csv", "application/csvm+json"
_GZ = ".gz"


class Content(Enum):
    """The contents of a file for download."""

    DATASET = "dataset"
    SUBSET = "subset"
    TABLE = "table"
    COLUMNS = "columns"


@dataclass(frozen=True, slots=True)
class DownloadFile:
    """A file for download.

    Attributes:
        name: Its name under `/downloads/`.
        content: What it holds.
        media_type: Its media type before compression.
        form: The name of its format.
        format: Its format, if it holds RDF.
        partitioning: Of a subset: the partitioning that it belongs to.
        subset: Of a subset: its name.
    """

    name: str
    content: Content
    media_type: str
    form: str
    format: Format | None = None
    partitioning: Partitioning | None = None
    subset: str = ""

    @property
    def is_compressed(self) -> bool:
        """Whether it is compressed."""
        return self.name.endswith(_GZ)

    @property
    def plain_name(self) -> str:
        """Its name without the suffix of the compression."""
        return self.name.removesuffix(_GZ)

    @property
    def held_name(self) -> str:
        """The name of the file of a release that has its content."""
        return self.plain_name if self.content is Content.COLUMNS else f"{self.plain_name}{_GZ}"


def dataset_files() -> tuple[DownloadFile, ...]:
    """The files of the whole dataset and its tables, each plain and compressed."""
    plain = (
        *(
            DownloadFile(f"dataset.{form.suffix}", Content.DATASET, form.media_type, name, form)
            for form, name in FORMAT_NAMES.items()
        ),
        *(DownloadFile(name, Content.TABLE, CSV, "CSV") for name in (PROJECTS_FILE, MENTIONS_FILE)),
    )
    return tuple(one for file in plain for one in (file, replace(file, name=f"{file.name}{_GZ}")))


def column_files() -> tuple[DownloadFile, ...]:
    """The descriptions of the tables for programs, which the tables link to."""
    return (
        DownloadFile(METADATA_FILE, Content.COLUMNS, METADATA_TYPE, "CSVW"),
        DownloadFile(PACKAGE_FILE, Content.COLUMNS, "application/json", "Data Package"),
    )


def subset_downloads(partitioning: Partitioning, subset: str) -> tuple[DownloadFile, ...]:
    """The files of a subset, beginning with the one in the format that a release has first.

    >>> from iomld.release.subsets import BY_CLASS
    >>> [file.name for file in subset_downloads(BY_CLASS, "Project")]
    ['by-class/Project.nt.gz', 'by-class/Project.ttl.gz', 'by-class/Project.jsonld.gz']
    """
    return tuple(
        DownloadFile(
            subset_file(partitioning, subset, form),
            Content.SUBSET,
            form.media_type,
            FORMAT_NAMES[form],
            form,
            partitioning,
            subset,
        )
        for form in partitioning.offered
    )


def is_held(manifest: Manifest, file: DownloadFile) -> bool:
    """Whether a release contains a file; a release of an earlier version does not contain all."""
    plain = file.name == file.held_name or file.name in manifest.uncompressed_sizes
    return plain and file.held_name in manifest.files and file.held_name in manifest.sizes


def download_facts(manifest: Manifest, file: DownloadFile) -> FileFacts:
    """Length and hash of a file that a release contains; the hash of long content is not known, and empty."""
    if file.name == file.held_name:
        return FileFacts(manifest.sizes[file.name], manifest.files[file.name])
    return FileFacts(manifest.uncompressed_sizes[file.name], manifest.uncompressed_files.get(file.name, ""))


def downloads_of(held: Iterable[str]) -> Mapping[str, DownloadFile]:
    """All files for download, by name.

    Args:
        held: The names of the files of the release.
    """
    names = tuple(held)
    subsets = (
        file
        for partitioning in PARTITIONINGS
        for subset in subset_names(names, partitioning)
        for file in subset_downloads(partitioning, subset)
    )
    return {file.name: file for file in (*dataset_files(), *column_files(), *subsets)}
