"""`iomld serve --publish`: one command serves, and publishes what is accepted."""

import os
import select
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.commands import start_iomld
from tests.conftest import Command
from tests.publish.submissions.made import Desk
from tests.serving import Server, serve

from iomld.inbox.inbox import Inbox
from iomld.inbox.submissions import MergeMode, SubmissionState
from iomld.pipeline.conversion import Choices
from iomld.pipeline.stages import Pipeline, load_pipeline

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    """The stages, loaded once."""
    return load_pipeline(Choices(profile="published"))


@pytest.fixture
def folder(tmp_path: Path, few_records: Path, iomld: Command) -> Path:
    """A folder in which CE.0134 and PO.0105 are published, without an inbox."""
    datadir = tmp_path / "data"
    assert iomld("publish", few_records, "--to", datadir).returncode == 0
    return datadir


def publisher(server: Server) -> int:
    """The process id of the process that publishes, once there is one."""
    while True:
        for pid in server.descendants():
            if _is_publisher(pid):
                return pid


def _is_publisher(pid: int) -> bool:
    try:
        return b"--until-eof" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def lines(server: Server) -> Iterator[str]:
    """What the server, and the process beside it, write to standard output."""
    assert server.process.stdout is not None
    return iter(server.process.stdout)


def accept(folder: Path, pipeline: Pipeline, amount: int) -> str:
    """Accept an amount of PO.0105; gives the name of the submission."""
    with Inbox(folder) as inbox:
        desk = Desk(folder, pipeline, inbox, datetime.now(UTC))
        one = desk.submit({"projectCode": "PO.0105", "budgetUSD": amount}, mode=MergeMode.PATCH)
        desk.accept(one)
    return one.id


def test_what_is_accepted_is_published(folder: Path, pipeline: Pipeline, iomld: Command) -> None:
    """It waits for the inbox, is started again after a kill, loses nothing, and is gone when the server is."""
    with serve(folder, "--publish") as server:
        first = publisher(server)
        assert iomld("token", "create", "--scope", "submit", "--name", "x", "--from", folder).returncode == 0
        assert next(lines(server)) == f"Publishing what is accepted in {folder}.\n"
        os.kill(first, signal.SIGKILL)
        waiting = accept(folder, pipeline, 1)
        written = lines(server)
        assert next(written) == f"Publishing what is accepted in {folder}.\n"
        assert next(written).split()[:2] == ["published", waiting]
        second = publisher(server)
        assert second != first
    assert not _is_publisher(second)
    with Inbox(folder) as inbox:
        assert inbox.submission(waiting).state is SubmissionState.PUBLISHED


def test_it_ends_with_a_server_that_is_killed(folder: Path) -> None:
    """Nobody is left to end it, so that it ends by itself."""
    with serve(folder, "--publish") as server:
        left = publisher(server)
        end = os.pidfd_open(left)
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
        select.select([end], [], [])
        os.close(end)
    assert not _is_publisher(left)


def test_work_ends_with_sigterm(folder: Path, iomld: Command) -> None:
    """As a service of its own, `iomld work` ends with exit status 0 when it is stopped, so that systemd is content."""
    assert iomld("token", "create", "--scope", "submit", "--name", "x", "--from", folder).returncode == 0
    process = start_iomld("work", "--to", folder)
    assert process.stdout is not None
    with process.stdout as written:
        assert written.readline() == f"Publishing what is accepted in {folder} — stop with Ctrl-C.\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(240) == 0
