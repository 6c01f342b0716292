"""What is served now: the current release and the workers that query it; a new release is taken up by itself."""

import asyncio
import contextlib
import gc
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread

from iomld import release
from iomld.browse.search import project_index
from iomld.browse.view import ReleaseView, open_view
from iomld.config import Settings
from iomld.errors import IomldError, StoreError
from iomld.messages import message
from iomld.release import FILES, Release
from iomld.store.query_request import QueryWorker
from iomld.store.query_worker import HANDLER
from iomld.workers.pool import Pool
from iomld.workers.protocol import Reply, WorkerSpec
from iomld.workers.scheduling import PoolLimits, PoolStats

_LOOK_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class _Open:
    """An open release with its workers, and views of it in other languages, each made once."""

    view: ReleaseView
    pool: Pool
    views: dict[str, ReleaseView]


class Serving:
    """Holds the open release. Use it from the event loop's thread; handlers call `view`, `release` and `run`."""

    def __init__(self, datadir: Path, settings: Settings) -> None:
        self._datadir = datadir
        self._settings = settings
        self._open: _Open | None = None
        self.lookups = 0  # answered since the start
        self._watch: asyncio.Task[None] | None = None
        self._retiring: set[asyncio.Task[None]] = set()

    @property
    def view(self) -> ReleaseView:
        """The release that is served, open for reading."""
        if self._open is None:
            raise StoreError(message("The server is starting or stopping. Try again in a moment."))
        return self._open.view

    def view_in(self, language: str) -> ReleaseView:
        """The same with names in a language; the same value each time, as results are kept with it."""
        view = self.view
        if language == view.language or self._open is None:
            return view
        return self._open.views.setdefault(language, replace(view, language=language))

    @property
    def release(self) -> Release:
        """The release that is served."""
        return self.view.release

    def name(self) -> str:
        """Its name."""
        return self.release.manifest.name

    def stats(self) -> PoolStats:
        """The state of the query workers."""
        return self._open.pool.stats() if self._open else PoolStats()

    async def run(self, payload: bytes, *, timeout_s: float | None = None, client: str = "") -> Reply:
        """Answer a query; see `iomld.workers.pool.Pool.run`."""
        if self._open is None:
            raise StoreError(message("The server is starting or stopping. Try again in a moment."))
        return await self._open.pool.run(payload, timeout_s=timeout_s, client=client)

    def lookup(self, query: str) -> bytes | None:
        """Answer a lookup without a worker, as JSON; None for any other query."""
        body = self.view.reader.lookup(query, max_rows=self._settings.query_rows)
        if body is None or len(body) > self._settings.query_bytes:
            return None
        self.lookups += 1
        return body

    async def start(self) -> None:
        """Open the current release and start its workers.

        Raises:
            StoreError: Nothing is published, or the release is damaged.
        """
        current = release.current_release(self._datadir)
        if current is None:
            raise StoreError(f"{self._datadir}: nothing is published here. Run 'iomld publish SOURCE…' first.")
        self._open = await self._opened(current)
        self._watch = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """End all workers; none is left behind."""
        if self._watch:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
        for task in self._retiring:
            task.cancel()
        opened, self._open = self._open, None
        if opened:
            await opened.pool.stop()

    async def _opened(self, current: Release) -> _Open:
        settings = self._settings
        worker = QueryWorker(
            store=str(current.file(FILES.store)),
            base_iri=current.manifest.base,
            release=current.manifest.name,
            max_rows=settings.query_rows,
            services=settings.services,
        )
        spec = WorkerSpec(
            HANDLER,
            worker.to_json(),
            memory_limit_bytes=settings.query_memory,
            max_answer_bytes=settings.query_bytes,
        )
        limits = PoolLimits(
            workers=settings.query_workers, queue=settings.query_queue, timeout_s=settings.query_timeout
        )
        pool = Pool(spec, limits)
        await pool.start()
        view = open_view(current)
        # The first search would else wait for it. A daemon, so that it does not hold up the end of the server.
        Thread(target=_prepare, args=(view,), daemon=True).start()
        return _Open(view, pool, {})

    async def _follow(self) -> None:
        """Look for a new release once a second; the old one goes on answering until the new one is open."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            try:
                current = release.current_release(self._datadir)
                if current is None or current.manifest.name == self.name():
                    continue
                old, self._open = self._open, await self._opened(current)
            except (IomldError, OSError):
                continue  # a damaged release is not taken up; the one that is open goes on
            if old:
                self._retiring.add(task := asyncio.create_task(self._retire(old)))
                task.add_done_callback(self._retiring.discard)
                del old, task  # or they would be held until the next release

    async def _retire(self, old: _Open) -> None:
        """Let the queries that run on the old release end, then end its workers."""
        try:
            await asyncio.sleep(self._settings.query_timeout)
        finally:
            await old.pool.stop()
        del old
        _pass_by_what_stays()


def _prepare(view: ReleaseView) -> None:
    """Make what searches need; a fault is shown to who asks, when the same fails again."""
    with contextlib.suppress(IomldError, OSError):
        project_index(view)
    _pass_by_what_stays()


def _pass_by_what_stays() -> None:
    """Let the garbage collector pass by all that is there now, once what is garbage has gone.

    A hundred thousand objects, of modules, routes and the release, stay for as long as the server or the release. To
    look at them all again and again took an eighth of the server's time, in pauses of 50 ms.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
