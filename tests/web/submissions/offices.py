"""A server with an inbox, its sender and its reviewer, and how they ask: by programs, and by browsers."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import httpx
from tests.inbox.made import add_token
from tests.serving import serve

from iomld.inbox.inbox import Inbox
from iomld.inbox.tokens import AccessToken, TokenScope

Json = dict[str, Any]
BUDGET = {"projectCode": "PO.0105", "budgetUSD": 120_000}


@dataclass(frozen=True)
class Office:
    """A server with an inbox, and tokens of a sender and a reviewer."""

    address: str
    datadir: Path
    inbox: Inbox
    sender: str
    reviewer: str

    def client(self, token: str = "") -> httpx.Client:
        """A client with a token."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.address, headers=headers, timeout=240)

    def browser(self) -> httpx.Client:
        """A browser that follows no redirection, so that tests see each answer."""
        return httpx.Client(base_url=self.address, headers={"Accept": "text/html"}, timeout=240)

    def signed_in(self, token: str) -> httpx.Client:
        """A browser in which somebody has signed in; `httpx` itself sends no secure cookie over http."""
        answer = httpx.post(f"{self.address}/sign-in", data={"token": token}, timeout=60)
        browser = self.browser()
        browser.headers["Cookie"] = answer.headers["set-cookie"].partition(";")[0]
        return browser

    def new_token(self, *scopes: TokenScope) -> tuple[AccessToken, str]:
        """Another token, and its text."""
        return add_token(self.inbox, *scopes, now=datetime.now(UTC))

    def submit(self, record: Json = BUDGET, mode: str = "patch", **headers: str) -> httpx.Response:
        """Send a record with the token of the sender."""
        with self.client(self.sender) as client:
            return client.post("/submissions", params={"mode": mode}, json=record, headers=headers)

    def accept(self, id_: str, tag: str, *removes: str) -> httpx.Response:
        """Accept a preview with the token of the reviewer."""
        with self.client(self.reviewer) as client:
            return client.post(f"/submissions/{id_}/accept", headers={"If-Match": tag}, json={"removes": removes})


@contextmanager
def office(datadir: Path, **settings: str) -> Iterator[Office]:
    """A server of a folder of releases, with an inbox."""
    now = datetime.now(UTC)
    with Inbox(datadir) as inbox, serve(datadir, **settings) as server:
        tokens = [add_token(inbox, scope, now=now)[1] for scope in (TokenScope.SUBMIT, TokenScope.REVIEW)]
        yield Office(server.address, datadir, inbox, *tokens)


def form_token(browser: httpx.Client) -> str:
    """What the forms of pages hold for the session of a browser."""
    return form_values(browser.get("/submissions/new").text)["form_token"]


def form_values(page: str) -> dict[str, str]:
    """The hidden fields of the forms of a page, by name."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: unescape(value) for name, value in found}
