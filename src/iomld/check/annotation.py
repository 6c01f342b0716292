"""The frameworks that a text names, with their places, as JSON or as Web Annotations; a worker runs this.

Nothing about the text is stored, and the text belongs to no record.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from iomld.errors import SourceError
from iomld.iris import Iris
from iomld.link.frameworks import FrameworkMatcher
from iomld.messages import LocalizedText, message
from iomld.model import UNDETERMINED, Mention
from iomld.read.page.labels import guessed_language
from iomld.read.text import is_language_tag
from iomld.workers.handler import AnswerWriter

JSON_TEXT, PLAIN_TEXT = "application/json", "text/plain"
JSON_LD = "application/ld+json"
_CONTEXT = "http://www.w3.org/ns/anno.jsonld"


@dataclass(frozen=True, slots=True)
class AnnotationRequest:
    """The request to find the frameworks in a text.

    Attributes:
        media_type: What the payload is: `JSON_TEXT` or `PLAIN_TEXT`.
        form: Media type of the answer: `JSON_TEXT` or `JSON_LD`.
        language: Language of the text (BCP 47); empty if the payload says it, or nobody does.
    """

    media_type: str
    form: str
    language: str = ""

    def payload(self, data: bytes) -> bytes:
        """The payload for the worker: this request and the data."""
        return b"".join((json.dumps({"annotate": asdict(self)}).encode(), b"\n", data))


@dataclass(frozen=True, slots=True)
class Annotator:
    """Finds the frameworks in texts.

    Attributes:
        matcher: Finds the names.
        names: The name of each framework and part, by its code.
        iris: The IRIs under the publisher's base.
    """

    matcher: FrameworkMatcher
    names: Mapping[str, LocalizedText]
    iris: Iris

    def write(self, request: AnnotationRequest, data: bytes, writer: AnswerWriter) -> None:
        """Write the answer, one mention after the other.

        Raises:
            SourceError: The data is no text, or not in the form that its media type says.
            AnswerTooLargeError: There are too many mentions.
        """
        text, language = _text_of(request, data)
        language = language or guessed_language(text) or UNDETERMINED
        mentions = self.matcher.mentions(text, language, "")
        if request.form == JSON_LD:
            target = _name_of(text)
            _write_list({"@context": _CONTEXT}, "@graph", (self._annotation(one, target) for one in mentions), writer)
            writer.write(b"}\n")
            return
        named: dict[str, None] = {}
        rows = (self._row(mention, named) for mention in mentions)
        _write_list({"language": language, "characters": len(text)}, "mentions", rows, writer)
        writer.write(f',\n"frameworks": {json.dumps(list(named))}}}\n'.encode())

    def _row(self, mention: Mention, named: dict[str, None]) -> dict[str, object]:
        """One mention; its framework is added to those that are named, and so is the whole of a part."""
        whole = self.matcher.wholes.get(mention.framework)
        named |= dict.fromkeys(filter(None, (mention.framework, whole)))
        return {
            "framework": mention.framework,
            **({"partOf": whole} if whole else {}),
            "iri": self._iri(mention),
            "label": str(self.names.get(mention.framework, mention.framework)),
            "quote": mention.quote,
            "prefix": mention.prefix,
            "suffix": mention.suffix,
            "start": mention.start,
            "end": _end(mention),
            "confidence": float(mention.confidence),
            "method": mention.method,
        }

    def _annotation(self, mention: Mention, target: str) -> dict[str, object]:
        """One mention (Web Annotation Data Model, section 4.2)."""
        quote = {
            "type": "TextQuoteSelector",
            "exact": mention.quote,
            "prefix": mention.prefix,
            "suffix": mention.suffix,
        }
        position = {"type": "TextPositionSelector", "start": mention.start, "end": _end(mention)}
        return {
            "type": "Annotation",
            "motivation": "identifying",
            "body": self._iri(mention),
            "target": {"source": target, "selector": [quote, position]},
        }

    def _iri(self, mention: Mention) -> str:
        return self.iris.concept("framework", mention.framework)


def _end(mention: Mention) -> int:
    return (mention.start or 0) + len(mention.quote)


def _write_list(
    head: Mapping[str, object], key: str, rows: Iterable[Mapping[str, object]], writer: AnswerWriter
) -> None:
    """Write a JSON object up to the end of its last value, which is a list, row by row."""
    writer.write(f"{json.dumps(head)[:-1]}, {json.dumps(key)}: [".encode())
    for number, row in enumerate(rows):
        writer.write(f"{',' if number else ''}\n{json.dumps(row, ensure_ascii=False)}".encode())
    writer.write(b"]")


def _name_of(text: str) -> str:
    """The name of a text that has no address: its hash (RFC 6920)."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
    return f"ni:///sha-256;{digest}"


def _text_of(request: AnnotationRequest, data: bytes) -> tuple[str, str]:
    """The text and its language, which is empty if it is not stated."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(
            message("The text is not UTF-8 (see byte {byte}). Send it as UTF-8.", byte=error.start)
        ) from error
    language: object = ""
    if request.media_type == JSON_TEXT:
        text, language = _stated(text)
    stated = request.language or (language.lower() if isinstance(language, str) else language)
    if not isinstance(stated, str) or (stated and not is_language_tag(stated)):
        raise SourceError(message("The language is a tag such as 'en', not '{value}'.", value=str(stated)[:40]))
    if not text.strip():
        raise SourceError(message("The text is empty. Send the text in which frameworks are to be found."))
    return text, stated


def _stated(written: str) -> tuple[str, object]:
    """The text and the language of a JSON object."""
    try:
        values: Any = json.loads(written)
    except (ValueError, RecursionError) as error:
        raise SourceError(_NOT_THE_FORM) from error
    if not isinstance(values, dict) or not values.keys() <= {"text", "language"}:
        raise SourceError(_NOT_THE_FORM)
    text = values.get("text")
    if not isinstance(text, str) or not _is_whole(text):
        raise SourceError(_NOT_THE_FORM)
    return text, values.get("language") or ""


def _is_whole(text: str) -> bool:
    """Whether a text has no half of a surrogate pair, which JSON can write and UTF-8 cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


_NOT_THE_FORM = message('Send the text as text/plain, or as JSON: {"text": "It follows the GCM.", "language": "en"}.')
