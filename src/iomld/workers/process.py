"""One worker process, seen from the side that started it."""

import os
import signal
import socket
import subprocess
import sys

from iomld.workers.errors import Reason
from iomld.workers.orders import EXIT_MEMORY, Orders, WorkerSpec

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
        orders = Orders(
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


def reason_of(exit_code: int) -> Reason:
    """What most likely ended a worker that nobody killed.

    An allocation that fails aborts the process (SIGABRT) in Rust and C++; the kernel's own memory killer uses SIGKILL.
    """
    return Reason.MEMORY if exit_code in {EXIT_MEMORY, -signal.SIGABRT, -signal.SIGKILL} else Reason.FAULT
