"""The commands about submissions and tokens, as whoever runs the server uses them."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.conftest import Command
from tests.inbox.made import add_token, written_bytes
from tests.publish.submissions.made import Desk

from iomld.inbox.database import FILE
from iomld.inbox.inbox import Inbox
from iomld.inbox.receipts import ReceiptEntry, next_entry
from iomld.inbox.submissions import MergeMode, SubmissionState
from iomld.inbox.tokens import TokenScope
from iomld.pipeline.conversion import Choices
from iomld.pipeline.stages import load_pipeline

_CODES = ("CE.0134", "PO.0105")


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
    mistyped = iomld(*accept, "--preview", "other")
    assert (mistyped.returncode, "'other' is not the present preview" in mistyped.stderr) == (2, True)
    assert f"iomld inbox show {made.id}" in mistyped.stderr
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
    assert (refused.returncode, "present preview" in refused.stderr) == (2, True)
    assert "77 USD → 5 USD" in iomld("inbox", "show", made.id, "--from", desk.datadir).stdout


def test_an_identifier_that_two_want(desk: Desk, iomld: Command) -> None:
    """The command says that one is invalid, by its exit status too, and showing it says why."""
    (first, second) = (
        desk.submit({"projectCode": code, "primaId": "XX10P0001"}, mode=MergeMode.PATCH) for code in _CODES
    )
    for each in (first, second):
        desk.accept(each)
    done = iomld("work", "--once", "--to", desk.datadir)
    assert (done.returncode, f"invalid    {second.id}" in done.stdout) == (1, True)
    assert "[primaUnique]" in iomld("inbox", "show", second.id, "--from", desk.datadir).stdout


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


@pytest.mark.parametrize("hidden", ["\x1b[31m", "\n", "\u202e", "\x9b"])
def test_control_characters(desk: Desk, iomld: Command, hidden: str) -> None:
    """They are refused with their place, and those of an earlier version are shown as escapes."""
    sent = desk.submit({"projectCode": "PO.0105", "budgetUSD": 5}, mode=MergeMode.PATCH)
    here, text = ("--from", desk.datadir), f"no{hidden}state"
    for refused in (
        iomld("inbox", "reject", sent.id, "--reason", text, *here),
        iomld("token", "create", "--scope", "submit", "--name", text, *here),
    ):
        assert (refused.returncode, f"U+{ord(hidden[0]):04X}" in refused.stderr) == (2, True)
    assert desk.state(sent) is SubmissionState.PREVIEWED
    add_token(desk.inbox, TokenScope.SUBMIT)
    with desk.inbox._database.transaction() as database:
        database.execute("UPDATE token SET name = ?", (text,))
        database.execute("UPDATE submission SET reason = ?", (text,))
    for shown in (iomld("inbox", "show", sent.id, *here), iomld("token", "list", *here)):
        assert text not in shown.stdout
        assert hidden[0].encode("unicode_escape").decode() in shown.stdout


def test_a_token_for_a_folder_that_is_missing(tmp_path: Path, iomld: Command) -> None:
    """A misspelt path makes nothing, and neither does a name that is refused."""
    create = ("token", "create", "--scope", "submit", "--from")
    done = iomld(*create, tmp_path / "nowhere", "--name", "Ada")
    assert (done.returncode, "iomld publish" in done.stderr) == (2, True)
    assert iomld(*create, tmp_path, "--name", "Ada\n").returncode == 2
    assert list(tmp_path.iterdir()) == []
    assert iomld(*create, tmp_path, "--name", "Ada").returncode == 0


def _forged(entry: ReceiptEntry | None, old: ReceiptEntry) -> ReceiptEntry:
    """An entry that says something else than an old one, and follows another."""
    values = {key: value for key, value in old.values().items() if key not in {"number", "previous"}}
    receipt, event, at = (values.pop(key) for key in ("receipt", "event", "at"))
    return next_entry(entry, receipt, event, at, values | {"bytes": 1})


def _write_anew(desk: Desk) -> None:
    last = None
    for old in desk.inbox.entries():
        last = _forged(last, old)
        with desk.inbox._database.transaction() as database:
            values = (last.content, last.sha256, last.number)
            database.execute("UPDATE entry SET content = ?, sha256 = ? WHERE number = ?", values)


@pytest.mark.parametrize(
    "statement",
    [
        "",
        "DELETE FROM entry WHERE number > 2",
        "DELETE FROM entry",
        "UPDATE entry SET content = 'no JSON'",
        "DELETE FROM submission",
        "UPDATE submission SET state = 'rejected'",
    ],
)
def test_receipts_that_were_removed_or_written_anew(desk: Desk, iomld: Command, statement: str) -> None:
    """Releases and submissions show it, even if the hashes of the chain fit."""
    sent = desk.submit({"projectCode": "PO.0105", "budgetUSD": 5}, mode=MergeMode.PATCH)
    desk.accept(sent)
    desk.work()
    verify = ("inbox", "verify", "--from", desk.datadir)
    assert iomld(*verify).stdout.endswith("compared with 2 releases\n")
    if statement:
        with desk.inbox._database.transaction() as database:
            database.execute(statement)
    else:
        _write_anew(desk)
    done = iomld(*verify)
    assert (done.returncode, f"receipt {sent.id}: " in done.stdout, "backup" in done.stderr) == (2, True, True)


def test_verifying_with_pruned_and_damaged_releases(desk: Desk, iomld: Command) -> None:
    """What is kept of a pruned release counts, and a manifest that cannot be read is said."""
    sent = desk.submit({"projectCode": "PO.0105", "budgetUSD": 5}, mode=MergeMode.PATCH)
    desk.accept(sent)
    desk.work()
    later = desk.submit({"projectCode": "PO.0105", "budgetUSD": 6}, mode=MergeMode.PATCH)
    desk.accept(later)
    desk.work()
    assert iomld("releases", "prune", "--keep", "1", "--from", desk.datadir).returncode == 0
    verify = ("inbox", "verify", "--from", desk.datadir)
    assert iomld(*verify).returncode == 0
    (*_, manifest) = sorted(desk.datadir.glob("releases/*/manifest.json"))
    manifest.write_text("no JSON")
    done = iomld(*verify)
    assert (done.returncode, "cannot be compared" in done.stdout) == (2, True)
    for path in desk.datadir.glob(f"{FILE}*"):
        path.unlink()
    (desk.datadir / FILE).touch()
    assert f"receipt {sent.id}: " in iomld(*verify).stdout


@pytest.mark.parametrize(
    "command", [("inbox", "list", "--from"), ("token", "list", "--from"), ("work", "--once", "--to")]
)
def test_without_an_inbox(tmp_path: Path, iomld: Command, command: tuple[str, ...]) -> None:
    """The error says what makes one, and no file is made."""
    done = iomld(*command, tmp_path)
    assert (done.returncode, "iomld token create" in done.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []
