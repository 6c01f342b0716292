"""Read records and hold them against the shapes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from iomld import merge, read
from iomld.check.report import MAX_FINDINGS, CheckReport, Tally, basis_of
from iomld.errors import SourceError
from iomld.model import Finding, Place, Record, Severity
from iomld.pipeline.outcomes import Outcome, Pipeline, outcomes


@dataclass(frozen=True, slots=True)
class Checker:
    """Checks sources; holds no findings beyond the cap, whatever their size.

    Attributes:
        pipeline: The loaded stages.
        profile: The profile of the shapes that they were loaded with.
        cap: The most findings that a report lists; all are counted.
    """

    pipeline: Pipeline
    profile: str = "submission"
    cap: int = MAX_FINDINGS

    def check_files(self, files: Sequence[Path], *, mapping: Mapping[str, str] | None = None) -> CheckReport:
        """Check every record of files and folders.

        Args:
            files: Files and folders.
            mapping: For foreign tables: our column for each heading of theirs.

        Raises:
            SourceError: A file does not exist. One that cannot be read is a finding, and the others are checked.
        """
        tally = Tally(self.cap)
        options = self.pipeline.reading(mapping=mapping)

        def records() -> Iterator[Record]:
            for part in read.expand_sources(files):
                tally.read(part.name, 0)
                try:
                    yield from read.read_source(part, options)
                except SourceError as error:
                    tally.add(_unreadable(part.name, error))

        return self._checked(records(), tally)

    def check_bytes(self, data: bytes, name: str) -> CheckReport:
        """Check the records of one source held in memory.

        Args:
            data: The source.
            name: Its name, for places.

        Raises:
            SourceError: Nothing in it can be read.
        """
        tally = Tally(self.cap)
        tally.read(name, 0)
        return self._checked(read.read_bytes(data, file=name, options=self.pipeline.reading()), tally)

    def _checked(self, records: Iterable[Record], tally: Tally) -> CheckReport:
        projects = 0
        with read.RecordSpool() as spool:
            for record in records:
                tally.read(record.place.file)
                spool.add(record, merge.record_key(record))
            for outcome in outcomes(spool.groups(), self.pipeline):
                projects += 1
                for finding in self._about_project(outcome):
                    tally.add(finding)
        return tally.report(basis_of(self.pipeline, self.profile), projects=projects)

    def _about_project(self, outcome: Outcome) -> Iterator[Finding]:
        """The findings of a project; those that reading and linking made are about the project too."""
        key = outcome.dossier.key
        project = self.pipeline.publication.iris.project(key) if key else None
        for finding in outcome.findings:
            yield finding if finding.focus_node else replace(finding, focus_node=project)


def _unreadable(file: str, error: SourceError) -> Finding:
    return Finding("unreadableFile", Severity.VIOLATION, error.message, place=Place(file))
