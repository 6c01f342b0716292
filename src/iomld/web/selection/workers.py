"""The workers that write selections; they start with the first one, and each job can be stopped."""

from pathlib import Path

from iomld.browse.selection.worker import DAMAGED, HANDLER, NOT_WRITTEN, TOO_LARGE, SelectionRequest
from iomld.config import Settings
from iomld.messages import message
from iomld.pipeline.faults import fault_of
from iomld.web.client_budget import ClientQuotas, charged_reply
from iomld.web.problems import ProblemError
from iomld.workers.errors import JobTimeoutError, PoolOverloadedError, PoolStoppedError, WorkerCrashedError
from iomld.workers.on_demand import PoolOnDemand
from iomld.workers.protocol import Reply, WorkerSpec
from iomld.workers.scheduling import PoolLimits

_STATUSES = {TOO_LARGE: 422, NOT_WRITTEN: 422, DAMAGED: 503}  # by kind of fault
_QUEUE = 16  # selections that wait


class SelectionWriter:
    """Writes selections in workers; to be used from the event loop's thread."""

    def __init__(self, datadir: Path, settings: Settings, quotas: ClientQuotas) -> None:
        """Begin without workers.

        Args:
            datadir: Folder of the releases.
            settings: All settings.
            quotas: The seconds of work left to each client.
        """
        self._quotas = quotas
        self._spec = WorkerSpec(
            HANDLER,
            str(datadir.absolute()),
            memory_limit_bytes=settings.query_memory,
            max_answer_bytes=settings.query_bytes,
        )
        # One worker, and a second one while selections wait.
        self._pool = PoolOnDemand(PoolLimits(1, 2, queue=_QUEUE, timeout_s=settings.upload_timeout))

    async def write(self, selection: SelectionRequest, client: str) -> Reply:
        """The file; the caller must close it.

        Args:
            selection: What it holds.
            client: The client, which is charged with the time of the worker.

        Raises:
            ProblemError: The file is too large, cannot be written, or takes too long; or the client has used its time.
        """
        self._quotas.require(client)
        pool = await self._pool.of(self._spec)
        try:
            reply = await charged_reply(self._quotas, client, pool.run(selection.payload(), client=client))
        except (JobTimeoutError, WorkerCrashedError) as error:
            raise _stopped(error) from error
        except (PoolOverloadedError, PoolStoppedError) as error:
            detail = message("Other selections are being written. Try again in a moment.")
            raise ProblemError(429, "busy", detail, headers={"Retry-After": "5"}) from error
        if reply.fault:
            fault = fault_of(reply.head)
            reply.close()
            raise ProblemError(_STATUSES[fault.kind], fault.kind, fault.message)
        return reply

    async def stop(self) -> None:
        """End the workers."""
        await self._pool.stop()


def _stopped(error: JobTimeoutError | WorkerCrashedError) -> ProblemError:
    """The problem with a selection that met a limit of the server."""
    if isinstance(error, JobTimeoutError):
        detail = message(
            "Writing the file was stopped after {seconds} s. Choose fewer projects by filters, or take the whole "
            "dataset from /downloads.",
            seconds=f"{error.limit_s:g}",
        )
        return ProblemError(503, "selection-timeout", detail)
    detail = message(
        "Writing the file was too much for its worker, which ended. Choose fewer projects by filters, or take the "
        "whole dataset from /downloads."
    )
    return ProblemError(503, "selection-failed", detail)
