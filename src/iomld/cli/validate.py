"""`iomld validate`."""

import json
from datetime import datetime
from pathlib import Path

import click

from iomld.check.render import report_document, report_lines
from iomld.check.run import check_files
from iomld.cli.main import EXIT_DONE, EXIT_REFUSED
from iomld.cli.options import choices, engine_options, loaded, settings, sources_argument


@click.command()
@sources_argument
@click.option("--format", "format_name", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option(
    "--profile",
    type=click.Choice(["submission", "published"]),
    default="submission",
    show_default=True,
    help="What a person supplies, or the publisher's own rules too.",
)
@engine_options
def command(*, sources: tuple[Path, ...], format_name: str, profile: str, engine: str, as_of: datetime | None) -> int:
    """Check the records in SOURCES (files and folders) and show each finding with its line. Nothing is stored.

    Exit status 0: no violation. 1: a violation. 2: could not run.

    \b
    Example:
      iomld validate data/
      iomld validate record.json --format json
    """
    pipeline = loaded(choices(settings(), profile=profile, engine=engine, as_of=as_of))
    report = check_files(sources, pipeline)
    if format_name == "json":
        click.echo(json.dumps(report_document(report, pipeline.versions), indent=2, ensure_ascii=False))
    else:
        for line in report_lines(report):
            click.echo(line)
    return EXIT_DONE if report.conforms else EXIT_REFUSED
