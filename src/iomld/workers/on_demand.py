"""A pool of workers that starts with its first job, for what most servers are never asked."""

import asyncio
from collections.abc import Hashable

from iomld.workers.pool import Pool
from iomld.workers.protocol import WorkerSpec
from iomld.workers.scheduling import PoolLimits


class PoolOnDemand:
    """A pool that is started when it is first needed, and again when its workers are to be of another kind.

    To be used from the event loop's thread.
    """

    def __init__(self, limits: PoolLimits) -> None:
        """Begin without workers.

        Args:
            limits: The limits of the pool.
        """
        self._limits = limits
        self._running: tuple[Hashable, Pool] | None = None
        self._starting = asyncio.Lock()

    async def of(self, spec: WorkerSpec, *, key: Hashable = None) -> Pool:
        """The pool with workers of a kind; workers of another kind are ended.

        Args:
            spec: How they are started.
            key: Equal for specifications whose workers do the same.

        Raises:
            WorkerCrashedError: They cannot start.
        """
        async with self._starting:
            if self._running is None or self._running[0] != key:
                await self.stop()
                pool = Pool(spec, self._limits)
                await pool.start()
                self._running = key, pool
            return self._running[1]

    async def stop(self) -> None:
        """End the workers."""
        running, self._running = self._running, None
        if running:
            await running[1].stop()
