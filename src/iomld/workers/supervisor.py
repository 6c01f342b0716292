"""Starts, reads, stops and reaps worker processes.

The workers of a pool: started, read, stopped in time, and none left behind.

Everything here runs in the thread of the event loop.

One worker process, seen from the side that started it.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

from iomld.workers.errors import CrashReason
from iomld.workers.protocol import (
    EXIT_MEMORY,
    JOB,
    LEAVE,
    JobTable,
    Reply,
    Status,
    WorkerConfig,
    WorkerSpec,
    job_table_file,
    receive_packet,
    send_job,
    send_packet,
    unpack_reply,
)

# A query makes and drops many small values of a few sizes. glibc keeps seven of each size at hand; with more, the store
# answers a lookup in six sevenths of the time. It takes at most some MB, and other C libraries do not know the name.
_ALLOCATOR = {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=100"}


class WorkerProcess:
    """A worker, its reply socket and its slot.

    The kernel ends a worker when the *thread* that started it ends (PR_SET_PDEATHSIG), so start workers from a
    thread that lives as long as they should: the main thread, or the one that runs the event loop.
    """

    def __init__(self, spec: WorkerSpec, *, jobs_fd: int, slots_fd: int, slot: int) -> None:
        """Start the process; takes a few milliseconds, and the worker reports when it is ready.

        Args:
            spec: What sort of worker.
            jobs_fd: The socket end from which workers take jobs.
            slots_fd: The table of slots.
            slot: The worker's slot.
        """
        self.slot = slot
        self.ready = False
        self.stopping = False  # has been sent SIGSTOP; SIGKILL or SIGCONT follows
        self.gone = False
        self.replies, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.replies.setblocking(False)  # noqa: FBT003 (the socket module's own signature)
        orders = WorkerConfig(
            parent=os.getpid(),
            jobs_fd=jobs_fd,
            replies_fd=theirs.fileno(),
            slots_fd=slots_fd,
            slot=slot,
            handler=spec.handler,
            argument=spec.argument,
            memory_limit_bytes=spec.memory_limit_bytes,
            max_answer_bytes=spec.max_answer_bytes,
        )
        try:
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "iomld.workers.child", orders.to_json()],
                    env=_ALLOCATOR | os.environ,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=(jobs_fd, theirs.fileno(), slots_fd),
                    start_new_session=True,  # Ctrl-C in a terminal must not reach the worker
                )
        except OSError:
            self.replies.close()
            raise
        self.pidfd = self._watched()

    def _watched(self) -> int:
        try:
            return os.pidfd_open(self._process.pid)
        except OSError:  # no descriptor left: nobody could stop this worker
            self._process.kill()
            self._process.wait()
            self.replies.close()
            raise

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to exactly this process, never to a later one of the same number."""
        if not self.gone:
            try:
                signal.pidfd_send_signal(self.pidfd, number)
            except ProcessLookupError:
                return  # it has ended; its descriptor will say so

    def is_stopped(self) -> bool:
        """Say whether SIGSTOP has arrived since this was last asked with success."""
        try:
            return os.waitid(os.P_PIDFD, self.pidfd, os.WSTOPPED | os.WNOHANG) is not None
        except ChildProcessError:
            return False

    def reap(self) -> int:
        """Wait for the end, release everything, give the exit code (negative: the signal)."""
        code = self._process.wait()
        if not self.gone:
            self.gone = True
            os.close(self.pidfd)
            self.replies.close()
        return code


def reason_of(exit_code: int) -> CrashReason:
    """What most likely ended a worker that nobody killed.

    An allocation that fails aborts the process (SIGABRT) in Rust and C++; the kernel's own memory killer uses SIGKILL.
    """
    return CrashReason.MEMORY if exit_code in {EXIT_MEMORY, -signal.SIGABRT, -signal.SIGKILL} else CrashReason.FAULT


_POLL_S = 0.0005  # between two looks whether a stopped worker has stopped


@dataclass(frozen=True, slots=True)
class SupervisorEvents:
    """What a crew reports.

    Attributes:
        replied: Job number, status, reply; the receiver must close the reply.
        ready: A worker can take jobs.
        failed: A worker could not open its handler; a sentence says why.
        gone: A worker has ended: it, the number of the job it held or 0, its exit code.
    """

    replied: Callable[[int, Status, Reply], None]
    ready: Callable[[], None]
    failed: Callable[[str], None]
    gone: Callable[[WorkerProcess, int, int], None]


class Supervisor:
    """Up to `capacity` workers that take jobs from one socket."""

    def __init__(self, spec: WorkerSpec, capacity: int, events: SupervisorEvents) -> None:
        """Make the sockets and the table; starts nobody."""
        self._loop = asyncio.get_running_loop()
        self._spec = spec
        self._events = events
        self._jobs, self._jobs_out = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._jobs.setblocking(False)  # noqa: FBT003 (the socket module's own signature)
        self._slots_fd = job_table_file(capacity)
        self._slots = JobTable(self._slots_fd, capacity)
        self._free = list(reversed(range(capacity)))
        self._empty = asyncio.Event()
        self._empty.set()
        self.workers: list[WorkerProcess] = []

    def spawn(self) -> None:
        """Start one worker.

        Raises:
            OSError: The system has no process or descriptor left.
        """
        slot = self._free[-1]
        self._slots.clear(slot)
        worker = WorkerProcess(self._spec, jobs_fd=self._jobs_out.fileno(), slots_fd=self._slots_fd, slot=slot)
        self._free.pop()
        self.workers.append(worker)
        self._empty.clear()
        self._loop.add_reader(worker.replies.fileno(), self._read, worker)
        self._loop.add_reader(worker.pidfd, self._ended, worker)

    def send(self, number: int, deadline_ns: int, payload: bytes) -> bool:
        """Offer a job to all workers; False when the socket is full."""
        try:
            send_job(self._jobs, number, deadline_ns, payload)
        except BlockingIOError:
            return False
        return True

    def dismiss(self) -> None:
        """Ask one worker, the next that is free, to leave; a full socket means that none is."""
        try:
            send_packet(self._jobs, JOB.pack(LEAVE, 0, 0))
        except BlockingIOError:
            return

    def running(self) -> dict[int, WorkerProcess]:
        """The jobs that are being done, by number."""
        held = ((self._slots.job(worker.slot), worker) for worker in self.workers)
        return {number: worker for number, worker in held if number}

    def start_ns(self, worker: WorkerProcess) -> int:
        """When a worker took its job (CLOCK_MONOTONIC, ns)."""
        return self._slots.start_ns(worker.slot)

    def stop_job(self, worker: WorkerProcess, number: int) -> None:
        """Kill a worker if it still holds this job, and never for another one.

        The worker is stopped first and looked at while it stands still: between a look and a kill it could
        otherwise answer this job and take the next.
        """
        if not worker.stopping:
            worker.stopping = True
            worker.signal(signal.SIGSTOP)
            self._look(worker, number)

    async def end(self) -> None:
        """Kill all workers, wait until they are gone, release everything."""
        for worker in self.workers:
            worker.signal(signal.SIGKILL)
        await self._empty.wait()
        self._slots.close()
        os.close(self._slots_fd)
        self._jobs.close()
        self._jobs_out.close()

    def _look(self, worker: WorkerProcess, number: int) -> None:
        if worker.gone:
            return
        if not worker.is_stopped():
            self._loop.call_later(_POLL_S, self._look, worker, number)
        elif self._slots.job(worker.slot) == number:
            worker.signal(signal.SIGKILL)
        else:
            worker.signal(signal.SIGCONT)
            worker.stopping = False

    def _read(self, worker: WorkerProcess) -> bool:
        """Take one packet of a worker, if there is one: more of them make the loop call again."""
        try:
            packet, fd = receive_packet(worker.replies)
        except (BlockingIOError, ConnectionResetError):
            return False
        if not packet:
            self._loop.remove_reader(worker.replies.fileno())
            return False
        number, status, reply = unpack_reply(packet, fd)
        if status is Status.READY:
            worker.ready = True
            self._events.ready()
        elif status is Status.FAILED:
            self._events.failed(reply.head.decode(errors="replace"))
        else:
            self._events.replied(number, status, reply)
        return True

    def _ended(self, worker: WorkerProcess) -> None:
        while self._read(worker):  # answers it sent before its end count
            pass
        self._loop.remove_reader(worker.replies.fileno())
        self._loop.remove_reader(worker.pidfd)
        code = worker.reap()
        number = self._slots.job(worker.slot)
        self._free.append(worker.slot)
        self.workers.remove(worker)
        if not self.workers:
            self._empty.set()
        self._events.gone(worker, number, code)
