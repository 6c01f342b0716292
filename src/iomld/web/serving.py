"""The release that is served and its query workers; a newly published release replaces it automatically."""

import asyncio
import contextlib
import gc
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread

from starlette.concurrency import run_in_threadpool

from iomld import release
from iomld.browse.dataset import description_graph
from iomld.browse.search import projects_of
from iomld.browse.view import ReleaseView, open_view, release_description, shared_graph_names
from iomld.check.worker import HANDLER as CHECK_HANDLER
from iomld.check.worker import CheckWorker
from iomld.config import Settings
from iomld.errors import IomldError, StoreError
from iomld.fund_folder import FundFolder, own_folder, using
from iomld.i18n import LANGUAGES
from iomld.messages import message
from iomld.release import Release, ReleaseCheck, ReleaseUse
from iomld.release.integrity import READ_BYTES, Damage, require_whole
from iomld.remote.pointer import DatasetUse, Pointer, read_pointer
from iomld.remote.query_worker import HANDLER as REMOTE_HANDLER
from iomld.remote.query_worker import RemoteWorker, require_release
from iomld.store.query_request import QueryWorker
from iomld.store.query_worker import HANDLER
from iomld.workers.pool import Pool
from iomld.workers.protocol import Reply, WorkerSpec
from iomld.workers.scheduling import PoolLimits, PoolStats

_PAGE_RENDERER = "iomld.web.pages.validate:report_page"  # imported by the check workers alone
_POLL_INTERVAL_S = 1.0
_LOWER_AFTER_S = 0.5  # of a query; a worker that is ready for queries takes some 0.15 s of processor time
_REMOTE_GRACE_S = 1.0  # after which a worker gives up by itself; the pool kills it before
_REMOTE_BYTES = 8  # times the limit of an answer; the form in which a remote store sends it may be longer than ours
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _OpenRelease:
    """An open release with its check and workers, and its views in other languages, each created once.

    Attributes:
        view: The release.
        check: The check of its files.
        fund: The fund folder that it was published with.
        use: Keeps other processes from removing its files.
        remote: Keeps publishers from changing the remote dataset that holds it; None if queries are answered here.
        pool: The workers that answer queries.
        checker: The workers that check uploads, which releases with the same fund folder share.
        views: Its views in the other languages.
    """

    view: ReleaseView
    check: ReleaseCheck
    fund: FundFolder
    use: ReleaseUse
    remote: DatasetUse | None
    pool: Pool
    checker: Pool
    views: Mapping[str, ReleaseView]


class Serving:
    """The release that is served, with its workers. To be used from the event loop's thread."""

    def __init__(self, datadir: Path, settings: Settings, prepare: Callable[[ReleaseView], None]) -> None:
        """Begin with no release open.

        Args:
            datadir: Folder of the releases.
            settings: All settings.
            prepare: Renders what visitors ask for first; called for each language of a release before it is served.
        """
        self._datadir = datadir
        self._settings = settings
        self._prepare = prepare
        self._open: _OpenRelease | None = None
        self.lookups = 0  # answered since the server started
        self.refused = ""  # why the current release is not the one that is served
        self._watch: asyncio.Task[None] | None = None
        self._retiring: set[asyncio.Task[None]] = set()

    @property
    def view(self) -> ReleaseView:
        """The release that is served, open for reading.

        Raises:
            StoreError: The server is starting or stopping.
        """
        return self._opened().view

    def view_in(self, language: str) -> ReleaseView:
        """The same with names in a language; always the same object, since caches are tied to it."""
        opened = self._opened()
        view = opened.view
        if language == view.language:
            return view
        return opened.views[language]

    @property
    def release(self) -> Release:
        """The release that is served."""
        return self.view.release

    @property
    def fund(self) -> FundFolder:
        """The fund folder of the release; the project's own before a release is open."""
        return self._open.fund if self._open else own_folder()

    @property
    def checker(self) -> Pool:
        """The workers that check uploads."""
        return self._opened().checker

    def name(self) -> str:
        """The name of the release that is served."""
        return self._opened().view.release.manifest.name  # short, since each query asks

    def current(self) -> tuple[str, FundFolder]:
        """The name and the fund folder of the release that is served."""
        opened = self._opened()
        return opened.view.release.manifest.name, opened.fund

    @property
    def unread_files(self) -> int:
        """Number of files of the release whose content is still to be checked."""
        return len(self._opened().check.unread)

    async def damages(self) -> tuple[Damage, ...]:
        """The damages of the release that is served; files are read only if they changed since they were checked."""
        check = self._opened().check
        # While a thread reads the rest of a large store, it is not read here as well.
        return await asyncio.to_thread(check.damages, read_bytes=0 if check.unread else READ_BYTES)

    def stats(self) -> PoolStats:
        """The state of the query workers."""
        return self._open.pool.stats() if self._open else PoolStats()

    async def run(self, payload: bytes, *, timeout_s: float | None = None, client: str = "") -> Reply:
        """Answer a query; see `iomld.workers.pool.Pool.run`."""
        return await self._opened().pool.run(payload, timeout_s=timeout_s, client=client)

    def lookup(self, query: str, chosen: ReleaseView | None = None) -> bytes | None:
        """The answer to a lookup as JSON, found without a worker; None for any other query.

        Args:
            query: The query.
            chosen: The release that it is about, if that is not the one that is served.
        """
        body = (chosen or self.view).reader.lookup(query, max_rows=self._settings.query_rows)
        if body is None or len(body) > self._settings.query_bytes:
            return None
        self.lookups += 1
        return body

    async def start(self) -> None:
        """Open the current release and start its workers.

        Raises:
            StoreError: Nothing is published, or the release is damaged.
        """
        if release.current_release(self._datadir) is None:
            raise StoreError(
                f"{self._datadir}: nothing is published here. Run 'iomld publish SOURCE… --to {self._datadir}' first."
            )
        self._open = await self._open_release()
        self._watch = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """End all workers, also those of releases that were replaced."""
        if self._watch:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
        for task in self._retiring:
            task.cancel()
        opened, self._open = self._open, None
        if opened:
            await opened.pool.stop()
            await opened.checker.stop()
            _end_uses(opened)

    def _opened(self) -> _OpenRelease:
        if self._open is None:
            raise StoreError(message("The server is starting or stopping. Try again in a moment."))
        return self._open

    def _target(self) -> tuple[str, Pointer | None]:
        """The release to serve and where its queries are answered: the current one, or that in the remote store."""
        pointer = read_pointer(self._datadir) if self._settings.remote_query else None
        if pointer:
            return pointer.release, pointer
        return release.served_name(self._datadir) or "", None

    async def _open_release(self) -> _OpenRelease:
        with contextlib.ExitStack() as uses:
            remote = DatasetUse(self._datadir) if self._settings.remote_query else None
            if remote:
                uses.callback(remote.end)
            name = remote.pointer.release if remote else self._target()[0]
            current = release.open_release(self._datadir, name)
            use = ReleaseUse(current.path)
            uses.callback(use.end)
            opened = await self._open_used(current, use, remote)
            uses.pop_all()
            return opened

    async def _open_used(self, current: Release, use: ReleaseUse, remote: DatasetUse | None) -> _OpenRelease:
        check = await asyncio.to_thread(require_whole, current, read_bytes=READ_BYTES)
        fund = current.fund_folder
        queries = _query_worker(current, self._settings)
        asked = _remote_worker(queries, self._settings, remote.pointer) if remote else None
        if asked:
            await asyncio.to_thread(require_release, asked)
        pool = _query_pool(asked or queries, self._settings)
        view = open_view(current)
        # In a thread of those that answer requests, which are set up by that; the workers start meanwhile.
        await asyncio.gather(pool.start(), run_in_threadpool(_prepare, self._prepare, (view,), fund))
        checker = self._open.checker if self._open and self._open.fund == fund else await self._open_checker(fund)
        views = {language: replace(view, language=language) for language in LANGUAGES if language != view.language}
        # Otherwise the first search would wait for it. A daemon, so that it does not delay the end of the server.
        Thread(target=_read_files, args=(view, fund), daemon=True).start()
        Thread(target=_prepare, args=(self._prepare, (*views.values(),), fund), daemon=True).start()
        if check.unread:
            Thread(target=_read_rest, args=(check,), daemon=True).start()
        return _OpenRelease(view, check, fund, use, remote, pool, checker, views)

    async def _open_checker(self, fund: FundFolder) -> Pool:
        """The workers that check uploads: one, and a second one while uploads wait."""
        settings = self._settings
        spec = WorkerSpec(
            CHECK_HANDLER,
            CheckWorker(settings.base_iri, fund="" if fund.is_own else str(fund.path), page=_PAGE_RENDERER).to_json(),
            memory_limit_bytes=settings.query_memory,
            max_answer_bytes=settings.query_bytes,
        )
        limits = PoolLimits(workers=1, max_workers=2, queue=16, timeout_s=settings.upload_timeout)
        pool = Pool(spec, limits)
        await pool.start()
        return pool

    async def _follow(self) -> None:
        """Look for a new release once a second; the old one is served until the new one is open."""
        while True:
            await asyncio.sleep(_POLL_INTERVAL_S)
            try:
                name, pointer = self._target()
                if not name or (name == self.name() and pointer == self._pointer()):
                    self._wait_for(name, pointer)
                    continue
                old, self._open = self._open, await self._open_release()
                self.refused = ""
            except (IomldError, OSError) as error:  # the open release is still served
                self._refuse(str(error))
                continue
            if old:
                pools = [old.pool] if old.checker is self._open.checker else [old.pool, old.checker]
                self._retiring.add(task := asyncio.create_task(self._retire(pools, old)))
                task.add_done_callback(self._retiring.discard)
                del old, task  # otherwise they would stay in memory until the next release

    def _pointer(self) -> Pointer | None:
        """Where queries about the release that is served are answered; None for the local store."""
        remote = self._opened().remote
        return remote.pointer if remote else None

    def _wait_for(self, name: str, pointer: Pointer | None) -> None:
        """Say, if so, that the current release is not served because it is not in the remote store."""
        current = release.current_name(self._datadir)
        if pointer is None or current == name:
            self.refused = ""
        else:
            self.refused = f"{current} is not in the remote store. Run 'iomld remote push' if no publish is running."

    def _refuse(self, reason: str) -> None:
        """Note why the current release is not served, and log each reason once."""
        if reason != self.refused:
            self.refused = reason
            _LOG.warning("%s is still served: %s", self.name(), reason)

    async def _retire(self, pools: Sequence[Pool], old: _OpenRelease) -> None:
        """End the workers of the old release once its running queries had time to end."""
        try:
            await asyncio.sleep(self._settings.query_timeout)
        finally:
            for pool in pools:
                await pool.stop()
            _end_uses(old)
        _freeze_objects()


def _query_worker(current: Release, settings: Settings) -> QueryWorker:
    """The configuration of the workers that answer queries about a release."""
    return QueryWorker(
        store=str(current.query_store),
        base_iri=current.manifest.base,
        release=current.manifest.name,
        max_rows=settings.query_rows,
        services=settings.services,
    )


def _remote_worker(worker: QueryWorker, settings: Settings, pointer: Pointer) -> RemoteWorker | None:
    """The same for workers that ask a dataset of the remote store; None if it holds no copy of the release."""
    if pointer.dataset is None:
        return None
    return RemoteWorker(
        worker,
        settings.remote_query[pointer.dataset],
        settings.remote_user,
        settings.remote_password_file,
        pointer.excluded,
        timeout_s=settings.query_timeout + _REMOTE_GRACE_S,
        limit_bytes=settings.query_bytes * _REMOTE_BYTES,
    )


def _query_pool(worker: QueryWorker | RemoteWorker, settings: Settings) -> Pool:
    """The workers that answer queries."""
    is_remote = isinstance(worker, RemoteWorker)
    spec = WorkerSpec(
        REMOTE_HANDLER if is_remote else HANDLER,
        worker.to_json(),
        memory_limit_bytes=settings.query_memory,
        max_answer_bytes=settings.query_bytes,
    )
    limits = PoolLimits(
        workers=settings.query_workers,
        queue=settings.query_queue,
        timeout_s=settings.query_timeout,
        # A worker that waits for a remote store takes no processor time.
        lower_after_s=None if is_remote else _LOWER_AFTER_S,
    )
    return Pool(spec, limits)


def _end_uses(opened: _OpenRelease) -> None:
    opened.use.end()
    if opened.remote:
        opened.remote.end()


def _prepare(prepare: Callable[[ReleaseView], None], views: Sequence[ReleaseView], fund: FundFolder) -> None:
    """Render what visitors ask for first. An error is ignored here, as it is raised again by whoever asks."""
    with contextlib.suppress(IomldError, OSError), using(fund):
        for view in views:
            prepare(view)


def _read_files(view: ReleaseView, fund: FundFolder) -> None:
    """Load the index that searches need, and the files that documents are made from.

    They were just checked, and stay in memory. An error is ignored here, as it is raised again by whoever reads them.
    """
    with contextlib.suppress(IomldError, OSError), using(fund):
        projects_of(view)
        description_graph(view)
        release_description(view)
        shared_graph_names(view)
    _freeze_objects()


def _read_rest(check: ReleaseCheck) -> None:
    """Read the files of a large store that are in a new state, so that the next start need not."""
    for damage in check.damages():
        _LOG.error("%s: %s", check.release.path, damage.message)
    check.keep()


def _freeze_objects() -> None:
    """Collect garbage, then exclude all remaining objects from later collections.

    A hundred thousand objects, of modules, routes and the release, live as long as the server or the release. Visiting
    them in each collection took an eighth of the server's time, in pauses of 50 ms.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
