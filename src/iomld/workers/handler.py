"""What a handler in a worker sees: a payload in, a head and a counted body out."""

import hashlib
import io
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from iomld.workers.protocol import INLINE_BYTES

_CHUNK_BYTES = 1024 * 1024


def digest_of(pieces: Iterable[bytes]) -> str:
    """A hash of the bytes of a body, 32 hexadecimal digits."""
    digest = hashlib.blake2b(digest_size=16)
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


class AnswerTooLargeError(Exception):
    """The body would grow past the limit."""

    def __init__(self, limit_bytes: int) -> None:
        """Name the limit."""
        super().__init__(f"The answer is larger than {limit_bytes} bytes.")
        self.limit_bytes = limit_bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler says about the body that it wrote.

    Attributes:
        head: Any bytes, at most 16 KB.
        fault: Whether the one who asked is at fault; the body is then dropped.
    """

    head: bytes
    fault: bool = False


class AnswerWriter:
    """Takes the body; counts it; moves it to an anonymous file when it grows large.

    So a worker's memory stays small, and nothing is sent before the whole answer is there.
    """

    def __init__(self, limit_bytes: int) -> None:
        """Start an empty body.

        Args:
            limit_bytes: The body may have this size, and not one byte more.
        """
        self.limit_bytes = limit_bytes
        self.size = 0
        self._file: BinaryIO = io.BytesIO()
        self._spooled = False

    def write(self, data: bytes) -> int:
        """Take a piece of the body.

        Raises:
            AnswerTooLargeError: The body would be too large.
        """
        size = self.size + len(data)
        if size > self.limit_bytes:
            raise AnswerTooLargeError(self.limit_bytes)
        if size > INLINE_BYTES and not self._spooled:
            self._spool()
        self._file.write(data)
        self.size = size
        return len(data)

    def flush(self) -> None:
        """Part of what file objects can do; nothing waits here."""

    def digest(self) -> str:
        """A hash of the body so far, 32 hexadecimal digits."""
        self._file.seek(0)
        return digest_of(iter(lambda: self._file.read(_CHUNK_BYTES), b""))

    def inline(self) -> bytes:
        """The body, where it is small enough for a packet; else empty."""
        if self._spooled:
            return b""
        self._file.seek(0)
        return self._file.read()

    def fileno(self) -> int | None:
        """Descriptor of the file with the body, where it is large."""
        if not self._spooled:
            return None
        self._file.flush()
        return self._file.fileno()

    def close(self) -> None:
        """Let go of the body."""
        self._file.close()

    def _spool(self) -> None:
        file = os.fdopen(os.memfd_create("iomld-answer", os.MFD_CLOEXEC), "w+b")
        self._file.seek(0)
        file.write(self._file.read())
        self._file, self._spooled = file, True


class Handler(Protocol):
    """Does the jobs of one worker, one after the other, in one thread."""

    def __call__(self, payload: bytes, writer: AnswerWriter) -> Answer:
        """Do one job: write the body, return the head."""
        ...


class HandlerFactory(Protocol):
    """What a worker is given by name; called once."""

    def __call__(self, argument: str) -> Handler:
        """Open what the handler needs.

        Raises:
            IomldError: It cannot be opened; the worker ends and says so.
        """
        ...
