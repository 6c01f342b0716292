"""What workers answer about uploads: their answer, or the problem that there is none."""

from typing import Protocol

from starlette.concurrency import run_in_threadpool

from iomld.messages import message
from iomld.pipeline.faults import TOO_LARGE, fault_of
from iomld.web.client_budget import ClientQuotas, charged_reply
from iomld.web.problems import ProblemError
from iomld.workers.errors import CrashReason, JobTimeoutError, PoolOverloadedError, PoolStoppedError, WorkerCrashedError
from iomld.workers.protocol import Reply

_OUT_OF_MEMORY = message(
    "The check was stopped because it needed more memory than the limit allows. Send fewer records at a time."
)
_CRASHED = message("The check was too much for its worker, which ended. Send fewer records at a time.")
_READ_AT_ONCE_BYTES = 1 << 20  # of a report, in the event loop


class CheckError(ProblemError):
    """An upload about which there is no answer of a worker.

    Attributes:
        line: The line where it cannot be read, from 1, if that is known.
        column: The column in that line, from 1, if that is known.
    """

    line: int | None = None
    column: int | None = None


class CheckPool(Protocol):
    """The part of a pool of workers that validation uses."""

    async def run(self, payload: bytes, *, timeout_s: float | None = None, client: str = "") -> Reply:
        """Check an upload; see `iomld.workers.pool.Pool.run`."""
        ...


async def upload_answer(pool: CheckPool, payload: bytes, quotas: ClientQuotas, client: str) -> tuple[bytes, bytes]:
    """The head and the body of the answer of a worker, whose time is charged to the client.

    Raises:
        CheckError: The worker refuses the upload, or fails.
    """
    try:
        reply = await charged_reply(quotas, client, pool.run(payload, client=client))
    except (JobTimeoutError, WorkerCrashedError) as error:
        raise _problem_of_worker(error) from error
    except (PoolOverloadedError, PoolStoppedError) as error:
        detail = message("Other uploads are being checked. Try again in a moment.")
        raise CheckError(429, "busy", detail, headers={"Retry-After": "5"}) from error
    if reply.fault:
        fault = fault_of(reply.head)
        refusal = CheckError(422 if fault.kind == TOO_LARGE else 400, fault.kind, fault.message)
        refusal.line, refusal.column = fault.line, fault.column
        raise refusal
    body = reply.read() if reply.size <= _READ_AT_ONCE_BYTES else await run_in_threadpool(reply.read)
    return reply.head, body


def _problem_of_worker(error: JobTimeoutError | WorkerCrashedError) -> CheckError:
    """The problem with an upload that met a limit of the server."""
    if isinstance(error, JobTimeoutError):
        seconds = f"{error.limit_s:g}"
        detail = message("The check was stopped after {seconds} s. Send fewer records at a time.", seconds=seconds)
        return CheckError(503, "validation-timeout", detail)
    detail = _OUT_OF_MEMORY if error.reason is CrashReason.MEMORY else _CRASHED
    return CheckError(503, "validation-failed", detail)
