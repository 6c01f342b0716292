"""`kill -9` while accepted submissions are published: none is lost, none is published twice."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest
from tests.amount import amount
from tests.conftest import Command
from tests.killing import KilledRun, run_killed, spread
from tests.publish.submissions.made import Desk

from iomld import release
from iomld.inbox.inbox import Inbox
from iomld.inbox.submissions import MergeMode, SubmissionState
from iomld.pipeline.conversion import Choices
from iomld.pipeline.stages import load_pipeline
from iomld.release.pruning import pruned_manifests

pytestmark = pytest.mark.server

S = SubmissionState
CODES = ("CE.0134", "PO.0105")
# Moments at which what is on the disk changes its meaning: a name changes, or a commit is due or done.
DECISIVE = frozenset(
    {
        "os.rename",
        "os.symlink",
        "before os.fsync",
        "inbox UPDATE",
        "inbox INSERT",
        "before the commit",
        "after the commit",
    }
)
TURNS_BETWEEN_PRUNINGS = 25
# What is accepted in a turn, in rising order: the code of each submission, and how it changes the record.
SCENES = (
    ((CODES[0], MergeMode.PATCH), (CODES[1], MergeMode.PATCH)),  # one release
    ((CODES[0], MergeMode.PATCH), (CODES[1], MergeMode.REPLACE)),  # two releases
    ((CODES[0], MergeMode.PATCH), (CODES[0], MergeMode.PATCH)),  # the second must be accepted again
)


@pytest.mark.timeout(0)  # of the test itself: IOMLD_TEST_AMOUNT=112 kills a thousand times, for hours
def test_killed_at_many_moments(tmp_path: Path, few_records: Path, iomld: Command) -> None:
    """Whenever the process is killed, the next one brings each accepted submission to exactly one release."""
    office = Office(tmp_path / "data", few_records, iomld)
    moments = []
    for number, scene in enumerate(SCENES):
        office.accept(scene)
        whole = office.work("never")
        assert whole.status == 0
        assert set(whole.moments) >= DECISIVE
        office.finish()
        moments.append(islice(kill_moments(whole), 3 * number, None))  # few turns have different ones
    office.check()
    killed: Counter[str] = Counter()
    try:
        for turn in range(amount(6)):
            killed += Counter(office.killed_in_turn(turn, next(moments[turn % len(SCENES)])))
    finally:
        print(*(f"{number:5}  {name}" for name, number in sorted(killed.items())), sep="\n")  # noqa: T201  # with -s
    office.verify()


def kill_moments(whole: KilledRun) -> Iterator[str]:
    """Moments of a run, for as long as they are wanted: each kind of decisive change, then any, or in between."""
    kinds = [[number for number, name in enumerate(whole.moments, 1) if name == kind] for kind in sorted(DECISIVE)]
    every = [*range(1, len(whole.moments) + 1)]
    for part in spread():
        for numbers in (*kinds, every):
            yield str(numbers[int(part * len(numbers))])
        yield f"{1 + int(part * whole.processor_ms)}ms"


class Office:
    """A folder of releases whose inbox is filled, and whose publishing process is killed."""

    def __init__(self, folder: Path, records: Path, command: Command) -> None:
        """Publish the records of a file; nothing is submitted yet."""
        self.folder, self._command = folder, command
        self._pipeline = load_pipeline(Choices(profile="published"))
        self._records = {one["projectCode"]: one for one in json.loads(records.read_text(encoding="utf-8"))}
        assert command("publish", records, "--to", folder).returncode == 0
        self._accepted: list[str] = []  # of all turns
        self._open: list[str] = []  # of this turn
        self._amount = 1000

    def killed_in_turn(self, turn: int, moment: str) -> list[str]:
        """Kill the process once or twice and let it finish; gives where it was killed, for people."""
        self.accept(SCENES[turn % len(SCENES)])
        runs = [self.work(moment) for _ in range(1 + turn % 2)]  # the process that puts it right is killed too
        for run in runs:
            assert run.is_killed or run.status == 0, run.stderr  # one with fewer moments ends before
        assert self.current_is_whole()
        self.finish()
        self.check()
        if turn % TURNS_BETWEEN_PRUNINGS == TURNS_BETWEEN_PRUNINGS - 1:
            assert self._command("releases", "prune", "--keep", "2", "--from", self.folder).returncode == 0
        return [
            f"killed at {run.moments[-1] if run.moments else 'its start'}" if run.is_killed else "ended before"
            for run in runs
        ]

    def accept(self, scene: Sequence[tuple[str, MergeMode]]) -> None:
        """Accept a new amount for each project of a scene."""
        with Inbox(self.folder) as inbox:
            desk = Desk(self.folder, self._pipeline, inbox, datetime.now(UTC))
            self._open = []
            for code, mode in scene:
                self._amount += 1
                whole = self._records[code] if mode is MergeMode.REPLACE else {"projectCode": code}
                record = whole | {"budgetUSD": str(self._amount)}
                self._open.append(desk.submit(record, mode=mode).id)
            for id_ in self._open:
                desk.accept(inbox.submission(id_))
        self._accepted += self._open

    def work(self, moment: str) -> KilledRun:
        """Publish what is accepted, until a moment."""
        return run_killed(self._command, self.folder, moment, "work", "--once", "--to", self.folder)

    def finish(self) -> None:
        """Publish what is accepted; what was returned with a new preview is accepted again."""
        while True:
            run = self.work("never")
            assert run.status == 0, run.stderr
            with Inbox(self.folder) as inbox:
                found = [inbox.submission(id_) for id_ in self._open]
                returned = [one for one in found if one.state is S.PREVIEWED]
                for one in returned:
                    inbox.accept(one.id, one.tag, datetime.now(UTC))
            if not returned:
                return

    def current_is_whole(self) -> bool:
        """Whether the current release can be opened; that reads what it has against its manifest."""
        return release.current_release(self.folder) is not None

    def check(self) -> None:
        """Each submission of this turn is published, in one release alone, and its receipt names the revision."""
        names = release.release_names(self.folder)
        found = self._published()
        assert {one: found[one] for one in self._accepted} == dict.fromkeys(self._accepted, 1)
        with Inbox(self.folder) as inbox:
            for id_ in self._open:
                assert inbox.submission(id_).state is S.PUBLISHED
                published = inbox.receipt(id_)[-1].values()
                assert published["release"] in names
                assert len(published["revisions"]) == 1
        assert not [path for path in (self.folder / "releases").iterdir() if path.name.startswith(".")]
        assert self._command("inbox", "verify", "--from", self.folder).returncode == 0

    def verify(self) -> None:
        """Every file of every release is as its manifest says, and so is the ledger."""
        assert self._command("releases", "verify", "--all", "--from", self.folder).returncode == 0

    def _published(self) -> Counter[str]:
        """How many releases have each submission, pruned ones included."""
        kept = [release.open_release(self.folder, name).manifest for name in release.release_names(self.folder)]
        pruned = [manifest for manifest, _ in pruned_manifests(self.folder).values()]
        return Counter(id_ for manifest in (*kept, *pruned) if manifest for id_ in manifest.submissions)
