"""`iomld export`."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO

import click

from iomld.cli.options import datadir_option, served_release, settings
from iomld.export.dataset import write_dataset
from iomld.export.formats import TABLE_FORMATS
from iomld.export.source import released
from iomld.formats import rdf


@click.command()
@datadir_option
@click.option("--to", "target", type=click.Path(path_type=Path), help="File to write; standard output if left out.")
@click.option(
    "--format",
    "format_name",
    type=click.Choice([*(format_.name for format_ in rdf.FORMATS), *TABLE_FORMATS]),
    default="nquads",
    show_default=True,
    help="csv is a zip archive of two tables.",
)
def command(*, datadir: Path | None, target: Path | None, format_name: str) -> None:
    """Write the whole dataset in one format.

    The formats csv, xlsx and jsonl hold the project records, which 'iomld publish' reads back.

    \b
    Example:
      iomld export --format turtle --to dataset.ttl
      iomld export --format xlsx --to projects.xlsx
    """
    current = served_release(datadir or settings().data_dir)
    table = TABLE_FORMATS.get(format_name)
    if table:
        write = partial(table.write, released(current))
    else:
        format_ = next(format_ for format_ in rdf.FORMATS if format_.name == format_name)
        write = partial(write_dataset, current, format_)
    write_out(write, target, is_text=table is None or table.is_text)


def write_out(write: Callable[[BinaryIO], None], target: Path | None, *, is_text: bool) -> None:
    """Write to a file, or to standard output, but never binary content to a terminal."""
    if target is not None:
        with target.open("wb") as output:
            write(output)
        return
    if not is_text and sys.stdout.isatty():
        raise click.UsageError("This format is no text. Name a file with --to FILE.")
    write(sys.stdout.buffer)
    sys.stdout.buffer.flush()
