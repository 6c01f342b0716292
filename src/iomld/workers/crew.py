"""The workers of a pool: started, read, stopped in time, and none left behind.

Everything here runs in the thread of the event loop.
"""

import asyncio
import os
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass

from iomld.workers.orders import WorkerSpec
from iomld.workers.process import WorkerProcess
from iomld.workers.slots import Slots, slots_file
from iomld.workers.wire import JOB, LEAVE, Reply, Status, receive_packet, send_job, send_packet, unpack_reply

_LOOK_S = 0.0005  # between two looks whether a stopped worker has stopped


@dataclass(frozen=True, slots=True)
class CrewEvents:
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


class Crew:
    """Up to `capacity` workers that take jobs from one socket."""

    def __init__(self, spec: WorkerSpec, capacity: int, events: CrewEvents) -> None:
        """Make the sockets and the table; starts nobody."""
        self._loop = asyncio.get_running_loop()
        self._spec = spec
        self._events = events
        self._jobs, self._jobs_out = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._jobs.setblocking(False)  # noqa: FBT003 (the socket module's own signature)
        self._slots_fd = slots_file(capacity)
        self._slots = Slots(self._slots_fd, capacity)
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
            self._loop.call_later(_LOOK_S, self._look, worker, number)
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
