"""Requests about submissions: who sends them, and what is in them."""

import json
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import ClientDisconnect, Request

from iomld.inbox.inbox import Inbox, unknown_submission
from iomld.inbox.submissions import MergeMode, Submission, SubmittedBody
from iomld.inbox.tokens import AccessToken, TokenScope
from iomld.messages import message
from iomld.web.data.upload import Upload
from iomld.web.i18n import LANGUAGE_PARAMETER
from iomld.web.language import answer_language
from iomld.web.problems import ProblemError
from iomld.web.sparql.protocol import single

_MOST_KEY_CHARACTERS = 200
_MOST_DECISION_BYTES = 1 << 20
_MOST_REASON_CHARACTERS = 2000
_SENDING = frozenset({"mode", "dry_run", "lang"})  # parameters of POST /submissions
_RULES = frozenset({"shapes", "profile", "engine"})  # of POST /validate


@dataclass(frozen=True, slots=True)
class SendingOptions:
    """What the parameters of `POST /submissions` say.

    Attributes:
        mode: How the records change published ones.
        is_dry_run: Whether nothing is kept.
    """

    mode: MergeMode
    is_dry_run: bool


def sending_options(parameters: QueryParams) -> SendingOptions:
    """The parameters of `POST /submissions`. A misspelt `dry_run` must not keep what was not meant to be kept.

    Raises:
        ProblemError: One is unknown, occurs several times, or has another value than those it can have (400).
    """
    given = {name: parameters.getlist(name) for name in parameters}
    if not _RULES.isdisjoint(given):
        raise _shapes_refused()
    for name in given:
        if name not in _SENDING:
            detail = message(
                "There is no parameter “{name}” here. Use mode, dry_run or lang, or remove it.", name=name[:40]
            )
            raise ProblemError(400, "unknown-parameter", detail)
    return SendingOptions(merge_mode(single(given, "mode")), is_dry_run(single(given, "dry_run")))


def is_dry_run(text: str | None) -> bool:
    """The value of the parameter `dry_run`. Raises 400 for another word: it must not keep what was not to be kept."""
    if text not in (None, "0", "1"):
        detail = message("“dry_run” must be 1 or 0. Send dry_run=1 to keep nothing.")
        raise ProblemError(400, "dry-run", detail)
    return text == "1"


def language_of(request: Request) -> str:
    """The language of the findings in an answer: that of `?lang=`, or else of Accept-Language, as `/validate` has it.

    Raises:
        ProblemError: The parameter names another language, or occurs several times (400).
    """
    given = {LANGUAGE_PARAMETER: request.query_params.getlist(LANGUAGE_PARAMETER)}
    return answer_language(request, single(given, LANGUAGE_PARAMETER))


def submitted_body(upload: Upload, mode: MergeMode) -> SubmittedBody:
    """What an upload submits.

    Args:
        upload: What was sent, as to `POST /validate`.
        mode: How the records change published ones.

    Raises:
        ProblemError: It has shapes, or a mapping for a patch.
    """
    if upload.rules.name or upload.rules.profile:
        raise _shapes_refused()
    if mode is MergeMode.PATCH and upload.mapping.data:
        detail = message("A mapping is for tables, and a patch is JSON. Leave one of them out.")
        raise ProblemError(400, "mapping-and-patch", detail)
    return SubmittedBody(upload.data, mode, upload.mapping.name, upload.mapping.data)


def program_body(upload: Upload, mode: MergeMode) -> SubmittedBody:
    """What a program submits; its parameters stand in the address, and those in a form would be passed over.

    Raises:
        ProblemError: The form has a parameter, or see `submitted_body` (400).
    """
    misplaced = sorted(_SENDING & upload.fields.keys())
    if misplaced:
        detail = message(
            "The form has the field “{name}”, which only pages send, so nothing was kept. Give it as a parameter in "
            "the address instead.",
            name=misplaced[0],
        )
        raise ProblemError(400, "parameter-in-form", detail)
    return submitted_body(upload, mode)


def _shapes_refused() -> ProblemError:
    detail = message(
        "A submission is checked by the rules of the publisher. Leave the shapes and the profile out; "
        "POST /validate takes them."
    )
    return ProblemError(400, "shapes-in-submission", detail)


def merge_mode(text: str | None) -> MergeMode:
    """The value of the parameter `mode`. Raises 400 for another word."""
    if text is None:
        return MergeMode.REPLACE
    try:
        return MergeMode(text)
    except ValueError as error:
        detail = message("There is no mode '{name}'. Choose replace or patch.", name=text[:40])
        raise ProblemError(400, "mode", detail) from error


def idempotency_key(request: Request) -> str:
    """The value of the header `Idempotency-Key`; empty if it is missing. Raises 400 if it is too long."""
    key = request.headers.get("idempotency-key", "").strip()
    if len(key) > _MOST_KEY_CHARACTERS:
        detail = message("The header Idempotency-Key is longer than {limit} characters.", limit=_MOST_KEY_CHARACTERS)
        raise ProblemError(400, "idempotency-key", detail)
    return key


async def decision(request: Request) -> dict[str, Any]:
    """The JSON object in the body of a decision; empty if there is no body.

    Raises:
        ProblemError: It is too large (413), incomplete or no JSON object (400).
    """
    data = bytearray()
    try:
        async for chunk in request.stream():
            data += chunk
            if len(data) > _MOST_DECISION_BYTES:
                detail = message("The body is larger than {limit} bytes.", limit=_MOST_DECISION_BYTES)
                raise ProblemError(413, "too-large", detail)
        values = json.loads(data) if data.strip() else {}
    except ClientDisconnect as error:
        detail = message("The request ended before all of it was sent. Send it again, whole.")
        raise ProblemError(400, "upload-cut", detail) from error
    except (ValueError, RecursionError) as error:
        raise _no_object() from error
    if not isinstance(values, dict):
        raise _no_object()
    return values


def removed_names(values: dict[str, Any]) -> frozenset[str]:
    """The names of values that a decision confirms. Raises 400 if they are no list of texts."""
    names = values.get("removes", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ProblemError(400, "decision", message("“removes” must be a list of the names that the preview has."))
    return frozenset(names)


def rejection_reason(text: object) -> str:
    """The reason for which a submission is rejected. Raises 400 if it is missing, too long or no text."""
    if not isinstance(text, str) or not text.strip() or len(text) > _MOST_REASON_CHARACTERS:
        detail = message("Give the sender a reason, a text of up to {limit} characters.", limit=_MOST_REASON_CHARACTERS)
        raise ProblemError(400, "reason", detail)
    return text.strip()


def accepted_previews(request: Request) -> frozenset[str]:
    """The tags of the previews that a request accepts. Raises 428 if it names none."""
    tags = request.headers.get("if-match", "").strip()
    if not tags or tags == "*":
        detail = message("Name the preview that you accept: send its ETag in the header If-Match.")
        raise ProblemError(428, "if-match", detail)
    return frozenset(tag[1:-1] for tag in tags.replace(",", " ").split() if tag.startswith('"'))


def _no_object() -> ProblemError:
    return ProblemError(400, "decision", message("The body must be a JSON object, such as {example}.", example="{}"))


def visible_submission(inbox: Inbox, id_: str, token: AccessToken) -> Submission:
    """A submission that the owner of a token may see; to others it is as if it was not there.

    Raises:
        InboxRefusal: There is none, or it is somebody else's.
    """
    found = inbox.submission(id_)
    if TokenScope.REVIEW not in token.scopes and found.token != token.id:
        raise unknown_submission(id_)
    return found
