"""The order in which jobs that wait are taken."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import cast

from iomld.workers.errors import PoolStoppedError
from iomld.workers.pool import Pool
from iomld.workers.protocol import Reply, WorkerSpec
from iomld.workers.scheduling import ClientQuota, FairQueue, Job, PoolLimits


def job(number: int, client: str) -> Job:
    """A job that nobody awaits."""
    return Job(number, b"", 1, 0, cast("asyncio.Future[Reply]", None), client)


def taken(queue: FairQueue) -> list[int]:
    """The numbers of all jobs, in the order in which they are given out."""
    numbers = []
    while one := queue.first():
        numbers.append(one.number)
        queue.pop(one)
    return numbers


def test_clients_take_turns() -> None:
    """One job of each client in turn; a client's own keep their order; one that comes late is soon served."""
    queue = FairQueue()
    for number, client in enumerate("aaaabbc"):
        queue.append(job(number, client))
    assert len(queue) == len(list(queue)) == 7
    assert taken(queue) == [0, 4, 6, 1, 5, 2, 3]
    assert len(queue) == 0


def test_a_job_that_is_given_up_leaves_the_others() -> None:
    """Jobs can be taken out wherever they stand; taking one out twice changes nothing."""
    queue = FairQueue()
    jobs = [job(number, client) for number, client in enumerate("aab")]
    for one in jobs:
        queue.append(one)
    for one in (jobs[0], jobs[0], jobs[2]):
        queue.remove(one)
    assert (len(queue), taken(queue)) == (1, [1])


def test_clients_with_their_share_are_passed_over() -> None:
    """The next job is the first of those whose clients may have more."""
    queue = FairQueue()
    for number, client in enumerate("aab"):
        queue.append(job(number, client))
    first = queue.first({"a"})
    assert first
    assert first.number == 2
    assert queue.first({"a", "b"}) is None


def test_a_client_with_slow_jobs_never_has_all_workers() -> None:
    """Slow of late, a client may have all but one of the workers that are there, others all but those always there."""
    limits = PoolLimits(workers=2, max_workers=8)
    quota = ClientQuota(limits)
    held = [job(number, "a") for number in range(3)]
    assert quota.exhausted(held, ready=2) == set()
    quota.record_slow(held[:1], now_ns=0)
    assert quota.exhausted(held, ready=4) == {"a"}
    assert quota.exhausted(held, ready=5) == set()
    quota.record_slow((), now_ns=60_000_000_000)
    assert quota.exhausted(held, ready=4) == set()
    assert quota.exhausted([job(number, "b") for number in range(6)], ready=8) == {"b"}


def test_endless_jobs_of_one_client_leave_workers_for_another(spec: WorkerSpec) -> None:
    """However many runaways a client sends, another's jobs are answered before the first of them ends."""

    async def main() -> bool:
        pool = Pool(spec, PoolLimits(workers=2, max_workers=8, timeout_s=250))
        await pool.start()
        try:
            endless = json.dumps({"spin_s": 600}).encode()
            many = [asyncio.create_task(pool.run(endless, client="many")) for _ in range(20)]
            for _ in range(20):
                (await pool.run(json.dumps({"spin_s": 0}).encode(), client="other")).close()
            return any(task.done() for task in many)
        finally:
            await pool.stop()
            for outcome in await asyncio.gather(*many, return_exceptions=True):
                assert isinstance(outcome, PoolStoppedError)

    assert not asyncio.run(main())


def test_many_jobs_of_one_client_do_not_starve_another(
    spec: WorkerSpec, until_async: Callable[[Callable[[], bool]], Awaitable[None]]
) -> None:
    """With one worker and forty jobs waiting, the one job of another client is answered before most of them."""
    done: list[str] = []

    async def one(pool: Pool, client: str) -> None:
        (await pool.run(json.dumps({"spin_s": 0.01}).encode(), client=client)).close()
        done.append(client)

    async def main() -> None:
        pool = Pool(spec, PoolLimits(workers=1, max_workers=1, timeout_s=250))
        await pool.start()
        try:
            many = [asyncio.create_task(one(pool, "many")) for _ in range(40)]
            await until_async(lambda: pool.stats().busy == 1)
            await asyncio.gather(one(pool, "other"), *many)
        finally:
            await pool.stop()

    asyncio.run(main())
    assert done.index("other") < 20


def test_a_reply_says_how_long_its_worker_needed(spec: WorkerSpec) -> None:
    """The time is the work's own, and the same whether the answer is large or not."""

    async def main() -> list[float]:
        pool = Pool(spec, PoolLimits(workers=1, max_workers=1, timeout_s=250))
        await pool.start()
        try:
            orders = ({"spin_s": 0.05}, {"spin_s": 0.05, "write_mib": 1}, {"spin_s": 0.05, "write_mib": 9})
            replies = await asyncio.gather(*(pool.run(json.dumps(order).encode()) for order in orders))
            assert [reply.fault for reply in replies] == [False, False, True]
            for reply in replies:
                reply.close()
            return [reply.took_s for reply in replies]
        finally:
            await pool.stop()

    assert all(took_s >= 0.05 for took_s in asyncio.run(main()))
