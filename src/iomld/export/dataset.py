"""The whole dataset of a release in one format, streamed from its dataset file."""

import shutil
from typing import BinaryIO

from iomld.formats import rdf
from iomld.formats.rdf import Format
from iomld.iris import Iris
from iomld.release import FILES, Release
from iomld.release.lines import open_gzip


def write_dataset(release: Release, format_: Format, output: BinaryIO) -> None:
    """Write the dataset.

    Args:
        release: The release.
        format_: Any RDF format; those without graphs get all triples together.
        output: Where the bytes go.
    """
    with open_gzip(release.file(FILES.dataset)) as lines:
        if format_ is rdf.NQUADS:
            shutil.copyfileobj(lines, output)
        else:
            prefixes = Iris(release.manifest.base).prefixes()
            rdf.write(rdf.parse(lines, rdf.NQUADS), format_, output, prefixes=prefixes)
