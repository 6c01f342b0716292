"""Faults of uploads, as workers answer with them."""

import json
from dataclasses import dataclass

from iomld.messages import Message, message_from_json, message_to_json
from iomld.model import Place
from iomld.pipeline.writable import writable_message
from iomld.workers.handler import Answer

UNREADABLE, TOO_LARGE, BROKEN_MAPPING = "unreadable", "report-too-large", "mapping-unusable"
_MAX_VALUE_LENGTH = 200  # characters; the head of an answer holds 16 KB, and JSON may need 12 bytes a character


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a worker has no answer about an upload.

    Attributes:
        kind: `UNREADABLE`, `BROKEN_MAPPING`, `TOO_LARGE`, or a kind of one worker alone.
        message: A sentence that says what is wrong and what to do.
        line: The line of the upload where it cannot be read, from 1, if that is known.
        column: The column in that line, from 1, if that is known.
    """

    kind: str
    message: Message
    line: int | None = None
    column: int | None = None

    def to_json(self) -> bytes:
        """As the head of an answer."""
        values = {"kind": self.kind, "message": message_to_json(self.message), "place": (self.line, self.column)}
        return json.dumps(values).encode()


def fault_of(head: bytes) -> Fault:
    """The fault in the head of an answer."""
    values = json.loads(head)
    return Fault(values["kind"], message_from_json(values["message"]), *values["place"])


def fault_answer(kind: str, fault: Message, place: Place | None = None) -> Answer:
    """The answer of a worker with a fault; long values are shortened."""
    at = (place.line, place.column) if place else ()
    return Answer(Fault(kind, writable_message(fault, _MAX_VALUE_LENGTH), *at).to_json(), fault=True)
