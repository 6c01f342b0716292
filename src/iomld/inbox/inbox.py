"""The inbox: submissions with their states, and the receipts of what happened to them. It alone has SQL about them."""

import json
import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from iomld.inbox.database import InboxDatabase
from iomld.inbox.decisions import DecisionTable
from iomld.inbox.receipts import ReceiptEntry, next_entry
from iomld.inbox.submissions import (
    InboxRefusal,
    MergeMode,
    RefusalKind,
    Submission,
    SubmissionPreview,
    SubmissionState,
    SubmittedBody,
    moment_text,
    require_plain,
)
from iomld.inbox.tokens import SessionTable, TokenTable, unknown_token
from iomld.messages import message

EXPIRES_AFTER = timedelta(days=30)  # a submission that nobody decides about
BODY_KEPT_FOR = timedelta(days=180)  # after the last change of state
_DAY = timedelta(days=1)
_SELECT = (
    "SELECT id, token, state, mode, received, changed, sha256, digest, size_bytes, tag, reason, preview FROM submission"
)
_LISTED = (
    "SELECT id, token, state, mode, received, changed, sha256, digest, size_bytes, tag, reason, x'' FROM submission"
)
_COUNT = "SELECT count(*) FROM submission"
_KEYS = (  # a preview of a megabyte takes SQLite some milliseconds
    "SELECT id, CASE WHEN length(preview) BETWEEN 2 AND 1000000 THEN (SELECT json_group_array(key) FROM "
    "(SELECT key FROM json_each(CAST(preview AS TEXT), '$.touched') LIMIT ?)) END "
    "FROM submission WHERE id IN (SELECT value FROM json_each(?))"
)
_ENTRIES = "SELECT number, receipt, content, sha256 FROM entry"


@dataclass(frozen=True, slots=True)
class InboxLimits:
    """How much the inbox takes.

    Attributes:
        total_bytes: Bytes of all submissions with their previews.
        daily: Submissions of one token in 24 hours.
    """

    total_bytes: int
    daily: int


@dataclass(frozen=True, slots=True)
class NewSubmission:
    """A submission that is to be kept.

    Attributes:
        token: Id of the token that it was sent with.
        body: What was sent.
        preview: Its preview, which decides the state.
        key: The idempotency key of the request; empty if it has none.
        facts: What else its receipt says; values of JSON.
    """

    token: str
    body: SubmittedBody
    preview: SubmissionPreview
    key: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)


class Inbox:
    """The open inbox of a folder of releases; may be used from several threads.

    Attributes:
        tokens: The tokens of senders and reviewers.
        decisions: Decisions about mentions that are not published yet.
        sessions: The sessions that were opened with them.
    """

    def __init__(self, datadir: Path) -> None:
        """Open the inbox, and make it if there is none.

        Raises:
            StoreError: It cannot be opened.
        """
        self._database = InboxDatabase(datadir)
        self.tokens = TokenTable(self._database)
        self.decisions = DecisionTable(self._database)
        self.sessions = SessionTable(self._database, self.tokens)

    def __enter__(self) -> Self:
        """The inbox itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the inbox."""
        self.close()

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def forget(self, id_: str, now: datetime) -> int:
        """Revoke a token and remove its name, and the bodies and previews of what was sent with it.

        Open submissions are cancelled; receipts stay, since they name nobody.

        Returns:
            The number of the submissions.

        Raises:
            InboxRefusal: There is no such token, or a submission is accepted and not published yet.
        """
        with self._database.transaction() as database:
            if database.execute("UPDATE token SET revoked = 1, name = '' WHERE id = ?", (id_,)).rowcount == 0:
                raise unknown_token(id_)
            database.execute("DELETE FROM session WHERE token = ?", (id_,))
            rows = database.execute("SELECT id, state FROM submission WHERE token = ?", (id_,)).fetchall()
            if any(state == SubmissionState.ACCEPTED for _, state in rows):
                text = message("A submission with this token waits to be published. Run 'iomld work --once' first.")
                raise InboxRefusal(RefusalKind.STATE, text)
            for name, state in rows:
                if state == SubmissionState.PREVIEWED:
                    _move(database, name, SubmissionState.CANCELLED, now, {})
            database.execute(
                "UPDATE submission SET token = '', reason = '', preview = x'', data = x'', mapping = x'', "
                "mapping_name = '', size_bytes = 0, idempotency_key = NULL WHERE token = ?",
                (id_,),
            )
        self._database.checkpoint()
        return len(rows)

    def add(self, new: NewSubmission, now: datetime, limits: InboxLimits) -> tuple[Submission, bool]:
        """Keep a submission; if its key was used before, the earlier submission is the answer.

        Args:
            new: The submission.
            now: The time.
            limits: How much the inbox takes.

        Returns:
            The submission, and whether it is new.

        Raises:
            InboxRefusal: The inbox or the token has reached its limit, or the key was used for something else.
        """
        body, preview, received = new.body, new.preview, moment_text(now)
        with self._database.transaction() as database:
            if new.key and (known := _repeated(database, new.token, new.key, body.digest)):
                return known, False
            _check_limits(database, new.token, body.size_bytes + len(preview.content), now, limits)
            id_ = secrets.token_hex(16)
            facts = (id_, new.token, SubmissionState.RECEIVED, body.mode, received, received, body.sha256, body.digest)
            contents = (preview.tag, preview.content, body.data, body.mapping_name, body.mapping)
            database.execute(
                "INSERT INTO submission (id, token, state, mode, received, changed, sha256, digest, size_bytes, tag, "
                "preview, data, mapping_name, mapping, idempotency_key) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                (*facts, body.size_bytes, *contents, new.key or None),
            )
            said = {"sha256": body.sha256, "bytes": body.size_bytes, "mode": body.mode, **new.facts}
            _add_entry(database, id_, SubmissionState.RECEIVED, received, said)
            _move(database, id_, preview.state, now, {"preview": preview.tag})
        return self.submission(id_), True

    def repeated(self, token: str, key: str, digest: str) -> Submission | None:
        """The earlier submission with an idempotency key; None if the key is new.

        Args:
            token: Id of the token.
            key: The key.
            digest: Hash of what was sent this time (`SubmittedBody.digest`).

        Raises:
            InboxRefusal: The key was used for something else.
        """
        with self._database.transaction() as database:
            return _repeated(database, token, key, digest)

    def submission(self, id_: str) -> Submission:
        """A submission with its preview.

        Raises:
            InboxRefusal: There is none.
        """
        rows = self._database.rows(f"{_SELECT} WHERE id = ?", id_)
        if not rows:
            raise unknown_submission(id_)
        return _submission(rows[0])

    def submissions(
        self, state: SubmissionState | None = None, *, token: str | None = None, most: int = -1, skip: int = 0
    ) -> tuple[Submission, ...]:
        """Submissions without their previews, the newest first.

        Args:
            state: Only those in this state.
            token: Only those that were sent with the token of this id.
            most: How many at most; without a bound if it is negative.
            skip: How many of the newest are left out.
        """
        where, values = _chosen(state, token)
        rows = self._database.rows(f"{_LISTED}{where} ORDER BY number DESC LIMIT ? OFFSET ?", *values, most, skip)
        return tuple(map(_submission, rows))

    def count(self, state: SubmissionState | None = None, *, token: str | None = None) -> int:
        """How many submissions there are, in a state and of a token."""
        where, values = _chosen(state, token)
        ((count,),) = self._database.rows(f"{_COUNT}{where}", *values)
        return int(count)

    def projects(self, ids: Sequence[str], *, most: int) -> dict[str, tuple[str, ...]]:
        """The keys of the first projects that submissions are about, by their names.

        Args:
            ids: Names of submissions.
            most: How many keys of each; a submission whose preview is large or was removed has none.
        """
        rows = self._database.rows(_KEYS, most, json.dumps(ids))
        return {id_: tuple(json.loads(keys or "[]")) for id_, keys in rows}

    def accepted(self) -> tuple[Submission, ...]:
        """The accepted submissions with their previews, in the order in which they were accepted."""
        rows = self._database.rows(f"{_SELECT} WHERE state = ? ORDER BY accepted", SubmissionState.ACCEPTED)
        return tuple(map(_submission, rows))

    def body(self, id_: str) -> SubmittedBody:
        """What was sent; without data, once that was removed.

        Raises:
            InboxRefusal: There is no such submission.
        """
        rows = self._database.rows("SELECT data, mode, mapping_name, mapping FROM submission WHERE id = ?", id_)
        if not rows:
            raise unknown_submission(id_)
        data, mode, name, mapping = rows[0]
        return SubmittedBody(data, MergeMode(mode), name, mapping)

    def accept(self, id_: str, tag: str, now: datetime) -> Submission:
        """Accept a submission.

        Args:
            id_: Its name.
            tag: What the preview that is accepted is bound to.
            now: The time.

        Raises:
            InboxRefusal: There is none, it is decided, or its preview is another one.
        """
        with self._database.transaction() as database:
            found = database.execute("SELECT tag, state FROM submission WHERE id = ?", (id_,)).fetchone()
            if found is not None and found[1] == SubmissionState.PREVIEWED and found[0] != tag:
                raise changed_preview(id_, tag)
            _move(database, id_, SubmissionState.ACCEPTED, now, {"preview": tag})
        return self.submission(id_)

    def move(
        self,
        id_: str,
        state: SubmissionState,
        now: datetime,
        *,
        facts: Mapping[str, object] | None = None,
        reason: str = "",
    ) -> Submission:
        """Bring a submission to another state.

        Args:
            id_: Its name.
            state: The state.
            now: The time.
            facts: What its receipt says of it.
            reason: Why it is rejected.

        Raises:
            InboxRefusal: There is none, or the state cannot follow.
            IomldError: The reason has control characters.
        """
        require_plain(reason)
        with self._database.transaction() as database:
            _move(database, id_, state, now, facts or {})
            if reason:
                database.execute("UPDATE submission SET reason = ? WHERE id = ?", (reason, id_))
        return self.submission(id_)

    def renew(
        self, id_: str, preview: SubmissionPreview, now: datetime, *, facts: Mapping[str, object] | None = None
    ) -> Submission:
        """Give a submission its preview of now; one that was accepted must be accepted again if that is another one.

        Args:
            id_: Its name.
            preview: The preview.
            now: The time.
            facts: What its receipt says of it besides the preview.

        Raises:
            InboxRefusal: There is none, or it was decided meanwhile.
        """
        with self._database.transaction() as database:
            row = database.execute("SELECT tag, state FROM submission WHERE id = ?", (id_,)).fetchone()
            if row != (preview.tag, SubmissionState.PREVIEWED) or not preview.conforms:
                _move(database, id_, preview.state, now, {"preview": preview.tag} | dict(facts or {}))
            database.execute(
                "UPDATE submission SET tag = ?, preview = ? WHERE id = ?", (preview.tag, preview.content, id_)
            )
        return self.submission(id_)

    def sweep(self, now: datetime) -> None:
        """Let submissions expire that nobody decided about, and remove the bodies of those decided long ago."""
        with self._database.transaction() as database:
            rows = database.execute(
                "SELECT id FROM submission WHERE state = ? AND changed < ?",
                (SubmissionState.PREVIEWED, moment_text(now - EXPIRES_AFTER)),
            ).fetchall()
            for (id_,) in rows:
                _move(database, id_, SubmissionState.EXPIRED, now, {})
            old = moment_text(now - BODY_KEPT_FOR)
            database.executemany(
                "UPDATE submission SET preview = x'', data = x'', mapping = x'', mapping_name = '', size_bytes = 0 "
                "WHERE size_bytes > 0 AND changed < ? AND state = ?",
                [(old, state) for state in SubmissionState if state.is_final],
            )

    def receipt(self, id_: str) -> tuple[ReceiptEntry, ...]:
        """The entries of a receipt, oldest first.

        Raises:
            InboxRefusal: There is no such receipt.
        """
        rows = self._database.rows(f"{_ENTRIES} WHERE receipt = ? ORDER BY number", id_)
        if not rows:
            raise InboxRefusal(RefusalKind.UNKNOWN, message("There is no receipt {id}.", id=id_))
        return tuple(ReceiptEntry(*row) for row in rows)

    def entries(self) -> tuple[ReceiptEntry, ...]:
        """All entries of all receipts, oldest first."""
        return self.chain()[0]

    def chain(self) -> tuple[tuple[ReceiptEntry, ...], dict[str, str]]:
        """All entries, oldest first, and the state of each submission by name, at one moment."""
        with self._database.transaction() as database:
            rows = database.execute(f"{_ENTRIES} ORDER BY number").fetchall()
            states = dict(database.execute("SELECT id, state FROM submission").fetchall())
        return tuple(ReceiptEntry(*row) for row in rows), states


def _chosen(state: SubmissionState | None, token: str | None) -> tuple[str, tuple[str, ...]]:
    """The condition of a statement that chooses submissions, and its values."""
    given = {"state": state, "token": token}
    chosen = {name: value for name, value in given.items() if value is not None}
    where = " AND ".join(f"{name} = ?" for name in chosen)
    return (f" WHERE {where}" if where else ""), tuple(chosen.values())


def unknown_submission(id_: str) -> InboxRefusal:
    """The refusal of a request about a submission that is not there."""
    return InboxRefusal(RefusalKind.UNKNOWN, message("There is no submission {id}.", id=id_))


def changed_preview(id_: str, tag: str) -> InboxRefusal:
    """The refusal to accept a submission with another preview than the one that it has now."""
    text = message(
        "'{tag}' is not the present preview of this submission. Look at it with 'iomld inbox show {id}', and accept "
        "the preview that is named there.",
        tag=tag[:80],
        id=id_,
    )
    return InboxRefusal(RefusalKind.CHANGED, text)


def _check_limits(
    database: sqlite3.Connection, token: str, size_bytes: int, now: datetime, limits: InboxLimits
) -> None:
    (used,) = database.execute("SELECT coalesce(sum(size_bytes + length(preview)), 0) FROM submission").fetchone()
    if used + size_bytes > limits.total_bytes:
        raise InboxRefusal(
            RefusalKind.FULL,
            message("The inbox is full, and nothing was kept. Tell whoever runs this server."),
        )
    day = database.execute(
        "SELECT received FROM submission WHERE token = ? AND received > ? ORDER BY received",
        (token, moment_text(now - _DAY)),
    ).fetchall()
    if len(day) >= limits.daily:
        free = datetime.fromisoformat(day[len(day) - limits.daily][0]) + _DAY
        raise InboxRefusal(
            RefusalKind.TOO_MANY,
            message(
                "This token has sent {count} submissions in 24 hours, the limit. Send the next one later, or more "
                "records at a time.",
                count=limits.daily,
            ),
            retry_after_s=max(1, int((free - now).total_seconds())),
        )


def _add_entry(
    database: sqlite3.Connection, receipt: str, event: SubmissionState, at: str, facts: Mapping[str, object]
) -> int:
    row = database.execute(f"{_ENTRIES} ORDER BY number DESC LIMIT 1").fetchone()
    entry = next_entry(ReceiptEntry(*row) if row else None, receipt, event, at, facts)
    database.execute("INSERT INTO entry VALUES (?,?,?,?)", (entry.number, entry.receipt, entry.content, entry.sha256))
    return entry.number


def _move(
    database: sqlite3.Connection, id_: str, state: SubmissionState, now: datetime, facts: Mapping[str, object]
) -> None:
    """Bring a submission to another state, and add that to its receipt."""
    row = database.execute("SELECT state FROM submission WHERE id = ?", (id_,)).fetchone()
    if row is None:
        raise unknown_submission(id_)
    before, at = SubmissionState(row[0]), moment_text(now)
    if not before.may_become(state):
        raise InboxRefusal(
            RefusalKind.STATE,
            message("Submission {id} is {state}, so it cannot become {wanted}.", id=id_, state=before, wanted=state),
        )
    database.execute("UPDATE submission SET state = ?, changed = ? WHERE id = ?", (state, at, id_))
    number = _add_entry(database, id_, state, at, facts)
    if state is SubmissionState.ACCEPTED:
        database.execute("UPDATE submission SET accepted = ? WHERE id = ?", (number, id_))


def _repeated(database: sqlite3.Connection, token: str, key: str, digest: str) -> Submission | None:
    row = database.execute(f"{_SELECT} WHERE token = ? AND idempotency_key = ?", (token, key)).fetchone()
    if row is None:
        return None
    known = _submission(row)
    if known.digest != digest:
        text = message(
            "The idempotency key was used for another submission, {id}. Send a new submission with a new key.",
            id=known.id,
        )
        raise InboxRefusal(RefusalKind.KEY_REUSED, text)
    return known


def _submission(row: Sequence[Any]) -> Submission:
    id_, token, state, mode, *rest = row
    return Submission(id_, token, SubmissionState(state), MergeMode(mode), *rest)
