"""The form that makes one record: an input for each field that records state, and the record of what was filled in."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from iomld.fields.declared import Field, FieldKind, Fields

PREFIX = "record."  # of the names of inputs
_SEPARATORS = re.compile(r"[;\r\n]+")


class Choice(NamedTuple):
    """A code of a list, its name, and the language of the name; empty for the page's, or for none."""

    code: str
    name: str
    language: str = ""


# The codes of a list with their names, by field.
Options = Mapping[str, tuple[Choice, ...]]


@dataclass(frozen=True, slots=True)
class FormInput:
    """An input.

    Attributes:
        name: Its name: `record.status`, `record.title.en`.
        label: The name of the field.
        help: What to enter; of a text in several languages only the first input has it.
        example: A value; empty for those that are chosen.
        kind: `select`, `area` or `line`.
        many: Whether several values can be chosen.
        text_language: The language of a text; empty for other values.
        options: The codes to choose from, with their names.
        values: The values that are filled in or chosen.
    """

    name: str
    label: str
    help: str
    example: str = ""
    kind: str = "line"
    many: bool = False
    text_language: str = ""
    options: tuple[Choice, ...] = ()
    values: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The values in an input that is written into."""
        return "; ".join(self.values)


def filled_inputs(inputs: Iterable[FormInput], record: Mapping[str, object]) -> Iterator[FormInput]:
    """The inputs with the values of a record, the inverse of `record_of`.

    Args:
        inputs: The inputs of `form_inputs`.
        record: The record; values that no form makes are left out.

    >>> title = FormInput("record.title.en", "Title", "", text_language="en")
    >>> [filled.text for filled in filled_inputs([title], {"title": {"en": "Ports"}})]
    ['Ports']
    """
    for one in inputs:
        key, _, tag = one.name.removeprefix(PREFIX).partition(".")
        found = record.get(key)
        value = found.get(tag) if isinstance(found, Mapping) else found
        values = value if isinstance(value, list) else [value]
        yield replace(one, values=tuple(text for text in values if isinstance(text, str)))


def form_inputs(fields: Fields, options: Options, text_languages: Iterable[str], language: str) -> Iterator[FormInput]:
    """The inputs in the order of the fields.

    Args:
        fields: The fields.
        options: The codes of each field that has a list, with their names in the language of the page.
        text_languages: The languages that texts can be given in.
        language: The language of the page.
    """
    for field in fields.given.values():
        if field.kind is FieldKind.TEXT:
            for number, one in enumerate(text_languages):
                made = _input(field, language, f"{PREFIX}{field.key}.{one}", one)
                yield made if number == 0 else replace(made, help="")
        elif choices := options.get(field.key):
            yield FormInput(
                f"{PREFIX}{field.key}",
                field.name(language),
                field.note(language),
                kind="select",
                many=field.many,
                options=choices,
            )
        else:
            yield _input(field, language, f"{PREFIX}{field.key}")


def _input(field: Field, language: str, name: str, text_language: str = "") -> FormInput:
    kind = "area" if field.long else "line"
    return FormInput(
        name,
        field.name(language),
        field.note(language),
        example=field.examples.get(text_language, "") if text_language else field.example,
        kind=kind,
        text_language=text_language,
    )


def record_of(filled: Iterable[tuple[str, str]], fields: Fields) -> dict[str, object]:
    """The record that a form makes; empty inputs are left out.

    Args:
        filled: Names of inputs and their values; a name stands several times for several values.
        fields: The fields.

    >>> title = Field("title", "http://purl.org/dc/terms/title", FieldKind.TEXT, given=True)
    >>> record_of([("record.title.en", "Ports "), ("record.title.fr", "")], Fields((title,)))
    {'title': {'en': 'Ports'}}
    """
    texts: dict[str, dict[str, str]] = {}
    values: dict[str, list[str]] = {}
    for name, value in filled:
        key, _, tag = name.removeprefix(PREFIX).partition(".")
        field = fields.given.get(key)
        if field is None or not value.strip() or not name.startswith(PREFIX):
            continue
        if field.kind is FieldKind.TEXT:
            texts.setdefault(key, {})[tag] = value.strip()
        else:
            parts = _SEPARATORS.split(value) if field.many else [value]
            values.setdefault(key, []).extend(filter(None, map(str.strip, parts)))
    singles = {key: found if fields.given[key].many else found[0] for key, found in values.items() if found}
    return {key: texts.get(key) or singles[key] for key in fields.given if key in texts or key in singles}
