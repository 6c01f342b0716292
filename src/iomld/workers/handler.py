"""The interface of handlers, the code that runs jobs in a worker: payload in, head and body out."""

import hashlib
import io
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from iomld.workers.protocol import INLINE_BYTES

_CHUNK_BYTES = 1024 * 1024


def digest_of(chunks: Iterable[bytes]) -> str:
    """The hash of a body in 32 hexadecimal digits."""
    digest = hashlib.blake2b(digest_size=16)
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


class AnswerTooLargeError(Exception):
    """The body is larger than the limit."""

    def __init__(self, limit_bytes: int) -> None:
        """Word the message."""
        super().__init__(f"The answer is larger than {limit_bytes} bytes.")
        self.limit_bytes = limit_bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler returns for a job, besides the body that it has written.

    Attributes:
        head: Bytes that describe the body or the fault, at most 16 KB.
        fault: Whether the request is at fault; the body is then discarded.
    """

    head: bytes
    fault: bool = False


class AnswerWriter:
    """Collects the body of an answer, up to a maximum size, and moves it to an anonymous file when it grows large.

    This keeps the memory of a worker small. Nothing is sent before the body is complete.
    """

    def __init__(self, limit_bytes: int) -> None:
        """Start with an empty body.

        Args:
            limit_bytes: Maximum size of the body.
        """
        self.limit_bytes = limit_bytes
        self.size = 0
        self._file: BinaryIO = io.BytesIO()
        self._spooled = False

    def write(self, data: bytes) -> int:
        """Append a chunk to the body.

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

    def writelines(self, chunks: Iterable[bytes]) -> None:
        """Append chunks to the body; raises as `write` does."""
        for chunk in chunks:
            self.write(chunk)

    def flush(self) -> None:
        """Do nothing; part of the interface of files."""

    def digest(self) -> str:
        """The hash of the body so far in 32 hexadecimal digits."""
        self._file.seek(0)
        return digest_of(iter(lambda: self._file.read(_CHUNK_BYTES), b""))

    def inline(self) -> bytes:
        """The body if it is small enough for a packet, else empty."""
        if self._spooled:
            return b""
        self._file.seek(0)
        return self._file.read()

    def fileno(self) -> int | None:
        """Descriptor of the file with the body if it is large, else None."""
        if not self._spooled:
            return None
        self._file.flush()
        return self._file.fileno()

    def close(self) -> None:
        """Discard the body."""
        self._file.close()

    def _spool(self) -> None:
        file = os.fdopen(os.memfd_create("iomld-answer", os.MFD_CLOEXEC), "w+b")
        self._file.seek(0)
        file.write(self._file.read())
        self._file, self._spooled = file, True


class Handler(Protocol):
    """Runs the jobs of a worker, one at a time, in one thread."""

    def __call__(self, payload: bytes, writer: AnswerWriter) -> Answer:
        """Run a job: write the body, return the head."""
        ...


class HandlerFactory(Protocol):
    """The function that `WorkerSpec.handler` names; a worker calls it once."""

    def __call__(self, argument: str) -> Handler:
        """Open the resources of the handler and return it.

        Raises:
            IomldError: They cannot be opened; the worker reports the message and exits.
        """
        ...
