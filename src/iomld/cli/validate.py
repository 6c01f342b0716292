"""The command `iomld validate`: checks records, or any RDF against shapes of the caller, and writes a report."""

import os
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click

from iomld.check.checker import Checker
from iomld.check.report import MAX_FINDINGS, CheckReport
from iomld.check.reports import REPORT_FORMATS, report_chunks, report_format
from iomld.check.reports.tables import WORKBOOK, workbook_report
from iomld.check.reports.text import cap_sentence, report_lines
from iomld.check.translation import worded_report
from iomld.cli.main import EXIT_DONE, EXIT_REFUSED
from iomld.cli.options import (
    WholeNumber,
    engine_options,
    fund_option,
    language_option,
    mapping_option,
    settings,
    sources_argument,
)
from iomld.cli.progress import shown_progress
from iomld.cli.stages import chosen_mapping, loaded_pipeline, pipeline_choices
from iomld.errors import IomldError
from iomld.model import Severity
from iomld.read import SourceFile, expand_sources
from iomld.read.archives import files_of_bytes

_TEXT, _STDIN = "text", "-"
_FAIL_ON = ("violation", "warning", "info")


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
@click.option(
    "--report",
    "reports",
    multiple=True,
    metavar="FORMAT=FILE",
    callback=lambda _context, _option, texts: tuple(map(_further_report, texts)),
    help="Write the report to a file in a further format, such as sarif=report.sarif; may be repeated.",
)
@click.option(
    "--fail-on",
    type=click.Choice(_FAIL_ON),
    default=_FAIL_ON[0],
    show_default=True,
    help="The least severity for which the exit status is 1.",
)
@click.option("--quiet", is_flag=True, help="Write nothing to standard output; only the exit status and files report.")
@click.option("--group", is_flag=True, help="Write each cause once, with its places; only with --format text.")
@click.option(
    "--max-findings",
    "cap",
    type=WholeNumber(min=1),
    default=MAX_FINDINGS,
    show_default=True,
    help="Most findings to list; all are counted.",
)
@language_option("the report and of errors")
@mapping_option
@fund_option
@click.option("--color/--no-color", default=None, help="Use colours in the text report.  [default: on a terminal]")
@engine_options
def validate_command(
    *,
    sources: tuple[Path, ...],
    format_name: str,
    output: Path | None,
    profile: str,
    shapes: Path | None,
    reports: tuple[tuple[str, Path], ...],
    fail_on: str,
    quiet: bool,
    group: bool,
    cap: int,
    language: str,
    color: bool | None,
    mapping: Path | None,
    engine: str,
    as_of: datetime | None,
) -> int:
    """Check the records in SOURCES (files and folders, or - for standard input) and report each finding with its line.

    Nothing is published. The exit status is 0 if there is no violation, 1 if there is one (see --fail-on), and 2 if the
    check could not run.

    \b
    Example:
      iomld validate data/
      iomld validate record.json --format sarif > report.sarif
      iomld validate data.ttl --shapes mine.ttl
      iomld validate records.xlsx --format xlsx --output checked.xlsx
      iomld validate data/ --quiet --fail-on warning --report sarif=a.sarif --report junit=b.xml
    """
    _check_form(format_name, sources, output, for_text=group or bool(color))
    if shapes:
        report = _checked_against(shapes, sources, engine=engine, cap=cap, language=language)
    else:
        pipeline = loaded_pipeline(pipeline_choices(settings(), profile=profile, engine=engine, as_of=as_of))
        with shown_progress() as progress:
            report = Checker(pipeline, profile, cap, progress).check_sources(
                _source_files(sources), mapping=chosen_mapping(mapping)
            )
    report = worded_report(report, language)
    for name, file in reports:
        _write(_report_chunks(report, name, sources, group=False), file)
    if format_name == _TEXT and output is None:
        _print(report, color=not quiet and _is_colored(color), group=group, quiet=quiet)
    elif output is not None or not quiet:
        _write(_report_chunks(report, format_name, sources, group=group), output)
        _tell_omitted(report, format_name)
    return EXIT_REFUSED if report.has_at_least(Severity(fail_on.capitalize())) else EXIT_DONE


def _checked_against(shapes: Path, sources: tuple[Path, ...], *, engine: str, cap: int, language: str) -> CheckReport:
    from iomld.check.foreign_shapes import check_against  # noqa: PLC0415  # starts workers; our shapes need none

    return check_against(_source_files(sources), shapes, engine=engine, cap=cap, language=language)


def _print(report: CheckReport, *, color: bool, group: bool, quiet: bool) -> None:
    for line in () if quiet else report_lines(report, color=color, group=group):
        click.echo(line, color=color)


def _tell_omitted(report: CheckReport, format_name: str) -> None:
    """Say on standard error that findings are omitted; the text says so itself."""
    if report.omitted and format_name != _TEXT:
        click.echo(f"iomld: {cap_sentence(report)}", err=True)


def _source_files(sources: tuple[Path, ...]) -> Iterator[SourceFile]:
    """The files of the sources; `-` is standard input, once."""
    for source in sources:
        if str(source) == _STDIN:
            yield from files_of_bytes(sys.stdin.buffer.read(), "stdin")
        else:
            yield from expand_sources([source])


def _further_report(text: str) -> tuple[str, Path]:
    """Format and file of a `--report`."""
    name, separator, file = text.partition("=")
    if not separator or not file or report_format(name) is None:
        names = ", ".join(format_.name for format_ in REPORT_FORMATS)
        raise click.UsageError(f"--report {text}: write FORMAT=FILE, with one of these formats: {names}.")
    return name, Path(file)


def _check_form(format_name: str, sources: tuple[Path, ...], output: Path | None, *, for_text: bool) -> None:
    """Require text for the options of text; for a workbook, one workbook as the source and another file."""
    if format_name != _TEXT and for_text:
        raise click.UsageError("--group and --color go with --format text.")
    if format_name != WORKBOOK:
        return
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
