"""The page of the API reference."""

from collections.abc import Callable
from functools import cache

from fastapi import APIRouter, Request
from starlette.responses import Response

from iomld.browse.view import ReleaseView
from iomld.web.answers import answer, get_route
from iomld.web.kept_pages import KeptPages
from iomld.web.reference import Chapter, Json, chapters
from iomld.web.reference_commands import commands, server_of
from iomld.web.rendering import page_html

PATH = "/docs"
_HTML = "text/html; charset=utf-8"


def reference_routes(view: Callable[[], ReleaseView], description: Callable[[], Json]) -> APIRouter:
    """The page of all routes.

    Args:
        view: Gives the release that is served now.
        description: Gives the OpenAPI document, once it is complete.
    """
    router = APIRouter()
    told = cache(lambda: chapters(description()))
    kept = KeptPages()

    @get_route(router, PATH, tag="pages")
    def reference(request: Request) -> Response:
        """Tell each route with its parameters, its answers and a command to try."""
        opened = view()
        server = server_of(request, opened.iris.base)
        page = kept.page(opened, lambda: _page(opened, told(), server), server)
        return answer(request, page, _HTML)

    return router


def _page(view: ReleaseView, told: tuple[Chapter, ...], server: str) -> bytes:
    """The page, with a command for each operation by its anchor."""
    anchors = {(one.method.lower(), one.path): one.anchor for chapter in told for one in chapter.operations}
    shown = {anchors[operation]: command.text(server) for operation, command in commands(view, anchors).items()}
    return page_html(view, "docs.html", PATH, chapters=told, commands=shown, server=server)
