"""The formats of a report, by name; the module of a format is imported with the first report in it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module

from iomld.check.report import CheckReport

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


def _written_by(module: str, name: str) -> Callable[[CheckReport], Iterator[str]]:
    """The function of this name in a module of this package, which is imported when it is called."""

    def write(report: CheckReport) -> Iterator[str]:
        chunks: Iterator[str] = getattr(import_module(f"{__name__}.{module}"), name)(report)
        return chunks

    return write


REPORT_FORMATS = (
    ReportFormat("text", ("text/plain",), _written_by("text", "text_report")),
    ReportFormat("json", ("application/json",), _written_by("json", "json_report")),
    ReportFormat("turtle", ("text/turtle",), _written_by("rdf", "turtle_report")),
    ReportFormat("jsonld", ("application/ld+json",), _written_by("rdf", "jsonld_report")),
    ReportFormat("csv", ("text/csv",), _written_by("tables", "csv_report")),
    ReportFormat("sarif", ("application/sarif+json",), _written_by("ci", "sarif_report")),
    ReportFormat("junit", ("application/junit+xml", "application/xml", "text/xml"), _written_by("ci", "junit_report")),
    ReportFormat("html", ("text/html",), _written_by("html", "html_report")),
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
