"""The SPARQL endpoint of a release for tests in this process: a real worker for each query, no pool."""

from dataclasses import replace

from iomld.browse.view import ReleaseView
from iomld.iris import Iris
from iomld.store.query_request import QueryWorker
from iomld.store.query_worker import HANDLER
from iomld.web.sparql.endpoint import SparqlApp, SparqlLimits
from iomld.workers.once import run_once
from iomld.workers.protocol import Reply, WorkerSpec


class OneWorker:
    """Answers one query after the other."""

    def __init__(self, view: ReleaseView, max_rows: int) -> None:
        worker = QueryWorker(
            str(view.release.query_store), view.iris.base, view.release.manifest.name, max_rows=max_rows
        )
        self._spec = WorkerSpec(HANDLER, worker.to_json())

    async def run(self, payload: bytes, *, timeout_s: float | None = None, client: str = "") -> Reply:
        """Answer a query; each is charged as a second."""
        del client
        return replace(run_once(self._spec, payload, timeout_s=timeout_s or 20), took_s=1.0)


def endpoint_of(view: ReleaseView, *, max_rows: int = 10_000, limits: SparqlLimits | None = None) -> SparqlApp:
    """The endpoint of an open release."""
    name = view.release.manifest.name
    pool = OneWorker(view, max_rows)
    return SparqlApp(
        pool, iris=Iris(view.iris.base), release_name=lambda: name, limits=limits or SparqlLimits(timeout_s=20)
    )
