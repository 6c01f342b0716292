"""The command `iomld validate`: checks records, or any RDF against shapes of the caller, and writes a report."""

import os
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click

from iomld.check.checker import Checker, check_against
from iomld.check.report import MAX_FINDINGS, CheckReport
from iomld.check.reports import REPORT_FORMATS, report_chunks, report_format
from iomld.check.reports.tables import WORKBOOK, workbook_report
from iomld.check.reports.text import cap_sentence, report_lines
from iomld.check.translation import worded_report
from iomld.cli.main import EXIT_DONE, EXIT_REFUSED
from iomld.cli.options import (
    engine_options,
    mapping_option,
    settings,
    sources_argument,
)
from iomld.cli.stages import loaded_pipeline, pipeline_choices
from iomld.errors import IomldError
from iomld.i18n import ENGLISH, LANGUAGES
from iomld.read.table.headings import read_mapping

_TEXT = "text"


@click.command()
@sources_argument
@click.option(
    "--format",
    "format_name",
    type=click.Choice([*(format_.name for format_ in REPORT_FORMATS), WORKBOOK]),
    default=_TEXT,
    show_default=True,
    help="Format of the report; xlsx is the checked workbook with the findings as comments.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write the report to.  [default: standard output]",
)
@click.option(
    "--profile",
    type=click.Choice(["submission", "published"]),
    default="submission",
    show_default=True,
    help="Rules for submitted records, or for published ones, which include the publisher's own rules.",
)
@click.option(
    "--shapes",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Check RDF data against these SHACL shapes instead of ours.",
)
@click.option("--group", is_flag=True, help="Write each cause once, with its places; only with --format text.")
@click.option(
    "--max-findings",
    "cap",
    type=click.IntRange(min=1),
    default=MAX_FINDINGS,
    show_default=True,
    help="Most findings to list; all are counted.",
)
@click.option(
    "--lang",
    "language",
    type=click.Choice(LANGUAGES),
    default=ENGLISH,
    show_default=True,
    help="Language of the report.",
)
@mapping_option
@click.option("--color/--no-color", default=None, help="Use colours in the text report.  [default: on a terminal]")
@engine_options
def validate_command(
    *,
    sources: tuple[Path, ...],
    format_name: str,
    output: Path | None,
    profile: str,
    shapes: Path | None,
    group: bool,
    cap: int,
    language: str,
    color: bool | None,
    mapping: Path | None,
    engine: str,
    as_of: datetime | None,
) -> int:
    """Check the records in SOURCES (files and folders) and report each finding with its line. Nothing is published.

    The exit status is 0 if there is no violation, 1 if there is one, and 2 if the check could not run.

    \b
    Example:
      iomld validate data/
      iomld validate record.json --format sarif > report.sarif
      iomld validate data.ttl --shapes mine.ttl
      iomld validate records.xlsx --format xlsx --output checked.xlsx
      iomld validate record.json --lang fr
    """
    if format_name != _TEXT and (group or color):
        raise click.UsageError("--group and --color go with --format text.")
    if format_name == WORKBOOK:
        _check_workbook(sources, output)
    if shapes:
        report = check_against(sources, shapes, engine=engine, cap=cap, language=language)
    else:
        pipeline = loaded_pipeline(pipeline_choices(settings(), profile=profile, engine=engine, as_of=as_of))
        columns = read_mapping(mapping) if mapping else None
        report = Checker(pipeline, profile, cap).check_files(sources, mapping=columns)
    report = worded_report(report, language)
    if format_name == _TEXT and output is None:
        shown = _is_colored(color)
        for line in report_lines(report, color=shown, group=group):
            click.echo(line, color=shown)
    else:
        _write(_report_chunks(report, format_name, sources, group=group), output)
        if report.omitted and format_name != _TEXT:
            click.echo(f"iomld: {cap_sentence(report)}", err=True)
    return EXIT_DONE if report.conforms else EXIT_REFUSED


def _check_workbook(sources: tuple[Path, ...], output: Path | None) -> None:
    """Require one workbook as the source, and another file for the report."""
    if len(sources) != 1 or not sources[0].is_file():
        raise click.UsageError("--format xlsx takes one workbook.")
    if output is None and sys.stdout.isatty():
        raise click.UsageError("--format xlsx writes a workbook. Name a file with --output.")
    if output is not None and output.exists() and output.samefile(sources[0]):
        raise click.UsageError("--output is the workbook itself. Name another file.")


def _report_chunks(report: CheckReport, format_name: str, sources: tuple[Path, ...], *, group: bool) -> Iterator[bytes]:
    if format_name == WORKBOOK:
        return iter((workbook_report(report, sources[0].read_bytes(), str(sources[0])),))
    if format_name == _TEXT:
        return (f"{line}\n".encode() for line in report_lines(report, group=group))
    format_ = report_format(format_name)
    assert format_ is not None  # noqa: S101  # the option takes no other name
    return report_chunks(report, format_)


def _write(chunks: Iterator[bytes], output: Path | None) -> None:
    if output is None:
        sys.stdout.buffer.writelines(chunks)
        sys.stdout.buffer.flush()
        return
    try:
        with output.open("wb") as file:
            file.writelines(chunks)
    except OSError as error:
        raise IomldError(f"{output}: cannot be written ({error.strerror}). Name another file.") from error


def _is_colored(chosen: bool | None) -> bool:  # noqa: FBT001  # the option's three states
    """Whether to use colours: as chosen, else on a terminal without NO_COLOR."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") if chosen is None else chosen
