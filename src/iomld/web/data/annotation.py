"""The route `POST /annotate`: a worker finds the policy frameworks that a text names; nothing is stored."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from iomld.check.annotation import JSON_LD, JSON_TEXT, PLAIN_TEXT, AnnotationRequest
from iomld.formats.negotiate import choose
from iomld.messages import message
from iomld.web.client_budget import ClientQuotas, client_of
from iomld.web.data.upload import read_body
from iomld.web.data.upload_workers import CheckError, CheckPool, upload_answer
from iomld.web.openapi import no_text, operation_id, responses
from iomld.web.problems import ProblemError, media_type_of, unread_type

_MOST_BYTES = 1 << 20  # of a text, which is some hundreds of pages
_BODIES, _ANSWERS = (PLAIN_TEXT, JSON_TEXT), (JSON_TEXT, JSON_LD)
_RESPONSES = responses({200: _ANSWERS}, 400, 406, 413, 415, 422, 429, 503)
_EXAMPLE = "The plan follows the Global Compact for Migration, in particular objective 23 of the GCM."
_Language = Annotated[
    str,
    Query(
        default_factory=no_text,
        description="The language of the text (BCP 47). By default, it is guessed from its small words.",
        examples=["en"],
    ),
]
_TOO_MUCH = message("Finding the frameworks in this text took too much time or memory. Send a shorter text.")


def annotation_routes(pool: Callable[[], CheckPool], quotas: ClientQuotas, *, max_bytes: int) -> APIRouter:
    """The route `POST /annotate`.

    Args:
        pool: Gives workers opened with `iomld.check.worker.HANDLER`.
        quotas: The seconds of work left to each client.
        max_bytes: Largest upload; a text has a mebibyte at most.
    """
    router = APIRouter()

    @router.post(
        "/annotate",
        tags=["annotation"],
        summary="Find the frameworks that a text names",
        response_class=Response,
        responses=_RESPONSES,
        openapi_extra={"requestBody": _body()},
        generate_unique_id_function=operation_id,
    )
    async def annotate(request: Request, language: _Language) -> Response:
        """Send a text, and get each framework with its words, place, method and confidence, as records have them."""
        media_type = media_type_of(request)
        if media_type not in _BODIES:
            raise unread_type(media_type, _BODIES)
        form = choose(request.headers.get("accept"), _ANSWERS)
        if form is None:
            raise ProblemError(406, "not-acceptable", message("Ask for one of {names}.", names=", ".join(_ANSWERS)))
        client = client_of(request.scope)
        quotas.require(client)
        data = await read_body(request, min(max_bytes, _MOST_BYTES))
        payload = AnnotationRequest(media_type, form, language.lower()).payload(data)
        try:
            _, body = await upload_answer(pool(), payload, quotas, client)
        except CheckError as error:
            if error.status != HTTPStatus.SERVICE_UNAVAILABLE:
                raise
            raise ProblemError(error.status, "annotation-stopped", _TOO_MUCH) from error
        return Response(body, media_type=form, headers={"Cache-Control": "no-store", "Vary": "Accept"})

    return router


def _body() -> dict[str, object]:
    """OpenAPI request body: a text, or an object with a text and its language."""
    text = {"type": "string", "description": "The text, in which positions count code points from 0."}
    language = {"type": "string", "description": "The language of the text (BCP 47), if you know it."}
    stated = {"type": "object", "required": ["text"], "properties": {"text": text, "language": language}}
    return {
        "required": True,
        "content": {
            PLAIN_TEXT: {"schema": text, "example": _EXAMPLE},
            JSON_TEXT: {"schema": stated, "example": {"text": _EXAMPLE, "language": "en"}},
        },
    }
