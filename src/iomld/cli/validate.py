"""`iomld validate`."""

import os
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click

from iomld.check.checker import Checker, check_against
from iomld.check.report import MAX_FINDINGS, CheckReport
from iomld.check.reports import REPORT_FORMATS, report_format, report_pieces
from iomld.check.reports.tables import WORKBOOK, workbook_report
from iomld.check.reports.text import cap_sentence, report_lines
from iomld.check.translation import worded_report
from iomld.cli.main import EXIT_DONE, EXIT_REFUSED
from iomld.cli.options import choices, engine_options, loaded, mapping_option, settings, sources_argument
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
    help="Form of the report; xlsx is the checked workbook with comments at its cells.",
)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the report to this file.")
@click.option(
    "--profile",
    type=click.Choice(["submission", "published"]),
    default="submission",
    show_default=True,
    help="What a person supplies, or the publisher's own rules too.",
)
@click.option(
    "--shapes",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Check any RDF against these shapes, in place of records against ours.",
)
@click.option("--group", is_flag=True, help="Write each cause once, with its places; for text.")
@click.option(
    "--max-findings",
    "cap",
    type=click.IntRange(min=1),
    default=MAX_FINDINGS,
    show_default=True,
    help="List no more findings; all are counted.",
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
@click.option("--color/--no-color", default=None, help="Write colours or not.  [default: on a terminal]")
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
    """Check the records in SOURCES (files and folders) and show each finding with its line. Nothing is stored.

    Exit status 0: no violation. 1: a violation. 2: could not run.

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
        pipeline = loaded(choices(settings(), profile=profile, engine=engine, as_of=as_of))
        columns = read_mapping(mapping) if mapping else None
        report = Checker(pipeline, profile, cap).check_files(sources, mapping=columns)
    report = worded_report(report, language)
    if format_name == _TEXT and output is None:
        shown = _is_colored(color)
        for line in report_lines(report, color=shown, group=group):
            click.echo(line, color=shown)
    else:
        _write(_pieces(report, format_name, sources, group=group), output)
        if report.omitted and format_name != _TEXT:
            click.echo(f"iomld: {cap_sentence(report)}", err=True)
    return EXIT_DONE if report.conforms else EXIT_REFUSED


def _check_workbook(sources: tuple[Path, ...], output: Path | None) -> None:
    """One workbook goes in, and one comes out, never over the first."""
    if len(sources) != 1 or not sources[0].is_file():
        raise click.UsageError("--format xlsx takes one workbook.")
    if output is None and sys.stdout.isatty():
        raise click.UsageError("--format xlsx writes a workbook. Name a file with --output.")
    if output is not None and output.exists() and output.samefile(sources[0]):
        raise click.UsageError("--output is the workbook itself. Name another file.")


def _pieces(report: CheckReport, format_name: str, sources: tuple[Path, ...], *, group: bool) -> Iterator[bytes]:
    if format_name == WORKBOOK:
        return iter((workbook_report(report, sources[0].read_bytes(), str(sources[0])),))
    if format_name == _TEXT:
        return (f"{line}\n".encode() for line in report_lines(report, group=group))
    format_ = report_format(format_name)
    assert format_ is not None  # noqa: S101  # the option takes no other name
    return report_pieces(report, format_)


def _write(pieces: Iterator[bytes], output: Path | None) -> None:
    if output is None:
        sys.stdout.buffer.writelines(pieces)
        sys.stdout.buffer.flush()
        return
    try:
        with output.open("wb") as file:
            file.writelines(pieces)
    except OSError as error:
        raise IomldError(f"{output}: cannot be written ({error.strerror}). Name another file.") from error


def _is_colored(chosen: bool | None) -> bool:  # noqa: FBT001  # the option's three states
    """Colours are for terminals, unless asked for; NO_COLOR turns them off there."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") if chosen is None else chosen
