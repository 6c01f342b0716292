"""Links a project: turns the raw strings of a merged record into codes, numbers and mentions, or findings."""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from iomld.fields.declared import Field, FieldKind, Fields
from iomld.lexicon.countries import Gazetteer
from iomld.lexicon.words import ConceptTable, Lexicon, build_lexicon
from iomld.link.countries import Beneficiaries, read_beneficiaries, read_countries
from iomld.link.evidence import link_mentions
from iomld.link.frameworks import FrameworkMatcher, build_matcher
from iomld.link.values import read_address, read_budget, read_concept, read_day, read_year
from iomld.model import (
    STATE_FIELDS,
    UNDETERMINED,
    Finding,
    Mention,
    MergedRecord,
    Project,
    Text,
    Value,
    project_arguments,
)
from iomld.vocab import Vocabulary

_OFFICE_LETTERS = 2
# How one value is read, for the kinds that need no list.
READERS: Mapping[FieldKind, Callable[[Value, str], tuple[Any, tuple[Finding, ...]]]] = {
    FieldKind.YEAR: read_year,
    FieldKind.DAY: read_day,
    FieldKind.AMOUNT: read_budget,
    FieldKind.LINK: read_address,
}
_NO_NAMES = ConceptTable({}, {})


@dataclass(frozen=True, slots=True)
class Linker:
    """The names that linking looks up; built once for a vocabulary.

    Attributes:
        lexicon: The names of concepts and countries.
        matcher: The names of policy frameworks.
        fields: The fields of a project.
    """

    lexicon: Lexicon
    matcher: FrameworkMatcher
    fields: Fields


def build_linker(vocabulary: Vocabulary) -> Linker:
    """Index a vocabulary for linking."""
    return Linker(build_lexicon(vocabulary), build_matcher(vocabulary), vocabulary.fields)


def link_project(merged: MergedRecord, linker: Linker) -> tuple[Project, tuple[Finding, ...]]:
    """Turn a merged record into a project.

    A field that cannot be read is left empty, with a Violation; missing fields are checked by the shapes.

    Args:
        merged: The merged record.
        linker: The names of the vocabulary.

    Returns:
        The project, and the findings of linking; those of the readers are in the merged record.
    """
    findings: list[Finding] = []
    values = dict(_values(merged, linker, findings))
    beneficiaries = _beneficiaries(merged, linker.lexicon.gazetteer, findings)
    mentions, faults = link_mentions(
        values.get("narrative", ()),
        values.get("abstract", ()),
        merged.mentions,
        linker.matcher,
        _table(linker.lexicon.concepts, "framework"),
    )
    findings += faults
    prima_id = _text(_first(merged, "primaId"))
    project = Project(
        key=merged.key,
        member_states=beneficiaries.members,
        other_countries=beneficiaries.others,
        managing_office=_managing_office(prima_id, linker.lexicon.gazetteer),
        mentions=mentions,
        frameworks=_frameworks(mentions, linker.matcher.wholes),
        origins=tuple(dict.fromkeys(origin for record in merged.records for origin in record.origins)),
        **project_arguments(values),
    )
    return project, tuple(findings)


def _values(merged: MergedRecord, linker: Linker, findings: list[Finding]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """The values of each field but the beneficiaries, by the kind of the field."""
    for key, values in merged.values.items():
        field = linker.fields.given.get(key)
        if field is None or key in STATE_FIELDS:
            continue
        if field.kind is FieldKind.TEXT:
            yield key, _texts(merged, key)
            continue
        found: tuple[Any, ...] = ()
        for value in _listed(values, field):
            if value.text.strip():
                read, faults = _read(value, field, linker)
                found += read
                findings += faults
        if found:
            yield key, tuple(dict.fromkeys(found)) if field.many else found


def _listed(values: tuple[Value, ...], field: Field) -> Sequence[Value]:
    """The values of a field: all of a list, also of codes in one text with semicolons, or the first one."""
    if not field.many:
        return values[:1]
    if field.kind is not FieldKind.CONCEPT:
        return values
    return [value._replace(text=text.strip()) for value in values for text in value.text.split(";")]


def _read(value: Value, field: Field, linker: Linker) -> tuple[tuple[Any, ...], tuple[Finding, ...]]:
    """Read one value; nothing and a Violation if it cannot be read."""
    if field.kind is FieldKind.STRING:
        return (value.text.strip(),), ()
    if field.kind is FieldKind.COUNTRY:
        return read_countries((value,), linker.lexicon.gazetteer, field.key)
    if field.kind is FieldKind.CONCEPT:
        table, rule = _table(linker.lexicon.concepts, field.scheme), unknown_word_rule(field.scheme)
        found, faults = read_concept(value, table, field=field.key, rule=rule)
    else:
        found, faults = READERS[field.kind](value, field.key)
    return () if found is None else (found,), faults


def unknown_word_rule(scheme: str) -> str:
    """The rule that a word breaks which is not in a scheme.

    >>> unknown_word_rule("status")
    'unknownStatus'
    """
    return f"unknown{scheme[:1].upper()}{scheme[1:]}"


def _frameworks(mentions: Iterable[Mention], wholes: Mapping[str, str]) -> tuple[str, ...]:
    """The mentioned frameworks in the order of the mentions; for a part, both the part and its framework."""
    named = (code for mention in mentions for code in (mention.framework, wholes.get(mention.framework)))
    return tuple(dict.fromkeys(code for code in named if code))


def _table(tables: Mapping[str, ConceptTable], scheme: str) -> ConceptTable:
    """The names of a scheme; none if the vocabulary lacks the scheme."""
    return tables.get(scheme, _NO_NAMES)


def _beneficiaries(merged: MergedRecord, gazetteer: Gazetteer, findings: list[Finding]) -> Beneficiaries:
    states, countries = (merged.values.get(field, ()) for field in STATE_FIELDS)
    beneficiaries, faults = read_beneficiaries(states, countries, gazetteer)
    findings += faults
    return beneficiaries


def _first(merged: MergedRecord, field: str) -> Value | None:
    """The first value of a field, or None if it is missing or blank."""
    value = merged.first(field)
    return value if value and value.text.strip() else None


def _text(value: Value | None) -> str | None:
    """The text of a value, trimmed."""
    return value.text.strip() if value else None


def _texts(merged: MergedRecord, field: str) -> tuple[Text, ...]:
    """The texts of a field, normalised."""
    return tuple(
        Text(normal_text(value.text), value.language or UNDETERMINED) for value in merged.values.get(field, ())
    )


def normal_text(text: str) -> str:
    r"""A text in the form that is published and that positions refer to: NFC, with paragraphs trimmed and joined.

    >>> normal_text(" One. \r\n\r\n Two.")
    'One.\nTwo.'
    """
    paragraphs = (paragraph.strip() for paragraph in unicodedata.normalize("NFC", text).splitlines())
    return "\n".join(paragraph for paragraph in paragraphs if paragraph)


def _managing_office(prima_id: str | None, gazetteer: Gazetteer) -> str | None:
    """The country of the office that manages the project: the first two letters of the PRIMA identifier."""
    office = (prima_id or "")[:_OFFICE_LETTERS]
    return office if len(office) == _OFFICE_LETTERS and office in gazetteer.labels else None
