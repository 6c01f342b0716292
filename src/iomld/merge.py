"""Join the records of one project: language versions, copies from two hosts. Pure.

The key is the project code, else the PRIMA identifier. The fullest record speaks first; a field that it leaves
out is taken from the next. Where two records differ, the first stands; `iomld.link.consistency` says so.
"""

from collections.abc import Sequence

from iomld.model import TEXT_FIELDS, GivenMention, MergedRecord, Record, Value

# IATI says what was reported elsewhere about the same activity; it fills gaps and never overrules the page.
IATI_MEDIA_TYPE = "application/xml"
_LANGUAGE_ORDER = ("en", "fr", "es")


def record_key(record: Record) -> str:
    """The key of the project that a record describes, or an empty string where it has no identifier."""
    code, prima = record.values.get("projectCode"), record.values.get("primaId")
    if code:
        return code[0].text
    return f"prima-{prima[0].text}" if prima else ""


def merge_records(records: Sequence[Record]) -> MergedRecord:
    """Join records of one key.

    Args:
        records: At least one record; all of the same key.

    Returns:
        The merged; the same whatever the order of the records.
    """
    ranked = tuple(sorted(records, key=_rank)) if len(records) > 1 else tuple(records)
    names = list(dict.fromkeys(name for record in ranked for name in record.values))
    findings = [finding for record in ranked for finding in record.findings]
    return MergedRecord(
        key=record_key(ranked[0]),
        values={name: _joined(name, ranked) for name in names},
        records=ranked,
        mentions=_mentions(ranked),
        findings=tuple(findings),
        supplied=_supplied(ranked, names),
    )


def _supplied(records: Sequence[Record], names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Which source gave which field: a text can have several, one a language; any other field has one."""
    if len(records) == 1:
        return {origin.sha256: tuple(names) for origin in records[0].origins}
    fields: dict[str, dict[str, None]] = {}
    for name in names:
        kept = {id(value) for value in _joined(name, records)}  # the values themselves: two sources may say the same
        for record in records:
            if any(id(value) in kept for value in record.values.get(name, ())):
                for origin in record.origins:
                    fields.setdefault(origin.sha256, {})[name] = None
    return {source: tuple(given) for source, given in fields.items()}


def _rank(record: Record) -> tuple[bool, int, int, str, str]:
    """The page before IATI, the fullest first, then by language, then by hash: the order of sources never matters."""
    is_iati = record.origin.media_type == IATI_MEDIA_TYPE
    languages = {value.language for name in TEXT_FIELDS for value in record.values.get(name, ())}
    order = min((_LANGUAGE_ORDER.index(tag) for tag in languages if tag in _LANGUAGE_ORDER), default=9)
    return is_iati, -len(record.values), order, record.origin.sha256, record.place.pointer or ""


def _joined(name: str, records: Sequence[Record]) -> tuple[Value, ...]:
    """A text in every language that some record has; any other field from the first record that has it."""
    found = (record.values[name] for record in records if name in record.values)
    first = next(found)
    if name not in TEXT_FIELDS or (len(records) == 1 and len(first) == 1):
        return first
    by_language: dict[str | None, Value] = {}
    for values in (first, *found):
        for value in values:
            by_language.setdefault(value.language, value)
    return tuple(by_language[language] for language in sorted(by_language, key=_language_rank))


def _language_rank(language: str | None) -> tuple[int, str]:
    return (_LANGUAGE_ORDER.index(language) if language in _LANGUAGE_ORDER else len(_LANGUAGE_ORDER), language or "")


def _mentions(records: Sequence[Record]) -> tuple[GivenMention, ...]:
    """Mentions of all records, each passage once."""
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
