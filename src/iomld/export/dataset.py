"""The whole dataset of a release, or a subset of it, in one format, streamed from the file that the release holds."""

import shutil
from typing import BinaryIO

from iomld.formats import rdf
from iomld.formats.rdf import Format
from iomld.iris import Iris
from iomld.release import FILES, Release
from iomld.release.nquads import open_gzip
from iomld.release.subsets import Partitioning, subset_file


def write_dataset(release: Release, format_: Format, output: BinaryIO) -> None:
    """Write the dataset.

    Args:
        release: The release.
        format_: Any RDF format; those without graphs get all triples together.
        output: Where the bytes go.
    """
    _rewrite(release, FILES.dataset, (rdf.NQUADS, format_), output)


def write_subset(release: Release, partitioning: Partitioning, name: str, format_: Format, output: BinaryIO) -> None:
    """Write the subset of a class or a region.

    Args:
        release: The release.
        partitioning: By what the dataset is partitioned.
        name: The name of the subset.
        format_: One of the formats that the partitioning offers.
        output: Where the bytes go.
    """
    _rewrite(release, subset_file(partitioning, name, partitioning.written), (partitioning.written, format_), output)


def _rewrite(release: Release, file: str, formats: tuple[Format, Format], output: BinaryIO) -> None:
    """Copy a compressed file, from one format to another."""
    held, wanted = formats
    with open_gzip(release.file(file)) as lines:
        if held is wanted:
            shutil.copyfileobj(lines, output)
        else:
            prefixes = Iris(release.manifest.base).prefixes()
            rdf.write(rdf.parse(lines, held), wanted, output, prefixes=prefixes)
