"""Forms of people who are signed in: nothing changes unless one of our own pages sent the form (no CSRF).

Three things are checked. The cookie does not come along with requests of other sites (`SameSite=Strict`), what
browsers say about where a request comes from must be this site, and the form must hold what only pages of the session
know.
"""

import asyncio
import hmac
from collections.abc import Mapping

from starlette.datastructures import FormData
from starlette.requests import Request

from iomld.inbox.tokens import TokenScope
from iomld.messages import message
from iomld.web.data.upload import read_body
from iomld.web.form_decoder import FORM_TYPE, UrlencodedDecoder, slices
from iomld.web.problems import ProblemError, media_type_of, unread_type
from iomld.web.sessions.access import InboxAccess, SignedInUser

FORM_FIELD = "form_token"
FORM_TOKEN = {FORM_FIELD: ("What only pages of the session hold.", "…")}
_MOST_BYTES = 256 * 1024
_MOST_FIELDS = 10_000  # each value that is to vanish is one
_OF_THIS_SITE = frozenset({"same-origin", "none"})  # none: the person reloads, or has typed the address


def require_same_origin(request: Request) -> None:
    """Check that no other site made a browser send a request that changes something.

    What is no browser, and browsers older than 2020, send neither header.

    Raises:
        ProblemError: Another site did (403).
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is None and origin is not None:
        # Only the host: behind a proxy that is not trusted, the server does not know of https.
        is_ours = origin.partition("://")[2] == request.headers.get("host", "")
    else:
        is_ours = site is None or site in _OF_THIS_SITE
    if not is_ours:
        detail = message("Another site has sent this form. Open the page on this site, and send the form from there.")
        raise ProblemError(403, "other-origin", detail)


def require_form_token(user: SignedInUser, text: object) -> None:
    """Check that a form is from a page of this session.

    Args:
        user: The person who is signed in.
        text: The value of the field `FORM_FIELD`; None if it is missing.

    Raises:
        ProblemError: It is not (403).
    """
    if not isinstance(text, str) or not hmac.compare_digest(text.encode("utf-8", "replace"), user.form_token.encode()):
        detail = message(
            "This form is from a page that you opened before you signed in, or from elsewhere, so nothing was done. "
            "Open the page again, and send the form from there."
        )
        raise ProblemError(403, "form-token", detail)


async def read_form(request: Request) -> FormData:
    """The fields of a form without files.

    Raises:
        ProblemError: It is too large (413), incomplete (400) or of another type (415).
    """
    media_type = media_type_of(request)
    if media_type != FORM_TYPE:
        raise unread_type(media_type, (FORM_TYPE,))
    decoder = UrlencodedDecoder(_MOST_FIELDS)
    for piece in slices(await read_body(request, _MOST_BYTES)):
        decoder.feed(piece)
        await asyncio.sleep(0)
    return FormData([*decoder.fields()])


async def signed_form(request: Request, access: InboxAccess, *scopes: TokenScope) -> tuple[SignedInUser, FormData]:
    """The person who is signed in, and the fields of the form that one of our pages sent.

    Args:
        request: The request.
        access: The inbox.
        scopes: Scopes of which the person's token must have one.

    Raises:
        ProblemError: Nobody is signed in (401), the scope is missing or the form is from elsewhere (403), or it cannot
            be read (400, 413, 415).
    """
    require_same_origin(request)
    user = await access.signed_in(request, *scopes)
    form = await read_form(request)
    require_form_token(user, form.get(FORM_FIELD))
    return user, form


def form_body(fields: Mapping[str, tuple[str, str]]) -> dict[str, object]:
    """The OpenAPI request body of a form.

    Args:
        fields: What each field is, and an example.
    """
    properties = {name: {"type": "string", "description": description} for name, (description, _) in fields.items()}
    example = {name: one for name, (_, one) in fields.items()}
    return {
        "required": True,
        "content": {FORM_TYPE: {"schema": {"type": "object", "properties": properties}, "example": example}},
    }
