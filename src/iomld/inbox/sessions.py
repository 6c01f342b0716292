"""Sessions: what a browser shows in place of a token, once somebody has signed in with it.

A session is a random text that is kept as a hash, like a token, and has no rights of its own: each use looks at the
token that it was opened with, so that a session ends when its token is revoked, forgotten or at its end.
"""

import hashlib
import re
import secrets
from datetime import datetime, timedelta

from iomld.inbox.database import InboxDatabase
from iomld.inbox.submissions import moment_text
from iomld.inbox.tokens import AccessToken, TokenTable

SESSION_ENDS_AFTER = timedelta(hours=12)  # a working day
_MOST_OF_A_TOKEN = 20  # open sessions; the oldest end
_SECRET = re.compile(r"[0-9a-f]{64}")


class SessionTable:
    """The sessions of an inbox."""

    def __init__(self, database: InboxDatabase, tokens: TokenTable) -> None:
        """Use an open database.

        Args:
            database: The database.
            tokens: The tokens in it.
        """
        self._database, self._tokens = database, tokens

    def open(self, token: AccessToken, now: datetime) -> str:
        """Open a session with a token; gives its secret, which is not kept."""
        secret = secrets.token_hex(32)
        expires = min(moment_text(now + SESSION_ENDS_AFTER), token.expires)
        with self._database.transaction() as database:
            database.execute("DELETE FROM session WHERE expires <= ?", (moment_text(now),))
            database.execute(
                "DELETE FROM session WHERE token = ? AND digest NOT IN "
                "(SELECT digest FROM session WHERE token = ? ORDER BY expires DESC LIMIT ?)",
                (token.id, token.id, _MOST_OF_A_TOKEN - 1),
            )
            database.execute("INSERT INTO session VALUES (?,?,?)", (_digest(secret), token.id, expires))
        return secret

    def find(self, secret: str, now: datetime) -> AccessToken | None:
        """The token of an open session, if it is valid now."""
        if not _SECRET.fullmatch(secret):
            return None
        statement = "SELECT token FROM session WHERE digest = ? AND expires > ?"
        rows = self._database.rows(statement, _digest(secret), moment_text(now))
        return self._tokens.valid(rows[0][0], now) if rows else None

    def end(self, secret: str) -> None:
        """End a session; nothing happens if there is none."""
        with self._database.transaction() as database:
            database.execute("DELETE FROM session WHERE digest = ?", (_digest(secret),))


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
