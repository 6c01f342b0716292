"""The program of a worker process: `python -m iomld.workers.child CONFIG`.

A worker runs jobs until the pool asks it to exit or is gone, or has lowered its priority, which only root could raise
again. Three things end it even in an endless loop: a SIGKILL of
the pool, the end of the thread that started it (PR_SET_PDEATHSIG), and its own alarm shortly after a job's deadline.
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
    EXIT_REQUEST,
    HEAD_BYTES,
    JOB_HEADER,
    REPLY_HEADER,
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
    """Run jobs as the configuration in the first argument says."""
    config = WorkerConfig.from_json(sys.argv[1])
    _exit_with_parent(config.parent)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # the default action ends the process without Python code
    # A worker that receives a job must not preempt the pool, which is about to send the next one: with few cores,
    # switching after each job costs a seventh of the throughput. Threads that the handler starts inherit the policy.
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with socket.socket(fileno=config.jobs_fd) as jobs, socket.socket(fileno=config.replies_fd) as replies:
        handle = _open_handler(config, replies)
        if handle is None:
            return
        _limit_memory(config.memory_limit_bytes)
        gc.freeze()  # these objects stay for good, so that no collection need visit them
        try:
            _Worker(config, jobs, replies, handle).run()
        except MemoryError:
            os._exit(EXIT_MEMORY)  # without clean-up, which would need memory
        except (BrokenPipeError, ConnectionResetError):
            return  # the pool is gone


def _exit_with_parent(parent: int) -> None:
    """Have the kernel kill this process when the thread that started it ends; exit if it has ended already."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:
        os._exit(0)


def _open_handler(config: WorkerConfig, replies: socket.socket) -> Handler | None:
    """Call the factory and report to the pool; None where it failed."""
    module, _, name = config.handler.partition(":")
    factory: Callable[[str], Handler] = getattr(importlib.import_module(module), name)
    try:
        handle = factory(config.argument)
    except IomldError as error:
        _send_reply(replies, 0, Status.FAILED, str(error).encode()[:HEAD_BYTES])
        return None
    _send_reply(replies, 0, Status.READY)
    return handle


def _limit_memory(limit_bytes: int) -> None:
    """Allow this many bytes of address space on top of what is mapped now, such as the files of a store."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + limit_bytes
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


class _Worker:
    def __init__(self, config: WorkerConfig, jobs: socket.socket, replies: socket.socket, handle: Handler) -> None:
        self._slot = config.slot
        self._table = JobTable(config.table_fd, config.slot + 1)
        self._max_answer_bytes = config.max_answer_bytes
        self._jobs, self._replies, self._handle = jobs, replies, handle

    def run(self) -> None:
        """Run jobs until the pool is gone, asks for an exit or has lowered the priority of this process."""
        priority = os.getpriority(os.PRIO_PROCESS, 0)
        while os.getpriority(os.PRIO_PROCESS, 0) == priority:
            packet, fd = receive_packet(self._jobs)
            if not packet:
                return
            number, deadline_ns, _ = JOB_HEADER.unpack_from(packet)
            if number == EXIT_REQUEST:
                return
            now_ns = time.monotonic_ns()
            self._table.start_job(self._slot, number, now_ns)
            payload = unpack_payload(packet, fd)
            if deadline_ns > now_ns:
                self._run_job(number, payload, (deadline_ns - now_ns) / 1e9)
            else:
                _send_reply(self._replies, number, Status.SKIPPED)
            self._table.clear(self._slot)  # after the reply: until then a kill hits this job and no other

    def _run_job(self, number: int, payload: bytes, remaining_s: float) -> None:
        writer = AnswerWriter(self._max_answer_bytes)
        signal.setitimer(signal.ITIMER_REAL, remaining_s + ALARM_GRACE_S)
        start_ns = time.monotonic_ns()
        answer = self._handle(payload, writer)
        took_ns = time.monotonic_ns() - start_ns
        signal.setitimer(signal.ITIMER_REAL, 0)
        _send_answer(self._replies, number, answer, writer, took_ns)
        writer.close()


def _send_answer(replies: socket.socket, number: int, answer: Answer, writer: AnswerWriter, took_ns: int) -> None:
    head = answer.head
    if len(head) > HEAD_BYTES:
        raise ValueError(f"the head of an answer has {len(head)} bytes; {HEAD_BYTES} are allowed")
    if answer.fault:
        _send_reply(replies, number, Status.FAULT, head, took_ns)
        return
    header = REPLY_HEADER.pack(number, Status.ANSWER, len(head), writer.size, took_ns)
    send_packet(replies, header + head + writer.inline(), writer.fileno())


def _send_reply(replies: socket.socket, number: int, status: Status, head: bytes = b"", took_ns: int = 0) -> None:
    send_packet(replies, REPLY_HEADER.pack(number, status, len(head), 0, took_ns) + head)


if __name__ == "__main__":
    main()
