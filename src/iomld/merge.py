"""Join the records of one project: language versions, copies from two hosts. Pure.

The key is the project code, else the PRIMA identifier. The fullest record speaks first; a field that it leaves
out is taken from the next. Where two records give different years, amounts or identifiers, both are named in a
Warning and the first stands.
"""

from collections.abc import Iterable, Sequence

from iomld.model import TEXT_FIELDS, Dossier, Finding, GivenMention, Record, Severity, Value

# Fields that read the same in every language, so that two records can be compared before they are linked.
_COMPARED = ("primaId", "startYear", "endYear", "allocationYear", "budgetUSD")
_LANGUAGE_ORDER = ("en", "fr", "es")


def record_key(record: Record) -> str:
    """The key of the project that a record describes, or an empty string where it has no identifier."""
    code, prima = record.values.get("projectCode"), record.values.get("primaId")
    if code:
        return code[0].text
    return f"prima-{prima[0].text}" if prima else ""


def merge_records(records: Sequence[Record]) -> Dossier:
    """Join records of one key.

    Args:
        records: At least one record; all of the same key.

    Returns:
        The dossier; the same whatever the order of the records.
    """
    ranked = tuple(sorted(records, key=_rank))
    names = list(dict.fromkeys(name for record in ranked for name in record.values))
    findings = [finding for record in ranked for finding in record.findings]
    for name in _COMPARED:
        findings += _disagreements(name, [record.values[name][0] for record in ranked if name in record.values])
    return Dossier(
        key=record_key(ranked[0]),
        values={name: _joined(name, ranked) for name in names},
        records=ranked,
        mentions=_mentions(ranked),
        findings=tuple(findings),
    )


def _rank(record: Record) -> tuple[int, int, str, str]:
    """Fullest first, then by language, then by hash, so that the order of the sources never matters."""
    languages = {value.language for name in TEXT_FIELDS for value in record.values.get(name, ())}
    order = min((_LANGUAGE_ORDER.index(tag) for tag in languages if tag in _LANGUAGE_ORDER), default=9)
    return -len(record.values), order, record.origin.sha256, record.place.pointer or ""


def _joined(name: str, records: Sequence[Record]) -> tuple[Value, ...]:
    """A text in every language that some record has; any other field from the first record that has it."""
    found = [record.values[name] for record in records if name in record.values]
    if name not in TEXT_FIELDS:
        return found[0]
    by_language: dict[str | None, Value] = {}
    for values in found:
        for value in values:
            by_language.setdefault(value.language, value)
    return tuple(by_language[language] for language in sorted(by_language, key=_language_rank))


def _language_rank(language: str | None) -> tuple[int, str]:
    return (_LANGUAGE_ORDER.index(language) if language in _LANGUAGE_ORDER else len(_LANGUAGE_ORDER), language or "")


def _disagreements(name: str, values: Sequence[Value]) -> Iterable[Finding]:
    """A Warning for each value that differs from the first, thousands marks and cents of zero apart."""
    for value in values[1:]:
        if _plain_number(value.text) != _plain_number(values[0].text):
            first = values[0]
            yield Finding(
                "sourcesDiffer",
                Severity.WARNING,
                f"Two records of the project differ: '{first.text}' in {first.place.file}, '{value.text}' here.",
                f"Correct one of them; '{first.text}' is published.",
                field=name,
                value=value.text,
                place=value.place,
            )


def _plain_number(text: str) -> str:
    return text.replace(",", "").replace(" ", "").removesuffix(".00")


def _mentions(records: Sequence[Record]) -> tuple[GivenMention, ...]:
    """Mentions of all records, each passage once."""
    seen: dict[tuple[str, str, str, str, str, int | None], GivenMention] = {}
    for record in records:
        for mention in record.mentions:
            passage = (
                mention.framework,
                mention.quote,
                mention.prefix,
                mention.suffix,
                mention.language,
                mention.position,
            )
            seen.setdefault(passage, mention)
    return tuple(seen.values())
