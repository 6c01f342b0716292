"""Submissions for tests, and the time at which they are made."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from iomld.inbox.inbox import Inbox, InboxLimits, NewSubmission
from iomld.inbox.submissions import Submission, SubmissionPreview, SubmittedBody, moment_text
from iomld.inbox.tokens import AccessToken, TokenScope, new_token

NOW = datetime(2026, 11, 30, 12, 0, 0, tzinfo=UTC)
LIMITS = InboxLimits(total_bytes=10**12, daily=10**6)
PREVIEW = SubmissionPreview(conforms=True, tag="tag", content=b"{}")


def new_submission(
    data: bytes = b"records", *, sender: str = "sender", key: str = "", preview: SubmissionPreview = PREVIEW
) -> NewSubmission:
    """A submission that can be kept."""
    return NewSubmission(sender, SubmittedBody(data), preview, key)


def add_submission(
    inbox: Inbox, new: NewSubmission | bytes = b"records", *, now: datetime = NOW, limits: InboxLimits = LIMITS
) -> Submission:
    """Add a submission, or one of these bytes."""
    return inbox.add(new_submission(new) if isinstance(new, bytes) else new, now, limits)[0]


def add_token(inbox: Inbox, *scopes: TokenScope, days: int = 1, now: datetime = NOW) -> tuple[AccessToken, str]:
    """Add a token; gives it and its text."""
    made = new_token()
    token = AccessToken(
        made.id, "Ada Lovelace", frozenset(scopes), moment_text(now), moment_text(now + timedelta(days=days))
    )
    inbox.tokens.add(made, token)
    return token, made.text


def written_bytes(datadir: Path) -> bytes:
    """All bytes in the files of the inbox."""
    return b"".join(path.read_bytes() for path in sorted(datadir.glob("inbox.sqlite*")))
