"""What can go wrong, sorted by whose fault it is.

A fault inside a record is not an exception: it is a `Finding` (see `iomld.model`), one of all of them.
Each message here is a sentence that a person reads: what, where, what to do.
"""

from iomld.messages import Message


class IomldError(Exception):
    """Anything that iomld foresees; everything else is a bug.

    Attributes:
        message: What is wrong and what to do; `str` of the error is the same in English.
    """

    def __init__(self, message: Message | str) -> None:
        """Say what is wrong.

        Args:
            message: The sentence; text where it is in English alone.
        """
        super().__init__(str(message))
        self.message = message if isinstance(message, Message) else Message(message)


class SourceError(IomldError):
    """A whole file cannot be read: it is missing, empty, binary, or in no format that we know."""


class QueryError(IomldError):
    """The query is at fault: it does not parse, or it asks for what is switched off."""


class NotFoundError(IomldError):
    """No such project, release, or document."""


class StoreError(IomldError):
    """Our side is at fault: a release is missing or damaged, or the disk refuses."""


class SettingsError(IomldError):
    """A setting has a value that we cannot use."""
