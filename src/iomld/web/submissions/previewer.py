"""The workers that preview submissions; they start with the first submission, since most servers get none."""

from collections.abc import Callable
from pathlib import Path

from iomld.config import Settings
from iomld.fund_folder import FundFolder
from iomld.inbox.submissions import SubmissionPreview, SubmittedBody
from iomld.pipeline.conversion import Choices
from iomld.publish.submissions.preview import PROFILE
from iomld.publish.submissions.worker import HANDLER, PreviewRequest, PreviewWorker, preview_in_answer
from iomld.web.client_budget import ClientQuotas
from iomld.web.data.upload_workers import upload_answer
from iomld.workers.on_demand import PoolOnDemand
from iomld.workers.protocol import WorkerSpec
from iomld.workers.scheduling import PoolLimits


class Previewer:
    """Previews submissions against the release that is served; to be used from the event loop's thread."""

    def __init__(
        self,
        datadir: Path,
        settings: Settings,
        release: Callable[[], tuple[str, FundFolder]],
        quotas: ClientQuotas,
    ) -> None:
        """Begin without workers.

        Args:
            datadir: Folder of the releases.
            settings: All settings.
            release: Gives the name of the release that is served, and its fund folder.
            quotas: The seconds of work left to each client.
        """
        self._datadir, self._settings, self._release, self._quotas = datadir, settings, release, quotas
        # One worker, and a second one while submissions wait.
        self._pool = PoolOnDemand(PoolLimits(1, 2, queue=16, timeout_s=settings.upload_timeout))

    @property
    def release(self) -> str:
        """The name of the release that is served."""
        return self._release()[0]

    async def preview(self, body: SubmittedBody, client: str) -> SubmissionPreview:
        """The preview of a submission.

        Args:
            body: What was sent.
            client: The client, which is charged with the time of the worker.

        Raises:
            CheckError: The submission cannot be read, or the worker met a limit.
        """
        name, fund = self._release()
        pool = await self._pool.of(self._spec(fund), key=fund)
        answer = await upload_answer(pool, PreviewRequest(name, body).payload(), self._quotas, client)
        return preview_in_answer(*answer)

    async def stop(self) -> None:
        """End the workers."""
        await self._pool.stop()

    def _spec(self, fund: FundFolder) -> WorkerSpec:
        settings = self._settings
        choices = Choices(settings.base_iri, settings.license, settings.publish_narrative, PROFILE)
        folder = "" if fund.is_own else str(fund.path.absolute())
        return WorkerSpec(
            HANDLER,
            PreviewWorker(str(self._datadir.absolute()), choices.to_json(), folder).to_json(),
            memory_limit_bytes=settings.query_memory,
            max_answer_bytes=settings.query_bytes,
        )
