"""`iomld template`."""

from functools import partial
from pathlib import Path

import click

from iomld.assets import load_vocabulary
from iomld.cli.export import write_out
from iomld.export.template import write_csv_template, write_workbook_template


@click.command()
@click.option("--format", "format_name", type=click.Choice(["xlsx", "csv"]), default="xlsx", show_default=True)
@click.option("--to", "target", type=click.Path(path_type=Path), help="File to write; standard output if left out.")
def command(*, format_name: str, target: Path | None) -> None:
    """Write an empty table of projects to fill in.

    The workbook has drop-downs for the lists and a note on each column.

    \b
    Example:
      iomld template --to projects.xlsx
      iomld template --format csv --to projects.csv
    """
    if format_name == "csv":
        write_out(write_csv_template, target, is_text=True)
    else:
        write_out(partial(write_workbook_template, load_vocabulary()), target, is_text=False)
