"""The report of a check: counts of all findings, and the first of them up to a cap."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.metadata import version

from iomld.messages import ForeignText, Message
from iomld.model import Finding, Place, Severity
from iomld.pipeline.stages import Pipeline

MAX_FINDINGS = 1000  # default cap of a report

_RANK = {severity: rank for rank, severity in enumerate(Severity)}
# Not allowed in XML, Turtle or UTF-8: controls except tab and line ends, lone surrogates, non-characters.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_MAX_LENGTH = 2000  # characters of a value, which may be a whole text


@dataclass(frozen=True, slots=True)
class Basis:
    """The rules and software of a check: the same basis and the same bytes give the same report.

    Attributes:
        profile: Profile of the shapes.
        engine: Name of the SHACL engine.
        engine_version: Its version.
        versions: Version of iomld, hashes of the shapes and of the vocabularies.
    """

    profile: str
    engine: str
    engine_version: str
    versions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """All findings of one rule and severity.

    Attributes:
        rule: Name of the rule.
        severity: How bad they are.
        count: How many there are, listed or not.
        example: The first one.
    """

    rule: str
    severity: Severity
    count: int
    example: Finding


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
        if cause not in self._examples:
            self._examples[cause] = _writable_finding(finding)
        if len(self._kept) < self.cap:
            self._kept.append(_writable_finding(finding))

    def report(self, basis: Basis, *, projects: int) -> CheckReport:
        """The report on everything counted so far.

        Args:
            basis: The rules and software of the check.
            projects: Projects that the records describe.
        """
        order = {name: number for number, name in enumerate(self._files)}
        causes = sorted(self._groups, key=lambda cause: (_RANK[cause[1]], -self._groups[cause], cause[0]))
        return CheckReport(
            basis=basis,
            records=self._records.total(),
            projects=projects,
            counts={severity: self._counts[severity] for severity in Severity},
            groups=tuple(FindingGroup(*cause, self._groups[cause], self._examples[cause]) for cause in causes),
            files=tuple(FileReport(name, self._records[name], dict(found)) for name, found in self._files.items()),
            findings=tuple(sorted(self._kept, key=lambda finding: _source_position(finding, order))),
            cap=self.cap,
        )


def basis_of(pipeline: Pipeline, profile: str) -> Basis:
    """The rules and software of a pipeline.

    Args:
        pipeline: The loaded stages.
        profile: The profile that the pipeline was loaded with.
    """
    engine = pipeline.validator.engine_name
    return Basis(profile, engine, package_version(engine), dict(pipeline.versions))


@cache
def package_version(package: str) -> str:
    """Version of an installed package; cached, since looking it up takes longer than checking a record."""
    return version(package)


def writable(text: str, max_length: int = _MAX_LENGTH) -> str:
    r"""A text in a form that every report format can hold: shortened, with U+FFFD for characters that are not allowed.

    >>> writable("a\x00b") == "a\ufffdb"
    True
    """
    short = text if len(text) <= max_length else f"{text[: max_length - 1]}…"
    return _UNWRITABLE.sub("\ufffd", short)


def writable_message(message: Message, max_length: int = _MAX_LENGTH) -> Message:
    """A message in a form that every report format can hold: its values, or a plain sentence, are made `writable`.

    Args:
        message: The message.
        max_length: The most characters of a value.
    """
    if not message.values:
        return Message(writable(message.id, max_length))
    return Message(message.id, {name: _writable_value(value, max_length) for name, value in message.values.items()})


def _writable_value(value: object, max_length: int) -> object:
    if isinstance(value, Message):
        return writable_message(value, max_length)
    if isinstance(value, int | float):
        return value
    text = writable(str(value), max_length)
    return ForeignText(text) if isinstance(value, ForeignText) else text


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
