"""Exceptions, by whose fault the error is.

A fault inside a record is not an exception but a `Finding` (`iomld.model`). The message of an exception is written for
people: what is wrong, where, and what to do.
"""

from iomld.messages import Message
from iomld.model import Place


class IomldError(Exception):
    """An expected error; any other exception is a bug.

    Attributes:
        message: What is wrong and what to do; `str` of the error is the English sentence.
    """

    def __init__(self, message: Message | str) -> None:
        """Create an error.

        Args:
            message: The message; a plain text is English and has no translation.
        """
        super().__init__(str(message))
        self.message = message if isinstance(message, Message) else Message(message)


class SourceError(IomldError):
    """A whole file cannot be read: it is missing, empty, binary, or in an unknown format.

    Attributes:
        place: Where in the file the fault is, if it is in one place.
    """

    def __init__(self, message: Message | str, place: Place | None = None) -> None:
        """Create an error.

        Args:
            message: The message.
            place: The place; by default the one that the message names.
        """
        super().__init__(message)
        self.place = place or _named_place(self.message)


class QueryError(IomldError):
    """The query is at fault: it does not parse, or uses a feature that is switched off."""


class NotFoundError(IomldError):
    """There is no such project, release or document."""


class StoreError(IomldError):
    """The server side is at fault: a release is missing or damaged, or the disk fails."""


class SettingsError(IomldError):
    """The value of a setting is invalid."""


def _named_place(source: Message) -> Place | None:
    """The place in the values `file`, `line` and `column` of a message, or of the messages among its values."""
    values = dict(source.values)
    for inner in source.values.values():
        if isinstance(inner, Message):
            values |= inner.values
    line, column = values.get("line"), values.get("column")
    if not isinstance(line, int):
        return None
    return Place(str(values.get("file", "")), line, column if isinstance(column, int) else None)
