"""A validation report beside the lines that it speaks of, as values for its page."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

_SEVERITIES = {"Violation": 0, "Warning": 1, "Info": 2}
_CONTEXT = 3  # lines shown before and after a line with findings
_LONGEST_LINE = 400
_MOST_FINDINGS = 500


@dataclass(frozen=True, slots=True)
class Found:
    """One finding.

    Attributes:
        severity: `Violation`, `Warning` or `Info`.
        message: What is wrong.
        fix: What to do; may be empty.
        rule: Name of the rule.
        line: Line of the source, from 1, where known.
        excerpt: The source line as the reader saw it; empty where unknown.
    """

    severity: str
    message: str
    fix: str
    rule: str
    line: int | None
    excerpt: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the source with its findings; `after_gap` where lines before it are not shown."""

    number: int
    text: str
    findings: tuple[Found, ...]
    severity: str
    after_gap: bool


@dataclass(frozen=True, slots=True)
class ReportView:
    """What the page of a report shows.

    Attributes:
        conforms: Whether there is no Violation.
        records: Records that were read.
        counts: Number of findings by severity.
        findings: The findings, Violations first.
        hidden: Number of findings that are counted and not shown, since there are too many.
        lines: Lines of the source near findings.
    """

    conforms: bool
    records: int
    counts: Mapping[str, int]
    findings: tuple[Found, ...]
    hidden: int
    lines: tuple[Line, ...]


def report_view(report: Mapping[str, object], text: str) -> ReportView:
    """Put a report beside its source.

    Args:
        report: As `iomld.check.reports.document.report_document` makes it.
        text: What was checked.
    """
    results = report.get("results")
    found = [_found(result) for result in results if isinstance(result, Mapping)] if isinstance(results, list) else []
    found.sort(key=lambda one: (_SEVERITIES.get(one.severity, 3), one.line or 0))
    shown = found[:_MOST_FINDINGS]
    records = report.get("records")
    counts = _counts(report, found)
    return ReportView(
        conforms=report.get("conforms") is True,
        records=records if isinstance(records, int) else 0,
        counts=counts,
        findings=tuple(shown),
        hidden=sum(counts.values()) - len(shown),
        lines=tuple(_lines(text.splitlines(), shown)),
    )


def _counts(report: Mapping[str, object], found: Sequence[Found]) -> dict[str, int]:
    """The whole counts, where the report has them: it may list fewer findings than were made."""
    given = report.get("counts")
    whole = given if isinstance(given, Mapping) else Counter(one.severity for one in found)
    return {severity: int(whole.get(severity, 0)) for severity in _SEVERITIES}


def _found(result: Mapping[str, object]) -> Found:
    source = result.get("source")
    place = source if isinstance(source, Mapping) else {}
    line = place.get("line")
    return Found(
        severity=str(result.get("severity", "")),
        message=str(result.get("message", "")),
        fix=str(result.get("fix", "")),
        rule=str(result.get("rule", "")),
        line=line if isinstance(line, int) else None,
        excerpt=str(place.get("excerpt", "")),
    )


def _lines(source: Sequence[str], findings: Sequence[Found]) -> Iterator[Line]:
    by_line: dict[int, list[Found]] = {}
    for one in findings:
        if one.line is not None:
            by_line.setdefault(one.line, []).append(one)
    near = {number for line in by_line for number in range(line - _CONTEXT, line + _CONTEXT + 1)}
    previous = 0
    for number in sorted(number for number in near if 1 <= number <= len(source)):
        here = tuple(by_line.get(number, ()))
        text = source[number - 1]
        yield Line(
            number,
            text if len(text) <= _LONGEST_LINE else f"{text[:_LONGEST_LINE]} …",
            here,
            min((one.severity for one in here), key=lambda severity: _SEVERITIES.get(severity, 3), default=""),
            after_gap=number != previous + 1,
        )
        previous = number
