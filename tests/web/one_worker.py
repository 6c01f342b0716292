"""The SPARQL endpoint of a release for tests in this process: the handler of a worker, and neither pool nor process."""

import os

from iomld.browse.view import ReleaseView
from iomld.iris import Iris
from iomld.store.query_request import QueryWorker
from iomld.store.query_worker import open_handler
from iomld.web.sparql.endpoint import SparqlApp, SparqlLimits
from iomld.workers.handler import AnswerWriter
from iomld.workers.protocol import Reply

_MAX_ANSWER_BYTES = 1 << 26


class OneWorker:
    """Answers one query after the other; none is ended, so tests of endless ones start a server."""

    def __init__(self, view: ReleaseView, max_rows: int) -> None:
        worker = QueryWorker(
            str(view.release.query_store), view.iris.base, view.release.manifest.name, max_rows=max_rows
        )
        self._handle = open_handler(worker.to_json())

    async def run(self, payload: bytes, *, timeout_s: float | None = None, client: str = "") -> Reply:
        """Answer a query; each is charged as a second."""
        del client, timeout_s
        writer = AnswerWriter(_MAX_ANSWER_BYTES)
        answer = self._handle(payload, writer)
        large = None if answer.fault else writer.fileno()
        file = None if large is None else os.fdopen(os.dup(large), "rb")
        body = b"" if answer.fault else writer.inline()
        reply = Reply(answer.fault, answer.head, body, file, 0 if answer.fault else writer.size, took_s=1.0)
        writer.close()
        return reply


def endpoint_of(view: ReleaseView, *, max_rows: int = 10_000, limits: SparqlLimits | None = None) -> SparqlApp:
    """The endpoint of an open release."""
    name = view.release.manifest.name
    pool = OneWorker(view, max_rows)
    return SparqlApp(
        pool, iris=Iris(view.iris.base), release_name=lambda: name, limits=limits or SparqlLimits(timeout_s=20)
    )
