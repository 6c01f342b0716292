"""Merges the records of one project: language versions, and copies from several hosts.

The key is the project code, else the PRIMA identifier. The record with the most fields comes first; a field that it
lacks, or that nobody can read there, is taken from the next one. If two records differ, the first wins;
`iomld.link.consistency` reports it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from iomld.model import (
    AMOUNT_FIELDS,
    BUDGET_FIELDS,
    IATI_MEDIA_TYPE,
    TEXT_LANGUAGES,
    GivenMention,
    MergedRecord,
    Record,
    Value,
    language_rank,
)

# Says whether a field can be read, by its name and the values of its record.
Readable: TypeAlias = Callable[[str, Mapping[str, tuple[Value, ...]]], bool]


def record_key(record: Record) -> str:
    """The key of the project that a record describes, or an empty string where it has no identifier."""
    code, prima = record.values.get("projectCode"), record.values.get("primaId")
    if code:
        return code[0].text
    return f"prima-{prima[0].text}" if prima else ""


def merge_records(records: Sequence[Record], is_readable: Readable = lambda _field, _values: True) -> MergedRecord:
    """Merge the records of one key.

    Args:
        records: At least one record; all of the same key.
        is_readable: Decides which records can supply a field; if none can, the first one with the field does.

    Returns:
        The merged record; the order of the records does not matter.
    """
    ranked = tuple(sorted(records, key=_rank)) if len(records) > 1 else tuple(records)
    values = _values_of_one(ranked[0]) if len(ranked) == 1 else _values_of_all(ranked, is_readable)
    findings = [finding for record in ranked for finding in record.findings]
    return MergedRecord(
        key=record_key(ranked[0]),
        values=values,
        records=ranked,
        mentions=_mentions(ranked),
        findings=tuple(findings),
        supplied=_supplied(ranked, values),
    )


def _values_of_one(record: Record) -> dict[str, tuple[Value, ...]]:
    """The values of a record that is merged with no other."""
    return {
        name: values if len(values) == 1 or values[0].language is None else _one_of_each_language(values)
        for name, values in record.values.items()
        if values
    }


def _values_of_all(records: Sequence[Record], is_readable: Readable) -> dict[str, tuple[Value, ...]]:
    """The values of several records."""
    names = dict.fromkeys(name for record in records for name in record.values)
    return {name: found for name in names if (found := _merged_values(name, records, is_readable))}


def _supplied(records: Sequence[Record], values: Mapping[str, tuple[Value, ...]]) -> dict[str, tuple[str, ...]]:
    """The fields that come from each source; a text can come from several sources, one for each language."""
    if len(records) == 1:
        return {origin.sha256: tuple(values) for origin in records[0].origins}
    fields: dict[str, dict[str, None]] = {}
    for name, chosen in values.items():
        # Values are compared by identity: two sources may have equal ones.
        merged = {id(value) for value in chosen}
        for record in records:
            if any(id(value) in merged for value in record.values.get(name, ())):
                for origin in record.origins:
                    fields.setdefault(origin.sha256, {})[name] = None
    return {source: tuple(supplied) for source, supplied in fields.items()}


def _rank(record: Record) -> tuple[bool, int, int, list[tuple[str, str, str]], str, str]:
    """Pages before IATI, then by number of fields, language and values, so that the order of sources does not matter.

    The hash of the bytes comes last: which of two values is published does not depend on the form of a file.
    """
    is_iati = record.origin.media_type == IATI_MEDIA_TYPE
    languages = {value.language for values in record.values.values() for value in values if value.language}
    order = min((TEXT_LANGUAGES.index(tag) for tag in languages if tag in TEXT_LANGUAGES), default=len(TEXT_LANGUAGES))
    texts = sorted((name, value.language or "", value.text) for name, given in record.values.items() for value in given)
    return is_iati, -len(record.values), order, texts, record.origin.sha256, record.place.pointer or ""


def _merged_values(name: str, records: Sequence[Record], is_readable: Readable) -> tuple[Value, ...]:
    """For a text, its first version in each language; for any other field, the values of the first readable record.

    An amount and its currency are of one record, the first with an amount that can be read.
    """
    if name in BUDGET_FIELDS:
        with_amounts = [record for record in records if not record.values.keys().isdisjoint(AMOUNT_FIELDS)] or records[
            :1
        ]
        return _first_readable(name, with_amounts, is_readable).values.get(name, ())
    with_field = [record for record in records if name in record.values]
    first = with_field[0].values[name]
    if not first or first[0].language is None:
        return _first_readable(name, with_field, is_readable).values[name]
    return _one_of_each_language(value for record in with_field for value in record.values[name])


def _one_of_each_language(values: Iterable[Value]) -> tuple[Value, ...]:
    """The first of the values in each language."""
    by_language: dict[str | None, Value] = {}
    for value in values:
        by_language.setdefault(value.language, value)
    return tuple(by_language[language] for language in sorted(by_language, key=language_rank))


def _first_readable(name: str, records: Sequence[Record], is_readable: Readable) -> Record:
    """The first record whose field can be read; if there is none, the first record."""
    if len(records) == 1:  # only one of them has the field
        return records[0]
    return next((record for record in records if is_readable(name, record.values)), records[0])


def _mentions(records: Sequence[Record]) -> tuple[GivenMention, ...]:
    """The mentions of all records, without duplicates."""
    seen: dict[tuple[str | int | None, ...], GivenMention] = {}
    for record in records:
        for mention in record.mentions:
            passage = (
                mention.framework,
                mention.quote,
                mention.prefix,
                mention.suffix,
                mention.language,
                mention.field,
                mention.position,
            )
            seen.setdefault(passage, mention)
    return tuple(seen.values())
