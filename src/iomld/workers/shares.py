"""How many jobs one client may have with the workers at once, so that whatever it asks some are left for others."""

from collections import Counter
from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet

from iomld.workers.jobs import Job
from iomld.workers.limits import PoolLimits

_REMEMBERED_NS = 10_000_000_000
_NOBODY: AbstractSet[str] = frozenset()


class Shares:
    """Knows whose jobs were slow of late. Such a client never has all the workers that are there; others nearly may."""

    def __init__(self, limits: PoolLimits) -> None:
        """Start with no client known."""
        self._share = limits.share
        self._slow: dict[str, int] = {}  # when each was last seen to be slow

    def saw_slow(self, jobs: Iterable[Job], now_ns: int) -> None:
        """Take note of jobs that run for long, and forget what is long ago."""
        self._slow |= {job.client: now_ns for job in jobs if job.client}
        self._slow = {client: at for client, at in self._slow.items() if now_ns - at < _REMEMBERED_NS}

    def full(self, jobs: Collection[Job], ready: int) -> AbstractSet[str]:
        """The clients that may have no more.

        Args:
            jobs: The jobs that the workers have, or will take next.
            ready: How many workers there are.
        """
        if not self._slow and len(jobs) < self._share:
            return _NOBODY  # nearly always
        held = Counter(job.client for job in jobs if job.client)
        return {client for client, count in held.items() if count >= self._most(client, ready)}

    def _most(self, client: str, ready: int) -> int:
        return min(self._share, max(1, ready - 1)) if client in self._slow else self._share
