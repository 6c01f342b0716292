"""What files can be fetched, and how each is written: the whole dataset, its tables, its classes and regions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from iomld.export.csv_files import MENTIONS_FILE, PROJECTS_FILE, write_mentions, write_projects
from iomld.export.dataset import write_dataset, write_subset
from iomld.export.source import TableSource, released
from iomld.formats.rdf import Format
from iomld.i18n import gettext_noop
from iomld.release import FILES, Release
from iomld.release.subsets import FORMAT_NAMES, PARTITIONINGS, Partitioning, subset_file, subset_names
from iomld.web.i18n import gettext

_CSV = "text/csv; charset=utf-8"
_Write = Callable[[Release, BinaryIO], None]


@dataclass(frozen=True, slots=True)
class DownloadKind:
    """What a file is, and how it is written, before it is packed.

    Attributes:
        media_type: Its type.
        description: What it is, with places for the form and the name of a part.
        form: Its format, for people.
        write: Writes it.
        part: Name of the part; empty for the whole.
        source: The file of the release that it is made of.
    """

    media_type: str
    description: str
    form: str
    write: _Write
    part: str = ""
    source: str = FILES.dataset

    def described(self, *, packed: bool) -> str:
        """What the file is, in the page's language."""
        text = gettext(self.description, form=self.form, name=self.part)
        return gettext("{file}, packed", file=text) if packed else text


def whole_kinds() -> Mapping[str, DownloadKind]:
    """The files of the whole dataset and its tables, by name; each is given packed as well."""
    kinds = {
        f"dataset.{form.suffix}": DownloadKind(
            form.media_type, gettext_noop("All records, {form}"), FORMAT_NAMES[form], _dataset_in(form)
        )
        for form in FORMAT_NAMES
    }
    kinds[PROJECTS_FILE] = DownloadKind(
        _CSV, gettext_noop("Table of projects, {form}"), "CSV", _table_by(write_projects)
    )
    kinds[MENTIONS_FILE] = DownloadKind(
        _CSV, gettext_noop("Table of mentions, {form}"), "CSV", _table_by(write_mentions)
    )
    return kinds


def part_kind(release: Release, name: str) -> DownloadKind | None:
    """The file of a class or a region by its name, packed; None where the release has no such part."""
    for kind in PARTITIONINGS:
        for form in kind.offered:
            part = name.removeprefix(f"{kind.folder}/").removesuffix(f".{form.suffix}.gz")
            if subset_file(kind, part, form) == name and part in subset_names(release.manifest.files, kind):
                title = gettext_noop("Part {name}, {form}")
                return DownloadKind(
                    form.media_type,
                    title,
                    FORMAT_NAMES[form],
                    _part_in(kind, part, form),
                    part,
                    subset_file(kind, part, kind.written),
                )
    return None


def _dataset_in(form: Format) -> _Write:
    def write(release: Release, output: BinaryIO) -> None:
        write_dataset(release, form, output)

    return write


def _part_in(kind: Partitioning, name: str, form: Format) -> _Write:
    def write(release: Release, output: BinaryIO) -> None:
        write_subset(release, kind, name, form, output)

    return write


def _table_by(write: Callable[[TableSource, BinaryIO], None]) -> _Write:
    def write_released(release: Release, output: BinaryIO) -> None:
        write(released(release), output)

    return write_released
