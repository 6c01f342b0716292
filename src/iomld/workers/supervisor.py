"""Worker processes and their supervisor, which starts them, reads their replies, kills and reaps them.

Everything here runs in the thread of the event loop.
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
    EXIT_REQUEST,
    JOB_HEADER,
    JobTable,
    Reply,
    Status,
    WorkerConfig,
    WorkerSpec,
    create_table_file,
    receive_packet,
    send_job,
    send_packet,
    unpack_reply,
)

# A query allocates and frees many small values of a few sizes. glibc caches seven freed blocks of each size; with a
# larger cache the store answers a lookup in six sevenths of the time. It takes a few MB at most, and other C libraries
# ignore the variable.
_ALLOCATOR_SETTINGS = {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=100"}
_POLL_S = 0.0005  # between two checks whether a worker has stopped
_LOWEST_PRIORITY = 19  # sched(7): a seventieth of the weight of others; all the time that they leave


class WorkerProcess:
    """A worker process with its reply socket and its slot in the job table.

    The kernel kills a worker when the *thread* that started it ends (PR_SET_PDEATHSIG). So start workers from a thread
    that lives as long as they should: the main thread, or the one that runs the event loop.

    Attributes:
        slot: Its slot in the job table.
        ready: Whether its handler is open.
        stopping: Whether it has been sent SIGSTOP; SIGKILL or SIGCONT follows.
        gone: Whether it has been reaped.
        lowered: Whether its priority has been lowered; it exits after its job.
        replies: Our end of the socket for its replies.
        pidfd: Descriptor of the process; readable once it has ended.
    """

    def __init__(self, spec: WorkerSpec, *, jobs_fd: int, table_fd: int, slot: int) -> None:
        """Start the process, which takes a few milliseconds; the worker reports when it is ready.

        Args:
            spec: The kind of worker.
            jobs_fd: The socket end from which workers receive jobs.
            table_fd: The job table.
            slot: The worker's slot in it.
        """
        self.slot = slot
        self.ready = False
        self.stopping = False
        self.gone = False
        self.lowered = False
        self.replies, child_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.replies.setblocking(False)  # noqa: FBT003 (the socket module's own signature)
        config = WorkerConfig(
            parent=os.getpid(),
            jobs_fd=jobs_fd,
            replies_fd=child_end.fileno(),
            table_fd=table_fd,
            slot=slot,
            handler=spec.handler,
            argument=spec.argument,
            memory_limit_bytes=spec.memory_limit_bytes,
            max_answer_bytes=spec.max_answer_bytes,
        )
        try:
            with child_end:
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "iomld.workers.child", config.to_json()],
                    env=_ALLOCATOR_SETTINGS | os.environ,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=(jobs_fd, child_end.fileno(), table_fd),
                    # Ctrl-C in a terminal must not reach the worker. It stays in our session: the kernel may give each
                    # session an equal share of the processors, whatever the priorities (autogroup, sched(7)).
                    process_group=0,
                )
        except OSError:
            self.replies.close()
            raise
        self.pidfd = self._open_pidfd()

    def _open_pidfd(self) -> int:
        try:
            return os.pidfd_open(self._process.pid)
        except OSError:  # no descriptor left, so that nothing could stop this worker
            self._process.kill()
            self._process.wait()
            self.replies.close()
            raise

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to this process, never to a later one with the same id."""
        if not self.gone:
            try:
                signal.pidfd_send_signal(self.pidfd, number)
            except ProcessLookupError:
                return  # it has ended, which its pidfd reports

    def lower_priority(self) -> None:
        """Let other processes go first for as long as this one lives."""
        if not (self.lowered or self.gone):
            self.lowered = True
            os.setpriority(os.PRIO_PROCESS, self.pid, _LOWEST_PRIORITY)

    def is_stopped(self) -> bool:
        """Say whether the process has stopped since the last call that returned true."""
        try:
            return os.waitid(os.P_PIDFD, self.pidfd, os.WSTOPPED | os.WNOHANG) is not None
        except ChildProcessError:
            return False

    def reap(self) -> int:
        """Wait for the process, release its descriptors and return the exit code (negative: the signal)."""
        code = self._process.wait()
        if not self.gone:
            self.gone = True
            os.close(self.pidfd)
            self.replies.close()
        return code


def crash_reason(exit_code: int) -> CrashReason:
    """The most likely cause of death of a worker that the pool did not kill.

    A failed allocation aborts the process (SIGABRT) in Rust and C++; the kernel's out-of-memory killer sends SIGKILL.
    """
    return CrashReason.MEMORY if exit_code in {EXIT_MEMORY, -signal.SIGABRT, -signal.SIGKILL} else CrashReason.FAULT


@dataclass(frozen=True, slots=True)
class SupervisorEvents:
    """Callbacks for what a supervisor observes.

    Attributes:
        replied: A worker replied: job number, status, reply; the callback must close the reply.
        ready: A worker is ready for jobs.
        failed: A worker could not open its handler; a sentence says why.
        gone: A worker has ended: the worker, the number of its job or 0, its exit code.
    """

    replied: Callable[[int, Status, Reply], None]
    ready: Callable[[], None]
    failed: Callable[[str], None]
    gone: Callable[[WorkerProcess, int, int], None]


class Supervisor:
    """Controls up to `capacity` workers that receive jobs from one socket."""

    def __init__(self, spec: WorkerSpec, capacity: int, events: SupervisorEvents) -> None:
        """Create the sockets and the job table; `spawn` starts workers."""
        self._loop = asyncio.get_running_loop()
        self._spec = spec
        self._events = events
        self._jobs, self._jobs_worker_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._jobs.setblocking(False)  # noqa: FBT003 (the socket module's own signature)
        self._table_fd = create_table_file(capacity)
        self._table = JobTable(self._table_fd, capacity)
        self._free_slots = list(reversed(range(capacity)))
        self._all_gone = asyncio.Event()
        self._all_gone.set()
        self.workers: list[WorkerProcess] = []

    def spawn(self) -> None:
        """Start one worker.

        Raises:
            OSError: The system has no process or descriptor left.
        """
        slot = self._free_slots[-1]
        self._table.clear(slot)
        worker = WorkerProcess(self._spec, jobs_fd=self._jobs_worker_end.fileno(), table_fd=self._table_fd, slot=slot)
        self._free_slots.pop()
        self.workers.append(worker)
        self._all_gone.clear()
        self._loop.add_reader(worker.replies.fileno(), self._read, worker)
        self._loop.add_reader(worker.pidfd, self._ended, worker)

    def send(self, number: int, deadline_ns: int, payload: bytes) -> bool:
        """Send a job to the next free worker; False when the socket is full."""
        try:
            send_job(self._jobs, number, deadline_ns, payload)
        except BlockingIOError:
            return False
        return True

    def dismiss(self) -> None:
        """Ask the next free worker to exit; a full socket means that no worker is free, so nothing is asked."""
        try:
            send_packet(self._jobs, JOB_HEADER.pack(EXIT_REQUEST, 0, 0))
        except BlockingIOError:
            return

    def running(self) -> dict[int, WorkerProcess]:
        """The worker of each running job, by job number."""
        jobs = ((self._table.job(worker.slot), worker) for worker in self.workers)
        return {number: worker for number, worker in jobs if number}

    def start_ns(self, worker: WorkerProcess) -> int:
        """When a worker started its job (CLOCK_MONOTONIC, ns)."""
        return self._table.start_ns(worker.slot)

    def stop_job(self, worker: WorkerProcess, number: int) -> None:
        """Kill a worker if it still runs this job, but never while it runs another one.

        The worker is stopped before its slot is read: otherwise it could answer this job and start the next one between
        the check and the kill.
        """
        if not worker.stopping:
            worker.stopping = True
            worker.signal(signal.SIGSTOP)
            self._kill_if_running(worker, number)

    async def end(self) -> None:
        """Kill all workers, wait until they are gone and release all descriptors."""
        for worker in self.workers:
            worker.signal(signal.SIGKILL)
        await self._all_gone.wait()
        self._table.close()
        os.close(self._table_fd)
        self._jobs.close()
        self._jobs_worker_end.close()

    def _kill_if_running(self, worker: WorkerProcess, number: int) -> None:
        if worker.gone:
            return
        if not worker.is_stopped():
            self._loop.call_later(_POLL_S, self._kill_if_running, worker, number)
        elif self._table.job(worker.slot) == number:
            worker.signal(signal.SIGKILL)
        else:
            worker.signal(signal.SIGCONT)
            worker.stopping = False

    def _read(self, worker: WorkerProcess) -> bool:
        """Receive one packet of a worker, if there is one; the event loop calls again while there are more."""
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
        while self._read(worker):  # replies sent before its end still count
            pass
        self._loop.remove_reader(worker.replies.fileno())
        self._loop.remove_reader(worker.pidfd)
        code = worker.reap()
        number = self._table.job(worker.slot)
        self._free_slots.append(worker.slot)
        self.workers.remove(worker)
        if not self.workers:
            self._all_gone.set()
        self._events.gone(worker, number, code)
