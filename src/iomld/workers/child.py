"""The program of a worker process: `python -m iomld.workers.child ORDERS`.

It takes jobs until it is told to leave or the pool is gone. Three things end it however stuck it is: the pool's
SIGKILL, the death of the pool's thread (PR_SET_PDEATHSIG), and its own alarm shortly after a job's deadline.
"""

import ctypes
import gc
import importlib
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from iomld.errors import IomldError
from iomld.workers.handler import Answer, AnswerWriter, Handler
from iomld.workers.protocol import (
    EXIT_MEMORY,
    HEAD_BYTES,
    JOB,
    LEAVE,
    REPLY,
    JobTable,
    Status,
    WorkerConfig,
    receive_packet,
    send_packet,
    unpack_payload,
)

ALARM_GRACE_S = 0.5
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main() -> None:
    """Do as the orders in the first argument say, until the end."""
    orders = WorkerConfig.from_json(sys.argv[1])
    _end_with_parent(orders.parent)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # at its default action it ends the process without our help
    # A job that arrives must not take the core from the pool that is about to send the next one: where cores are few,
    # taking turns after each job costs a seventh of the whole. Threads that the handler starts inherit it.
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with socket.socket(fileno=orders.jobs_fd) as jobs, socket.socket(fileno=orders.replies_fd) as replies:
        handle = _opened(orders, replies)
        if handle is None:
            return
        _limit_memory(orders.memory_limit_bytes)
        gc.freeze()  # what is there now stays: no collection need look at it
        try:
            _Worker(orders, jobs, replies, handle).work()
        except MemoryError:
            os._exit(EXIT_MEMORY)  # no clean-up: it would want memory too
        except (BrokenPipeError, ConnectionResetError):
            return  # the pool is gone


def _end_with_parent(parent: int) -> None:
    """Ask the kernel to kill us when the pool's thread ends; leave at once if it has ended already."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:
        os._exit(0)


def _opened(orders: WorkerConfig, replies: socket.socket) -> Handler | None:
    """Call the factory; tell the pool whether it went well."""
    module, _, name = orders.handler.partition(":")
    factory: Callable[[str], Handler] = getattr(importlib.import_module(module), name)
    try:
        handle = factory(orders.argument)
    except IomldError as error:
        _reply(replies, 0, Status.FAILED, str(error).encode()[:HEAD_BYTES])
        return None
    _reply(replies, 0, Status.READY)
    return handle


def _limit_memory(limit_bytes: int) -> None:
    """Limit the address space to what is mapped now (the store's threads and files map a lot) and so much more."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + limit_bytes
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


class _Worker:
    def __init__(self, orders: WorkerConfig, jobs: socket.socket, replies: socket.socket, handle: Handler) -> None:
        self._slot = orders.slot
        self._slots = JobTable(orders.slots_fd, orders.slot + 1)
        self._max_answer_bytes = orders.max_answer_bytes
        self._jobs, self._replies, self._handle = jobs, replies, handle

    def work(self) -> None:
        """Take jobs until the pool is gone or says to leave."""
        while True:
            packet, fd = receive_packet(self._jobs)
            if not packet:
                return
            number, deadline_ns, _ = JOB.unpack_from(packet)
            if number == LEAVE:
                return
            now_ns = time.monotonic_ns()
            self._slots.hold(self._slot, number, now_ns)
            payload = unpack_payload(packet, fd)
            if deadline_ns > now_ns:
                self._do(number, payload, (deadline_ns - now_ns) / 1e9)
            else:
                _reply(self._replies, number, Status.SKIPPED)
            self._slots.clear(self._slot)  # after the reply: until here a kill finds this job, and no other

    def _do(self, number: int, payload: bytes, left_s: float) -> None:
        writer = AnswerWriter(self._max_answer_bytes)
        signal.setitimer(signal.ITIMER_REAL, left_s + ALARM_GRACE_S)
        start_ns = time.monotonic_ns()
        answer = self._handle(payload, writer)
        took_ns = time.monotonic_ns() - start_ns
        signal.setitimer(signal.ITIMER_REAL, 0)
        _answer(self._replies, number, answer, writer, took_ns)
        writer.close()


def _answer(replies: socket.socket, number: int, answer: Answer, writer: AnswerWriter, took_ns: int) -> None:
    head = answer.head
    if len(head) > HEAD_BYTES:
        raise ValueError(f"the head of an answer has {len(head)} bytes; {HEAD_BYTES} are allowed")
    if answer.fault:
        _reply(replies, number, Status.FAULT, head, took_ns)
        return
    start = REPLY.pack(number, Status.ANSWER, len(head), writer.size, took_ns)
    send_packet(replies, start + head + writer.inline(), writer.fileno())


def _reply(replies: socket.socket, number: int, status: Status, head: bytes = b"", took_ns: int = 0) -> None:
    send_packet(replies, REPLY.pack(number, status, len(head), 0, took_ns) + head)


if __name__ == "__main__":
    main()
