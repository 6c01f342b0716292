"""The parts of a form that holds records: what was sent for a purpose, as a file, as text or encoded; never two.

A page shows again what it was sent as text. Whoever then chooses a file means the file, so a text that is as the page
had shown it does not count beside one.
"""

import base64
import binascii
from dataclasses import dataclass

from starlette.datastructures import FormData, UploadFile

from iomld.messages import message
from iomld.web.problems import ProblemError
from iomld.web.templating import text_digest

SHOWN_FIELD = "shown"  # holds the digest of a text that the page had shown; repeated for each text


@dataclass(frozen=True, slots=True)
class FormPart:
    """What was sent for a purpose.

    Attributes:
        name: The name of the file; empty for text.
        data: The bytes.
    """

    name: str
    data: bytes


async def form_part(form: FormData, *names: str, encoded: str) -> FormPart | None:
    """The one part of a form for a purpose; None if there is none.

    Args:
        form: The form.
        names: The fields that may hold it, each as a file or as text.
        encoded: The field that may hold its bytes in base64; the one for the name is the caller's.

    Raises:
        ProblemError: There are several, or one is not base64 (400).
    """
    values = [(name, value) for name in names for value in form.getlist(name)]
    files = [value for _, value in values if isinstance(value, UploadFile) and value.filename]
    # A text in the field of a file is the name of one that was not sent.
    texts = [value for name, value in values if isinstance(value, str) and value.strip() and name != "file"]
    if files:
        shown = frozenset(form.getlist(SHOWN_FIELD))
        texts = [text for text in texts if text_digest(text) not in shown]
    data = [value for value in form.getlist(encoded) if isinstance(value, str) and value]
    if len(files) + len(texts) + len(data) > 1:
        raise _several(names)
    if files:
        await files[0].seek(0)
        return FormPart(files[0].filename or "", await files[0].read())
    if texts:
        return FormPart("", texts[0].encode("utf-8", "replace"))
    return FormPart(text_field(form, f"{encoded.removesuffix('data')}name"), _decoded(data[0])) if data else None


def text_field(form: FormData, name: str) -> str:
    """The text in a field; empty if there is none."""
    value = form.get(name)
    return value if isinstance(value, str) else ""


def _several(names: tuple[str, ...]) -> ProblemError:
    detail = message(
        "The form has more than one of {names}, and only one can be read, so nothing was. Send one file, or one text; "
        "several files go into one ZIP archive.",
        names=" / ".join(f"“{name}”" for name in names),
    )
    return ProblemError(400, "several-parts", detail)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProblemError(400, "field-data", message("A field is not base64. Choose the file again.")) from error
