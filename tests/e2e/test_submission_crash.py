"""`kill -9` while accepted submissions are published: none is lost, none is published twice."""

import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.amount import amount
from tests.conftest import Command
from tests.publish.submissions.made import Desk

from iomld import release
from iomld.inbox.inbox import Inbox
from iomld.inbox.receipts import chain_faults
from iomld.inbox.submissions import MergeMode, SubmissionState
from iomld.inbox.tokens import TokenScope
from iomld.pipeline.conversion import Choices
from iomld.pipeline.stages import load_pipeline

pytestmark = pytest.mark.server

CODES = ("CE.0134", "PO.0105")
# Runs in the process of `iomld work` before it does anything. It counts what is about to change in the folder of
# releases, and each transaction of the inbox before and after its commit, and kills the process at a given one.
KILLER = """
import os, signal, sys
from contextlib import contextmanager
from iomld.inbox.database import InboxDatabase
folder, moment, changes = os.environ["KILL_IN"], os.environ["KILL_AT"], 0
def reached(name):
    global changes
    changes += 1
    print(name, file=sys.stderr, flush=True)
    if str(changes) == moment:
        os.kill(os.getpid(), signal.SIGKILL)
def count(event, arguments):
    if event in {"os.mkdir", "os.rename", "os.symlink", "os.remove"} and any(
            str(argument).startswith(folder) for argument in arguments):
        reached(event)
plain = InboxDatabase.transaction
@contextmanager
def counted(self):
    with plain(self) as database:
        yield database
        reached("before a commit")
    reached("after a commit")
InboxDatabase.transaction = counted
sys.addaudithook(count)
"""


def test_killed_at_many_moments(tmp_path: Path, few_records: Path, iomld: Command) -> None:
    """Whenever the process is killed, the next one brings each accepted submission to exactly one release."""
    folder = tmp_path / "data"
    assert iomld("publish", few_records, "--to", folder).returncode == 0
    token = iomld("token", "create", "--scope", TokenScope.SUBMIT, "--name", "x", "--from", folder)
    assert token.returncode == 0

    def work(moment: str) -> tuple[int, int]:
        """The exit code, and how many moments were reached."""
        done = iomld("work", "--once", "--to", folder, prelude=KILLER, KILL_IN=str(folder), KILL_AT=moment)
        return done.returncode, done.stderr.count("\n")

    accept(folder, 0)
    code, moments = work("never")
    assert code == 0
    assert moments > 10
    parts = amount(6)
    for turn in range(1, parts + 1):
        submitted = accept(folder, turn)
        killed, _ = work(str(1 + (moments - 1) * turn // parts))
        assert killed in {-signal.SIGKILL, 0}
        assert work("never")[0] == 0
        check(folder, submitted)


def accept(folder: Path, turn: int) -> list[str]:
    """Accept a new amount for each of two projects; give the names of the submissions."""
    with Inbox(folder) as inbox:
        desk = Desk(folder, load_pipeline(Choices(profile="published")), inbox, datetime.now(UTC))
        made = [desk.submit({"projectCode": name, "budgetUSD": 1000 + turn}, mode=MergeMode.PATCH) for name in CODES]
        for one in made:
            desk.accept(one)
    return [one.id for one in made]


def check(folder: Path, submitted: list[str]) -> None:
    """Each submission is published, in one release alone, and its receipt names the revision."""
    names = release.release_names(folder)
    found = [id_ for name in names for id_ in release.open_release(folder, name).manifest.submissions]
    with Inbox(folder) as inbox:
        for id_ in submitted:
            assert inbox.submission(id_).state is SubmissionState.PUBLISHED
            assert found.count(id_) == 1
            published = inbox.receipt(id_)[-1].values()
            assert published["release"] in names
            assert len(published["revisions"]) == 1
        assert list(chain_faults(inbox.entries())) == []
