"""Runs many jobs in worker processes and yields their answers in order, for callers that block, such as a publish.

Each worker has a socket of its own for its jobs, so that the caller knows which jobs a worker had when it died.
"""

import logging
import os
import select
import signal
import socket
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from iomld.workers.errors import WorkerCrashedError
from iomld.workers.protocol import Reply, Status, WorkerSpec, create_table_file, receive_packet, send_job, unpack_reply
from iomld.workers.supervisor import WorkerProcess, crash_reason

_LIMIT_NS = 24 * 3600 * 10**9  # jobs of a batch have no deadline, but the protocol does
_AHEAD = 2  # jobs that a worker has at once, so that it need not wait for the caller
_ATTEMPTS = 3  # for a job whose workers die
_NO_JOB = 0  # in place of the number of a job
_LOG = logging.getLogger(__name__)


class _BatchWorker:
    """A worker, and the jobs that it has."""

    def __init__(self, spec: WorkerSpec) -> None:
        self._jobs, jobs_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        table_fd = create_table_file(1)
        try:
            with jobs_end:
                self.process = WorkerProcess(spec, jobs_fd=jobs_end.fileno(), table_fd=table_fd, slot=0)
        finally:
            os.close(table_fd)
        self.waiting: dict[int, bytes] = {}

    def send(self, number: int, payload: bytes) -> None:
        """Give it one more job."""
        self.waiting[number] = payload
        try:
            send_job(self._jobs, number, time.monotonic_ns() + _LIMIT_NS, payload)
        except (BrokenPipeError, ConnectionResetError):
            return  # it has died, which the caller notices when it reads

    def receive(self) -> tuple[int, Status, Reply] | None:
        """The next packet; None if there is none, as after its death."""
        try:
            packet, fd = receive_packet(self.process.replies)
        except (BlockingIOError, ConnectionResetError):
            return None
        return unpack_reply(packet, fd) if packet else None

    def close(self) -> int:
        """Kill it and return its exit code."""
        self.process.signal(signal.SIGKILL)
        self._jobs.close()
        return self.process.reap()


class WorkerBatch:
    """Worker processes for the jobs of one caller; a context manager that ends them."""

    def __init__(self, spec: WorkerSpec, processes: int) -> None:
        """Set up the workers; the context manager starts them.

        Args:
            spec: The kind of worker.
            processes: Number of workers.
        """
        self._spec, self._processes = spec, processes
        self._workers: list[_BatchWorker] = []
        self._deaths: Counter[int] = Counter()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for _ in range(self._processes):
                self._workers.append(_BatchWorker(self._spec))
                stack.callback(self._workers[-1].close)
            stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._workers:
            self._workers.pop().close()

    def results(self, payloads: Iterable[bytes]) -> Iterator[bytes]:
        """Run a job for each payload. A job whose worker dies is run again, in a new one.

        Args:
            payloads: The payloads, taken as workers have room.

        Yields:
            The body of each answer, in the order of the payloads.

        Raises:
            WorkerCrashedError: A worker cannot start, or several died with the same job.
        """
        numbered = enumerate(payloads, 1)
        order: deque[int] = deque()
        done: dict[int, bytes] = {}
        more = True
        while more or order:
            while more and (worker := self._with_room()) and len(order) < 2 * _AHEAD * self._processes:
                number, payload = next(numbered, (0, b""))
                if not number:
                    more = False
                    break
                order.append(number)
                worker.send(number, payload)
            while order and order[0] in done:
                yield done.pop(order.popleft())
            if order and order[0] not in done:
                done.update(self._received())

    def _with_room(self) -> _BatchWorker | None:
        worker = min(self._workers, key=lambda one: len(one.waiting))
        return worker if len(worker.waiting) < _AHEAD else None

    def _received(self) -> Iterator[tuple[int, bytes]]:
        """Wait until a worker answers or dies; the answers."""
        by_fd = {fd: one for one in self._workers for fd in (one.process.replies.fileno(), one.process.pidfd)}
        ready, _, _ = select.select([*by_fd], [], [])
        for worker in {id(one): one for one in map(by_fd.__getitem__, ready)}.values():
            while packet := worker.receive():
                number, status, reply = packet
                if status is Status.READY:
                    worker.process.ready = True
                if status is Status.FAILED:
                    raise WorkerCrashedError(reply.head.decode(errors="replace"), crash_reason(0))
                if status is Status.ANSWER:
                    del worker.waiting[number]
                    yield number, reply.read()
            if worker.process.pidfd in ready:
                self._replace(worker)

    def _replace(self, worker: _BatchWorker) -> None:
        """Start a worker in place of one that died, with its jobs."""
        self._workers.remove(worker)
        exit_code = worker.close()
        # The first of its jobs is the one that it was doing; before it was ready, it was doing none.
        blamed = next(iter(worker.waiting), _NO_JOB) if worker.process.ready else _NO_JOB
        self._deaths[blamed] += 1
        reason = crash_reason(exit_code)
        if self._deaths[blamed] == _ATTEMPTS:
            when = "while they started" if blamed == _NO_JOB else "with the same job"
            raise WorkerCrashedError(
                f"{_ATTEMPTS} worker processes ended {when} (exit code {exit_code}); most likely cause: {reason}.",
                reason,
            )
        _LOG.warning("a worker process ended (exit code %s); its work is done again", exit_code)
        new = _BatchWorker(self._spec)
        self._workers.append(new)
        for number, payload in worker.waiting.items():
            new.send(number, payload)
