"""Decisions about mentions that people made on pages, until the next publication records them for good.

The server writes nothing but the inbox. Who decided is not kept: a review names no person.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from iomld.inbox.database import InboxDatabase
from iomld.inbox.submissions import InboxRefusal, RefusalKind, moment_text
from iomld.messages import message

_MOST = 10_000  # that wait at the same time


class DecisionTable:
    """The decisions in an inbox; of several about a mention, the last one counts."""

    def __init__(self, database: InboxDatabase) -> None:
        """Use an open database."""
        self._database = database

    def decide(self, mention: str, decision: str, now: datetime) -> None:
        """Keep a decision.

        Args:
            mention: Name of the mention (`MentionKey.name`).
            decision: `accepted` or `rejected`.
            now: The time.

        Raises:
            InboxRefusal: Too many decisions wait.
        """
        with self._database.transaction() as database:
            (count,) = database.execute("SELECT count(*) FROM decision").fetchone()
            if count >= _MOST:
                text = message(
                    "{count} decisions wait to be published, and no more are kept. Whoever runs this server can "
                    "publish them with 'iomld work'.",
                    count=count,
                )
                raise InboxRefusal(RefusalKind.FULL, text)
            database.execute("INSERT OR REPLACE INTO decision VALUES (?,?,?)", (mention, decision, moment_text(now)))

    def undo(self, mention: str) -> bool:
        """Forget a decision, unless it is being published.

        Args:
            mention: Name of the mention.

        Returns:
            Whether there was one.

        Raises:
            InboxRefusal: It is being published, so that nothing was forgotten.
        """
        with self._database.transaction() as database:
            if database.execute("SELECT 1 FROM taken_decision WHERE mention = ?", (mention,)).fetchone():
                raise published_decision()
            return database.execute("DELETE FROM decision WHERE mention = ?", (mention,)).rowcount > 0

    def waiting(self) -> Mapping[str, str]:
        """The decisions that wait, by the name of the mention."""
        return dict(self._database.rows("SELECT mention, decision FROM decision ORDER BY mention"))

    def take(self) -> Mapping[str, str]:
        """The decisions that wait, by the name of the mention, to be published now: nobody can undo them any more."""
        with self._database.transaction() as database:
            database.execute("INSERT OR IGNORE INTO taken_decision SELECT mention FROM decision")
            return dict(database.execute("SELECT mention, decision FROM decision ORDER BY mention").fetchall())

    def remove(self, decisions: Iterable[tuple[str, str]]) -> None:
        """Forget decisions that were published, unless somebody has decided otherwise meanwhile."""
        with self._database.transaction() as database:
            database.executemany("DELETE FROM decision WHERE mention = ? AND decision = ?", [*decisions])
            database.execute("DELETE FROM taken_decision")


def published_decision() -> InboxRefusal:
    """The refusal to undo a decision that is published, or about to be."""
    text = message(
        "It is too late to take this decision back: it is published, or is being published now. To change it, find the "
        "mention in the list of accepted or rejected mentions, and decide again."
    )
    return InboxRefusal(RefusalKind.STATE, text)
