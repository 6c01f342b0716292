"""The forms of a report, all from the same findings."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from iomld.check.report import CheckReport
from iomld.check.reports.ci import junit_report, sarif_report
from iomld.check.reports.html import html_report
from iomld.check.reports.json import json_report
from iomld.check.reports.rdf import jsonld_report, turtle_report
from iomld.check.reports.tables import csv_report
from iomld.check.reports.text import report_lines

_PIECE = 64 * 1024  # characters


@dataclass(frozen=True, slots=True)
class ReportFormat:
    """A form of the report.

    Attributes:
        name: Our word for it, as in `--format sarif`.
        media_types: RFC 6838 media types by which it is asked for; it is sent as the first.
        write: Gives the report's text in pieces.
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
    """The format that we call so, or None.

    >>> report_format("csv").media_types
    ('text/csv',)
    """
    return next((format_ for format_ in REPORT_FORMATS if format_.name == name), None)


def report_pieces(report: CheckReport, format_: ReportFormat) -> Iterator[bytes]:
    """The report as UTF-8, in pieces of some size."""
    pieces: list[str] = []
    size = 0
    for text in format_.write(report):
        pieces.append(text)
        size += len(text)
        if size > _PIECE:
            yield "".join(pieces).encode()
            pieces, size = [], 0
    yield "".join(pieces).encode()
