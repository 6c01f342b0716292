"""The formats of a report, by name."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from iomld.check.report import CheckReport
from iomld.check.reports.ci import junit_report, sarif_report
from iomld.check.reports.html import html_report
from iomld.check.reports.json import json_report
from iomld.check.reports.rdf import jsonld_report, turtle_report
from iomld.check.reports.tables import csv_report
from iomld.check.reports.text import report_lines

_CHUNK_LENGTH = 64 * 1024  # characters


@dataclass(frozen=True, slots=True)
class ReportFormat:
    """A format of the report.

    Attributes:
        name: Our word for it, as in `--format sarif`.
        media_types: Media types (RFC 6838) that a client can ask for; the first is the one of the response.
        write: Yields the text of the report in chunks.
    """

    name: str
    media_types: tuple[str, ...]
    write: Callable[[CheckReport], Iterator[str]]


def _text_report(report: CheckReport) -> Iterator[str]:
    return (f"{line}\n" for line in report_lines(report))


REPORT_FORMATS = (
    ReportFormat("text", ("text/plain",), _text_report),
    ReportFormat("json", ("application/json",), json_report),
    ReportFormat("turtle", ("text/turtle",), turtle_report),
    ReportFormat("jsonld", ("application/ld+json",), jsonld_report),
    ReportFormat("csv", ("text/csv",), csv_report),
    ReportFormat("sarif", ("application/sarif+json",), sarif_report),
    ReportFormat("junit", ("application/junit+xml", "application/xml", "text/xml"), junit_report),
    ReportFormat("html", ("text/html",), html_report),
)


def report_format(name: str) -> ReportFormat | None:
    """The format of a name, or None.

    >>> report_format("csv").media_types
    ('text/csv',)
    """
    return next((format_ for format_ in REPORT_FORMATS if format_.name == name), None)


def report_chunks(report: CheckReport, format_: ReportFormat) -> Iterator[bytes]:
    """The report as UTF-8, in chunks of about 64 KB."""
    texts: list[str] = []
    size = 0
    for text in format_.write(report):
        texts.append(text)
        size += len(text)
        if size > _CHUNK_LENGTH:
            yield "".join(texts).encode()
            texts, size = [], 0
    yield "".join(texts).encode()
