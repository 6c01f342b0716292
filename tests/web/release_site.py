"""A server of several releases, as tests ask it."""

from dataclasses import dataclass
from pathlib import Path

import httpx


@dataclass(frozen=True)
class ReleaseSite:
    """A server of several releases.

    Attributes:
        client: Asks the server.
        datadir: The releases.
        names: Their names, oldest first.
        below: What stands before the paths that are asked for.
    """

    client: httpx.Client
    datadir: Path
    names: tuple[str, ...]
    below: str = ""

    def get(self, path: str, accept: str = "*/*", **parameters: str) -> httpx.Response:
        """The answer to a request."""
        return self.client.get(f"{self.below}{path}", params=parameters, headers={"Accept": accept})

    def detail(self, status: int, path: str, **parameters: str) -> str:
        """The sentence of a problem, which has a status."""
        answer = self.get(path, **parameters)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
        return str(answer.json()["detail"])
