"""The inbox: what it keeps, in which order states follow, and what it refuses."""

import hashlib
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from stat import S_IMODE

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.amount import amount
from tests.inbox.made import NOW, add_submission, add_token, new_submission, written_bytes

from iomld.errors import StoreError
from iomld.inbox.database import FILE
from iomld.inbox.inbox import BODY_KEPT_FOR, EXPIRES_AFTER, Inbox, InboxLimits
from iomld.inbox.receipts import chain_faults, receipt_json
from iomld.inbox.submissions import InboxRefusal, RefusalKind, SubmissionPreview, SubmissionState
from iomld.inbox.tokens import TokenScope

S = SubmissionState
INVALID = SubmissionPreview(conforms=False, tag="tag", content=b"{}")


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    """A new inbox."""
    with Inbox(tmp_path) as made:
        yield made


def events(inbox: Inbox, id_: str) -> list[str]:
    """What the receipt of a submission says happened."""
    return [entry.values()["event"] for entry in inbox.receipt(id_)]


def test_only_its_owner_can_read_the_file(tmp_path: Path, inbox: Inbox) -> None:
    """The files of the inbox hold what senders sent."""
    add_submission(inbox)
    assert {S_IMODE(path.stat().st_mode) for path in tmp_path.glob(f"{FILE}*")} == {0o600}


def test_a_submission_is_there_when_the_inbox_is_opened_again(tmp_path: Path, inbox: Inbox) -> None:
    """Body, state, preview and receipt are kept."""
    made = add_submission(inbox, b"records")
    with Inbox(tmp_path) as again:
        assert again.submission(made.id) == made
        assert again.body(made.id).data == b"records"
        assert events(again, made.id) == ["received", "previewed"]


def test_an_invalid_submission_is_final(inbox: Inbox) -> None:
    """It is kept with its report, and nobody can accept it."""
    made = add_submission(inbox, new_submission(preview=INVALID))
    assert made.state is S.INVALID
    with pytest.raises(InboxRefusal) as refusal:
        inbox.move(made.id, S.ACCEPTED, NOW)
    assert refusal.value.kind is RefusalKind.STATE


def test_the_first_of_two_reviewers_wins(inbox: Inbox) -> None:
    """Whoever accepts second is told the state, and the receipt has one acceptance."""
    made = add_submission(inbox)
    inbox.accept(made.id, "tag", NOW)
    with pytest.raises(InboxRefusal) as refusal:
        inbox.accept(made.id, "tag", NOW)
    assert refusal.value.kind is RefusalKind.STATE
    assert events(inbox, made.id).count("accepted") == 1


def test_a_preview_that_changed_cannot_be_accepted_unseen(inbox: Inbox) -> None:
    """Accepting names the preview; an earlier one is refused, and the new one is accepted."""
    made = add_submission(inbox)
    inbox.renew(made.id, SubmissionPreview(conforms=True, tag="new", content=b"{}"), NOW)
    with pytest.raises(InboxRefusal) as refusal:
        inbox.accept(made.id, "tag", NOW)
    assert refusal.value.kind is RefusalKind.CHANGED
    assert inbox.accept(made.id, "new", NOW).state is S.ACCEPTED


def test_the_same_key_gives_the_same_submission(inbox: Inbox) -> None:
    """A repeated request keeps nothing more; with another body or token it is another request."""
    made = add_submission(inbox, new_submission(key="k"))
    assert add_submission(inbox, new_submission(key="k")) == made
    assert add_submission(inbox, new_submission(key="k", sender="another")).id != made.id
    with pytest.raises(InboxRefusal) as refusal:
        add_submission(inbox, new_submission(b"other", key="k"))
    assert refusal.value.kind is RefusalKind.KEY_REUSED
    assert len(inbox.submissions()) == 2


def test_limits(inbox: Inbox) -> None:
    """A full inbox and a token that sent too many are told apart, and nothing is kept."""
    add_submission(inbox, b"x" * 90)
    with pytest.raises(InboxRefusal) as full:
        add_submission(inbox, b"x" * 90, limits=InboxLimits(total_bytes=100, daily=9))
    with pytest.raises(InboxRefusal) as many:
        add_submission(inbox, limits=InboxLimits(total_bytes=10_000, daily=1), now=NOW + timedelta(hours=1))
    assert (full.value.kind, many.value.kind) == (RefusalKind.FULL, RefusalKind.TOO_MANY)
    assert many.value.retry_after_s == 23 * 3600
    assert len(inbox.submissions()) == 1
    add_submission(inbox, limits=InboxLimits(total_bytes=10_000, daily=1), now=NOW + timedelta(hours=25))


def test_time_passes(inbox: Inbox) -> None:
    """Undecided submissions expire; long after a decision the body goes, and hash and receipt stay."""
    made = add_submission(inbox, b"records")
    inbox.sweep(NOW + EXPIRES_AFTER)
    assert inbox.submission(made.id).state is S.PREVIEWED
    later = NOW + EXPIRES_AFTER + timedelta(seconds=1)
    inbox.sweep(later)
    assert inbox.submission(made.id).state is S.EXPIRED
    inbox.sweep(later + BODY_KEPT_FOR + timedelta(seconds=1))
    assert inbox.body(made.id).data == b""
    assert inbox.submission(made.id).sha256 == made.sha256
    assert events(inbox, made.id) == ["received", "previewed", "expired"]


def test_forgetting_a_sender(tmp_path: Path, inbox: Inbox) -> None:
    """The name and all that was sent are in no file any more; receipts stay, and the token is worth nothing."""
    token, text = add_token(inbox, TokenScope.SUBMIT)
    made = add_submission(inbox, new_submission(b"a secret of mine", sender=token.id))
    assert inbox.forget(token.id, NOW) == 1
    assert b"secret" not in written_bytes(tmp_path)
    assert b"Lovelace" not in written_bytes(tmp_path)
    assert inbox.tokens.find(text, NOW) is None
    assert inbox.submission(made.id).state is S.CANCELLED
    assert list(chain_faults(inbox.entries())) == []


def test_what_is_accepted_is_not_forgotten_before_it_is_published(inbox: Inbox) -> None:
    """Otherwise an accepted submission would be lost."""
    token, _ = add_token(inbox, TokenScope.SUBMIT)
    made = add_submission(inbox, new_submission(sender=token.id))
    inbox.move(made.id, S.ACCEPTED, NOW)
    with pytest.raises(InboxRefusal):
        inbox.forget(token.id, NOW)
    assert inbox.body(made.id).data == b"records"


def test_accepted_submissions_come_in_the_order_of_acceptance(inbox: Inbox) -> None:
    """Not in the order in which they were sent."""
    first, second = add_submission(inbox, b"1"), add_submission(inbox, b"2")
    for one in (second, first):
        inbox.move(one.id, S.ACCEPTED, NOW)
    assert [one.id for one in inbox.accepted()] == [second.id, first.id]


def test_an_inbox_of_a_later_version_is_not_touched(tmp_path: Path, inbox: Inbox) -> None:
    """The error says what to do."""
    with inbox._database.transaction() as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="later version"):
        Inbox(tmp_path)


def test_a_file_that_is_no_database(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is an error of the server in a sentence; what the engine says is in the log alone."""
    (tmp_path / FILE).write_text("hello, this is no database " * 100)
    with pytest.raises(StoreError, match="cannot be used") as error:
        Inbox(tmp_path)
    assert "not a database" not in str(error.value)
    assert f"{tmp_path / FILE}: file is not a database" in caplog.text


def test_an_inbox_that_is_damaged_while_it_is_open(
    tmp_path: Path, inbox: Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    """Each use of it fails in the same way."""
    add_submission(inbox)
    inbox._database.checkpoint()
    size = (tmp_path / FILE).stat().st_size
    with (tmp_path / FILE).open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * (size - 100))
    with pytest.raises(StoreError, match="cannot be used"):
        Inbox(tmp_path).entries()
    assert "malformed" in caplog.text


@pytest.mark.parametrize("pattern", [f"{FILE}*", FILE, f"{FILE}-*"])
def test_a_file_that_is_removed_meanwhile(tmp_path: Path, inbox: Inbox, pattern: str) -> None:
    """Nothing is confirmed that would be lost, and nothing is made in its place."""
    made = add_submission(inbox)
    for path in tmp_path.glob(pattern):
        path.unlink()
    left = sorted(tmp_path.iterdir())
    with pytest.raises(StoreError, match="removed or replaced"):
        add_submission(inbox)
    with pytest.raises(StoreError, match="removed or replaced"):
        inbox.submission(made.id)
    assert sorted(tmp_path.iterdir()) == left


def test_a_file_that_is_replaced_meanwhile(tmp_path: Path, inbox: Inbox) -> None:
    """The new file is used: what is confirmed is in it."""
    lost = add_submission(inbox)
    (tmp_path / "backup").mkdir()
    with Inbox(tmp_path / "backup") as backup:
        old = add_submission(backup)
    for path in tmp_path.glob(f"{FILE}*"):
        path.unlink()
    (tmp_path / "backup" / FILE).rename(tmp_path / FILE)
    made = add_submission(inbox)
    with Inbox(tmp_path) as again:
        assert [one.id for one in again.submissions()] == [made.id, old.id]
        with pytest.raises(InboxRefusal):
            inbox.submission(lost.id)
        assert list(chain_faults(again.entries())) == []


def test_a_file_that_is_removed_during_a_transaction(tmp_path: Path, inbox: Inbox) -> None:
    """The transaction does not end well."""
    with pytest.raises(StoreError, match="removed or replaced"), inbox._database.transaction():
        (tmp_path / FILE).unlink()


@given(steps=st.lists(st.tuples(st.sampled_from(S), st.integers(0, 3), st.sampled_from(["tag", "old"]))))
def test_no_sequence_of_requests_breaks_the_states(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[SubmissionState, int, str]],
) -> None:
    """States follow only as the table says, a final one stays, each change has one entry, and the chain is whole."""
    with Inbox(tmp_path_factory.mktemp("inbox")) as inbox:
        made = [add_submission(inbox, bytes([number])) for number in range(3)]
        seen = {one.id: [S.RECEIVED, S.PREVIEWED] for one in made}
        for state, number, tag in steps:
            id_ = made[number].id if number < 3 else "unknown"
            before = seen[id_][-1] if id_ in seen else None
            try:
                if state is S.ACCEPTED:
                    inbox.accept(id_, tag, NOW)
                else:
                    inbox.move(id_, state, NOW)
            except InboxRefusal:
                is_old = state is S.ACCEPTED and tag == "old"
                assert before is None or is_old or not before.may_become(state)
            else:
                assert before is not None
                assert before.may_become(state)
                seen[id_].append(state)
        for id_, states in seen.items():
            assert events(inbox, id_) == states
            assert inbox.submission(id_).state is states[-1]
        assert list(chain_faults(inbox.entries())) == []


# Adds and accepts submissions until it is killed, and says of each when the inbox has returned.
_WRITER = """
import sys
from pathlib import Path
from tests.inbox.made import NOW, add_submission
from iomld.inbox.inbox import Inbox
from iomld.inbox.submissions import SubmissionState
inbox = Inbox(Path(sys.argv[1]))
while True:
    made = add_submission(inbox, b"x" * 20000)
    print("added", made.id, flush=True)
    inbox.move(made.id, SubmissionState.ACCEPTED, NOW)
    print("accepted", made.id, flush=True)
"""


def test_nothing_that_was_confirmed_is_lost_by_kill_9(tmp_path: Path) -> None:
    """Whatever the process had confirmed when it was killed is there, and the chain of receipts is whole."""
    for turn in range(amount(8)):
        process = subprocess.Popen([sys.executable, "-c", _WRITER, tmp_path], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        confirmed = [process.stdout.readline().split() for _ in range(turn % 5 + 1)]
        process.send_signal(signal.SIGKILL)
        confirmed += [line.split() for line in process.stdout.read().splitlines() if len(line) > 40]
        process.stdout.close()
        process.wait()
        with Inbox(tmp_path) as inbox:
            for what, id_ in confirmed:
                state = inbox.submission(id_).state
                assert state is S.ACCEPTED or what == "added"
            assert list(chain_faults(inbox.entries())) == []


def test_two_processes_write_at_the_same_time(tmp_path: Path) -> None:
    """Neither loses a submission, and there is one chain."""
    code = _WRITER.replace("while True", "for _ in range(20)")
    running = [subprocess.Popen([sys.executable, "-c", code, tmp_path], stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [one.wait(240) for one in running] == [0, 0]
    with Inbox(tmp_path) as inbox:
        assert len(inbox.accepted()) == 40
        assert list(chain_faults(inbox.entries())) == []


def test_anybody_can_check_a_receipt(inbox: Inbox) -> None:
    """It has the hash of what was sent, and what the hash of each entry is made from."""
    made = add_submission(inbox, b"records")
    (received, previewed) = receipt_json("iri", made.state, inbox.receipt(made.id))["entries"]
    assert received["sha256"] == hashlib.sha256(b"records").hexdigest()
    for entry in (received, previewed):
        stated = entry.pop("entrySha256")
        content = json.dumps(entry, ensure_ascii=False, separators=(",", ":"))
        assert hashlib.sha256(content.encode()).hexdigest() == stated
    assert previewed["previous"] == inbox.receipt(made.id)[0].sha256


def test_a_changed_receipt_is_noticed(inbox: Inbox) -> None:
    """An entry that was changed or removed afterwards breaks the chain."""
    add_submission(inbox)
    with inbox._database.transaction() as database:
        database.execute("UPDATE entry SET content = replace(content, 'received', 'rejected') WHERE number = 1")
    assert [fault.partition(":")[0] for fault in chain_faults(inbox.entries())] == ["entry 1"]
    with inbox._database.transaction() as database:
        database.execute("DELETE FROM entry WHERE number = 1")
    assert list(chain_faults(inbox.entries()))
