"""Merges the records of one project: language versions, and copies from several hosts.

The key is the project code, else the PRIMA identifier. The record with the most fields comes first; a field that it
lacks is taken from the next one. If two records differ, the first wins; `iomld.link.consistency` reports it.
"""

from collections.abc import Sequence

from iomld.model import TEXT_LANGUAGES, GivenMention, MergedRecord, Record, Value, language_rank

# IATI reports the same activity at second hand: it fills gaps and never overrides the page.
IATI_MEDIA_TYPE = "application/xml"


def record_key(record: Record) -> str:
    """The key of the project that a record describes, or an empty string where it has no identifier."""
    code, prima = record.values.get("projectCode"), record.values.get("primaId")
    if code:
        return code[0].text
    return f"prima-{prima[0].text}" if prima else ""


def merge_records(records: Sequence[Record]) -> MergedRecord:
    """Merge the records of one key.

    Args:
        records: At least one record; all of the same key.

    Returns:
        The merged record; the order of the records does not matter.
    """
    ranked = tuple(sorted(records, key=_rank)) if len(records) > 1 else tuple(records)
    names = list(dict.fromkeys(name for record in ranked for name in record.values))
    findings = [finding for record in ranked for finding in record.findings]
    return MergedRecord(
        key=record_key(ranked[0]),
        values={name: _merged_values(name, ranked) for name in names},
        records=ranked,
        mentions=_mentions(ranked),
        findings=tuple(findings),
        supplied=_supplied(ranked, names),
    )


def _supplied(records: Sequence[Record], names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The fields that come from each source; a text can come from several sources, one for each language."""
    if len(records) == 1:
        return {origin.sha256: tuple(names) for origin in records[0].origins}
    fields: dict[str, dict[str, None]] = {}
    for name in names:
        # Values are compared by identity: two sources may have equal ones.
        merged = {id(value) for value in _merged_values(name, records)}
        for record in records:
            if any(id(value) in merged for value in record.values.get(name, ())):
                for origin in record.origins:
                    fields.setdefault(origin.sha256, {})[name] = None
    return {source: tuple(supplied) for source, supplied in fields.items()}


def _rank(record: Record) -> tuple[bool, int, int, str, str]:
    """Pages before IATI, then by number of fields, language and hash, so that the order of sources does not matter."""
    is_iati = record.origin.media_type == IATI_MEDIA_TYPE
    languages = {value.language for values in record.values.values() for value in values if value.language}
    order = min((TEXT_LANGUAGES.index(tag) for tag in languages if tag in TEXT_LANGUAGES), default=len(TEXT_LANGUAGES))
    return is_iati, -len(record.values), order, record.origin.sha256, record.place.pointer or ""


def _merged_values(name: str, records: Sequence[Record]) -> tuple[Value, ...]:
    """For a text, its first version in each language; for any other field, the values of the first record with it."""
    found = (record.values[name] for record in records if name in record.values)
    first = next(found)
    if not first or first[0].language is None or (len(records) == 1 and len(first) == 1):
        return first
    by_language: dict[str | None, Value] = {}
    for values in (first, *found):
        for value in values:
            by_language.setdefault(value.language, value)
    return tuple(by_language[language] for language in sorted(by_language, key=language_rank))


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
