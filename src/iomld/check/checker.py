"""Checks the records of files or bytes against our shapes."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from iomld import merge
from iomld.check.report import MAX_FINDINGS, CheckReport, Tally, basis_of
from iomld.errors import SourceError
from iomld.messages import message
from iomld.model import Finding, Place, Record, Severity
from iomld.pipeline.conversion import Outcome
from iomld.pipeline.stages import Pipeline, outcomes
from iomld.progress import NO_PROGRESS, Progress, phases_of
from iomld.read import RecordSpool, SourceFile, expand_sources, packed, read_source, unpacked
from iomld.read.archives import files_of_bytes
from iomld.read.table.mapping import NO_MAPPING, TableMapping
from iomld.validate.shape_checks import NO_FOCUS_NODE

if TYPE_CHECKING:
    from iomld.read.table.rows import ShownRow

READING, CHECKING = phases_of(("reading", "records"), ("checking", "projects"))
_MAX_SHOWN_ROWS = 500
_CELL = re.compile(r"[A-Z]+([0-9]+)")


@dataclass(frozen=True, slots=True)
class Checker:
    """Checks the records of sources; keeps no more findings in memory than the cap.

    Attributes:
        pipeline: The loaded stages.
        profile: The profile of the shapes that the pipeline was loaded with.
        cap: The most findings that a report lists; all are counted.
        progress: Called as a check goes on.
    """

    pipeline: Pipeline
    profile: str = "submission"
    cap: int = MAX_FINDINGS
    progress: Progress = NO_PROGRESS

    def check_files(self, files: Sequence[Path], *, mapping: TableMapping = NO_MAPPING) -> CheckReport:
        """Check every record of files and folders.

        Args:
            files: Files and folders.
            mapping: For foreign tables, how they say what our columns say.

        Raises:
            SourceError: A file does not exist. A file that cannot be read is a finding, and the others are checked.
        """
        return self.check_sources(expand_sources(files), mapping=mapping)

    def check_sources(self, sources: Iterable[SourceFile], *, mapping: TableMapping = NO_MAPPING) -> CheckReport:
        """Check every record of files that need not have a path; see `check_files`."""
        tally = Tally(self.cap)
        options = self.pipeline.read_options(mapping=mapping)

        def records() -> Iterator[Record]:
            for part in sources:
                tally.add_records(part.name, 0)
                try:
                    yield from read_source(part, options)
                except SourceError as error:
                    tally.add_finding(_unreadable(part.name, error))

        return self._checked(records(), tally)

    def check_bytes(self, data: bytes, name: str, *, mapping: TableMapping = NO_MAPPING) -> CheckReport:
        """Check the records of one source held in memory.

        A file of an archive that cannot be read is a finding, and the others are checked, as by `check_sources`.

        Args:
            data: The source.
            name: Its name, for places.
            mapping: For a foreign table, how it says what our columns say.

        Raises:
            SourceError: Nothing in it can be read.
        """
        tally = Tally(self.cap)
        options = self.pipeline.read_options(mapping=mapping)

        def records() -> Iterator[Record]:
            has_records, first_error = False, None
            for part in files_of_bytes(data, name):
                tally.add_records(part.name, 0)
                try:
                    for record in read_source(part, options):
                        has_records = True
                        yield record
                except SourceError as error:
                    if part.name == name:  # no archive: it is the whole source
                        raise
                    first_error = first_error or error
                    tally.add_finding(_unreadable(part.name, error))
            if first_error and not has_records:
                raise first_error

        return self._checked(records(), tally)

    def _checked(self, records: Iterable[Record], tally: Tally) -> CheckReport:
        projects = 0
        counter = self.pipeline.validator.focus_node_counter()
        with RecordSpool() as spool:
            self.progress.begin(READING)
            for record in self.progress.counted(records):
                tally.add_records(record.place.file)
                spool.add(packed(record, merge.record_key(record)))
            self.progress.begin(CHECKING, spool.projects())
            groups = (tuple(map(unpacked, group)) for group in spool.groups())
            for outcome in self.progress.counted(outcomes(groups, self.pipeline)):
                projects += 1
                counter.add(outcome.quads)
                for finding in self._project_findings(outcome):
                    tally.add_finding(finding)
        tally.add_focus_nodes(counter.by_shape())
        report = tally.report(basis_of(self.pipeline, self.profile), projects=projects)
        return replace(report, warnings=(_nothing_checked(),)) if report.checked_nothing else report

    def _project_findings(self, outcome: Outcome) -> Iterator[Finding]:
        """The findings of a project; it is also the focus node of findings of readers and the linker."""
        key = outcome.merged.key
        project = self.pipeline.publication.iris.project(key) if key else None
        for finding in outcome.findings:
            yield finding if finding.focus_node else replace(finding, focus_node=project)


def _nothing_checked() -> Finding:
    """The warning that no shape had a focus node, although there is no Violation."""
    return Finding(
        NO_FOCUS_NODE,
        Severity.WARNING,
        message("Nothing was checked: no node in the data matches the target of a shape."),
        message("Check that the sources contain project records."),
    )


def _unreadable(file: str, error: SourceError) -> Finding:
    return Finding("unreadableFile", Severity.VIOLATION, error.message, place=error.place or Place(file))


@dataclass(frozen=True, slots=True)
class UploadReport:
    """The report on an upload, not yet translated, with the rows of its table that findings are about; for a page.

    Attributes:
        report: The report.
        rows: The rows.
    """

    report: CheckReport
    rows: "tuple[ShownRow, ...]" = ()


def finding_rows(
    report: CheckReport, data: bytes, name: str, mapping: TableMapping = NO_MAPPING
) -> "tuple[ShownRow, ...]":
    """The rows of a table that findings are about, to be shown next to them.

    Args:
        report: The report.
        data: The file that was checked.
        name: Its name.
        mapping: The mapping that it was checked with.
    """
    wanted: dict[str, set[int]] = {}
    count = 0
    for finding in report.findings:
        place = finding.place
        match = _CELL.fullmatch(place.cell) if place and place.cell and place.file == name else None
        if place and match and count < _MAX_SHOWN_ROWS:
            numbers = wanted.setdefault(place.sheet or "", set())
            count += int(match[1]) not in numbers
            numbers.add(int(match[1]))
    if not wanted:
        return ()
    # The readers of tables are there already, if the file is one.
    from iomld.read.detect import is_workbook  # noqa: PLC0415
    from iomld.read.table.csv import table_rows  # noqa: PLC0415
    from iomld.read.table.workbook import workbook_rows  # noqa: PLC0415

    try:
        if is_workbook(data):
            rows = workbook_rows(data, file=name, wanted=wanted, mapping=mapping)
        else:
            rows = table_rows(data, file=name, wanted=wanted.get("", set()), mapping=mapping)
        return tuple(rows)
    except SourceError:  # compressed, or not a table that we read: the findings are shown without rows
        return ()
