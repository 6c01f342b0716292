"""The routes of the feed for feed readers (Atom): `/feed.atom`, and `/feed.atom/RUN` for its archives (RFC 5005)."""

from collections.abc import Callable, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import Response

from iomld import __version__
from iomld.browse.dataset import publisher_name
from iomld.browse.feed.entries import FeedEntry, entry_pages, newest_pages, page_entries, removed_entries
from iomld.browse.feed.pages import FeedPage
from iomld.browse.filters import page_number
from iomld.browse.project.revisions import ledger_of
from iomld.browse.view import ReleaseView, license_of
from iomld.formats.atom import MEDIA_TYPE, AtomEntry, AtomFeed, AtomLink, AtomTombstone, atom_bytes
from iomld.ledger.entries import RevisionKind
from iomld.web.conditional import is_not_modified, weak_etag
from iomld.web.data.documents import encoded_path, not_found
from iomld.web.links import server_address
from iomld.web.openapi import HTML, responses
from iomld.web.problems import require_present
from iomld.web.responses import answer, get_route

PATH = "/feed.atom"
_ANSWERS = responses({200: (MEDIA_TYPE,), 304: ()}, 400, 404, 503)
_Run = Annotated[str, Path(description="The name of the run, which is that of its release.")]
_Page = Annotated[str, Path(description="The number of the document among those of the run.")]


def atom_routes(view: Callable[[], ReleaseView]) -> APIRouter:
    """The routes.

    Args:
        view: Gives the release that is served now, in English.
    """
    router = APIRouter()
    present = [Depends(require_present)]

    @get_route(router, PATH, "lists", "Get the newest changes for a feed reader", _ANSWERS, dependencies=present)
    def feed(request: Request) -> Response:
        """Older changes are in archives, to which `prev-archive` leads from one to the next (RFC 5005)."""
        opened = view()
        etag = {"ETag": _state_tag(request, opened)}
        if is_not_modified(request.headers, etag["ETag"]):  # known before any revision is read: readers ask often
            return Response(status_code=304, headers={"Access-Control-Allow-Origin": "*", **etag})
        pages = entry_pages(opened)
        newest = newest_pages(pages)
        previous = pages[-len(newest) - 1] if len(pages) > len(newest) else None
        return answer(request, _document(request, opened, newest, previous, path=PATH), MEDIA_TYPE, headers=etag)

    @get_route(router, f"{PATH}/{{run}}", "lists", "Get an archive of the feed: a run", _ANSWERS, dependencies=present)
    def first_archive(request: Request, run: _Run) -> Response:
        return _archive_response(request, view(), run, 1)

    @get_route(
        router,
        f"{PATH}/{{run}}/{{page}}",
        "lists",
        "Get another archive of the feed of a large run",
        _ANSWERS,
        dependencies=present,
    )
    def archive(request: Request, run: _Run, page: _Page) -> Response:
        return _archive_response(request, view(), run, page_number(page) or 0)

    return router


def _state_tag(request: Request, view: ReleaseView) -> str:
    """The entity tag of the newest entries, by all that they depend on."""
    ledger = ledger_of(view)
    head = ledger.head if ledger else None
    address = server_address(request, view.iris.base)
    state = (head.sha256 if head else "", view.release.manifest.name, address, __version__)
    return weak_etag("\n".join(state).encode())


def _archive_response(request: Request, view: ReleaseView, run: str, number: int) -> Response:
    pages = entry_pages(view)
    place = next((place for place, page in enumerate(pages) if (page.run, page.number) == (run, number)), None)
    if place is None:
        raise not_found(request)
    previous = pages[place - 1] if place else None
    body = _document(request, view, (pages[place],), previous, path=pages[place].path(PATH))
    return answer(request, body, MEDIA_TYPE)


def _document(
    request: Request, view: ReleaseView, pages: Sequence[FeedPage], previous: FeedPage | None, *, path: str
) -> bytes:
    """The document with the entries of some pages.

    Args:
        request: The request.
        view: The release.
        pages: The pages, oldest first.
        previous: The page before them.
        path: The path of the document.
    """
    address = server_address(request, view.iris.base)
    publisher, license_ = publisher_name(view), license_of(view)
    links = [
        AtomLink("self", f"{address}{path}", MEDIA_TYPE),
        AtomLink("alternate", f"{address}/projects", HTML),
    ]
    if path != PATH:
        links.append(AtomLink("current", f"{address}{PATH}", MEDIA_TYPE))
    if previous:
        links.append(AtomLink("prev-archive", f"{address}{previous.path(PATH)}", MEDIA_TYPE))
    if license_:
        links.append(AtomLink("license", license_))
    newest_first = tuple(reversed(pages))
    entries = (_entry(one, address) for page in newest_first for one in page_entries(view, page))
    removed = (one for page in newest_first for one in removed_entries(view, page))
    feed = AtomFeed(
        id=f"{view.iris.base}feed.atom",
        title=f"Changes to project records{f' · {publisher}' if publisher else ''}",
        language="en",
        updated=pages[-1].created if pages else view.release.manifest.created,
        author=publisher or "iomld",
        generator=f"iomld {__version__}",
        links=tuple(links),
        entries=tuple(entries),
        tombstones=tuple(AtomTombstone(one.iri, one.when, one.reason) for one in removed),
        is_archive=path != PATH,
    )
    return atom_bytes(feed)


def _entry(entry: FeedEntry, address: str) -> AtomEntry:
    record = f"{address}{encoded_path('doc', 'project', entry.key)}"
    revision = AtomLink("alternate", f"{record}/rev/{entry.number}", HTML)
    is_gone = entry.kind is RevisionKind.DELETE
    return AtomEntry(
        id=entry.iri,
        title=entry.title,
        language=entry.language,
        updated=entry.created,
        summary=entry.summary,
        category=entry.kind,
        links=(AtomLink("alternate", record, HTML),) if is_gone else (revision, AtomLink("related", record, HTML)),
    )
