"""Texts of uploads in a form that every report format can represent."""

import re

from iomld.messages import ForeignText, LocalizedText, Message

# Not allowed in XML, Turtle or UTF-8: controls except tab and line ends, lone surrogates, non-characters.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_MAX_LENGTH = 2000  # characters of a value, which may be a whole text


def writable(text: str, max_length: int = _MAX_LENGTH) -> str:
    r"""A text in a form that every report format can represent: shortened, with U+FFFD for forbidden characters.

    >>> writable("a\x00b") == "a\ufffdb"
    True
    """
    short = text if len(text) <= max_length else f"{text[: max_length - 1]}…"
    return _UNWRITABLE.sub("\ufffd", short)


def writable_message(message: Message, max_length: int = _MAX_LENGTH) -> Message:
    """A message in a form that every report format can represent: its values, or a plain sentence, are made `writable`.

    Args:
        message: The message.
        max_length: The most characters of a value.
    """
    if not message.values:
        return Message(writable(message.id, max_length))
    return Message(message.id, {name: _writable_value(value, max_length) for name, value in message.values.items()})


def _writable_value(value: object, max_length: int) -> object:
    if isinstance(value, Message):
        return writable_message(value, max_length)
    if isinstance(value, int | float):
        return value
    if isinstance(value, LocalizedText):
        return LocalizedText({language: writable(text, max_length) for language, text in value.texts.items()})
    text = writable(str(value), max_length)
    return ForeignText(text) if isinstance(value, ForeignText) else text
