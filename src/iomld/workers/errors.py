"""Why a job has no answer; the message is a sentence for a person."""

from enum import StrEnum

from iomld.errors import IomldError


class WorkerError(IomldError):
    """A job has no answer for a reason that lies in the pool."""


class JobTimeoutError(WorkerError):
    """The job ran until its time was up; its worker was ended."""

    def __init__(self, limit_s: float) -> None:
        """Name the limit.

        Args:
            limit_s: Seconds the job was given, counted from its arrival.
        """
        super().__init__(f"The job was stopped after {limit_s:g} seconds, the limit.")
        self.limit_s = limit_s


class PoolOverloadedError(WorkerError):
    """The queue is full, or the job's time was up before a worker was free."""


class PoolStoppedError(WorkerError):
    """The pool is not running, or was stopped while the job waited."""


class CrashReason(StrEnum):
    """What most likely ended a worker."""

    MEMORY = "memory"
    FAULT = "fault"


class WorkerCrashedError(WorkerError):
    """The worker ended while it held the job, or before it could take one."""

    def __init__(self, message: str, reason: CrashReason) -> None:
        """Say what happened and why.

        Args:
            message: A sentence.
            reason: What most likely ended the worker.
        """
        super().__init__(message)
        self.reason = reason
