"""The release that a request of a route chose: kept with the request, from its parameters to its answer."""

from collections.abc import Callable

from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from iomld.browse.view import ReleaseView
from iomld.fund_folder import use_folder
from iomld.release import Release
from iomld.web.client_budget import metered
from iomld.web.i18n import page_language
from iomld.web.problems import OF_OTHER_TIMES, require_supported
from iomld.web.releases.archive import PastRelease, ReleaseArchive
from iomld.web.releases.choice import AS_OF, RELEASE, ReleaseChoice, created, memento_headers, release_choice

_CHOSEN = "iomld.release"  # in the scope of a request


def choice_of(request: Request) -> ReleaseChoice | None:
    """The release that the parameters of a request choose; None if they choose none.

    Raises:
        ProblemError: They choose several, or another parameter asks for the data of another time (400).
    """
    names = request.query_params.keys()
    if not any(name.lower() in OF_OTHER_TIMES for name in names):
        return None
    require_supported(names, but=(RELEASE, AS_OF))
    return release_choice({name: request.query_params.getlist(name) for name in names})


async def choose_release(request: Request, choice: ReleaseChoice) -> PastRelease:
    """Answer a request from the release of a choice, which is opened in a thread and charged to the client.

    Raises:
        ProblemError: There is none (404, 410).
        StoreError: It is damaged.
    """
    archive: ReleaseArchive = request.app.state.archive
    opened = await run_in_threadpool(metered(archive.open), choice)
    request.scope[_CHOSEN] = opened
    use_folder(opened.fund)
    return opened


def chosen_release(request: Request) -> PastRelease | None:
    """The release that a request chose; None if it is answered from the one that is served."""
    found: PastRelease | None = request.scope.get(_CHOSEN)
    return found


def view_of_request(served: Callable[[], ReleaseView]) -> Callable[[Request], ReleaseView]:
    """A function that gives the view of the release that a request is about, in the language of the page.

    Args:
        served: Gives the view of the release that is served.
    """

    def view(request: Request) -> ReleaseView:
        chosen = chosen_release(request)
        return chosen.views[page_language()] if chosen else served()

    return view


def with_release(request: Request) -> str:
    """The query string that chooses the same release by its name; empty if none was chosen."""
    chosen = chosen_release(request)
    return f"?{RELEASE}={chosen.release.manifest.name}" if chosen else ""


def release_headers(request: Request) -> dict[str, str]:
    """The headers that say of when the data of an answer is; none if no release was chosen."""
    chosen = chosen_release(request)
    return memento_headers(created(chosen.release)) if chosen else {}


def release_of(request: Request, served: Release) -> Release:
    """The release that a request is about."""
    chosen = chosen_release(request)
    return chosen.release if chosen else served
