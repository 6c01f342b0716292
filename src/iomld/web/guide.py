"""The guide `/guide`: the documents of the project as pages in English, and the examples that they name as files."""

import io
import posixpath
import re
import zipfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi import Path as PathParameter
from starlette.responses import Response

from iomld.browse.view import ReleaseView
from iomld.fund_folder import root_folder
from iomld.messages import message
from iomld.web.markdown import Document, render_markdown
from iomld.web.openapi import HTML, responses, sample
from iomld.web.pages.frame import page_html
from iomld.web.problems import ProblemError
from iomld.web.responses import answer, get_route, page_route

PATH = "/guide"
_INDEX, _EXAMPLES = "docs/README.md", "examples"
_ARCHIVE = f"{_EXAMPLES}.zip"
_DOCUMENTS = (
    "docs/*.md",
    "docs/decisions/*.md",
    "benchmarks/README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "data/README.md",
    "examples/*.md",
)
_HTML, _TEXT, _ZIP = "text/html; charset=utf-8", "text/plain; charset=utf-8", "application/zip"
_ADDRESS = re.compile(r"(?:https?|mailto):|#")
_MIDNIGHT = (1980, 1, 1, 0, 0, 0)  # of the files in the archive, which does not change with the clock
_Name = Annotated[
    str, PathParameter(description="The name of the page, such as `use-data`.", openapi_examples=sample("tutorial"))
]
_File = Annotated[
    str, PathParameter(description="The file, such as `fund/iomld.toml`.", openapi_examples=sample("record.json"))
]


def guide_routes(view: Callable[[], ReleaseView]) -> APIRouter:
    """The routes of the guide.

    Args:
        view: Gives the release that is served now.
    """
    router = APIRouter()

    def page(request: Request, path: str) -> Response:
        document = _document(path)
        return answer(request, page_html(view(), "guide.html", PATH, document=document, is_index=path == _INDEX), _HTML)

    @page_route(router, PATH, "pages", "Read which page of the guide to start with")
    def index(request: Request) -> Response:
        return page(request, _INDEX)

    @get_route(
        router, f"{PATH}/{_ARCHIVE}", "pages", "Get all examples of the guide", responses({200: (_ZIP,), 304: ()}, 503)
    )
    def archive(request: Request) -> Response:
        return answer(request, _archive(), _ZIP)

    text = responses({200: ("text/plain",), 304: ()}, 404, 503)

    @get_route(router, f"{PATH}/{_EXAMPLES}/{{name:path}}", "pages", "Get a file that the guide names", text)
    def example(request: Request, name: _File) -> Response:
        if (file := _examples().get(name)) is None:
            detail = message("There is no example '{name}'. The guide lists all of them.", name=name)
            raise ProblemError(
                404, "unknown", detail, onward=(message("See the list of examples"), f"{PATH}/{_EXAMPLES}")
            )
        return answer(request, file.read_bytes(), _TEXT)

    @page_route(
        router,
        f"{PATH}/{{name}}",
        "pages",
        "Read a page of the guide",
        responses({200: (HTML,), 304: ()}, 404, 503),
    )
    def chapter(request: Request, name: _Name) -> Response:
        path = next((path for path, address in _addresses().items() if address == f"{PATH}/{name}"), None)
        if path is None:
            detail = message("The guide has no page '{name}'. Begin at {path}.", name=name, path=PATH)
            raise ProblemError(404, "unknown", detail, onward=(message("Open the guide"), PATH))
        return page(request, path)

    return router


def guide_paths() -> tuple[str, ...]:
    """The paths of all pages of the guide, the index first."""
    return tuple(sorted(_addresses().values()))


@cache
def _addresses() -> Mapping[str, str]:
    """The address of each document by its path in the project."""
    root = root_folder()
    paths = sorted(path.relative_to(root).as_posix() for pattern in _DOCUMENTS for path in root.glob(pattern))
    return {path: PATH if path == _INDEX else f"{PATH}/{_name(path)}" for path in paths}


def _name(path: str) -> str:
    """The name of a document in its address.

    >>> _name("docs/USE-DATA.md"), _name("docs/decisions/0001-a.md"), _name("data/README.md"), _name("CHANGELOG.md")
    ('use-data', 'decisions-0001-a', 'data', 'changelog')
    """
    return path.removeprefix("docs/").removesuffix(".md").removesuffix("/README").lower().replace("/", "-")


@cache
def _document(path: str) -> Document:
    """A document, with links to pages and files of the guide; rendered once."""
    text = (root_folder() / path).read_text(encoding="utf-8")
    return render_markdown(text, lambda target: _site_address(path, target))


def _site_address(path: str, target: str) -> str | None:
    """The target address of a link in a document; None for files that a site does not have."""
    if _ADDRESS.match(target):
        return target
    name, mark, anchor = target.partition("#")
    aim = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
    if aim in _addresses():
        return _addresses()[aim] + mark + anchor
    if aim.startswith(f"{_EXAMPLES}/"):
        return f"{PATH}/{aim}" if aim.removeprefix(f"{_EXAMPLES}/") in _examples() else f"{PATH}/{_EXAMPLES}"
    return None


@cache
def _examples() -> Mapping[str, Path]:
    """The files of the examples by their paths below that folder."""
    folder = root_folder() / _EXAMPLES
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {path.relative_to(folder).as_posix(): path for path in files}


@cache
def _archive() -> bytes:
    """All examples as a zip archive, in the folder of their name; the same bytes each time."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, path in _examples().items():
            entry = zipfile.ZipInfo(f"{_EXAMPLES}/{name}", _MIDNIGHT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes())
    return written.getvalue()
