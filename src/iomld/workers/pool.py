"""A pool of worker processes for an event loop: runs jobs with deadlines, and adds workers when jobs are slow.

All workers receive their jobs from one socket. A job is answered exactly once, by its worker or with an error.
"""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Iterable
from signal import SIGALRM

from iomld.workers.errors import CrashReason, JobTimeoutError, PoolOverloadedError, PoolStoppedError, WorkerCrashedError
from iomld.workers.protocol import Reply, Status, WorkerSpec
from iomld.workers.scheduling import ClientQuota, FairQueue, Job, PoolLimits, PoolStats, crash_error
from iomld.workers.supervisor import Supervisor, SupervisorEvents, WorkerProcess

_SWEEP_S = 0.02  # between two checks of deadlines
_GROW_AFTER_S = 0.05  # all workers but one are on jobs older than this and another job waits: start one more
_ABANDONED_S = 0.1  # run time left to a job without a waiting client, since a new worker would cost as much
_LOST_S = 5.0  # how long after its deadline a sent job is forgotten if a worker killed from outside took it along
_PREFETCH = 4  # jobs in the socket beyond one for each worker, so that no worker waits for the event loop
_RETRY_S = (0.1, 0.5, 2.0, 5.0)  # pauses before another attempt to start workers

_BUSY = "All workers are busy and the queue is full. Try again in a few seconds."
_NEVER_STARTED = "All workers were busy until the time for this job was up. Try again in a few seconds."
_STOPPED = "The worker pool is not running. Try again in a few seconds."


class Pool:
    """Runs jobs in worker processes; use it from the thread of one event loop.

    >>> async def length(pool: Pool, text: bytes) -> bytes:
    ...     reply = await pool.run(text, timeout_s=2)
    ...     return reply.read()
    """

    def __init__(self, spec: WorkerSpec, limits: PoolLimits | None = None) -> None:
        """Set up the pool; `start` starts the workers."""
        self._spec = spec
        self._limits = limits or PoolLimits()
        self._numbers = itertools.count(1)
        self._queue = FairQueue()
        self._quota = ClientQuota(self._limits)
        self._sent: dict[int, Job] = {}  # sent to the workers and not answered, in order
        self._supervisor: Supervisor | None = None
        self._counts: Counter[str] = Counter()
        self._sweep_timer: asyncio.TimerHandle | None = None
        self._idle_timer: asyncio.TimerHandle | None = None
        self._retry_timer: asyncio.TimerHandle | None = None
        self._failures = 0
        self._needed_ns = 0  # when the additional workers were last needed
        self._started: asyncio.Future[None] | None = None

    async def start(self) -> None:
        """Start the workers and wait until they are ready.

        Raises:
            WorkerCrashedError: They cannot start; the message has the reason that the worker reported, if any.
        """
        events = SupervisorEvents(replied=self._replied, ready=self._ready, failed=self._failed, gone=self._gone)
        self._supervisor = Supervisor(self._spec, self._limits.capacity, events)
        self._started = asyncio.get_running_loop().create_future()
        try:
            self._start_missing()
            await self._started
        except BaseException:
            await self.stop()
            raise

    async def run(self, payload: bytes, *, timeout_s: float | None = None, client: str = "") -> Reply:
        """Run a job in a worker; cancel the awaiting task to abandon the job.

        Args:
            payload: The payload for the handler.
            timeout_s: Time limit in seconds from now; the pool's default if None.
            client: Name of the client. Clients take turns and none occupies all workers; empty for no quota.

        Returns:
            The complete answer; the caller must close it.

        Raises:
            JobTimeoutError: The job ran past its deadline.
            PoolOverloadedError: The queue is full, or no worker was free in time.
            WorkerCrashedError: The worker died, most likely at its memory limit.
            PoolStoppedError: The pool is not running.
        """
        if self._supervisor is None:
            raise PoolStoppedError(_STOPPED)
        if len(self._queue) >= self._limits.queue:
            self._counts["overloaded"] += 1
            raise PoolOverloadedError(_BUSY)
        job = self._new_job(payload, self._limits.timeout_s if timeout_s is None else timeout_s, client)
        self._queue.append(job)
        self._dispatch(self._supervisor)
        self._schedule_sweep(job.limit_s)
        try:
            return await job.future
        except asyncio.CancelledError:
            self._abandon(job)
            raise

    async def stop(self) -> None:
        """Kill all workers and wait until they are gone; unanswered jobs fail with `PoolStoppedError`."""
        supervisor, self._supervisor = self._supervisor, None
        if supervisor is None:
            return
        for timer in (self._sweep_timer, self._idle_timer, self._retry_timer):
            if timer is not None:
                timer.cancel()
        self._sweep_timer = self._idle_timer = self._retry_timer = None
        for job in (*self._sent.values(), *self._queue):
            job.fail(PoolStoppedError(_STOPPED))
        self._sent.clear()
        self._queue.clear()
        await supervisor.end()

    def stats(self) -> PoolStats:
        """The current state and the counters since the start."""
        supervisor = self._supervisor
        workers, busy = (len(supervisor.workers), len(supervisor.running())) if supervisor else (0, 0)
        waiting = max(0, len(self._sent) - busy) + len(self._queue)
        return PoolStats(workers=workers, busy=busy, waiting=waiting, **self._counts)

    def _new_job(self, payload: bytes, limit_s: float, client: str) -> Job:
        deadline_ns = time.monotonic_ns() + int(limit_s * 1e9)
        future = asyncio.get_running_loop().create_future()
        return Job(next(self._numbers), payload, limit_s, deadline_ns, future, client)

    def _dispatch(self, supervisor: Supervisor) -> None:
        """Send as many jobs as the workers will start soon; the others can still be removed from the queue."""
        ready = sum(worker.ready for worker in supervisor.workers)
        room = ready + min(ready, _PREFETCH) - len(self._sent)
        while room > 0 and (job := self._queue.first(self._quota.exhausted(self._sent.values(), ready))):
            if not job.future.done():
                if not supervisor.send(job.number, job.deadline_ns, job.payload):
                    return  # the next sweep tries again
                job.payload = b""
                self._sent[job.number] = job
                room -= 1
            self._queue.pop(job)
        if len(self._sent) > self._limits.workers:
            self._needed_ns = time.monotonic_ns()

    def _abandon(self, job: Job) -> None:
        """Drop a job without a waiting client; the sweep stops it if it is running."""
        if job.future.done() and not job.future.cancelled() and job.future.exception() is None:
            job.future.result().close()
        job.future.cancel()
        self._queue.remove(job)

    def _replied(self, number: int, status: Status, reply: Reply) -> None:
        job = self._sent.pop(number, None)
        if job is None or job.future.done():
            reply.close()
        elif status is Status.SKIPPED:
            self._counts["overloaded"] += 1
            job.fail(PoolOverloadedError(_NEVER_STARTED))
        else:
            self._counts["answered"] += 1
            job.future.set_result(reply)
        if self._supervisor is not None:
            self._dispatch(self._supervisor)

    # -- deadlines -----------------------------------------------------------------------------------------------------

    def _schedule_sweep(self, soonest_s: float = _SWEEP_S) -> None:
        if self._sweep_timer is None and (self._sent or self._queue):
            delay_s = min(_SWEEP_S, max(soonest_s, 0.0))
            self._sweep_timer = asyncio.get_running_loop().call_later(delay_s, self._sweep)

    def _sweep(self) -> None:
        self._sweep_timer = None
        supervisor = self._supervisor
        if supervisor is None:
            return
        now_ns = time.monotonic_ns()
        running = supervisor.running()
        for job in tuple(self._sent.values()):
            self._sweep_sent(supervisor, job, running.get(job.number), now_ns)
        self._lower_priorities(supervisor, running.values(), now_ns)
        for job in tuple(self._queue):
            if job.deadline_ns <= now_ns:
                self._queue.remove(job)
                self._counts["overloaded"] += 1
                job.fail(PoolOverloadedError(_NEVER_STARTED))
        self._grow(supervisor, running, now_ns)
        self._dispatch(supervisor)
        left_ns = min((job.deadline_ns - now_ns for job in self._sent.values() if not job.future.done()), default=0)
        self._schedule_sweep(left_ns / 1e9 if left_ns > 0 else _SWEEP_S)

    def _sweep_sent(self, supervisor: Supervisor, job: Job, worker: WorkerProcess | None, now_ns: int) -> None:
        overdue_ns = now_ns - job.deadline_ns
        if not job.future.done() and overdue_ns >= 0:  # answer before the kill, which may take a while
            self._counts["timed_out" if worker else "overloaded"] += 1
            job.fail(JobTimeoutError(job.limit_s) if worker else PoolOverloadedError(_NEVER_STARTED))
        if not job.future.done():
            return
        if worker is None:
            if overdue_ns > _LOST_S * 1e9:
                del self._sent[job.number]
        elif overdue_ns >= 0 or now_ns - supervisor.start_ns(worker) > _ABANDONED_S * 1e9:
            supervisor.stop_job(worker, job.number)

    def _lower_priorities(self, supervisor: Supervisor, running: Iterable[WorkerProcess], now_ns: int) -> None:
        """Let the event loop and quick jobs go before jobs that take long, as all of them share the processors."""
        if self._limits.lower_after_s is None:
            return
        old_ns = now_ns - int(self._limits.lower_after_s * 1e9)
        for worker in running:
            if supervisor.start_ns(worker) < old_ns:
                worker.lower_priority()

    # -- number of workers ---------------------------------------------------------------------------------------------

    def _grow(self, supervisor: Supervisor, running: dict[int, WorkerProcess], now_ns: int) -> None:
        waiting = len(self._queue) + len(self._sent) - len(running)
        stuck_ns = now_ns - int(_GROW_AFTER_S * 1e9)
        stuck = [number for number, worker in running.items() if supervisor.start_ns(worker) < stuck_ns]
        self._quota.record_slow((self._sent[number] for number in stuck if number in self._sent), now_ns)
        # The quota keeps the last free worker for clients with quick jobs, so jobs of other clients need a further one.
        size = len(supervisor.workers)
        if waiting > 0 and size < self._limits.capacity and len(stuck) >= max(1, size - 1):
            self._spawn(supervisor)
            self._schedule_shrink()

    def _schedule_shrink(self) -> None:
        if self._idle_timer is None:
            self._idle_timer = asyncio.get_running_loop().call_later(self._limits.idle_s, self._shrink)

    def _shrink(self) -> None:
        """Dismiss one additional worker if none was needed for a while, and schedule the next check."""
        self._idle_timer = None
        if self._supervisor is None or len(self._supervisor.workers) <= self._limits.workers:
            return
        if not self._queue and time.monotonic_ns() - self._needed_ns >= self._limits.idle_s * 1e9:
            self._supervisor.dismiss()
        self._schedule_shrink()

    def _spawn(self, supervisor: Supervisor) -> None:
        try:
            supervisor.spawn()
        except OSError as error:  # the system has no process or descriptor left
            self._failed(f"A worker process cannot be started: {error}.")
            self._retry_later()
        else:
            self._counts["spawned"] += 1

    def _ready(self) -> None:
        self._failures = 0
        if self._supervisor is None:
            return
        ready = sum(worker.ready for worker in self._supervisor.workers)
        if self._started is not None and not self._started.done() and ready >= self._limits.workers:
            self._started.set_result(None)
        self._dispatch(self._supervisor)

    def _failed(self, message: str) -> None:
        if self._started is not None and not self._started.done():
            self._started.set_exception(WorkerCrashedError(message, CrashReason.FAULT))

    def _gone(self, worker: WorkerProcess, number: int, exit_code: int) -> None:
        job = self._sent.pop(number, None)
        if job is not None and not job.future.done():
            if exit_code == -SIGALRM:
                self._counts["timed_out"] += 1
                job.fail(JobTimeoutError(job.limit_s))
            else:
                self._counts["crashed"] += 1
                job.fail(crash_error(exit_code))
        if self._supervisor is None:
            return
        if worker.ready:
            self._start_missing()
        else:
            self._failed(f"A worker process could not start (exit code {exit_code}); its standard error says why.")
            self._retry_later()

    def _retry_later(self) -> None:
        if self._retry_timer is None:
            pause_s = _RETRY_S[min(self._failures, len(_RETRY_S) - 1)]
            self._failures += 1
            self._retry_timer = asyncio.get_running_loop().call_later(pause_s, self._start_missing)

    def _start_missing(self) -> None:
        """Start the missing permanent workers."""
        self._retry_timer = None
        if self._supervisor is not None:
            for _ in range(self._limits.workers - len(self._supervisor.workers)):
                self._spawn(self._supervisor)
