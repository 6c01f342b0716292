"""`iomld export`."""

import sys
from pathlib import Path

import click

from iomld.cli.options import datadir_option, served_release, settings
from iomld.export import write_dataset
from iomld.formats import rdf


@click.command()
@datadir_option
@click.option("--to", "target", type=click.Path(path_type=Path), help="File to write; standard output if left out.")
@click.option(
    "--format",
    "format_name",
    type=click.Choice([format_.name for format_ in rdf.FORMATS]),
    default="nquads",
    show_default=True,
)
def command(*, datadir: Path | None, target: Path | None, format_name: str) -> None:
    """Write the whole dataset in one format.

    \b
    Example:
      iomld export --format turtle --to dataset.ttl
    """
    current = served_release(datadir or settings().data_dir)
    format_ = next(format_ for format_ in rdf.FORMATS if format_.name == format_name)
    if target is None:
        write_dataset(current, format_, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    with target.open("wb") as output:
        write_dataset(current, format_, output)
