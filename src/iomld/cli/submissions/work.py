"""The command `iomld work`: publishes accepted submissions."""

import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import click

from iomld.cli.main import EXIT_DONE, EXIT_REFUSED
from iomld.cli.options import WholeNumber, fund_option, settings, target_option
from iomld.cli.progress import shown_progress
from iomld.cli.remote import push_current
from iomld.cli.stages import loaded_pipeline, pipeline_choices
from iomld.config import Settings
from iomld.errors import NotFoundError, StoreError
from iomld.inbox.database import has_inbox
from iomld.inbox.inbox import Inbox
from iomld.pipeline.stages import Pipeline
from iomld.publish.run import PublishRequest
from iomld.publish.submissions.preview import PROFILE
from iomld.publish.submissions.work import WorkReport, publish_accepted
from iomld.server.supervised_process import end_with_input


@click.command()
@target_option
@fund_option
@click.option("--once", is_flag=True, help="Publish what is accepted now, and end.")
@click.option(
    "--every", type=WholeNumber(1, 86_400), default=5, show_default=True, help="Seconds between two looks at the inbox."
)
@click.option(
    "--until-eof", is_flag=True, help="End when standard input ends, as that of 'iomld serve --publish' does."
)
def work_command(*, datadir: Path | None, once: bool, every: int, until_eof: bool) -> int:
    """Publish accepted submissions, until Ctrl-C or SIGTERM.

    A submission about a project that was published after its acceptance is not published, but shown again with a new
    preview. After a crash, nothing is published twice. Without an inbox, it waits for one; with --once, that is an
    error, and the exit status is 1 if a submission turned out invalid.

    \b
    Example:
      iomld work --once
      iomld work --to /var/lib/iomld
    """
    signal.signal(signal.SIGTERM, _end)
    if until_eof:
        end_with_input()
    known = settings()
    folder = datadir or known.data_dir
    if once and not has_inbox(folder):
        raise NotFoundError(f"{folder}: there is no inbox. 'iomld token create' makes one with the first token.")
    request = PublishRequest((), folder, known.publisher, known.contact)
    if not once:
        _await_inbox(folder, every)
    pipeline = loaded_pipeline(pipeline_choices(known, profile=PROFILE))
    with Inbox(folder) as inbox:
        if once:
            return EXIT_REFUSED if _publish(inbox, request, pipeline, known).refused else EXIT_DONE
        click.echo(f"Publishing what is accepted in {folder}{'' if until_eof else ' — stop with Ctrl-C'}.")
        return _publish_for_ever(inbox, request, pipeline, known, every)


def _end(*_: object) -> NoReturn:
    """End the process; what is being published is left as a crash would leave it, without temporary files."""
    sys.exit(EXIT_DONE)


def _await_inbox(folder: Path, every_s: int) -> None:
    """Wait until a folder has an inbox, which the first token makes."""
    if not has_inbox(folder):
        click.echo(f"{folder}: there is no inbox yet. 'iomld token create' makes one with the first token.", err=True)
    while not has_inbox(folder):
        time.sleep(every_s)


def _publish_for_ever(
    inbox: Inbox, request: PublishRequest, pipeline: Pipeline, known: Settings, every_s: int
) -> NoReturn:
    """Publish what is accepted, again and again; an error that lasts is reported once."""
    last = ""
    while True:
        try:
            _publish(inbox, request, pipeline, known)
            last = ""
        except (StoreError, OSError) as error:  # another publish is running, or the disk is full: look again
            text = str(error).removesuffix(".")
            if text != last:
                click.echo(f"iomld: {text}. Looking again every {every_s} seconds.", err=True)
            last = text
        time.sleep(every_s)


def _publish(inbox: Inbox, request: PublishRequest, pipeline: Pipeline, known: Settings) -> WorkReport:
    with shown_progress() as progress:
        report = publish_accepted(inbox, request, pipeline, progress)
    for line in _lines(report):
        click.echo(line)
    if report.decisions or any(report.published.values()):
        push_current(known, request.datadir)
    return report


def _lines(report: WorkReport) -> Iterator[str]:
    for id_, name in report.published.items():
        yield f"published  {id_}  {name or 'its values were published already'}"
    if report.decisions:
        yield f"reviews    {report.decisions} decisions about mentions"
    yield from (f"returned   {id_}  a project in it has changed; look at the new preview" for id_ in report.returned)
    yield from (f"invalid    {id_}  'iomld inbox show {id_}' says why" for id_ in report.refused)
