"""A pool of killable workers for an event loop.

All workers take their jobs from one socket. A job is answered exactly once: by its worker, or with the reason why not.
"""

import asyncio
import itertools
import time
from collections import Counter
from signal import SIGALRM

from iomld.workers.errors import CrashReason, JobTimeoutError, PoolOverloadedError, PoolStoppedError, WorkerCrashedError
from iomld.workers.protocol import Reply, Status, WorkerSpec
from iomld.workers.scheduling import ClientQuota, FairQueue, Job, PoolLimits, PoolStats, crash
from iomld.workers.supervisor import Supervisor, SupervisorEvents, WorkerProcess

_SWEEP_S = 0.02
_GROW_AFTER_S = 0.05  # one more worker when all but one have been busy with one job for so long, and another job waits
_PATIENCE_S = 0.1  # a job that nobody waits for any more may take so long: a new worker would cost the same
_LOST_S = 5.0  # a worker that was killed from outside may take a job with it; such a job is forgotten so late
_AHEAD = 4  # jobs that may lie in the socket beyond one a worker, so that no worker waits for the loop
_RETRY_S = (0.1, 0.5, 2.0, 5.0)  # pauses before workers that do not start are tried again

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
        """Set up; `start` starts."""
        self._spec = spec
        self._limits = limits or PoolLimits()
        self._numbers = itertools.count(1)
        self._queue = FairQueue()
        self._shares = ClientQuota(self._limits)
        self._sent: dict[int, Job] = {}  # offered to the workers, not answered; in order
        self._crew: Supervisor | None = None
        self._counts: Counter[str] = Counter()
        self._sweep_timer: asyncio.TimerHandle | None = None
        self._idle_timer: asyncio.TimerHandle | None = None
        self._retry_timer: asyncio.TimerHandle | None = None
        self._failures = 0
        self._needed_ns = 0  # when the additional workers last had work
        self._started: asyncio.Future[None] | None = None

    async def start(self) -> None:
        """Start the workers and wait until they are ready.

        Raises:
            WorkerCrashedError: They cannot start; the sentence says why where the worker could tell.
        """
        events = SupervisorEvents(replied=self._replied, ready=self._ready, failed=self._failed, gone=self._gone)
        self._crew = Supervisor(self._spec, self._limits.capacity, events)
        self._started = asyncio.get_running_loop().create_future()
        try:
            self._fill()
            await self._started
        except BaseException:
            await self.stop()
            raise

    async def run(self, payload: bytes, *, timeout_s: float | None = None, client: str = "") -> Reply:
        """Have a worker do a job; cancel the task that waits here to give the job up.

        Args:
            payload: What the handler gets.
            timeout_s: Seconds from now; the pool's own limit if None.
            client: Who asks; clients that wait take turns, and none has all workers. Empty: nobody in particular.

        Returns:
            The whole answer; the caller must close it.

        Raises:
            JobTimeoutError: The job ran until its time was up.
            PoolOverloadedError: The queue is full, or no worker was free in time.
            WorkerCrashedError: The worker ended, most likely at its memory limit.
            PoolStoppedError: The pool is not running.
        """
        if self._crew is None:
            raise PoolStoppedError(_STOPPED)
        if len(self._queue) >= self._limits.queue:
            self._counts["overloaded"] += 1
            raise PoolOverloadedError(_BUSY)
        job = self._job(payload, self._limits.timeout_s if timeout_s is None else timeout_s, client)
        self._queue.append(job)
        self._feed(self._crew)
        self._arm(job.limit_s)
        try:
            return await job.future
        except asyncio.CancelledError:
            self._give_up(job)
            raise

    async def stop(self) -> None:
        """End all workers at once and wait until none is left; jobs that wait are told so."""
        crew, self._crew = self._crew, None
        if crew is None:
            return
        for timer in (self._sweep_timer, self._idle_timer, self._retry_timer):
            if timer is not None:
                timer.cancel()
        self._sweep_timer = self._idle_timer = self._retry_timer = None
        for job in (*self._sent.values(), *self._queue):
            job.fail(PoolStoppedError(_STOPPED))
        self._sent.clear()
        self._queue.clear()
        await crew.end()

    def stats(self) -> PoolStats:
        """Counts since the start, and the state now."""
        crew = self._crew
        workers, busy = (len(crew.workers), len(crew.running())) if crew else (0, 0)
        waiting = max(0, len(self._sent) - busy) + len(self._queue)
        return PoolStats(workers=workers, busy=busy, waiting=waiting, **self._counts)

    def _job(self, payload: bytes, limit_s: float, client: str) -> Job:
        deadline_ns = time.monotonic_ns() + int(limit_s * 1e9)
        future = asyncio.get_running_loop().create_future()
        return Job(next(self._numbers), payload, limit_s, deadline_ns, future, client)

    def _feed(self, crew: Supervisor) -> None:
        """Put as many jobs into the socket as workers will soon take; the rest can still be dropped with ease."""
        ready = sum(worker.ready for worker in crew.workers)
        room = ready + min(ready, _AHEAD) - len(self._sent)
        while room > 0 and (job := self._queue.first(self._shares.full(self._sent.values(), ready))):
            if not job.future.done():
                if not crew.send(job.number, job.deadline_ns, job.payload):
                    return  # the sweep tries again
                job.payload = b""
                self._sent[job.number] = job
                room -= 1
            self._queue.pop(job)
        if len(self._sent) > self._limits.workers:
            self._needed_ns = time.monotonic_ns()

    def _give_up(self, job: Job) -> None:
        """Nobody waits for this job any more; the sweep stops it if it is running."""
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
        if self._crew is not None:
            self._feed(self._crew)

    # -- deadlines ---------------------------------------------------------------------------------------------------

    def _arm(self, soonest_s: float = _SWEEP_S) -> None:
        if self._sweep_timer is None and (self._sent or self._queue):
            delay_s = min(_SWEEP_S, max(soonest_s, 0.0))
            self._sweep_timer = asyncio.get_running_loop().call_later(delay_s, self._sweep)

    def _sweep(self) -> None:
        self._sweep_timer = None
        crew = self._crew
        if crew is None:
            return
        now_ns = time.monotonic_ns()
        running = crew.running()
        for job in tuple(self._sent.values()):
            self._sweep_sent(crew, job, running.get(job.number), now_ns)
        for job in tuple(self._queue):
            if job.deadline_ns <= now_ns:
                self._queue.remove(job)
                self._counts["overloaded"] += 1
                job.fail(PoolOverloadedError(_NEVER_STARTED))
        self._grow(crew, running, now_ns)
        self._feed(crew)
        left_ns = min((job.deadline_ns - now_ns for job in self._sent.values() if not job.future.done()), default=0)
        self._arm(left_ns / 1e9 if left_ns > 0 else _SWEEP_S)

    def _sweep_sent(self, crew: Supervisor, job: Job, worker: WorkerProcess | None, now_ns: int) -> None:
        overdue_ns = now_ns - job.deadline_ns
        if not job.future.done() and overdue_ns >= 0:  # answer first, then kill: a death may take a while
            self._counts["timed_out" if worker else "overloaded"] += 1
            job.fail(JobTimeoutError(job.limit_s) if worker else PoolOverloadedError(_NEVER_STARTED))
        if not job.future.done():
            return
        if worker is None:
            if overdue_ns > _LOST_S * 1e9:
                del self._sent[job.number]
        elif overdue_ns >= 0 or now_ns - crew.start_ns(worker) > _PATIENCE_S * 1e9:
            crew.stop_job(worker, job.number)

    # -- size --------------------------------------------------------------------------------------------------------

    def _grow(self, crew: Supervisor, running: dict[int, WorkerProcess], now_ns: int) -> None:
        waiting = len(self._queue) + len(self._sent) - len(running)
        stuck_ns = now_ns - int(_GROW_AFTER_S * 1e9)
        stuck = [number for number, worker in running.items() if crew.start_ns(worker) < stuck_ns]
        self._shares.saw_slow((self._sent[number] for number in stuck if number in self._sent), now_ns)
        # The last that is free is kept for clients whose jobs are quick; those who wait for it need another.
        if waiting > 0 and len(crew.workers) < self._limits.capacity and len(stuck) >= max(1, len(crew.workers) - 1):
            self._spawn(crew)
            self._watch_idle()

    def _watch_idle(self) -> None:
        if self._idle_timer is None:
            self._idle_timer = asyncio.get_running_loop().call_later(self._limits.idle_s, self._shrink)

    def _shrink(self) -> None:
        """Let one additional worker go if none was needed for a while, and look again later."""
        self._idle_timer = None
        if self._crew is None or len(self._crew.workers) <= self._limits.workers:
            return
        if not self._queue and time.monotonic_ns() - self._needed_ns >= self._limits.idle_s * 1e9:
            self._crew.dismiss()
        self._watch_idle()

    def _spawn(self, crew: Supervisor) -> None:
        try:
            crew.spawn()
        except OSError as error:  # the system has no process or descriptor left
            self._failed(f"A worker process cannot be started: {error}.")
            self._retry_later()
        else:
            self._counts["spawned"] += 1

    def _ready(self) -> None:
        self._failures = 0
        if self._crew is None:
            return
        ready = sum(worker.ready for worker in self._crew.workers)
        if self._started is not None and not self._started.done() and ready >= self._limits.workers:
            self._started.set_result(None)
        self._feed(self._crew)

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
                job.fail(crash(exit_code))
        if self._crew is None:
            return
        if worker.ready:
            self._fill()
        else:
            self._failed(f"A worker process could not start (exit code {exit_code}); its standard error says why.")
            self._retry_later()

    def _retry_later(self) -> None:
        if self._retry_timer is None:
            pause_s = _RETRY_S[min(self._failures, len(_RETRY_S) - 1)]
            self._failures += 1
            self._retry_timer = asyncio.get_running_loop().call_later(pause_s, self._fill)

    def _fill(self) -> None:
        """Start as many workers as are always there."""
        self._retry_timer = None
        if self._crew is not None:
            for _ in range(self._limits.workers - len(self._crew.workers)):
                self._spawn(self._crew)
