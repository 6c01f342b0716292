"""A program that starts a pool, gives each worker an endless job, and waits to be killed."""

import asyncio
import json

from iomld.workers.pool import Pool
from iomld.workers.protocol import WorkerSpec
from iomld.workers.scheduling import PoolLimits


async def main() -> None:
    """Never ends by itself."""
    pool = Pool(WorkerSpec("worker_handlers:open_orders"), PoolLimits(workers=3, timeout_s=600))
    await pool.start()
    jobs = [asyncio.create_task(pool.run(json.dumps({"spin_s": 600}).encode())) for _ in range(2)]
    while pool.stats().busy < len(jobs):  # noqa: ASYNC110 (workers set no event when they take a job)
        await asyncio.sleep(0.005)
    print("ready", flush=True)  # noqa: T201 (the test waits for this line)
    await asyncio.gather(*jobs)


if __name__ == "__main__":
    asyncio.run(main())
