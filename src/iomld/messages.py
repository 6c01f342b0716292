"""Messages: sentences for people, kept as an English template and its values until `iomld.i18n` translates them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence for people: an English template, which is also its gettext msgid, and the values for the placeholders.

    It is translated when it is shown, by looking the template up in a catalogue; `str` gives the English sentence.

    Attributes:
        id: The template, such as `The key '{key}' is not known.`
        values: The value for each placeholder; a value that is a `Message` is translated into the same language.
    """

    id: str
    values: Mapping[str, object] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        """The sentence in English.

        >>> str(message("The key '{key}' is not known.", key="stauts"))
        "The key 'stauts' is not known."
        """
        return self.id.format_map(self.values) if self.values else self.id


def message(template: str, /, **values: object) -> Message:
    """A message from its English template and the values; pybabel finds the templates by calls of this function."""
    return Message(template, values)


def gettext_noop(sentence: str) -> str:
    """Mark an English sentence that is translated later; pybabel finds it by this call."""
    return sentence


@dataclass(frozen=True, slots=True)
class LocalizedText:
    """A value of a message in several languages, such as the name of a country; `str` returns the English text.

    Attributes:
        texts: The text by language; English is always there.
    """

    texts: Mapping[str, str] = field(hash=False)

    def in_language(self, language: str) -> str:
        """The text in a language, else in English."""
        return self.texts.get(language, self.texts["en"])

    def __str__(self) -> str:
        return self.texts["en"]


def joined(names: Sequence[Message | LocalizedText]) -> Message | LocalizedText:
    """Names with commas between them, as a value of a message."""
    return reduce(lambda one, other: message("{one}, {other}", one=one, other=other), names)


def alternatives(names: Sequence[Message | LocalizedText]) -> Message | LocalizedText:
    """Names of which one is meant, as a value of a message.

    >>> str(alternatives([LocalizedText({"en": name}) for name in ("Kenya", "Latvia", "Estonia")]))
    'Kenya, Latvia or Estonia'
    """
    *others, last = names
    return message("{one} or {other}", one=joined(others), other=last) if others else last


class ForeignText(str):
    """A value of a message that is text of other software, such as a parser's error; English, and never translated."""

    __slots__ = ()


class Quantity(int):
    """A number in a message that gets the thousands separators of the language; years and line numbers get none.

    >>> str(message("at most {limit} rows", limit=Quantity(1000000)))
    'at most 1,000,000 rows'
    """

    __slots__ = ()

    def __format__(self, specification: str) -> str:
        """Format the number in English, with commas."""
        return int(self).__format__(specification or ",")


def message_to_json(source: Message) -> dict[str, object]:
    """A message as a JSON object, for another process."""
    return {"id": source.id, "values": {name: _value_to_json(value) for name, value in source.values.items()}}


def message_from_json(written: Mapping[str, Any]) -> Message:
    """The message that `message_to_json` wrote; values are numbers, texts and messages.

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
    if isinstance(value, LocalizedText):
        return {"texts": dict(value.texts)}
    return value if isinstance(value, int | float) else str(value)


def _value_from_json(value: object) -> object:
    match value:
        case {"foreign": text}:
            return ForeignText(text)
        case {"quantity": number}:
            return Quantity(number)
        case {"texts": texts}:
            return LocalizedText(texts)
        case dict():
            return message_from_json(value)
        case _:
            return value
