"""The commands `iomld mentions list`, `accept`, `reject` and `review`: people decide which mentions are right."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from pathlib import Path

import click

from iomld.cli.options import datadir_option, served_release, settings, target_option
from iomld.cli.publish import review_lines
from iomld.cli.remote import push_current
from iomld.cli.stages import publishing_settings
from iomld.errors import SourceError
from iomld.export.csv import csv_head, csv_rows
from iomld.export.stored_quads import released_quads, stored_projects
from iomld.model import ACCEPTED, REJECTED, UNREVIEWED
from iomld.pipeline.conversion import Choices, load_converter
from iomld.publish.mentions import ReviewRequest, review_mentions
from iomld.release import Release
from iomld.review.journal import read_reviews
from iomld.review.tables import COLUMNS, Decision, MentionFilter, MentionRow, mention_rows, read_decisions

_FORMATS = ("text", "csv", "json")
_dry_run_option = click.option("--dry-run", is_flag=True, help="Show what would change, without changing anything.")


@click.group()
def mentions_command() -> None:
    """List the passages in which published records name a policy framework, and say which of them are right.

    A review stays with its passage through all later publishes. A rejected mention is kept in the data as rejected, and
    its project no longer mentions the framework because of it.

    \b
    Example:
      iomld mentions list --review unreviewed --confidence 0.95
      iomld mentions reject PO.0105:3f2a91c07be4
      iomld mentions list --format csv > mentions-to-review.csv
      iomld mentions review mentions-to-review.csv
    """


@mentions_command.command("list")
@click.option("--framework", metavar="CODE", help="Only mentions of this framework and of its parts.")
@click.option(
    "--review", type=click.Choice([UNREVIEWED, ACCEPTED, REJECTED]), help="Only mentions with this status of review."
)
@click.option("--confidence", metavar="NUMBER", help="Only mentions with a confidence below this number.")
@click.option(
    "--format", "form", type=click.Choice(_FORMATS), default="text", show_default=True, help="Format of the list."
)
@datadir_option
def list_mentions(
    *, framework: str | None, review: str | None, confidence: str | None, form: str, datadir: Path | None
) -> None:
    """List the mentions of the current release.

    Each has its key, words, place and review.

    Fill in the column 'review' of the CSV, with accepted or rejected, and give it to 'iomld mentions review'. A mention
    whose words were reviewed in another context has that review in the column 'earlier'.

    \b
    Example:
      iomld mentions list --framework gcm --review unreviewed
      iomld mentions list --confidence 0.95 --format csv > mentions-to-review.csv
    """
    folder = datadir or settings().data_dir
    below = _number(confidence)
    current = served_release(folder)
    chosen = _filter(current, framework, review, below)
    rows = mention_rows(stored_projects(released_quads(current)), read_reviews(folder), chosen)
    if form == "csv":
        sys.stdout.buffer.write(csv_head(COLUMNS))
        for row in rows:
            sys.stdout.buffer.write(csv_rows([row.cells]))
        sys.stdout.buffer.flush()
    elif form == "json":
        click.echo(json.dumps([_row_json(row) for row in rows], indent=2, ensure_ascii=False))
    else:
        for line in _text_lines(rows):
            click.echo(line)


def _number(text: str | None) -> Decimal | None:
    if text is None:
        return None
    with suppress(InvalidOperation):  # also of comparing what is no number
        if 0 <= (number := Decimal(text)) <= 1:
            return number
    raise click.BadParameter("A confidence is a number from 0 to 1, such as 0.95.", param_hint="--confidence")


def _filter(current: Release, framework: str | None, review: str | None, below: Decimal | None) -> MentionFilter:
    if not framework:
        return MentionFilter(review=review or "", below=below)
    linker = load_converter(Choices(current.manifest.base)).linker
    table = linker.lexicon.concepts["framework"]
    code = table.code(framework)
    if code is None:
        close = ", ".join(map(str, table.closest(framework)))
        hint = f" Did you mean {close}?" if close else " /frameworks on the site has all codes."
        raise click.BadParameter(f"'{framework}' is no framework.{hint}", param_hint="--framework")
    return MentionFilter(code, review or "", below, linker.matcher.wholes)


def _row_json(row: MentionRow) -> dict[str, object]:
    cells = dict(zip(COLUMNS, row.cells, strict=True))
    return {"project": row.key.project, **cells, "confidence": float(row.mention.confidence)}


def _text_lines(rows: Iterator[MentionRow]) -> Iterator[str]:
    count = 0
    for row in rows:
        count += 1
        one = row.mention
        earlier = f"; {row.earlier.decision} in another context" if row.earlier else ""
        yield f"{row.key.name}  {one.framework}  {one.review}{earlier}  {one.method} {one.confidence}"
        yield f"    {one.field}.{one.language}: {' '.join(f'{one.prefix}[{one.quote}]{one.suffix}'.split())}"
    yield f"{count:,} mentions"


@mentions_command.command("accept", short_help="Record that mentions are right.")
@click.argument("keys", nargs=-1, required=True, metavar="KEY...")
@target_option
@_dry_run_option
def accept_mentions(*, keys: tuple[str, ...], datadir: Path | None, dry_run: bool) -> None:
    """Record that mentions are right, by their keys in 'iomld mentions list', and publish it.

    \b
    Example:
      iomld mentions accept PO.0105:3f2a91c07be4
    """
    _record([Decision(key, ACCEPTED) for key in keys], datadir, dry_run=dry_run)


@mentions_command.command("reject", short_help="Record that mentions are wrong.")
@click.argument("keys", nargs=-1, required=True, metavar="KEY...")
@target_option
@_dry_run_option
def reject_mentions(*, keys: tuple[str, ...], datadir: Path | None, dry_run: bool) -> None:
    """Record that mentions are wrong, by their keys in 'iomld mentions list', and publish it.

    \b
    Example:
      iomld mentions reject PO.0105:3f2a91c07be4 PO.0201:9c1e0b7d5a24
    """
    _record([Decision(key, REJECTED) for key in keys], datadir, dry_run=dry_run)


@mentions_command.command("review", short_help="Record the reviews in a table.")
@click.argument("table", metavar="CSV", type=click.Path(path_type=Path, dir_okay=False))
@target_option
@_dry_run_option
def review_table(*, table: Path, datadir: Path | None, dry_run: bool) -> None:
    """Record the reviews in a CSV that 'iomld mentions list --format csv' wrote, and publish them.

    Rows whose column 'review' is empty or 'unreviewed' are left out. If a row has a fault, nothing is recorded.

    \b
    Example:
      iomld mentions review mentions-to-review.csv
    """
    try:
        data = table.read_bytes()
    except OSError as error:
        raise SourceError(f"{table}: cannot be read ({error.strerror or error}).") from error
    _record(read_decisions(data, str(table)), datadir, dry_run=dry_run)


def _record(decisions: Sequence[Decision], datadir: Path | None, *, dry_run: bool) -> None:
    known = settings()
    request = ReviewRequest(
        decisions=decisions,
        settings=publishing_settings(known, datadir),
        dry_run=dry_run,
    )
    report = review_mentions(request)
    click.echo(f"decisions  {len(decisions):>8}")
    for line in review_lines(report, dry_run=dry_run):
        click.echo(line)
    click.echo(f"changed    {len(report.changed):>8} {'project' if len(report.changed) == 1 else 'projects'}")
    if dry_run:
        for project in report.changed_projects:
            for line in project.lines():
                click.echo(line)
        click.echo("dry run: nothing was changed")
    elif report.is_new:
        click.echo(f"release    {report.release}")
    else:
        click.echo(f"no new release: nothing changed; {report.release} is served")
    if not dry_run:
        push_current(known, request.settings.datadir)
