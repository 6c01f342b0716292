"""A project as record JSON, which reads back to the same graph."""

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal

from iomld.assets import load_fields
from iomld.fields.declared import FieldKind
from iomld.model import FieldValue, Mention, Origin, Project, Text, lexical_form
from iomld.read.record.mentions import MENTION_ATTRIBUTES
from iomld.read.record.origins import ORIGIN_ATTRIBUTES

_THREE_DECIMALS = re.compile(r"\.[0-9]{3}\Z")


def record_json(project: Project) -> dict[str, object]:
    """The project as record JSON (`docs/RECORDS.md`), which reads back to the same graph."""
    fields: dict[str, object] = {}
    for key, field in load_fields().given.items():
        values = project.of(key)
        if not values and field.kind is not FieldKind.FUNDER:  # without the key, the publisher's own fund is meant
            continue
        if field.kind is FieldKind.TEXT:
            fields[key] = {text.language: text.value for text in values if isinstance(text, Text)}
        elif field.many:
            fields[key] = [written(value) for value in values]
        else:
            fields[key] = written(values[0])
    if project.mentions:
        fields["mentions"] = [_mention_json(mention) for mention in project.mentions]
    fields["sources"] = sources_json(project.origins)
    return fields


def project_texts(project: Project) -> Iterator[tuple[str, Text]]:
    """The texts of a project, each with its field."""
    for key in load_fields().given:
        yield from ((key, value) for value in project.of(key) if isinstance(value, Text))


def written(value: FieldValue) -> str:
    """A value of a field as records and tables have it.

    An amount is unambiguous: three decimals get a zero more, as 100.125 could be a hundred thousand.
    """
    text = str(lexical_form(value))
    return f"{text}0" if isinstance(value, Decimal) and _THREE_DECIMALS.search(text) else text


def sources_json(origins: Iterable[Origin]) -> list[dict[str, str]]:
    """The sources as the value of the key `sources`."""
    keys = [(key, ORIGIN_ATTRIBUTES[key]) for key in load_fields().source_keys]
    return [{key: value for key, name in keys if (value := getattr(origin, name))} for origin in origins]


def mention_value(mention: Mention, key: str) -> str | int | Decimal | None:
    """The value of a key of records; None if it is unknown."""
    attribute = MENTION_ATTRIBUTES.get(key)
    value: str | int | Decimal | None = getattr(mention, attribute) if attribute else dict(mention.others).get(key)
    return value


def _mention_json(mention: Mention) -> dict[str, object]:
    values = {key: mention_value(mention, key) for key in load_fields().mention_keys}
    return {
        key: float(value) if isinstance(value, Decimal) else value
        for key, value in values.items()
        if value is not None and value != ""
    }
