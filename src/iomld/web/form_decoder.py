"""Decodes the body of a form in slices, so that the event loop serves others between two of them.

Source: https://url.spec.whatwg.org/#urlencoded-parsing. The library decodes a field in one go, in Python: 10 MB of
percent escapes took it more than a second.
"""

import asyncio
import binascii
import re
from collections.abc import Iterator

from starlette.types import Message as Event
from starlette.types import Receive

from iomld.messages import message
from iomld.web.problems import ProblemError

FORM_TYPE = "application/x-www-form-urlencoded"
SLICE_BYTES = 16 * 1024  # up to four milliseconds, where each byte is a bare `%`
_PLUS_TO_SPACE = bytes.maketrans(b"+", b" ")
BARE_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class UrlencodedDecoder:
    """Decodes `application/x-www-form-urlencoded`, slice by slice."""

    def __init__(self, max_fields: int) -> None:
        """Begin a form with no more than so many fields."""
        self._most = max_fields
        self._fields: list[tuple[bytearray, bytearray]] = [(bytearray(), bytearray())]
        self._in_value = False
        self._rest = b""  # of an escape that a slice cut

    def feed(self, data: bytes) -> None:
        """Decode a slice.

        Raises:
            ProblemError: The form has too many fields.
        """
        data = self._rest + data
        cut = data.rfind(b"%", max(0, len(data) - 2))
        data, self._rest = (data[:cut], data[cut:]) if cut >= 0 else (data, b"")
        self._decode(data)

    def fields(self) -> Iterator[tuple[str, str]]:
        """The names and values of the whole form, in order."""
        self._decode(self._rest)
        self._rest = b""
        for name, value in self._fields:
            if name or value:
                yield name.decode("utf-8", "replace"), value.decode("utf-8", "replace")

    def _decode(self, data: bytes) -> None:
        pieces = data.split(b"&", self._most)
        if len(self._fields) + len(pieces) - 1 > self._most:
            raise too_many_fields(self._most)
        for number, piece in enumerate(pieces):
            if number:
                self._fields.append((bytearray(), bytearray()))
                self._in_value = False
            self._add(piece)

    def _add(self, piece: bytes) -> None:
        name, value = self._fields[-1]
        if not self._in_value:
            start, equals, piece = piece.partition(b"=")
            name += unescaped(start)
            self._in_value = bool(equals)
        value += unescaped(piece)


def unescaped(text: bytes) -> bytes:
    r"""The bytes that a piece of a form encodes; `%` without two hexadecimal digits stays.

    >>> unescaped(b"a+b%3D%C3%A9=%zz%")
    b'a b=\xc3\xa9=%zz%'
    """
    text = text.translate(_PLUS_TO_SPACE)
    if b"%" not in text:
        return text
    return percent_decoded(BARE_PERCENT.sub(b"%25", text))


def percent_decoded(text: bytes) -> bytes:
    """The bytes that a text with percent escapes encodes; each `%` in it begins an escape.

    Quoted-printable is the same code with `=` for `%` (RFC 2045 section 6.7), and its decoder is in C: 1 µs instead of
    20 for a query.
    """
    return binascii.a2b_qp(text.replace(b"=", b"=3D").replace(b"%", b"="))


def slices(text: bytes) -> Iterator[bytes]:
    """A text in slices that cut no escape."""
    start = 0
    while start < len(text):
        end = start + SLICE_BYTES
        cut = text.rfind(b"%", end - 2, end) if end < len(text) else -1
        end = cut if cut >= 0 else end
        yield text[start:end]
        start = end


def too_many_fields(most: int) -> ProblemError:
    """The problem with a form of more fields than that."""
    return ProblemError(400, "form", message("The form has more than {most} fields.", most=most))


def sliced(receive: Receive) -> Receive:
    """A `receive` that returns bodies in slices, and lets the event loop serve others before each."""
    waiting: list[Event] = []

    async def receive_slice() -> Event:
        await asyncio.sleep(0)
        if not waiting:
            event = await receive()
            body = event.get("body", b"")
            if len(body) <= SLICE_BYTES:
                return event
            starts = range(0, len(body), SLICE_BYTES)
            more = [True] * (len(starts) - 1) + [event.get("more_body", False)]
            waiting.extend(
                {**event, "body": body[start : start + SLICE_BYTES], "more_body": is_more}
                for start, is_more in zip(starts, more, strict=True)
            )
        return waiting.pop(0)

    return receive_slice
