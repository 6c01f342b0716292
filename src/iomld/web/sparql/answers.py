"""Answers of the SPARQL endpoint that need no worker: those that were kept, and those of lookups."""

import time
from collections.abc import Callable, Hashable

from iomld.formats import results
from iomld.web.budget import ClientBudgets
from iomld.web.sparql.cache import AnswerCache, CachedAnswer
from iomld.web.sparql.protocol import MediaTypes, Operation
from iomld.workers.answer import digest_of

_MOST_MARKS = 10_000
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
        self._cache, self.release_name, self._budgets, self._lookup = cache, release_name, budgets, lookup
        self._looked_up_before: set[int] = set()

    def find(self, operation: Operation, types: MediaTypes, client: str) -> CachedAnswer | None:
        """The answer to a query, if it needs no worker.

        Args:
            operation: What is asked.
            types: What to answer in.
            client: Who asks.

        Raises:
            ProblemError: The query is a lookup, and the client has used its time.
        """
        release = self.release_name()
        key = _key(operation, types)
        kept = self._cache.get(release, key)
        if kept:
            return kept
        answer = self._looked_up(operation, types, client)
        if answer is None:
            return None
        self._cache.misses += 1
        if self._comes_again(key):
            self._cache.put(release, key, answer, len(operation.query or ""))
        return answer

    def _comes_again(self, key: Hashable) -> bool:
        """Whether a lookup was answered not long ago; to keep each answer would take as long as to look it up."""
        mark = hash(key)
        if mark in self._looked_up_before:
            return True
        if len(self._looked_up_before) >= _MOST_MARKS:
            self._looked_up_before.clear()
        self._looked_up_before.add(mark)
        return False

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
        return self.release_name()

    def keeps(self, size_bytes: int) -> bool:
        """Say whether an answer of this size would be kept."""
        return self._cache.takes(size_bytes)

    def keep(self, release: str, operation: Operation, types: MediaTypes, answer: CachedAnswer) -> None:
        """Keep the answer of a release to a query."""
        self._cache.put(release, _key(operation, types), answer, len(operation.query or ""))


def _key(operation: Operation, types: MediaTypes) -> Hashable:
    """What an answer depends on beside the release."""
    wanted = types.solutions, types.boolean, types.graph  # a tuple: to hash the dataclass takes as long as a search
    return operation.query, operation.default_graphs, operation.named_graphs, wanted
