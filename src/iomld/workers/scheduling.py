"""Which job runs next: the limits of a pool, its jobs, a queue that is fair to clients, and a quota for each client.

The queue takes one job of each client in turn, so that many jobs of one client do not delay those of others. The quota
bounds how many workers a client occupies at once, so that some always remain for other clients.
"""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import Collection, Container, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from iomld.workers.errors import CrashReason, WorkerCrashedError, WorkerError
from iomld.workers.protocol import Reply
from iomld.workers.supervisor import crash_reason

_SLOW_FOR_NS = 10_000_000_000  # how long a client counts as slow after it was last seen with a slow job
_NO_CLIENTS: AbstractSet[str] = frozenset()
_CRASH_MESSAGES = {
    CrashReason.MEMORY: "The job was stopped because it needed more memory than it may take.",
    CrashReason.FAULT: "The worker ended while it did the job; it was too much for it.",
}


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """The limits of a pool.

    Attributes:
        workers: Number of permanent workers.
        max_workers: Maximum number of workers when jobs are slow; None for four times `workers`.
        queue: Maximum number of waiting jobs.
        timeout_s: Default time limit of a job in seconds, counted from its arrival.
        idle_s: Seconds after which an additional worker exits when it is not needed.
        lower_after_s: Seconds after which a job gets a low priority, for workers that are cheap to start: only root
            could raise it again, so that the worker is replaced after the job. None for never.
    """

    workers: int = 2
    max_workers: int | None = None
    queue: int = 100
    timeout_s: float = 10.0
    idle_s: float = 30.0
    lower_after_s: float | None = None

    @property
    def capacity(self) -> int:
        """Maximum number of workers."""
        return max(self.workers, self.workers * 4 if self.max_workers is None else self.max_workers)

    @property
    def share(self) -> int:
        """Maximum number of workers that one client may occupy; the others remain for other clients."""
        return max(1, self.capacity - self.workers)


@dataclass(frozen=True, slots=True)
class PoolStats:
    """The current state of a pool and its counters since the start.

    Attributes:
        workers: Living workers, including those that are starting.
        busy: Workers that run a job.
        waiting: Jobs that no worker has started.
        answered: Jobs answered by a worker.
        timed_out: Jobs stopped at their deadline.
        overloaded: Jobs refused by a full queue, or whose deadline passed while they waited.
        crashed: Jobs whose worker died.
        spawned: Workers started.
    """

    workers: int = 0
    busy: int = 0
    waiting: int = 0
    answered: int = 0
    timed_out: int = 0
    overloaded: int = 0
    crashed: int = 0
    spawned: int = 0


@dataclass(slots=True, eq=False)
class Job:
    """A job of a pool; its future is set exactly once.

    Attributes:
        number: Its number, from 1.
        payload: The payload for the handler; emptied once it has been sent.
        limit_s: Its time limit in seconds.
        deadline_ns: When that ends (CLOCK_MONOTONIC, ns).
        future: Its reply, or the error why there is none.
        client: Name of the client that sent it; empty where the pool need not be fair.
    """

    number: int
    payload: bytes
    limit_s: float
    deadline_ns: int
    future: asyncio.Future[Reply]
    client: str = ""

    def fail(self, error: WorkerError) -> None:
        """Set an error, unless the future has a result already."""
        if not self.future.done():
            self.future.set_exception(error)


def crash_error(exit_code: int) -> WorkerCrashedError:
    """The error of a job whose worker died with this exit code."""
    reason = crash_reason(exit_code)
    return WorkerCrashedError(_CRASH_MESSAGES[reason], reason)


class FairQueue:
    """A queue that takes one job of each client in turn; jobs of one client keep their order."""

    def __init__(self) -> None:
        """Start empty."""
        self._by_client: OrderedDict[str, deque[Job]] = OrderedDict()  # in order of their turns; no empty queues
        self._size = 0

    def __len__(self) -> int:
        """Number of waiting jobs."""
        return self._size

    def __iter__(self) -> Iterator[Job]:
        """All waiting jobs, grouped by client."""
        return (job for jobs in self._by_client.values() for job in jobs)

    def append(self, job: Job) -> None:
        """Add a job; it runs after those of its client, and a new client comes after all others."""
        self._by_client.setdefault(job.client, deque()).append(job)
        self._size += 1

    def first(self, excluded: Container[str] = ()) -> Job | None:
        """The next job of a client that is not excluded; None if there is none."""
        return next((jobs[0] for client, jobs in self._by_client.items() if client not in excluded), None)

    def pop(self, job: Job) -> None:
        """Remove the first job of its client; the client's next turn comes after all others."""
        jobs = self._by_client[job.client]
        jobs.popleft()
        self._size -= 1
        if jobs:
            self._by_client.move_to_end(job.client)
        else:
            del self._by_client[job.client]

    def remove(self, job: Job) -> None:
        """Remove a job; do nothing if it is not in the queue."""
        jobs = self._by_client.get(job.client, deque())
        if job in jobs:
            jobs.remove(job)
            self._size -= 1
            if not jobs:
                del self._by_client[job.client]

    def clear(self) -> None:
        """Remove all jobs."""
        self._by_client.clear()
        self._size = 0


class ClientQuota:
    """The number of workers that each client may occupy at once.

    No client occupies more than `PoolLimits.share` workers. A client with recent slow jobs never occupies all of the
    workers that are ready either, so that one is left for quick jobs of others.
    """

    def __init__(self, limits: PoolLimits) -> None:
        """Start without any slow clients."""
        self._share = limits.share
        self._slow: dict[str, int] = {}  # when each was last seen with a slow job (CLOCK_MONOTONIC, ns)

    def record_slow(self, jobs: Iterable[Job], now_ns: int) -> None:
        """Mark the clients of these jobs as slow, and forget those that have not been slow for ten seconds."""
        self._slow |= {job.client: now_ns for job in jobs if job.client}
        self._slow = {client: at for client, at in self._slow.items() if now_ns - at < _SLOW_FOR_NS}

    def exhausted(self, jobs: Collection[Job], ready: int) -> AbstractSet[str]:
        """The clients that have reached their quota.

        Args:
            jobs: The jobs that workers run or will run next.
            ready: Number of workers that are ready.
        """
        if not self._slow and len(jobs) < self._share:
            return _NO_CLIENTS  # the usual case, decided quickly
        counts = Counter(job.client for job in jobs if job.client)
        return {client for client, count in counts.items() if count >= self._quota(client, ready)}

    def _quota(self, client: str, ready: int) -> int:
        return min(self._share, max(1, ready - 1)) if client in self._slow else self._share
