"""Jobs, the fair queue they wait in, the share of each client, and the limits of a pool.

The jobs that wait, one client after the other, so that no client's many jobs hold up another's one.

A job of a pool, and what is said when its worker ends.

How many jobs one client may have with the workers at once, so that whatever it asks some are left for others.

How large a pool is, and what it says of itself.
"""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import Collection, Container, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from iomld.workers.errors import CrashReason, WorkerCrashedError, WorkerError
from iomld.workers.protocol import Reply
from iomld.workers.supervisor import reason_of

_CRASHED = {
    CrashReason.MEMORY: "The job was stopped because it needed more memory than it may take.",
    CrashReason.FAULT: "The worker ended while it did the job; it was too much for it.",
}


@dataclass(slots=True, eq=False)
class Job:
    """One job; its future is set exactly once.

    Attributes:
        number: Its number, from 1.
        payload: What the handler gets; emptied once it has been sent.
        limit_s: Seconds it was given.
        deadline_ns: When they are over (CLOCK_MONOTONIC).
        future: Its answer, or why there is none.
        client: Who asked; clients that wait take turns.
    """

    number: int
    payload: bytes
    limit_s: float
    deadline_ns: int
    future: asyncio.Future[Reply]
    client: str = ""

    def fail(self, error: WorkerError) -> None:
        """Say why there is no answer, if nothing has been said."""
        if not self.future.done():
            self.future.set_exception(error)


def crash(exit_code: int) -> WorkerCrashedError:
    """The error for a worker that ended with a job."""
    reason = reason_of(exit_code)
    return WorkerCrashedError(_CRASHED[reason], reason)


class FairQueue:
    """Gives out one job of each client in turn; a client's own jobs keep their order."""

    def __init__(self) -> None:
        """Start empty."""
        self._by_client: OrderedDict[str, deque[Job]] = OrderedDict()  # no empty ones; the first is next
        self._size = 0

    def __len__(self) -> int:
        """How many jobs wait."""
        return self._size

    def __iter__(self) -> Iterator[Job]:
        """All jobs, client by client."""
        return (job for jobs in self._by_client.values() for job in jobs)

    def append(self, job: Job) -> None:
        """Add a job behind the others of its client; a client that has none waits behind the other clients."""
        self._by_client.setdefault(job.client, deque()).append(job)
        self._size += 1

    def first(self, full: Container[str] = ()) -> Job | None:
        """The job that is next, of a client that is not among those who have their share already."""
        return next((jobs[0] for client, jobs in self._by_client.items() if client not in full), None)

    def pop(self, job: Job) -> None:
        """Take the first job of its client out; the client goes behind the others."""
        jobs = self._by_client[job.client]
        jobs.popleft()
        self._size -= 1
        if jobs:
            self._by_client.move_to_end(job.client)
        else:
            del self._by_client[job.client]

    def remove(self, job: Job) -> None:
        """Take a job out, if it is in."""
        jobs = self._by_client.get(job.client, deque())
        if job in jobs:
            jobs.remove(job)
            self._size -= 1
            if not jobs:
                del self._by_client[job.client]

    def clear(self) -> None:
        """Take all jobs out."""
        self._by_client.clear()
        self._size = 0


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """How much a pool does.

    Attributes:
        workers: Workers that are always there.
        max_workers: Workers at most, when jobs are slow; None for four times `workers`.
        queue: Jobs that may wait.
        timeout_s: Seconds a job may take, counted from its arrival.
        idle_s: Seconds without need after which an additional worker leaves.
    """

    workers: int = 2
    max_workers: int | None = None
    queue: int = 100
    timeout_s: float = 10.0
    idle_s: float = 30.0

    @property
    def capacity(self) -> int:
        """Workers at most."""
        return max(self.workers, self.workers * 4 if self.max_workers is None else self.max_workers)

    @property
    def share(self) -> int:
        """Workers that one client may hold at most: some are left for others, whatever it asks."""
        return max(1, self.capacity - self.workers)


@dataclass(frozen=True, slots=True)
class PoolStats:
    """Counts since the start, and the state now.

    Attributes:
        workers: Workers that live, those that are starting included.
        busy: Workers that hold a job.
        waiting: Jobs that no worker has taken.
        answered: Jobs answered by a worker.
        timed_out: Jobs that ran until their time was up.
        overloaded: Jobs refused or given up in the queue.
        crashed: Jobs whose worker ended.
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


_REMEMBERED_NS = 10_000_000_000
_NOBODY: AbstractSet[str] = frozenset()


class ClientQuota:
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
