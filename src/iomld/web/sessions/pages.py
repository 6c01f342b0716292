"""Pages for people who are signed in: they are for one person, so that no cache may keep them."""

from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from iomld.browse.view import ReleaseView
from iomld.web.client_budget import metered
from iomld.web.openapi import HTML
from iomld.web.pages.frame import page_html
from iomld.web.sessions.access import SignedInUser
from iomld.web.sessions.forms import FORM_FIELD

# Not compressed either: the length of a compressed page would tell what it has in common with a text of another site.
PRIVATE = {"Cache-Control": "private, no-store, no-transform", "X-Content-Type-Options": "nosniff"}


async def page_of_user(  # the frame of a page, by name
    view: ReleaseView | None,
    user: SignedInUser | None,
    template: str,
    section: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **values: object,
) -> Response:
    """The response with a page for a person.

    Args:
        view: The release; None for a page that does not depend on it.
        user: The person; None for a page that says how to sign in.
        template: File name of the template; it gets `user` and `form_field`.
        section: Path of the menu entry to highlight.
        status: The status.
        headers: More headers.
        **values: Other values for the template.
    """

    def page() -> bytes:
        return page_html(view, template, section, user=user, form_field=FORM_FIELD, **values)

    return Response(await run_in_threadpool(metered(page)), status, PRIVATE | dict(headers or {}), HTML)


def see_other(path: str, headers: Mapping[str, str] | None = None) -> Response:
    """The response that leads a browser on to a page, so that reloading that page sends no form again.

    Args:
        path: Path of the page, with its query.
        headers: More headers.
    """
    return Response(status_code=303, headers=PRIVATE | {"Location": path} | dict(headers or {}))
