"""Checks files or bytes: records against our shapes, or any RDF against shapes of the caller."""

import codecs
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from iomld import __version__, merge
from iomld.check.report import MAX_FINDINGS, Basis, CheckReport, Tally, basis_of, package_version
from iomld.errors import SourceError
from iomld.formats import rdf
from iomld.messages import Message, message
from iomld.model import Finding, Place, Record, Severity
from iomld.pipeline.stages import Outcome, Pipeline, outcomes
from iomld.progress import NO_PROGRESS, Progress, phases_of
from iomld.read import RecordSpool, SourceFile, expand_sources, read_bytes, read_source
from iomld.read.detect import is_workbook, rdf_format_of
from iomld.read.graph.places import ValuePlaces, find_places
from iomld.read.table.csv import table_rows
from iomld.read.table.mapping import NO_MAPPING, TableMapping
from iomld.read.table.rows import ShownRow
from iomld.read.table.workbook import workbook_rows
from iomld.read.text import check_xml, utf8_xml
from iomld.validate.shape_checks import ILL_FORMED, NO_FOCUS_NODE
from iomld.validate.user_shapes import (
    BASE,
    CORRECT_SHAPES,
    GraphCheck,
    ShapesError,
    UserDocument,
    check_graph,
    checked_graph,
)

READING, CHECKING = phases_of(("reading", "records"), ("checking", "projects"))
_MAX_BYTES = 256 * 1024**2  # of a file that is checked against shapes of the caller
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

        Args:
            data: The source.
            name: Its name, for places.
            mapping: For a foreign table, how it says what our columns say.

        Raises:
            SourceError: Nothing in it can be read.
        """
        tally = Tally(self.cap)
        tally.add_records(name, 0)
        options = self.pipeline.read_options(mapping=mapping)
        return self._checked(read_bytes(data, file=name, options=options), tally)

    def _checked(self, records: Iterable[Record], tally: Tally) -> CheckReport:
        projects = 0
        counter = self.pipeline.validator.focus_node_counter()
        with RecordSpool() as spool:
            self.progress.begin(READING)
            for record in self.progress.counted(records):
                tally.add_records(record.place.file)
                spool.add(record, merge.record_key(record))
            self.progress.begin(CHECKING, spool.projects())
            for outcome in self.progress.counted(outcomes(spool.groups(), self.pipeline)):
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


def check_against(
    sources: Iterable[SourceFile], shapes: Path, *, engine: str, cap: int, language: str = "en"
) -> CheckReport:
    """Check RDF files against a file of shapes, each file by itself.

    Args:
        sources: RDF files.
        shapes: The shapes, in any RDF format.
        engine: `shacl` or `pyshacl`.
        cap: The most findings that the report lists; all are counted.
        language: Preferred language of the messages of the shapes.

    Raises:
        SourceError: The shapes cannot be read, or use a refused feature; unreadable data is a finding.
        JobTimeoutError: A check took too long.
    """
    rules = _document(next(expand_sources([shapes])))
    tally = Tally(cap)
    for part in sources:
        tally.add_records(part.name)
        try:
            data = _document(part)
        except SourceError as error:
            tally.add_finding(Finding("unreadableFile", Severity.VIOLATION, error.message, place=Place(part.name)))
            continue
        _add_check(tally, check_graph(data, rules, engine=engine, language=language), data, rules)
    return tally.report(_basis(rules, shapes.name, engine), projects=0)


def check_bytes_against(
    data: tuple[str, bytes], shapes: tuple[str, bytes], *, engine: str, cap: int, language: str = "en"
) -> CheckReport:
    """Check RDF against shapes in this process and without limits; for workers.

    Args:
        data: Name and bytes of the data.
        shapes: Name and bytes of the shapes; they are read as Turtle if their format is not recognized.
        engine: `shacl` or `pyshacl`.
        cap: The most findings that the report lists; all are counted.
        language: Preferred language of the messages of the shapes.

    Raises:
        ShapesError: The shapes cannot be read, use a refused feature, or cannot be run.
        SourceError: The data cannot be read.
    """
    tally = Tally(cap)
    rules = _as_shapes(*shapes)
    checked = _as_document(*data)
    tally.add_records(checked.name)
    _add_check(tally, checked_graph(checked, rules, engine, language), checked, rules)
    return tally.report(_basis(rules, rules.name, engine), projects=0)


def _as_shapes(name: str, data: bytes) -> UserDocument:
    if rdf_format_of(data, name) is None:
        return UserDocument(name, data, rdf.TURTLE.name)
    try:
        return _as_document(name, data)
    except SourceError as error:
        raise ShapesError(error.message) from error


def _basis(rules: UserDocument, profile: str, engine: str) -> Basis:
    digest = hashlib.sha256(rules.data).hexdigest()[:12]
    return Basis(profile, engine, package_version(engine), {"iomld": __version__, "shapes": digest})


def _document(part: SourceFile) -> UserDocument:
    with part.open() as stream:
        data = stream.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise SourceError(
            message("{file} is larger than {limit} bytes. Check it in smaller parts.", file=part.name, limit=_MAX_BYTES)
        )
    return _as_document(part.name, data)


def _as_document(name: str, data: bytes) -> UserDocument:
    data = utf8_xml(data, name).removeprefix(codecs.BOM_UTF8)
    format_ = rdf_format_of(data, name)
    if format_ is None:
        names = ", ".join(known.name for known in rdf.FORMATS)
        raise SourceError(
            message("{file} is not in an RDF format that is read here. Give one of {names}.", file=name, names=names)
        )
    if format_ is rdf.RDFXML:
        check_xml(data, name)
    return UserDocument(name, data, format_.name)


def _add_check(tally: Tally, check: GraphCheck, data: UserDocument, shapes: UserDocument) -> None:
    """Count what a check found, each finding with the line of its focus node and path, each warning with its own.

    Raises:
        ShapesError: The engine cannot run the shapes, since they are ill-formed.
    """
    places = _places(data) if check.findings else None
    for finding in check.findings:
        tally.add_finding(finding.at(places.of(finding.focus_node or "", finding.path or "")) if places else finding)
    tally.add_focus_nodes(check.focus_nodes)
    shapes_places = _places(shapes) if any(one.statement for one in check.warnings) else None
    for warning in check.warnings:
        finding = warning.finding
        if warning.statement and shapes_places:
            finding = finding.at(shapes_places.of(*warning.statement))
        if not check.was_run and finding.rule == ILL_FORMED:
            raise ShapesError(_ill_formed(finding, shapes.name))
        tally.add_warning(finding)


def _ill_formed(finding: Finding, file: str) -> Message:
    line = finding.place.line if finding.place else None
    if line is None:
        return message("{file}: {fault} {rest}", file=file, fault=finding.message, rest=CORRECT_SHAPES)
    return message(
        "{file}: line {line}: {fault} {rest}", file=file, line=line, fault=finding.message, rest=CORRECT_SHAPES
    )


def _places(document: UserDocument) -> ValuePlaces | None:
    format_ = rdf.by_name(document.format_name)
    text = document.data.decode("utf-8-sig", "replace")
    return find_places(text, format_, file=document.name, base=BASE) if format_ else None


@dataclass(frozen=True, slots=True)
class UploadReport:
    """The report on an upload, not yet translated, with the rows of its table that findings are about; for a page.

    Attributes:
        report: The report.
        rows: The rows.
    """

    report: CheckReport
    rows: tuple[ShownRow, ...] = ()


def finding_rows(
    report: CheckReport, data: bytes, name: str, mapping: TableMapping = NO_MAPPING
) -> tuple[ShownRow, ...]:
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
    try:
        if is_workbook(data):
            rows = workbook_rows(data, file=name, wanted=wanted, mapping=mapping)
        else:
            rows = table_rows(data, file=name, wanted=wanted.get("", set()), mapping=mapping)
        return tuple(rows)
    except SourceError:  # compressed, or not a table that we read: the findings are shown without rows
        return ()
