"""Answers of the SPARQL endpoint that need no worker: those that were kept, and those of lookups."""

import time
from collections.abc import Callable, Hashable

from iomld.formats import results
from iomld.web.budget import ClientBudgets
from iomld.web.sparql_cache import AnswerCache, CachedAnswer
from iomld.web.sparql_protocol import MediaTypes, Operation
from iomld.workers.answer import digest_of

_JSON = frozenset({results.JSON.media_type, *results.JSON.also})


class AnswersAtOnce:
    """Finds and keeps them, of the release that is served now."""

    def __init__(
        self,
        cache: AnswerCache[CachedAnswer],
        release_name: Callable[[], str],
        budgets: ClientBudgets,
        lookup: Callable[[str], bytes | None],
    ) -> None:
        """Set up.

        Args:
            cache: Where answers are kept.
            release_name: Name of the release that is served.
            budgets: What clients may use.
            lookup: Answers a query in JSON where that is surely quick, else gives None.
        """
        self._cache, self._release_name, self._budgets, self._lookup = cache, release_name, budgets, lookup

    def find(self, operation: Operation, types: MediaTypes, client: str) -> tuple[CachedAnswer, str | None] | None:
        """The answer to a query, if it needs no worker.

        Args:
            operation: What is asked.
            types: What to answer in.
            client: Who asks.

        Returns:
            The answer, and the name of the release for which it had been kept, or None if it is new.

        Raises:
            ProblemError: The query is a lookup, and the client has used its time.
        """
        release = self._release_name()
        kept = self._cache.get(release, _key(operation, types))
        if kept:
            return kept, release
        answer = self._looked_up(operation, types, client)
        if answer is None:
            return None
        self._cache.misses += 1
        self.keep(release, operation, types, answer)
        return answer, None

    def _looked_up(self, operation: Operation, types: MediaTypes, client: str) -> CachedAnswer | None:
        media_type = types.solutions
        if operation.names_graphs or media_type not in _JSON or media_type != types.boolean:
            return None
        started = time.monotonic()
        body = self._lookup(operation.query or "")
        if body is None:
            return None
        self._budgets.admit(client)
        self._budgets.spend(client, time.monotonic() - started)
        return CachedAnswer(body, media_type, f'"{digest_of([body])}"')

    def miss(self) -> str:
        """Count an answer that is to be made by a worker; the release that it should be of."""
        self._cache.misses += 1
        return self._release_name()

    def keeps(self, size_bytes: int) -> bool:
        """Say whether an answer of this size would be kept."""
        return self._cache.takes(size_bytes)

    def keep(self, release: str, operation: Operation, types: MediaTypes, answer: CachedAnswer) -> None:
        """Keep the answer of a release to a query."""
        self._cache.put(release, _key(operation, types), answer, len(operation.query or ""))


def _key(operation: Operation, types: MediaTypes) -> Hashable:
    """What an answer depends on beside the release."""
    return operation.query, operation.default_graphs, operation.named_graphs, types
