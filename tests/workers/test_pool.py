"""The pool answers each job exactly once, in time, and leaves nothing behind."""

import asyncio
import json
import os
import resource
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from pathlib import Path

import pytest

from iomld.workers.errors import CrashReason, JobTimeoutError, PoolOverloadedError, PoolStoppedError, WorkerCrashedError
from iomld.workers.pool import Pool
from iomld.workers.protocol import WorkerSpec
from iomld.workers.scheduling import PoolLimits

pytestmark = pytest.mark.server

Until = Callable[[Callable[[], bool]], Awaitable[None]]
TWO = PoolLimits(workers=2, timeout_s=200)


def payload(**orders: float | str) -> bytes:
    """What the test handler understands."""
    return json.dumps(orders).encode()


def with_pool(spec: WorkerSpec, limits: PoolLimits, use: Callable[[Pool], Coroutine[object, object, None]]) -> None:
    """Run a coroutine with a pool that is stopped after it."""

    async def main() -> None:
        pool = Pool(spec, limits)
        await pool.start()
        try:
            await use(pool)
        finally:
            await pool.stop()

    asyncio.run(main())


def test_small_and_large_payloads_and_answers_arrive_whole(spec: WorkerSpec) -> None:
    """A payload of any size comes back as it was; large answers come in a file."""

    async def use(pool: Pool) -> None:
        for size in (0, 1, 65_000, 65_536, 70_000, 5_000_000):
            text = "ab" * (size // 2)
            reply = await pool.run(payload(echo=text))
            assert (reply.size, reply.fault) == (len(text), False)
            assert (reply.file is not None) == (len(text) > 65_536)
            assert reply.read() == text.encode()

    with_pool(spec, TWO, use)


def test_an_answer_over_the_limit_is_a_fault(spec: WorkerSpec) -> None:
    """The writer stops a body that grows too large; the worker goes on."""

    async def use(pool: Pool) -> None:
        reply = await pool.run(payload(write_mib=9))
        assert (reply.fault, reply.head) == (True, str(8 << 20).encode())
        assert (await pool.run(payload(echo="next"))).read() == b"next"
        assert pool.stats().spawned == TWO.workers

    with_pool(spec, TWO, use)


def test_a_runaway_is_answered_in_time_while_others_go_on(spec: WorkerSpec) -> None:
    """One job over its limit costs its own client a timeout, and nobody else anything."""

    async def use(pool: Pool) -> None:
        runaway = asyncio.create_task(pool.run(payload(spin_s=600), timeout_s=0.5))
        answered = 0
        while not runaway.done():
            assert (await pool.run(payload(echo="quick"))).read() == b"quick"
            answered += 1
        with pytest.raises(JobTimeoutError, match=r"0\.5 seconds"):
            await runaway
        assert answered > 0
        assert (await pool.run(payload(echo="after"))).read() == b"after"

    with_pool(spec, TWO, use)


def test_many_runaways_do_not_stall_quick_jobs(spec: WorkerSpec, until_async: Until) -> None:
    """When all workers are stuck the pool grows, and shrinks again when the need is over."""

    async def use(pool: Pool) -> None:
        slow = [asyncio.create_task(pool.run(payload(spin_s=600), timeout_s=250)) for _ in range(5)]
        await until_async(lambda: pool.stats().busy == len(slow))
        assert (await pool.run(payload(echo="quick"))).read() == b"quick"
        assert pool.stats().workers > 2
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        await until_async(lambda: pool.stats().workers == 2)

    with_pool(spec, PoolLimits(workers=2, timeout_s=200, idle_s=0.2), use)


def test_a_long_job_goes_behind_quick_ones_and_its_worker_is_replaced(spec: WorkerSpec) -> None:
    """A long job gets a low priority; the next one is for a worker with the usual priority."""

    async def use(pool: Pool) -> None:
        usual = os.getpriority(os.PRIO_PROCESS, 0)
        long = await pool.run(payload(until_priority=19))
        quick = await pool.run(payload(until_priority=usual))
        assert long.head.split()[0] != quick.head.split()[0]
        assert pool.stats().crashed == 0

    with_pool(spec, PoolLimits(workers=1, timeout_s=200, lower_after_s=0.1), use)


def test_workers_that_are_no_longer_needed_leave_by_themselves(spec: WorkerSpec, until_async: Until) -> None:
    """Additional workers that end their jobs normally are dismissed after a while."""

    async def use(pool: Pool) -> None:
        jobs = [pool.run(payload(spin_s=0.4)) for _ in range(4)]
        replies = await asyncio.gather(*jobs)
        assert pool.stats().spawned > 1
        await until_async(lambda: pool.stats().workers == 1)
        assert len(replies) == len(jobs)

    with_pool(spec, PoolLimits(workers=1, timeout_s=200, idle_s=0.1), use)


def test_a_full_queue_refuses(spec: WorkerSpec) -> None:
    """Jobs over the queue's limit are refused at once; those before them are answered."""

    async def use(pool: Pool) -> None:
        jobs = [pool.run(payload(spin_s=0.05)) for _ in range(40)]
        outcomes = await asyncio.gather(*jobs, return_exceptions=True)
        refused = [outcome for outcome in outcomes if isinstance(outcome, PoolOverloadedError)]
        assert 0 < len(refused) == pool.stats().overloaded
        assert len(refused) + pool.stats().answered == len(jobs)

    with_pool(spec, PoolLimits(workers=1, max_workers=1, queue=3, timeout_s=200), use)


def test_a_job_whose_time_passes_in_the_queue_is_given_up(spec: WorkerSpec, tmp_path: Path) -> None:
    """Deadlines count from arrival, so a job that never started is answered too, and skipped."""

    async def use(pool: Pool) -> None:
        first = asyncio.create_task(pool.run(payload(until=str(tmp_path / "go"))))
        late = [asyncio.create_task(pool.run(payload(echo="late"), timeout_s=0.2)) for _ in range(5)]
        outcomes = await asyncio.gather(*late, return_exceptions=True)
        assert all(isinstance(outcome, PoolOverloadedError) for outcome in outcomes)
        assert not first.done()
        (tmp_path / "go").touch()
        (await first).close()
        assert (await pool.run(payload(echo="next"))).read() == b"next"

    with_pool(spec, PoolLimits(workers=1, max_workers=1, timeout_s=200), use)


@pytest.mark.parametrize(
    ("orders", "reason"), [({"eat_mib": 2000}, CrashReason.MEMORY), ({"abort": 1}, CrashReason.MEMORY)]
)
def test_a_worker_at_its_memory_limit_is_replaced(
    spec: WorkerSpec, orders: dict[str, float], reason: CrashReason, until_async: Until
) -> None:
    """The job that ate the memory is told so, and the pool is whole again."""

    async def use(pool: Pool) -> None:
        with pytest.raises(WorkerCrashedError) as caught:
            await pool.run(payload(**orders))
        assert caught.value.reason is reason
        assert (await pool.run(payload(echo="next"))).read() == b"next"
        await until_async(lambda: pool.stats().workers == 2)

    with_pool(spec, TWO, use)


def test_giving_up_kills_the_worker(spec: WorkerSpec, until_async: Until) -> None:
    """A cancelled job does not burn a worker until its limit."""

    async def use(pool: Pool) -> None:
        job = asyncio.create_task(pool.run(payload(spin_s=600)))
        queued = [asyncio.create_task(pool.run(payload(spin_s=600))) for _ in range(4)]
        await until_async(lambda: pool.stats().busy == 1)
        for task in (job, *queued):
            task.cancel()
        assert (await asyncio.wait_for(pool.run(payload(echo="free")), 120)).read() == b"free"
        assert all(
            isinstance(x, asyncio.CancelledError) for x in await asyncio.gather(job, *queued, return_exceptions=True)
        )

    with_pool(spec, PoolLimits(workers=1, max_workers=1, timeout_s=200), use)


def test_each_job_around_its_deadline_has_exactly_one_answer(spec: WorkerSpec) -> None:
    """The kill and the end of a job race 200 times; no job is lost, and no innocent one is killed."""

    async def use(pool: Pool) -> None:
        async def one(number: int) -> str:
            spin_s = 0.02 + (number % 21) * 0.001  # ends between 10 ms before the limit and 10 ms after
            try:
                reply = await pool.run(payload(spin_s=spin_s, echo=str(number)), timeout_s=0.03)
            except JobTimeoutError:
                return "timeout"
            except PoolOverloadedError:
                return "never started"  # both workers were just being replaced
            assert reply.read() == str(number).encode()
            return "answer"

        async def innocent() -> None:
            for number in range(400):
                reply = await pool.run(payload(echo=f"i{number}"))
                assert reply.read() == f"i{number}".encode()

        async def hammer() -> list[str]:
            return [await one(number) for number in range(200)]

        outcomes, _ = await asyncio.gather(hammer(), innocent())
        assert len(outcomes) == 200
        stats = pool.stats()
        assert stats.crashed == 0  # a worker killed for a job it no longer had would crash the next one
        assert stats.answered + stats.timed_out + stats.overloaded == 600

    with_pool(spec, PoolLimits(workers=2, max_workers=4, timeout_s=200), use)


def test_fifty_jobs_at_a_cold_start_are_all_answered(spec: WorkerSpec) -> None:
    """A burst of mixed jobs right after the start gets fifty right answers."""

    async def use(pool: Pool) -> None:
        texts = [str(number) * (1 if number % 3 else 50_000) for number in range(50)]
        replies = await asyncio.gather(*(pool.run(payload(echo=text, spin_s=0.001)) for text in texts))
        assert [reply.read().decode() for reply in replies] == texts

    with_pool(spec, TWO, use)


def test_stopping_leaves_no_process_and_tells_those_who_wait(spec: WorkerSpec) -> None:
    """Jobs under way and waiting are answered with the reason; later ones are refused."""

    async def main() -> None:
        pool = Pool(spec, TWO)
        await pool.start()
        jobs = [asyncio.create_task(pool.run(payload(spin_s=600))) for _ in range(10)]
        await asyncio.sleep(0)
        await pool.stop()
        outcomes = await asyncio.gather(*jobs, return_exceptions=True)
        assert all(isinstance(outcome, PoolStoppedError) for outcome in outcomes)
        assert pool.stats().workers == 0
        with pytest.raises(PoolStoppedError):
            await pool.run(payload(echo="late"))

    asyncio.run(main())


@pytest.mark.parametrize(("argument", "message"), [("broken", "the cupboard is bare"), ("exit", "exit code 7")])
def test_workers_that_cannot_start_say_why(spec: WorkerSpec, argument: str, message: str) -> None:
    """Starting fails with the handler's own sentence, or the exit code."""

    async def main() -> None:
        with pytest.raises(WorkerCrashedError, match=message):
            await Pool(replace(spec, argument=argument), TWO).start()

    asyncio.run(main())


def test_no_file_descriptor_is_lost(spec: WorkerSpec) -> None:
    """Timeouts, large answers and cancelled jobs leave no descriptor open."""

    async def use(pool: Pool) -> None:
        for _ in range(3):
            job = asyncio.create_task(pool.run(payload(write_mib=2)))
            await asyncio.sleep(0)
            job.cancel()
            (await pool.run(payload(write_mib=2))).close()
            with pytest.raises((JobTimeoutError, PoolOverloadedError)):  # the latter where it never started
                await pool.run(payload(spin_s=600), timeout_s=0.05)

    before = _open_descriptors()
    with_pool(spec, TWO, use)
    assert _open_descriptors() == before


def test_a_system_without_descriptors_is_told_and_survived(spec: WorkerSpec, until_async: Until) -> None:
    """When no process can be started the pool says so, or tries again until one can."""

    async def use(pool: Pool) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (_lowest_free_descriptor(), hard))
        try:
            with pytest.raises(WorkerCrashedError):
                await pool.run(payload(abort=1))
            await until_async(lambda: pool.stats().workers == 0)
            with pytest.raises(PoolOverloadedError):
                await pool.run(payload(echo="nobody"), timeout_s=0.1)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert (await pool.run(payload(echo="again"))).read() == b"again"

    with_pool(spec, PoolLimits(workers=1, timeout_s=200), use)


def _lowest_free_descriptor() -> int:
    """The number that is given next: with it as the limit none is given, wherever there are gaps between open ones."""
    free = os.open("/dev/null", os.O_RDONLY)
    os.close(free)
    return free


def _open_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())
