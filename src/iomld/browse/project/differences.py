"""Differences between two states of a record as pages show them: the names of fields and concepts, and languages."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from iomld.browse.view import ReleaseView, link_to
from iomld.fields.declared import Field
from iomld.pipeline.differences import FieldDifference

_MENTIONS = "mentions"


@dataclass(frozen=True, slots=True)
class NamedValue:
    """A value as a page shows it.

    Attributes:
        text: The text; of a concept or country the name in the language of the view, else in English, else its code.
        language: The language of a text or a name (BCP 47); empty if it has none.
    """

    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class NamedDifference:
    """A field with other values than before.

    Attributes:
        label: The name of the field in the language of the view, with the language of a text.
        before: The old values.
        after: The new values; none if the field is lost.
    """

    label: str
    before: tuple[NamedValue, ...]
    after: tuple[NamedValue, ...]

    @property
    def is_lost(self) -> bool:
        """Whether the field had values and has none any more."""
        return bool(self.before) and not self.after


def named_difference(view: ReleaseView, difference: FieldDifference) -> NamedDifference:
    """A difference with the names of its field and of its values; what it shortened stays shortened.

    Args:
        view: The release, in the language of the page.
        difference: The difference.
    """
    sides = (named_values(view, difference.field, side) for side in (difference.before, difference.after))
    return NamedDifference(field_label(view, difference.field), *sides)


def named_values(view: ReleaseView, field: str, values: Iterable[str]) -> tuple[NamedValue, ...]:
    """The values of a field of a difference (`title.fr`, `status`) with their names and languages."""
    key, _, language = field.partition(".")
    if key == _MENTIONS:
        return tuple(NamedValue(_mention_words(view, value)) for value in values)
    declared = view.vocabulary.fields.by_key.get(key)
    if declared and declared.path:
        return tuple(_concept_value(view, declared, value) for value in values)
    return tuple(NamedValue(value, language) for value in values)


def field_label(view: ReleaseView, field: str) -> str:
    """The name of a field in the language of the view, with the language of a text (`title.fr`)."""
    key, _, language = field.partition(".")
    name = view.vocabulary.fields.name(key, view.language)
    return f"{name} ({language})" if language else name


def _concept_value(view: ReleaseView, field: Field, code: str) -> NamedValue:
    link = link_to(view, f"{view.iris.base}{field.path}{quote(code, safe='')}")
    return NamedValue(link.name, link.language) if link else NamedValue(code)


def _mention_words(view: ReleaseView, value: str) -> str:
    """The words of a mention, with the state of its review, which stands in brackets at the end, by its name."""
    for code, concept in view.vocabulary.concepts.get("review", {}).items():
        if value.endswith(f" ({code})"):
            return f"{value.removesuffix(f' ({code})')} ({concept.name(view.language)})"
    return value
