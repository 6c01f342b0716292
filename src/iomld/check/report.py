"""The report of a check: counts of all findings, and the first of them up to a cap."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING

from iomld.formats.rdf import with_value
from iomld.model import Finding, Place, Severity, ValidationResult
from iomld.pipeline.writable import writable, writable_message

if TYPE_CHECKING:
    from iomld.pipeline.stages import Pipeline

MAX_FINDINGS = 1000  # default cap of a report

_RANK = {severity: rank for rank, severity in enumerate(Severity)}
_MAX_GROUPED_LENGTH = 200  # characters of a value by which findings are grouped


@dataclass(frozen=True, slots=True)
class Basis:
    """The rules and software of a check: the same basis and the same bytes result in the same report.

    Attributes:
        profile: Profile of the shapes.
        engine: Name of the SHACL engine.
        engine_version: Its version.
        versions: Version of iomld, hashes of the shapes and, with our shapes, of the vocabularies.
    """

    profile: str
    engine: str
    engine_version: str
    versions: Mapping[str, str]

    @property
    def is_foreign(self) -> bool:
        """Whether the shapes are the caller's."""
        return "vocabularies" not in self.versions


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """All findings of one rule and severity.

    Attributes:
        rule: Name of the rule.
        severity: How bad they are.
        count: How many there are, listed or not.
        example: The first one.
        values: The values at fault and how many findings have each, the most frequent first; no more than the cap of
            the report in all groups together, and none for findings without a value.
    """

    rule: str
    severity: Severity
    count: int
    example: Finding
    values: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class FileReport:
    """The counts of one file.

    Attributes:
        name: The file.
        records: Records read from it.
        counts: Number of findings, listed or not, by rule and severity.
    """

    name: str
    records: int
    counts: Mapping[tuple[str, Severity], int]


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The result of a check of one or more sources.

    Attributes:
        basis: The rules and software of the check.
        records: Records read.
        projects: Projects that they describe.
        counts: Number of findings by severity, listed or not.
        groups: The findings by cause, the worst first.
        files: The files, in the order in which they were read.
        findings: The first findings, up to the cap, in source order.
        cap: The most findings that the report lists.
        language: Language of its findings; a finding without a translation is in English.
        warnings: Warnings about the check itself: what the shapes did not check. They are no findings, and not counted.
        focus_nodes: The number of focus nodes of each shape with a target, by shape in N-Triples syntax; None if its
            target is a query, whose nodes only the engine finds. A node of several records counts in each.
    """

    basis: Basis
    records: int
    projects: int
    counts: Mapping[Severity, int]
    groups: tuple[FindingGroup, ...]
    files: tuple[FileReport, ...]
    findings: tuple[Finding, ...]
    cap: int = MAX_FINDINGS
    language: str = "en"
    warnings: tuple[Finding, ...] = ()
    focus_nodes: Mapping[str, int | None] = field(default_factory=dict)

    @property
    def checked_nothing(self) -> bool:
        """Whether nothing in the data was checked: there is no Violation, and no shape had a focus node."""
        return self.conforms and not any(count != 0 for count in self.focus_nodes.values())

    @property
    def conforms(self) -> bool:
        """Whether there is no Violation; Warnings and Infos do not count."""
        return self.count(Severity.VIOLATION) == 0

    @property
    def total(self) -> int:
        """Number of findings, listed or not."""
        return sum(self.counts.values())

    @property
    def omitted(self) -> int:
        """Number of findings that are counted and not listed."""
        return self.total - len(self.findings)

    def has_at_least(self, severity: Severity) -> bool:
        """Whether there is a finding, or a warning about the shapes, of this severity or a worse one."""
        severities = {one for one in Severity if self.count(one)} | {one.severity for one in self.warnings}
        return any(_RANK[one] <= _RANK[severity] for one in severities)

    def count(self, severity: Severity) -> int:
        """How many findings have a severity, listed or not."""
        return self.counts.get(severity, 0)


@dataclass(slots=True)
class Tally:
    """Counts findings and keeps the first of them.

    Memory grows with the number of files and rules, not with the number of findings.

    Attributes:
        cap: The most findings to keep.
    """

    cap: int = MAX_FINDINGS
    _kept: list[Finding] = field(default_factory=list)
    _counts: Counter[Severity] = field(default_factory=Counter)
    _groups: Counter[tuple[str, Severity]] = field(default_factory=Counter)
    _examples: dict[tuple[str, Severity], Finding] = field(default_factory=dict)
    _files: dict[str, Counter[tuple[str, Severity]]] = field(default_factory=dict)
    _records: Counter[str] = field(default_factory=Counter)
    _values: Counter[tuple[str, Severity, str]] = field(default_factory=Counter)
    _focus_nodes: dict[str, int | None] = field(default_factory=dict)
    _warnings: list[Finding] = field(default_factory=list)

    def add_records(self, file: str, records: int = 1) -> None:
        """Count records that were read from a file."""
        name = writable(file)
        self._files.setdefault(name, Counter())
        self._records[name] += records

    def add_finding(self, finding: Finding) -> None:
        """Count a finding, and keep it below the cap."""
        cause = (finding.rule, finding.severity)
        name = writable(finding.place.file) if finding.place else ""
        self._counts[finding.severity] += 1
        self._groups[cause] += 1
        self._files.setdefault(name, Counter())[cause] += 1
        if finding.value is not None:
            key = (*cause, writable(finding.value, _MAX_GROUPED_LENGTH))
            if key in self._values or len(self._values) < self.cap:
                self._values[key] += 1
        if cause not in self._examples:
            self._examples[cause] = _writable_finding(finding)
        if len(self._kept) < self.cap:
            self._kept.append(_writable_finding(finding))

    def add_focus_nodes(self, counts: Mapping[str, int | None]) -> None:
        """Count the focus nodes of each shape; those without any are listed too."""
        for shape, count in counts.items():
            self._focus_nodes[shape] = None if count is None else (self._focus_nodes.get(shape) or 0) + count

    def add_warning(self, warning: Finding) -> None:
        """Keep a warning about the check itself, each once."""
        if warning not in self._warnings and len(self._warnings) < self.cap:
            self._warnings.append(_writable_finding(warning))

    def report(self, basis: Basis, *, projects: int) -> CheckReport:
        """The report on everything counted so far.

        Args:
            basis: The rules and software of the check.
            projects: Projects that the records describe.
        """
        # Texts of findings are also written by commands that check nothing, and import no shapes.
        from iomld.validate.shape_checks import NO_FOCUS_NODE  # noqa: PLC0415

        values: defaultdict[tuple[str, Severity], list[tuple[str, int]]] = defaultdict(list)
        for (rule, severity, value), count in sorted(self._values.items(), key=lambda item: (-item[1], item[0])):
            values[rule, severity].append((value, count))
        checked = {shape for shape, count in self._focus_nodes.items() if count}
        order = {name: number for number, name in enumerate(self._files)}
        causes = sorted(self._groups, key=lambda cause: (_RANK[cause[1]], -self._groups[cause], cause[0]))
        return CheckReport(
            basis=basis,
            records=self._records.total(),
            projects=projects,
            counts={severity: self._counts[severity] for severity in Severity},
            groups=tuple(
                FindingGroup(*cause, self._groups[cause], self._examples[cause], tuple(values[cause]))
                for cause in causes
            ),
            files=tuple(FileReport(name, self._records[name], dict(found)) for name, found in self._files.items()),
            findings=tuple(sorted(self._kept, key=lambda finding: _source_position(finding, order))),
            cap=self.cap,
            warnings=tuple(one for one in self._warnings if one.rule != NO_FOCUS_NODE or one.value not in checked),
            focus_nodes=dict(self._focus_nodes),
        )


def basis_of(pipeline: "Pipeline", profile: str) -> Basis:
    """The rules and software of a pipeline.

    Args:
        pipeline: The loaded stages.
        profile: The profile that the pipeline was loaded with.
    """
    engine = pipeline.validator.engine
    return Basis(profile, engine.name, engine.version, dict(pipeline.versions))


@cache
def package_version(package: str) -> str:
    """Version of an installed package that need not be imported; cached, as the look-up takes longer than a check."""
    from importlib.metadata import version  # noqa: PLC0415  # with the library of mail; only reports on foreign shapes

    return version(package)


def _writable_finding(finding: Finding) -> Finding:
    place = finding.place
    return replace(
        finding,
        message=writable_message(finding.message),
        fix=writable_message(finding.fix) if finding.fix else None,
        value=_writable_or_none(finding.value),
        focus_node=_writable_or_none(finding.focus_node),
        path=_writable_or_none(finding.path),
        place=_writable_place(place) if place else None,
        results=tuple(map(_writable_result, finding.results)),
    )


def _writable_result(result: ValidationResult) -> ValidationResult:
    return result._replace(
        focus_node=with_value(result.focus_node, writable),
        value=None if result.value is None else with_value(result.value, writable),
        messages=(),  # the finding has the message
    )


def _writable_place(place: Place) -> Place:
    return Place(
        file=writable(place.file),
        line=place.line,
        column=place.column,
        pointer=_writable_or_none(place.pointer),
        sheet=_writable_or_none(place.sheet),
        cell=place.cell,
        excerpt=_writable_or_none(place.excerpt),
    )


def _writable_or_none(text: str | None) -> str | None:
    return None if text is None else writable(text)


def _source_position(finding: Finding, order: Mapping[str, int]) -> tuple[int, int, int]:
    place = finding.place or Place("")
    return order.get(place.file, 0), place.line or 0, place.column or 0
