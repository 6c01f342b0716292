"""The commands about submissions and tokens, as whoever runs the server uses them."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.conftest import Command
from tests.inbox.made import written_bytes
from tests.publish.submissions.made import Desk

from iomld.inbox.inbox import Inbox
from iomld.inbox.submissions import MergeMode, SubmissionState
from iomld.pipeline.conversion import Choices
from iomld.pipeline.stages import load_pipeline


@pytest.fixture
def desk(tmp_path: Path, few_records: Path, iomld: Command) -> Iterator[Desk]:
    """A folder in which CE.0134 and PO.0105 are published, with an inbox."""
    folder = tmp_path / "data"
    assert iomld("publish", few_records, "--to", folder).returncode == 0
    with Inbox(folder) as inbox:
        yield Desk(folder, load_pipeline(Choices(profile="published")), inbox, datetime.now(UTC))


def test_from_the_list_to_the_release(desk: Desk, iomld: Command) -> None:
    """List, show, accept what was shown with what vanishes, and publish."""
    made = desk.submit({"projectCode": "PO.0105", "budgetUSD": 5, "abstract": None}, mode=MergeMode.PATCH)
    here = ("--from", desk.datadir)
    assert made.id in iomld("inbox", "list", "--state", "previewed", *here).stdout
    shown = iomld("inbox", "show", made.id, *here).stdout
    assert "  budget: 100000 USD → 5 USD\n" in shown
    assert "  removes PO.0105/abstract.en\n" in shown
    assert json.loads(iomld("inbox", "show", made.id, "--format", "json", *here).stdout)["conforms"]
    assert "\nTX .\n" in iomld("inbox", "show", made.id, "--format", "rdf-patch", *here).stdout

    accept = ("inbox", "accept", made.id, *here)
    assert iomld(*accept, "--preview", "other").returncode == 2
    refused = iomld(*accept, "--preview", made.tag)
    assert (refused.returncode, "PO.0105/abstract.en" in refused.stderr) == (2, True)
    assert iomld(*accept, "--preview", made.tag, "--removes", "PO.0105/abstract.en").returncode == 0
    done = iomld("work", "--once", "--to", desk.datadir)
    assert done.stdout.startswith(f"published  {made.id}  20")
    assert desk.state(made) is SubmissionState.PUBLISHED


def test_a_preview_that_is_out_of_date(desk: Desk, iomld: Command) -> None:
    """Accepting it fails in a sentence, and the new preview is there to be shown."""
    made = desk.submit({"projectCode": "PO.0105", "budgetUSD": 5}, mode=MergeMode.PATCH)
    other = desk.submit({"projectCode": "PO.0105", "budgetUSD": 77}, mode=MergeMode.PATCH)
    desk.accept(other)
    desk.work()
    refused = iomld("inbox", "accept", made.id, "--preview", made.tag, "--from", desk.datadir)
    assert (refused.returncode, "new preview" in refused.stderr) == (2, True)
    assert "77 USD → 5 USD" in iomld("inbox", "show", made.id, "--from", desk.datadir).stdout


def test_rejecting_and_forgetting(desk: Desk, iomld: Command) -> None:
    """The reason is required; a forgotten sender is in no file."""
    made = iomld("token", "create", "--scope", "submit", "--name", "Ada Lovelace", "--from", desk.datadir)
    token = made.stdout.split("_")[1]
    assert "Ada Lovelace" in iomld("token", "list", "--from", desk.datadir).stdout
    assert made.stdout.strip() not in iomld("token", "list", "--from", desk.datadir).stdout
    sent = desk.submit({"projectCode": "PO.0105", "budgetUSD": 5}, mode=MergeMode.PATCH)
    reject = ("inbox", "reject", sent.id, "--from", desk.datadir, "--reason")
    assert iomld(*reject, " ").returncode == 2
    assert iomld(*reject, "A draft.").returncode == 0
    assert iomld(*reject, "A draft.").returncode == 2
    assert iomld("inbox", "forget", token, "--from", desk.datadir).returncode == 0
    assert b"Lovelace" not in written_bytes(desk.datadir)
    assert iomld("token", "revoke", "unknown", "--from", desk.datadir).returncode == 2
    assert iomld("inbox", "verify", "--from", desk.datadir).stdout.startswith("whole")


@pytest.mark.parametrize("command", [("inbox", "list", "--from"), ("token", "list", "--from"), ("work", "--to")])
def test_without_an_inbox(tmp_path: Path, iomld: Command, command: tuple[str, ...]) -> None:
    """The error says what makes one, and no file is made."""
    done = iomld(*command, tmp_path)
    assert (done.returncode, "iomld token create" in done.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []
