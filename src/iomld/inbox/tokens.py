"""Tokens of senders and reviewers, and sessions of those who use a browser: random, shown once, and kept as a hash.

A token has 256 random bits, so nobody can try them all, and a slow hash as for passwords would only cost the server.
"""

import hashlib
import hmac
import re
import secrets
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from iomld.inbox.database import InboxDatabase
from iomld.inbox.submissions import InboxRefusal, RefusalKind, moment_text, require_plain
from iomld.messages import message

_TOKEN = re.compile(r"iomld_([0-9a-f]{12})_([0-9a-f]{64})([0-9a-f]{8})")
_SESSION = re.compile(r"[0-9a-f]{64}")
_SESSION_ENDS_AFTER = timedelta(hours=12)  # a working day
_MOST_SESSIONS = 20  # of a token; the oldest end
_NO_DIGEST = bytes(32)
_USE_NOTED_AFTER = timedelta(hours=1)
_SELECT = "SELECT digest, id, name, scopes, created, expires, allows_self, revoked, last_used FROM token"


class TokenScope(StrEnum):
    """What a token is for."""

    SUBMIT = "submit"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token, as the inbox knows it: without its secret.

    Attributes:
        id: Its public part.
        name: What the operator calls it; never published.
        scopes: What it is for.
        created: When it was made (xsd:dateTime, UTC).
        expires: Its end.
        allows_self: Whether its owner may accept what was sent with it.
        revoked: Whether it was revoked.
        last_used: When it was last used, to an hour; empty if never.
    """

    id: str
    name: str
    scopes: frozenset[TokenScope]
    created: str
    expires: str
    allows_self: bool = False
    revoked: bool = False
    last_used: str = ""

    def is_valid(self, now: datetime) -> bool:
        """Whether it can be used."""
        return not self.revoked and moment_text(now) < self.expires


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that was just made.

    Attributes:
        id: Its public part.
        text: The whole token, which is shown once.
        digest: The hash of its secret, which is kept.
    """

    id: str
    text: str
    digest: bytes


def new_token() -> NewToken:
    """A random token, `iomld_ID_SECRET` with a checksum, by which scanners for secrets recognize it."""
    id_, secret = secrets.token_hex(6), secrets.token_hex(32)
    return NewToken(id_, f"iomld_{id_}_{secret}{_checksum(id_, secret)}", _digest(secret))


def split_token(text: str) -> tuple[str, str] | None:
    """The id and the secret of a token; None for any other text.

    >>> made = new_token()
    >>> split_token(made.text)[0] == made.id, split_token(made.text[:-1] + "x")
    (True, None)
    """
    match = _TOKEN.fullmatch(text)
    if match is None or match[3] != _checksum(match[1], match[2]):
        return None
    return match[1], match[2]


def scopes_text(scopes: Iterable[TokenScope]) -> str:
    """Scopes as a text, as `read_scopes` reads it."""
    return ",".join(sorted(scopes))


def read_scopes(text: str) -> frozenset[TokenScope]:
    """The scopes in a text such as `submit,review`.

    Raises:
        ValueError: There is another word.
    """
    return frozenset(TokenScope(word.strip()) for word in text.split(","))


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def _checksum(id_: str, secret: str) -> str:
    return f"{zlib.crc32(f'{id_}_{secret}'.encode()):08x}"


def _is_secret(secret: str, digest: bytes | None) -> bool:
    """Whether a secret has a hash; takes as long if there is none."""
    return hmac.compare_digest(_digest(secret), digest or _NO_DIGEST)


class TokenTable:
    """The tokens of an inbox."""

    def __init__(self, database: InboxDatabase) -> None:
        """Use an open database."""
        self._database = database

    def add(self, made: NewToken, token: AccessToken) -> None:
        """Keep a new token; of its text, only the hash.

        Raises:
            IomldError: The name has control characters.
        """
        require_plain(token.name)
        values = (made.id, made.digest, token.name, scopes_text(token.scopes), token.created, token.expires)
        with self._database.transaction() as database:
            database.execute(
                "INSERT INTO token (id, digest, name, scopes, created, expires, allows_self) VALUES (?,?,?,?,?,?,?)",
                (*values, token.allows_self),
            )

    def all(self) -> tuple[AccessToken, ...]:
        """All tokens, oldest first."""
        return tuple(map(_token, self._database.rows(f"{_SELECT} ORDER BY created, id")))

    def revoke(self, id_: str) -> None:
        """Revoke a token.

        Raises:
            InboxRefusal: There is no such token.
        """
        with self._database.transaction() as database:
            if database.execute("UPDATE token SET revoked = 1 WHERE id = ?", (id_,)).rowcount == 0:
                raise unknown_token(id_)

    def find(self, text: str, now: datetime) -> AccessToken | None:
        """The token with a text, if it is valid now; the hour in which it was last used is noted."""
        parts = split_token(text)
        if parts is None:
            return None
        id_, secret = parts
        rows = self._database.rows(f"{_SELECT} WHERE id = ?", id_)
        if not _is_secret(secret, rows[0][0] if rows else None) or not rows:
            return None
        return self._used(_token(rows[0]), now)

    def valid(self, id_: str, now: datetime) -> AccessToken | None:
        """The token with an id, for whoever has shown it before, if it is valid now; its use is noted, too."""
        rows = self._database.rows(f"{_SELECT} WHERE id = ?", id_)
        return self._used(_token(rows[0]), now) if rows else None

    def _used(self, token: AccessToken, now: datetime) -> AccessToken | None:
        if not token.is_valid(now):
            return None
        if token.last_used < moment_text(now - _USE_NOTED_AFTER):
            with self._database.transaction() as database:
                database.execute("UPDATE token SET last_used = ? WHERE id = ?", (moment_text(now), token.id))
        return token


class SessionTable:
    """The sessions of an inbox: what a browser shows in place of a token, once somebody has signed in with it.

    A session has no rights of its own: each use looks at the token that it was opened with, so that a session ends when
    its token is revoked, forgotten or at its end.
    """

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
        expires = min(moment_text(now + _SESSION_ENDS_AFTER), token.expires)
        with self._database.transaction() as database:
            database.execute("DELETE FROM session WHERE expires <= ?", (moment_text(now),))
            database.execute(
                "DELETE FROM session WHERE token = ? AND digest NOT IN "
                "(SELECT digest FROM session WHERE token = ? ORDER BY expires DESC LIMIT ?)",
                (token.id, token.id, _MOST_SESSIONS - 1),
            )
            database.execute("INSERT INTO session VALUES (?,?,?)", (_digest(secret), token.id, expires))
        return secret

    def find(self, secret: str, now: datetime) -> AccessToken | None:
        """The token of an open session, if it is valid now."""
        if not _SESSION.fullmatch(secret):
            return None
        statement = "SELECT token FROM session WHERE digest = ? AND expires > ?"
        rows = self._database.rows(statement, _digest(secret), moment_text(now))
        return self._tokens.valid(rows[0][0], now) if rows else None

    def end(self, secret: str) -> None:
        """End a session; nothing happens if there is none."""
        with self._database.transaction() as database:
            database.execute("DELETE FROM session WHERE digest = ?", (_digest(secret),))


def unknown_token(id_: str) -> InboxRefusal:
    """The refusal of a request about a token that is not there."""
    return InboxRefusal(RefusalKind.UNKNOWN, message("There is no token {id}.", id=id_))


def _token(row: Sequence[Any]) -> AccessToken:
    _, id_, name, scopes, created, expires, allows_self, revoked, last_used = row
    return AccessToken(id_, name, read_scopes(scopes), created, expires, bool(allows_self), bool(revoked), last_used)
