"""A job of a pool, and what is said when its worker ends."""

import asyncio
from dataclasses import dataclass

from iomld.workers.errors import Reason, WorkerCrashedError, WorkerError
from iomld.workers.process import reason_of
from iomld.workers.wire import Reply

_CRASHED = {
    Reason.MEMORY: "The job was stopped because it needed more memory than it may take.",
    Reason.FAULT: "The worker ended while it did the job; it was too much for it.",
}


@dataclass(slots=True, eq=False)
class Job:
    """One job; its future is set exactly once.

    Attributes:
        number: Its number, from 1.
        payload: What the handler gets; emptied once it has been sent.
        limit_s: Seconds it was given.
        deadline_ns: When they are over (CLOCK_MONOTONIC).
        future: Its answer, or why there is none.
        client: Who asked; clients that wait take turns.
    """

    number: int
    payload: bytes
    limit_s: float
    deadline_ns: int
    future: asyncio.Future[Reply]
    client: str = ""

    def fail(self, error: WorkerError) -> None:
        """Say why there is no answer, if nothing has been said."""
        if not self.future.done():
            self.future.set_exception(error)


def crash(exit_code: int) -> WorkerCrashedError:
    """The error for a worker that ended with a job."""
    reason = reason_of(exit_code)
    return WorkerCrashedError(_CRASHED[reason], reason)
