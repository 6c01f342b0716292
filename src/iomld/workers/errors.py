"""Errors of the pool: why a job has no answer. Each message is a sentence for people."""

from enum import StrEnum

from iomld.errors import IomldError


class WorkerError(IomldError):
    """A job has no answer, for a reason that lies in the pool or its workers."""


class JobTimeoutError(WorkerError):
    """The job ran past its deadline; its worker was killed."""

    def __init__(self, limit_s: float) -> None:
        """Word the message.

        Args:
            limit_s: Time limit of the job in seconds, counted from its arrival.
        """
        super().__init__(f"The job was stopped after {limit_s:g} seconds, the limit.")
        self.limit_s = limit_s


class PoolOverloadedError(WorkerError):
    """The queue is full, or the deadline of the job passed before a worker was free."""


class PoolStoppedError(WorkerError):
    """The pool is not running, or was stopped while the job waited."""


class CrashReason(StrEnum):
    """The most likely cause of a worker's death."""

    MEMORY = "memory"
    FAULT = "fault"


class WorkerCrashedError(WorkerError):
    """The worker died while it ran the job, or before it was ready."""

    def __init__(self, message: str, reason: CrashReason) -> None:
        """Store message and cause.

        Args:
            message: What happened, a sentence.
            reason: The most likely cause.
        """
        super().__init__(message)
        self.reason = reason
