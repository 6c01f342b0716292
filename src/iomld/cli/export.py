"""The commands `iomld export` and `iomld template`: the dataset as one file, and an empty table."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO

import click

from iomld.assets import load_vocabulary
from iomld.cli.options import datadir_option, fund_option, served_release, settings
from iomld.export.formats import TABLE_FORMATS, TableFormat, write_rdf
from iomld.export.stored_quads import released_quads
from iomld.export.tables import ProjectSource, stored_source
from iomld.formats import rdf

_file_option = click.option(
    "--to", "target", type=click.Path(path_type=Path), help="File to write.  [default: standard output]"
)


@click.command()
@datadir_option
@_file_option
@click.option(
    "--format",
    "format_name",
    type=click.Choice([*(format_.name for format_ in rdf.FORMATS), *TABLE_FORMATS]),
    default="nquads",
    show_default=True,
    help="Output format; csv is a zip archive of three tables.",
)
def export_command(*, datadir: Path | None, target: Path | None, format_name: str) -> None:
    """Write the whole dataset of the current release in one format.

    The formats csv, xlsx, iati and jsonl hold the project records; 'iomld publish' can read them back.

    \b
    Example:
      iomld export --format turtle --to dataset.ttl
      iomld export --format xlsx --to projects.xlsx
    """
    current = served_release(datadir or settings().data_dir)
    table = TABLE_FORMATS.get(format_name)
    stored = released_quads(current)
    if table:
        write_out(partial(write_table, table, stored_source(stored)), target, is_text=table.is_text)
    else:
        format_ = next(format_ for format_ in rdf.FORMATS if format_.name == format_name)
        write_out(partial(write_rdf, stored, format_), target, is_text=True)


def write_table(table: TableFormat, source: ProjectSource, output: BinaryIO) -> None:
    """Write projects, and say on standard error what was left out."""
    for remark in table.write(source, output):
        click.echo(remark, err=True)


def write_out(write: Callable[[BinaryIO], None], target: Path | None, *, is_text: bool) -> None:
    """Write to a file, or to standard output.

    Raises:
        UsageError: Standard output is a terminal and the content is binary.
    """
    if target is not None:
        with target.open("wb") as output:
            write(output)
        return
    if not is_text and sys.stdout.isatty():
        raise click.UsageError("This format is not text. Name a file with --to FILE.")
    write(sys.stdout.buffer)
    sys.stdout.buffer.flush()


_TEMPLATE_FORMATS = ("xlsx", "csv")


@click.command()
@click.option(
    "--format",
    "format_name",
    type=click.Choice(_TEMPLATE_FORMATS),
    default="xlsx",
    show_default=True,
    help="Format of the template; csv is the header alone.",
)
@_file_option
@click.option("--force", is_flag=True, help="Overwrite the file if it exists.")
@fund_option
def template_command(*, format_name: str, target: Path | None, force: bool) -> None:
    """Write an empty table of projects to fill in.

    The workbook has drop-down lists for controlled values, and a note on each column. A file that exists is kept, since
    it may be a table that somebody filled in; --force overwrites it.

    \b
    Example:
      iomld template --to projects.xlsx
      iomld template --format csv --to projects.csv
    """
    base = settings().base_iri
    if target is not None and target.is_file() and not force:  # a device such as /dev/stdout is not a file
        raise click.UsageError(f"The file {target} exists. Name another file, or overwrite it with --force.")
    ending = target.suffix.lower().removeprefix(".") if target is not None else ""
    if ending in _TEMPLATE_FORMATS and ending != format_name:
        raise click.UsageError(
            f"{target}: the name says {ending.upper()}, but --format is {format_name}. Add --format {ending}, or give "
            f"the file the ending .{format_name}."
        )
    from iomld.export.workbook import write_csv_template, write_workbook_template  # noqa: PLC0415  # takes 0.2 s

    if format_name == "csv":
        write_out(write_csv_template, target, is_text=True)
    else:
        write_out(partial(write_workbook_template, load_vocabulary(base)), target, is_text=False)
