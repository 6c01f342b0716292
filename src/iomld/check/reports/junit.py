"""The report as JUnit XML, which build servers read: a suite for each file, a case for each rule with findings."""

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from iomld.check.messages import counted_findings
from iomld.check.render import cap_sentence, place_words
from iomld.check.report import CheckReport, FileReport
from iomld.i18n import worded
from iomld.model import Finding, Severity, message


def junit_report(report: CheckReport) -> Iterator[str]:
    """The report as XML, in pieces. A rule with a Violation is a failure; Warnings and Infos are told as output."""
    tests = sum(max(len(file.counts), 1) for file in report.files)
    failures = sum(_failures(file) for file in report.files)
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f'<testsuites name="iomld validate" tests="{tests}" failures="{failures}" errors="0">\n'
    by_file: dict[str, list[Finding]] = {}
    for finding in report.findings:
        by_file.setdefault(finding.place.file if finding.place else "", []).append(finding)
    for file in report.files:
        yield from _suite(file, by_file.get(file.name, []), report)
    yield "</testsuites>\n"


def _suite(file: FileReport, here: Sequence[Finding], report: CheckReport) -> Iterator[str]:
    tests = max(len(file.counts), 1)
    name = file.name or "-"
    yield (
        f' <testsuite name={_quoted(name)} tests="{tests}" failures="{_failures(file)}" errors="0" skipped="0"'
        ' time="0">\n  <properties>\n'
    )
    for key, value in _properties(file, report):
        yield f"   <property name={_quoted(key)} value={_quoted(value)}/>\n"
    yield "  </properties>\n"
    for rule, severity in sorted(file.counts):
        listed = [one for one in here if (one.rule, one.severity) == (rule, severity)]
        yield f'  <testcase classname={_quoted(name)} name={_quoted(f"{rule} {severity.value}")} time="0">\n'
        yield _told(severity, listed, file.counts[rule, severity], report.language)
        yield "  </testcase>\n"
    if not file.counts:
        yield f'  <testcase classname={_quoted(name)} name="no finding" time="0"/>\n'
    yield " </testsuite>\n"


def _properties(file: FileReport, report: CheckReport) -> Iterator[tuple[str, str]]:
    basis = report.basis
    yield "records", str(file.records)
    yield "profile", basis.profile
    yield "engine", f"{basis.engine} {basis.engine_version}"
    yield from basis.versions.items()
    if report.omitted:
        yield "capped", cap_sentence(report)


def _told(severity: Severity, listed: Sequence[Finding], count: int, language: str) -> str:
    """A failure, or output: the findings line by line, and how many are not listed."""
    lines = [f"{place_words(one.place)}{one.message} {one.fix or ''}".strip() for one in listed]
    if count > len(listed):
        lines.append(worded(message("{number} more are not listed.", number=count - len(listed)), language))
    text = escape("\n".join(lines))
    if severity is not Severity.VIOLATION:
        return f"   <system-out>{text}</system-out>\n"
    first = str(listed[0].message) if listed else counted_findings(count, severity, language)
    return f'   <failure message={_quoted(first)} type="{severity.value}">{text}</failure>\n'


def _failures(file: FileReport) -> int:
    return sum(severity is Severity.VIOLATION for _, severity in file.counts)


def _quoted(text: str) -> str:
    return quoteattr(text, {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})
