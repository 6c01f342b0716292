"""Submissions and their states, and why the inbox refuses a request."""

import hashlib
import json
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from iomld.errors import IomldError
from iomld.messages import Message, Quantity, message

_CONTROL_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS = "\u200c\u200d"  # letters of some languages need them
_MOST_NAMED = 10  # values that are not confirmed


class SubmissionState(StrEnum):
    """The state of a submission."""

    RECEIVED = "received"
    INVALID = "invalid"
    PREVIEWED = "previewed"
    ACCEPTED = "accepted"
    PUBLISHED = "published"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"

    @property
    def is_final(self) -> bool:
        """Whether no other state can follow."""
        return not _NEXT[self]

    def may_become(self, state: "SubmissionState") -> bool:
        """Whether another state can follow this one."""
        return state in _NEXT[self]


_S = SubmissionState
# The preview of a submission is made again when a graph that it touches has changed: before it is accepted, which can
# also make it invalid, and after, when it must be accepted once more.
_NEXT: Mapping[SubmissionState, frozenset[SubmissionState]] = {
    _S.RECEIVED: frozenset({_S.PREVIEWED, _S.INVALID}),
    _S.PREVIEWED: frozenset({_S.PREVIEWED, _S.INVALID, _S.ACCEPTED, _S.REJECTED, _S.CANCELLED, _S.EXPIRED}),
    _S.ACCEPTED: frozenset({_S.PUBLISHED, _S.PREVIEWED, _S.INVALID}),
    _S.INVALID: frozenset(),
    _S.PUBLISHED: frozenset(),
    _S.REJECTED: frozenset(),
    _S.CANCELLED: frozenset(),
    _S.EXPIRED: frozenset(),
}


class MergeMode(StrEnum):
    """How a submission changes published records."""

    REPLACE = "replace"
    PATCH = "patch"


class RefusalKind(StrEnum):
    """Why the inbox refuses a request."""

    UNKNOWN = "unknown"
    STATE = "state"
    CHANGED = "changed"
    KEY_REUSED = "key-reused"
    UNCONFIRMED = "unconfirmed"
    TOO_MANY = "too-many"
    FULL = "full"


class InboxRefusal(IomldError):  # noqa: N818  # the inbox works; it refuses this request
    """The inbox refuses a request, and is as it was before.

    Attributes:
        kind: Why.
        retry_after_s: Seconds after which the same request can succeed; 0 if that is not known.
        names: The names of values that the request does not confirm.
    """

    def __init__(
        self, kind: RefusalKind, message: Message, *, retry_after_s: int = 0, names: tuple[str, ...] = ()
    ) -> None:
        """Create it."""
        super().__init__(message)
        self.kind, self.retry_after_s, self.names = kind, retry_after_s, names


@dataclass(frozen=True, slots=True)
class SubmittedBody:
    """What was sent.

    Attributes:
        data: The bytes of the records.
        mode: How they change published records.
        mapping_name: Name of the mapping for a table in another layout; empty if there is none.
        mapping: Its bytes.
    """

    data: bytes
    mode: MergeMode = MergeMode.REPLACE
    mapping_name: str = ""
    mapping: bytes = b""

    @property
    def size_bytes(self) -> int:
        """The length of the records and the mapping."""
        return len(self.data) + len(self.mapping)

    @property
    def sha256(self) -> str:
        """SHA-256 of the records."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def digest(self) -> str:
        """SHA-256 of all that decides what is published: the mode, the mapping and the records."""
        digest = hashlib.sha256(f"{self.mode} {len(self.mapping)}\n".encode())
        digest.update(self.mapping)
        digest.update(self.data)
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class SubmissionPreview:
    """What the publication of a submission would change, as the inbox keeps it.

    Attributes:
        conforms: Whether it can be accepted.
        tag: Hash of what the preview is bound to: the submission, the published graphs that it touches, and the rules.
        content: The preview as a JSON object.
    """

    conforms: bool
    tag: str
    content: bytes

    @property
    def state(self) -> SubmissionState:
        """The state of a submission with this preview."""
        return SubmissionState.PREVIEWED if self.conforms else SubmissionState.INVALID


@dataclass(frozen=True, slots=True)
class Submission:
    """A submission in the inbox, without its body.

    Attributes:
        id: Its random name, which is also that of its receipt.
        token: Id of the token that it was sent with; empty once that is forgotten.
        state: Its state.
        mode: How it changes published records.
        received: When it came (xsd:dateTime, UTC).
        changed: When its state last changed.
        sha256: Hash of its records.
        digest: Hash of the records, the mode and the mapping.
        size_bytes: Length of the records and the mapping.
        tag: What its preview is bound to.
        reason: Why it was rejected.
        preview: The preview as JSON; empty in lists, and once it was removed.
    """

    id: str
    token: str
    state: SubmissionState
    mode: MergeMode
    received: str
    changed: str
    sha256: str
    digest: str
    size_bytes: int
    tag: str
    reason: str = ""
    preview: bytes = b""


def require_confirmed(submission: Submission, confirmed: Collection[str]) -> None:
    """Check that whoever accepts a submission has named each value that would vanish.

    Args:
        submission: The submission with its preview.
        confirmed: The names.

    Raises:
        InboxRefusal: A value is not named.
    """
    projects = json.loads(submission.preview)["projects"]
    missing = tuple(name for project in projects for name in project["removes"] if name not in confirmed)
    if missing:
        shown = ", ".join(missing[:_MOST_NAMED]) + (" …" if len(missing) > _MOST_NAMED else "")
        detail = message(
            "This would remove values that you have not confirmed ({count}). To confirm, list each of them in "
            "“removes”: {names}",
            count=Quantity(len(missing)),
            names=shown,
        )
        raise InboxRefusal(RefusalKind.UNCONFIRMED, detail, names=missing)


def require_plain(text: str) -> None:
    """Check that a text for people is one line without characters that change how a terminal shows what is around it.

    Raises:
        IomldError: It has one, such as a line break, ESC or a mark that turns the direction of writing.
    """
    for place, character in enumerate(text, 1):
        if _is_control(character):
            detail = message(
                "Character {number} of the text is U+{code}, which cannot be seen. Write the text in one line, without "
                "control characters.",
                number=place,
                code=f"{ord(character):04X}",
            )
            raise IomldError(detail)


def escaped(text: str) -> str:
    r"""A text with its control characters as escapes, for a terminal.

    >>> escaped("no\x1b[31m\nstate")
    'no\\x1b[31m\\nstate'
    """
    return "".join(one.encode("unicode_escape").decode() if _is_control(one) else one for one in text)


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in _CONTROL_CATEGORIES and character not in _JOINERS


def moment_text(moment: datetime) -> str:
    """A moment as xsd:dateTime in UTC, in whole seconds; such texts sort by time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
