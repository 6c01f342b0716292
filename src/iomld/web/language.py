"""The language of an answer: by `?lang=`, else by Accept-Language (RFC 9110 section 12.5.4)."""

import re

from fastapi import Request

from iomld.check.wording import ENGLISH, LANGUAGES
from iomld.web.problems import ProblemError

_RANGE = re.compile(r"\s*(\*|[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*[qQ]\s*=\s*([01](?:[.][0-9]{0,3})?)\s*)?")


def answer_language(request: Request, name: str | None) -> str:
    """The language that a client asks for.

    Args:
        request: The request.
        name: The language that a form or `?lang=` names; None if neither does.

    Raises:
        ProblemError: The name is not one of our languages. A header never fails: English is then given.
    """
    if name is None:
        return preferred_language(request.headers.get("accept-language"))
    if name.lower() not in LANGUAGES:
        raise ProblemError(
            400, "language", f"There is no language '{name[:40]}'. Ask for one of {', '.join(LANGUAGES)}."
        )
    return name.lower()


def language_headers(language: str) -> dict[str, str]:
    """What an answer says of its language."""
    return {"Content-Language": language, "Vary": "Accept, Accept-Language"}


def preferred_language(header: str | None) -> str:
    """The language of ours that a header likes best; English at a tie, and where it likes none.

    A range names a language with all that is under it (`fr-CH` gives French, RFC 4647 section 3.4), `*` all others.

    Args:
        header: Value of Accept-Language; None if the client sent none.

    >>> preferred_language("de, fr-CH;q=0.8, en;q=0.5")
    'fr'
    """
    qualities: dict[str, float] = {}
    for element in (header or "").split(","):
        match = _RANGE.fullmatch(element)
        if match:
            name = match[1].lower().partition("-")[0]
            qualities[name] = max(min(float(match[2] or 1), 1.0), qualities.get(name, 0.0))
    others = qualities.get("*", 0.0)
    best = max(LANGUAGES, key=lambda language: qualities.get(language, others))
    return best if qualities.get(best, others) > 0 else ENGLISH
