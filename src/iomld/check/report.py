"""What a check found: whole counts, and as many findings as one asked for."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.metadata import version

from iomld.messages import ForeignText, Message
from iomld.model import Finding, Place, Severity
from iomld.pipeline.stages import Pipeline

MAX_FINDINGS = 1000  # listed in a report unless more are asked for

_RANK = {severity: rank for rank, severity in enumerate(Severity)}
# What XML, Turtle or UTF-8 cannot hold: controls but tab and line ends, halves of character pairs, non-characters.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_LONGEST = 2000  # characters; a value may be a whole text


@dataclass(frozen=True, slots=True)
class Basis:
    """What a report stands on: the same basis and the same bytes give the same report.

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
    """What was found in one file.

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
    """What was found in one or more sources.

    Attributes:
        basis: What the verdicts stand on.
        records: Records read.
        projects: Projects they describe, merged.
        counts: Number of findings by severity, listed or not.
        groups: The findings by cause, the worst first.
        files: The files, in the order in which they were met.
        findings: The first findings, up to the cap, in source order.
        cap: The most findings that the report lists.
        language: The language that its findings are worded in; a finding may be in another.
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
    """Counts findings as they come, and keeps the first ones.

    Memory grows with the number of files and of rules, not with that of findings.

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

    def read(self, file: str, records: int = 1) -> None:
        """Note that records were read from a file."""
        name = writable(file)
        self._files.setdefault(name, Counter())
        self._records[name] += records

    def add(self, finding: Finding) -> None:
        """Count a finding; keep it while there is room."""
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
        """What was found.

        Args:
            basis: What the verdicts stand on.
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
    """What the verdicts of a pipeline stand on.

    Args:
        pipeline: The loaded stages.
        profile: The profile that they were loaded with.
    """
    engine = pipeline.validator.engine_name
    return Basis(profile, engine, package_version(engine), dict(pipeline.versions))


@cache
def package_version(package: str) -> str:
    """Version of an installed package; looking it up costs more than checking a record."""
    return version(package)


def writable(text: str, longest: int = _LONGEST) -> str:
    r"""A text that every report format can hold: shortened, and U+FFFD for what cannot be written.

    >>> writable("a\x00b") == "a\ufffdb"
    True
    """
    short = text if len(text) <= longest else f"{text[: longest - 1]}…"
    return _UNWRITABLE.sub("\ufffd", short)


def writable_message(message: Message, longest: int = _LONGEST) -> Message:
    """A message that every report format can hold: its values, or where it has none itself, as `writable` gives them.

    Args:
        message: The message.
        longest: The most characters of a value.
    """
    if not message.values:
        return Message(writable(message.id, longest))
    return Message(message.id, {name: _writable_value(value, longest) for name, value in message.values.items()})


def _writable_value(value: object, longest: int) -> object:
    if isinstance(value, Message):
        return writable_message(value, longest)
    if isinstance(value, int | float):
        return value
    text = writable(str(value), longest)
    return ForeignText(text) if isinstance(value, ForeignText) else text


def _writable_finding(finding: Finding) -> Finding:
    place = finding.place
    return replace(
        finding,
        message=writable_message(finding.message),
        fix=writable_message(finding.fix) if finding.fix else None,
        value=_known(finding.value),
        focus_node=_known(finding.focus_node),
        path=_known(finding.path),
        place=_writable_place(place) if place else None,
    )


def _writable_place(place: Place) -> Place:
    return Place(
        file=writable(place.file),
        line=place.line,
        column=place.column,
        pointer=_known(place.pointer),
        sheet=_known(place.sheet),
        cell=place.cell,
        excerpt=_known(place.excerpt),
    )


def _known(text: str | None) -> str | None:
    return None if text is None else writable(text)


def _source_position(finding: Finding, order: Mapping[str, int]) -> tuple[int, int, int]:
    place = finding.place or Place("")
    return order.get(place.file, 0), place.line or 0, place.column or 0
