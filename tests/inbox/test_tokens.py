"""Tokens: what they look like, when they are valid, and that the inbox cannot give them away."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.inbox.made import NOW, add_token, written_bytes

from iomld.inbox.inbox import Inbox
from iomld.inbox.submissions import InboxRefusal
from iomld.inbox.tokens import TokenScope, new_token, split_token


def test_a_token_is_found_until_its_end(tmp_path: Path) -> None:
    """It is valid before its end, and not from then on."""
    with Inbox(tmp_path) as inbox:
        token, text = add_token(inbox, TokenScope.SUBMIT, TokenScope.REVIEW, days=1)
        found = inbox.tokens.find(text, NOW)
        assert found is not None
        assert (found.id, found.scopes) == (token.id, {TokenScope.SUBMIT, TokenScope.REVIEW})
        assert inbox.tokens.find(text, NOW + timedelta(days=1)) is None


def test_a_revoked_token_is_worth_nothing(tmp_path: Path) -> None:
    """It stays in the list."""
    with Inbox(tmp_path) as inbox:
        token, text = add_token(inbox, TokenScope.SUBMIT)
        inbox.tokens.revoke(token.id)
        assert inbox.tokens.find(text, NOW) is None
        assert [one.revoked for one in inbox.tokens.all()] == [True]
        with pytest.raises(InboxRefusal):
            inbox.tokens.revoke("unknown")


def test_the_secret_is_in_no_file(tmp_path: Path) -> None:
    """Whoever copies the inbox cannot use the tokens."""
    with Inbox(tmp_path) as inbox:
        _, text = add_token(inbox, TokenScope.SUBMIT)
    _, secret = split_token(text) or ("", "")
    assert secret.encode() not in written_bytes(tmp_path)


def test_the_last_use_is_noted_once_an_hour(tmp_path: Path) -> None:
    """Not at each request, since each note is written to the disk."""
    with Inbox(tmp_path) as inbox:
        _, text = add_token(inbox, TokenScope.SUBMIT)
        inbox.tokens.find(text, NOW)
        inbox.tokens.find(text, NOW + timedelta(minutes=59))
        assert [one.last_used for one in inbox.tokens.all()] == ["2026-11-30T12:00:00Z"]
        inbox.tokens.find(text, NOW + timedelta(minutes=61))
        assert [one.last_used for one in inbox.tokens.all()] == ["2026-11-30T13:01:00Z"]


@given(st.text() | st.builds(lambda at: new_token().text[:at], st.integers(0, 90)))
def test_other_texts_are_no_tokens(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Anything else is not found; a mistyped token is recognized by its checksum."""
    with Inbox(tmp_path_factory.mktemp("inbox")) as inbox:
        assert inbox.tokens.find(text, NOW) is None
        _, whole = add_token(inbox, TokenScope.SUBMIT)
        wrong = whole[:-1] + ("0" if whole[-1] != "0" else "1")
        assert inbox.tokens.find(wrong, NOW) is None
