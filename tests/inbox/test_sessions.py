"""Sessions: they end with their token, by signing out, and after a day's work; no file has their secrets."""

from datetime import timedelta
from pathlib import Path

from tests.inbox.made import NOW, add_token, written_bytes

from iomld.inbox.inbox import Inbox
from iomld.inbox.tokens import TokenScope


def test_a_session_stands_for_its_token(tmp_path: Path) -> None:
    """Until somebody signs out; other sessions of the same token stay open, also after the program was started anew."""
    with Inbox(tmp_path) as inbox:
        token, _ = add_token(inbox, TokenScope.SUBMIT)
        one, two = (inbox.sessions.open(token, NOW) for _ in range(2))
        found = inbox.sessions.find(one, NOW)
        assert found is not None
        assert (found.id, found.scopes) == (token.id, {TokenScope.SUBMIT})
        inbox.sessions.end(one)
        assert inbox.sessions.find(one, NOW) is None
    with Inbox(tmp_path) as again:
        assert again.sessions.find(two, NOW) is not None


def test_a_session_has_an_end(tmp_path: Path) -> None:
    """After twelve hours, or with the token if that ends before."""
    with Inbox(tmp_path) as inbox:
        token, _ = add_token(inbox, TokenScope.SUBMIT, days=1)
        early = inbox.sessions.open(token, NOW)
        assert inbox.sessions.find(early, NOW + timedelta(hours=12, seconds=-1)) is not None
        assert inbox.sessions.find(early, NOW + timedelta(hours=12)) is None
        late = inbox.sessions.open(token, NOW + timedelta(hours=20))
        assert inbox.sessions.find(late, NOW + timedelta(hours=24, seconds=-1)) is not None
        assert inbox.sessions.find(late, NOW + timedelta(hours=24)) is None


def test_a_token_that_is_taken_away_ends_its_sessions(tmp_path: Path) -> None:
    """At once, when it is revoked or forgotten."""
    with Inbox(tmp_path) as inbox:
        revoked, forgotten = (add_token(inbox, TokenScope.REVIEW)[0] for _ in range(2))
        secrets = [inbox.sessions.open(token, NOW) for token in (revoked, forgotten)]
        inbox.tokens.revoke(revoked.id)
        inbox.forget(forgotten.id, NOW)
        assert [inbox.sessions.find(secret, NOW) for secret in secrets] == [None, None]


def test_a_token_has_few_sessions(tmp_path: Path) -> None:
    """The oldest end, so that nobody can fill the disk by signing in."""
    with Inbox(tmp_path) as inbox:
        token, _ = add_token(inbox, TokenScope.SUBMIT)
        opened = [inbox.sessions.open(token, NOW + timedelta(minutes=minute)) for minute in range(25)]
        now = NOW + timedelta(hours=1)
        assert [secret for secret in opened if inbox.sessions.find(secret, now)] == opened[-20:]


def test_the_secret_of_a_session_is_in_no_file(tmp_path: Path) -> None:
    """Whoever copies the inbox cannot act for anybody; other texts are no sessions."""
    with Inbox(tmp_path) as inbox:
        token, _ = add_token(inbox, TokenScope.SUBMIT)
        secret = inbox.sessions.open(token, NOW)
        assert [inbox.sessions.find(text, NOW) for text in ("", "é", secret[:-1], secret.upper() + "0", "0" * 64)] == [
            None
        ] * 5
    assert secret.encode() not in written_bytes(tmp_path)
