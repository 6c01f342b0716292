"""Read records and hold them against the shapes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from iomld import merge, read
from iomld.errors import SourceError
from iomld.model import Finding, Place, Record, Severity, is_refused
from iomld.pipeline.outcomes import Pipeline, outcomes


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What was found in one or more sources.

    Attributes:
        records: Records read.
        projects: Projects they describe, merged.
        findings: All findings, in source order.
    """

    records: int
    projects: int
    findings: tuple[Finding, ...]

    @property
    def conforms(self) -> bool:
        """Whether there is no Violation; Warnings and Infos do not count."""
        return not is_refused(self.findings)

    def count(self, severity: Severity) -> int:
        """How many findings have a severity."""
        return sum(finding.severity is severity for finding in self.findings)


def check_files(files: Sequence[Path], pipeline: Pipeline, *, mapping: Mapping[str, str] | None = None) -> CheckReport:
    """Check every record of files and folders.

    Args:
        files: Files and folders.
        pipeline: The loaded stages.
        mapping: For foreign tables: our column for each heading of theirs.

    Raises:
        SourceError: A file does not exist. One that cannot be read is a finding, and the others are checked.
    """
    faults: list[Finding] = []
    options = pipeline.reading(mapping=mapping)

    def records() -> Iterator[Record]:
        for path in read.expand_sources(files):
            try:
                yield from read.read_file(path, options)
            except SourceError as error:
                faults.append(_unreadable(str(path), error))

    return _checked(records(), pipeline, faults)


def check_bytes(data: bytes, name: str, pipeline: Pipeline) -> CheckReport:
    """Check the records of one source held in memory.

    Raises:
        SourceError: Nothing in it can be read.
    """
    return _checked(read.read_bytes(data, file=name, options=pipeline.reading()), pipeline, [])


def _checked(records: Iterable[Record], pipeline: Pipeline, faults: list[Finding]) -> CheckReport:
    findings: list[Finding] = []
    projects = 0
    with read.RecordSpool() as spool:
        for record in records:
            spool.add(record, merge.record_key(record))
        for outcome in outcomes(spool.groups(), pipeline):
            projects += 1
            findings += outcome.findings
        return CheckReport(len(spool), projects, (*faults, *findings))


def _unreadable(file: str, error: SourceError) -> Finding:
    return Finding("unreadableFile", Severity.VIOLATION, str(error), place=Place(file))
