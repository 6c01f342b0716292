"""The commands `iomld publish` and `iomld withdraw`: make a new release with records, or without them."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from itertools import islice
from pathlib import Path

import click

from iomld.cli.main import EXIT_DONE, EXIT_REFUSED
from iomld.cli.options import (
    WholeNumber,
    check_source_url,
    engine_options,
    fund_option,
    mapping_option,
    settings,
    source_url_option,
    target_option,
)
from iomld.cli.progress import shown_progress
from iomld.cli.queries import drift_lines
from iomld.cli.remote import push_current
from iomld.cli.stages import chosen_mapping, loaded_pipeline, pipeline_choices, publishing_settings
from iomld.model import Finding, Severity
from iomld.pipeline.conversion import Choices
from iomld.pipeline.stages import Pipeline
from iomld.publish.processes import JobRunner, available_processors
from iomld.publish.report import PublishReport, refusal_groups, report_json
from iomld.publish.run import PublishRequest, publish_sources
from iomld.publish.withdraw import Withdrawal, withdraw_projects
from iomld.release import FILES

_MOST_LISTED = 10  # refusals, and projects that lose values, one by one


@click.command()
@click.argument("sources", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--include",
    metavar="FILE",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also publish the graphs of this .nq, .trig or .ttl file as they are; can be repeated.",
)
@target_option
@source_url_option
@mapping_option
@fund_option
@click.option("--dry-run", is_flag=True, help="Show what would change, field by field, without changing anything.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Format of the report.",
)
@click.option(
    "--processes",
    type=WholeNumber(1, 256),
    default=available_processors,
    metavar="NUMBER",
    help="How many processes work on a thousand records or more.  [default: the processors of the machine]",
)
@click.option(
    "--cluster",
    metavar="spark://HOST:PORT",
    help="Run the work on the executors of this Apache Spark cluster instead; needs iomld[spark] and Java.",
)
@engine_options
def publish_command(
    *,
    sources: tuple[Path, ...],
    include: tuple[Path, ...],
    datadir: Path | None,
    source_url: str | None,
    mapping: Path | None,
    dry_run: bool,
    form: str,
    processes: int,
    cluster: str | None,
    engine: str,
    as_of: datetime | None,
) -> int:
    """Read records from SOURCES (files and folders), check them, and publish them as a new release.

    A record replaces the published record of the same project; all other published records stay. A record with a
    violation is refused and reported, and the others are published. With --include, no SOURCE is needed.

    \b
    Example:
      iomld publish data/
      iomld publish page.txt --source-url https://www.iom.int/project/…
      iomld publish --include neighbours.ttl
    """
    known = settings()
    if not (sources or include):
        raise click.UsageError("Name a SOURCE, or a file with --include.")
    check_source_url(source_url, sources)
    request = PublishRequest(
        sources=sources,
        datadir=datadir or known.data_dir,
        publisher=known.publisher,
        contact=known.contact,
        url=source_url,
        mapping=chosen_mapping(mapping),
        dry_run=dry_run,
        include=include,
        processes=processes,
        open_runner=_cluster_runner(cluster) if cluster else None,
    )
    report = publish_with_progress(request, pipeline_choices(known, profile="published", engine=engine, as_of=as_of))
    _show_report(report, form, dry_run=dry_run)
    if not dry_run:
        push_current(known, request.datadir)
    return EXIT_REFUSED if report.refused else EXIT_DONE


def _show_report(report: PublishReport, form: str, *, dry_run: bool) -> None:
    """Write the report to standard output, as text or JSON."""
    if form == "json":
        served = {"release": report.release, "isNew": report.is_new, "dryRun": dry_run}
        click.echo(json.dumps(report_json(report) | served, indent=2, ensure_ascii=False))
        return
    for line in summary_lines(report, dry_run=dry_run):
        click.echo(line)


def _cluster_runner(master: str) -> Callable[[Pipeline], AbstractContextManager[JobRunner]]:
    """What runs the jobs on a cluster; a wrong address is reported before anything is read."""
    from iomld.spark.cluster import check_master, spark_runner  # noqa: PLC0415  # most publishes do without

    check_master(master)
    return lambda pipeline: spark_runner(pipeline, master)


def publish_with_progress(request: PublishRequest, chosen: Choices) -> PublishReport:
    """Publish with progress on a terminal; refusals, lost values and changed answers go to standard error."""
    with shown_progress() as progress:
        report = publish_sources(request, loaded_pipeline(chosen), progress)
    full = _full_report(report, request)
    drift = drift_lines(request.datadir, report.release if report.is_new else None)
    for line in (*_refusal_lines(report, full), *_lost_lines(report, full), *drift):
        click.echo(line, err=True)
    return report


def _full_report(report: PublishReport, request: PublishRequest) -> str:
    """Where all refusals and lost values are."""
    if report.is_new:
        return f"{request.datadir / 'releases' / str(report.release) / FILES.report} has all of them."
    return "There is no new release with a report: --format json prints all of them."


def _refusal_lines(report: PublishReport, full: str) -> Iterator[str]:
    """The refusals with their reasons; many are grouped by rule."""
    if len(report.refused) > _MOST_LISTED:
        yield f"refused: {len(report.refused):,} projects and files. {full}"
        for group in refusal_groups(report.refused):
            more = group.count - len(group.places)
            places = ", ".join(group.places) + (f" and {more:,} more" if more else "")
            yield f"  {group.count:>7,}  {_reason_words(group.example)} [{group.rule}]"
            yield f"           {places}"
        return
    for refusal in report.refused:
        kept = " Its earlier version stays published." if refusal.kept else ""
        yield f"refused: {refusal.name}.{kept}"
        for finding in refusal.reasons:
            where = f"{finding.place.file}:{finding.place.line}: " if finding.place and finding.place.line else ""
            yield f"  {where}{_reason_words(finding)}"


def _reason_words(finding: Finding) -> str:
    named = f"{finding.field}: " if finding.field else ""
    is_named = not finding.value or finding.value in str(finding.message)
    found = "" if is_named else f" Found: '{finding.value}'."
    return f"{named}{finding.message}{found} {finding.fix or ''}".rstrip()


def _lost_lines(report: PublishReport, full: str) -> Iterator[str]:
    """The fields of which projects lose all values."""
    for key, names in islice(report.lost.items(), _MOST_LISTED):
        known = f"{', '.join(names)}: published, and not in the new record."
        yield f"lost: {key}. {known} To keep values, give the record whole, as 'iomld export' has it."
    if len(report.lost) > _MOST_LISTED:
        yield f"lost: {len(report.lost) - _MOST_LISTED:,} more projects lose values. {full}"


def summary_lines(report: PublishReport, *, dry_run: bool) -> Iterator[str]:
    """The summary of a publish: one line for each figure."""
    yield f"read       {report.read:>8} records of {report.projects} projects"
    published = "would publish" if dry_run else f"{'published':<11}  "
    yield f"{published}{report.published:>6} projects: {len(report.added)} new, {len(report.changed)} changed"
    if report.unchanged:
        again = f", {len(report.seen_again)} of them in other sources" if report.seen_again else ""
        yield f"unchanged  {report.unchanged:>8} projects: same values seen again{again}"
    if report.returned:
        yield f"returned   {len(report.returned):>8} that had been withdrawn: {', '.join(report.returned)}"
    if report.included:
        yield f"included   {len(report.included):>8} graphs"
    yield f"refused    {len(report.refused):>8}"
    yield from _remark_lines(report)
    yield from review_lines(report, dry_run=dry_run)
    yield f"triples    {report.quads:>8}"
    if report.repeated_triples:
        yield f"  repeated {report.repeated_triples:>8} that stand in another graph too"
    yield f"seconds    {report.seconds:>8.1f}"
    if dry_run:
        for project in report.changed_projects:
            yield from project.lines()
        yield "dry run: nothing was changed"
    elif report.is_new:
        yield f"release    {report.release}"
    else:
        yield f"no new release: nothing changed; {report.release or 'nothing'} is served"


def _remark_lines(report: PublishReport) -> Iterator[str]:
    """The Warnings and Infos by rule, with the subject of the rule: Warnings first, the most frequent first."""
    if not report.warnings:
        return
    from iomld.validate import all_rules  # noqa: PLC0415  # the pipeline has loaded them
    from iomld.validate.reading_rules import READING_RULES  # noqa: PLC0415

    names = {rule.id: rule.sentence.rstrip(".") for rule in READING_RULES} | {
        rule.id: rule.name for rule in all_rules()
    }
    infos = {rule.id for rule in READING_RULES if rule.severity is Severity.INFO}
    infos |= {rule.id for rule in all_rules() if rule.severity is Severity.INFO}
    remarks = sorted(report.warnings.items(), key=lambda item: (item[0] in infos, -item[1], item[0]))
    for rule, count in remarks:
        severity = "info" if rule in infos else "warning"
        yield f"  {severity:<8} {count:>8} {rule}: {names.get(rule, 'a rule of the fund')}"
    yield f"                    (to explain a rule: iomld rules {remarks[0][0]})"


def review_lines(report: PublishReport, *, dry_run: bool) -> Iterator[str]:
    """The reviews of mentions: how many hold, and which do not any more; nothing if there are none."""
    if report.reviewed:
        yield f"reviews    {report.applied:>8} {'would apply' if dry_run else 'recorded'}"
    for word, reviews, hint in (
        ("moved", report.moved, "Its context changed; review it again"),
        ("orphaned", report.orphaned, "The text no longer has it; the review is kept"),
    ):
        for review in reviews[:_MOST_LISTED]:
            one = review.mention
            words = f"{one.framework} '{one.exact}' in {one.field}.{one.language}, {review.decision}"
            yield f"  {word:<8} {one.project}: {words}. {hint}."
        if len(reviews) > _MOST_LISTED:
            yield f"  {word:<8} {len(reviews) - _MOST_LISTED:,} more; --format json prints all of them"


@click.command()
@click.argument("codes", nargs=-1, required=True, metavar="CODES...")
@click.option("--reason", metavar="TEXT", required=True, help="Why, in a sentence; it is published.")
@click.option("--replaced-by", metavar="CODE", help="Code of the published project that replaces them.")
@target_option
@click.option("--dry-run", is_flag=True, help="Show what would be withdrawn, without changing anything.")
def withdraw_command(
    *, codes: tuple[str, ...], reason: str, replaced_by: str | None, datadir: Path | None, dry_run: bool
) -> None:
    """Withdraw the records of projects: make a new release without them that says when and why.

    CODES are project codes, or prima-IDENTIFIER for projects without a code. Earlier releases keep the records.
    To bring a project back, publish it again.

    \b
    Example:
      iomld withdraw PO.0201 --reason "Published by mistake."
      iomld withdraw PO.0201 --reason "The same project as PO.0216." --replaced-by PO.0216
    """
    if not reason.strip():
        raise click.UsageError("--reason is empty. Say why in a sentence; it is published.")
    known = settings()
    withdrawal = Withdrawal(
        keys=tuple(dict.fromkeys(codes)),
        reason=reason.strip(),
        replaced_by=replaced_by,
        settings=publishing_settings(known, datadir),
        dry_run=dry_run,
    )
    served = withdraw_projects(withdrawal)
    click.echo(f"withdrawn  {', '.join(withdrawal.keys)}")
    click.echo("dry run: nothing was changed" if dry_run else f"release    {served.manifest.name}")
    if not dry_run:
        for line in drift_lines(withdrawal.settings.datadir, served.manifest.name):
            click.echo(line, err=True)
        push_current(known, withdrawal.settings.datadir)
