"""The records of the projects that match filters, in the order of the list, read one at a time."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, cast

from pyoxigraph import Quad

from iomld.browse.filters import Filters
from iomld.browse.search import filter_projects
from iomld.browse.view import ReleaseView
from iomld.errors import StoreError
from iomld.export.tables import ProjectSource, spooled_source
from iomld.model import Project
from iomld.pipeline.published import project_of


@dataclass(frozen=True, slots=True)
class SelectedRecords:
    """The records of some projects of a release.

    Attributes:
        view: The release.
        filters: What the projects match.
    """

    view: ReleaseView
    filters: Filters

    def graphs(self) -> Iterator[tuple[str, list[Quad]]]:
        """The key of each project with the graph of its record: its quads, sorted as in the dataset.

        Raises:
            StoreError: The store has no graph of a project, so that it is damaged.
        """
        for entry in filter_projects(self.view, self.filters):
            quads = self.view.reader.graph(self.view.iris.record(entry.key))
            if not quads:
                raise StoreError(f"{self.view.release.path}: the record of {entry.key} is missing. Publish it again.")
            yield entry.key, sorted(quads, key=str)

    def projects(self) -> Iterator[Project]:
        """The projects as values."""
        return (project_of(quads, key, self.view.iris) for key, quads in self.graphs())

    @contextmanager
    def source(self) -> Iterator[ProjectSource]:
        """The projects for tables, spooled to a temporary file, since the columns depend on all of them."""
        with tempfile.TemporaryFile() as file:
            yield spooled_source(self.projects(), cast("BinaryIO", file), self.view.iris.base)
