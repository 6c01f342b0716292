"""One job in a worker of its own, for callers that wait: the command line."""

import os
import select
import signal
import socket
import time

from iomld.workers.errors import JobTimeoutError, WorkerCrashedError
from iomld.workers.protocol import Reply, Status, WorkerSpec, job_table_file, receive_packet, send_job, unpack_reply
from iomld.workers.supervisor import WorkerProcess, reason_of


def run_once(spec: WorkerSpec, payload: bytes, *, timeout_s: float) -> Reply:
    """Do one job in a process of its own; Ctrl-C ends it at once.

    Args:
        spec: What sort of worker.
        payload: What its handler gets.
        timeout_s: Seconds from now, start of the process included.

    Returns:
        The whole answer; the caller must close it.

    Raises:
        JobTimeoutError: The time was up.
        WorkerCrashedError: The worker could not open its handler, or ended.
    """
    deadline_ns = time.monotonic_ns() + int(timeout_s * 1e9)
    jobs, jobs_out = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    slots_fd = job_table_file(1)
    try:
        with jobs, jobs_out:
            send_job(jobs, 1, deadline_ns, payload)
            worker = WorkerProcess(spec, jobs_fd=jobs_out.fileno(), slots_fd=slots_fd, slot=0)
            try:
                return _awaited(worker, deadline_ns, timeout_s)
            finally:
                worker.signal(signal.SIGKILL)
                worker.reap()
    finally:
        os.close(slots_fd)


def _awaited(worker: WorkerProcess, deadline_ns: int, timeout_s: float) -> Reply:
    while True:
        left_s = (deadline_ns - time.monotonic_ns()) / 1e9
        if left_s <= 0 or not select.select([worker.replies.fileno(), worker.pidfd], [], [], left_s)[0]:
            raise JobTimeoutError(timeout_s)
        try:
            packet, fd = receive_packet(worker.replies)
        except (BlockingIOError, ConnectionResetError):
            packet, fd = b"", None
        if not packet:
            raise _crash(worker.reap(), timeout_s)
        _, status, reply = unpack_reply(packet, fd)
        if status is Status.FAILED:
            raise WorkerCrashedError(reply.head.decode(errors="replace"), reason_of(0))
        if status is Status.SKIPPED:
            raise JobTimeoutError(timeout_s)
        if status in {Status.ANSWER, Status.FAULT}:
            return reply


def _crash(exit_code: int, timeout_s: float) -> JobTimeoutError | WorkerCrashedError:
    if exit_code == -signal.SIGALRM:
        return JobTimeoutError(timeout_s)
    reason = reason_of(exit_code)
    return WorkerCrashedError(f"The worker ended (exit code {exit_code}); most likely cause: {reason}.", reason)
