"""How large a pool is, and what it says of itself."""

from dataclasses import dataclass


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
