"""Runs a single job in a worker process of its own, for callers that block, such as the command line."""

import os
import select
import signal
import socket
import time

from iomld.workers.errors import JobTimeoutError, WorkerCrashedError
from iomld.workers.protocol import Reply, Status, WorkerSpec, create_table_file, receive_packet, send_job, unpack_reply
from iomld.workers.supervisor import WorkerProcess, crash_reason


def run_once(spec: WorkerSpec, payload: bytes, *, timeout_s: float) -> Reply:
    """Run a job in a new worker process and wait for the answer; Ctrl-C stops it at once.

    Args:
        spec: The kind of worker.
        payload: The payload for its handler.
        timeout_s: Seconds for the job, including the start of the process.

    Returns:
        The complete answer; the caller must close it.

    Raises:
        JobTimeoutError: The job took too long.
        WorkerCrashedError: The worker could not open its handler, or died.
    """
    deadline_ns = time.monotonic_ns() + int(timeout_s * 1e9)
    jobs, jobs_out = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    table_fd = create_table_file(1)
    try:
        with jobs, jobs_out:
            send_job(jobs, 1, deadline_ns, payload)
            worker = WorkerProcess(spec, jobs_fd=jobs_out.fileno(), table_fd=table_fd, slot=0)
            try:
                return _wait_for_reply(worker, deadline_ns, timeout_s)
            finally:
                worker.signal(signal.SIGKILL)
                worker.reap()
    finally:
        os.close(table_fd)


def _wait_for_reply(worker: WorkerProcess, deadline_ns: int, timeout_s: float) -> Reply:
    while True:
        remaining_s = (deadline_ns - time.monotonic_ns()) / 1e9
        if remaining_s <= 0 or not select.select([worker.replies.fileno(), worker.pidfd], [], [], remaining_s)[0]:
            raise JobTimeoutError(timeout_s)
        try:
            packet, fd = receive_packet(worker.replies)
        except (BlockingIOError, ConnectionResetError):
            packet, fd = b"", None
        if not packet:
            raise _crash_error(worker.reap(), timeout_s)
        _, status, reply = unpack_reply(packet, fd)
        if status is Status.FAILED:
            raise WorkerCrashedError(reply.head.decode(errors="replace"), crash_reason(0))
        if status is Status.SKIPPED:
            raise JobTimeoutError(timeout_s)
        if status in {Status.ANSWER, Status.FAULT}:
            return reply


def _crash_error(exit_code: int, timeout_s: float) -> JobTimeoutError | WorkerCrashedError:
    if exit_code == -signal.SIGALRM:
        return JobTimeoutError(timeout_s)
    reason = crash_reason(exit_code)
    return WorkerCrashedError(f"The worker ended (exit code {exit_code}); most likely cause: {reason}.", reason)
