"""The documents of a folder of releases, asked in this process."""

from pathlib import Path

from fastapi import FastAPI, Request
from starlette.responses import Response
from tests.browse.asking import Asker

from iomld.browse.view import open_view
from iomld.release import current_release
from iomld.web.data.resources import resource_routes
from iomld.web.problems import ProblemError, problem_of


def documents_of(folder: Path) -> Asker:
    """A client of the documents of the current release."""
    current = current_release(folder)
    assert current is not None
    opened = open_view(current)
    app = FastAPI()
    app.include_router(resource_routes(lambda: opened))

    @app.exception_handler(ProblemError)
    def on_problem(request: Request, error: ProblemError) -> Response:
        return problem_of(error, accept=request.headers.get("accept"))

    return Asker(app)
