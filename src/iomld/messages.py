"""Sentences for people as values: the English sentence, which is the gettext msgid, and the values of its places.

A message keeps both until it is shown; `iomld.i18n` translates it then.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence for people: its identifier, which is the English sentence with places for values, and the values.

    A face words it in the reader's language by looking the identifier up in a catalogue; `str` words it in English.

    Attributes:
        id: The English sentence with places for values, `The key '{key}' is not known.`; the gettext msgid.
        values: The value for each place; a value that is itself a `Message` is worded in the same language.
    """

    id: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        """The sentence in English.

        >>> str(message("The key '{key}' is not known.", key="stauts"))
        "The key 'stauts' is not known."
        """
        return self.id.format_map(self.values) if self.values else self.id


def message(sentence: str, /, **values: object) -> Message:
    """A message from its English sentence and the values of its places; pybabel extracts the sentence by this call."""
    return Message(sentence, values)


class ForeignText(str):
    """A value of a message in words that are not ours, such as those of a parser; always English, never translated."""

    __slots__ = ()


class Quantity(int):
    """A number in a message that is written with the separators of its language, unlike years and numbers of lines.

    >>> str(message("at most {limit} rows", limit=Quantity(1000000)))
    'at most 1,000,000 rows'
    """

    __slots__ = ()

    def __format__(self, specification: str) -> str:
        """In English, with commas."""
        return int(self).__format__(specification or ",")


def message_to_json(sentence: Message) -> dict[str, object]:
    """A message as a JSON object, for another process."""
    return {"id": sentence.id, "values": {name: _value_to_json(value) for name, value in sentence.values.items()}}


def message_from_json(written: Mapping[str, Any]) -> Message:
    """The message that `message_to_json` wrote; its values are numbers, texts and messages.

    >>> str(message_from_json(message_to_json(message("{file}: {fault}", file="x", fault=message("It is empty.")))))
    'x: It is empty.'
    """
    return Message(written["id"], {name: _value_from_json(value) for name, value in written["values"].items()})


def _value_to_json(value: object) -> object:
    if isinstance(value, Message):
        return message_to_json(value)
    if isinstance(value, ForeignText):
        return {"foreign": str(value)}
    if isinstance(value, Quantity):
        return {"quantity": int(value)}
    return value if isinstance(value, int | float) else str(value)


def _value_from_json(value: object) -> object:
    match value:
        case {"foreign": text}:
            return ForeignText(text)
        case {"quantity": number}:
            return Quantity(number)
        case dict():
            return message_from_json(value)
        case _:
            return value
